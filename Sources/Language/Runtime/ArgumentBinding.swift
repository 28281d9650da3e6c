// Arguments of a command: from values in order to parameters, with the kinds and bounds of the signature checked again,
// because the checker could only see what the text tells.

extension Machine {
    /// Runs a command whose arguments lie after `base`, with those of `where` and `by` after them.
    func callCommand(
        _ command: CommandFunction, _ base: UnsafeMutablePointer<Value>, _ count: Int, _ site: CallSite?,
        _ span: SourceSpan, _ source: SourceText
    ) throws -> Value {
        let clauseCount = (site?.hasPredicate == true ? 1 : 0) + (site?.keyNames.count ?? 0)
        var given: [Value] = []
        given.reserveCapacity(count + clauseCount)
        for place in 1..<(count + clauseCount + 1) {
            given.append(base[place])
            if case .object = base[place] { base[place] = .none }
        }
        let clauses = Array(given[count...])
        var binding = Binding(command: command, site: site, span: span, session: session)
        try binding.bind(given.prefix(count))
        if command.hasDeeds { try announce(command, binding.values) }
        let predicate = site?.hasPredicate == true ? rowPredicate(clauses[0], command) : nil
        let keys = (site?.keyNames ?? []).enumerated().map { number, name in
            (name: name, value: rowFunction(clauses[number + (predicate == nil ? 0 : 1)]))
        }
        if predicate != nil, !command.signature.acceptsWhere {
            throw Fault(.clause(.where), of: command.signature.name)
        }
        if !keys.isEmpty, !command.signature.acceptsBy {
            throw Fault(.clause(.by), of: command.signature.name)
        }
        let invocation = Invocation(
            session: session, command: command, span: span, source: source, values: binding.values,
            spans: binding.spans, predicate: predicate, keys: keys)
        do {
            let run = { try command.command.run(invocation) }
            let result = try command.isHost && command.isVerb ? hosting(run) : run()
            try result.asObject?.checkShape()
            return result
        } catch {
            throw session.raised(error, at: span, in: source, call: invocation)
        }
    }

    /// Tells the session's listener of the files that a command is about to read or write, unless that is refused.
    private func announce(_ command: CommandFunction, _ values: [Value?]) throws {
        for deed in command.deeds(values) {
            if let reason = session.refusal(deed) {
                throw Fault(.fileRefused, reason.message, of: command.signature.name, help: reason.help)
            }
            switch deed {
            case .reads(let path): session.onFile(path, .read)
            case .writes(let path): session.onFile(path, .write)
            case .runs, .enters, .asks: break
            }
        }
    }

    private func rowFunction(_ value: Value) -> (any Row) throws -> Value {
        guard let function = value.asFunction else { return { _ in .none } }
        return { [unowned self] row in try self.call(function, [.object(RowObject(row))]) }
    }

    private func rowPredicate(_ value: Value, _ command: CommandFunction) -> ((any Row) throws -> Bool) {
        let function = rowFunction(value)
        return { row in
            let answer = try function(row)
            guard case .boolean(let keeps) = answer else { throw Machine.notBoolean("where", answer) }
            return keeps
        }
    }
}

/// The arguments of one call on their way to the parameters.
private struct Binding {
    let command: CommandFunction
    let site: CallSite?
    let span: SourceSpan
    let session: Session
    var values: [Value?]
    var spans: [SourceSpan?]

    init(command: CommandFunction, site: CallSite?, span: SourceSpan, session: Session) {
        self.command = command
        self.site = site
        self.span = span
        self.session = session
        values = Array(repeating: nil, count: command.parameters.count)
        spans = Array(repeating: nil, count: command.parameters.count)
    }

    private func refuse(_ fault: ArgumentFault, at place: SourceSpan? = nil, help: String? = nil) -> Diagnostic {
        Diagnostic(
            .runtimeArgument, "\(command.signature.name): \(fault.message(of: command.signature.name))",
            at: place ?? span, help: help ?? fault.help)
    }

