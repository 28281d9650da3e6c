import Synchronization

/// An executor that computes nothing and has no memory: it counts what it is asked for. A pass over it, which needs no
/// longer than the making of its records, says what the same pass takes on a real one, because no number decides what
/// is called next (see `Executor`).
///
/// What an executor takes inside an operation is not counted; that is little beside what the pass keeps.
public final class MeasuringExecutor: Executor {
    private struct Count {
        var held = 0
        var most = 0
        var storages: UInt = 0
    }

    private let count = Mutex(Count())

    public init() {}

    /// The most floats that were held at any moment.
    public var peak: Int { count.withLock { $0.most } }

    public var profile: String { "measuring" }
    public var library: String? { nil }

    public var precision: ProductPrecision { .f32 }

    public func using(_ workers: Workers) -> any Executor { self }
    public func multiplying(in precision: ProductPrecision) throws(PrecisionFault) -> any Executor { self }

    public func allocate(_ floats: Int, zeroed: Bool) -> Storage {
        count.withLock { count in
            count.held += floats
            count.most = max(count.most, count.held)
            count.storages += 1
            return Storage(StorageID(count.storages), count: floats, isZeroed: zeroed)
        }
    }

    public func free(_ storage: Storage) { count.withLock { $0.held -= storage.count } }

    // MARK: Memory that is not there

    private func withZeros<T: BinaryInteger, R>(
        _ type: T.Type, _ count: Int, _ body: (UnsafeMutableBufferPointer<T>) throws -> R
    ) rethrows -> R {
        var zeros = [T](repeating: 0, count: count)
        return try zeros.withUnsafeMutableBufferPointer { try body($0) }
    }

    public func read<R>(_ place: Place, _ body: (UnsafeBufferPointer<Float>) throws -> R) rethrows -> R {
        try [Float](repeating: 0, count: place.count).withUnsafeBufferPointer(body)
    }

    public func read<R>(_ indices: Indices, _ body: (UnsafeBufferPointer<Int32>) throws -> R) rethrows -> R {
        try withZeros(Int32.self, indices.count) { try body(UnsafeBufferPointer($0)) }
    }

    public func fill<R>(_ place: Place, _ body: (UnsafeMutableBufferPointer<Float>) throws -> R) rethrows -> R {
        var zeros = [Float](repeating: 0, count: place.count)
        return try zeros.withUnsafeMutableBufferPointer { try body($0) }
    }

    public func fill<R>(_ indices: Indices, _ body: (UnsafeMutableBufferPointer<Int32>) throws -> R) rethrows -> R {
        try withZeros(Int32.self, indices.count, body)
    }

    public func copy(_ source: Place, to target: Place) {}
    public func clear(_ place: Place) {}
    public func add(_ source: Place, to target: Place) {}
    public func areFinite(_ place: Place) -> Bool { true }
    public func sumOfSquares(_ place: Place, in memory: Workspace) -> Double { 0 }

    // MARK: Operations

    public func forward(_ operation: EmbeddingOperation) {}
    public func backward(_ operation: EmbeddingOperation, gradient: Place) {}
    public func forward(_ operation: DropoutOperation) {}
    public func backward(_ operation: DropoutOperation, gradient: Place) {}
    public func forward(_ operation: LinearOperation, in memory: Workspace) {}
    public func backward(
        _ operation: LinearOperation, gradient: Place, input: GradientTarget, in memory: Workspace
    ) {}
    public func forward(_ operation: LayerNormOperation) {}
    public func backward(
        _ operation: LayerNormOperation, gradient: Place, input: GradientTarget, in memory: Workspace
    ) {}
    public func forward(_ operation: RMSNormOperation) {}
    public func backward(
        _ operation: RMSNormOperation, gradient: Place, input: GradientTarget, in memory: Workspace
    ) {}
    public func forward(_ operation: GELUOperation) {}
    public func backward(_ operation: GELUOperation, gradient: Place) {}
    public func forward(_ operation: SwiGLUOperation) {}
    public func backward(_ operation: SwiGLUOperation, gradient: Place, input: Place) {}
    public func forward(_ operation: RotaryOperation) {}
    public func backward(_ operation: RotaryOperation, gradient: Place) {}
    public func forward(_ operation: CausalAttentionOperation, in memory: Workspace) {}
    public func backward(
        _ operation: CausalAttentionOperation, gradient: Place, query: Place, key: Place, value: Place,
        in memory: Workspace
    ) {}
    public func forward(_ operation: CrossEntropyOperation, in memory: Workspace) {}
    public func backward(_ operation: CrossEntropyOperation, input: GradientTarget) {}
    public func forward(_ operation: GatherRowsOperation) {}
    public func backward(_ operation: GatherRowsOperation, gradient: Place, input: GradientTarget) {}
    public func forward(_ operation: ReplaceRowsOperation) {}
    public func backward(_ operation: ReplaceRowsOperation, gradient: Place, replacement: GradientTarget) {}
    public func forward(_ operation: ReLUOperation) {}
    public func backward(_ operation: ReLUOperation, gradient: Place) {}
    public func forward(_ operation: ConcatenationOperation) {}
    public func backward(
        _ operation: ConcatenationOperation, gradient: Place, left: GradientTarget, right: GradientTarget
    ) {}
    public func forward(_ operation: LSTMCellOperation) {}
    public func backward(
        _ operation: LSTMCellOperation, output: Place?, cell: Place?, gates: GradientTarget, before: GradientTarget?
    ) {}
    public func forward(_ operation: KeyAttentionOperation) {}
    public func backward(
        _ operation: KeyAttentionOperation, gradient: Place, query: GradientTarget, keys: [GradientTarget],
        in memory: Workspace
    ) {}
    public func forward(_ operation: SquaredErrorOperation) -> Double { 0 }
    public func backward(_ operation: SquaredErrorOperation, input: GradientTarget) {}
    public func forward(_ operation: SumOperation) {}
    public func forward(_ operation: CachedAttentionOperation, in memory: Workspace) {}
    public func product(_ operation: ProductOperation, to host: UnsafeMutableBufferPointer<Float>) {
        host.update(repeating: 0)
    }
    public func appendMostProbable(
        _ logits: Variable, to tokens: inout [Int32], _ probabilities: inout [Float]
    ) {}
    public func appendProbabilities(of tokens: [Int32], _ logits: Variable, to probabilities: inout [Float]) {}
    public func apply(_ edit: Edit, to variable: Variable) {}

    public func update(_ networks: [AdamWOperation], clip: Float?, in memory: Workspace) -> UpdateNorms {
        UpdateNorms(gradient: 0, change: 0, factor: 1)
    }
}
