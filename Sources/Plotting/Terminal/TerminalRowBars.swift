// Bars that lie: one row each, the name on the left and the value on the right, with its interval where there is one.
// Taken for categories whose names would not fit under upright bars.

import Glibc

struct TerminalRowBars {
    private let panel: ResolvedPanel
    private let set: GlyphSet
    private let columns: Int
    private let series: [(series: Int, bars: [Shape.Bar])]
    private var reaches: [Int: [Shape.Reach]] = [:]
    private var rules: [(at: Double, label: String)] = []

    /// Nil unless the panel shows only bars, over names too long for upright ones.
    init?(panel: ResolvedPanel, set: GlyphSet, columns: Int) {
        let names = panel.xAxis.categories
        guard !names.isEmpty, names.count <= 60, panel.xAxis.limits == nil else { return nil }
        var series: [(Int, [Shape.Bar])] = []
        for shape in panel.shapes {
            switch shape {
            case .bars(let number, _, _, _, let bars): series.append((number, bars))
            case .whiskers(let number, let reaches): self.reaches[number, default: []] += reaches
            case .rule(.horizontal, let at, let label): rules.append((at, label))
            case .path, .scatter, .bins, .area, .rule, .note: return nil
            }
        }
        let slot = max(1, (columns - 8) / names.count)
        guard !series.isEmpty, names.contains(where: { Label.columns(of: Label.neutral($0)) > slot - 1 }) else {
            return nil
        }
        self.panel = panel
        self.set = set
        self.columns = columns
        self.series = series
    }

    func grid() -> TextGrid {
        let names = panel.xAxis.categories.map { Label.neutral($0) }
        let labels = min(names.map { Label.columns(of: $0) }.max() ?? 0, columns / 3)
        let left = labels + 2
        // Intervals are written only where the bars keep enough room beside them.
        func numbers(intervals: Bool) -> [[String]] {
            series.map { entry in names.indices.map { text(entry.series, entry.bars, at: $0, withInterval: intervals) }
            }
        }
        func room(_ texts: [[String]]) -> Int {
            columns - left - 1 - (texts.joined().map { Label.columns(of: $0) }.max() ?? 0)
        }
        var texts = numbers(intervals: true)
        if room(texts) < 12 { texts = numbers(intervals: false) }
        let room = max(1, room(texts))
        let captions = rules.filter { !$0.label.isEmpty }
        var grid = TextGrid(columns: columns, rows: names.count * series.count + 1 + captions.count)
        grid.put(
            Label.fitted(panel.yAxis.caption, to: columns - left, mark: set.ellipsis), row: 0, column: left, ink: .dim)
        for (index, name) in names.enumerated() {
            for (place, entry) in series.enumerated() {
                let row = 1 + index * series.count + place
                if place == 0 {
                    let text = Label.fitted(name, to: labels, mark: set.ellipsis)
                    grid.put(text, row: row, column: labels - Label.columns(of: text))
                }
                grid.put(set.vertical, row: row, column: left - 1, ink: .dim)
                for rule in rules {
                    grid.put(set.verticalRule, row: row, column: left + Int(rule.at * Double(room - 1)), ink: .dim)
                }
                let end = draw(entry.bars, at: index, series: entry.series, row: row, left: left, room: room, on: &grid)
                grid.put(texts[place][index], row: row, column: end + 1, ink: .dim)
            }
        }
        for (index, rule) in captions.enumerated() {
            let value = number(value(rule.at))
            let text = Label.fitted(
                "\(set.verticalRule) \(rule.label) \(value)", to: columns - left, mark: set.ellipsis)
            grid.put(text, row: grid.rows - captions.count + index, column: left, ink: .dim)
        }
        return grid
    }

    /// Draws the bar of one category and returns the column after it.
    private func draw(
        _ bars: [Shape.Bar], at index: Int, series: Int, row: Int, left: Int, room: Int, on grid: inout TextGrid
    ) -> Int {
        guard let bar = bar(bars, at: index) else { return left }
        let (from, to) = (min(bar.from, bar.to), max(bar.from, bar.to))
        let first = Int((from * Double(room)).rounded(.down))
        let eighths = Int((to * Double(room) * 8).rounded()) - first * 8
        var end = left + first
        for column in 0..<max(0, (eighths + 7) / 8) {
            let glyph = set.end(series, eighths: eighths - column * 8)
            guard glyph != " " else { break }
            grid.put(glyph, row: row, column: left + first + column, ink: .series(series % 8))
            end = left + first + column + 1
        }
        return end
    }

    private func bar(_ bars: [Shape.Bar], at index: Int) -> Shape.Bar? {
        bars.first { $0.x == panel.x.position(Double(index)) }
    }

    /// The value of a bar, with its interval in brackets.
    private func text(_ series: Int, _ bars: [Shape.Bar], at index: Int, withInterval: Bool) -> String {
        guard let bar = bar(bars, at: index) else { return String(set.missing) }
        let text = number(bar.value)
        guard withInterval, let reach = reaches[series]?.first(where: { $0.x == bar.x }) else { return text }
        return "\(text) (\(number(reach.values.low)) to \(number(reach.values.high)))"
    }

    private func number(_ value: Double) -> String { FigureNumber.short(value.rounded(toDigits: 4)) }

    /// The number that stands at a place of the axis.
    private func value(_ place: Double) -> Double {
        switch panel.y.scale {
        case .linear: panel.y.low + place * (panel.y.high - panel.y.low)
        case .log: panel.y.low * pow(panel.y.high / panel.y.low, place)
        }
    }
}
