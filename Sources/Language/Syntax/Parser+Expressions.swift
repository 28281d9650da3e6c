// Values, expressions and atoms.

/// How tightly the operators bind, loosest first.
private enum Precedence: Int {
    case or = 1, and, comparison, range, sum, product
}

extension Parser {
    /// Whether the current word is directly followed by `(`: a call and not a command.
    var isCallAhead: Bool {
        let next = token(ahead: 1)
        return next.kind == .sign(.openParenthesis) && !next.hasSpaceBefore
    }

    func node(_ kind: Expression.Kind, _ span: SourceSpan, _ children: Expression?...) throws(Failure) -> Expression {
        try node(kind, span, children: children)
    }

    func node(_ kind: Expression.Kind, _ span: SourceSpan, children: [Expression?]) throws(Failure) -> Expression {
        var depth = 0
        for case let child? in children { depth = max(depth, child.depth) }
        if depth > Parser.depthMax {
            throw failure(
                .nestedTooDeep, "this expression has more than \(Parser.depthMax) operations in a row", at: span,
                help: "give a part of it a name with let")
        }
        return Expression(kind, span, depth: depth + 1)
    }

    // MARK: - Values: pipelines of commands and expressions

    /// A value that must follow a word or sign.
    mutating func value(
        after place: SourceSpan, _ word: String, mayContinue: Bool = false
    ) throws(Failure) -> Expression {
        if current.endsStatement || isAt(.closeBrace) || isAt(.closeParenthesis) {
            var problem = failure(
                .expectedExpression, "a value is missing after \(word)", at: place, help: "write what it should be")
            problem.isEarlyEnd = isAtEnd && mayContinue
            throw problem
        }
        return try value()
    }

    mutating func value() throws(Failure) -> Expression {
        let first = try stage()
        guard isAt(.pipe) else { return first }
        var stages = [first]
        while isAt(.pipe) {
            let pipe = current.span
            advance()
            skipNewlines()
            stages.append(try pipedCommand(after: pipe, left: stages))
        }
        return try node(.pipeline(stages), SourceSpan(first.span.start, previous.span.end), children: stages.map { $0 })
    }

    /// `xs | length`: a function is called with the value in parentheses, and nothing is handed on to it.
    private mutating func pipedFunction(_ function: Name, left: [Expression]) -> Failure {
        let start = SourceSpan(left[0].span.start, left[left.count - 1].span.end)
        var values = [source.text(start)]
        if left.count > 1 || !left[0].isPlain { values[0] = "(\(values[0]))" }
        // What follows is read as the arguments of a command.
        let saved = (index, diagnostics.count, marks.count)
        let call = try? command(function, isPiped: true)
        let ends = current.endsStatement || isAt(.pipe) || isAt(.closeParenthesis) || isAt(.closeBrace)
        index = saved.0
        diagnostics.removeSubrange(min(saved.1, diagnostics.count)...)
        marks.removeSubrange(min(saved.2, marks.count)...)
        var replacement: Diagnostic.Replacement?
        if ends, let call, case .call(let read) = call.kind, read.predicate == nil, read.key == nil {
            values += read.arguments.map { argument in
                (argument.label.map { "\($0.text): " } ?? "") + source.text(argument.value.span)
            }
            let written = "\(function.text)(\(values.joined(separator: ", ")))"
            replacement = .init(SourceSpan(start.start, max(function.span.end, call.span.end)), written)
        }
        return failure(
            .unknownVerb, "'\(function.text)' is a function: nothing is handed on to it with '|'", at: function.span,
            help: "write " + (replacement?.text ?? "\(function.text)(\(values[0]), …)"), replacement: replacement)
    }

