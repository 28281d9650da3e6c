// From tokens to the tree, by recursive descent. The grammar (each rule with an example in Specification.md):
//
//   program    = { statement end }                            end = newline | ";"
//   statement  = "let" NAME "=" value | target "=" value | "def" NAME "(" [ parameter { "," parameter } ] ")" block
//              | "for" NAME "in" expression block | "while" expression block
//              | "if" expression block { "else" "if" expression block } [ "else" block ]
//              | "return" [ value ] | "break" | "continue" | "try" block [ "catch" [ NAME ] block ] | "import" TEXT |
// value
//   value      = stage { "|" command }                        stage = [ "time" | "try" ] ( command | expression )
//   command    = VERB { atom | LABEL atom } [ "where" expression ] [ "by" expression ]
//   atom       = primary trailers [ ( "..." | "..<" ) primary trailers ]      (no spaces inside)
//   primary    = NUMBER | TEXT | NAME | ".choice" [ "[" expression "]" ] | "[" list or record "]" | "(" value ")" |
// closure
//   trailers   = { "[" expression { "," expression } "]" | ".field" | "(" arguments ")" }      (no space before)
//   expression = or, and, not, comparison (no chains), range, + -, * / // %, unary -, ^, atom
//   closure    = "{" [ NAME { "," NAME } "in" ] { statement end } "}"
//   block      = "{" { statement end } "}"
//
// A word is a verb if the signature table or an earlier `def` says so, never because of a value at run time.
// Newlines are spaces inside ( ) and [ ], and after an operator, `|` and `=`.
//
// Errors: a statement that cannot be read reports its first error and is skipped to its end (over balanced brackets),
// so that one reading reports every statement at fault, each once. Nothing here can overflow: brackets and blocks
// nest at most `nestingMax` deep, and no tree is higher than `depthMax` operations.

/// A source text as a tree, with everything that is wrong with its syntax.
public struct ParsedText: Sendable {
    public var source: SourceText
    public var program: Program
    /// Sorted by place.
    public var diagnostics: [Diagnostic]
    public var completeness: Completeness
    /// The verbs this text defines, in order.
    public var definitions: [CommandSignature]
    /// What each word is, for highlighting, sorted by place.
    var marks: [Mark]
    var lexed: LexedText

    struct Mark: Sendable {
        var span: SourceSpan
        var style: Style
    }
}

extension ParsedText: CustomStringConvertible {
    public var description: String { program.outline }
}

public struct Parser {
    /// How deep brackets, blocks, prefixes, commands and expressions may nest: a bracket and the expression in it are
    /// two levels.
    public static let nestingMax = 100
    /// How many operations may stand in a row, or within each other, in one expression: its tree is then one higher.
    public static let depthMax = 300
    /// After this many errors the rest of a text is not looked at: it is something else than icot.
    static let errorMax = 100

    let source: SourceText
    let context: LanguageContext
    var tokens: [Token]
    /// For each bracket token the index of its partner, -1 without one.
    var partners: [Int]
    var index = 0
    var lexed: LexedText
    var diagnostics: [Diagnostic] = []
    var marks: [ParsedText.Mark] = []

    /// Verbs from earlier `def`s and imports.
    var userVerbs: [String: CommandSignature]
    var definitions: [CommandSignature] = []
    /// Names that have been given a value somewhere above; only used to word errors.
    var names: Set<String> = []

    var nesting = 0
    var loops = 0
    var functions = 0
    /// Inside ( ) and [ ].
    var newlinesAreSpace = false
    /// Between `if`, `for`, `while` and their block: a `{` opens the block and not a closure.
    var inHeader = false
    /// Inside `where` and `by`: `.name` is the row's field.
    var inRow = false
    var hasReportedOpenBrace = false
    /// How many of the errors only say that the text ended where more was needed.
    var endedEarly = 0

