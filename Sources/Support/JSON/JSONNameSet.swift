/// The names an object has used so far. A few are compared one by one; many go through an open-addressing table whose
/// hash is Swift's own, seeded per process, so that a file cannot aim at collisions.
struct JSONNameSet {
    private var names: [JSONText] = []
    /// Indices into `names`, -1 for free; empty while there are few names.
    private var table: [Int32] = []

    /// Adds a name; false if an equal one (escapes resolved, byte by byte) is there already.
    mutating func insert(_ name: JSONText, in reader: JSONReader) -> Bool {
        if table.isEmpty {
            if names.contains(where: { JSONNameSet.areEqual($0, name, in: reader) }) { return false }
            names.append(name)
            if names.count == 16 { grow(to: 64, in: reader) }
            return true
        }
        guard let slot = freeSlot(for: name, in: reader) else { return false }
        table[slot] = Int32(truncatingIfNeeded: names.count)
        names.append(name)
        if names.count * 2 > table.count { grow(to: table.count * 2, in: reader) }
        return true
    }

    private mutating func grow(to capacity: Int, in reader: JSONReader) {
        table = Array(repeating: -1, count: capacity)
        for index in names.indices {
            var slot = JSONNameSet.hash(names[index], in: reader) & (capacity - 1)
            while table[slot] >= 0 { slot = (slot + 1) & (capacity - 1) }
            table[slot] = Int32(truncatingIfNeeded: index)
        }
    }

    private func freeSlot(for name: JSONText, in reader: JSONReader) -> Int? {
        var slot = JSONNameSet.hash(name, in: reader) & (table.count - 1)
        while table[slot] >= 0 {
            if JSONNameSet.areEqual(names[Int(table[slot])], name, in: reader) { return nil }
            slot = (slot + 1) & (table.count - 1)
        }
        return slot
    }

    private static func hash(_ name: JSONText, in reader: JSONReader) -> Int {
        var hasher = Hasher()
        withBytes(of: name, in: reader) { hasher.combine(bytes: $0) }
        return hasher.finalize()
    }

    private static func areEqual(_ a: JSONText, _ b: JSONText, in reader: JSONReader) -> Bool {
        withBytes(of: a, in: reader) { x in
            withBytes(of: b, in: reader) { y in x.count == y.count && x.elementsEqual(y) }
        }
    }

    private static func withBytes<R>(
        of name: JSONText, in reader: JSONReader, _ body: (UnsafeRawBufferPointer) -> R
    ) -> R {
        if !name.hasEscapes {
            return body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(reader.bytes)[name.start..<name.end]))
        }
        var decoded: [UInt8] = []
        reader.appendBytes(of: name, to: &decoded)
        return decoded.withUnsafeBytes(body)
    }
}
