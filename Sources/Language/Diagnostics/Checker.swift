// What can be known to be wrong before line 1 runs: unknown names, labels and choices, the number and kind of arguments,
// numbers out of range. The checker only complains where it is sure; what depends on values is left to the session.
//
// Scopes: a block's names end with it. Inside a `def` or a closure every top-level name of the text counts as known,
// because the body runs later.

public struct Checker {
    private let source: SourceText
    private let context: LanguageContext
    private var diagnostics: [Diagnostic] = []
    private var scopes: [[String: Known]] = [[:]]
    private var definitions: [String: CommandSignature]
    /// Names of the top level, for bodies that run later.
    private var laterNames: Set<String> = []
    /// Names that are given a new value somewhere: their kind is not known.
    private var reassigned: Set<String> = []
    private var functionDepth = 0

    /// A kind of value as far as the text tells; nil is "not known".
    private typealias StaticType = String?

    /// What the text tells about a name.
    private struct Known {
        var type: StaticType
        /// The record literal that the name stands for, so that its keys are known.
        var record: Expression?
    }

    /// Everything wrong with a text: its syntax errors, or where there are none its names, labels and arguments.
    public static func diagnose(_ source: SourceText, _ context: LanguageContext) -> [Diagnostic] {
        check(Parser.parse(source, context), context)
    }

    public static func check(_ parsed: ParsedText, _ context: LanguageContext) -> [Diagnostic] {
        // An unknown verb leaves the tree whole; other syntax errors would only lead to echoes of themselves.
        guard parsed.diagnostics.allSatisfy({ $0.code == .unknownVerb }) else { return parsed.diagnostics }
        var checker = Checker(source: parsed.source, context: context, definitions: context.definitions)
        checker.collectNames(parsed.program.statements)
        checker.visit(parsed.program.statements)
        return (parsed.diagnostics + checker.diagnostics).sorted {
            ($0.span.start, $0.span.end) < ($1.span.start, $1.span.end)
        }
    }

    private init(source: SourceText, context: LanguageContext, definitions: [String: CommandSignature]) {
        self.source = source
        self.context = context
        self.definitions = definitions
    }

    private mutating func complain(
        _ code: DiagnosticCode, _ message: String, at span: SourceSpan, help: String? = nil,
        replacement: Diagnostic.Replacement? = nil
    ) {
        guard diagnostics.count < Parser.errorMax else { return }
        diagnostics.append(Diagnostic(code, message, at: span, help: help, replacement: replacement))
    }

    // MARK: - Names

    private mutating func collectNames(_ statements: [Statement]) {
        for statement in statements {
            switch statement.kind {
            case .binding(let name, _): laterNames.insert(name.text)
            case .definition(let definition): laterNames.insert(definition.name.text)
            default: break
            }
        }
        collectAssignments(statements)
    }

    private mutating func collectAssignments(_ statements: [Statement]) {
        for statement in statements {
            switch statement.kind {
            case .assignment(let target, _):
                if let word = Checker.root(target) { reassigned.insert(word) }
            case .definition(let definition): collectAssignments(definition.body.statements)
            case .forLoop(_, _, let body), .whileLoop(_, let body): collectAssignments(body.statements)
            case .conditional(let branches, let otherwise):
                for branch in branches { collectAssignments(branch.block.statements) }
                if let otherwise { collectAssignments(otherwise.statements) }
            case .attempt(let body, _, let handler):
                collectAssignments(body.statements)
                if let handler { collectAssignments(handler.statements) }
            case .binding, .returning, .breakLoop, .continueLoop, .importing, .expression: break
            }
        }
    }

    private func isKnown(_ word: String) -> Bool {
        word.first == "_" || scopes.contains { $0[word] != nil } || context.variables[word] != nil
            || (functionDepth > 0 && laterNames.contains(word))
    }

    private func isCallable(_ word: String) -> Bool {
        definitions[word] != nil || context.signatures[word] != nil
    }

    private func type(of word: String) -> StaticType {
        if reassigned.contains(word) { return nil }
        for scope in scopes.reversed() {
            if let known = scope[word] { return known.type }
        }
        if functionDepth > 0, laterNames.contains(word) { return nil }
        return context.variables[word]?.typeName
    }

    private func variableNames(ofType wanted: String? = nil) -> [String] {
        var names: Set<String> = []
        for scope in scopes {
            for (name, known) in scope where wanted == nil || known.type == wanted { names.insert(name) }
        }
        for (name, variable) in context.variables where wanted == nil || variable.typeName == wanted {
            names.insert(name)
        }
        if functionDepth > 0, wanted == nil { names.formUnion(laterNames) }
        return names.sorted()
    }

    private mutating func bind(_ name: Name, _ type: StaticType, record: Expression? = nil) {
        scopes[scopes.count - 1][name.text] = Known(type: type, record: record)
    }

