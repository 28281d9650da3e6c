// One argument against its parameter: the kind of its value, the range of a number, the spelling of a choice, dots
// and quotes that were forgotten.

extension Checker {
    /// Checks one argument; false if something is wrong with it. Its names are checked too.
    mutating func check(
        _ value: Expression, _ parameter: Parameter, _ verb: Name, in form: Call.Form
    ) -> Bool {
        if let problem = problem(value, parameter) {
            complain(
                problem.fault, verb, at: problem.span ?? value.span, help: problem.help,
                replacement: problem.replacement)
            switch problem.fault {
            // The name is at fault already.
            case .bareWord, .unknownName: break
            default: visit(value)
            }
            return false
        }
        let before = diagnostics.count
        if case .name(let word) = value.kind, form == .command {
            checkName(word, value.span, asText: true)
        } else {
            visit(value)
        }
        return diagnostics.count == before
    }

    /// Whether nothing is known to be wrong with a value for a parameter.
    func fits(_ value: Expression, _ parameter: Parameter) -> Bool { problem(value, parameter) == nil }

    private struct Problem {
        var fault: ArgumentFault
        /// What to type, where this is not what the fault says by itself.
        var help: String?
        var replacement: Diagnostic.Replacement?
        /// The words at fault, where these are not the whole value.
        var span: SourceSpan?
    }

    private func wrongKind(
        _ value: Expression, _ parameter: Parameter, help: String? = nil, replacement: String? = nil
    ) -> Problem {
        let found: String
        switch type(of: value) {
        case nil: found = "this"
        case TypeName.choice: found = source.text(value.span)
        case let type?: found = TypeName.withArticle(type)
        }
        return Problem(
            fault: .wrongKind(parameter, found: found), help: help ?? replacement.map { "write \($0)" },
            replacement: replacement.map { .init(value.span, $0) })
    }

    private func problem(_ value: Expression, _ parameter: Parameter) -> Problem? {
        if case .invalid = value.kind { return nil }
        if case .any = parameter.kind { return nil }
        if case .oneOf(let kinds) = parameter.kind { return problemWithAll(value, parameter, kinds) }
        if let name = bareName(value) { return bareWord(name, value, parameter) }
        switch parameter.kind {
        case .integer(let bounds): return integerProblem(value, parameter, bounds)
        case .real(let bounds): return realProblem(value, parameter, bounds)
        case .number: return realProblem(value, parameter, -Double.infinity...Double.infinity)
        case .choice(let options): return choiceProblem(value, parameter, options)
        case .selector(_, let allowsIndex):
            if case .selector(let selector) = value.kind, selector.index != nil, !allowsIndex {
                return wrongKind(value, parameter, help: "write .\(selector.name.text) without an index")
            }
            return plainProblem(value, parameter)
        case .list(let element):
            guard case .list(let items) = value.kind else { return plainProblem(value, parameter) }
            for item in items {
                if var problem = problem(item, parameter.of(element)) {
                    problem.span = problem.span ?? item.span
                    return problem
                }
            }
            return nil
        default: return plainProblem(value, parameter)
        }
    }

    private func plainProblem(_ value: Expression, _ parameter: Parameter) -> Problem? {
        let kind = parameter.kind
        guard let type = type(of: value), !Checker.accepts(kind, type) else { return nil }
        switch (kind, value.kind) {
        case (.column, _), (.selector, _):
            guard let text = value.constantText, !text.isEmpty else { break }
            return wrongKind(value, parameter, replacement: ".\(text)")
        case (.text, .selector(let selector)), (.path, .selector(let selector)):
            return wrongKind(value, parameter, replacement: "\"\(selector.name.text)\"")
        case (.boolean, .selector(let selector)) where ["true", "false"].contains(selector.name.text):
            return wrongKind(value, parameter, replacement: selector.name.text)
        case (.boolean, .integer(let number)) where number == 0 || number == 1:
            return wrongKind(value, parameter, replacement: "\(number == 1)")
        case (.boolean, .text):
            guard let word = value.constantText, ["true", "false"].contains(word) else { break }
            return wrongKind(value, parameter, replacement: word)
        case (.value(let wanted), _): return wrongKind(value, parameter, help: fitting(wanted))
        default: break
        }
        return wrongKind(value, parameter)
    }

    private func fitting(_ type: String) -> String {
        let names = variableNames(ofType: type)
        if !names.isEmpty { return "write " + ParameterKind.alternatives(names.prefix(3).map { $0 }) }
        let makers = context.signatures.verbs.values.filter { $0.resultType == type }.map(\.name).sorted()
        return makers.isEmpty
            ? "give it \(TypeName.withArticle(type))"
            : "make one with " + ParameterKind.alternatives(makers.prefix(3).map { $0 })
    }