    /// Reads a whole text.
    public static func parse(_ source: SourceText, _ context: LanguageContext) -> ParsedText {
        var parser = Parser(source, context)
        let statements = parser.statements(inBlock: false)
        let errors = parser.diagnostics + parser.lexed.diagnostics
        let completeness: Completeness =
            errors.isEmpty ? .complete : errors.count == parser.endedEarly ? .incomplete : .invalid
        return ParsedText(
            source: source, program: Program(statements: statements, version: parser.lexed.version),
            diagnostics: errors.sorted { ($0.span.start, $0.span.end) < ($1.span.start, $1.span.end) },
            completeness: completeness, definitions: parser.definitions,
            marks: parser.marks.sorted { $0.span.start < $1.span.start }, lexed: parser.lexed)
    }

    private init(_ source: SourceText, _ context: LanguageContext) {
        self.source = source
        self.context = context
        lexed = Lexer.lex(source)
        tokens = lexed.tokens
        partners = Parser.matchBrackets(tokens)
        userVerbs = context.definitions
    }

    // MARK: - Tokens

    var current: Token { tokens[index] }
    var previous: Token { tokens[max(index - 1, 0)] }

    func token(ahead: Int) -> Token { tokens[min(index + ahead, tokens.count - 1)] }

    func isAt(_ sign: Sign) -> Bool { current.kind == .sign(sign) }
    func isAt(_ keyword: Keyword) -> Bool { current.kind == .keyword(keyword) }
    var isAtEnd: Bool { current.kind == .endOfText }

    mutating func advance() {
        if index < tokens.count - 1 { index += 1 }
        if newlinesAreSpace { skipNewlines() }
    }

    mutating func skipNewlines() {
        while current.kind == .newline { index += 1 }
    }

    mutating func mark(_ span: SourceSpan, _ style: Style) { marks.append(.init(span: span, style: style)) }

    // MARK: - Verbs

    func isVerb(_ word: String) -> Bool { userVerbs[word] != nil || context.signatures.verbs[word] != nil }

    func isFunction(_ word: String) -> Bool { context.signatures.functions[word] != nil }

    func isKnownName(_ word: String) -> Bool {
        names.contains(word) || context.variables[word] != nil || isFunction(word) || word.first == "_"
    }

    // MARK: - Errors

    mutating func complain(
        _ code: DiagnosticCode, _ message: String, at span: SourceSpan, help: String? = nil,
        replacement: Diagnostic.Replacement? = nil
    ) {
        diagnostics.append(Diagnostic(code, message, at: span, help: help, replacement: replacement))
    }

    func failure(
        _ code: DiagnosticCode, _ message: String, at span: SourceSpan, help: String? = nil,
        replacement: Diagnostic.Replacement? = nil
    ) -> Failure {
        Failure(diagnostic: Diagnostic(code, message, at: span, help: help, replacement: replacement))
    }

    struct Failure: Error {
        var diagnostic: Diagnostic
        /// The text ended where more could have followed.
        var isEarlyEnd = false
    }

    /// What the reader sees at the current place.
    var found: String {
        switch current.kind {
        case .newline: "the end of the line"
        case .endOfText: "the end of the text"
        default: "'\(source.text(current.span))'"
        }
    }

    /// The current token, or the place after the last one where the line ends here.
    var here: SourceSpan {
        current.kind == .newline || current.kind == .endOfText ? SourceSpan(at: previous.span.end) : current.span
    }

    // MARK: - Statements

    mutating func statements(inBlock: Bool) -> [Statement] {
        var list: [Statement] = []
        while true {
            while current.kind == .newline || current.kind == .semicolon { index += 1 }
            if diagnostics.count >= Parser.errorMax { index = tokens.count - 1 }
            if isAtEnd { return list }
            if isAt(.closeBrace) {
                if inBlock { return list }
                complain(
                    .unmatchedBracket, "this '}' closes nothing", at: current.span,
                    help: "take it away, or open the block with '{'",
                    replacement: .init(current.span, ""))
                index += 1
                continue
            }
            let start = index
            do throws(Failure) {
                let statement = try statement()
                try endOfStatement(after: statement)
                list.append(statement)
            } catch {
                report(atBracket(error, from: start), from: start)
                recover(from: start)
            }
            if index == start { index += 1 }
        }
    }

