import Foundation
import Support
import TestSupport
import Testing

@testable import Internalization

// Data as people have it. The rows are made up; the fields are those of Coconut, ProsQA, GSM8K and its descendants.
@Suite struct RecordFileTests {
    @discardableResult
    private func withFile<R>(_ name: String, _ text: String, _ body: (String) throws -> R) throws -> R {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: name)
            try Data(text.utf8).write(to: url)
            return try body(url.path)
        }
    }

    private func steps(_ set: ProblemSet, _ index: Int) -> [String] {
        let chain = Array(set[index].chain.utf8)
        return (set.task?.layout(of: set[index])?.segments ?? []).map {
            String(decoding: chain[$0.bytes], as: UTF8.self)
        }
    }

    @Test func `Coconut's JSON is problems with steps`() throws {
        let set = try ProblemRecords(casesFolder.appending(path: "data/k15-coconut.json").path).read().problems
        #expect(set.count == 2)
        #expect(
            set[1]
                == Problem(
                    question: "Ann has 30 pears, gives half away, then buys 3. How many?",
                    chain: "<<30*.5=15>> <<15+3=18>>", answer: "18"))
        #expect(steps(set, 1) == ["<<30*.5=15>>", "<<15+3=18>>"])
        // The chains are GSM8K's calculations, so their facts are known too.
        #expect(set.fact("result", index: 1, ofProblem: 1) == .integer(18))
    }

    @Test func `GSM8K's lines give the whole solution or its calculations as the chain`() throws {
        let path = casesFolder.appending(path: "data/k15-gsm8k.jsonl").path
        let whole = try ProblemRecords(path).read().problems
        #expect(whole[0].chain == "First <<12-5=7>>.")
        #expect(whole[0].answer == "7")
        let short = try ProblemRecords(path, solution: .calculations).read().problems
        #expect(short[0].chain == "<<12-5=7>>")
        #expect(steps(short, 1) == ["<<30*.5=15>>"])
    }

    @Test func `lines of a solution are its steps, and the answer's commas go`() throws {
        let line = #"{"question": "How\n many?", "answer": "Add <<1+2=3>>3.\nThen  stop.\n#### 1,234"}"#
        try withFile("gsm.jsonl", "\u{FEFF}\(line)\n\n") { path in
            let set = try ProblemRecords(path).read().problems
            #expect(set[0] == Problem(question: "How many?", chain: "Add <<1+2=3>>3. Then  stop.", answer: "1234"))
            #expect(steps(set, 0) == ["Add <<1+2=3>>3.", "Then  stop."])
        }
    }

    @Test(arguments: [
        ("1,234", "1234"), ("-12,345.5", "-12345.5"), ("$1,000,000", "$1000000"), ("12,34", "12,34"),
        ("1,2", "1,2"), ("1, 2, 3", "1, 2, 3"), ("Bonn, on the Rhine", "Bonn, on the Rhine"), (",123", ",123"),
        ("1234,567", "1234,567"), ("x1,234", "x1,234"),
    ])
    func `the commas between thousands go, others are part of the answer`(_ text: String, _ answer: String) throws {
        try withFile("a.jsonl", #"{"question": "q", "chain": "c", "answer": "\#(text)"}"#) { path in
            let read = try ProblemRecords(path).read().problems
            #expect(read[0].answer == answer)
        }
    }

    /// Two problems with one step and two, with each kind of fact, the second without one of them.
    private static let everything = #"""
        {"question": "q \"1\", a", "steps": ["a,b", "c \"d\""], "answer": "1, 2", "size": 7, "kind": "a\\b, c",
         "far": 123456789012345678901234567890, "parts": [1, 2]}
        {"question": "q2", "steps": ["only one"], "answer": "x", "size": -3, "kind": "é", "parts": [3]}
        """#.replacing(",\n ", with: ", ")

    @Test(arguments: ["b.jsonl", "b.ndjson", "b.json", "b.csv", "b.tsv", "b.JSONL"])
    func `problems written as rows are read back with their steps and facts`(_ name: String) throws {
        // Cells of CSV hold no lists.
        let isTable = name.hasSuffix("sv")
        let text =
            isTable
            ? Self.everything.replacing(", \"parts\": [1, 2]", with: "").replacing(", \"parts\": [3]", with: "")
            : Self.everything
        try withFile("a.jsonl", text) { path in
            let first = try ProblemRecords(path).read().problems
            let copy = (path as NSString).deletingLastPathComponent + "/" + name
            try first.writeRecords(to: copy)
            let second = try ProblemRecords(copy).read().problems
            #expect(second.count == 2 && second[0] == first[0] && second[1] == first[1])
            #expect(second[0].question == "q \"1\", a" && second[0].answer == "1, 2")
            #expect(steps(second, 0) == ["a,b", "c \"d\""] && steps(second, 1) == ["only one"])
            #expect(second.fact("size", ofProblem: 1) == .integer(-3))
            #expect(second.fact("kind", ofProblem: 0) == .text("a\\b, c"))
            #expect(second.fact("far", ofProblem: 0) == .number("123456789012345678901234567890"))
            #expect(second.fact("far", ofProblem: 1) == nil)
            #expect(isTable || second.fact("parts", index: 1, ofProblem: 0) == .integer(2))
        }
    }

    @Test func `a fact that a row has no place for is refused, and nothing is written`() throws {
        try withFile("a.jsonl", Self.everything) { path in
            let set = try ProblemRecords(path).read().problems
            let copy = (path as NSString).deletingLastPathComponent + "/c.csv"
            let refused = #expect(throws: FileError.self) { try set.writeRecords(to: copy) }
            #expect(refused?.rule.contains("'parts'") == true && refused?.rule.contains(".jsonl") == true)
            #expect(!FileSystem.exists(copy))
        }
    }

    @Test func `ProsQA's further fields are facts where they hold numbers or texts, and are named where not`() throws {
        let text = """
            {"data": [
              {"question": "Is Sam a zump?", "steps": ["Sam is a lorp.", "Every lorp is a zump."], "answer": "Yes.",
               "root": 3, "idx_to_symbol": ["a", "b"], "edges": [[0, 1]], "kind": "deep", "score": 0.5}
            ], "version": 2}
            """
        try withFile("prosqa.json", text) { path in
            let (set, dropped, ignored) = try ProblemRecords(path).read()
            #expect(steps(set, 0) == ["Sam is a lorp.", "Every lorp is a zump."])
            #expect(set.fact("root", ofProblem: 0) == .integer(3))
            #expect(set.fact("kind", ofProblem: 0) == .text("deep"))
            #expect(set.fact("idx_to_symbol", index: 1, ofProblem: 0) == .text("b"))
            #expect(dropped == 0)
            #expect(ignored == ["edges", "score"])
        }
    }

    @Test(arguments: [
        ("t.csv", "input,cot,output\r\n1 2,\"a, \"\"b\"\"\nc\",3\r\n"),
        ("t.tsv", "input\tcot\toutput\n1 2\t\"a, \"\"b\"\"\nc\"\t3"),
        ("t.csv", "\u{FEFF}output,input,cot\r3,1 2,\"a, \"\"b\"\"\r\nc\"\r"),
    ])
    func `named columns are problems, whatever their order and line ends`(_ name: String, _ text: String) throws {
        try withFile(name, text) { path in
            let set = try ProblemRecords(path).read().problems
            #expect(set.count == 1)
            #expect(set[0] == Problem(question: "1 2", chain: "a, \"b\" c", answer: "3"))
            #expect(steps(set, 0) == ["a, \"b\"", "c"])
        }
    }

    @Test func `other names of fields are given, and a separator says where steps end`() throws {
        try withFile("t.csv", "q,work,y,answer\n1,a; b ;c,5,x\n") { path in
            let records = ProblemRecords(
                path, separator: ";", names: [.question: "q", .chain: "work", .answer: "y"])
            let set = try records.read().problems
            #expect(set[0] == Problem(question: "1", chain: "a; b ;c", answer: "5"))
            #expect(steps(set, 0) == ["a;", "b ;", "c"])
            #expect(set.fact("answer", ofProblem: 0) == nil)
        }
    }

    @Test(arguments: [
        (
            "t.jsonl", "{\"question\": 1, \"answer\": 2}\n{\"question\": 1}\n", 2,
            #"no field answer; the fields are "question""#
        ),
        ("t.jsonl", "{\"question\": 1, \"answer\": [2]}\n", 1, "\"answer\" is no text"),
        ("t.jsonl", "[1]\n", 1, "an array, where an object was expected"),
        ("t.jsonl", "{\"question\": 1, \"answer\": 2", 1, "a comma or } was expected in an object"),
        ("t.csv", "question,answer\n1,2\n\n1,2,3\n", 4, "3 fields, where the first row names 2 columns"),
        ("t.csv", "question,answer\n1,2\n1\n", 3, "1 field, where the first row names 2 columns"),
        ("t.csv", "question,question\n", 1, "two columns are called \"question\""),
        ("t.csv", "question,answer\n\"1,2\n", 2, "a field in quotes is not closed before the end of the file"),
        (
            "t.json", "[\n {\"question\": \"a||b\", \"answer\": 1},\n\n {\"question\": \"c\"}]", 2,
            "its question has ||, which separates the question from the chain; 2 of 2 rows are no problems"
        ),
    ])
    func `a row that is no problem is named by its line, and the others are counted`(
        _ name: String, _ text: String, _ line: Int, _ rule: String
    ) throws {
        try withFile(name, text) { path in
            let error = #expect(throws: ProblemLineError.self) { try ProblemRecords(path).read() }
            #expect(error?.line == line)
            #expect(error?.rule == rule)
        }
    }

    @Test func `a mistake in a row is found at the same column wherever the row stands in its file`() throws {
        let row = "{\"question\": 1, \"answer\" 3}\n"
        let columns = try ["", "{\"question\": 1, \"answer\": 2}\n", "\n\n"].map { before in
            try withFile("t.jsonl", before + row) { path in
                #expect(throws: ProblemLineError.self) { try ProblemRecords(path).read() }?.column
            }
        }
        // Where the colon should be.
        #expect(columns == [26, 26, 26])
        // In characters: é takes two bytes.
        try withFile("t.jsonl", "{\"question\": \"é\", \"answer\" 3}\n") { path in
            let error = #expect(throws: ProblemLineError.self) { try ProblemRecords(path).read() }
            #expect(error?.column == 28)
        }
    }

    @Test func `malformed rows are left out and counted where that is asked for`() throws {
        try withFile("t.jsonl", "{\"question\": 1, \"answer\": 2}\n{\"question\": 1}\n") { path in
            let (set, dropped, _) = try ProblemRecords(path, skipsMalformed: true).read()
            #expect(set.count == 1 && dropped == 1)
        }
    }

    @Test func `a file that is another thing altogether is recognised`() throws {
        let lfs = casesFolder.appending(path: "data/k9-lfs-train.txt").path
        let error = #expect(throws: FileError.self) { try ProblemFile(lfs).read() }
        #expect(error?.rule == "is a Git LFS pointer to a file of 548 MB, not the file itself")
        #expect(throws: FileError.self) { try ProblemFile(lfs, rules: .reference).read() }
        try withFile("t.csv", "<!DOCTYPE html>\n") { path in
            #expect(throws: FileError.self) { try ProblemRecords(path).read() }
        }
    }

    // MARK: Steps

    @Test func `sentences are the steps of chains that are sentences`() throws {
        let set = try ProblemFile(casesFolder.appending(path: "data/k16-sentences.txt").path).read().problems
        #expect(steps(set, 0) == ["Sam is a lorp.", "Every lorp is a zump."])
        let encoder = CharacterEncoder(CharacterVocabulary(of: set), separator: .kept)
        let groups = try set.removalGroups("steps", encoder: encoder)[0]
        // "Samisalorp." and "Everylorpisazump.", a token a character.
        #expect(groups.map(\.count) == [11, 17])
        #expect(groups.flatMap { $0 } == Array(0..<28))
    }

    @Test func `steps are kept with the problems of a run`() throws {
        var builder = ProblemSetBuilder(taskName: "mine")
        try builder.append(question: "1", chain: "a b c", answer: "2", steps: ["a", "b c"])
        try builder.append(question: "2", chain: "", answer: "3", facts: ["kind": .one(.text("x"))])
        let set = builder.finish()
        try withTemporaryFolder { folder in
            let (problems, task) = (folder.path + "/p.txt", folder.path + "/t.json")
            try set.write(to: problems)
            try set.writeTask(to: task)
            let again = try ProblemFile(problems).read().problems.withTask(from: task)
            #expect(steps(again, 0) == ["a", "b c"])
            #expect(steps(again, 1) == [])
            #expect(again.fact("kind", ofProblem: 1) == .text("x"))
            try #"{"task": "mine", "steps": [[9], null]}"#.write(toFile: task, atomically: true, encoding: .utf8)
            #expect(throws: FileError.self) { try ProblemFile(problems).read().problems.withTask(from: task) }
        }
    }

    @Test func `two sets of somebody's own problems keep the facts and steps of both`() throws {
        func set(_ question: String, _ fact: Int) throws -> ProblemSet {
            var builder = ProblemSetBuilder(taskName: "set \(question)")
            try builder.append(
                question: question, chain: "\(question) a b", answer: "1", facts: ["n": .one(.integer(fact))],
                steps: ["\(question) a", "b"])
            return builder.finish()
        }
        let both = try set("x", 1) + set("y", 2)
        #expect((0...1).map { both.fact("n", ofProblem: $0) } == [.integer(1), .integer(2)])
        #expect(steps(both, 1) == ["y a", "b"])
    }

    // MARK: Wrong lines

    @Test func `one wrong line is named, and the task is recognised all the same`() throws {
        let good = try ProblemSet.generate(Multiplication(digits: 3...3), count: 30, seed: 4)
        var lines = (0..<30).map { "\(good[$0].question)||\(good[$0].chain) #### \(good[$0].answer)" }
        let answer = good[16].answer
        let wrong = String(answer.dropLast()) + (answer.hasSuffix("7") ? "8" : "7")
        lines[16] = "\(good[16].question)||\(good[16].chain) #### \(wrong)"
        try withFile("t.txt", lines.joined(separator: "\n")) { path in
            let set = try ProblemFile(path).read().problems
            #expect(set.taskName == "mult 3×3")
            #expect(set.strays?.count == 1)
            #expect(
                set.strays?.description
                    == "problem 17, \"\(good[16].question)\", has the answer \(wrong), not \(answer)")
            #expect(set.fact("carries", ofProblem: 16) != nil)
            #expect(set.fact("carries", ofProblem: 16) == good.fact("carries", ofProblem: 16))
        }
        // More than a tenth is no longer that task.
        for index in 0..<4 { lines[index] = "\(good[index].question)|| #### 1" }
        try withFile("t.txt", lines.joined(separator: "\n")) { path in
            let set = try ProblemFile(path).read().problems
            #expect(set.task == nil && set.strays == nil)
        }
    }

    @Test func `malformed lines are counted in the error for the first`() throws {
        try withFile("t.txt", "1||2 #### 3\nx\n4||5 #### 6\ny\n") { path in
            let error = #expect(throws: ProblemLineError.self) { try ProblemFile(path).read() }
            #expect(error?.line == 2)
            #expect(
                error?.rule == "expected || between the question and its chain of thought; 2 lines are malformed")
        }
    }

    // MARK: Orders

    @Test(arguments: ["levels", "levels_down", "partials_first", "sums_first"])
    func `an order that the chains have no pieces for is refused by name`(_ order: String) throws {
        let set = try ProblemSet.generate(DigitSum.parity(digits: 4), count: 5, seed: 1)
        let error = #expect(throws: ProblemError.self) { try set.removalGroups(order, encoder: CharacterEncoder()) }
        #expect(error?.description.hasPrefix("the chains of parity 4 have no ") == true, "\(error?.description ?? "")")
        #expect(try set.removalGroups("steps", encoder: CharacterEncoder())[0].count == 2)
        let products = try ProblemSet.generate(Multiplication(digits: 2...2), count: 5, seed: 1)
        if order.hasPrefix("levels") {
            #expect(throws: ProblemError.self) { try products.removalGroups(order, encoder: CharacterEncoder()) }
        } else {
            #expect(throws: Never.self) { try products.removalGroups(order, encoder: CharacterEncoder()) }
        }
        let tree = try ProblemSet.generate(Multiplication(digits: 4...4, chain: .tree), count: 5, seed: 1)
        #expect(throws: Never.self) { try tree.removalGroups(order, encoder: CharacterEncoder()) }
    }
}
