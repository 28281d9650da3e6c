// `verb value … label: value … where … by …`, and the errors that keep a second meaning out.

extension Parser {
    /// Whether a token could begin an argument of a command.
    func startsArgument(_ token: Token) -> Bool {
        switch token.kind {
        case .identifier, .integer, .bigInteger, .real, .textStart, .label, .dotName, .keyword(.true), .keyword(.false),
            .keyword(.none):
            true
        case .sign(.openParenthesis), .sign(.openBracket): true
        case .sign(.openBrace): !inHeader
        default: false
        }
    }

    /// Whether a word that is no verb is used like one: `trian steps: 200`.
    func looksLikeCommand(_ word: String) -> Bool {
        let next = token(ahead: 1)
        if case .label = next.kind { return true }
        guard next.hasSpaceBefore, startsArgument(next), next.kind != .sign(.openBrace) else { return false }
        if isKnownName(word) { return false }
        if next.kind == .sign(.openParenthesis) || next.kind == .sign(.openBracket) {
            return !Suggestions.nearest(to: word, among: verbNames, limit: 1).isEmpty
        }
        return true
    }

    var verbNames: [String] { Array(context.signatures.verbs.keys) + Array(userVerbs.keys) }

    // MARK: - Commands

    mutating func command(_ verb: Name, isPiped: Bool = false) throws(Failure) -> Expression {
        try enter()
        defer { leave() }
        mark(verb.span, .verb)
        let start = verb.span.start
        advance()
        try checkAfterVerb(verb)
        var call = Call(callee: .name(verb), form: .command, arguments: try commandArguments(verb, isPiped: isPiped))
        while isAt(.where) || isAt(.by) { try clause(&call, verb) }
        try checkEndOfCommand(call, verb)
        let children = call.arguments.map { $0.value } + [call.predicate, call.key]
        return try node(.call(call), SourceSpan(start, max(verb.span.end, endOfPrevious)), children: children)
    }

    /// The end of the last token that is not a newline.
    private var endOfPrevious: Int {
        var last = max(index - 1, 0)
        while last > 0, tokens[last].kind == .newline { last -= 1 }
        return tokens[last].span.end
    }

    private func checkAfterVerb(_ verb: Name) throws(Failure) {
        if current.kind == .sign(.equals) {
            throw failure(
                .verbAsName, "'\(verb.text)' is a verb and cannot be given a value", at: verb.span,
                help: "choose another name, such as my_\(verb.text)", replacement: .init(verb.span, "my_\(verb.text)"))
        }
        guard !current.hasSpaceBefore else { return }
        switch current.kind {
        case .sign(.openBracket), .sign(.openBrace), .dotName, .textStart, .sign(.minus):
            throw failure(
                .missingSpace, "\(verb.text): a space is missing after the verb",
                at: SourceSpan(verb.span.start, current.span.end),
                help: "write \(verb.text) \(source.text(current.span))…",
                replacement: .init(SourceSpan(at: verb.span.end), " "))
        default: return
        }
    }

    private var isEndOfArguments: Bool {
        switch current.kind {
        case .newline, .semicolon, .endOfText, .interpolationEnd, .keyword(.where), .keyword(.by): true
        case .sign(.pipe), .sign(.closeParenthesis), .sign(.closeBracket), .sign(.closeBrace): true
        case .sign(.openBrace): inHeader
        default: false
        }
    }

