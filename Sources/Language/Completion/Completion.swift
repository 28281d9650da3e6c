// What could be typed at a place: verbs where a command begins, and inside a command what its signature says — labels
// not used yet, the choices of an argument, variables of the right kind, columns, files inside quotes.
//
// Completion works on tokens, not on the tree, because a line under the cursor is rarely whole.

public struct Completion: Sendable, Equatable {
    public enum Kind: Sendable { case verb, keyword, label, choice, variable, function, field, file, run, value }

    /// What takes the place of `span`.
    public var text: String
    public var span: SourceSpan
    public var kind: Kind
    /// One line that says what it is.
    public var summary: String

    /// How the candidate is shown in a list.
    public var style: Style {
        switch kind {
        case .verb: .verb
        case .keyword: .keyword
        case .label: .label
        case .choice, .field: .choice
        case .variable: .name
        case .function: .function
        case .file, .run: .string
        case .value: .number
        }
    }
}

/// What only the session or the machine knows.
public struct CompletionSources {
    /// The fields or columns of a variable.
    public var fields: (_ variable: String) -> [String]
    /// The fields of the elements of a variable.
    public var elementFields: (_ variable: String) -> [String]
    /// The paths that begin with what is typed; folders end with `/`.
    public var files: (_ prefix: String) -> [String]
    /// The folders of kept runs that begin with what is typed, also below `runs`.
    public var runs: (_ prefix: String) -> [String]

    public init(
        fields: @escaping (String) -> [String] = { _ in [] },
        elementFields: @escaping (String) -> [String] = { _ in [] },
        files: @escaping (String) -> [String] = { _ in [] }, runs: @escaping (String) -> [String] = { _ in [] }
    ) {
        self.fields = fields
        self.elementFields = elementFields
        self.files = files
        self.runs = runs
    }

    /// What a session knows of its values, and what lies in the current folder.
    public init(_ session: Session) {
        func object(_ name: String) -> Object? {
            if case .object(let object)? = session.value(of: name) { object } else { nil }
        }
        self.init(
            fields: { object($0)?.fieldNames ?? [] },
            elementFields: { name in
                guard let object = object(name), let count = object.count, count > 0 else { return [] }
                return (try? object.element(at: 0))?.fieldNames ?? []
            }, files: FilePaths.beginning(with:), runs: FilePaths.runs(beginningWith:))
    }
}

public struct Completer {
    /// The most candidates that are returned.
    public static let countMax = 500

    private let source: SourceText
    private let context: LanguageContext
    private let sources: CompletionSources
    /// The tokens that end at or before the cursor, without the word under it.
    private var tokens: [Token]
    /// What is typed of the word under the cursor, from its dot or quote on.
    private var typed: String
    private var span: SourceSpan
    private var localVariables: [String: KnownVariable] = [:]
    private var definitions: [String: CommandSignature]

    /// Candidates for the word that ends at the offset, best first.
    public static func complete(
        _ source: SourceText, at offset: Int, _ context: LanguageContext,
        sources: CompletionSources = CompletionSources()
    ) -> [Completion] {
        let head = SourceText(bytes: Array(source.bytes.prefix(max(offset, 0))), name: source.name)
        let lexed = Lexer.lex(head)
        if let comment = lexed.comments.last, comment.end == head.count, comment.start < head.count { return [] }
        var completer = Completer(head, lexed, context, sources)
        return completer.candidates()
    }

    private init(_ source: SourceText, _ lexed: LexedText, _ context: LanguageContext, _ sources: CompletionSources) {
        self.source = source
        self.context = context
        self.sources = sources
        tokens = lexed.tokens.filter { $0.kind != .endOfText }
        definitions = context.definitions
        typed = ""
        span = SourceSpan(at: source.count)
        learnNames()
    }

    /// Names and verbs that earlier lines of the same text bring.
    private mutating func learnNames() {
        var hasDefinition = false
        for (index, token) in tokens.enumerated() where index + 1 < tokens.count {
            guard case .keyword(let keyword) = token.kind, case .identifier(let word) = tokens[index + 1].kind else {
                continue
            }
            switch keyword {
            case .let, .for, .catch:
                var variable = KnownVariable()
                if index + 3 < tokens.count, tokens[index + 2].kind == .sign(.equals),
                    case .identifier(let verb) = tokens[index + 3].kind
                {
                    variable.typeName = context.signatures[verb]?.resultType
                }
                // The word being typed is not yet a name.
                if tokens[index + 1].span.end < source.count { localVariables[word] = variable }
            case .def: hasDefinition = true
            default: break
            }
        }
        if hasDefinition {
            for signature in Parser.parse(source, context).definitions { definitions[signature.name] = signature }
        }
    }

