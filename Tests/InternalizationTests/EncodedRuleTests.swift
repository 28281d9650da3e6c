// Further rules of encoded problems: what is refused and which problem is named, what a file of them must hold, what
// makes two sets different, which tokens an order takes, and how a question is put where chains differ.

import Checkpoints
import Foundation
import Support
import Tensors
import TestSupport
import Testing
import Transformer

@testable import Internalization

/// Inputs of 2 and 3 tokens, chains of 2 and 4, rests of 2 and 3.
private let short = EncodedProblem(tokens: [9, 0, 5, 6, 7, 2], inputCount: 2, chain: 2..<4, answer: 4..<5)
private let long = EncodedProblem(
    tokens: [9, 9, 0, 5, 6, 5, 6, 7, 8, 2], inputCount: 3, chain: 3..<7, answer: 7..<9)

@Suite struct EncodedRuleTests {
    @Test func `the first problem that is not well-formed is named by its number`() {
        var bad = short
        bad.inputCount = 0
        #expect(throws: RunError.problem(1, .emptyInput)) { try EncodedProblems([short, bad, bad]) }
        #expect(throws: RunError.problem(1, .orderTwice(place: 0))) {
            try EncodedProblems([short, short], groups: [[[0], [1]], [[0], [0]]])
        }
        // Fewer orders than problems, or more.
        #expect(throws: RunError.problem(1, .noOrder)) { try EncodedProblems([short, short], groups: [[[0], [1]]]) }
        #expect(throws: RunError.problem(1, .noOrder)) { try EncodedProblems([short], groups: [[[0], [1]], []]) }
        #expect(RemovalOrder.fault(in: [[-1]], of: 2) == .orderOutside(place: -1, of: 2))
        #expect(RemovalOrder.fault(in: [[1], [0]], of: 2) == nil && RemovalOrder.fault(in: [], of: 0) == nil)
    }

    @Test func `what is short enough keeps its own tokens and orders`() throws {
        let groups = [[[3], [0, 1], [2]], [[1], [0]]]
        let all = try EncodedProblems([long, short], groups: groups)
        let kept = all.filtered(maximumLength: 6)
        #expect(kept.count == 1 && kept[0] == short && kept.groups(0) == groups[1])
        #expect(kept.longestChain == 2 && kept.longestSequence == 6 && kept.tokenCount == 6)
        #expect(kept.chainTokenCount == 2 && kept.longestUnitCount(.grouped(name: "g")) == 2)
        #expect(all.longestUnitCount(.grouped(name: "g")) == 3 && all.longestUnitCount(.random(seed: 1)) == 4)
        #expect(all.unitCount(0, .grouped(name: "g")) == 3 && all.unitCount(0, .left) == 4)
        #expect(try EncodedProblems([long]).groups(0) == nil && all.hasGroups)
    }

    @Test func `sets differ where a token, a place or an order differs, and not otherwise`() throws {
        var other = short
        other.tokens[5] = 3
        var shifted = short
        shifted.answer = 4..<6
        let sets = try [
            EncodedProblems([short]), EncodedProblems([other]), EncodedProblems([shifted]),
            EncodedProblems([short, long]), EncodedProblems([long, short]),
            EncodedProblems([short], groups: [[[0], [1]]]), EncodedProblems([short], groups: [[[1], [0]]]),
            EncodedProblems([short], groups: [[[0, 1]]]),
        ]
        #expect(Set(sets.map(\.fingerprint)).count == sets.count)
        #expect(try EncodedProblems([short]).fingerprint == sets[0].fingerprint)
    }

    // MARK: Its file

    private func read(_ arrays: [(String, [Int32], columns: Int)]) throws -> EncodedProblems {
        try withTemporaryFolder { folder in
            let path = folder.path + "/p.safetensors"
            func write(_ done: [StoredArray], _ rest: ArraySlice<(String, [Int32], columns: Int)>) throws {
                guard let (name, values, columns) = rest.first else {
                    return try SafeTensorsWriter.write(done, to: path)
                }
                let shape = columns == 1 ? [values.count] : [values.count / columns, columns]
                try values.withUnsafeBytes {
                    try write(done + [StoredArray(name, shape: shape, .int32, $0)], rest.dropFirst())
                }
            }
            try write([], arrays[...])
            return try EncodedProblems(file: path)
        }
    }

    private func rule(_ arrays: [(String, [Int32], columns: Int)]) -> String? {
        do { _ = try read(arrays) } catch RunFolderError.malformed(_, let rule) { return rule } catch {
            return "\(error)"
        }
        return nil
    }

    @Test func `a file whose places do not fit its tokens is refused, and the problem named`() throws {
        let tokens = ("tokens", short.tokens + short.tokens, columns: 1)
        func places(_ rows: [Int32]) -> (String, [Int32], columns: Int) { ("places", rows, columns: 5) }
        let good: [Int32] = [6, 2, 4, 4, 5]
        let two = try read([tokens, places(good + good)])
        #expect(two.count == 2 && two[0] == short && two[1] == short)
        #expect(rule([tokens]) == "the problems lack tokens or places")
        #expect(rule([places(good)]) == "the problems lack tokens or places")
        #expect(rule([tokens, ("places", [6, 2, 4, 4], columns: 1)]) == "the problems lack tokens or places")
        for row in [[7, 2, 4, 4, 5], [-1, 2, 4, 4, 5], [6, -1, 4, 4, 5], [6, 5, 4, 4, 5], [6, 2, 4, 6, 5]] as [[Int32]]
        {
            #expect(rule([tokens, places(good + row)]) == "problem 1 has no possible place", "\(row)")
        }
        #expect(rule([tokens, places([6, 2, 4, -1, 5])]) == "problem 0 has no possible place")
        // Places that are possible but make no problem.
        #expect(
            rule([tokens, places([6, 2, 4, 3, 5])]) == "problem 0: its answer 3..<5 does not follow its chain 2..<4")
    }

    @Test func `removal orders that do not fit the problems are refused, others come back group by group`() throws {
        let tokens = ("tokens", short.tokens + long.tokens, columns: 1)
        let places = ("places", [6, 2, 4, 4, 5, 10, 3, 7, 7, 9] as [Int32], columns: 5)
        func orders(_ pairs: [Int32], _ counts: [Int32]) -> [(String, [Int32], columns: Int)] {
            [tokens, places, ("groups", pairs, columns: 2), ("group_counts", counts, columns: 1)]
        }
        // Both end and begin with group 0.
        let good: [Int32] = [1, 0, 0, 0, 3, 0, 0, 1, 2, 1, 1, 2]
        let found = try read(orders(good, [2, 4]))
        #expect(found.groups(0) == [[1, 0]] && found.groups(1) == [[3], [0, 2], [1]])
        let misfit = "the removal orders do not fit the problems"
        #expect(rule(orders(good, [2, 3])) == misfit && rule(orders(good, [6])) == misfit)
        #expect(rule(orders(good, [7, -1])) == misfit)
        #expect(
            rule(orders([1, 0, 1, 0, 3, 0, 0, 1, 2, 1, 1, 2], [2, 4]))
                == "problem 0: \(EncodedProblemFault.orderTwice(place: 1))")
    }

    // MARK: What goes

    @Test
    func `a random order is one order for all chains of a length, wherever they begin, and another for each seed`()
        throws
    {
        func cuts(_ units: Int, _ chain: Range<Int>, seed: UInt64) -> [Int] {
            var cuts: [Range<Int>] = []
            RemovalOrder.random(seed: seed).cuts(units: units, chain: chain, groups: nil, into: &cuts)
            // They do not touch each other and rise.
            for (one, next) in zip(cuts, cuts.dropFirst()) { #expect(one.upperBound < next.lowerBound) }
            return cuts.flatMap { Array($0) }.map { $0 - chain.lowerBound }
        }
        for units in 0...10 { #expect(cuts(units, 2..<12, seed: 5) == cuts(units, 7..<17, seed: 5)) }
        #expect((0...10).map { cuts($0, 2..<12, seed: 5).count } == Array(0...10))
        for units in 0..<10 {
            #expect(Set(cuts(units, 2..<12, seed: 5)).isSubset(of: cuts(units + 1, 2..<12, seed: 5)))
        }
        // Of 252 sets of five in ten no two of these are the same.
        #expect(Set((0..<4).map { cuts(5, 2..<12, seed: $0) }).count == 4)
    }

    @Test func `groups that touch become one cut, and without groups pieces go from the left`() {
        func cuts(_ units: Int, _ groups: [[Int]]?) -> [Range<Int>] {
            var cuts = [0..<1]
            RemovalOrder.grouped(name: "g").cuts(units: units, chain: 3..<8, groups: groups, into: &cuts)
            return cuts
        }
        let groups = [[4, 0], [1], [2, 3]]
        #expect(cuts(0, groups) == [] && cuts(1, groups) == [3..<4, 7..<8] && cuts(2, groups) == [3..<5, 7..<8])
        #expect(cuts(3, groups) == [3..<8] && cuts(9, groups) == [3..<8])
        #expect(cuts(2, nil) == [3..<5])
        #expect(long.removing(.units(2), order: .right).removed == [5..<7])
        #expect(long.removing(.units(3), order: .right).removedCount == 3 && long.removing(.units(0)).removedCount == 0)
    }

    @Test func `a jump moves what follows the input, for kept ids the separator too, whatever the cuts`() {
        func ids(_ rule: PositionRule, jump: Int?) -> [Int32] {
            short.removing(.units(1), positions: rule, jump: jump).positions
        }
        #expect(ids(.kept, jump: 3) == [0, 4, 5, 6, 7] && ids(.original, jump: 3) == [0, 1, 5, 6, 7])
        #expect(ids(.shifted, jump: 3) == [0, 1, 2, 3, 4])
        #expect(ids(.kept, jump: nil) == [0, 2, 3, 4, 5] && ids(.original, jump: nil) == [0, 1, 3, 4, 5])
    }

    // MARK: What a question is told

    @Test func `where chains differ and are not cut from the left nothing is said of how much is left`() throws {
        let shape = DataShape(try EncodedProblems([short, long]))
        var schedule = RemovalSchedule()
        schedule.order = .right
        for removed in [RemovalCount.units(0), .units(1), .units(3)] {
            let frame = shape.frame(removed, schedule, spareTokens: 5)
            // A token of input, the longest chain of four and the longest rest of three.
            #expect(frame.positions == [0, 1, 2, 3, 4, 5, 6, 7] && frame.limit == 7 + 5)
        }
        let gone = shape.frame(.all, schedule, spareTokens: 5)
        #expect(gone.positions == [0, 1, 2, 3] && gone.limit == 3 + 5)
        // Where all are cut alike they are kept: the token before the gap at the end of the chain takes its id.
        let even = DataShape(try EncodedProblems([long, long])).frame(.units(1), schedule, spareTokens: 0)
        #expect(even.positions == [0, 1, 2, 4, 5, 6, 7] && even.limit == 6)
    }

    @Test func `other problems need as many positions as their input and rest, and the chain of the run, take`() throws
    {
        let own = DataShape(try EncodedProblems([short])), other = DataShape(try EncodedProblems([long]))
        let schedule = RemovalSchedule()
        #expect(own.neededPositions(schedule, for: other) == 6 + 2)
        #expect(other.neededPositions(schedule, for: own) == 4 + 4)
        let none = DataShape(try EncodedProblems([EncodedProblem]()))
        #expect(none.longestChain == 0 && none.longestRest == 0 && none.hasOneChainLength)
    }

    // MARK: Settings on disk

    @Test func `slices and precision are kept, and a precision that nobody knows is refused by its name`() throws {
        var settings = TrainingSettings()
        (settings.slices, settings.precision) = (4, .bf16)
        var tree = try #require(try JSONValue(encoding: settings).object)
        #expect(try JSONValue.object(tree).decode(TrainingSettings.self) == settings)
        #expect(tree["slices"] == 4 && tree["precision"] == "bf16")
        tree["precision"] = "f99"
        let fault = #expect(throws: DecodingError.self) { try JSONValue.object(tree).decode(TrainingSettings.self) }
        #expect(fault?.summary.contains("there is no precision f99") == true)
        // Older folders say neither.
        tree["precision"] = nil
        tree["slices"] = nil
        let old = try JSONValue.object(tree).decode(TrainingSettings.self)
        #expect(old.slices == 1 && old.precision == nil)
        #expect(try JSONValue(encoding: TrainingSettings()).object?["slices"] == nil)
    }

    @Test func `limits of steps are a number, by chain or nothing, and nothing else`() throws {
        func limit(_ value: JSONValue) throws -> StepLimit { try value.decode(StepLimit.self) }
        #expect(try limit(.null) == .none && limit(7) == .steps(7) && limit("by chain") == .byChain)
        #expect(throws: DecodingError.self) { try limit("by chance") }
    }

    @Test func `a smoothing has no chance beyond its bins or below nothing, and no λ at all means none`() {
        let smoothing = RemovalSmoothing(lambda: 1, binCount: 3)
        #expect([-1, 3, 4].map { smoothing.probability($0) } == [0, 0, 0])
        #expect(abs(smoothing.probability(2) - exp(-2.0)) < 1e-12)
        #expect([-1, 0, 1].map { RemovalSmoothing.none.probability($0) } == [0, 1, 0])
        #expect(RemovalSmoothing.none.isNone && !smoothing.isNone && RemovalSmoothing.none.fault == nil)
        #expect(RemovalSmoothing(lambda: 1).binCount == 100 && RemovalSmoothing(lambda: 1, binCount: nil).fault == nil)
        var random = RandomSource(seed: 3)
        let one = RemovalSmoothing(lambda: 0.001, binCount: 1)
        #expect((0..<50).allSatisfy { _ in one.offset(&random) == 0 })
    }
}
