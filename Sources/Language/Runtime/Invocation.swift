import Support

// One call of a command: its bound arguments, and the way back to the session while it runs.

public struct Invocation {
    /// The session that runs it: output, progress, interrupts, calls of functions.
    public let session: Session
    let command: CommandFunction
    /// The words of the whole call.
    public let span: SourceSpan
    /// The text that the words are in.
    let source: SourceText
    /// In the order of the parameters; a repeated one holds a list object. Nil where neither given nor defaulted.
    let values: [Value?]
    let spans: [SourceSpan?]
    /// `where …` as a function of a row; nil where it was not given.
    public let predicate: ((_ row: any Row) throws -> Bool)?
    /// `by …` as functions of a row, each with the name its column gets; `by [.a, .b]` has two.
    public let keys: [(name: String, value: (_ row: any Row) throws -> Value)]

    public var signature: CommandSignature { command.signature }
    /// The first of `keys`.
    public var key: (name: String, value: (_ row: any Row) throws -> Value)? { keys.first }

    // MARK: - Arguments

    private func place(_ name: String) -> Int? { command.parameters.firstIndex { $0.name == name } }

    /// The value of an argument; nil where it was left out and has no default.
    public subscript(name: String) -> Value? { place(name).flatMap { values[$0] } }
    /// Whether the person gave it (a default does not count).
    public func isGiven(_ name: String) -> Bool { span(of: name) != nil }
    /// Where it was given.
    func span(of name: String) -> SourceSpan? { place(name).flatMap { spans[$0] } }

    private func missing(_ name: String, _ kind: String) -> Diagnostic {
        failure("needs \(kind) as \(name)", code: .runtimeArgument, help: "see ?\(signature.name)")
    }

    private func needed<Result>(_ value: Result?, _ name: String, _ kind: String) throws -> Result {
        guard let value else { throw missing(name, kind) }
        return value
    }

    public func integer(_ name: String) throws -> Int { try needed(integerIfPresent(name), name, "a whole number") }
    public func real(_ name: String) throws -> Double { try needed(realIfPresent(name), name, "a number") }
    public func boolean(_ name: String) throws -> Bool { try needed(booleanIfPresent(name), name, "true or false") }
    public func text(_ name: String) throws -> String { try needed(textIfPresent(name), name, "a text") }
    /// The word of a `.choice` or column, without its dot.
    public func choice(_ name: String) throws -> String { try needed(choiceIfPresent(name), name, "a choice") }
    /// `.answer[2]`
    public func selector(_ name: String) throws -> (name: String, index: Int?) {
        try needed(selectorIfPresent(name), name, "a .name")
    }
    public func range(_ name: String) throws -> Range<Int> { try needed(rangeIfPresent(name), name, "a range") }
    public func list(_ name: String) throws -> [Value] { try needed(listIfPresent(name), name, "a list") }
    public func record(_ name: String) throws -> RecordObject { try needed(recordIfPresent(name), name, "a record") }
    public func table(_ name: String) throws -> TableObject { try needed(self[name]?.asTable, name, "a table") }
    public func array(_ name: String) throws -> ArrayObject { try needed(self[name]?.asArray, name, "an array") }
    public func function(_ name: String) throws -> FunctionObject {
        try needed(self[name]?.asFunction, name, "a function")
    }
    public func value(_ name: String) throws -> Value { try needed(self[name], name, "a value") }
    public func host<Host: HostObject>(_ name: String, as type: Host.Type) throws -> Host {
        try needed(hostIfPresent(name, as: type), name, "another kind of value")
    }

    public func integerIfPresent(_ name: String) -> Int? { self[name]?.asInteger }
    public func realIfPresent(_ name: String) -> Double? { self[name]?.asReal }
    public func booleanIfPresent(_ name: String) -> Bool? { self[name]?.asBoolean }
    public func textIfPresent(_ name: String) -> String? { self[name]?.asText }
    public func choiceIfPresent(_ name: String) -> String? { self[name]?.asChoice?.name }
    public func selectorIfPresent(_ name: String) -> (name: String, index: Int?)? {
        self[name]?.asChoice.map { ($0.name, $0.index) }
    }
    public func recordIfPresent(_ name: String) -> RecordObject? { self[name]?.asRecord }
    public func hostIfPresent<Host: HostObject>(_ name: String, as type: Host.Type) -> Host? {
        self[name]?.asHost(type)
    }

    /// A range, or the range of one number that an integer stands for.
    public func rangeIfPresent(_ name: String) -> Range<Int>? {
        guard let value = self[name] else { return nil }
        if case .integer(let number) = value, number < .max { return number..<number + 1 }
        return value.asRange?.bounds
    }

    /// The words in which an argument was given, as they stand in the source; nil where it was left out.
    public func words(of name: String) -> String? {
        span(of: name).map { source.text($0) }
    }

    /// The elements of a list, range or array.
    public func listIfPresent(_ name: String) -> [Value]? { self[name]?.asList }

    // MARK: - While it runs

    /// Calls a function or closure with values by place.
    public func call(_ function: Value, _ arguments: [Value]) throws -> Value {
        guard let function = function.asFunction else {
            throw failure(
                "\(TypeName.withArticle(function.typeName)) cannot be called", code: .runtimeType,
                help: "give it a function, such as { x in x + 1 }")
        }
        return try session.machine.call(function, arguments)
    }

    public var interrupt: Interrupt { session.interrupt }
    /// Throws `E309` when a stop was asked for.
    public func checkInterrupt() throws { if interrupt.isRequested { throw failure("stopped", code: .interrupted) } }
    public func output(_ bundle: DisplayBundle) { session.emit(.output(bundle)) }
    public func output(_ line: StyledText) { session.emit(.output(DisplayBundle(lines: [line]))) }
    /// Shows how far the work has come; most calls cost nothing, so it may be called often.
    public func progress(_ progress: @autoclosure () -> WorkProgress) { session.show(progress) }
    public func endProgress() { session.endProgress() }

    /// An error that underlines the argument of that name, or the whole call.
    public func failure(
        _ message: String, code: DiagnosticCode = .commandFailed, at name: String? = nil, help: String? = nil
    ) -> Diagnostic {
        Diagnostic(
            code, "\(signature.name): \(message)", at: name.flatMap { span(of: $0) } ?? span,
            help: help)
    }
}

/// What `where` and `by` look at: a row of a table, a problem.
public protocol Row {
    /// The value of a field; nil where there is none of that name.
    func value(_ name: String) -> Value?
    var names: [String] { get }
}
