// A notebook on the terminal as it runs: prose, statements as if typed, what they show.

import Console
import Language
import Notebooks

struct NotebookScreen {
    let writer: TerminalWriter
    let printer: EventPrinter
    /// Whether only results are wanted.
    let isJSON: Bool

    func show(_ event: ReplayEvent) {
        switch event {
        case .session(let event): printer.show(event)
        case .notice(let line): writer.printError([line])
        case .cell(let cell, let prose):
            if !isJSON, cell.kind == .markdown {
                writer.print([StyledText()] + prose.map(Self.styled) + [StyledText()])
            }
        case .statement(_, let lines):
            guard !isJSON else { return }
            let numbered = lines.enumerated().map {
                StyledText($0.offset == 0 ? "icot> " : "....> ", .dim) + $0.element
            }
            writer.print(numbered)
        case .finished: printer.finish()
        }
    }

    /// Prose with the lines of a paragraph joined, so that the screen breaks them where it is wide, not where the file
    /// is. Headings, lists, quotes, tables, code and lines that end in a hard break keep their lines.
    static func joined(_ prose: [String]) -> [String] {
        var lines: [String] = []
        var isOpen = false
        var isFenced = false
        for line in prose {
            let isFence = line.hasPrefix("```") || line.hasPrefix("~~~")
            let first = line.unicodeScalars.first
            let isOwnLine =
                isFenced || isFence || line.isEmpty
                || first.map { " \t#>|-*+=".unicodeScalars.contains($0) || ("0"..."9").contains($0) } ?? true
            if isOpen, !isOwnLine, let last = lines.popLast() {
                lines.append(last + " " + line)
            } else {
                lines.append(line)
            }
            if isFence { isFenced.toggle() }
            isOpen = !isOwnLine && !line.hasSuffix("  ") && !line.hasSuffix("\\")
        }
        return lines
    }

    /// A line of Markdown for a terminal: headings stand out, everything else is as it is written.
    static func styled(_ line: String) -> StyledText {
        let marks = line.prefix { $0 == "#" }
        guard (1...6).contains(marks.count), line.dropFirst(marks.count).first == " " else { return StyledText(line) }
        return StyledText(String(line.dropFirst(marks.count + 1)), .heading)
    }
}