    // MARK: - Statements

    private mutating func visit(_ statements: [Statement]) {
        for statement in statements { visit(statement) }
    }

    private mutating func visit(_ block: Block, binding names: [Name] = []) {
        let saved = definitions
        scopes.append([:])
        for name in names { bind(name, nil) }
        visit(block.statements)
        scopes.removeLast()
        definitions = saved
    }

    private mutating func visit(_ statement: Statement) {
        switch statement.kind {
        case .binding(let name, let value):
            visit(value)
            bind(name, type(of: value), record: record(value))
        case .assignment(let target, let value):
            visitTarget(target)
            visit(value)
        case .definition(let definition): visit(definition)
        case .forLoop(let name, let sequence, let body):
            visit(sequence)
            visit(body, binding: [name])
        case .whileLoop(let condition, let body):
            visit(condition)
            visit(body)
        case .conditional(let branches, let otherwise):
            for branch in branches {
                visit(branch.condition)
                visit(branch.block)
            }
            if let otherwise { visit(otherwise) }
        case .returning(let value): if let value { visit(value) }
        case .breakLoop, .continueLoop: break
        case .attempt(let body, let name, let handler):
            visit(body)
            if let handler { visit(handler, binding: name.map { [$0] } ?? []) }
        case .importing(let path, _):
            for signature in context.imports?(path) ?? [] { definitions[signature.name] = signature }
        case .expression(let value): visit(value)
        }
    }

    private mutating func visitTarget(_ target: Expression) {
        switch target.kind {
        case .name(let word):
            if isKnown(word), word.first != "_" { return }
            if word.first == "_" {
                complain(
                    .undeclaredAssignment, "'\(word)' is an earlier result and cannot be given a value",
                    at: target.span, help: "write let name = …")
                return
            }
            if isCallable(word) {
                complain(
                    .verbAsName, "'\(word)' is a function and cannot be given a value", at: target.span,
                    help: "write let \(word)_1 = …")
                return
            }
            let near = Suggestions.nearest(to: word, among: variableNames()).first
            let question = near.map { "; did you mean '\($0)'?" } ?? ""
            complain(
                .undeclaredAssignment, "'\(word)' has no value yet, so it cannot be given a new one\(question)",
                at: target.span,
                help: near.map { "write \($0) = …, or let \(word) = … for a new name" } ?? "write let \(word) = …",
                replacement: .init(near == nil ? SourceSpan(at: target.span.start) : target.span, near ?? "let "))
        case .index(let base, let positions):
            visitTarget(base)
            for position in positions { visit(position) }
        case .field(let base, _): visitTarget(base)
        default: visit(target)
        }
    }

    private mutating func visit(_ definition: Definition) {
        definitions[definition.name.text] = definition.signature(in: source)
        for parameter in definition.parameters { if let value = parameter.defaultValue { visit(value) } }
        functionDepth += 1
        visit(definition.body, binding: definition.parameters.map(\.name))
        functionDepth -= 1
    }

    // MARK: - Expressions

    private mutating func visit(_ expression: Expression) {
        switch expression.kind {
        case .none, .boolean, .integer, .bigInteger, .real, .rowField, .invalid: break
        case .text(let pieces):
            for case .interpolation(let value) in pieces { visit(value) }
        case .name(let word): checkName(word, expression.span)
        case .selector(let selector): if let index = selector.index { visit(index) }
        case .list(let items): for item in items { visit(item) }
        case .record(let entries): for entry in entries { visit(entry.value) }
        case .range(let lower, let upper, _):
            if let lower { visit(lower) }
            if let upper { visit(upper) }
        case .closure(let parameters, let body):
            functionDepth += 1
            visit(body, binding: parameters)
            functionDepth -= 1
        case .call(let call): visit(call, isPiped: false, expression.span)
        case .pipeline(let stages):
            for (index, stage) in stages.enumerated() {
                if case .call(let call) = stage.kind {
                    visit(call, isPiped: index > 0, stage.span, from: index > 0 ? stages[index - 1] : nil)
                } else {
                    visit(stage)
                }
            }
        case .index(let base, let positions):
            visit(base)
            for position in positions { visit(position) }
        case .field(let base, let name):
            visit(base)
            checkField(base, name)
        case .unary(_, let inner), .timed(let inner), .attempt(let inner): visit(inner)
        case .binary(_, let left, let right), .logical(_, let left, let right):
            visit(left)
            visit(right)
        }
    }

