// Words among data: labels of reference lines and annotations. For each a few places around what it names are tried,
// the best liked first; it goes to the one where it covers least.

struct TerminalWords {
    let frame: TerminalFrame
    let set: GlyphSet

    func draw(_ shapes: [Shape], on grid: inout TextGrid) {
        let canvas = DotCanvas(glyphs: set.glyphs, columns: frame.columns, rows: frame.rows)
        for shape in shapes {
            switch shape {
            case .rule(.horizontal, let at, let label):
                put(label, on: &grid) { placesAlong(canvas.cell(Point(0, at)).row, width: $0) }
            case .rule(.vertical, let at, let label):
                put(label, on: &grid) { placesBeside(canvas.cell(Point(at, 0)).column, width: $0) }
            case .note(let label, let point): put(label, on: &grid) { placesAround(canvas.cell(point), width: $0) }
            case .path, .scatter, .bars, .bins, .area, .whiskers: break
            }
        }
    }

    /// Above or below a horizontal line, at its right end if possible.
    private func placesAlong(_ row: Int, width: Int) -> [(row: Int, column: Int)] {
        let right = frame.columns - width
        return [right, 0, right / 2].flatMap { [(row - 1, $0), (row + 1, $0)] }
    }

    /// Right or left of a vertical line, at its upper end if possible.
    private func placesBeside(_ column: Int, width: Int) -> [(row: Int, column: Int)] {
        [0, frame.rows - 1, 1, frame.rows - 2].flatMap { [($0, column + 1), ($0, column - width)] }
    }

    /// Right, left, above, below, in the corners, and further away.
    private func placesAround(_ cell: (row: Int, column: Int), width: Int) -> [(row: Int, column: Int)] {
        let centred = max(0, min(cell.column - width / 2, frame.columns - width))
        let near = [centred, cell.column + 1, cell.column - width].flatMap { [(cell.row - 1, $0), (cell.row + 1, $0)] }
        return [(cell.row, cell.column + 2), (cell.row, cell.column - width - 1)] + near + [
            (cell.row - 2, centred), (cell.row + 2, centred),
        ]
    }

    /// Writes `label` at the first place that covers nothing, or else at the one that covers least.
    private func put(_ label: String, on grid: inout TextGrid, _ places: (Int) -> [(row: Int, column: Int)]) {
        guard !label.isEmpty else { return }
        let text = Label.fitted(label, to: frame.columns, mark: set.ellipsis)
        let width = Label.columns(of: text)
        let inside = places(width).filter { place in
            place.row >= 0 && place.row < frame.rows && place.column >= 0 && place.column + width <= frame.columns
        }
        let costs = inside.map { grid.taken(row: frame.top + $0.row, column: frame.left + $0.column, width: width) }
        guard let least = costs.min(), let best = costs.firstIndex(of: least).map({ inside[$0] }) else { return }
        grid.put(text, row: frame.top + best.row, column: frame.left + best.column, ink: .dim)
    }
}
