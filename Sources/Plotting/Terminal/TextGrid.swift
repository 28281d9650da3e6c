// Cells of a terminal that can be written in any order. Nothing written outside appears, and a character of two columns
// never sticks out or is cut in half, so a line made from a grid is never wider than the grid.

struct TextGrid {
    private struct Cell {
        var character: Character = " "
        var ink: TerminalInk = .plain
        /// The second column of the wide character on the left.
        var isContinuation = false
    }

    let columns: Int
    let rows: Int
    private var cells: [Cell]

    init(columns: Int, rows: Int) {
        self.columns = max(columns, 0)
        self.rows = max(rows, 0)
        cells = Array(repeating: Cell(), count: self.columns * self.rows)
    }

    /// Writes `text` from `column` on to the right.
    mutating func put(_ text: String, row: Int, column: Int, ink: TerminalInk = .plain) {
        guard row >= 0, row < rows else { return }
        var column = column
        for character in text {
            let width = Label.columns(of: character)
            put(character, width: width, row: row, column: column, ink: ink)
            column += width
        }
    }

    mutating func put(_ character: Character, row: Int, column: Int, ink: TerminalInk) {
        guard row >= 0, row < rows else { return }
        put(character, width: Label.columns(of: character), row: row, column: column, ink: ink)
    }

    private mutating func put(_ character: Character, width: Int, row: Int, column: Int, ink: TerminalInk) {
        guard width > 0, column >= 0, column + width <= columns else { return }
        let index = row * columns + column
        for place in index..<(index + width) { erase(place) }
        cells[index] = Cell(character: character, ink: ink)
        if width == 2 { cells[index + 1] = Cell(character: " ", ink: ink, isContinuation: true) }
    }

    /// Clears a cell, and the other half where it belongs to a wide character.
    private mutating func erase(_ index: Int) {
        if cells[index].isContinuation { cells[index - 1] = Cell() }
        if index + 1 < cells.count, (index + 1) % columns != 0, cells[index + 1].isContinuation {
            cells[index + 1] = Cell()
        }
        cells[index] = Cell()
    }

    /// Whether nothing has been written there; false outside.
    func isBlank(row: Int, column: Int) -> Bool {
        guard row >= 0, row < rows, column >= 0, column < columns else { return false }
        let cell = cells[row * columns + column]
        return cell.character == " " && !cell.isContinuation
    }

    /// How many of `width` cells are taken; cells outside count as taken.
    func taken(row: Int, column: Int, width: Int) -> Int {
        (column..<(column + max(width, 0))).count { !isBlank(row: row, column: $0) }
    }

    /// Copies `other` with its upper left corner at a place.
    mutating func put(_ other: TextGrid, row: Int, column: Int) {
        for r in 0..<other.rows {
            for c in 0..<other.columns {
                let cell = other.cells[r * other.columns + c]
                if cell.isContinuation || cell.character == " " { continue }
                put(cell.character, row: row + r, column: column + c, ink: cell.ink)
            }
        }
    }

    /// The lines without spaces at their ends.
    func lines() -> [[TerminalRun]] {
        (0..<rows).map { row in
            var runs: [TerminalRun] = []
            var end = columns
            while end > 0, isBlank(row: row, column: end - 1) { end -= 1 }
            for cell in cells[(row * columns)..<(row * columns + end)] where !cell.isContinuation {
                // A space has no colour of its own and joins whatever is on its left.
                if let last = runs.indices.last, runs[last].ink == cell.ink || cell.character == " " {
                    runs[last].text.append(cell.character)
                } else {
                    runs.append(TerminalRun(String(cell.character), cell.ink))
                }
            }
            return runs
        }
    }
}
