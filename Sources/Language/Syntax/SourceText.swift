// Source text and places in it. All places are UTF-8 byte offsets: the lexer works on bytes, and only the
// renderer of diagnostics ever asks how wide a character is.

/// A half-open range of UTF-8 byte offsets in one source text.
public struct SourceSpan: Sendable, Hashable {
    public var start: Int
    public var end: Int

    public init(_ start: Int, _ end: Int) {
        self.start = start
        self.end = max(start, end)
    }

    /// An empty span: a place between two bytes.
    public init(at offset: Int) { self.init(offset, offset) }

    public var length: Int { end - start }
    public var isEmpty: Bool { start == end }

    /// The smallest span that covers both.
    public func union(_ other: SourceSpan) -> SourceSpan {
        SourceSpan(min(start, other.start), max(end, other.end))
    }

    /// Whether the offset lies in the span, its end included (a cursor just after a word still touches it).
    public func touches(_ offset: Int) -> Bool { start <= offset && offset <= end }
}

/// A named text of the language: a cell, a file or a line of the prompt.
public struct SourceText: Sendable {
    /// What diagnostics call it: a path, or something like `cell 3`.
    public let name: String
    /// The UTF-8 bytes.
    public let bytes: [UInt8]
    /// The offset at which each line starts; the first is 0. A line ends with LF, with CR LF, or with a CR alone, as
    /// old Macs wrote it: a statement behind such a CR is seen by everybody and so is run.
    public let lineStarts: [Int]

    public init(_ text: String, name: String = "input") {
        self.init(bytes: Array(text.utf8), name: name)
    }

    /// Bytes from a file; what is not UTF-8 is answered by the lexer as an error, not here.
    public init(bytes: [UInt8], name: String = "input") {
        self.name = name
        self.bytes = bytes
        var starts = [0]
        for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
            if SourceText.endsLine(bytes, at: index) { starts.append(index + 1) }
        }
        lineStarts = starts
    }

    /// Whether the byte is the last of a line end: LF, or a CR that no LF follows.
    static func endsLine(_ bytes: [UInt8], at index: Int) -> Bool {
        if bytes[index] == UInt8(ascii: "\n") { return true }
        return bytes[index] == UInt8(ascii: "\r")
            && !(index + 1 < bytes.count && bytes[index + 1] == UInt8(ascii: "\n"))
    }

    public var count: Int { bytes.count }
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The text of a span, cut to the source where it reaches outside.
    public func text(_ span: SourceSpan) -> String {
        let lower = min(max(span.start, 0), bytes.count)
        let upper = min(max(span.end, lower), bytes.count)
        return String(decoding: bytes[lower..<upper], as: UTF8.self)
    }

    /// The index (from 0) of the line that holds the offset.
    public func line(at offset: Int) -> Int {
        var low = 0
        var high = lineStarts.count - 1
        while low < high {
            let middle = (low + high + 1) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle - 1 }
        }
        return low
    }

    /// The span of a line (from 0) without its line end; nothing for a line that is not there.
    public func span(ofLine line: Int) -> SourceSpan {
        guard lineStarts.indices.contains(line) else { return SourceSpan(at: bytes.count) }
        let start = lineStarts[line]
        var end = line + 1 < lineStarts.count ? lineStarts[line + 1] - 1 : bytes.count
        if end > start, end < bytes.count, bytes[end] == UInt8(ascii: "\n"), bytes[end - 1] == UInt8(ascii: "\r") {
            end -= 1
        }
        return SourceSpan(start, end)
    }

    /// Line and column as people count them, both from 1; the column counts Unicode scalars.
    public func position(at offset: Int) -> (line: Int, column: Int) {
        let line = line(at: offset)
        let head = text(SourceSpan(lineStarts[line], offset))
        return (line + 1, head.unicodeScalars.count + 1)
    }
}
