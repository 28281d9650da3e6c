// How numbers are written. Integers are exact. Reals get four significant digits, so that a notebook can check them and
// small differences between machines do not show; zeros at the end stay, because the last written digit says how exact
// the number is. At least one digit follows the point, so that a real never looks like an integer:
//
//   0.5000   3.142   31.42   314.2   3141.6   12345.7   5.000e-5   1.235e15

import Glibc

public enum NumberText {
    public static func real(_ value: Double, digits: Int = 4) -> String {
        guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-infinity" : "infinity" }
        if value == 0 { return fixed(0, decimals: digits) }
        let magnitude = exponent(of: value, digits: digits)
        if magnitude < -4 || magnitude >= 15 { return scientific(value, digits: digits) }
        return fixed(value, decimals: max(1, digits - 1 - magnitude))
    }

    /// The power of ten of the first digit, after rounding to that many digits.
    private static func exponent(of value: Double, digits: Int) -> Int {
        let written = formatted("%.\(max(digits - 1, 0))e", value)
        guard let mark = written.lastIndex(of: "e") else { return 0 }
        return Int(written[written.index(after: mark)...]) ?? 0
    }

    /// `1.235e15`
    public static func scientific(_ value: Double, digits: Int) -> String {
        let written = formatted("%.\(max(digits - 1, 0))e", value)
        guard let mark = written.lastIndex(of: "e") else { return written }
        let exponent = Int(written[written.index(after: mark)...]) ?? 0
        return written[..<mark] + "e\(exponent)"
    }

    /// Rounded to a number of decimal places. No `-0.00`.
    public static func fixed(_ value: Double, decimals: Int) -> String {
        guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-infinity" : "infinity" }
        let written = formatted("%.\(min(max(decimals, 0), 300))f", value)
        if written.first == "-", written.allSatisfy({ $0 == "-" || $0 == "0" || $0 == "." }) {
            return String(written.dropFirst())
        }
        return written
    }

    /// All digits that it takes to read the same number again.
    public static func json(_ value: Double) -> String {
        guard value.isFinite else { return "null" }
        if value == value.rounded(), abs(value) < 1e15 { return fixed(value, decimals: 1) }
        return "\(value)".replacing("e+", with: "e")
    }

    private static func formatted(_ format: String, _ value: Double) -> String {
        var buffer = [CChar](repeating: 0, count: 64)
        let length = withVaList([value]) { vsnprintf(&buffer, buffer.count, format, $0) }
        if length >= buffer.count {
            buffer = [CChar](repeating: 0, count: Int(length) + 1)
            _ = withVaList([value]) { vsnprintf(&buffer, buffer.count, format, $0) }
        }
        return String(decoding: buffer.prefix(max(0, Int(length))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    // MARK: Durations

    /// With three digits: `412 µs`, `0.42 ms`, `1.31 s`, `2 min 5 s`, `3 h 12 min`.
    public static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0 else { return "?" }
        if seconds < 1e-3 { return threeDigits(seconds * 1e6) + " µs" }
        if seconds < 1 { return threeDigits(seconds * 1e3) + " ms" }
        if seconds < 60 { return threeDigits(seconds) + " s" }
        let whole = Int(min(seconds, 1e12).rounded())
        return whole < 7200 ? "\(whole / 60) min \(whole % 60) s" : "\(whole / 3600) h \(whole % 3600 / 60) min"
    }

    private static func threeDigits(_ value: Double) -> String {
        fixed(value, decimals: value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2)
    }

    // MARK: Counts

    /// `80,000`
    public static func grouped(_ count: Int) -> String {
        let digits = String(count.magnitude)
        var out = count < 0 ? "-" : ""
        for (place, digit) in digits.enumerated() {
            if place > 0, (digits.count - place) % 3 == 0 { out += "," }
            out.append(digit)
        }
        return out
    }
}
