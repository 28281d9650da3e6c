// `?`, `?name`, `??name`: what is typed at a prompt or into a cell to be told something. Not statements: a file of the
// language holds none.

public struct Question: Equatable {
    /// What is asked about; empty for `?` alone.
    public var name: String
    /// `??`: the source too.
    public var wantsMore: Bool

    /// Nil if the text is no question. `train?` counts as `?train`.
    public init?(_ text: String) {
        let words = text.split { $0 == " " || $0 == "\n" || $0 == "\t" }
        guard let first = words.first, first.hasPrefix("?") || (words.count == 1 && first.hasSuffix("?")),
            words.count <= 2
        else { return nil }
        let marks =
            first.hasPrefix("?") ? first.prefix { $0 == "?" }.count : first.reversed().prefix { $0 == "?" }.count
        var name = first.filter { $0 != "?" }
        if words.count == 2 {
            guard name.isEmpty else { return nil }
            name = String(words[1])
        }
        // In `?train:` and `?.left` only the word counts.
        self.name = name.filter { $0 != ":" && $0 != "(" && $0 != ")" && $0 != "." }
        wantsMore = marks > 1
    }

    /// The answer, and whether there was one.
    public func answer(_ session: Session) -> (lines: [StyledText], isKnown: Bool) {
        let context = session.context
        if name.isEmpty { return (Self.overview(context), true) }
        if let page = Help.page(for: name, context, more: wantsMore) { return (page, true) }
        if let variable = context.variables[name] { return (Self.variable(name, variable, session, wantsMore), true) }
        if let word = Self.keywords.first(where: { $0.word == name }) {
            return (
                [StyledText(name, .heading) + StyledText("  " + word.summary)]
                    + word.examples.flatMap { Self.source($0, context) }, true
            )
        }
        if let code = DiagnosticCode(rawValue: name.uppercased()) {
            return ([StyledText(code.rawValue, .heading) + StyledText("  " + code.meaning)], true)
        }
        let near = Help.suggestions(for: name, context)
        var line = StyledText("nothing is called '\(name)'", .warning)
        line.append(
            near.isEmpty ? "; ? lists the verbs" : "; did you mean \(near.map { "?" + $0 }.joined(separator: " or "))?")
        return ([line], false)
    }

    // MARK: Pages

    private static func overview(_ context: LanguageContext) -> [StyledText] {
        var lines = [
            StyledText("a command is  ") + StyledText("verb", .verb) + StyledText(" value … ")
                + StyledText("label:", .label)
                + StyledText(" value …") + StyledText("     Tab completes verbs, labels, choices and files", .dim)
        ]
        let keys = [
            ("?train", "what a verb does, with examples"),
            ("??train", "its source too, where it is written in the language"),
            ("_   _7", "the last result, the result numbered 7"), ("Ctrl-R", "searches what was typed before"),
            ("Ctrl-C", "stops a command at its next step"), ("Ctrl-X Ctrl-E", "edits the entry in $EDITOR"),
            ("Ctrl-D", "leaves"),
        ]
        lines += keys.map {
            StyledText("  " + $0.0 + String(repeating: " ", count: 16 - $0.0.count), .emphasis) + StyledText($0.1)
        }
        let index = Help.index(context)
        if !index.isEmpty {
            lines += [StyledText(), StyledText("verbs", .heading)] + index.map { StyledText("  ") + $0 }
        }
        return lines
    }

    private static func variable(
        _ name: String, _ variable: KnownVariable, _ session: Session, _ wantsMore: Bool
    ) -> [StyledText] {
        var lines = [
            StyledText(name, .heading) + StyledText("  a variable" + (variable.typeName.map { ": \($0)" } ?? ""))
        ]
        if case .object(let object)? = session.value(of: name), !object.fieldNames.isEmpty {
            lines.append(
                StyledText("  fields ", .dim)
                    + StyledText(object.fieldNames.map { "." + $0 }.joined(separator: " "), .choice))
        }
        if wantsMore, case .object(let object)? = session.value(of: name) {
            lines += object.display(session.displayOptions).lines
        }
        return lines
    }

    private static func source(_ text: String, _ context: LanguageContext) -> [StyledText] {
        Highlighter.lines(SourceText(text), context).map { StyledText("  ") + $0 }
    }

    private static let keywords: [(word: String, summary: String, examples: [String])] = [
        ("let", "gives a value a name; later `name = value` changes it", ["let n = 500", "n = 600"]),
        (
            "def", "defines a verb; parameters with a colon are given by label",
            ["def twice(x, times: 2) { return x * times }", "twice 21"]
        ),
        ("for", "repeats a block for each element", ["for k in 0...3 { print k }"]),
        ("while", "repeats a block while a condition holds", ["while n > 1 { n = n // 2 }"]),
        (
            "if", "runs a block if a condition holds, or else another",
            ["if n > 10 { print \"many\" } else { print \"few\" }"]
        ),
        (
            "else", "what `if` runs when its condition does not hold",
            ["if n > 10 { print \"many\" } else { print \"few\" }"]
        ),
        ("return", "ends a def and gives its value", ["def half(x) { return x / 2 }"]),
        (
            "try", "keeps an error as a value, or handles it with catch",
            ["let e = try (1 // 0)", "try { 1 // 0 } catch e { print e }"]
        ),
        ("catch", "handles the error of a try", ["try { 1 // 0 } catch e { print e }"]),
        ("import", "reads the definitions of a file", ["import \"helpers.icot\""]),
        ("time", "says how long a command took", ["time (2 ^ 1000)"]),
        ("where", "ends a command: keeps the rows for which an expression holds; .name is the row's field", []),
        ("by", "ends a command: groups the rows by a column", []),
        ("break", "leaves a loop", []), ("continue", "goes on with the next element of a loop", []),
    ]
}
