import Testing

@testable import Tensors

@Suite struct ArenaTests {
    @Test func `pieces are apart and aligned to cache lines`() {
        let arena = Arena(CPUExecutor.shared)
        var ends: [UInt] = []
        for count in [1, 3, 16, 1000, 0, 400_000, 5] {
            let piece = arena.take(count)
            put([Float](repeating: 1, count: count), in: piece)
            let address = piece.storage.bits + UInt(4 * piece.offset)
            #expect(address % 64 == 0)
            ends.append(address)
        }
        #expect(Set(ends).count == ends.count)
    }

    @Test func `a step that repeats takes the same places and no more memory`() {
        let arena = Arena(CPUExecutor.shared)
        func step() -> [Place] { [10, 300_000, 500_000, 64, 900_000].map { arena.take($0) } }
        _ = step()
        arena.reset()
        let first = step()
        let capacity = arena.capacity
        for _ in 0..<5 {
            arena.reset()
            #expect(step() == first)
            #expect(arena.capacity == capacity)
        }
    }

    @Test func `backward passes use the same buffers again`() {
        let memory = Workspace(CPUExecutor.shared)
        var places: [Set<StorageID>] = []
        for _ in 0..<4 {
            memory.reset()
            let a = memory.take(100), b = memory.take(5000)
            memory.giveBack(a)
            let c = memory.take(90)
            places.append([a.storage, b.storage, c.storage])
        }
        #expect(places.allSatisfy { $0 == places[0] && $0.count == 2 })
    }
}
