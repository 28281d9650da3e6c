// Numbers as a reader wants them in a figure.

import Glibc
import Support

enum FigureNumber {
    /// `value` with some decimals; one that would take more than fifteen digits as `1.2e17`.
    static func fixed(_ value: Double, decimals: Int) -> String {
        let decimals = min(max(decimals, 0), 15)
        guard value.magnitude < 9e15 / pow(10, Double(decimals)) else {
            guard value.isFinite else { return value.isNaN ? "nan" : value > 0 ? "inf" : "-inf" }
            return scientific(value, digits: 6)
        }
        return NumberText.fixed(value, decimals: decimals)
    }

    /// `value` as `4.2e-5`, with at most `digits` significant digits and no zeros at the end of the mantissa.
    static func scientific(_ value: Double, digits: Int) -> String {
        guard value.isFinite, value != 0 else { return fixed(value, decimals: 0) }
        var exponent = floor(log10(value.magnitude))
        var mantissa = scaled(value, -exponent)
        let decimals = max(0, digits - 1)
        if (mantissa.magnitude * pow(10, Double(decimals))).rounded() >= pow(10, Double(digits)) {
            exponent += 1
            mantissa = scaled(value, -exponent)
        }
        return withoutZeros(fixed(mantissa, decimals: decimals)) + "e\(Int(exponent))"
    }

    /// `value` with three significant digits, `0.942`, `12.3`, `4.2e-5`; whole numbers below a million are written
    /// whole.
    static func short(_ value: Double) -> String {
        guard value.isFinite, value != 0 else { return fixed(value, decimals: 0) }
        let size = value.magnitude
        if size < 1e6, value == value.rounded() { return fixed(value, decimals: 0) }
        if size < 1e-3 || size >= 1e6 { return scientific(value, digits: 3) }
        let exponent = Int(floor(log10(size)))
        return fixed(value, decimals: max(0, 2 - exponent))
    }

    /// Labels for ticks that are `step` apart: all with the same number of decimals and the same unit (k, M, G), or all
    /// scientific where they are very large or very small.
    static func ticks(_ values: [Double], step: Double) -> [String] {
        let largest = values.reduce(0) { max($0, $1.magnitude) }
        guard largest > 0, step > 0, step.isFinite else { return values.map { fixed($0, decimals: 0) } }
        if largest >= 1e12 || largest < 1e-3 {
            let digits = min(max(1 + Int(floor(log10(largest)) - floor(log10(step) + 1e-9)), 1), 15)
            return values.map { scientific($0, digits: digits) }
        }
        let (unit, suffix) =
            largest >= 1e9 ? (1e9, "G") : largest >= 1e6 ? (1e6, "M") : largest >= 1e4 ? (1e3, "k") : (1, "")
        let decimals = max(0, Int(-floor(log10(step / unit) + 1e-9)))
        // 10,002 to 10,006 is told better by plain digits than by 10.002k.
        if decimals > 2, suffix != "", largest < 1e7 {
            return values.map { fixed($0, decimals: max(0, Int(-floor(log10(step) + 1e-9)))) }
        }
        return values.map {
            $0.magnitude < step / 1e6 && suffix != "" ? "0" : fixed($0 / unit, decimals: decimals) + suffix
        }
    }

    private static func withoutZeros(_ text: String) -> String {
        guard text.contains(".") else { return text }
        var text = text
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return text
    }

    /// `value` times 10 to a power that may lie outside the normal numbers, where one factor alone would lose digits.
    private static func scaled(_ value: Double, _ exponent: Double) -> Double {
        let half = (exponent / 2).rounded(.towardZero)
        return value * pow(10, half) * pow(10, exponent - half)
    }
}
