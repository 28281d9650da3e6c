import CKernels
import Tensors

/// A forward pass without gradients that remembers the keys and values of what it has seen, so that each new token costs
/// one row of work. Prompts and single tokens go the same way: rows of any mix of sequences.
final class Decoder {
    /// A token at a position of a sequence; rows of one sequence come in order.
    struct Row {
        let sequence: Int
        let token: Int32
        let position: Int32
    }

    private let model: LanguageModel
    private let workers: Workers
    private let capacity: Int
    /// How many tokens of each sequence the cache holds.
    private var lengths: [Int]
    /// (L, sequences, capacity, K·w) each.
    private let keys: UnsafeMutablePointer<Float>
    private let values: UnsafeMutablePointer<Float>
    private let scores: UnsafeMutablePointer<Float>
    private let arena = Arena()

    /// Floats of cache for each token of a sequence.
    static func cacheWidth(_ configuration: ModelConfiguration) -> Int {
        2 * configuration.layerCount * configuration.keyValueHeadCount * configuration.headWidth
    }

    init(_ model: LanguageModel, sequenceCount: Int, capacity: Int, _ workers: Workers) throws {
        guard model.configuration.architecture == .gpt2 else {
            throw UnsupportedArchitecture(architecture: model.configuration.architecture)
        }
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

    /// Takes in the rows and returns, for each sequence that had any, the logits (V) after its last row. The logits live
    /// until the next call.
    func advance(_ rows: [Row]) -> (sequences: [Int], logits: UnsafeMutablePointer<Float>) {
        arena.reset()
        let configuration = model.configuration
        let c = configuration.width
        let weights = model.parameters.base
        let offsets = GPT2BlockOffsets(configuration)
        let count = rows.count
        let slots = place(rows)

        let x = arena.take(count * c)
        let normed = arena.take(count * c)
        let qkv = arena.take(count * 3 * c)
        let mixed = arena.take(count * c)
        let inner = arena.take(count * configuration.innerWidth)
        let statistics = arena.take(2 * count)
        for (n, row) in rows.enumerated() {
            (x + n * c).update(from: weights + Int(row.token) * c, count: c)
            ck_add(x + n * c, weights + (configuration.vocabularySize + Int(row.position)) * c, c)
        }
        for layer in 0..<configuration.layerCount {
            let at = weights + offsets.block(layer)
            norm(normed, x, at + offsets.firstNorm, statistics, count)
            MatrixProduct.apply(
                qkv, normed, weight: at + offsets.attention, bias: at + offsets.attentionBias, rows: count, inputs: c, outputs: 3 * c,
                workers: workers)
            attend(mixed, qkv, layer, slots)
            MatrixProduct.apply(
                normed, mixed, weight: at + offsets.attentionOut, bias: at + offsets.attentionOutBias, rows: count, inputs: c, outputs: c,
                workers: workers)
            ck_add(x, normed, count * c)
            norm(normed, x, at + offsets.secondNorm, statistics, count)
            MatrixProduct.apply(
                inner, normed, weight: at + offsets.inner, bias: at + offsets.innerBias, rows: count, inputs: c,
                outputs: configuration.innerWidth, workers: workers)
            activate(inner, count * configuration.innerWidth)
            MatrixProduct.apply(
                normed, inner, weight: at + offsets.innerOut, bias: at + offsets.innerOutBias, rows: count,
                inputs: configuration.innerWidth, outputs: c, workers: workers)
            ck_add(x, normed, count * c)
        }
        return lastLogits(x, rows, offsets)
    }

    /// The cache slot of each row, and one more token in each row's sequence.
    private func place(_ rows: [Row]) -> [(sequence: Int, index: Int)] {
        rows.map { row in
            let index = lengths[row.sequence]
            precondition(index < capacity, "sequence \(row.sequence) is longer than the cache's \(capacity)")
            lengths[row.sequence] += 1
            return (row.sequence, index)
        }
    }

    private func norm(
        _ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ gain: UnsafePointer<Float>, _ statistics: UnsafeMutablePointer<Float>,
        _ rows: Int
    ) {
        let c = model.configuration.width
        ck_layer_norm(y, statistics, statistics + rows, x, gain, gain + c, model.configuration.epsilon, rows, c)
    }

    private func activate(_ x: UnsafeMutablePointer<Float>, _ count: Int) {
        // The kernel reads each element before it writes it.
        let y = x
        if count < 1 << 14 { ck_gelu(y, x, count); return }
        workers.parts(of: count, grain: 16) { _, part in ck_gelu(y + part.lowerBound, x + part.lowerBound, part.count) }
    }

    /// Stores the rows' keys and values, then lets each row attend to what its sequence has stored up to it.
    private func attend(
        _ out: UnsafeMutablePointer<Float>, _ qkv: UnsafeMutablePointer<Float>, _ layer: Int, _ slots: [(sequence: Int, index: Int)]
    ) {
        let c = model.configuration.width
        let heads = model.configuration.headCount
        let width = model.configuration.headWidth
        let base = layer * lengths.count * capacity * c
        for (n, slot) in slots.enumerated() {
            let at = base + (slot.sequence * capacity + slot.index) * c
            (keys + at).update(from: qkv + n * 3 * c + c, count: c)
            (values + at).update(from: qkv + n * 3 * c + 2 * c, count: c)
        }
        let scale = 1 / Float(width).squareRoot()
        let work = slots.reduce(0) { $0 + $1.index + 1 } * c
        func rowsAndHeads(_ thread: Int, _ part: Range<Int>) {
            for task in part {
                let n = task / heads
                let head = task % heads
                let at = base + slots[n].sequence * capacity * c + head * width
                ck_attend_row(
                    out + n * c + head * width, scores + thread * capacity, qkv + n * 3 * c + head * width, keys + at, values + at, c,
                    slots[n].index + 1, width, scale)
            }
        }
        let tasks = slots.count * heads
        if work < 1 << 15 { rowsAndHeads(0, 0..<tasks) } else { workers.parts(of: tasks) { rowsAndHeads($0, $1) } }
    }

    private func lastLogits(
        _ x: UnsafeMutablePointer<Float>, _ rows: [Row], _ offsets: GPT2BlockOffsets
    ) -> (sequences: [Int], logits: UnsafeMutablePointer<Float>) {
        let configuration = model.configuration
        let c = configuration.width
        var last: [Int] = []
        for n in rows.indices where n + 1 == rows.count || rows[n + 1].sequence != rows[n].sequence { last.append(n) }
        let gathered = arena.take(last.count * c)
        let states = arena.take(last.count * c)
        for (index, n) in last.enumerated() { (gathered + index * c).update(from: x + n * c, count: c) }
        let final = model.parameters.base + offsets.finalNorm(configuration.layerCount)
        norm(states, gathered, final, arena.take(2 * last.count), last.count)
        let head = configuration.isHeadTied ? model.parameters.base : final + 2 * c
        let logits = arena.take(last.count * configuration.vocabularySize)
        MatrixProduct.applyTransposed(
            logits, states, weight: head, rows: last.count, inputs: c, outputs: configuration.vocabularySize, workers: workers)
        return (last.map { rows[$0].sequence }, logits)
    }
}
