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
    let isLarge = size >= hugePage
    guard posix_memalign(&block, isLarge ? hugePage : 64, size) == 0, let block else {
        preconditionFailure("no memory for \(size) bytes")
    }
    if isLarge { madvise(block, size, MADV_HUGEPAGE) }
    return block.bindMemory(to: Float.self, capacity: count)
}

/// Large blocks ask for pages of this size: a matrix is read a third faster when an address is looked up once in 2 MB.
private let hugePage = 1 << 21

/// `count` zeros, aligned to a cache line. Memory of large blocks comes from the system when it is first touched.
public func allocateZeros(_ count: Int) -> UnsafeMutablePointer<Float> {
    guard count * 4 >= hugePage else {
        let pointer = allocateFloats(count)
        pointer.update(repeating: 0, count: count)
        return pointer
    }
    // A whole number of huge pages, found inside a mapping that has one more.
    let size = mappedSize(count)
    guard let mapping = mmap(nil, size + hugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
        mapping != MAP_FAILED
    else {
        preconditionFailure("no memory for \(size) bytes")
    }
    let address = UInt(bitPattern: mapping)
    let before = Int((UInt(hugePage) - address % UInt(hugePage)) % UInt(hugePage))
    if before > 0 { munmap(mapping, before) }
    if before < hugePage { munmap(mapping + before + size, hugePage - before) }
    madvise(mapping + before, size, MADV_HUGEPAGE)
    return (mapping + before).bindMemory(to: Float.self, capacity: count)
}

/// Gives back what `allocateZeros` returned for the same count.
public func freeZeros(_ pointer: UnsafeMutablePointer<Float>, _ count: Int) {
    if count * 4 >= hugePage { munmap(pointer, mappedSize(count)) } else { free(pointer) }
}

private func mappedSize(_ count: Int) -> Int { (count * 4 + hugePage - 1) & ~(hugePage - 1) }
