// 300 slips of the fingers over the example corpus: does the error underline the right words, and is the first
// suggestion the right one?

import Language
import TestSupport
import Testing

/// One slip: what was typed, what was meant, and where it went wrong.
struct Typo {
    enum Kind: String, CaseIterable { case verb, label, choice, name, arity, type, quote, brace }

    var kind: Kind
    var typed: String
    var meant: String
    /// The words at fault in what was typed.
    var span: SourceSpan
    var context: LanguageContext
    /// Where a bracket was lost.
    var place: Int?
    /// Where the fix cannot be an edit back: words that the help must contain.
    var expectedHelp: String?
}

struct TypoMaker {
    var random = TestRandom(seed: 300)

    mutating func make(_ count: Int) -> [Typo] {
        var typos: [Typo] = []
        let statements = Corpus.statements
        var kind = 0
        var attempts = 0
        while typos.count < count, attempts < count * 2000 {
            attempts += 1
            let statement = random.pick(statements)
            if let typo = typo(Typo.Kind.allCases[kind % Typo.Kind.allCases.count], statement), isMistake(typo),
                !typos.contains(where: { $0.typed == typo.typed })
            {
                typos.append(typo)
                kind += 1
            }
        }
        return typos
    }

    /// A slip that by chance is right again is none.
    private func isMistake(_ typo: Typo) -> Bool {
        let parsed = Parser.parse(SourceText(typo.typed), typo.context)
        let meant = Parser.parse(SourceText(typo.meant), typo.context)
        return parsed.program.outline != meant.program.outline || !parsed.diagnostics.isEmpty
    }

    private mutating func typo(_ kind: Typo.Kind, _ statement: CorpusStatement) -> Typo? {
        let source = SourceText(statement.text)
        let pieces = Highlighter.highlight(source, statement.context)
        switch kind {
        case .verb: return misspelt(.verb, pieces.filter { $0.style == .verb }, source, statement, kind)
        case .label:
            return misspelt(
                .label,
                pieces.filter { $0.style == .label && !source.text.contains("[") && !source.text.contains("def ") },
                source, statement, kind)
        case .choice: return choice(pieces, source, statement)
        case .name:
            return misspelt(
                .name, pieces.filter { $0.style == .name && statement.context.variables[source.text($0.span)] != nil },
                source, statement, kind)
        case .arity: return surplus(pieces, source, statement)
        case .type: return wrongType(pieces, source, statement)
        case .quote: return lostQuote(pieces, source, statement)
        case .brace: return lostBrace(pieces, source, statement)
        }
    }

    // MARK: - Words

    private mutating func misspelt(
        _ style: Style, _ pieces: [HighlightedSpan], _ source: SourceText, _ statement: CorpusStatement,
        _ kind: Typo.Kind
    ) -> Typo? {
        guard !pieces.isEmpty else { return nil }
        let piece = random.pick(pieces)
        var word = source.text(piece.span)
        let tail = style == .label ? ":" : ""
        if style == .label { word.removeLast() }
        guard word.count >= 3, let slip = slip(word) else { return nil }
        if style == .label, isLabelOfAnything(slip) { return nil }
        if TestSignatures.table[slip] != nil || statement.context.variables[slip] != nil
            || statement.context.definitions[slip] != nil
        {
            return nil
        }
        return replaced(piece.span, slip + tail, source, statement, kind)
    }

    private func isLabelOfAnything(_ word: String) -> Bool {
        TestSignatures.verbs.contains { $0.parameter(labelled: word) != nil }
    }

    /// A letter lost, doubled, swapped with the next, or the key beside it.
    private mutating func slip(_ word: String) -> String? {
        var letters = Array(word)
        let place = Int.random(in: 0..<letters.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: letters.remove(at: place)
        case 1: letters.insert(letters[place], at: place)
        case 2:
            guard place + 1 < letters.count, letters[place] != letters[place + 1] else { return nil }
            letters.swapAt(place, place + 1)
        default:
            let row = "qwertyuiop asdfghjkl zxcvbnm"
            guard let index = row.firstIndex(of: letters[place]), index > row.startIndex,
                row[row.index(before: index)] != " "
            else { return nil }
            letters[place] = row[row.index(before: index)]
        }
        let slip = String(letters)
        return slip == word || Int(slip) != nil || !(slip.first?.isLetter ?? false) ? nil : slip
    }

    private func replaced(
        _ span: SourceSpan, _ text: String, _ source: SourceText, _ statement: CorpusStatement, _ kind: Typo.Kind,
        help: String? = nil
    ) -> Typo {
        let typed = source.text(SourceSpan(0, span.start)) + text + source.text(SourceSpan(span.end, source.count))
        return Typo(
            kind: kind, typed: typed, meant: source.text, span: SourceSpan(span.start, span.start + text.utf8.count),
            context: statement.context, expectedHelp: help)
    }

