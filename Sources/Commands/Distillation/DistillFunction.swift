// `distill`: ICoT-KD, the method before stepwise internalization, with a run as its teacher.

import Experiments
import Internalization
import Language
import Support
import Transformer

enum DistillFunction {
    static func command(_ bench: Workbench) -> Command {
        Command(
            CommandSignature(
                "distill",
                "Distils the chain of a run into two fresh models that answer without writing it (ICoT-KD, Deng et "
                    + "al. 2023).",
                [
                    .value(
                        "teacher", .value(RunValue.typeName), required: false,
                        "a run that writes its whole chain; the current one without it"),
                    .label(
                        "steps", .integer(0...1_000_000_000), default: "1000", aliases: Aliases.steps,
                        "at most this many updates in each stage"),
                    .label(
                        "student", .integer(0...1_000_000_000),
                        "at most this many updates of the mind-reading student, where that differs"),
                    .label(
                        "emulator", .integer(0...1_000_000_000), "updates of the thought emulator, where that differs"),
                    .label(
                        "coupled", .integer(0...1_000_000_000),
                        "at most this many updates of both together, where that differs"),
                    .label(
                        "until", .real(0...1), default: "0.99", aliases: Aliases.until,
                        "ends the student's stage and the last one at this accuracy on the validation problems"),
                    .label(
                        "check", .integer(1...1_000_000), default: "50",
                        "updates between two looks at the validation problems"),
                    .label(
                        "thoughts",
                        .choice([
                            .init("diagonal", "a layer deeper, some tokens later"),
                            .init("first_column", "all layers at the end of the question"),
                            .init("last_column", "all layers at the end of the chain"),
                            .init("top_row", "the last block's inputs along the chain"),
                            .init("bottom_row", "the first block's inputs along the chain"),
                        ]), default: ".diagonal", "which states of the teacher are distilled"),
                    .label(
                        "rule",
                        .choice([
                            .init("paper", "each problem's own step"),
                            .init("reference", "the step of a batch's first problem for all of it"),
                            .init("fixed", "each problem's own step, as in the paper"),
                        ]), default: ".fixed",
                        "whose step the diagonal has"),
                    .label("freeze", .boolean, default: "false", "leaves the emulator as it is in the last stage"),
                    .label(
                        "from", .value(ModelValue.typeName),
                        "the first weights of both models; the first weights of the run without it"),
                    .label(
                        "lr", .real(.leastNonzeroMagnitude...10), aliases: Aliases.learningRate,
                        "the learning rate; that of the run without it"),
                    .label(
                        "seed", .integer(0...Int.max), aliases: Aliases.seed,
                        "of the modules' first weights and the data order; the run's without it"),
                ], result: DistillationValue.typeName,
                examples: ["distill(r, steps: 2)", "distill(r, steps: 2, thoughts: .last_column).accuracy"],
                seeAlso: ["control", "compare", "internalize"],
                discussion: """
                    Three stages. The student learns to answer from the teacher's states, put into it while it reads \
                    the end of the question; the emulator learns to guess those states from the question alone; then \
                    both are trained together on the answer. Gives accuracy, oracle (the student with the teacher's \
                    own states: how much of the chain fits in one column), emulator_loss, explained (the share of the \
                    states' variance that is guessed), uncoupled, teacher and stages. The teacher must still have its \
                    chain.
                    """)
        ) { call in
            let experiment = try call.experimentIfPresent("teacher") ?? bench.run(call)
            let initial = call.hostIfPresent("from", as: ModelValue.self)?.model ?? experiment.initial
            for model in [experiment.run.model, initial] {
                try EngineDevice.needProcessor("distillation", for: model, call)
            }
            let teacher = try teacher(experiment, call)
            let run = experiment.run
            let distillation = try Distillation(
                teacher: run.model, initial: initial, on: run.problems, heldOut: run.heldOut,
                validation: run.validation, positions: run.schedule.positions,
                settings: settings(run, call))
            try go(distillation, call)
            return .object(
                DistillationValue(
                    task: experiment.data.taskName, teacher: (run.progress.updates, teacher), distillation))
        }
    }

