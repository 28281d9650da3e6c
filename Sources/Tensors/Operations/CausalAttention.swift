import CKernels

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
        query: HeadColumns, key: HeadColumns, value: HeadColumns, offsets: UnsafePointer<Int>, sequenceCount: Int,
        shape: AttentionShape,
        dropout: DropoutMask? = nil,
        inspect: ((_ sequence: Int, _ head: Int, _ pattern: UnsafeMutablePointer<Float>, _ stride: Int) -> Void)? = nil
    ) -> Variable {
        precondition(inspect == nil || !isRecording, "attention can only be inspected in passes that are not recorded")
        let rows = query.variable.rows
        var longest = 0
        for s in 0..<sequenceCount { longest = max(longest, offsets[s + 1] - offsets[s]) }
        let operation = CausalAttentionOperation(
            query: query, key: key, value: value, offsets: offsets, sequenceCount: sequenceCount, longest: longest,
            shape: shape,
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

    /// Calls `body` for every task. A thread begins with the sequences whose rows are its own in the other operations, which its
    /// cache holds, and then helps with what is left of the others' (each task writes only its own rows).
    private func forEachTask(_ workers: Workers, _ body: (_ thread: Int, Task) -> Void) {
        let heads = shape.keyValueHeadCount
        let threads = workers.threadCount
        workers.share { thread in
            firstSequence(at: output.rows * thread / threads) * heads..<firstSequence(
                at: output.rows * (thread + 1) / threads) * heads
        } task: { thread, index in
            let sequence = index / heads
            let length = offsets[sequence + 1] - offsets[sequence]
            if length == 0 { return }
            body(
                thread,
                Task(
                    sequence: sequence, keyHead: index % heads, start: offsets[sequence], length: length,
                    padded: Self.pad(length)))
        }
    }

    /// The first sequence that starts at `row` or later.
    private func firstSequence(at row: Int) -> Int {
        var low = 0, high = sequenceCount
        while low < high {
            let middle = (low + high) / 2
            if offsets[middle] < row { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func head(
        _ columns: HeadColumns, _ base: UnsafeMutablePointer<Float>, _ head: Int, _ row: Int
    ) -> UnsafeMutablePointer<Float> {
        base + row * columns.variable.columns + columns.offset + head * shape.headWidth
    }

    private func factor(_ columns: HeadColumns, _ head: Int, _ row: Int, isTransposed: Bool = false) -> ck_factor {
        ck_factor(
            values: self.head(columns, columns.variable.values, head, row), stride: columns.variable.columns,
            transposed: isTransposed ? 1 : 0)
    }

    func forward(_ tape: Tape, _ inspect: ((Int, Int, UnsafeMutablePointer<Float>, Int) -> Void)?) {
        let width = shape.headWidth
        let scratchSize = Self.pad(longest) * longest
        let scratch = tape.arena.take(scratchSize * tape.workers.threadCount)
        let rows = output.rows
        forEachTask(tape.workers) { thread, task in
            let pattern = scratch + thread * scratchSize
            for head in task.keyHead * groupSize..<(task.keyHead + 1) * groupSize {
                ck_product(
                    pattern, task.padded, factor(query, head, task.start),
                    factor(key, task.keyHead, task.start, isTransposed: true),
                    task.length, task.length, width, nil, 0, nil, CK_LOWER_RESULT)
                ck_causal_softmax(
                    pattern, task.padded, task.length, shape.window ?? 0, shape.scale,
                    logSumExp + head * rows + task.start)
                thin(pattern, head, task)
                inspect?(task.sequence, head, pattern, task.padded)
                ck_product(
                    output.values + task.start * output.columns + head * width, output.columns,
                    ck_factor(values: pattern, stride: task.padded, transposed: 0),
                    factor(value, task.keyHead, task.start), task.length, width,
                    task.length, nil, 0, nil, CK_LOWER_FACTOR)
            }
        }
    }

    /// Applies dropout to a pattern; element numbers depend only on the head, the row and the key.
    private func thin(_ pattern: UnsafeMutablePointer<Float>, _ head: Int, _ task: Task) {
        guard let dropout else { return }
        for i in 0..<task.length {
            dropout.apply(
                pattern + i * task.padded, first: (head * output.rows + task.start + i) * longest, count: i + 1)
        }
    }

    func backward(_ tape: Tape) {
        guard let gradient = tape.gradient(of: output) else { return }
        let (dquery, queryAdds) = tape.contribute(to: query.variable)
        let (dkey, keyAdds) =
            key.variable.slot == query.variable.slot ? (dquery, queryAdds) : tape.contribute(to: key.variable)
        let (dvalue, valueAdds) =
            value.variable.slot == query.variable.slot ? (dquery, queryAdds) : tape.contribute(to: value.variable)
        precondition(!queryAdds && !keyAdds && !valueAdds, "queries, keys and values have no other consumer")
        let width = shape.headWidth
        let patternSize = Self.pad(longest) * longest
        let scratch = tape.takeBuffer(2 * patternSize * tape.workers.threadCount)
        let rows = output.rows
        forEachTask(tape.workers) { thread, task in
            let pattern = scratch + thread * 2 * patternSize
            let dpattern = pattern + patternSize
            let dk = head(key, dkey, task.keyHead, task.start)
            let dv = head(value, dvalue, task.keyHead, task.start)
            for query in task.keyHead * groupSize..<(task.keyHead + 1) * groupSize {
                // Of query heads that share a key head the first overwrites, the others add.
                let adds = query > task.keyHead * groupSize
                let q = factor(self.query, query, task.start)
                let dout = ck_factor(
                    values: gradient + task.start * output.columns + query * width, stride: output.columns,
                    transposed: 0)
                ck_product(
                    pattern, task.padded, q, factor(key, task.keyHead, task.start, isTransposed: true), task.length,
                    task.length, width, nil, 0,
                    nil, CK_LOWER_RESULT)
                ck_causal_softmax_known(
                    pattern, task.padded, task.length, shape.window ?? 0, shape.scale,
                    logSumExp + query * rows + task.start)
                ck_product(
                    dpattern, task.padded, dout, factor(value, task.keyHead, task.start, isTransposed: true),
                    task.length, task.length, width,
                    nil, 0, nil, CK_LOWER_RESULT)
                thin(dpattern, query, task)
                ck_causal_softmax_backward(dpattern, pattern, task.padded, task.length, shape.window ?? 0, shape.scale)
                ck_product(
                    head(self.query, dquery, query, task.start), self.query.variable.columns,
                    ck_factor(values: dpattern, stride: task.padded, transposed: 0),
                    factor(key, task.keyHead, task.start), task.length, width,
                    task.length, nil, 0, nil, CK_LOWER_FACTOR)
                ck_product(
                    dk, key.variable.columns, ck_factor(values: dpattern, stride: task.padded, transposed: 1), q,
                    task.length, width,
                    task.length, adds ? UnsafePointer(dk) : nil, key.variable.columns, nil, CK_UPPER_FACTOR)
                thin(pattern, query, task)
                ck_product(
                    dv, value.variable.columns, ck_factor(values: pattern, stride: task.padded, transposed: 1), dout,
                    task.length, width,
                    task.length, adds ? UnsafePointer(dv) : nil, value.variable.columns, nil, CK_UPPER_FACTOR)
            }
        }
        tape.giveBack(scratch)
        tape.releaseGradient(of: output)
    }
}