    /// The choice of an argument that only takes some: misspelt, or without its dot.
    private mutating func choice(
        _ pieces: [HighlightedSpan], _ source: SourceText, _ statement: CorpusStatement
    ) -> Typo? {
        var closed: Set<String> = []
        for verb in TestSignatures.verbs {
            for parameter in verb.parameters {
                if case .choice(let options) = parameter.kind { closed.formUnion(options.map { ".\($0.name)" }) }
            }
        }
        let fitting = pieces.filter { $0.style == .choice && closed.contains(source.text($0.span)) }
        guard !fitting.isEmpty else { return nil }
        let piece = random.pick(fitting)
        let word = String(source.text(piece.span).dropFirst())
        if random.chance(0.4) { return replaced(piece.span, word, source, statement, .choice) }
        guard let slip = slip(word), !closed.contains(".\(slip)") else { return nil }
        return replaced(piece.span, ".\(slip)", source, statement, .choice)
    }

    // MARK: - Arity and type

    /// One value too many at the end of a command, or a required first value that is missing.
    private mutating func surplus(
        _ pieces: [HighlightedSpan], _ source: SourceText, _ statement: CorpusStatement
    ) -> Typo? {
        guard let first = pieces.first, first.style == .verb, !source.text.contains("{"), !source.text.contains("|"),
            !source.text.contains("where"), !source.text.contains(" by ")
        else { return nil }
        let verb = source.text(first.span)
        guard let signature = TestSignatures.table[verb], !signature.values.contains(where: \.isRepeated),
            pieces.count > 1 || signature.values.isEmpty,
            pieces.dropFirst().first?.style != .operator
        else { return nil }
        if random.chance(0.4), let value = signature.values.first, value.isRequired,
            source.text.split(separator: " ").count == 2
        {
            let typed = verb
            return Typo(
                kind: .arity, typed: typed, meant: source.text, span: first.span, context: statement.context,
                expectedHelp: value.kind == .any ? verb : "")
        }
        let given = Parser.parse(source, statement.context).program.statements.first
        guard case .expression(let value)? = given?.kind, case .call(let call) = value.kind,
            call.arguments.filter({ $0.label == nil }).count == signature.values.count
        else { return nil }
        let typed = source.text + " true"
        return Typo(
            kind: .arity, typed: typed, meant: source.text, span: SourceSpan(source.count + 1, source.count + 5),
            context: statement.context, expectedHelp: "")
    }

    /// A number in quotes, a choice in quotes, a text or a number where the other belongs.
    private mutating func wrongType(
        _ pieces: [HighlightedSpan], _ source: SourceText, _ statement: CorpusStatement
    ) -> Typo? {
        let labels = pieces.indices.filter { pieces[$0].style == .label && $0 + 1 < pieces.count }
        // `back to:` and `compare to:` take texts as well.
        guard !labels.isEmpty, !source.text.contains("["), !source.text.contains("def "), !source.text.contains(" to: ")
        else { return nil }
        let value = pieces[random.pick(Array(labels)) + 1]
        let text = source.text(value.span)
        switch value.style {
        case .number: return replaced(value.span, "\"\(text)\"", source, statement, .type)
        case .choice: return replaced(value.span, "\"\(text.dropFirst())\"", source, statement, .type)
        case .string: return nil
        default: return nil
        }
    }

    // MARK: - Quotes and braces

    private mutating func lostQuote(
        _ pieces: [HighlightedSpan], _ source: SourceText, _ statement: CorpusStatement
    ) -> Typo? {
        let quotes = pieces.indices.filter { pieces[$0].style == .string && source.text(pieces[$0].span) == "\"" }
        guard quotes.count >= 2 else { return nil }
        let pair = Int.random(in: 0..<(quotes.count / 2), using: &random) * 2
        let (open, close) = (pieces[quotes[pair]].span, pieces[quotes[pair + 1]].span)
        let inner = source.text(SourceSpan(open.end, close.start))
        guard !inner.contains("{"), !inner.isEmpty else { return nil }
        switch Int.random(in: 0..<3, using: &random) {
        case 0:
            let typed = source.text(SourceSpan(0, close.start)) + source.text(SourceSpan(close.end, source.count))
            return Typo(
                kind: .quote, typed: typed, meant: source.text, span: SourceSpan(open.start, close.start),
                context: statement.context, expectedHelp: nil)
        case 1 where !inner.contains(" "):
            let typed = source.text(SourceSpan(0, open.start)) + source.text(SourceSpan(open.end, source.count))
            return Typo(
                kind: .quote, typed: typed, meant: source.text, span: SourceSpan(open.start, close.end - 1),
                context: statement.context, expectedHelp: nil)
        case 2 where !inner.contains(" "):
            guard statement.context.variables[inner] == nil, TestSignatures.table[inner] == nil else { return nil }
            return replaced(SourceSpan(open.start, close.end), inner, source, statement, .quote)
        default: return nil
        }
    }

