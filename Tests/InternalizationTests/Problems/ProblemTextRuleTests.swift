// Rules of how problems are written, kept and told apart that nothing else holds: lines, marks of inputs, what is said
// of a request that cannot be met, the bounds of tasks.

import Foundation
import Support
import TestSupport
import Testing

@testable import Internalization

/// A whole line as a task writes it, with something in the place of its chain.
private func line(_ chain: (inout LineWriter) -> Void) -> String {
    var bytes = [UInt8](repeating: 0x7A, count: 100)
    let row = bytes.withUnsafeMutableBufferPointer { buffer in
        var line = LineWriter(at: buffer.baseAddress!)
        line.put("q")
        line.beginChain()
        chain(&line)
        line.beginAnswer()
        line.put("a")
        return line.finish(from: buffer.baseAddress!)
    }
    return String(decoding: bytes[row.line], as: UTF8.self)
}

private func set(_ lines: [String]) throws -> ProblemSet {
    var builder = ProblemSetBuilder(taskName: "t")
    for line in lines { try builder.append(question: line, chain: "c", answer: "1") }
    return builder.finish()
}

private func questions(_ set: ProblemSet) -> [String] { (0..<set.count).map { set[$0].question } }

@Suite struct ProblemLineRuleTests {
    @Test(arguments: 1...13) func `a number is written from its least digit on, in as many digits as asked for`(
        _ width: Int
    ) {
        let digits = "1 2 3 4 5 6 7 8 9 0 1 0 0".split(separator: " ")
        #expect(
            line { $0.put(value: 10_987_654_321, width: width) }
                == "q||\(digits[..<width].joined(separator: " ")) #### a\n")
    }

    @Test(arguments: [(0, "0"), (9, "9"), (10, "10"), (105, "105"), (99, "99"), (2000, "2000")])
    func `a number as people write it has its digits from the highest on`(_ number: Int, _ text: String) {
        #expect(line { $0.put(number: number) } == "q||\(text) #### a\n")
    }

    @Test func `digits are written with a space between two, and none where there are none`() {
        #expect(line { $0.put(digits: [7, 0, 3], count: 3) } == "q||7 0 3 #### a\n")
        #expect(line { $0.put(digits: [7, 0, 3], count: 1) } == "q||7 #### a\n")
        #expect(line { $0.put(digits: [7, 0, 3], count: 0) } == "q|| #### a\n")
    }

    @Test func `lines that follow each other are written in one piece, others each by itself`() throws {
        let all = try set(["a", "b", "c", "d"])
        func runs(_ places: [Int]) -> [Int] { all.select(places).lineRuns().map { $0.count } }
        // `a||c #### 1⏎` has 12 bytes.
        #expect(
            runs([0, 1, 2, 3]) == [48] && runs([0, 1, 3]) == [24, 12] && runs([1, 0]) == [12, 12] && runs([]) == [])
        #expect(all.select([3, 1, 1]).fingerprint == SHA256.hex("d||c #### 1\nb||c #### 1\nb||c #### 1\n"))
        try withTemporaryFolder { folder in
            let path = folder.path + "/p.txt"
            try all.select([2, 0]).write(to: path)
            let written = try String(contentsOfFile: path, encoding: .utf8)
            #expect(written == "c||c #### 1\na||c #### 1\n")
        }
    }

    @Test func `two sets together have one name and task where they share them, and repeat where one does`() throws {
        let (a, b) = (
            try ProblemSet.generate(DigitSum.parity(digits: 3), count: 3, seed: 1),
            try ProblemSet.generate(DigitSum.parity(digits: 4), count: 2, seed: 1)
        )
        #expect((a + a).taskName == "parity 3" && (a + a).task?.name == "parity 3" && !(a + a).hasRepetition)
        #expect((a + b).taskName == "parity 3 + parity 4" && (a + b).task == nil && (a + b).count == 5)
        #expect((b + a).taskName == "parity 4 + parity 3" && questions(b + a) == questions(b) + questions(a))
        let repeated = try ProblemSet.generate(
            DigitSum.parity(digits: 3), count: 1, seed: 1, repetition: .always)
        #expect(repeated.hasRepetition && (a + repeated).hasRepetition && (repeated + a).hasRepetition)
        #expect(repeated.select([0]).hasRepetition && repeated.shuffled(seed: 1).hasRepetition)
    }

    @Test func `no problem can be drawn that is not there, and another seed draws others`() throws {
        let all = try set((0..<40).map { "q\($0)" })
        #expect(try all.sample(0, seed: 1).isEmpty)
        for wanted in [-1, 41] {
            #expect(
                throws: ProblemError.outOfRange(what: "the number of problems", value: wanted, allowed: 0...40)
            ) { try all.sample(wanted, seed: 1) }
        }
        #expect(try questions(all.sample(40, seed: 1)) != questions(all.sample(40, seed: 2)))
        #expect(questions(all.shuffled(seed: 1)) != questions(all.shuffled(seed: 2)))
    }
}

