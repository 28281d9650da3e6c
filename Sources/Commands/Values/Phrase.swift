// Numbers and words as the product writes them.

enum Phrase {
    /// `1 problem`, `80,000 problems`
    static func count(_ count: Int, _ noun: String) -> String { "\(grouped(count)) \(count == 1 ? noun : noun + "s")" }

    /// `80,000`
    static func grouped(_ count: Int) -> String {
        let digits = String(count.magnitude)
        var out = ""
        for (place, digit) in digits.enumerated() {
            if place > 0, (digits.count - place) % 3 == 0 { out += "," }
            out.append(digit)
        }
        return count < 0 ? "−" + out : out
    }

    /// A rate with three decimals.
    static func rate(_ value: Double) -> String { fixed(value, 3) }

    /// Rounded to so many decimals.
    static func fixed(_ value: Double, _ decimals: Int) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return "\(value)" }
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let rounded = (abs(value) * scale).rounded()
        let whole = Int(rounded / scale), rest = Int(rounded - Double(whole) * scale)
        let sign = value < 0 && rounded > 0 ? "-" : ""
        if decimals == 0 { return sign + String(whole) }
        let digits = String(rest)
        return sign + "\(whole)." + String(repeating: "0", count: decimals - digits.count) + digits
    }

    /// `1.3 s`, `2 min 5 s`
    static func seconds(_ value: Double) -> String {
        if value < 60 { return fixed(value, value < 10 ? 1 : 0) + " s" }
        let whole = Int(min(value, 1e12).rounded())
        return "\(whole / 60) min \(whole % 60) s"
    }

    /// A learning rate or another small number, without needless digits.
    static func short(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(Float(value))
    }
}
