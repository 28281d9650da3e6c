import Foundation
import Support
import TestSupport
import Testing

@testable import Internalization
@testable import Tensors

/// The value of digits written least significant first with blanks between them.
private func value(_ text: some StringProtocol) -> Int? { Int(String(text.reversed().filter { $0 != " " })) }

private func operands(_ problem: Problem) -> (Int, Int)? {
    let parts = problem.question.split(separator: "*")
    guard parts.count == 2, let a = value(parts[0]), let b = value(parts[1]) else { return nil }
    return (a, b)
}

/// The line of a problem file, put together by hand.
private func line(_ problem: Problem) -> String { "\(problem.question)||\(problem.chain) #### \(problem.answer)" }

private func write(_ task: some ProblemTask, _ input: [UInt8]) -> Problem {
    var bytes = [UInt8](repeating: 0, count: task.lineCountMax)
    let row = bytes.withUnsafeMutableBufferPointer { buffer in
        var line = LineWriter(at: buffer.baseAddress!)
        task.write(input, to: &line)
        return line.finish(from: buffer.baseAddress!)
    }
    #expect(row.line.upperBound <= task.lineCountMax)
    return ProblemSet(taskName: task.name, task: task, ProblemText(bytes: bytes, rows: [row]))[0]
}

@Suite struct GenerationTests {
    @Test(.enabled(if: Shared.has("data/4_by_4_mult"), "\(Shared.reason)"), arguments: [4, 5, 7, 9, 11])
    func `every published line is reproduced from its operands`(_ k: Int) throws {
        let task = try Multiplication(digits: k)
        for file in ["valid.txt", "test_bigbench.txt"] {
            let url = Shared.url("data/\(k)_by_\(k)_mult/\(file)")
            let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
            #expect(lines.count == 1000)
            for expected in lines {
                let question = String(expected.prefix(upTo: try #require(expected.range(of: "||")).lowerBound))
                var input = [UInt8](repeating: 0, count: task.inputCount)
                let isRead = Array(question.utf8).withUnsafeBufferPointer { task.read($0, into: &input) }
                #expect(isRead)
                #expect(line(write(task, input)) == expected)
                #expect(expected.utf8.count + 1 == task.lineCountMax)
            }
        }
    }

    @Test func `the first published 4×4 test line is written`() throws {
        let problem = write(try Multiplication(digits: 4), [7, 6, 9, 2, 1, 6, 3, 6])
        #expect(problem.question == "7 6 9 2 * 1 6 3 6")
        #expect(
            problem.chain
                == "7 6 9 2 0 + 0 2 0 8 7 1 ( 7 8 9 0 8 1 ) + 0 0 1 0 9 8 0 ( 7 8 0 1 7 0 1 ) + 0 0 0 2 0 8 7 1")
        #expect(problem.answer == "7 8 0 3 7 8 8 1")
    }

    @Test func `twelve times thirty-four has two partial products and no partial sum`() throws {
        let problem = write(try Multiplication(digits: 2), [2, 1, 4, 3])
        #expect(problem == Problem(question: "2 1 * 4 3", chain: "8 4 0 + 0 6 3 0", answer: "8 0 4 0"))
    }

    @Test func `one digit times three digits has three partial products`() throws {
        let task = try Multiplication(left: 1...1, right: 3...3)
        #expect(task.name == "mult 1×3")
        // 7 × 142: 14, 280, 700; 14 + 280 = 294.
        #expect(
            write(task, [7, 2, 4, 1])
                == Problem(question: "7 * 2 4 1", chain: "4 1 + 0 8 2 ( 4 9 2 ) + 0 0 7 0", answer: "4 9 9 0"))
    }

    @Test func `the tree adds neighbours and leaves the root to the answer`() throws {
        // 11111 × 12345 in the shape PP0 + … + PP4 = S01 + S23 = S0123.
        let problem = write(try Multiplication(digits: 5, chain: .tree), [1, 1, 1, 1, 1, 5, 4, 3, 2, 1])
        let levels = problem.chain.split(separator: " = ").map { $0.split(separator: " + ").map { value($0)! } }
        #expect(levels == [[55555, 444440, 3_333_300, 22_222_000, 111_110_000], [499_995, 25_555_300], [26_055_295]])
        #expect(value(problem.answer) == 11111 * 12345)
        #expect(problem.chain.split(separator: " ").count == 72)
    }

