/// Memory for the values of one step: taken piece by piece, given back all at once, and kept for the next step.
///
/// The first step finds out how much is needed; from then on `take` is an addition and no step allocates.
public final class Arena {
    private let executor: any Executor
    // Taken from several times an operation: checks of exclusive access would show in a token of a small model.
    @exclusivity(unchecked) private var blocks: [Storage] = []
    @exclusivity(unchecked) private var current = 0
    @exclusivity(unchecked) private var used = 0

    public init(_ executor: any Executor) { self.executor = executor }

    deinit { for block in blocks { executor.free(block) } }

    /// Floats held.
    public var capacity: Int { blocks.reduce(0) { $0 + $1.count } }

    /// Uninitialised room for `count` floats, aligned to a cache line.
    public func take(_ count: Int) -> Place {
        // 16 floats are a cache line.
        let size = (max(count, 1) + 15) & ~15
        while current < blocks.count, used + size > blocks[current].count {
            current += 1
            used = 0
        }
        if current == blocks.count { add(max(size, 1 << 18, capacity / 4)) }
        defer { used += size }
        return Place(blocks[current].id, offset: used, count: count)
    }

    /// Uninitialised room for `count` whole numbers.
    public func takeIndices(_ count: Int) -> Indices { Indices(take(count)) }

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
            for block in blocks { executor.free(block) }
            blocks = []
            add(total)
        }
        current = 0
        used = 0
    }

    private func add(_ count: Int) { blocks.append(executor.allocate((count + 15) & ~15, zeroed: false)) }
}
