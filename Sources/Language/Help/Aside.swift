// What a person may type beside statements, at a prompt, into a cell, after -c or through a pipe: a question, that they
// want to leave, to see what was typed before, to run a file of statements here, or a line for the shell. Where a text
// has given one of these words a meaning of its own, that meaning holds.

public enum Aside: Equatable {
    case question(Question)
    case farewell
    /// `history`, `history 50`, `history train`: what was typed; the last so many, or those with that word.
    case history(count: Int?, word: String?)
    /// `run "lesson.icot"`: its statements, as if they were typed here.
    case file(String)

    public init?(_ text: String, _ context: LanguageContext) {
        if let question = Question(text) {
            self = .question(question)
            return
        }
        if let path = Self.path(in: text, context) {
            self = .file(path)
            return
        }
        // An aside has two words at most: of a long entry, for which this is asked at every key, no more are looked at.
        let words = text.split(maxSplits: 3) { $0.isWhitespace || $0 == "(" || $0 == ")" || $0 == ";" }
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
        case "history" where isFree("history"):
            let count = words.count == 2 ? Int(words[1]) : nil
            self = .history(count: count, word: words.count == 2 && count == nil ? String(words[1]) : nil)
        default: return nil
        }
    }

    /// Of `run "lesson.icot"` the path.
    private static func path(in text: String, _ context: LanguageContext) -> String? {
        let line = text.trimmingSpaces
        guard line.hasPrefix("run "), context.signatures["run"] == nil, context.definitions["run"] == nil else {
            return nil
        }
        let quoted = line.dropFirst(4).trimmingSpaces
        guard quoted.count > 2, quoted.hasPrefix("\""), quoted.hasSuffix("\"") else { return nil }
        let path = quoted.dropFirst().dropLast()
        return path.contains { "\"\\{}\n".contains($0) } ? nil : String(path)
    }

    /// What was typed, newest last and numbered as it came.
    public static func lines(of entries: [String], count: Int?, word: String?) -> [StyledText] {
        let found = entries.enumerated().filter { entry in word.map { entry.element.contains($0) } ?? true }
        if found.isEmpty {
            return [StyledText(word.map { "nothing typed had '\($0)' in it" } ?? "nothing was typed yet")]
        }
        let width = "\(entries.count)".count
        return found.suffix(max(0, count ?? 20)).flatMap { entry in
            entry.element.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map { line in
                let number = line.offset == 0 ? "\(entry.offset + 1)" : ""
                return StyledText(String(repeating: " ", count: width - number.count) + number + "  ", .dim)
                    + StyledText(String(line.element))
            }
        }
    }

    /// With the lines of a shell as the calls they stand for; nil where there is none: `!ls -l` is `shell("ls -l")`,
    /// and `cd runs`, `ls`, `pwd` are `cd("runs")`, `ls()`, `pwd()`.
    public static func spelledOut(_ text: String, _ context: LanguageContext) -> String? {
        var hasAny = false
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
            let start = line.drop { $0 == " " || $0 == "\t" }
            guard let call = call(start.trimmingSpaces, context) else { return String(line) }
            hasAny = true
            return line[..<start.startIndex] + call
        }
        return hasAny ? lines.joined(separator: "\n") : nil
    }

    private static func call(_ line: String, _ context: LanguageContext) -> String? {
        if line.hasPrefix("!"), !line.hasPrefix("!=") {
            let command = line.dropFirst().trimmingSpaces
            return command.isEmpty ? nil : "shell(\(TextObject.quoted(command)))"
        }
        let word = String(line.prefix { $0.isLetter })
        guard ["cd", "ls", "pwd"].contains(word), context.variables[word] == nil, context.definitions[word] == nil,
            line == word || line.dropFirst(word.count).first == " "
        else { return nil }
        let rest = line.dropFirst(word.count).trimmingSpaces
        if rest.isEmpty { return word + "()" }
        guard word != "pwd" else { return nil }
        if rest.count > 1, rest.hasPrefix("\""), rest.hasSuffix("\""), !rest.dropFirst().dropLast().contains("\"") {
            return "\(word)(\(rest))"
        }
        if word == "ls", rest.hasPrefix("-") { return "shell(\(TextObject.quoted(line)))" }
        let isPath = rest.allSatisfy { $0.isLetter || $0.isNumber || "_./~-".contains($0) }
        return isPath ? "\(word)(\(TextObject.quoted(rest)))" : nil
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
