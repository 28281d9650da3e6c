/// A matrix of activations on a tape: `rows` × `columns` floats. Its gradient exists only while the backward pass needs
/// it.
public struct Variable: Sendable {
    public let place: Place
    public let rows: Int
    public let columns: Int
    /// Its place in the tape's table of gradients.
    let slot: Int

    public var count: Int { rows * columns }
}

/// A parameter and where its gradient is summed. Backward passes only ever add to `gradient`.
public struct Weight: Sendable {
    public let values: Place
    public let gradient: Place

    public init(values: Place, gradient: Place) {
        self.values = values
        self.gradient = gradient
    }
}

/// What a pass is for.
public enum PassKind: Sendable {
    /// Operations keep what a backward pass needs.
    case recorded
    /// Values only.
    case plain
    /// Values only, of a few rows that each meet a whole matrix: the tokens of a generation.
    case decoding
}

/// What one forward operation leaves behind for its backward pass. One case for each operation in `Operations/`.
enum Operation {
    case embedding(EmbeddingOperation)
    case dropout(DropoutOperation)
    case linear(LinearOperation)
    case layerNorm(LayerNormOperation)
    case rmsNorm(RMSNormOperation)
    case gelu(GELUOperation)
    case swiglu(SwiGLUOperation)
    case rotary(RotaryOperation)
    case attention(CausalAttentionOperation)
    case crossEntropy(CrossEntropyOperation)
    case gatherRows(GatherRowsOperation)
    case replaceRows(ReplaceRowsOperation)
    case relu(ReLUOperation)
    case concatenation(ConcatenationOperation)
    case lstmCell(LSTMCellOperation)
    case keyAttention(KeyAttentionOperation)
    case squaredError(SquaredErrorOperation)
}

/// The record of a forward pass, played backwards to get gradients.
///
/// Operations are fused and few (a GPT-2 block is seven), each a record that the executor computes forwards and
/// backwards. Values live in an arena until the step is over. A gradient lives from the first consumer that writes it
/// until its producer has used it, in buffers that are handed from one variable to the next; so the backward pass needs
/// little more memory than the widest layer, and a step that repeats allocates nothing.
///
/// Gradient rule: the first contribution to a variable's gradient overwrites, later ones add; weights' gradients always
/// add.
public final class Tape {
    public let executor: any Executor
    /// The memory of its passes.
    public let memory: Workspace
    @exclusivity(unchecked) public private(set) var kind = PassKind.plain
    /// Whether operations keep what a backward pass needs.
    public var isRecording: Bool { kind == .recorded }

    private var operations: ContiguousArray<Operation> = []
    // One more for every variable of every pass, as in the arena.
    @exclusivity(unchecked) private var gradients: ContiguousArray<Place?> = []

    public init(_ executor: any Executor) {
        self.executor = executor
        memory = Workspace(executor)
        operations.reserveCapacity(512)
        gradients.reserveCapacity(1024)
    }

    /// Forgets the last pass and starts a new one.
    public func begin(_ kind: PassKind) {
        operations.removeAll(keepingCapacity: true)
        gradients.removeAll(keepingCapacity: true)
        memory.reset()
        self.kind = kind
    }

    /// A new variable with uninitialised values.
    public func variable(rows: Int, columns: Int) -> Variable {
        gradients.append(nil)
        return Variable(
            place: memory.arena.take(rows * columns), rows: rows, columns: columns, slot: gradients.count - 1)
    }

    /// A variable with the given values (rows, columns): an input of the pass.
    public func variable(_ values: [Float], columns: Int) -> Variable {
        let variable = variable(rows: values.count / max(columns, 1), columns: columns)
        executor.copyIn(values, to: variable.place)
        return variable
    }

    /// Whole numbers that live as long as the pass.
    public func indices(_ values: [Int32]) -> Indices {
        let indices = memory.arena.takeIndices(values.count)
        executor.fill(indices) { target in _ = target.update(fromContentsOf: values) }
        return indices
    }

    /// A variable of its own that lies where `x` does, for an operation that works in place.
    func alias(of x: Variable) -> Variable {
        gradients.append(nil)
        return Variable(place: x.place, rows: x.rows, columns: x.columns, slot: gradients.count - 1)
    }

    /// The result of `body`, which turns `x` into values of the same shape. In a pass that is not recorded the result
    /// takes the place of `x` and whatever else `body` made is forgotten: a pass of any depth needs the memory of one
    /// block.
    public func replacing(_ x: Variable, _ body: () throws -> Variable) rethrows -> Variable {
        if isRecording { return try body() }
        let mark = memory.arena.mark
        let y = try body()
        executor.copy(y.place, to: x.place)
        memory.arena.rewind(to: mark)
        return x
    }

    func record(_ operation: Operation) {
        if isRecording { operations.append(operation) }
    }

    /// Adds d(loss)/d(weight) to every weight's gradient. The pass ends in losses that seed their own gradients.
    public func backward() {
        precondition(isRecording, "backward() after a pass that was not recorded")
        for operation in operations.reversed() {
            switch operation {
            case .embedding(let operation): operation.backward(self)
            case .dropout(let operation): operation.backward(self)
            case .linear(let operation): operation.backward(self)
            case .layerNorm(let operation): operation.backward(self)
            case .rmsNorm(let operation): operation.backward(self)
            case .gelu(let operation): operation.backward(self)
            case .swiglu(let operation): operation.backward(self)
            case .rotary(let operation): operation.backward(self)
            case .attention(let operation): operation.backward(self)
            case .crossEntropy(let operation): operation.backward(self)
            case .gatherRows(let operation): operation.backward(self)
            case .replaceRows(let operation): operation.backward(self)
            case .relu(let operation): operation.backward(self)
            case .concatenation(let operation): operation.backward(self)
            case .lstmCell(let operation): operation.backward(self)
            case .keyAttention(let operation): operation.backward(self)
            case .squaredError(let operation): operation.backward(self)
            }
        }
    }

    // MARK: Gradients of variables

    /// The gradient that consumers have written for `variable`; nil if the loss does not depend on it.
    func gradient(of variable: Variable) -> Place? { gradients[variable.slot] }

    /// A copy of the gradient of a variable that no operation made: those of others are gone once they have been used.
    public func inputGradient(of variable: Variable) -> [Float] {
        guard let place = gradients[variable.slot] else { return [Float](repeating: 0, count: variable.count) }
        return executor.copyOut(place)
    }

    /// Where to write a contribution to the gradient of `variable`, and whether to add to what is there.
    func contribute(to variable: Variable) -> GradientTarget {
        if let place = gradients[variable.slot] { return GradientTarget(place: place, accumulates: true) }
        let place = memory.take(variable.count)
        gradients[variable.slot] = place
        return GradientTarget(place: place, accumulates: false)
    }

    /// Adds the gradient of `source` to that of `target`, by handing the buffer over when nothing is there yet.
    /// `source` has no gradient afterwards.
    func passGradient(from source: Variable, to target: Variable) {
        guard let place = gradients[source.slot] else { return }
        if let existing = gradients[target.slot] {
            executor.add(place, to: existing)
            releaseGradient(of: source)
        } else {
            gradients[target.slot] = place
            gradients[source.slot] = nil
        }
    }

    /// Called by a variable's producer when it has used the gradient.
    func releaseGradient(of variable: Variable) {
        guard let place = gradients[variable.slot] else { return }
        gradients[variable.slot] = nil
        memory.giveBack(place)
    }
}
