/// Writes JSON the way Python's `json.dumps` does, which is how the files of the Hugging Face world are written.
public struct JSONWriter {
    public enum Layout: Sendable, Equatable {
        /// No spaces at all: `{"a":[1,2]}`.
        case compact
        /// On one line: `{"a": [1, 2]}`.
        case spaced
        /// One member or element a line, indented by some spaces a level.
        case indented(by: Int = 2)
    }

    private let layout: Layout
    private var out = ""

    private init(_ layout: Layout) { self.layout = layout }

    public static func text(_ value: JSONValue, _ layout: Layout = .indented()) -> String {
        var writer = JSONWriter(layout)
        writer.write(value, level: 0)
        return writer.out
    }

    public static func bytes(_ value: JSONValue, _ layout: Layout = .compact) -> [UInt8] {
        Array(text(value, layout).utf8)
    }

    private mutating func write(_ value: JSONValue, level: Int) {
        switch value {
        case .null: out += "null"
        case .bool(let flag): out += flag ? "true" : "false"
        case .number(let number): out += number.literal
        case .string(let text): out += Escaping.json(text)
        case .array(let elements):
            writeList("[", "]", elements.count, level) { $0.write(elements[$1], level: level + 1) }
        case .object(let object):
            writeList("{", "}", object.members.count, level) { writer, index in
                writer.out += Escaping.json(object.members[index].name)
                writer.out += writer.layout == .compact ? ":" : ": "
                writer.write(object.members[index].value, level: level + 1)
            }
        }
    }

    private mutating func writeList(
        _ open: String, _ close: String, _ count: Int, _ level: Int, _ element: (inout JSONWriter, Int) -> Void
    ) {
        out += open
        for index in 0..<count {
            if index > 0 { out += layout == .spaced ? ", " : "," }
            startLine(level + 1)
            element(&self, index)
        }
        if count > 0 { startLine(level) }
        out += close
    }

    private mutating func startLine(_ level: Int) {
        guard case .indented(let width) = layout else { return }
        out += "\n" + String(repeating: " ", count: width * level)
    }
}
