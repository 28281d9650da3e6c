// From the tree to instructions. A statement of the top level becomes the code of a function without parameters; its
// `let`s and `def`s are names of the session, names made in its blocks are registers.

/// What the compiler knows of the session.
struct CompilerScope {
    let globals: Globals
    /// Verbs and functions that are built in.
    let commands: [String: CommandFunction]
    /// Functions that the host's library defines, under their names after `libraryPrefix`.
    var library: Set<String> = []
    static let libraryPrefix = "library" + String(Importer.separator)
    /// Set in front of the names of an imported file's own top level.
    var prefix = ""
    /// Names of the file's own top level.
    var fileNames: Set<String> = []
}

struct Compiler {
    let scope: CompilerScope
    let source: SourceText
    let boxed: Set<Int>
    var builder: CodeBuilder

    /// What `jumpIfFalse` and `checkBoolean` say about a value that is not true or false.
    static let conditionWords = ["if", "while", "and", "or", "not", "where"]

    /// A statement of the top level as code that gives the value to be shown.
    static func compile(_ statement: Statement, in source: SourceText, _ scope: CompilerScope) -> Code {
        let builder = CodeBuilder(name: "", signature: CommandSignature("", ""), source: source, parent: nil)
        builder.isTopLevel = true
        var compiler = Compiler(
            scope: scope, source: source, boxed: SharedNames.places(in: statement), builder: builder
        )
        compiler.compileTail(statement)
        return Code(compiler.builder)
    }

    // MARK: - Blocks

    mutating func compileBlock(_ block: Block, isTail: Bool = false) {
        let wasTopLevel = builder.isTopLevel
        builder.isTopLevel = false
        builder.scopes.append([:])
        let mark = builder.next
        if isTail { compileTail(block) } else { for statement in block.statements { compile(statement) } }
        builder.release(to: mark)
        builder.scopes.removeLast()
        builder.isTopLevel = wasTopLevel
    }

    /// The body of a function: the value of its last expression is its result.
    mutating func compileTail(_ block: Block) {
        for statement in block.statements.dropLast() { compile(statement) }
        if let last = block.statements.last { compileTail(last) } else { giveNone(at: block.span) }
    }

    mutating func compileTail(_ statement: Statement) {
        switch statement.kind {
        case .expression(let value):
            giveBack(value, at: statement.span)
        case .conditional(let branches, let otherwise) where !builder.isTopLevel:
            compileConditional(branches, otherwise, statement.span, isTail: true)
        case .attempt(let body, let name, let handler) where !builder.isTopLevel:
            compileAttempt(body, name, handler, statement.span, isTail: true)
        default:
            compile(statement)
            giveNone(at: statement.span)
        }
    }

    /// Ends a function with its result.
    private mutating func giveBack(_ value: Expression, at span: SourceSpan) {
        let mark = builder.next
        if case .binary(.add, let left, let right) = value.kind, right.smallInteger == nil {
            let first = operand(left)
            builder.emit(.giveBackSum, 0, first, operand(right), at: value.span)
        } else {
            builder.emit(.giveBack, operand(value), at: span)
        }
        builder.release(to: mark)
    }

    /// Ends a function that has no result.
    private mutating func giveNone(at span: SourceSpan) {
        let result = builder.allocate()
        builder.emit(.constant, result, builder.constant(.none), at: span)
        builder.emit(.giveBack, result, at: span)
        builder.release(to: result)
    }

    // MARK: - Statements

    mutating func compile(_ statement: Statement) {
        let span = statement.span
        let mark = builder.next
        switch statement.kind {
        case .binding(let name, let value): compileBinding(name, value, span)
        case .assignment(let target, let value):
            compileAssignment(target, value, span)
            builder.release(to: mark)
        case .definition(let definition): compileDefinition(definition)
        case .forLoop(let name, let sequence, let body):
            compileFor(name, sequence, body, span)
            builder.release(to: mark)
        case .whileLoop(let condition, let body):
            let start = builder.here
            builder.loops.append(.init(start: start))
            let exits = compileCondition(condition, word: 1)
            compileBlock(body)
            builder.emit(.jumpBack, start, at: span)
            builder.land(exits + (builder.loops.popLast()?.breaks ?? []))
        case .conditional(let branches, let otherwise): compileConditional(branches, otherwise, span, isTail: false)
        case .returning(let value):
            guard let value else {
                giveNone(at: span)
                return
            }
            giveBack(value, at: span)
        case .breakLoop:
            let jump = builder.emit(.jump, at: span)
            if !builder.loops.isEmpty { builder.loops[builder.loops.count - 1].breaks.append(jump) }
        case .continueLoop: builder.emit(.jumpBack, builder.loops.last?.start ?? 0, at: span)
        case .attempt(let body, let name, let handler): compileAttempt(body, name, handler, span, isTail: false)
        case .importing(let path, let place): builder.emit(.importFile, builder.constant(.text(path)), at: place)
        case .expression(let value):
            let result = builder.allocate()
            compile(value, into: result)
            builder.release(to: mark)
        }
    }