    private func problemWithAll(_ value: Expression, _ parameter: Parameter, _ kinds: [ParameterKind]) -> Problem? {
        var problems: [Problem] = []
        for kind in kinds {
            guard let problem = problem(value, parameter.of(kind)) else { return nil }
            problems.append(problem)
        }
        // The kind that almost fits knows best what is wrong.
        if let close = problems.first(where: { $0.fault.code != .wrongKind && $0.replacement != nil })
            ?? problems.first(where: { $0.fault.code == .outOfRange || $0.fault.code == .unknownChoice })
        {
            return close
        }
        if let close = problems.first(where: { $0.replacement != nil }) {
            // One of the kinds is only a pair of quotes away; the sentence still names all of them.
            return Problem(
                fault: wrongKind(value, parameter).fault, help: close.help, replacement: close.replacement)
        }
        if let name = bareName(value) { return bareWord(name, value, parameter) }
        return wrongKind(value, parameter)
    }

    // MARK: - Numbers

    private func integerProblem(_ value: Expression, _ parameter: Parameter, _ bounds: ClosedRange<Int>) -> Problem? {
        if let number = value.integerLiteral {
            if bounds.contains(number) { return nil }
            return outOfRange(
                value, parameter, nearest: String(min(max(number, bounds.lowerBound), bounds.upperBound)))
        }
        if case .bigInteger = value.kind { return outOfRange(value, parameter, nearest: String(bounds.upperBound)) }
        if let real = value.realLiteral {
            if real == real.rounded(), abs(real) < 1e15 {
                return wrongKind(value, parameter, replacement: String(Int(real)))
            }
            return wrongKind(value, parameter)
        }
        if let text = value.constantText, let number = Int(text.replacing("_", with: "")) {
            return wrongKind(
                value, parameter, help: "write \(number) without quotes", replacement: String(number))
        }
        return plainProblem(value, parameter)
    }

    private func realProblem(_ value: Expression, _ parameter: Parameter, _ bounds: ClosedRange<Double>) -> Problem? {
        if let number = value.realLiteral ?? value.integerLiteral.map(Double.init) {
            if bounds.contains(number) { return nil }
            let nearest = min(max(number, bounds.lowerBound), bounds.upperBound)
            // It stands for "above 0", and nobody means the least of the numbers that are.
            if nearest == .leastNonzeroMagnitude {
                return Problem(fault: .outOfRange(parameter, written: source.text(value.span)))
            }
            return outOfRange(
                value, parameter,
                nearest: nearest == nearest.rounded() && abs(nearest) < 1e15 ? String(Int(nearest)) : String(nearest))
        }
        if let text = value.constantText, Double(text.replacing("_", with: "")) != nil {
            return wrongKind(value, parameter, help: "write \(text) without quotes", replacement: text)
        }
        return plainProblem(value, parameter)
    }

    private func outOfRange(_ value: Expression, _ parameter: Parameter, nearest: String) -> Problem {
        Problem(
            fault: .outOfRange(parameter, written: source.text(value.span)), help: "the nearest is \(nearest)",
            replacement: .init(value.span, nearest))
    }

    // MARK: - Choices and bare words

    private func choiceProblem(_ value: Expression, _ parameter: Parameter, _ options: [ChoiceOption]) -> Problem? {
        guard case .selector(let selector) = value.kind else {
            if let text = value.constantText, let near = nearestOption(text, options) {
                return wrongKind(value, parameter, replacement: ".\(near)")
            }
            return plainProblem(value, parameter)
        }
        if options.contains(where: { $0.name == selector.name.text }) {
            return selector.index == nil
                ? nil : wrongKind(value, parameter, help: "write .\(selector.name.text) without an index")
        }
        let span = SourceSpan(selector.name.span.start - 1, selector.name.span.end)
        let near = nearestOption(selector.name.text, options)
        return Problem(
            fault: .unknownChoice(parameter, written: ".\(selector.name.text)", near: near),
            replacement: near.map { .init(span, ".\($0)") }, span: span)
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
    private func bareWord(_ word: String, _ value: Expression, _ parameter: Parameter) -> Problem? {
        let span = value.span
        func fix(_ written: String, _ what: String) -> Problem {
            Problem(
                fault: .bareWord(parameter, word: word, takes: what, near: written),
                replacement: .init(span, written))
        }
        let near = Suggestions.nearest(to: word, among: variableNames()).first
        switch parameter.kind {
        case .choice(let options):
            if let option = nearestOption(word, options) { return fix(".\(option)", "a choice") }
            if near != nil { return nil }
            return Problem(fault: .bareWord(parameter, word: word, takes: "a choice", near: nil))
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
                let right = Self.booleanWords[word]
                    ?? Suggestions.nearest(to: word, among: ["true", "false"]).first
            else { return nil }
            return fix(right, "true or false")
        case .value(let type):
            let names = variableNames(ofType: type)
            guard let best = Suggestions.nearest(to: word, among: names).first else { return nil }
            return Problem(fault: .unknownName(word, near: best), replacement: .init(span, best))
        case .oneOf(let kinds):
            for kind in kinds {
                if let problem = bareWord(word, value, parameter.of(kind)), problem.replacement != nil {
                    return problem
                }
            }
            return nil
        default: return nil
        }
    }

    private static let booleanWords = [
        "yes": "true", "on": "true", "no": "false", "off": "false", "True": "true", "False": "false",
    ]
}

extension Parameter {
    /// The same parameter, taking only values of that kind.
    fileprivate func of(_ kind: ParameterKind) -> Parameter {
        var copy = self
        copy.kind = kind
        return copy
    }
}
