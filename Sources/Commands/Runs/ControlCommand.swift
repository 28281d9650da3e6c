// `control`: baselines with the budget of a run. The budget is what the run has cost in all, attempts that were gone back
// from included, because a control that is given only the way that worked in the end is given less than the run took.

import Internalization
import Language
import Support
import Transformer

/// What a control is trained on.
enum ControlKind: String, CaseIterable {
    case noCoT = "no_cot"
    case explicit
    case filler

    var summary: String {
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
        return schedule
    }
}

/// In what a control is as expensive as its run.
enum ControlMeasure: String, CaseIterable {
    case updates, tokens

    var summary: String {
        switch self {
        case .updates: "as many updates as the run has spent"
        case .tokens: "as many tokens through the model; without a chain that is more updates"
        }
    }
}

enum ControlCommand {
    static func command(_ bench: Workbench) -> Command {
        Command(
            CommandSignature(
                "control",
                "Trains a baseline with the budget of a run: same first weights, data, updates and settings.",
                [
                    .value(
                        "run", .value(RunValue.typeName), required: false,
                        "what it is compared with; the current run without it"),
                    .label(
                        "kind", .choice(ControlKind.allCases.map { ChoiceOption($0.rawValue, $0.summary) }),
                        default: ".no_cot", "which baseline"),
                    .label(
                        "match", .choice(ControlMeasure.allCases.map { ChoiceOption($0.rawValue, $0.summary) }),
                        default: ".updates", "in what it costs as much as the run"),
                    .label(
                        "steps", .integer(1...1_000_000_000), aliases: Aliases.steps,
                        "so many updates instead; as many as the run has spent without it"),
                    .label(
                        "resets", .boolean, default: "true",
                        "whether the optimizer is reset at the updates where the run's was"),
                    .label(
                        "seed", .integer(0...Int.max), aliases: Aliases.seed,
                        "of the data order; the run's without it"),
                ], result: RunValue.typeName,
                examples: ["control kind: .no_cot steps: 20", "control kind: .no_cot match: .tokens"],
                seeAlso: ["compare", "internalize"],
                discussion: """
                    The current run stays the current one. What a control cannot do with the same budget, the chain \
                    did. The budget is what the run has cost in all, attempts that it went back from and rescues \
                    included; both numbers, updates and tokens, stand beside the run's.
                    """)
        ) { call in
            let value = try call.hostIfPresent("run", as: RunValue.self) ?? bench.run(call)
            let kind = ControlKind(rawValue: try call.choice("kind")) ?? .noCoT
            let budget = try Budget(value, kind, call)
            let control = try make(value, kind, budget, call)
            control.name = bench.freshName(control.name)
            bench.runs.append(control)
            let resets = try call.boolean("resets") ? budget.resets(of: value.run.spent) : []
            try train(control, budget, resets: resets, against: value, call)
            return .object(control)
        }
    }

    /// How long a control is trained.
    private struct Budget {
        var measure = ControlMeasure.updates
        /// Updates; where tokens are matched, as many as will probably be needed.
        var updates: Int
        var tokens: Int?

        init(_ value: RunValue, _ kind: ControlKind, _ call: Invocation) throws {
            let spent = value.run.spent
            measure = ControlMeasure(rawValue: try call.choice("match")) ?? .updates
            let steps = call.integerIfPresent("steps")
            if measure == .tokens, steps != nil {
                throw call.failure(
                    "steps: and match: .tokens each say how long it is trained", code: .runtimeArgument, at: "steps",
                    help: "keep one of them")
            }
            updates = steps ?? spent.updates
            guard updates > 0 else {
                throw call.failure("the run has not been trained yet", code: .runtimeArgument, help: "add steps: 500")
            }
            guard measure == .tokens else { return }
            tokens = spent.tokens
            let run = value.run, settings = run.settings
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
    }

    private static func make(
        _ value: RunValue, _ kind: ControlKind, _ budget: Budget, _ call: Invocation
    ) throws -> RunValue {
        let schedule = kind.schedule(of: value.run.schedule)
        var settings = value.run.settings
        // The rate has fallen at the end of the run, for as many updates as it had without a chain; so does the control's.
        let progress = value.run.progress
        if let start = settings.decayBegins(progress) {
            settings.decayStart = max(0, budget.updates - (progress.updates - start))
        } else {
            settings.decay = nil
        }
        if let seed = call.integerIfPresent("seed") { settings.seed = UInt64(seed) }
        let model = ModelValue(value.initial.copy(), writing: value.model.writing, origin: value.model.origin)
        let encoder = kind == .filler ? FillerEncoder(value.encoder) : value.encoder
        let data = try RunData.encode(value.data, encoder: encoder, order: schedule.order, call.interrupt)
        let heldOut = try RunData.heldOut(value.test, encoder: encoder, order: schedule.order, call.interrupt)
        let validation = try RunData.heldOut(value.validation, encoder: encoder, order: schedule.order, call.interrupt)
        let run = try Run(
            model.model, on: data, heldOut: heldOut, validation: validation, schedule: schedule, settings: settings)
        return RunValue(
            run, model: model, data: value.data, test: value.test, validation: value.validation, encoder: encoder,
            separator: value.separator, name: kind.runName)
    }

    private static func train(
        _ control: RunValue, _ budget: Budget, resets: [Int], against value: RunValue, _ call: Invocation
    ) throws {
        let watcher = TrainingWatcher(control, call)
        defer { call.endProgress() }
        let run = control.run
        var end = TrainingEnd.stepsDone
        func train(_ goal: TrainingGoal) throws {
            end = try run.train(goal, report: watcher.watch, isInterrupted: watcher.isInterrupted)
        }
        for reset in resets.sorted() where end != .interrupted {
            if reset > run.spent.updates { try train(TrainingGoal(steps: reset - run.spent.updates)) }
            if end != .interrupted { run.resetOptimizer() }
        }
        if end != .interrupted {
            var goal = TrainingGoal()
            if let tokens = budget.tokens {
                goal.tokens = max(0, tokens - run.spent.tokens)
            } else {
                goal.steps = max(0, budget.updates - run.spent.updates)
            }
            try train(goal)
        }
        watcher.note(try run.evaluateHeldOut(isInterrupted: watcher.isInterrupted))
        let line = StyledText(control.name + ": ") + (watcher.summary(end).lines.first ?? StyledText())
        call.output(
            DisplayBundle(lines: [line, matched(run.spent, value, budget.measure)], json: json(control, value)))
        if end == .interrupted { try call.checkInterrupt() }
    }

    /// What both have cost, in a line.
    private static func matched(_ own: Spent, _ value: RunValue, _ measure: ControlMeasure) -> StyledText {
        let spent = value.run.spent
        func pair(_ name: String, _ number: Int, _ other: Int) -> String {
            "\(NumberText.grouped(number)) \(name) beside the run's \(NumberText.grouped(other))"
        }
        var text = pair("updates", own.updates, spent.updates)
        let way = value.run.progress.updates
        if way < spent.updates { text += " (\(NumberText.grouped(spent.updates - way)) of them gone back from)" }
        return StyledText("  " + text + ", " + pair("tokens", own.tokens, spent.tokens), .dim)
    }

    private static func json(_ control: RunValue, _ value: RunValue) -> String {
        Value.record([
            ("control", .text(control.name)), ("updates", .integer(control.run.spent.updates)),
            ("tokens", .integer(control.run.spent.tokens)), ("run_updates", .integer(value.run.spent.updates)),
            ("run_tokens", .integer(value.run.spent.tokens)),
        ]).json
    }
}
