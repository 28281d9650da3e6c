/// Exact arithmetic on decimal digits, one a byte, least significant first, as multiplication is taught at school.
/// There is no largest number: a 20-digit product is 40 bytes.
enum DecimalDigits {
    /// out (count + 1) = digits (count) × factor (0 to 9).
    @inline(__always)
    static func multiply(
        _ out: UnsafeMutablePointer<UInt8>, _ digits: UnsafePointer<UInt8>, _ count: Int, by factor: UInt8
    ) {
        var carry: UInt32 = 0
        for index in 0..<count {
            let value = UInt32(digits[index]) &* UInt32(factor) &+ carry
            // value ≤ 89: 205 · value / 2048 is value / 10 there.
            carry = (value &* 205) &>> 11
            out[index] = UInt8(truncatingIfNeeded: value &- carry &* 10)
        }
        out[count] = UInt8(truncatingIfNeeded: carry)
    }

    /// sum += digits, both `count` digits long; returns the carry out of the last digit.
    @inline(__always) @discardableResult
    static func add(_ sum: UnsafeMutablePointer<UInt8>, _ digits: UnsafePointer<UInt8>, _ count: Int) -> UInt8 {
        var carry: UInt8 = 0
        for index in 0..<count {
            let value = sum[index] &+ digits[index] &+ carry
            carry = value >= 10 ? 1 : 0
            sum[index] = value &- (carry &* 10)
        }
        return carry
    }

    /// 10^exponent, or nil where it does not fit.
    static func powerOfTen(_ exponent: Int) -> Int? {
        guard exponent <= 18 else { return nil }
        return (0..<exponent).reduce(1) { power, _ in power * 10 }
    }

    /// Writes the lowest `count` digits of `value`.
    static func write(_ value: Int, to digits: UnsafeMutablePointer<UInt8>, count: Int) {
        var rest = value
        for index in 0..<count {
            digits[index] = UInt8(rest % 10)
            rest /= 10
        }
    }
}
