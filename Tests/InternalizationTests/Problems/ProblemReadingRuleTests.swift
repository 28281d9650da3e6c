// Rules of reading problems that nothing else holds: what of a line is the question, what is counted, which task a file
// is of although some lines are wrong, where steps end, and which facts were recorded.

import Foundation
import Support
import TestSupport
import Testing

@testable import Internalization

private func read(
    _ text: String, rules: ProblemFile.Rules = .strict, limit: Int? = nil, dropsCommas: Bool = true
) throws -> (problems: ProblemSet, droppedLines: Int) {
    try withTemporaryFolder { folder in
        let path = folder.path + "/inner/p.txt"
        try writeFileAtomically(path, text.utf8)
        return try ProblemFile(path, rules: rules, limit: limit, dropsCommas: dropsCommas).read()
    }
}

private func all(_ set: ProblemSet) -> [Problem] { (0..<set.count).map { set[$0] } }

@Suite struct ProblemLineReadingRuleTests {
    @Test func `the ends of a line are trimmed, and so are chain and answer, but not the end of the question`() throws {
        #expect(all(try read(" 1 || 2  ####  3 \n").problems) == [Problem(question: "1 ", chain: "2", answer: "3")])
        #expect(all(try read("1|||2####3").problems) == [Problem(question: "1", chain: "|2", answer: "3")])
    }

    @Test func `a byte order mark counts for nothing at the start of a file only`() throws {
        let text = "\u{FEFF}1||2 #### 3\n\u{FEFF}4||5 #### 6\n"
        #expect(try all(read(text).problems).map(\.question) == ["1", "\u{FEFF}4"])
    }

    @Test func `commas go from answers where that is wanted, and from nothing else ever`() throws {
        let text = "1,0||2,0 #### 3,000,000\n"
        #expect(all(try read(text).problems) == [Problem(question: "1,0", chain: "2,0", answer: "3000000")])
        let kept = try read(text, dropsCommas: false).problems
        #expect(all(kept) == [Problem(question: "1,0", chain: "2,0", answer: "3,000,000")])
    }

    @Test func `a limit counts problems, not lines, and what comes after it is not looked at`() throws {
        let text = "\n  \n1||2 #### 3\n\n4||5 #### 6\nno problem\n"
        #expect(try read(text, limit: 0).problems.isEmpty)
        #expect(try all(read(text, limit: 1).problems).map(\.question) == ["1"])
        #expect(try read(text, limit: 2).problems.count == 2)
        #expect(throws: ProblemLineError.self) { try read(text, limit: 3) }
    }

    @Test func `lines that the reference drops are counted, and empty ones are not`() throws {
        let (problems, dropped) = try read("a\n\nb||c||d #### 1\n   \n1||2 #### 3\n", rules: .reference)
        #expect(problems.count == 1 && dropped == 2)
    }

    @Test func `problems of no known task are called like their file and its folder`() throws {
        #expect(try read("a||b #### c\n").problems.taskName == "inner/p.txt")
        #expect(try read("").problems.taskName == "inner/p.txt")
    }

    @Test func `the first malformed line is told with its column in characters, and how many there are`() throws {
        let error = #expect(throws: ProblemLineError.self) { try read("1||2 #### 3\né一||b c\n||\n") }
        // Seven characters stand before the end of the line.
        #expect(error?.line == 2 && error?.column == 8)
        #expect(
            error?.rule == "expected #### between the chain of thought and the answer; 2 lines are malformed")
        let one = #expect(throws: ProblemLineError.self) { try read("x\n") }
        #expect(one?.rule == "expected || between the question and its chain of thought")
    }
}

@Suite struct ProblemTaskReadingRuleTests {
    private func lines(_ count: Int) throws -> [String] {
        let set = try ProblemSet.generate(Multiplication(digits: 3...3), count: count, seed: 4)
        return all(set).map { "\($0.question)||\($0.chain) #### \($0.answer)" }
    }

    @Test func `a tenth of the lines may be wrong, of which three are told, and one more is too many`() throws {
        var text = try lines(40)
        for place in [3, 8, 20, 39] { text[place] += " 1" }
        let found = try read(text.joined(separator: "\n")).problems
        #expect(found.taskName == "mult 3×3" && found.strays?.count == 4 && found.strays?.examples.count == 3)
        #expect(found.strays?.examples.first?.hasPrefix("problem 4, ") == true)
        #expect(found.strays?.description.hasSuffix("; and 1 more") == true)
        text[5] += " 1"
        let none = try read(text.joined(separator: "\n")).problems
        #expect(none.taskName == "inner/p.txt" && none.strays == nil)
    }