    private mutating func checkName(_ word: String, _ span: SourceSpan) {
        if isKnown(word) || isCallable(word) { return }
        let candidates =
            variableNames() + context.signatures.functions.keys.sorted() + context.signatures.verbs.keys.sorted()
            + definitions.keys.sorted()
        let near = Suggestions.nearest(to: word, among: candidates)
        if let best = near.first {
            complain(
                .unknownName, "'\(word)' has no value; did you mean '\(best)'?", at: span, help: "write \(best)",
                replacement: .init(span, best))
        } else if let choice = constants[word] {
            complain(
                .unknownName, "'\(word)' is written \(choice)", at: span, help: "write \(choice)",
                replacement: .init(span, choice))
        } else {
            complain(
                .unknownName, "'\(word)' has no value", at: span,
                help: "write let \(word) = … before it, or \"\(word)\" for a text",
                replacement: .init(span, "\"\(word)\""))
        }
    }

    private let constants = [
        "True": "true", "False": "false", "None": "none", "null": "none", "nil": "none", "NaN": "nan()",
        "inf": "infinity()", "undefined": "none",
    ]

    /// The name at the left end of `a.b[0].c`.
    private static func root(_ target: Expression) -> String? {
        switch target.kind {
        case .name(let word): word
        case .index(let base, _), .field(let base, _): root(base)
        default: nil
        }
    }

    /// The record literal that an expression stands for, where the text tells.
    private func record(_ value: Expression) -> Expression? {
        switch value.kind {
        case .record: return value
        case .name(let word):
            if reassigned.contains(word) { return nil }
            return scopes.last { $0[word] != nil }?[word]?.record
        case .field(let base, let name):
            guard case .record(let entries)? = record(base)?.kind else { return nil }
            return entries.first { $0.key.text == name.text }.flatMap { record($0.value) }
        default: return nil
        }
    }

    /// The fields of a value, nil where they are not known.
    private func fields(_ base: Expression) -> [String]? {
        if case .record(let entries)? = record(base)?.kind { return entries.map(\.key.text) }
        guard case .name(let word) = base.kind, !reassigned.contains(word),
            !scopes.contains(where: { $0[word] != nil }),
            !(functionDepth > 0 && laterNames.contains(word)), let fields = context.variables[word]?.fields,
            !fields.isEmpty
        else { return nil }
        return fields
    }

    private mutating func checkField(_ base: Expression, _ name: Name) {
        guard let fields = fields(base), !fields.contains(name.text) else { return }
        let near = Suggestions.nearest(to: name.text, among: fields).first
        let left = source.text(base.span)
        complain(
            .unknownField, "\(left) has no field '\(name.text)'" + (near.map { "; did you mean '\($0)'?" } ?? ""),
            at: name.span,
            help: near.map { "write \(left).\($0)" }
                ?? (fields.isEmpty
                    ? "it has no fields" : "it has " + ParameterKind.alternatives(fields.prefix(6).map { $0 })),
            replacement: near.map { .init(name.span, $0) })
    }

    // MARK: - Calls

    private mutating func visit(_ call: Call, isPiped: Bool, _ span: SourceSpan, from previous: Expression? = nil) {
        if let predicate = call.predicate { visit(predicate) }
        if let key = call.key { visit(key) }
        guard case .name(let name) = call.callee else {
            if case .value(let callee) = call.callee { visit(callee) }
            for argument in call.arguments { visit(argument.value) }
            return
        }
        let isShadowed =
            definitions[name.text] == nil && context.signatures.verbs[name.text] == nil && isKnown(name.text)
        guard !isShadowed, let signature = definitions[name.text] ?? context.signatures[name.text] else {
            if !isShadowed, !(functionDepth > 0 && laterNames.contains(name.text)), call.form == .parenthesized {
                checkFunctionName(name)
            }
            for argument in call.arguments { visit(argument.value) }
            return
        }
        checkClauses(call, signature, name)
        checkArguments(call, signature, name, isPiped: isPiped, from: previous)
    }

    /// What other languages call functions of this one.
    private static let foreignFunctions = [
        "count": "length", "len": "length", "size": "length", "str": "text", "string": "text", "int": "integer",
        "float": "number", "real": "number",
        "average": "mean", "avg": "mean", "stddev": "std", "uppercase": "upper", "lowercase": "lower",
        "reverse": "reversed",
    ]

    private mutating func checkFunctionName(_ name: Name) {
        let candidates =
            context.signatures.functions.keys.sorted() + definitions.keys.sorted()
            + context.signatures.verbs.keys.sorted() + variableNames()
        let near = Self.foreignFunctions[name.text] ?? Suggestions.nearest(to: name.text, among: candidates).first
        complain(
            .unknownName, "'\(name.text)' is not a function" + (near.map { "; did you mean '\($0)'?" } ?? ""),
            at: name.span,
            help: near.map { "write \($0)(…)" } ?? "define it with def \(name.text)(x) { … }",
            replacement: near.map { .init(name.span, $0) })
    }