    // MARK: - Where the cursor is

    private mutating func candidates() -> [Completion] {
        if let quoted = insideText() { return quoted }
        takeWord()
        if typed.first == ".", let last = tokens.last, last.span.end == span.start, endsValue(last) {
            return fields(after: last)
        }
        let stage = currentStage()
        guard let first = stage.first, case .identifier(let verb) = first.kind, let signature = signature(verb),
            !isCall(stage)
        else {
            if stage.isEmpty { return starts() }
            return expressionCandidates(stage)
        }
        return arguments(of: signature, stage)
    }

    /// Takes the word under the cursor (`mul`, `.mul`, `.`) away from the tokens.
    private mutating func takeWord() {
        guard let last = tokens.last, last.span.end == source.count else { return }
        switch last.kind {
        case .identifier, .keyword, .dotName:
            typed = source.text(last.span)
            span = last.span
            tokens.removeLast()
        case .invalid where source.text(last.span) == ".":
            typed = "."
            span = last.span
            tokens.removeLast()
        default: break
        }
    }

    private func endsValue(_ token: Token) -> Bool {
        switch token.kind {
        case .identifier, .dotName, .textEnd, .sign(.closeParenthesis), .sign(.closeBracket): true
        default: false
        }
    }

    private func signature(_ verb: String) -> CommandSignature? { definitions[verb] ?? context.signatures.verbs[verb] }

    private func isCall(_ stage: [Token]) -> Bool {
        stage.count > 1 && stage[1].kind == .sign(.openParenthesis) && !stage[1].hasSpaceBefore
    }

    /// The tokens of the command or expression under the cursor, from its first word on.
    private func currentStage() -> [Token] {
        var depth = 0
        var start = tokens.count
        search: while start > 0 {
            switch tokens[start - 1].kind {
            case .sign(.closeParenthesis), .sign(.closeBracket), .sign(.closeBrace), .textEnd, .interpolationEnd:
                depth += 1
            case .sign(.openParenthesis), .sign(.openBracket), .sign(.openBrace), .textStart, .interpolationStart:
                if depth == 0 { break search }
                depth -= 1
            case .newline, .semicolon, .sign(.pipe), .sign(.equals), .keyword(.time), .keyword(.try), .keyword(.return),
                .keyword(.else):
                if depth == 0 { break search }
            case .keyword(.in):
                if depth == 0 { break search }
            default: break
            }
            start -= 1
        }
        return Array(tokens[start...])
    }

    /// Whether the cursor stands after a `|`.
    private func isPiped(_ stage: [Token]) -> Bool {
        let before = tokens.count - stage.count
        return before > 0 && tokens[before - 1].kind == .sign(.pipe)
    }

    // MARK: - Texts

    /// Candidates inside quotes, nil if the cursor is not inside quotes.
    private mutating func insideText() -> [Completion]? {
        // The lexer closes an open text at the end; a real closing quote is one byte long.
        guard let end = tokens.last, end.kind == .textEnd, end.span.isEmpty,
            let start = tokens.lastIndex(where: { $0.kind == .textStart })
        else { return nil }
        let quote = tokens[start].span
        let prefix = source.text(SourceSpan(quote.end, source.count))
        tokens.removeSubrange(start...)
        let stage = currentStage()
        let isPath: Bool
        let parameter = expectedPath(stage)
        if case .keyword(.import)? = stage.first?.kind { isPath = true } else { isPath = parameter != nil }
        guard isPath else { return [] }
        if parameter?.isRun == true {
            let runs = sources.runs(prefix).prefix(Completer.countMax).map { path in
                Completion(
                    text: path + "\"", span: SourceSpan(quote.end, source.count), kind: .run, summary: "a kept run")
            }
            // Where none is near, any folder is a way to one.
            if !runs.isEmpty { return Array(runs) }
        }
        return sources.files(prefix).prefix(Completer.countMax).map { path in
            Completion(
                text: path.hasSuffix("/") ? path : path + "\"", span: SourceSpan(quote.end, source.count), kind: .file,
                summary: path.hasSuffix("/") ? "folder" : "")
        }
    }

