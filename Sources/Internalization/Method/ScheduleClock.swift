import Glibc

// The clock of a removal schedule: a pure machine that a run and a plan drive in the same way, batch by batch.
//
//   startEpoch()                 at the start of each pass over the data
//   due(…)                       before each batch: what is to be removed now, if anything
//   remove(to:)                  when that is done
//   draw                         how the examples of the batch are cut
//   finish(batch)                after it

/// What a schedule wants before a batch.
public enum RemovalDue: Sendable, Equatable {
    case nothing
    case remove(to: RemovalCount)
    /// The stage has had all the steps it may have and has not passed its threshold.
    case stuck
}

/// What a clock must know of a batch when it is over.
public struct FinishedBatch: Sendable, Equatable {
    /// Whether no example had any chain left.
    public var isEmptyOfChain: Bool
    /// Of the examples without offset, how many had every target right; nil if there were none.
    public var matchRate: Double?
    /// Mean loss of the examples without offset.
    public var loss: Double?

    public init(isEmptyOfChain: Bool, matchRate: Double? = nil, loss: Double? = nil) {
        self.isEmptyOfChain = isEmptyOfChain
        self.matchRate = matchRate
        self.loss = loss
    }
}

/// Where a run is in its schedule.
public struct ScheduleClock: Sendable, Equatable, Codable {
    /// How much is removed now.
    public private(set) var removed: RemovalCount
    /// Passes over the data that have been started, less one.
    public private(set) var epoch = -1
    /// Batches since the last removal or the start.
    public private(set) var stageSteps = 0
    /// The running mean of the rate of exact matches in this stage.
    public private(set) var matchRate: Double?
    /// The running mean of the loss in this stage.
    public private(set) var loss: Double?
    /// A slower running mean of the rate, the highest it has been, and when.
    private var slowRate: Double?
    private var bestRate = 0.0
    private var bestStep = 0
    /// Stages last at least this many steps, whatever the rule says: set by a rescue that slows down.
    public var leastSteps = 0

    /// Batches that count for a linear schedule, since `countedFrom`.
    private var counted = 0
    private var countedFrom: RemovalCount
    private var wasEmptyOfChain = false
    /// The latest losses, for the flat-loss rule, oldest first.
    private var losses: [Double] = []

    public init(_ schedule: RemovalSchedule) {
        removed = .units(schedule.startFrom)
        countedFrom = removed
    }

    /// Steps since the rate of exact matches last rose.
    public var plateauSteps: Int { stageSteps - bestStep }

    /// Tells the clock that a pass over the data begins.
    public mutating func startEpoch(_ schedule: RemovalSchedule) {
        epoch += 1
        jumpBeyond(schedule)
    }

    /// Whether the schedule stands still.
    public func isPretraining(_ schedule: RemovalSchedule) -> Bool { epoch < schedule.pretrainEpochs }

