// The `.icot` file: a script that runs as it stands, in percent cells, with the recorded output below each statement.
// This is the whole format.
//
// BYTES    UTF-8, with or without a byte order mark. Lines end with LF; CR LF and a CR alone are read, and kept where a
//          file has them. Whether the last line has an end is kept. What git left of a merge (<<<<<<<, =======,
//          >>>>>>>) is refused in code, and named where it stands in prose.
//          Spaces at the end of a line never matter. Bytes that are not UTF-8 are kept; running them is refused (E118).
// HEADER   The lines from the top down to the first that is neither `#!…` on line 1, nor `# icot 1` within lines 1 and
//          2, nor `# key: value` (key: lower-case letters, digits, `_`, `-`). Unknown keys are kept. Known ones:
//            # icot 1                             version of the language; another one is refused, none is read as 1
//            # title: text                        heads every export
//            # profile: cpu-f32 seed 3456         numerics and seed under which the outputs were recorded
//            # width: 80                          columns that the outputs were laid out for; 100 where it is not said
//            # pin: path sha256:hex               one a file or folder that is read; written when outputs are recorded
//            # parameter: name=value              what `-p` changed in this copy
// CELLS    A line `# %% title [kind] key="value"` starts a cell; title, kind and attributes may be missing. The title
//          is the cell's handle. Lines between the header and the first such line are a cell without title. Kinds:
//            (none)                               code
//            [params], or the title `params`      code whose `let name = literal` lines `-p name=value` replaces
//            [md] [markdown]                      prose in Markdown: each line after `# `, an empty one is `#`
//            [notes]                              the same, for the presenter
//            [raw]                                text handed on
//          A line of prose without the sign is prose too and is never run.
// OUTPUT   The block of lines directly below the last line of a statement (of all statements that share that line) that
//          start with one of these signs, each followed by a space unless nothing follows:
//            #>   result, compared                #~   picture or commentary, never compared
//            #!   an error, compared by its code; says that the statement is expected to fail
//          Such lines anywhere else are kept, belong to nobody and are reported.
// TEXT     Of `#>`, `#~` and `#!` lines, so that every text can be written:
//            {~…}            volatile: never compared, kept when the rest is equal; a `}` in it is written `)`
//            {\~             the two characters `{~` (and `{\\~` for `{\~`, and so on)
//            ...             as a word of its own: any words, also none; written by people
//            \...  \…        the words `...` and `…` at the start of a line themselves (and `\\...` for `\...`, and
//                            so on)
//          Control and bidirectional characters are never written: U+2400… or U+FFFD stand for them.
// LENGTH   More than 200 `#>` lines are written as the first 20, `#> … N lines sha256:hex` and the last 20: N lines
//          left out, the hash over their written texts, each followed by LF, with every volatile text empty. `#~` lines
//          likewise without a hash.
// ESCAPES  A comment of a person that would look like one of the signs has a space after its `#`: `# > quoted`,
//          `#  %% x`.
//
// A notebook is its bytes and what lies where in them. Whatever the bytes are, printing gives them back; the only
// changes made by a program are to blocks of output, `pin` and `parameter` lines, and a parameter's literal.

import Language

public struct Notebook: Sendable {
    /// The file as it is.
    public let source: SourceText
    public let header: Header
    /// In order; together with the header they hold every line.
    public let cells: [Cell]
    /// What is odd about the file, sorted by line. None of it keeps the file from being read.
    public let findings: [Finding]

    /// How many lines there are; a line end at the very end starts none.
    let lineCount: Int
    /// For each line that belongs to a block of output, its kind.
    let outputKinds: [Int: OutputLine.Kind]

    /// Something odd about the file.
    public struct Finding: Sendable, Equatable {
        /// As people count, from 1.
        public var line: Int
        /// One lower-case sentence.
        public var message: String
    }

    /// Reads any bytes.
    public init(bytes: [UInt8], name: String = "notebook") {
        self.init(SourceText(bytes: bytes, name: name))
    }

    public init(_ source: SourceText) {
        var reader = NotebookReader(source)
        reader.read()
        self.source = source
        header = reader.header
        cells = reader.cells
        findings = reader.findings.sorted { $0.line < $1.line }
        lineCount = reader.lineCount
        outputKinds = reader.outputKinds
    }

    /// What diagnostics call it: the path of the file.
    public var name: String { source.name }

    /// The title in the header, or the first heading of the prose.
    public var title: String? {
        if let title = header["title"], !title.isEmpty { return title }
        for cell in cells where cell.kind == .markdown {
            for line in prose(cell) where line.hasPrefix("#") {
                return String(line.drop { $0 == "#" || $0 == " " })
            }
        }
        return nil
    }

