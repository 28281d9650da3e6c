import Support

// Reading what `NumpyFile` says the format is; also versions 2 and 3, whose header has its length in 4 bytes, and
// arrays in Fortran's order (the first index runs fastest).

extension NumpyFile {
    /// An array as it lies in a file.
    public struct Contents: Sendable {
        public var shape: [Int]
        /// Row-major.
        public var values: [Double]
        /// Whether the file holds integers, all of which are exact here below 2^53.
        public var areIntegers: Bool
    }

    /// Reads a file of real numbers; throws `FileError`, also for complex numbers, texts and objects.
    public static func read(_ path: String) throws -> Contents {
        let file = try MappedFile(path)
        try MistakenFile.refuse(file, isText: false)
        let bytes = file.bytes
        func malformed(_ rule: String) -> FileError { FileError(.malformed, path, rule) }
        guard bytes.count >= 10, bytes.starts(with: [0x93] + Array("NUMPY".utf8)) else {
            throw malformed("is no .npy file: it does not begin with \\x93NUMPY")
        }
        let isWide = bytes[6] >= 2
        let prefix = isWide ? 12 : 10
        guard (1...3).contains(bytes[6]), bytes.count >= prefix else {
            throw FileError(.unsupported, path, "version \(bytes[6]) of the format; 1 to 3 are read")
        }
        let length =
            isWide
            ? Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self)))
            : Int(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt16.self)))
        guard length <= bytes.count - prefix else { throw malformed("its header claims more bytes than the file has") }
        let header = String(decoding: bytes[prefix..<prefix + length], as: UTF8.self)
        guard let description = value("descr", in: header), let order = value("fortran_order", in: header),
            let shapeText = value("shape", in: header), let shape = self.shape(shapeText),
            let count = elementCount(shape)
        else { throw malformed("its header is no dictionary of descr, fortran_order and shape") }
        let name = description.trimmingQuotes
        guard let type = type(name), ["True", "False"].contains(order) else {
            throw FileError(
                .unsupported, path, "numbers of the kind \(name.prefix(20)); real little-endian ones are read")
        }
        let size = count.multipliedReportingOverflow(by: type.byteCount)
        guard !size.overflow, bytes.count - prefix - length == size.partialValue else {
            throw malformed(
                "holds \(bytes.count - prefix - length) bytes of data where its shape \(shapeText) "
                    + "needs \(size.partialValue)"
            )
        }
        var strides: [Int]?
        if order == "True" {
            strides = shape.indices.map { shape[..<$0].reduce(1, *) }
        }
        let tensor = CheckpointTensor(
            name: "array", shape: shape, elementType: type, count: count, strides: strides, file: file,
            byteOffset: prefix + length)
        return Contents(shape: shape, values: try tensor.doubles(), areIntegers: isInteger(type))
    }

    private static func type(_ name: String) -> ElementType? {
        let types: [String: ElementType] = [
            "f8": .float64, "f4": .float32, "f2": .float16, "i8": .int64, "i4": .int32, "i2": .int16, "i1": .int8,
            "u8": .uint64, "u4": .uint32, "u2": .uint16, "u1": .uint8, "b1": .bool,
        ]
        guard let mark = name.first, mark == "<" || mark == "|" || mark == "=" else { return nil }
        return types[String(name.dropFirst())]
    }

    private static func isInteger(_ type: ElementType) -> Bool {
        switch type {
        case .int64, .int32, .int16, .int8, .uint64, .uint32, .uint16, .uint8, .bool: true
        case .float64, .float32, .float16, .bfloat16, .float8e4m3, .float8e5m2, .complex64: false
        }
    }

    /// What stands after `'name':` in a Python dictionary, up to the comma or brace that ends it.
    private static func value(_ name: String, in header: String) -> String? {
        let all = Array(header.utf8)
        for quote in ["'", "\""] {
            let key = Array("\(quote)\(name)\(quote):".utf8)
            guard all.count >= key.count else { continue }
            guard let start = (0...all.count - key.count).first(where: { all[$0...].starts(with: key) }) else {
                continue
            }
            var depth = 0
            var end = start + key.count
            while end < all.count {
                switch all[end] {
                case UInt8(ascii: "("), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: ")"), UInt8(ascii: "]"): depth -= 1
                case UInt8(ascii: ","), UInt8(ascii: "}"):
                    if depth == 0 {
                        return String(decoding: all[(start + key.count)..<end].filter { $0 != 0x20 }, as: UTF8.self)
                    }
                default: break
                }
                end += 1
            }
        }
        return nil
    }

    /// `(2,3)`, `(5,)`, `()`.
    private static func shape(_ text: String) -> [Int]? {
        guard text.hasPrefix("("), text.hasSuffix(")") else { return nil }
        let parts = text.dropFirst().dropLast().split(separator: ",")
        let lengths = parts.compactMap { Int($0) }
        return lengths.count == parts.count && lengths.count <= SafeTensorsReader.axisLimit
            && lengths.allSatisfy { $0 >= 0 } ? lengths : nil
    }
}

extension String {
    fileprivate var trimmingQuotes: String { filter { $0 != "'" && $0 != "\"" } }
}