    /// The parameter that wants the path under the cursor.
    private func expectedPath(_ stage: [Token]) -> Parameter? {
        guard case .identifier(let verb)? = stage.first?.kind, let signature = signature(verb),
            let parameter = state(of: signature, stage).expected
        else { return nil }
        let isPath = Completer.flattened(parameter.kind).contains { if case .path = $0 { true } else { false } }
        return isPath ? parameter : nil
    }

    // MARK: - Fields

    private func fields(after token: Token) -> [Completion] {
        if token.kind == .sign(.closeBracket), let variable = indexedVariable() {
            return matching(
                sources.elementFields(variable).map {
                    candidate("." + $0, .field, "field of an element of \(variable)")
                })
        }
        guard case .identifier(let variable) = token.kind else { return [] }
        let names =
            (context.variables[variable]?.fields ?? []).isEmpty
            ? sources.fields(variable) : context.variables[variable]?.fields ?? []
        return matching(names.map { candidate("." + $0, .field, "field of \(variable)") })
    }

    /// The variable whose element `xs[…]` the tokens end with.
    private func indexedVariable() -> String? {
        var depth = 0
        for index in tokens.indices.reversed() {
            switch tokens[index].kind {
            case .sign(.closeBracket): depth += 1
            case .sign(.openBracket):
                depth -= 1
                guard depth == 0 else { continue }
                guard index > 0, !tokens[index].hasSpaceBefore, case .identifier(let name) = tokens[index - 1].kind
                else { return nil }
                return name
            default: continue
            }
        }
        return nil
    }

    // MARK: - The start of a command

    private func starts() -> [Completion] {
        var list: [Completion] = []
        let isPiped = isPiped([])
        // Nothing is typed and nothing asked for: what one may want, in its groups.
        if !isPiped, typed.isEmpty, source.count == 0 {
            return context.verbTopics.flatMap { topic in
                topic.names.compactMap { name in
                    signature(name).map { candidate(name, .verb, "\(topic.title): \($0.summary)") }
                }
            }
        }
        for signature in verbs where !isPiped || signature.values.first != nil {
            list.append(candidate(signature.name, .verb, signature.summary))
        }
        if isPiped { return matching(list) }
        return matching(list) + matching(variables(fitting: nil)) + matching(functions) + matching(keywords)
    }

    private var verbs: [CommandSignature] {
        (Array(context.signatures.verbs.values) + definitions.values).sorted { $0.name < $1.name }
    }

    private var functions: [Completion] {
        context.signatures.functions.values.sorted { $0.name < $1.name }.map {
            candidate($0.name + "(", .function, $0.summary)
        }
    }

    private var keywords: [Completion] {
        Completer.keywordSummaries.map { candidate($0.0, .keyword, $0.1) }
    }

    private static let keywordSummaries: [(String, String)] = [
        ("let", "gives a value a name"), ("def", "defines a verb"), ("for", "repeats for each element"),
        ("while", "repeats while a condition holds"),
        ("if", "runs a block if a condition holds"), ("return", "ends a def with a value"),
        ("try", "keeps an error as a value"), ("import", "reads the definitions of a file"),
        ("time", "says how long a command took"), ("break", "leaves a loop"),
        ("continue", "goes on with the next element"),
    ]

    private func expressionCandidates(_ stage: [Token]) -> [Completion] {
        if isInRow(stage) || typed.first == "." {
            return matching(columns(stage).map { candidate("." + $0, .choice, "column") })
        }
        let constants = [("true", ""), ("false", ""), ("none", "no value")].map { candidate($0.0, .value, $0.1) }
        if let call = openCall(stage) {
            return matching(callLabels(call)) + matching(variables(fitting: nil)) + matching(functions)
                + matching(constants)
        }
        return matching(variables(fitting: nil)) + matching(functions) + matching(constants)
    }

