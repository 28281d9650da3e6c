// The one walk over the tree, for whoever looks at a whole text: the checker, the list of effects, the compiler's
// search for names that functions share.
//
// A walker says what it does at the nodes it cares about and hands everything else to `walk`, which visits the
// children in the order in which they are evaluated. Every block is entered through `visit(_:declaring:isFunction:)`
// with the names it begins with, so that a walker with scopes has one place to open and close them.

protocol TreeWalker {
    mutating func visit(_ statement: Statement)
    mutating func visit(_ definition: Definition)
    mutating func visit(_ expression: Expression)
    /// A verb or function with its arguments; `piped` is the stage whose result it is handed.
    mutating func visit(_ call: Call, at span: SourceSpan, piped: Expression?)
    /// What is given a value: a name, or an element or field of one.
    mutating func visitTarget(_ target: Expression)
    mutating func visit(_ block: Block, declaring names: [Name], isFunction: Bool)
}

extension TreeWalker {
    mutating func visit(_ statement: Statement) { walk(statement) }
    mutating func visit(_ definition: Definition) { walk(definition) }
    mutating func visit(_ expression: Expression) { walk(expression) }
    mutating func visit(_ call: Call, at span: SourceSpan, piped: Expression?) { walk(call) }
    mutating func visitTarget(_ target: Expression) { walkTarget(target) }
    mutating func visit(_ block: Block, declaring names: [Name], isFunction: Bool) { walk(block) }

    // MARK: - On to the children

    mutating func walk(_ statements: [Statement]) { for statement in statements { visit(statement) } }

    mutating func walk(_ block: Block) { walk(block.statements) }

    mutating func walk(_ statement: Statement) {
        switch statement.kind {
        case .binding(_, let value), .expression(let value): visit(value)
        case .assignment(let target, let value):
            visitTarget(target)
            visit(value)
        case .definition(let definition): visit(definition)
        case .forLoop(let name, let sequence, let body):
            visit(sequence)
            visit(body, declaring: [name], isFunction: false)
        case .whileLoop(let condition, let body):
            visit(condition)
            visit(body, declaring: [], isFunction: false)
        case .conditional(let branches, let otherwise):
            for branch in branches {
                visit(branch.condition)
                visit(branch.block, declaring: [], isFunction: false)
            }
            if let otherwise { visit(otherwise, declaring: [], isFunction: false) }
        case .returning(let value): if let value { visit(value) }
        case .attempt(let body, let name, let handler):
            visit(body, declaring: [], isFunction: false)
            if let handler { visit(handler, declaring: name.map { [$0] } ?? [], isFunction: false) }
        case .breakLoop, .continueLoop, .importing: break
        }
    }

    mutating func walk(_ definition: Definition) {
        walkDefaults(definition)
        visit(definition.body, declaring: definition.parameters.map(\.name), isFunction: true)
    }

    /// The values that parameters have where a call leaves them out; evaluated outside of the body.
    mutating func walkDefaults(_ definition: Definition) {
        for parameter in definition.parameters { if let value = parameter.defaultValue { visit(value) } }
    }

    mutating func walk(_ expression: Expression) {
        switch expression.kind {
        case .none, .boolean, .integer, .bigInteger, .real, .name, .rowField, .invalid: break
        case .text(let pieces): for case .interpolation(let value) in pieces { visit(value) }
        case .selector(let selector): if let index = selector.index { visit(index) }
        case .list(let items): for item in items { visit(item) }
        case .record(let entries): for entry in entries { visit(entry.value) }
        case .range(let lower, let upper, _):
            if let lower { visit(lower) }
            if let upper { visit(upper) }
        case .closure(let parameters, let body): visit(body, declaring: parameters, isFunction: true)
        case .call(let call): visit(call, at: expression.span, piped: nil)
        case .pipeline(let stages):
            for (index, stage) in stages.enumerated() {
                if index > 0, case .call(let call) = stage.kind {
                    visit(call, at: stage.span, piped: stages[index - 1])
                } else {
                    visit(stage)
                }
            }
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

    mutating func walk(_ call: Call) {
        if case .value(let callee) = call.callee { visit(callee) }
        for argument in call.arguments { visit(argument.value) }
        if let predicate = call.predicate { visit(predicate) }
        if let key = call.key { visit(key) }
    }

    mutating func walkTarget(_ target: Expression) {
        switch target.kind {
        case .index(let base, let positions):
            visitTarget(base)
            for position in positions { visit(position) }
        case .field(let base, _): visitTarget(base)
        default: visit(target)
        }
    }
}
