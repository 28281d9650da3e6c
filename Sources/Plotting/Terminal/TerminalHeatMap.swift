// A heat map in characters: shades from light to full, strokes below the centre of a diverging scale. A blank cell is
// within a twentieth of the lower end (of the centre, on a diverging scale). Where there is room each cell also has its
// number. Maps too large are merged (`HeatCells`), and a note says so.

struct TerminalHeatMap {
    let panel: ResolvedPanel
    let map: HeatMap
    let set: GlyphSet
    let columns: Int
    /// False in small multiples that share one key.
    var hasKey = true

    private static let rowsMax = 120

    func grid() -> TextGrid {
        let scale = HeatScale(map)
        let rowNames = names(panel.yAxis, count: map.rows)
        let columnNames = names(panel.xAxis, count: map.columns)
        let labels = min(rowNames.map { Label.columns(of: $0) }.max() ?? 0, max(3, columns / 4))
        let left = labels + (labels > 0 ? 1 : 0)
        let room = max(1, columns - left)
        let shown = HeatCells(map, scale: scale, rowsMax: Self.rowsMax, columnsMax: room)
        let numbers = shown.isMerged ? [] : self.numbers(scale, room: room)
        let cell = cellColumns(numbers, names: columnNames, room: room, columns: shown.columns)
        let header = columnHeader(columnNames, cell: cell, merge: shown.mergedColumns, room: shown.columns * cell)

        let yCaption = panel.yAxis.caption
        let xCaption = panel.xAxis.caption
        let top = yCaption.isEmpty ? 0 : 1
        let below = top + shown.rows
        let notes = shown.isMerged ? [shown.note("character", times: set.glyphs == .ascii ? "x" : "×")] : []
        let key = hasKey ? self.key() : TextGrid(columns: columns, rows: 0)
        var grid = TextGrid(
            columns: columns,
            rows: below + header.count + (xCaption.isEmpty ? 0 : 1) + notes.count + (hasKey ? 1 + key.rows : 0))
        grid.put(Label.fitted(yCaption, to: columns, mark: set.ellipsis), row: 0, column: 0, ink: .dim)
        for row in 0..<shown.rows {
            let name = Label.fitted(rowNames[row * shown.mergedRows], to: labels, mark: set.ellipsis)
            grid.put(name, row: top + row, column: labels - Label.columns(of: name), ink: .dim)
            for column in 0..<shown.columns {
                let text = numbers.isEmpty ? "" : numbers[row * map.columns + column]
                draw(
                    shown[row, column], scale, number: text, hasNumbers: !numbers.isEmpty, row: top + row,
                    column: left + column * cell,
                    cell: cell, on: &grid)
            }
        }
        for (index, line) in header.enumerated() {
            for (column, text) in line { grid.put(text, row: below + index, column: left + column, ink: .dim) }
        }
        var row = below + header.count
        if !xCaption.isEmpty {
            let text = Label.fitted(xCaption, to: columns, mark: set.ellipsis)
            let width = Label.columns(of: text)
            let centred = left + (shown.columns * cell - width) / 2
            grid.put(text, row: row, column: max(0, min(centred, columns - width)), ink: .dim)
            row += 1
        }
        grid.put(key, row: row + 1, column: 0)
        for (index, note) in notes.enumerated() {
            grid.put(
                Label.fitted(note, to: columns, mark: set.ellipsis), row: row + (hasKey ? 1 + key.rows : 0) + index,
                column: 0, ink: .dim)
        }
        return grid
    }

    // MARK: Cells

    private func draw(
        _ value: Double, _ scale: HeatScale, number: String, hasNumbers: Bool, row: Int, column: Int, cell: Int,
        on grid: inout TextGrid
    ) {
        let (glyph, ink) = glyph(value, scale)
        let shade = hasNumbers ? 2 : cell > 3 ? cell - 1 : cell
        if glyph == set.missing {
            grid.put(glyph, row: row, column: column + (shade - 1) / 2, ink: ink)
        } else {
            for offset in 0..<shade { grid.put(glyph, row: row, column: column + offset, ink: ink) }
        }
        if !number.isEmpty { grid.put(number, row: row, column: column + cell - 1 - Label.columns(of: number)) }
    }

    private func glyph(_ value: Double, _ scale: HeatScale) -> (Character, TerminalInk) {
        guard let share = scale.share(value) else { return (set.missing, .dim) }
        switch map.map {
        case .sequential:
            return (set.shades[level(share, of: set.shades.count)], .series(0))
        case .diverging:
            let signed = share * 2 - 1
            let ramp = signed < 0 ? set.strokes : set.shades
            return (ramp[level(signed.magnitude, of: ramp.count)], .series(signed < 0 ? 0 : 1))
        }
    }

    /// 0 for almost nothing, then equal steps.
    private func level(_ share: Double, of count: Int) -> Int {
        share < 0.05 ? 0 : 1 + min(Int((share - 0.05) / 0.95 * Double(count - 1)), count - 2)
    }