    /// Where a bracket has lost its partner, it is the bracket that is at fault, whatever was expected next.
    private func atBracket(_ failure: Failure, from start: Int) -> Failure {
        if failure.isEarlyEnd || failure.diagnostic.code == .unclosedBracket
            || failure.diagnostic.code == .unmatchedBracket
        {
            return failure
        }
        if isAtEnd, newlinesAreSpace, let opener = unclosedBracket(from: start, to: index) { return unclosed(opener) }
        guard [.unexpectedToken, .expectedExpression, .commaInCommand, .unknownVerb].contains(failure.diagnostic.code)
        else { return failure }
        var last = start
        while !tokens[last].endsStatement {
            if case .sign(let sign) = tokens[last].kind, [.closeParenthesis, .closeBracket].contains(sign),
                partners[last] < 0
            {
                return unmatched(last)
            }
            last += 1
        }
        return failure
    }

    /// Adds an error, unless the lexer has already complained about this statement.
    mutating func report(_ failure: Failure, from start: Int) {
        let from = tokens[start].span.start
        let to = max(current.span.end, failure.diagnostic.span.end)
        let lexerComplained = lexed.diagnostics.contains {
            $0.span.end > from && $0.span.start <= to && $0.code != .unknownVersion
        }
        if lexerComplained { return }
        if diagnostics.last == failure.diagnostic { return }
        if failure.isEarlyEnd { endedEarly += 1 }
        diagnostics.append(failure.diagnostic)
    }

    private mutating func statement() throws(Failure) -> Statement {
        let start = current.span.start
        let kind: Statement.Kind
        switch current.kind {
        case .keyword(.let): kind = try binding()
        case .keyword(.def): kind = try definition()
        case .keyword(.for): kind = try forLoop()
        case .keyword(.while): kind = try whileLoop()
        case .keyword(.if): kind = try conditional()
        case .keyword(.return): kind = try returning()
        case .keyword(.break): kind = try leaveLoop(.breakLoop, "break")
        case .keyword(.continue): kind = try leaveLoop(.continueLoop, "continue")
        case .keyword(.import): kind = try importing()
        case .keyword(.try) where token(ahead: 1).kind == .sign(.openBrace): kind = try attempt()
        case .keyword(.else), .keyword(.catch): throw strayBranch()
        case .sign(.pipe):
            throw failure(
                .misplacedStatement, "a line cannot start with '|'", at: current.span,
                help: "end the line before with '|'")
        default: kind = try valueOrAssignment()
        }
        return Statement(kind, SourceSpan(start, max(start, previous.span.end)))
    }

    private func strayBranch() -> Failure {
        let word = source.text(current.span)
        return failure(
            .misplacedStatement, "'\(word)' belongs on the line of the '}' before it", at: current.span,
            help: "write } \(word) { … } on one line")
    }

    private mutating func endOfStatement(after statement: Statement) throws(Failure) {
        if current.endsStatement || isAt(.closeBrace) { return }
        if current.kind == .invalid {
            throw failure(.unexpectedCharacter, "\(found) cannot stand here", at: current.span)
        }
        if case .expression(let value) = statement.kind { throw juxtaposition(after: value) }
        if case .binding(_, let value) = statement.kind { throw juxtaposition(after: value) }
        if case .assignment(_, let value) = statement.kind { throw juxtaposition(after: value) }
        if case .returning(let value?) = statement.kind { throw juxtaposition(after: value) }
        throw failure(
            .unexpectedToken, "\(found) cannot follow a finished statement", at: current.span,
            help: "start a new line, or write ';' before it")
    }

