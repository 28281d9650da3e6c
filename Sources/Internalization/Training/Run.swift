import Glibc
import Support
import Tensors
import Transformer

/// What one step of training did.
public struct StepReport: Sendable, Equatable {
    /// Updates of the weights so far.
    public var updates = 0
    public var epoch = 0
    public var removed: RemovalCount = .units(0)
    /// Steps in this stage, this one included.
    public var stageSteps = 0
    /// Mean loss over all targets, in nats.
    public var loss = 0.0
    /// Of the examples without offset, how many had every target right; nil if there were none.
    public var matchRate: Double?
    /// The running mean of it in this stage.
    public var smoothedMatchRate: Double?
    public var learningRate: Float = 0
    /// ‖g‖ before clipping; nil where nothing was updated.
    public var gradientNorm: Double?
    /// ‖Δw‖.
    public var updateNorm: Double?
    /// Whether the weights were updated after it.
    public var isUpdate = false
    /// Sequences and tokens that went through the model.
    public var sequences = 0
    public var tokens = 0
    /// The mean loss of each token of the answer, if the run watches them.
    public var answerLosses: [Double] = []
    /// Whether the batch was left out because of its length.
    public var isSkipped = false
}

/// A model on its way: the model, its data, optimizer, schedule and clock.
///
/// An object, because identity matters: commands step it, look at it and move it along its timeline. One thread at a
/// time. No randomness but what follows from the seed and the counters in `progress`, so equal runs have equal bits.
public final class Run: @unchecked Sendable {
    public let model: LanguageModel
    public let problems: EncodedProblems
    /// What all of them have in common: all that an evaluation may know of chains and answers.
    public let shape: DataShape
    public private(set) var schedule: RemovalSchedule
    public private(set) var settings: TrainingSettings
    public internal(set) var clock: ScheduleClock
    public internal(set) var progress = Progress()
    /// What it has cost, whatever was gone back from.
    public internal(set) var spent = Spent()
    /// The model in training, on every rank that takes part.
    let parallel: DataParallel
    public var optimizer: AdamW { parallel.replica.optimizer }
    var trainee: Trainee { parallel.replica.trainee }
    /// Test problems, apart from those trained on and from `validation`, and how answers are read: every accuracy that
    /// is reported is theirs, and nothing that happens to the run depends on it.
    public var heldOut: HeldOut?
    /// Problems apart from both, by which training decides when to stop.
    public var validation: HeldOut?
    /// Looks for signs of trouble in every step; nil for no watch.
    public var watch: InstabilityWatch? = InstabilityWatch()
    /// The states it has been in, to go back to.
    public let timeline: Timeline
    /// Seconds since some moment.
    let now: () -> Double
    let workers: Workers

    /// Which states the weights and moments are in: a number that no other state of this run has.
    var weightsVersion = 0, momentsVersion = 0
    var lastVersion = 0
    /// The latest evaluation on the test problems and on the validation problems, and the states they belong to.
    var lastEvaluation: (version: Int, Evaluation)?
    var lastValidation: (version: Int, Evaluation)?

    private var order: DataOrder
    private var batch = RaggedBatch()
    private var offsets: [Int] = []
    private var cuts: [Range<Int>] = []
    /// How many batches have gone into the gradients since the last update.
    var accumulated = 0
    private var source: RandomSource { RandomSource(seed: settings.seed) }

    /// Numbers of the independent streams that follow from the seed.
    private enum Stream { static let offsets: UInt64 = 1, dropout: UInt64 = 2 }

    /// - Parameters:
    ///   - ranks: who shares its batches.
    ///   - now: a clock in seconds, for the times in the timeline.
    /// - Throws: `RunError` if the schedule or a setting is not possible or the problems do not fit the model;
    ///   `PrecisionFault`.
    public init(
        _ model: LanguageModel, on problems: EncodedProblems, heldOut: HeldOut? = nil, validation: HeldOut? = nil,
        schedule: RemovalSchedule = RemovalSchedule(),
        settings: TrainingSettings = TrainingSettings(), workers: Workers = .shared, ranks: Ranks = .current,
        timeline: Timeline = Timeline(),
        now: @escaping () -> Double = MonotonicClock.seconds
    ) throws {
        if let fault = schedule.fault ?? settings.fault { throw fault }
        var problems = problems
        if let limit = schedule.maximumLength, schedule.lengthRule != .reference {
            problems = problems.filtered(maximumLength: limit)
        }
        let shape = DataShape(problems)
        try problems.check(for: model, schedule, shape)
        for set in [heldOut, validation] { try set?.problems.check(for: model, schedule, shape) }
        var settings = settings
        if let precision = settings.precision { try model.multiply(in: precision) }
        settings.precision = model.ownPrecision
        self.model = model
        self.problems = problems
        self.shape = shape
        self.heldOut = heldOut
        self.validation = validation
        self.timeline = timeline
        self.now = now
        self.workers = workers
        self.schedule = schedule
        self.settings = settings
        clock = ScheduleClock(schedule)
        parallel = DataParallel(model, workers: workers, hyperparameters: settings.optimizer, ranks: ranks)
        order = Run.order(problems, settings)
        clock.startEpoch(schedule)
        noteEmptied()
        timeline.begin(snapshot(sharing: nil))
    }