    mutating func commandArguments(_ verb: Name, isPiped: Bool) throws(Failure) -> [Argument] {
        let savedRow = inRow
        inRow = false
        defer { inRow = savedRow }
        var arguments: [Argument] = []
        var ambiguity: Failure?
        while !isEndOfArguments {
            if let last = arguments.last {
                try checkSpace(after: last, verb)
                ambiguity =
                    ambiguity ?? (arguments.count == 1 && !isPiped ? self.handingOn(last, verb) : nil)
                    ?? self.ambiguity(after: last, verb)
            }
            if case .label(let word) = current.kind {
                let label = Name(word, current.wordSpan)
                let place = current.span
                mark(place, .label)
                advance()
                let value = try labelledValue(label, place, verb)
                arguments.append(Argument(label: label, value: value))
            } else {
                if isAt(.minus), arguments.isEmpty, token(ahead: 1).hasSpaceBefore || token(ahead: 1).endsStatement {
                    throw failure(
                        .straySpace, "\(verb.text): a negative number is written without a space after the '-'",
                        at: current.span,
                        help: "write \(verb.text) -\(source.text(token(ahead: 1).span))",
                        replacement: .init(SourceSpan(current.span.start, token(ahead: 1).span.start), "-"))
                }
                let place = arguments.filter { $0.label == nil }.count + (isPiped ? 1 : 0)
                let value = try argument(verb, takesPath: takesPath(verb, label: nil, place: place))
                arguments.append(Argument(label: nil, value: value))
            }
        }
        if let ambiguity, !needsAll(arguments, verb, isPiped: isPiped) { throw ambiguity }
        return arguments
    }

    /// Whether no value given by place could be left out. Then `sort t .accuracy` is safe, because `sort t.accuracy`
    /// would miss a value; `print xs [0]` is not, because `print xs[0]` is a command as well.
    private func needsAll(_ arguments: [Argument], _ verb: Name, isPiped: Bool) -> Bool {
        guard let signature = userVerbs[verb.text] ?? context.signatures.verbs[verb.text] else { return false }
        let given = arguments.filter { $0.label == nil }.count + (isPiped ? 1 : 0)
        return given <= signature.values.filter(\.isRequired).count
    }

    private mutating func labelledValue(_ label: Name, _ place: SourceSpan, _ verb: Name) throws(Failure) -> Expression
    {
        if isEndOfArguments { throw missingValue(label.text, place) }
        if case .label = current.kind { throw missingValue(label.text, place) }
        if isAt(.minus), token(ahead: 1).hasSpaceBefore {
            throw failure(
                .straySpace, "\(verb.text): a negative number is written without a space after the '-'",
                at: current.span,
                help: "write \(label.text): -\(source.text(token(ahead: 1).span))",
                replacement: .init(SourceSpan(current.span.start, token(ahead: 1).span.start), "-"))
        }
        return try argument(verb, takesPath: takesPath(verb, label: label, place: 0))
    }

    /// Whether the signature takes a path after that label, or without one at that place.
    private func takesPath(_ verb: Name, label: Name?, place: Int) -> Bool {
        guard let signature = userVerbs[verb.text] ?? context.signatures.verbs[verb.text] else { return false }
        let values = signature.values
        let parameter =
            label == nil
            ? (place < values.count ? values[place] : values.last) : signature.parameter(labelled: label?.text ?? "")
        return parameter?.kind.pathUses.isEmpty == false
    }

