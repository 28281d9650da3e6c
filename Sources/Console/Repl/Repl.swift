// The prompt: reads an entry, runs it, shows what the session tells, and reads the next one.

import CTerminal
import Glibc
import Language
import Support

/// A notebook that a person runs at a prompt, and what it is held to while it runs.
public struct Opening {
    public var source: SourceText
    public var refusal: (Deed) -> Refusal?

    public init(source: SourceText, refusal: @escaping (Deed) -> Refusal?) {
        self.source = source
        self.refusal = refusal
    }

    func run(
        _ source: SourceText, _ session: Session, _ run: (SourceText, Session) -> Session.Outcome
    ) -> Session.Outcome {
        session.refusal = refusal
        // What the person types after it is the person's own.
        defer { session.refusal = { _ in nil } }
        return run(source, session)
    }
}

public final class Repl {
    /// What a host may want to hear or change.
    public struct Options {
        /// Shown before the first prompt.
        public var greeting: StyledText?
        /// Run before the first prompt.
        public var startup: SourceText?
        /// Run after it, as if it were typed: a notebook that the person goes on from.
        public var opening: Opening?
        /// Whether lines are read without editing though this is no terminal: another program is typing.
        public var isDriven: Bool
        /// Runs an entry: in a host that keeps a record of the session, through whoever keeps it.
        public var run: (SourceText, Session) -> Session.Outcome
        /// Finds the statements of a notebook that a person wants to run here, and agrees to what they do; nil, with
        /// the reason told, where nothing is to be run.
        public var open: (String, Session) -> Opening?

        public init(
            greeting: StyledText? = nil, startup: SourceText? = nil, opening: Opening? = nil, isDriven: Bool = false,
            run: @escaping (SourceText, Session) -> Session.Outcome = { $1.run($0) },
            open: @escaping (String, Session) -> Opening? = { _, _ in nil }
        ) {
            self.greeting = greeting
            self.startup = startup
            self.opening = opening
            self.isDriven = isDriven
            self.run = run
            self.open = open
        }
    }

    private let session: Session
    private let writer: TerminalWriter
    private let printer: EventPrinter
    private let interrupts: InterruptWatch
    private let options: Options
    private let services: SessionServices
    private let history: History
    /// Nil where lines are read without editing.
    private let editor: LineEditor?
    private let plain = PlainReader()
    private var idleInterrupts = 0

    public init(
        _ session: Session, writer: TerminalWriter, interrupts: InterruptWatch, history: History = .standard(),
        form: EventPrinter.Form = .text,
        options: Options = Options()
    ) {
        self.session = session
        self.writer = writer
        self.interrupts = interrupts
        // What another program types is not the person's.
        let history = options.isDriven ? History.inMemory() : history
        self.history = history
        self.options = options
        let terminal = writer.terminal
        services = SessionServices(session)
        let isEdited = terminal.isInteractive && terminal.canMove && !options.isDriven
        editor = isEdited ? LineEditor(services: services, history: history, terminal: terminal) : nil
        printer = EventPrinter(writer, form: form, isPaged: isEdited, showsPlace: false)
        session.onEvent = { [weak self] event in self?.hear(event) }
    }

    /// Reads and runs until the person leaves; returns the exit status of the program.
    public func run() -> Int32 {
        if let greeting = options.greeting { writer.print([greeting]) }
        if let startup = options.startup { show(startup) { session.run($0) } }
        if let opening = options.opening { show(opening.source) { opening.run($0, session, options.run) } }
        while writer.failure == nil {
            services.beginLine()
            let prompt = self.prompt
            switch read(prompt) {
            case .end: return TextRun.complain(writer, 0)
            case .interrupted:
                idleInterrupts += 1
                if idleInterrupts == 2 { writer.print([StyledText("Ctrl-D or quit leaves", .dim)]) }
            case .text(let typed):
                idleInterrupts = 0
                // What was copied from a terminal comes with its prompts.
                let unprompted = Prompt.stripped(typed) ?? typed
                guard unprompted.contains(where: { !$0.isWhitespace }) else { continue }
                history.append(unprompted)
                writer.transcript?.add(input: unprompted, prompt: prompt.plain)
                let text = Aside.spelledOut(unprompted, session.context) ?? unprompted
                switch Aside(text, session.context) {
                case .farewell: return TextRun.complain(writer, 0)
                case .question(let question): answer(question)
                case .history(let count, let word):
                    writer.print(Aside.lines(of: history.entries, count: count, word: word), paged: editor != nil)
                case .file(let path):
                    returning(session) {
                        if let opening = options.open(path, session) {
                            show(opening.source) { opening.run($0, session, options.run) }
                        }
                    }
                case nil: take(text)
                }
            }
        }
        return TextRun.complain(writer, 0)
    }

