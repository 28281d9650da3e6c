import Support

/// What a schedule does before and in one batch.
public struct PlannedBatch: Sendable, Equatable {
    /// Running number over all passes, from 0.
    public var batch: Int
    public var epoch: Int
    /// Batches before it that were not skipped.
    public var step: Int
    public var removed: RemovalCount
    /// Whether more was removed just before it.
    public var isRemoval: Bool
    public var resetsOptimizer: Bool
    /// Whether no example has any chain left, by the schedule's rule.
    public var isEmptyOfChain: Bool
    /// Whether it is trained on, not skipped because of its length.
    public var isTrained: Bool
    /// Whether the weights are updated after it.
    public var isUpdate: Bool
}

/// What a linear schedule does, batch by batch, without training: the same clock that drives a run, fed with chain
/// lengths.
public struct SchedulePlan {
    /// What a plan must know of an example.
    public struct Example: Sendable, Equatable {
        /// Removals that empty its chain.
        public var units: Int
        /// Tokens of its whole sequence.
        public var length: Int
        /// How many units more than scheduled it loses in this batch.
        public var offset: Int

        public init(units: Int, length: Int, offset: Int = 0) {
            self.units = units
            self.length = length
            self.offset = offset
        }
    }

    public let schedule: RemovalSchedule
    public let settings: TrainingSettings
    public let batchesPerEpoch: Int
    /// Units of the longest chain.
    public let longest: Int

    private var clock: ScheduleClock
    private var batch = 0
    private var step = 0

    /// - Throws: `SettingFault` if the schedule is not possible, or removes when the model is ready, which nobody can
    ///   plan.
    public init(_ schedule: RemovalSchedule, _ settings: TrainingSettings, batchesPerEpoch: Int, longest: Int) throws {
        if let fault = schedule.fault ?? settings.fault { throw fault }
        if schedule.pace.isMeasured {
            throw SettingFault.cannotBePlanned
        }
        if batchesPerEpoch < 1 { throw RunError.noProblems }
        self.schedule = schedule
        self.settings = settings
        self.batchesPerEpoch = batchesPerEpoch
        self.longest = longest
        clock = ScheduleClock(schedule)
    }

    /// The next batch.
    /// - Parameter examples: what is in the batch of the given number (from 0, over all passes).
    public mutating func next(_ examples: (Int) -> [Example]) -> PlannedBatch {
        if batch % batchesPerEpoch == 0 { clock.startEpoch(schedule) }
        var planned = PlannedBatch(
            batch: batch, epoch: batch / batchesPerEpoch, step: step, removed: clock.removed, isRemoval: false,
            resetsOptimizer: false,
            isEmptyOfChain: false, isTrained: true, isUpdate: true)
        if case .remove(let count) = clock.due(schedule, batchesPerEpoch: batchesPerEpoch, longest: longest) {
            planned.isRemoval = true
            planned.resetsOptimizer = clock.remove(to: count, schedule, longest: longest)
            planned.removed = clock.removed
        }
        clock.count(schedule)
        let examples = examples(batch)
        let isPretraining = clock.isPretraining(schedule)
        let removed = isPretraining ? .units(schedule.startFrom) : clock.removed
        var empty = 0, longestRow = 0
        for example in examples {
            let gone = removed.adding(isPretraining ? 0 : example.offset).capped(at: example.units)
            if gone >= example.units { empty += 1 }
            longestRow = max(longestRow, example.length - gone)
        }
        planned.isEmptyOfChain = schedule.seesEmptyBatch(empty: empty, of: examples.count, removed: clock.removed)
        if let limit = schedule.maximumLength, schedule.lengthRule == .reference {
            planned.isTrained = longestRow <= limit
        }
        planned.isUpdate =
            planned.isTrained && (settings.accumulationRule != .reference || step % settings.accumulation == 0)
        clock.finish(FinishedBatch(isEmptyOfChain: planned.isEmptyOfChain), schedule)
        batch += 1
        if planned.isTrained { step += 1 }
        return planned
    }

    /// The first batch, and those at which something is removed or reset, until nothing is left of a chain of `units`.
    /// - Parameter steps: this many batches, whatever is left; nil for no limit but one, beyond which a plan is
    ///   endless.
    /// - Throws: `Interrupted`.
    public mutating func events(
        units: Int, steps: Int? = nil, interrupt: Interrupt = Interrupt()
    ) throws -> [PlannedBatch] {
        let example = Example(units: units, length: units + 1)
        var events: [PlannedBatch] = []
        for index in 0..<(steps ?? 50_000_000) {
            if index & 0xFFFF == 0 { try interrupt.check() }
            let planned = next { _ in [example] }
            if planned.isRemoval || planned.resetsOptimizer || index == 0 { events.append(planned) }
            if steps == nil, planned.removed.capped(at: units) >= units { break }
        }
        return events
    }

    /// The batches of `epochs` passes at which something is removed or reset.
    public mutating func events(epochs: Int, _ examples: (Int) -> [Example]) -> [PlannedBatch] {
        (0..<epochs * batchesPerEpoch).compactMap { _ in
            let planned = next(examples)
            return planned.isRemoval || planned.resetsOptimizer ? planned : nil
        }
    }
}

extension RemovalSchedule {
    /// Whether no example of a batch had any chain left, as the schedule's rule sees it: the reference looks only where
    /// something could have been cut, and with removal from the right it always says yes.
    func seesEmptyBatch(empty: Int, of count: Int, removed: RemovalCount) -> Bool {
        guard resetRule == .reference else { return empty == count }
        if removed == .units(0), smoothing.isNone { return false }
        return order == .right || empty == count
    }
}

extension Pace {
    /// Whether the next removal depends on how training goes.
    public var isMeasured: Bool {
        switch self {
        case .adaptive, .flatLoss: true
        case .perEpoch, .stepsPerRemoval, .uniform, .manual: false
        }
    }
}