    /// One atom, and after it nothing that would make it more than an atom.
    private mutating func argument(_ verb: Name, takesPath: Bool) throws(Failure) -> Expression {
        if let path = barePath(takesPath: takesPath) { throw path }
        if case .identifier(let word) = current.kind, isVerb(word), !isCallAhead {
            throw commandInside(in: "'\(verb.text)'")
        }
        let start = index
        if isAt(.not) { throw operation(from: start, verb) }
        let value = try atom()
        switch current.kind {
        case .sign(.minus), .sign(.plus), .sign(.times), .sign(.divide), .sign(.floorDivide), .sign(.remainder),
            .sign(.power),
            .sign(.equal), .sign(.notEqual), .sign(.less), .sign(.lessOrEqual), .sign(.greater), .sign(.greaterOrEqual),
            .keyword(.and), .keyword(.or),
            .sign(.closedRange), .sign(.halfOpenRange):
            if isAt(.minus), current.hasSpaceBefore, !token(ahead: 1).hasSpaceBefore, !token(ahead: 1).endsStatement {
                throw negativeArgument(value, verb)
            }
            throw operation(from: start, verb)
        case .sign(.equals):
            if case .name(let word) = value.kind {
                throw failure(
                    .foreignSyntax, "\(verb.text): a label is written with a colon", at: value.span.union(current.span),
                    help: "write \(word): value",
                    replacement: .init(
                        value.span.union(current.span), token(ahead: 1).hasSpaceBefore ? "\(word):" : "\(word): "))
            }
            throw failure(
                .unexpectedToken, "\(verb.text): '=' cannot stand inside a command", at: current.span,
                help: "to give a value write let name = …")
        case .sign(.comma):
            throw failure(
                .commaInCommand, "\(verb.text): the values of a command are separated by spaces, not commas",
                at: current.span,
                help: "take the comma away, or write [a, b] for a list", replacement: .init(current.span, ""))
        case .sign(.colon):
            if case .name(let word) = value.kind {
                throw failure(
                    .straySpace, "\(verb.text): a label has no space before its colon",
                    at: value.span.union(current.span), help: "write \(word):",
                    replacement: .init(value.span.union(current.span), "\(word):"))
            }
            throw failure(
                .unexpectedToken, "\(verb.text): ':' belongs only after a label", at: current.span,
                help: "write label: value")
        default:
            return value
        }
    }

    /// `load runs/x`: a path whose quotes are missing; without a `/` only where a path belongs.
    private func barePath(takesPath: Bool) -> Failure? {
        let start = current.span.start
        let bytes = source.bytes
        var end = start
        let stops = Array(" \t\r\n;|)]}\",".utf8)
        while end < bytes.count, !stops.contains(bytes[end]) { end += 1 }
        let word = source.text(SourceSpan(start, end))
        switch current.kind {
        case .identifier(let first):
            let isFile = word.contains("/") && !word.contains("(") || takesPath && word.contains(".")
            guard isFile, !word.contains("//"), !isKnownName(first) else { return nil }
        case .sign(.divide):
            guard word.count > 1, !current.hasSpaceBefore || !token(ahead: 1).hasSpaceBefore else { return nil }
        default: return nil
        }
        let span = SourceSpan(start, end)
        return failure(
            .bareWord, "a path is written in quotes; did you mean \"\(word)\"?", at: span, help: "write \"\(word)\"",
            replacement: .init(span, "\"\(word)\""))
    }

    /// `f x -1`: is it one value or two?
    private func negativeArgument(_ value: Expression, _ verb: Name) -> Failure {
        let left = source.text(value.span)
        let right = source.text(token(ahead: 1).span)
        return failure(
            .needsParentheses, "\(verb.text): a negative number comes first or after a label",
            at: SourceSpan(value.span.start, token(ahead: 1).span.end),
            help: "write (\(left) - \(right)) for the difference, or give -\(right) a label",
            replacement: .init(SourceSpan(value.span.start, token(ahead: 1).span.end), "(\(left) - \(right))"))
    }

    /// An operation that stands where only an atom may: the error shows it in parentheses.
    private mutating func operation(from start: Int, _ verb: Name) -> Failure {
        index = start
        let marked = marks.count
        let whole: SourceSpan
        if let value = try? expression() {
            whole = value.span
        } else {
            index = start
            while !token(ahead: 1).endsStatement { index += 1 }
            whole = tokens[start].span.union(current.span)
        }
        marks.removeSubrange(marked...)
        let written = source.text(whole)
        return failure(
            .needsParentheses, "\(verb.text): an operation inside a command goes in parentheses", at: whole,
            help: "write (\(written))",
            replacement: .init(whole, "(\(written))"))
    }

