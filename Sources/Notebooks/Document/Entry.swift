// Statements with the block of output that belongs to each.

import Language

/// The statements that share a line, and the output recorded below them. Usually one statement.
public struct Entry: Sendable {
    /// Its place among the entries.
    public var index: Int
    /// The index of its cell.
    public var cell: Int
    /// Which statements of the parsed text; empty for code that could not be read.
    public var statements: Range<Int>
    /// The lines of its code, from 0.
    public var lines: Range<Int>
    /// The code without spaces at its ends.
    public var code: String
    /// The lines of its output; empty, at the place where they would stand, where nothing is recorded.
    public var recordedLines: Range<Int>
    public var recorded: OutputBlock
    /// What was found wrong with it before running.
    public var diagnostics: [Diagnostic]

    /// The first line of its code, as people count.
    public var lineNumber: Int { lines.lowerBound + 1 }
    /// Whether it is meant to fail.
    public var expectsError: Bool { recorded.lines.contains { $0.kind == .error } }

    /// Whether a diagnostic is one that the record expects.
    func expects(_ code: DiagnosticCode) -> Bool { recorded.errorCodes.contains { $0.isEmpty || $0 == code.rawValue } }
}

extension Notebook {
    /// The entries of the notebook, from the statements of its `code` and what was found wrong with it.
    public func entries(statements: [Statement], diagnostics: [Diagnostic]) -> [Entry] {
        var spans: [(statements: Range<Int>, lines: Range<Int>)] = []
        for (index, statement) in statements.enumerated() {
            let first = source.line(at: statement.span.start)
            let last = source.line(at: max(statement.span.end - 1, statement.span.start))
            if let previous = spans.last, first < previous.lines.upperBound {
                spans[spans.count - 1] = (
                    previous.statements.lowerBound..<index + 1,
                    previous.lines.lowerBound..<max(last + 1, previous.lines.upperBound)
                )
            } else {
                spans.append((index..<index + 1, first..<last + 1))
            }
        }
        spans += unread(besides: spans, diagnostics)
        spans.sort { $0.lines.lowerBound < $1.lines.lowerBound }
        var entries: [Entry] = []
        var cell = 0
        for span in spans {
            while cell < cells.count - 1, cells[cell].lines.upperBound <= span.lines.lowerBound { cell += 1 }
            entries.append(entry(entries.count, cell, span.statements, span.lines))
        }
        attach(diagnostics, to: &entries)
        return entries
    }

    private func entry(_ index: Int, _ cell: Int, _ statements: Range<Int>, _ lines: Range<Int>) -> Entry {
        var end = lines.upperBound
        while end < lineCount, outputKinds[end] != nil { end += 1 }
        let recorded = (lines.upperBound..<end).compactMap { OutputLine(line: line($0)) }
        let span = SourceSpan(
            offset(ofLine: lines.lowerBound),
            max(offset(ofLine: lines.lowerBound), source.span(ofLine: lines.upperBound - 1).end))
        let code = source.text(span).withoutTrailingBlanks
        return Entry(
            index: index, cell: cell, statements: statements, lines: lines, code: code,
            recordedLines: lines.upperBound..<end,
            recorded: OutputBlock(recorded), diagnostics: [])
    }

    /// Lines with code that no statement covers: the parser skipped them. A line on which an error starts begins anew.
    /// Where output stands plays no part, so that recording does not change what the entries are.
    private func unread(
        besides spans: [(statements: Range<Int>, lines: Range<Int>)], _ diagnostics: [Diagnostic]
    ) -> [(statements: Range<Int>, lines: Range<Int>)] {
        var starts: Set<Int> = []
        for diagnostic in diagnostics { starts.insert(source.line(at: diagnostic.span.start)) }
        guard !starts.isEmpty else { return [] }
        var covered: Set<Int> = []
        for span in spans { covered.formUnion(span.lines) }
        var found: [(statements: Range<Int>, lines: Range<Int>)] = []
        for cell in cells where cell.isCode {
            var open: Range<Int>?
            for line in cell.lines {
                let isCovered = covered.contains(line)
                if isCovered || starts.contains(line), let lines = open {
                    found.append((0..<0, lines))
                    open = nil
                }
                if !isCovered, outputKinds[line] == nil, hasCode(line) { open = (open?.lowerBound ?? line)..<line + 1 }
            }
            if let lines = open { found.append((0..<0, lines)) }
        }
        return found
    }

    private func hasCode(_ line: Int) -> Bool {
        let span = source.span(ofLine: line)
        guard let first = source.bytes[span.start..<span.end].first(where: { !$0.isBlank && $0 != 0x0D }) else {
            return false
        }
        return first != UInt8(ascii: "#")
    }

    /// Each diagnostic goes to the entry whose lines hold its start, or else to the last one above.
    private func attach(_ diagnostics: [Diagnostic], to entries: inout [Entry]) {
        for diagnostic in diagnostics {
            let line = source.line(at: diagnostic.span.start)
            guard let index = entries.lastIndex(where: { $0.lines.lowerBound <= line }) else { continue }
            if line < entries[index].lines.upperBound { entries[index].diagnostics.append(diagnostic) }
        }
    }

    /// Lines of output below no statement, as findings.
    public func strayOutputs(_ entries: [Entry]) -> [Finding] {
        var owned: Set<Int> = []
        for entry in entries { owned.formUnion(entry.recordedLines) }
        var findings: [Finding] = []
        var last = -2
        for line in outputKinds.keys.sorted() where !owned.contains(line) {
            if line != last + 1 {
                findings.append(
                    Finding(
                        line: line + 1,
                        message: "recorded output that stands directly below no statement is kept and not compared"))
            }
            last = line
        }
        return findings
    }
}
