import Support
import Tensors
import Transformer

// Activation patching (Vig et al. 2020; Meng et al. 2022). Pairs of inputs of equal length differ in what matters. With
// the metric m = logit(clean answer) − logit(corrupt answer), a mean over pairs:
//   restored  = (m[corrupt input, clean state put in] − m[corrupt]) / (m[clean] − m[corrupt])    0: nothing, 1: all of it
//   destroyed = (m[clean] − m[clean input, corrupt state put in]) / (m[clean] − m[corrupt])      0: nothing, 1: all of it
// A state that is enough for the answer restores; a state that is needed destroys. They are different questions.

/// Where a state is taken over from the other run.
public struct PatchSite: Sendable {
    public let point: HookPoint
    /// One head's part of `headOutputs`; nil for the whole state.
    public let head: Int?
    public let position: Position

    public init(_ point: HookPoint, head: Int? = nil, at position: Position) {
        self.point = point
        self.head = head
        self.position = position
    }
}

/// What the corrupt input would answer at a readout of the clean one.
public struct PatchReadout: Sendable {
    /// Where the clean answer is read, and the clean answer.
    public let clean: Readout
    /// (B) the answer to the corrupt input there.
    public let corruptTokens: [Int32]

    public init(_ clean: Readout, corruptTokens: [Int32]) {
        self.clean = clean
        self.corruptTokens = corruptTokens
    }
}

public struct PatchEffect: Sendable {
    public let hook: String
    public let head: Int?
    public let position: String
    /// How much of the answer the clean state brings back.
    public let restored: Interval
    /// How much of the answer the corrupt state takes away.
    public let destroyed: Interval
}

public struct PatchReport: Sendable {
    /// The mean logit of the clean answer over the corrupt one, on clean inputs and on corrupt ones.
    public let cleanMetric: Double
    public let corruptMetric: Double
    public let effects: [PatchEffect]
}

extension LanguageModel {
    /// Patches each site in both directions.
    /// - Throws: `ProbeError.differentLengths`, `.metricDoesNotMove` and others; `BatchError`.
    public func patch(
        clean: RaggedBatch, corrupt: RaggedBatch, sites: [PatchSite], readouts: [PatchReadout], seed: UInt64 = 0,
        replicates: Int = 400,
        workers: Workers = .shared, observer: WorkObserver = WorkObserver()
    ) throws -> PatchReport {
        guard clean.sequenceCount == corrupt.sequenceCount else {
            throw ProbeError.lengths("corrupt inputs", found: corrupt.sequenceCount, expected: clean.sequenceCount)
        }
        for s in 0..<clean.sequenceCount {
            let lengths = (clean.offsets[s + 1] - clean.offsets[s], corrupt.offsets[s + 1] - corrupt.offsets[s])
            if lengths.0 != lengths.1 {
                throw ProbeError.differentLengths(problem: s, clean: lengths.0, corrupt: lengths.1)
            }
        }
        for site in sites { try site.check(against: configuration) }
        for readout in readouts {
            _ = try Readout(readout.clean.position, tokens: readout.corruptTokens).rows(in: clean, configuration)
        }
        let cleanRun = try Rerun(self, clean, readouts.map(\.clean), workers, observer)
        let corruptRun = try Rerun(self, corrupt, readouts.map(\.clean), workers, observer)
        let cleanMetric = try cleanRun.metric(readouts), corruptMetric = try corruptRun.metric(readouts)
        let gap = mean(cleanMetric) - mean(corruptMetric)
        guard gap > 1e-3 else { throw ProbeError.metricDoesNotMove(gap) }
        let bootstrap = Bootstrap(
            groups: Array(0..<clean.sequenceCount), replicates: replicates, confidence: 0.95,
            random: RandomSource(seed: seed))
        var effects = [PatchEffect?](repeating: nil, count: sites.count)
        let quiet = WorkObserver(interrupt: observer.interrupt)
        var done = 0
        for point in Set(sites.map(\.point)) {
            // One reading of each run for all sites at the same hook point.
            let here = sites.indices.filter { sites[$0].point == point }
            let positions = here.map { sites[$0].position }
            let cleanStates = try hiddenStates(
                clean, at: [point], positions: positions, modelHash: "", workers: workers, observer: quiet)[0]
            let corruptStates = try hiddenStates(
                corrupt, at: [point], positions: positions, modelHash: "", workers: workers, observer: quiet)[0]
            for (index, siteIndex) in here.enumerated() {
                try observer.step(done, of: sites.count)
                done += 1
                let site = sites[siteIndex]
                let rows = try site.position.rows(in: clean)
                let columns = site.columns(in: configuration)
                let restored = try corruptRun.metric(readouts) {
                    site.intervention($0, rows, columns, cleanStates[index])
                }
                let destroyed = try cleanRun.metric(readouts) {
                    site.intervention($0, rows, columns, corruptStates[index])
                }
                let sums = bootstrap.sums([cleanMetric, corruptMetric, restored, destroyed])
                effects[siteIndex] = PatchEffect(
                    hook: point.description, head: site.head, position: site.position.label,
                    restored: bootstrap.interval(
                        bootstrap.sample { (sums[$0, 2] - sums[$0, 1]) / (sums[$0, 0] - sums[$0, 1]) }),
                    destroyed: bootstrap.interval(
                        bootstrap.sample { (sums[$0, 0] - sums[$0, 3]) / (sums[$0, 0] - sums[$0, 1]) }))
            }
        }
        return PatchReport(
            cleanMetric: mean(cleanMetric), corruptMetric: mean(corruptMetric), effects: effects.compactMap { $0 })
    }
}