    // MARK: Reading

    /// What the host says about itself, and the number of the next result: `run 3/8 7> `.
    private var prompt: StyledText {
        (session.status ?? StyledText("icot", .emphasis)) + StyledText(" ")
            + StyledText("\(session.nextResultNumber)> ", .dim)
    }

    private func read(_ prompt: StyledText) -> LineEditor.Line {
        writer.flush()
        if let editor { return editor.readLine(prompt: prompt) }
        var text = ""
        var head = prompt.plain
        while true {
            writer.ask(head)
            switch plain.readLine() {
            case .end: return text.isEmpty ? .end : .text(text)
            case .interrupted:
                writer.print([StyledText()])
                return .interrupted
            case .tooLong:
                writer.printError([StyledText(StandardInput.tooLong, .error)])
                text = ""
                head = prompt.plain
            case .text(let line):
                text += line
                if services.state(of: text) == .complete { return .text(text) }
                text += "\n"
                head = "....> "
            }
        }
    }

    // MARK: Running

    /// Runs a text that was not typed here, so that its errors say where they are.
    private func show(_ source: SourceText, _ run: (SourceText) -> Session.Outcome) {
        printer.showsPlace = true
        printer.begin()
        session.displayOptions = printer.displayOptions
        _ = interrupts.during(session.interrupt) { QuietInput.during { run(source) } }
        printer.finish()
        printer.showsPlace = false
    }

    private func answer(_ question: Question) {
        let (lines, isKnown) = question.answer(session)
        isKnown ? writer.print(lines, paged: editor != nil) : writer.printError(lines)
    }

    private func take(_ text: String) {
        let source = SourceText(text)
        session.displayOptions = printer.displayOptions
        printer.begin()
        let start = MonotonicClock.seconds()
        let outcome = interrupts.during(session.interrupt) { QuietInput.during { options.run(source, session) } }
        printer.finish()
        // After a command that took long nobody notices another millisecond.
        if MonotonicClock.seconds() - start > 0.05 { Allocator.giveFreePagesBack() }
        if outcome == .interrupted, printer.errors.isEmpty { writer.printError([StyledText("stopped", .warning)]) }
        editor?.correction = Correction.applied(
            printer.errors.filter { $0.source.name == source.name }.map(\.diagnostic), to: source)
        if outcome == .finished { writer.print(session.tourNews(after: source)) }
    }

    private func hear(_ event: SessionEvent) {
        printer.show(event)
        if writer.failure != nil { session.interrupt.request() }
    }
}

/// The text with the edits that its errors propose.
enum Correction {
    /// Nil where no error proposes one.
    static func applied(_ diagnostics: [Diagnostic], to source: SourceText) -> String? {
        var edits: [Diagnostic.Replacement] = []
        for edit in diagnostics.compactMap(\.replacement).sorted(by: { $0.span.start < $1.span.start }) {
            guard edit.span.end <= source.count, edit.span.start >= edits.last?.span.end ?? 0 else { continue }
            edits.append(edit)
        }
        guard !edits.isEmpty else { return nil }
        var bytes = source.bytes
        for edit in edits.reversed() { bytes.replaceSubrange(edit.span.start..<edit.span.end, with: edit.text.utf8) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
