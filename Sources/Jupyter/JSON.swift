// JSON (RFC 8259) as the messages of the protocol hold it. Reading is strict: anything that is not JSON to the letter is
// an error, and nesting is limited, so that no message can harm the kernel. A number without fraction or exponent that
// fits is an integer.

enum JSON: Equatable, Sendable {
    case null
    case boolean(Bool)
    case integer(Int)
    case real(Double)
    case text(String)
    case list([JSON])
    /// In the order in which it is written; where a key comes twice the last one counts.
    case object([(key: String, value: JSON)])
    /// Text that is already JSON.
    case verbatim(String)

    static func == (left: JSON, right: JSON) -> Bool { left.encoded == right.encoded }

    subscript(key: String) -> JSON {
        guard case .object(let members) = self else { return .null }
        return members.last { $0.key == key }?.value ?? .null
    }

    var asText: String? { if case .text(let text) = self { text } else { nil } }
    var asInteger: Int? { if case .integer(let value) = self { value } else { nil } }
    var asBoolean: Bool? { if case .boolean(let value) = self { value } else { nil } }
    var asMembers: [(key: String, value: JSON)] { if case .object(let members) = self { members } else { [] } }

    // MARK: Writing

    var encoded: String {
        var out = ""
        write(to: &out)
        return out
    }

    private func write(to out: inout String) {
        switch self {
        case .null: out += "null"
        case .boolean(let value): out += value ? "true" : "false"
        case .integer(let value): out += "\(value)"
        case .real(let value): out += value.isFinite ? "\(value)" : "null"
        case .text(let text): JSON.write(text, to: &out)
        case .verbatim(let text): out += text
        case .list(let items):
            out += "["
            for (index, item) in items.enumerated() {
                if index > 0 { out += "," }
                item.write(to: &out)
            }
            out += "]"
        case .object(let members):
            out += "{"
            for (index, member) in members.enumerated() {
                if index > 0 { out += "," }
                JSON.write(member.key, to: &out)
                out += ":"
                member.value.write(to: &out)
            }
            out += "}"
        }
    }

    private static func write(_ text: String, to out: inout String) {
        out += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case _ where scalar.value < 0x20:
                out += "\\u00" + (scalar.value < 0x10 ? "0" : "") + String(scalar.value, radix: 16)
            default: out.unicodeScalars.append(scalar)
            }
        }
        out += "\""
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByStringInterpolation, ExpressibleByBooleanLiteral,
    ExpressibleByIntegerLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    init(stringLiteral value: String) { self = .text(value) }
    init(booleanLiteral value: Bool) { self = .boolean(value) }
    init(integerLiteral value: Int) { self = .integer(value) }
    init(arrayLiteral elements: JSON...) { self = .list(elements) }
    init(dictionaryLiteral elements: (String, JSON)...) { self = .object(elements.map { (key: $0.0, value: $0.1) }) }
}

/// Why a text is not JSON, and where.
struct JSONError: Error, Equatable {
    var message: String
    /// In bytes from 0.
    var offset: Int
}

extension JSON {
    /// Reads a whole text; throws `JSONError`.
    init(parsing bytes: some Collection<UInt8>) throws {
        var reader = JSONReader(bytes: Array(bytes))
        self = try reader.document()
    }
}

private struct JSONReader {
    let bytes: [UInt8]
    var index = 0
    static let nestingMax = 200

    mutating func document() throws -> JSON {
        let value = try self.value(nesting: 0)
        skipBlanks()
        guard index == bytes.count else { throw error("something follows the value") }
        return value
    }

    private func error(_ message: String) -> JSONError { JSONError(message: message, offset: index) }