    private mutating func compileBinding(_ name: Name, _ value: Expression, _ span: SourceSpan) {
        let register = builder.allocate()
        compile(value, into: register)
        if builder.isTopLevel {
            builder.emit(.storeGlobal, declaredSlot(name.text), register, at: span)
            builder.release(to: register)
            return
        }
        declare(name, register)
    }

    /// Gives the name to a register that holds its first value.
    private mutating func declare(_ name: Name, _ register: Int) {
        let isBoxed = boxed.contains(name.span.start)
        if isBoxed { builder.emit(.makeBox, register, at: name.span) }
        builder.declare(name.text, register: register, isBoxed: isBoxed)
    }

    private mutating func compileFor(_ name: Name, _ sequence: Expression, _ body: Block, _ span: SourceSpan) {
        let walk = builder.allocate(3)
        let element = builder.allocate()
        compile(sequence, into: walk)
        builder.emit(.iterate, walk, walk, at: sequence.span)
        let start = builder.here
        builder.emit(.next, walk, element, at: sequence.span)
        builder.loops.append(.init(start: start))
        builder.scopes.append([:])
        declare(name, element)
        compileBlock(body)
        builder.scopes.removeLast()
        builder.emit(.jump, start, at: span)
        builder.instructions[start].c = Int32(truncatingIfNeeded: builder.here)
        builder.land(builder.loops.popLast()?.breaks ?? [])
    }

    private mutating func compileConditional(
        _ branches: [Branch], _ otherwise: Block?, _ span: SourceSpan, isTail: Bool
    ) {
        var ends: [Int] = []
        for (number, branch) in branches.enumerated() {
            let exits = compileCondition(branch.condition, word: 0)
            compileBlock(branch.block, isTail: isTail)
            if !isTail, number < branches.count - 1 || otherwise != nil { ends.append(builder.emit(.jump, at: span)) }
            builder.land(exits)
        }
        if let otherwise { compileBlock(otherwise, isTail: isTail) } else if isTail { giveNone(at: span) }
        builder.land(ends)
    }

    private mutating func compileAttempt(
        _ body: Block, _ name: Name?, _ handler: Block?, _ span: SourceSpan, isTail: Bool
    ) {
        let start = builder.here
        compileBlock(body, isTail: isTail)
        let end = builder.here
        let over = builder.emit(.jump, at: span)
        let mark = builder.next
        let register = builder.allocate()
        builder.handlers.append(Handler(start: start, end: end, target: builder.here, register: register))
        builder.scopes.append([:])
        if let name { declare(name, register) }
        if let handler { compileBlock(handler, isTail: isTail) } else if isTail { giveNone(at: span) }
        builder.scopes.removeLast()
        builder.release(to: mark)
        builder.land(over)
        if isTail { giveNone(at: span) }
    }

    // MARK: - Definitions and closures

    private mutating func compileDefinition(_ definition: Definition) {
        let mark = builder.next
        let register = builder.allocate()
        let defaults = definition.parameters.filter { $0.defaultValue != nil }
        let base = builder.allocate(defaults.count)
        for (place, parameter) in defaults.enumerated() {
            if let value = parameter.defaultValue { compile(value, into: base + place) }
        }
        let inner = CodeBuilder(
            name: definition.name.text, signature: definition.signature(in: source), source: source, parent: builder)
        if !builder.isTopLevel { inner.ownName = definition.name.text }
        let code = compileFunction(
            inner, definition.parameters.map(\.name), definition.body,
            placed: definition.parameters.filter { !$0.isLabelled }.count)
        builder.functions.append(code)
        builder.emit(.makeClosure, register, builder.functions.count - 1, base, at: definition.span)
        if builder.isTopLevel {
            builder.emit(.finishDefinition, declaredSlot(definition.name.text), register, at: definition.span)
            builder.release(to: mark)
        } else {
            builder.release(to: register + 1)
            declare(definition.name, register)
        }
    }

