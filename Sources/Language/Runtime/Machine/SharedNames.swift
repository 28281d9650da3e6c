// Which local names have to live in a box: those that a closure or an inner `def` reads or writes and that somebody gives a
// new value. All others are taken along by value, and most stay in a register.

struct SharedNames {
    private struct Declaration {
        var place: Int
        var depth: Int
        var isCaptured = false
        var isAssigned = false
    }

    private var scopes: [[String: Int]] = [[:]]
    private var declarations: [Declaration] = []
    private var depth = 0
    /// Top-level names need no box: every function sees them where they are.
    private var topLevel: Bool

    /// Where in the text names are declared that need a box.
    static func places(in statements: [Statement], isTopLevel: Bool) -> Set<Int> {
        var names = SharedNames(topLevel: isTopLevel)
        for statement in statements { names.visit(statement, isTopLevel: isTopLevel) }
        return Set(names.declarations.filter { $0.isCaptured && $0.isAssigned }.map(\.place))
    }

    private init(topLevel: Bool) { self.topLevel = topLevel }

    private mutating func declare(_ name: Name) {
        scopes[scopes.count - 1][name.text] = declarations.count
        declarations.append(Declaration(place: name.span.start, depth: depth))
    }

    private func find(_ word: String) -> Int? {
        for scope in scopes.reversed() { if let found = scope[word] { return found } }
        return nil
    }

    private mutating func read(_ word: String) {
        if let found = find(word), declarations[found].depth < depth { declarations[found].isCaptured = true }
    }

    private mutating func block(_ block: Block, _ names: [Name] = [], isFunction: Bool = false) {
        scopes.append([:])
        if isFunction { depth += 1 }
        for name in names { declare(name) }
        for statement in block.statements { visit(statement, isTopLevel: false) }
        if isFunction { depth -= 1 }
        scopes.removeLast()
    }

    private mutating func visit(_ statement: Statement, isTopLevel: Bool) {
        switch statement.kind {
        case .binding(let name, let value):
            visit(value)
            if !isTopLevel { declare(name) }
        case .assignment(let target, let value):
            assign(target)
            visit(value)
        case .definition(let definition):
            for parameter in definition.parameters { if let value = parameter.defaultValue { visit(value) } }
            if !isTopLevel { declare(definition.name) }
            block(definition.body, definition.parameters.map(\.name), isFunction: true)
        case .forLoop(let name, let sequence, let body):
            visit(sequence)
            block(body, [name])
        case .whileLoop(let condition, let body):
            visit(condition)
            block(body)
        case .conditional(let branches, let otherwise):
            for branch in branches {
                visit(branch.condition)
                block(branch.block)
            }
            if let otherwise { block(otherwise) }
        case .returning(let value): if let value { visit(value) }
        case .breakLoop, .continueLoop, .importing: break
        case .attempt(let body, let name, let handler):
            block(body)
            if let handler { block(handler, name.map { [$0] } ?? []) }
        case .expression(let value): visit(value)
        }
    }

    private mutating func assign(_ target: Expression) {
        switch target.kind {
        case .name(let word):
            read(word)
            if let found = find(word) { declarations[found].isAssigned = true }
        case .index(let base, let positions):
            assign(base)
            for position in positions { visit(position) }
        case .field(let base, _): assign(base)
        default: visit(target)
        }
    }

    private mutating func visit(_ expression: Expression) {
        switch expression.kind {
        case .none, .boolean, .integer, .bigInteger, .real, .rowField, .invalid: break
        case .text(let pieces): for case .interpolation(let value) in pieces { visit(value) }
        case .name(let word): read(word)
        case .selector(let selector): if let index = selector.index { visit(index) }
        case .list(let items): for item in items { visit(item) }
        case .record(let entries): for entry in entries { visit(entry.value) }
        case .range(let lower, let upper, _):
            if let lower { visit(lower) }
            if let upper { visit(upper) }
        case .closure(let parameters, let body): block(body, parameters, isFunction: true)
        case .call(let call):
            switch call.callee {
            case .name(let name): read(name.text)
            case .value(let value): visit(value)
            }
            for argument in call.arguments { visit(argument.value) }
            if let predicate = call.predicate { visit(predicate) }
            if let key = call.key { visit(key) }
        case .pipeline(let stages): for stage in stages { visit(stage) }
        case .index(let base, let positions):
            visit(base)
            for position in positions { visit(position) }
        case .field(let base, _): visit(base)
        case .unary(_, let inner), .timed(let inner), .attempt(let inner): visit(inner)
        case .binary(_, let left, let right), .logical(_, let left, let right):
            visit(left)
            visit(right)
        }
    }
}
