// Turns `Codable` values into JSON trees and back, without Foundation: how settings, clocks and records get into a
// run's files. Numbers that JSON cannot write are texts ("inf", "-inf", "nan"); 64-bit numbers are written in full.

extension JSONValue {
    /// The JSON tree of a value.
    public init(encoding value: some Encodable) throws {
        let encoder = TreeEncoder(codingPath: [])
        try value.encode(to: encoder)
        self = encoder.box.value
    }

    /// The value that this tree describes.
    /// - Throws: `DecodingError` naming the place at fault.
    public func decode<T: Decodable>(_ type: T.Type = T.self) throws -> T {
        try T(from: TreeDecoder(value: self, codingPath: []))
    }
}

extension DecodingError {
    /// Where in a document and what is wrong, in one line.
    public var summary: String {
        func place(_ path: [any CodingKey], _ more: String? = nil) -> String {
            (path.map(\.stringValue) + (more.map { [$0] } ?? [])).joined(separator: ".")
        }
        switch self {
        case .keyNotFound(let key, let context): return "\(place(context.codingPath, key.stringValue)) is missing"
        case .valueNotFound(_, let context), .typeMismatch(_, let context), .dataCorrupted(let context):
            return "\(place(context.codingPath)): \(context.debugDescription)"
        @unknown default: return "it cannot be read"
        }
    }
}

// MARK: Encoding

/// A tree under construction.
private final class Box {
    private var scalar: JSONValue = .null
    private var members: [(name: String, box: Box)]?
    private var elements: [Box]?

    var value: JSONValue {
        if let members { return .object(JSONObject(members.map { JSONObject.Member($0.name, $0.box.value) })) }
        if let elements { return .array(elements.map(\.value)) }
        return scalar
    }
    var elementCount: Int { elements?.count ?? 0 }

    func set(_ value: JSONValue) { scalar = value }
    func becomeObject() { members = members ?? [] }
    func becomeArray() { elements = elements ?? [] }
    func member(_ name: String) -> Box {
        let box = Box()
        members = (members ?? []) + [(name, box)]
        return box
    }
    func element() -> Box {
        let box = Box()
        elements = (elements ?? []) + [box]
        return box
    }
}

private struct TreeEncoder: Encoder, SingleValueEncodingContainer {
    let box: Box
    var codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    init(box: Box = Box(), codingPath: [any CodingKey]) {
        self.box = box
        self.codingPath = codingPath
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        box.becomeObject()
        return KeyedEncodingContainer(Members<Key>(box: box, codingPath: codingPath))
    }
    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        box.becomeArray()
        return Elements(box: box, codingPath: codingPath)
    }
    func singleValueContainer() -> any SingleValueEncodingContainer { self }

    func encodeNil() { box.set(.null) }
    func encode<T: Encodable>(_ value: T) throws { try put(value, box, codingPath) }

    struct Members<Key: CodingKey>: KeyedEncodingContainerProtocol {
        let box: Box
        var codingPath: [any CodingKey]
        func encodeNil(forKey key: Key) { box.member(key.stringValue).set(.null) }
        func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
            try put(value, box.member(key.stringValue), codingPath + [key])
        }
        func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type, forKey key: Key
        ) -> KeyedEncodingContainer<Nested> {
            TreeEncoder(box: box.member(key.stringValue), codingPath: codingPath + [key]).container(keyedBy: type)
        }
        func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
            TreeEncoder(box: box.member(key.stringValue), codingPath: codingPath + [key]).unkeyedContainer()
        }
        func superEncoder() -> any Encoder { TreeEncoder(box: box.member("super"), codingPath: codingPath) }
        func superEncoder(forKey key: Key) -> any Encoder {
            TreeEncoder(box: box.member(key.stringValue), codingPath: codingPath)
        }
    }

    struct Elements: UnkeyedEncodingContainer {
        let box: Box
        var codingPath: [any CodingKey]
        var count: Int { box.elementCount }
        func encodeNil() { box.element().set(.null) }
        func encode<T: Encodable>(_ value: T) throws { try put(value, box.element(), codingPath) }
        func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
            TreeEncoder(box: box.element(), codingPath: codingPath).container(keyedBy: type)
        }
        func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
            TreeEncoder(box: box.element(), codingPath: codingPath).unkeyedContainer()
        }
        func superEncoder() -> any Encoder { TreeEncoder(box: box.element(), codingPath: codingPath) }
    }
}

private func put(_ value: some Encodable, _ box: Box, _ path: [any CodingKey]) throws {
    switch value {
    case let value as Bool: box.set(.bool(value))
    case let value as String: box.set(.string(value))
    case let value as Double:
        box.set(value.isFinite ? JSONValue(value) : .string(value.isNaN ? "nan" : value < 0 ? "-inf" : "inf"))
    case let value as Float: try put(Double(value.description) ?? Double(value), box, path)
    case let value as any BinaryInteger:
        box.set(Int(exactly: value).map { JSONValue($0) } ?? .string(String(describing: value)))
    default: try value.encode(to: TreeEncoder(box: box, codingPath: path))
    }
}

