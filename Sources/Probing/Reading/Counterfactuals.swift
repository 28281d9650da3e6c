import Support
import Tensors
import Transformer

// Counterfactual attribution: how much does the prediction at k rest on the token at t? Swap the token at t for another
// one, keep everything else (the earlier answer too), and see how far the logit of what was predicted falls:
//   delta[t, k] = mean over sequences of  logit_k(ŷ | original) − logit_k(ŷ | swapped),   ŷ the original prediction
//   at k.
// A swap cannot change predictions before it: there delta is 0.

/// A position whose token may be exchanged.
public struct SwapInput: Sendable {
    public let position: Position
    /// What may stand there instead, for example the digits; the token that is there is never drawn.
    public let candidates: [Int32]

    public init(_ position: Position, candidates: [Int32]) {
        self.position = position
        self.candidates = candidates
    }
}

public struct CounterfactualMap: Sendable {
    public let inputs: [String]
    public let outputs: [String]
    /// (inputs, outputs) the fall of the predicted token's logit, with Student's interval over sequences.
    public let deltas: [Interval]
    /// (inputs, outputs) the share of sequences in which another token is predicted.
    public let changedShares: [Double]

    public subscript(input: Int, output: Int) -> Interval { deltas[input * outputs.count + output] }
}

extension LanguageModel {
    /// - Parameter outputs: the positions that predict.
    /// - Throws: `ProbeError.noCandidate` and others; `BatchError`.
    public func counterfactuals(
        _ batch: RaggedBatch, inputs: [SwapInput], outputs: [Position], seed: UInt64 = 0, workers: Workers = .shared,
        observer: WorkObserver = WorkObserver()
    ) throws -> CounterfactualMap {
        guard !inputs.isEmpty else { throw ProbeError.noPositions }
        let readouts = outputs.map { Readout($0, tokens: Array(repeating: 0, count: batch.sequenceCount)) }
        let original = try Rerun(self, batch, readouts, workers, observer).answers(logitsOf: nil)
        let source = RandomSource(seed: seed)
        var deltas: [Interval] = []
        var changedShares: [Double] = []
        let count = batch.sequenceCount
        for (t, input) in inputs.enumerated() {
            try observer.step(t, of: inputs.count)
            let swapped = try Rerun(self, input.swap(in: batch, source.split(UInt64(t))), readouts, workers, observer)
                .answers(logitsOf: original.tokens)
            for k in outputs.indices {
                let range = k * count..<(k + 1) * count
                deltas.append(.student(range.map { original.logits[$0] - swapped.logits[$0] }))
                changedShares.append(
                    Double(range.count { swapped.tokens[$0] != original.tokens[$0] }) / Double(max(count, 1)))
            }
        }
        return CounterfactualMap(
            inputs: inputs.map(\.position.label), outputs: outputs.map(\.label), deltas: deltas,
            changedShares: changedShares)
    }
}

extension SwapInput {
    /// The batch with another token at the position of every sequence.
    fileprivate func swap(in batch: RaggedBatch, _ random: RandomSource) throws(ProbeError) -> RaggedBatch {
        var random = random
        var batch = batch
        for (problem, row) in try position.rows(in: batch).enumerated() {
            let others = candidates.filter { $0 != batch.tokens[row] }
            if others.isEmpty { throw .noCandidate(position.label, problem: problem) }
            batch.tokens[row] = others[random.below(others.count)]
        }
        return batch
    }
}

extension Rerun {
    /// (readouts, B) the most probable tokens, and the logits of `tokens`, or of themselves where that is nil.
    fileprivate func answers(logitsOf tokens: [Int32]?) throws -> (tokens: [Int32], logits: [Double]) {
        var best = [Int32](repeating: 0, count: readouts.count * batch.sequenceCount)
        var found = [Double](repeating: 0, count: best.count)
        let vocabulary = model.configuration.vocabularySize
        try logits { chunk, logits in
            logits.withUnsafeBufferPointer { logits in
                for r in readouts.indices {
                    for (index, s) in chunk.sequences.enumerated() {
                        let start = (r * chunk.sequences.count + index) * vocabulary
                        let row = UnsafeBufferPointer(rebasing: logits[start..<start + vocabulary])
                        let place = r * batch.sequenceCount + s
                        best[place] = Int32(summary(row).best)
                        found[place] = Double(row[Int(tokens?[place] ?? best[place])])
                    }
                }
            }
        }
        return (best, found)
    }
}
