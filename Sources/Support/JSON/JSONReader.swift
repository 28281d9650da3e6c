/// A strict JSON reader (RFC 8259) that walks the bytes once and builds only what its caller asks for.
///
/// Stricter than the standard where the standard leaves room: the text is UTF-8 without a byte order mark, an object
/// names each member once (compared after escapes are resolved), a lone surrogate is refused because UTF-8 cannot hold
/// it (or, where the caller says so, becomes U+FFFD), and nesting stops at 64. `NaN` and `Infinity`, which Python
/// writes, are refused by name, unless the caller reads what Python wrote.
///
/// Errors give the file, the byte and the rule.
public struct JSONReader {
    public static let depthLimit = 64

    /// What becomes of half a surrogate pair in an escape.
    public enum HalfPairs: Sendable { case refused, replaced }

    /// Whether `NaN`, `Infinity` and `-Infinity`, which Python writes into what it calls JSON, are numbers.
    public enum NonFinite: Sendable { case refused, read }

    let bytes: UnsafeBufferPointer<UInt8>
    private var halfPairs = HalfPairs.refused
    private let nonFinite: NonFinite
    /// Keeps `bytes` mapped.
    private let file: MappedFile?
    let path: String
    /// Where `bytes` starts in the file, for messages.
    let base: Int
    /// Where the reader stands in its own bytes.
    public private(set) var position = 0
    private var depth = 0
    /// The member being read, for messages.
    private var memberName: JSONText?

    /// Reads all of a file, or a part of it.
    public init(_ file: MappedFile, _ range: Range<Int>? = nil, nonFinite: NonFinite = .refused) {
        let range = range ?? 0..<file.bytes.count
        self.nonFinite = nonFinite
        bytes = UnsafeRawBufferPointer(rebasing: file.bytes[range]).bindMemory(to: UInt8.self)
        path = file.path
        base = range.lowerBound
        self.file = file
    }

    /// Reads bytes that outlive the reader; `path` is what messages call them.
    public init(_ bytes: UnsafeRawBufferPointer, path: String) {
        self.bytes = bytes.bindMemory(to: UInt8.self)
        self.path = path
        base = 0
        file = nil
        nonFinite = .refused
    }

    /// Reads a whole file of at most `limit` bytes as a tree.
    public static func readFile(
        _ path: String, limit: Int = 1 << 20, nonFinite: NonFinite = .refused
    ) throws -> JSONValue {
        let file = try readTextFile(path, limit: limit)
        var reader = JSONReader(file, nonFinite: nonFinite)
        let value = try reader.readValue()
        try reader.finish()
        return value
    }

    /// Reads a whole document; `path` is what messages call it.
    public static func read(
        _ bytes: [UInt8], path: String, halfPairs: HalfPairs = .refused
    ) throws(FileError) -> JSONValue {
        let result = bytes.withUnsafeBytes { bytes in
            Result {
                var reader = JSONReader(bytes, path: path)
                reader.halfPairs = halfPairs
                let value = try reader.readValue()
                try reader.finish()
                return value
            }
        }
        switch result {
        case .success(let value): return value
        case .failure(let error as FileError): throw error
        case .failure(let error): throw FileError(.malformed, path, "\(error)")
        }
    }

    /// Where the reader stands in the file.
    public var place: Int { base + position }

    // MARK: What comes next

    public enum Kind: Sendable { case object, array, string, number, bool, null }

    /// The kind of the next value, without moving.
    public mutating func nextKind() throws -> Kind {
        skipSpaces()
        guard position < bytes.count else { throw error("the text ends where a value was expected") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
            if startsWith("-Infinity"), nonFinite == .refused {
                throw error("-Infinity is not a JSON number\(memberNote)")
            }
            return .number
        default:
            for name in ["NaN", "Infinity"] where startsWith(name) {
                if nonFinite == .read { return .number }
                throw error("\(name) is not a JSON number\(memberNote)")
            }
            throw error("a value was expected, not \(shown(bytes[position]))")
        }
    }

    /// Ends the reading: only spaces may be left.
    public mutating func finish() throws {
        skipSpaces()
        guard position == bytes.count else {
            throw error("text after the end of the document: \(shown(bytes[position]))")
        }
    }

    // MARK: Containers

