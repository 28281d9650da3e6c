/// UTF-8 as the Unicode standard defines it (table 3-7): one to four bytes, shortest form only, no surrogates, at most
/// U+10FFFF.
public enum UTF8Scan {
    /// The scalar that starts at `index` and its length in bytes, or nil where the bytes are not well-formed.
    @inlinable @inline(__always)
    public static func scalar(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> (value: UInt32, length: Int)? {
        let first = bytes[index]
        if first < 0x80 { return (UInt32(first), 1) }
        return multibyteScalar(bytes, at: index, first: first)
    }

    @inlinable
    public static func multibyteScalar(
        _ bytes: UnsafeBufferPointer<UInt8>, at index: Int, first: UInt8
    ) -> (value: UInt32, length: Int)? {
        let length: Int
        var lowest: UInt8 = 0x80, highest: UInt8 = 0xBF  // of the second byte
        switch first {
        case 0xC2...0xDF: length = 2
        case 0xE0: length = 3; lowest = 0xA0
        case 0xE1...0xEC, 0xEE, 0xEF: length = 3
        case 0xED: length = 3; highest = 0x9F
        case 0xF0: length = 4; lowest = 0x90
        case 0xF1...0xF3: length = 4
        case 0xF4: length = 4; highest = 0x8F
        default: return nil
        }
        guard bytes.count - index >= length else { return nil }
        let second = bytes[index + 1]
        guard second >= lowest, second <= highest else { return nil }
        var value = UInt32(first) & (0xFF >> UInt32(length + 1))
        value = value << 6 | UInt32(second & 0x3F)
        for i in 2..<max(length, 2) {
            let next = bytes[index + i]
            guard next & 0xC0 == 0x80 else { return nil }
            value = value << 6 | UInt32(next & 0x3F)
        }
        return (value, length)
    }

    /// The index of the first byte that is not part of well-formed UTF-8, or nil if all of it is.
    public static func firstError(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        var index = 0
        while index < bytes.count {
            guard let scalar = scalar(bytes, at: index) else { return index }
            index += scalar.length
        }
        return nil
    }
}
