// The wall between what an operation is and the machine that computes it.
//
// An operation is a record (`Operations/`, its equations at the head of each file): the places of its inputs, outputs
// and weights, and the numbers of the host that it needs. The tape makes records, gives each result its place, and
// plays them backwards; in doing so it alone decides where a gradient lies and whether a contribution overwrites or
// adds. An executor only computes, in the order in which it is called, and no Swift code above it touches its memory:
// numbers go in by `fill`, `copyIn`, and come out by `read`, `copyOut` and as results. `CPU/` is one executor, and says
// what each operation's values are to the last bit.
//
// What a second one, on a device, may rely on:
//   · The records of a pass depend on nothing but shapes, keys of dropout and places. No number that the device computed decides what
//     is called next, so a whole step, from clearing the gradients to `update`, can be captured once and played again; ids,
//     positions, labels and offsets go in by `fill` before it. What changes from step to step by value (ids, dropout's keys, learning
//     rate, M, how many rows carry labels) are inputs of such a graph.
//   · A repeated step is given the same places: arena and buffers come back in the same order (`Workspace`).
//   · Losses, predictions and norms stay where they are until somebody calls `read` or looks at what `update` returns. `update` is
//     one operation: norm, clip and change; where the norm is not finite it changes nothing, so that nobody above
//     must look between the norm and the change.
//   · Weights, gradients and moments of a network are one buffer each, and a weight is a part of it: an executor may keep more beside
//     it (a copy in bf16, padded rows) under the same storage, as long as `read` and `fill` speak of float32 in the layout of files.
//
// Rule for gradients: a `GradientTarget` says whether its place is overwritten or added to; a weight's gradient is
// always added to.

/// Where an operation writes its share of a variable's gradient.
public struct GradientTarget: Sendable {
    public let place: Place
    /// Whether to add to what is there.
    public let accumulates: Bool
}

/// What `update` found and did.
public struct UpdateNorms: Sendable {
    /// ‖g‖ before clipping. Where it is not finite nothing has been changed.
    public var gradient: Double
    /// ‖Δw‖, decay included.
    public var change: Double
    /// What the gradients were multiplied by.
    public var factor: Float

    public init(gradient: Double, change: Double, factor: Float) {
        self.gradient = gradient
        self.change = change
        self.factor = factor
    }
}

public protocol Executor: AnyObject, Sendable {
    /// What decides the last bits of its results (number type, machine, threads), and whose large products they are,
    /// nil for its own: under equal profiles equal runs have equal bits.
    var profile: String { get }
    var library: String? { get }

    /// How products with weights read their factors.
    var precision: ProductPrecision { get }
    /// The same memory, computed with such products; itself where they are so already.
    func multiplying(in precision: ProductPrecision) throws(PrecisionFault) -> any Executor

    /// The same memory, computed with these threads of the host; itself where they do not matter.
    func using(_ workers: Workers) -> any Executor

    // MARK: Memory

    func allocate(_ count: Int, zeroed: Bool) -> Storage
    func free(_ storage: Storage)
    /// Shows numbers to the host: the memory itself where the host can read it, else a copy.
    func read<R>(_ place: Place, _ body: (UnsafeBufferPointer<Float>) throws -> R) rethrows -> R
    func read<R>(_ indices: Indices, _ body: (UnsafeBufferPointer<Int32>) throws -> R) rethrows -> R
    /// Lets the host write numbers, all of them: what it sees before is undefined.
    func fill<R>(_ place: Place, _ body: (UnsafeMutableBufferPointer<Float>) throws -> R) rethrows -> R
    func fill<R>(_ indices: Indices, _ body: (UnsafeMutableBufferPointer<Int32>) throws -> R) rethrows -> R
    func copy(_ source: Place, to target: Place)
    func clear(_ place: Place)
    /// target += source
    func add(_ source: Place, to target: Place)
    func areFinite(_ place: Place) -> Bool
    func sumOfSquares(_ place: Place, in memory: Workspace) -> Double

    // MARK: Operations of GPT-2 and the Llama family

    func forward(_ operation: EmbeddingOperation)
    func backward(_ operation: EmbeddingOperation, gradient: Place)
    func forward(_ operation: DropoutOperation)
    /// In place.
    func backward(_ operation: DropoutOperation, gradient: Place)
    func forward(_ operation: LinearOperation, in memory: Workspace)
    /// The residual's share is the gradient itself, which the tape hands on.
    func backward(_ operation: LinearOperation, gradient: Place, input: GradientTarget, in memory: Workspace)
    func forward(_ operation: LayerNormOperation)
    func backward(_ operation: LayerNormOperation, gradient: Place, input: GradientTarget, in memory: Workspace)
    func forward(_ operation: RMSNormOperation)
    func backward(_ operation: RMSNormOperation, gradient: Place, input: GradientTarget, in memory: Workspace)
    func forward(_ operation: GELUOperation)
    /// In place.
    func backward(_ operation: GELUOperation, gradient: Place)
    func forward(_ operation: SwiGLUOperation)
    /// Overwrites `input`.
    func backward(_ operation: SwiGLUOperation, gradient: Place, input: Place)
    func forward(_ operation: RotaryOperation)
    /// In place.
    func backward(_ operation: RotaryOperation, gradient: Place)
    func forward(_ operation: CausalAttentionOperation, in memory: Workspace)
    /// Overwrites the columns of queries, keys and values in the gradients of their variables.
    func backward(
        _ operation: CausalAttentionOperation, gradient: Place, query: Place, key: Place, value: Place,
        in memory: Workspace)
    /// The loss at labelled rows; where gradients are wanted also those of the rows and the head, which are at hand
    /// then.
    func forward(_ operation: CrossEntropyOperation, in memory: Workspace)
    func backward(_ operation: CrossEntropyOperation, input: GradientTarget)
    func forward(_ operation: GatherRowsOperation)
    func backward(_ operation: GatherRowsOperation, gradient: Place, input: GradientTarget)

