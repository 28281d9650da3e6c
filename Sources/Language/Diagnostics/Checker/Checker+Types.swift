// The kind of an expression, as far as the text tells.

extension Checker {
    func type(of expression: Expression) -> StaticType {
        switch expression.kind {
        case .none: return TypeName.none
        case .boolean, .logical: return TypeName.boolean
        case .integer, .bigInteger: return TypeName.integer
        case .real: return TypeName.real
        case .text: return TypeName.text
        case .name(let word): return isKnown(word) ? type(of: word) : isCallable(word) ? TypeName.function : nil
        case .selector: return TypeName.choice
        case .list: return TypeName.list
        case .record: return TypeName.record
        case .range: return TypeName.range
        case .closure: return TypeName.function
        case .call(let call):
            guard let name = call.name, definitions[name.text] == nil,
                !isKnown(name.text) || context.signatures.verbs[name.text] != nil
            else { return nil }
            return context.signatures[name.text]?.resultType
        case .pipeline(let stages): return stages.last.flatMap { type(of: $0) }
        case .unary(.not, _): return TypeName.boolean
        case .unary(.minus, let inner):
            let type = type(of: inner)
            return type == TypeName.integer || type == TypeName.real ? type : nil
        case .timed(let inner): return type(of: inner)
        case .binary(let operation, let left, let right): return type(operation, type(of: left), type(of: right))
        case .rowField, .index, .field, .attempt, .invalid: return nil
        }
    }

    private func type(_ operation: BinaryOperator, _ left: StaticType, _ right: StaticType) -> StaticType {
        let scalars: Set<String?> = [TypeName.integer, TypeName.real]
        guard scalars.contains(left), scalars.contains(right) else { return nil }
        switch operation {
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: return TypeName.boolean
        case .add, .subtract, .multiply, .floorDivide, .remainder:
            return left == TypeName.integer && right == TypeName.integer ? TypeName.integer : TypeName.real
        case .divide, .power: return TypeName.number
        }
    }

    // MARK: - What fits

    /// Whether a value of a known kind can be what the parameter wants.
    static func accepts(_ kind: ParameterKind, _ type: String) -> Bool {
        switch kind {
        case .any: return true
        case .integer: return type == TypeName.integer || type == TypeName.number
        case .real, .number: return [TypeName.integer, TypeName.real, TypeName.number].contains(type)
        case .boolean: return type == TypeName.boolean
        case .text, .path: return type == TypeName.text
        case .choice, .selector, .column: return type == TypeName.choice
        case .list: return type == TypeName.list || type == TypeName.range || type == TypeName.array
        case .range: return type == TypeName.range || type == TypeName.integer || type == TypeName.list
        case .record: return type == TypeName.record
        case .function: return type == TypeName.function
        case .value(let wanted):
            return wanted == type || (wanted == TypeName.number && [TypeName.integer, TypeName.real].contains(type))
        case .oneOf(let kinds): return kinds.contains { accepts($0, type) }
        }
    }
}

extension Expression {
    var integerLiteral: Int? {
        switch kind {
        case .integer(let value): return value
        case .unary(.minus, let inner):
            if case .integer(let value) = inner.kind { return -value }
            return nil
        default: return nil
        }
    }

    var realLiteral: Double? {
        switch kind {
        case .real(let value): return value
        case .unary(.minus, let inner):
            if case .real(let value) = inner.kind { return -value }
            return nil
        default: return nil
        }
    }

    var isNumberLiteral: Bool {
        if integerLiteral != nil || realLiteral != nil { return true }
        if case .bigInteger = kind { return true }
        return false
    }
}
