// A call against the signature of its verb or function: clauses, labels, how many values.

extension Checker {
    mutating func checkCall(_ call: Call, piped: Expression?) {
        guard case .name(let name) = call.callee else {
            if case .value(let callee) = call.callee { visit(callee) }
            for argument in call.arguments { visit(argument.value) }
            return
        }
        let isShadowed =
            definitions[name.text] == nil && context.signatures.verbs[name.text] == nil && isKnown(name.text)
        guard !isShadowed, let signature = definitions[name.text] ?? context.signatures[name.text] else {
            if isShadowed { checkCalled(call, name) }
            if !isShadowed, !(functionDepth > 0 && laterNames.contains(name.text)), call.form == .parenthesized {
                checkFunctionName(name)
            }
            for argument in call.arguments { visit(argument.value) }
            return
        }
        checkClauses(call, signature, name)
        checkArguments(call, signature, name, piped: piped)
    }

    /// `xs(0)`: a variable that is no function is called.
    private mutating func checkCalled(_ call: Call, _ name: Name) {
        guard call.form == .parenthesized, let type = type(of: name.text), Checker.indexed.contains(type),
            let only = call.arguments.first, call.arguments.count == 1, only.label == nil
        else { return }
        complain(
            .wrongKind, "'\(name.text)' is \(TypeName.withArticle(type)) and cannot be called", at: name.span,
            help: "write \(name.text)[\(source.text(only.span))]",
            replacement: .init(
                SourceSpan(name.span.start, only.span.end + 1), "\(name.text)[\(source.text(only.span))]"))
    }

    private static let indexed: Set<String> = [TypeName.list, TypeName.range, TypeName.text, TypeName.array]

    /// What other languages call functions of this one.
    private static let foreignFunctions = [
        "count": "length", "len": "length", "size": "length", "str": "text", "string": "text", "int": "integer",
        "float": "number", "real": "number",
        "average": "mean", "avg": "mean", "stddev": "std", "uppercase": "upper", "lowercase": "lower",
        "reverse": "reversed", "println": "print", "printf": "print", "echo": "print", "puts": "print",
    ]

    private mutating func checkFunctionName(_ name: Name) {
        let candidates =
            context.signatures.functions.keys.sorted() + definitions.keys.sorted()
            + context.signatures.verbs.keys.sorted() + variableNames()
        let near = Self.foreignFunctions[name.text] ?? Suggestions.nearest(to: name.text, among: candidates).first
        complain(
            .unknownName, "'\(name.text)' is not a function" + Wording.question(near.map { "'\($0)'" }),
            at: name.span,
            help: near.map { "write \($0)(…)" } ?? "define it with def \(name.text)(x) { … }",
            replacement: near.map { .init(name.span, $0) })
    }

    // MARK: - Clauses

    private mutating func checkClauses(_ call: Call, _ signature: CommandSignature, _ name: Name) {
        if let predicate = call.predicate, !signature.acceptsWhere {
            complain(.clause(.where), name, at: predicate.span, help: takers(of: .where, \.acceptsWhere))
        }
        if let key = call.key, !signature.acceptsBy {
            complain(.clause(.by), name, at: key.span, help: takers(of: .by, \.acceptsBy))
        }
    }

    private func takers(of clause: ArgumentFault.Clause, _ accepts: (CommandSignature) -> Bool) -> String {
        let verbs = context.signatures.verbs.values.filter(accepts).map(\.name).sorted().prefix(6).map { $0 }
        return verbs.isEmpty
            ? "take it away" : "\(clause.rawValue) belongs to " + ParameterKind.alternatives(verbs)
    }

    // MARK: - Labels and places

