import Testing

@testable import Tensors

@Suite struct ArenaTests {
    @Test func `pieces are apart and aligned to cache lines`() {
        let arena = Arena()
        var ends: [UInt] = []
        for count in [1, 3, 16, 1000, 0, 400_000, 5] {
            let piece = arena.take(count)
            piece.update(repeating: 1, count: count)
            let address = UInt(bitPattern: piece)
            #expect(address % 64 == 0)
            ends.append(address)
        }
        #expect(Set(ends).count == ends.count)
    }

    @Test func `a step that repeats takes the same places and no more memory`() {
        let arena = Arena()
        func step() -> [UnsafeMutablePointer<Float>] { [10, 300_000, 500_000, 64, 900_000].map { arena.take($0) } }
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
        let tape = Tape(workers: testPools[2]!)
        var pointers: [Set<UnsafeMutablePointer<Float>>] = []
        for _ in 0..<4 {
            tape.begin(recording: true)
            let a = tape.takeBuffer(100), b = tape.takeBuffer(5000)
            tape.giveBack(a)
            let c = tape.takeBuffer(90)
            pointers.append([a, b, c])
        }
        #expect(pointers.allSatisfy { $0 == pointers[0] && $0.count == 2 })
    }
}