    /// The signature of the call whose parentheses the cursor is in.
    private func openCall(_ stage: [Token]) -> CommandSignature? {
        let before = tokens.count - stage.count
        guard before >= 2, tokens[before - 1].kind == .sign(.openParenthesis), !tokens[before - 1].hasSpaceBefore,
            case .identifier(let name) = tokens[before - 2].kind
        else { return nil }
        return definitions[name] ?? context.signatures[name]
    }

    private func callLabels(_ signature: CommandSignature) -> [Completion] {
        signature.labelled.map { candidate("\($0.name): ", .label, Completer.summary($0)) }
    }

    // MARK: - Inside a command

    private struct State {
        /// The parameter whose value is expected here; nil where only labels may follow.
        var expected: Parameter?
        var isAfterLabel = false
        var usedLabels: Set<String> = []
        var isInClause = false
        var hasWhere = false
        var hasBy = false
        var isAfterClauseWord = false
    }

    /// Walks over the arguments that are there already.
    private func state(of signature: CommandSignature, _ stage: [Token]) -> State {
        var state = State()
        let values = signature.values
        var place = isPiped(stage) ? 1 : 0
        var depth = 0
        var pending: Parameter?
        var index = 1
        while index < stage.count {
            let token = stage[index]
            let isOuter = depth == 0
            switch token.kind {
            case .sign(.openParenthesis), .sign(.openBracket), .sign(.openBrace), .textStart, .interpolationStart:
                if isOuter, token.hasSpaceBefore || pending != nil { take(&pending, &place, values) }
                depth += 1
            case .sign(.closeParenthesis), .sign(.closeBracket), .sign(.closeBrace), .textEnd, .interpolationEnd:
                depth -= 1
            case .label(let label) where isOuter:
                state.usedLabels.insert(label)
                pending = signature.parameter(labelled: label)
            case .keyword(.where) where isOuter:
                state.isInClause = true
                state.hasWhere = true
                state.isAfterClauseWord = index == stage.count - 1
            case .keyword(.by) where isOuter:
                state.isInClause = true
                state.hasBy = true
                state.isAfterClauseWord = index == stage.count - 1
            case .identifier, .integer, .bigInteger, .real, .dotName, .keyword(.true), .keyword(.false),
                .keyword(.none):
                if isOuter, !state.isInClause, token.hasSpaceBefore || pending != nil { take(&pending, &place, values) }
            default: break
            }
            index += 1
        }
        if let pending {
            state.expected = pending
            state.isAfterLabel = true
        } else if place < values.count {
            state.expected = values[place]
        } else if let last = values.last, last.isRepeated {
            state.expected = last
        }
        return state
    }

    private func take(_ pending: inout Parameter?, _ place: inout Int, _ values: [Parameter]) {
        if pending != nil { pending = nil } else if place < values.count, !values[place].isRepeated { place += 1 }
    }

    private func arguments(of signature: CommandSignature, _ stage: [Token]) -> [Completion] {
        let state = state(of: signature, stage)
        if state.isInClause {
            let columns = matching(columns(stage).map { candidate("." + $0, .choice, "column") })
            if typed.first == "." || state.isAfterClauseWord { return columns }
            return columns + matching(clauses(signature, state)) + matching(functions)
        }
        var list: [Completion] = []
        if let expected = state.expected { list += matching(values(for: expected, stage)) }
        if state.isAfterLabel || typed.first == "." { return list }
        let labels = signature.labelled.filter { !state.usedLabels.contains($0.name) }
        list += matching(labels.map { candidate("\($0.name): ", .label, Completer.summary($0)) })
        return list + matching(clauses(signature, state))
    }

    private func clauses(_ signature: CommandSignature, _ state: State) -> [Completion] {
        var list: [Completion] = []
        if signature.acceptsWhere, !state.hasWhere {
            list.append(candidate("where ", .keyword, "keeps the rows for which an expression holds"))
        }
        if signature.acceptsBy, !state.hasBy { list.append(candidate("by ", .keyword, "groups the rows by a column")) }
        return list
    }

    private static func summary(_ parameter: Parameter) -> String {
        let kind = parameter.summary.isEmpty ? parameter.kind.phrase : parameter.summary
        return parameter.defaultText.map { "\(kind) (\($0))" } ?? kind
    }

