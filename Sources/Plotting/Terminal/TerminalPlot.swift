// A panel with two axes, drawn in characters.

/// Where the data go: the plot without labels and axes.
struct TerminalFrame {
    var left: Int
    var top: Int
    var columns: Int
    var rows: Int
    var bottom: Int { top + rows }
}

struct TerminalPlot {
    let panel: ResolvedPanel
    let set: GlyphSet
    let columns: Int
    let rows: Int

    func grid() -> TextGrid {
        let xCaption = panel.xAxis.caption
        let yCaption = panel.yAxis.caption
        let above = yCaption.isEmpty ? 0 : 1
        let below = 2 + (xCaption.isEmpty ? 0 : 1)
        let plotRows = wholeDivisions(max(3, rows - above - below))
        let yTicks = self.yTicks(rows: plotRows)
        let widest = yTicks.labels.map { Label.columns(of: $0) }.max() ?? 0
        let labels = min(widest, max(4, columns / 3))
        var frame = TerminalFrame(left: labels + 2, top: above, columns: max(1, columns - labels - 2), rows: plotRows)
        frame.columns = wholeSlots(frame.columns)
        var grid = TextGrid(columns: columns, rows: above + plotRows + below)
        grid.put(Label.fitted(yCaption, to: columns, mark: set.ellipsis), row: 0, column: 0, ink: .dim)
        drawYAxis(yTicks, on: &grid, frame, labels: labels)
        drawXAxis(on: &grid, frame)
        if !xCaption.isEmpty {
            let text = Label.fitted(xCaption, to: columns, mark: set.ellipsis)
            let centred = frame.left + (frame.columns - Label.columns(of: text)) / 2
            grid.put(
                text, row: grid.rows - 1, column: max(0, min(centred, columns - Label.columns(of: text))), ink: .dim)
        }
        drawShapes(on: &grid, frame)
        return grid
    }

    // MARK: Axes

    private func yTicks(rows: Int) -> Ticks {
        let ticks = panel.yTicks(max(2, min(rows / 2, 10)))
        // Categories have no step that could be chosen: take every k-th.
        return ticks.every((ticks.values.count + rows - 1) / max(rows, 1))
    }

    /// A few rows less where the ticks would otherwise be up to half a row off: as many to each division of the axis.
    private func wholeDivisions(_ available: Int) -> Int {
        // Bars end within a row, by eighths.
        let hasBars = panel.shapes.contains {
            switch $0 {
            case .bars, .bins: true
            default: false
            }
        }
        guard panel.yAxis.categories.isEmpty, panel.y.scale == .linear, !hasBars else { return available }
        for rows in stride(from: available, through: max(3, available - 2), by: -1) {
            let values = yTicks(rows: rows).values
            guard let first = values.first, let last = values.last, values.count > 1 else { continue }
            let isWhole = first == panel.y.low && last == panel.y.high
            if isWhole, (rows - 1) % (values.count - 1) == 0 { return rows }
        }
        return available
    }

    private func drawYAxis(_ ticks: Ticks, on grid: inout TextGrid, _ frame: TerminalFrame, labels: Int) {
        let canvas = canvas(frame)
        for row in 0..<frame.rows { grid.put(set.vertical, row: frame.top + row, column: frame.left - 1, ink: .dim) }
        var taken: Set<Int> = []
        for (value, label) in zip(ticks.values, ticks.labels) {
            guard let place = panel.y.clamped(value) else { continue }
            let row = frame.top + canvas.cell(Point(0, place)).row
            guard taken.insert(row).inserted else { continue }
            let text = Label.fitted(label, to: labels, mark: set.ellipsis)
            grid.put(text, row: row, column: labels - Label.columns(of: text), ink: .dim)
            grid.put(set.leftTick, row: row, column: frame.left - 1, ink: .dim)
        }
    }

    private func drawXAxis(on grid: inout TextGrid, _ frame: TerminalFrame) {
        let row = frame.bottom
        grid.put(set.corner, row: row, column: frame.left - 1, ink: .dim)
        for column in 0..<frame.columns { grid.put(set.horizontal, row: row, column: frame.left + column, ink: .dim) }
        let canvas = canvas(frame)
        func columnOf(_ value: Double) -> Int { frame.left + canvas.cell(Point(panel.x.clamped(value) ?? 0, 0)).column }
        let (ticks, starts) = xTicks(columnOf)
        for (index, value) in ticks.values.enumerated() {
            grid.put(set.lowerTick, row: row, column: columnOf(value), ink: .dim)
            grid.put(ticks.labels[index], row: row + 1, column: starts[index], ink: .dim)
        }
    }

