// `train`, `internalize`: commands that take steps.

import Experiments
import Internalization
import Language
import Transformer

enum TrainCommands {
    static func all(_ bench: Workbench) -> [Command] { [train(bench), internalize(bench)] }

    private static func train(_ bench: Workbench) -> Command {
        Command(
            CommandSignature(
                "train", "Trains the current run in its present stage.",
                [
                    .label("steps", .integer(1...1_000_000_000), aliases: Aliases.steps, "how many updates"),
                    .label(
                        "epochs", .real(.leastNonzeroMagnitude...1_000_000), aliases: Aliases.epochs,
                        "how many passes over the data"),
                    .label(
                        "until", .real(0...1), aliases: Aliases.until,
                        "until the accuracy on the validation problems is at least this"),
                    .label("at_most", .integer(1...1_000_000_000), "gives up on until: after this many updates"),
                    .label(
                        "check", .integer(1...1_000_000), default: "20",
                        "updates between two looks at the validation problems"),
                    .label(
                        "panel", .boolean, default: "false",
                        "draws the loss, the accuracy of each answer token and where an answer looks while it trains"),
                    .label(
                        "lr", .real(.leastNonzeroMagnitude...10), aliases: Aliases.learningRate,
                        "another learning rate from here on"), Workbench.runLabel,
                ], examples: ["train steps: 20", "train until: 0.99 at_most: 2000"], effects: [.changesRun],
                seeAlso: ["internalize", "step", "eval"],
                discussion:
                    "Removes nothing: step does, and internalize. Ctrl-C stops after a whole step, and the run goes "
                    + "on from there."
            )
        ) { call in
            let experiment = try bench.run(call)
            let run = experiment.run
            var goal = TrainingGoal()
            if let epochs = call.realIfPresent("epochs") {
                guard !call.isGiven("steps") else {
                    throw call.failure(
                        "steps: and epochs: both say how long", code: .runtimeArgument, at: "epochs",
                        help: "keep one of them")
                }
                goal.steps = max(1, Int(clamping: Int64(min(epochs * Double(run.batchesPerEpoch), 1e15).rounded())))
            }
            if let steps = call.integerIfPresent("steps") ?? call.integerIfPresent("at_most") { goal.steps = steps }
            if let accuracy = call.realIfPresent("until") {
                goal.accuracy = accuracy
                goal.evaluateEvery = try call.integer("check")
                if goal.steps == nil { goal.steps = 100_000 }
                try needHeldOut(experiment, call, "until")
            }
            guard goal.steps != nil else {
                throw call.failure(
                    "how long?", code: .missingArgument, help: "write train steps: 200, or train until: 0.99")
            }
            try changeRate(experiment, call)
            try go(experiment, goal, call)
            return .none
        }
    }

    private static func internalize(_ bench: Workbench) -> Command {
        Command(
            CommandSignature(
                "internalize", "Follows the schedule until the whole chain is gone and the model answers without it.",
                [
                    .label(
                        "until", .real(0...1), default: "0.99", aliases: Aliases.until,
                        "stops once the accuracy on the validation problems without any chain is at least this"),
                    .label(
                        "final", .integer(0...1_000_000_000), default: "1000",
                        "at most this many updates after the last removal"),
                    .label(
                        "rescues", .integer(0...1000), default: "6",
                        "how often a stage that is stuck is taken back and tried with another data order"),
                    .label(
                        "on_alarm",
                        .choice([
                            .init("say", "says so and goes on"),
                            .init("rescue", "takes the stage back as if it were stuck"),
                        ]), default: ".say", "what an alarm of the watch does"),
                    .label(
                        "every", .integer(1...1_000_000_000),
                        "steps for each removed token, instead of the schedule's pace"),
                    .label(
                        "at_most", .integer(1...1_000_000_000),
                        "updates in all, those of stages that are taken back included"),
                    .label(
                        "check", .integer(1...1_000_000), default: "50",
                        "updates between two looks at the validation problems at the end"),
                    .label(
                        "lr", .real(.leastNonzeroMagnitude...10), aliases: Aliases.learningRate,
                        "another learning rate from here on"), Workbench.runLabel,
                ], examples: ["internalize", "internalize every: 100 final: 300"], effects: [.changesRun],
                seeAlso: ["schedule", "step", "back", "timeline"],
                discussion:
                    "Each removal is a stage of the timeline, measured just before, just after, and when it has "
                    + "recovered. A stage that does not recover is rescued: taken back to where it began, then "
                    + "further, with the data in another order."
            )
        ) { call in
            let experiment = try bench.run(call)
            var schedule = experiment.run.schedule
            if let steps = call.integerIfPresent("every") { schedule.pace = .stepsPerRemoval(steps) }
            var goal = TrainingGoal(steps: call.integerIfPresent("at_most"))
            goal.followsSchedule = true
            goal.finalSteps = try call.integer("final")
            goal.rescues = try call.integer("rescues")
            goal.rescuesOnAlarm = try call.choice("on_alarm") == "rescue"
            if experiment.validation != nil {
                goal.accuracy = try call.real("until")
                goal.evaluateEvery = try call.integer("check")
            } else if call.isGiven("until") {
                try needHeldOut(experiment, call, "until")
            }
            if case .manual = schedule.pace, !experiment.run.isEmptied {
                throw call.failure(
                    "the schedule is by step only, so nothing would be removed", code: .runtimeArgument,
                    help: "write schedule adaptive: 0.95, or internalize every: 100")
            }
            if call.isGiven("every") { try experiment.change(schedule, interrupt: call.interrupt) }
            try changeRate(experiment, call)
            try go(experiment, goal, call)
            return .none
        }
    }

    /// Trains with events on the screen; an interrupt stops it at a step boundary and the command fails as interrupted.
    static func go(_ experiment: Experiment, _ goal: TrainingGoal, _ call: Invocation) throws {
        try Memory.check(training: experiment, call)
        // Where an accuracy or the end of the chain is the goal, the steps are only a limit.
        let watcher = TrainingWatcher(
            experiment, total: goal.steps, isLimit: goal.accuracy != nil || goal.followsSchedule, call)
        defer { call.endProgress() }
        let end: TrainingEnd
        do {
            end = try experiment.train(
                goal, report: watcher.watch, notSaved: watcher.tellNotSaved, interrupt: call.interrupt)
        } catch let error as NonFiniteGradient {
            throw call.failure(
                "\(error.description)", help: "go back to: a mark, or lower the rate: train lr: 1e-3 steps: 100")
        }
        if end == .stepsDone || end == .reachedAccuracy, experiment.test != nil {
            watcher.note(try experiment.run.evaluateHeldOut(interrupt: call.interrupt))
        }
        try experiment.save()
        call.output(watcher.summary(end))
        if end == .interrupted { try call.checkInterrupt() }
    }

    private static func changeRate(_ experiment: Experiment, _ call: Invocation) throws {
        guard let rate = call.realIfPresent("lr") else { return }
        var settings = experiment.run.settings
        settings.learningRate = Float(rate)
        try experiment.run.change(settings)
    }

    private static func needHeldOut(_ experiment: Experiment, _ call: Invocation, _ label: String) throws {
        if experiment.validation == nil {
            throw call.failure(
                "the run has no validation problems to decide by when to stop", code: .runtimeArgument, at: label,
                help: "start it with test: (gen … apart_from: the data)")
        }
    }
}