    private mutating func pipedCommand(after pipe: SourceSpan, left: [Expression]) throws(Failure) -> Expression {
        switch current.kind {
        case .identifier(let word):
            let name = Name(word, current.span)
            if isCallAhead {
                throw failure(
                    .unexpectedToken, "after '|' comes a command, without the parentheses of a call", at: name.span,
                    help: "write | \(word) and its other values, separated by spaces")
            }
            if isVerb(word) { return try command(name, isPiped: true) }
            if isFunction(word) { throw pipedFunction(name, left: left) }
            return try unknownVerb(name)
        case .newline, .endOfText, .semicolon, .sign(.closeBrace), .sign(.closeParenthesis):
            var problem = failure(
                .expectedExpression, "a command is missing after '|'", at: pipe,
                help: "write | and a verb, such as | show")
            problem.isEarlyEnd = isAtEnd
            throw problem
        case .invalid:
            throw failure(.unexpectedCharacter, "\(found) cannot stand here", at: current.span)
        default:
            throw failure(
                .unexpectedToken, "after '|' comes a verb, not \(found)", at: current.span,
                help: "write | and a verb, such as | show")
        }
    }

    private mutating func stage() throws(Failure) -> Expression {
        let start = current.span
        switch current.kind {
        case .keyword(.time), .keyword(.try):
            let isTime = isAt(.time)
            try enter()
            defer { leave() }
            advance()
            let inner = try prefixed(start, isTime ? "time" : "try")
            return try node(isTime ? .timed(inner) : .attempt(inner), SourceSpan(start.start, inner.span.end), inner)
        case .identifier(let word):
            let name = Name(word, start)
            if isVerb(word), !isCallAhead { return try command(name) }
            if !isVerb(word), looksLikeCommand(word) { return try unknownVerb(name) }
            return try expression()
        default:
            return try expression()
        }
    }

    private mutating func prefixed(_ word: SourceSpan, _ text: String) throws(Failure) -> Expression {
        if current.endsStatement || isAt(.closeBrace) || isAt(.closeParenthesis) || isAt(.pipe) {
            throw failure(
                .expectedExpression, "\(text): a command is missing after it", at: word,
                help: "write \(text) train steps: 10")
        }
        return try stage()
    }

    // MARK: - Expressions

    mutating func expression() throws(Failure) -> Expression {
        try enter()
        defer { leave() }
        return try binary(.or)
    }

    private mutating func binary(_ level: Precedence) throws(Failure) -> Expression {
        guard let next = Precedence(rawValue: level.rawValue + 1) else { return try products() }
        switch level {
        case .or, .and:
            var left = try binary(next)
            while isAt(level == .or ? Keyword.or : .and) {
                let operation = current
                advance()
                skipNewlines()
                let right = try operand(after: operation) { (parser) throws(Failure) in try parser.binary(next) }
                left = try node(
                    .logical(level == .or ? .or : .and, left, right), left.span.union(right.span), left, right)
            }
            return left
        case .comparison: return try comparison()
        case .range: return try range()
        case .sum, .product: return try sums()
        }
    }

    /// What must stand after an operator.
    private mutating func operand(
        after operation: Token, _ read: (inout Parser) throws(Failure) -> Expression
    ) throws(Failure) -> Expression {
        if !newlinesAreSpace, previous.kind == .newline, startsStatement {
            while index > 0, previous.kind == .newline { index -= 1 }
        }
        switch current.kind {
        case .newline, .endOfText, .semicolon, .sign(.closeParenthesis), .sign(.closeBracket), .sign(.closeBrace),
            .sign(.comma), .interpolationEnd:
            let sign = source.text(operation.span)
            var problem = failure(
                .expectedExpression, "a value is missing after '\(sign)'", at: operation.span,
                help: "write a value after \(sign)")
            problem.isEarlyEnd = isAtEnd
            throw problem
        default:
            return try read(&self)
        }
    }

    /// Whether the current word can only begin a new statement.
    private var startsStatement: Bool {
        switch current.kind {
        case .keyword(let keyword):
            [.let, .def, .for, .while, .if, .return, .break, .continue, .import, .try].contains(keyword)
        case .identifier(let word): isVerb(word) && !isCallAhead
        default: false
        }
    }