    /// A command where a value is expected: the error shows it in parentheses.
    mutating func commandInside(in place: String) -> Failure {
        let start = index
        let word = source.text(current.span)
        var end = current.span.end
        let marked = marks.count
        if case .identifier(let verb) = current.kind, let inner = try? command(Name(verb, current.span)) {
            end = ownEnd(of: inner)
        } else {
            end = endOfElement(from: start)
        }
        marks.removeSubrange(marked...)
        index = start
        let written = source.text(SourceSpan(current.span.start, end))
        let span = current.span
        return failure(
            .needsParentheses, "'\(word)' is a verb: inside \(place) its command goes in parentheses", at: span,
            help: "write (\(written))",
            replacement: .init(SourceSpan(span.start, end), "(\(written))"))
    }

    /// Where what begins at a token ends in a list: before a comma or a bracket that was opened before it.
    private func endOfElement(from start: Int) -> Int {
        var end = tokens[start].span.end
        var depth = 0
        for token in tokens[start...] {
            if token.endsStatement { break }
            if case .sign(let sign) = token.kind {
                if sign.closer != nil { depth += 1 }
                if sign == .comma, depth == 0 { break }
                if [.closeParenthesis, .closeBracket, .closeBrace].contains(sign) {
                    if depth == 0 { break }
                    depth -= 1
                }
            }
            end = token.span.end
        }
        return end
    }

    /// Where a command inside another one ends: before the first argument that its own verb does not take, which then
    /// belongs to the verb outside.
    private func ownEnd(of inner: Expression) -> Int {
        guard case .call(let call) = inner.kind, let name = call.name,
            let signature = userVerbs[name.text] ?? context.signatures.verbs[name.text]
        else { return inner.span.end }
        var end = name.span.end
        var places = signature.values.contains(where: \.isRepeated) ? Int.max : signature.values.count
        for argument in call.arguments {
            if let label = argument.label {
                guard signature.parameter(labelled: label.text) != nil else { return end }
            } else {
                guard places > 0 else { return end }
                places -= 1
            }
            end = argument.span.end
        }
        return inner.span.end
    }

    /// Two values are kept apart by a space.
    private func checkSpace(after last: Argument, _ verb: Name) throws(Failure) {
        if current.hasSpaceBefore || current.kind == .invalid { return }
        throw failure(
            .missingSpace, "\(verb.text): a space is missing between two values",
            at: SourceSpan(last.value.span.start, current.span.end),
            help: "write \(source.text(last.value.span)) \(source.text(current.span))",
            replacement: .init(SourceSpan(at: current.span.start), " "))
    }

    /// `select t .v .k`: of a verb that takes columns after its first value, that value is better handed on with `|`.
    private func handingOn(_ first: Argument, _ verb: Name) -> Failure? {
        guard case .dotName(let word) = current.kind, first.label == nil, first.value.takesField,
            let signature = userVerbs[verb.text] ?? context.signatures.verbs[verb.text],
            let second = signature.values.dropFirst().first, second.kind.takesColumn
        else { return nil }
        let left = source.text(first.value.span)
        return failure(
            .straySpace, "\(verb.text): .\(word) after \(left) could be a field of it",
            at: SourceSpan(first.value.span.start, current.span.end),
            help: "write \(left) | \(verb.text) .\(word)",
            replacement: .init(SourceSpan(verb.span.start, first.value.span.end), "\(left) | \(verb.text)"))
    }

    /// The error for a value that would belong to the one before it if the space between them were not there.
    private func ambiguity(after last: Argument, _ verb: Name) -> Failure? {
        let next: String
        switch current.kind {
        case .sign(.openBracket) where last.value.takesIndex: next = "["
        case .sign(.openParenthesis) where takesCall(last.value): next = "("
        case .dotName(let word) where last.value.takesField: next = ".\(word)"
        default: return nil
        }
        let left = source.text(last.value.span)
        let what = next == "[" ? "an index" : next == "(" ? "a call" : "a field"
        let apart =
            next == "("
            ? "for two values write (\(left)) (…" : "for two values put the second first, after a label or into a text"
        return failure(
            .straySpace, "\(verb.text): \(what) has no space before it",
            at: SourceSpan(last.value.span.start, current.span.end),
            help:
                "write \(left)\(next)\(next.hasPrefix(".") ? "" : "…"); \(apart)",
            replacement: .init(SourceSpan(last.value.span.end, current.span.start), ""))
    }

