// Attention of new rows over what their sequences have said before, without gradients: the rows' keys and values are
// put into a cache, row n of sequence s at slot i, and then each row attends to its sequence's slots j ≤ i
// (and j > i − window):
//   p = softmax(scale · q·k_j),  o = Σ_j p_j v_j
// for each head; heads share key heads as in `CausalAttentionOperation`. The rows of a sequence come in order.

/// The keys and values of what a model has read, for a number of sequences.
public final class KeyValueCache {
    public let sequenceCount: Int
    /// Tokens of a sequence that it has room for.
    public let capacity: Int
    /// Columns of keys in one token of one layer: K·w.
    public let width: Int
    /// How many tokens of each sequence it holds.
    private var lengths: [Int]
    /// (L, sequences, capacity, K·w) each.
    private let keys: Buffer
    private let values: Buffer

    public init(_ executor: any Executor, layerCount: Int, sequenceCount: Int, capacity: Int, width: Int) {
        self.sequenceCount = sequenceCount
        self.capacity = capacity
        self.width = width
        lengths = Array(repeating: 0, count: sequenceCount)
        keys = Buffer(executor, count: layerCount * sequenceCount * capacity * width, zeroed: false)
        values = Buffer(executor, count: layerCount * sequenceCount * capacity * width, zeroed: false)
    }

    /// Empties the cache of one sequence.
    public func forget(_ sequence: Int) { lengths[sequence] = 0 }

    /// The slot of the next token of a sequence.
    public func takeSlot(_ sequence: Int) -> Int {
        let slot = lengths[sequence]
        precondition(slot < capacity, "sequence \(sequence) is longer than the cache's \(capacity)")
        lengths[sequence] += 1
        return slot
    }

    func layer(_ layer: Int) -> (keys: Place, values: Place) {
        let size = sequenceCount * capacity * width
        let range = layer * size..<(layer + 1) * size
        return (keys.place[range], values.place[range])
    }
}

/// Where in a cache the rows of a pass belong.
public struct CacheRows: Sendable {
    public let sequences: Indices  // (N)
    public let slots: Indices  // (N)

    public init(sequences: Indices, slots: Indices) {
        self.sequences = sequences
        self.slots = slots
    }
}

public struct CachedAttentionOperation: Sendable {
    /// (N, (H + 2K)·w) queries, keys and values side by side.
    public let input: Variable
    public let rows: CacheRows
    public let keys: Place  // (sequences, capacity, K·w)
    public let values: Place
    public let capacity: Int
    public let shape: AttentionShape
    public let output: Variable  // (N, H·w)
}

extension Tape {
    public func cachedAttention(
        _ input: Variable, _ rows: CacheRows, in cache: KeyValueCache, layer: Int, shape: AttentionShape
    ) -> Variable {
        precondition(!isRecording, "a cache keeps nothing for a way back")
        let (keys, values) = cache.layer(layer)
        let operation = CachedAttentionOperation(
            input: input, rows: rows, keys: keys, values: values, capacity: cache.capacity, shape: shape,
            output: variable(rows: input.rows, columns: shape.headCount * shape.headWidth))
        executor.forward(operation, in: memory)
        return operation.output
    }
}
