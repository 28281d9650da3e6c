// A control: a baseline with the budget of a run. The budget is what the run has cost in all, attempts that were gone
// back from included, because a control that is given only the way that worked in the end is given less than the run
// took.
//
// Another kind of control is a case of `ControlKind`: what it is called, what is left of the schedule, and how its
// problems are written.

import Internalization
import Support
import Transformer

/// What a control is trained on.
public enum ControlKind: String, CaseIterable, Sendable {
    case noCoT = "no_cot"
    case explicit
    case filler

    public var summary: String {
        switch self {
        case .noCoT: "never shown a chain"
        case .explicit: "the whole chain to the end"
        case .filler: "as many meaningless tokens in place of the chain"
        }
    }

    var runName: String {
        switch self {
        case .noCoT: "No CoT"
        case .explicit: "Explicit CoT"
        case .filler: "filler tokens"
        }
    }

    /// The run's schedule with the chain that the control is shown, the same from the first update to the last.
    func schedule(of schedule: RemovalSchedule) -> RemovalSchedule {
        var schedule = schedule
        schedule.pace = .manual
        schedule.startFrom = 0
        schedule.removeAllBeyond = self == .noCoT ? 0 : nil
        schedule.pretrainEpochs = 0
        schedule.smoothing = .none
        schedule.mixing = 0
        schedule.mixingAfterRescue = nil
        // Fillers have no pieces, and none of them ever goes.
        if self == .filler { schedule.order = .left }
        return schedule
    }

    func encoder(of encoder: any ProblemEncoder) -> any ProblemEncoder {
        self == .filler ? FillerEncoder(encoder) : encoder
    }
}

/// In what a control is as expensive as its run.
public enum ControlMeasure: String, CaseIterable, Sendable {
    case updates, tokens

    public var summary: String {
        switch self {
        case .updates: "as many updates as the run has spent"
        case .tokens: "as many tokens through the model; without a chain that is more updates"
        }
    }
}

/// How long a control is trained.
public struct ControlBudget: Sendable {
    /// Updates; where tokens are matched, as many as will probably be needed.
    public private(set) var updates: Int
    private var tokens: Int?
    /// Whether it is tokens that are matched, so that `updates` is a guess.
    public var matchesTokens: Bool { tokens != nil }

    /// - Parameter steps: this many updates instead of those that the run has spent.
    /// - Throws: `ExperimentFault.notTrained` where that is none.
    public init(
        matching measure: ControlMeasure, of experiment: Experiment, _ kind: ControlKind, steps: Int? = nil
    ) throws {
        let run = experiment.run, spent = run.spent, settings = run.settings
        updates = steps ?? spent.updates
        if updates < 1 { throw ExperimentFault.notTrained }
        guard measure == .tokens else { return }
        tokens = spent.tokens
        let perPass = run.problems.tokenCount - (kind == .noCoT ? run.problems.chainTokenCount : 0)
        let rows = min(settings.batchSize * settings.accumulation, run.problems.count)
        let perUpdate = Double(perPass) * Double(rows) / Double(run.problems.count)
        updates = max(1, Int((Double(spent.tokens) / perUpdate).rounded()))
    }

    /// The updates at which the optimizer is reset: where the run's was, in proportion where more or fewer are made.
    func resets(of spent: Spent) -> [Int] {
        let scale = tokens == nil ? 1 : Double(updates) / Double(max(spent.updates, 1))
        return spent.resets.map { Int((Double($0) * scale).rounded()) }.filter { $0 < updates }
    }

    /// What is left of it for a run that has spent some.
    fileprivate func goal(after spent: Spent) -> TrainingGoal {
        var goal = TrainingGoal()
        if let tokens {
            goal.tokens = max(0, tokens - spent.tokens)
        } else {
            goal.steps = max(0, updates - spent.updates)
        }
        return goal
    }
}

extension Experiment {
    /// A control of this run, not trained yet: the same first weights, problems and settings.
    /// - Parameter seed: of the data order; the run's where nil.
    public func control(
        _ kind: ControlKind, _ budget: ControlBudget, seed: UInt64? = nil, interrupt: Interrupt = Interrupt()
    ) throws -> Experiment {
        let schedule = kind.schedule(of: run.schedule), encoder = kind.encoder(of: encoder)
        var settings = run.settings
        // The rate has fallen at the end of the run, for as many updates as it had without a chain; so does the
        // control's.
        let progress = run.progress
        if let start = settings.decayBegins(progress) {
            settings.decayStart = max(0, budget.updates - (progress.updates - start))
        } else {
            settings.decay = nil
        }
        if let seed { settings.seed = seed }
        let model = model.with(initial.copy())
        let control = try EncodedParts(problems, encoder: encoder, order: schedule.order, interrupt).run(
            model.model, schedule, settings)
        return Experiment(
            control, model: model, problems: problems, encoder: encoder, separator: separator, name: kind.runName)
    }

    /// Trains a control of another run to the end of its budget.
    /// - Parameter resets: whether its optimizer is reset where that of the run was.
    @discardableResult
    public func train(
        asControlOf other: Experiment, _ budget: ControlBudget, resets: Bool = true,
        report: (TrainingEvent) -> Void = { _ in }, interrupt: Interrupt = Interrupt()
    ) throws -> TrainingEnd {
        var end = TrainingEnd.stepsDone
        for reset in resets ? budget.resets(of: other.run.spent).sorted() : [] where end != .interrupted {
            if reset > run.spent.updates {
                let goal = TrainingGoal(steps: reset - run.spent.updates)
                end = try train(goal, report: report, interrupt: interrupt)
            }
            if end != .interrupted { run.resetOptimizer() }
        }
        if end != .interrupted { end = try train(budget.goal(after: run.spent), report: report, interrupt: interrupt) }
        return end
    }
}
