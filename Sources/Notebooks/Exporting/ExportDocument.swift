// A notebook as the pages that are made of it: prose, code and outputs in order. Made from the text alone, or with the
// report of a replay, which adds what a file cannot hold: figures and data.

import Language
import Support

public struct ExportDocument: Sendable {
    enum Part: Sendable {
        /// Lines of code with their styles.
        case code([StyledText])
        case output([OutputPart])
    }

    struct Section: Sendable {
        var cell: Cell
        /// For cells that are not code.
        var prose: [String] = []
        /// For code.
        var parts: [Part] = []
    }

    let title: String
    /// Profile and parameters, to be shown small.
    let facts: [(key: String, value: String)]
    private(set) var sections: [Section] = []
    let notebook: Notebook

    /// `report` is one of a replay of the same notebook; its outputs take the place of the recorded ones.
    public init(_ notebook: Notebook, _ context: LanguageContext, report: ReplayReport? = nil) {
        self.notebook = notebook
        title = notebook.title.map(ExportDocument.plain) ?? ExportDocument.baseName(notebook.name)
        facts = notebook.header.fields.filter { $0.key == "profile" || $0.key == "parameter" }.map {
            ($0.key, ExportDocument.plain($0.value))
        }
        let parsed = Parser.parse(notebook.code, context)
        let lines = Highlighter.lines(notebook.code, context)
        let entries = notebook.entries(statements: parsed.program.statements, diagnostics: parsed.diagnostics)
        var runs: [Int: EntryReport] = [:]
        for entry in report?.entries ?? [] where entry.verdict != .notRun { runs[entry.entry.lines.lowerBound] = entry }
        var next = 0
        for (index, cell) in notebook.cells.enumerated() {
            let first = next
            while next < entries.count, entries[next].cell <= index { next += 1 }
            guard cell.isCode else {
                sections.append(Section(cell: cell, prose: notebook.prose(cell).map(ExportDocument.plain)))
                continue
            }
            let parts = ExportDocument.parts(notebook, cell, entries[first..<next], lines, runs)
            if !parts.isEmpty || !cell.title.isEmpty { sections.append(Section(cell: cell, parts: parts)) }
        }
    }

    /// Code and outputs of a cell in turn.
    private static func parts(
        _ notebook: Notebook, _ cell: Cell, _ entries: ArraySlice<Entry>, _ lines: [StyledText],
        _ runs: [Int: EntryReport]
    ) -> [Part] {
        var parts: [Part] = []
        var next = cell.lines.lowerBound
        func takeCode(upTo end: Int) {
            // Output that belongs to nobody is shown where it stands.
            var code: [StyledText] = []
            var stray: [OutputLine] = []
            for line in next..<max(next, end) {
                if let output = notebook.outputKinds[line].flatMap({ _ in OutputLine(line: notebook.line(line)) }) {
                    stray.append(output)
                } else {
                    append(&parts, code: &code, output: &stray, isEnd: false)
                    code.append(lines.indices.contains(line) ? neutral(lines[line]) : StyledText())
                }
            }
            append(&parts, code: &code, output: &stray, isEnd: true)
            next = max(next, end)
        }
        for entry in entries {
            let output = runs[entry.lines.lowerBound].map { OutputPart.parts($0) } ?? OutputPart.parts(entry.recorded)
            // Statements that show nothing stay together with those below them.
            if output.isEmpty, entry.recordedLines.isEmpty { continue }
            takeCode(upTo: entry.lines.upperBound)
            if !output.isEmpty { parts.append(.output(output)) }
            next = entry.recordedLines.upperBound
        }
        takeCode(upTo: cell.lines.upperBound)
        return parts
    }

    private static func append(_ parts: inout [Part], code: inout [StyledText], output: inout [OutputLine], isEnd: Bool)
    {
        if !output.isEmpty || isEnd {
            while let last = code.last, last.plain.allSatisfy(\.isWhitespace) { code.removeLast() }
            while let first = code.first, first.plain.allSatisfy(\.isWhitespace) { code.removeFirst() }
            if !code.isEmpty { parts.append(.code(code)) }
            code = []
        }
        if !output.isEmpty {
            parts.append(.output(OutputPart.parts(OutputBlock(output))))
            output = []
        }
    }

