// The language-model head and its loss as one operation, only at rows that carry a label:
//   logits[m] = x[row m] · headᵀ (M, V),   loss[m] = log Σ_v exp(logits[m, v]) − logits[m, label m],   L = scale · Σ_m loss[m].
// Backward: dlogits = scale · (softmax(logits) − onehot), dx[row m] = dlogits[m]·head, dhead += dlogitsᵀ·x.
//
// Both factors of the backward product are at hand once the logits are, so the pass forwards computes the gradients
// too, a block of rows at a time in one buffer; the (M, V) logits, 424 MB for GPT-2 at batch 32, never exist as a
// whole.

/// What the loss found at each labelled row, where the executor has it as long as the pass lives.
public struct CrossEntropyResult: Sendable {
    /// M, the number of labels.
    public let count: Int
    /// (M) −log p(label), in nats.
    public let losses: Place
    /// (M) the token with the largest logit.
    public let predictions: Indices
}

public struct CrossEntropyOperation: Sendable {
    public let input: Variable
    /// (M) the rows of `input` that carry a label, ascending, and their labels.
    public let rows: Indices
    public let labels: Indices
    public let head: Weight  // (V, C)
    public let vocabularySize: Int
    /// Floats that a block of logits may have.
    public let blockSize: Int
    /// 0 where no gradients are wanted.
    public let scale: Float
    /// (M, C) the gradient of each labelled row; nil where none is wanted.
    public let gradient: Place?
    public let losses: Place  // (M)
    public let predictions: Indices  // (M)

    public var count: Int { rows.count }
}

extension Tape {
    /// - Parameters:
    ///   - labels: (N), negative where nothing is to be predicted.
    ///   - head: (V, C).
    ///   - blockSize: floats in a block of logits, 128 MB.
    ///   - scale: what each label's loss counts in L, given M; 1/M makes L the mean.
    public func crossEntropy(
        _ input: Variable, labels: [Int32], head: Weight, vocabularySize: Int, blockSize: Int = 1 << 25,
        scale: (Int) -> Float
    ) -> CrossEntropyResult {
        var count = 0
        for label in labels where label >= 0 { count += 1 }
        let arena = memory.arena
        let rows = arena.takeIndices(count), targets = arena.takeIndices(count)
        fill(rows, from: labels) { row, _ in Int32(row) }
        fill(targets, from: labels) { _, label in label }
        let operation = CrossEntropyOperation(
            input: input, rows: rows, labels: targets, head: head, vocabularySize: vocabularySize,
            blockSize: blockSize, scale: isRecording ? scale(count) : 0,
            gradient: isRecording ? arena.take(count * input.columns) : nil, losses: arena.take(count),
            predictions: arena.takeIndices(count))
        executor.forward(operation, in: memory)
        record(.crossEntropy(operation))
        return CrossEntropyResult(count: count, losses: operation.losses, predictions: operation.predictions)
    }

    /// Writes something about each labelled row.
    private func fill(_ indices: Indices, from labels: [Int32], _ value: (Int, Int32) -> Int32) {
        executor.fill(indices) { target in
            var m = 0
            for (row, label) in labels.enumerated() where label >= 0 {
                target[m] = value(row, label)
                m += 1
            }
        }
    }
}

extension CrossEntropyOperation {
    func backward(_ tape: Tape) { tape.executor.backward(self, input: tape.contribute(to: input)) }
}