    mutating func compileClosure(_ parameters: [Name], _ body: Block, into target: Int, _ span: SourceSpan) {
        let signature = CommandSignature("", "", parameters.map { .value($0.text, .any) })
        let inner = CodeBuilder(name: "", signature: signature, source: source, parent: builder)
        let code = compileFunction(inner, parameters, body, placed: parameters.count)
        builder.functions.append(code)
        builder.emit(.makeClosure, target, builder.functions.count - 1, -1, at: span)
    }

    private mutating func compileFunction(
        _ inner: CodeBuilder, _ parameters: [Name], _ body: Block, placed: Int
    ) -> Code {
        inner.parameterCount = parameters.count
        inner.placedCount = placed
        let outer = builder
        builder = inner
        let first = builder.allocate(parameters.count)
        for (place, name) in parameters.enumerated() { declare(name, first + place) }
        builder.scopes.append([:])
        compileTail(body)
        builder = outer
        return Code(inner)
    }

    /// `where` or `by` as a function of a row.
    mutating func compileRowFunction(_ value: Expression, into target: Int) {
        let signature = CommandSignature("", "", [.value("row", .any)])
        let inner = CodeBuilder(name: "", signature: signature, source: source, parent: builder)
        inner.parameterCount = 1
        inner.placedCount = 1
        let outer = builder
        builder = inner
        let row = builder.allocate()
        builder.declare(".", register: row, isBoxed: false)
        giveBack(value, at: value.span)
        builder = outer
        builder.functions.append(Code(inner))
        builder.emit(.makeClosure, target, builder.functions.count - 1, -1, at: value.span)
    }

    // MARK: - Names

    enum Place {
        case register(Int)
        case box(register: Int)
        case capture(Int)
        case captureBox(Int)
        case function
        case global(Int)
        case command(CommandFunction)
    }

    func place(of word: String) -> Place {
        if let local = builder.local(word) {
            return local.isBoxed ? .box(register: local.register) : .register(local.register)
        }
        if builder.ownName == word { return .function }
        if let found = builder.capture(word) { return found.isBoxed ? .captureBox(found.index) : .capture(found.index) }
        if !scope.prefix.isEmpty, scope.fileNames.contains(word) {
            return .global(scope.globals.slotInCode(of: scope.prefix + word))
        }
        if scope.globals.kind(of: word) == .undefined {
            if let command = scope.commands[word] { return .command(command) }
            if scope.library.contains(word) {
                return .global(scope.globals.slotInCode(of: CompilerScope.libraryPrefix + word))
            }
        }
        return .global(scope.globals.slotInCode(of: word))
    }

    /// The slot of a name that the top level gives a value here.
    func declaredSlot(_ word: String) -> Int {
        scope.globals.slotInCode(of: scope.fileNames.contains(word) ? scope.prefix + word : word)
    }

    // MARK: - Assignment

    private mutating func compileAssignment(_ target: Expression, _ value: Expression, _ span: SourceSpan) {
        guard case .name(let word) = target.kind else {
            compilePath(target, value, span)
            return
        }
        if compileGrowth(word, value, span) { return }
        switch place(of: word) {
        case .register(let register):
            if value.isArithmetic {
                compile(value, into: register, targetIsLive: true)
            } else {
                let result = builder.allocate()
                compile(value, into: result)
                builder.emit(.take, register, result, at: span)
            }
        case .box(let register):
            let result = builder.allocate()
            compile(value, into: result)
            builder.emit(.storeBox, register, result, at: span)
        case .captureBox(let index):
            let result = builder.allocate()
            compile(value, into: result)
            builder.emit(.storeCaptureBox, index, result, at: span)
        case .global(let slot):
            let result = builder.allocate()
            compile(value, into: result)
            builder.emit(.storeGlobal, slot, result, at: span)
        case .capture, .function, .command:
            // Cannot happen: what is assigned and captured has a box, and verbs and functions take no value.
            let result = builder.allocate()
            compile(value, into: result)
        }
    }

