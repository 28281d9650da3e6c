// Numbers and words as the product writes them.

public enum Phrase {
    /// `1 problem`, `80,000 problems`
    public static func count(_ count: Int, _ noun: String) -> String {
        Phrase.count(count, noun, noun + "s")
    }

    /// `1 axis`, `2 axes`
    public static func count(_ count: Int, _ noun: String, _ plural: String) -> String {
        "\(NumberText.grouped(count)) \(count == 1 ? noun : plural)"
    }

    /// A rate with three decimals.
    public static func rate(_ value: Double) -> String { NumberText.fixed(value, decimals: 3) }

    /// `1.3 s`, `2 min 5 s`, `3 h 12 min`
    public static func seconds(_ value: Double) -> String {
        if value < 60 { return NumberText.fixed(value, decimals: value < 10 ? 1 : 0) + " s" }
        let whole = Int(min(value, 1e12).rounded())
        return whole < 3600 ? "\(whole / 60) min \(whole % 60) s" : "\(whole / 3600) h \(whole % 3600 / 60) min"
    }

    /// A bar that is as high as a share of the line, from an eighth to all of it.
    public static func bar(_ share: Double) -> Character {
        let bars = Array("▁▂▃▄▅▆▇█")
        return bars[min(bars.count - 1, max(0, Int(share * Double(bars.count))))]
    }

    /// Bars from the lowest to the highest of the values that are numbers.
    public static func sparkline(_ values: [Double]) -> String {
        let finite = values.filter(\.isFinite)
        guard let low = finite.min(), let high = finite.max() else { return "" }
        return String(finite.map { bar(high > low ? ($0 - low) / (high - low) : 0.5) })
    }

    /// A learning rate or another small number, without needless digits.
    public static func short(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(Float(value))
    }
}