    private mutating func comparison() throws(Failure) -> Expression {
        if isAt(.not) {
            let operation = current
            try enter()
            defer { leave() }
            advance()
            let inner = try operand(after: operation) { (parser) throws(Failure) in try parser.comparison() }
            return try node(.unary(.not, inner), operation.span.union(inner.span), inner)
        }
        let left = try range()
        guard let sign = comparisonSign else { return left }
        let operation = current
        advance()
        skipNewlines()
        let right = try operand(after: operation) { (parser) throws(Failure) in try parser.range() }
        if comparisonSign != nil {
            let second = source.text(current.span)
            let middle = source.text(right.span)
            throw failure(
                .comparisonChain, "comparisons do not chain", at: current.span,
                help:
                    "write \(source.text(left.span)) \(source.text(operation.span)) \(middle) and \(middle) \(second) "
                    + "…",
                replacement: .init(current.span, "and \(middle) \(second)"))
        }
        return try node(.binary(sign, left, right), left.span.union(right.span), left, right)
    }

    private var comparisonSign: BinaryOperator? {
        guard case .sign(let sign) = current.kind else { return nil }
        switch sign {
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual:
            return BinaryOperator(rawValue: sign.rawValue)
        default: return nil
        }
    }

    private mutating func range() throws(Failure) -> Expression {
        let left = try sums()
        guard isAt(.closedRange) || isAt(.halfOpenRange) else { return left }
        let operation = current
        let isClosed = isAt(.closedRange)
        advance()
        let right = try operand(after: operation) { (parser) throws(Failure) in try parser.sums() }
        return try node(.range(lower: left, upper: right, isClosed: isClosed), left.span.union(right.span), left, right)
    }

    private mutating func sums() throws(Failure) -> Expression {
        var left = try products()
        while isAt(.plus) || isAt(.minus) {
            let operation = current
            advance()
            skipNewlines()
            let right = try operand(after: operation) { (parser) throws(Failure) in try parser.products() }
            left = try node(
                .binary(operation.kind == .sign(.plus) ? .add : .subtract, left, right), left.span.union(right.span),
                left, right)
        }
        return left
    }

    private mutating func products() throws(Failure) -> Expression {
        var left = try prefix()
        while let sign = productSign {
            let operation = current
            advance()
            skipNewlines()
            let right = try operand(after: operation) { (parser) throws(Failure) in try parser.prefix() }
            left = try node(.binary(sign, left, right), left.span.union(right.span), left, right)
        }
        return left
    }

    private var productSign: BinaryOperator? {
        guard case .sign(let sign) = current.kind else { return nil }
        switch sign {
        case .times, .divide, .floorDivide, .remainder: return BinaryOperator(rawValue: sign.rawValue)
        default: return nil
        }
    }

    /// `-x`; binds looser than `^`, so -2^2 is -4.
    private mutating func prefix() throws(Failure) -> Expression {
        guard isAt(.minus) else { return try power() }
        let operation = current
        try enter()
        defer { leave() }
        advance()
        let inner = try operand(after: operation) { (parser) throws(Failure) in try parser.prefix() }
        return try node(.unary(.minus, inner), operation.span.union(inner.span), inner)
    }

    private mutating func power() throws(Failure) -> Expression {
        let base = try atomInExpression()
        guard isAt(.power) else { return base }
        let operation = current
        try enter()
        defer { leave() }
        advance()
        skipNewlines()
        let exponent = try operand(after: operation) { (parser) throws(Failure) in try parser.prefix() }
        return try node(.binary(.power, base, exponent), base.span.union(exponent.span), base, exponent)
    }

    private mutating func atomInExpression() throws(Failure) -> Expression {
        if case .identifier(let word) = current.kind, isVerb(word), !isCallAhead {
            // A user's own verb may be handed on as a function; a built-in verb needs its command.
            if userVerbs[word] == nil || startsArgument(token(ahead: 1)) { throw commandInside(in: "an expression") }
        }
        return try trailers(try primary())
    }

    // MARK: - Atoms

