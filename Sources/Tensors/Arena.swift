import Glibc

/// Memory for the values of one step: taken piece by piece, given back all at once, and kept for the next step.
///
/// The first step finds out how much is needed; from then on `take` is an addition and no step allocates.
public final class Arena {
    private var blocks: [UnsafeMutableRawPointer] = []
    private var capacities: [Int] = []
    private var current = 0
    private var used = 0

    public init() {}

    deinit { for block in blocks { free(block) } }

    /// Bytes held.
    public var capacity: Int { capacities.reduce(0, +) }

    /// Uninitialised room for `count` floats, aligned to a cache line.
    public func take(_ count: Int) -> UnsafeMutablePointer<Float> {
        takeBytes(count * MemoryLayout<Float>.stride).assumingMemoryBound(to: Float.self)
    }

    /// Uninitialised room for `count` whole numbers.
    public func takeIntegers(_ count: Int) -> UnsafeMutablePointer<Int32> {
        takeBytes(count * MemoryLayout<Int32>.stride).assumingMemoryBound(to: Int32.self)
    }

    /// Where the arena stands, to come back to with `rewind`.
    public struct Mark {
        fileprivate let block: Int
        fileprivate let used: Int
    }

    public var mark: Mark { Mark(block: current, used: used) }

    /// Forgets everything taken since `mark`.
    public func rewind(to mark: Mark) {
        current = mark.block
        used = mark.used
    }

    /// Forgets everything taken. If the last step needed several blocks they become one.
    public func reset() {
        if blocks.count > 1 {
            let total = capacity
            for block in blocks { free(block) }
            blocks = []
            capacities = []
            add(bytes: total)
        }
        current = 0
        used = 0
    }

    private func takeBytes(_ bytes: Int) -> UnsafeMutableRawPointer {
        let size = (max(bytes, 1) + 63) & ~63
        while current < blocks.count, used + size > capacities[current] {
            current += 1
            used = 0
        }
        if current == blocks.count { add(bytes: max(size, 1 << 20, capacity / 4)) }
        defer { used += size }
        return blocks[current] + used
    }

    private func add(bytes: Int) {
        let size = (bytes + 63) & ~63
        let block = UnsafeMutableRawPointer(allocateFloats(size / 4))
        blocks.append(block)
        capacities.append(size)
    }
}

/// Room for `count` floats from the heap, aligned to a cache line; give it back with `free`.
func allocateFloats(_ count: Int) -> UnsafeMutablePointer<Float> {
    var block: UnsafeMutableRawPointer?
    let size = (max(count, 1) * MemoryLayout<Float>.stride + 63) & ~63
    guard posix_memalign(&block, 64, size) == 0, let block else { preconditionFailure("no memory for \(size) bytes") }
    return block.bindMemory(to: Float.self, capacity: count)
}
