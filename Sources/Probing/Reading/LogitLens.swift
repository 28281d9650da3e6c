import Support
import Glibc
import Tensors
import Transformer

/// What the model would say if it stopped at one point: the residual stream there under the final norm and the head.
public struct LensReading: Sendable {
    public let hook: String
    public let position: String
    /// The share of sequences in which the right token is the most probable.
    public let accuracy: Interval
    /// The mean of −log p(right token), in nats.
    public let meanLoss: Interval
    /// The mean number of tokens that are more probable than the right one.
    public let meanRank: Double
    /// The mean entropy of the distribution, in nats.
    public let meanEntropy: Double
    /// (B) the most probable token.
    public let tokens: [Int32]
}

extension LanguageModel {
    /// The logit lens (nostalgebraist 2020) at every one of `points` and `readouts`.
    /// - Parameter points: places in the residual stream.
    /// - Throws: `ProbeError.invalid` for a point elsewhere, and others; `BatchError`.
    public func logitLens(
        _ batch: RaggedBatch, points: [HookPoint], readouts: [Readout], workers: Workers = .shared,
        observer: WorkObserver = WorkObserver()
    ) throws -> [LensReading] {
        for point in points where !point.isResidualStream {
            throw ProbeError.invalid(
                "the logit lens reads the residual stream (hook_embed, hook_resid_pre, _mid or _post), not \(point)")
        }
        for readout in readouts { _ = try readout.rows(in: batch, configuration) }
        let states = try hiddenStates(
            batch, at: points, positions: readouts.map(\.position), modelHash: "", workers: workers, observer: observer)
        let unembedding = Unembedding(self)
        return try points.indices.flatMap { p in
            try readouts.indices.map { r in try reading(states[p][r], readouts[r], unembedding, workers, observer) }
        }
    }

    private func reading(
        _ states: HiddenStates, _ readout: Readout, _ unembedding: Unembedding, _ workers: Workers,
        _ observer: WorkObserver
    ) throws -> LensReading {
        let vocabulary = configuration.vocabularySize
        var losses: [Double] = [], tokens: [Int32] = []
        var ranks = 0, entropy = 0.0
        let width = configuration.width
        // A few rows at a time: all their logits at once could be large.
        for start in stride(from: 0, to: states.rows, by: 256) {
            try observer.check()
            let end = min(start + 256, states.rows)
            let logits = unembedding.logits(Array(states.values[start * width..<end * width]), workers: workers)
            logits.withUnsafeBufferPointer { logits in
                for row in start..<end {
                    let own = UnsafeBufferPointer(
                        rebasing: logits[(row - start) * vocabulary..<(row - start + 1) * vocabulary])
                    let (best, sum) = summary(own)
                    let right = own[Int(readout.tokens[row])]
                    losses.append(sum - Double(right))
                    tokens.append(Int32(best))
                    ranks += own.count { $0 > right }
                    entropy += sum - own.reduce(0) { $0 + exp(Double($1) - sum) * Double($1) }
                }
            }
        }
        let n = Double(max(states.rows, 1))
        let share = Double(zip(tokens, readout.tokens).count { $0 == $1 }) / n
        return LensReading(
            hook: states.provenance.hook, position: states.provenance.position,
            accuracy: .wilson(share: share, trials: states.rows),
            meanLoss: .student(losses), meanRank: Double(ranks) / n, meanEntropy: entropy / n, tokens: tokens)
    }
}

extension HookPoint {
    var isResidualStream: Bool {
        switch self {
        case .embedding, .block(_, .residualPre), .block(_, .residualMiddle), .block(_, .residualPost): true
        case .block, .finalNorm: false
        }
    }
}
