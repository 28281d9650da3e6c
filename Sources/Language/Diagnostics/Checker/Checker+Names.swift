// Which names have a value at a place, and what is said of one that has none.

extension Checker {
    /// The names of the top level, and those that are given a new value anywhere.
    mutating func collectNames(_ statements: [Statement]) {
        for statement in statements {
            switch statement.kind {
            case .binding(let name, _): laterNames.insert(name.text)
            case .definition(let definition): laterNames.insert(definition.name.text)
            default: break
            }
        }
        var collector = AssignmentCollector()
        collector.walk(statements)
        reassigned = collector.names
    }

    private struct AssignmentCollector: TreeWalker {
        var names: Set<String> = []

        mutating func visitTarget(_ target: Expression) {
            if case .name(let word) = target.kind { names.insert(word) } else { walkTarget(target) }
        }
    }

    func isKnown(_ word: String) -> Bool {
        word.first == "_" || scopes.contains { $0[word] != nil } || context.variables[word] != nil
            || (functionDepth > 0 && laterNames.contains(word))
    }

    func isCallable(_ word: String) -> Bool { definitions[word] != nil || context.signatures[word] != nil }

    func type(of word: String) -> StaticType {
        if reassigned.contains(word) { return nil }
        for scope in scopes.reversed() {
            if let known = scope[word] { return known.type }
        }
        if functionDepth > 0, laterNames.contains(word) { return nil }
        return context.variables[word]?.typeName
    }

    func variableNames(ofType wanted: String? = nil) -> [String] {
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

    mutating func bind(_ name: Name, _ type: StaticType, record: Expression? = nil) {
        scopes[scopes.count - 1][name.text] = Known(type: type, record: record)
    }

    // MARK: - Names without a value

    /// `asText`: the name is a whole argument, so that quotes alone would make a text of it.
    mutating func checkName(_ word: String, _ span: SourceSpan, asText: Bool = false) {
        if isKnown(word) || isCallable(word) { return }
        let candidates =
            variableNames() + context.signatures.functions.keys.sorted() + context.signatures.verbs.keys.sorted()
            + definitions.keys.sorted()
        if let constant = Checker.foreignConstants[word] {
            complain(
                .unknownName, "'\(word)' is written \(constant)", at: span, help: "write \(constant)",
                replacement: .init(span, constant))
        } else if let best = Suggestions.nearest(to: word, among: candidates).first {
            complain(
                .unknownName, Wording.unknownName(word, near: best), at: span, help: "write \(best)",
                replacement: .init(span, best))
        } else {
            complain(
                .unknownName, Wording.unknownName(word, near: nil), at: span,
                help: "write let \(word) = … before it" + (asText ? ", or \"\(word)\" for a text" : ""),
                replacement: asText ? .init(span, "\"\(word)\"") : nil)
        }
    }

    /// What other languages call the constants of this one.
    private static let foreignConstants = [
        "True": "true", "False": "false", "None": "none", "null": "none", "nil": "none", "NaN": "nan()",
        "inf": "infinity()", "undefined": "none",
    ]

    /// `word = value`, for a name that must have a value already.
    mutating func checkTarget(_ word: String, _ span: SourceSpan) {
        if isKnown(word), word.first != "_" { return }
        if word.first == "_" {
            return complain(
                .undeclaredAssignment, "'\(word)' is an earlier result and cannot be given a value", at: span,
                help: "write let name = …")
        }
        if isCallable(word) {
            return complain(
                .verbAsName, "'\(word)' is a function and cannot be given a value", at: span,
                help: "write let \(word)_1 = …")
        }
        let near = Suggestions.nearest(to: word, among: variableNames()).first
        complain(
            .undeclaredAssignment,
            "'\(word)' has no value yet, so it cannot be given a new one" + Wording.question(near.map { "'\($0)'" }),
            at: span,
            help: near.map { "write \($0) = …, or let \(word) = … for a new name" } ?? "write let \(word) = …",
            replacement: .init(near == nil ? SourceSpan(at: span.start) : span, near ?? "let "))
    }

    // MARK: - Fields

    /// The record literal that an expression stands for, where the text tells.
    func record(_ value: Expression) -> Expression? {
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

    private static let typesWithoutFields: Set<String> = [
        TypeName.list, TypeName.text, TypeName.range, TypeName.integer, TypeName.real, TypeName.number,
        TypeName.boolean,
    ]

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

    mutating func checkField(_ base: Expression, _ name: Name) {
        if let type = type(of: base), Checker.typesWithoutFields.contains(type) {
            return complain(
                .unknownField,
                Wording.unknownField(name.text, of: TypeName.withArticle(type), near: nil), at: name.span,
                help: Wording.fields([]))
        }
        guard let fields = fields(base), !fields.contains(name.text) else { return }
        let near = Suggestions.nearest(to: name.text, among: fields).first
        let left = source.text(base.span)
        complain(
            .unknownField, Wording.unknownField(name.text, of: left, near: near), at: name.span,
            help: near.map { "write \(left).\($0)" } ?? Wording.fields(fields),
            replacement: near.map { .init(name.span, $0) })
    }
}
