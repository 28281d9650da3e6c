/// How one number of a stored array is written. Little-endian throughout.
public enum ElementType: String, Sendable, CaseIterable {
    case float64 = "F64"
    case float32 = "F32"
    case float16 = "F16"
    /// The upper half of a float32.
    case bfloat16 = "BF16"
    case int64 = "I64"
    case int32 = "I32"
    case int16 = "I16"
    case int8 = "I8"
    case uint64 = "U64"
    case uint32 = "U32"
    case uint16 = "U16"
    case uint8 = "U8"
    case bool = "BOOL"
    // Known by size, so that a file holding them can be listed; their numbers are not read.
    case float8e4m3 = "F8_E4M3"
    case float8e5m2 = "F8_E5M2"
    case complex64 = "C64"

    public var byteCount: Int {
        switch self {
        case .float64, .int64, .uint64, .complex64: 8
        case .float32, .int32, .uint32: 4
        case .float16, .bfloat16, .int16, .uint16: 2
        case .int8, .uint8, .bool, .float8e4m3, .float8e5m2: 1
        }
    }
}

/// The float32 that a float16's bits stand for, exact, subnormals, infinities and NaN included.
///
/// The exponent is shifted into place and the bias corrected by a multiplication, which also normalises subnormals.
@inline(__always)
func float32(fromFloat16 bits: UInt16) -> Float {
    let magnitude = UInt32(bits & 0x7FFF)
    let scaled = Float(bitPattern: magnitude << 13) * 0x1p112
    let special: UInt32 = magnitude >= 0x7C00 ? 0x7F80_0000 : 0
    return Float(bitPattern: scaled.bitPattern | special | UInt32(bits & 0x8000) << 16)
}

@inline(__always)
func float32(fromBFloat16 bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

/// `shape`'s number of elements, or nil beyond 63 bits or with a negative length.
func elementCount(_ shape: [Int]) -> Int? {
    var count = 1
    for length in shape {
        let (product, overflow) = count.multipliedReportingOverflow(by: length)
        guard length >= 0, !overflow else { return nil }
        count = product
    }
    return count
}

/// `[2, 3]`, as messages write a shape.
public func shapeText(_ shape: [Int]) -> String { "[" + shape.map(String.init).joined(separator: ", ") + "]" }