    private mutating func checkClauses(_ call: Call, _ signature: CommandSignature, _ name: Name) {
        if let predicate = call.predicate, !signature.acceptsWhere {
            complain(
                .clauseNotAccepted, "\(name.text): does not take 'where'", at: predicate.span,
                help: takers(of: "where", \.acceptsWhere))
        }
        if let key = call.key, !signature.acceptsBy {
            complain(
                .clauseNotAccepted, "\(name.text): does not take 'by'", at: key.span,
                help: takers(of: "by", \.acceptsBy))
        }
    }

    private func takers(of clause: String, _ accepts: (CommandSignature) -> Bool) -> String {
        let verbs = context.signatures.verbs.values.filter(accepts).map(\.name).sorted().prefix(6).map { $0 }
        return verbs.isEmpty ? "take it away" : "\(clause) stands behind " + ParameterKind.alternatives(verbs)
    }

    private mutating func checkArguments(
        _ call: Call, _ signature: CommandSignature, _ name: Name, isPiped: Bool, from previous: Expression?
    ) {
        let values = signature.values
        var place = 0
        var given: Set<String> = []
        var lastNumber: Expression?
        var complained = false
        if isPiped {
            if let first = values.first {
                if let previous { complained = checkPiped(previous, first, name) }
                if !first.isRepeated { place = 1 }
            } else {
                complain(
                    .tooManyArguments, "\(name.text): takes no value, so nothing can be handed on to it with '|'",
                    at: name.span, help: "write it on a line of its own")
                complained = true
            }
        }
        for argument in call.arguments {
            if let label = argument.label {
                lastNumber = nil
                guard let parameter = signature.parameter(labelled: label.text) else {
                    unknownLabel(label, argument, signature, name, given)
                    complained = true
                    continue
                }
                if !given.insert(label.text).inserted {
                    complain(
                        .repeatedLabel, "\(name.text): '\(label.text):' appears twice", at: label.span,
                        help: "take one of them away")
                    complained = true
                }
                if !check(argument.value, parameter, name) { complained = true }
                continue
            }
            guard place < values.count else {
                tooMany(argument, signature, name, place)
                complained = true
                lastNumber = nil
                continue
            }
            let parameter = values[place]
            if call.form == .command, let labelled = call.arguments.first(where: { $0.label != nil }),
                labelled.span.start < argument.span.start
            {
                complain(
                    .unexpectedToken, "\(name.text): values given by place stand before the labels", at: argument.span,
                    help: "move it before \(labelled.label?.text ?? ""):")
                complained = true
                continue
            }
            if let lastNumber, argument.value.isNumberLiteral, parameter.isRepeated || !parameter.isRequired,
                call.form == .command
            {
                let both = lastNumber.span.union(argument.span)
                complain(
                    .strayBlank, "\(name.text): two numbers stand side by side", at: both,
                    help:
                        "write \(source.text(lastNumber.span))\(source.text(argument.span)) for one number, [\(source.text(lastNumber.span)), \(source.text(argument.span))] for a list"
                )
                complained = true
            }
            lastNumber = argument.value.isNumberLiteral ? argument.value : nil
            if !check(argument.value, parameter, name) { complained = true }
            if !parameter.isRepeated { place += 1 } else { given.insert(parameter.name) }
        }
        // A label that was misspelt may well be the one that is missing.
        if !complained { checkMissing(signature, name, place, given, isPiped: isPiped) }
    }

    private mutating func checkPiped(_ previous: Expression, _ parameter: Parameter, _ name: Name) -> Bool {
        guard let type = type(of: previous), !Checker.accepts(parameter.kind, type) else { return false }
        complain(
            .wrongKind, "\(name.text): takes \(parameter.kind.phrase) from '|', not \(TypeName.withArticle(type))",
            at: name.span,
            help: "hand on \(parameter.kind.phrase)")
        return true
    }

    private mutating func unknownLabel(
        _ label: Name, _ argument: Argument, _ signature: CommandSignature, _ name: Name, _ given: Set<String>
    ) {
        let span = SourceSpan(label.span.start, label.span.end + 1)
        let labels = signature.labelled.compactMap(\.label)
        if signature.values.contains(where: { $0.name == label.text }) {
            complain(
                .unknownLabel, "\(name.text): '\(label.text)' is given by place, without a label", at: span,
                help: "write \(name.text) \(source.text(argument.value.span))",
                replacement: .init(SourceSpan(span.start, argument.value.span.start), ""))
            return
        }
        let fresh = Suggestions.nearest(to: label.text, among: labels.filter { !given.contains($0) })
        let near =
            fresh.first ?? Suggestions.nearest(to: label.text, among: labels).first
            ?? Checker.synonym(label.text, labels)
        if let near {
            complain(
                .unknownLabel, "\(name.text): '\(label.text)' is not a label of \(name.text); did you mean '\(near):'?",
                at: span, help: "write \(near):",
                replacement: .init(span, "\(near):"))
        } else {
            complain(
                .unknownLabel, "\(name.text): '\(label.text)' is not a label of \(name.text)", at: span,
                help: labels.isEmpty
                    ? "it takes no labels" : "it takes " + labels.prefix(8).map { "\($0):" }.joined(separator: " "))
        }
    }

