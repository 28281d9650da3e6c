// What a person would see: a small reader of the bytes that a program sends to a terminal (the part of ECMA-48 that
// icot uses: text, CR, LF, BS, cursor movement, erasure, SGR).

import Language

struct TerminalScreen {
    struct Cell: Equatable {
        var text = " "
        /// The SGR parameters in force, as sent.
        var style = ""
    }

    private(set) var rows: Int
    private(set) var columns: Int
    private(set) var cells: [[Cell]]
    private(set) var row = 0
    private(set) var column = 0
    /// How often the bell rang.
    private(set) var bells = 0
    /// Private modes that are on, such as "2004" (bracketed paste).
    private(set) var modes: Set<String> = []
    private var style = ""
    private var isWrapPending = false
    private var escape: [UInt8]?
    private var partial: [UInt8] = []

    init(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
        cells = Array(repeating: Array(repeating: Cell(), count: columns), count: rows)
    }

    /// The lines without the spaces at their ends.
    var lines: [String] {
        cells.map { row in
            let text = row.map(\.text).joined()
            return String(text.reversed().drop { $0 == " " }.reversed())
        }
    }

    /// The lines without the empty ones below the last text.
    var text: String { lines.reversed().drop(while: \.isEmpty).reversed().joined(separator: "\n") }

    /// The line on which the cursor stands.
    var cursorLine: String { lines[row] }

    mutating func resize(rows: Int, columns: Int) {
        // Of a window without room for a wide character nothing can be looked at.
        let (rows, columns) = (max(rows, 1), max(columns, 2))
        // What a terminal without rewrapping does: cut or fill.
        cells = (0..<rows).map { index in
            let old = index < cells.count ? cells[index] : []
            return (0..<columns).map { $0 < old.count ? old[$0] : Cell() }
        }
        (self.rows, self.columns) = (rows, columns)
        (row, column) = (min(row, rows - 1), min(column, columns - 1))
    }

    mutating func feed(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { feed(byte) }
    }

    private mutating func feed(_ byte: UInt8) {
        if var sequence = escape {
            sequence.append(byte)
            let isControlSequence = sequence.first == UInt8(ascii: "[")
            let isDone = isControlSequence ? sequence.count > 1 && byte >= 0x40 && byte <= 0x7e : true
            escape = isDone ? nil : sequence
            if isDone && isControlSequence { run(String(decoding: sequence.dropFirst(), as: UTF8.self)) }
            return
        }
        switch byte {
        case 0x1b: escape = []
        case 0x0d:
            column = 0
            isWrapPending = false
        case 0x0a: lineFeed()
        case 0x08: column = max(0, column - 1)
        case 0x07: bells += 1
        case 0x20...: put(byte)
        default: break
        }
    }

    private mutating func put(_ byte: UInt8) {
        partial.append(byte)
        guard let text = String(validating: partial, as: UTF8.self) else {
            if partial.count >= 4 { partial = [] }
            return
        }
        partial = []
        let width = text.unicodeScalars.first.map { DisplayWidth.of($0) } ?? 1
        if width == 0 {
            let target = isWrapPending ? column : max(0, column - 1)
            cells[row][cells[row][target].text.isEmpty ? max(0, target - 1) : target].text += text
            return
        }
        if isWrapPending || column + width > columns {
            column = 0
            lineFeed()
        }
        isWrapPending = false
        cells[row][column] = Cell(text: text, style: style)
        if width == 2 { cells[row][column + 1] = Cell(text: "", style: style) }
        column += width
        if column >= columns {
            column = columns - 1
            isWrapPending = true
        }
    }

    private mutating func lineFeed() {
        isWrapPending = false
        if row + 1 < rows {
            row += 1
        } else {
            cells.removeFirst()
            cells.append(Array(repeating: Cell(), count: columns))
        }
    }

    private mutating func run(_ sequence: String) {
        guard let final = sequence.last else { return }
        let parameters = String(sequence.dropLast())
        if parameters.hasPrefix("?") {
            if final == "h" { modes.insert(String(parameters.dropFirst())) }
            if final == "l" { modes.remove(String(parameters.dropFirst())) }
            return
        }
        let numbers = parameters.split(separator: ";", omittingEmptySubsequences: false).map { Int($0) }
        let first = (numbers.first ?? nil) ?? (final == "J" || final == "K" ? 0 : 1)
        if final != "m" { isWrapPending = false }
        switch final {
        case "A": row = max(0, row - first)
        case "B": row = min(rows - 1, row + first)
        case "C": column = min(columns - 1, column + first)
        case "D": column = max(0, column - first)
        case "H":
            row = min(rows - 1, max(0, first - 1))
            column = numbers.count > 1 ? min(columns - 1, max(0, (numbers[1] ?? 1) - 1)) : 0
        case "K": if first == 0 { erase(row, from: column) }
        case "J":
            if first == 2 { for index in 0..<rows { erase(index, from: 0) } }
            if first == 0 {
                erase(row, from: column)
                for index in (row + 1)..<max(rows, row + 1) { erase(index, from: 0) }
            }
        case "m": style = parameters == "0" || parameters.isEmpty ? "" : parameters
        default: break
        }
    }

    private mutating func erase(_ row: Int, from column: Int) {
        for index in column..<columns { cells[row][index] = Cell() }
    }
}