    /// What an argument of a command may be; a range has no spaces inside.
    mutating func atom() throws(Failure) -> Expression {
        let lower = try boundedAtom()
        guard isAt(.closedRange) || isAt(.halfOpenRange) else { return lower }
        let sign = source.text(current.span)
        let isClosed = isAt(.closedRange)
        if current.hasSpaceBefore || token(ahead: 1).hasSpaceBefore || token(ahead: 1).endsStatement {
            let upper = token(ahead: 1).endsStatement ? "8" : source.text(token(ahead: 1).span)
            throw failure(
                .straySpace, "inside a command a range is written without spaces",
                at: SourceSpan(lower.span.start, current.span.end),
                help: "write \(source.text(lower.span))\(sign)\(upper)")
        }
        advance()
        let upper = try boundedAtom()
        return try node(
            .range(lower: lower, upper: upper, isClosed: isClosed), lower.span.union(upper.span), lower, upper)
    }

    private mutating func boundedAtom() throws(Failure) -> Expression {
        guard isAt(.minus) else { return try trailers(try primary()) }
        let minus = current.span
        advance()
        let inner = try trailers(try primary())
        return try node(.unary(.minus, inner), minus.union(inner.span), inner)
    }

    mutating func primary() throws(Failure) -> Expression {
        let span = current.span
        switch current.kind {
        case .integer(let value): return leaf(.integer(value))
        case .bigInteger(let digits): return leaf(.bigInteger(digits))
        case .real(let value): return leaf(.real(value))
        case .keyword(.true): return leaf(.boolean(true))
        case .keyword(.false): return leaf(.boolean(false))
        case .keyword(.none): return leaf(.none)
        case .identifier(let word):
            let isCall = isCallAhead
            mark(span, isVerb(word) ? .verb : isCall || (isFunction(word) && !names.contains(word)) ? .function : .name)
            return leaf(.name(word))
        case .textStart: return try text()
        case .dotName(let word): return try selector(word)
        case .sign(.openParenthesis): return try parenthesized()
        case .sign(.openBracket): return try listOrRecord()
        case .sign(.openBrace) where !inHeader: return try closure()
        case .invalid: return leaf(.invalid)
        case .keyword(.if):
            throw failure(
                .misplacedStatement, "if is a statement and has no value", at: span,
                help: "let x = none, then if … { x = … } else { x = … }")
        case .keyword(let keyword):
            throw failure(
                .unexpectedToken, "'\(keyword.rawValue)' cannot stand here, a value is expected", at: span,
                help: "write a value, a name or ( … )")
        case .label(let word):
            throw failure(
                .unexpectedToken, "the label '\(word):' belongs after a verb or in a call", at: span,
                help: "write verb \(word): value, or f(\(word): value)")
        case .sign(.closeParenthesis), .sign(.closeBracket):
            if partners[index] < 0 { throw unmatched() }
            throw failure(.expectedExpression, "a value is missing before \(found)", at: span, help: "write a value")
        case .sign(.equals):
            throw failure(
                .unexpectedToken, "'=' gives a value, '==' compares", at: span, help: "write ==",
                replacement: .init(span, "=="))
        case .newline, .endOfText, .semicolon:
            var problem = failure(
                .expectedExpression, "a value is missing before \(found)", at: here, help: "write a value")
            problem.isEarlyEnd = false
            throw problem
        case .sign, .interpolationStart, .interpolationEnd, .textPart, .textEnd:
            throw failure(.expectedExpression, "a value is missing before \(found)", at: span, help: "write a value")
        }
    }

    private mutating func leaf(_ kind: Expression.Kind) -> Expression {
        let span = current.span
        advance()
        return Expression(kind, span)
    }

    func unmatched() -> Failure { unmatched(index) }

    func unmatched(_ closer: Int) -> Failure {
        let span = tokens[closer].span
        return failure(
            .unmatchedBracket, "this '\(source.text(span))' closes nothing", at: span,
            help: "take it away, or open it before", replacement: .init(span, ""))
    }

