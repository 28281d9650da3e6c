import CKernels
import Synchronization

// Causal self-attention over ragged sequences. For each sequence of length T and each head of width w:
//   S = scale · Q·Kᵀ (j ≤ i only, and j > i − window if there is a window),  P = softmax(S) by rows,  O = dropout(P)·V.
// Backward, with dO:
//   dV = dropout(P)ᵀ·dO,  dP = dropout(dO·Vᵀ),  dS = scale · P ∘ (dP − rowsum(P ∘ dP)),  dQ = dS·K,  dK = dSᵀ·Q.
// P is not kept: its rows come back from S and the row's log-sum-exp, so memory grows with N, not with T².
//
// Work is spread over (sequence, key head), each on one thread: products of this size lose more by being shared than they
// gain. Query heads that share a key head are one task, so their dK and dV are summed without locks, in order.

/// Where in a matrix the vectors of the heads lie: columns `offset ..< offset + heads · width`.
public struct HeadColumns {
    public let variable: Variable
    public let offset: Int

    public init(_ variable: Variable, offset: Int = 0) {
        self.variable = variable
        self.offset = offset
    }
}

public struct AttentionShape: Sendable {
    public let headCount: Int
    /// Divides `headCount`: grouped-query attention (Ainslie et al. 2023); equal to it otherwise.
    public let keyValueHeadCount: Int
    public let headWidth: Int
    /// A query sees this many keys, itself included; nil: all before it.
    public let window: Int?
    public let scale: Float

    public init(headCount: Int, keyValueHeadCount: Int, headWidth: Int, window: Int? = nil, scale: Float? = nil) {
        precondition(headCount % keyValueHeadCount == 0, "\(headCount) heads share \(keyValueHeadCount) key heads")
        self.headCount = headCount
        self.keyValueHeadCount = keyValueHeadCount
        self.headWidth = headWidth
        self.window = window
        self.scale = scale ?? 1 / Float(headWidth).squareRoot()
    }
}

struct CausalAttentionOperation {
    let query: HeadColumns
    let key: HeadColumns
    let value: HeadColumns
    let offsets: UnsafePointer<Int>  // (B + 1)
    let sequenceCount: Int
    let longest: Int
    let shape: AttentionShape
    let dropout: DropoutMask?
    let logSumExp: UnsafeMutablePointer<Float>  // (H, N)
    let output: Variable  // (N, H·w)
}

extension Tape {
    /// - Parameters:
    ///   - offsets: (B + 1) rows at which sequences start; must stay alive until the pass is over.
    ///   - inspect: sees, and may change, each head's probabilities (T, T; row stride given) before they meet the values.
    ///     Only in passes that are not recorded; called from several threads.
    public func causalAttention(
        query: HeadColumns, key: HeadColumns, value: HeadColumns, offsets: UnsafePointer<Int>, sequenceCount: Int, shape: AttentionShape,
        dropout: DropoutMask? = nil,
        inspect: ((_ sequence: Int, _ head: Int, _ pattern: UnsafeMutablePointer<Float>, _ stride: Int) -> Void)? = nil
    ) -> Variable {
        precondition(inspect == nil || !isRecording, "attention can only be inspected in passes that are not recorded")
        let rows = query.variable.rows
        var longest = 0
        for s in 0..<sequenceCount { longest = max(longest, offsets[s + 1] - offsets[s]) }
        let operation = CausalAttentionOperation(
            query: query, key: key, value: value, offsets: offsets, sequenceCount: sequenceCount, longest: longest, shape: shape,
            dropout: dropout.flatMap { $0.probability > 0 ? $0 : nil }, logSumExp: arena.take(shape.headCount * rows),
            output: variable(rows: rows, columns: shape.headCount * shape.headWidth))
        operation.forward(self, inspect)
        record(.attention(operation))
        return operation.output
    }
}

extension CausalAttentionOperation {
    /// One head of one sequence.
    struct Task {
        let sequence: Int
        let keyHead: Int
        let start: Int
        let length: Int
        let padded: Int
    }

    private var groupSize: Int { shape.headCount / shape.keyValueHeadCount }

    /// Length rounded up to whole vector tiles.
    private static func pad(_ length: Int) -> Int { (length + 15) & ~15 }

    /// Calls `body` for every task; threads take the next one as they become free (each writes only its own rows).
    private func forEachTask(_ workers: Workers, _ body: (_ thread: Int, Task) -> Void) {
        let count = sequenceCount * shape.keyValueHeadCount
        let next = Atomic<Int>(0)
        // Runs of neighbouring tasks, so that small tasks do not fight over the counter.
        let run = max(1, count / (workers.threadCount * 8))
        workers.run { thread in
            while true {
                let first = next.wrappingAdd(run, ordering: .relaxed).oldValue
                if first >= count { return }
                for index in first..<min(first + run, count) {
                    let sequence = index / shape.keyValueHeadCount
                    let length = offsets[sequence + 1] - offsets[sequence]
                    if length == 0 { continue }
                    body(thread, Task(
                        sequence: sequence, keyHead: index % shape.keyValueHeadCount, start: offsets[sequence], length: length,
                        padded: Self.pad(length)))
                }
            }
        }
    }

    private func head(_ columns: HeadColumns, _ base: UnsafeMutablePointer<Float>, _ head: Int, _ row: Int) -> UnsafeMutablePointer<Float> {
        base + row * columns.variable.columns + columns.offset + head * shape.headWidth
    }

    private func firstKey(_ query: Int) -> Int {
        guard let window = shape.window else { return 0 }
        return max(0, query - window + 1)
    }

