// Upright bars, to an eighth of a row where the glyphs allow.

struct TerminalBars {
    let set: GlyphSet
    let left: Int
    let top: Int
    let columns: Int
    let rows: Int

    func draw(_ bars: [Shape.Bar], series: Int, place: Int, places: Int, slot: Double, on grid: inout TextGrid) {
        let slotColumns = max(1, Int((slot * Double(columns)).rounded()))
        let gap = slotColumns >= 6 ? 2 : slotColumns >= 3 ? 1 : 0
        let width = max(1, (slotColumns - gap) / max(places, 1))
        let margin = (slotColumns - min(width * places, slotColumns)) / 2
        for bar in bars {
            let start = Int(((bar.x - slot / 2) * Double(columns)).rounded())
            let first = start + margin + min(place * width, slotColumns - 1)
            for column in first..<(first + width) where column >= 0 && column < columns {
                self.column(column, from: bar.from, to: bar.to, series: series, on: &grid)
            }
        }
    }

    func draw(_ bins: [Shape.Bin], series: Int, on grid: inout TextGrid) {
        for bin in bins {
            let (from, to) = (Int((bin.left * Double(columns)).rounded()), Int((bin.right * Double(columns)).rounded()))
            for column in from..<max(from + 1, to) where column < columns {
                self.column(column, from: 0, to: bin.height, series: series, on: &grid)
            }
        }
    }

    private func column(_ column: Int, from: Double, to: Double, series: Int, on grid: inout TextGrid) {
        let (low, high) = (
            Int((min(from, to) * Double(rows * 8)).rounded()), Int((max(from, to) * Double(rows * 8)).rounded())
        )
        guard high > low else { return }
        for row in (low / 8)...((high - 1) / 8) {
            let filled = min(high - row * 8, 8)
            // What hangs down from zero begins with a whole character: there are no glyphs for upper parts.
            let glyph = from <= to ? set.top(series, eighths: filled) : low > row * 8 + 4 ? " " : set.fill(series)
            if glyph != " " {
                grid.put(glyph, row: top + rows - 1 - row, column: left + column, ink: .series(series % 8))
            }
        }
    }
}
