import Synchronization

/// Remembers what short words became: words of up to 16 bytes that are at most 5 tokens, by far the most of any text.
///
/// A table of fixed size, each word in the one slot its hash names, a later word taking the slot over. So it costs 640
/// kB and a text made to collide only makes it useless, not slow.
///
///     slot (5 words of 8 bytes)   bytes 0-7 of the word, bytes 8-15, ids 0 and 1, ids 2 and 3, id 4 and count and
///                                 length
final class WordCache {
    private static let slotBits = 14
    private static let slotWords = 5
    static let lengthLimit = 16
    static let countLimit = 5

    private let slots: UnsafeMutablePointer<UInt64>
    /// Room for the symbols of a word while it is merged.
    private(set) var symbols: UnsafeMutableBufferPointer<Int32>

    init() {
        let count = WordCache.slotWords << WordCache.slotBits
        slots = .allocate(capacity: count)
        slots.initialize(repeating: 0, count: count)
        symbols = .allocate(capacity: 256)
    }

    deinit {
        slots.deallocate()
        symbols.deallocate()
    }

    func reserveSymbols(_ count: Int) {
        guard symbols.count < count else { return }
        symbols.deallocate()
        symbols = .allocate(capacity: count * 2)
    }

    /// A short word's bytes in two numbers, and where it would be.
    struct Key {
        let low: UInt64
        let high: UInt64
        let length: UInt64
        let slot: Int
    }

    /// The key of a word of at most `lengthLimit` bytes.
    @inline(__always)
    static func key(_ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Key {
        var low: UInt64 = 0, high: UInt64 = 0
        if let base = text.baseAddress, text.count - range.lowerBound >= 16 {
            // Inside the text two whole loads are safe; what is beyond the word is masked off.
            let start = UnsafeRawPointer(base + range.lowerBound)
            low = start.loadUnaligned(as: UInt64.self)
            high = start.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
            let length = UInt64(range.count)
            if length < 8 {
                low &= (1 << (length * 8)) - 1
                high = 0
            } else if length < 16 {
                high &= (1 << ((length - 8) * 8)) - 1
            }
        } else {
            for (i, index) in range.enumerated() {
                if i < 8 {
                    low |= UInt64(text[index]) << UInt64(8 * i)
                } else {
                    high |= UInt64(text[index]) << UInt64(8 * (i - 8))
                }
            }
        }
        let mixed = (low ^ (high &* 0x9E37_79B9_7F4A_7C15) ^ UInt64(range.count)) &* 0xD6E8_FEB8_6659_FD93
        return Key(low: low, high: high, length: UInt64(range.count), slot: Int(mixed >> UInt64(64 - slotBits)))
    }

    /// Appends the ids of a word that is remembered; false if it is not.
    @inline(__always)
    func append(_ key: Key, to ids: inout [Int32]) -> Bool {
        let slot = slots + key.slot * WordCache.slotWords
        let last = slot[4]
        guard slot[0] == key.low, slot[1] == key.high, last & 0xFF == key.length else { return false }
        let count = last >> 8 & 0xFF
        ids.append(Int32(truncatingIfNeeded: slot[2]))
        if count > 1 { ids.append(Int32(truncatingIfNeeded: slot[2] >> 32)) }
        if count > 2 { ids.append(Int32(truncatingIfNeeded: slot[3])) }
        if count > 3 { ids.append(Int32(truncatingIfNeeded: slot[3] >> 32)) }
        if count > 4 { ids.append(Int32(truncatingIfNeeded: last >> 32)) }
        return true
    }

    /// Remembers a word of one to `countLimit` ids.
    func store(_ key: Key, _ ids: UnsafeMutableBufferPointer<Int32>, count: Int) {
        func id(_ index: Int) -> UInt64 { index < count ? UInt64(UInt32(bitPattern: ids[index])) : 0 }
        let slot = slots + key.slot * WordCache.slotWords
        slot[0] = key.low
        slot[1] = key.high
        slot[2] = id(0) | id(1) << 32
        slot[3] = id(2) | id(3) << 32
        slot[4] = id(4) << 32 | UInt64(count) << 8 | key.length
    }
}

/// Hands each caller a cache of its own for the time of one text, so that tokenizers can be shared between threads.
final class WordCachePool: Sendable {
    private struct Caches: @unchecked Sendable { var free: [WordCache] = [] }
    private let caches = Mutex(Caches())

    func withCache<R>(_ body: (WordCache) throws -> R) rethrows -> R {
        nonisolated(unsafe) let cache = caches.withLock { Borrowed(cache: $0.free.popLast()) }.cache ?? WordCache()
        defer {
            let returned = Borrowed(cache: cache)
            caches.withLock { if let cache = returned.cache { $0.free.append(cache) } }
        }
        return try body(cache)
    }

    private struct Borrowed: @unchecked Sendable { let cache: WordCache? }
}
