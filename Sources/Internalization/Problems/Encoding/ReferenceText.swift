/// How the reference takes a line or a generated text apart.
enum ReferenceText {
    /// From the first `####` on, trimmed, without commas; the whole text, trimmed and without commas, where there is none.
    static func answer(in text: String) -> String {
        let bytes = Array(text.utf8)
        let start = firstIndex(of: "####", in: bytes[...]) ?? 0
        return String(decoding: trimmed(bytes[start...]).filter { $0 != UInt8(ascii: ",") }, as: UTF8.self)
    }

    static func firstIndex(of pattern: StaticString, in bytes: ArraySlice<UInt8>) -> Int? {
        let count = pattern.utf8CodeUnitCount
        guard bytes.count >= count else { return nil }
        return pattern.withUTF8Buffer { pattern in
            (bytes.startIndex...bytes.endIndex - count).first { bytes[$0..<$0 + count].elementsEqual(pattern) }
        }
    }

    /// Without the white space around it, Unicode's included, as Python's `strip` understands it.
    static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var rest = bytes
        while let count = whiteSpaceCount(rest.prefix(3)) { rest = rest.dropFirst(count) }
        while true {
            // A space of UTF-8 has one to three bytes, and only one of these lengths fits the last bytes.
            guard let count = (1...3).first(where: { $0 <= rest.count && whiteSpaceCount(rest.suffix($0)) == $0 }) else { return rest }
            rest = rest.dropLast(count)
        }
    }

    /// How many bytes the white space at the start has, or nil.
    private static func whiteSpaceCount(_ bytes: ArraySlice<UInt8>) -> Int? {
        guard let first = bytes.first else { return nil }
        if first < 0x80 { return (0x09...0x0D).contains(first) || (0x1C...0x20).contains(first) ? 1 : nil }
        let second = bytes.dropFirst().first ?? 0
        if first == 0xC2 { return second == 0x85 || second == 0xA0 ? 2 : nil }
        guard let third = bytes.dropFirst(2).first else { return nil }
        switch (first, second, third) {
        case (0xE1, 0x9A, 0x80), (0xE2, 0x80, 0x80...0x8A), (0xE2, 0x80, 0xA8), (0xE2, 0x80, 0xA9), (0xE2, 0x80, 0xAF), (0xE2, 0x81, 0x9F),
            (0xE3, 0x80, 0x80):
            return 3
        default: return nil
        }
    }
}