    /// The densest ticks whose labels keep two columns between them, and where the labels begin.
    private func xTicks(_ columnOf: (Double) -> Int) -> (Ticks, [Int]) {
        func starts(_ ticks: Ticks) -> [Int] {
            zip(ticks.values, ticks.labels).map { value, label in
                let width = Label.columns(of: label)
                return max(0, min(columnOf(value) - (width - 1) / 2, columns - width))
            }
        }
        func collide(_ ticks: Ticks, gap: Int) -> Bool {
            let starts = starts(ticks)
            return starts.indices.dropFirst().contains { index in
                starts[index] < starts[index - 1] + Label.columns(of: ticks.labels[index - 1]) + gap
            }
        }
        if !panel.xAxis.categories.isEmpty {
            let all = panel.xTicks(0)
            for stride in 1...max(1, all.values.count) {
                let ticks = all.every(stride)
                if !collide(ticks, gap: 1) { return (ticks, starts(ticks)) }
            }
            var first = all.every(max(1, all.values.count))
            first.labels = first.labels.map { Label.fitted($0, to: columns, mark: set.ellipsis) }
            return (first, starts(first))
        }
        for count in Swift.stride(from: max(2, columns / 10), through: 1, by: -1) {
            let ticks = panel.xTicks(count)
            if !collide(ticks, gap: 2) { return (ticks, starts(ticks)) }
        }
        return (.none, [])
    }

    // MARK: Shapes

    private func canvas(_ frame: TerminalFrame) -> DotCanvas {
        DotCanvas(glyphs: set.glyphs, columns: frame.columns, rows: frame.rows)
    }

    /// Fewer columns where bars would come out of different widths.
    private func wholeSlots(_ available: Int) -> Int {
        for shape in panel.shapes {
            switch shape {
            case .bars(_, _, _, let slot, _) where slot > 0:
                let slots = Int(min((1 / slot).rounded(), 10_000))
                if slots >= 1, slots <= available { return available / slots * slots }
            case .bins(_, let bins, _) where !bins.isEmpty:
                if bins.count <= available { return available / bins.count * bins.count }
            default: break
            }
        }
        return available
    }

    /// From back to front: areas, rules, bars, lines, markers, words.
    private func drawShapes(on grid: inout TextGrid, _ frame: TerminalFrame) {
        for shape in panel.shapes {
            switch shape {
            case .area(let series, let runs): fill(runs, ink: .series(series % 8), on: &grid, frame)
            case .bins(let series, let bins, true) where shape == firstBins:
                for bin in bins where bin.height > 0 {
                    let ends = [bin.left, bin.right].map {
                        Shape.Reach(x: $0, low: 0, high: bin.height, values: (0, 0))
                    }
                    fill([ends], ink: .series(series % 8), on: &grid, frame)
                }
            default: break
            }
        }
        for shape in panel.shapes {
            if case .rule(let direction, let at, _) = shape { rule(direction, at: at, on: &grid, frame) }
        }
        for shape in panel.shapes {
            switch shape {
            case .bars(let series, let place, let places, let slot, let bars):
                TerminalBars(set: set, left: frame.left, top: frame.top, columns: frame.columns, rows: frame.rows)
                    .draw(bars, series: series, place: place, places: places, slot: slot, on: &grid)
            case .bins(let series, let bins, false):
                TerminalBars(set: set, left: frame.left, top: frame.top, columns: frame.columns, rows: frame.rows)
                    .draw(bins, series: series, on: &grid)
            default: break
            }
        }
        drawLines(on: &grid, frame)
        for shape in panel.shapes {
            if case .whiskers(let series, let reaches) = shape {
                whiskers(reaches, ink: .series(series % 8), on: &grid, frame)
            }
        }
        for shape in panel.shapes { drawMarkers(shape, on: &grid, frame) }
        TerminalWords(frame: frame, set: set).draw(panel.shapes, on: &grid)
    }

    private func drawLines(on grid: inout TextGrid, _ frame: TerminalFrame) {
        var canvas = canvas(frame)
        // The first series is drawn last and lies on top.
        for shape in panel.shapes.reversed() {
            var lines: [[Point]] = []
            var number = 0
            switch shape {
            case .path(let series, let runs, _): (number, lines) = (series, runs)
            case .bins(let series, let bins, true):
                // The first is an area. The others are dashed along and solid up and down, where dashes would fall
                // apart.
                if shape != firstBins { draw(outline(bins), series: series, on: &canvas) }
                continue
            case .scatter(let series, let points) where isCrowded(points, frame):
                (number, lines) = (series, points.map { [$0] })
            default: continue
            }
            let dash = Dash(series: number)
            for run in lines {
                var phase = 0
                if run.count == 1 {
                    canvas.line(from: run[0], to: run[0], ink: .series(number % 8), dash: .solid, phase: &phase)
                }
                for (a, b) in zip(run, run.dropFirst()) {
                    canvas.line(from: a, to: b, ink: .series(number % 8), dash: dash, phase: &phase)
                    // The next piece starts on the dot where this one ended.
                    phase -= 1
                }
            }
        }
        canvas.draw(on: &grid, row: frame.top, column: frame.left)
    }

