import CKernels

// The language-model head and its loss as one operation, only at rows that carry a label:
//   logits[m] = x[row m] · headᵀ (M, V),   loss[m] = log Σ_v exp(logits[m, v]) − logits[m, label],   L = scale · Σ_m loss[m].
// Backward: dlogits = scale · (softmax(logits) − onehot), dx[row m] = dlogits[m]·head, dhead += dlogitsᵀ·x.
//
// Both factors of the backward product are at hand once the logits are, so the pass forwards computes the gradients too,
// a block of rows at a time in one buffer; the (M, V) logits, 424 MB for GPT-2 at batch 32, never exist as a whole.

/// What the loss found at each labelled row. The pointers live as long as the pass.
public struct CrossEntropyResult {
    /// M, the number of labels.
    public let count: Int
    /// (M) the rows of x that carry a label, ascending.
    public let rows: UnsafePointer<Int32>
    /// (M) −log p(label), in nats.
    public let losses: UnsafePointer<Float>
    /// (M) the token with the largest logit.
    public let predictions: UnsafePointer<Int32>
}

struct CrossEntropyOperation {
    let input: Variable
    let rows: UnsafePointer<Int32>
    let count: Int
    /// (M, C) the gradient of each labelled row.
    let gradient: UnsafePointer<Float>
}

extension Tape {
    /// - Parameters:
    ///   - labels: (N), negative where nothing is to be predicted.
    ///   - head: (V, C).
    ///   - blockSize: floats in a block of logits, 128 MB.
    ///   - scale: what each label's loss counts in L, given M; 1/M makes L the mean.
    public func crossEntropy(
        _ input: Variable, labels: UnsafePointer<Int32>, head: Weight, vocabularySize: Int, blockSize: Int = 1 << 25,
        scale: (Int) -> Float
    ) -> CrossEntropyResult {
        let columns = input.columns
        let rows = arena.takeIntegers(input.rows)
        var count = 0
        for n in 0..<input.rows where labels[n] >= 0 {
            rows[count] = Int32(n)
            count += 1
        }
        let losses = arena.take(count)
        let predictions = arena.takeIntegers(count)
        let gathered = arena.take(count * columns)
        let block = max(1, min(count, blockSize / vocabularySize))
        let logits = arena.take(block * vocabularySize)
        let gradient = isRecording ? arena.take(count * columns) : gathered
        let weight = isRecording ? scale(count) : 0
        let threads = workers.threadCount

        var start = 0
        while start < count {
            let size = min(block, count - start)
            let x = gathered + start * columns
            // With more words than eight times the rows the threads share the words, so that each reads half of the head.
            let isWide = vocabularySize > 8 * size
            if isWide {
                for m in 0..<size {
                    (x + m * columns).update(from: input.values + Int(rows[start + m]) * columns, count: columns)
                }
                MatrixProduct.applyTransposed(
                    logits, x, weight: head.values, rows: size, inputs: columns, outputs: vocabularySize,
                    workers: workers)
            }
            workers.parts(of: size, grain: 8) { _, part in
                if !isWide {
                    for m in part {
                        (x + m * columns).update(from: input.values + Int(rows[start + m]) * columns, count: columns)
                    }
                    MatrixProduct.multiply(
                        logits + part.lowerBound * vocabularySize, vocabularySize, x + part.lowerBound * columns,
                        columns, head.values, columns,
                        m: part.count, n: vocabularySize, k: columns, transposeB: true)
                }
                for m in part {
                    losses[start + m] = ck_cross_entropy(
                        logits + m * vocabularySize, vocabularySize, labels[Int(rows[start + m])], weight,
                        predictions + start + m)
                }
                if isRecording {
                    MatrixProduct.multiply(
                        gradient + (start + part.lowerBound) * columns, columns,
                        logits + part.lowerBound * vocabularySize, vocabularySize,
                        head.values, columns, m: part.count, n: columns, k: vocabularySize)
                }
            }
            if isRecording {
                workers.run { thread in
                    let words = Workers.part(thread, of: threads, count: vocabularySize, grain: 8)
                    MatrixProduct.multiply(
                        head.gradient + words.lowerBound * columns, columns, logits + words.lowerBound, vocabularySize,
                        x, columns,
                        m: words.count, n: columns, k: size, transposeA: true, accumulate: true)
                }
            }
            start += size
        }
        record(.crossEntropy(CrossEntropyOperation(input: input, rows: rows, count: count, gradient: gradient)))
        return CrossEntropyResult(count: count, rows: rows, losses: losses, predictions: predictions)
    }
}

extension CrossEntropyOperation {
    func backward(_ tape: Tape) {
        let columns = input.columns
        let (dx, accumulate) = tape.contribute(to: input)
        tape.workers.parts(of: input.rows, grain: 8) { _, part in
            if !accumulate { (dx + part.lowerBound * columns).update(repeating: 0, count: part.count * columns) }
            for m in 0..<count where part.contains(Int(rows[m])) {
                ck_add(dx + Int(rows[m]) * columns, gradient + m * columns, columns)
            }
        }
    }
}
