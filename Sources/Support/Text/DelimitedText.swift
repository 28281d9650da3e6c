/// Tables as text, RFC 4180: one row a line, fields with commas (or tabs) between them; a field in quotes may hold
/// commas and line ends, and a quote written twice. Lines end with LF, CR LF or CR; empty lines are skipped; a byte
/// order mark before the first field is dropped.
public struct DelimitedText {
    /// A row with the line, from 1, on which it begins.
    public struct Row: Sendable, Equatable {
        public var line: Int
        public var fields: [String]
    }

    private let bytes: UnsafeBufferPointer<UInt8>
    private let delimiter: UInt8
    private var index = 0
    private var line = 1

    /// A row as a line, without its end: fields with delimiters, quotes or line ends stand in quotes, and so does one
    /// that would leave the line empty.
    public static func line(_ fields: [String], _ delimiter: Unicode.Scalar = ",") -> String {
        fields == [""]
            ? "\"\""
            : fields.map { field in
                field.unicodeScalars.contains { $0 == delimiter || "\"\n\r".unicodeScalars.contains($0) }
                    ? "\"" + field.replacing("\"", with: "\"\"") + "\"" : field
            }.joined(separator: String(delimiter))
    }

    /// How many bytes have been read.
    public var place: Int { index }

    /// Reads bytes that outlive it.
    public init(_ bytes: UnsafeRawBufferPointer, delimiter: Unicode.Scalar = ",") {
        self.bytes = bytes.bindMemory(to: UInt8.self)
        self.delimiter = UInt8(ascii: delimiter)
        if self.bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
    }

    /// What is wrong with the text, at a line.
    public struct Fault: Error, Equatable, Sendable {
        public var line: Int
        public var rule: String
    }

    /// The next row; nil at the end.
    public mutating func next() throws(Fault) -> Row? {
        skipEmptyLines()
        guard index < bytes.count else { return nil }
        var row = Row(line: line, fields: [])
        while true {
            row.fields.append(try field())
            if index < bytes.count, bytes[index] == delimiter {
                index += 1
                continue
            }
            endLine()
            return row
        }
    }

    private mutating func skipEmptyLines() {
        while index < bytes.count, isLineEnd { endLine() }
    }

    private var isLineEnd: Bool { bytes[index] == 0x0A || bytes[index] == 0x0D }

    private mutating func endLine() {
        guard index < bytes.count else { return }
        if bytes[index] == 0x0D, index + 1 < bytes.count, bytes[index + 1] == 0x0A { index += 1 }
        index += 1
        line += 1
    }

    private mutating func field() throws(Fault) -> String {
        guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { return try plainField() }
        let start = line
        index += 1
        var text: [UInt8] = []
        while true {
            guard index < bytes.count else {
                throw Fault(line: start, rule: "a field in quotes is not closed before the end of the file")
            }
            let byte = bytes[index]
            index += 1
            if byte == UInt8(ascii: "\"") {
                guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { break }
                index += 1
            } else if byte == 0x0A || byte == 0x0D && !(index < bytes.count && bytes[index] == 0x0A) {
                line += 1
            }
            text.append(byte)
        }
        guard index == bytes.count || bytes[index] == delimiter || isLineEnd else {
            throw Fault(line: line, rule: "text after the closing quote of a field")
        }
        return try string(text)
    }

    private mutating func plainField() throws(Fault) -> String {
        let start = index
        while index < bytes.count, bytes[index] != delimiter, !isLineEnd { index += 1 }
        return try string(Array(bytes[start..<index]))
    }

    private func string(_ bytes: [UInt8]) throws(Fault) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw Fault(line: line, rule: "not UTF-8") }
        return text
    }
}
