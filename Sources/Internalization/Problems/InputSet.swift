/// A set of task inputs, by a 64-bit mark of each: open addressing, which is what a million look-ups a second need.
///
/// Two inputs with the same mark pass for one. Inputs of one length up to 8 bytes never share a mark; others do with a
/// probability of about n²/2^65, and then a random candidate is drawn again, which nobody can tell.
struct InputSet {
    private var slots: [UInt64]
    private(set) var count = 0

    init(capacity: Int) {
        var size = 64
        while size < 2 * capacity { size *= 2 }
        slots = Array(repeating: 0, count: size)
    }

    @inline(__always)
    static func mark(_ input: UnsafePointer<UInt8>, _ count: Int) -> UInt64 {
        var mark: UInt64 = 0
        var index = 0
        while index < count {
            var word: UInt64 = 0
            for offset in 0..<min(8, count - index) { word |= UInt64(input[index + offset]) &<< UInt64(8 * offset) }
            mark = mix(mark ^ word)
            index += 8
        }
        // Zero marks an empty slot.
        return mark == 0 ? .max : mark
    }

    /// A bijection of 64 bits (Stafford's variant 13).
    @inline(__always)
    private static func mix(_ x: UInt64) -> UInt64 {
        var z = x
        z = (z ^ (z &>> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z &>> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z &>> 31)
    }

    func contains(_ mark: UInt64) -> Bool { slots[place(of: mark)] != 0 }

    /// Adds a mark; false where it is there already.
    @inline(__always)
    mutating func insert(_ mark: UInt64) -> Bool {
        let place = place(of: mark)
        if slots[place] != 0 { return false }
        slots[place] = mark
        count += 1
        if 2 * count > slots.count { grow() }
        return true
    }

    /// Where the mark is, or the empty slot where it would be.
    @inline(__always)
    private func place(of mark: UInt64) -> Int {
        let last = slots.count - 1
        var place = Int(truncatingIfNeeded: mark) & last
        while slots[place] != 0, slots[place] != mark { place = (place + 1) & last }
        return place
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: 0, count: 2 * old.count)
        for mark in old where mark != 0 { slots[place(of: mark)] = mark }
    }
}