    private mutating func binding() throws(Failure) -> Statement.Kind {
        advance()
        let name = try newName(.let, example: "let x = 3")
        guard isAt(.equals) else {
            if isAt(.equal) {
                throw failure(
                    .unexpectedToken, "a value is given with '=', '==' compares", at: current.span,
                    help: "write let \(name.text) = …", replacement: .init(current.span, "="))
            }
            throw failure(
                .unexpectedToken, "let: '=' is missing after \(name.text)", at: here,
                help: "write let \(name.text) = …",
                replacement: .init(SourceSpan(at: name.span.end), " ="))
        }
        let equals = current.span
        advance()
        skipNewlines()
        let value = try self.value(after: equals, "'='", mayContinue: true)
        names.insert(name.text)
        return .binding(name, value)
    }

    /// A name that gets a value here: not a verb, not a word of the language.
    private mutating func newName(_ statement: Keyword, example: String) throws(Failure) -> Name {
        switch current.kind {
        case .identifier(let word):
            let name = Name(word, current.span)
            if isVerb(word) { throw verbAsName(name) }
            if word.first == "_", word.dropFirst().allSatisfy(\.isNumber), !(word == "_" && statement == .for) {
                throw failure(
                    .verbAsName, "'\(word)' is kept for earlier results", at: name.span,
                    help: "choose a name that starts with a letter")
            }
            mark(name.span, .name)
            advance()
            return name
        case .keyword(let keyword):
            throw failure(
                .verbAsName, "'\(keyword.rawValue)' is a word of the language and cannot be a name", at: current.span,
                help: "choose another name, such as \(keyword.rawValue)_1",
                replacement: .init(current.span, "\(keyword.rawValue)_1"))
        case .label(let word):
            throw failure(
                .foreignSyntax, "names have no type after a colon", at: current.span,
                help: "write \(example.replacing("x", with: word))")
        default:
            throw failure(
                .unexpectedToken, "\(statement.rawValue): a name is missing, found \(found)", at: here,
                help: "write \(example)")
        }
    }

    private func verbAsName(_ name: Name) -> Failure {
        failure(
            .verbAsName, "'\(name.text)' is a verb and cannot be the name of a variable", at: name.span,
            help: "choose another name, such as my_\(name.text)", replacement: .init(name.span, "my_\(name.text)"))
    }

    private mutating func forLoop() throws(Failure) -> Statement.Kind {
        advance()
        let name = try newName(.for, example: "for x in 0..<8 { … }")
        guard isAt(.in) else {
            throw failure(
                .unexpectedToken, "for: 'in' is missing after \(name.text), found \(found)", at: here,
                help: "write for \(name.text) in 0..<8 { … }")
        }
        let word = current.span
        advance()
        let sequence = try header(after: word, .in)
        names.insert(name.text)
        loops += 1
        defer { loops -= 1 }
        return .forLoop(name, sequence, try block(after: .for))
    }

    private mutating func whileLoop() throws(Failure) -> Statement.Kind {
        let word = current.span
        advance()
        let condition = try header(after: word, .while)
        loops += 1
        defer { loops -= 1 }
        return .whileLoop(condition, try block(after: .while))
    }

    private mutating func conditional() throws(Failure) -> Statement.Kind {
        var branches: [Branch] = []
        while true {
            let word = current.span
            advance()
            let condition = try header(after: word, .if)
            branches.append(Branch(condition: condition, block: try block(after: .if)))
            guard isAt(.else) else { return .conditional(branches, otherwise: nil) }
            advance()
            if isAt(.if) { continue }
            return .conditional(branches, otherwise: try block(after: .else))
        }
    }

