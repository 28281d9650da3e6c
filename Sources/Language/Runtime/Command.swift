// The command protocol: a signature and what to do. A host hands a `Vocabulary` of them to a session.

/// A verb or function: its signature and what it does.
public struct Command {
    public var signature: CommandSignature
    /// Arguments arrive bound, of the kinds that the signature says and within its bounds, defaults filled in.
    /// Throws a `Diagnostic` (see `Invocation.failure`) or any error that the vocabulary's `explain` knows.
    public var run: (Invocation) throws -> Value
    /// A short cut for small functions of the library, called with every value by place and nothing else: nothing is
    /// bound or checked. Gives nil where `run` has to take care of it.
    var direct: ((UnsafeBufferPointer<Value>) throws -> Value?)?

    public init(_ signature: CommandSignature, _ run: @escaping (Invocation) throws -> Value) {
        self.signature = signature
        self.run = run
    }
}

/// What an error of the host means to the person who typed the command.
public struct Explanation: Sendable {
    public var code: DiagnosticCode
    /// One lower-case sentence.
    public var message: String
    /// The next thing to type.
    public var help: String?
    /// The arguments that may have caused it, the likeliest first: the first of them that was given is underlined, else
    /// the whole call.
    public var arguments: [String]

    public init(_ code: DiagnosticCode, _ message: String, at arguments: [String] = [], help: String? = nil) {
        self.code = code
        self.message = message
        self.arguments = arguments
        self.help = help
    }
}

/// Everything that a host adds to the language.
public struct Vocabulary {
    public var verbs: [Command]
    public var functions: [Command]
    /// Texts in the language that define further functions, read when a session begins. Like those of `functions`
    /// their names take no word away from variables.
    public var library: [SourceText]
    /// How help groups the verbs, those of the language among them.
    public var topics: [Topic]
    /// The steps of `?tour`.
    public var tour: [TourStep]
    /// What an error thrown by a command means; nil for one it does not know.
    public var explain: (any Error) -> Explanation?
    /// Keeps the state of the host (the current run, its weights and timeline) and returns what puts it back.
    public var capture: () -> () -> Void
    /// What the prompt says about the state of the host, such as `run 3/8`; nil for nothing.
    public var status: () -> StyledText?

    public init(
        verbs: [Command] = [], functions: [Command] = [], library: [SourceText] = [], topics: [Topic] = [],
        tour: [TourStep] = [],
        explain: @escaping (any Error) -> Explanation? = { _ in nil }, capture: @escaping () -> () -> Void = { {} },
        status: @escaping () -> StyledText? = { nil }
    ) {
        self.verbs = verbs
        self.functions = functions
        self.library = library
        self.topics = topics
        self.tour = tour
        self.explain = explain
        self.capture = capture
        self.status = status
    }
}
