// What `--json` makes of an answer of help: a signature with its fields, or the lines as text.

import Support

extension Question {
    /// The answer as one line of JSON.
    public func json(_ session: Session) -> String {
        let context = session.context
        guard form == .name, let signature = context.definitions[name] ?? context.signatures[name] else {
            let lines = answer(session).lines.map(\.plain)
            return "{\"text\": \(Escaping.json(lines.joined(separator: "\n")))}"
        }
        let isVerb = context.definitions[name] != nil || context.signatures.verbs[name] != nil
        return object([
            ("name", Escaping.json(signature.name)), ("kind", Escaping.json(isVerb ? "verb" : "function")),
            ("summary", Escaping.json(signature.summary)),
            ("usage", Escaping.json(Help.usage(signature, isVerb: isVerb).plain.trimmingSpaces)),
            ("arguments", list(signature.parameters.map(argument))),
            ("where", "\(signature.acceptsWhere)"), ("by", "\(signature.acceptsBy)"),
            ("result", signature.resultType.map(Escaping.json) ?? "null"),
            ("discussion", Escaping.json(signature.discussion)),
            ("examples", list(signature.examples.map(Escaping.json))),
            ("see_also", list(signature.seeAlso.map(Escaping.json))),
        ])
    }

    private func argument(_ parameter: Parameter) -> String {
        let choices = parameter.kind.options.map {
            object([("name", Escaping.json("." + $0.name)), ("summary", Escaping.json($0.summary))])
        }
        return object([
            ("name", Escaping.json(parameter.name)), ("labelled", "\(parameter.label != nil)"),
            ("required", "\(parameter.isRequired)"), ("takes", Escaping.json(parameter.kind.phrase)),
            ("default", parameter.defaultText.map(Escaping.json) ?? "null"),
            ("summary", Escaping.json(parameter.summary)), ("choices", list(choices)),
        ])
    }

    private func object(_ members: [(String, String)]) -> String {
        "{" + members.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}"
    }

    private func list(_ items: [String]) -> String { "[" + items.joined(separator: ", ") + "]" }
}