    /// `[i]`, `.field` and `(arguments)`, directly after what they belong to.
    private mutating func trailers(_ base: Expression) throws(Failure) -> Expression {
        var value = base
        while !current.hasSpaceBefore {
            switch current.kind {
            case .sign(.openBracket):
                if value.isNumberLiteral {
                    throw failure(
                        .unexpectedToken, "a number has no elements", at: value.span.union(current.span),
                        help: "put a space or an operator between them")
                }
                let positions = try items(until: .closeBracket, atLeastOne: true) { (parser) throws(Failure) in
                    try parser.position()
                }
                value = try node(
                    .index(value, positions), SourceSpan(value.span.start, previous.span.end),
                    children: [value] + positions)
            case .sign(.openParenthesis):
                guard let callee = callee(value) else { return value }
                let arguments = try callArguments()
                let call = Call(callee: callee, form: .parenthesized, arguments: arguments)
                value = try node(
                    .call(call), SourceSpan(value.span.start, previous.span.end),
                    children: [value] + arguments.map(\.value))
            case .dotName(let field):
                if case .selector(let selector) = value.kind, !isParenthesized(value) {
                    throw failure(
                        .missingSpace, "'.\(selector.name.text)' and '.\(field)' need a space between them",
                        at: value.span.union(current.span),
                        help: "write .\(selector.name.text) .\(field)",
                        replacement: .init(SourceSpan(at: current.span.start), " "))
                }
                let name = Name(field, current.wordSpan)
                mark(name.span, .name)
                advance()
                value = try node(.field(value, name), SourceSpan(value.span.start, name.span.end), value)
            default:
                return value
            }
        }
        return value
    }

    /// Only names, fields and elements are called, so that `(a) (b)` and `(a)(b)` cannot mean two things.
    private func callee(_ value: Expression) -> Call.Callee? {
        if isParenthesized(value) { return nil }
        return switch value.kind {
        case .name(let word): .name(Name(word, value.span))
        case .field, .index: .value(value)
        default: nil
        }
    }

    /// One position of an index: a value, or a range that may miss its ends.
    private mutating func position() throws(Failure) -> Expression {
        func isOver(_ token: Token) -> Bool { token.kind == .sign(.closeBracket) || token.kind == .sign(.comma) }
        if isAt(.closedRange) || isAt(.halfOpenRange) {
            let sign = current
            advance()
            if isOver(current) {
                if sign.kind == .sign(.halfOpenRange) {
                    throw failure(
                        .expectedExpression, "a value is missing after '..<'", at: sign.span,
                        help: "write ... for the whole")
                }
                return Expression(.range(lower: nil, upper: nil, isClosed: true), sign.span)
            }
            let upper = try sums()
            return try node(
                .range(lower: nil, upper: upper, isClosed: sign.kind == .sign(.closedRange)),
                sign.span.union(upper.span), upper)
        }
        if (isAt(.closeBracket) || isAt(.comma)) && !isAtEnd {
            throw failure(
                .expectedExpression, "an index is missing before \(found)", at: current.span, help: "write xs[0]")
        }
        if case .label(let word) = current.kind { throw slice(current.span, word) }
        if case .sums = Lookahead.openRange(self) {
            let lower = try sums()
            let sign = current
            advance()
            return try node(.range(lower: lower, upper: nil, isClosed: true), lower.span.union(sign.span), lower)
        }
        let value = try expression()
        if isAt(.colon) { throw slice(value.span, source.text(value.span)) }
        return value
    }

    private func slice(_ span: SourceSpan, _ lower: String) -> Failure {
        failure(
            .foreignSyntax, "part of a list is taken with a range", at: span,
            help: "write xs[\(lower)..<8], or xs[\(lower)...] to the end")
    }

    /// Comma-separated items between the opening sign at which the parser stands and its partner; `[]` is a list but no
    /// index.
    private mutating func items<Item>(
        until close: Sign, atLeastOne: Bool = false, _ item: (inout Parser) throws(Failure) -> Item
    ) throws(Failure) -> [Item] {
        let opener = index
        try enter()
        defer { leave() }
        let saved = (newlinesAreSpace, inHeader)
        (newlinesAreSpace, inHeader) = (true, false)
        advance()
        var items: [Item] = []
        while !isAt(close) || (atLeastOne && items.isEmpty) {
            if isAtEnd { throw unclosed(opener) }
            items.append(try item(&self))
            if isAt(.comma) { advance() } else if !isAt(close) { throw missingComma(opener: opener) }
        }
        (newlinesAreSpace, inHeader) = saved
        advance()
        return items
    }

