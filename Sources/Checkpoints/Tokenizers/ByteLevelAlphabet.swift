import Support

/// GPT-2 names its tokens with printable characters only, one for each byte (openai/gpt-2, `bytes_to_unicode`):
/// the bytes 33…126, 161…172 and 174…255 stand for themselves as scalars, the other 68, in rising order, are the
/// scalars from 256 on. So the space is `Ġ` and the newline `Ċ`.
enum ByteLevelAlphabet {
    /// By byte, its scalar.
    static let scalars: [UInt32] = {
        var next: UInt32 = 256
        return (0..<256).map { (byte: UInt32) in
            switch byte {
            case 33...126, 161...172, 174...255: return byte
            default:
                defer { next += 1 }
                return next
            }
        }
    }()

    /// By scalar, its byte, or -1.
    static let bytes: [Int16] = {
        var bytes = Array(repeating: Int16(-1), count: 324)
        for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar)] = Int16(byte) }
        return bytes
    }()

    /// By byte, its scalar in UTF-8.
    static let names: [[UInt8]] = (0..<256).map { Array(name(of: UInt8($0)).utf8) }

    /// Appends the bytes that a token's name stands for; a name outside the alphabet (an added token may be anything)
    /// stands for itself.
    static func appendBytes(of name: UnsafeBufferPointer<UInt8>, to target: inout [UInt8]) {
        let count = target.count
        var index = 0
        while index < name.count {
            guard let scalar = UTF8Scan.scalar(name, at: index), scalar.value < bytes.count,
                bytes[Int(scalar.value)] >= 0
            else {
                target.removeSubrange(count...)
                return target.append(contentsOf: name)
            }
            target.append(UInt8(bytes[Int(scalar.value)]))
            index += scalar.length
        }
    }

    /// The name of a single byte's token.
    static func name(of byte: UInt8) -> String {
        Unicode.Scalar(scalars[Int(byte)]).map { String(Character($0)) } ?? ""
    }
}
