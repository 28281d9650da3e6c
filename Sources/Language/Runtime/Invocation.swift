// One call of a command: its bound arguments, and the way back to the session while it runs.

public struct Invocation {
    public let signature: CommandSignature
    /// The session that runs it: output, progress, interrupts, calls of functions.
    public let session: Session
    /// The words of the whole call.
    public let span: SourceSpan
    /// By parameter name; a repeated one holds a list object. Absent where neither given nor defaulted.
    let arguments: [String: Value]
    let spans: [String: SourceSpan]
    /// `where …` as a function of a row; nil where it was not given.
    public let predicate: ((_ row: any Row) throws -> Bool)?
    /// `by …` as a function of a row, with the name its column gets.
    public let key: (name: String, value: (_ row: any Row) throws -> Value)?

    // MARK: Arguments

    /// The value of an argument; nil where it was left out and has no default.
    public subscript(name: String) -> Value? { arguments[name] }
    /// Whether the person gave it (a default does not count).
    public func isGiven(_ name: String) -> Bool { spans[name] != nil }

    // MARK: While it runs

    public var interrupt: Interrupt { session.interrupt }
    /// Throws `E309` when a stop was asked for.
    public func checkInterrupt() throws { if interrupt.isRequested { throw failure("stopped", code: .interrupted) } }
    public func output(_ bundle: DisplayBundle) { session.emit(.output(bundle)) }
    public func output(_ line: StyledText) { session.emit(.output(DisplayBundle(lines: [line]))) }
    public func progress(_ line: StyledText) { session.emit(.progress(line)) }

    /// An error that underlines the argument of that name, or the whole call.
    public func failure(
        _ message: String, code: DiagnosticCode = .commandFailed, at name: String? = nil, help: String? = nil
    ) -> Diagnostic {
        Diagnostic(code, "\(signature.name): \(message)", at: name.flatMap { spans[$0] } ?? span, help: help)
    }
}

/// What `where` and `by` look at: a row of a table, a problem.
public protocol Row {
    /// The value of a field; nil where there is none of that name.
    func value(_ name: String) -> Value?
    var names: [String] { get }
}
