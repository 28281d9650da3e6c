// `-p name=value`: another value for a `let` in a cell of parameters. The value stands in the text that is run, line
// for line that of the file, so that messages name the lines a person sees; a copy that is written says it in its
// header too.

import Language
import Support

extension Notebook {
    /// The names that `-p` can set, in order.
    public func parameters(_ context: LanguageContext) -> [String] { bindings(context).map(\.name.text) }

    /// With other values for parameters. A value is a literal of the language; what is none is taken as a text, since
    /// quotes are hard to type in a shell.
    public func setting(
        _ parameters: [(name: String, value: String)], _ context: LanguageContext
    ) throws(NotebookError) -> Notebook {
        if parameters.isEmpty { return self }
        let known = bindings(context)
        var changes: [(span: SourceSpan, text: String)] = []
        for (name, value) in parameters {
            guard let binding = known.last(where: { $0.name.text == name }) else {
                throw .unknownParameter(name: name, known: known.map(\.name.text))
            }
            let literal = Notebook.literal(value)
            changes.removeAll { $0.span == binding.value.span }
            changes.append((binding.value.span, literal))
        }
        var bytes = source.bytes
        for change in changes.sorted(by: { $0.span.start > $1.span.start }) {
            bytes.replaceSubrange(change.span.start..<change.span.end, with: change.text.utf8)
        }
        return Notebook(SourceText(bytes: bytes, name: name))
    }

    /// With the values that `setting` put into the text named in the header.
    public func naming(_ parameters: [(name: String, value: String)]) -> Notebook {
        var notes = header.fields.filter { $0.key == "parameter" }.map(\.value)
        for (name, value) in parameters {
            notes.removeAll { $0.hasPrefix("\(name)=") }
            notes.append("\(name)=\(Notebook.literal(value))")
        }
        return parameters.isEmpty ? self : settingHeader("parameter", notes)
    }

    /// Splits `name=value`.
    public static func parameter(_ text: String) throws(NotebookError) -> (name: String, value: String) {
        guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
            throw .malformedParameter(text: text, reason: "write -p name=value")
        }
        return (String(text[..<equals]), String(text[text.index(after: equals)...]))
    }

    private func bindings(_ context: LanguageContext) -> [(name: Name, value: Expression)] {
        Parser.parse(code, context).program.statements.compactMap { statement in
            guard case .binding(let name, let value) = statement.kind else { return nil }
            let line = source.line(at: statement.span.start)
            return cells.contains { $0.kind == .params && $0.lines.contains(line) } ? (name, value) : nil
        }
    }

    /// The value as a literal.
    static func literal(_ value: String) -> String {
        let parsed = Parser.parse(SourceText("let x = \(value)"), LanguageContext(signatures: SignatureTable()))
        if parsed.diagnostics.isEmpty, parsed.program.statements.count == 1,
            case .binding(_, let literal) = parsed.program.statements[0].kind, literal.isLiteral, !value.contains("#")
        {
            return value.split(whereSeparator: \.isNewline).joined(separator: " ")
        }
        var text = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"", "\\", "{", "}": text += "\\\(scalar)"
            case "\n": text += "\\n"
            case "\t": text += "\\t"
            default:
                if Escaping.neutral(String(scalar)) == String(scalar) {
                    text.unicodeScalars.append(scalar)
                } else {
                    text += "\\u{\(String(scalar.value, radix: 16))}"
                }
            }
        }
        return text + "\""
    }
}

extension Expression {
    /// Whether it is written out and computes nothing.
    fileprivate var isLiteral: Bool {
        switch kind {
        case .none, .boolean, .integer, .bigInteger, .real: true
        case .text: constantText != nil
        case .selector(let selector): selector.index == nil
        case .list(let items): items.allSatisfy(\.isLiteral)
        case .record(let entries): entries.allSatisfy { $0.value.isLiteral }
        case .range(let lower, let upper, _): lower?.isLiteral != false && upper?.isLiteral != false
        case .unary(.minus, let inner): inner.isLiteral
        case .unary, .name, .rowField, .closure, .call, .pipeline, .index, .field, .binary, .logical, .timed, .attempt,
            .invalid:
            false
        }
    }
}
