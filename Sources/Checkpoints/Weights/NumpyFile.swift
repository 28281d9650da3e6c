import Support

/// Writes one array as a `.npy` file of format version 1.0 (numpy.lib.format):
///
///     6 bytes   93 "NUMPY"
///     2 bytes   version, 1 and 0
///     2 bytes   the header's length, unsigned little-endian
///     header    a Python dictionary as text, {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }, filled up
///               with spaces and ended by a newline so that the data starts at a multiple of 64
///     data      row-major, little-endian
public enum NumpyFile {
    /// Writes `array` to `path`, whole or not at all; its name is not kept. Throws `FileError`.
    public static func write(_ array: StoredArray, to path: String) throws {
        guard let description = descriptions[array.elementType] else {
            throw FileError(.notWritten, path, "numpy has no \(array.elementType.rawValue)")
        }
        guard let count = elementCount(array.shape), count * array.elementType.byteCount == array.bytes.count else {
            throw FileError(
                .notWritten, path, "shape \(shapeText(array.shape)) does not fit \(array.bytes.count) bytes")
        }
        let header = header(description, array.shape)
        try writeFileAtomically(path, byteCount: header.count + array.bytes.count) { sink in
            try header.withUnsafeBytes { try sink.write($0) }
            try sink.write(array.bytes)
        }
    }

    private static let descriptions: [ElementType: String] = [
        .float64: "<f8", .float32: "<f4", .float16: "<f2", .int64: "<i8", .int32: "<i4", .int16: "<i2", .int8: "|i1",
        .uint64: "<u8", .uint32: "<u4", .uint16: "<u2", .uint8: "|u1", .bool: "|b1", .complex64: "<c8",
    ]

    private static func header(_ description: String, _ shape: [Int]) -> [UInt8] {
        let lengths = shape.count == 1 ? "\(shape[0])," : shape.map(String.init).joined(separator: ", ")
        let dictionary = "{'descr': '\(description)', 'fortran_order': False, 'shape': (\(lengths)), }"
        let prefixCount = 10
        let padding = 63 - (prefixCount + dictionary.utf8.count) % 64
        let length = dictionary.utf8.count + padding + 1
        var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)]
        bytes += Array(dictionary.utf8) + Array(repeating: UInt8(ascii: " "), count: padding) + [UInt8(ascii: "\n")]
        return bytes
    }
}