    /// Words people bring from other tools.
    private static func synonym(_ word: String, _ labels: [String]) -> String? {
        let synonyms = [
            ["lr", "learning_rate", "rate", "eta", "alpha"], ["batch", "batch_size", "bs", "minibatch"],
            ["epochs", "epoch"], ["steps", "iterations", "iters", "updates"],
            ["n", "count", "size", "number", "samples", "examples"], ["seed", "random_seed", "rng"],
            ["width", "hidden", "dim", "d_model", "embedding"],
            ["layers", "depth", "n_layer", "num_layers"], ["heads", "n_head", "num_heads"],
            ["on", "data", "dataset", "problems"], ["at", "position", "place"],
            ["to", "until", "upto"], ["vocab", "vocabulary", "tokenizer"], ["file", "path"],
        ]
        for group in synonyms where group.contains(word.lowercased()) {
            if let found = labels.first(where: { group.contains($0) }) { return found }
        }
        return nil
    }

    private mutating func tooMany(_ argument: Argument, _ signature: CommandSignature, _ name: Name, _ place: Int) {
        let values = signature.values
        let labels = signature.labelled.compactMap(\.label)
        if case .name(let word) = argument.value.kind, !isKnown(word),
            let near = Suggestions.nearest(to: word, among: labels).first ?? (labels.contains(word) ? word : nil)
        {
            complain(
                .bareWord, "\(name.text): '\(word)' is not a value; did you mean the label '\(near):'?",
                at: argument.span, help: "write \(near): and a value",
                replacement: .init(argument.span, "\(near):"))
            return
        }
        if case .selector(let selector) = argument.value.kind {
            let fitting = signature.labelled.first { parameter in
                if case .choice(let options) = parameter.kind {
                    return options.contains { $0.name == selector.name.text }
                }
                return false
            }
            if let label = fitting?.label {
                complain(
                    .tooManyArguments, "\(name.text): .\(selector.name.text) needs its label '\(label):'",
                    at: argument.span, help: "write \(label): .\(selector.name.text)",
                    replacement: .init(SourceSpan(at: argument.span.start), "\(label): "))
                return
            }
        }
        let count = values.isEmpty ? "no value" : values.count == 1 ? "one value" : "\(values.count) values"
        let example = labels.first.map { "write \($0): \(source.text(argument.value.span)), or another of its labels" }
        complain(
            .tooManyArguments, "\(name.text): takes \(count) by place", at: argument.span,
            help: values.isEmpty || place == values.count ? (example ?? "take it away") : "take it away",
            replacement: labels.isEmpty ? .init(argument.span, "") : nil)
    }

    private mutating func checkMissing(
        _ signature: CommandSignature, _ name: Name, _ place: Int, _ given: Set<String>, isPiped: Bool
    ) {
        for (index, parameter) in signature.values.enumerated() where parameter.isRequired {
            let isGiven =
                parameter.isRepeated ? given.contains(parameter.name) || (isPiped && index == 0) : index < place
            if isGiven { continue }
            complain(
                .missingArgument, "\(name.text): \(parameter.name) is missing", at: name.span,
                help: "write \(name.text) and \(example(parameter))")
            return
        }
        for parameter in signature.labelled where parameter.isRequired && !given.contains(parameter.name) {
            complain(
                .missingArgument, "\(name.text): '\(parameter.name):' is missing", at: name.span,
                help: "add \(parameter.name): and \(example(parameter))")
            return
        }
    }

    /// A value that would do, from the names at hand.
    private func example(_ parameter: Parameter) -> String {
        if case .value(let type) = parameter.kind {
            let names = variableNames(ofType: type)
            if !names.isEmpty { return ParameterKind.alternatives(names.prefix(3).map { $0 }) }
        }
        return parameter.kind.phrase
    }

    // MARK: - Kinds

    /// Checks one argument; false if something is wrong with its kind. Its names are checked too.
    private mutating func check(_ value: Expression, _ parameter: Parameter, _ verb: Name) -> Bool {
        if let problem = problem(value, parameter.kind) {
            let label = parameter.label.map { "'\($0):'" } ?? parameter.name
            complain(
                problem.code, "\(verb.text): \(problem.message(label))", at: problem.span ?? value.span,
                help: problem.help, replacement: problem.replacement)
            return false
        }
        let before = diagnostics.count
        visit(value)
        return diagnostics.count == before
    }