    /// Reads an object; `body` must read exactly one value per member.
    public mutating func readObject(_ body: (inout JSONReader, JSONText) throws -> Void) throws {
        try open(UInt8(ascii: "{"), "an object")
        var seen = JSONNameSet()
        skipSpaces()
        if take(UInt8(ascii: "}")) { return leave() }
        while true {
            skipSpaces()
            let start = position
            let name = try readText()
            guard seen.insert(name, in: self) else {
                throw error("\"\(string(name))\" is named twice in one object", at: start)
            }
            skipSpaces()
            guard take(UInt8(ascii: ":")) else {
                throw error("a colon was expected after the name \"\(string(name))\"")
            }
            memberName = name
            try body(&self, name)
            skipSpaces()
            if take(UInt8(ascii: "}")) { return leave() }
            guard take(UInt8(ascii: ",")) else { throw error("a comma or } was expected in an object") }
        }
    }

    /// Reads an array; `body` must read exactly one value per element.
    public mutating func readArray(_ body: (inout JSONReader) throws -> Void) throws {
        try open(UInt8(ascii: "["), "an array")
        skipSpaces()
        if take(UInt8(ascii: "]")) { return leave() }
        while true {
            try body(&self)
            skipSpaces()
            if take(UInt8(ascii: "]")) { return leave() }
            guard take(UInt8(ascii: ",")) else { throw error("a comma or ] was expected in an array") }
        }
    }

    // MARK: Scalars

    public mutating func readString() throws -> String { string(try readText()) }

    public mutating func readBool() throws -> Bool {
        guard try nextKind() == .bool else { throw error("true or false was expected\(memberNote)") }
        if takeWord("true") { return true }
        if takeWord("false") { return false }
        throw error("a value was expected")
    }

    public mutating func readNull() throws {
        guard try nextKind() == .null, takeWord("null") else { throw error("null was expected\(memberNote)") }
    }

    /// A non-negative integer; the fast way for the long lists of shapes and offsets.
    public mutating func readCount() throws -> Int {
        skipSpaces()
        let start = position
        var value = 0
        while position < bytes.count, case let digit = bytes[position] &- UInt8(ascii: "0"), digit < 10 {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int(digit))
            guard !overflow, !carry else { throw error("a number beyond 63 bits\(memberNote)", at: start) }
            value = sum
            position += 1
        }
        let hasLeadingZero = position - start > 1 && bytes[start] == UInt8(ascii: "0")
        let goesOn =
            position < bytes.count
            && [UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E")].contains(bytes[position])
        guard position > start, !hasLeadingZero, !goesOn else {
            throw error("a count (digits only) was expected\(memberNote)", at: start)
        }
        return value
    }