    /// The notebook to be read on a terminal, outputs as they are recorded: nothing runs.
    public var lines: [StyledText] {
        var lines: [StyledText] = [StyledText(title, .heading)]
        for section in sections {
            lines.append(StyledText())
            switch section.cell.kind {
            case .markdown, .raw: lines += section.prose.map { StyledText($0) }
            case .notes: lines += section.prose.map { StyledText("  \($0)", .dim) }
            case .code, .params:
                if !section.cell.title.isEmpty {
                    lines.append(StyledText(ExportDocument.plain(section.cell.title), .heading))
                }
                for part in section.parts {
                    switch part {
                    case .code(let code): lines += code.map { StyledText("  ") + $0 }
                    case .output(let parts): lines += parts.flatMap(\.lines).map { StyledText("    ") + $0 }
                    }
                }
            }
        }
        return lines
    }

    /// Tabs as spaces, anything else that could steer a screen by its stand-in.
    static func plain(_ text: String) -> String { Escaping.neutral(text.replacing("\t", with: "    ")) }

    static func neutral(_ line: StyledText) -> StyledText {
        StyledText(runs: line.runs.map { StyledRun(plain($0.text), $0.style, isVolatile: $0.isVolatile) })
    }

    private static func baseName(_ path: String) -> String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return plain(name.hasSuffix(".icot") ? String(name.dropLast(5)) : name)
    }
}

/// A piece of what a statement showed.
enum OutputPart: Sendable {
    case text([StyledText])
    case table(ExportTable)
    /// A picture made of characters.
    case picture([StyledText])
    /// A picture as a whole SVG document.
    case figure(String)
    case error(code: String, message: String)
    /// A table of the stages of a run.
    case timeline(TimelineFigure)

    var lines: [StyledText] {
        switch self {
        case .text(let lines), .picture(let lines): lines
        case .table(let table): ExportTable.aligned([table.names] + table.rows).map { StyledText($0) }
        case .timeline(let timeline):
            ExportTable.aligned([timeline.columns] + timeline.stages.map(\.cells)).map { StyledText($0) }
        case .figure: [StyledText("a figure", .dim)]
        case .error(let code, let message): [StyledText(code, .error) + StyledText(" \(message)")]
        }
    }

    /// From a record.
    static func parts(_ block: OutputBlock) -> [OutputPart] {
        var parts: [OutputPart] = []
        var lines = block.lines[...]
        while let kind = lines.first?.kind {
            let run = lines.prefix { $0.kind == kind }
            lines = lines.dropFirst(run.count)
            let shown = run.map { ExportDocument.neutral($0.shown) }
            switch kind {
            case .result: parts += results(shown)
            case .picture: parts.append(.picture(shown))
            case .error:
                parts += run.map { line in
                    .error(
                        code: line.code,
                        message: String(
                            ExportDocument.neutral(line.shown).plain.dropFirst(line.code.count).drop { $0 == " " }))
                }
            }
        }
        return parts
    }

    /// From a run: as recorded, but with figures and data where a command gave them.
    static func parts(_ report: EntryReport) -> [OutputPart] {
        var parts: [OutputPart] = []
        for bundle in report.bundles {
            let lines = bundle.lines.map(ExportDocument.neutral)
            let shown = results(lines)
            if let json = bundle.json.flatMap({ try? JSONReader.read(Array($0.utf8), path: "output") }),
                let timeline = TimelineFigure(json)
            {
                // Its text is better to read where all of it is there.
                if case .timeline(let text)? = shown.first, text.stages.count == timeline.stages.count {
                    parts.append(.timeline(text.with(chainOf: timeline)))
                } else {
                    parts.append(.timeline(timeline))
                }
                continue
            }
            parts += shown
            if let svg = bundle.svg {
                parts.append(.figure(svg))
            } else if !bundle.picture.isEmpty {
                parts.append(.picture(bundle.picture.map(ExportDocument.neutral)))
            }
        }
        return parts + OutputPart.parts(OutputBlock(report.output.lines.filter { $0.kind == .error }))
    }

    /// Lines with the tables in them found.
    private static func results(_ lines: [StyledText]) -> [OutputPart] {
        var parts: [OutputPart] = []
        var text: [StyledText] = []
        var index = 0
        while index < lines.count {
            if let (table, end) = ExportTable.find(lines, at: index) {
                if !text.isEmpty { parts.append(.text(text)) }
                text = []
                let below = lines[end...].prefix(6).map(\.plain)
                parts.append(TimelineFigure(table, below: below).map(OutputPart.timeline) ?? .table(table))
                index = end
            } else {
                text.append(lines[index])
                index += 1
            }
        }
        if !text.isEmpty { parts.append(.text(text)) }
        return parts
    }
}