    /// The expression between a keyword and its block.
    private mutating func header(after word: SourceSpan, _ keyword: Keyword) throws(Failure) -> Expression {
        let outer = inHeader
        inHeader = true
        defer { inHeader = outer }
        if isAt(.openBrace) || current.endsStatement {
            throw failure(
                .expectedExpression, "\(keyword.rawValue): a value is missing before the block", at: word,
                help: keyword == .in ? "write in 0..<8 { … }" : "write \(keyword.rawValue) x > 0 { … }")
        }
        if case .identifier(let verb) = current.kind, isVerb(verb), !isCallAhead {
            throw commandInside(in: "\(keyword.rawValue) …")
        }
        let value = try expression()
        if isAt(.equals) {
            throw failure(
                .unexpectedToken, "'=' gives a value, '==' compares", at: current.span, help: "write ==",
                replacement: .init(current.span, "=="))
        }
        if !isAt(.openBrace), !current.endsStatement { throw juxtaposition(after: value) }
        return value
    }

    private mutating func returning() throws(Failure) -> Statement.Kind {
        if functions == 0 {
            throw failure(
                .misplacedStatement, "return is outside of a def", at: current.span,
                help: "write the value alone on the line to see it")
        }
        let word = current.span
        advance()
        if current.endsStatement || isAt(.closeBrace) { return .returning(nil) }
        return .returning(try value(after: word, "return"))
    }

    private mutating func leaveLoop(_ kind: Statement.Kind, _ word: String) throws(Failure) -> Statement.Kind {
        if loops == 0 {
            throw failure(
                .misplacedStatement, "\(word) is outside of a loop", at: current.span,
                help: "use it inside for … { } or while … { }")
        }
        advance()
        return kind
    }

    private mutating func importing() throws(Failure) -> Statement.Kind {
        let start = current.span
        advance()
        guard current.kind == .textStart else {
            if case .identifier(let word) = current.kind {
                throw failure(
                    .bareWord, "import: the path of a file is written in quotes", at: current.span,
                    help: "write import \"\(word).icot\"",
                    replacement: .init(current.span, "\"\(word).icot\""))
            }
            throw failure(
                .expectedExpression, "import: the path of a file is missing", at: start,
                help: "write import \"helpers.icot\"")
        }
        let text = try self.text()
        guard let path = text.constantText else {
            throw failure(
                .misplacedStatement, "import: the path must be known from the text", at: text.span,
                help: "write the path without { … }")
        }
        for signature in context.imports?(path) ?? [] { userVerbs[signature.name] = signature }
        return .importing(path: path, text.span)
    }

    private mutating func attempt() throws(Failure) -> Statement.Kind {
        advance()
        let body = try block(after: .try)
        guard isAt(.catch) else { return .attempt(body, error: nil, handler: nil) }
        advance()
        var name: Name?
        if !isAt(.openBrace) {
            name = try newName(.catch, example: "catch problem { … }")
            names.insert(name?.text ?? "")
        }
        return .attempt(body, error: name, handler: try block(after: .catch))
    }

    private mutating func valueOrAssignment() throws(Failure) -> Statement.Kind {
        if isAt(.openBrace) {
            throw failure(
                .misplacedStatement, "a block needs a word before it", at: current.span,
                help: "write if … {, for … {, while … {, def …() { or try {")
        }
        if case .identifier(let word) = current.kind, token(ahead: 1).kind == .sign(.equals), isVerb(word) {
            throw verbAsName(Name(word, current.span))
        }
        let value = try self.value()
        guard isAt(.equals) else { return .expression(value) }
        switch value.kind {
        case .name, .index, .field: break
        default:
            throw failure(
                .unexpectedToken, "only a name, an element or a field can be given a value", at: value.span,
                help: "to compare write ==", replacement: .init(current.span, "=="))
        }
        let equals = current.span
        advance()
        skipNewlines()
        return .assignment(value, try self.value(after: equals, "'='", mayContinue: true))
    }

    // MARK: - Definitions