    public mutating func readNumber() throws -> JSONNumber {
        guard try nextKind() == .number else { throw error("a number was expected\(memberNote)") }
        let start = position
        if nonFinite == .read {
            for name in ["NaN", "Infinity", "-Infinity"] where takeWord(name) { return JSONNumber(literal: name) }
        }
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try takeDigits() }
        if take(UInt8(ascii: ".")) { try takeDigits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try takeDigits()
        }
        return JSONNumber(literal: String(decoding: bytes[start..<position], as: UTF8.self))
    }

    /// Reads the next value as a tree.
    public mutating func readValue() throws -> JSONValue {
        switch try nextKind() {
        case .null:
            try readNull()
            return .null
        case .bool: return .bool(try readBool())
        case .number: return .number(try readNumber())
        case .string: return .string(try readString())
        case .array:
            var elements: [JSONValue] = []
            try readArray { elements.append(try $0.readValue()) }
            return .array(elements)
        case .object:
            var members: [JSONObject.Member] = []
            try readObject { reader, name in members.append(.init(reader.string(name), try reader.readValue())) }
            return .object(JSONObject(members))
        }
    }

    /// Passes over the next value, checking it as strictly as reading would.
    public mutating func skipValue() throws {
        switch try nextKind() {
        case .null: try readNull()
        case .bool: _ = try readBool()
        case .number: _ = try readNumber()
        case .string: _ = try readText()
        case .array: try readArray { try $0.skipValue() }
        case .object: try readObject { reader, _ in try reader.skipValue() }
        }
    }

    // MARK: Texts

    /// Reads a string without copying it; what it says is asked of `string(_:)` or `appendBytes(of:to:)`.
    public mutating func readText() throws -> JSONText {
        skipSpaces()
        guard take(UInt8(ascii: "\"")) else { throw error("a string was expected\(memberNote)") }
        let start = position
        var hasEscapes = false
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                defer { position += 1 }
                return JSONText(start: start, end: position, hasEscapes: hasEscapes)
            } else if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                _ = try takeEscape()
            } else if byte < 0x20 {
                throw error("a control character inside a string; it must be written as an escape")
            } else if byte < 0x80 {
                position += 1
            } else if let scalar = UTF8Scan.multibyteScalar(bytes, at: position, first: byte) {
                position += scalar.length
            } else {
                throw error("a string that is not UTF-8")
            }
        }
        throw error("the text ends inside a string", at: start - 1)
    }

    public func string(_ text: JSONText) -> String {
        guard text.hasEscapes else { return String(decoding: bytes[text.start..<text.end], as: UTF8.self) }
        var decoded: [UInt8] = []
        appendBytes(of: text, to: &decoded)
        return String(decoding: decoded, as: UTF8.self)
    }

    /// Appends the string's UTF-8 bytes, escapes resolved.
    public func appendBytes(of text: JSONText, to target: inout [UInt8]) {
        guard text.hasEscapes else { return target.append(contentsOf: bytes[text.start..<text.end]) }
        var copy = self  // `takeEscape` moves; the text was checked when it was read
        copy.position = text.start
        while copy.position < text.end {
            let byte = bytes[copy.position]
            if byte == UInt8(ascii: "\\"), let scalar = try? copy.takeEscape() {
                target.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
            } else {
                target.append(byte)
                copy.position += 1
            }
        }
    }

    public func isText(_ text: JSONText, _ expected: StaticString) -> Bool {
        guard !text.hasEscapes else { return hasSameBytes(string(text), expected.description) }
        return text.end - text.start == expected.utf8CodeUnitCount
            && bytes[text.start..<text.end].elementsEqual(
                UnsafeBufferPointer(start: expected.utf8Start, count: expected.utf8CodeUnitCount))
    }

    /// Reads one escape, from its backslash on.
    private mutating func takeEscape() throws -> Unicode.Scalar {
        let start = position
        position += 1
        guard position < bytes.count else { throw error("the text ends inside an escape", at: start) }
        let letter = bytes[position]
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(letter)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default: throw error("\\ before \(shown(letter)) is not an escape", at: start)
        }
        var value = try takeFourHexDigits()
        if value & 0xFC00 == 0xD800, startsWith("\\u") {
            position += 2
            let low = try takeFourHexDigits()
            if low & 0xFC00 == 0xDC00 {
                value = 0x10000 + (value & 0x3FF) << 10 + low & 0x3FF
            } else {
                position -= 6  // an escape of its own
            }
        }
        if let scalar = Unicode.Scalar(value) { return scalar }
        guard halfPairs == .replaced else { throw error("half a surrogate pair", at: start) }
        return "\u{FFFD}"
    }

    private mutating func takeFourHexDigits() throws -> UInt32 {
        guard bytes.count - position >= 4 else { throw error("the text ends inside an escape") }
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = hexValue(bytes[position]) else { throw error("\\u needs four hexadecimal digits") }
            value = value << 4 | digit
            position += 1
        }
        return value
    }

    // MARK: Bytes

    private mutating func skipSpaces() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func takeDigits() throws {
        let start = position
        while position < bytes.count, bytes[position] &- UInt8(ascii: "0") < 10 { position += 1 }
        guard position > start else { throw error("a digit was expected\(memberNote)") }
    }

    private func startsWith(_ word: String) -> Bool {
        bytes[position...].starts(with: word.utf8)
    }

    private mutating func takeWord(_ word: String) -> Bool {
        guard startsWith(word) else { return false }
        position += word.utf8.count
        return true
    }

    private mutating func open(_ bracket: UInt8, _ what: String) throws {
        skipSpaces()
        guard take(bracket) else { throw error("\(what) was expected\(memberNote)") }
        depth += 1
        guard depth <= JSONReader.depthLimit else { throw error("nested deeper than \(JSONReader.depthLimit)") }
    }

    private mutating func leave() { depth -= 1 }

    // MARK: Errors

    /// An error at the reader's place, or at `index` of its bytes.
    public func error(_ rule: String, at index: Int? = nil) -> FileError {
        FileError(.malformed, path, at: base + (index ?? position), rule)
    }

    private var memberNote: String { memberName.map { " for \"\(string($0).prefix(80))\"" } ?? "" }

    private func shown(_ byte: UInt8) -> String {
        byte > 0x20 && byte < 0x7F ? "'\(Unicode.Scalar(byte))'" : "byte \(byte)"
    }
}

/// Where a string stands in the bytes of its reader, between its quotes.
public struct JSONText: Sendable {
    let start: Int
    let end: Int
    let hasEscapes: Bool
}

private func hexValue(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
}
