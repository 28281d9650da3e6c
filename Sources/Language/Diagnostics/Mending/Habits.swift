// What people bring from Python, Julia, shells and other languages, known by name.
//
// A recognizer looks at a line that icot cannot read or check, and says what the line would be if it were written the
// other way. The mender tries this and takes the first that leads to a line without a mistake; so a recognizer may be
// generous, and none of them is ever asked about a line that is right. To add one: write it in the file of its kind,
// name it in the list below, and put a row into Tests/LanguageTests/Mistakes/mistakes.txt.

/// A habit found in a line.
struct Habit {
    /// One sentence: what was found and how icot writes it.
    var message: String
    /// The words at fault.
    var span: SourceSpan
    /// The line as icot writes it; nil where only a person can say what is meant.
    var edit: Diagnostic.Replacement?
    /// What to type; without it the edited line is shown.
    var help: String?
    /// How far the text is explained by it, where that is further than the edit.
    var reach: SourceSpan?

    /// Under the code of what it explains: notebooks record errors by their codes, which a better sentence does not
    /// change.
    func diagnostic(_ original: Diagnostic) -> Diagnostic {
        Diagnostic(original.code, message, at: span, help: help, replacement: edit)
    }

    /// The lines in which everything that was found is this habit.
    func lines(in source: SourceText) -> ClosedRange<Int> {
        var whole = span
        if let edit { whole = whole.union(edit.span) }
        if let reach { whole = whole.union(reach) }
        // An edit that ends with a line does not reach into the next.
        let last = max(whole.start, whole.end > whole.start ? whole.end - 1 : whole.end)
        return source.line(at: whole.start)...source.line(at: last)
    }
}

enum Habits {
    typealias Recognizer = @Sendable (HabitPlace) -> [Habit]

    /// Patterns that mean nothing here, so that they can only come from elsewhere. Looked for before what the checker
    /// proposes.
    static let sure: [Recognizer] = [
        asking, mergeMarkers, prompts, blockComment, dashComment, stringPrefix, tripleQuotes, curlyQuotes, backticks,
        indentedBlock, oneLineBlock, elseOnItsOwnLine, negatedBlock, repeatBlock, countingLoop, loopHeader,
        functionDefinition, arrowResult, closures, barClosure, otherPipes, severalNames, comprehension, rangeCall,
        slice, colonRange, pipedCall,
        changingAssignment, arrowAssignment, typedBinding, typedName,
        braces, tuple, listSeparators, thousands, commas, flags, labelsWithEquals,
        numberSuffix, numberBase, doubledUnderscore, percent, leadingDigit, splitExponent, implicitProduct,
        wordOperators, swappedComparison, membership,
        methods, modules, constructors, hyphenatedName, textAddition, spacedRange,
    ]

    /// Patterns that can also be a slip of something else: looked for where the checker knows nothing better.
    static let likely: [Recognizer] = [
        slashComment, labelWithoutColon, emptyStatement, listInstead, functionWithoutParentheses, filterWithoutVerb,
        sortedBy, rowFields, swappedValues,
    ]
}

/// A line at fault, as a recognizer sees it.
struct HabitPlace {
    let source: SourceText
    let context: LanguageContext
    /// The number of the line.
    let line: Int
    /// The line without its indentation and without its comment.
    let span: SourceSpan
    /// The words and signs of the line.
    let tokens: [Token]
    /// Where the mistake was found.
    let fault: SourceSpan
    /// Names that are given a value anywhere in the text, and the variables of the session.
    let names: Set<String>

