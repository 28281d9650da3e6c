extension Compiler {
    /// A register that holds the value: that of a local variable itself, or a new one.
    mutating func operand(_ expression: Expression) -> Int {
        if case .name(let word) = expression.kind, case .register(let register) = place(of: word) { return register }
        let register = builder.allocate()
        compile(expression, into: register)
        return register
    }

    /// The same, in the target where a new one would be needed and the target is not in use.
    private mutating func operand(_ expression: Expression, in target: Int, isFree: Bool) -> Int {
        if isFree {
            if case .name(let word) = expression.kind, case .register(let register) = place(of: word) {
                return register
            }
            compile(expression, into: target)
            return target
        }
        return operand(expression)
    }

    /// Computes a value into a register. `targetIsLive`: the register is a variable that the expression may read.
    mutating func compile(_ expression: Expression, into target: Int, targetIsLive: Bool = false) {
        let span = expression.span
        let mark = builder.next
        defer { builder.release(to: mark) }
        switch expression.kind {
        case .none: builder.emit(.constant, target, builder.constant(.none), at: span)
        case .boolean(let value): builder.emit(.constant, target, builder.constant(.boolean(value)), at: span)
        case .integer(let value): builder.emit(.constant, target, builder.constant(.integer(value)), at: span)
        case .bigInteger(let digits):
            builder.emit(.constant, target, builder.constant(BigInteger(digits).map { Value($0) } ?? .none), at: span)
        case .real(let value): builder.emit(.constant, target, builder.constant(.real(value)), at: span)
        case .text(let pieces): compileText(pieces, into: target, span)
        case .name(let word): load(word, into: target, span)
        case .selector(let selector):
            let index = selector.index.map { operand($0) } ?? -1
            builder.emit(.makeChoice, target, builder.nameIndex(selector.name.text), index, at: span)
        case .rowField(let name):
            let row = operand(Expression(.name("."), span))
            builder.emit(.field, target, row, builder.nameIndex(name.text), at: name.span)
        case .list(let items):
            let base = builder.allocate(items.count)
            for (place, item) in items.enumerated() { compile(item, into: base + place) }
            builder.emit(.makeList, target, base, items.count, at: span)
        case .record(let entries):
            let base = builder.allocate(entries.count)
            for (place, entry) in entries.enumerated() { compile(entry.value, into: base + place) }
            builder.recordKeys.append(entries.map(\.key.text))
            builder.emit(.makeRecord, target, base, builder.recordKeys.count - 1, at: span)
        case .range(let lower, let upper, let isClosed):
            if let lower, let upper {
                let first = operand(lower, in: target, isFree: !targetIsLive)
                builder.emit(isClosed ? .makeRange : .makeHalfOpenRange, target, first, operand(upper), at: span)
            } else {
                compilePosition(expression, into: target)
            }
        case .closure(let parameters, let body): compileClosure(parameters, body, into: target, span)
        case .call(let call): compileCall(call, piped: nil, into: target, span)
        case .pipeline(let stages):
            guard let first = stages.first else { return }
            compile(first, into: target)
            for stage in stages.dropFirst() {
                if case .call(let call) = stage.kind { compileCall(call, piped: target, into: target, stage.span) }
            }
        case .index(let base, let positions):
            let object = operand(base, in: target, isFree: !targetIsLive)
            if positions.count == 1 {
                let position = builder.next
                let register: Int
                if case .range = positions[0].kind {
                    register = builder.allocate()
                    compilePosition(positions[0], into: register)
                } else {
                    register = operand(positions[0])
                }
                builder.emit(.index, target, object, register, at: span)
                builder.release(to: position)
            } else {
                let first = builder.allocate(positions.count)
                for (place, position) in positions.enumerated() { compilePosition(position, into: first + place) }
                builder.paths.append(AssignmentPath(root: .register(0), steps: [], base: first, count: positions.count))
                builder.emit(.indexMany, target, object, builder.paths.count - 1, at: span)
            }
        case .field(let base, let name):
            let object = operand(base, in: target, isFree: !targetIsLive)
            builder.emit(.field, target, object, builder.nameIndex(name.text), at: name.span)
        case .unary(.minus, let inner):
            if case .integer(let value) = inner.kind {
                builder.emit(.constant, target, builder.constant(.integer(-value)), at: span)
            } else if case .bigInteger(let digits) = inner.kind {
                builder.emit(
                    .constant, target, builder.constant(BigInteger("-" + digits).map { Value($0) } ?? .none), at: span)
            } else if case .real(let value) = inner.kind {
                builder.emit(.constant, target, builder.constant(.real(-value)), at: span)
            } else {
                builder.emit(.negate, target, operand(inner, in: target, isFree: !targetIsLive), at: span)
            }
        case .unary(.not, let inner):
            builder.emit(.not, target, operand(inner, in: target, isFree: !targetIsLive), at: span)
        case .binary(let operation, let left, let right):
            compileBinary(operation, left, right, into: target, isFree: !targetIsLive, span)
        case .logical(let operation, let left, let right):
            compile(left, into: target)
            let word = operation == .and ? 2 : 3
            let jump = builder.emit(operation == .and ? .jumpIfFalse : .jumpIfTrue, 0, target, word, at: left.span)
            compile(right, into: target)
            builder.emit(.checkBoolean, 0, target, word, at: right.span)
            builder.land(jump)
        case .timed(let inner):
            let start = builder.allocate()
            builder.emit(.clock, start, at: span)
            compile(inner, into: target)
            builder.emit(.reportTime, start, at: span)
        case .attempt(let inner):
            let start = builder.here
            compile(inner, into: target)
            builder.handlers.append(Handler(start: start, end: builder.here, target: builder.here, register: target))
        case .invalid: builder.emit(.constant, target, builder.constant(.none), at: span)
        }
    }

    private mutating func load(_ word: String, into target: Int, _ span: SourceSpan) {
        switch place(of: word) {
        case .register(let register): if register != target { builder.emit(.move, target, register, at: span) }
        case .box(let register): builder.emit(.loadBox, target, register, at: span)
        case .capture(let index): builder.emit(.loadCapture, target, index, at: span)
        case .captureBox(let index): builder.emit(.loadCaptureBox, target, index, at: span)
        case .function: builder.emit(.loadSelf, target, at: span)
        case .global(let slot): builder.emit(.loadGlobal, target, slot, at: span)
        case .command(let command): builder.emit(.constant, target, builder.constant(.object(command)), at: span)
        }
    }

    private mutating func compileText(_ pieces: [TextPiece], into target: Int, _ span: SourceSpan) {
        var parts: [TextPiece] = pieces
        if parts.isEmpty { parts = [.literal("")] }
        if parts.count == 1, case .literal(let text) = parts[0] {
            builder.emit(.constant, target, builder.constant(.text(text)), at: span)
            return
        }
        let base = builder.allocate(parts.count)
        for (place, part) in parts.enumerated() {
            switch part {
            case .literal(let text): builder.emit(.constant, base + place, builder.constant(.text(text)), at: span)
            case .interpolation(let value): compile(value, into: base + place)
            }
        }
        builder.emit(.makeText, target, base, parts.count, at: span)
    }

    /// A position of an index, which may be a range without one of its ends.
    mutating func compilePosition(_ position: Expression, into target: Int) {
        guard case .range(let lower, let upper, let isClosed) = position.kind, lower == nil || upper == nil else {
            compile(position, into: target)
            return
        }
        let first = lower.map { operand($0) } ?? -1
        let last = upper.map { operand($0) } ?? -1
        builder.emit(isClosed ? .makePartialRange : .makePartialHalfOpenRange, target, first, last, at: position.span)
    }

    // MARK: - Operators

    private mutating func compileBinary(
        _ operation: BinaryOperator, _ left: Expression, _ right: Expression, into target: Int, isFree: Bool,
        _ span: SourceSpan
    ) {
        let first = operand(left, in: target, isFree: isFree)
        if let number = right.smallInteger, operation == .add || operation == .subtract {
            builder.emit(operation == .add ? .addNumber : .subtractNumber, target, first, number, at: span)
            return
        }
        // What lies in the target must not be overwritten while the right side is computed.
        let second = operand(right)
        builder.emit(operation.opcode, target, first, second, at: span)
    }

    /// Jumps that are taken where the condition does not hold.
    mutating func compileCondition(_ condition: Expression, word: Int) -> [Int] {
        let mark = builder.next
        defer { builder.release(to: mark) }
        switch condition.kind {
        case .binary(let operation, let left, let right):
            guard let jumps = operation.jumps else { break }
            let first = operand(left)
            if let number = right.smallInteger {
                return [builder.emit(jumps.number, 0, first, number, at: condition.span)]
            }
            return [builder.emit(jumps.register, 0, first, operand(right), at: condition.span)]
        case .logical(.and, let left, let right):
            return compileCondition(left, word: 2) + compileCondition(right, word: 2)
        default: break
        }
        let value = operand(condition)
        return [builder.emit(.jumpIfFalse, 0, value, word, at: condition.span)]
    }

    // MARK: - Calls

    private mutating func compileCall(_ call: Call, piped: Int?, into target: Int, _ span: SourceSpan) {
        // The callee and its arguments lie side by side at the top of the frame.
        let base = piped == nil && target == builder.next - 1 ? target : builder.allocate()
        var command: CommandFunction?
        var slot: Int?
        var name = ""
        switch call.callee {
        case .name(let word):
            name = word.text
            switch place(of: name) {
            case .command(let found): command = found
            case .global(let found): slot = found
            default: load(name, into: base, word.span)
            }
        case .value(let value): compile(value, into: base)
        }
        if let piped { builder.emit(.take, builder.allocate(), piped, at: span) }
        for argument in call.arguments {
            let register = builder.allocate()
            compile(argument.value, into: register)
        }
        var keyNames: [String] = []
        if let predicate = call.predicate { compileRowFunction(predicate, into: builder.allocate()) }
        if let key = call.key {
            let keys: [Expression]
            if case .list(let items) = key.kind { keys = items } else { keys = [key] }
            for key in keys {
                compileRowFunction(key, into: builder.allocate())
                keyNames.append(keyName(key))
            }
        }
        let count = call.arguments.count + (piped == nil ? 0 : 1)
        let isPlain = call.predicate == nil && call.key == nil && call.arguments.allSatisfy { $0.label == nil }
        if let slot, isPlain {
            builder.emit(.callGlobal, base, count, slot, at: span)
        } else {
            if let slot { builder.emit(.loadGlobal, base, slot, at: span) }
            let labels = (piped == nil ? [] : [nil]) + call.arguments.map { $0.label?.text }
            let spans = (piped == nil ? [] : [call.name?.span ?? span]) + call.arguments.map(\.value.span)
            builder.sites.append(
                CallSite(
                    name: name, labels: labels, spans: spans, isPiped: piped != nil,
                    hasPredicate: call.predicate != nil, keyNames: keyNames,
                    command: command))
            builder.emit(command == nil ? .call : .callCommand, base, count, builder.sites.count - 1, at: span)
        }
        if base != target { builder.emit(.take, target, base, at: span) }
    }

    /// What a column made by `by` is called.
    private func keyName(_ key: Expression) -> String {
        if case .rowField(let name) = key.kind { return name.text }
        return source.text(key.span)
    }
}

