import Tensors

/// What training takes of a machine's memory, found out without any.
public enum TrainingMemory {
    /// Beside weights, gradients and moments: sequences of at most so many tokens in all are measured, and longer
    /// batches scaled, for what a pass keeps grows with its tokens.
    private static let tokensMeasured = 1 << 18
    /// What operations take inside, and blocks that are larger than what is in them.
    private static let margin = 1.4

    /// Bytes that a pass forwards and backwards over `sequences` sequences of `tokens` tokens each keeps.
    public static func bytes(_ configuration: ModelConfiguration, sequences: Int, tokens: Int) -> Int {
        guard sequences > 0, tokens > 0 else { return 0 }
        let count = min(sequences, max(1, tokensMeasured / tokens))
        let executor = MeasuringExecutor()
        let trainee = Trainee(LanguageModel(uninitialized: configuration, executor: executor))
        let before = executor.peak
        var batch = RaggedBatch()
        for _ in 0..<count {
            let zeros = [Int32](repeating: 0, count: tokens)
            batch.append(zeros, positions: nil, labels: zeros)
        }
        let dropout = configuration.dropout.isNone ? nil : RandomSource(seed: 0)
        do { _ = try trainee.accumulate(batch, dropout: dropout) } catch { return 0 }
        let each = Double(executor.peak - before) * 4 * margin / Double(count)
        return Int(min(each * Double(sequences), 1e18))
    }
}
