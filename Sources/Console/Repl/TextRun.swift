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
        run: (SourceText, Session) -> Session.Outcome = { $1.run($0) }
    ) -> Int32 {
        defer { printer.finish() }
        session.displayOptions = printer.displayOptions
        session.onEvent = { event in
            printer.show(event)
            // Nobody can read what is left to be shown: working on would be for nothing.
            if writer.failure != nil { session.interrupt.request() }
        }
        let source = Prompt.stripped(source.text).map { SourceText($0, name: source.name) } ?? source
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
            case nil:
                printer.begin()
                let outcome = interrupts.during(session.interrupt) { run(piece.text, session) }
                printer.finish()
                switch outcome {
                case .finished: break
                case .failed: return complain(writer, 2)
                case .interrupted: return complain(writer, 130)
                }
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