    // MARK: Operations of distillation

    func forward(_ operation: ReplaceRowsOperation)
    /// Takes the replaced rows out of `gradient`.
    func backward(_ operation: ReplaceRowsOperation, gradient: Place, replacement: GradientTarget)
    func forward(_ operation: ReLUOperation)
    /// In place.
    func backward(_ operation: ReLUOperation, gradient: Place)
    func forward(_ operation: ConcatenationOperation)
    func backward(_ operation: ConcatenationOperation, gradient: Place, left: GradientTarget, right: GradientTarget)
    func forward(_ operation: LSTMCellOperation)
    /// A gradient that is nil is zero.
    func backward(
        _ operation: LSTMCellOperation, output: Place?, cell: Place?, gates: GradientTarget, before: GradientTarget?)
    func forward(_ operation: KeyAttentionOperation)
    func backward(
        _ operation: KeyAttentionOperation, gradient: Place, query: GradientTarget, keys: [GradientTarget],
        in memory: Workspace)
    /// ½ Σ (x − t)²
    func forward(_ operation: SquaredErrorOperation) -> Double
    func backward(_ operation: SquaredErrorOperation, input: GradientTarget)

    // MARK: Operations of passes without gradients

    /// How much a generation takes at a time; what it writes does not depend on that, except for the last bits on a
    /// device.
    var generationMost: GenerationMost { get }

    func forward(_ operation: SumOperation)
    func forward(_ operation: CachedAttentionOperation, in memory: Workspace)
    /// x (rows, inputs) · W, for the host.
    func product(_ operation: ProductOperation, to host: UnsafeMutableBufferPointer<Float>)
    /// Appends each row's most probable token, the lowest at a tie, and its probability; the logits are used up.
    func appendMostProbable(_ logits: Variable, to tokens: inout [Int32], _ probabilities: inout [Float])
    /// Appends the probability of each row's token; the logits are used up.
    func appendProbabilities(of tokens: [Int32], _ logits: Variable, to probabilities: inout [Float])
    /// Changes activations in place.
    func apply(_ edit: Edit, to variable: Variable)

    // MARK: The optimizer

    /// Clips the gradients of all networks by their common norm and changes the weights; see `AdamWOperation`.
    func update(_ networks: [AdamWOperation], clip: Float?, in memory: Workspace) -> UpdateNorms
}

/// As many sequences as keep matrices busy, and their cache, in floats, within what memory can be expected to have.
public struct GenerationMost: Sendable, Equatable {
    public let sequences: Int
    public let cacheFloats: Int

    public init(sequences: Int, cacheFloats: Int) {
        self.sequences = sequences
        self.cacheFloats = cacheFloats
    }
}

extension Executor {
    /// A screenful of rows, and 256 MB.
    public var generationMost: GenerationMost { GenerationMost(sequences: 256, cacheFloats: 1 << 26) }

    public func copyIn(_ values: [Float], to place: Place) {
        precondition(values.count == place.count, "\(values.count) numbers for \(place.count)")
        fill(place) { target in _ = target.update(fromContentsOf: values) }
    }

    public func copyOut(_ place: Place) -> [Float] { read(place) { Array($0) } }

    /// Appends numbers to an array, which allocates nothing where it has the room.
    public func append(_ place: Place, to values: inout [Float]) { read(place) { values.append(contentsOf: $0) } }
    public func append(_ indices: Indices, to values: inout [Int32]) { read(indices) { values.append(contentsOf: $0) } }

    /// The values of a variable, or of some of its rows: (rows, columns).
    public func copyOut(_ variable: Variable, rows: [Int]? = nil) -> [Float] {
        guard let rows else { return copyOut(variable.place) }
        let columns = variable.columns
        return read(variable.place) { source in
            [Float](unsafeUninitializedCapacity: rows.count * columns) { buffer, initialized in
                if let base = buffer.baseAddress, let source = source.baseAddress {
                    for (index, row) in rows.enumerated() {
                        (base + index * columns).initialize(from: source + row * columns, count: columns)
                    }
                }
                initialized = rows.count * columns
            }
        }
    }

    /// The product as an array, (rows, outputs).
    public func product(_ operation: ProductOperation) -> [Float] {
        let count = operation.rows * operation.outputs
        return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            if count > 0 { product(operation, to: UnsafeMutableBufferPointer(rebasing: buffer[..<count])) }
            initialized = count
        }
    }
}
