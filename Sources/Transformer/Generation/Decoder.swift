import Tensors

/// A forward pass without gradients that remembers the keys and values of what it has seen, so that each new token
/// costs one row of work. Prompts and single tokens go the same way: rows of any mix of sequences.
///
/// After the first tokens nothing is allocated: the rows' activations lie in the tape's memory, the lists are kept.
final class Decoder {
    /// A token at a position of a sequence; rows of one sequence come in order.
    struct Row {
        let sequence: Int
        let token: Int32
        let position: Int32
        /// (L, C) what each block gets in place of this row's state; nil for its own.
        var states: [Float]?
    }

    let model: LanguageModel
    let executor: any Executor
    private let tape: Tape
    private let cache: KeyValueCache
    /// The rows of the current call: a run of neighbours of one sequence is a sequence of the batch.
    private var batch = RaggedBatch()
    private var sequences: [Int32] = []
    private var slots: [Int32] = []
    private var lastRows: [Int32] = []
    /// The rows of the current call that bring states with them.
    private var givenRows: [Int32] = []
    /// The sequences that had rows in the last call, in their order.
    private(set) var lastSequences: [Int] = []

    /// Floats of cache for each token of a sequence.
    static func cacheWidth(_ configuration: ModelConfiguration) -> Int {
        2 * configuration.layerCount * configuration.keyValueHeadCount * configuration.headWidth
    }

    init(_ model: LanguageModel, sequenceCount: Int, capacity: Int, _ workers: Workers) {
        self.model = model
        executor = model.executor(workers)
        tape = Tape(executor)
        let configuration = model.configuration
        cache = KeyValueCache(
            executor, layerCount: configuration.layerCount, sequenceCount: sequenceCount, capacity: capacity,
            width: configuration.keyValueHeadCount * configuration.headWidth)
    }

    /// Empties the cache of one sequence.
    func forget(_ sequence: Int) { cache.forget(sequence) }

    /// Takes in the rows and returns, for each of `lastSequences`, the logits (V) after its last row. They live until
    /// the next call.
    func advance(_ rows: [Row]) -> Variable {
        place(rows)
        let pass = ForwardPass(
            model, tape: tape, batch: batch, cache: cache, sequences: sequences, slots: slots,
            boundary: givenRows.isEmpty ? nil : boundary(rows))
        let states: Variable
        do {
            states = try pass.finalStates(rows: tape.indices(lastRows))
        } catch {
            preconditionFailure("nothing ends a pass of rows before its end")
        }
        return tape.linear(
            states, weight: pass.head, bias: nil, outputs: model.configuration.vocabularySize, isTransposed: true)
    }

    /// Finds the cache slot of each row, one more token in each row's sequence.
    private func place(_ rows: [Row]) {
        batch.removeAll()
        sequences.removeAll(keepingCapacity: true)
        slots.removeAll(keepingCapacity: true)
        lastRows.removeAll(keepingCapacity: true)
        lastSequences.removeAll(keepingCapacity: true)
        givenRows.removeAll(keepingCapacity: true)
        for (n, row) in rows.enumerated() {
            batch.tokens.append(row.token)
            batch.positions.append(row.position)
            sequences.append(Int32(row.sequence))
            slots.append(Int32(cache.takeSlot(row.sequence)))
            if row.states != nil { givenRows.append(Int32(n)) }
            if n + 1 == rows.count || rows[n + 1].sequence != row.sequence {
                batch.offsets.append(n + 1)
                lastRows.append(Int32(n))
                lastSequences.append(row.sequence)
            }
        }
    }

    /// Puts what rows bring with them where a block reads its input.
    private func boundary(_ rows: [Row]) -> LayerBoundary {
        let (given, c) = (givenRows, model.configuration.width)
        return { [tape] layer, stream in
            let values = given.flatMap { rows[Int($0)].states?[layer * c..<(layer + 1) * c] ?? [] }
            return tape.replaceRows(stream, tape.indices(given), by: tape.variable(values, columns: c))
        }
    }
}