// MARK: Decoding

private struct TreeDecoder: Decoder, SingleValueDecodingContainer {
    let value: JSONValue
    var codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard let object = value.object else { throw mismatch(type, "an object") }
        return KeyedDecodingContainer(Members<Key>(object: object, codingPath: codingPath))
    }
    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard let array = value.array else { throw mismatch([Int].self, "an array") }
        return Elements(array: array, codingPath: codingPath)
    }
    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    func decodeNil() -> Bool { value == .null }
    func decode(_ type: Bool.Type) throws -> Bool { try require(value.bool, type) }
    func decode(_ type: String.Type) throws -> String { try require(value.string, type) }
    func decode(_ type: Double.Type) throws -> Double {
        switch value.string {
        case "inf": .infinity
        case "-inf": -.infinity
        case "nan": .nan
        default: try require(value.double, type)
        }
    }
    func decode(_ type: Float.Type) throws -> Float { Float(try decode(Double.self)) }
    func decode(_ type: Int.Type) throws -> Int { try require(value.integer, type) }
    func decode(_ type: UInt64.Type) throws -> UInt64 {
        try require(value.integer.flatMap { UInt64(exactly: $0) } ?? value.string.flatMap { UInt64($0) }, type)
    }
    func decode(_ type: Int8.Type) throws -> Int8 { try whole(type) }
    func decode(_ type: Int16.Type) throws -> Int16 { try whole(type) }
    func decode(_ type: Int32.Type) throws -> Int32 { try whole(type) }
    func decode(_ type: Int64.Type) throws -> Int64 { try whole(type) }
    func decode(_ type: UInt.Type) throws -> UInt { try whole(type) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try whole(type) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try whole(type) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try whole(type) }
    func decode<T: Decodable>(_ type: T.Type) throws -> T {
        try T(from: self)
    }

    private func whole<T: FixedWidthInteger>(_ type: T.Type) throws -> T {
        try require(value.integer.flatMap { T(exactly: $0) }, type)
    }
    private func require<T>(_ result: T?, _ type: T.Type) throws -> T {
        guard let result else { throw mismatch(type, "\(type)") }
        return result
    }
    private func mismatch(_ type: Any.Type, _ wanted: String) -> DecodingError {
        .typeMismatch(
            type, .init(codingPath: codingPath, debugDescription: "\(value.kindName) where \(wanted) was expected"))
    }

    struct Members<Key: CodingKey>: KeyedDecodingContainerProtocol {
        let object: JSONObject
        var codingPath: [any CodingKey]
        var allKeys: [Key] { object.members.compactMap { Key(stringValue: $0.name) } }
        func contains(_ key: Key) -> Bool { object[key.stringValue] != nil }
        private func child(_ key: Key) throws -> TreeDecoder {
            guard let value = object[key.stringValue] else {
                throw DecodingError.keyNotFound(key, .init(codingPath: codingPath, debugDescription: ""))
            }
            return TreeDecoder(value: value, codingPath: codingPath + [key])
        }
        func decodeNil(forKey key: Key) throws -> Bool { try child(key).decodeNil() }
        func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try child(key).decode(type) }
        func decode(_ type: String.Type, forKey key: Key) throws -> String { try child(key).decode(type) }
        func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try child(key).decode(type) }
        func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try child(key).decode(type) }
        func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try child(key).decode(type) }
        func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try child(key).decode(type) }
        func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try child(key).decode(type) }
        func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type, forKey key: Key
        ) throws -> KeyedDecodingContainer<Nested> {
            try child(key).container(keyedBy: type)
        }
        func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
            try child(key).unkeyedContainer()
        }
        func superDecoder() -> any Decoder { TreeDecoder(value: object["super"] ?? .null, codingPath: codingPath) }
        func superDecoder(forKey key: Key) throws -> any Decoder { try child(key) }
    }

    struct Elements: UnkeyedDecodingContainer {
        let array: [JSONValue]
        var codingPath: [any CodingKey]
        var currentIndex = 0
        var count: Int? { array.count }
        var isAtEnd: Bool { currentIndex >= array.count }
        private mutating func child() throws -> TreeDecoder {
            guard !isAtEnd else {
                throw DecodingError.valueNotFound(
                    JSONValue.self, .init(codingPath: codingPath, debugDescription: "the array is too short"))
            }
            defer { currentIndex += 1 }
            return TreeDecoder(value: array[currentIndex], codingPath: codingPath)
        }
        mutating func decodeNil() -> Bool {
            guard !isAtEnd, array[currentIndex] == .null else { return false }
            currentIndex += 1
            return true
        }
        mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try child().decode(type) }
        mutating func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type
        ) throws -> KeyedDecodingContainer<Nested> {
            try child().container(keyedBy: type)
        }
        mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try child().unkeyedContainer() }
        mutating func superDecoder() throws -> any Decoder { try child() }
    }
}
