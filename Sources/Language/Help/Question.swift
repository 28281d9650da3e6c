// What is typed at a prompt or into a cell to be told something: `?`, `?train`, `??train`, `?until:`, `?.left`,
// `?E203`, `? accuracy`, `?syntax`, `?functions`, `?tour`. Not statements: a file of the language holds none.

public struct Question: Equatable {
    /// What is asked about; empty for `?` alone.
    public var name: String
    /// `??`: the source too.
    public var wantsMore: Bool
    /// How it was written.
    public var form: Form
    /// The words after it: of a search, or of `?tour`.
    public var words: [String]

    public enum Form: Sendable {
        case name
        /// `?until:`
        case label
        /// `?.left`
        case choice
        /// `? held-out accuracy`
        case search
    }

    /// Nil if the text is no question. `train?` counts as `?train`.
    public init?(_ text: String) {
        let words = text.split { $0 == " " || $0 == "\n" || $0 == "\t" }
        guard let first = words.first, first.hasPrefix("?") || (words.count == 1 && first.hasSuffix("?")) else {
            return nil
        }
        let marks =
            first.hasPrefix("?") ? first.prefix { $0 == "?" }.count : first.reversed().prefix { $0 == "?" }.count
        var asked = String(first.filter { $0 != "?" })
        self.words = words.dropFirst().map(String.init)
        if asked.isEmpty, let word = self.words.first {
            asked = word
        } else if self.words.count > 1 || (!self.words.isEmpty && asked != "tour") {
            return nil
        }
        form = self.words.count > 1 ? .search : asked.hasPrefix(".") ? .choice : asked.hasSuffix(":") ? .label : .name
        // Of `?train:` and `?sqrt()` only the word counts.
        name = asked.filter { $0 != ":" && $0 != "(" && $0 != ")" && $0 != "." }
        wantsMore = marks > 1
    }

    /// The answer, and whether there was one.
    public func answer(_ session: Session) -> (lines: [StyledText], isKnown: Bool) {
        let context = session.context
        if name.isEmpty { return (Self.overview(session), true) }
        switch form {
        case .search: return search(words, session)
        case .choice: if let lines = choices(context) { return (lines, true) }
        case .label: if let lines = labels(context) { return (lines, true) }
        case .name: break
        }
        if let page = Help.page(for: name, context, more: wantsMore) { return (page, true) }
        if let variable = context.variables[name] { return (Self.variable(name, variable, session, wantsMore), true) }
        if let page = special(session) { return (page, true) }
        if let word = Self.keywords.first(where: { $0.word == name }) {
            return (
                [StyledText(name, .heading) + StyledText("  " + word.summary)]
                    + word.examples.flatMap { Self.source($0, context) }, true
            )
        }
        if let code = DiagnosticCode(rawValue: name.uppercased()) {
            return ([StyledText(code.rawValue, .heading) + StyledText("  " + code.meaning)], true)
        }
        if let lines = labels(context) ?? choices(context) { return (lines, true) }
        return search([name], session)
    }

    /// Pages that are about no verb.
    private func special(_ session: Session) -> [StyledText]? {
        let context = session.context
        switch name {
        case "tour": return session.tourAnswer(words.first ?? "")
        case "syntax": return SyntaxPage.lines(context)
        case "functions", "function": return Help.lines(context.functionTopics, context, style: .function)
        case "verbs", "verb": return Help.lines(context.verbTopics, context, style: .verb)
        case "errors", "codes":
            return DiagnosticCode.allCases.map { StyledText($0.rawValue, .error) + StyledText("  " + $0.meaning) }
        default:
            let topics = context.verbTopics.filter { $0.title == name }
            return topics.isEmpty ? nil : Help.lines(topics, context, style: .verb)
        }
    }

    /// Every argument of that label.
    private func labels(_ context: LanguageContext) -> [StyledText]? {
        found(context) { signature in
            guard let parameter = signature.parameter(labelled: name) else { return nil }
            let about = parameter.summary.isEmpty ? "" : parameter.summary + " "
            let kind = StyledText("(" + parameter.kind.phrase + ")", .dim)
            return StyledText("\(name): ", .label) + StyledText(about) + kind
        }
    }

    /// Every argument that takes that choice.
    private func choices(_ context: LanguageContext) -> [StyledText]? {
        found(context) { signature in
            for parameter in signature.parameters {
                guard let option = parameter.kind.options.first(where: { $0.name == name }) else { continue }
                return StyledText(parameter.label.map { "\($0): " } ?? "", .label) + StyledText(".\(name)", .choice)
                    + StyledText("  " + option.summary)
            }
            return nil
        }
    }

    private func found(_ context: LanguageContext, _ line: (CommandSignature) -> StyledText?) -> [StyledText]? {
        let table = context.signatures
        let all =
            table.verbs.merging(context.definitions) { _, own in own }.values.sorted { $0.name < $1.name }
            + table.functions.values.sorted { $0.name < $1.name }
        let lines = all.compactMap { signature in
            line(signature).map { StyledText(signature.name + " ", .verb) + $0 }
        }
        return lines.isEmpty ? nil : lines
    }

    private func search(_ words: [String], _ session: Session) -> (lines: [StyledText], isKnown: Bool) {
        let search = Search(words, session.context, readings: session.readings())
        if !search.findings.isEmpty { return (search.lines, true) }
        let near = Help.suggestions(for: name, session.context)
        var line = StyledText("nothing is called '\(words.joined(separator: " "))'", .warning)
        line.append(
            near.isEmpty ? "; ? lists the verbs" : "; did you mean \(near.map { "?" + $0 }.joined(separator: " or "))?")
        return ([line], false)
    }

    // MARK: Pages

    private static func overview(_ session: Session) -> [StyledText] {
        let context = session.context
        var lines = [
            StyledText("a command is  ") + StyledText("verb", .verb) + StyledText(" value … ")
                + StyledText("label:", .label)
                + StyledText(" value …") + StyledText("     Tab completes verbs, labels, choices and files", .dim)
        ]
        var keys: [(String, String)] = []
        if !session.tourSteps.isEmpty {
            keys.append(("?tour", "start here: \(session.tourSteps.count) small steps, typed by you"))
        }
        keys += [
            ("?train", "what a verb does, with examples; ?until: a label, ?.left a choice, ?E203 an error"),
            ("??train", "its source too, where it is written in the language"),
            ("? accuracy", "searches verbs, functions, labels, choices, errors and notebooks"),
            ("?functions", "lists the \(context.signatures.functions.count) functions"),
            ("?syntax", "the language on one page"),
            ("_   _7", "the last result, the result numbered 7"), ("Ctrl-R", "searches what was typed before"),
            ("history train", "lists what was typed, here all with that word"),
            ("run \"x.icot\"", "runs a notebook here: what it defines stays"),
            ("ls  cd runs  !git log", "folders, and any line of the shell"),
            ("Ctrl-C", "stops a command at its next step"), ("Ctrl-X Ctrl-E", "edits the entry in $EDITOR"),
            ("Ctrl-D", "leaves; so does quit"),
        ]
        lines += keys.map {
            StyledText("  " + $0.0 + String(repeating: " ", count: max(2, 22 - $0.0.count)), .emphasis)
                + StyledText($0.1)
        }
        let topics = Help.lines(context.verbTopics, context, style: .verb)
        return topics.isEmpty ? lines : lines + [StyledText()] + topics
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

    static func source(_ text: String, _ context: LanguageContext) -> [StyledText] {
        Highlighter.lines(SourceText(text), context).map { StyledText("  ") + $0 }
    }

    static let keywords: [(word: String, summary: String, examples: [String])] = [
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