    /// Whether `(` directly after a value would call it.
    func takesCall(_ value: Expression) -> Bool { !isParenthesized(value) && value.takesCall }

    /// Parentheses leave no node of their own, only a wider span.
    func isParenthesized(_ value: Expression) -> Bool {
        value.span.end > 0 && source.bytes[value.span.end - 1] == UInt8(ascii: ")")
    }

    // MARK: - Clauses

    private mutating func clause(_ call: inout Call, _ verb: Name) throws(Failure) {
        let word = current.span
        let isWhere = isAt(.where)
        let name = isWhere ? "where" : "by"
        if isWhere ? call.predicate != nil : call.key != nil {
            throw failure(
                .repeatedLabel, "\(verb.text): '\(name)' appears twice", at: word,
                help: isWhere ? "join the conditions with and" : "group by a list: by [.a, .b]")
        }
        advance()
        if isEndOfArguments {
            throw failure(
                .expectedExpression, "\(verb.text): a value is missing after '\(name)'", at: word,
                help: isWhere ? "write where .column > 0" : "write by .column")
        }
        let saved = inRow
        inRow = true
        defer { inRow = saved }
        if case .identifier(let word) = current.kind, isVerb(word), !isCallAhead {
            throw commandInside(in: "'\(name)'")
        }
        let value = try expression()
        if isWhere { call.predicate = value } else { call.key = value }
        if isAt(.equals) {
            throw failure(
                .unexpectedToken, "'=' gives a value, '==' compares", at: current.span, help: "write ==",
                replacement: .init(current.span, "=="))
        }
        if case .label(let label) = current.kind {
            throw failure(
                .misplacedStatement, "\(verb.text): '\(label):' comes after '\(name)'", at: current.span,
                help: "write the labels before where and by")
        }
        if !isEndOfArguments { throw juxtaposition(after: value) }
    }

    private func checkEndOfCommand(_ call: Call, _ verb: Name) throws(Failure) {
        if case .sign(let sign) = current.kind, [.closeParenthesis, .closeBracket, .closeBrace].contains(sign),
            partners[index] < 0,
            unclosedBracket(from: 0, to: index) == nil, sign != .closeBrace
        {
            throw unmatched()
        }
    }

    // MARK: - Words that are no verbs

    /// `trian steps: 200`: the line is read as a command, so that only its verb is at fault.
    mutating func unknownVerb(_ verb: Name) throws(Failure) -> Expression {
        let problem = unknownVerbFailure(verb)
        let start = index
        let saved = (diagnostics.count, marks.count)
        if let call = try? command(verb),
            current.endsStatement || isAt(.pipe) || isAt(.closeParenthesis) || isAt(.closeBrace)
        {
            report(problem, from: start)
            return call
        }
        diagnostics.removeSubrange(min(saved.0, diagnostics.count)...)
        marks.removeSubrange(min(saved.1, marks.count)...)
        throw problem
    }