    /// The file again, put together from the header and the cells.
    public var printed: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(source.count)
        bytes += self.bytes(ofLines: header.lines)
        for cell in cells {
            if let marker = cell.marker { bytes += self.bytes(ofLines: marker..<marker + 1) }
            bytes += self.bytes(ofLines: cell.lines)
        }
        return bytes
    }

    // MARK: - Lines

    /// Where line `index` starts; the end of the file for the line after the last.
    func offset(ofLine index: Int) -> Int { index < lineCount ? source.lineStarts[index] : source.count }

    func bytes(ofLines lines: Range<Int>) -> ArraySlice<UInt8> {
        source.bytes[
            offset(ofLine: lines.lowerBound)..<max(offset(ofLine: lines.lowerBound), offset(ofLine: lines.upperBound))]
    }

    /// Line `index` without its end.
    public func line(_ index: Int) -> String { source.text(source.span(ofLine: index)) }

    /// The lines of a prose cell without their signs, and without empty lines at both ends.
    public func prose(_ cell: Cell) -> [String] {
        var lines = cell.lines.map { index in
            let line = line(index)
            if line.hasPrefix("# ") { return String(line.dropFirst(2)) }
            return line.hasPrefix("#") ? String(line.dropFirst()) : line
        }
        while let last = lines.last, last.allSatisfy(\.isWhitespace) { lines.removeLast() }
        while let first = lines.first, first.allSatisfy(\.isWhitespace) { lines.removeFirst() }
        return lines
    }

    /// The text to run: the same bytes at the same places, with spaces for everything that is not code, so that spans
    /// and line numbers are those of the file.
    public var code: SourceText {
        var bytes = source.bytes
        func erase(_ lines: Range<Int>) {
            for line in lines {
                let span = source.span(ofLine: line)
                for place in span.start..<span.end { bytes[place] = UInt8(ascii: " ") }
            }
        }
        for line in header.lines where line != header.versionLine { erase(line..<line + 1) }
        for cell in cells {
            if let marker = cell.marker { erase(marker..<marker + 1) }
            if !cell.isCode { erase(cell.lines) }
        }
        if bytes.starts(with: Notebook.byteOrderMark) { for place in 0..<3 { bytes[place] = UInt8(ascii: " ") } }
        for line in outputKinds.keys { erase(line..<line + 1) }
        // A comment that only looks like the version, below a first line of code.
        if lineCount > 1, header.versionLine == nil, source.text(source.span(ofLine: 1)).hasPrefix("# icot ") {
            erase(1..<2)
        }
        return SourceText(bytes: bytes, name: source.name)
    }
}

extension Notebook {
    static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
}

// MARK: - Parts

/// What stands above the first cell.
public struct Header: Sendable, Equatable {
    public struct Field: Sendable, Equatable {
        public var key: String
        public var value: String
        /// The line, from 0.
        public var line: Int
    }

    public internal(set) var lines: Range<Int> = 0..<0
    /// nil where the file does not say.
    public internal(set) var version: Int?
    public internal(set) var versionLine: Int?
    /// In order; a key may come more than once.
    public internal(set) var fields: [Field] = []

    /// The first value of a key.
    public subscript(key: String) -> String? { fields.first { $0.key == key }?.value }

    /// The columns that the outputs were laid out for.
    public var width: Int? { self["width"].flatMap { Int($0) }.flatMap { (20...1000).contains($0) ? $0 : nil } }

    public var pins: [Pin] { fields.filter { $0.key == "pin" }.compactMap { Pin($0.value) } }
}

/// A part of a notebook between two markers.
public struct Cell: Sendable, Equatable {
    public enum Kind: String, Sendable { case code, params, markdown, notes, raw }

    public struct Attribute: Sendable, Equatable {
        public var key: String
        public var value: String
    }

    public var kind: Kind
    /// Its handle; empty where it has none.
    public var title: String
    public var attributes: [Attribute]
    /// The line of its marker, from 0; nil for lines before the first marker.
    public var marker: Int?
    /// Its lines without the marker.
    public var lines: Range<Int>

    public var isCode: Bool { kind == .code || kind == .params }

    public subscript(key: String) -> String? { attributes.first { $0.key == key }?.value }
}

/// A file or folder that a notebook reads, and what it held when the outputs were recorded.
public struct Pin: Sendable, Equatable {
    public var path: String
    /// SHA-256 as 64 hexadecimal digits; see `InputHash`.
    public var hash: String

    public init(path: String, hash: String) {
        self.path = path
        self.hash = hash
    }

    /// From `path sha256:hex`; nil for anything else.
    public init?(_ text: String) {
        guard let range = text.range(ofLast: " sha256:") else { return nil }
        path = String(text[..<range.lowerBound])
        hash = String(text[range.upperBound...])
        guard !path.isEmpty, !hash.isEmpty, hash.utf8.allSatisfy(\.isHexDigit) else { return nil }
    }

    var written: String { "\(path) sha256:\(hash)" }
}

extension UInt8 {
    var isHexDigit: Bool {
        (0x30...0x39).contains(self) || (0x61...0x66).contains(self) || (0x41...0x46).contains(self)
    }
    var isBlank: Bool { self == 0x20 || self == 0x09 }
    var isDigit: Bool { (0x30...0x39).contains(self) }
    var isLowerCaseLetter: Bool { (0x61...0x7A).contains(self) }
}

extension String {
    /// The last place of a text without line ends in this one.
    func range(ofLast word: String) -> Range<String.Index>? {
        let all = Array(utf8)
        let wanted = Array(word.utf8)
        guard all.count >= wanted.count else { return nil }
        for start in stride(from: all.count - wanted.count, through: 0, by: -1)
        where all[start..<start + wanted.count].elementsEqual(wanted) {
            return utf8.index(startIndex, offsetBy: start)..<utf8.index(startIndex, offsetBy: start + wanted.count)
        }
        return nil
    }

    /// Without spaces at the end.
    var withoutTrailingBlanks: String {
        var scalars = unicodeScalars
        while let last = scalars.last, last == " " || last == "\t" || last == "\r" { scalars.removeLast() }
        return String(scalars)
    }
}
