// A tree as text without places: two texts mean the same to the parser exactly if their outlines are equal. A command
// and the same call with parentheses have one outline.

extension Program {
    /// One line a statement.
    public var outline: String { statements.map(\.outline).joined(separator: "\n") }
}

extension Block {
    public var outline: String { "{" + statements.map(\.outline).joined(separator: "; ") + "}" }
}

extension Statement {
    public var outline: String {
        switch kind {
        case .binding(let name, let value): return "(let \(name.text) \(value.outline))"
        case .assignment(let target, let value): return "(set \(target.outline) \(value.outline))"
        case .definition(let definition):
            let parameters = definition.parameters.map { parameter in
                parameter.name.text + (parameter.isLabelled ? ":" : "")
                    + (parameter.defaultValue.map { " " + $0.outline } ?? "")
            }
            return "(def \(definition.name.text) (\(parameters.joined(separator: ", "))) \(definition.body.outline))"
        case .forLoop(let name, let sequence, let body): return "(for \(name.text) \(sequence.outline) \(body.outline))"
        case .whileLoop(let condition, let body): return "(while \(condition.outline) \(body.outline))"
        case .conditional(let branches, let otherwise):
            let parts =
                branches.map { "\($0.condition.outline) \($0.block.outline)" }
                + (otherwise.map { ["else \($0.outline)"] } ?? [])
            return "(if \(parts.joined(separator: " ")))"
        case .returning(let value): return value.map { "(return \($0.outline))" } ?? "(return)"
        case .breakLoop: return "(break)"
        case .continueLoop: return "(continue)"
        case .attempt(let body, let name, let handler):
            return "(try \(body.outline)" + (handler.map { " catch \(name?.text ?? "") \($0.outline)" } ?? "") + ")"
        case .importing(let path, _): return "(import \(path.debugDescription))"
        case .expression(let value): return value.outline
        }
    }
}

extension Expression {
    public var outline: String {
        switch kind {
        case .none: return "none"
        case .boolean(let value): return value ? "true" : "false"
        case .integer(let value): return "\(value)"
        case .bigInteger(let digits): return digits
        case .real(let value): return "\(value)"
        case .text(let pieces):
            let parts = pieces.map { piece in
                switch piece {
                case .literal(let part): part.debugDescription
                case .interpolation(let value): value.outline
                }
            }
            return parts.count == 1 && constantText != nil
                ? parts[0] : parts.isEmpty ? "\"\"" : "(text \(parts.joined(separator: " ")))"
        case .name(let name): return name
        case .selector(let selector): return ".\(selector.name.text)" + (selector.index.map { "[\($0.outline)]" } ?? "")
        case .rowField(let name): return "row.\(name.text)"
        case .list(let items): return "[" + items.map(\.outline).joined(separator: ", ") + "]"
        case .record(let entries):
            return entries.isEmpty
                ? "[:]" : "[" + entries.map { "\($0.key.text): \($0.value.outline)" }.joined(separator: ", ") + "]"
        case .range(let lower, let upper, let isClosed):
            return "(\(isClosed ? "..." : "..<") \(lower?.outline ?? "_") \(upper?.outline ?? "_"))"
        case .closure(let parameters, let body):
            return "(closure (\(parameters.map(\.text).joined(separator: ", "))) \(body.outline))"
        case .call(let call): return call.outline
        case .pipeline(let stages): return "(| " + stages.map(\.outline).joined(separator: " ") + ")"
        case .index(let base, let positions):
            return "(at \(base.outline) \(positions.map(\.outline).joined(separator: ", ")))"
        case .field(let base, let name): return "(field \(base.outline) \(name.text))"
        case .unary(let operation, let inner): return "(\(operation.rawValue) \(inner.outline))"
        case .binary(let operation, let left, let right):
            return "(\(operation.rawValue) \(left.outline) \(right.outline))"
        case .logical(let operation, let left, let right):
            return "(\(operation.rawValue) \(left.outline) \(right.outline))"
        case .timed(let inner): return "(time \(inner.outline))"
        case .attempt(let inner): return "(try \(inner.outline))"
        case .invalid: return "<invalid>"
        }
    }
}

extension Call {
    public var outline: String {
        var parts: [String] = []
        switch callee {
        case .name(let name): parts.append(name.text)
        case .value(let value): parts.append(value.outline)
        }
        for argument in arguments {
            parts.append((argument.label.map { "\($0.text): " } ?? "") + argument.value.outline)
        }
        if let predicate { parts.append("where \(predicate.outline)") }
        if let key { parts.append("by \(key.outline)") }
        return "(" + parts.joined(separator: " ") + ")"
    }
}