    private struct Problem {
        var code: DiagnosticCode
        var message: (String) -> String
        var help: String
        var replacement: Diagnostic.Replacement?
        var span: SourceSpan?
    }

    private func wrongKind(
        _ value: Expression, _ kind: ParameterKind, help: String? = nil, replacement: String? = nil
    ) -> Problem {
        let type = type(of: value) ?? "this"
        let phrase =
            type == TypeName.choice
            ? "\(source.text(value.span))" : type == "this" ? "this" : TypeName.withArticle(type)
        return Problem(
            code: .wrongKind, message: { "\($0) takes \(kind.phrase), not \(phrase)" },
            help: help ?? "write \(kind.phrase)",
            replacement: replacement.map { .init(value.span, $0) })
    }

    private func problem(_ value: Expression, _ kind: ParameterKind) -> Problem? {
        if case .invalid = value.kind { return nil }
        if case .any = kind { return nil }
        if case .oneOf(let kinds) = kind { return problemWithAll(value, kinds) }
        if let name = bareName(value) { return bareWord(name, value, kind) }
        switch kind {
        case .integer(let bounds): return integerProblem(value, kind, bounds)
        case .real(let bounds): return realProblem(value, kind, bounds)
        case .number: return realProblem(value, kind, -Double.infinity...Double.infinity)
        case .choice(let options): return choiceProblem(value, kind, options)
        case .selector(_, let allowsIndex):
            if case .selector(let selector) = value.kind, selector.index != nil, !allowsIndex {
                return wrongKind(value, kind, help: "write .\(selector.name.text) without an index")
            }
            return plainProblem(value, kind)
        case .list(let element):
            guard case .list(let items) = value.kind else { return plainProblem(value, kind) }
            for item in items {
                if var problem = problem(item, element) {
                    problem.span = problem.span ?? item.span
                    return problem
                }
            }
            return nil
        default: return plainProblem(value, kind)
        }
    }

    private func plainProblem(_ value: Expression, _ kind: ParameterKind) -> Problem? {
        guard let type = type(of: value), !Checker.accepts(kind, type) else { return nil }
        if kind.isName, let text = value.constantText, !text.isEmpty {
            return wrongKind(value, kind, help: "write .\(text)", replacement: ".\(text)")
        }
        if case .text = kind, case .selector(let selector) = value.kind {
            return wrongKind(
                value, kind, help: "write \"\(selector.name.text)\"", replacement: "\"\(selector.name.text)\"")
        }
        if case .path = kind, case .selector(let selector) = value.kind {
            return wrongKind(
                value, kind, help: "write \"\(selector.name.text)\"", replacement: "\"\(selector.name.text)\"")
        }
        if case .boolean = kind, case .selector(let selector) = value.kind,
            ["true", "false"].contains(selector.name.text)
        {
            return wrongKind(value, kind, help: "write \(selector.name.text)", replacement: selector.name.text)
        }
        if case .boolean = kind, let word = value.constantText, ["true", "false"].contains(word) {
            return wrongKind(value, kind, help: "write \(word)", replacement: word)
        }
        if case .boolean = kind, case .integer(let number) = value.kind, number == 0 || number == 1 {
            return wrongKind(value, kind, help: "write \(number == 1)", replacement: "\(number == 1)")
        }
        if case .value(let wanted) = kind { return wrongKind(value, kind, help: fitting(wanted)) }
        return wrongKind(value, kind)
    }

    private func fitting(_ type: String) -> String {
        let names = variableNames(ofType: type)
        if !names.isEmpty { return "write " + ParameterKind.alternatives(names.prefix(3).map { $0 }) }
        let makers = context.signatures.verbs.values.filter { $0.resultType == type }.map(\.name).sorted()
        return makers.isEmpty
            ? "give it \(TypeName.withArticle(type))"
            : "make one with " + ParameterKind.alternatives(makers.prefix(3).map { $0 })
    }

    /// Whether a value of a known kind can be what the parameter wants.
    static func accepts(_ kind: ParameterKind, _ type: String) -> Bool {
        switch kind {
        case .any: return true
        case .integer: return type == TypeName.integer || type == TypeName.number
        case .real, .number: return [TypeName.integer, TypeName.real, TypeName.number].contains(type)
        case .boolean: return type == TypeName.boolean
        case .text, .path: return type == TypeName.text
        case .choice, .selector, .column: return type == TypeName.choice
        case .list: return type == TypeName.list || type == TypeName.range || type == TypeName.array
        case .range: return type == TypeName.range || type == TypeName.integer || type == TypeName.list
        case .record: return type == TypeName.record
        case .function: return type == TypeName.function
        case .value(let wanted):
            return wanted == type || (wanted == TypeName.number && [TypeName.integer, TypeName.real].contains(type))
        case .oneOf(let kinds): return kinds.contains { accepts($0, type) }
        }
    }

