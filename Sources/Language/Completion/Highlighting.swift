// What each piece of a source text is. The same tokens and the same tree as everywhere else, so that a word is shown as
// a verb exactly if the parser takes it for one.

public struct HighlightedSpan: Sendable, Equatable {
    public var span: SourceSpan
    public var style: Style
}

public enum Highlighter {
    /// The classified spans of a text in order, without gaps that matter: what is not covered is space.
    public static func highlight(_ source: SourceText, _ context: LanguageContext) -> [HighlightedSpan] {
        highlight(Parser.parse(source, context))
    }

    public static func highlight(_ parsed: ParsedText) -> [HighlightedSpan] {
        var marks: [Int: Style] = [:]
        for mark in parsed.marks { marks[mark.span.start] = mark.style }
        var spans: [HighlightedSpan] = []
        for token in parsed.lexed.tokens where !token.span.isEmpty {
            guard let style = style(of: token, marks) else { continue }
            if style == .string, case .textPart = token.kind {
                appendText(token.span, parsed.lexed.escapes, &spans)
            } else {
                spans.append(HighlightedSpan(span: token.span, style: style))
            }
        }
        spans += parsed.lexed.comments.map { HighlightedSpan(span: $0, style: .comment) }
        return spans.sorted { $0.span.start < $1.span.start }
    }

    /// The text as styled lines.
    public static func lines(_ source: SourceText, _ context: LanguageContext) -> [StyledText] {
        let spans = highlight(source, context)
        var lines: [StyledText] = []
        var next = 0
        for index in source.lineStarts.indices {
            let line = source.span(ofLine: index)
            var text = StyledText()
            var place = line.start
            while next < spans.count, spans[next].span.start < line.end {
                let span = spans[next].span
                text.append(source.text(SourceSpan(place, span.start)))
                text.append(source.text(SourceSpan(span.start, min(span.end, line.end))), spans[next].style)
                place = min(span.end, line.end)
                next += 1
            }
            text.append(source.text(SourceSpan(place, line.end)))
            lines.append(text)
        }
        return lines
    }

    private static func style(of token: Token, _ marks: [Int: Style]) -> Style? {
        switch token.kind {
        case .newline, .endOfText: nil
        case .identifier: marks[token.span.start] ?? .name
        case .keyword(.true), .keyword(.false), .keyword(.none): .number
        case .keyword: .keyword
        case .label: .label
        case .dotName: marks[token.span.start] == .choice ? .choice : .name
        case .integer, .bigInteger, .real: .number
        case .textStart, .textPart, .textEnd: .string
        case .interpolationStart, .interpolationEnd: .escape
        case .sign, .semicolon: .operator
        case .invalid: .error
        }
    }

    private static func appendText(_ span: SourceSpan, _ escapes: [SourceSpan], _ spans: inout [HighlightedSpan]) {
        var place = span.start
        for escape in escapes where escape.start >= span.start && escape.end <= span.end {
            if escape.start > place {
                spans.append(HighlightedSpan(span: SourceSpan(place, escape.start), style: .string))
            }
            spans.append(HighlightedSpan(span: escape, style: .escape))
            place = escape.end
        }
        if place < span.end { spans.append(HighlightedSpan(span: SourceSpan(place, span.end), style: .string)) }
    }
}
