// A heat map on a page: cells of one size, names of rows and columns, and the colour scale beside them. Small maps have
// a number in each cell, or at least one under the pointer; on a diverging scale a cell below the centre without a
// number bears a minus sign, because the two sides look alike in grey.

struct SVGHeatMap {
    let panel: ResolvedPanel
    let map: HeatMap
    let x: Double
    let y: Double
    let width: Double
    /// False in small multiples that share one key.
    let hasKey: Bool
    /// Whether each cell tells its value under the pointer; too much for a page with many thousands of cells.
    let hasValues: Bool

    private static let labelSize = 11.0
    private var keyWidth: Double { hasKey ? 58 : 0 }

    /// Draws the map and returns its lower edge.
    func draw(on drawing: inout SVGDocument) -> Double {
        let scale = HeatScale(map)
        let cells = HeatCells(map, scale: scale, rowsMax: 200, columnsMax: 400)
        let rowNames = names(panel.yAxis, count: map.rows, merged: cells.mergedRows)
        let columnNames = names(panel.xAxis, count: map.columns, merged: cells.mergedColumns)
        let labels = min(rowNames.map { SVGText.width($0, size: Self.labelSize) }.max() ?? 0, width * 0.3)
        let left = x + labels + 8
        let room = max(40, x + width - keyWidth - left)
        let cellWidth = min(room / Double(cells.columns), 46)
        let cellHeight = max(min(cellWidth, 34), cells.rows <= 40 ? 13 : 640 / Double(cells.rows))
        let caption = panel.yAxis.caption
        let top = y + (caption.isEmpty ? 2 : 22)
        let bottom = top + cellHeight * Double(cells.rows)
        let right = left + cellWidth * Double(cells.columns)

        drawing.text(
            SVGText.fitted(caption, to: width - keyWidth, size: 12), x: x, y: y + 12, size: 12, colour: SVGStyle.quiet)
        draw(
            cells, scale, left: left, top: top, cellWidth: cellWidth, cellHeight: cellHeight, rowNames, columnNames,
            on: &drawing)
        drawRowNames(rowNames, right: left - 6, top: top, cellHeight: cellHeight, width: labels, on: &drawing)
        var edge = drawColumnNames(columnNames, left: left, top: bottom, cellWidth: cellWidth, on: &drawing)
        if !panel.xAxis.caption.isEmpty {
            let text = SVGText.fitted(panel.xAxis.caption, to: width, size: 12)
            let half = SVGText.width(text, size: 12) / 2
            drawing.text(
                text, x: max((left + right) / 2, x + half), y: edge + 14, size: 12, colour: SVGStyle.quiet,
                anchor: .middle)
            edge += 20
        }
        var key = top
        if hasKey {
            key = SVGHeatKey(map: map).drawUpright(
                x: right + 14, top: top, height: min(max(bottom - top, 70), 180), rightEdge: x + width, on: &drawing)
        }
        if cells.isMerged {
            drawing.text(cells.note("cell"), x: x, y: max(edge, key) + 13, size: 11, colour: SVGStyle.quiet)
            edge = max(edge, key) + 18
        }
        return max(edge, key)
    }

    // MARK: Cells

    private func draw(
        _ cells: HeatCells, _ scale: HeatScale, left: Double, top: Double, cellWidth: Double, cellHeight: Double,
        _ rowNames: [String], _ columnNames: [String], on drawing: inout SVGDocument
    ) {
        let texts = cells.isMerged ? [] : scale.numbers(map.values)
        let widest = texts.map { SVGText.width($0, size: 10) }.max() ?? 0
        let hasNumbers =
            !texts.isEmpty && cells.rows * cells.columns <= 400 && widest + 4 <= cellWidth && cellHeight >= 14
        let gap = cellWidth > 12 ? 1.0 : 0
        if hasValues {
            drawCells(
                cells, scale, left: left, top: top, cellWidth: cellWidth, cellHeight: cellHeight, gap: gap, rowNames,
                columnNames, on: &drawing)
        } else {
            drawGroups(
                cells, scale, left: left, top: top, cellWidth: cellWidth, cellHeight: cellHeight, gap: gap, on: &drawing
            )
        }
        let hasSigns = if case .diverging = map.map { cellWidth >= 7 } else { false }
        guard hasNumbers || hasSigns else { return }
        for row in 0..<cells.rows {
            for column in 0..<cells.columns {
                let value = cells[row, column]
                guard let colour = colour(value, scale) else { continue }
                let ink = colour.luminance > 0.3 ? SVGStyle.ink : SVGStyle.paper
                let (cx, cy) = (left + (Double(column) + 0.5) * cellWidth, top + (Double(row) + 0.5) * cellHeight)
                if hasNumbers {
                    drawing.text(
                        texts[row * cells.columns + column], x: cx - gap / 2, y: cy + 3.5, size: 10, colour: ink,
                        anchor: .middle)
                } else if let share = scale.share(value), share < 0.45 {
                    let half = min(cellWidth, cellHeight) * 0.22
                    drawing.line(cx - half, cy, cx + half, cy, "stroke=\"\(ink)\"")
                }
            }
        }
    }

