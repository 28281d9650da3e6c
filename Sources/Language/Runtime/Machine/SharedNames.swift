// Which local names have to live in a box: those that a closure or an inner `def` reads or writes and that somebody
// gives a new value. All others are taken along by value, and most stay in a register.

struct SharedNames: TreeWalker {
    private struct Declaration {
        var place: Int
        var depth: Int
        var isCaptured = false
        var isAssigned = false
    }

    /// The names of the blocks around, from the outside in. The outermost stays empty: top-level names need no box,
    /// because every function sees them where they are.
    private var scopes: [[String: Int]] = [[:]]
    private var declarations: [Declaration] = []
    /// How many functions are around.
    private var depth = 0

    /// Where in a statement of the top level names are declared that need a box.
    static func places(in statement: Statement) -> Set<Int> {
        var names = SharedNames()
        names.visit(statement)
        return Set(names.declarations.filter { $0.isCaptured && $0.isAssigned }.map(\.place))
    }

    private mutating func declare(_ name: Name) {
        scopes[scopes.count - 1][name.text] = declarations.count
        declarations.append(Declaration(place: name.span.start, depth: depth))
    }

    private mutating func declareUnlessTopLevel(_ name: Name) { if scopes.count > 1 { declare(name) } }

    private func find(_ word: String) -> Int? {
        for scope in scopes.reversed() { if let found = scope[word] { return found } }
        return nil
    }

    private mutating func read(_ word: String) {
        if let found = find(word), declarations[found].depth < depth { declarations[found].isCaptured = true }
    }

    // MARK: - The walk

    mutating func visit(_ statement: Statement) {
        walk(statement)
        if case .binding(let name, _) = statement.kind { declareUnlessTopLevel(name) }
    }

    mutating func visit(_ definition: Definition) {
        walkDefaults(definition)
        declareUnlessTopLevel(definition.name)
        visit(definition.body, declaring: definition.parameters.map(\.name), isFunction: true)
    }

    mutating func visit(_ expression: Expression) {
        if case .name(let word) = expression.kind { read(word) }
        walk(expression)
    }

    mutating func visit(_ call: Call, at span: SourceSpan, piped: Expression?) {
        if let name = call.name { read(name.text) }
        walk(call)
    }

    mutating func visitTarget(_ target: Expression) {
        guard case .name(let word) = target.kind else { return walkTarget(target) }
        read(word)
        if let found = find(word) { declarations[found].isAssigned = true }
    }

    mutating func visit(_ block: Block, declaring names: [Name], isFunction: Bool) {
        scopes.append([:])
        if isFunction { depth += 1 }
        for name in names { declare(name) }
        walk(block)
        if isFunction { depth -= 1 }
        scopes.removeLast()
    }
}
