// From lines to header, cells and lines of output. Nothing is refused: what fits no rule is code, and the language says
// what is wrong with it.

import Language

struct NotebookReader {
    let source: SourceText
    let lineCount: Int
    var header = Header()
    var cells: [Cell] = []
    var findings: [Notebook.Finding] = []
    var outputKinds: [Int: OutputLine.Kind] = [:]

    init(_ source: SourceText) {
        self.source = source
        lineCount = source.count == 0 ? 0 : source.lineStarts.count - (source.lineStarts.last == source.count ? 1 : 0)
    }

    mutating func read() {
        readHeader()
        readCells(from: header.lines.upperBound)
        for cell in cells { cell.isCode ? readOutputs(of: cell) : checkProse(cell) }
    }

    private func bytes(_ line: Int) -> ArraySlice<UInt8> {
        let span = source.span(ofLine: line)
        let bytes = source.bytes[span.start..<span.end]
        // What Windows editors put before the first line.
        return line == 0 && bytes.starts(with: Notebook.byteOrderMark) ? bytes.dropFirst(3) : bytes
    }

    private mutating func note(_ line: Int, _ message: String) {
        findings.append(.init(line: line + 1, message: message))
    }

    // MARK: - Header

    private mutating func readHeader() {
        var line = 0
        while line < lineCount {
            let text = bytes(line)
            if line == 0, text.starts(with: "#!".utf8) {
            } else if line < 2, header.version == nil, let version = NotebookReader.version(text) {
                header.version = version
                header.versionLine = line
                if version != Notebook.languageVersion {
                    note(
                        line,
                        "this icot reads version \(Notebook.languageVersion) of notebooks, not \(version); open it "
                            + "with a newer icot"
                    )
                }
            } else if let (key, value) = NotebookReader.field(text) {
                header.fields.append(.init(key: key, value: value, line: line))
                if key == "pin", Pin(value) == nil { note(line, "a pin is written '# pin: path sha256:hex'") }
            } else {
                break
            }
            line += 1
        }
        header.lines = 0..<line
        if header.version == nil, lineCount > 0 { note(0, "the line '# icot 1' is missing; read as version 1") }
    }

    /// The number in `# icot 1`.
    private static func version(_ text: ArraySlice<UInt8>) -> Int? {
        guard text.starts(with: "# icot ".utf8) else { return nil }
        let rest = text.dropFirst(7).drop(while: \.isBlank)
        let digits = rest.prefix(while: \.isDigit)
        guard !digits.isEmpty, rest.dropFirst(digits.count).allSatisfy(\.isBlank) else { return nil }
        return Int(String(decoding: digits, as: UTF8.self)) ?? Int.max
    }