    private func unknownVerbFailure(_ verb: Name) -> Failure {
        let starters: [Keyword] = [.let, .def, .for, .while, .if, .return, .break, .continue, .try, .import, .time]
        if verb.text == "elif" || verb.text == "elsif" || verb.text == "elseif" {
            return failure(
                .foreignSyntax, "'\(verb.text)' is written } else if", at: verb.span,
                help: "write } else if … { on the line of the '}'")
        }
        let foreign: [String: String] = [
            "var": "let", "const": "let", "set": "let", "func": "def", "function": "def", "fn": "def", "foreach": "for",
            "from": "import", "use": "import", "until": "while", "echo": "print", "println": "print",
            "printf": "print", "puts": "print", "display": "print",
        ]
        if let right = foreign[verb.text] {
            return failure(
                .foreignSyntax, "'\(verb.text)' is written \(right)", at: verb.span, help: "write \(right)",
                replacement: .init(verb.span, right))
        }
        var candidates = verbNames
        let next = token(ahead: 1)
        let after = token(ahead: 2)
        // `lte x = 3`, `fro k in xs {`: what follows tells which word was meant.
        if case .identifier = next.kind, after.kind == .sign(.equals) {
            candidates = ["let"]
        } else if case .identifier = next.kind, after.kind == .keyword(.in) {
            candidates = ["for"]
        } else if case .identifier = next.kind, after.kind == .sign(.openParenthesis), !after.hasSpaceBefore, opensBlock
        {
            candidates.append("def")
        } else if opensBlock {
            candidates += ["if", "while", "for", "def"]
        } else {
            candidates += starters.map(\.rawValue)
        }
        let near = fitting(Suggestions.nearest(to: verb.text, among: candidates, limit: 6))
        let best = near.first ?? (candidates.count == 1 ? candidates[0] : nil)
        if let best {
            return failure(
                .unknownVerb, "'\(verb.text)' is not a verb; did you mean '\(best)'?", at: verb.span,
                help: "write \(best)", replacement: .init(verb.span, best))
        }
        return failure(
            .unknownVerb, "'\(verb.text)' is not a verb", at: verb.span,
            help: "a command starts with a verb; ? lists them")
    }

    /// Verbs that have the labels of this line come first.
    private func fitting(_ verbs: [String]) -> [String] {
        var labels: [String] = []
        var ahead = index
        while !tokens[ahead].endsStatement {
            if case .label(let label) = tokens[ahead].kind { labels.append(label) }
            ahead = skippingBrackets(ahead) + 1
        }
        if labels.isEmpty { return verbs }
        func hasLabels(_ verb: String) -> Bool {
            guard let signature = userVerbs[verb] ?? context.signatures.verbs[verb] else { return false }
            return labels.contains { signature.parameter(labelled: $0) != nil }
        }
        return verbs.filter(hasLabels) + verbs.filter { !hasLabels($0) }
    }

    /// The index of the closing bracket if a pair opens here, or else the same index.
    private func skippingBrackets(_ index: Int) -> Int {
        if case .sign(let sign) = tokens[index].kind, sign == .openParenthesis || sign == .openBracket,
            partners[index] > index
        {
            return partners[index]
        }
        return index
    }

    /// Whether the line ends with `{`.
    private var opensBlock: Bool {
        var ahead = index
        while !tokens[ahead].endsStatement {
            if tokens[ahead].kind == .sign(.openBrace) {
                if tokens[ahead + 1].endsStatement { return true }
                return partners[ahead] > ahead
            }
            ahead = skippingBrackets(ahead) + 1
        }
        return false
    }

    // MARK: - One value directly after another