    private mutating func definition() throws(Failure) -> Statement.Kind {
        let start = current.span.start
        let comment = commentAbove(start)
        advance()
        let name = try definedName()
        guard isAt(.openParenthesis) else {
            throw failure(
                .unexpectedToken, "def: '(' is missing after \(name.text), found \(found)", at: here,
                help: "write def \(name.text)(x, label: 3) { … }",
                replacement: isAt(.openBrace) ? .init(SourceSpan(at: name.span.end), "()") : nil)
        }
        let saved = (userVerbs, names, loops)
        let parameters = try formalParameters()
        for parameter in parameters { names.insert(parameter.name.text) }
        var definition = Definition(
            name: name, parameters: parameters, body: Block([], SourceSpan(at: name.span.end)), comment: comment,
            span: SourceSpan(start, previous.span.end))
        // Known inside its own body, so that it can call itself.
        let signature = definition.signature(in: source)
        userVerbs[name.text] = signature
        functions += 1
        loops = 0
        defer { functions -= 1 }
        let body: Block
        do throws(Failure) {
            body = try block(after: .def)
        } catch {
            (userVerbs, names, loops) = saved
            userVerbs[name.text] = signature
            throw error
        }
        (userVerbs, names, loops) = saved
        definition.body = body
        definition.span = SourceSpan(start, body.span.end)
        let finished = definition.signature(in: source)
        userVerbs[name.text] = finished
        if nesting == 0 { definitions.append(finished) }
        return .definition(definition)
    }

    private mutating func definedName() throws(Failure) -> Name {
        guard case .identifier(let word) = current.kind else {
            if case .keyword(let keyword) = current.kind {
                throw failure(
                    .verbAsName, "'\(keyword.rawValue)' is a word of the language and cannot be defined",
                    at: current.span, help: "choose another name, such as \(keyword.rawValue)_1")
            }
            throw failure(
                .unexpectedToken, "def: a name is missing, found \(found)", at: here, help: "write def name(x) { … }")
        }
        let name = Name(word, current.span)
        if context.signatures.verbs[word] != nil, userVerbs[word] == nil {
            throw failure(
                .verbAsName, "'\(word)' is a verb already and cannot be defined again", at: name.span,
                help: "choose another name, such as my_\(word)",
                replacement: .init(name.span, "my_\(word)"))
        }
        if names.contains(word) || context.variables[word] != nil {
            throw failure(
                .verbAsName, "'\(word)' is a variable already and cannot become a verb", at: name.span,
                help: "choose another name, such as \(word)_of")
        }
        mark(name.span, .verb)
        advance()
        return name
    }

    private mutating func formalParameters() throws(Failure) -> [Definition.FormalParameter] {
        let opener = index
        let outer = newlinesAreSpace
        newlinesAreSpace = true
        advance()
        var parameters: [Definition.FormalParameter] = []
        while !isAt(.closeParenthesis) {
            let parameter = try formalParameter()
            if parameters.contains(where: { $0.name.text == parameter.name.text }) {
                throw failure(
                    .repeatedName, "def: the parameter '\(parameter.name.text)' appears twice", at: parameter.name.span,
                    help: "give each parameter its own name")
            }
            if !parameter.isLabelled, parameters.contains(where: \.isLabelled) {
                throw failure(
                    .misplacedStatement, "def: '\(parameter.name.text)' is given by place and comes before the labels",
                    at: parameter.name.span,
                    help: "move it to the front, or write \(parameter.name.text):")
            }
            parameters.append(parameter)
            if isAt(.comma) { advance() } else if !isAt(.closeParenthesis) { throw missingComma(opener: opener) }
        }
        newlinesAreSpace = outer
        advance()
        return parameters
    }

    private mutating func formalParameter() throws(Failure) -> Definition.FormalParameter {
        switch current.kind {
        case .identifier(let word):
            let name = Name(word, current.span)
            if isVerb(word) { throw verbAsName(name) }
            mark(name.span, .name)
            advance()
            if isAt(.equals) {
                throw failure(
                    .foreignSyntax, "def: a default follows a label", at: current.span,
                    help: "write \(word): value",
                    replacement: .init(
                        SourceSpan(name.span.end, current.span.end), token(ahead: 1).hasSpaceBefore ? ":" : ": "))
            }
            return .init(name: name, isLabelled: false, defaultValue: nil)
        case .label(let word):
            let name = Name(word, current.wordSpan)
            if isVerb(word) { throw verbAsName(name) }
            advance()
            if isAt(.comma) || isAt(.closeParenthesis) { return .init(name: name, isLabelled: true, defaultValue: nil) }
            return .init(name: name, isLabelled: true, defaultValue: try expression())
        default:
            throw failure(
                .unexpectedToken, "def: a parameter is missing, found \(found)", at: here,
                help: "write names, and label: default, between commas")
        }
    }