    private static func order(_ problems: EncodedProblems, _ settings: TrainingSettings) -> DataOrder {
        DataOrder(problems.count, settings)
    }

    // MARK: What it is

    /// What decides the last bits of its numbers, and whose large products they are.
    public var numericProfile: String {
        let executor = model.executor(workers)
        return [executor.profile, executor.library].compactMap { $0 }.joined(separator: " ")
    }
    /// How its products are computed: `f32`.
    public var precisionName: String { model.precision.rawValue }

    /// Whether it has taken a step in this process, and so has the memory for the next.
    public var hasMemory: Bool { trainee.hasMemory }
    /// The units of the longest chain: how many removals empty every chain.
    public var longest: Int { problems.longestUnitCount(schedule.order) }
    /// How many units are gone, at most `longest`.
    public var removedCount: Int { clock.removed.capped(at: longest) }
    /// Whether nothing of any chain is left.
    public var isEmptied: Bool { removedCount >= longest }
    public var batchesPerEpoch: Int { order.batchesPerEpoch }

    // MARK: Changing one's mind

    /// Follows another schedule from here on; what has been removed stays removed.
    /// - Throws: `RunError`.
    public func change(_ schedule: RemovalSchedule) throws {
        // What has been counted toward the next removal counts on.
        if schedule == self.schedule { return }
        if let fault = schedule.fault { throw fault }
        try problems.check(for: model, schedule, shape)
        if let limit = schedule.maximumLength, schedule.lengthRule != .reference, problems.longestSequence > limit {
            throw SettingFault.limitAfterStart
        }
        if progress.updates == 0, timeline.stages.count == 1 {
            self.schedule = schedule
            clock = ScheduleClock(schedule)
            clock.startEpoch(schedule)
            noteEmptied()
            timeline.begin(snapshot(sharing: timeline.current.entry))
            return
        }
        let removed = clock.removed
        self.schedule = schedule
        var clock = ScheduleClock(schedule)
        clock.resume(from: self.clock, removed: removed)
        self.clock = clock
    }

    /// Trains with other settings from here on.
    /// - Throws: `RunError`.
    public func change(_ settings: TrainingSettings) throws {
        if let fault = settings.fault { throw fault }
        precondition(settings.precision == self.settings.precision, "a run has one precision")
        self.settings = settings
        optimizer.hyperparameters = settings.optimizer
        let before = order.batchesPerEpoch
        order = Run.order(problems, settings)
        if order.batchesPerEpoch != before { progress.batchInEpoch = min(progress.batchInEpoch, order.batchesPerEpoch) }
    }

    // MARK: Removing

    /// What the schedule wants before the next step.
    public var due: RemovalDue { clock.due(schedule, batchesPerEpoch: order.batchesPerEpoch, longest: longest) }

    /// Takes more (or, going back, less) of the chain away and resets the optimizer by the schedule's rule.
    /// - Returns: whether the optimizer was reset.
    @discardableResult
    public func remove(to count: RemovalCount, isManual: Bool) -> Bool {
        let resets = clock.remove(to: count, schedule, longest: longest, isManual: isManual)
        if resets, let kind = AdamW.Reset(schedule.reset) { resetOptimizer(kind) }
        noteEmptied()
        return resets
    }

    /// Forgets the optimizer's moments, as a removal does.
    public func resetOptimizer(_ kind: AdamW.Reset = .all) {
        optimizer.reset(kind)
        momentsVersion = newVersion()
        progress.updatesSinceReset = 0
        progress.resets += 1
        spent.addReset()
        if accumulated > 0 { trainee.clearGradients(); accumulated = 0 }
    }