    @Test(arguments: [(4, 45), (5, 72), (7, 146), (9, 244), (11, 366)])
    func `a tree chain has the length that its levels add up to`(_ k: Int, _ length: Int) throws {
        let set = try ProblemSet.generate(Multiplication(digits: k, chain: .tree), count: 20, seed: 1)
        for index in 0..<20 {
            #expect(set[index].chain.split(separator: " ").count == length)
            if k < 9 {
                let (a, b) = try #require(operands(set[index]))
                #expect(value(set[index].answer) == a * b)
            }
        }
    }

    @Test func `twenty-digit products are exact`() throws {
        let task = try Multiplication(digits: 20)
        let nines = write(task, Array(repeating: 9, count: 40))
        // (10^20 - 1)^2 = 10^40 - 2·10^20 + 1.
        let expected = "1" + String(repeating: "0", count: 19) + "8" + String(repeating: "9", count: 19)
        #expect(nines.answer.filter { $0 != " " } == expected)
        #expect(nines.chain.split(separator: " ").count == 1214)
    }

    @Test func `the parity chain is the running parity`() throws {
        let set = try ProblemSet.generate(DigitSum.parity(digits: 6), count: 200, seed: 3)
        for index in 0..<set.count {
            let digits = set[index].question.split(separator: " ").map { Int($0)! }
            let sums = (2...6).map { digits[..<$0].reduce(0, +) % 2 }
            #expect(set[index].chain == sums.dropLast().map { String($0) }.joined(separator: " "))
            #expect(set[index].answer == String(sums[4]))
        }
        #expect(
            write(try DigitSum.parity(digits: 6), [2, 7, 4, 3, 5, 3])
                == Problem(question: "2 7 4 3 5 3", chain: "1 1 0 1", answer: "0"))
    }

    @Test func `word problems have the two steps that their words say`() throws {
        let task = WordProblems()
        let first = write(task, [0, 0, 0, 4, 12, 5])
        #expect(
            first.question == "Ann has 4 boxes with 12 apples each and gives away 5 apples. How many apples are left?")
        #expect(first.chain == "<<4*12=48>> <<48-5=43>>")
        #expect(first.answer == "43")
        let set = try ProblemSet.generate(task, count: 2000, seed: 1)
        for index in 0..<set.count {
            let problem = set[index]
            // Each step is right, the second starts from the first one's result, and the input can be read back.
            let steps = problem.chain.split(separator: " ").map { $0.dropFirst(2).dropLast(2).split(separator: "=") }
            let results = try steps.map { step -> Int in
                let sign = try #require(step[0].first { "+-*/".contains($0) })
                let operands = step[0].split(separator: sign).map { Int($0)! }
                let result = [
                    "+": operands[0] + operands[1], "-": operands[0] - operands[1], "*": operands[0] * operands[1],
                    "/": operands[0] / operands[1],
                ][sign]
                #expect(result == Int(step[1]))
                return try #require(result)
            }
            #expect(results[1] > 0)
            #expect(problem.answer == "\(results[1])")
            #expect(steps[1][0].hasPrefix("\(results[0])"))
            #expect(try write(task, #require(task.input(of: problem))) == problem)
        }
    }

    @Test func `a seed gives the same bytes for any number of threads`() throws {
        let task = try Multiplication(digits: 1...5)
        let one = try ProblemSet.generate(task, count: 3000, seed: 9, workers: Workers(threadCount: 1))
        let workers = Workers(threadCount: 3)
        defer { workers.stop() }
        let three = try ProblemSet.generate(task, count: 3000, seed: 9, workers: workers)
        #expect(one.bytes == three.bytes)
        #expect(one.fingerprint == three.fingerprint)
        #expect(try ProblemSet.generate(task, count: 3000, seed: 10).fingerprint != one.fingerprint)
    }

    @Test func `operands are uniform over the numbers of their length`() throws {
        let set = try ProblemSet.generate(Multiplication(digits: 3), count: 20000, seed: 5)
        var top = [Int](repeating: 0, count: 10)
        var low = [Int](repeating: 0, count: 10)
        for index in 0..<set.count {
            let (a, b) = try #require(operands(set[index]))
            for number in [a, b] {
                top[number / 100] += 1
                low[number % 10] += 1
            }
        }
        #expect(top[0] == 0)
        // Five standard deviations: √(40000 · 1/9 · 8/9) = 63, √(40000 · 1/10 · 9/10) = 60.
        #expect(top[1...].allSatisfy { abs($0 - 40000 / 9) < 315 })
        #expect(low.allSatisfy { abs($0 - 4000) < 300 })
    }
}

