// The only changes that a program makes to a notebook: whole lines that it owns. Everything else stays byte for byte.

import Language
import Support

struct LineEdit {
    /// The lines that go; empty to insert.
    var lines: Range<Int>
    var replacement: [String]
}

extension UInt8 {
    /// Whether a file that ends with this byte ends with a line's end.
    fileprivate var endsLine: Bool { self == UInt8(ascii: "\n") || self == UInt8(ascii: "\r") }
}

extension Notebook {
    /// With some lines changed. The edits do not overlap. New lines end as the file's own do, and where the last line
    /// of the file had no end, the last line has none.
    func applying(_ edits: [LineEdit]) -> Notebook {
        if edits.isEmpty { return self }
        let end = lineEnd
        let isOpen = source.bytes.last.map { !$0.endsLine } ?? false
        var bytes: [UInt8] = []
        bytes.reserveCapacity(source.count + edits.count * 64)
        var next = 0
        for edit in edits.sorted(by: {
            ($0.lines.lowerBound, $0.lines.upperBound) < ($1.lines.lowerBound, $1.lines.upperBound)
        }) {
            bytes += self.bytes(ofLines: next..<max(next, edit.lines.lowerBound))
            if let last = bytes.last, !last.endsLine, !edit.replacement.isEmpty { bytes += end.utf8 }
            for line in edit.replacement { bytes += (line + end).utf8 }
            next = max(next, edit.lines.upperBound)
        }
        if next < lineCount {
            bytes += self.bytes(ofLines: next..<lineCount)
        } else if isOpen, bytes.last?.endsLine == true {
            let last = bytes.removeLast()
            if last == UInt8(ascii: "\n"), bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        }
        return Notebook(SourceText(bytes: bytes, name: name))
    }

    /// How the first line ends.
    private var lineEnd: String {
        guard source.lineStarts.count > 1 else { return "\n" }
        let end = source.lineStarts[1]
        if source.bytes[end - 1] == UInt8(ascii: "\r") { return "\r" }
        return end >= 2 && source.bytes[end - 2] == UInt8(ascii: "\r") ? "\r\n" : "\n"
    }

    /// With new output below some entries, by their index. Equal text changes nothing.
    public func recording(_ outputs: [Int: OutputBlock], of entries: [Entry]) -> Notebook {
        var edits: [LineEdit] = []
        for (index, block) in outputs where entries.indices.contains(index) {
            let entry = entries[index]
            let block = block.shortened
            if block != entry.recorded {
                edits.append(LineEdit(lines: entry.recordedLines, replacement: block.lines.map(\.line)))
            }
        }
        return applying(edits)
    }

    /// Without recorded results and pictures. Errors stay, since they say that their statement is meant to fail.
    public func clearing(_ entries: [Entry]) -> Notebook {
        var edits: [LineEdit] = []
        for entry in entries {
            for line in entry.recordedLines where outputKinds[line] != .error {
                edits.append(LineEdit(lines: line..<line + 1, replacement: []))
            }
        }
        return applying(edits)
    }

    /// With these pins and no others, in this order. Paths that a line cannot hold are left out.
    public func pinning(_ pins: [Pin]) -> Notebook {
        let writable = pins.filter { Pin($0.written) == $0 && Escaping.neutral($0.path) == $0.path }
        return settingHeader("pin", writable.map(\.written))
    }

    /// With these values of a key and no others, at the place of the first old one or below the header.
    func settingHeader(_ key: String, _ values: [String]) -> Notebook {
        let old = header.fields.filter { $0.key == key }
        if old.map(\.value) == values { return self }
        let lines = values.map { "# \(key): \($0)" }
        let place = old.first?.line ?? header.lines.upperBound
        var edits = [LineEdit(lines: old.isEmpty ? place..<place : place..<place + 1, replacement: lines)]
        edits += old.dropFirst().map { LineEdit(lines: $0.line..<$0.line + 1, replacement: []) }
        return applying(edits)
    }
}
