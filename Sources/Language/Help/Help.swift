// `?verb`: a page made from the signature alone, so that it cannot drift from what the verb does. `??verb` adds the
// source where the verb is written in the language itself.

public enum Help {
    /// The page for a verb or function; nil if there is none of that name.
    public static func page(for name: String, _ context: LanguageContext, more: Bool = false) -> [StyledText]? {
        guard let signature = context.definitions[name] ?? context.signatures[name] else { return nil }
        let isVerb = context.definitions[name] != nil || context.signatures.verbs[name] != nil
        var lines = [StyledText(name, .heading) + StyledText(signature.summary.isEmpty ? "" : "  " + signature.summary)]
        lines.append(usage(signature, isVerb: isVerb))
        let arguments = self.arguments(signature)
        if !arguments.isEmpty { lines += [StyledText()] + arguments }
        if !signature.discussion.isEmpty {
            lines.append(StyledText())
            lines += signature.discussion.split(separator: "\n", omittingEmptySubsequences: false).map {
                StyledText(String($0))
            }
        }
        if !signature.examples.isEmpty {
            lines += [StyledText(), StyledText("examples", .dim)]
            for example in signature.examples {
                lines += Highlighter.lines(SourceText(example), context).map { StyledText("  ") + $0 }
            }
        }
        if let effects = effects(signature) {
            lines += [StyledText(), StyledText("effects ", .dim) + StyledText(effects)]
        }
        if !signature.seeAlso.isEmpty {
            lines += [
                StyledText(),
                StyledText("see also ", .dim) + StyledText(signature.seeAlso.joined(separator: ", "), .verb),
            ]
        }
        if let source = signature.source {
            if more {
                lines += [StyledText(), StyledText("source", .dim)]
                lines += Highlighter.lines(SourceText(source), context).map { StyledText("  ") + $0 }
            } else {
                lines += [StyledText(), StyledText("??\(name) shows its source", .dim)]
            }
        }
        return lines
    }

    /// Names near to one that has no page.
    public static func suggestions(for name: String, _ context: LanguageContext) -> [String] {
        Suggestions.nearest(
            to: name,
            among: Array(context.definitions.keys) + Array(context.signatures.verbs.keys)
                + Array(context.signatures.functions.keys))
    }

    /// `gen kind [digits: 4] … where … by …`
    static func usage(_ signature: CommandSignature, isVerb: Bool) -> StyledText {
        var line = StyledText("  ")
        line.append(signature.name, isVerb ? .verb : .function)
        if !isVerb { line.append("(") }
        for (index, parameter) in signature.parameters.enumerated() {
            line.append(isVerb ? " " : index == 0 ? "" : ", ")
            if !parameter.isRequired { line.append("[", .dim) }
            if let label = parameter.label {
                line.append("\(label):", .label)
                line.append(" " + (parameter.defaultText ?? "…"))
            } else {
                line.append(parameter.name, .name)
                if parameter.isRepeated { line.append(" …") }
            }
            if !parameter.isRequired { line.append("]", .dim) }
        }
        if !isVerb { line.append(")") }
        if signature.acceptsWhere { line.append(" [where …]", .dim) }
        if signature.acceptsBy { line.append(" [by …]", .dim) }
        return line
    }

    private static func arguments(_ signature: CommandSignature) -> [StyledText] {
        let width = (signature.parameters.map { $0.name.count + 1 }.max() ?? 0) + 2
        var lines: [StyledText] = []
        for parameter in signature.parameters {
            var line = StyledText("  ")
            line.append(
                padded(parameter.name + (parameter.label == nil ? "" : ":"), width),
                parameter.label == nil ? .name : .label)
            let (text, notes) = about(parameter)
            line.append(text)
            if let notes { line.append(" " + notes, .dim) }
            lines.append(line)
            lines += options(parameter.kind, indent: width + 2)
        }
        return lines
    }

    /// What an argument does, and in parentheses what it must be.
    static func about(_ parameter: Parameter) -> (text: String, notes: String?) {
        var notes: [String] = []
        if !parameter.summary.isEmpty, parameter.kind != .any { notes.append(parameter.kind.phrase) }
        if parameter.isRequired { notes.append("required") }
        if let value = parameter.defaultText { notes.append("default \(value)") }
        return (
            parameter.summary.isEmpty ? parameter.kind.phrase : parameter.summary,
            notes.isEmpty ? nil : "(" + notes.joined(separator: "; ") + ")"
        )
    }

    private static func options(_ kind: ParameterKind, indent: Int) -> [StyledText] {
        let options = kind.options
        guard options.contains(where: { !$0.summary.isEmpty }) else { return [] }
        let width = (options.map(\.name.count).max() ?? 0) + 3
        return options.map {
            StyledText(String(repeating: " ", count: indent)) + StyledText(padded(".\($0.name)", width), .choice)
                + StyledText($0.summary)
        }
    }

    static func effects(_ signature: CommandSignature) -> String? {
        var parts: [String] = []
        for parameter in signature.parameters {
            for use in parameter.kind.pathUses {
                switch use {
                case .read: parts.append("reads the file given as \(parameter.name)")
                case .write: parts.append("writes the file given as \(parameter.name)")
                case .look: break
                }
            }
        }
        for effect in signature.effects {
            switch effect {
            case .reads(let path): parts.append("reads \(path)")
            case .writes(let path): parts.append("writes \(path)")
            case .writesNamed(let folder, let label, _): parts.append("writes below \(folder) with \(label):")
            case .holds(let label): parts.append("writes into that folder, unless \(label): false")
            case .runsPrograms: parts.append("runs a program")
            case .entersFolder: parts.append("moves to another folder")
            case .asks(let label, let file, let switched):
                parts.append(
                    "asks a server, with \(label):, and writes its answers into the file given as \(file), which with "
                        + "\(switched): false it only reads")
            case .changes(let state, _): parts.append("changes \(state)")
            }
        }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}

extension ParameterKind {
    /// How a path given here is used.
    var pathUses: [PathUse] {
        switch self {
        case .path(let use): [use]
        case .oneOf(let kinds): kinds.flatMap(\.pathUses).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        case .list(let kind): kind.pathUses
        default: []
        }
    }
}