    @Test func `of a line that its task would not write the answer is told first, then the chain, then the question`()
        throws
    {
        var text = try lines(30)
        let chain = text[3]
        let asked = String(chain.prefix { $0 != "|" })
        text[3] = chain.replacing(" ####", with: " 1 ####")
        text[7] = "9 + 9||1 #### 2"
        let strays = try #require(try read(text.joined(separator: "\n")).problems.strays)
        let middle = String(chain.dropFirst(asked.count + 2).prefix { $0 != "#" }.dropLast())
        #expect(
            strays.examples == [
                "problem 4, \"\(asked)\", has the chain \"\(middle) 1\", not \"\(middle)\"",
                "problem 8, \"9 + 9\", asks something else",
            ])
        #expect(strays.description == strays.examples.joined(separator: "; "))
        // Both wrong: the answer.
        text[3] += " 1"
        let both = try #require(try read(text.joined(separator: "\n")).problems.strays)
        #expect(both.examples.first?.contains("has the answer ") == true)
    }

    @Test func `nineteen of twenty chains of calculations are word problems, and fewer or only empty ones are not`()
        throws
    {
        func name(_ chains: [String]) throws -> String {
            try read(chains.enumerated().map { "q\($0)||\($1) #### 1" }.joined(separator: "\n")).problems.taskName
        }
        let steps = [String](repeating: "<<1+1=2>>", count: 18)
        #expect(try name(steps + ["<<1+1=2>>", "words"]) == "word problems")
        #expect(try name(steps + ["words", "words"]) == "inner/p.txt")
        #expect(try name(steps + ["", ""]) == "word problems")
        #expect(try name(["", "", ""]) == "inner/p.txt")
    }
}

@Suite struct ProblemStepRuleTests {
    @Test(
        arguments: [
            ("A b. C? D!", ["A b.", "C?", "D!"]), ("3.5 is x. Ok.", ["3.5 is x.", "Ok."]), ("A.  B.", ["A.", "B."]),
            ("Wait... no.", ["Wait...", "no."]), ("A. b", nil), ("", nil), ("A.", ["A."]),
        ] as [(String, [String]?)])
    func `a sentence ends with its sign before a space, and a chain that does not end so has none`(
        _ chain: String, _ sentences: [String]?
    ) {
        #expect(ChainSteps.sentences(chain) == sentences)
    }

    @Test(arguments: [
        ("a; b ;c;", ";", ["a;", "b ;", "c;"]), ("a b", " ", ["a", "b"]), ("a;b", "", ["a;b"]),
        ("a;b", " ; ", ["a;", "b"]), (";;a", ";", [";", ";", "a"]), ("a => b => c", "=>", ["a =>", "b =>", "c"]),
        ("abc", ";", ["abc"]), ("", ";", []),
    ])
    func `a separator belongs to the step before it, its own spaces do not count, and nothing separates nothing`(
        _ chain: String, _ separator: String, _ steps: [String]
    ) {
        #expect(ChainSteps.split(chain, after: separator) == steps)
    }

    @Test func `steps end in the bytes of a chain where they are found one after another`() {
        #expect(ChainSteps.ends(of: ["a b", "c"], in: "a b c") == [3, 5])
        #expect(ChainSteps.ends(of: ["é", "x"], in: "é  x") == [2, 5])
        #expect(ChainSteps.ends(of: ["x", "", "a"], in: "a x") == [1] && ChainSteps.ends(of: [], in: "a") == [])
    }

    @Test(arguments: [
        "\u{1680}", "\u{2000}", "\u{200A}", "\u{2028}", "\u{2029}", "\u{202F}", "\u{205F}", "\u{3000}", "\u{85}",
        "\u{A0}",
        "\u{1C}", "\u{1F}", "\t", "\u{B}", "\u{C}",
    ])
    func `white space is what Python strips, at both ends`(_ space: String) {
        #expect(ReferenceText.answer(in: space + "7" + space + space) == "7")
        #expect(ReferenceText.answer(in: "7" + space + "8") == "7" + space + "8")
    }

    @Test(arguments: ["\u{200B}", "\u{180E}", "\u{FEFF}", "\u{1B}", "\u{2060}", "\u{0}", "\u{84}", "\u{200C}"])
    func `what Python does not strip stays`(_ other: String) {
        #expect(ReferenceText.answer(in: other + "7" + other) == other + "7" + other)
    }