    /// The error for a token that cannot follow a finished expression.
    func juxtaposition(after value: Expression) -> Failure {
        let left = source.text(value.span)
        let gap = SourceSpan(value.span.end, max(value.span.end, current.span.start))
        switch current.kind {
        case .sign(.closeParenthesis), .sign(.closeBracket), .sign(.closeBrace):
            return partners[index] < 0
                ? unmatched()
                : failure(
                    .unexpectedToken, "\(found) cannot stand here", at: current.span,
                    help: "look for a bracket that is missing before it")
        case .sign(.openBracket), .sign(.openParenthesis), .dotName:
            if current.hasSpaceBefore {
                let next = source.text(current.span)
                let what = isAt(.openBracket) ? "an index" : isAt(.openParenthesis) ? "a call" : "a field"
                return failure(
                    .straySpace, "\(what) has no space before it", at: SourceSpan(value.span.start, current.span.end),
                    help: "write \(left)\(next)…",
                    replacement: .init(gap, ""))
            }
            return failure(
                .unexpectedToken, "this value cannot be called", at: value.span.union(current.span),
                help: "give it a name with let, then call the name")
        case .sign(.equals):
            return failure(
                .unexpectedToken, "'=' gives a value, '==' compares", at: current.span, help: "write ==",
                replacement: .init(current.span, "=="))
        case .sign(.comma):
            return failure(
                .commaInCommand, "a list of values is written in brackets", at: current.span, help: "write [a, b]")
        case .sign(.openBrace):
            return failure(
                .unexpectedToken, "a '{' cannot follow a value here", at: current.span,
                help: "a block follows if, for, while, def or try")
        case .label(let word):
            if case .name(let name) = value.kind {
                if isFunction(name) {
                    return failure(
                        .unexpectedToken, "'\(name)' is a function: its arguments stand in parentheses", at: value.span,
                        help: "write \(name)(\(word): value)")
                }
                return failure(
                    .unknownVerb, "'\(name)' is a name, not a verb, and takes no '\(word):'", at: value.span,
                    help: "start the line with a verb")
            }
            return failure(
                .unexpectedToken, "the label '\(word):' belongs after a verb or in a call", at: current.span,
                help: "write verb \(word): value, or f(\(word): value)")
        case .keyword(.else), .keyword(.catch):
            return failure(
                .misplacedStatement, "\(found) belongs after the '}' of a block", at: current.span,
                help: "write … } \(source.text(current.span)) { … }")
        case .keyword(.where), .keyword(.by):
            return failure(
                .misplacedStatement, "\(found) belongs to a command", at: current.span,
                help: "write verb … \(source.text(current.span)) …")
        case .keyword(.in):
            return failure(
                .unexpectedToken, "'in' belongs only in for and at the head of a closure", at: current.span,
                help: "write contains(xs, x) to ask whether a list holds a value")
        case .sign(.colon):
            return failure(
                .unexpectedToken, "a ':' comes directly after a label", at: current.span, help: "write label: value")
        default:
            if case .name(let name) = value.kind {
                if isFunction(name) {
                    return failure(
                        .unexpectedToken, "'\(name)' is a function: its arguments stand in parentheses", at: value.span,
                        help: "write \(name)(\(source.text(current.span)), …)")
                }
                return failure(
                    .unexpectedToken, "'\(name)' is not a verb, so \(found) cannot follow it", at: current.span,
                    help: "put an operator between them, or start with a verb")
            }
            return failure(
                .unexpectedToken, "\(found) cannot follow a finished value", at: current.span,
                help: "put an operator between them, or start a new line")
        }
    }
}

extension Expression {
    /// Whether `[` directly after it would be an index.
    var takesIndex: Bool {
        switch kind {
        case .none, .boolean, .integer, .bigInteger, .real, .invalid: false
        case .unary(_, let inner): inner.takesIndex
        case .range(_, let upper, _): upper?.takesIndex ?? false
        default: true
        }
    }

    /// Whether `(` directly after it would be a call.
    var takesCall: Bool {
        switch kind {
        case .name, .field, .index: true
        case .unary(_, let inner): inner.takesCall
        case .range(_, let upper, _): upper?.takesCall ?? false
        default: false
        }
    }

    /// Whether `.name` directly after it would be a field.
    var takesField: Bool {
        switch kind {
        case .selector(let selector): selector.index != nil
        default: takesIndex
        }
    }
}

extension ParameterKind {
    /// Whether a `.name` can be given.
    fileprivate var takesColumn: Bool {
        switch self {
        case .column, .selector: true
        case .oneOf(let kinds): kinds.contains(where: \.takesColumn)
        default: false
        }
    }
}