    private mutating func checkArguments(
        _ call: Call, _ signature: CommandSignature, _ name: Name, piped: Expression?
    ) {
        let values = signature.values
        var place = 0
        var given: Set<String> = []
        var lastNumber: Expression?
        var complained = false
        if let piped {
            if let first = values.first {
                complained = checkPiped(piped, first, name)
                if !first.isRepeated { place = 1 }
            } else {
                complain(.pipedIntoNothing, name, at: name.span)
                complained = true
            }
        }
        var number = 0
        while number < call.arguments.count {
            let argument = call.arguments[number]
            number += 1
            if let label = argument.label {
                lastNumber = nil
                guard let parameter = signature.parameter(labelled: label.text) else {
                    unknownLabel(label, argument, signature, name, given)
                    complained = true
                    continue
                }
                if !given.insert(label.text).inserted {
                    complain(.repeatedLabel(label.text), name, at: label.span)
                    complained = true
                }
                if !check(argument.value, parameter, name, in: call.form) { complained = true }
                continue
            }
            if call.form == .command, let label = labelWithoutColon(argument, signature) {
                let next = number < call.arguments.count ? call.arguments[number] : nil
                labelWithoutColon(label, argument, next, name)
                // What follows is its value.
                if next?.label == nil { number += 1 }
                complained = true
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
                    .valueAfterLabels, name, at: argument.span, help: "move it before \(labelled.label?.text ?? ""):")
                complained = true
                continue
            }
            if case .choice(let options) = parameter.kind, let choice = choiceWord(argument.value),
                !options.contains(where: { $0.name == choice }), let label = labelTaking(choice, signature, given)
            {
                complain(
                    .choiceWithoutLabel(choice, label: label), name, at: argument.span,
                    replacement: .init(argument.span, "\(label): .\(choice)"))
                complained = true
                continue
            }
            if let lastNumber, argument.value.isNumberLiteral, parameter.isRepeated || !parameter.isRequired,
                call.form == .command
            {
                let (left, right) = (source.text(lastNumber.span), source.text(argument.span))
                complain(
                    .numbersSideBySide, name, at: lastNumber.span.union(argument.span),
                    help: "write \(left)\(right) for one number, [\(left), \(right)] for a list")
                complained = true
            }
            lastNumber = argument.value.isNumberLiteral ? argument.value : nil
            if !check(argument.value, parameter, name, in: call.form) { complained = true }
            if !parameter.isRepeated { place += 1 } else { given.insert(parameter.name) }
        }
        // A label that was misspelt may well be the one that is missing.
        if !complained { checkMissing(signature, name, place, given, isPiped: piped != nil) }
    }

    private mutating func checkPiped(_ previous: Expression, _ parameter: Parameter, _ name: Name) -> Bool {
        guard let type = type(of: previous), !Checker.accepts(parameter.kind, type) else { return false }
        complain(.wrongKindPiped(parameter, found: TypeName.withArticle(type)), name, at: name.span)
        return true
    }

    private mutating func unknownLabel(
        _ label: Name, _ argument: Argument, _ signature: CommandSignature, _ name: Name, _ given: Set<String>
    ) {
        let span = SourceSpan(label.span.start, label.span.end + 1)
        if signature.values.contains(where: { $0.name == label.text || $0.aliases.contains(label.text) }) {
            return complain(
                .labelOfPlacedValue(label.text), name, at: span,
                help: "write \(name.text) \(source.text(argument.value.span))",
                replacement: .init(SourceSpan(span.start, argument.value.span.start), ""))
        }
        let near = signature.label(meantBy: label.text, notAmong: given)
        complain(
            signature.unknownLabel(label.text, given: given), name, at: span,
            replacement: near.map { .init(span, "\($0):") })
    }

    /// The label that a word is which has no value: `train until 0.99`, `train untl 0.99`.
    private func labelWithoutColon(_ argument: Argument, _ signature: CommandSignature) -> String? {
        guard case .name(let word) = argument.value.kind, !isKnown(word), !isCallable(word) else { return nil }
        if signature.parameter(labelled: word) != nil { return word }
        // A slip of the name of a variable is likelier than a label, where a value may stand.
        let near = signature.label(meantBy: word, notAmong: [])
        if Suggestions.nearest(to: word, among: variableNames()).first != nil { return nil }
        return near
    }

    private mutating func labelWithoutColon(_ label: String, _ argument: Argument, _ next: Argument?, _ name: Name) {
        guard case .name(let word) = argument.value.kind else { return }
        let value = next?.label == nil ? next.map { source.text($0.span) } : nil
        complain(
            .labelWithoutColon(word, near: label), name, at: argument.span,
            help: value.map { "write \(label): \($0)" },
            replacement: value == nil ? nil : .init(argument.span, "\(label):"))
    }

    /// The word of `.left`, or of `left` where that names nothing.
    private func choiceWord(_ value: Expression) -> String? {
        switch value.kind {
        case .selector(let selector): selector.name.text
        case .name(let word) where !isKnown(word) && !isCallable(word): word
        default: nil
        }
    }

    /// The label that takes that choice.
    private func labelTaking(_ choice: String, _ signature: CommandSignature, _ given: Set<String>) -> String? {
        signature.labelled.first { parameter in
            guard case .choice(let options) = parameter.kind, !given.contains(parameter.name) else { return false }
            return options.contains { $0.name == choice }
        }?.label
    }

    private mutating func tooMany(_ argument: Argument, _ signature: CommandSignature, _ name: Name, _ place: Int) {
        let values = signature.values
        let labels = signature.labelled.compactMap(\.label)
        let written = source.text(argument.value.span)
        if let choice = choiceWord(argument.value), let label = labelTaking(choice, signature, []) {
            return complain(
                .choiceWithoutLabel(choice, label: label), name, at: argument.span,
                replacement: .init(argument.span, "\(label): .\(choice)"))
        }
        // The first label that would take it, if it is likely to be meant: the others are named as well.
        let fitting = signature.labelled.first { parameter in
            guard let type = type(of: argument.value) else { return false }
            return Checker.accepts(parameter.kind, type) && fits(argument.value, parameter)
        }
        let example = (fitting?.label ?? labels.first).map { "write \($0): \(written), or another of its labels" }
        var replacement: Diagnostic.Replacement?
        if labels.isEmpty {
            // What is taken away takes the space before it along.
            replacement = .init(argument.span, "")
        } else if values.isEmpty, let label = fitting?.label {
            replacement = .init(SourceSpan(at: argument.span.start), "\(label): ")
        }
        complain(
            .tooManyValues(taken: values.count), name, at: argument.span,
            help: values.isEmpty || place == values.count ? example : nil, replacement: replacement)
    }

    private mutating func checkMissing(
        _ signature: CommandSignature, _ name: Name, _ place: Int, _ given: Set<String>, isPiped: Bool
    ) {
        for (index, parameter) in signature.values.enumerated() where parameter.isRequired {
            let isGiven =
                parameter.isRepeated ? given.contains(parameter.name) || (isPiped && index == 0) : index < place
            if isGiven { continue }
            return complain(
                .missing(parameter), name, at: name.span, help: "write \(name.text) and \(example(parameter))")
        }
        for parameter in signature.labelled where parameter.isRequired && !given.contains(parameter.name) {
            return complain(
                .missing(parameter), name, at: name.span, help: "add \(parameter.name): and \(example(parameter))")
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
}
