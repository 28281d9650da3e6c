// What the language says when something is wrong: one sentence, the words at fault, the fix.

public struct Diagnostic: Sendable, Equatable, Error {
    public enum Severity: String, Sendable { case error, warning }

    /// Text that puts the fault right when it takes the place of a span.
    public struct Replacement: Sendable, Equatable {
        public var span: SourceSpan
        public var text: String

        public init(_ span: SourceSpan, _ text: String) {
            self.span = span
            self.text = text
        }
    }

    public var code: DiagnosticCode
    public var severity: Severity
    /// One lower-case sentence in the user's own names, with the nearest spelling: what was found and what was
    /// expected.
    public var message: String
    /// The words at fault.
    public var span: SourceSpan
    /// The next thing to type.
    public var help: String?
    /// The same as an edit, where it is one: the prompt applies it with a key.
    public var replacement: Replacement?

    public init(
        _ code: DiagnosticCode, _ message: String, at span: SourceSpan, help: String? = nil,
        replacement: Replacement? = nil, severity: Severity = .error
    ) {
        self.code = code
        self.severity = severity
        self.message = message
        self.span = span
        self.help = help
        self.replacement = replacement
    }
}
