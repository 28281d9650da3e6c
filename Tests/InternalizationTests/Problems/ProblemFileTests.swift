import Checkpoints
import Foundation
import Support
import TestSupport
import Testing

@testable import Internalization
import Tensors
import Transformer

private struct ParseExamples: Decodable {
    struct Line: Decodable {
        var line: String
        var kept: Bool?
        var question: String?
        var cot: String?
        var input_ids: [Int32]?
        var reference_error: String?
    }
    struct Answer: Decodable {
        var text: String
        var answer: String
    }
    var lines: [Line]
    var extract_answer: [Answer]
}

private func read(
    _ text: String, rules: ProblemFile.Rules = .strict, limit: Int? = nil
) throws -> (problems: ProblemSet, droppedLines: Int) {
    try withTemporaryFolder { folder in
        let path = folder.appending(path: "p.txt").path
        try Data(text.utf8).write(to: URL(filePath: path))
        do { return try ProblemFile(path, rules: rules, limit: limit).read() } catch var error as ProblemLineError {
            error.path = "p.txt"
            throw error
        }
    }
}

@Suite struct ProblemFileTests {
    @Test(
        .enabled(if: Shared.has("data"), "\(Shared.reason)"),
        arguments: ["4_by_4_mult/valid.txt", "11_by_11_mult/test_bigbench.txt", "gsm8k/valid.txt", "gsm8k/test.txt"])
    func `a published file is read and written byte for byte`(_ name: String) throws {
        let file = Shared.url("data/\(name)")
        var source = ProblemFile(file.path)
        source.dropsCommas = false
        let (problems, dropped) = try source.read()
        #expect(dropped == 0)
        let bytes = try Data(contentsOf: file)
        #expect(problems.fingerprint == bytes.withUnsafeBytes { SHA256.hex($0) })
        try withTemporaryFolder { folder in
            let copy = folder.appending(path: "copy.txt")
            try problems.write(to: copy.path)
            #expect(try Data(contentsOf: copy) == bytes)
        }
    }

    @Test func `the task of a file is recognised`() throws {
        func name(_ task: some ProblemTask) throws -> String {
            let set = try ProblemSet.generate(task, count: 300, seed: 2)
            return try withTemporaryFolder { folder in
                let path = folder.appending(path: "p.txt").path
                try set.write(to: path)
                let back = try ProblemFile(path).read().problems
                #expect(back.fingerprint == set.fingerprint)
                #expect((back.task == nil) == (back.taskName == "\(folder.lastPathComponent)/p.txt"))
                return back.taskName
            }
        }
        #expect(try name(Multiplication(digits: 4)) == "mult 4×4")
        #expect(try name(Multiplication(digits: 1...3)) == "mult (1…3)×(1…3)")
        #expect(try name(Multiplication(left: 1...1, right: 5...5)) == "mult 1×5")
        #expect(try name(Multiplication(digits: 4, chain: .tree)) == "mult 4×4 tree")
        #expect(try name(DigitSum.parity(digits: 6)) == "parity 6")
        #expect(try name(DigitSum(digits: 8, modulus: 10)) == "modsum 8 mod 10")
        #expect(try name(Addition(digits: 3...3)) == "add 3")
        #expect(try name(Addition(digits: 3...5, order: .mostFirst)) == "add (3…5) most significant first")
    }

    @Test(.enabled(if: Shared.has("data/gsm8k/test.txt"), "\(Shared.reason)"))
    func `the published word problems are recognised, with their empty chains and commas`() throws {
        let gsm8k = Shared.url("data/gsm8k/test.txt")
        let problems = try ProblemFile(gsm8k.path).read().problems
        #expect(problems.count == 1319)
        #expect(problems.taskName == "word problems")
        // docs/method.md, GSM8K: 18 test chains are empty, 14 answers carry commas.
        #expect((0..<problems.count).filter { problems[$0].chain.isEmpty }.count == 18)
        var withCommas = ProblemFile(gsm8k.path)
        withCommas.dropsCommas = false
        let answers = try withCommas.read().problems
        #expect((0..<answers.count).filter { answers[$0].answer.contains(",") }.count == 14)
        #expect(!(0..<problems.count).contains { problems[$0].answer.contains(",") })
    }