    private func problemWithAll(_ value: Expression, _ kinds: [ParameterKind]) -> Problem? {
        var problems: [Problem] = []
        for kind in kinds {
            guard let problem = problem(value, kind) else { return nil }
            problems.append(problem)
        }
        // The kind that almost fits knows best what is wrong.
        if let close = problems.first(where: { $0.code != .wrongKind && $0.replacement != nil })
            ?? problems.first(where: { $0.code == .outOfRange || $0.code == .unknownChoice })
        {
            return close
        }
        if let name = bareName(value) { return bareWord(name, value, .oneOf(kinds)) }
        return wrongKind(value, .oneOf(kinds))
    }

    // MARK: - Numbers

    private func integerProblem(_ value: Expression, _ kind: ParameterKind, _ bounds: ClosedRange<Int>) -> Problem? {
        if let number = value.integerLiteral {
            if bounds.contains(number) { return nil }
            return outOfRange(value, kind, nearest: String(min(max(number, bounds.lowerBound), bounds.upperBound)))
        }
        if case .bigInteger = value.kind { return outOfRange(value, kind, nearest: String(bounds.upperBound)) }
        if let real = value.realLiteral {
            if real == real.rounded(), abs(real) < 1e15 {
                return wrongKind(value, kind, help: "write \(Int(real))", replacement: String(Int(real)))
            }
            return wrongKind(value, kind)
        }
        if let text = value.constantText, let number = Int(text.replacing("_", with: "")) {
            return wrongKind(value, kind, help: "write \(number) without quotes", replacement: String(number))
        }
        return plainProblem(value, kind)
    }

    private func realProblem(_ value: Expression, _ kind: ParameterKind, _ bounds: ClosedRange<Double>) -> Problem? {
        if let number = value.realLiteral ?? value.integerLiteral.map(Double.init) {
            if bounds.contains(number) { return nil }
            let nearest = min(max(number, bounds.lowerBound), bounds.upperBound)
            return outOfRange(
                value, kind,
                nearest: nearest == nearest.rounded() && abs(nearest) < 1e15 ? String(Int(nearest)) : String(nearest))
        }
        if let text = value.constantText, Double(text.replacing("_", with: "")) != nil {
            return wrongKind(value, kind, help: "write \(text) without quotes", replacement: text)
        }
        return plainProblem(value, kind)
    }

    private func outOfRange(_ value: Expression, _ kind: ParameterKind, nearest: String) -> Problem {
        let written = source.text(value.span)
        return Problem(
            code: .outOfRange, message: { "\($0) takes \(kind.phrase), \(written) is outside" },
            help: "the nearest is \(nearest)",
            replacement: .init(value.span, nearest))
    }

    // MARK: - Choices and bare words

    private func choiceProblem(_ value: Expression, _ kind: ParameterKind, _ options: [ChoiceOption]) -> Problem? {
        guard case .selector(let selector) = value.kind else {
            if let text = value.constantText, let near = nearestOption(text, options) {
                return Problem(
                    code: .wrongKind, message: { "\($0) takes a choice, not a text; did you mean .\(near)?" },
                    help: "write .\(near)",
                    replacement: .init(value.span, ".\(near)"))
            }
            return plainProblem(value, kind)
        }
        if options.contains(where: { $0.name == selector.name.text }) {
            return selector.index == nil
                ? nil : wrongKind(value, kind, help: "write .\(selector.name.text) without an index")
        }
        let written = ".\(selector.name.text)"
        let span = SourceSpan(selector.name.span.start - 1, selector.name.span.end)
        if let near = nearestOption(selector.name.text, options) {
            return Problem(
                code: .unknownChoice, message: { "\(written) is not a choice of \($0); did you mean .\(near)?" },
                help: "write .\(near)",
                replacement: .init(span, ".\(near)"), span: span)
        }
        return Problem(
            code: .unknownChoice, message: { "\(written) is not a choice of \($0)" }, help: "write \(kind.phrase)",
            replacement: nil, span: span)
    }

    private func nearestOption(_ word: String, _ options: [ChoiceOption]) -> String? {
        let names = options.map(\.name)
        return names.contains(word) ? word : Suggestions.nearest(to: word, among: names).first
    }

    /// A word without a value, alone or with `/` and `.` as in a path.
    private func bareName(_ value: Expression) -> String? {
        switch value.kind {
        case .name(let word): return isKnown(word) || isCallable(word) ? nil : word
        case .field(let base, _): return bareName(base) == nil ? nil : source.text(value.span)
        case .index(let base, _): return bareName(base)
        default: return nil
        }
    }

