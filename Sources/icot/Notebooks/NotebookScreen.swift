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
            if !isJSON, cell.kind == .markdown { writer.print([StyledText()] + prose.map(Self.styled) + [StyledText()]) }
        case .statement(_, let lines):
            guard !isJSON else { return }
            let numbered = lines.enumerated().map { StyledText($0.offset == 0 ? "icot> " : "....> ", .dim) + $0.element }
            writer.print(numbered)
        case .finished: printer.finish()
        }
    }

    /// A line of Markdown for a terminal: headings stand out, everything else is as it is written.
    static func styled(_ line: String) -> StyledText {
        let marks = line.prefix { $0 == "#" }
        guard (1...6).contains(marks.count), line.dropFirst(marks.count).first == " " else { return StyledText(line) }
        return StyledText(String(line.dropFirst(marks.count + 1)), .heading)
    }
}
