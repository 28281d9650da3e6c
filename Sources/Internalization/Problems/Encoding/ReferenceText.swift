/// How the reference takes a line or a generated text apart.
enum ReferenceText {
    /// From the first `####` on, trimmed, without commas; the whole text, trimmed and without commas, where there is
    /// none.
    static func answer(in text: String) -> String {
        var text = text
        return text.withUTF8 { bytes in
            let start = firstIndex(of: "####", in: bytes[...]) ?? 0
            return String(decoding: trimmed(bytes[start...]).filter { $0 != UInt8(ascii: ",") }, as: UTF8.self)
        }
    }

    static func firstIndex(of pattern: StaticString, in bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
        let count = pattern.utf8CodeUnitCount
        let first = pattern.utf8Start.pointee
        let end = bytes.endIndex - count
        var index = bytes.startIndex
        search: while index <= end {
            defer { index += 1 }
            guard bytes[index] == first else { continue }
            for offset in 1..<count where bytes[index + offset] != pattern.utf8Start[offset] { continue search }
            return index
        }
        return nil
    }

    /// Without the white space around it, Unicode's included, as Python's `strip` understands it.
    static func trimmed(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Slice<UnsafeBufferPointer<UInt8>> {
        var rest = bytes
        while let count = whiteSpaceCount(rest) { rest = rest.dropFirst(count) }
        // A space of UTF-8 has one to three bytes, and only one of these lengths fits the last bytes.
        while let count = (1...3).first(where: { $0 <= rest.count && whiteSpaceCount(rest.suffix($0)) == $0 }) {
            rest = rest.dropLast(count)
        }
        return rest
    }

    /// How many bytes the white space at the start has, or nil.
    private static func whiteSpaceCount(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
        guard let first = bytes.first else { return nil }
        if first < 0x80 { return (0x09...0x0D).contains(first) || (0x1C...0x20).contains(first) ? 1 : nil }
        let start = bytes.startIndex
        let second = bytes.count > 1 ? bytes[start + 1] : 0
        if first == 0xC2 { return second == 0x85 || second == 0xA0 ? 2 : nil }
        guard bytes.count > 2 else { return nil }
        switch (first, second, bytes[start + 2]) {
        case (0xE1, 0x9A, 0x80), (0xE2, 0x80, 0x80...0x8A), (0xE2, 0x80, 0xA8), (0xE2, 0x80, 0xA9), (0xE2, 0x80, 0xAF),
            (0xE2, 0x81, 0x9F),
            (0xE3, 0x80, 0x80):
            return 3
        default: return nil
        }
    }
}
