// The tree of a program. Every node carries the span it was read from.
//
// A command (`train steps: 200`), a call (`train(steps: 200)`) and a stage of a pipeline are one kind of node, `Call`,
// so that nothing after the parser has to know two ways to apply a verb. Chains that people write without nesting
// (`a | b | c`, `else if`) are flat arrays; the depth of everything else is bounded by `Parser.depthMax`, so walking
// the tree recursively is safe.

/// A word with its place.
public struct Name: Sendable, Hashable {
    public var text: String
    public var span: SourceSpan

    public init(_ text: String, _ span: SourceSpan) {
        self.text = text
        self.span = span
    }
}

/// A parsed source text.
public struct Program: Sendable {
    public var statements: [Statement]
    /// The version of the language from the line `# icot 1`, where there is one.
    public var version: Int?

    public init(statements: [Statement], version: Int? = nil) {
        self.statements = statements
        self.version = version
    }
}

/// The statements between `{` and `}`.
public struct Block: Sendable {
    public var statements: [Statement]
    public var span: SourceSpan

    public init(_ statements: [Statement], _ span: SourceSpan) {
        self.statements = statements
        self.span = span
    }
}

public struct Statement: Sendable {
    public indirect enum Kind: Sendable {
        /// `let name = value`
        case binding(Name, Expression)
        /// `target = value`; the target is a `.name`, `.index` or `.field`
        case assignment(Expression, Expression)
        /// `def name(parameters) { … }`; the name is a verb from here on
        case definition(Definition)
        /// `for name in sequence { … }`
        case forLoop(Name, Expression, Block)
        /// `while condition { … }`
        case whileLoop(Expression, Block)
        /// `if … { … } else if … { … } else { … }`
        case conditional([Branch], otherwise: Block?)
        /// `return`, `return value`
        case returning(Expression?)
        case breakLoop
        case continueLoop
        /// `try { … } catch name { … }`; the handler may be missing (then an error is dropped)
        case attempt(Block, error: Name?, handler: Block?)
        /// `import "helpers.icot"`
        case importing(path: String, SourceSpan)
        /// A command, a pipeline or any other expression; its value is shown and becomes `_`
        case expression(Expression)
    }

    public var kind: Kind
    public var span: SourceSpan

    public init(_ kind: Kind, _ span: SourceSpan) {
        self.kind = kind
        self.span = span
    }
}

/// One `if` or `else if` with its block.
public struct Branch: Sendable {
    public var condition: Expression
    public var block: Block

    public init(condition: Expression, block: Block) {
        self.condition = condition
        self.block = block
    }
}

/// `def sweep(data, upto: 8, budget: 200) { … }`: words without a colon are values given by place, words with one are
/// labels; a label with a value after it may be left out.
public struct Definition: Sendable {
    public struct FormalParameter: Sendable {
        public var name: Name
        /// Whether the caller writes `name:` before the value.
        public var isLabelled: Bool
        public var defaultValue: Expression?

        public init(name: Name, isLabelled: Bool, defaultValue: Expression?) {
            self.name = name
            self.isLabelled = isLabelled
            self.defaultValue = defaultValue
        }
    }

    public var name: Name
    public var parameters: [FormalParameter]
    public var body: Block
    /// The `#` lines directly above the `def`, joined: what `?name` shows first.
    public var comment: String
    /// The span of the whole definition: what `??name` shows.
    public var span: SourceSpan

    public init(name: Name, parameters: [FormalParameter], body: Block, comment: String, span: SourceSpan) {
        self.name = name
        self.parameters = parameters
        self.body = body
        self.comment = comment
        self.span = span
    }
}

