/// Memory of one chain of passes: what lives until the pass is over, and buffers that come and go within it. A repeated
/// pass is given the same places and allocates nothing.
public final class Workspace {
    public let executor: any Executor
    public let arena: Arena
    private var freeBuffers: ContiguousArray<Storage> = []
    private var allBuffers: ContiguousArray<Storage> = []

    public init(_ executor: any Executor) {
        self.executor = executor
        arena = Arena(executor)
        freeBuffers.reserveCapacity(64)
        allBuffers.reserveCapacity(64)
    }

    deinit { for buffer in allBuffers { executor.free(buffer) } }

    /// Floats held.
    public var heldFloats: Int { arena.capacity + allBuffers.reduce(0) { $0 + $1.count } }

    /// Forgets everything taken.
    public func reset() {
        freeBuffers.removeAll(keepingCapacity: true)
        freeBuffers.append(contentsOf: allBuffers)
        arena.reset()
    }

    /// Room for at least `count` floats until `giveBack`.
    public func take(_ count: Int) -> Place {
        // The smallest free buffer that is large enough, so that a repeated step finds the same ones.
        var best = -1
        for (index, buffer) in freeBuffers.enumerated()
        where buffer.count >= count && (best < 0 || buffer.count < freeBuffers[best].count) {
            best = index
        }
        if best >= 0, freeBuffers[best].count <= 4 * max(count, 1024) {
            let buffer = freeBuffers[best]
            freeBuffers.swapAt(best, freeBuffers.count - 1)
            freeBuffers.removeLast()
            return buffer.place[0..<count]
        }
        let buffer = executor.allocate(max(count + count / 8, 1024), zeroed: false)
        allBuffers.append(buffer)
        return buffer.place[0..<count]
    }

    public func giveBack(_ place: Place) {
        guard let buffer = allBuffers.first(where: { $0.id == place.storage }) else {
            preconditionFailure("not a buffer of this workspace")
        }
        freeBuffers.append(buffer)
    }
}