    private static func flattened(_ kind: ParameterKind) -> [ParameterKind] {
        if case .oneOf(let kinds) = kind { return kinds.flatMap(flattened) }
        return [kind]
    }

    private func values(for parameter: Parameter, _ stage: [Token]) -> [Completion] {
        var list: [Completion] = []
        for kind in Completer.flattened(parameter.kind) {
            switch kind {
            case .choice(let options), .selector(let options, _):
                list += options.map { candidate(".\($0.name)", .choice, $0.summary) }
            case .column: list += columns(stage).map { candidate(".\($0)", .choice, "column") }
            case .boolean: list += [candidate("true", .value, ""), candidate("false", .value, "")]
            case .path:
                if typed.isEmpty {
                    list += sources.files("").prefix(50).map {
                        candidate("\"\($0)\($0.hasSuffix("/") ? "" : "\"")", .file, "")
                    }
                }
            case .integer, .real, .number:
                if let value = parameter.defaultText, typed.isEmpty { list.append(candidate(value, .value, "default")) }
            case .text, .list, .range, .record, .function, .value, .oneOf, .any: break
            }
        }
        return list + variables(fitting: parameter.kind)
    }

    // MARK: - Variables and columns

    /// All variables, those of a fitting kind only where the kind says something.
    private func variables(fitting kind: ParameterKind?) -> [Completion] {
        var list: [Completion] = []
        let wanted = typed.lowercased()
        func add(_ name: String, _ variable: KnownVariable) {
            if !wanted.isEmpty, !Completer.matches(name, wanted) { return }
            if let kind, let type = variable.typeName, !Checker.accepts(kind, type) { return }
            list.append(candidate(name, .variable, variable.typeName ?? ""))
        }
        for (name, variable) in context.variables where localVariables[name] == nil { add(name, variable) }
        for (name, variable) in localVariables { add(name, variable) }
        if list.count > Completer.countMax * 4 {
            // Too many to be read; the shortest names are enough to show that there is more.
            return Array(list.sorted { $0.text.utf8.count < $1.text.utf8.count }.prefix(Completer.countMax)).sorted {
                $0.text < $1.text
            }
        }
        return list.sorted { $0.text < $1.text }
    }

    private func isInRow(_ stage: [Token]) -> Bool {
        stage.contains { $0.kind == .keyword(.where) || $0.kind == .keyword(.by) }
    }

    /// The columns of the table that the command works on: its first value, or what the pipeline starts with.
    private func columns(_ stage: [Token]) -> [String] {
        var names: [String] = []
        func look(_ token: Token) {
            guard case .identifier(let name) = token.kind, signature(name) == nil else { return }
            let known = context.variables[name]?.fields ?? []
            names = known.isEmpty ? sources.fields(name) : known
        }
        if stage.count > 1 { look(stage[1]) }
        if names.isEmpty {
            var start = tokens.count - stage.count
            while start > 0,
                ![.newline, .semicolon, .sign(.equals), .sign(.openParenthesis), .sign(.openBrace)].contains(
                    tokens[start - 1].kind)
            { start -= 1 }
            if start < tokens.count { look(tokens[start]) }
        }
        return names
    }

    // MARK: - Matching

    private func candidate(_ text: String, _ kind: Completion.Kind, _ summary: String) -> Completion {
        Completion(text: text, span: span, kind: kind, summary: summary)
    }

    /// Candidates that begin with what is typed; a choice also without its dot.
    private func matching(_ list: [Completion]) -> [Completion] {
        if typed.isEmpty { return Array(list.prefix(Completer.countMax)) }
        let wanted = typed.lowercased()
        return Array(list.filter { Completer.matches($0.text, wanted) }.prefix(Completer.countMax))
    }

    private static func matches(_ text: String, _ wanted: String) -> Bool {
        begins(text.utf8[...], wanted.utf8)
            || (text.utf8.first == UInt8(ascii: ".") && begins(text.utf8.dropFirst(), wanted.utf8))
    }

    /// Whether a text begins with a lower-case one, capital letters (A to Z) counting as small.
    private static func begins(_ text: Substring.UTF8View, _ wanted: String.UTF8View) -> Bool {
        text.starts(with: wanted) { $0 == $1 || ($0 &+ 32 == $1 && $0 >= 65 && $0 <= 90) }
    }
}
