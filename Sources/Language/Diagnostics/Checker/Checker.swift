// What can be known to be wrong before line 1 runs: unknown names, labels and choices, the number and kind of
// arguments, numbers out of range. The checker only complains where it is sure; what depends on values is left to the
// session.
//
// Scopes: a block's names end with it. Inside a `def` or a closure every top-level name of the text counts as known,
// because the body runs later.
//
// Here stands the walk; beside it what is known of names (+Names), calls and their labels (+Calls), one argument
// against its parameter (+Arguments) and the kinds of expressions (+Types). The sentences are those of Wording.

public struct Checker: TreeWalker {
    let source: SourceText
    let context: LanguageContext
    var diagnostics: [Diagnostic] = []
    var scopes: [[String: Known]] = [[:]]
    var definitions: [String: CommandSignature]
    /// Names of the top level, for bodies that run later.
    var laterNames: Set<String> = []
    /// Names that are given a new value somewhere: their kind is not known.
    var reassigned: Set<String> = []
    var functionDepth = 0

    /// A kind of value as far as the text tells; nil is "not known".
    typealias StaticType = String?

    /// What the text tells about a name.
    struct Known {
        var type: StaticType
        /// The record literal that the name stands for, so that its keys are known.
        var record: Expression?
    }

    /// Everything wrong with a text: its syntax errors, or where there are none its names, labels and arguments. One
    /// mistake gives one error, and an edit that an error proposes has been tried (Mender).
    public static func diagnose(_ source: SourceText, _ context: LanguageContext) -> [Diagnostic] {
        diagnose(Parser.parse(source, context), context)
    }

    public static func diagnose(_ parsed: ParsedText, _ context: LanguageContext) -> [Diagnostic] {
        Mender.mended(check(parsed, context), parsed.source, context)
    }

    /// The same as it was found, without trying what the errors propose: for whoever asks after every key.
    public static func check(_ parsed: ParsedText, _ context: LanguageContext) -> [Diagnostic] {
        // An unknown verb leaves the tree whole; other syntax errors would only lead to echoes of themselves.
        guard parsed.diagnostics.allSatisfy({ $0.code == .unknownVerb }) else { return parsed.diagnostics }
        var checker = Checker(source: parsed.source, context: context, definitions: context.definitions)
        checker.collectNames(parsed.program.statements)
        checker.walk(parsed.program.statements)
        return (parsed.diagnostics + checker.diagnostics).sorted {
            ($0.span.start, $0.span.end) < ($1.span.start, $1.span.end)
        }
    }

    private init(source: SourceText, context: LanguageContext, definitions: [String: CommandSignature]) {
        self.source = source
        self.context = context
        self.definitions = definitions
    }

    mutating func complain(
        _ code: DiagnosticCode, _ message: String, at span: SourceSpan, help: String? = nil,
        replacement: Diagnostic.Replacement? = nil
    ) {
        guard diagnostics.count < Parser.errorMax else { return }
        diagnostics.append(Diagnostic(code, message, at: span, help: help, replacement: replacement))
    }

    mutating func complain(
        _ fault: ArgumentFault, _ verb: Name, at span: SourceSpan, help: String? = nil,
        replacement: Diagnostic.Replacement? = nil
    ) {
        complain(
            fault.code, "\(verb.text): \(fault.message(of: verb.text))", at: span, help: help ?? fault.help,
            replacement: replacement)
    }

    // MARK: - The walk

    mutating func visit(_ statement: Statement) {
        walk(statement)
        switch statement.kind {
        case .binding(let name, let value): bind(name, type(of: value), record: record(value))
        case .importing(let path, _):
            for signature in context.imports?(path) ?? [] { definitions[signature.name] = signature }
        default: break
        }
    }

    mutating func visit(_ definition: Definition) {
        definitions[definition.name.text] = definition.signature(in: source)
        walk(definition)
    }

    mutating func visit(_ block: Block, declaring names: [Name], isFunction: Bool) {
        let saved = definitions
        scopes.append([:])
        if isFunction { functionDepth += 1 }
        for name in names { bind(name, nil) }
        walk(block)
        if isFunction { functionDepth -= 1 }
        scopes.removeLast()
        definitions = saved
    }

    mutating func visit(_ expression: Expression) {
        switch expression.kind {
        case .name(let word): checkName(word, expression.span)
        case .field(let base, let name):
            walk(expression)
            checkField(base, name)
        default: walk(expression)
        }
    }

    mutating func visit(_ call: Call, at span: SourceSpan, piped: Expression?) {
        if let predicate = call.predicate { visit(predicate) }
        if let key = call.key { visit(key) }
        checkCall(call, piped: piped)
    }

    mutating func visitTarget(_ target: Expression) {
        if case .name(let word) = target.kind { checkTarget(word, target.span) } else { walkTarget(target) }
    }
}
