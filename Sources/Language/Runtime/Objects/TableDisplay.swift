// A table as lines of text: names above, numbers to the right, cut to the width, long tables with a count of what is
// left out.
//
//   layer  score    low          A table that names its rows by its first columns (`keyCount`) loses none to a narrow
// screen:
//       0  0.470  0.402          what has no room stands below, with those columns again.
//
//   layer  control
//       0    0.481

import Support

struct TableDisplay {
    /// Tables up to this many rows are shown whole.
    static let wholeMax = 40
    /// Of longer ones this many rows at the start and at the end.
    static let headCount = 20
    static let tailCount = 5

    let lines: [StyledText]

    init(_ table: TableObject, width: Int) {
        guard !table.columns.isEmpty else {
            lines = [StyledText("an empty table", .dim)]
            return
        }
        let isWhole = table.rowCount <= TableDisplay.wholeMax
        let head = isWhole ? table.rowCount : TableDisplay.headCount
        let places = Array(0..<head) + (isWhole ? [] : Array(table.rowCount - TableDisplay.tailCount..<table.rowCount))
        let shown = table.columns.filter { !$0.format.isHidden }.map { column in
            ShownColumn(
                name: column.name, cells: places.map { column.format.text(column.values[$0]) },
                isRight: column.isNumeric, isVolatile: column.format.isVolatile)
        }
        let keyCount = table.columns.prefix(table.keyCount).count { !$0.format.isHidden }
        let (blocks, hidden) = TableDisplay.fit(shown, keyCount: keyCount, width: width)
        var lines: [StyledText] = []
        for block in blocks {
            if !lines.isEmpty { lines.append(StyledText()) }
            lines.append(TableDisplay.line(block.map { StyledText($0.padded($0.name), .heading) }))
            for (number, _) in places.enumerated() {
                if number == head, !isWhole {
                    lines.append(StyledText("… \(table.rowCount - head - TableDisplay.tailCount) more rows …", .dim))
                }
                lines.append(TableDisplay.line(block.map { $0.cell(number) }))
            }
        }
        if table.rowCount == 0 { lines.append(StyledText("no rows", .dim)) }
        if !hidden.isEmpty {
            lines.append(Fitted.line(StyledText("not shown: " + hidden.joined(separator: ", "), .dim), width: width))
        }
        for note in table.notes { lines += Fitted.wrapped(note, width: width).map { StyledText($0, .dim) } }
        self.lines = lines
    }

    /// Rows that a page takes in one table; of longer ones it has as many as the terminal.
    private static let pageRows = 1000

    /// All columns, and all rows of a table that is not too long for a page.
    static func html(_ table: TableObject) -> String {
        let columns = table.columns.filter { !$0.format.isHidden }
        func row(_ tag: String, _ cells: [String]) -> String {
            "<tr>"
                + zip(columns, cells).map { column, cell in
                    let side = column.isNumeric ? "right" : "left"
                    return "<\(tag) style=\"text-align: \(side)\">\(Escaping.xml(cell))</\(tag)>"
                }.joined() + "</tr>\n"
        }
        let isWhole = table.rowCount <= pageRows
        let places = isWhole ? Array(0..<table.rowCount) : Array(0..<headCount)
        var text = "<table>\n<thead>" + row("th", columns.map(\.name)) + "</thead>\n<tbody>\n"
        for place in places { text += row("td", columns.map { $0.format.text($0.values[place]) }) }
        text += "</tbody>\n</table>\n"
        if !isWhole { text += "<p>… \(table.rowCount - headCount) more rows</p>\n" }
        return text + table.notes.map { "<p>\(Escaping.xml($0))</p>\n" }.joined()
    }

    private struct ShownColumn {
        var name: String
        var cells: [String]
        var isRight: Bool
        var isVolatile: Bool
        var width: Int

        init(name: String, cells: [String], isRight: Bool, isVolatile: Bool) {
            self.name = name
            self.cells = cells
            self.isRight = isRight
            self.isVolatile = isVolatile
            width = max(DisplayWidth.of(name), cells.map { DisplayWidth.of($0) }.max() ?? 0, 1)
        }

        func padded(_ text: String) -> String {
            let cut = Fitted.line(StyledText(text), width: width).plain
            let padding = Fitted.padding(cut, to: width)
            return isRight ? padding + cut : cut + padding
        }

        func cell(_ number: Int) -> StyledText {
            let cut = Fitted.line(StyledText(cells[number]), width: width).plain
            let padding = StyledText(Fitted.padding(cut, to: width))
            let content = StyledText(cut, isVolatile: isVolatile)
            return isRight ? padding + content : content + padding
        }
    }

    /// Cuts the widest texts, then puts columns at the right below, or leaves them out where no column names the
    /// rows; gives the names of those left out.
    private static func fit(
        _ columns: [ShownColumn], keyCount: Int, width: Int
    ) -> (blocks: [[ShownColumn]], hidden: [String]) {
        func total(_ columns: some Collection<ShownColumn>) -> Int {
            columns.reduce(0) { $0 + $1.width } + 2 * max(0, columns.count - 1)
        }
        var columns = columns
        let least = 12
        /// Beside the columns that name the rows there must be room for at least one other.
        func needed() -> Int {
            keyCount > 0
                ? total(columns.prefix(keyCount)) + (columns.dropFirst(keyCount).map { $0.width + 2 }.max() ?? 0)
                : total(columns)
        }
        while needed() > width {
            let wide = columns.indices.filter { !columns[$0].isRight && columns[$0].width > least }.max {
                columns[$0].width < columns[$1].width
            }
            guard let wide else { break }
            columns[wide].width = max(least, columns[wide].width - (needed() - width))
        }
        var block = columns
        var rest: [ShownColumn] = []
        while total(block) > width, block.count > max(1, keyCount + 1) { rest.insert(block.removeLast(), at: 0) }
        if rest.isEmpty { return ([block], []) }
        if keyCount == 0 { return ([block], rest.map(\.name)) }
        let further = fit(Array(columns.prefix(keyCount)) + rest, keyCount: keyCount, width: width)
        return ([block] + further.blocks, further.hidden)
    }

    private static func line(_ cells: [StyledText]) -> StyledText {
        var line = StyledText()
        for (place, cell) in cells.enumerated() {
            if place > 0 { line.append("  ") }
            line.append(cell)
        }
        while let last = line.runs.last, let trimmed = last.trimmedAtEnd {
            line.runs.removeLast()
            if !trimmed.text.isEmpty {
                line.runs.append(trimmed)
                break
            }
        }
        return line
    }
}

extension StyledRun {
    /// The run without the spaces at its end; nil where there are none.
    fileprivate var trimmedAtEnd: StyledRun? {
        guard text.last == " " else { return nil }
        var copy = self
        while copy.text.last == " " { copy.text.removeLast() }
        return copy
    }
}
