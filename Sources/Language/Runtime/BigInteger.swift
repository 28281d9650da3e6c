// Integers of any size: a sign and a magnitude in words of 64 bits, the least significant first, the last of them never
// zero, so that zero has no words and every integer is written in one way.
//
// The language keeps integers below 100,000 bits (`Arithmetic.integerBitsMax`), where the methods of school are quick
// enough: a product of the longest takes a millisecond. Division is Knuth's algorithm D (The Art of Computer
// Programming, volume 2, 4.3.1).

#if canImport(Glibc)
    import Glibc
#endif

struct BigInteger: Hashable, Sendable {
    private(set) var isNegative: Bool
    private(set) var magnitude: [UInt]

    private init(isNegative: Bool, magnitude: [UInt]) {
        self.magnitude = Self.trimmed(magnitude)
        self.isNegative = isNegative && !self.magnitude.isEmpty
    }

    init(_ value: Int) { self.init(isNegative: value < 0, magnitude: [value.magnitude]) }

    /// A finite real, cut towards zero.
    init(_ value: Double) {
        precondition(value.isFinite, "no integer is \(value)")
        let whole = value.magnitude.rounded(.down)
        guard whole >= 0x1p53 else {
            self.init(isNegative: value < 0, magnitude: [UInt(whole)])
            return
        }
        let significand = UInt(whole.significandBitPattern | 1 << 52)
        self.init(isNegative: value < 0, magnitude: Self.shifted([significand], left: Int(whole.exponent) - 52))
    }

    /// Decimal digits with a minus before them where it is negative; nil for anything else.
    init?(_ text: some StringProtocol) {
        var digits = text.utf8[...]
        let isNegative = digits.first == UInt8(ascii: "-")
        if isNegative { digits = digits.dropFirst() }
        guard !digits.isEmpty else { return nil }
        var magnitude: [UInt] = []
        while !digits.isEmpty {
            var group: UInt = 0, scale: UInt = 1
            for byte in digits.prefix(Self.groupDigits) {
                guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
                group = group * 10 + UInt(byte - UInt8(ascii: "0"))
                scale *= 10
            }
            digits = digits.dropFirst(Self.groupDigits)
            Self.scale(&magnitude, by: scale, adding: group)
        }
        self.init(isNegative: isNegative, magnitude: magnitude)
    }

    static let zero = BigInteger(0)

    var isZero: Bool { magnitude.isEmpty }
    var isOdd: Bool { magnitude.first.map { $0 & 1 == 1 } ?? false }
    /// The bits of the magnitude without zeros in front.
    var bitCount: Int { Self.bitCount(magnitude) }
}

// MARK: - As something else

extension BigInteger: CustomStringConvertible {
    /// Digits that fit a word.
    private static let groupDigits = 19
    private static let groupScale: UInt = 10_000_000_000_000_000_000

    var description: String {
        if isZero { return "0" }
        var groups: [String] = []
        var rest = magnitude
        while !rest.isEmpty {
            let digits = String(Self.divide(&rest, by: Self.groupScale))
            groups.append(
                rest.isEmpty ? digits : String(repeating: "0", count: Self.groupDigits - digits.utf8.count) + digits)
        }
        return (isNegative ? "-" : "") + groups.reversed().joined()
    }
}

extension Int {
    init?(exactly value: BigInteger) {
        guard value.magnitude.count <= 1 else { return nil }
        let magnitude = value.magnitude.first ?? 0
        if value.isNegative {
            guard magnitude <= Int.min.magnitude else { return nil }
            self = Int(truncatingIfNeeded: 0 &- magnitude)
        } else {
            guard magnitude <= UInt(Int.max) else { return nil }
            self = Int(magnitude)
        }
    }
}

extension Double {
    /// The nearest real, of two that are equally near the even one; infinite beyond the largest.
    init(_ value: BigInteger) {
        // The upper 64 bits, the last of which also says whether anything lies below them: then one rounding decides.
        let excess = value.bitCount - 64
        let upper = excess > 0 ? BigInteger.shifted(value.magnitude, right: excess) : value.magnitude
        var bits = upper.first ?? 0
        if excess > 0, BigInteger.trailingZeros(value.magnitude) < excess { bits |= 1 }
        let magnitude = scalbn(Double(bits), Int32(clamping: Swift.max(excess, 0)))
        self = value.isNegative ? -magnitude : magnitude
    }
}

// MARK: - Order

extension BigInteger: Comparable {
    static func < (left: BigInteger, right: BigInteger) -> Bool {
        if left.isNegative != right.isNegative { return left.isNegative }
        let order = compare(left.magnitude, right.magnitude)
        return left.isNegative ? order > 0 : order < 0
    }
}

// MARK: - Arithmetic

extension BigInteger {
    static prefix func - (value: BigInteger) -> BigInteger {
        BigInteger(isNegative: !value.isNegative, magnitude: value.magnitude)
    }