    @Test func `unusual lines are read as the reference reads them`() throws {
        let examples = try parseExamples()
        #expect(examples.lines.count == 21 && examples.extract_answer.count == 11)
        for example in examples.lines {
            if example.reference_error != nil {
                #expect(throws: ProblemLineError.self) { try read(example.line, rules: .reference) }
                continue
            }
            let (problems, _) = try read(example.line, rules: .reference)
            #expect(problems.count == (example.kept == true ? 1 : 0), "\(example.line)")
            guard example.kept == true, problems.count == 1 else { continue }
            #expect(problems[0].question == example.question)
            #expect(problems[0].chain == example.cot)
            #expect(
                try read(String(decoding: problems.bytes, as: UTF8.self), rules: .reference).problems[0] == problems[0])
        }
        for example in examples.extract_answer {
            #expect(ReferenceText.answer(in: example.text) == example.answer)
        }
    }

    @Test(.enabled(if: Shared.has("tokenizers/gpt2"), "\(Shared.reason)"))
    func `unusual lines have the reference's tokens`() throws {
        let tokenizer = try TokenizerFolder.load(Shared.url("tokenizers/gpt2").path)
        let encoder = try ReferenceEncoder(tokenizer, acceptsSeparatorInText: true)
        let kept = try parseExamples().lines.filter { $0.kept == true }
        #expect(kept.count == 15)
        for example in kept {
            let problem = try read(example.line, rules: .reference).0[0]
            #expect(try encoder.encode(problem).tokens == example.input_ids, "\(example.line)")
        }
        for example in try parseExamples().extract_answer {
            #expect(encoder.answerText(of: try tokenizer.encode(example.text)[...]) == example.answer)
        }
    }

    private func parseExamples() throws -> ParseExamples {
        let file = goldenFolder.appending(path: "removal/parse.json")
        return try JSONDecoder().decode(ParseExamples.self, from: Data(contentsOf: file))
    }

    @Test(arguments: [
        ("1||2 #### 3\n4 5\n", "p.txt:2:4: expected || between the question and its chain of thought"),
        ("1||2||3 #### 4", "p.txt:1:5: a second ||; expected one between the question and its chain of thought"),
        ("1||2 ### 3", "p.txt:1:11: expected #### between the chain of thought and the answer"),
        ("é||2 ####  ", "p.txt:1:10: expected an answer after ####"),
        ("||2 #### 3", "p.txt:1:1: expected a question before ||"),
        ("1||2 ##### 3", "p.txt:1:10: a fifth #; expected #### and the answer"),
        ("1||2 #### 3 #### 4", "p.txt:1:13: a second ####; expected one before the answer"),
    ])
    func `a malformed line is named with its place and what was expected`(_ text: String, _ message: String) {
        let error = #expect(throws: ProblemLineError.self) { try read(text) }
        #expect(error?.description == message)
    }

    @Test func `a line that is not UTF-8 is refused`() throws {
        try withTemporaryFolder { folder in
            let path = folder.appending(path: "p.txt")
            try Data(Array("1||2 #### 3\n1||".utf8) + [0xFF] + Array(" #### 3\n".utf8)).write(to: path)
            #expect(throws: ProblemLineError(path: path.path, line: 2, column: 1, rule: "the line is not UTF-8")) {
                try ProblemFile(path.path).read()
            }
            #expect(throws: FileError(.missing, folder.path + "/none", "does not exist")) {
                try ProblemFile(folder.path + "/none").read()
            }
            #expect(throws: FileError.self) { try ProblemFile(folder.path).read() }
        }
    }

    @Test func `line ends of all kinds, a byte order mark and empty lines are accepted`() throws {
        let (problems, _) = try read("\u{FEFF}1||2 #### 3\r\n\r\n   \n4|| #### 1,000\n\n5||6#### -7")
        let expected = [
            Problem(question: "1", chain: "2", answer: "3"), Problem(question: "4", chain: "", answer: "1000"),
            Problem(question: "5", chain: "6", answer: "-7"),
        ]
        #expect((0..<3).map { problems[$0] } == expected)
        #expect(try read("", limit: 5).problems.isEmpty)
        #expect(try read("1||2 #### 3\n1||3 #### 4\nbroken", limit: 2).problems.count == 2)
    }

    @Test func `no bytes make reading or recognising fail other than by an error`() throws {
        var random = RandomSource(seed: 1)
        let pieces =
            ["||", "|", "####", "#", " ", "1", "*", "+", "<<1+1=2>>", "\n", "\r", "é", "7 1 * 2 3", "\u{0}"].map {
                Array($0.utf8)
            } + [[0xFF]]
        try withTemporaryFolder { folder in
            let path = folder.appending(path: "p.txt")
            for _ in 0..<600 {
                let bytes = (0..<random.below(14)).flatMap { _ in pieces[random.below(pieces.count)] }
                try Data(bytes).write(to: path)
                for rules in ProblemFile.Rules.allCases {
                    guard let problems = try? ProblemFile(path.path, rules: rules).read().problems else { continue }
                    for index in 0..<problems.count {
                        _ = problems.facts.map {
                            problems.fact($0.name, index: $0.indices?.lowerBound, ofProblem: index)
                        }
                        _ = try? problems.removalGroups(
                            "steps", ofProblem: index, encoder: CharacterEncoder(CharacterVocabulary(of: problems)))
                    }
                }
            }
        }
    }

    @Test func `lines longer than a block are put together`() throws {
        let chain = String(repeating: "7 ", count: 1_500_000).dropLast()
        let (problems, _) = try read("1||\(chain) #### 3\n2||1 #### 2\n")
        #expect(problems.count == 2)
        #expect(problems[0].chain == chain)
        #expect(problems[1].question == "2")
    }
}

