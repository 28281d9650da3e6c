// `control`: baselines with the budget of a run.

import Experiments
import Internalization
import Language
import Support

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
                        "how many updates; without it as many as the run has spent"),
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
            let run = try call.experimentIfPresent("run") ?? bench.run(call)
            let kind = ControlKind(rawValue: try call.choice("kind")) ?? .noCoT
            let measure = ControlMeasure(rawValue: try call.choice("match")) ?? .updates
            if measure == .tokens, call.isGiven("steps") {
                throw call.failure(
                    "steps: and match: .tokens each say how long it is trained", code: .runtimeArgument, at: "steps",
                    help: "keep one of them")
            }
            let budget = try ControlBudget(
                matching: measure, of: run, kind, steps: call.integerIfPresent("steps"))
            let control = try run.control(
                kind, budget, seed: call.integerIfPresent("seed").map { UInt64($0) }, interrupt: call.interrupt)
            control.name = bench.freshName(control.name)
            bench.note(control)
            try train(control, budget, against: run, call)
            return .object(RunValue(control))
        }
    }

    private static func train(
        _ control: Experiment, _ budget: ControlBudget, against run: Experiment, _ call: Invocation
    ) throws {
        let watcher = TrainingWatcher(control, total: budget.updates, isLimit: budget.matchesTokens, call)
        defer { call.endProgress() }
        let end = try control.train(
            asControlOf: run, budget, resets: try call.boolean("resets"), report: watcher.watch,
            interrupt: call.interrupt)
        watcher.note(try control.run.evaluateHeldOut(interrupt: call.interrupt))
        let line = StyledText(control.name + ": ") + (watcher.summary(end).lines.first ?? StyledText())
        call.output(DisplayBundle(lines: [line, matched(control.run.spent, run.run)], json: json(control, run)))
        if end == .interrupted { try call.checkInterrupt() }
    }

    /// What both have cost, in a line.
    private static func matched(_ own: Spent, _ run: Run) -> StyledText {
        let spent = run.spent
        func pair(_ name: String, _ number: Int, _ other: Int) -> String {
            "\(Phrase.count(number, name)) beside the run's \(NumberText.grouped(other))"
        }
        var text = pair("update", own.updates, spent.updates)
        let way = run.progress.updates
        if way < spent.updates { text += " (\(NumberText.grouped(spent.updates - way)) of them gone back from)" }
        return StyledText("  " + text + ", " + pair("token", own.tokens, spent.tokens), .dim)
    }

    private static func json(_ control: Experiment, _ run: Experiment) -> String {
        Value.record([
            ("control", .text(control.name)), ("updates", .integer(control.run.spent.updates)),
            ("tokens", .integer(control.run.spent.tokens)), ("run_updates", .integer(run.run.spent.updates)),
            ("run_tokens", .integer(run.run.spent.tokens)),
        ]).json
    }
}