    private var firstBins: Shape? { panel.shapes.first { if case .bins = $0 { true } else { false } } }

    private func draw(_ outline: [Point], series: Int, on canvas: inout DotCanvas) {
        var phase = 0
        for (a, b) in zip(outline, outline.dropFirst()) {
            canvas.line(
                from: a, to: b, ink: .series(series % 8), dash: a.x == b.x ? .solid : Dash(series: series),
                phase: &phase)
        }
    }

    private func outline(_ bins: [Shape.Bin]) -> [Point] {
        guard let first = bins.first, let last = bins.last else { return [] }
        return [Point(first.left, 0)] + bins.flatMap { [Point($0.left, $0.height), Point($0.right, $0.height)] } + [
            Point(last.right, 0)
        ]
    }

    /// Too many points for a character each.
    private func isCrowded(_ points: [Point], _ frame: TerminalFrame) -> Bool {
        points.count > max(12, frame.columns * frame.rows / 12)
    }

    private func drawMarkers(_ shape: Shape, on grid: inout TextGrid, _ frame: TerminalFrame) {
        let canvas = canvas(frame)
        func put(_ point: Point, _ series: Int) {
            let cell = canvas.cell(point)
            grid.put(
                set.marker(series), row: frame.top + cell.row, column: frame.left + cell.column,
                ink: .series(series % 8))
        }
        switch shape {
        case .scatter(let series, let points):
            if isCrowded(points, frame) { return }
            for point in points { put(point, series) }
        case .path(let series, _, let points):
            let isSingle = !panel.shapes.contains {
                if case .path(let other, _, _) = $0 { other != series } else { false }
            }
            let isSparse = points.count <= max(2, frame.columns / 4)
            if isSingle, !isSparse { return }
            var last = Int.min / 2
            for point in points {
                let column = canvas.cell(point).column
                // With many points markers only tell the lines apart; they stand further from each other.
                if isSparse || abs(column - last) >= 9 {
                    put(point, series)
                    last = column
                }
            }
        default: break
        }
    }

    private func fill(_ runs: [[Shape.Reach]], ink: TerminalInk, on grid: inout TextGrid, _ frame: TerminalFrame) {
        let canvas = canvas(frame)
        func column(_ x: Double) -> Int { canvas.cell(Point(x, 0)).column }
        for run in runs {
            for (a, b) in zip(run, run.dropFirst() + [run[run.count - 1]]) {
                let (from, to) = (column(min(a.x, b.x)), column(max(a.x, b.x)))
                for place in from...to {
                    let share =
                        a.x == b.x
                        ? 0 : min(max((Double(place) / Double(max(frame.columns - 1, 1)) - a.x) / (b.x - a.x), 0), 1)
                    let top = canvas.cell(Point(0, a.high + share * (b.high - a.high))).row
                    let bottom = canvas.cell(Point(0, a.low + share * (b.low - a.low))).row
                    for row in top...max(top, bottom) {
                        grid.put(set.areaFill, row: frame.top + row, column: frame.left + place, ink: ink)
                    }
                }
            }
        }
    }

    private func whiskers(_ reaches: [Shape.Reach], ink: TerminalInk, on grid: inout TextGrid, _ frame: TerminalFrame) {
        let canvas = canvas(frame)
        for reach in reaches {
            let (top, bottom) = (canvas.cell(Point(reach.x, reach.high)), canvas.cell(Point(reach.x, reach.low)))
            for row in top.row...max(top.row, bottom.row) {
                let glyph =
                    top.row == bottom.row
                    ? set.whiskerEnds.middle
                    : row == top.row
                        ? set.whiskerEnds.top : row == bottom.row ? set.whiskerEnds.bottom : set.whiskerEnds.middle
                grid.put(glyph, row: frame.top + row, column: frame.left + top.column, ink: ink)
            }
        }
    }

    private func rule(
        _ direction: Reference.Direction, at place: Double, on grid: inout TextGrid, _ frame: TerminalFrame
    ) {
        let canvas = canvas(frame)
        switch direction {
        case .horizontal:
            let row = frame.top + canvas.cell(Point(0, place)).row
            for column in 0..<frame.columns {
                grid.put(set.horizontalRule, row: row, column: frame.left + column, ink: .dim)
            }
        case .vertical:
            let column = frame.left + canvas.cell(Point(place, 0)).column
            for row in 0..<frame.rows { grid.put(set.verticalRule, row: frame.top + row, column: column, ink: .dim) }
        }
    }
}
