// Whole numbers, most of them near 0, in about as few bits as they carry: what a page holds of its rounded weights
// (Page/Script/weights.js reads it).
//
// A number n is taken apart into decisions between 1 and 0. With a = |n| and k the bits that a has (0 for a = 0):
//
//   k ones and a zero    the j-th of them with the guess (unary, c, j)
//   if k > 1             the bits of a below its highest, the highest first: the first with (first, k), the second with
//                        (second, k, the one before it), the others with (rest, k)
//   if k > 0             1 for n < 0, with (sign)
//
// c, one of 16, tells how large the numbers before were, in half octaves. With m = 0 at the beginning and
// m ← m + ⌊(64·min(a, 1023) − m) / 16⌋ after each number it is 0 for m < 4, and otherwise 2·(b − 2) − 1 plus the second
// highest bit of m, b being the bits of m; 15 at most.
//
// A guess is how probable a 1 is, p/65536: 1/2 at first. After its n-th decision p goes to 65536 or to 0 by the share
// 2^−min(7, bits of n), rounded down, and stays within 32...65504.
//
// Decisions are written by a range coder, as LZMA's: a one takes the lower ⌊range / 65536⌋·p of the range, a zero the
// rest, and a range below 2²⁴ is stretched by a byte. Its first byte, always 0, is left out.

/// Writes numbers in the code above.
struct AdaptiveWriter {
    private var coder = RangeCoder()
    private var guesses = [Guess](repeating: Guess(), count: Self.guessCount)
    private var size = 0

    mutating func write(_ number: Int) {
        let magnitude = Int(number.magnitude)
        let bits = Self.bits(magnitude)
        let context = Self.context(size) * 32
        for place in 0..<bits { decide(true, context + place) }
        decide(false, context + bits)
        var node = 1
        for shift in (0..<max(bits - 1, 0)).reversed() {
            let bit = magnitude >> shift & 1 == 1
            decide(bit, node < 4 ? Self.tree + 4 * bits + node : Self.rest + bits)
            node = 2 * node + (bit ? 1 : 0)
        }
        if bits > 0 { decide(number < 0, Self.sign) }
        size += (64 * min(magnitude, 1023) - size) >> 4
    }

    mutating func finish() -> [UInt8] { coder.finish() }

    // Guesses by their numbers: unary, then the first two bits below the highest, the others, the sign.
    private static let tree = 16 * 32
    private static let rest = tree + 4 * 32
    private static let sign = rest + 32
    private static let guessCount = sign + 1

    private static func bits(_ value: Int) -> Int { Int.bitWidth - value.leadingZeroBitCount }

    private static func context(_ size: Int) -> Int {
        guard size >= 4 else { return 0 }
        let bits = bits(size)
        return min(15, 2 * (bits - 2) - 1 + (size >> (bits - 2) & 1))
    }

    private mutating func decide(_ bit: Bool, _ index: Int) {
        coder.write(bit, probability: guesses[index].probability)
        guesses[index].learn(bit)
    }
}

/// How probable a 1 is, by what came before.
private struct Guess {
    private(set) var probability: UInt32 = 1 << 15
    private var count = 0

    mutating func learn(_ bit: Bool) {
        count = min(count + 1, 64)
        let shift = min(7, UInt32(Int.bitWidth - count.leadingZeroBitCount))
        let next = bit ? probability + (65536 - probability) >> shift : probability - probability >> shift
        probability = min(max(next, 32), 65504)
    }
}

/// Decisions as a number between 0 and 1, byte by byte.
private struct RangeCoder {
    private var bytes: [UInt8] = []
    /// The lower end of what is still possible, below the bytes that are settled; bit 32 is a carry into them.
    private var low: UInt64 = 0
    private var range: UInt32 = .max
    /// The last byte before those that a carry would run through, and how many these are with it.
    private var cache: UInt8 = 0
    private var waiting = 1

    mutating func write(_ bit: Bool, probability: UInt32) {
        let bound = (range >> 16) * probability
        if bit {
            range = bound
        } else {
            low += UInt64(bound)
            range -= bound
        }
        while range < 1 << 24 {
            range <<= 8
            shift()
        }
    }

    private mutating func shift() {
        if low < 0xFF00_0000 || low > 0xFFFF_FFFF {
            let carry = UInt8(low >> 32)
            bytes.append(cache &+ carry)
            for _ in 1..<waiting { bytes.append(0xFF &+ carry) }
            waiting = 0
            cache = UInt8(truncatingIfNeeded: low >> 24)
        }
        waiting += 1
        low = (low & 0x00FF_FFFF) << 8
    }

    mutating func finish() -> [UInt8] {
        for _ in 0..<5 { shift() }
        return Array(bytes.dropFirst())
    }
}