extension Expression {
    /// An integer literal that fits an instruction.
    var smallInteger: Int? { integerLiteral.flatMap { abs($0) < 1 << 30 ? $0 : nil } }
}

extension BinaryOperator {
    fileprivate var opcode: Opcode {
        switch self {
        case .add: .add
        case .subtract: .subtract
        case .multiply: .multiply
        case .divide: .divide
        case .floorDivide: .floorDivide
        case .remainder: .remainder
        case .power: .power
        case .equal: .equal
        case .notEqual: .notEqual
        case .less: .less
        case .lessOrEqual: .lessOrEqual
        case .greater: .greater
        case .greaterOrEqual: .greaterOrEqual
        }
    }

    fileprivate var jumps: (register: Opcode, number: Opcode)? {
        switch self {
        case .equal: (.jumpUnlessEqual, .jumpUnlessEqualNumber)
        case .notEqual: (.jumpUnlessNotEqual, .jumpUnlessNotEqualNumber)
        case .less: (.jumpUnlessLess, .jumpUnlessLessNumber)
        case .lessOrEqual: (.jumpUnlessLessOrEqual, .jumpUnlessLessOrEqualNumber)
        case .greater: (.jumpUnlessGreater, .jumpUnlessGreaterNumber)
        case .greaterOrEqual: (.jumpUnlessGreaterOrEqual, .jumpUnlessGreaterOrEqualNumber)
        case .add, .subtract, .multiply, .divide, .floorDivide, .remainder, .power: nil
        }
    }
}
