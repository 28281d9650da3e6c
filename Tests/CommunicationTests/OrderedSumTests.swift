// Sums of ranks: their order, their bits, what travels for them.

import Communication
import TestSupport
import Testing

@Suite struct OrderedSumTests {
    @Test func `addends are added in pairs, and the one that is left over waits`() {
        func text(_ count: Int) -> String {
            var texts = (0..<count).map { "\($0)" }
            OrderedSum.pairs(count) { texts[$0] = "(\(texts[$0])+\(texts[$1]))" }
            return texts[0]
        }
        #expect(text(1) == "0")
        #expect(text(2) == "(0+1)")
        #expect(text(3) == "((0+1)+2)")
        #expect(text(4) == "((0+1)+(2+3))")
        #expect(text(6) == "(((0+1)+(2+3))+(4+5))")
    }

    @Test func `ranks share slices where each has one, two, four of them`() {
        let shared = (1...8).map { slices in (1...8).filter { OrderedSum.canShare(slices, ranks: $0) } }
        #expect(shared == [[1], [1, 2], [3], [1, 2, 4], [5], [3, 6], [7], [1, 2, 4, 8]])
    }

    /// Numbers whose sums depend on the order in which they are added.
    private static func numbers(_ slice: Int, _ count: Int) -> [Float] {
        var random = TestRandom(seed: UInt64(slice + 1))
        return (0..<count).map { _ in Float.random(in: -0.5..<0.5, using: &random) * (slice % 2 == 0 ? 1 : 1000) }
    }

    /// What one process gets that adds up all slices by itself.
    private static func alone(_ slices: Int, _ count: Int) -> [Float] {
        var all = (0..<slices).map { numbers($0, count) }
        OrderedSum.pairs(slices) { for i in 0..<count { all[$0][i] += all[$1][i] } }
        return all[0]
    }

    @Test(arguments: [(4, 2), (4, 4), (8, 2), (3, 3), (6, 3), (5, 5)])
    func `every rank has the bits of one process, whatever the pieces are`(_ slices: Int, _ size: Int) {
        let count = 1009
        let own = slices / size
        for piece in [7, 100, 1009, 5000] {
            let sums = ThreadRank.run(size) { rank in
                var all = (0..<own).map { Self.numbers(rank.rank * own + $0, count) }
                OrderedSum.pairs(own) { for i in 0..<count { all[$0][i] += all[$1][i] } }
                let sum = RankSum(rank, piece: piece)
                all[0].withUnsafeMutableBufferPointer { sum.sum($0) }
                return all[0].map(\.bitPattern)
            }
            #expect(sums == Array(repeating: Self.alone(slices, count).map(\.bitPattern), count: size))
        }
    }

    @Test func `another order would give other bits`() {
        let all = (0..<4).map { Self.numbers($0, 1009) }
        let row = (0..<1009).map { ((all[0][$0] + all[1][$0]) + all[2][$0]) + all[3][$0] }
        #expect(row != Self.alone(4, 1009))
    }

    @Test(arguments: [2, 3, 4])
    func `a rank sends twice its share of the others' part, and no more`(_ size: Int) {
        let sent = ThreadRank.run(size) { rank in
            var values = [Float](repeating: 1, count: 1200)
            values.withUnsafeMutableBufferPointer { RankSum(rank, piece: 120).sum($0) }
            return rank.sentBytes
        }
        #expect(sent == Array(repeating: 2 * (size - 1) * 1200 * 4 / size, count: size))
    }

    @Test func `texts come to rank 0 in the order of ranks`() {
        let texts = ThreadRank.run(3) { $0.gather(String(repeating: "é", count: $0.rank) + "\($0.rank)") }
        #expect(texts == [["0", "é1", "éé2"], [], []])
    }

    @Test func `one process has nobody to wait for`() {
        let alone = SingleProcess()
        #expect(alone.gather("here") == ["here"])
        var values: [Float] = [1, 2]
        values.withUnsafeMutableBufferPointer { RankSum(alone).sum($0) }
        #expect(values == [1, 2])
    }
}

@Suite struct LaunchTests {
    private func launch(_ variables: [String: String]) -> Launch { Launch { variables[$0] } }

    @Test func `who started it is read from the environment`() {
        #expect(launch([:]) == .alone)
        #expect(launch(["OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "3"]) == .openMPI(rank: 3))
        #expect(launch(["OMPI_COMM_WORLD_SIZE": "1", "OMPI_COMM_WORLD_RANK": "0", "PMIX_RANK": "0"]) == .alone)
        #expect(launch(["PMIX_RANK": "2", "SLURM_STEP_NUM_TASKS": "4"]) == .openMPI(rank: 2))
        #expect(launch(["PMIX_RANK": "0", "SLURM_STEP_NUM_TASKS": "1"]) == .alone)
        #expect(launch(["PMI_SIZE": "2", "PMI_RANK": "1"]) == .other(rank: 1))
        #expect(launch(["PMI_SIZE": "1", "PMI_RANK": "0"]) == .alone)
    }
}