    /// The word stands where a choice, a column or a text belongs: the dot or the quotes are missing.
    private func bareWord(_ word: String, _ value: Expression, _ kind: ParameterKind) -> Problem? {
        let span = value.span
        func fix(_ written: String, _ what: String) -> Problem {
            Problem(
                code: .bareWord, message: { "\($0) takes \(what), '\(word)' is a bare word; did you mean \(written)?" },
                help: "write \(written)",
                replacement: .init(span, written))
        }
        let near = Suggestions.nearest(to: word, among: variableNames()).first
        switch kind {
        case .choice(let options):
            if let option = nearestOption(word, options) { return fix(".\(option)", "a choice") }
            if near != nil { return nil }
            return Problem(
                code: .bareWord, message: { "\($0) takes a choice, '\(word)' is a bare word" },
                help: "write \(kind.phrase)", replacement: nil)
        case .selector(let options, _):
            if let option = nearestOption(word, options) {
                let index = source.text(SourceSpan(span.start + word.utf8.count, span.end))
                return fix(".\(option)\(index)", "a .name")
            }
            return near == nil ? fix(".\(word)", "a .name") : nil
        case .column: return near == nil ? fix(".\(word)", "a column") : nil
        case .text: return near == nil ? fix("\"\(word)\"", "a text") : nil
        case .path: return near == nil || word.contains(".") ? fix("\"\(word)\"", "a path") : nil
        case .boolean:
            guard
                let right = [
                    "yes": "true", "on": "true", "no": "false", "off": "false", "True": "true", "False": "false",
                ][word] ?? Suggestions.nearest(to: word, among: ["true", "false"]).first
            else { return nil }
            return fix(right, "true or false")
        case .value(let type):
            let names = variableNames(ofType: type)
            guard let best = Suggestions.nearest(to: word, among: names).first else { return nil }
            return Problem(
                code: .unknownName, message: { _ in "'\(word)' has no value; did you mean '\(best)'?" },
                help: "write \(best)", replacement: .init(span, best))
        case .oneOf(let kinds):
            for kind in kinds {
                if let problem = bareWord(word, value, kind), problem.replacement != nil { return problem }
            }
            return nil
        default: return nil
        }
    }

    // MARK: - Kinds of expressions

    private func type(of expression: Expression) -> StaticType {
        switch expression.kind {
        case .none: return TypeName.none
        case .boolean, .logical: return TypeName.boolean
        case .integer, .bigInteger: return TypeName.integer
        case .real: return TypeName.real
        case .text: return TypeName.text
        case .name(let word): return isKnown(word) ? type(of: word) : isCallable(word) ? TypeName.function : nil
        case .selector: return TypeName.choice
        case .list: return TypeName.list
        case .record: return TypeName.record
        case .range: return TypeName.range
        case .closure: return TypeName.function
        case .call(let call):
            guard let name = call.name, definitions[name.text] == nil,
                !isKnown(name.text) || context.signatures.verbs[name.text] != nil
            else { return nil }
            return context.signatures[name.text]?.resultType
        case .pipeline(let stages): return stages.last.flatMap { type(of: $0) }
        case .unary(.not, _): return TypeName.boolean
        case .unary(.minus, let inner):
            let type = type(of: inner)
            return type == TypeName.integer || type == TypeName.real ? type : nil
        case .timed(let inner): return type(of: inner)
        case .binary(let operation, let left, let right): return type(operation, type(of: left), type(of: right))
        case .rowField, .index, .field, .attempt, .invalid: return nil
        }
    }

    private func type(_ operation: BinaryOperator, _ left: StaticType, _ right: StaticType) -> StaticType {
        let scalars: Set<String?> = [TypeName.integer, TypeName.real]
        guard scalars.contains(left), scalars.contains(right) else { return nil }
        switch operation {
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: return TypeName.boolean
        case .add, .subtract, .multiply, .floorDivide, .remainder:
            return left == TypeName.integer && right == TypeName.integer ? TypeName.integer : TypeName.real
        case .divide, .power: return TypeName.number
        }
    }
}

extension ParameterKind {
    /// Written `.name`, whatever the name.
    fileprivate var isName: Bool {
        switch self {
        case .column, .selector: true
        default: false
        }
    }
}

extension Expression {
    var integerLiteral: Int? {
        switch kind {
        case .integer(let value): return value
        case .unary(.minus, let inner):
            if case .integer(let value) = inner.kind { return -value }
            return nil
        default: return nil
        }
    }

    var realLiteral: Double? {
        switch kind {
        case .real(let value): return value
        case .unary(.minus, let inner):
            if case .real(let value) = inner.kind { return -value }
            return nil
        default: return nil
        }
    }

    var isNumberLiteral: Bool {
        if integerLiteral != nil || realLiteral != nil { return true }
        if case .bigInteger = kind { return true }
        return false
    }
}