    /// Between two items of a list, record or call something else than a comma was found.
    func missingComma(opener: Int) -> Failure {
        if isAtEnd { return unclosed(opener) }
        if case .sign(let sign) = current.kind, [.closeParenthesis, .closeBracket].contains(sign), partners[index] < 0 {
            return unmatched()
        }
        if partners[opener] < 0 { return unclosed(opener, here: true) }
        if current.kind == .semicolon || current.kind == .interpolationEnd { return unclosed(opener) }
        if isAt(.equals), case .identifier(let word) = previous.kind {
            return failure(
                .foreignSyntax, "a label is written with a colon", at: previous.span.union(current.span),
                help: "write \(word): value",
                replacement: .init(
                    previous.span.union(current.span), token(ahead: 1).hasSpaceBefore ? "\(word):" : "\(word): "))
        }
        if current.hasSpaceBefore, isAt(.openParenthesis) || isAt(.openBracket),
            case .identifier(let word) = previous.kind
        {
            return failure(
                .straySpace, "there is no space between '\(word)' and what belongs to it",
                at: SourceSpan(previous.span.start, current.span.end),
                help: "write \(word)\(source.text(current.span))…",
                replacement: .init(SourceSpan(previous.span.end, current.span.start), ""))
        }
        return failure(
            .unexpectedToken, "a comma is missing before \(found)", at: current.span,
            help: "write a comma between the values", replacement: .init(SourceSpan(at: previous.span.end), ","))
    }

    mutating func callArguments() throws(Failure) -> [Argument] {
        var lastLabel: String?
        return try items(until: .closeParenthesis) { (parser) throws(Failure) in
            if case .label(let word) = parser.current.kind {
                let label = Name(word, parser.current.wordSpan)
                let place = parser.current.span
                parser.mark(place, .label)
                parser.advance()
                if parser.isAt(.comma) || parser.isAt(.closeParenthesis) { throw parser.missingValue(word, place) }
                lastLabel = word
                return Argument(label: label, value: try parser.expression())
            }
            if let lastLabel {
                throw parser.failure(
                    .unexpectedToken, "values given by place come before the labels", at: parser.current.span,
                    help: "move it before \(lastLabel):")
            }
            return Argument(label: nil, value: try parser.expression())
        }
    }

    func missingValue(_ label: String, _ span: SourceSpan) -> Failure {
        failure(
            .expectedExpression, "a value is missing after '\(label):'", at: span, help: "write \(label): and a value")
    }

    private mutating func parenthesized() throws(Failure) -> Expression {
        let opener = index
        let start = current.span.start
        try enter()
        defer { leave() }
        let saved = (newlinesAreSpace, inHeader)
        (newlinesAreSpace, inHeader) = (true, false)
        advance()
        if isAtEnd { throw unclosed(opener) }
        if isAt(.closeParenthesis) {
            throw failure(
                .expectedExpression, "there is nothing between these parentheses",
                at: SourceSpan(start, current.span.end), help: "write a value, or none")
        }
        var inner = try value()
        guard isAt(.closeParenthesis) else {
            if isAtEnd { throw unclosed(opener) }
            if isAt(.comma) {
                throw failure(
                    .commaInCommand, "a list of values is written in brackets, not in parentheses", at: current.span,
                    help: "write [a, b], or f(a, b) without the space")
            }
            if partners[opener] < 0 { throw unclosed(opener, here: true) }
            if case .sign(.closeBracket) = current.kind, partners[index] >= 0 { throw unclosed(opener) }
            throw juxtaposition(after: inner)
        }
        (newlinesAreSpace, inHeader) = saved
        advance()
        inner.span = SourceSpan(start, previous.span.end)
        return inner
    }

