// A session: variables, verbs of the user's own, numbered results, and the running of texts. Front ends hand it text and
// read its events; they know nothing behind it.

public final class Session {
    public let interrupt = Interrupt()
    public var displayOptions: DisplayOptions
    /// Called on the thread that runs a text.
    public var onEvent: (SessionEvent) -> Void = { _ in }
    private let vocabulary: Vocabulary

    public init(_ vocabulary: Vocabulary, displayOptions: DisplayOptions = DisplayOptions()) {
        self.vocabulary = vocabulary
        self.displayOptions = displayOptions
    }

    func emit(_ event: SessionEvent) { onEvent(event) }

    /// What the checker, completion, highlighting and help know at this moment.
    public var context: LanguageContext { fatalError("not yet") }
    /// For the prompt.
    public var status: StyledText? { vocabulary.status() }
    /// The number that the next statement's result gets: `_7`.
    public var nextResultNumber: Int { fatalError("not yet") }

    /// How a text or a statement ended.
    public enum Outcome: Sendable, Equatable {
        case finished
        /// Ended by an error; its diagnostic was an event.
        case failed(DiagnosticCode)
        case interrupted
    }

    /// Parses, checks and runs a text. All errors found before running are reported and then nothing runs; while running
    /// the first error ends it, and the variables are as the statements before left them.
    public func run(_ source: SourceText) -> Outcome { fatalError("not yet") }

    /// A text whose statements can be run one by one, after it was parsed and checked as a whole.
    public struct Prepared {
        public let source: SourceText
        public let statements: [Statement]
        /// What was found before running.
        public let diagnostics: [Diagnostic]
    }

    public func prepare(_ source: SourceText) -> Prepared { fatalError("not yet") }
    /// Runs statement `index`. A statement with diagnostics of its own from `prepare` fails with them.
    public func run(_ prepared: Prepared, statement index: Int) -> Outcome { fatalError("not yet") }

    /// The variables and the state of the host at one moment.
    public final class Checkpoint {
        init() {}
    }

    public func checkpoint() -> Checkpoint { fatalError("not yet") }
    public func restore(_ checkpoint: Checkpoint) { fatalError("not yet") }

    /// Gives a variable a value from outside: `-p name=value`.
    public func define(_ name: String, _ value: Value) { fatalError("not yet") }
    public func value(of name: String) -> Value? { fatalError("not yet") }
}
