// Keeps some rows of the terminal equal to a frame, writing only what changed.
//
// The place of the frame on the screen is not known, only where the cursor stands within it; all movement is
// relative. A frame has at most as many rows as the screen.

/// One row of a frame: printable text with its codes, and how many columns it takes.
struct FrameRow: Equatable {
    var text: String
    var columns: Int
}

struct Frame: Equatable {
    var rows: [FrameRow]
    var cursorRow: Int
    var cursorColumn: Int
}

struct FramePainter {
    private var shown = Frame(rows: [], cursorRow: 0, cursorColumn: 0)
    /// Width of the screen for which `shown` was painted.
    private var columns = 80

    /// The bytes that turn what is shown into `frame`.
    mutating func paint(_ frame: Frame, columns: Int) -> String {
        guard frame != shown || columns != self.columns else { return "" }
        var out = ""
        var row = shown.cursorRow
        if columns != self.columns, !shown.rows.isEmpty { out += forgetAfterResize(&row, columns) }
        for index in frame.rows.indices {
            if index < shown.rows.count {
                guard frame.rows[index] != shown.rows[index] else { continue }
                out += Self.move(from: row, to: index)
                out += "\r"
            } else if index == 0 {
                out += "\r"
            } else {
                out += Self.move(from: row, to: index - 1)
                out += "\r\n"
            }
            row = index
            let line = frame.rows[index]
            out += line.text
            // After a full row the cursor still stands on its last column: erasing would take that.
            if line.columns < columns { out += "\u{1b}[K" }
        }
        if shown.rows.count > frame.rows.count {
            out += Self.move(from: row, to: frame.rows.count)
            out += "\r\u{1b}[J"
            row = frame.rows.count
        }
        out += Self.move(from: row, to: frame.cursorRow)
        out += frame.cursorColumn > 0 ? "\r\u{1b}[\(frame.cursorColumn)C" : "\r"
        shown = frame
        self.columns = columns
        return out
    }

    /// The bytes that leave the frame on the screen and put the cursor on the row below it.
    mutating func leave() -> String {
        guard !shown.rows.isEmpty else { return "" }
        let out = Self.move(from: shown.cursorRow, to: shown.rows.count - 1) + "\r\n"
        reset()
        return out
    }

    /// Forgets what is shown: the next frame begins at the start of the row where the cursor is.
    mutating func reset() { shown = Frame(rows: [], cursorRow: 0, cursorColumn: 0) }

    /// After a change of width terminals rewrap what they show, so rows are not where they were. Goes to where the
    /// first row should be now, and erases from there.
    private mutating func forgetAfterResize(_ row: inout Int, _ columns: Int) -> String {
        var above = 0
        for index in 0..<min(shown.cursorRow, shown.rows.count) {
            above += max(1, (shown.rows[index].columns + columns - 1) / columns)
        }
        above += min(shown.cursorColumn, max(0, shown.rows.isEmpty ? 0 : shown.rows[shown.cursorRow].columns)) / columns
        row = 0
        shown.rows = []
        return Self.move(from: above, to: 0) + "\r\u{1b}[J"
    }

    private static func move(from: Int, to: Int) -> String {
        if to < from { return "\u{1b}[\(from - to)A" }
        if to > from { return "\u{1b}[\(to - from)B" }
        return ""
    }
}