    private func noteEmptied() {
        if !isEmptied {
            progress.emptiedAt = nil
        } else if progress.emptiedAt == nil {
            progress.emptiedAt = progress.updates
        }
    }

    // MARK: Training

    /// - Throws: `RanksFault` where the ranks that there are cannot share its batches.
    public func checkRanks() throws { try parallel.check(settings) }

    /// One step: one batch, one update (with the reference's way of accumulating, not every batch makes one).
    /// - Parameter isScheduled: whether the clock of the schedule advances.
    /// - Throws: `RunError.notFinite` or `NonFiniteGradient` before anything is changed; `BatchError`.
    public func step(isScheduled: Bool = true) throws -> StepReport {
        let before = (clock, progress)
        do {
            let report = try takeStep(isScheduled)
            spent.add(from: before.1, to: progress)
            return report
        } catch {
            (clock, progress) = before
            accumulated = 0
            throw error
        }
    }

    private func takeStep(_ isScheduled: Bool) throws -> StepReport {
        if progress.batchInEpoch >= order.batchesPerEpoch {
            progress.epoch += 1
            progress.batchInEpoch = 0
            clock.startEpoch(schedule)
            noteEmptied()
        }
        if isScheduled { clock.count(schedule) }
        let indices = order.batch(progress.batchInEpoch, epoch: progress.epoch, variant: progress.variant)
        let serial = UInt64(progress.epoch) << 32 | UInt64(progress.batchInEpoch)
        draw(indices.count, serial)
        var report = StepReport()
        report.epoch = progress.epoch
        report.removed = clock.removed
        var tally = Tally()
        let parts = settings.accumulationRule == .reference ? 1 : settings.accumulation
        var updated = false
        var pass = RankedPass(slices: settings.slices, scale: 1 / Float(settings.accumulation))
        // By the reference's rule a step may go on with what those before it have gathered.
        pass.carries = parts == 1 && accumulated > 0
        for part in 0..<parts {
            let slice = Workers.part(part, of: parts, count: indices.count)
            if slice.isEmpty { continue }
            fill(
                indices[indices.startIndex + slice.lowerBound..<indices.startIndex + slice.upperBound],
                slice.lowerBound, &tally)
            if isTooLong {
                progress.batchInEpoch += 1
                clock.finish(FinishedBatch(isEmptyOfChain: tally.isEmptyOfChain(schedule, clock)), schedule)
                report.isSkipped = true
                if parts > 1 { accumulated = 0 }
                return report
            }
            pass.isLast = part == parts - 1
            updated = try accumulate(serial, part, pass, &report, &tally)
            pass.isFirst = false
        }
        if updated { try update(&report) }
        progress.steps += 1
        progress.batchInEpoch += 1
        clock.finish(
            FinishedBatch(
                isEmptyOfChain: tally.isEmptyOfChain(schedule, clock), matchRate: tally.matchRate, loss: tally.plainLoss
            ), schedule)
        report.loss = tally.meanLoss
        report.matchRate = tally.matchRate
        report.smoothedMatchRate = clock.matchRate
        report.stageSteps = clock.stageSteps
        report.updates = progress.updates
        if watch != nil { report.answerLosses = tally.answerLosses }
        return report
    }

    /// The share of examples that lose any number of units.
    var mixing: Double {
        if schedule.pace == .uniform { return 1 }
        // Without kept positions nothing in an example says how much it has lost.
        guard progress.variant > 0, schedule.positions != .shifted else { return schedule.mixing }
        return max(schedule.mixing, schedule.mixingAfterRescue ?? 0)
    }

    /// How many units more than scheduled each example of the batch loses.
    private func draw(_ count: Int, _ serial: UInt64) {
        offsets.removeAll(keepingCapacity: true)
        var random = source.split(Stream.offsets).split(serial ^ UInt64(progress.variant) << 56)
        for _ in 0..<count { offsets.append(schedule.smoothing.offset(&random)) }
        if clock.isPretraining(schedule) { for i in offsets.indices { offsets[i] = 0 } }
        guard mixing > 0 else { return }
        for i in offsets.indices where random.uniform() < mixing {
            offsets[i] = random.below(longest + 1) - removedCount
        }
    }

