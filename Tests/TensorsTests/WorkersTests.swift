import Foundation
import Synchronization
import Testing

@testable import Tensors

@Suite struct WorkersTests {
    @Test(arguments: [1, 2, 3, 5])
    func `every thread number is called once`(_ threads: Int) {
        let workers = Workers(threadCount: threads)
        defer { workers.stop() }
        for _ in 0..<200 {
            var calls = [Int](repeating: 0, count: threads)
            calls.withUnsafeMutableBufferPointer { calls in
                nonisolated(unsafe) let calls = calls
                workers.run { calls[$0] += 1 }
            }
            #expect(calls.allSatisfy { $0 == 1 })
        }
    }

    @Test(arguments: [0, 1, 7, 64, 1000], [1, 2, 3, 8])
    func `parts cover everything once, in order, at multiples of the grain`(_ count: Int, _ parts: Int) {
        for grain in [1, 4, 64] {
            var next = 0
            for index in 0..<parts {
                let part = Workers.part(index, of: parts, count: count, grain: grain)
                #expect(part.lowerBound == next)
                #expect(part.upperBound == count || part.upperBound % grain == 0)
                next = part.upperBound
            }
            #expect(next == count)
        }
    }

    @Test func `regions of two callers at the same time are both complete`() {
        let workers = Workers(threadCount: 2)
        defer { workers.stop() }
        let wrong = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: 4) { caller in
            for round in 0..<500 {
                var parts = [Int](repeating: 0, count: 2 * 8)
                parts.withUnsafeMutableBufferPointer { parts in
                    nonisolated(unsafe) let parts = parts
                    workers.run { parts[8 * $0] = caller * 1000 + round + $0 }
                }
                if parts[0] != caller * 1000 + round || parts[8] != caller * 1000 + round + 1 {
                    wrong.add(1, ordering: .relaxed)
                }
            }
        }
        #expect(wrong.load(ordering: .relaxed) == 0)
    }

    @Test(arguments: [1, 2, 4])
    func `shared tasks are each done once, also those of uneven runs`(_ threads: Int) {
        let workers = Workers(threadCount: threads)
        defer { workers.stop() }
        for _ in 0..<50 {
            var done = [Int](repeating: 0, count: 100)
            done.withUnsafeMutableBufferPointer { done in
                nonisolated(unsafe) let done = done
                // The last thread has nothing of its own.
                workers.share { thread in
                    thread == 0 ? 0..<(threads == 1 ? 100 : 90) : (thread == 1 ? 90..<100 : 100..<100)
                } task: { _, task in
                    done[task] += 1
                }
            }
            #expect(done.allSatisfy { $0 == 1 })
        }
    }

    @Test func `a region inside a region runs`() {
        let workers = Workers(threadCount: 2)
        defer { workers.stop() }
        let calls = Atomic<Int>(0)
        workers.run { _ in workers.run { _ in calls.add(1, ordering: .relaxed) } }
        #expect(calls.load(ordering: .relaxed) == 4)
    }

    @Test func `regions finish and are right while other threads keep every core busy`() {
        let workers = Workers(threadCount: 2)
        defer { workers.stop() }
        let isOver = Atomic<Bool>(false)
        withoutActuallyEscaping({ while !isOver.load(ordering: .relaxed) {} }) { spin in
            nonisolated(unsafe) let spin = spin
            let neighbours = (0..<3).map { _ in Thread { spin() } }
            for neighbour in neighbours { neighbour.start() }
            var total = 0
            for round in 0..<50 {
                var sums = [Int](repeating: 0, count: 16)
                sums.withUnsafeMutableBufferPointer { sums in
                    nonisolated(unsafe) let sums = sums
                    workers.parts(of: 1000) { thread, part in for index in part { sums[8 * thread] += index * round } }
                }
                total += sums[0] + sums[8]
            }
            isOver.store(true, ordering: .relaxed)
            #expect(total == 499_500 * 1225)
            while neighbours.contains(where: { !$0.isFinished }) { usleep(100) }
        }
    }

    @Test func `a stopped pool starts again, and one that slept wakes up`() {
        let workers = Workers(threadCount: 2)
        let calls = Atomic<Int>(0)
        for _ in 0..<3 {
            workers.run { _ in calls.add(1, ordering: .relaxed) }
            workers.stop()
            workers.run { _ in calls.add(1, ordering: .relaxed) }
            usleep(2000)  // longer than a worker spins
        }
        workers.stop()
        #expect(calls.load(ordering: .relaxed) == 12)
    }
}
