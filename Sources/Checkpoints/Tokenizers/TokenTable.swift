/// The names of a vocabulary, as bytes, with fast ways from name to id and back. Ids may leave gaps.
struct TokenTable: Sendable {
    private var pool: [UInt8] = []
    /// By id: where its name stands in the pool; empty for an id without a token.
    private var ranges: [Range<Int32>]
    /// Open addressing over ids, -1 for free. The hash is Swift's own, seeded per process: a file cannot aim at
    /// collisions.
    private var slots: [Int32]

    /// One more than the largest id.
    var count: Int { ranges.count }

    /// An empty table for about `capacity` tokens with ids below `idLimit`.
    init(capacity: Int, idLimit: Int) {
        ranges = Array(repeating: 0..<0, count: idLimit)
        var size = 16
        while size < 2 * capacity { size *= 2 }
        slots = Array(repeating: -1, count: size)
    }

    /// Enters a token; false if its name or its id is taken.
    mutating func insert(_ name: UnsafeRawBufferPointer, id: Int32) -> Bool {
        guard !name.isEmpty, ranges[Int(id)].isEmpty else { return false }
        let slot = slot(of: name)
        guard slots[slot] < 0 else { return false }
        slots[slot] = id
        ranges[Int(id)] = Int32(pool.count)..<Int32(pool.count + name.count)
        pool.append(contentsOf: name)
        return true
    }

    func id(of name: UnsafeRawBufferPointer) -> Int32? {
        let id = slots[slot(of: name)]
        return id < 0 ? nil : id
    }

    func id(of name: String) -> Int32? {
        var name = name
        return name.withUTF8 { id(of: UnsafeRawBufferPointer($0)) }
    }

    /// The name's bytes; empty for an id without a token or outside the table.
    func name(_ id: Int32) -> ArraySlice<UInt8> {
        guard id >= 0, Int(id) < ranges.count else { return [] }
        let range = ranges[Int(id)]
        return pool[Int(range.lowerBound)..<Int(range.upperBound)]
    }

    /// The slot that holds `name`, or the free one where it would go.
    private func slot(of name: UnsafeRawBufferPointer) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: name)
        var slot = hasher.finalize() & (slots.count - 1)
        pool.withUnsafeBytes { pool in
            while slots[slot] >= 0 {
                let range = ranges[Int(slots[slot])]
                let known = UnsafeRawBufferPointer(rebasing: pool[Int(range.lowerBound)..<Int(range.upperBound)])
                if known.count == name.count, known.elementsEqual(name) { return }
                slot = (slot + 1) & (slots.count - 1)
            }
        }
        return slot
    }
}