    private mutating func listOrRecord() throws(Failure) -> Expression {
        let start = current.span.start
        if token(ahead: 1).kind == .sign(.colon), token(ahead: 2).kind == .sign(.closeBracket) {
            index += 2
            advance()
            return Expression(.record([]), SourceSpan(start, previous.span.end))
        }
        if isRecordAhead { return try record() }
        let saved = inRow
        let items = try items(until: .closeBracket) { (parser) throws(Failure) in try parser.expression() }
        inRow = saved
        return try node(.list(items), SourceSpan(start, previous.span.end), children: items)
    }

    /// `[` followed by `key:` or `"key":`
    private var isRecordAhead: Bool {
        var ahead = index + 1
        while tokens[ahead].kind == .newline { ahead += 1 }
        if case .label = tokens[ahead].kind { return true }
        guard tokens[ahead].kind == .textStart, ahead + 3 < tokens.count, case .textPart = tokens[ahead + 1].kind else {
            return false
        }
        return tokens[ahead + 2].kind == .textEnd && tokens[ahead + 3].kind == .sign(.colon)
    }

    private mutating func record() throws(Failure) -> Expression {
        let start = current.span.start
        var keys: Set<String> = []
        let entries = try items(until: .closeBracket) { (parser) throws(Failure) in
            let key = try parser.recordKey()
            guard keys.insert(key.text).inserted else {
                throw parser.failure(
                    .repeatedName, "the key '\(key.text)' appears twice", at: key.span, help: "give each key once")
            }
            if parser.isAt(.comma) || parser.isAt(.closeBracket) { throw parser.missingValue(key.text, key.span) }
            return (key: key, value: try parser.expression())
        }
        return try node(.record(entries), SourceSpan(start, previous.span.end), children: entries.map { $0.value })
    }

    private mutating func recordKey() throws(Failure) -> Name {
        if case .label(let word) = current.kind {
            let name = Name(word, current.wordSpan)
            mark(current.span, .label)
            advance()
            return name
        }
        if current.kind == .textStart {
            let key = try text()
            if let constant = key.constantText, isAt(.colon) {
                advance()
                return Name(constant, key.span)
            }
        }
        throw failure(
            .unexpectedToken, "a key is missing before \(found)", at: current.span,
            help: "write [key: value, other: value]")
    }

    /// `{ x, y in … }`, `{ … }`
    private mutating func closure() throws(Failure) -> Expression {
        let opener = index
        let start = current.span.start
        try enter()
        defer { leave() }
        let saved = (newlinesAreSpace, inHeader, userVerbs, names, loops)
        (newlinesAreSpace, inHeader) = (false, false)
        loops = 0
        functions += 1
        defer { functions -= 1 }
        advance()
        var parameters: [Name] = []
        if let count = closureHead() {
            for _ in 0..<count {
                guard case .identifier(let word) = current.kind else { break }
                let name = Name(word, current.span)
                if isVerb(word) {
                    throw failure(
                        .verbAsName, "'\(word)' is a verb and cannot be the name of a parameter", at: name.span,
                        help: "choose another name, such as my_\(word)", replacement: .init(name.span, "my_\(word)"))
                }
                if parameters.contains(where: { $0.text == word && word != "_" }) {
                    throw failure(
                        .repeatedName, "the parameter '\(word)' appears twice", at: name.span,
                        help: "give each parameter its own name")
                }
                mark(name.span, .name)
                names.insert(word)
                parameters.append(name)
                advance()
                if isAt(.comma) { advance() }
            }
            advance()
        }
        let bodyStart = current.span.start
        let body = statements(inBlock: true)
        let bodySpan = SourceSpan(bodyStart, previous.span.end)
        (newlinesAreSpace, inHeader, userVerbs, names, loops) = saved
        try closeBrace(opener)
        let span = SourceSpan(start, previous.span.end)
        return Expression(.closure(parameters: parameters, body: Block(body, bodySpan)), span, depth: 1)
    }

    /// How many names stand before `in`, nil without a head.
    private func closureHead() -> Int? {
        var ahead = index
        var count = 0
        if tokens[ahead].kind == .keyword(.in) { return 0 }
        while case .identifier = tokens[ahead].kind {
            count += 1
            ahead += 1
            if tokens[ahead].kind == .keyword(.in) { return count }
            guard tokens[ahead].kind == .sign(.comma) else { return nil }
            ahead += 1
        }
        return nil
    }

