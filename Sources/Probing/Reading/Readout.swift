import Support
import Glibc
import Tensors
import Transformer

/// A place where the model predicts something, and what would be right there.
public struct Readout: Sendable {
    /// The position that predicts, one before the token it predicts.
    public let position: Position
    /// (B) the right token.
    public let tokens: [Int32]

    public init(_ position: Position, tokens: [Int32]) {
        self.position = position
        self.tokens = tokens
    }

    /// (B) rows of the batch.
    /// - Throws: `ProbeError`, `BatchError.token`.
    func rows(in batch: RaggedBatch, _ configuration: ModelConfiguration) throws -> [Int] {
        let rows = try position.rows(in: batch)
        guard tokens.count == rows.count else {
            throw ProbeError.lengths("right tokens at \(position.label)", found: tokens.count, expected: rows.count)
        }
        if let bad = tokens.first(where: { $0 < 0 || Int($0) >= configuration.vocabularySize }) {
            throw BatchError.token(bad, vocabularySize: configuration.vocabularySize)
        }
        return rows
    }
}

/// What a model said at some readouts of every sequence.
public struct Predictions: Sendable {
    public let readoutCount: Int
    public let sequenceCount: Int
    /// (readouts, B) −log p of the right token, in nats.
    public fileprivate(set) var losses: [Double]
    /// (readouts, B) the most probable token.
    public fileprivate(set) var tokens: [Int32]
    /// (readouts, B) the right token.
    public let right: [Int32]

    fileprivate init(_ readouts: [Readout]) {
        readoutCount = readouts.count
        sequenceCount = readouts.first?.tokens.count ?? 0
        losses = Array(repeating: 0, count: readoutCount * sequenceCount)
        tokens = Array(repeating: 0, count: readoutCount * sequenceCount)
        right = readouts.flatMap(\.tokens)
    }

    /// The mean loss over everything, or at one readout.
    public func meanLoss(at readout: Int? = nil) -> Double {
        let range = range(readout)
        return losses[range].reduce(0, +) / Double(max(range.count, 1))
    }

    /// The share of right tokens over everything, or at one readout, with Wilson's interval over sequences.
    public func accuracy(at readout: Int? = nil) -> Interval {
        let range = range(readout)
        let share = Double(range.count { tokens[$0] == right[$0] }) / Double(max(range.count, 1))
        return .wilson(share: share, trials: sequenceCount)
    }

    private func range(_ readout: Int?) -> Range<Int> {
        readout.map { $0 * sequenceCount..<($0 + 1) * sequenceCount } ?? losses.indices
    }

    /// (B) each sequence's loss, summed over readouts and divided by their number.
    var lossOfSequence: [Double] {
        (0..<sequenceCount).map { s in
            (0..<readoutCount).reduce(0) { $0 + losses[$1 * sequenceCount + s] } / Double(max(readoutCount, 1))
        }
    }
}

/// What an intervention did to a model's predictions.
public struct CausalEffect: Sendable {
    public let before: Predictions
    public let after: Predictions

    /// How much the mean loss rose, in nats, with Student's interval over sequences.
    public var lossIncrease: Interval {
        .student(zip(after.lossOfSequence, before.lossOfSequence).map { $0 - $1 })
    }

    /// The same at one readout.
    public func lossIncrease(at readout: Int) -> Interval {
        let range = readout * before.sequenceCount..<(readout + 1) * before.sequenceCount
        return .student(range.map { after.losses[$0] - before.losses[$0] })
    }

    /// The share of predictions that are another token than before.
    public var changedShare: Interval {
        let share = Double(zip(before.tokens, after.tokens).count { $0 != $1 }) / Double(max(before.tokens.count, 1))
        return .wilson(share: share, trials: before.sequenceCount)
    }
}

/// Passes of one model over the same batch, again and again with other interventions.
struct Rerun {
    let model: LanguageModel
    let batch: RaggedBatch
    let chunks: [BatchChunk]
    let readouts: [Readout]
    private let rows: [[Int]]
    private let workers: Workers
    private let tape: Tape
    private let observer: WorkObserver

    /// - Throws: `ProbeError`, `BatchError`.
    init(
        _ model: LanguageModel, _ batch: RaggedBatch, _ readouts: [Readout], _ workers: Workers,
        _ observer: WorkObserver
    ) throws {
        guard !readouts.isEmpty else { throw ProbeError.noPositions }
        try batch.check(against: model.configuration)
        self.model = model
        self.batch = batch
        self.readouts = readouts
        self.workers = workers
        rows = try readouts.map { try $0.rows(in: batch, model.configuration) }
        chunks = batch.chunks()
        tape = Tape(model.executor(workers))
        self.observer = observer
    }

    /// The logits (readouts, sequences of the chunk, V) of each chunk in turn.
    func logits(
        interventions: (BatchChunk) -> [Intervention] = { _ in [] },
        patterns: (BatchChunk) -> [Int: PatternAccess] = { _ in [:] },
        _ consume: (BatchChunk, [Float]) -> Void
    ) throws {
        for chunk in chunks {
            try observer.check()
            let wanted = rows.flatMap { $0[chunk.sequences].map { $0 - chunk.firstRow } }
            let capture = try model.capture(
                chunk.batch, points: [], rows: wanted, interventions: interventions(chunk), patterns: patterns(chunk),
                logits: true, tape: tape,
                workers: workers)
            consume(chunk, capture.logits ?? [])
        }
    }

    /// What the model says at the readouts.
    func predictions(
        interventions: (BatchChunk) -> [Intervention] = { _ in [] },
        patterns: (BatchChunk) -> [Int: PatternAccess] = { _ in [:] }
    ) throws -> Predictions {
        var predictions = Predictions(readouts)
        let vocabulary = model.configuration.vocabularySize
        try logits(interventions: interventions, patterns: patterns) { chunk, logits in
            logits.withUnsafeBufferPointer { logits in
                for r in readouts.indices {
                    for (index, s) in chunk.sequences.enumerated() {
                        let start = (r * chunk.sequences.count + index) * vocabulary
                        let row = UnsafeBufferPointer(rebasing: logits[start..<start + vocabulary])
                        let place = r * batch.sequenceCount + s
                        let (best, sum) = summary(row)
                        predictions.tokens[place] = Int32(best)
                        predictions.losses[place] = sum - Double(row[Int(readouts[r].tokens[s])])
                    }
                }
            }
        }
        return predictions
    }
}

/// The index of the largest logit and log Σ exp of all.
func summary(_ logits: UnsafeBufferPointer<Float>) -> (best: Int, logSumExp: Double) {
    var best = 0
    for i in logits.indices where logits[i] > logits[best] { best = i }
    let top = Double(logits[best])
    var sum = 0.0
    for logit in logits { sum += exp(Double(logit) - top) }
    return (best, top + log(sum))
}
