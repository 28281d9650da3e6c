// Verbs and functions by what a person wants. A verb is in one topic, functions are together by what they work on.

public struct Topic: Sendable, Equatable {
    /// A word or two: `train`, `take away`.
    public var title: String
    /// One phrase about it.
    public var summary: String
    /// In the order in which one needs them.
    public var names: [String]

    public init(_ title: String, _ summary: String, _ names: [String]) {
        self.title = title
        self.summary = summary
        self.names = names
    }
}

extension LanguageContext {
    /// The topics of the verbs; what no topic names stands in a last one, then the person's own.
    var verbTopics: [Topic] {
        var topics = signatures.topics.map { topic in
            Topic(topic.title, topic.summary, topic.names.filter { signatures.verbs[$0] != nil })
        }
        let named = Set(topics.flatMap(\.names))
        let others = signatures.verbs.keys.filter { !named.contains($0) }.sorted()
        if !others.isEmpty { topics.append(Topic(topics.isEmpty ? "verbs" : "others", "", others)) }
        if !definitions.isEmpty { topics.append(Topic("yours", "defined with def", definitions.keys.sorted())) }
        return topics.filter { !$0.names.isEmpty }
    }

    var functionTopics: [Topic] {
        let topics = signatures.functionTopics
        let named = Set(topics.flatMap(\.names))
        let others = signatures.functions.keys.filter { !named.contains($0) }.sorted()
        return topics + (others.isEmpty ? [] : [Topic(topics.isEmpty ? "functions" : "others", "", others)])
    }
}

extension Help {
    /// Topics as lines: a title, then a line for each name.
    static func lines(_ topics: [Topic], _ context: LanguageContext, style: Style) -> [StyledText] {
        let width = (topics.flatMap(\.names).map(\.count).max() ?? 0) + 2
        var lines: [StyledText] = []
        for topic in topics {
            if !lines.isEmpty { lines.append(StyledText()) }
            lines.append(
                StyledText(topic.title, .heading) + StyledText(topic.summary.isEmpty ? "" : "  \(topic.summary)", .dim))
            for name in topic.names {
                let summary = (context.definitions[name] ?? context.signatures[name])?.summary ?? ""
                let gap = String(repeating: " ", count: max(1, width - name.count))
                lines.append(StyledText("  ") + StyledText(name, style) + StyledText(gap + summary))
            }
        }
        return lines
    }
}