    @Test(arguments: [
        ("a #### 1,2 #### 3", "#### 12 #### 3"), (" 1,2 ", "12"), ("###", "###"), ("x####", "####"), ("", ""),
    ])
    func `an answer begins with the first mark, or is all there is, without commas`(_ text: String, _ answer: String) {
        #expect(ReferenceText.answer(in: text) == answer)
    }
}

@Suite struct ProblemFactRuleTests {
    private func set(
        _ rows: [(question: String, facts: [String: RecordedFacts.Value])], name: String = "t"
    ) throws -> ProblemSet {
        var builder = ProblemSetBuilder(taskName: name)
        for row in rows { try builder.append(question: row.question, chain: "c", answer: "1", facts: row.facts) }
        return builder.finish()
    }

    @Test func `of a question that two sets have the facts of the first count`() throws {
        let (a, b) = (
            try set([("q", ["n": .one(.integer(1))])], name: "a"),
            try set([("q", ["n": .one(.integer(2))]), ("r", ["n": .one(.integer(3))])], name: "b")
        )
        #expect(try (a + b).facts("n") == [.integer(1), .integer(1), .integer(3)] && (a + b).taskName == "a + b")
        #expect(try (b + a).facts("n") == [.integer(2), .integer(3), .integer(2)])
    }

    @Test func `the values of a fact reach from the least to the greatest, and texts have no range`() throws {
        let known = try set([
            ("a", ["n": .one(.integer(5)), "m": .one(.integer(1)), "k": .each([.integer(7), .integer(9)])]),
            ("b", ["n": .one(.integer(-2)), "m": .one(.text("x")), "k": .each([.integer(8)])]),
        ])
        func fact(_ name: String) -> FactDescription? { known.facts.first { $0.name == name } }
        #expect(fact("n")?.values == -2...5 && fact("n")?.indices == nil)
        #expect(fact("m")?.values == nil && fact("k")?.values == 7...9 && fact("k")?.indices == 0..<2)
        #expect(known.facts.map(\.name).suffix(3) == ["k", "m", "n"])
    }

    @Test func `a fact that some problem lacks is told as that`() throws {
        let known = try set([("a", ["n": .one(.integer(5)), "k": .each([.integer(1), .integer(2)])]), ("b", [:])])
        func refusal(_ name: String, _ index: Int? = nil) -> String? {
            (#expect(throws: UnknownFact.self) { try known.facts(name, index: index) })?.description
        }
        #expect(refusal("n") == "some problem of t has no .n")
        #expect(known.fact("n", index: 0, ofProblem: 0) == nil && known.fact("k", ofProblem: 0) == nil)
        #expect(refusal("k") == ".k needs an index: .k[0] to .k[1]" && refusal("n", 0) == ".n has no index")
        #expect(refusal("k", 2) == ".k[2] is not there; the index can be 0 to 1")
    }

    @Test func `facts and steps come back from the file that lies beside their problems, or it is refused`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/task.json"
            let big = "12345678901234567890"
            let known = try set([
                ("a", ["n": .one(.number(big)), "k": .each([.integer(1), .text("x")])]),
                ("b", ["n": .one(.integer(4))]),
            ])
            try known.writeTask(to: path)
            let bare = ProblemSet(taskName: "other", task: nil, known.text)
            let back = try bare.withTask(from: path)
            #expect(back.taskName == "t" && back.fact("n", ofProblem: 0) == .number(big))
            #expect(
                back.fact("k", index: 1, ofProblem: 0) == .text("x") && back.fact("k", index: 0, ofProblem: 1) == nil)
            func rule(_ text: String) throws -> String? {
                try writeFileAtomically(path, text.utf8)
                return (#expect(throws: FileError.self) { try bare.withTask(from: path) })?.rule
            }
            #expect(try rule(#"{"facts": {}}"#) == "does not say what the problems are called")
            #expect(
                try rule(#"{"task": "t", "facts": {"n": [1]}}"#)
                    == "does not have a value of .n for each of the 2 problems")
            #expect(
                try rule(#"{"task": "t", "facts": {"n": [1, 0.5]}}"#) == "has a value of .n that is no number or text")
            #expect(
                try rule(#"{"task": "t", "steps": [[1]]}"#)
                    == "does not say where the steps of each of the 2 problems end")
            for steps in ["[2]", "[0, 1]", "[1, 1]", "[\"1\"]"] {
                #expect(
                    try rule("{\"task\": \"t\", \"steps\": [null, \(steps)]}")
                        == "has steps that do not lie in the chain of problem 2", "\(steps)")
            }
        }
    }
}
