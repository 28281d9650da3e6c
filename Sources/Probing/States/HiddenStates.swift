import Support
import Tensors
import Transformer

/// What a model holds at one hook point and one position, a row for each problem, with its origin.
public struct HiddenStates: Sendable {
    /// (rows, width)
    public let values: [Float]
    public let rows: Int
    public let width: Int
    /// (rows) the token that is read at the position.
    public let tokens: [Int32]
    public let provenance: Provenance

    /// - Throws: `ProbeError.lengths`, `.notFinite`.
    public init(values: [Float], width: Int, tokens: [Int32], provenance: Provenance) throws(ProbeError) {
        guard width > 0, values.count == tokens.count * width else {
            throw .lengths("states of width \(width)", found: values.count, expected: tokens.count)
        }
        if let bad = values.firstIndex(where: { !$0.isFinite }) {
            throw .notFinite("a state at \(provenance.hook)", row: bad / width)
        }
        self.values = values
        self.width = width
        rows = tokens.count
        self.tokens = tokens
        self.provenance = provenance
    }
}

extension LanguageModel {
    /// The states at every one of `points` and `positions`, from one pass over the batch in pieces: only the rows asked
    /// for are kept, and no layer beyond the last one asked for is computed.
    /// - Parameters:
    ///   - stage: what the owner of the model calls its stage, for the provenance.
    ///   - modelHash: `contentHash()`, where the caller knows it already.
    /// - Returns: for each point, for each position, the states (B, width).
    /// - Throws: `ProbeError`, `BatchError`.
    public func hiddenStates(
        _ batch: RaggedBatch, at points: [HookPoint], positions: [Position], stage: String = "",
        modelHash: String? = nil,
        workers: Workers = .shared, observer: WorkObserver = WorkObserver()
    ) throws -> [[HiddenStates]] {
        for point in points { try point.check(against: configuration) }
        let rows = try positions.map { try $0.rows(in: batch) }
        var values = points.map { point in
            positions.map { _ in
                var empty: [Float] = []
                empty.reserveCapacity(batch.sequenceCount * point.width(in: configuration))
                return empty
            }
        }
        let tape = Tape(executor(workers))
        let chunks = batch.chunks()
        for (done, chunk) in chunks.enumerated() {
            try observer.step(done, of: chunks.count)
            let wanted = rows.flatMap { $0[chunk.sequences].map { $0 - chunk.firstRow } }
            let states = try capture(chunk.batch, points: Set(points), rows: wanted, tape: tape, workers: workers)
                .states
            for (p, point) in points.enumerated() {
                let count = chunk.sequences.count * point.width(in: configuration)
                for position in positions.indices {
                    values[p][position] += states[point]![position * count..<(position + 1) * count]
                }
            }
        }
        let hash = modelHash ?? contentHash()
        return try points.enumerated().map { p, point in
            try positions.enumerated().map { q, position in
                try HiddenStates(
                    values: values[p][q], width: point.width(in: configuration),
                    tokens: rows[q].map { batch.tokens[$0] },
                    provenance: Provenance(model: hash, stage: stage, hook: point.description, position: position.label)
                )
            }
        }
    }
}