@Suite struct ProblemInputRuleTests {
    private func mark(_ bytes: [UInt8]) -> UInt64 { InputSet.mark(bytes, bytes.count) }

    @Test func `an input that differs in any one number is another, however long it is`() {
        for count in [1, 7, 8, 9, 16, 17] {
            let input = [UInt8](repeating: 3, count: count)
            var marks: Set<UInt64> = [mark(input)]
            for place in 0..<count {
                var other = input
                other[place] = 4
                marks.insert(mark(other))
            }
            #expect(marks.count == count + 1, "\(count)")
        }
        #expect(mark([1, 2]) != mark([2, 1]))
        #expect(mark([1, 0, 0, 0, 0, 0, 0, 0, 2]) != mark([2, 0, 0, 0, 0, 0, 0, 0, 1]))
        // Nothing but an empty place is 0.
        #expect(mark([]) == .max && mark([0]) == .max && mark([0, 0, 0]) == .max)
    }

    @Test func `a set of inputs grows, finds all of them again and takes none twice`() {
        var inputs = InputSet(capacity: 0)
        // All begin their search at the same place.
        let marks = (1...500).map { UInt64($0) << 32 }
        for mark in marks {
            let isNew = inputs.insert(mark)
            #expect(isNew)
        }
        #expect(inputs.count == 500)
        for mark in marks {
            #expect(inputs.contains(mark))
            let isNew = inputs.insert(mark)
            #expect(!isNew)
        }
        #expect(inputs.count == 500 && !inputs.contains(501 << 32) && !inputs.contains(7))
    }

    @Test func `problems of another task take none of a task's inputs away`() throws {
        let task = try DigitSum.parity(digits: 2)
        let others = try ProblemSet.generate(DigitSum.parity(digits: 3), count: 300, seed: 1)
        let all = try ProblemSet.generate(task, count: 100, seed: 2, apartFrom: [others], repetition: .never)
        #expect(Set(questions(all)).count == 100)
        // The same digits asked for another sum are the same question.
        let sums = try ProblemSet.generate(DigitSum(digits: 2, modulus: 7), count: 60, seed: 1)
        let rest = try ProblemSet.generate(task, count: 40, seed: 2, apartFrom: [sums], repetition: .never)
        #expect(Set(questions(rest)).isDisjoint(with: questions(sums)))
        #expect(
            throws: ProblemError.tooFewInputs(task: "parity 2", wanted: 41, available: 40, excluded: 60)
        ) { try ProblemSet.generate(task, count: 41, seed: 2, apartFrom: [sums], repetition: .never) }
    }

    @Test func `a set knows that it may repeat only where problems were drawn without regard to each other`() throws {
        let task = try DigitSum.parity(digits: 2)
        func repeats(_ count: Int, _ repetition: Repetition) throws -> Bool {
            try ProblemSet.generate(task, count: count, seed: 1, repetition: repetition).hasRepetition
        }
        #expect(try !repeats(100, .whenNeeded) && repeats(101, .whenNeeded))
        #expect(try !repeats(100, .never) && repeats(1, .always))
    }

    @Test func `two seeds draw other problems, and one draws the same ones, from a list and freely`() throws {
        for (digits, count) in [(2, 90), (8, 20)] {
            func drawn(_ seed: UInt64) throws -> [String] {
                try questions(ProblemSet.generate(DigitSum.parity(digits: digits), count: count, seed: seed))
            }
            #expect(try drawn(1) == drawn(1) && drawn(1) != drawn(2))
            #expect(try Set(drawn(1)).count == count)
        }
    }
}