@Suite struct DistinctnessTests {
    private func inputs(_ set: ProblemSet) -> [String] { (0..<set.count).map { set[$0].question } }

    @Test func `inputs differ and avoid those of other sets`() throws {
        let task = try Multiplication(digits: 2)
        let test = try ProblemSet.generate(task, count: 500, seed: 7)
        let train = try ProblemSet.generate(task, count: 7600, seed: 7, apartFrom: [test])
        #expect(Set(inputs(test)).count == 500)
        #expect(Set(inputs(train)).count == 7600)
        #expect(Set(inputs(train)).isDisjoint(with: inputs(test)))
        #expect(!train.hasRepetition)
    }

    @Test func `every input is used before any is repeated`() throws {
        let all = try ProblemSet.generate(DigitSum.parity(digits: 3), count: 1000, seed: 1)
        #expect(Set(inputs(all)).count == 1000)
        #expect(!all.hasRepetition)
    }

    @Test func `more problems than inputs repeat, and say so`() throws {
        let task = try Multiplication(digits: 2)
        let test = try ProblemSet.generate(task, count: 500, seed: 7)
        let train = try ProblemSet.generate(task, count: 20000, seed: 1, apartFrom: [test])
        #expect(train.hasRepetition)
        #expect(train.count == 20000)
        #expect(Set(inputs(train)).isDisjoint(with: inputs(test)))
    }

    @Test func `a held-out set is refused when nothing is left for it`() throws {
        let task = try Multiplication(digits: 2)
        let train = try ProblemSet.generate(task, count: 8099, seed: 1)
        let error = #expect(throws: ProblemError.self) {
            try ProblemSet.generate(task, count: 500, seed: 7, apartFrom: [train])
        }
        #expect(
            error?.description
                == "mult 2×2 has 1 different input beside the 8099 to stay apart from, and 500 are wanted; generate the held-out problems first, then the training problems apart from them"
        )
    }

    @Test func `without repetition too many problems are refused`() throws {
        let error = #expect(throws: ProblemError.self) {
            try ProblemSet.generate(Multiplication(digits: 2), count: 8101, seed: 1, repetition: .never)
        }
        #expect(
            error?.description
                == "mult 2×2 has 8100 different inputs, and 8101 are wanted; ask for fewer, or allow repetition")
    }

    @Test func `digits outside the task are refused by name`() {
        #expect(throws: ProblemError.outOfRange(what: "digits", value: 0, allowed: 1...50)) {
            try Multiplication(digits: 0)
        }
        #expect(throws: ProblemError.outOfRange(what: "digits", value: 1, allowed: 2...200)) {
            try DigitSum.parity(digits: 1)
        }
        #expect(throws: ProblemError.self) {
            try ProblemSet.generate(Multiplication(digits: 4), count: 1 << 60, seed: 1)
        }
        #expect(throws: ProblemError.self) { try ProblemSet.generate(Multiplication(digits: 4), count: -1, seed: 1) }
    }

    @Test func `a long generation can be interrupted`() {
        let interrupt = Interrupt()
        interrupt.request()
        #expect(throws: Interrupted()) {
            try ProblemSet.generate(
                DigitSum.parity(digits: 8), count: 100_000, seed: 1, observer: WorkObserver(interrupt: interrupt))
        }
    }

    @Test func `no problems at all is a set too`() throws {
        let none = try ProblemSet.generate(Multiplication(digits: 4), count: 0, seed: 1)
        #expect(none.isEmpty)
        #expect(none.fingerprint == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }
}