@Suite struct ProblemSetTests {
    @Test func `selections keep the order they are given`() throws {
        let set = try ProblemSet.generate(DigitSum.parity(digits: 4), count: 50, seed: 1)
        #expect(set.select([3, 1, 3])[0] == set[3])
        #expect(set.select([3, 1, 3]).count == 3)
        #expect(set[10..<60].count == 40)
        #expect(set[10..<60][0] == set[10])
        let odd = set.filter { $0.answer == "1" }
        #expect((0..<odd.count).allSatisfy { odd[$0].answer == "1" })
        #expect(try set.sample(50, seed: 2).fingerprint != set.fingerprint)
        let shuffled = try set.sample(50, seed: 2)
        #expect(Set((0..<50).map { shuffled[$0] }).count == 50)
        #expect(throws: ProblemError.self) { try set.sample(51, seed: 1) }
    }

    @Test func `a set put together from its parts is the same set`() throws {
        let set = try ProblemSet.generate(Multiplication(digits: 1...3), count: 50, seed: 1)
        let joined = set[0..<20] + set[20..<50]
        #expect(joined.fingerprint == set.fingerprint)
        #expect(joined.taskName == set.taskName)
        let mixed = set + (try ProblemSet.generate(DigitSum.parity(digits: 4), count: 5, seed: 1))
        #expect(mixed.count == 55)
        #expect(mixed.taskName == "mult (1…3)×(1…3) + parity 4")
        #expect(mixed[50].chain.count == 3)
    }

    @Test func `problems of one's own are kept as a file would keep them`() throws {
        var builder = ProblemSetBuilder(taskName: "doubling", capacity: 3)
        try builder.append(question: " 2 1 ", chain: "", answer: "4 2")
        try builder.append(question: "2 1", chain: "x", answer: "#### 4 2")
        try builder.append(question: "\u{A0}3\t", chain: "y\t", answer: "# 6")
        let set = builder.finish()
        #expect(set.hasRepetition)
        #expect(set[0] == Problem(question: "2 1", chain: "", answer: "4 2"))
        #expect(set[1].answer == "4 2")
        #expect(set[2] == Problem(question: "3", chain: "y", answer: "# 6"))
        #expect(String(decoding: set.bytes, as: UTF8.self) == "2 1|| #### 4 2\n2 1||x #### 4 2\n3||y #### # 6\n")
    }

