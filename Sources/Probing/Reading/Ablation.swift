import Support
import Tensors
import Transformer

/// A part of a model that writes into the residual stream.
public enum Component: Sendable, Hashable, CustomStringConvertible {
    case head(layer: Int, Int)
    case attention(layer: Int)
    case mlp(layer: Int)

    public var description: String {
        switch self {
        case .head(let layer, let head): "head \(layer).\(head)"
        case .attention(let layer): "attention \(layer)"
        case .mlp(let layer): "mlp \(layer)"
        }
    }

    /// Every head and every MLP of a model, layer by layer.
    public static func all(of configuration: ModelConfiguration) -> [Component] {
        (0..<configuration.layerCount).flatMap { layer in
            (0..<configuration.headCount).map { .head(layer: layer, $0) } + [.mlp(layer: layer)]
        }
    }

    /// Where its output can be changed.
    var point: HookPoint {
        switch self {
        case .head(let layer, _): .block(layer, .headOutputs)
        case .attention(let layer): .block(layer, .attentionOutput)
        case .mlp(let layer): .block(layer, .mlpOutput)
        }
    }

    /// The columns there that are its own.
    func columns(in configuration: ModelConfiguration) -> Range<Int> {
        if case .head(_, let head) = self {
            return head * configuration.headWidth..<(head + 1) * configuration.headWidth
        }
        return 0..<configuration.width
    }

    /// - Throws: `ProbeError.layerOutOfRange`, `.headOutOfRange`.
    func check(against configuration: ModelConfiguration) throws(ProbeError) {
        try point.check(against: configuration)
        if case .head(_, let head) = self, head < 0 || head >= configuration.headCount {
            throw .headOutOfRange(head, headCount: configuration.headCount)
        }
    }
}

/// What stands in for an ablated output.
public enum Ablation: String, Sendable, CaseIterable {
    case zero
    /// The mean over all sequences of the batch, for each index in the sequence.
    case mean
    /// The output in another sequence of the same length.
    case resample
}

/// What ablating one component did.
public struct AblationEffect: Sendable {
    public let component: Component
    public let effect: CausalEffect
}

extension LanguageModel {
    /// Replaces the output of each component in turn and reads the predictions.
    /// - Parameters:
    ///   - position: where it is replaced; nil for the whole sequence.
    ///   - seed: draws the partners of a resample ablation.
    /// - Throws: `ProbeError`, `BatchError`.
    public func ablate(
        _ batch: RaggedBatch, _ components: [Component], _ ablation: Ablation, at position: Position? = nil,
        readouts: [Readout],
        seed: UInt64 = 0, workers: Workers = .shared, observer: WorkObserver = WorkObserver()
    ) throws -> [AblationEffect] {
        for component in components { try component.check(against: configuration) }
        let rerun = try Rerun(self, batch, readouts, workers, observer)
        let rows = try position.map { try $0.rows(in: batch) }
        let partners = ablation == .resample ? try batch.partners(seed: seed) : []
        let before = try rerun.predictions()
        var effects: [AblationEffect] = []
        // What stands in at the hook point of the last component, (N, width); the next one is often at the same point.
        var known: (point: HookPoint, values: [Float])?
        for (done, component) in components.enumerated() {
            try observer.step(done, of: components.count)
            if ablation != .zero, known?.point != component.point {
                let states = try everyState(batch, component.point, workers, observer)
                let width = component.point.width(in: configuration)
                known = (
                    component.point,
                    ablation == .mean ? batch.meanRows(states, width) : batch.partnerRows(states, width, partners)
                )
            }
            let columns = component.columns(in: configuration)
            let substitute = ablation == .zero ? nil : known?.values
            let after = try rerun.predictions(interventions: { chunk in
                let here =
                    rows.map { Array($0[chunk.sequences]) }
                    ?? Array(chunk.firstRow..<chunk.firstRow + chunk.batch.tokenCount)
                let width = component.point.width(in: configuration)
                let change =
                    substitute.map { states in
                        Edit.Change.set(
                            here.flatMap { states[$0 * width + columns.lowerBound..<$0 * width + columns.upperBound] })
                    } ?? .mask
                return [
                    Intervention(
                        component.point, Edit(change, rows: here.map { $0 - chunk.firstRow }, columns: columns))
                ]
            })
            effects.append(AblationEffect(component: component, effect: CausalEffect(before: before, after: after)))
        }
        return effects
    }

    /// The states of every row at one point, (N, width).
    private func everyState(
        _ batch: RaggedBatch, _ point: HookPoint, _ workers: Workers, _ observer: WorkObserver
    ) throws -> [Float] {
        let tape = Tape(executor(workers))
        var values: [Float] = []
        values.reserveCapacity(batch.tokenCount * point.width(in: configuration))
        for chunk in batch.chunks() {
            try observer.check()
            values += try capture(chunk.batch, points: [point], tape: tape, workers: workers).states[point]!
        }
        return values
    }
}

extension RaggedBatch {
    /// For each sequence another one of the same length, at random.
    /// - Throws: `ProbeError.noPartner`.
    fileprivate func partners(seed: UInt64) throws(ProbeError) -> [Int] {
        var byLength: [Int: [Int]] = [:]
        for s in 0..<sequenceCount { byLength[offsets[s + 1] - offsets[s], default: []].append(s) }
        var random = RandomSource(seed: seed)
        var partners = [Int](repeating: 0, count: sequenceCount)
        for length in byLength.keys.sorted() {
            var group = byLength[length]!
            if group.count < 2 { throw .noPartner(problem: group[0], length: length) }
            random.shuffle(&group)
            // Each takes from the next in a circle, so nobody takes from itself.
            for (index, s) in group.enumerated() { partners[s] = group[(index + 1) % group.count] }
        }
        return partners
    }

    fileprivate func partnerRows(_ states: [Float], _ width: Int, _ partners: [Int]) -> [Float] {
        (0..<sequenceCount).flatMap { states[offsets[partners[$0]] * width..<offsets[partners[$0] + 1] * width] }
    }

    /// Each row replaced by the mean of all rows at the same index of their sequences.
    fileprivate func meanRows(_ states: [Float], _ width: Int) -> [Float] {
        let longest = (0..<sequenceCount).map { offsets[$0 + 1] - offsets[$0] }.max() ?? 0
        var sums = [Double](repeating: 0, count: longest * width)
        var counts = [Double](repeating: 0, count: longest)
        for s in 0..<sequenceCount {
            for (index, row) in (offsets[s]..<offsets[s + 1]).enumerated() {
                counts[index] += 1
                for j in 0..<width { sums[index * width + j] += Double(states[row * width + j]) }
            }
        }
        let means = sums.indices.map { Float(sums[$0] / max(counts[$0 / max(width, 1)], 1)) }
        return (0..<sequenceCount).flatMap { means[..<((offsets[$0 + 1] - offsets[$0]) * width)] }
    }
}
