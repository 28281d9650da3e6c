// What the line editor asks, answered by a session. The variables do not change while a line is edited, so what the
// session knows is taken once a line, and a text is parsed once however many questions are asked about it.

import Language

final class SessionServices: EditorServices {
    private let session: Session
    private var known: LanguageContext?
    private var parsed: ParsedText?
    private var parsedText = ""

    init(_ session: Session) { self.session = session }

    /// A new line begins: what the session knows may have changed.
    func beginLine() {
        known = nil
        parsed = nil
    }

    private var context: LanguageContext {
        if let known { return known }
        let context = session.context
        known = context
        return context
    }

    private func parse(_ text: String) -> ParsedText {
        if let parsed, parsedText == text { return parsed }
        let fresh = Parser.parse(SourceText(text), context)
        (parsed, parsedText) = (fresh, text)
        return fresh
    }

    /// Whether a text is to be read as the language: no question, and no line for the shell.
    private func isStatements(_ text: String) -> Bool {
        Aside(text, context) == nil && Aside.spelledOut(text, context) == nil
    }

    func highlight(_ text: String) -> [HighlightedSpan] {
        isStatements(text) ? Highlighter.highlight(parse(text)) : []
    }

    func faults(in text: String) -> [SourceSpan] {
        guard isStatements(text) else { return [] }
        let parsed = parse(text)
        // A text that is not over yet is not wrong, and what is missing may still come.
        guard parsed.completeness != .incomplete else { return [] }
        return Checker.check(parsed, context).filter { $0.code != .missingArgument && $0.severity == .error }.map(
            \.span)
    }

    func state(of text: String) -> InputState {
        guard Question(text) == nil else { return .complete }
        let unprompted = Prompt.stripped(text) ?? text
        let text = Aside.spelledOut(unprompted, context) ?? unprompted
        let parsed = parse(text)
        if parsed.completeness == .incomplete { return .incomplete }
        // A slip inside a block that is still open waits until the block is whole; an empty line ends it as it is.
        let isOpen = parsed.diagnostics.contains { $0.code == .unclosedBracket }
        return isOpen && !text.hasSuffix("\n") ? .incomplete : .complete
    }

    func completions(in text: String, at offset: Int) -> [CompletionItem] {
        let isQuestion = Question(text) != nil
        // After `?` stands a name; spaces in its place leave all offsets as they are.
        let asked =
            isQuestion
            ? String(decoding: text.utf8.map { $0 == UInt8(ascii: "?") ? UInt8(ascii: " ") : $0 }, as: UTF8.self) : text
        let found = Completer.complete(SourceText(asked), at: offset, context, sources: CompletionSources(session))
        if let first = found.first, first.kind == .file, !first.text.hasPrefix("\"") {
            return FileCompleter.completions(in: text, at: offset)
        }
        return found.map { item in
            let label = String(item.text.reversed().drop { $0 == " " }.reversed())
            // A question takes the name alone: no opening parenthesis, no space.
            let replacement = isQuestion ? String(item.text.prefix { $0 != "(" && $0 != " " }) : item.text
            return CompletionItem(label: label, summary: item.summary, span: item.span, replacement: replacement)
        }
    }
}