    @Test func `whatever a set accepts comes back from its file`() throws {
        var random = RandomSource(seed: 3)
        let pieces = [
            "|", "||", "#", "###", "#### ", " ", "\t", "1", "2,3", "é", "\u{A0}", "\u{2028}", "\u{B}", "\u{0}", "\r",
            "\n", "<|endoftext|>",
        ]
        func text() -> String { (0..<random.below(6)).map { _ in pieces[random.below(pieces.count)] }.joined() }
        var builder = ProblemSetBuilder(taskName: "t")
        for _ in 0..<5000 { _ = try? builder.append(question: text(), chain: text(), answer: text()) }
        let set = builder.finish()
        #expect(set.count > 500)
        try withTemporaryFolder { folder in
            let path = folder.appending(path: "p.txt").path
            try set.write(to: path)
            for rules in ProblemFile.Rules.allCases {
                let back = try ProblemFile(path, rules: rules, dropsCommas: false).read().problems
                #expect(back.fingerprint == set.fingerprint)
                #expect((0..<set.count).allSatisfy { back[$0] == set[$0] })
            }
        }
    }

    @Test func `questions of other sets and repeated ones are passed over when asked`() throws {
        var held = ProblemSetBuilder(taskName: "t")
        try held.append(question: "1 1", chain: "", answer: "2")
        let test = held.finish()
        var builder = ProblemSetBuilder(taskName: "t", apartFrom: [test], isDistinct: true)
        let added = try ["1 1", "1 2", " 1 2", "1 3"].map {
            try builder.append(question: $0, chain: "a b", answer: "c")
        }
        #expect(added == [false, true, false, true])
        let set = builder.finish()
        #expect(set.count == 2)
        #expect(!set.hasRepetition)
        #expect(
            try set.removalGroups("steps", encoder: CharacterEncoder(CharacterVocabulary(of: set))) == [
                [[0], [1]], [[0], [1]],
            ])
    }

    @Test func `facts given with a problem can be asked for`() throws {
        var builder = ProblemSetBuilder(taskName: "t")
        try builder.append(
            question: " 1 2 ", chain: "3", answer: "4",
            facts: ["total": .one(.integer(3)), "part": .each([.integer(1), .integer(2)])])
        try builder.append(question: "5", chain: "5", answer: "5", facts: ["total": .one(.integer(5))])
        let set = builder.finish()
        #expect(try set.facts("total") == [.integer(3), .integer(5)])
        #expect(set.fact("part", index: 1, ofProblem: 0) == .integer(2))
        #expect(set.fact("part", index: 2, ofProblem: 0) == nil)
        #expect(set.fact("part", index: nil, ofProblem: 0) == nil)
        #expect(set.fact("part", index: 0, ofProblem: 1) == nil)
        #expect(set.facts.first { $0.name == "total" }?.values == 3...5)
        #expect(set.facts.first { $0.name == "part" }?.indices == 0..<2)
    }

    @Test(arguments: [
        ("1||2", "3", "4", "problem 0: its question has ||, which separates the question from the chain"),
        ("1|", "3", "4", "problem 0: its question ends in |, which the separator || after it would swallow"),
        ("1", "3 #### 4", "4", "problem 0: its chain has ####, which separates the chain from the answer"),
        ("1", "3", "4 #### 5", "problem 0: its answer has ####, which separates the chain from the answer"),
        ("1", "3\n4", "4", "problem 0: its chain has a line break"),
        ("1", "3", "  ", "problem 0: its answer is empty"),
        ("", "3", "4", "problem 0: its question is empty"),
    ])
    func `a text that a file would give back as something else is refused`(
        _ question: String, _ chain: String, _ answer: String, _ message: String
    ) {
        var builder = ProblemSetBuilder(taskName: "t")
        let error = #expect(throws: ProblemError.self) {
            try builder.append(question: question, chain: chain, answer: answer)
        }
        #expect(error?.description == message)
        #expect(builder.count == 0)
    }
}
