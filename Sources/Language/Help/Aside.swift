// What a person may type beside statements, at a prompt, into a cell, after -c or through a pipe: a question, or that
// they want to leave. Where a text has given one of these words a meaning of its own, that meaning holds.

public enum Aside: Equatable {
    case question(Question)
    case farewell

    public init?(_ text: String, _ context: LanguageContext) {
        if let question = Question(text) {
            self = .question(question)
            return
        }
        let words = text.split { $0.isWhitespace || $0 == "(" || $0 == ")" || $0 == ";" }
        guard let first = words.first, words.count <= 2 else { return nil }
        func isFree(_ word: String) -> Bool {
            context.variables[word] == nil && context.signatures[word] == nil && context.definitions[word] == nil
        }
        switch first {
        case "help" where isFree("help"):
            guard let question = Question("?" + (words.count == 2 ? words[1] : "")) else { return nil }
            self = .question(question)
        case "quit" where words.count == 1 && isFree("quit"), "exit" where words.count == 1 && isFree("exit"),
            ":q" where words.count == 1, ":quit" where words.count == 1:
            self = .farewell
        default: return nil
        }
    }

    /// The pieces of a text that hold statements, and the lines between them that are asides. A line counts where no
    /// statement is open before it.
    public static func pieces(
        of source: SourceText, _ context: LanguageContext
    ) -> [(text: SourceText, aside: Aside?)] {
        var pieces: [(text: SourceText, aside: Aside?)] = []
        var pending: [String] = []
        func flush() {
            let text = pending.joined(separator: "\n")
            if text.contains(where: { !$0.isWhitespace }) { pieces.append((SourceText(text, name: source.name), nil)) }
            // Lines keep their numbers.
            pending = pending.map { _ in "" }
        }
        for index in source.lineStarts.indices {
            let line = source.text(source.span(ofLine: index))
            if let aside = Aside(line, context),
                Parser.parse(SourceText(pending.joined(separator: "\n")), context).completeness != .incomplete
            {
                flush()
                pieces.append((SourceText(line, name: source.name), aside))
                pending.append("")
            } else {
                pending.append(line)
            }
        }
        flush()
        return pieces
    }
}
