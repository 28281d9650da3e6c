import Foundation
import Support
import Tensors
import TestSupport
import Testing
import Transformer

@testable import Internalization

/// input 1 2 | chain 3 4 5 | answer 6, end 7.
private let small = EncodedProblem(tokens: [1, 2, 3, 4, 5, 6, 7], inputCount: 2, chain: 2..<5, answer: 5..<6)

@Suite struct RemovalTests {
    @Test func `removal from the left closes the gap and moves every label`() {
        let left = small.removing(.units(2))
        #expect(left.tokens == [1, 2, 5, 6, 7])
        #expect(left.labels == [-1, 5, 6, 7, -1])
        #expect(left.positions == [0, 1, 2, 3, 4])
        #expect(left.removed == [2..<4])
    }

    @Test func `with kept positions the separator takes the id of the last token removed`() {
        #expect(small.removing(.units(2), positions: .kept).positions == [0, 3, 4, 5, 6])
        #expect(small.removing(.units(2), positions: .original).positions == [0, 1, 4, 5, 6])
        #expect(small.removing(.units(0), positions: .kept).positions == [0, 1, 2, 3, 4, 5, 6])
    }

    @Test func `removing more tokens than the chain holds leaves only input and answer`() {
        #expect(small.removing(.units(9)).tokens == [1, 2, 6, 7])
        #expect(small.removing(.all) == small.removing(.units(3)))
        #expect(small.removing(.units(9), order: .right) == small.removing(.all))
    }

    @Test func `groups go in the order the task says`() {
        let groups = [[1], [0, 2]]
        let first = small.removing(.units(1), order: .grouped(name: "middle first"), positions: .kept, groups: groups)
        #expect(first.tokens == [1, 2, 3, 5, 6, 7])
        #expect(first.positions == [0, 1, 3, 4, 5, 6])
        #expect(small.removing(.units(2), order: .grouped(name: "middle first"), groups: groups).removed == [2..<5])
    }

    @Test func `a random order is a permutation that depends on its seed alone`() {
        let sets = (1...3).map {
            Set(small.removing(.units($0), order: .random(seed: 5)).removed.flatMap { Array($0) })
        }
        #expect(sets.map(\.count) == [1, 2, 3])
        #expect(sets[0].isSubset(of: sets[1]))
        #expect(
            small.removing(.units(1), order: .random(seed: 5)) == small.removing(.units(1), order: .random(seed: 5)))
    }

    @Test func `an order that forgets or repeats a token is refused`() {
        let faults: [([[Int]], EncodedProblemFault)] = [
            ([[0], [1]], .orderWithout(place: 2)), ([[0, 1], [1, 2]], .orderTwice(place: 1)),
            ([[0, 1, 2, 3]], .orderOutside(place: 3, of: 3)), ([[0, 1, 2], []], .emptyGroup),
        ]
        for (groups, fault) in faults {
            #expect(throws: RunError.problem(0, fault)) { try EncodedProblems([small], groups: [groups]) }
        }
        #expect(throws: RunError.problem(0, .noOrder)) { try EncodedProblems([small], groups: []) }
    }

    /// 12 problems × 26 ways of removal and 6 × 26.
    @Test(arguments: [("equal", 312), ("ragged", 156)])
    func `removal gives what the reference's loop gives`(_ name: String, _ rows: Int) throws {
        let path = goldenFolder.appending(path: "removal/\(name).json").path
        let file = try #require(try JSONReader.readFile(path).object)
        var compared = 0
        let problems = try #require(file["examples"]?.array).map { example -> EncodedProblem in
            let tokens = try #require(example.object?["input_ids"]?.ids)
            let separators = try #require(example.object?["separators"]?.ids).map { Int($0) }
            let start = separators[0] + 1
            return EncodedProblem(
                tokens: Array(tokens[...separators[2]]), inputCount: start, chain: start..<separators[1],
                answer: separators[1] + 1..<separators[2])
        }
        for result in try #require(file["results"]?.array?.map(\.object)) {
            let result = try #require(result)
            let count = result["remove"]?.integer.map { RemovalCount.units($0) } ?? .all
            let isKept = result["keep_position"]?.bool == true
            for (problem, expected) in zip(problems, result["per_example"]?.array ?? []) {
                let expected = try #require(expected.object)
                let left = problem.removing(
                    count, order: result["side"] == "left" ? .left : .right, positions: isKept ? .kept : .shifted)
                #expect(left.tokens == expected["input_ids"]?.ids)
                #expect(left.labels == (expected["labels"]?.ids).map { $0.dropFirst().map { max($0, -1) } + [-1] })
                if let positions = expected["position_ids"]?.ids { #expect(left.positions == positions) }
                compared += 1
            }
        }
        #expect(compared == rows)
    }
}

@Suite struct SmoothingTests {
    @Test func `what lies beyond the last bin is added to it, and without bins nothing is cut`() {
        var random = RandomSource(seed: 5)
        let smoothing = RemovalSmoothing(lambda: 0.5, binCount: 4)
        var counts = [0, 0, 0, 0]
        for _ in 0..<40_000 { counts[smoothing.offset(&random)] += 1 }
        // P(o) = (1 − e^−½) e^−o/2 for 0, 1, 2, and the rest of the tail, e^−3/2, for 3: 0.393 0.239 0.145 0.223.
        for (count, expected) in zip(counts, [0.3935, 0.2387, 0.1447, 0.2231]) {
            // Four standard errors of at most √(¼ / 40,000).
            #expect(abs(Double(count) / 40_000 - expected) < 0.01)
        }
        #expect(abs((0..<4).reduce(0) { $0 + smoothing.probability($1) } - 1) < 1e-12)
        let free = RemovalSmoothing(lambda: 0.01, binCount: nil)
        let offsets = (0..<2000).map { _ in free.offset(&random) }
        #expect(offsets.contains { $0 > 300 } && RemovalSmoothing(lambda: 0.01).offset(&random) < 100)
        #expect((0..<2000).allSatisfy { _ in RemovalSmoothing(lambda: 0.01).offset(&random) < 100 })
    }

    @Test func `probabilities at λ 4 are the paper's`() {
        let smoothing = RemovalSmoothing(lambda: 4)
        for (o, expected) in [0.981684, 0.017980, 0.000329, 0.000006].enumerated() {
            #expect(abs(smoothing.probability(o) - expected) < 1e-6)
        }
    }

    @Test(arguments: [0.05, 0.225, 0.625, 1, 4])
    func `100 bins hold all the mass, the tail in the last`(_ lambda: Double) {
        let smoothing = RemovalSmoothing(lambda: lambda)
        #expect(abs((0..<100).reduce(0) { $0 + smoothing.probability($1) } - 1) < 1e-12)
        #expect(smoothing.probability(100) == 0)
    }

    @Test func `offsets are drawn with these probabilities`() {
        var random = RandomSource(seed: 1)
        var counts = [Int](repeating: 0, count: 100)
        for _ in 0..<100_000 { counts[RemovalSmoothing(lambda: 1).offset(&random)] += 1 }
        // Four standard deviations of a count.
        for o in 0..<6 {
            let p = RemovalSmoothing(lambda: 1).probability(o)
            #expect(abs(Double(counts[o]) - 1e5 * p) < 4 * (1e5 * p * (1 - p)).squareRoot())
        }
        #expect((0..<100).allSatisfy { _ in RemovalSmoothing.none.offset(&random) == 0 })
    }
}

extension JSONValue {
    /// An array of whole numbers.
    var ids: [Int32]? { array.map { $0.compactMap { $0.integer.map(Int32.init) } } }
}
