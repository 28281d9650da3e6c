import CKernels
import Tensors

/// A forward pass without gradients that remembers the keys and values of what it has seen, so that each new token costs
/// one row of work. Prompts and single tokens go the same way: rows of any mix of sequences.
///
/// After the first tokens nothing is allocated: the rows' activations lie in an arena, the lists are kept.
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
    let workers: Workers
    let arena = Arena()
    private let capacity: Int
    /// How many tokens of each sequence the cache holds.
    private var lengths: [Int]
    /// (L, sequences, capacity, K·w) each.
    private let keys: UnsafeMutablePointer<Float>
    private let values: UnsafeMutablePointer<Float>
    private let scores: UnsafeMutablePointer<Float>
    /// The cache slot of each row of the current call.
    private var slots: [(sequence: Int, index: Int)] = []
    private var lastRows: [Int] = []
    /// The rows of the current call that bring states with them.
    private var givenRows: [Int] = []
    /// The sequences that had rows in the last call, in their order.
    private(set) var lastSequences: [Int] = []

    /// Floats of cache for each token of a sequence.
    static func cacheWidth(_ configuration: ModelConfiguration) -> Int {
        2 * configuration.layerCount * configuration.keyValueHeadCount * configuration.headWidth
    }

    init(_ model: LanguageModel, sequenceCount: Int, capacity: Int, _ workers: Workers) {
        self.model = model
        self.workers = workers
        self.capacity = capacity
        lengths = Array(repeating: 0, count: sequenceCount)
        let size = sequenceCount * capacity * Self.cacheWidth(model.configuration) / 2
        keys = .allocate(capacity: max(size, 1))
        values = .allocate(capacity: max(size, 1))
        scores = .allocate(capacity: max(capacity, 1) * workers.threadCount)
    }

    deinit {
        keys.deallocate()
        values.deallocate()
        scores.deallocate()
    }

    /// Empties the cache of one sequence.
    func forget(_ sequence: Int) { lengths[sequence] = 0 }

    /// Takes in the rows and returns, for each of `lastSequences`, the logits (V) after its last row. They live until the
    /// next call.
    func advance(_ rows: [Row]) -> UnsafeMutablePointer<Float> {
        arena.reset()
        place(rows)
        switch model.configuration.architecture {
        case .gpt2: return gpt2Logits(rows)
        case .llama, .mistral, .phi3: return llamaLogits(rows)
        }
    }

    /// Finds the cache slot of each row, one more token in each row's sequence.
    private func place(_ rows: [Row]) {
        slots.removeAll(keepingCapacity: true)
        lastRows.removeAll(keepingCapacity: true)
        lastSequences.removeAll(keepingCapacity: true)
        givenRows.removeAll(keepingCapacity: true)
        for (n, row) in rows.enumerated() {
            let index = lengths[row.sequence]
            precondition(index < capacity, "sequence \(row.sequence) is longer than the cache's \(capacity)")
            lengths[row.sequence] += 1
            slots.append((row.sequence, index))
            if row.states != nil { givenRows.append(n) }
            if n + 1 == rows.count || rows[n + 1].sequence != row.sequence {
                lastRows.append(n)
                lastSequences.append(row.sequence)
            }
        }
    }

    /// Puts what rows bring with them where block `layer` reads its input, x (rows, C).
    func replaceGiven(_ x: UnsafeMutablePointer<Float>, _ rows: [Row], _ layer: Int) {
        let c = model.configuration.width
        for n in givenRows {
            rows[n].states?.withUnsafeBufferPointer {
                if let base = $0.baseAddress { (x + n * c).update(from: base + layer * c, count: c) }
            }
        }
    }

    /// Stores the rows' keys and values, then lets each row attend to what its sequence has stored up to it.
    /// - Parameter qkv: (rows, (H + 2K)·w), queries, keys and values side by side.
    func attend(_ out: UnsafeMutablePointer<Float>, _ qkv: UnsafeMutablePointer<Float>, _ layer: Int) {
        let configuration = model.configuration
        let (heads, keyHeads, width) = (
            configuration.headCount, configuration.keyValueHeadCount, configuration.headWidth
        )
        let (queryWidth, keyWidth) = (heads * width, keyHeads * width)
        let stride = queryWidth + 2 * keyWidth
        let base = layer * lengths.count * capacity * keyWidth
        var work = 0
        for (n, slot) in slots.enumerated() {
            let at = base + (slot.sequence * capacity + slot.index) * keyWidth
            (keys + at).update(from: qkv + n * stride + queryWidth, count: keyWidth)
            (values + at).update(from: qkv + n * stride + queryWidth + keyWidth, count: keyWidth)
            work += 2 * (slot.index + 1) * queryWidth
        }
        let scale = 1 / Float(width).squareRoot()
        let group = heads / keyHeads
        let window = configuration.slidingWindow ?? Int.max
        slots.withUnsafeBufferPointer { slots in
            func rowsAndHeads(_ thread: Int, _ part: Range<Int>) {
                for task in part {
                    let n = task / heads
                    let head = task % heads
                    let first = max(0, slots[n].index - window + 1)
                    let at = base + (slots[n].sequence * capacity + first) * keyWidth + head / group * width
                    ck_attend_row(
                        out + n * queryWidth + head * width, scores + thread * capacity,
                        qkv + n * stride + head * width, keys + at,
                        values + at, keyWidth, slots[n].index + 1 - first, width, scale)
                }
            }
            let tasks = slots.count * heads
            if work < 1 << 15 { rowsAndHeads(0, 0..<tasks) } else { workers.parts(of: tasks) { rowsAndHeads($0, $1) } }
        }
    }

    /// The final norm and the head for the last row of each sequence; x is (rows, C).
    func lastLogits(
        _ x: UnsafeMutablePointer<Float>, head: UnsafePointer<Float>,
        norm: (UnsafeMutablePointer<Float>, UnsafePointer<Float>, Int) -> Void
    ) -> UnsafeMutablePointer<Float> {
        let c = model.configuration.width
        let vocabulary = model.configuration.vocabularySize
        let gathered = arena.take(lastRows.count * c)
        let states = arena.take(lastRows.count * c)
        for (index, n) in lastRows.enumerated() { (gathered + index * c).update(from: x + n * c, count: c) }
        norm(states, gathered, lastRows.count)
        let logits = arena.take(lastRows.count * vocabulary)
        MatrixProduct.applyTransposed(
            logits, states, weight: head, rows: lastRows.count, inputs: c, outputs: vocabulary, workers: workers)
        return logits
    }

    /// Calls `body` for parts of `0..<count`, on one thread if there is little to do.
    func spread(_ count: Int, grain: Int, work: Int, _ body: (Range<Int>) -> Void) {
        if work < 1 << 14 { body(0..<count) } else { workers.parts(of: count, grain: grain) { _, part in body(part) } }
    }
}
