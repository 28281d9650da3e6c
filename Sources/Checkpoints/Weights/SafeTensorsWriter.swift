import Support

/// One array to be written: its name, shape and numbers, borrowed for the time of the writing.
public struct StoredArray {
    public var name: String
    public var shape: [Int]
    public var elementType: ElementType
    /// The numbers as they go into the file, little-endian and row-major.
    public var bytes: UnsafeRawBufferPointer

    public init(_ name: String, shape: [Int], _ elementType: ElementType, _ bytes: UnsafeRawBufferPointer) {
        self.name = name
        self.shape = shape
        self.elementType = elementType
        self.bytes = bytes
    }

    public init(_ name: String, shape: [Int], _ values: UnsafeBufferPointer<Float>) {
        self.init(name, shape: shape, .float32, UnsafeRawBufferPointer(values))
    }
}

/// Writes safetensors files (the format is stated in `SafeTensorsReader`), whole or not at all.
///
/// The bytes are those the safetensors library writes for the same tensors: metadata first, then the tensors by falling
/// element size and rising name, a compact header padded with spaces to a multiple of 8. So a file read and written
/// again is the same file.
public enum SafeTensorsWriter {
    /// Writes `arrays` to `path` by way of a temporary file. A name must be used once, and each shape must fit its
    /// bytes. Throws `FileError` if the file could not be written; whatever was there before is then still there.
    public static func write(
        _ arrays: [StoredArray], metadata: [(name: String, value: String)] = [], to path: String
    ) throws {
        let order = arrays.indices.sorted { precedes(arrays[$0], arrays[$1]) }.map { arrays[$0] }
        try check(order, path)
        let header = header(of: order, metadata)
        let size = order.reduce(8 + header.count) { $0 + $1.bytes.count }
        try writeFileAtomically(path, byteCount: size) { sink in
            try withUnsafeBytes(of: UInt64(header.count).littleEndian) { try sink.write($0) }
            try header.withUnsafeBytes { try sink.write($0) }
            for array in order { try sink.write(array.bytes) }
        }
    }

    private static func precedes(_ a: StoredArray, _ b: StoredArray) -> Bool {
        let x = rank(a.elementType), y = rank(b.elementType)
        return x != y ? x > y : a.name.utf8.lexicographicallyPrecedes(b.name.utf8)
    }

    /// The library's order of element types, smallest first.
    private static func rank(_ type: ElementType) -> Int {
        let order: [ElementType] = [
            .bool, .uint8, .int8, .float8e5m2, .float8e4m3, .int16, .uint16, .float16, .bfloat16,
            .int32, .uint32, .float32, .complex64, .float64, .int64, .uint64,
        ]
        return order.firstIndex(of: type) ?? 0
    }

    private static func check(_ order: [StoredArray], _ path: String) throws {
        var seen: Set<ExactString> = []
        for array in order {
            guard seen.insert(ExactString(array.name)).inserted, array.name != "__metadata__" else {
                throw FileError(.notWritten, path, "two arrays are named \"\(array.name)\"")
            }
            guard let count = elementCount(array.shape), count * array.elementType.byteCount == array.bytes.count else {
                throw FileError(
                    .notWritten, path,
                    "\"\(array.name)\" of shape \(shapeText(array.shape)) does not fit \(array.bytes.count) bytes")
            }
        }
    }

    private static func header(of arrays: [StoredArray], _ metadata: [(name: String, value: String)]) -> [UInt8] {
        var members: [JSONObject.Member] = []
        if !metadata.isEmpty {
            let entries = metadata.map { JSONObject.Member($0.name, .string($0.value)) }
            members.append(.init("__metadata__", .object(JSONObject(entries))))
        }
        var offset = 0
        for array in arrays {
            let end = offset + array.bytes.count
            members.append(
                .init(
                    array.name,
                    [
                        "dtype": .string(array.elementType.rawValue),
                        "shape": .array(array.shape.map { JSONValue($0) }),
                        "data_offsets": .array([JSONValue(offset), JSONValue(end)]),
                    ]))
            offset = end
        }
        let bytes = JSONWriter.bytes(.object(JSONObject(members)))
        let padding = (8 - bytes.count % 8) % 8
        return bytes + repeatElement(UInt8(ascii: " "), count: padding)
    }
}