    /// `.choice`, `.place[index]`, or inside `where` and `by` the field of a row.
    private mutating func selector(_ word: String) throws(Failure) -> Expression {
        let span = current.span
        let name = Name(word, current.wordSpan)
        mark(span, .choice)
        advance()
        if inRow { return Expression(.rowField(name), span) }
        guard isAt(.openBracket), !current.hasSpaceBefore else {
            return Expression(.selector(Selector(name: name)), span)
        }
        let positions = try items(until: .closeBracket, atLeastOne: true) { (parser) throws(Failure) in
            try parser.expression()
        }
        guard positions.count == 1, let position = positions.first else {
            throw failure(
                .unexpectedToken, "'.\(word)' takes one index", at: SourceSpan(span.start, previous.span.end),
                help: "write .\(word)[0]")
        }
        return try node(
            .selector(Selector(name: name, index: position)), SourceSpan(span.start, previous.span.end), position)
    }

    // MARK: - Texts

    mutating func text() throws(Failure) -> Expression {
        let start = current.span.start
        index += 1
        var pieces: [TextPiece] = []
        var values: [Expression] = []
        while true {
            switch current.kind {
            case .textPart(let part):
                if !part.isEmpty { pieces.append(.literal(part)) }
                index += 1
            case .interpolationStart:
                let brace = current.span
                try enter()
                defer { leave() }
                let saved = (newlinesAreSpace, inHeader)
                (newlinesAreSpace, inHeader) = (false, false)
                index += 1
                if current.kind == .interpolationEnd {
                    throw failure(
                        .expectedExpression, "there is nothing between these braces", at: brace.union(current.span),
                        help: "write { value }, or \\{\\} for the signs themselves",
                        replacement: .init(brace.union(current.span), "\\{\\}"))
                }
                let value = try self.value()
                guard current.kind == .interpolationEnd else { throw juxtaposition(after: value) }
                (newlinesAreSpace, inHeader) = saved
                index += 1
                pieces.append(.interpolation(value))
                values.append(value)
            case .textEnd:
                advance()
                return try node(.text(pieces), SourceSpan(start, previousTextEnd), children: values)
            default:
                throw failure(
                    .unclosedText, "this text has no closing quote", at: SourceSpan(start, previous.span.end),
                    help: "write \" at its end")
            }
        }
    }

    /// Where the text that was just read ends (newlines after it may have been skipped already).
    private var previousTextEnd: Int {
        var last = index - 1
        while last > 0, tokens[last].kind == .newline { last -= 1 }
        return tokens[last].span.end
    }
}

/// Whether an index position is a range without its upper end, such as `2...`; found by looking for `...` before `]`
/// or `,`.
private enum Lookahead {
    case sums, none

    static func openRange(_ parser: Parser) -> Lookahead {
        var ahead = parser.index
        var depth = 0
        while ahead + 1 < parser.tokens.count {
            switch parser.tokens[ahead].kind {
            case .sign(.openBracket), .sign(.openParenthesis): depth += 1
            case .sign(.closeParenthesis), .sign(.closeBracket):
                if depth == 0 { return .none }
                depth -= 1
            case .sign(.openBrace), .sign(.closeBrace), .newline, .semicolon, .endOfText, .sign(.comma):
                if depth == 0 { return .none }
            case .sign(.closedRange):
                if depth == 0 {
                    let next = parser.tokens[ahead + 1].kind
                    return next == .sign(.closeBracket) || next == .sign(.comma) ? .sums : .none
                }
            default: break
            }
            ahead += 1
        }
        return .none
    }
}

extension Expression {
    /// Whether it can stand among the arguments of a call without parentheses of its own.
    fileprivate var isPlain: Bool {
        switch kind {
        case .call(let call): call.form != .command
        case .pipeline, .timed, .attempt: false
        default: true
        }
    }
}
