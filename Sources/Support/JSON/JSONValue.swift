/// A JSON document held as a tree, for documents of a person's size; big ones are read through `JSONReader` directly.
public enum JSONValue: Equatable, Sendable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}

/// A number as it is written, so that reading and writing it back changes nothing.
public struct JSONNumber: Equatable, Sendable {
    public let literal: String

    init(literal: String) { self.literal = literal }
    public init(_ value: Int) { literal = String(value) }
    /// A finite number with the fewest digits that read back as the same one; a whole one without a point.
    public init(shortest value: Double) {
        let text = value.description
        literal = text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
    /// Throws nothing: a value that JSON cannot write (NaN, an infinity) becomes `null` in `JSONValue.init(_: Double)`.
    init(finite value: Double) { literal = value.description }

    /// The value if it is written as an integer and fits 64 bits.
    public var integer: Int? { Int(literal) }
    /// The nearest double, an infinity where the literal is beyond its range.
    public var double: Double { Double(literal) ?? .nan }
}

/// Names and values in the order of the file. Names are compared byte by byte, never by canonical equivalence.
public struct JSONObject: Equatable, Sendable {
    public struct Member: Equatable, Sendable {
        public var name: String
        public var value: JSONValue
        public init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    public var members: [Member]

    public init(_ members: [Member] = []) { self.members = members }

    /// The value of a member; setting appends a new name, replaces a known one in place, and removes it for nil.
    public subscript(_ name: String) -> JSONValue? {
        get { members.first { hasSameBytes($0.name, name) }?.value }
        set {
            let index = members.firstIndex { hasSameBytes($0.name, name) }
            switch (index, newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append(Member(name, value))
            case (nil, nil): break
            }
        }
    }
}

/// Whether two texts are the same bytes; Swift's `==` would also call "é" in one scalar and in two the same.
public func hasSameBytes(_ a: String, _ b: String) -> Bool {
    var a = a, b = b
    return a.withUTF8 { x in
        b.withUTF8 { y in x.count == y.count && x.elementsEqual(y) }
    }
}

/// A text as a dictionary key by its bytes.
public struct ExactString: Hashable, Sendable {
    public let text: String
    public init(_ text: String) { self.text = text }

    public static func == (a: ExactString, b: ExactString) -> Bool { hasSameBytes(a.text, b.text) }
    public func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

extension JSONValue {
    public init(_ value: Int) { self = .number(JSONNumber(value)) }
    /// NaN and the infinities have no JSON form and become `null`.
    public init(_ value: Double) { self = value.isFinite ? .number(JSONNumber(finite: value)) : .null }

    /// The value of a member; nil also where this is no object.
    public subscript(_ name: String) -> JSONValue? { object?[name] }

    public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }
    public var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    public var integer: Int? { if case .number(let value) = self { value.integer } else { nil } }
    public var double: Double? { if case .number(let value) = self { value.double } else { nil } }

    /// What kind of value it is, in JSON's words, for messages.
    public var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

extension JSONValue: ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByFloatLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int) { self.init(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(floatLiteral value: Double) { self.init(value) }
    public init(nilLiteral: ()) { self = .null }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(JSONObject(elements.map { JSONObject.Member($0.0, $0.1) }))
    }
}
