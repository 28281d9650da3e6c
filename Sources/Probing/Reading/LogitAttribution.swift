import Support
import Tensors
import Transformer

// Direct logit attribution (Elhage et al. 2021). The last residual stream is a sum of what embedding, heads and MLPs
// wrote; with the final norm's scale held at its value, the logit difference is linear in that sum, so each summand has
// its share:
//   logit(token) − logit(against) = Σ_c c·d + bias·u,   d as in `Unembedding.directions`.
// The shares add up to the difference exactly. They are direct effects only: what later layers make of c is theirs.

/// What each part of the model adds to a logit difference, a mean over sequences.
public struct LogitAttribution: Sendable {
    public struct Share: Sendable {
        /// `embedding`, `head 0.1`, `attention bias 0`, `mlp 0` or `norm bias`.
        public let name: String
        /// In logits, with Student's interval over sequences.
        public let logits: Interval
    }

    public let position: String
    public let shares: [Share]
    /// (B) the whole difference in each sequence.
    public let totals: [Double]
}

extension LanguageModel {
    /// - Parameters:
    ///   - readout: where the logits are read, and the tokens whose logits are explained.
    ///   - against: (B) the tokens they are compared with; nil for the mean over the vocabulary.
    /// - Throws: `ProbeError`, `BatchError`.
    public func logitAttribution(
        _ batch: RaggedBatch, _ readout: Readout, against: [Int32]? = nil, workers: Workers = .shared,
        observer: WorkObserver = WorkObserver()
    ) throws -> LogitAttribution {
        _ = try readout.rows(in: batch, configuration)
        if let against { _ = try Readout(readout.position, tokens: against).rows(in: batch, configuration) }
        let layers = configuration.layerCount
        var points: [HookPoint] = [.embedding, .block(layers - 1, .residualPost)]
        for layer in 0..<layers { points += [.block(layer, .headOutputs), .block(layer, .mlpOutput)] }
        let states = try hiddenStates(
            batch, at: points, positions: [readout.position], modelHash: "", workers: workers, observer: observer
        ).map { $0[0] }
        let (directions, fromBias) = Unembedding(self).directions(
            states[1].values, tokens: readout.tokens, against: against)
        let width = configuration.width
        func products(_ values: [Float]) -> [Double] {
            readout.tokens.indices.map { row in
                (0..<width).reduce(0) { $0 + Double(values[row * width + $1]) * Double(directions[row * width + $1]) }
            }
        }
        var shares: [(name: String, values: [Double])] = [("embedding", products(states[0].values))]
        for layer in 0..<layers {
            shares += headShares(layer, states[2 + 2 * layer], directions, workers)
            shares.append(("mlp \(layer)", products(states[3 + 2 * layer].values)))
        }
        if configuration.architecture == .gpt2 { shares.append(("norm bias", fromBias)) }
        let totals = readout.tokens.indices.map { row in shares.reduce(0) { $0 + $1.values[row] } }
        return LogitAttribution(
            position: readout.position.label, shares: shares.map { .init(name: $0.name, logits: .student($0.values)) },
            totals: totals)
    }

    /// Each head's share: what it mixes, through its rows of the output matrix, along the directions (B, C).
    private func headShares(
        _ layer: Int, _ mixed: HiddenStates, _ directions: [Float], _ workers: Workers
    ) -> [(name: String, values: [Double])] {
        let c = configuration.width, inner = mixed.width, rows = mixed.rows
        let isGPT2 = configuration.architecture == .gpt2
        let name = isGPT2 ? "transformer.h.\(layer).attn.c_proj" : "model.layers.\(layer).self_attn.o_proj"
        guard let weight = parameters.layout["\(name).weight"] else { return [] }
        // (rows, heads · w): the directions seen from before the output matrix, which is (H·w, C) in GPT-2, else (C,
        // H·w).
        let pulled = product(directions, weight, isTransposed: isGPT2, workers)
        let w = configuration.headWidth
        var shares = (0..<configuration.headCount).map { head in
            (
                name: "head \(layer).\(head)",
                values: (0..<rows).map { row in
                    (head * w..<(head + 1) * w).reduce(0.0) {
                        $0 + Double(mixed.values[row * inner + $1]) * Double(pulled[row * inner + $1])
                    }
                }
            )
        }
        if let bias = parameters["\(name).bias"] {
            shares.append(
                (
                    name: "attention bias \(layer)",
                    values: (0..<rows).map { row in
                        (0..<c).reduce(0.0) { $0 + Double(bias[$1]) * Double(directions[row * c + $1]) }
                    }
                ))
        }
        return shares
    }
}
