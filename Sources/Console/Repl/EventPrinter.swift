// Shows what a session tells: as text for people, or as lines of JSON for programs.
//
// JSON lines on standard output, one for each result: the value's own JSON, or `{"text": …}` where a result is only
// text. On standard error: `{"error": {"code": …, "message": …, "source": …, "line": …, "column": …, "start": …,
// "end": …, "text": …, "help": …, "replacement": …}}` (lines and columns from 1, start and end in bytes), the same as
// `{"warning": …}`, and `{"seconds": …}` for `time`.

import Language
import Support

public final class EventPrinter {
    public enum Form: Sendable { case text, json }

    private let writer: TerminalWriter
    let form: Form
    /// Whether output that is too long for the screen is shown a screen at a time.
    private let isPaged: Bool
    /// Whether an error says in which text and line it is: not where a line was just typed.
    public var showsPlace: Bool
    /// The errors since the last `begin`.
    public private(set) var errors: [(diagnostic: Diagnostic, source: SourceText)] = []

    public init(_ writer: TerminalWriter, form: Form = .text, isPaged: Bool = false, showsPlace: Bool = true) {
        self.writer = writer
        self.form = form
        self.isPaged = isPaged
        self.showsPlace = showsPlace
    }

    /// What a session can show here.
    public var displayOptions: DisplayOptions {
        let terminal = writer.terminal
        return DisplayOptions(
            width: writer.width, glyphs: !terminal.isUnicode ? .ascii : terminal.hasBraille ? .braille : .block,
            hasColour: form == .text && terminal.usesColour,
            hasPanel: form == .text && terminal.errorIsTerminal && terminal.canMove)
    }

    /// Something new is about to run.
    public func begin() { errors = [] }

    public func show(_ event: SessionEvent) {
        switch event {
        case .output(let bundle):
            form == .json ? printJSON(bundle) : writer.print(bundle.lines + bundle.picture, paged: isPaged)
        // A program that reads standard error wants errors; a person at a terminal wants to see how far it is.
        case .progress(let line): if form == .text || writer.terminal.errorIsTerminal { writer.progress(line) }
        case .panel(let rows): if form == .text { writer.panel(rows) }
        case .progressEnded: writer.endProgress()
        case .diagnostic(let diagnostic, let source):
            if diagnostic.severity == .error { errors.append((diagnostic, source)) }
            show(diagnostic, in: source)
        case .timed(let seconds):
            writer.printError([
                form == .json
                    ? StyledText("{\"seconds\": \(seconds)}") : StyledText("took \(NumberText.duration(seconds))", .dim)
            ])
        }
    }

    /// Ends a run: nothing stays buffered, no progress stays on the screen.
    public func finish() {
        writer.endProgress()
        writer.flush()
    }

    private func show(_ diagnostic: Diagnostic, in source: SourceText) {
        switch form {
        case .json: writer.printError([StyledText(Self.json(diagnostic, in: source))])
        // Whoever just stopped an entry knows where.
        case .text where diagnostic.code == .interrupted && !showsPlace:
            writer.printError([StyledText(diagnostic.message, .warning)])
        case .text:
            let lines = DiagnosticRenderer(width: writer.width, showsPlace: showsPlace).lines(diagnostic, in: source)
            guard writer.terminal.errorIsTerminal else { return writer.printError(lines) }
            // The message goes on below its first word, and so does the fix; the lines between them fit as they are.
            writer.printError(
                lines.enumerated().flatMap { index, line in line.wrapped(to: writer.width, indent: index == 0 ? 5 : 7) }
            )
        }
    }

    // MARK: JSON

    private func printJSON(_ bundle: DisplayBundle) {
        if let json = bundle.json { return writer.print(verbatim: json) }
        let lines = bundle.lines.isEmpty ? bundle.picture : bundle.lines
        if !lines.isEmpty {
            writer.print(verbatim: "{\"text\": \(Escaping.json(lines.map(\.plain).joined(separator: "\n")))}")
        }
    }

    static func json(_ diagnostic: Diagnostic, in source: SourceText) -> String {
        let place = source.position(at: diagnostic.span.start)
        var fields = JSONObject([
            .init("code", .string(diagnostic.code.rawValue)), .init("message", .string(diagnostic.message)),
            .init("source", .string(source.name)), .init("line", JSONValue(place.line)),
            .init("column", JSONValue(place.column)), .init("start", JSONValue(diagnostic.span.start)),
            .init("end", JSONValue(diagnostic.span.end)), .init("text", .string(source.text(diagnostic.span))),
        ])
        if let help = diagnostic.help { fields["help"] = .string(help) }
        if let edit = diagnostic.replacement {
            fields["replacement"] = [
                "start": JSONValue(edit.span.start), "end": JSONValue(edit.span.end), "text": .string(edit.text),
            ]
        }
        return JSONWriter.text(["\(diagnostic.severity.rawValue)": .object(fields)], .spaced)
    }
}