    /// `xs = xs + …` and `xs = append(xs, …)` make the value longer where it lies. What is added is computed first,
    /// so this is only done where that cannot change the value: where it calls nothing of the user's.
    private mutating func compileGrowth(_ word: String, _ value: Expression, _ span: SourceSpan) -> Bool {
        let place = place(of: word)
        switch value.kind {
        case .binary(.add, let left, let right):
            guard case .name(word) = left.kind, case .global(let slot) = place, !callsFunctions(right) else {
                return false
            }
            let added = operand(right)
            builder.emit(.appendGlobal, slot, added, at: value.span)
            return true
        case .call(let call):
            guard call.name?.text == "append", case .command = self.place(of: "append"), call.arguments.count == 2,
                call.arguments.allSatisfy({ $0.label == nil }), case .name(word) = call.arguments[0].value.kind,
                !callsFunctions(call.arguments[1].value)
            else { return false }
            switch place {
            case .global(let slot): builder.emit(.pushGlobal, slot, operand(call.arguments[1].value), at: value.span)
            case .register(let register):
                builder.emit(.push, register, operand(call.arguments[1].value), at: value.span)
            case .box, .capture, .captureBox, .function, .command: return false
            }
            return true
        default: return false
        }
    }

    /// Whether evaluating it may run code of the user's.
    private func callsFunctions(_ expression: Expression) -> Bool {
        switch expression.kind {
        case .none, .boolean, .integer, .bigInteger, .real, .name, .rowField, .invalid, .closure: return false
        case .text(let pieces):
            return pieces.contains { piece in
                if case .interpolation(let value) = piece { return callsFunctions(value) }
                return false
            }
        case .selector(let selector): return selector.index.map { callsFunctions($0) } ?? false
        case .list(let items): return items.contains { callsFunctions($0) }
        case .record(let entries): return entries.contains { callsFunctions($0.value) }
        case .range(let lower, let upper, _):
            return (lower.map { callsFunctions($0) } ?? false) || (upper.map { callsFunctions($0) } ?? false)
        case .call(let call):
            guard let name = call.name, case .command = place(of: name.text), call.predicate == nil, call.key == nil
            else { return true }
            return call.arguments.contains { argument in
                if case .closure = argument.value.kind { return true }
                if case .name = argument.value.kind,
                    scope.commands[name.text]?.signature.parameters.contains(where: { $0.kind == .function }) ?? true
                {
                    return true
                }
                return callsFunctions(argument.value)
            }
        case .pipeline, .timed, .attempt: return true
        case .index(let base, let positions): return callsFunctions(base) || positions.contains { callsFunctions($0) }
        case .field(let base, _): return callsFunctions(base)
        case .unary(_, let inner): return callsFunctions(inner)
        case .binary(_, let left, let right), .logical(_, let left, let right):
            return callsFunctions(left) || callsFunctions(right)
        }
    }

    private mutating func compilePath(_ target: Expression, _ value: Expression, _ span: SourceSpan) {
        var steps: [Access.Step] = []
        var positions: [Expression] = []
        var current = target
        while true {
            switch current.kind {
            case .index(let base, let indices):
                steps.insert(.index(count: indices.count), at: 0)
                positions.insert(contentsOf: indices, at: 0)
                current = base
                continue
            case .field(let base, let name):
                steps.insert(.field(name.text), at: 0)
                current = base
                continue
            default: break
            }
            break
        }
        let result = builder.allocate()
        let base = builder.allocate(positions.count)
        for (number, position) in positions.enumerated() { compilePosition(position, into: base + number) }
        compile(value, into: result)
        let root: AssignmentPath.Root
        if case .name(let word) = current.kind {
            switch place(of: word) {
            case .register(let register): root = .register(register)
            case .box(let register): root = .box(register: register)
            case .captureBox(let index): root = .captureBox(index)
            case .global(let slot): root = .global(slot)
            case .capture(let index):
                let copy = builder.allocate()
                builder.emit(.loadCapture, copy, index, at: span)
                root = .register(copy)
            case .function, .command: root = .register(builder.allocate())
            }
        } else {
            // A value without a name: it is changed and forgotten.
            let temporary = builder.allocate()
            compile(current, into: temporary)
            root = .register(temporary)
        }
        builder.paths.append(AssignmentPath(root: root, steps: steps, base: base, count: positions.count))
        builder.emit(.storePath, builder.paths.count - 1, result, at: target.span)
    }
}

extension Expression {
    /// Whether computing it into a variable that it reads is safe: its operands are read before the result is written.
    fileprivate var isArithmetic: Bool {
        switch kind {
        case .binary, .integer, .real, .boolean, .none, .unary(.minus, _): true
        default: false
        }
    }
}