    /// What the schedule wants now. Asked once before each batch while the schedule is followed.
    /// - Parameter longest: the units of the longest chain of the data.
    public func due(_ schedule: RemovalSchedule, batchesPerEpoch: Int, longest: Int) -> RemovalDue {
        if removed.capped(at: longest) == longest, case .adaptive(let rule) = schedule.pace, longest > 0 {
            return isOnPlateau(rule, longest) ? .stuck : .nothing
        }
        guard case .units(let count) = removed else { return .nothing }
        switch schedule.pace {
        case .perEpoch(let delta):
            if schedule.counting == .reference {
                let steps = (Double(batchesPerEpoch) / delta).rounded(.toNearestOrEven)
                return Double(counted) == steps || steps == 0
                    ? .remove(to: .units(count + chunk(schedule, count, longest))) : .nothing
            }
            return linear(
                schedule, removals: (delta * Double(counted) / Double(max(batchesPerEpoch, 1)) + 1e-9).rounded(.down),
                longest)
        case .stepsPerRemoval(let steps):
            return linear(schedule, removals: Double(counted / steps), longest)
        case .adaptive(let rule):
            guard !isPretraining(schedule) else { return .nothing }
            if stageSteps >= max(rule.leastSteps, leastSteps), isPassed(rule, isFirst: count == schedule.startFrom) {
                return .remove(to: .units(count + chunk(schedule, count, longest)))
            }
            let isPlateau = count > schedule.startFrom && isOnPlateau(rule, longest)
            // A stage that must last has time to use what it learns in it. Stage 0, which is no hand-off, has the time
            // it needs.
            let most =
                count > schedule.startFrom ? rule.mostSteps(longest: longest).map { max($0, 2 * leastSteps) } : nil
            return exhausted(
                isPlateau ? stageSteps : most, isNearlyThere(rule) ? .removeAnyway : rule.whenStuck, schedule, count,
                longest)
        case .flatLoss(let rule):
            guard count < longest, !isPretraining(schedule) else { return .nothing }
            if isFlat(rule) { return .remove(to: .units(count + chunk(schedule, count, longest))) }
            return exhausted(rule.mostSteps, .removeAnyway, schedule, count, longest)
        case .uniform, .manual:
            return .nothing
        }
    }

    /// Puts the removal into effect.
    /// - Returns: whether the optimizer is to be reset, by the schedule's rule.
    @discardableResult
    public mutating func remove(
        to count: RemovalCount, _ schedule: RemovalSchedule, longest: Int, isManual: Bool = false
    ) -> Bool {
        guard count != removed else { return false }
        let isMore = count > removed
        let hadChain = removed.capped(at: longest) < longest
        removed = count
        jumpBeyond(schedule)
        beginStage()
        if isManual || !isExactlyCounted(schedule) { counted = 0; countedFrom = removed }
        guard schedule.reset != .none, isMore else { return false }
        switch schedule.resetRule {
        case .paper: return true
        case .reference: return !wasEmptyOfChain
        case .fixed: return hadChain
        }
    }

    /// Starts the present stage anew, without removing anything.
    public mutating func beginStage() {
        stageSteps = 0
        matchRate = nil
        loss = nil
        slowRate = nil
        bestRate = 0
        bestStep = 0
        losses.removeAll(keepingCapacity: true)
    }

    /// Takes over where another schedule's clock stopped.
    mutating func resume(from other: ScheduleClock, removed: RemovalCount) {
        epoch = other.epoch
        self.removed = removed
        countedFrom = removed
        wasEmptyOfChain = other.wasEmptyOfChain
        stageSteps = other.stageSteps
        matchRate = other.matchRate
        loss = other.loss
    }

    /// Advances the counter of a linear schedule; called after `due`, before the batch, while the schedule is followed.
    public mutating func count(_ schedule: RemovalSchedule) {
        if !isPretraining(schedule) { counted += 1 }
    }

    /// Tells the clock how a batch went.
    public mutating func finish(_ batch: FinishedBatch, _ schedule: RemovalSchedule) {
        stageSteps += 1
        wasEmptyOfChain = batch.isEmptyOfChain
        var memory = 0.9
        if case .adaptive(let rule) = schedule.pace { memory = rule.memory }
        if let rate = batch.matchRate {
            matchRate = matchRate.map { $0 * memory + rate * (1 - memory) } ?? rate
            let slow = slowRate.map { $0 * Self.slowMemory + rate * (1 - Self.slowMemory) } ?? rate
            slowRate = slow
            // The first steps after a removal are noise.
            if stageSteps > 50, slow > bestRate + Self.rise { (bestRate, bestStep) = (slow, stageSteps) }
        }
        guard let value = batch.loss else { return }
        loss = loss.map { $0 * memory + value * (1 - memory) } ?? value
        if case .flatLoss(let rule) = schedule.pace {
            if losses.count == 2 * rule.window { losses.removeFirst() }
            losses.append(value)
        }
    }

