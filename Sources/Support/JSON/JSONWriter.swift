/// Writes JSON the way Python's `json.dumps` does, which is how the files of the Hugging Face world are written.
public struct JSONWriter {
    public enum Layout: Sendable {
        /// No blanks at all: `{"a":[1,2]}`.
        case compact
        /// One member or element a line, indented by two blanks a level.
        case indented
    }

    /// Everything beyond ASCII written as `\uXXXX`.
    private let escapesNonASCII: Bool
    private let layout: Layout
    public private(set) var bytes: [UInt8] = []

    public init(_ layout: Layout, escapesNonASCII: Bool = false) {
        self.layout = layout
        self.escapesNonASCII = escapesNonASCII
    }

    public static func text(_ value: JSONValue, _ layout: Layout = .indented) -> String {
        var writer = JSONWriter(layout)
        writer.write(value)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    public mutating func write(_ value: JSONValue) { write(value, level: 0) }

    private mutating func write(_ value: JSONValue, level: Int) {
        switch value {
        case .null: put("null")
        case .bool(let flag): put(flag ? "true" : "false")
        case .number(let number): put(number.literal)
        case .string(let text): write(text)
        case .array(let elements):
            writeList("[", "]", elements.count, level) { $0.write(elements[$1], level: level + 1) }
        case .object(let object):
            writeList("{", "}", object.members.count, level) { writer, index in
                writer.write(object.members[index].name)
                writer.put(writer.layout == .compact ? ":" : ": ")
                writer.write(object.members[index].value, level: level + 1)
            }
        }
    }

    private mutating func writeList(
        _ open: String, _ close: String, _ count: Int, _ level: Int, _ element: (inout JSONWriter, Int) -> Void
    ) {
        put(open)
        for index in 0..<count {
            if index > 0 { put(",") }
            startLine(level + 1)
            element(&self, index)
        }
        if count > 0 { startLine(level) }
        put(close)
    }

    private mutating func startLine(_ level: Int) {
        guard layout == .indented else { return }
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * level))
    }

    /// Writes a string with its quotes.
    public mutating func write(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": put("\\\"")
            case "\\": put("\\\\")
            case "\n": put("\\n")
            case "\r": put("\\r")
            case "\t": put("\\t")
            case "\u{8}": put("\\b")
            case "\u{C}": put("\\f")
            case _ where scalar.value < 0x20 || (escapesNonASCII && scalar.value > 0x7E):
                for unit in UTF16.encode(scalar).map({ Array($0) }) ?? [] { putEscape(unit) }
            default: bytes.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func putEscape(_ unit: UInt16) {
        put("\\u")
        let digits = String(unit, radix: 16)
        put(String(repeating: "0", count: 4 - digits.utf8.count) + digits)
    }

    private mutating func put(_ text: String) { bytes.append(contentsOf: text.utf8) }
}
