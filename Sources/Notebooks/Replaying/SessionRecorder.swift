// Turns a session into a notebook: the statements that ran, each with what it showed.
//
// Left out are statements that failed without showing anything, since they left no trace in the session. A statement
// that failed after it showed something is kept and expected to fail again; one that was stopped says so in a comment.

import Language
import Support

public final class SessionRecorder {
    /// The cells so far, as they will stand in the notebook.
    private let cells = GrowingText()
    private let inputs = InputWatch(hashesAtOnce: false)

    public init() {}

    /// How many statements it holds.
    public private(set) var count = 0

    /// Runs a text as `Session.run` does, statement by statement, and keeps what ran. What the session's listener hears
    /// stays the same.
    public func run(_ source: SourceText, in session: Session) -> Session.Outcome {
        let prepared = session.prepare(source)
        let errors = prepared.diagnostics.filter { $0.severity == .error }
        if !errors.isEmpty || prepared.statements.isEmpty {
            for diagnostic in prepared.diagnostics { session.onEvent(.diagnostic(diagnostic, source)) }
            if let first = errors.first { return .failed(first.code) }
            keepComments(source.text)
            return .finished
        }
        // A text has the lines of a notebook without header and cells, so its statements are found in the same way.
        let entries = Notebook(source).entries(statements: prepared.statements, diagnostics: prepared.diagnostics)
        for diagnostic in prepared.diagnostics { session.onEvent(.diagnostic(diagnostic, source)) }
        var firstLine = 0
        for entry in entries {
            var output = OutputBlock()
            let listener = session.onEvent
            let fileListener = session.onFile
            session.onEvent = { event in
                output.append(event)
                listener(event)
            }
            session.onFile = { [inputs] path, use in
                inputs.note(path, use)
                fileListener(path, use)
            }
            var outcome = Session.Outcome.finished
            for statement in entry.statements where outcome == .finished {
                outcome = session.run(prepared, statement: statement)
            }
            session.onEvent = listener
            session.onFile = fileListener
            let span = SourceSpan(source.lineStarts[firstLine], source.span(ofLine: entry.lines.upperBound - 1).end)
            keep(source.text(span), output, outcome)
            firstLine = min(entry.lines.upperBound, source.lineStarts.count - 1)
            if outcome != .finished { return outcome }
        }
        return .finished
    }

    private func keep(_ code: String, _ output: OutputBlock, _ outcome: Session.Outcome) {
        switch outcome {
        case .finished: append(code, output)
        case .failed: if !output.lines.allSatisfy({ $0.kind == .error }) { append(code, output) }
        case .interrupted:
            var output = output
            output.lines.removeAll { $0.kind == .error }
            append(code, output, under: "# stopped before its end:\n")
        }
    }

    private func append(_ code: String, _ output: OutputBlock, under heading: String = "") {
        count += 1
        cells.append(heading + SessionRecorder.escaped(code) + "\n")
        for line in output.shortened.lines { cells.append(line.line + "\n") }
    }

    private func keepComments(_ text: String) {
        if SessionRecorder.escaped(text).contains("#") { append(text, OutputBlock()) }
    }

    /// Lines that would look like output or a marker get a space; empty lines at the ends go.
    private static func escaped(_ code: String) -> String {
        var lines = code.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
            let text = String(line).withoutTrailingBlanks
            let isSign = ["#>", "#~", "#!"].contains { text.utf8.starts(with: $0.utf8) }
            let isMarker = text.utf8.starts(with: "# %%".utf8) || text.utf8.starts(with: "# icot ".utf8)
            return isSign ? "# " + text.dropFirst() : isMarker ? "#  " + text.dropFirst(2) : text
        }
        while lines.first?.isEmpty == true { lines.removeFirst() }
        while lines.last?.isEmpty == true { lines.removeLast() }
        return lines.joined(separator: "\n")
    }

    /// The notebook so far.
    /// - Throws: `FileError` if what has gone to a file cannot be read back.
    public func notebook(of session: Session, title: String? = nil, profile: String? = nil) throws -> Notebook {
        var text = "# icot 1\n"
        if let title { text += "# title: \(Escaping.neutral(title))\n" }
        if let profile { text += "# profile: \(Escaping.neutral(profile))\n" }
        let width = session.displayOptions.width
        if width != Replay.displayOptions().width { text += "# width: \(width)\n" }
        text += "\n# %%\n" + (try cells.text())
        return Notebook(SourceText(text, name: "session")).pinning(inputs.pins(after: []))
    }
}