/// A table found in lines of text: a line of names and lines below whose cells stand under them, with two spaces or
/// more between columns in every line. Cells may be empty.
struct ExportTable: Sendable, Equatable {
    var names: [String]
    var rows: [[String]]
    /// For each column, whether its cells are numbers.
    var isNumeric: [Bool]

    static func find(_ lines: [StyledText], at index: Int) -> (ExportTable, end: Int)? {
        let head = Row(lines[index])
        var columns = head.stretches
        guard columns.count >= 2 else { return nil }
        let names = columns.map { head.text($0) }
        // Names are single words; in a list of keys and values they rarely are.
        guard names.allSatisfy({ $0.first?.isLetter == true && !$0.contains(" ") }) else { return nil }
        // Nor does a heading have a line above it that stands in the same columns.
        if index > 0, Row(lines[index - 1]).stretches.map(\.lowerBound) == columns.map(\.lowerBound) { return nil }
        var body: [Row] = []
        var end = index + 1
        while end < lines.count {
            let row = Row(lines[end])
            // `… 35 more rows …` stands across.
            if !row.isAcross {
                guard row.stretches.count >= 2, let wider = row.widening(columns) else { break }
                columns = wider
            } else if body.isEmpty {
                break
            }
            body.append(row)
            end += 1
        }
        guard body.contains(where: { !$0.isAcross }) else { return nil }
        let rows = body.map { row in row.isAcross ? [row.text(0..<row.cells.count)] : columns.map { row.text($0) } }
        let isNumeric = names.indices.map { column in
            rows.allSatisfy { $0.count == 1 || number($0[column]) != nil || $0[column] == "–" || $0[column].isEmpty }
                && rows.contains { $0.count > 1 && number($0[column]) != nil }
        }
        return (ExportTable(names: names, rows: rows, isNumeric: isNumeric), end)
    }

    /// A line as the columns of a screen.
    private struct Row {
        /// The character that begins in each column; nil where a wide one goes on.
        var cells: [Character?] = []

        init(_ line: StyledText) {
            for character in line.plain {
                cells.append(character)
                for _ in 1..<max(1, DisplayWidth.of(character)) { cells.append(nil) }
            }
        }

        var isAcross: Bool { cells.first == "…" }

        /// Where text stands, single spaces included.
        var stretches: [Range<Int>] {
            var found: [Range<Int>] = []
            for (column, cell) in cells.enumerated() where cell != " " {
                if let last = found.last, column - last.upperBound < 2 {
                    found[found.count - 1] = last.lowerBound..<column + 1
                } else {
                    found.append(column..<column + 1)
                }
            }
            return found
        }

        /// The columns of a table with room for this line; nil where the line does not stand under them.
        func widening(_ columns: [Range<Int>]) -> [Range<Int>]? {
            var wider = columns
            for stretch in stretches {
                let touched = columns.indices.filter { columns[$0].overlaps(stretch) }
                guard touched.count == 1, let place = touched.first else { return nil }
                wider[place] =
                    min(wider[place].lowerBound, stretch.lowerBound)..<max(wider[place].upperBound, stretch.upperBound)
            }
            for (left, right) in zip(wider, wider.dropFirst()) where right.lowerBound - left.upperBound < 2 {
                return nil
            }
            return wider
        }

        func text(_ columns: Range<Int>) -> String {
            let text = String(
                cells[min(columns.lowerBound, cells.count)..<min(columns.upperBound, cells.count)].compactMap { $0 })
            return String(text.withoutTrailingBlanks.drop { $0 == " " })
        }
    }

    /// Rows as lines with the cells of a column at one width.
    static func aligned(_ rows: [[String]]) -> [String] {
        var widths: [Int] = []
        for row in rows where row.count > 1 {
            for (column, cell) in row.enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], DisplayWidth.of(cell))
            }
        }
        return rows.map { row in
            row.enumerated().map { column, cell in
                row.count == 1
                    ? cell : String(repeating: " ", count: max(0, widths[column] - DisplayWidth.of(cell))) + cell
            }.joined(separator: "  ")
        }
    }

    /// The number at the start of a cell such as `95.3%` or `4.2 s`; a percentage as its hundredth.
    static func number(_ cell: String) -> Double? {
        let digits = cell.prefix { $0.isASCII && ($0.isNumber || "+-.eE".contains($0)) }
        let text = digits.hasSuffix("e") || digits.hasSuffix("E") ? digits.dropLast() : digits
        guard let value = Double(text.hasPrefix("+") ? text.dropFirst() : text) else { return nil }
        return cell.dropFirst(digits.count).first == "%" ? value / 100 : value
    }
}