    /// The `#` lines directly above a definition.
    private func commentAbove(_ offset: Int) -> String {
        var line = source.line(at: offset) - 1
        var lines: [Substring] = []
        let text = source.span(ofLine: line + 1)
        guard source.text(SourceSpan(text.start, offset)).allSatisfy({ $0 == " " || $0 == "\t" }) else { return "" }
        while line >= 0 {
            let content = source.text(source.span(ofLine: line))
            let trimmed = content.drop { $0 == " " || $0 == "\t" }
            guard trimmed.first == "#", !trimmed.hasPrefix("#>"), !trimmed.hasPrefix("#~"), !trimmed.hasPrefix("#!"),
                !trimmed.hasPrefix("# %%")
            else { break }
            lines.insert(trimmed.dropFirst().drop { $0 == " " }, at: 0)
            line -= 1
        }
        return lines.joined(separator: "\n")
    }

    // MARK: - Blocks

    /// `{ … }`; names and verbs of the block end with it.
    mutating func block(after word: Keyword) throws(Failure) -> Block {
        let start = current.span.start
        guard isAt(.openBrace) else { return try missingBlock(after: word) }
        let opener = index
        try enter()
        defer { leave() }
        let saved = (newlinesAreSpace, inHeader, inRow, userVerbs)
        (newlinesAreSpace, inHeader, inRow) = (false, false, false)
        advance()
        let body = statements(inBlock: true)
        (newlinesAreSpace, inHeader, inRow, userVerbs) = saved
        try closeBrace(opener)
        return Block(body, SourceSpan(start, previous.span.end))
    }

    mutating func closeBrace(_ opener: Int) throws(Failure) {
        if isAt(.closeBrace) {
            advance()
            return
        }
        // One missing brace leaves every block around it open as well: the innermost says it for all.
        if hasReportedOpenBrace { throw Failure(diagnostic: diagnostics.last ?? unclosed(opener).diagnostic) }
        hasReportedOpenBrace = true
        throw unclosed(blamedBrace(opener))
    }

    /// Where a `{` is missing but its `}` is there, the block is read as if both were.
    private mutating func missingBlock(after word: Keyword) throws(Failure) -> Block {
        let place = SourceSpan(at: previous.span.end)
        let example = word == .else ? "else { … }" : "\(word.rawValue) … { … }"
        let problem = failure(
            .unexpectedToken, "\(word.rawValue): '{' is missing before \(found)",
            at: current.endsStatement ? SourceSpan(previous.span.start, previous.span.end) : current.span,
            help: "write \(example)", replacement: .init(place, " {"))
        guard hasUnmatchedCloser(after: index) else { throw problem }
        diagnostics.append(problem.diagnostic)
        let saved = (newlinesAreSpace, inHeader, inRow, userVerbs)
        (newlinesAreSpace, inHeader, inRow) = (false, false, false)
        let body = statements(inBlock: true)
        (newlinesAreSpace, inHeader, inRow, userVerbs) = saved
        if isAt(.closeBrace) { advance() }
        return Block(body, SourceSpan(place.start, previous.span.end))
    }

    mutating func enter() throws(Failure) {
        if nesting >= Parser.nestingMax {
            throw failure(
                .nestedTooDeep, "nested more than \(Parser.nestingMax) deep", at: current.span,
                help: "give an inner part a name with let or def; a bracket and what stands in it are two levels")
        }
        nesting += 1
    }

    mutating func leave() { nesting -= 1 }
}
