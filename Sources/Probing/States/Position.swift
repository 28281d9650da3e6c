import Transformer

/// A position by its meaning: where it lies in each sequence of a batch.
public struct Position: Sendable, Equatable {
    /// What it is called, for example `.answer[2]`.
    public let label: String
    /// (B) the index within each sequence; nil where a sequence has no such position.
    public let indices: [Int?]

    public init(_ label: String, indices: [Int?]) {
        self.label = label
        self.indices = indices
    }

    /// The same index in each of `count` sequences.
    public init(_ label: String, index: Int, count: Int) {
        self.init(label, indices: Array(repeating: index, count: count))
    }

    /// (B) rows of the batch.
    /// - Throws: `ProbeError` if a sequence lacks the position or is shorter.
    func rows(in batch: RaggedBatch) throws(ProbeError) -> [Int] {
        guard indices.count == batch.sequenceCount else {
            throw .lengths("position \(label)", found: indices.count, expected: batch.sequenceCount)
        }
        if let first = indices.firstIndex(where: { $0 == nil }) {
            throw .positionMissing(label, first: first, missing: indices.count { $0 == nil }, count: indices.count)
        }
        var rows: [Int] = []
        rows.reserveCapacity(indices.count)
        for (problem, index) in indices.enumerated() {
            let length = batch.offsets[problem + 1] - batch.offsets[problem]
            guard let index, index >= 0, index < length else {
                throw .positionOutside(label, problem: problem, index: index ?? -1, length: length)
            }
            rows.append(batch.offsets[problem] + index)
        }
        return rows
    }
}

extension HookPoint {
    /// - Throws: `ProbeError.layerOutOfRange`.
    func check(against configuration: ModelConfiguration) throws(ProbeError) {
        if case .block(let layer, _) = self, layer < 0 || layer >= configuration.layerCount {
            throw .layerOutOfRange(layer, layerCount: configuration.layerCount)
        }
    }

    /// How many numbers a state has here.
    public func width(in configuration: ModelConfiguration) -> Int {
        guard case .block(_, let site) = self else { return configuration.width }
        switch site {
        case .queryKeyValue:
            return (configuration.headCount + 2 * configuration.keyValueHeadCount) * configuration.headWidth
        case .headOutputs: return configuration.headCount * configuration.headWidth
        // Gate and up side by side, except in GPT-2, which has no gate.
        case .mlpPre:
            return configuration.architecture == .gpt2 ? configuration.innerWidth : 2 * configuration.innerWidth
        case .mlpPost: return configuration.innerWidth
        case .residualPre, .firstNorm, .attentionOutput, .residualMiddle, .secondNorm, .mlpOutput, .residualPost:
            return configuration.width
        }
    }
}