extension PatchSite {
    /// - Throws: `ProbeError`.
    func check(against configuration: ModelConfiguration) throws(ProbeError) {
        try point.check(against: configuration)
        guard let head else { return }
        guard case .block(_, .headOutputs) = point else {
            throw .invalid("a single head can only be patched at \(BlockHook.headOutputs.rawValue), not at \(point)")
        }
        if head < 0 || head >= configuration.headCount {
            throw .headOutOfRange(head, headCount: configuration.headCount)
        }
    }

    func columns(in configuration: ModelConfiguration) -> Range<Int> {
        head.map { $0 * configuration.headWidth..<($0 + 1) * configuration.headWidth }
            ?? 0..<point.width(in: configuration)
    }

    /// Puts the states of the chunk's sequences in.
    fileprivate func intervention(
        _ chunk: BatchChunk, _ rows: [Int], _ columns: Range<Int>, _ states: HiddenStates
    ) -> [Intervention] {
        [
            Intervention(
                point,
                Edit(
                    .set(
                        chunk.sequences.flatMap { s in
                            states.values[s * states.width + columns.lowerBound..<s * states.width + columns.upperBound]
                        }), rows: rows[chunk.sequences].map { $0 - chunk.firstRow }, columns: columns))
        ]
    }
}

extension Rerun {
    /// (B) the logit of the clean answer over the corrupt one, a mean over readouts.
    fileprivate func metric(
        _ readouts: [PatchReadout], interventions: (BatchChunk) -> [Intervention] = { _ in [] }
    ) throws -> [Double] {
        var metric = [Double](repeating: 0, count: batch.sequenceCount)
        let vocabulary = model.configuration.vocabularySize
        try logits(interventions: interventions) { chunk, logits in
            for (r, readout) in readouts.enumerated() {
                for (index, s) in chunk.sequences.enumerated() {
                    let row = (r * chunk.sequences.count + index) * vocabulary
                    let difference =
                        logits[row + Int(readout.clean.tokens[s])] - logits[row + Int(readout.corruptTokens[s])]
                    metric[s] += Double(difference) / Double(readouts.count)
                }
            }
        }
        return metric
    }
}

private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(values.count, 1)) }
