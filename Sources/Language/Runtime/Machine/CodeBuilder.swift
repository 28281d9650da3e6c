// The code of one function while it is being made: registers, scopes, what it takes along from around it.

final class CodeBuilder {
    let name: String
    let signature: CommandSignature
    let source: SourceText
    let parent: CodeBuilder?
    var parameterCount = 0
    var placedCount = 0

    var instructions: [Instruction] = []
    var spans: [SourceSpan] = []
    var constants: [Value] = []
    var handlers: [Handler] = []
    var functions: [Code] = []
    var captures: [(name: String, source: CaptureSource, isBoxed: Bool)] = []
    var sites: [CallSite] = []
    var names: [String] = []
    var recordKeys: [[String]] = []
    var paths: [AssignmentPath] = []

    struct Local {
        var register: Int
        var isBoxed: Bool
    }

    var scopes: [[String: Local]] = [[:]]
    /// The first register that is free.
    private(set) var next = 0
    private(set) var registerMax = 0
    /// The name under which the function can call itself without being captured.
    var ownName: String?
    /// Whether `let` and `def` make names of the top level here.
    var isTopLevel = false

    struct Loop {
        var breaks: [Int] = []
        var start: Int
    }

    var loops: [Loop] = []
    private var integerConstants: [Int: Int] = [:]
    private var nameIndices: [String: Int] = [:]

    init(name: String, signature: CommandSignature, source: SourceText, parent: CodeBuilder?) {
        self.name = name
        self.signature = signature
        self.source = source
        self.parent = parent
    }

    // MARK: - Registers

    func allocate(_ count: Int = 1) -> Int {
        let first = next
        next += count
        registerMax = max(registerMax, next)
        return first
    }

    func release(to register: Int) { next = register }

    // MARK: - Names

    func declare(_ word: String, register: Int, isBoxed: Bool) {
        scopes[scopes.count - 1][word] = Local(register: register, isBoxed: isBoxed)
    }

    func local(_ word: String) -> Local? {
        for scope in scopes.reversed() { if let found = scope[word] { return found } }
        return nil
    }

    /// The place among the captures of a name from around this function.
    func capture(_ word: String) -> (index: Int, isBoxed: Bool)? {
        if let known = captures.firstIndex(where: { $0.name == word }) { return (known, captures[known].isBoxed) }
        guard let parent else { return nil }
        if let local = parent.local(word) {
            captures.append((word, .register(local.register), local.isBoxed))
        } else if parent.ownName == word {
            captures.append((word, .function, false))
        } else if let outer = parent.capture(word) {
            captures.append((word, .capture(outer.index), outer.isBoxed))
        } else {
            return nil
        }
        return (captures.count - 1, captures[captures.count - 1].isBoxed)
    }

    // MARK: - Instructions

    @discardableResult
    func emit(_ operation: Opcode, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0, at span: SourceSpan) -> Int {
        instructions.append(Instruction(operation, a, b, c))
        spans.append(span)
        return instructions.count - 1
    }

    var here: Int { instructions.count }

    /// Lets a jump go to the next instruction.
    func land(_ jump: Int) { instructions[jump].a = Int32(truncatingIfNeeded: here) }
    func land(_ jumps: [Int]) { for jump in jumps { land(jump) } }

    func constant(_ value: Value) -> Int {
        if case .integer(let number) = value {
            if let known = integerConstants[number] { return known }
            integerConstants[number] = constants.count
        }
        constants.append(value)
        return constants.count - 1
    }

    func nameIndex(_ name: String) -> Int {
        if let known = nameIndices[name] { return known }
        nameIndices[name] = names.count
        names.append(name)
        return names.count - 1
    }
}
