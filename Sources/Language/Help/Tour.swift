// `?tour`: a first session inside the prompt. Each step says what and why and shows a line; the person types it (or
// one of their own that does the same), it is run as any line is, and when it has done what the step is about the
// next one follows.
//
// Nothing else changes while the tour is on: every other line works as it does without it. `?tour off` leaves it,
// `?tour` comes back to where it was.

public struct TourStep: Sendable, Equatable {
    public var title: String
    /// What it is for, in plain sentences.
    public var prose: String
    /// What to type.
    public var line: String
    /// A line with this verb, run without an error, is what the step is about.
    public var verb: String
    /// A variable that must have a value of this kind then, because later steps use it.
    public var needs: (name: String, typeName: String)? { needed.map { ($0[0], $0[1]) } }
    private var needed: [String]?

    public init(
        _ title: String, _ prose: String, line: String, verb: String, needs: (name: String, typeName: String)? = nil
    ) {
        self.title = title
        self.prose = prose
        self.line = line
        self.verb = verb
        needed = needs.map { [$0.name, $0.typeName] }
    }
}

public struct Tour: Sendable {
    public let steps: [TourStep]
    /// The step that is on, from 0; `steps.count` after the last.
    public private(set) var position = 0
    public private(set) var isOn = false

    public init(_ steps: [TourStep]) { self.steps = steps }

    /// `?tour`, `?tour 3`, `?tour next`, `?tour back`, `?tour off`
    public mutating func answer(_ argument: String, _ context: LanguageContext) -> [StyledText] {
        guard !steps.isEmpty else { return [StyledText("there is no tour here; ? lists the verbs", .warning)] }
        switch argument {
        case "off", "quit", "end", "stop":
            isOn = false
            return [StyledText("the tour is off; ?tour comes back to step \(min(position, steps.count - 1) + 1)", .dim)]
        case "next": position = min(position + 1, steps.count - 1)
        case "back": position = max(position - 1, 0)
        case "": if position >= steps.count { position = 0 }
        default:
            guard let number = Int(argument), (1...steps.count).contains(number) else {
                return [
                    StyledText(
                        "write ?tour, ?tour 1 to ?tour \(steps.count), ?tour next, ?tour back or ?tour off", .warning)
                ]
            }
            position = number - 1
        }
        isOn = true
        return page(context)
    }

    /// What to show after an entry that ran without an error; nothing where the tour is off or the entry was another
    /// one.
    public mutating func heard(_ source: SourceText, _ context: LanguageContext) -> [StyledText] {
        guard isOn, position < steps.count else { return [] }
        let step = steps[position]
        var verbs = VerbCollector()
        verbs.walk(Parser.parse(source, context).program.statements)
        guard verbs.names.contains(step.verb) else { return [] }
        if let needs = step.needs, context.variables[needs.name]?.typeName != needs.typeName {
            return [
                StyledText(
                    "that was it; for the next steps it needs the name \(needs.name): \(step.line)", .dim)
            ]
        }
        position += 1
        guard position < steps.count else {
            isOn = false
            return [
                StyledText(),
                StyledText("That was the tour. ", .good)
                    + StyledText("? lists what there is, ? and a word searches it; ?tour begins again."),
            ]
        }
        return [StyledText()] + page(context)
    }

    private func page(_ context: LanguageContext) -> [StyledText] {
        let step = steps[position]
        var lines = [
            StyledText("step \(position + 1) of \(steps.count)  ", .dim) + StyledText(step.title, .heading)
                + StyledText(position == 0 ? "   ?tour off leaves, ?tour comes back" : "", .dim)
        ]
        lines += step.prose.split(separator: "\n").map { StyledText(String($0)) }
        lines += Highlighter.lines(SourceText(step.line), context).map { StyledText("  ") + $0 }
        return lines
    }

    private struct VerbCollector: TreeWalker {
        var names: Set<String> = []

        mutating func visit(_ call: Call, at span: SourceSpan, piped: Expression?) {
            if let name = call.name { names.insert(name.text) }
            walk(call)
        }
    }
}
