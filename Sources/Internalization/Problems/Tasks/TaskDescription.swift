import Checkpoints
import Support

// Problems as the numbers they were made from, a tenth of their text: a task writes them anew, bit for bit.
//
// A file is safetensors: `inputs` (n, the task's `inputCount`; U8), and in the metadata `task`, a JSON object that says
// which task it is (its members are those of `TaskDescription`'s cases, under "kind"), `repeats` ("true" where an input
// may occur twice) and `sha256`, that of the text that comes out.

/// Which task problems were made by, as far as a file must know it.
struct TaskDescription: Codable, Equatable {
    enum Kind: String, Codable { case mult, add, modsum }

    var kind: Kind
    /// The fewest and the most digits of the first number, or of all.
    var digits: [Int]?
    /// Of the second factor.
    var by: [Int]?
    /// Whether both factors always have the same number of digits.
    var square: Bool?
    var padded: Bool?
    var chain: String?
    var order: String?
    var modulus: Int?

    /// Nil for problems that are not made of digits by a task of ours.
    init?(_ task: (any ProblemKind)?) {
        func ends(_ range: ClosedRange<Int>) -> [Int] { [range.lowerBound, range.upperBound] }
        switch task {
        case let task as Multiplication:
            kind = .mult
            (digits, by, square) = (ends(task.left), ends(task.right), task.isSquare)
            (padded, chain) = (task.isPadded, task.chain.rawValue)
        case let task as Addition:
            kind = .add
            (digits, order) = (ends(task.digits), task.order.rawValue)
        case let task as DigitSum:
            kind = .modsum
            (digits, modulus) = ([task.digits, task.digits], task.modulus)
        default: return nil
        }
    }

    /// The task itself; nil where the description is of none.
    func task() throws -> (any ProblemTask)? {
        func range(_ ends: [Int]?) -> ClosedRange<Int>? {
            guard let ends, ends.count == 2, ends[0] <= ends[1] else { return nil }
            return ends[0]...ends[1]
        }
        switch kind {
        case .mult:
            guard let left = range(digits), let right = range(by), let square, let padded,
                let chain = chain.flatMap({ Multiplication.Chain(rawValue: $0) })
            else { return nil }
            return try Multiplication(left: left, right: right, square: square, padded: padded, chain: chain)
        case .add:
            guard let digits = range(digits), let order = order.flatMap({ Addition.Order(rawValue: $0) }) else {
                return nil
            }
            return try Addition(digits: digits, order: order)
        case .modsum:
            guard let digits = range(digits), let modulus else { return nil }
            return try DigitSum(digits: digits.lowerBound, modulus: modulus)
        }
    }

    /// Whether the task could have drawn these inputs, which it must before it is asked to write them.
    func accepts(_ inputs: [UInt8], _ width: Int) -> Bool {
        guard inputs.allSatisfy({ $0 <= 9 }) else { return false }
        if kind == .modsum { return true }
        guard let digits, let first = digits.last, first <= width else { return false }
        let others = kind == .mult ? by ?? [] : digits
        func length(_ number: ArraySlice<UInt8>) -> Int {
            (number.lastIndex { $0 > 0 } ?? number.startIndex - 1) - number.startIndex + 1
        }
        return stride(from: 0, to: inputs.count, by: width).allSatisfy { start in
            let a = length(inputs[start..<start + first]), b = length(inputs[start + first..<start + width])
            return a >= digits[0] && b >= others[0] && (a == b || kind == .mult && square == false)
        }
    }
}

extension ProblemSet {
    /// Writes the numbers that the problems were made from.
    /// - Returns: false where they are not all what a task of ours writes; nothing is written then.
    /// - Throws: `FileError`.
    public func writeInputs(to path: String) throws -> Bool {
        guard let description = TaskDescription(task), let task = try description.task(),
            let inputs = inputs(task), try ProblemSet.of(task, inputs, hasRepetition).fingerprint == fingerprint
        else { return false }
        let metadata = [
            (name: "task", value: JSONWriter.text(try JSONValue(encoding: description), .compact)),
            (name: "repeats", value: hasRepetition ? "true" : "false"), (name: "sha256", value: fingerprint),
        ]
        try inputs.withUnsafeBytes { bytes in
            try SafeTensorsWriter.write(
                [StoredArray("inputs", shape: [count, task.inputCount], .uint8, bytes)], metadata: metadata, to: path)
        }
        return true
    }

    /// Reads such a file.
    /// - Throws: `FileError` where it is none, or where other problems come out than were written.
    public convenience init(inputs path: String) throws {
        let reader = try SafeTensorsReader(path)
        func metadata(_ name: String) -> String? { reader.metadata.first { $0.name == name }?.value }
        func malformed(_ rule: String) -> FileError { FileError(.malformed, path, rule) }
        guard let array = reader["inputs"], array.elementType == .uint8, array.shape.count == 2 else {
            throw malformed("has no inputs of problems")
        }
        guard let text = metadata("task"),
            let known = try? JSONReader.read(Array(text.utf8), path: path).decode(TaskDescription.self),
            let task = try? known.task(), task.inputCount == array.shape[1]
        else { throw malformed("does not say by which task its problems are written") }
        let inputs = try array.integers().map { UInt8(truncatingIfNeeded: $0) }
        guard known.accepts(inputs, task.inputCount) else {
            throw malformed("has inputs that \(task.name) does not have")
        }
        let set = try ProblemSet.of(task, inputs, metadata("repeats") == "true")
        guard set.fingerprint == metadata("sha256") else { throw malformed("has other problems than were written") }
        self.init(taskName: set.taskName, task: set.task, hasRepetition: set.hasRepetition, set.text)
    }

    private func inputs(_ task: some ProblemTask) -> [UInt8]? {
        let width = task.inputCount
        var inputs = [UInt8](repeating: 0, count: count * width)
        let isWhole = inputs.withUnsafeMutableBufferPointer { all in
            guard let base = all.baseAddress else { return count == 0 }
            return (0..<count).allSatisfy { index in
                withParts(of: index) { question, _, _ in task.read(question, into: base + index * width) }
            }
        }
        return isWhole ? inputs : nil
    }
}