    static func + (left: BigInteger, right: BigInteger) -> BigInteger {
        if left.isNegative == right.isNegative {
            return BigInteger(isNegative: left.isNegative, magnitude: sum(left.magnitude, right.magnitude))
        }
        return compare(left.magnitude, right.magnitude) >= 0
            ? BigInteger(isNegative: left.isNegative, magnitude: difference(left.magnitude, right.magnitude))
            : BigInteger(isNegative: right.isNegative, magnitude: difference(right.magnitude, left.magnitude))
    }

    static func - (left: BigInteger, right: BigInteger) -> BigInteger { left + -right }

    static func * (left: BigInteger, right: BigInteger) -> BigInteger {
        BigInteger(
            isNegative: left.isNegative != right.isNegative, magnitude: product(left.magnitude, right.magnitude))
    }

    /// The quotient cut towards zero, and the rest, which has the sign of the dividend.
    func quotientAndRemainder(dividingBy divisor: BigInteger) -> (quotient: BigInteger, remainder: BigInteger) {
        precondition(!divisor.isZero, "division by zero")
        let (quotient, rest) = Self.divided(magnitude, by: divisor.magnitude)
        return (
            BigInteger(isNegative: isNegative != divisor.isNegative, magnitude: quotient),
            BigInteger(isNegative: isNegative, magnitude: rest)
        )
    }

    /// - Parameter exponent: 0 or more.
    func power(_ exponent: Int) -> BigInteger {
        var (result, square, rest) = (BigInteger(1), self, exponent)
        while rest > 0 {
            if rest & 1 == 1 { result = result * square }
            rest >>= 1
            if rest > 0 { square = square * square }
        }
        return result
    }

    /// - Parameter count: 0 or more bits, by which the magnitude is moved up.
    static func << (value: BigInteger, count: Int) -> BigInteger {
        BigInteger(isNegative: value.isNegative, magnitude: shifted(value.magnitude, left: count))
    }
}

// MARK: - Magnitudes

extension BigInteger {
    private static func trimmed(_ words: [UInt]) -> [UInt] {
        var words = words
        while words.last == 0 { words.removeLast() }
        return words
    }

    fileprivate static func bitCount(_ words: [UInt]) -> Int {
        words.last.map { words.count * UInt.bitWidth - $0.leadingZeroBitCount } ?? 0
    }

    /// The zeros at the end of a magnitude that is not zero.
    fileprivate static func trailingZeros(_ words: [UInt]) -> Int {
        let index = words.firstIndex { $0 != 0 } ?? 0
        return index * UInt.bitWidth + words[index].trailingZeroBitCount
    }

    private static func compare(_ a: [UInt], _ b: [UInt]) -> Int {
        if a.count != b.count { return a.count < b.count ? -1 : 1 }
        for index in a.indices.reversed() where a[index] != b[index] { return a[index] < b[index] ? -1 : 1 }
        return 0
    }

    private static func sum(_ a: [UInt], _ b: [UInt]) -> [UInt] {
        var (result, other) = a.count >= b.count ? (a, b) : (b, a)
        other += Array(repeating: 0, count: result.count - other.count)
        var carry = false
        for index in result.indices {
            let (partial, first) = result[index].addingReportingOverflow(other[index])
            let (word, second) = partial.addingReportingOverflow(carry ? 1 : 0)
            result[index] = word
            carry = first || second
        }
        if carry { result.append(1) }
        return result
    }

    /// a − b for a ≥ b.
    private static func difference(_ a: [UInt], _ b: [UInt]) -> [UInt] {
        var result = a
        var borrow = false
        for index in result.indices {
            let (partial, first) = result[index].subtractingReportingOverflow(index < b.count ? b[index] : 0)
            let (word, second) = partial.subtractingReportingOverflow(borrow ? 1 : 0)
            result[index] = word
            borrow = first || second
        }
        return result
    }

    private static func product(_ a: [UInt], _ b: [UInt]) -> [UInt] {
        var result = [UInt](repeating: 0, count: a.count + b.count)
        for (i, x) in a.enumerated() {
            var carry: UInt = 0
            for (j, y) in b.enumerated() {
                (carry, result[i + j]) = multiplied(x, y, adding: result[i + j], carry)
            }
            result[i + b.count] = carry
        }
        return result
    }

    /// x · y + a + b, which two words always hold.
    private static func multiplied(_ x: UInt, _ y: UInt, adding a: UInt, _ b: UInt) -> (high: UInt, low: UInt) {
        let (high, low) = x.multipliedFullWidth(by: y)
        let (partial, first) = low.addingReportingOverflow(a)
        let (sum, second) = partial.addingReportingOverflow(b)
        return (high + (first ? 1 : 0) + (second ? 1 : 0), sum)
    }