    // With 64 examples a batch the slow mean has a standard deviation of 0.006 where the rate is a half.
    private static let slowMemory = 0.98
    private static let rise = 0.03

    // MARK: Rules

    /// With exact counting the number of removals follows from the number of batches since the start.
    private func isExactlyCounted(_ schedule: RemovalSchedule) -> Bool {
        switch schedule.pace {
        case .perEpoch: schedule.counting != .reference
        case .stepsPerRemoval: true
        case .adaptive, .flatLoss, .uniform, .manual: false
        }
    }

    private func linear(_ schedule: RemovalSchedule, removals: Double, _ longest: Int) -> RemovalDue {
        guard case .units(let start) = countedFrom, case .units(let count) = removed else { return .nothing }
        var target = start
        var left = Int(min(removals, 1e9))
        // One chunk after another; beyond the longest chain single units go on, as the reference's counter does.
        while left > 0, target < longest { target += chunk(schedule, target, longest); left -= 1 }
        target += left
        return target > count ? .remove(to: .units(target)) : .nothing
    }

    /// How much is gone in each stage of a schedule that removes when the model is ready, first to last: how long a
    /// stage takes nobody knows, which stages there are everybody.
    public static func stages(_ schedule: RemovalSchedule, longest: Int) -> [RemovalCount] {
        var clock = ScheduleClock(schedule)
        clock.startEpoch(schedule)
        var stages = [clock.removed]
        while case .units(let count) = clock.removed, count < longest {
            clock.remove(to: .units(count + clock.chunk(schedule, count, longest)), schedule, longest: longest)
            stages.append(clock.removed)
        }
        return stages
    }

    private func chunk(_ schedule: RemovalSchedule, _ count: Int, _ longest: Int) -> Int {
        switch schedule.chunk {
        case .units(let units): units
        case .half: max((longest - count + 1) / 2, 1)
        }
    }

    private func isPassed(_ rule: AdaptiveRule, isFirst: Bool) -> Bool {
        switch isFirst ? rule.firstMeasure ?? rule.measure : rule.measure {
        case .exactMatch(let threshold): matchRate.map { $0 >= threshold } ?? false
        case .loss(let threshold): loss.map { $0 <= threshold } ?? false
        }
    }

    /// Whether the rate of exact matches has stopped rising far below the threshold. Close to it a slow rise is the
    /// rule.
    private func isOnPlateau(_ rule: AdaptiveRule, _ longest: Int) -> Bool {
        guard let patience = rule.patienceSteps(longest: longest), case .exactMatch(let threshold) = rule.measure,
            let slowRate
        else {
            return false
        }
        return slowRate < 0.75 * threshold && stageSteps - bestStep >= max(patience, leastSteps)
    }

    /// Whether the rate is within a tenth of the threshold: after all the steps it may have, that is enough to go on.
    private func isNearlyThere(_ rule: AdaptiveRule) -> Bool {
        guard case .exactMatch(let threshold) = rule.measure, let slowRate else { return false }
        return slowRate >= 0.9 * threshold
    }

    private func isFlat(_ rule: FlatLossRule) -> Bool {
        guard losses.count == 2 * rule.window else { return false }
        let before = losses.prefix(rule.window).reduce(0, +), after = losses.suffix(rule.window).reduce(0, +)
        return after >= before * (1 - rule.tolerance)
    }

    private func exhausted(
        _ most: Int?, _ whenStuck: AdaptiveRule.WhenStuck, _ schedule: RemovalSchedule, _ count: Int, _ longest: Int
    ) -> RemovalDue {
        guard let most, stageSteps >= most else { return .nothing }
        return whenStuck == .report ? .stuck : .remove(to: .units(count + chunk(schedule, count, longest)))
    }

    private mutating func jumpBeyond(_ schedule: RemovalSchedule) {
        if let limit = schedule.removeAllBeyond, removed >= .units(limit) { removed = .all }
    }
}
