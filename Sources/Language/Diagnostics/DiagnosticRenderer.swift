// A diagnostic as at most four lines:
//
//   E203 train: 'epoch' is not a label of train; did you mean 'epochs:'?
//     12 | train epoch: 1
//        |       ^^^^^^
//     fix: write epochs:
//
// The source line is cut to a window around the underlined words where it is too long; tabs become spaces; characters
// that could drive a terminal or turn the reading direction are shown by a stand-in.

import Support

public struct DiagnosticRenderer: Sendable {
    /// Columns at hand; at least 40 are used.
    public var width: Int
    /// Whether the message starts with the name of the source and the line.
    public var showsPlace: Bool
    /// Added to line numbers: the line at which a cell starts in its file.
    public var firstLine: Int

    public init(width: Int = 80, showsPlace: Bool = false, firstLine: Int = 1) {
        self.width = max(width, 40)
        self.showsPlace = showsPlace
        self.firstLine = firstLine
    }

    public func lines(_ diagnostic: Diagnostic, in source: SourceText) -> [StyledText] {
        var lines = [message(diagnostic, in: source)]
        let index = source.line(at: min(diagnostic.span.start, source.count))
        let span = source.span(ofLine: index)
        if !span.isEmpty {
            let isAlone = source.lineStarts.count == 1
            let gutter = isAlone ? "  " : "  \(index + firstLine) | "
            let under = isAlone ? "  " : String(repeating: " ", count: gutter.count - 2) + "| "
            let window = Window(source, line: span, words: diagnostic.span, columns: width - gutter.count)
            lines.append(StyledText(gutter, .dim) + StyledText(window.text))
            let style: Style = diagnostic.severity == .error ? .error : .warning
            lines.append(
                StyledText(under, .dim) + StyledText(String(repeating: " ", count: window.start))
                    + StyledText(String(repeating: "^", count: window.length), style))
        }
        if let help = diagnostic.help {
            lines.append(StyledText("  fix: ", .dim) + StyledText(Escaping.neutral(help), .good))
        }
        return lines
    }

    /// The same without styles.
    public func text(_ diagnostic: Diagnostic, in source: SourceText) -> String {
        lines(diagnostic, in: source).map(\.plain).joined(separator: "\n")
    }

    private func message(_ diagnostic: Diagnostic, in source: SourceText) -> StyledText {
        var line = StyledText()
        if showsPlace {
            let position = source.position(at: diagnostic.span.start)
            line.append("\(source.name):\(position.line + firstLine - 1):\(position.column): ", .dim)
        }
        line.append(diagnostic.code.rawValue, diagnostic.severity == .error ? .error : .warning)
        line.append(" ")
        line.append(Escaping.neutral(diagnostic.message), .emphasis)
        return line
    }

    /// The part of a line that is shown, and where in it the underlined words lie, in columns.
    private struct Window {
        var text = ""
        var start = 0
        var length = 1

        private struct Cell {
            var text: String
            var width: Int
            var isMarked: Bool
        }

        init(_ source: SourceText, line: SourceSpan, words: SourceSpan, columns: Int) {
            let cells = Window.cells(source, line: line, words: words)
            let first = cells.firstIndex(where: \.isMarked) ?? cells.count
            let last = cells.lastIndex(where: \.isMarked) ?? cells.count
            var from = 0
            var upTo = cells.count
            let total = cells.reduce(0) { $0 + $1.width }
            if total > columns {
                // Room for … on both sides; the words start a third into the window unless they need it all.
                let room = columns - 2
                let wordsWidth =
                    first <= last && first < cells.count
                    ? cells[first...min(last, cells.count - 1)].reduce(0) { $0 + $1.width } : 1
                var before = max(min(room / 3, room - wordsWidth), 0)
                from = min(first, cells.count)
                while from > 0, before >= cells[from - 1].width {
                    from -= 1
                    before -= cells[from].width
                }
                var used = 0
                upTo = from
                while upTo < cells.count, used + cells[upTo].width <= room {
                    used += cells[upTo].width
                    upTo += 1
                }
                while upTo == cells.count, from > 0, used + cells[from - 1].width <= room {
                    from -= 1
                    used += cells[from].width
                }
            }
            if from > 0 {
                text = "…"
                start = 1
            }
            var marked = 0
            for (index, cell) in cells.enumerated() where index >= from && index < upTo {
                text += cell.text
                if cell.isMarked { marked += cell.width } else if index < first { start += cell.width }
            }
            if upTo < cells.count { text += "…" }
            length = max(marked, 1)
        }

        private static func cells(_ source: SourceText, line: SourceSpan, words: SourceSpan) -> [Cell] {
            var cells: [Cell] = []
            var offset = line.start
            var column = 0
            for character in source.text(line) {
                let length = character.utf8.count
                let isMarked = offset < words.end && offset + length > words.start
                var shown = String(character)
                var width = DisplayWidth.of(character)
                if character == "\t" {
                    width = 4 - column % 4
                    shown = String(repeating: " ", count: width)
                } else {
                    shown = Escaping.neutral(shown)
                    width = DisplayWidth.of(shown)
                }
                cells.append(Cell(text: shown, width: width, isMarked: isMarked))
                offset += length
                column += width
            }
            return cells
        }
    }
}
