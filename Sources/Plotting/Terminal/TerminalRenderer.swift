// A figure as lines of text:
//
//     title
//     ●╌ explicit  ○╌ implicit           the legend, never over the data
//     accuracy                           what the upright axis measures
//     1.0 ┤⠉⠉⠒⠢⢄
//         │    ⠈⠢⡀
//     0.5 ┤      ⠈
//         └┬────┬────┬
//          0   10   20
//          removed (tokens)
//
// No line is wider than the width asked for.

/// Draws figures for a terminal.
public struct TerminalRenderer: Sendable {
    /// Columns that a line may take; at least 20 are used.
    public var width: Int
    /// Rows of one panel with its axes; heat maps take a row for each of theirs.
    public var height: Int
    public var glyphs: TerminalGlyphs
    /// Whether series may have colours. Without, runs are only plain, dim or emphasised, and the drawing says the same.
    public var colour: Bool

    public init(width: Int = 80, height: Int = 16, glyphs: TerminalGlyphs = .braille, colour: Bool = true) {
        self.width = width
        self.height = height
        self.glyphs = glyphs
        self.colour = colour
    }

    /// The lines of the drawing.
    public func lines(_ figure: Figure) -> [[TerminalRun]] {
        let columns = min(max(width, 20), 1000)
        let resolved = ResolvedFigure(figure)
        var lines = heading(resolved, columns: columns)
        if resolved.isEmpty {
            let title =
                resolved.title.isEmpty ? "" : Label.fitted(resolved.title, to: columns - 9, mark: set.ellipsis) + ": "
            return [[TerminalRun(title, .emphasis), TerminalRun("no data", .dim)].filter { !$0.text.isEmpty }]
        }
        lines += TerminalLegend(entries: resolved.legend, set: set, columns: columns).lines()
        let common = resolved.commonHeatMap
        let grids = arrange(resolved, columns: columns, hasKeys: common == nil)
        for (index, row) in grids.enumerated() {
            if index > 0 { lines.append([]) }
            lines += row.lines()
        }
        if let common {
            lines.append([])
            lines += TerminalHeatMap(panel: resolved.panels[0], map: common, set: set, columns: columns).key().lines()
        }
        return colour ? lines : lines.map { $0.map(withoutColour) }
    }

    /// The drawing as plain text.
    public func text(_ figure: Figure) -> String {
        lines(figure).map { $0.map(\.text).joined() }.joined(separator: "\n")
    }

    private var set: GlyphSet { GlyphSet(glyphs: glyphs) }

    private func heading(_ figure: ResolvedFigure, columns: Int) -> [[TerminalRun]] {
        func lines(_ text: String, most: Int, ink: TerminalInk) -> [[TerminalRun]] {
            Label.broken(text, lines: most) { Label.columns(of: $0) <= columns }
                .map { [TerminalRun(Label.fitted($0, to: columns, mark: set.ellipsis), ink)] }
        }
        return lines(figure.title, most: 2, ink: .emphasis) + lines(figure.subtitle, most: 3, ink: .dim)
    }

    /// One grid for each row of panels.
    private func arrange(_ figure: ResolvedFigure, columns: Int, hasKeys: Bool) -> [TextGrid] {
        let count = figure.panels.count
        let gap = 3
        let needed =
            figure.panels.map { $0.heatMap == nil ? 30 : max(14, $0.heatMapColumns, Label.columns(of: $0.title)) }.max()
            ?? 30
        let fitting = max(1, (columns + gap) / (needed + gap))
        let most = max(1, min(figure.columns ?? count, count, fitting))
        // As many in each row as possible, but no row much shorter than the others.
        let across =
            figure.columns == nil ? (count + (count + most - 1) / most - 1) / ((count + most - 1) / most) : most
        let width = (columns - gap * (across - 1)) / across
        return stride(from: 0, to: count, by: across).map { start in
            let panels = figure.panels[start..<min(start + across, count)].map {
                draw($0, columns: width, inGrid: count > 1, hasKey: hasKeys)
            }
            guard panels.count > 1 else { return panels[0] }
            var grid = TextGrid(columns: columns, rows: panels.map(\.rows).max() ?? 0)
            for (index, panel) in panels.enumerated() { grid.put(panel, row: 0, column: index * (width + gap)) }
            return grid
        }
    }

    private func draw(_ panel: ResolvedPanel, columns: Int, inGrid: Bool, hasKey: Bool) -> TextGrid {
        var drawn: TextGrid
        if panel.isEmpty {
            drawn = TextGrid(columns: columns, rows: 1)
            drawn.put("no data", row: 0, column: 0, ink: .dim)
        } else if let map = panel.heatMap {
            drawn = TerminalHeatMap(panel: panel, map: map, set: set, columns: columns, hasKey: hasKey).grid()
        } else if let bars = TerminalRowBars(panel: panel, set: set, columns: columns) {
            drawn = bars.grid()
        } else {
            drawn = TerminalPlot(panel: panel, set: set, columns: columns, rows: min(max(height, 6), 200)).grid()
        }
        guard inGrid, !panel.title.isEmpty else { return drawn }
        var grid = TextGrid(columns: columns, rows: drawn.rows + 1)
        grid.put(Label.fitted(panel.title, to: columns, mark: set.ellipsis), row: 0, column: 0, ink: .emphasis)
        grid.put(drawn, row: 1, column: 0)
        return grid
    }

    private func withoutColour(_ run: TerminalRun) -> TerminalRun {
        if case .series = run.ink { return TerminalRun(run.text) }
        return run
    }
}

extension ResolvedPanel {
    /// Columns that make a heat map pleasant to read: two a cell.
    fileprivate var heatMapColumns: Int {
        guard let map = heatMap else { return 0 }
        let names =
            yAxis.categories.prefix(map.rows).map { Label.columns(of: Label.neutral($0)) }.max()
            ?? String(map.rows).count
        return min(names, 12) + 1 + 2 * map.columns
    }
}
