import Support

/// Cuts a text into the pieces that GPT-2 merges within, by hand what its pattern says (openai/gpt-2, encoder.py):
///
///     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
///
/// that is, at each place the first of these that fits:
/// 1. an apostrophe and s, t, re, ve, m, ll or d;
/// 2. letters, or numbers, or other characters that are not spaces, as many as there are, with one space before them;
/// 3. spaces, as many as there are, but the last one is left to what follows unless the text ends or it is the only
///   one.
///
/// The text may hold bytes that are not UTF-8; each counts as one other character.
struct GPT2WordSplitter {
    let text: UnsafeBufferPointer<UInt8>
    private let classes = UnicodeClasses.shared

    init(_ text: UnsafeBufferPointer<UInt8>) { self.text = text }

    /// Where the piece that starts at `start` ends; `start` must be before the end of the text.
    @inline(__always)
    func endOfPiece(at start: Int) -> Int {
        let first = text[start]
        if first == UInt8(ascii: "'"), let end = endOfContraction(at: start) { return end }
        var next = start
        if first == UInt8(ascii: " "), start + 1 < text.count { next += 1 }
        let (kind, length) = character(at: next)
        if kind != .space { return endOfRun(of: kind, from: next + length) }
        return endOfBlanks(at: start)
    }

    private func endOfContraction(at start: Int) -> Int? {
        guard start + 1 < text.count else { return nil }
        switch text[start + 1] {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start + 2
        case UInt8(ascii: "r"), UInt8(ascii: "v"):
            return start + 2 < text.count && text[start + 2] == UInt8(ascii: "e") ? start + 3 : nil
        case UInt8(ascii: "l"): return start + 2 < text.count && text[start + 2] == UInt8(ascii: "l") ? start + 3 : nil
        default: return nil
        }
    }

    @inline(__always)
    private func endOfRun(of kind: CharacterClass, from start: Int) -> Int {
        var end = start
        while end < text.count {
            let (next, length) = character(at: end)
            if next != kind { break }
            end += length
        }
        return end
    }

    private func endOfBlanks(at start: Int) -> Int {
        var end = start
        var last = start  // where the last space begins
        while end < text.count {
            let (kind, length) = character(at: end)
            if kind != .space { break }
            last = end
            end += length
        }
        return end == text.count || last == start ? end : last
    }

    @inline(__always)
    private func character(at index: Int) -> (CharacterClass, length: Int) {
        let byte = text[index]
        if byte < 0x80 { return (classes[UInt32(byte)], 1) }
        guard let scalar = UTF8Scan.multibyteScalar(text, at: index, first: byte) else { return (.other, 1) }
        return (classes[scalar.value], scalar.length)
    }
}