    mutating func bind(_ given: ArraySlice<Value>) throws {
        var next = 0
        var repeated: [Value] = []
        for (number, value) in given.enumerated() {
            let place = site.map { $0.spans[number] } ?? span
            if let label = site?.labels[number] {
                guard let target = command.parameters.firstIndex(where: { $0.label == label }) else {
                    throw refuse(command.signature.unknownLabel(label), at: place)
                }
                if values[target] != nil { throw refuse(.repeatedLabel(label), at: place) }
                values[target] = try checked(value, command.parameters[target], place)
                spans[target] = place
                continue
            }
            guard next < command.placedCount else {
                throw refuse(.tooManyValues(taken: command.placedCount), at: place)
            }
            let value = try checked(value, command.parameters[next], place)
            if command.parameters[next].isRepeated {
                repeated.append(value)
                values[next] = Value.none
                spans[next] = spans[next].map { $0.union(place) } ?? place
            } else {
                values[next] = value
                spans[next] = place
                next += 1
            }
        }
        for (number, parameter) in command.parameters.enumerated() {
            if parameter.isRepeated, spans[number] != nil || !parameter.isRequired {
                values[number] = .list(repeated)
            } else if spans[number] == nil {
                values[number] = try command.defaultValue(number) { try session.evaluate(default: $0) }
                if values[number] == nil, parameter.isRequired {
                    throw refuse(
                        .missing(parameter), help: "write \(command.signature.name) and \(parameter.kind.phrase)")
                }
            }
        }
    }

    private func checked(_ value: Value, _ parameter: Parameter, _ place: SourceSpan) throws -> Value {
        if let problem = parameter.kind.problem(with: value) {
            throw refuse(.wrongKind(parameter, found: problem), at: place)
        }
        return value
    }
}

extension ParameterKind {
    /// What is wrong with a value for an argument of this kind, as a phrase after "not"; nil for a value that will do.
    func problem(with value: Value) -> String? {
        let found = value.asChoice?.text ?? TypeName.withArticle(value.typeName)
        switch self {
        case .any: return nil
        case .integer(let bounds):
            guard let number = value.asInteger else { return value.asBigInteger.map { Value($0).text } ?? found }
            return bounds.contains(number) ? nil : value.text
        case .real(let bounds):
            guard let number = value.asReal else { return found }
            return bounds.contains(number) ? nil : value.text
        case .number: return value.asReal == nil ? found : nil
        case .boolean: return value.asBoolean == nil ? found : nil
        case .text, .path: return value.asObject is TextObject ? nil : found
        case .choice(let options):
            guard let choice = value.asChoice, choice.index == nil else { return found }
            return options.contains { $0.name == choice.name } ? nil : found
        case .selector(_, let allowsIndex):
            guard let choice = value.asChoice else { return found }
            return choice.index == nil || allowsIndex ? nil : found
        case .column:
            guard let choice = value.asChoice else { return found }
            return choice.index == nil ? nil : found
        case .list(let element):
            switch value.asObject {
            case let list as ListObject:
                if case .any = element { return nil }
                for item in list.elements {
                    if let problem = element.problem(with: item) { return "a list with " + problem }
                }
                return nil
            case is RangeObject, is ArrayObject:
                return element.problem(with: .integer(0)) == nil || element.problem(with: .real(0)) == nil ? nil : found
            default: return found
            }
        case .range: return value.asRange != nil || value.asInteger != nil || value.asObject is ListObject ? nil : found
        case .record: return value.asRecord == nil ? found : nil
        case .function: return value.asFunction == nil ? found : nil
        case .value(let type):
            if value.typeName == type { return nil }
            return type == TypeName.number && value.asReal != nil ? nil : found
        case .oneOf(let kinds):
            var problem: String?
            for kind in kinds {
                guard let found = kind.problem(with: value) else { return nil }
                problem = problem ?? found
            }
            return problem
        }
    }
}
