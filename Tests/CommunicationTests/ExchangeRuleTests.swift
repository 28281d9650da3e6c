// Who is a rank, what one process answers itself, and sums that use their room again.

import Communication
import TestSupport
import Testing

@Suite struct ExchangeRuleTests {
    @Test func `one process answers itself with its own bytes, and changes none`() {
        let alone = SingleProcess()
        #expect(alone.rank == 0 && alone.size == 1)
        let own: [UInt8] = [1, 2, 3]
        var all = [UInt8](repeating: 0, count: 3), target = [UInt8](repeating: 9, count: 3)
        own.withUnsafeBytes { own in
            all.withUnsafeMutableBytes { alone.gather(own, [3], into: $0) }
            target.withUnsafeMutableBytes { alone.exchange(own, [3], into: $0, [3]) }
        }
        #expect(all == own && target == own)
        for send in [alone.broadcast, alone.call] {
            all.withUnsafeMutableBytes { send($0) }
            #expect(all == own)
        }
        all.withUnsafeMutableBytes { alone.share($0, [3]) }
        #expect(all == own && alone.gather("") == [""])
    }

    @Test func `a text that is empty keeps its place among those of the ranks`() {
        let texts = ThreadRank.run(3) { $0.gather($0.rank == 1 ? "" : "r\($0.rank)") }
        #expect(texts == [["r0", "", "r2"], [], []])
    }

    @Test func `a sum of few numbers, then of many, then of few again is right each time`() {
        for size in [2, 3] {
            let sums = ThreadRank.run(size) { rank in
                let sum = RankSum(rank, piece: 64)
                return [3, 200, 1, 0, 64, 65].map { count in
                    var values = (0..<count).map { Float($0 + 1000 * rank.rank) }
                    values.withUnsafeMutableBufferPointer { sum.sum($0) }
                    return values
                }
            }
            let expected = [3, 200, 1, 0, 64, 65].map { count in
                (0..<count).map { Float(size * $0 + 1000 * size * (size - 1) / 2) }
            }
            #expect(sums == Array(repeating: expected, count: size), "\(size)")
        }
    }

    @Test func `what cannot be shared out is not: no ranks, fewer slices than ranks, or none`() {
        for (slices, ranks) in [(4, 0), (4, -1), (0, 1), (2, 4), (6, 4), (12, 4)] {
            #expect(!OrderedSum.canShare(slices, ranks: ranks), "\(slices) \(ranks)")
        }
        #expect(OrderedSum.canShare(12, ranks: 3) && OrderedSum.canShare(1, ranks: 1))
        var calls = 0
        for count in [0, 1] { OrderedSum.pairs(count) { _, _ in calls += 1 } }
        #expect(calls == 0)
        OrderedSum.pairs(9) { _, _ in calls += 1 }
        #expect(calls == 8)
    }
}

@Suite struct LaunchRuleTests {
    private func launch(_ variables: [String: String]) -> Launch { Launch { variables[$0] } }

    @Test func `who is not told its number is rank 0, and a queue that tells no count has started several`() {
        #expect(launch(["OMPI_COMM_WORLD_SIZE": "2"]) == .openMPI(rank: 0))
        #expect(launch(["PMI_SIZE": "2"]) == .other(rank: 0))
        #expect(launch(["PMIX_RANK": "3"]) == .openMPI(rank: 3))
        #expect(launch(["PMIX_RANK": "1", "SLURM_STEP_NUM_TASKS": "2"]) == .openMPI(rank: 1))
    }

    @Test func `what Open MPI says goes before what a queue says, and that before any other MPI`() {
        let all = ["PMIX_RANK": "1", "PMI_SIZE": "8", "PMI_RANK": "2"]
        #expect(launch(all) == .openMPI(rank: 1))
        #expect(launch(all.merging(["OMPI_COMM_WORLD_SIZE": "1"]) { $1 }) == .alone)
        #expect(
            launch(all.merging(["OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "3"]) { $1 }) == .openMPI(rank: 3))
        // What is no number says nothing.
        #expect(launch(["OMPI_COMM_WORLD_SIZE": "many", "PMI_SIZE": "2", "PMI_RANK": "1"]) == .other(rank: 1))
        #expect(launch(["OMPI_COMM_WORLD_SIZE": "", "PMIX_RANK": "x"]) == .alone)
        #expect(launch(["OMPI_COMM_WORLD_RANK": "1", "PMI_RANK": "1", "SLURM_STEP_NUM_TASKS": "4"]) == .alone)
    }

    @Test func `why Open MPI cannot be used is told with what to do about it`() {
        let faults: [(OpenMPIFault, String, String)] = [
            (
                .missing("libmpi.so.40"), "libmpi.so.40, the library of Open MPI, cannot be opened",
                "apt install openmpi-bin on every machine, or name its library in ICOT_MPI"
            ),
            (
                .notOpenMPI(library: "libmpi.so", version: "MPICH 4.0"),
                "libmpi.so is MPICH 4.0, and icot speaks to Open MPI only",
                "start it with Open MPI's mpirun, or name its library in ICOT_MPI"
            ),
            (
                .lacks(function: "MPI_Ibcast", version: "Open MPI 1.6"), "Open MPI 1.6 has no MPI_Ibcast",
                "take Open MPI 4 or 5"
            ),
            (
                .notStarted(16), "Open MPI could not be started: MPI_Init_thread gave 16",
                "try mpirun -np 2 hostname, which says what is wrong"
            ),
        ]
        for (fault, words, help) in faults { #expect(fault.description == words && fault.help == help) }
    }
}
