import Support
import Transformer

extension Run {
    /// Measures the run on its test problems as they are now; nil without such problems. Not twice in the same state.
    /// - Parameter limit: no more problems than this are needed.
    /// - Throws: `Interrupted`.
    @discardableResult
    public func evaluateHeldOut(limit: Int = .max, interrupt: Interrupt = Interrupt()) throws -> Evaluation? {
        guard let heldOut else { return nil }
        let known = lastEvaluation
        guard let result = try evaluate(heldOut, limit, known, measuresTargets: true, interrupt) else {
            return known?.1
        }
        lastEvaluation = (weightsVersion, result)
        timeline.edit {
            $0.accuracy = result.accuracy
            $0.generatedTokens = result.generatedTokens
        }
        return result
    }

    /// Measures the run on its validation problems, for a decision; nil without such problems. Not twice in the same
    /// state.
    /// - Throws: `Interrupted`.
    public func evaluateValidation(interrupt: Interrupt = Interrupt()) throws -> Evaluation? {
        guard let validation else { return nil }
        let known = lastValidation
        guard let result = try evaluate(validation, .max, known, measuresTargets: false, interrupt) else {
            return known?.1
        }
        lastValidation = (weightsVersion, result)
        return result
    }

    /// Measures the run on problems; nil if what is known is that already.
    private func evaluate(
        _ set: HeldOut, _ limit: Int, _ known: (version: Int, Evaluation)?, measuresTargets: Bool,
        _ interrupt: Interrupt
    ) throws -> Evaluation? {
        let wanted = min(limit, set.options.limit ?? .max, set.problems.count)
        if let known, known.version == weightsVersion, known.1.removed == measuredCount, known.1.count >= wanted {
            return nil
        }
        var options = set.options
        options.limit = wanted
        options.measuresTargets = measuresTargets
        let evaluator = Evaluator(model, encoder: set.encoder, shape: shape, trainee: trainee, workers: workers)
        return try evaluator.evaluate(
            set.problems, removed: measuredCount, schedule: schedule, options, interrupt: interrupt)
    }

    /// How many test problems can be solved while somebody waits for a step: some 4·10⁹ operations, and at least 32.
    public var quickLimit: Int {
        guard let heldOut else { return 0 }
        return max(32, Int(1e9) / max(model.parameterCount * heldOut.problems.longestSequence, 1))
    }

    /// With how much removed it is measured: without a schedule the whole chain is to be gone.
    private var measuredCount: RemovalCount { schedule.pace == .uniform ? .all : clock.removed }

    /// Trains until the goal is reached or somebody interrupts; either way the run can go on from where it is.
    /// - Parameters:
    ///   - betweenSteps: called before each step, where the run is in a state to be kept.
    ///   - interrupt: looked at before each step, and during evaluations.
    /// - Throws: `RunError`, `NonFiniteGradient`: the weights are then as they were before the step at fault;
    ///   `RanksFault`.
    @discardableResult
    public func train(
        _ goal: TrainingGoal, report: (TrainingEvent) -> Void = { _ in }, betweenSteps: () -> Void = {},
        interrupt: Interrupt = Interrupt()
    ) throws -> TrainingEnd {
        if goal.accuracy != nil, validation == nil { throw RunError.noValidation }
        try checkRanks()
        let end: TrainingEnd
        do {
            end = try train(toward: goal, report, betweenSteps, interrupt)
        } catch is Interrupted {
            end = .interrupted
        }
        try parallel.compare(updates: progress.updates)
        return end
    }

    private func train(
        toward goal: TrainingGoal, _ report: (TrainingEvent) -> Void, _ betweenSteps: () -> Void,
        _ interrupt: Interrupt
    ) throws -> TrainingEnd {
        let start = spent
        var skipped = 0
        while true {
            betweenSteps()
            if interrupt.isRequested { return .interrupted }
            if goal.followsSchedule {
                switch due {
                case .nothing: break
                // A linear schedule counts on beyond the last token; that is no stage of its own.
                case .remove(let count) where isEmptied: remove(to: count, isManual: false)
                case .remove(let count):
                    try enterStage(count, isManual: false, report: report, interrupt: interrupt)
                // After the last removal there is nothing to wait for: without a rescue left, the steps there may be
                // are spent.
                case .stuck where isEmptied && !isRescuable(goal): break
                case .stuck:
                    report(.alarm(.plateau(steps: clock.plateauSteps, rate: clock.matchRate ?? 0)))
                    if !(try rescue(goal, report)) { return .stuck }
                }
            }
            if let steps = goal.steps, spent.updates - start.updates >= steps { return .stepsDone }
            if let tokens = goal.tokens, spent.tokens - start.tokens >= tokens { return .stepsDone }
            let isFinal = !goal.followsSchedule || isEmptied || schedule.pace == .uniform
            if isFinal, goal.followsSchedule, let most = goal.finalSteps, finalSteps >= most {
                guard isFarFromThreshold, isRescuable(goal), try rescue(goal, report) else { return .stepsDone }
                continue
            }
            let started = now()
            let step = try step(isScheduled: goal.followsSchedule)
            skipped = step.isSkipped ? skipped + 1 : 0
            if skipped > batchesPerEpoch { throw RunError.allSkipped(limit: schedule.maximumLength ?? 0) }
            note(step, seconds: now() - started)
            if step.isUpdate { try parallel.compareInTime(updates: progress.updates) }
            report(.step(step))
            let alarms = watchStep(step)
            for alarm in alarms { report(.alarm(alarm)) }
            if !alarms.isEmpty, goal.rescuesOnAlarm, !(try rescue(goal, report)) { return .stuck }
            try noteRecovery(step, report, interrupt)
            if isFinal, let accuracy = goal.accuracy, timeline.current.record.steps % goal.evaluateEvery == 0 {
                if let result = try evaluateValidation(interrupt: interrupt) {
                    report(.validated(result, updates: progress.updates))
                    if result.accuracy >= accuracy { return .reachedAccuracy }
                }
            }
        }
    }

    /// Updates since all of the chain went.
    private var finalSteps: Int { progress.emptiedAt.map { progress.updates - $0 } ?? 0 }

    private func note(_ step: StepReport, seconds: Double) {
        timeline.edit {
            $0.steps += step.isUpdate ? 1 : 0
            $0.seconds += seconds
            $0.loss = clock.loss
            $0.matchRate = clock.matchRate
        }
    }

    /// Sees whether the stage has caught up with what was removed.
    private func noteRecovery(_ step: StepReport, _ report: (TrainingEvent) -> Void, _ interrupt: Interrupt) throws {
        let record = timeline.current.record
        guard record.recoverySteps == nil, timeline.current.parent != nil, clock.stageSteps >= 10,
            let rate = clock.matchRate
        else { return }
        guard rate >= recoveryThreshold else { return }
        let evaluation = try evaluateHeldOut(interrupt: interrupt)
        timeline.edit {
            $0.recoverySteps = $0.steps
            $0.accuracyRecovered = evaluation?.accuracy
        }
        report(.recovered(steps: record.steps, evaluation: evaluation))
    }

    /// Whether an adaptive schedule would not have let this stage pass, not even after all the steps that it may have.
    private var isFarFromThreshold: Bool {
        guard case .adaptive(let rule) = schedule.pace, case .exactMatch(let threshold) = rule.measure,
            let rate = clock.matchRate
        else { return false }
        return rate < 0.9 * threshold
    }

    private var recoveryThreshold: Double {
        if case .adaptive(let rule) = schedule.pace, case .exactMatch(let rate) = rule.measure { return rate }
        return 0.95
    }
}
