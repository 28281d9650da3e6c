import Communication
import Support
import Tensors
import Transformer

// A step on several ranks. Every rank has a replica: the same weights, moments and sums. A batch is cut by place into
// S slices of as many rows as can be, each rank has S/N of them, and for each
//
//   g_s = gradient of  scale · Σ_{targets in slice s} loss / (targets in the whole batch)
//
// is added up from zero over the passes of a step. The step's gradient is the sum of the g_s in the order of
// `OrderedSum`, which does not depend on N: one process that cuts its batches into four slices has the bits of two or
// four ranks that do. Dropout's masks follow from the slice, so ranks do not change them either. With one slice nothing
// is cut, and a step is what it is without any of this.
//
// Then every rank makes the same update of the same numbers, in the same number of threads.

/// What a pass of a step is, beside its batch.
struct RankedPass: Equatable {
    /// S
    var slices = 1
    /// Whether the step begins or ends with it.
    var isFirst = true
    var isLast = true
    /// Whether the step's gradient is added to what steps before it have gathered.
    var carries = false
    var scale: Float = 1
    /// The source of the batch's masks.
    var dropout: RandomSource?
}

/// What an update is, beside its gradients.
struct RankedUpdate: Equatable {
    var learningRate: Float
    var clip: Float?
    var hyperparameters: AdamWHyperparameters
    /// Updates since the moments were last zero.
    var stepCounts: (first: Int, second: Int)

    static func == (left: RankedUpdate, right: RankedUpdate) -> Bool {
        left.learningRate == right.learningRate && left.clip == right.clip
            && left.hyperparameters == right.hyperparameters && left.stepCounts == right.stepCounts
    }
}

/// A rank's model in training: its weights, optimizer, and the gradients of its slices.
final class Replica {
    let model: LanguageModel
    let optimizer: AdamW
    /// Its gradients are the sum: after the last pass of a step the same on every rank.
    let trainee: Trainee
    private let communicator: any Communicator
    private let executor: any Executor
    private let rankSum: RankSum
    /// Sums of slices that have no place in the trainee's, made when they are first needed.
    private var furtherSums: [ParameterSet] = []

    init(
        _ model: LanguageModel, workers: Workers, hyperparameters: AdamWHyperparameters,
        communicator: any Communicator
    ) {
        self.model = model
        self.communicator = communicator
        executor = model.executor(workers)
        optimizer = AdamW(model.parameters.layout, hyperparameters: hyperparameters, executor: executor)
        trainee = Trainee(model, workers: workers)
        rankSum = RankSum(communicator)
    }

    /// Adds the gradient of this rank's slices; after the last pass of a step adds up those of all.
    /// - Returns: what was found at all labels, on rank 0; elsewhere at this rank's.
    /// - Throws: `BatchError`.
    func accumulate(_ batch: RaggedBatch, _ pass: RankedPass) throws -> BatchReport {
        guard pass.slices > 1 else {
            if pass.isFirst, !pass.carries { trainee.clearGradients() }
            return try trainee.accumulate(batch, dropout: pass.dropout, scale: pass.scale)
        }
        let targets = batch.targetCount
        guard targets > 0 else { throw BatchError.noTargets }
        let own = Self.slices(of: communicator.rank, pass.slices, ranks: communicator.size)
        let sums = sums(own.count, beside: pass.carries)
        if pass.isFirst { for sum in sums { sum.clear() } }
        var losses: [Float] = []
        var predictions: [Int32] = []
        for (sum, slice) in zip(sums, own) {
            let part = batch.sequences(Workers.part(slice, of: pass.slices, count: batch.sequenceCount))
            if part.targetCount == 0 { continue }
            let report = try trainee.accumulate(
                part, dropout: pass.dropout?.split(UInt64(slice)), scale: pass.scale, targets: targets, into: sum)
            losses += report.losses
            predictions += report.predictions
        }
        if pass.isLast { addUp(sums, carries: pass.carries) }
        return gather(losses, predictions, of: batch, pass.slices)
    }

    /// Changes the weights by the gradients.
    /// - Throws: `NonFiniteGradient`, before anything is changed.
    func update(_ update: RankedUpdate) throws -> UpdateReport {
        optimizer.hyperparameters = update.hyperparameters
        (optimizer.stepCount, optimizer.secondStepCount) = update.stepCounts
        return try optimizer.update(
            model, gradients: trainee.gradients, learningRate: update.learningRate, clip: update.clip)
    }

    /// SHA-256 of the weights.
    var digest: [UInt8] {
        var hash = SHA256()
        model.parameters.read(0..<model.parameters.count) { hash.update(UnsafeRawBufferPointer($0)) }
        return hash.finalize()
    }

    // MARK: Slices

    /// The slices of a rank.
    static func slices(of rank: Int, _ slices: Int, ranks: Int) -> Range<Int> {
        rank * slices / ranks..<(rank + 1) * slices / ranks
    }

    /// Where the slices of this rank are added up. Where nothing has been gathered before, the first is the sum itself.
    private func sums(_ count: Int, beside carries: Bool) -> [ParameterSet] {
        let needed = carries ? count : count - 1
        while furtherSums.count < needed {
            furtherSums.append(ParameterSet(model.parameters.layout, executor: executor))
        }
        return (carries ? [] : [trainee.gradients]) + furtherSums[..<needed]
    }

    private func addUp(_ sums: [ParameterSet], carries: Bool) {
        OrderedSum.pairs(sums.count) { sums[$0].add(sums[$1]) }
        if communicator.size > 1 { sums[0].fill(0..<sums[0].count) { rankSum.sum($0) } }
        if carries { trainee.gradients.add(sums[0]) }
    }

    // MARK: What was found

    /// Puts together what the ranks found, in the order of the batch.
    private func gather(
        _ losses: [Float], _ predictions: [Int32], of batch: RaggedBatch, _ slices: Int
    ) -> BatchReport {
        let size = communicator.size
        guard size > 1 else { return BatchReport(labels: batch.labels, losses: losses, predictions: predictions) }
        let counts = (0..<size).map { rank in
            let own = Self.slices(of: rank, slices, ranks: size)
            let first = Workers.part(own.lowerBound, of: slices, count: batch.sequenceCount).lowerBound
            let last = Workers.part(own.upperBound - 1, of: slices, count: batch.sequenceCount).upperBound
            return batch.labels[batch.offsets[first]..<batch.offsets[last]].count { $0 >= 0 }
        }
        // A rank's losses, then its predictions.
        let own = losses.map(\.bitPattern) + predictions.map { UInt32(bitPattern: $0) }
        let isFirst = communicator.rank == 0
        var all = [UInt32](repeating: 0, count: isFirst ? 2 * counts.reduce(0, +) : 0)
        own.withUnsafeBytes { own in
            all.withUnsafeMutableBytes { communicator.gather(own, counts.map { 8 * $0 }, into: $0) }
        }
        guard isFirst else { return BatchReport() }
        var (allLosses, allPredictions): ([Float], [Int32]) = ([], [])
        var start = 0
        for count in counts {
            allLosses += all[start..<start + count].map { Float(bitPattern: $0) }
            allPredictions += all[start + count..<start + 2 * count].map { Int32(bitPattern: $0) }
            start += 2 * count
        }
        return BatchReport(labels: batch.labels, losses: allLosses, predictions: allPredictions)
    }
}