    /// Sees whether a run can teach, and measures it.
    private static func teacher(_ experiment: Experiment, _ call: Invocation) throws -> Evaluation? {
        let run = experiment.run
        if run.longest == 0 {
            throw call.failure("these problems have no chain to distil", code: .runtimeArgument, at: "teacher")
        }
        if run.removedCount > 0 {
            throw call.failure(
                "\(run.removedCount) of \(Phrase.count(run.longest, "token")) of the run's chain "
                    + (run.removedCount == 1 ? "is" : "are") + " gone, and a teacher writes the whole of it",
                code: .runtimeArgument, at: "teacher",
                help: "go back to: the stage that has them all, or let c = control kind: .explicit and distill(c)")
        }
        if run.progress.updates == 0 {
            throw call.failure(
                "the run has not been trained yet, so it has no thoughts", code: .runtimeArgument, at: "teacher",
                help: "train until: 0.99 first")
        }
        let evaluation = try run.evaluateHeldOut(interrupt: call.interrupt)
        if let evaluation, evaluation.accuracy < 0.9 {
            call.output(
                StyledText("note", .warning)
                    + StyledText(
                        ": with its chain the teacher reaches \(RunDisplay.accuracy(evaluation)); what it has not "
                            + "learned it cannot teach"
                    ))
        }
        return evaluation
    }

    private static func settings(_ run: Run, _ call: Invocation) throws -> DistillationSettings {
        var settings = DistillationSettings()
        settings.training = run.settings
        if let rate = call.realIfPresent("lr") { settings.training.learningRate = Float(rate) }
        if let seed = call.integerIfPresent("seed") { settings.training.seed = UInt64(seed) }
        let steps = try call.integer("steps")
        for stage in DistillationStage.allCases {
            settings.steps[stage] = call.integerIfPresent(stage.rawValue) ?? steps
        }
        settings.accuracy = run.validation == nil ? nil : try call.real("until")
        settings.evaluateEvery = try call.integer("check")
        settings.subset = ThoughtSubset(rawValue: try call.choice("thoughts")) ?? .diagonal
        settings.rule = Fidelity(rawValue: try call.choice("rule")) ?? .fixed
        settings.trainsEmulator = try !call.boolean("freeze")
        return settings
    }

    /// Goes through the stages with a progress line and a line for each that is over.
    private static func go(_ distillation: Distillation, _ call: Invocation) throws {
        defer { call.endProgress() }
        let end: DistillationEnd
        do {
            end = try distillation.run(
                report: { event in
                    switch event {
                    case .step(let stage, let step, let steps, let loss):
                        call.progress(
                            WorkProgress(
                                stage.rawValue, Double(step), of: Double(steps), unit: "step",
                                details: ["loss \(NumberText.fixed(loss, decimals: 3))"]))
                    case .evaluated: break
                    case .finished(let record): call.output(line(record, uncoupled: distillation.uncoupled))
                    }
                }, interrupt: call.interrupt)
        } catch let error as NonFiniteGradient {
            throw call.failure("\(error.description)", help: "try a lower rate: lr: 1e-3")
        }
        if end == .interrupted {
            call.output(StyledText("stopped after a whole step; nothing of it is kept", .warning))
            try call.checkInterrupt()
        }
    }

    private static func line(_ record: DistillationRecord, uncoupled: Evaluation?) -> StyledText {
        var line = StyledText(record.stage.rawValue, .emphasis) + StyledText(": \(Phrase.count(record.steps, "step"))")
        if let loss = record.loss { line.append(", loss \(NumberText.fixed(loss, decimals: 3))") }
        switch record.stage {
        case .student:
            if let found = record.evaluation {
                line.append(", " + RunDisplay.accuracy(found) + " with the teacher's thoughts")
            }
        case .emulator:
            if let explained = record.explained {
                line.append(", \(NumberText.fixed(100 * explained, decimals: 1)) % of the thoughts' variance")
            }
            if let uncoupled { line.append(", \(RunDisplay.accuracy(uncoupled)) before the student") }
        case .coupled: if let found = record.evaluation { line.append(", " + RunDisplay.accuracy(found)) }
        }
        line.append("  ")
        line.append(Phrase.seconds(record.seconds), .dim, isVolatile: true)
        return line
    }
}
