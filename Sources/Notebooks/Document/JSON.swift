// JSON out, for reports and exports, and in, for what commands attach to what they show.

indirect enum JSON: Equatable {
    case null
    case boolean(Bool)
    case integer(Int)
    case real(Double)
    case string(String)
    case array([JSON])
    /// In order.
    case members([(key: String, value: JSON)])

    static func object(_ members: [(String, JSON)]) -> JSON { .members(members.map { ($0.0, $0.1) }) }

    static func == (left: JSON, right: JSON) -> Bool { left.text == right.text }

    subscript(key: String) -> JSON? {
        guard case .members(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    var array: [JSON]? { if case .array(let items) = self { items } else { nil } }
    var string: String? { if case .string(let text) = self { text } else { nil } }

    var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .real(let value): value
        case .null, .boolean, .string, .array, .members: nil
        }
    }

    // MARK: - Out

    /// On one line.
    var text: String {
        var text = ""
        write(to: &text, indent: nil)
        return text
    }

    /// On many lines, one blank a level, as notebooks of Jupyter are written.
    var indented: String {
        var text = ""
        write(to: &text, indent: 0)
        return text
    }

    private func write(to text: inout String, indent: Int?) {
        switch self {
        case .null: text += "null"
        case .boolean(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .real(let value): text += value.isFinite ? "\(value)" : "null"
        case .string(let value): JSON.quote(value, &text)
        case .array(let items):
            JSON.list(&text, "[", "]", indent, items.count) { items[$1].write(to: &$0, indent: $2) }
        case .members(let members):
            JSON.list(&text, "{", "}", indent, members.count) { text, index, inner in
                JSON.quote(members[index].key, &text)
                text += inner == nil ? ":" : ": "
                members[index].value.write(to: &text, indent: inner)
            }
        }
    }

    private static func list(
        _ text: inout String, _ open: String, _ close: String, _ indent: Int?, _ count: Int,
        _ item: (inout String, Int, Int?) -> Void
    ) {
        text += open
        let inner = indent.map { $0 + 1 }
        for index in 0..<count {
            if index > 0 { text += "," }
            if let inner { text += "\n" + String(repeating: " ", count: inner) }
            item(&text, index, inner)
        }
        if let indent, count > 0 { text += "\n" + String(repeating: " ", count: indent) }
        text += close
    }

    private static func quote(_ value: String, _ text: inout String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            default:
                if scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
                    || (0x2028...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
                {
                    let digits = String(scalar.value, radix: 16)
                    text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                } else {
                    text.unicodeScalars.append(scalar)
                }
            }
        }
        text += "\""
    }

    // MARK: - In

    /// nil for anything that is not JSON, or is nested more than 64 deep.
    init?(_ text: String) {
        var reader = Reader(bytes: Array(text.utf8))
        guard let value = reader.value(depth: 0) else { return nil }
        reader.skipBlanks()
        guard reader.index == reader.bytes.count else { return nil }
        self = value
    }

    private struct Reader {
        let bytes: [UInt8]
        var index = 0

        mutating func skipBlanks() {
            while index < bytes.count, bytes[index] == 0x20 || (0x09...0x0D).contains(bytes[index]) { index += 1 }
        }

        private mutating func take(_ byte: Character) -> Bool {
            skipBlanks()
            guard index < bytes.count, bytes[index] == byte.asciiValue else { return false }
            index += 1
            return true
        }

        private mutating func take(word: String) -> Bool {
            guard bytes[index...].starts(with: word.utf8) else { return false }
            index += word.utf8.count
            return true
        }

        mutating func value(depth: Int) -> JSON? {
            skipBlanks()
            guard depth < 64, index < bytes.count else { return nil }
            switch bytes[index] {
            case UInt8(ascii: "{"): return members(depth)
            case UInt8(ascii: "["): return items(depth)
            case UInt8(ascii: "\""): return string().map(JSON.string)
            case UInt8(ascii: "t"): return take(word: "true") ? .boolean(true) : nil
            case UInt8(ascii: "f"): return take(word: "false") ? .boolean(false) : nil
            case UInt8(ascii: "n"): return take(word: "null") ? .null : nil
            default: return number()
            }
        }

        private mutating func items(_ depth: Int) -> JSON? {
            index += 1
            var items: [JSON] = []
            if take("]") { return .array(items) }
            repeat {
                guard let item = value(depth: depth + 1) else { return nil }
                items.append(item)
            } while take(",")
            return take("]") ? .array(items) : nil
        }

        private mutating func members(_ depth: Int) -> JSON? {
            index += 1
            var members: [(key: String, value: JSON)] = []
            if take("}") { return .members(members) }
            repeat {
                skipBlanks()
                guard index < bytes.count, bytes[index] == UInt8(ascii: "\""), let key = string(), take(":"),
                    let value = value(depth: depth + 1)
                else { return nil }
                members.append((key, value))
            } while take(",")
            return take("}") ? .members(members) : nil
        }

        private mutating func number() -> JSON? {
            let start = index
            while index < bytes.count, bytes[index].isDigit || "+-.eE".utf8.contains(bytes[index]) { index += 1 }
            let text = String(decoding: bytes[start..<index], as: UTF8.self)
            if let value = Int(text) { return .integer(value) }
            return Double(text).map(JSON.real)
        }

        private mutating func string() -> String? {
            index += 1
            var text: [UInt8] = []
            while index < bytes.count {
                let byte = bytes[index]
                index += 1
                if byte == UInt8(ascii: "\"") { return String(decoding: text, as: UTF8.self) }
                guard byte == UInt8(ascii: "\\") else {
                    text.append(byte)
                    continue
                }
                guard index < bytes.count else { return nil }
                let escape = bytes[index]
                index += 1
                switch escape {
                case UInt8(ascii: "n"): text.append(0x0A)
                case UInt8(ascii: "r"): text.append(0x0D)
                case UInt8(ascii: "t"): text.append(0x09)
                case UInt8(ascii: "b"): text.append(0x08)
                case UInt8(ascii: "f"): text.append(0x0C)
                case UInt8(ascii: "u"):
                    guard let scalar = escapedScalar() else { return nil }
                    text += String(Character(scalar)).utf8
                default: text.append(escape)
                }
            }
            return nil
        }

        private mutating func escapedScalar() -> Unicode.Scalar? {
            guard let first = hexadecimal() else { return nil }
            if (0xD800...0xDBFF).contains(first), take(word: "\\u"), let second = hexadecimal(),
                (0xDC00...0xDFFF).contains(second)
            {
                return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
            }
            return Unicode.Scalar(first) ?? "\u{FFFD}"
        }

        private mutating func hexadecimal() -> UInt32? {
            guard index + 4 <= bytes.count else { return nil }
            let digits = bytes[index..<index + 4]
            guard digits.allSatisfy(\.isHexDigit) else { return nil }
            index += 4
            return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        }
    }
}
