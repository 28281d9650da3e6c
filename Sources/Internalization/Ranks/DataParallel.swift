import Communication
import Support
import Tensors
import Transformer

/// Why ranks cannot train together, or cannot go on.
public enum RanksFault: Error, Equatable, Sendable, CustomStringConvertible {
    /// Batches that are cut into so many slices cannot be shared by so many ranks.
    case slicesDoNotFit(slices: Int, ranks: Int)
    case moreRanksThanRows(ranks: Int, batch: Int)
    /// Other ranks would compute the model otherwise than rank 0 does.
    case otherArithmetic(String, elsewhere: String)
    /// Something other than an update changed numbers on a rank.
    case otherWeights(ranks: [Int], of: Int, updates: Int)

    public var description: String {
        switch self {
        case .slicesDoNotFit(let slices, let ranks):
            "\(ranks) ranks cannot share batches that are cut into \(Phrase.count(slices, "slice")); "
                + "each rank needs 1, 2, 4, 8 … of them"
        case .moreRanksThanRows(let ranks, let batch):
            "\(ranks) ranks cannot share a batch of \(Phrase.count(batch, "problem"))"
        case .otherArithmetic(let own, let elsewhere):
            "ranks cannot share a model that is computed as \"\(own)\": they compute as \"\(elsewhere)\""
        case .otherWeights(let wrong, let count, let updates):
            "\(Self.names(wrong)) other weights than \(count == 2 ? "rank 0" : "the other ranks") after update "
                + "\(updates): a bit was flipped there, in its memory or on the way; what was trained since the "
                + "comparison before is not to be trusted"
        }
    }

    public var help: String {
        switch self {
        case .slicesDoNotFit(_, let ranks):
            "write slices: \(ranks) in start or resume: from there on bits are those of \(ranks) slices"
        case .moreRanksThanRows(let ranks, _): "write batch: \(ranks) or more, or start fewer ranks"
        case .otherArithmetic: "start it without mpirun, or compute it in float32 on processors"
        case .otherWeights: "resume the run from its last checkpoint, and have that machine's memory tested"
        }
    }

    private static func names(_ ranks: [Int]) -> String {
        let numbers = ranks.map(String.init).joined(separator: ", ")
        return ranks.count == 1 ? "rank \(numbers) holds" : "ranks \(numbers) hold"
    }
}

/// A run's model in training on every rank: here its replica, and what the others know of theirs. With one process it
/// is the replica alone.
final class DataParallel {
    let replica: Replica
    private let ranks: Ranks
    private let workers: Workers
    private let id: Int
    /// In which states the others have their replicas; nil as long as they have none.
    private var known: [RankCommand.Part: Int]?
    /// Why nothing more can be trained together.
    private var fault: RanksFault?

    /// Updates between two comparisons of weights.
    private static let updatesBetweenComparisons = 100

    init(_ model: LanguageModel, workers: Workers, hyperparameters: AdamWHyperparameters, ranks: Ranks) {
        self.ranks = ranks
        self.workers = workers
        id = ranks.newID()
        replica = Replica(
            model, workers: workers, hyperparameters: hyperparameters, communicator: ranks.communicator)
    }

    deinit { if known != nil { ranks.release(id) } }

    private var isShared: Bool { ranks.size > 1 }

    /// - Throws: `RanksFault` where steps with such settings cannot be shared.
    func check(_ settings: TrainingSettings) throws {
        guard isShared else { return }
        if let fault { throw fault }
        if settings.batchSize < ranks.size {
            throw RanksFault.moreRanksThanRows(ranks: ranks.size, batch: settings.batchSize)
        }
        if !OrderedSum.canShare(settings.slices, ranks: ranks.size) {
            throw RanksFault.slicesDoNotFit(slices: settings.slices, ranks: ranks.size)
        }
        let own = replica.model.executor(workers).profile, elsewhere = CPUExecutor(workers).profile
        if own != elsewhere { throw RanksFault.otherArithmetic(own, elsewhere: elsewhere) }
    }

    // MARK: Steps

