// Problems kept as the numbers they were made from.

import Foundation
import Support
import TestSupport
import Testing

@testable import Checkpoints
@testable import Internalization

private func back(_ set: ProblemSet, _ folder: URL) throws -> ProblemSet? {
    let path = folder.path + "/set.inputs"
    return try set.writeInputs(to: path) ? ProblemSet(inputs: path) : nil
}

@Suite struct ProblemInputTests {
    static let tasks: [any ProblemTask] = {
        do {
            return [
                try Multiplication(digits: 3), try Multiplication(digits: 1...4),
                try Multiplication(digits: 2...3, padded: true),
                try Multiplication(left: 1...2, right: 3...3, chain: .tree), try Addition(digits: 2...5),
                try Addition(digits: 4...4, order: .mostFirst), try DigitSum.parity(digits: 6),
                try DigitSum(digits: 5, modulus: 7),
            ]
        } catch { fatalError("\(error)") }
    }()

    @Test(arguments: tasks.indices) func `the very problems come back`(_ index: Int) throws {
        func generate(_ task: some ProblemTask) throws -> ProblemSet {
            try ProblemSet.generate(task, count: 300, seed: 5, repetition: .always)
        }
        let set = try generate(Self.tasks[index])
        try withTemporaryFolder { folder in
            let copy = try #require(try back(set, folder))
            #expect(copy.fingerprint == set.fingerprint)
            #expect(copy.taskName == set.taskName && copy.hasRepetition)
            #expect(copy[17] == set[17])
        }
    }

    @Test func `a selection keeps its order`() throws {
        let set = try ProblemSet.generate(Multiplication(digits: 2), count: 50, seed: 3).select([7, 3, 3, 41])
        try withTemporaryFolder { folder in
            let copy = try #require(try back(set, folder))
            #expect((0..<4).map { copy[$0] } == (0..<4).map { set[$0] })
        }
    }

    @Test func `problems that the task would write otherwise are not kept as numbers`() throws {
        try withTemporaryFolder { folder in
            // 12 × 34 = 408, its answer written wrong.
            let file = folder.path + "/wrong.txt"
            try "2 1 * 4 3||8 4 0 + 0 6 3 0 #### 9 0 4 0\n".write(toFile: file, atomically: true, encoding: .utf8)
            let read = try ProblemFile(file).read().problems
            let wrong = ProblemSet(taskName: read.taskName, task: try Multiplication(digits: 2), read.text)
            #expect(try back(wrong, folder) == nil)
            #expect(try back(ProblemSet.generate(WordProblems(), count: 5, seed: 1), folder) == nil)
        }
    }

    @Test(
        arguments: [
            // A digit of 10, a number that ends in zeros and so has too few digits, factors of different lengths.
            ([10, 1, 1, 1], "mult"), ([1, 0, 1, 1], "mult"), ([0, 0, 0, 0], "mult"), ([1, 2, 0, 0], "add"),
        ] as [([UInt8], String)]) func `numbers that the task does not have are refused before they are written`(
            _ inputs: [UInt8], _ kind: String
        ) throws
    {
        let description =
            kind == "mult"
            ? #"{"kind":"mult","digits":[2,2],"by":[2,2],"square":true,"padded":false,"chain":"sums"}"#
            : #"{"kind":"add","digits":[2,2],"order":"leastFirst"}"#
        try withTemporaryFolder { folder in
            let path = folder.path + "/set.inputs"
            try inputs.withUnsafeBytes { bytes in
                try SafeTensorsWriter.write(
                    [StoredArray("inputs", shape: [1, 4], .uint8, bytes)],
                    metadata: [(name: "task", value: description), (name: "sha256", value: "")], to: path)
            }
            #expect(throws: FileError.self) { try ProblemSet(inputs: path) }
        }
    }

    @Test func `a changed number is noticed`() throws {
        let set = try ProblemSet.generate(DigitSum.parity(digits: 6), count: 20, seed: 2)
        try withTemporaryFolder { folder in
            let path = folder.path + "/set.inputs"
            #expect(try set.writeInputs(to: path))
            var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            bytes[bytes.count - 1] = (bytes[bytes.count - 1] + 1) % 10
            try bytes.write(to: URL(fileURLWithPath: path))
            #expect(throws: FileError.self) { try ProblemSet(inputs: path) }
        }
    }
}
