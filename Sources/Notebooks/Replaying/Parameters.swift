// `-p name=value`: another value for a `let` in a cell of parameters. The value stands in the text that is run, line
// for line that of the file, so that messages name the lines a person sees; a copy that is written says it in its
// header too.
//
// A sweep takes several values, `-p name=value,value`: commas outside brackets and quotes part them, and a range of
// whole numbers, 1...8 or 0..<8, is all of them; in parentheses it is one value.

import Language
import Support

extension Notebook {
    /// What `-p` can set, in order, each with the value that the notebook gives it.
    public func parameters(_ context: LanguageContext) -> [(name: String, value: ParameterValue)] {
        var parameters: [(name: String, value: ParameterValue)] = []
        for (name, value) in bindings(context) {
            parameters.removeAll { $0.name == name.text }
            parameters.append((name.text, ParameterValue(literal: source.text(value.span), value.json)))
        }
        return parameters
    }

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

    /// Splits `name=value`; a value there must be, for one notebook as for a sweep.
    public static func parameter(_ text: String) throws(NotebookError) -> (name: String, value: String) {
        guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
            throw .malformedParameter(text: text, reason: "write -p name=value")
        }
        let (name, value) = (String(text[..<equals]), String(text[text.index(after: equals)...]))
        // As a shell leaves it of a variable that is not set; whoever means an empty text can write one.
        guard !value.trimmingBlanks.isEmpty else {
            throw .malformedParameter(
                text: text, reason: "a value is missing; write -p \(name)=1, or -p '\(name)=\"\"' for an empty text")
        }
        return (name, value)
    }

    /// Splits `name=value,value`; a range of whole numbers stands for each of them.
    public static func parameterValues(
        _ text: String, most: Int
    ) throws(NotebookError) -> (name: String, values: [ParameterValue]) {
        let (name, value) = try parameter(text)
        var values: [ParameterValue] = []
        for piece in pieces(of: value) {
            if piece.isEmpty {
                throw .malformedParameter(
                    text: text, reason: "a value is missing; write -p \(name)=1,2 or -p \(name)=1...8")
            }
            guard let range = wholeNumbers(piece) else {
                let literal = literal(piece)
                values.append(ParameterValue(literal: literal, json(of: literal)))
                continue
            }
            if range.isEmpty {
                throw .malformedParameter(
                    text: text, reason: "the range \(piece) is empty; write the smaller end first")
            }
            guard range.count <= most - values.count else {
                throw .malformedParameter(
                    text: text, reason: "that is more than \(NumberText.grouped(most)) values; give fewer")
            }
            values += range.map { ParameterValue(literal: String($0), JSONValue($0)) }
        }
        return (name, values)
    }

    /// The parts between commas that are in no brackets and no quotes.
    private static func pieces(of text: String) -> [String] {
        var pieces = [""]
        var depth = 0
        var isQuoted = false
        var isEscaped = false
        for character in text {
            if character == ",", depth == 0, !isQuoted {
                pieces.append("")
                continue
            }
            pieces[pieces.count - 1].append(character)
            if isEscaped {
                isEscaped = false
            } else if isQuoted {
                if character == "\\" { isEscaped = true }
                if character == "\"" { isQuoted = false }
            } else if character == "\"" {
                isQuoted = true
            } else if "([{".contains(character) {
                depth += 1
            } else if ")]}".contains(character) {
                depth = max(0, depth - 1)
            }
        }
        return pieces.map { $0.trimmingBlanks }
    }

    /// `1...8` or `0..<8`, which may be empty; nil for any other text.
    private static func wholeNumbers(_ text: String) -> Range<Int>? {
        for (sign, step) in [("...", 1), ("..<", 0)] {
            guard let place = text.firstRange(of: sign) else { continue }
            let ends = [text[..<place.lowerBound], text[place.upperBound...]].map { Int(String($0).trimmingBlanks) }
            guard let low = ends[0], let end = ends[1], end < .max - 1 else { return nil }
            return low..<max(low, end + step)
        }
        return nil
    }

    private static func json(of literal: String) -> JSONValue? {
        let parsed = Parser.parse(SourceText("let x = \(literal)"), LanguageContext(signatures: SignatureTable()))
        guard case .binding(_, let value)? = parsed.program.statements.first?.kind else { return nil }
        return value.json
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

/// One value of a parameter.
public struct ParameterValue: Sendable, Equatable {
    /// As it stands in the text of the notebook.
    public let literal: String
    /// The same for tables and programs; its text where JSON has no form for it.
    public let json: JSONValue

    init(literal: String, _ json: JSONValue?) {
        self.literal = literal
        self.json = json ?? .string(literal)
    }
}

extension String {
    fileprivate var trimmingBlanks: String {
        String(drop { $0 == " " || $0 == "\t" }).withoutTrailingBlanks
    }
}

extension Expression {
    /// A number, text, boolean or none as JSON; nil for everything else.
    fileprivate var json: JSONValue? {
        switch kind {
        case .none: .null
        case .boolean(let value): .bool(value)
        case .integer(let value): JSONValue(value)
        case .real(let value): value.isFinite ? JSONValue(value) : nil
        case .text: constantText.map { .string($0) }
        case .unary(.minus, let inner):
            switch inner.kind {
            case .integer(let value): JSONValue(-value)
            case .real(let value): JSONValue(-value)
            default: nil
            }
        default: nil
        }
    }

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
