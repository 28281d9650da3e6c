// A curve in one line of text, `█▆▄▃▂▂▁▁`: for progress lines and the commentary of notebooks.

/// `values` in at most `width` characters, from the smallest to the largest; each character is the mean of the values it
/// stands for, a blank where none of them is finite. One value throughout is a line at half height; no value at all is the
/// empty text.
public func sparkline(_ values: [Double], width: Int, glyphs: TerminalGlyphs = .block) -> String {
    guard !values.isEmpty, width > 0 else { return "" }
    let columns = min(width, values.count)
    let means = (0..<columns).map { column -> Double? in
        let finite = values[(column * values.count / columns)..<((column + 1) * values.count / columns)].filter(
            \.isFinite)
        guard !finite.isEmpty else { return nil }
        // Divided before adding: the largest numbers would overflow.
        return finite.reduce(0) { $0 + $1 / Double(finite.count) }
    }
    let levels: [Character] = Array(glyphs == .ascii ? "_.-~=+*#" : "▁▂▃▄▅▆▇█")
    guard let low = means.compactMap({ $0 }).min(), let high = means.compactMap({ $0 }).max() else {
        return String(repeating: " ", count: columns)
    }
    let span = Span(low: low, high: high, scale: .linear)
    let text = means.map { mean -> Character in
        guard let place = mean.flatMap({ low == high ? 0.4 : span.clamped($0) }) else { return " " }
        return levels[min(Int(place * Double(levels.count)), levels.count - 1)]
    }
    return String(text)
}