    /// (T, w) → (w, padded T), zeros beyond T.
    private func packTransposed(_ t: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ stride: Int, _ task: Task) {
        ck_transpose(t, task.padded, x, stride, task.length, shape.headWidth)
        if task.padded > task.length {
            for d in 0..<shape.headWidth { (t + d * task.padded + task.length).update(repeating: 0, count: task.padded - task.length) }
        }
    }

    func forward(_ tape: Tape, _ inspect: ((Int, Int, UnsafeMutablePointer<Float>, Int) -> Void)?) {
        let width = shape.headWidth
        let longestPadded = Self.pad(longest)
        let scratchSize = longestPadded * (width + longest)
        let scratch = tape.arena.take(scratchSize * tape.workers.threadCount)
        let rows = output.rows
        forEachTask(tape.workers) { thread, task in
            let keys = scratch + thread * scratchSize
            let pattern = keys + longestPadded * width
            packTransposed(keys, head(key, key.variable.values, task.keyHead, task.start), key.variable.columns, task)
            for head in task.keyHead * groupSize..<(task.keyHead + 1) * groupSize {
                ck_product(
                    pattern, task.padded, self.head(query, query.variable.values, head, task.start), query.variable.columns, keys,
                    task.padded, task.length, task.padded, width, CK_LOWER_RESULT, 0)
                for i in 0..<task.length {
                    let row = pattern + i * task.padded
                    let first = firstKey(i)
                    logSumExp[head * rows + task.start + i] = ck_softmax(row + first, shape.scale, i + 1 - first)
                    clear(row, first, i + 1, task.padded)
                }
                thin(pattern, head, task)
                inspect?(task.sequence, head, pattern, task.padded)
                ck_product(
                    output.values + task.start * output.columns + head * width, output.columns, pattern, task.padded,
                    self.head(value, value.variable.values, task.keyHead, task.start), value.variable.columns, task.length, width,
                    task.length, CK_LOWER_FACTOR, 0)
            }
        }
    }

    /// Zeros outside the keys that a row sees.
    private func clear(_ row: UnsafeMutablePointer<Float>, _ first: Int, _ end: Int, _ padded: Int) {
        row.update(repeating: 0, count: first)
        (row + end).update(repeating: 0, count: padded - end)
    }

    /// Applies dropout to a pattern; element numbers depend only on the head, the row and the key.
    private func thin(_ pattern: UnsafeMutablePointer<Float>, _ head: Int, _ task: Task) {
        guard let dropout else { return }
        for i in 0..<task.length {
            dropout.apply(pattern + i * task.padded, first: (head * output.rows + task.start + i) * longest, count: i + 1)
        }
    }

    func backward(_ tape: Tape) {
        guard let gradient = tape.gradient(of: output) else { return }
        let (dquery, queryAdds) = tape.contribute(to: query.variable)
        let (dkey, keyAdds) = key.variable.slot == query.variable.slot ? (dquery, queryAdds) : tape.contribute(to: key.variable)
        let (dvalue, valueAdds) = value.variable.slot == query.variable.slot ? (dquery, queryAdds) : tape.contribute(to: value.variable)
        precondition(!queryAdds && !keyAdds && !valueAdds, "queries, keys and values have no other consumer")
        let width = shape.headWidth
        let longestPadded = Self.pad(longest)
        let scratchSize = longestPadded * (2 * width + 2 * longest)
        let scratch = tape.takeBuffer(scratchSize * tape.workers.threadCount)
        let rows = output.rows
        forEachTask(tape.workers) { thread, task in
            let keys = scratch + thread * scratchSize
            let values = keys + longestPadded * width
            let pattern = values + longestPadded * width
            let dpattern = pattern + longestPadded * longest
            let k = head(key, key.variable.values, task.keyHead, task.start)
            packTransposed(keys, k, key.variable.columns, task)
            packTransposed(values, head(value, value.variable.values, task.keyHead, task.start), value.variable.columns, task)
            for query in task.keyHead * groupSize..<(task.keyHead + 1) * groupSize {
                let q = head(self.query, self.query.variable.values, query, task.start)
                let dout = gradient + task.start * output.columns + query * width
                let adds: Int32 = query > task.keyHead * groupSize ? 1 : 0
                ck_product(
                    pattern, task.padded, q, self.query.variable.columns, keys, task.padded, task.length, task.padded, width,
                    CK_LOWER_RESULT, 0)
                for i in 0..<task.length {
                    let row = pattern + i * task.padded
                    let first = firstKey(i)
                    ck_softmax_known(row + first, shape.scale, logSumExp[query * rows + task.start + i], i + 1 - first)
                    clear(row, first, i + 1, task.padded)
                }
                ck_product(
                    dpattern, task.padded, dout, output.columns, values, task.padded, task.length, task.padded, width, CK_LOWER_RESULT, 0)
                thin(dpattern, query, task)
                for i in 0..<task.length {
                    let first = firstKey(i)
                    let row = dpattern + i * task.padded
                    ck_softmax_backward(row + first, pattern + i * task.padded + first, shape.scale, i + 1 - first)
                    clear(row, first, i + 1, task.padded)
                }
                ck_product(
                    head(self.query, dquery, query, task.start), self.query.variable.columns, dpattern, task.padded, k,
                    key.variable.columns, task.length, width, task.length, CK_LOWER_FACTOR, 0)
                ck_product_transposed(
                    head(key, dkey, task.keyHead, task.start), key.variable.columns, dpattern, task.padded, q,
                    self.query.variable.columns, task.length, width, task.length, 1, adds)
                thin(pattern, query, task)
                ck_product_transposed(
                    head(value, dvalue, task.keyHead, task.start), value.variable.columns, pattern, task.padded, dout, output.columns,
                    task.length, width, task.length, 1, adds)
            }
        }
        tape.giveBack(scratch)
        tape.releaseGradient(of: output)
    }
}
