// Shows what a session tells: as text for people, or as lines of JSON for programs.
//
// JSON lines on standard output, one for each result: the value's own JSON, or `{"text": …}` where a result is only
// text. On standard error: `{"error": {"code": …, "message": …, "source": …, "line": …, "column": …, "start": …, "end": …,
// "text": …, "help": …, "replacement": …}}` (lines and columns from 1, start and end in bytes), the same as
// `{"warning": …}`, and `{"seconds": …}` for `time`.

import Language

public final class EventPrinter {
    public enum Form: Sendable { case text, json }

    private let writer: TerminalWriter
    private let form: Form
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
            hasColour: form == .text && terminal.usesColour)
    }

    /// Something new is about to run.
    public func begin() { errors = [] }

    public func show(_ event: SessionEvent) {
        switch event {
        case .output(let bundle):
            form == .json ? printJSON(bundle) : writer.print(bundle.lines + bundle.picture, paged: isPaged)
        // A program that reads standard error wants errors; a person at a terminal wants to see how far it is.
        case .progress(let line): if form == .text || writer.terminal.errorIsTerminal { writer.progress(line) }
        case .progressEnded: writer.endProgress()
        case .diagnostic(let diagnostic, let source):
            if diagnostic.severity == .error { errors.append((diagnostic, source)) }
            show(diagnostic, in: source)
        case .timed(let seconds):
            writer.printError([
                form == .json
                    ? StyledText("{\"seconds\": \(seconds)}") : StyledText("took \(Self.duration(seconds))", .dim)
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
            writer.printError(
                DiagnosticRenderer(width: writer.width, showsPlace: showsPlace).lines(diagnostic, in: source))
        }
    }

    // MARK: JSON

    private func printJSON(_ bundle: DisplayBundle) {
        if let json = bundle.json { return writer.print(verbatim: json) }
        let lines = bundle.lines.isEmpty ? bundle.picture : bundle.lines
        if !lines.isEmpty {
            writer.print(verbatim: "{\"text\": \(JSONText.quoted(lines.map(\.plain).joined(separator: "\n")))}")
        }
    }

    static func json(_ diagnostic: Diagnostic, in source: SourceText) -> String {
        let place = source.position(at: diagnostic.span.start)
        var parts = [
            "\"code\": \"\(diagnostic.code.rawValue)\"", "\"message\": \(JSONText.quoted(diagnostic.message))",
            "\"source\": \(JSONText.quoted(source.name))", "\"line\": \(place.line)", "\"column\": \(place.column)",
            "\"start\": \(diagnostic.span.start)", "\"end\": \(diagnostic.span.end)",
            "\"text\": \(JSONText.quoted(source.text(diagnostic.span)))",
        ]
        if let help = diagnostic.help { parts.append("\"help\": \(JSONText.quoted(help))") }
        if let edit = diagnostic.replacement {
            parts.append(
                "\"replacement\": {\"start\": \(edit.span.start), \"end\": \(edit.span.end), \"text\": \(JSONText.quoted(edit.text))}"
            )
        }
        return "{\"\(diagnostic.severity.rawValue)\": {\(parts.joined(separator: ", "))}}"
    }

    // MARK: Durations

    /// `0.42 ms`, `1.31 s`, `2 min 5 s`
    static func duration(_ seconds: Double) -> String {
        switch seconds {
        case ..<1e-3: "\(rounded(seconds * 1e6)) µs"
        case ..<1: "\(rounded(seconds * 1e3)) ms"
        case ..<60: "\(rounded(seconds)) s"
        default: "\(Int(min(seconds, 1e12)) / 60) min \(Int(min(seconds, 1e12)) % 60) s"
        }
    }

    /// Three digits.
    private static func rounded(_ value: Double) -> String {
        if value >= 99.95 { return "\(Int(value.rounded()))" }
        let tenths = Int((value * 10).rounded())
        if value >= 9.995 { return "\(tenths / 10).\(tenths % 10)" }
        let hundredths = Int((value * 100).rounded())
        return "\(hundredths / 100).\(hundredths / 10 % 10)\(hundredths % 10)"
    }
}

/// Text inside JSON.
enum JSONText {
    static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\t": out += "\\t"
            case _ where scalar.value < 0x20 || (scalar.value >= 0x7f && scalar.value < 0xa0):
                let digits = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