    private mutating func skipBlanks() {
        while index < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[index]) { index += 1 }
    }

    private mutating func take(_ byte: Character) -> Bool {
        guard index < bytes.count, bytes[index] == byte.asciiValue else { return false }
        index += 1
        return true
    }

    private mutating func value(nesting: Int) throws -> JSON {
        guard nesting < Self.nestingMax else { throw error("nested too deep") }
        skipBlanks()
        guard index < bytes.count else { throw error("a value is missing") }
        switch bytes[index] {
        case UInt8(ascii: "{"): return try object(nesting)
        case UInt8(ascii: "["): return try list(nesting)
        case UInt8(ascii: "\""): return .text(try text())
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func word(_ word: String, _ value: JSON) throws -> JSON {
        guard bytes[index...].starts(with: word.utf8) else { throw error("not a value") }
        index += word.utf8.count
        return value
    }

    private mutating func object(_ nesting: Int) throws -> JSON {
        index += 1
        var members: [(key: String, value: JSON)] = []
        skipBlanks()
        if take("}") { return .object([]) }
        while true {
            skipBlanks()
            guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { throw error("a key is missing") }
            let key = try text()
            skipBlanks()
            guard take(":") else { throw error("a colon is missing") }
            members.append((key, try value(nesting: nesting + 1)))
            skipBlanks()
            if take("}") { return .object(members) }
            guard take(",") else { throw error("a comma or } is missing") }
        }
    }

    private mutating func list(_ nesting: Int) throws -> JSON {
        index += 1
        var items: [JSON] = []
        skipBlanks()
        if take("]") { return .list([]) }
        while true {
            items.append(try value(nesting: nesting + 1))
            skipBlanks()
            if take("]") { return .list(items) }
            guard take(",") else { throw error("a comma or ] is missing") }
        }
    }

    private mutating func number() throws -> JSON {
        let start = index
        func isDigit(_ index: Int) -> Bool { index < bytes.count && bytes[index] >= 0x30 && bytes[index] <= 0x39 }
        _ = take("-")
        guard isDigit(index) else { throw error("not a value") }
        if !take("0") { while isDigit(index) { index += 1 } }
        var isWhole = true
        if take(".") {
            isWhole = false
            guard isDigit(index) else { throw error("a digit is missing") }
            while isDigit(index) { index += 1 }
        }
        if take("e") || take("E") {
            isWhole = false
            if !take("+") { _ = take("-") }
            guard isDigit(index) else { throw error("a digit is missing") }
            while isDigit(index) { index += 1 }
        }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        if isWhole, let value = Int(text) { return .integer(value) }
        return .real(Double(text) ?? 0)
    }

    private mutating func text() throws -> String {
        index += 1
        var out: [UInt8] = []
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "\""):
                index += 1
                guard let text = String(validating: out, as: UTF8.self) else { throw error("not UTF-8") }
                return text
            case UInt8(ascii: "\\"):
                index += 1
                out += String(try escape()).utf8
            case 0..<0x20: throw error("a control character in a text")
            default:
                out.append(byte)
                index += 1
            }
        }
        throw error("a text without its end")
    }

    private mutating func escape() throws -> Unicode.Scalar {
        guard index < bytes.count else { throw error("a text without its end") }
        let byte = bytes[index]
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default: throw error("an escape that JSON does not know")
        }
        let first = try hexadecimal()
        guard (0xd800..<0xdc00).contains(first), bytes[index...].starts(with: "\\u".utf8) else {
            // Half a pair stands for no character.
            return Unicode.Scalar(first) ?? "\u{fffd}"
        }
        index += 2
        let second = try hexadecimal()
        guard (0xdc00..<0xe000).contains(second) else { return "\u{fffd}" }
        return Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00)) ?? "\u{fffd}"
    }

    private mutating func hexadecimal() throws -> UInt32 {
        guard index + 4 <= bytes.count,
            let value = UInt32(String(decoding: bytes[index..<(index + 4)], as: UTF8.self), radix: 16),
            bytes[index] != UInt8(ascii: "+"), bytes[index] != UInt8(ascii: "-")
        else { throw error("four hexadecimal digits are missing") }
        index += 4
        return value
    }
}