    /// Builds the batch of the given problems; `first` is the place of their first in the whole step.
    private func fill(_ indices: ArraySlice<Int32>, _ first: Int, _ tally: inout Tally) {
        batch.removeAll()
        var removed = clock.isPretraining(schedule) ? .units(schedule.startFrom) : clock.removed
        // Mixing counts from what is really gone.
        if mixing > 0 { removed = .units(removed.capped(at: longest)) }
        for (place, index) in indices.enumerated() {
            let index = Int(index)
            let units = problems.unitCount(index, schedule.order)
            if watch != nil { tally.answerPlaces.append(problems.answerPlace(index)) }
            let gone = removed.adding(offsets[first + place]).capped(at: units)
            tally.add(isEmptyOfChain: gone >= units)
            schedule.order.cuts(units: gone, chain: problems.chain(index), groups: problems.groups(index), into: &cuts)
            appendRemaining(
                of: problems.sequence(index), inputCount: problems.inputCount(index), cuts: cuts,
                positions: shape.positions(schedule),
                jump: shape.jump(removed.adding(offsets[first + place]), schedule.order), to: &batch)
        }
    }

    private var isTooLong: Bool {
        guard let limit = schedule.maximumLength, schedule.lengthRule == .reference else { return false }
        return (0..<batch.sequenceCount).contains { batch.offsets[$0 + 1] - batch.offsets[$0] > limit }
    }

    /// Adds the gradient of the batch. Returns whether an update follows.
    private func accumulate(
        _ serial: UInt64, _ part: Int, _ pass: RankedPass, _ report: inout StepReport, _ tally: inout Tally
    ) throws -> Bool {
        let isReference = settings.accumulationRule == .reference
        var pass = pass
        if !model.configuration.dropout.isNone {
            pass.dropout = source.split(Stream.dropout).split(serial).split(UInt64(part))
        }
        let result = try parallel.accumulate(batch, pass)
        if !result.meanLoss.isFinite {
            throw RunError.notFinite(loss: result.meanLoss, parameter: model.parameters.firstNotFinite)
        }
        tally.add(result, batch, offsets)
        report.sequences += batch.sequenceCount
        report.tokens += batch.tokenCount
        progress.tokens += batch.tokenCount
        accumulated += 1
        return isReference ? progress.steps % settings.accumulation == 0 : pass.isLast
    }

    private func update(_ report: inout StepReport) throws {
        let rate = settings.learningRate(progress, warmUpAfterReset: schedule.warmUpAfterReset)
        let result = try parallel.update(learningRate: rate, clip: settings.clip)
        accumulated = 0
        weightsVersion = newVersion()
        momentsVersion = weightsVersion
        progress.updates += 1
        progress.updatesSinceReset += 1
        report.isUpdate = true
        report.learningRate = rate
        report.gradientNorm = result.gradientNorm
        report.updateNorm = result.updateNorm
    }

    private func newVersion() -> Int {
        lastVersion += 1
        return lastVersion
    }

    /// Takes over everything of a snapshot but its numbers.
    func take(_ snapshot: Snapshot) {
        schedule = snapshot.schedule
        settings = snapshot.settings
        optimizer.hyperparameters = settings.optimizer
        clock = snapshot.clock
        progress = snapshot.progress
        order = Run.order(problems, settings)
        accumulated = 0
    }
}

/// What a run is measured on.
public struct HeldOut: Sendable {
    public var problems: EncodedProblems
    public var encoder: any ProblemEncoder
    public var options: EvaluationOptions

    public init(
        _ problems: EncodedProblems, encoder: any ProblemEncoder, options: EvaluationOptions = EvaluationOptions()
    ) {
        self.problems = problems
        self.encoder = encoder
        self.options = options
    }
}

extension AdamW.Reset {
    init?(_ reset: OptimizerReset) {
        switch reset {
        case .all: self = .all
        case .secondMoments: self = .secondMoments
        case .none: return nil
        }
    }
}

extension EncodedProblems {
    /// - Throws: `RunError` if a model cannot be trained on these problems in that order.
    func check(for model: LanguageModel, _ schedule: RemovalSchedule, _ shape: DataShape) throws {
        guard count > 0 else { throw RunError.noProblems }
        let positions = model.configuration.positionCount
        if longestSequence > positions { throw RunError.tooLong(tokens: longestSequence, positions: positions) }
        let needed = shape.neededPositions(schedule, for: DataShape(self))
        if needed > positions { throw RunError.keptPositions(needed: needed, positions: positions) }
        if largestToken >= model.configuration.vocabularySize {
            throw RunError.vocabulary(needed: largestToken + 1, model: model.configuration.vocabularySize)
        }
        if case .grouped(let name) = schedule.order, !hasGroups { throw RunError.missingGroups(order: name) }
    }
}