public struct Expression: Sendable {
    public indirect enum Kind: Sendable {
        case none
        case boolean(Bool)
        case integer(Int)
        /// The digits of an integer beyond 64 bits, without separators.
        case bigInteger(String)
        case real(Double)
        case text([TextPiece])
        /// A variable, a function used as a value, `_` (the last result) or `_7` (the result of line 7)
        case name(String)
        /// `.left`, `.answer[2]`: a choice, a column, a place
        case selector(Selector)
        /// `.name` inside `where` and `by`: the field of the row at hand
        case rowField(Name)
        case list([Expression])
        /// `[key: value]`, in order; `[:]` is the empty record
        case record([(key: Name, value: Expression)])
        /// `0...8`, `0..<8`; a missing end only inside an index (`xs[2...]`)
        case range(lower: Expression?, upper: Expression?, isClosed: Bool)
        /// `{ x, y in … }`; the value of the last expression is its result
        case closure(parameters: [Name], body: Block)
        case call(Call)
        /// `a | b | c`; each stage after the first is a command whose first value is the result of the stage before
        case pipeline([Expression])
        /// `xs[0]`, `a[0...2, 1]`
        case index(Expression, [Expression])
        /// `r.accuracy`
        case field(Expression, Name)
        case unary(UnaryOperator, Expression)
        case binary(BinaryOperator, Expression, Expression)
        /// `and`, `or`: the right side is evaluated only when the left does not decide
        case logical(LogicalOperator, Expression, Expression)
        /// `time …`: evaluates and reports how long it took
        case timed(Expression)
        /// `try …`: its value, or the error as a value
        case attempt(Expression)
        /// What stands where an expression could not be read; only in a program that has errors
        case invalid
    }

    public var kind: Kind
    public var span: SourceSpan
    /// The height of the tree below, bounded by the parser.
    public var depth: Int

    public init(_ kind: Kind, _ span: SourceSpan, depth: Int = 1) {
        self.kind = kind
        self.span = span
        self.depth = depth
    }
}

public enum TextPiece: Sendable {
    case literal(String)
    /// `{ expression }` inside a text
    case interpolation(Expression)
}

/// `.name` or `.name[index]`.
public struct Selector: Sendable {
    public var name: Name
    public var index: Expression?

    public init(name: Name, index: Expression? = nil) {
        self.name = name
        self.index = index
    }
}

/// A verb or a function applied to arguments.
public struct Call: Sendable {
    public enum Callee: Sendable {
        case name(Name)
        case value(Expression)
    }

    public enum Form: Sendable {
        /// `verb value label: value where … by …`
        case command
        /// `name(value, label: value)`
        case parenthesized
    }

    public var callee: Callee
    public var form: Form
    public var arguments: [Argument]
    /// `where` predicate over `.rowField`s
    public var predicate: Expression?
    /// `by` key over `.rowField`s
    public var key: Expression?

    public init(callee: Callee, form: Form, arguments: [Argument], predicate: Expression? = nil, key: Expression? = nil)
    {
        self.callee = callee
        self.form = form
        self.arguments = arguments
        self.predicate = predicate
        self.key = key
    }

    /// The word that is called, where it is a word.
    public var name: Name? {
        if case .name(let name) = callee { return name }
        return nil
    }
}

public struct Argument: Sendable {
    public var label: Name?
    public var value: Expression
    /// Label and value together.
    public var span: SourceSpan

    public init(label: Name?, value: Expression) {
        self.label = label
        self.value = value
        span = label.map { $0.span.union(value.span) } ?? value.span
    }
}

public enum UnaryOperator: String, Sendable {
    case minus = "-"
    case not
}

public enum LogicalOperator: String, Sendable {
    case and
    case or
}

public enum BinaryOperator: String, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    /// Division rounded down, exact for integers of any size.
    case floorDivide = "//"
    case remainder = "%"
    case power = "^"
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
}

extension Expression {
    /// The text of a literal without interpolation.
    public var constantText: String? {
        guard case .text(let pieces) = kind else { return nil }
        var whole = ""
        for piece in pieces {
            guard case .literal(let part) = piece else { return nil }
            whole += part
        }
        return whole
    }
}
