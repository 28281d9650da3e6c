// Everything that has a name before a text is read: the verbs (they start a command) and the functions (they are only
// called with parentheses).

public struct SignatureTable: Sendable {
    public private(set) var verbs: [String: CommandSignature]
    public private(set) var functions: [String: CommandSignature]
    /// How help groups them.
    public var topics: [Topic] = []
    public var functionTopics: [Topic] = []

    public init(verbs: [CommandSignature] = [], functions: [CommandSignature] = []) {
        self.verbs = Dictionary(verbs.map { ($0.name, $0) }, uniquingKeysWith: { _, later in later })
        self.functions = Dictionary(functions.map { ($0.name, $0) }, uniquingKeysWith: { _, later in later })
    }

    public mutating func add(verb: CommandSignature) { verbs[verb.name] = verb }
    public mutating func add(function: CommandSignature) { functions[function.name] = function }

    /// The verb or else the function of that name.
    public subscript(name: String) -> CommandSignature? { verbs[name] ?? functions[name] }
}

extension Definition {
    /// The signature of a user's own verb, for binding, help and completion.
    public func signature(in source: SourceText) -> CommandSignature {
        let parameters = parameters.map { parameter in
            let defaultText = parameter.defaultValue.map { source.text($0.span) }
            return Parameter(
                label: parameter.isLabelled ? parameter.name.text : nil, name: parameter.name.text, kind: .any,
                isRequired: parameter.defaultValue == nil, isRepeated: false, defaultText: defaultText, summary: "")
        }
        let lines = comment.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        return CommandSignature(
            name.text, lines.first.map(String.init) ?? "", parameters,
            discussion: lines.count > 1 ? String(lines[1]) : "",
            source: source.text(span))
    }
}