    private mutating func lostBrace(
        _ pieces: [HighlightedSpan], _ source: SourceText, _ statement: CorpusStatement
    ) -> Typo? {
        var stack: [SourceSpan] = []
        var pairs: [(SourceSpan, SourceSpan)] = []
        for piece in pieces where piece.style == .operator {
            let sign = source.text(piece.span)
            if ["(", "[", "{"].contains(sign) { stack.append(piece.span) }
            if [")", "]", "}"].contains(sign), let open = stack.popLast() { pairs.append((open, piece.span)) }
        }
        guard !pairs.isEmpty else { return nil }
        let (open, close) = random.pick(pairs)
        let losesOpener = random.chance(0.3)
        let lost = losesOpener ? open : close
        let typed = source.text(SourceSpan(0, lost.start)) + source.text(SourceSpan(lost.end, source.count))
        // Right is the bracket that has lost its partner, or the place where the lost one stood.
        let partner = losesOpener ? SourceSpan(close.start - 1, close.end - 1) : open
        return Typo(
            kind: .brace, typed: typed, meant: source.text, span: partner, context: statement.context,
            place: lost.start, expectedHelp: losesOpener ? "" : source.text(close))
    }
}

@Suite("Three hundred slips") struct TypoTests {
    @Test("get the right words underlined and the right first suggestion")
    func score() {
        var maker = TypoMaker()
        let typos = maker.make(300)
        #expect(typos.count == 300)
        var (spans, suggestions) = (0, 0)
        var misses: [String] = []
        for kind in Typo.Kind.allCases {
            let some = typos.filter { $0.kind == kind }
            var (goodSpans, goodSuggestions) = (0, 0)
            for typo in some {
                let source = SourceText(typo.typed)
                let found = Checker.diagnose(source, typo.context)
                let isSpanRight = found.first.map { isRight($0, typo) } ?? false
                let isSuggestionRight = found.first.map { suggests($0, typo) } ?? false
                if isSpanRight { goodSpans += 1 }
                if isSuggestionRight { goodSuggestions += 1 }
                if let first = found.first {
                    let lines = DiagnosticRenderer().lines(first, in: source)
                    #expect(lines.count <= 4)
                }
                if !isSpanRight || !isSuggestionRight {
                    misses.append(
                        "\(kind) span \(isSpanRight) suggestion \(isSuggestionRight): \(typo.meant)\n"
                            + (found.first.map { DiagnosticRenderer().text($0, in: source) } ?? "silent: \(typo.typed)")
                    )
                }
            }
            print("note: \(kind.rawValue): \(goodSpans) of \(some.count) spans, \(goodSuggestions) suggestions")
            spans += goodSpans
            suggestions += goodSuggestions
        }
        print("note: \(spans) of \(typos.count) spans right, \(suggestions) first suggestions right")
        for miss in misses.prefix(40) { print("note: miss: \(miss)") }
        #expect(spans * 100 >= typos.count * 95)
        #expect(suggestions * 100 >= typos.count * 90)
    }

    /// The underlined words are the words at fault, or for a lost bracket touch the place where it stood.
    private func isRight(_ diagnostic: Diagnostic, _ typo: Typo) -> Bool {
        if typo.kind == .brace {
            let place = typo.place ?? 0
            return diagnostic.span.start == typo.span.start
                || (diagnostic.span.start - 1...diagnostic.span.end + 1).contains(place)
        }
        return diagnostic.span.start >= typo.span.start
            && diagnostic.span.start < max(typo.span.end, typo.span.start + 1)
            && diagnostic.span.end <= typo.span.end + 1
    }

    private func suggests(_ diagnostic: Diagnostic, _ typo: Typo) -> Bool {
        if let replacement = diagnostic.replacement {
            let mended = apply(replacement, typo.typed)
            let outline = Parser.parse(SourceText(mended), typo.context)
            if outline.diagnostics.isEmpty,
                outline.program.outline == Parser.parse(SourceText(typo.meant), typo.context).program.outline
            {
                return true
            }
        }
        guard let expected = typo.expectedHelp, let help = diagnostic.help else { return false }
        return expected.isEmpty || help.contains(expected)
    }

    private func apply(_ replacement: Diagnostic.Replacement, _ text: String) -> String {
        let source = SourceText(text)
        return source.text(SourceSpan(0, replacement.span.start)) + replacement.text
            + source.text(SourceSpan(replacement.span.end, source.count))
    }
}