    /// words · factor + term, in place.
    private static func scale(_ words: inout [UInt], by factor: UInt, adding term: UInt) {
        var carry = term
        for index in words.indices { (carry, words[index]) = multiplied(words[index], factor, adding: carry, 0) }
        if carry > 0 { words.append(carry) }
    }

    /// Divides in place by a word; the rest.
    private static func divide(_ words: inout [UInt], by divisor: UInt) -> UInt {
        var rest: UInt = 0
        for index in words.indices.reversed() {
            (words[index], rest) = divisor.dividingFullWidth((rest, words[index]))
        }
        words = trimmed(words)
        return rest
    }

    fileprivate static func shifted(_ words: [UInt], left count: Int) -> [UInt] {
        let (whole, bits) = count.quotientAndRemainder(dividingBy: UInt.bitWidth)
        var result = [UInt](repeating: 0, count: whole) + words + [0]
        if bits > 0 {
            for index in result.indices.reversed() where index >= whole {
                let below = index > whole ? result[index - 1] >> UInt(UInt.bitWidth - bits) : 0
                result[index] = result[index] << UInt(bits) | below
            }
        }
        return trimmed(result)
    }

    fileprivate static func shifted(_ words: [UInt], right count: Int) -> [UInt] {
        let (whole, bits) = count.quotientAndRemainder(dividingBy: UInt.bitWidth)
        var result = Array(words.dropFirst(whole))
        if bits > 0 {
            for index in result.indices {
                let above = index + 1 < result.count ? result[index + 1] << UInt(UInt.bitWidth - bits) : 0
                result[index] = result[index] >> UInt(bits) | above
            }
        }
        return trimmed(result)
    }

    /// Algorithm D: the divisor is moved up until its first bit is set, then each word of the quotient is guessed from
    /// the first two words of what is left over the first of the divisor, corrected by the second, which leaves it at
    /// most one too large, and seldom that: then the divisor is added back.
    private static func divided(_ a: [UInt], by b: [UInt]) -> (quotient: [UInt], rest: [UInt]) {
        if compare(a, b) < 0 { return ([], a) }
        if b.count == 1 {
            var quotient = a
            let rest = divide(&quotient, by: b[0])
            return (quotient, rest == 0 ? [] : [rest])
        }
        let shift = b[b.count - 1].leadingZeroBitCount
        let divisor = shifted(b, left: shift)
        var rest = shifted(a, left: shift)
        rest += Array(repeating: 0, count: a.count + 1 - rest.count)
        let (first, second) = (divisor[divisor.count - 1], divisor[divisor.count - 2])
        let count = divisor.count
        var quotient = [UInt](repeating: 0, count: a.count - count + 1)
        for place in quotient.indices.reversed() {
            let (high, middle, low) = (rest[place + count], rest[place + count - 1], rest[place + count - 2])
            var guess = UInt.max
            var left: UInt = 0
            var isExceeded = false
            if high < first {
                (guess, left) = first.dividingFullWidth((high, middle))
            } else {
                // The quotient of two words would not fit one: the largest word, and what it leaves.
                (left, isExceeded) = middle.addingReportingOverflow(first)
            }
            while !isExceeded {
                let (productHigh, productLow) = guess.multipliedFullWidth(by: second)
                if productHigh < left || (productHigh == left && productLow <= low) { break }
                guess -= 1
                (left, isExceeded) = left.addingReportingOverflow(first)
            }
            if subtract(divisor, times: guess, from: &rest, at: place) {
                guess -= 1
                add(divisor, to: &rest, at: place)
            }
            quotient[place] = guess
        }
        return (trimmed(quotient), shifted(trimmed(rest), right: shift))
    }

    /// Takes divisor · factor from the words of `rest` from `place` on; whether that went below zero.
    private static func subtract(
        _ divisor: [UInt], times factor: UInt, from rest: inout [UInt], at place: Int
    ) -> Bool {
        var carry: UInt = 0
        for (index, word) in divisor.enumerated() {
            let (high, low) = multiplied(word, factor, adding: carry, 0)
            let (difference, borrow) = rest[place + index].subtractingReportingOverflow(low)
            rest[place + index] = difference
            carry = high + (borrow ? 1 : 0)
        }
        let (difference, borrow) = rest[place + divisor.count].subtractingReportingOverflow(carry)
        rest[place + divisor.count] = difference
        return borrow
    }

    private static func add(_ divisor: [UInt], to rest: inout [UInt], at place: Int) {
        var carry: UInt = 0
        for (index, word) in divisor.enumerated() {
            let (partial, first) = rest[place + index].addingReportingOverflow(word)
            let (sum, second) = partial.addingReportingOverflow(carry)
            rest[place + index] = sum
            carry = (first ? 1 : 0) + (second ? 1 : 0)
        }
        rest[place + divisor.count] &+= carry
    }
}
