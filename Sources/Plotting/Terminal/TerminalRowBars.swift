// Bars that lie: one row each, the name on the left and the value on the right. Taken for categories whose names would
// not fit under upright bars.

struct TerminalRowBars {
    private let panel: ResolvedPanel
    private let set: GlyphSet
    private let columns: Int
    private let series: [(series: Int, bars: [Shape.Bar])]

    /// Nil unless the panel shows only bars, over names too long for upright ones.
    init?(panel: ResolvedPanel, set: GlyphSet, columns: Int) {
        let names = panel.xAxis.categories
        guard !names.isEmpty, names.count <= 60, panel.xAxis.limits == nil else { return nil }
        var series: [(Int, [Shape.Bar])] = []
        for shape in panel.shapes {
            guard case .bars(let number, _, _, _, let bars) = shape else { return nil }
            series.append((number, bars))
        }
        let slot = max(1, (columns - 8) / names.count)
        guard !series.isEmpty, names.contains(where: { Label.columns(of: Label.neutral($0)) > slot - 1 }) else { return nil }
        self.panel = panel
        self.set = set
        self.columns = columns
        self.series = series
    }

    func grid() -> TextGrid {
        let names = panel.xAxis.categories.map { Label.neutral($0) }
        let labels = min(names.map { Label.columns(of: $0) }.max() ?? 0, columns / 3)
        let numbers = 8
        let room = max(1, columns - labels - 2 - numbers)
        let zero = panel.y.clamped(0) ?? 0
        var grid = TextGrid(columns: columns, rows: names.count * series.count + 1)
        grid.put(Label.fitted(panel.yAxis.caption, to: columns - labels - 2, mark: set.ellipsis), row: 0, column: labels + 2, ink: .dim)
        for (index, name) in names.enumerated() {
            for (place, entry) in series.enumerated() {
                let row = 1 + index * series.count + place
                if place == 0 {
                    let text = Label.fitted(name, to: labels, mark: set.ellipsis)
                    grid.put(text, row: row, column: labels - Label.columns(of: text))
                }
                grid.put(set.vertical, row: row, column: labels + 1, ink: .dim)
                guard let bar = entry.bars.first(where: { $0.x == panel.x.position(Double(index)) }) else { continue }
                let (from, to) = (min(zero, bar.to), max(zero, bar.to))
                let first = Int((from * Double(room)).rounded(.down))
                let eighths = Int((to * Double(room) * 8).rounded()) - first * 8
                for column in 0..<max(0, (eighths + 7) / 8) {
                    let glyph = set.end(entry.series, eighths: eighths - column * 8)
                    grid.put(glyph, row: row, column: labels + 2 + first + column, ink: .series(entry.series % 8))
                }
                let value = panel.y.low + bar.to * (panel.y.high - panel.y.low)
                if panel.y.scale == .linear {
                    let end = labels + 2 + first + max(0, (eighths + 7) / 8)
                    grid.put(NumberText.short(value.rounded(toDigits: 4)), row: row, column: end + 1, ink: .dim)
                }
            }
        }
        return grid
    }
}