@Suite struct ProblemWordRuleTests {
    @Test(
        arguments: [
            (.outOfRange(what: "digits", value: 0, allowed: 1...50), "digits is 0; it can be 1 to 50"),
            (
                .tooFewInputs(task: "t", wanted: 2, available: 1, excluded: 0),
                "t has 1 different input, and 2 are wanted; ask for fewer, or allow repetition"
            ),
            (
                .tooFewInputs(task: "t", wanted: 9, available: 5, excluded: 5),
                "t has 5 different inputs beside the 5 to stay apart from, and 9 are wanted; ask for fewer, or allow "
                    + "repetition"
            ),
            (
                .tooFewInputs(task: "t", wanted: 9, available: 5, excluded: 6),
                "t has 5 different inputs beside the 6 to stay apart from, and 9 are wanted; generate the held-out "
                    + "problems first, then the training problems apart from them"
            ),
            (.tooLarge(byteCount: 3 << 20), "the problems would take 3 MB of memory; ask for fewer"),
            (
                .unwritable(problem: 4, part: "chain", rule: "has a line break"),
                "problem 4: its chain has a line break"
            ),
            (.unknownCharacter("x", in: "1 x"), "the vocabulary has no token for \"x\" in \"1 x\""),
            (
                .answerLength("12", expected: 1),
                "the answer \"12\" does not have 1 character as all others do, and without a separator only its length "
                    + "tells where it begins; start the run with separator: .kept"
            ),
            (
                .answerLength("1", expected: 2),
                "the answer \"1\" does not have 2 characters as all others do, and without a separator only its length "
                    + "tells where it begins; start the run with separator: .kept"
            ),
        ] as [(ProblemError, String)])
    func `what is wrong with a request or a problem is said in numbers and in words for one and for several`(
        _ error: ProblemError, _ words: String
    ) {
        #expect(error.description == words)
    }

    @Test func `a problem that cannot be written is told by its number among those that were added`() throws {
        var builder = ProblemSetBuilder(taskName: "t", isDistinct: true)
        try builder.append(question: "a", chain: "", answer: "1")
        try builder.append(question: "a", chain: "", answer: "1")
        #expect(throws: ProblemError.unwritable(problem: 1, part: "answer", rule: "is empty")) {
            try builder.append(question: "b", chain: "", answer: " ")
        }
        #expect(builder.count == 1)
    }

    @Test func `the ends of what a task may have are in it, and the first number outside is the one that is told`()
        throws
    {
        func refused(_ what: String, _ value: Int, _ allowed: ClosedRange<Int>, _ make: () throws -> Any) {
            #expect(throws: ProblemError.outOfRange(what: what, value: value, allowed: allowed)) { _ = try make() }
        }
        #expect(try Multiplication(digits: 50).left == 50...50 && Multiplication(digits: 1).right == 1...1)
        #expect(try DigitSum(digits: 200, modulus: 10).modulus == 10 && DigitSum(digits: 2, modulus: 2).digits == 2)
        #expect(try Addition(digits: 1...100).digits == 1...100)
        refused("digits", 51, 1...50) { try Multiplication(digits: 51) }
        refused("digits", 0, 1...50) { try Multiplication(left: 1...2, right: 0...51) }
        refused("digits", 52, 1...50) { try Multiplication(left: 1...52, right: 0...1) }
        refused("digits", 201, 2...200) { try DigitSum(digits: 201, modulus: 11) }
        refused("modulus", 11, 2...10) { try DigitSum(digits: 200, modulus: 11) }
        refused("modulus", 1, 2...10) { try DigitSum(digits: 2, modulus: 1) }
        refused("digits", 101, 1...100) { try Addition(digits: 1...101) }
        refused("digits", 0, 1...100) { try Addition(digits: 0...1) }
        refused("the number of problems", -1, 0...Int.max) {
            try ProblemSet.generate(DigitSum.parity(digits: 2), count: -1, seed: 1)
        }
    }

    @Test func `more problems than memory holds are refused before any is made`() throws {
        let error = #expect(throws: ProblemError.self) {
            try ProblemSet.generate(DigitSum.parity(digits: 100), count: 1 << 50, seed: 1)
        }
        guard case .tooLarge? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