    private static func field(_ text: ArraySlice<UInt8>) -> (key: String, value: String)? {
        guard text.starts(with: "# ".utf8) else { return nil }
        let rest = text.dropFirst(2)
        guard let colon = rest.firstIndex(of: UInt8(ascii: ":")), colon > rest.startIndex,
            rest[rest.startIndex].isLowerCaseLetter
        else { return nil }
        let key = rest[..<colon]
        guard
            key.allSatisfy({ $0.isLowerCaseLetter || $0.isDigit || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") })
        else { return nil }
        let value = rest[(colon + 1)...]
        guard value.isEmpty || value.first?.isBlank == true else { return nil }
        return (
            String(decoding: key, as: UTF8.self),
            String(decoding: value.drop(while: \.isBlank), as: UTF8.self).withoutTrailingBlanks
        )
    }

    // MARK: - Cells

    private mutating func readCells(from first: Int) {
        var cell = Cell(kind: .code, title: "", attributes: [], marker: nil, lines: first..<first)
        for line in first..<max(first, lineCount) {
            guard let next = marker(line) else { continue }
            cell.lines = cell.lines.lowerBound..<line
            if cell.marker != nil || !cell.lines.isEmpty { cells.append(cell) }
            cell = next
        }
        cell.lines = cell.lines.lowerBound..<max(lineCount, cell.lines.lowerBound)
        if cell.marker != nil || !cell.lines.isEmpty { cells.append(cell) }
    }

    private func marker(_ line: Int) -> Cell? {
        let text = bytes(line)
        guard text.starts(with: "# %%".utf8) else { return nil }
        let rest = text.dropFirst(4)
        guard rest.isEmpty || rest.first?.isBlank == true else { return nil }
        var title = String(decoding: rest, as: UTF8.self).withoutTrailingBlanks
        var attributes: [Cell.Attribute] = []
        while let attribute = NotebookReader.takeAttribute(&title) { attributes.insert(attribute, at: 0) }
        var kind: Cell.Kind?
        for (tag, meaning) in NotebookReader.tags where kind == nil {
            if title.hasSuffix(tag), title.count == tag.count || title.dropLast(tag.count).last?.isWhitespace == true {
                title = String(title.dropLast(tag.count))
                kind = meaning
            } else if title.drop(while: \.isWhitespace).hasPrefix(tag + " ") {
                title = String(title.drop(while: \.isWhitespace).dropFirst(tag.count))
                kind = meaning
            }
        }
        title = String(title.withoutTrailingBlanks.drop(while: \.isWhitespace))
        if kind == nil, title == "params" { kind = .params }
        return Cell(kind: kind ?? .code, title: title, attributes: attributes, marker: line, lines: line + 1..<line + 1)
    }

    private static let tags: [(String, Cell.Kind)] = [
        ("[md]", .markdown), ("[markdown]", .markdown), ("[notes]", .notes), ("[raw]", .raw), ("[params]", .params),
    ]

    /// Takes `key="value"` from the end of a marker.
    private static func takeAttribute(_ text: inout String) -> Cell.Attribute? {
        let bytes = Array(text.utf8)
        let quote = UInt8(ascii: "\"")
        guard bytes.count >= 4, bytes.last == quote, let opening = bytes.dropLast().lastIndex(of: quote), opening >= 2,
            bytes[opening - 1] == UInt8(ascii: "=")
        else { return nil }
        var start = opening - 1
        while start > 0,
            bytes[start - 1].isLowerCaseLetter || bytes[start - 1].isDigit || bytes[start - 1] == UInt8(ascii: "_")
                || bytes[start - 1] == UInt8(ascii: "-")
        { start -= 1 }
        guard start < opening - 1, start == 0 || bytes[start - 1].isBlank else { return nil }
        let key = String(decoding: bytes[start..<opening - 1], as: UTF8.self)
        let value = String(decoding: bytes[(opening + 1)..<(bytes.count - 1)], as: UTF8.self)
        text = String(decoding: bytes[..<start], as: UTF8.self).withoutTrailingBlanks
        return Cell.Attribute(key: key, value: value)
    }

    // MARK: - Lines

    private mutating func readOutputs(of cell: Cell) {
        for line in cell.lines {
            let text = bytes(line)
            guard let kind = OutputLine.Kind(startOf: text) else { continue }
            outputKinds[line] = kind
            if kind != .error, OutputText.hasOpenVolatile(text.dropFirst(2)) {
                note(line, "'{~' without its '}' is taken as plain text")
            }
        }
    }

    private mutating func checkProse(_ cell: Cell) {
        for line in cell.lines {
            let text = bytes(line)
            if text.starts(with: "<<<<<<< ".utf8) || text.starts(with: ">>>>>>> ".utf8) {
                note(line, "an unresolved merge: both versions of these lines are here")
                return
            }
            if let first = text.first(where: { !$0.isBlank }), first != UInt8(ascii: "#") {
                note(line, "a line of prose without its '# ' is shown as prose and never run")
                return
            }
        }
    }
}

extension Notebook {
    /// The version of the language and the format that is written and read.
    public static let languageVersion = 1
}