    /// The cells' numbers, all with the same decimals; none where they do not fit.
    private func numbers(_ scale: HeatScale, room: Int) -> [String] {
        guard map.values.count <= 400 else { return [] }
        let texts = scale.numbers(map.values)
        let widest = texts.map(\.count).max() ?? 0
        return (widest + 4) * map.columns <= room ? texts : []
    }

    private func cellColumns(_ numbers: [String], names: [String], room: Int, columns: Int) -> Int {
        let widest = names.map { Label.columns(of: $0) }.max() ?? 0
        let wanted =
            numbers.isEmpty
            ? min(max(2, widest + 1), 8) : max((numbers.map(\.count).max() ?? 0) + 4, min(widest + 1, 12))
        return max(1, min(wanted, room / max(columns, 1)))
    }

    // MARK: Names

    private func names(_ axis: Axis, count: Int) -> [String] {
        if axis.categories.isEmpty { return (0..<count).map(String.init) }
        return (0..<count).map { $0 < axis.categories.count ? Label.neutral(axis.categories[$0]) : "" }
    }

    /// Lines of texts under the columns: across where they fit, else every k-th number, else names standing upright.
    private func columnHeader(_ names: [String], cell: Int, merge: Int, room: Int) -> [[(Int, String)]] {
        let places = stride(from: 0, to: names.count, by: merge).map { (column: $0 / merge * cell, name: names[$0]) }
        let widest = places.map { Label.columns(of: $0.name) }.max() ?? 0
        if widest == 0 { return [] }
        if widest < cell || (widest == cell && cell == 1) { return [places.map { ($0.column, $0.name) }] }
        if panel.xAxis.categories.isEmpty || merge > 1 {
            let every = max(1, (widest + 1 + cell) / cell)
            let step = every <= 2 ? every : every <= 5 ? 5 : (every + 9) / 10 * 10
            let seen = places.indices.filter { $0 % step == 0 && places[$0].column + widest <= room }
            return [seen.map { (places[$0].column, places[$0].name) }]
        }
        // A few long names are better cut than all of them turned.
        let long = places.count { Label.columns(of: $0.name) > (cell >= 4 ? cell - 1 : 3) }
        if cell >= 4, long * 4 <= places.count {
            return [places.map { ($0.column, Label.fitted($0.name, to: cell - 1, mark: set.ellipsis)) }]
        }
        let height = min(widest, long * 4 <= places.count ? 3 : 10)
        var lines: [[(Int, String)]] = Array(repeating: [], count: height)
        for place in places {
            let text =
                place.name.count > height ? String(place.name.prefix(height - 1)) + String(set.ellipsis) : place.name
            for (index, character) in text.enumerated() where Label.columns(of: character) <= max(cell, 1) {
                lines[index].append((place.column, String(character)))
            }
        }
        return lines
    }

    // MARK: Key

    /// The shades between the values at their ends, on as many lines as the width needs.
    func key() -> TextGrid {
        let scale = HeatScale(map)
        let caption = map.caption
        var shades = self.shades(scale, repeated: 2)
        if Self.width(shades) > columns { shades = self.shades(scale, repeated: 1) }
        var lines = caption.isEmpty ? [] : [[(Label.fitted(caption, to: columns, mark: set.ellipsis), TerminalInk.dim)]]
        func add(_ parts: [(String, TerminalInk)], gap: String) {
            if let last = lines.last, Self.width(last) + gap.count + Self.width(parts) <= columns {
                lines[lines.count - 1] += [(gap, .plain)] + parts
            } else {
                lines.append(parts)
            }
        }
        add(shades, gap: " ")
        if map.values.contains(where: { !$0.isFinite }) { add([("\(set.missing) no value", .dim)], gap: "   ") }
        var grid = TextGrid(columns: columns, rows: lines.count)
        for (row, line) in lines.enumerated() {
            var column = 0
            for (text, ink) in line {
                grid.put(text, row: row, column: column, ink: ink)
                column += Label.columns(of: text)
            }
        }
        return grid
    }

    private func shades(_ scale: HeatScale, repeated count: Int) -> [(String, TerminalInk)] {
        func run(_ glyphs: some Sequence<Character>) -> String {
            glyphs.map { String(repeating: $0, count: count) }.joined()
        }
        let (low, high) = (scale.label(scale.low) + " ", " " + scale.label(scale.high))
        switch map.map {
        case .sequential: return [(low, .dim), (run(set.shades), .series(0)), (high, .dim)]
        case .diverging:
            return [
                (low, .dim), (run(set.strokes.reversed()), .series(0)), (scale.label(scale.centre), .dim),
                (run(set.shades), .series(1)),
                (high, .dim),
            ]
        }
    }

    private static func width(_ parts: [(String, TerminalInk)]) -> Int {
        parts.reduce(0) { $0 + Label.columns(of: $1.0) }
    }
}