    init(_ source: SourceText, _ context: LanguageContext, at diagnostic: Diagnostic) {
        self.source = source
        self.context = context
        line = source.line(at: diagnostic.span.start)
        fault = diagnostic.span
        let whole = source.span(ofLine: line)
        let all = Lexer.lex(source)
        tokens = all.tokens.filter {
            $0.span.start >= whole.start && $0.span.end <= whole.end && $0.kind != .newline && $0.kind != .endOfText
        }
        var start = whole.start
        while start < whole.end, source.bytes[start] == UInt8(ascii: " ") || source.bytes[start] == UInt8(ascii: "\t") {
            start += 1
        }
        var end = whole.end
        if let comment = all.comments.first(where: { $0.start >= whole.start && $0.start <= whole.end }) {
            end = comment.start
        }
        while end > start, source.bytes[end - 1] == UInt8(ascii: " ") || source.bytes[end - 1] == UInt8(ascii: "\t") {
            end -= 1
        }
        span = SourceSpan(start, end)
        var names = Set(context.variables.keys)
        for (index, token) in all.tokens.enumerated() where index + 1 < all.tokens.count {
            guard case .keyword(let keyword) = token.kind, [.let, .for, .def, .catch].contains(keyword),
                case .identifier(let word) = all.tokens[index + 1].kind
            else { continue }
            names.insert(word)
        }
        self.names = names
    }

    // MARK: - Reading

    var text: String { source.text(span) }
    func text(_ token: Token) -> String { source.text(token.span) }
    func text(_ from: Int, _ to: Int) -> String { source.text(SourceSpan(from, max(from, to))) }

    func token(_ index: Int) -> Token? { tokens.indices.contains(index) ? tokens[index] : nil }

    /// The identifier, keyword or label at an index, as written.
    func word(_ index: Int) -> String? {
        guard let token = token(index) else { return nil }
        switch token.kind {
        case .identifier(let word): return word
        case .keyword(let keyword): return keyword.rawValue
        default: return nil
        }
    }

    /// The word of a label at an index.
    func labelWord(_ index: Int) -> String? {
        if case .label(let word)? = token(index)?.kind { return word }
        return nil
    }

    func identifier(_ index: Int) -> String? {
        if case .identifier(let word)? = token(index)?.kind { return word }
        return nil
    }

    func isSign(_ index: Int, _ sign: Sign) -> Bool { token(index)?.kind == .sign(sign) }

    func isKnown(_ word: String) -> Bool { names.contains(word) || isCallable(word) }
    func isCallable(_ word: String) -> Bool { context.definitions[word] != nil || context.signatures[word] != nil }
    func isVerb(_ word: String) -> Bool {
        context.definitions[word] != nil || context.signatures.verbs[word] != nil
    }

    /// The index of the bracket that closes the one at an index.
    func closer(of index: Int) -> Int? {
        var depth = 0
        for place in index..<tokens.count {
            guard case .sign(let sign) = tokens[place].kind else { continue }
            if sign.closer != nil { depth += 1 }
            if [.closeParenthesis, .closeBracket, .closeBrace].contains(sign) {
                depth -= 1
                if depth == 0 { return place }
            }
        }
        return nil
    }

    /// The indices of tokens that stand in no bracket that opens within the given ones.
    func outer(_ range: Range<Int>) -> [Int] {
        var depth = 0
        var found: [Int] = []
        for place in range {
            switch tokens[place].kind {
            case .sign(.closeParenthesis), .sign(.closeBracket), .sign(.closeBrace), .textEnd: depth -= 1
            default: break
            }
            if depth == 0 { found.append(place) }
            switch tokens[place].kind {
            case .sign(.openParenthesis), .sign(.openBracket), .sign(.openBrace), .textStart: depth += 1
            default: break
            }
        }
        return found
    }

    /// Where the value ends that begins at an index: before a comma or closing bracket around it, or with the line.
    func endOfValue(from index: Int) -> Int {
        var depth = 0
        var place = index
        while place < tokens.count {
            switch tokens[place].kind {
            case .sign(.openParenthesis), .sign(.openBracket), .sign(.openBrace), .textStart: depth += 1
            case .sign(.closeParenthesis), .sign(.closeBracket), .sign(.closeBrace), .textEnd:
                depth -= 1
                if depth < 0 { return place }
            case .sign(.comma), .semicolon, .sign(.pipe): if depth == 0 { return place }
            default: break
            }
            place += 1
        }
        return place
    }

    /// The text from one token up to, not including, another.
    func text(tokens from: Int, upTo end: Int) -> String {
        guard from < end, let first = token(from), let last = token(end - 1) else { return "" }
        return text(first.span.start, last.span.end)
    }

    /// An edit of the whole line.
    func rewriting(_ text: String) -> Diagnostic.Replacement { .init(span, text) }
}
