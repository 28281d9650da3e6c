// The names of the series, each after a sample of what stands for it.

struct TerminalLegend {
    let entries: [LegendEntry]
    let set: GlyphSet
    let columns: Int

    /// As many lines as the names need; a name too long for a line is cut.
    func lines() -> [[TerminalRun]] {
        var lines: [[TerminalRun]] = []
        var line: [TerminalRun] = []
        var used = 0
        for entry in entries {
            let sample = sample(entry)
            let room = columns - Label.columns(of: sample) - 1
            let name = Label.fitted(entry.name, to: room, mark: set.ellipsis)
            let width = Label.columns(of: sample) + 1 + Label.columns(of: name)
            if used > 0, used + 3 + width > columns {
                lines.append(line)
                (line, used) = ([], 0)
            }
            if used > 0 {
                line.append(TerminalRun("   "))
                used += 3
            }
            line.append(TerminalRun(sample, .series(entry.series % 8)))
            line.append(TerminalRun(" " + name))
            used += width
        }
        if !line.isEmpty { lines.append(line) }
        return lines
    }

    private func sample(_ entry: LegendEntry) -> String {
        switch entry.sample {
        case .outline where entry == entries.first { $0.sample == .outline }:
            return String(repeating: set.areaFill, count: 2)
        case .line, .outline:
            // A piece of the line itself, with its marker in the middle.
            var canvas = DotCanvas(glyphs: set.glyphs, columns: 5, rows: 1)
            var phase = 0
            canvas.line(
                from: Point(0, 0.5), to: Point(1, 0.5), ink: .plain, dash: Dash(series: entry.series), phase: &phase)
            var grid = TextGrid(columns: 5, rows: 1)
            canvas.draw(on: &grid, row: 0, column: 0)
            if entry.sample == .line { grid.put(set.marker(entry.series), row: 0, column: 2, ink: .plain) }
            let text = grid.lines()[0].map(\.text).joined()
            return text + String(repeating: " ", count: max(0, 5 - Label.columns(of: text)))
        case .points: return String(set.marker(entry.series))
        case .bar: return String(repeating: set.fill(entry.series), count: 2)
        case .band: return String(repeating: set.areaFill, count: 2)
        }
    }
}
