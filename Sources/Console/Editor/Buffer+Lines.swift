// Places in a buffer: characters (as people see them), words and lines.

extension LineEditor.Buffer {
    private static let newline: UInt32 = 0x0a

    var lineStart: Int { scalars[..<cursor].lastIndex(of: Self.newline).map { $0 + 1 } ?? 0 }
    var lineEnd: Int { scalars[cursor...].firstIndex(of: Self.newline) ?? scalars.count }

    /// Where the character before `index` begins: an accent or the parts of an emoji go with their base.
    func characterStart(before index: Int) -> Int {
        guard index > 0 else { return 0 }
        let head = Self.text(of: scalars[max(0, index - 32)..<index])
        return index - (head.last.map { $0.unicodeScalars.count } ?? 1)
    }

    func characterEnd(after index: Int) -> Int {
        guard index < scalars.count else { return scalars.count }
        let tail = Self.text(of: scalars[index..<min(scalars.count, index + 32)])
        return index + (tail.first.map { $0.unicodeScalars.count } ?? 1)
    }

    var wordStart: Int {
        var index = cursor
        while index > 0, !Self.isWord(scalars[index - 1]) { index -= 1 }
        while index > 0, Self.isWord(scalars[index - 1]) { index -= 1 }
        return index
    }

    var wordEnd: Int {
        var index = cursor
        while index < scalars.count, !Self.isWord(scalars[index]) { index += 1 }
        while index < scalars.count, Self.isWord(scalars[index]) { index += 1 }
        return index
    }

    /// The place in the line that ends at `end` that is as far from its start as the cursor is from the start of its
    /// own.
    func sameColumn(inLineEndingAt end: Int) -> Int {
        let start = scalars[..<end].lastIndex(of: Self.newline).map { $0 + 1 } ?? 0
        return min(start + cursor - lineStart, end)
    }

    mutating func remove(_ range: Range<Int>) {
        scalars.removeSubrange(range)
        cursor = range.lowerBound
    }

    private static func isWord(_ scalar: UInt32) -> Bool {
        scalar == 0x5f || Unicode.Scalar(scalar)?.properties.isAlphabetic == true || (scalar >= 0x30 && scalar <= 0x39)
    }
}