    /// A pass of a step, see `Replica`.
    /// - Throws: `BatchError`, `RanksFault`.
    func accumulate(_ batch: RaggedBatch, _ pass: RankedPass) throws -> BatchReport {
        guard isShared else { return try replica.accumulate(batch, pass) }
        // Nothing may fail on some ranks only.
        try batch.check(against: replica.model.configuration)
        guard batch.targetCount > 0 else { throw BatchError.noTargets }
        try bringUpToDate(withGradients: pass.carries)
        return try ranks.exchange {
            ranks.tell(.pass(id, pass, tokens: batch.tokenCount, sequences: batch.sequenceCount))
            var words = batch.words
            words.withUnsafeMutableBytes { ranks.communicator.broadcast($0) }
            let report = try replica.accumulate(batch, pass)
            note()
            return report
        }
    }

    /// Changes the weights by the gradients.
    /// - Throws: `NonFiniteGradient`, before anything is changed.
    func update(learningRate: Float, clip: Float?) throws -> UpdateReport {
        let optimizer = replica.optimizer
        let update = RankedUpdate(
            learningRate: learningRate, clip: clip, hyperparameters: optimizer.hyperparameters,
            stepCounts: (optimizer.stepCount, optimizer.secondStepCount))
        guard isShared else { return try replica.update(update) }
        return try ranks.exchange {
            ranks.tell(.update(id, update))
            defer { note() }
            return try replica.update(update)
        }
    }

    /// Compares the weights now and then.
    /// - Throws: `RanksFault.otherWeights`.
    func compareInTime(updates: Int) throws {
        if updates % Self.updatesBetweenComparisons == 0 { try compare(updates: updates) }
    }

    /// Compares the weights of all ranks, where they should be the same.
    /// - Throws: `RanksFault.otherWeights`; nothing more can be trained then.
    func compare(updates: Int) throws {
        guard isShared, known?[.weights] == replica.model.parameters.changes else { return }
        let own = replica.digest
        var all = [UInt8](repeating: 0, count: own.count * ranks.size)
        ranks.exchange {
            ranks.tell(.compare(id))
            own.withUnsafeBytes { own in
                let counts = [Int](repeating: own.count, count: ranks.size)
                all.withUnsafeMutableBytes { ranks.communicator.gather(own, counts, into: $0) }
            }
        }
        let digests = (0..<ranks.size).map { Array(all[$0 * own.count..<($0 + 1) * own.count]) }
        let wrong = Self.minority(digests)
        if wrong.isEmpty { return }
        let fault = RanksFault.otherWeights(ranks: wrong, of: ranks.size, updates: updates)
        self.fault = fault
        throw fault
    }

    /// Those who differ from most; where as many agree with rank 0 as with anybody, from rank 0.
    static func minority(_ digests: [[UInt8]]) -> [Int] {
        let counts = digests.map { digest in digests.count { $0 == digest } }
        guard let most = counts.max(), let right = counts.firstIndex(of: most) else { return [] }
        return digests.indices.filter { digests[$0] != digests[right] }
    }

    // MARK: The others' replicas

    /// Gives the others what has changed here by something else than a step.
    private func bringUpToDate(withGradients: Bool) throws {
        if let fault { throw fault }
        let isNew = known == nil
        ranks.exchange {
            if isNew { begin() }
            for part in RankCommand.Part.allCases where part != .gradients || withGradients {
                let set = replica.part(part)
                if known?[part] == set.changes { continue }
                let isZero =
                    switch part {
                    case .firstMoments: replica.optimizer.stepCount == 0
                    case .secondMoments: replica.optimizer.secondStepCount == 0
                    case .weights, .gradients: false
                    }
                ranks.tell(.set(id, part, isZero: isZero))
                if !isZero {
                    set.read(0..<set.count) {
                        ranks.communicator.broadcast(
                            UnsafeMutableRawBufferPointer(mutating: UnsafeRawBufferPointer($0)))
                    }
                }
            }
            note()
        }
        // What arrived is what was sent, before anything is trained on it.
        if isNew { try compare(updates: 0) }
    }

    private func begin() {
        let configuration: JSONValue
        do { configuration = try JSONValue(encoding: replica.model.configuration) } catch {
            preconditionFailure("a configuration that cannot be told: \(error)")
        }
        var bytes = Array(JSONWriter.text(configuration, .compact).utf8)
        ranks.tell(.begin(id, threads: workers.threadCount, bytes: bytes.count))
        bytes.withUnsafeMutableBytes { ranks.communicator.broadcast($0) }
    }

    /// The others have what is here now.
    private func note() {
        known = Dictionary(
            uniqueKeysWithValues: RankCommand.Part.allCases.map { ($0, replica.part($0).changes) })
    }
}
