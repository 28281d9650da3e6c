// A compiled function, and functions as values.

/// One place in the text where something is called with labels or clauses, or where a command is called.
final class CallSite {
    let name: String
    /// For each argument in order its label; nil for a value given by place.
    let labels: [String?]
    let spans: [SourceSpan]
    let isPiped: Bool
    /// After the arguments: a closure for `where`, then one for each key of `by`.
    let hasPredicate: Bool
    let keyNames: [String]
    /// What is called, where that is a command.
    let command: CommandFunction?
    let hasLabels: Bool

    init(
        name: String, labels: [String?], spans: [SourceSpan], isPiped: Bool, hasPredicate: Bool, keyNames: [String],
        command: CommandFunction?
    ) {
        self.name = name
        self.labels = labels
        self.spans = spans
        self.isPiped = isPiped
        self.hasPredicate = hasPredicate
        self.keyNames = keyNames
        self.command = command
        hasLabels = labels.contains { $0 != nil }
    }
}

/// An assignment to `root.a[0].b`.
struct AssignmentPath {
    enum Root {
        case register(Int)
        case global(Int)
        case box(register: Int)
        case captureBox(Int)
    }

    var root: Root
    var steps: [Access.Step]
    /// Where the positions lie.
    var base: Int
    var count: Int
}

/// Where an error between two instructions goes on.
struct Handler {
    var start: Int
    var end: Int
    var target: Int
    /// The register that gets the error.
    var register: Int
}

enum CaptureSource {
    case register(Int)
    case capture(Int)
    case function
}

final class Code {
    let name: String
    let signature: CommandSignature
    let source: SourceText
    let parameterCount: Int
    /// Parameters given by place; those with labels follow.
    let placedCount: Int
    let registerCount: Int
    let instructions: UnsafeMutablePointer<Instruction>
    let instructionCount: Int
    let constants: UnsafeMutablePointer<Value>
    let constantCount: Int
    /// For each instruction the words it was made from.
    let spans: [SourceSpan]
    let handlers: [Handler]
    let functions: [Code]
    let captures: [CaptureSource]
    let sites: [CallSite]
    let names: [String]
    let recordKeys: [[String]]
    let paths: [AssignmentPath]

    init(_ builder: CodeBuilder) {
        name = builder.name
        signature = builder.signature
        source = builder.source
        parameterCount = builder.parameterCount
        placedCount = builder.placedCount
        registerCount = builder.registerMax
        instructionCount = builder.instructions.count
        instructions = .allocate(capacity: max(instructionCount, 1))
        instructions.initialize(from: builder.instructions, count: instructionCount)
        constantCount = builder.constants.count
        constants = .allocate(capacity: max(constantCount, 1))
        constants.initialize(from: builder.constants, count: constantCount)
        spans = builder.spans
        handlers = builder.handlers
        functions = builder.functions
        captures = builder.captures.map(\.source)
        sites = builder.sites
        names = builder.names
        recordKeys = builder.recordKeys
        paths = builder.paths
    }

    deinit {
        constants.deinitialize(count: constantCount)
        constants.deallocate()
        instructions.deallocate()
    }
}

/// A function of the language: code with what it has taken along from around it.
final class Closure: FunctionObject {
    /// What a call needs, without a reference count.
    struct Entry {
        let start: UnsafeMutablePointer<Instruction>
        let constants: UnsafeMutablePointer<Value>
        let captures: UnsafeMutablePointer<Value>
        let registerCount: Int
        /// How many values it takes where all are given by place and none may be left out; -1 where there are labels.
        let plainCount: Int
        let closure: Unmanaged<Closure>
    }

    let code: Code
    let entry: UnsafeMutablePointer<Entry>
    private let captureCount: Int
    /// For each parameter its default, evaluated when the function was made.
    var defaults: [Value?]

    init(_ code: Code, captures: [Value], defaults: [Value?]) {
        self.code = code
        self.defaults = defaults
        captureCount = captures.count
        let memory = UnsafeMutablePointer<Value>.allocate(capacity: max(captures.count, 1))
        memory.initialize(from: captures, count: captures.count)
        entry = .allocate(capacity: 1)
        super.init(code.signature)
        for value in captures {
            if case .object(let object) = value, object.nesting >= nesting { nesting = object.nesting + 1 }
        }
        entry.initialize(
            to: Entry(
                start: code.instructions, constants: code.constants, captures: memory,
                registerCount: code.registerCount,
                plainCount: code.parameterCount == code.placedCount ? code.parameterCount : -1,
                closure: Unmanaged.passUnretained(self)))
    }

    deinit {
        entry.pointee.captures.deinitialize(count: captureCount)
        entry.pointee.captures.deallocate()
        entry.deallocate()
    }
}

/// A local variable that a closure shares with its surroundings.
final class Box: Object {
    var value: Value
    init(_ value: Value) {
        self.value = value
        super.init()
        nesting = value.nesting
    }
}
