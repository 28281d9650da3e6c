import Support

/// Rows with named fields, as data sets are published: JSON, JSON lines, CSV and TSV.
///
///     .json           an array of objects, or an object one of whose members is that array, or objects a line each
///     .jsonl .ndjson  an object a line; empty lines are skipped
///     .csv .tsv       `DelimitedText` whose first row names the columns
///
/// Python's `NaN` and `Infinity` are read.
public struct RecordFile {
    /// A row, and the line on which it begins, from 1.
    public struct Row: Sendable {
        public var line: Int
        public var fields: JSONObject
    }

    public let path: String

    public init(_ path: String) { self.path = path }

    /// Whether a file's name is one of these.
    public static func isNamed(_ path: String) -> Bool { form(path) != nil }

    enum Form: Equatable { case json, lines, delimited(Unicode.Scalar) }

    /// How the rows of a file with this name are written; throws `FileError` where its ending does not say.
    static func form(of path: String) throws -> Form {
        guard let form = form(path) else {
            throw FileError(
                .unsupported, path,
                "does not end in .json, .jsonl, .csv or .tsv, so nothing says how its rows are written")
        }
        return form
    }

    private static func form(_ path: String) -> Form? {
        switch path.split(separator: ".").last.map({ $0.lowercased() }) {
        case "json": .json
        case "jsonl", "ndjson": .lines
        case "csv": .delimited(",")
        case "tsv", "tab": .delimited("\t")
        default: nil
        }
    }

    /// What a line of such a file is, as half a sentence; nil where it is named otherwise.
    public static func lineForm(of path: String) -> String? {
        switch form(path) {
        case .json, .lines:
            "an object, such as {\"question\": \"2 + 3\", \"steps\": [\"2 + 3 = 5\"], \"answer\": \"5\"}"
        case .delimited: "a row with a field for each column that the first one names"
        case nil: nil
        }
    }

    private static let rowsBetweenSteps = 1 << 10

    /// Every row in order, until `body` returns false.
    /// - Throws: `ProblemLineError` for a line that breaks the format, `FileError`, `Interrupted`, and what `body`
    ///   throws.
    public func forEachRow(observer: WorkObserver = WorkObserver(), _ body: (Row) throws -> Bool) throws {
        let file = try MappedFile(path)
        try MistakenFile.refuse(file)
        var rowCount = 0
        func take(_ row: Row, _ place: Int) throws -> Bool {
            rowCount += 1
            if rowCount % Self.rowsBetweenSteps == 0 { try observer.step(place, of: file.bytes.count) }
            return try body(row)
        }
        switch try Self.form(of: path) {
        case .json:
            if Self.isLines(file.bytes) { try readLines(file, take) } else { try readDocument(file, take) }
        case .lines: try readLines(file, take)
        case .delimited(let delimiter): try readDelimited(file, delimiter, take)
        }
    }

    // MARK: JSON

    /// Whether the first line is an object by itself and another follows.
    private static func isLines(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let start = bytes.firstIndex(where: { !isSpace($0) }), bytes[start] == UInt8(ascii: "{"),
            let end = bytes[start...].firstIndex(of: 0x0A),
            let next = bytes[end...].firstIndex(where: { !isSpace($0) }), bytes[next] == UInt8(ascii: "{")
        else { return false }
        return bytes[..<end].last { !isSpace($0) } == UInt8(ascii: "}")
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    private func readLines(_ file: MappedFile, _ body: (Row, _ place: Int) throws -> Bool) throws {
        let bytes = file.bytes
        var start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        var line = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
            line += 1
            defer { start = end + 1 }
            if bytes[start..<end].allSatisfy(Self.isSpace) { continue }
            var reader = JSONReader(file, start..<end, nonFinite: .read)
            let value: JSONValue
            do {
                value = try reader.readValue()
                try reader.finish()
            } catch let error as FileError {
                let before = bytes[start..<min(max(error.offset ?? start, start), end)]
                throw ProblemLineError(path: path, line: line, column: .column(after: before), rule: error.rule)
            }
            guard let object = value.object else {
                throw ProblemLineError(
                    path: path, line: line, column: 1, rule: "\(value.kindName), where an object was expected")
            }
            guard try body(Row(line: line, fields: object), end) else { return }
        }
    }

    private func readDocument(_ file: MappedFile, _ body: (Row, _ place: Int) throws -> Bool) throws {
        let start = file.bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        var reader = JSONReader(file, start..<file.bytes.count, nonFinite: .read)
        var isOver = false
        var hasRows = false
        // Lines are counted from row to row.
        var (counted, line) = (0, 1)
        func row(_ reader: inout JSONReader) throws {
            _ = try reader.nextKind()
            for index in counted..<reader.place where file.bytes[index] == 0x0A { line += 1 }
            counted = reader.place
            if isOver { return try reader.skipValue() }
            let value = try reader.readValue()
            guard let object = value.object else {
                throw ProblemLineError(
                    path: path, line: line, column: 1, rule: "\(value.kindName), where an object was expected")
            }
            isOver = try !body(Row(line: line, fields: object), reader.place)
        }
        switch try reader.nextKind() {
        case .array: try reader.readArray { try row(&$0) }
        case .object:
            try reader.readObject { reader, _ in
                if try reader.nextKind() == .array, !hasRows {
                    hasRows = true
                    try reader.readArray { try row(&$0) }
                } else {
                    try reader.skipValue()
                }
            }
            guard hasRows else {
                throw FileError(.malformed, path, "holds one object, where a list of objects was expected")
            }
        case .string, .number, .bool, .null:
            throw FileError(.malformed, path, "holds no list of objects")
        }
        try reader.finish()
    }

    // MARK: CSV

    private func readDelimited(
        _ file: MappedFile, _ delimiter: Unicode.Scalar, _ body: (Row, _ place: Int) throws -> Bool
    ) throws {
        var reader = DelimitedText(file.bytes, delimiter: delimiter)
        do {
            guard let names = try reader.next() else {
                throw FileError(.malformed, path, "has no row that names its columns")
            }
            for (index, name) in names.fields.enumerated() {
                guard !name.isEmpty, !names.fields[..<index].contains(name) else {
                    throw ProblemLineError(
                        path: path, line: names.line, column: 1,
                        rule: name.isEmpty
                            ? "column \(index + 1) has no name; the first row names the columns"
                            : "two columns are called \"\(name)\"")
                }
            }
            while let row = try reader.next() {
                guard row.fields.count == names.fields.count else {
                    throw ProblemLineError(
                        path: path, line: row.line, column: 1,
                        rule: "\(Phrase.count(row.fields.count, "field")), where the first row names "
                            + Phrase.count(names.fields.count, "column"))
                }
                let fields = zip(names.fields, row.fields).map { JSONObject.Member($0, .string($1)) }
                guard try body(Row(line: row.line, fields: JSONObject(fields)), reader.place) else { return }
            }
        } catch let fault as DelimitedText.Fault {
            throw ProblemLineError(path: path, line: fault.line, column: 1, rule: fault.rule)
        }
    }
}