    /// One rectangle for each cell, which tells its value.
    private func drawCells(
        _ cells: HeatCells, _ scale: HeatScale, left: Double, top: Double, cellWidth: Double, cellHeight: Double,
        gap: Double,
        _ rowNames: [String], _ columnNames: [String], on drawing: inout SVGDocument
    ) {
        drawing.open(gap == 0 ? "shape-rendering=\"crispEdges\"" : "")
        for row in 0..<cells.rows {
            for column in 0..<cells.columns {
                let value = cells[row, column]
                let (cx, cy) = (left + Double(column) * cellWidth, top + Double(row) * cellHeight)
                let title =
                    "\(rowNames[row]), \(columnNames[column]): "
                    + "\(value.isFinite ? FigureNumber.short(value.rounded(toDigits: 4)) : "no value")"
                let fill =
                    colour(value, scale).map { "fill=\"\($0.hex)\"" } ?? "fill=\"none\" stroke=\"\(SVGStyle.grid)\""
                drawing.rectangle(x: cx, y: cy, width: cellWidth - gap, height: cellHeight - gap, fill, title: title)
            }
        }
        drawing.close()
    }

    /// Many cells: one path for each of 48 colours.
    private func drawGroups(
        _ cells: HeatCells, _ scale: HeatScale, left: Double, top: Double, cellWidth: Double, cellHeight: Double,
        gap: Double,
        on drawing: inout SVGDocument
    ) {
        let levels = 48
        var paths = [String](repeating: "", count: levels)
        // Without a gap a little overlap: rounding would leave seams between cells.
        let grown = gap == 0 ? 0.4 : -gap
        let (w, h) = (SVGDocument.number(cellWidth + grown), SVGDocument.number(cellHeight + grown))
        for row in 0..<cells.rows {
            for column in 0..<cells.columns {
                guard let share = scale.share(cells[row, column]) else { continue }
                let (cx, cy) = (left + Double(column) * cellWidth, top + Double(row) * cellHeight)
                paths[min(Int(share * Double(levels)), levels - 1)] +=
                    "M\(SVGDocument.number(cx)) \(SVGDocument.number(cy))h\(w)v\(h)h-\(w)z"
            }
        }
        drawing.open(gap == 0 ? "shape-rendering=\"crispEdges\"" : "")
        for (level, path) in paths.enumerated() where !path.isEmpty {
            drawing.path(path, "fill=\"\(map.map.colour((Double(level) + 0.5) / Double(levels)).hex)\"")
        }
        drawing.close()
    }

    private func colour(_ value: Double, _ scale: HeatScale) -> Colour? {
        scale.share(value).map { map.map.colour($0) }
    }

    // MARK: Names

    private func names(_ axis: Axis, count: Int, merged: Int) -> [String] {
        stride(from: 0, to: count, by: merged).map { index in
            axis.categories.isEmpty
                ? String(index) : index < axis.categories.count ? Label.neutral(axis.categories[index]) : ""
        }
    }

    /// Every how many cells a number can stand, in steps that read well.
    private static func spacing(_ cell: Double, atLeast room: Double) -> Int {
        [1, 2, 5, 10, 20, 50, 100].first { Double($0) * cell >= room } ?? 200
    }

    private func drawRowNames(
        _ names: [String], right: Double, top: Double, cellHeight: Double, width: Double, on drawing: inout SVGDocument
    ) {
        let every =
            panel.yAxis.categories.isEmpty
            ? Self.spacing(cellHeight, atLeast: 12) : max(1, Int((12 / cellHeight).rounded(.up)))
        for (row, name) in names.enumerated() where row % every == 0 {
            let text = SVGText.fitted(name, to: width, size: Self.labelSize)
            drawing.text(
                text, x: right, y: top + (Double(row) + 0.5) * cellHeight + 4, size: Self.labelSize,
                colour: SVGStyle.quiet, anchor: .end)
        }
    }

    /// Names under the columns, upright where they are too long to lie; returns their lower edge.
    private func drawColumnNames(
        _ names: [String], left: Double, top: Double, cellWidth: Double, on drawing: inout SVGDocument
    ) -> Double {
        let widest = names.map { SVGText.width($0, size: Self.labelSize) }.max() ?? 0
        guard widest > 0 else { return top }
        let areNumbers = panel.xAxis.categories.isEmpty
        let fits = widest + 3 <= cellWidth
        if fits || areNumbers {
            let every = fits ? 1 : Self.spacing(cellWidth, atLeast: widest + 6)
            for (column, name) in names.enumerated() where column % every == 0 {
                drawing.text(
                    name, x: left + (Double(column) + 0.5) * cellWidth, y: top + 14, size: Self.labelSize,
                    colour: SVGStyle.quiet,
                    anchor: .middle)
            }
            return top + 18
        }
        let every = max(1, Int((12 / cellWidth).rounded(.up)))
        for (column, name) in names.enumerated() where column % every == 0 {
            drawing.text(
                SVGText.fitted(name, to: 90, size: Self.labelSize), x: left + (Double(column) + 0.5) * cellWidth + 4,
                y: top + 6,
                size: Self.labelSize, colour: SVGStyle.quiet, anchor: .end, rotation: -90)
        }
        return top + min(widest, 90) + 10
    }
}
