// Numbers and words as the product writes them.

public enum Phrase {
    /// `1 problem`, `80,000 problems`
    public static func count(_ count: Int, _ noun: String) -> String {
        "\(NumberText.grouped(count)) \(count == 1 ? noun : noun + "s")"
    }

    /// A rate with three decimals.
    public static func rate(_ value: Double) -> String { NumberText.fixed(value, decimals: 3) }

    /// `1.3 s`, `2 min 5 s`
    public static func seconds(_ value: Double) -> String {
        if value < 60 { return NumberText.fixed(value, decimals: value < 10 ? 1 : 0) + " s" }
        let whole = Int(min(value, 1e12).rounded())
        return "\(whole / 60) min \(whole % 60) s"
    }

    /// A learning rate or another small number, without needless digits.
    public static func short(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(Float(value))
    }
}
