import Glibc

/// A matrix of activations on a tape: `rows` × `columns` floats. Its gradient exists only while the backward pass needs it.
public struct Variable {
    public let values: UnsafeMutablePointer<Float>
    public let rows: Int
    public let columns: Int
    /// Its place in the tape's table of gradients.
    let slot: Int

    public var count: Int { rows * columns }
}

/// A parameter and where its gradient is summed. Backward passes only ever add to `gradient`.
public struct Weight {
    public let values: UnsafeMutablePointer<Float>
    public let gradient: UnsafeMutablePointer<Float>

    public init(values: UnsafeMutablePointer<Float>, gradient: UnsafeMutablePointer<Float>) {
        self.values = values
        self.gradient = gradient
    }
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
/// Operations are fused and few (a GPT-2 block is seven), each a hand-written pair in one file. Values live in an arena
/// until the step is over. A gradient lives from the first consumer that writes it until its producer has used it, in
/// buffers that are handed from one variable to the next; so the backward pass needs little more memory than the widest
/// layer, and a step that repeats allocates nothing.
///
/// Gradient rule: the first contribution to a variable's gradient overwrites, later ones add; weights' gradients always add.
public final class Tape {
    public let workers: Workers
    public let arena = Arena()
    /// Whether operations keep what a backward pass needs.
    public private(set) var isRecording = false

    private var operations: ContiguousArray<Operation> = []
    private var gradients: ContiguousArray<UnsafeMutablePointer<Float>?> = []
    private var counts: ContiguousArray<Int> = []
    private var freeBuffers: ContiguousArray<(pointer: UnsafeMutablePointer<Float>, capacity: Int)> = []
    private var allBuffers: ContiguousArray<(pointer: UnsafeMutablePointer<Float>, capacity: Int)> = []

    public init(workers: Workers = .shared) {
        self.workers = workers
        operations.reserveCapacity(512)
        gradients.reserveCapacity(1024)
        counts.reserveCapacity(1024)
        freeBuffers.reserveCapacity(64)
        allBuffers.reserveCapacity(64)
    }

    deinit { for buffer in allBuffers { free(buffer.pointer) } }

    /// Forgets the last pass and starts a new one.
    public func begin(recording: Bool) {
        operations.removeAll(keepingCapacity: true)
        gradients.removeAll(keepingCapacity: true)
        counts.removeAll(keepingCapacity: true)
        freeBuffers.removeAll(keepingCapacity: true)
        freeBuffers.append(contentsOf: allBuffers)
        arena.reset()
        isRecording = recording
    }

    /// A new variable with uninitialised values.
    public func variable(rows: Int, columns: Int) -> Variable {
        gradients.append(nil)
        counts.append(rows * columns)
        return Variable(values: arena.take(rows * columns), rows: rows, columns: columns, slot: gradients.count - 1)
    }

    /// A variable of its own that lies where `x` does, for an operation that works in place.
    func alias(of x: Variable) -> Variable {
        gradients.append(nil)
        counts.append(x.count)
        return Variable(values: x.values, rows: x.rows, columns: x.columns, slot: gradients.count - 1)
    }

    /// The result of `body`, which turns `x` into values of the same shape. In a pass that is not recorded the result takes
    /// the place of `x` and whatever else `body` made is forgotten: a pass of any depth needs the memory of one block.
    public func replacing(_ x: Variable, _ body: () throws -> Variable) rethrows -> Variable {
        if isRecording { return try body() }
        let mark = arena.mark
        let y = try body()
        x.values.update(from: y.values, count: x.count)
        arena.rewind(to: mark)
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
    func gradient(of variable: Variable) -> UnsafeMutablePointer<Float>? { gradients[variable.slot] }

    /// A copy of the gradient of a variable that no operation made: those of others are gone once they have been used.
    public func inputGradient(of variable: Variable) -> [Float] {
        guard let pointer = gradients[variable.slot] else { return [Float](repeating: 0, count: variable.count) }
        return Array(UnsafeBufferPointer(start: pointer, count: variable.count))
    }

    /// Where to write a contribution to the gradient of `variable`, and whether to add to what is there.
    func contribute(to variable: Variable) -> (pointer: UnsafeMutablePointer<Float>, accumulate: Bool) {
        if let pointer = gradients[variable.slot] { return (pointer, true) }
        let pointer = takeBuffer(variable.count)
        gradients[variable.slot] = pointer
        return (pointer, false)
    }

    /// Adds the gradient of `source` to that of `target`, by handing the buffer over when nothing is there yet.
    /// `source` has no gradient afterwards.
    func passGradient(
        from source: Variable, to target: Variable,
        adding: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) -> Void
    ) {
        guard let pointer = gradients[source.slot] else { return }
        if let existing = gradients[target.slot] {
            adding(existing, pointer)
            releaseGradient(of: source)
        } else {
            gradients[target.slot] = pointer
            gradients[source.slot] = nil
        }
    }

    /// Called by a variable's producer when it has used the gradient.
    func releaseGradient(of variable: Variable) {
        guard let pointer = gradients[variable.slot] else { return }
        gradients[variable.slot] = nil
        giveBack(pointer)
    }

    /// A scratch buffer for one operation's backward pass; give it back with `giveBack`.
    func takeBuffer(_ count: Int) -> UnsafeMutablePointer<Float> {
        // The smallest free buffer that is large enough, so that a repeated step finds the same ones.
        var best = -1
        for (index, buffer) in freeBuffers.enumerated()
        where buffer.capacity >= count && (best < 0 || buffer.capacity < freeBuffers[best].capacity) {
            best = index
        }
        if best >= 0, freeBuffers[best].capacity <= 4 * max(count, 1024) {
            let buffer = freeBuffers[best]
            freeBuffers.swapAt(best, freeBuffers.count - 1)
            freeBuffers.removeLast()
            return buffer.pointer
        }
        let capacity = max(count + count / 8, 1024)
        let pointer = allocateFloats(capacity)
        allBuffers.append((pointer, capacity))
        return pointer
    }

    func giveBack(_ pointer: UnsafeMutablePointer<Float>) {
        guard let buffer = allBuffers.first(where: { $0.pointer == pointer }) else {
            preconditionFailure("not a buffer of this tape")
        }
        freeBuffers.append(buffer)
    }
}
