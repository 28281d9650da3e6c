// Runs a whole text without a prompt: what `icot -c` and a pipe are given.

import Language
import Support

public enum TextRun {
    /// Runs the text and returns the exit status of the program: 0 where all went well, 2 after an error, 130 where
    /// it was stopped. Lines of the text may also be questions, such as `?train`, or `quit`. `run` is `Session.run`,
    /// or something around it.
    public static func run(
        _ source: SourceText, _ session: Session, printer: EventPrinter, writer: TerminalWriter,
        interrupts: InterruptWatch,
        run: (SourceText, Session) -> Session.Outcome = { $1.run($0) },
        open: (String, Session) -> Opening? = { _, _ in nil }
    ) -> Int32 {
        defer { printer.finish() }
        session.displayOptions = printer.displayOptions
        session.onEvent = { event in
            printer.show(event)
            // Nobody can read what is left to be shown: working on would be for nothing.
            if writer.failure != nil { session.interrupt.request() }
        }
        let unprompted = Prompt.stripped(source.text) ?? source.text
        let text = Aside.spelledOut(unprompted, session.context) ?? unprompted
        let source = text == source.text ? source : SourceText(text, name: source.name)
        /// Nil where all went well.
        func status(_ text: SourceText, _ run: (SourceText, Session) -> Session.Outcome) -> Int32? {
            printer.begin()
            let outcome = interrupts.during(session.interrupt) { run(text, session) }
            printer.finish()
            return switch outcome {
            case .finished: nil
            case .failed: 2
            case .interrupted: 130
            }
        }
        for piece in Aside.pieces(of: source, session.context) {
            switch piece.aside {
            case .farewell: return complain(writer, 0)
            case .question(let question):
                let (lines, isKnown) = question.answer(session)
                if printer.form == .json, isKnown {
                    writer.print(verbatim: question.json(session))
                } else {
                    isKnown ? writer.print(lines) : writer.printError(lines)
                }
                guard isKnown else { return complain(writer, 2) }
            case .history(let count, let word):
                writer.print(Aside.lines(of: History.standard().entries, count: count, word: word))
            case .file(let path):
                let ended = returning(session) {
                    open(path, session).map { opening in
                        status(opening.source) { opening.run($0, $1, run) } ?? 0
                    } ?? 2
                }
                if ended != 0 { return complain(writer, ended) }
            case nil: if let status = status(piece.text, run) { return complain(writer, status) }
            }
        }
        return complain(writer, 0)
    }

    /// The status, or 2 with a message where standard output took no more.
    public static func complain(_ writer: TerminalWriter, _ status: Int32) -> Int32 {
        guard let failure = writer.failure else { return status }
        writer.printError([StyledText("icot: cannot write to standard output: \(failure)", .error)])
        return 2
    }
}

/// Does something after which relative paths and those of `import` start where they did before: a notebook from
/// elsewhere is run with its own.
func returning<Result>(_ session: Session, _ work: () -> Result) -> Result {
    let imports = session.importFolder
    defer { session.importFolder = imports }
    return FileSystem.returning(work)
}
