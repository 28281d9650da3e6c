// `start`, `schedule`, `plan`: what a run is and how its chain will go.

import Experiments
import Internalization
import Language
import Support
import Tensors
import Transformer

enum StartCommands {
    static func all(_ bench: Workbench) -> [Command] { [start(bench), schedule(bench), plan(bench)] }

    private static func start(_ bench: Workbench) -> Command {
        Command(
            CommandSignature(
                "start", "Starts a run: a model, its problems and all that training needs. It becomes the current run.",
                [
                    .value(
                        "model", .value(ModelValue.typeName),
                        "trained in place; with device: a copy of it is trained there"),
                    .label(
                        "on", .value(ProblemsValue.typeName), required: true, aliases: Aliases.problems,
                        "the problems it is trained on"),
                    SettingArguments.presetParameter,
                    .label(
                        "test", .value(ProblemsValue.typeName),
                        "problems for every accuracy of the run; they must share no input with the others"),
                    .label(
                        "validation", .value(ProblemsValue.typeName),
                        "problems that decide when training stops, apart from both; set aside from on: without it"),
                    .label(
                        "separator",
                        .choice([
                            .init("absent", "nothing stands between chain and answer"),
                            .init("kept", "# or the reference's <eos> stays"),
                            .init("removed_last", "it goes as the last token of the chain"),
                        ]), "the sign between chain and answer; absent where all answers have one length, else kept"),
                ] + SettingArguments.labels + [
                    .label(
                        "watch", .boolean, default: "true",
                        "says when gradients, updates, the loss or that of an answer token jump"),
                    .label("name", .text, "keeps the run in the folder runs/name as it goes; resume goes on with it"),
                    .label(
                        "resume", .boolean, default: "false",
                        "goes on with the run of that name where there is one already, begun from the same weights and "
                            + "problems"),
                    .label("tensorboard", .boolean, default: "false", "also writes TensorBoard events there"),
                ],
                result: RunValue.typeName,
                examples: [
                    "start (model .gpt2) on: (gen .parity digits: 6 n: 5000)",
                    "start (model .gpt2 dropout: 0.1) on: (gen .mult digits: 4 n: 5000) preset: .paper",
                ],
                effects: [.changesRun, .writesNamed(folder: "runs/", label: "name", goingOn: "resume")],
                seeAlso: ["schedule", "train", "internalize", "timeline"],
                discussion: """
                    The separator decides whether the last hand-off works in small models: one that stays must do \
                    alone what the end of the question had learned. preset: .paper, .reference and .fixed set \
                    everything that their names promise, for GSM8K's chains its own Δ 1, all beyond 39 and at most \
                    150 tokens too; a label beside them overrides, which is said. show of the run lists what holds. \
                    A notebook that starts with name: and resume: true can be ended at any time and run again: \
                    internalize goes on where it was, to the same bits.
                    """)
        ) { call in
            let model = try call.host("model", as: ModelValue.self)
            let data = try call.host("on", as: ProblemsValue.self).set
            let problems = try ProblemParts(
                data, test: call.hostIfPresent("test", as: ProblemsValue.self)?.set,
                validation: call.hostIfPresent("validation", as: ProblemsValue.self)?.set)
            let settings = try SettingArguments(call, model: model, data: data)
            for text in settings.notes(model: model) { note(text, call) }
            let subject = try subject(model, settings, call)
            var experiment = try Experiment.start(
                subject, on: problems, settings.start, name: bench.freshName("run"), interrupt: call.interrupt
            ) { note($0.description, call) }
            try Memory.check(training: experiment, call)
            if try !call.boolean("watch") { experiment.run.watch = nil }
            if let name = call.textIfPresent("name") {
                guard !name.isEmpty, !name.hasPrefix("."),
                    name.unicodeScalars.allSatisfy({
                        $0 != "/" && !$0.properties.isWhitespace && $0.properties.generalCategory != .control
                    })
                else {
                    throw call.failure(
                        "a run's name is a plain word", code: .runtimeArgument, at: "name",
                        help: "write name: \"mult2\"")
                }
                if try call.boolean("resume"),
                    let kept = try experiment.continuation(
                        at: "runs/" + name, on: settings.executor, warn: call.warn, remark: call.remark,
                        interrupt: call.interrupt)
                {
                    experiment = kept
                    if let slices = call.integerIfPresent("slices") {
                        try kept.change(slices: slices, remark: call.remark)
                    }
                    try kept.run.checkRanks()
                    let steps = Phrase.count(kept.run.progress.updates, "step")
                    call.remark("goes on with runs/\(name) as it was left after \(steps)")
                } else {
                    experiment.name = name
                    try experiment.keep(at: "runs/" + name)
                    if try call.boolean("tensorboard") { try experiment.folder?.writeTensorBoard() }
                }
            } else if try call.boolean("resume") {
                throw call.failure(
                    "resume: true goes on with the run of a name, and none is given", code: .runtimeArgument,
                    at: "resume", help: "add name: \"mult2\"")
            }
            bench.note(experiment)
            if subject.model === model.model { model.experiment = experiment }
            bench.currentRun = experiment
            return .object(RunValue(experiment))
        }
    }

    /// What is trained: the model itself, or a copy where the run is to be computed.
    private static func subject(
        _ model: ModelValue, _ settings: SettingArguments, _ call: Invocation
    ) throws -> ExperimentModel {
        guard let executor = settings.executor else { return model.subject }
        try EngineDevice.check(model.model.configuration, call, on: executor)
        try Memory.check(floats: 4 * model.model.parameterCount, call, on: executor)
        return ExperimentModel(
            model.model.copy(on: executor), writing: model.writing, origin: model.subject.origin)
    }

    private static func note(_ text: String, _ call: Invocation) {
        call.output(StyledText("note", .warning) + StyledText(": " + text))
    }

    // MARK: The schedule

    private static func schedule(_ bench: Workbench) -> Command {
        Command(
            CommandSignature(
                "schedule",
                "Says how the chain of the current run is taken away, and shows what that changed; without arguments "
                    + "shows every switch.",
                ScheduleArguments.parameters + [Workbench.runLabel],
                examples: ["schedule", "schedule adaptive: 0.95 smoothing: 4", "schedule .paper per_epoch: 8"],
                effects: [.changesRun],
                seeAlso: ["plan", "internalize", "step"],
                discussion: """
                    The defaults let a small model trained from scratch succeed: adaptive removal, kept position ids \
                    and a short warm-up after each reset are not the paper's main setting. schedule .paper is; \
                    schedule .reference follows the published code to the letter.
                    """)
        ) { call in
            let experiment = try bench.run(call)
            let schedule = try ScheduleArguments.read(call, from: experiment.run.schedule, for: experiment)
            let before = ScheduleArguments.rows(experiment.run.schedule, experiment.run.shape)
            let isSame = schedule == experiment.run.schedule
            if !isSame {
                try experiment.change(schedule, interrupt: call.interrupt)
                try experiment.save()
            }
            var rows = ScheduleArguments.rows(experiment.run.schedule, experiment.run.shape)
            if ScheduleArguments.parameters.contains(where: { call.isGiven($0.name) }) {
                rows = zip(before, rows).filter { $0.value != $1.value }.map(\.1)
                if isSame { call.output(StyledText("the schedule was that already", .dim)) }
            }
            if !rows.isEmpty { call.output(bundle(rows)) }
            return .none
        }
    }

    private static func bundle(_ rows: [(name: String, value: String)]) -> DisplayBundle {
        let lines = rows.map { StyledText(RunDisplay.padded($0.name, 22), .dim) + StyledText($0.value) }
        return DisplayBundle(lines: lines, json: Value.record(rows.map { ($0.name, .text($0.value)) }).json)
    }

    private static func plan(_ bench: Workbench) -> Command {
        Command(
            CommandSignature(
                "plan",
                "Shows what a schedule would do, event by event, without training; of an adaptive one its stages.",
                ScheduleArguments.parameters + [
                    .label(
                        "steps", .integer(1...1_000_000_000), aliases: Aliases.steps,
                        "how far; without it until the chain is gone"),
                    .label(
                        "rows", .integer(1...1_000_000_000), "problems in the data; those of the current run without it"
                    ),
                    .label(
                        "batch", .integer(1...100_000), aliases: Aliases.batch,
                        "problems in a step; as in the current run without it"),
                    .label(
                        "chain", .integer(0...1_000_000),
                        "tokens of the longest chain; that of the current run without it"),
                    .label(
                        "accumulate", .integer(1...100_000),
                        "batches that make one step; as in the current run without it"),
                    .label(
                        "partial_batch", .boolean,
                        "whether a pass ends with a batch of what is left over; as in the current run without it"),
                    Workbench.runLabel,
                ], result: TypeName.table,
                examples: ["plan .reference per_epoch: 8 rows: 808_000 batch: 32 chain: 47 | head 3"],
                seeAlso: ["schedule"])
        ) { call in
            let experiment = call.experimentIfPresent("run") ?? bench.currentRun
            let run = experiment?.run
            let schedule = try ScheduleArguments.read(call, from: run?.schedule ?? RemovalSchedule(), for: experiment)
            // How many problems there are does not matter where the model decides.
            let problems = call.integerIfPresent("rows") ?? run?.problems.count
            guard let rows = problems ?? (schedule.pace.isMeasured ? 0 : nil) else {
                throw call.failure(
                    "there is no run to take the size of the data from", code: .runtimeArgument,
                    help: "add rows: 808_000 chain: 47")
            }
            guard
                let chain = call.integerIfPresent("chain") ?? run.map({ $0.problems.longestUnitCount(schedule.order) })
            else {
                throw call.failure(
                    "there is no run to take the length of the chain from", code: .runtimeArgument,
                    help: "add chain: 47")
            }
            if schedule.pace.isMeasured { return .table(stageTable(schedule, chain: chain)) }
            // The settings of the run, else those that belong to the preset.
            let preset = call.choiceIfPresent("preset").flatMap { Preset(rawValue: $0) }
            var settings = run?.settings ?? preset?.training ?? TrainingSettings()
            if let batch = call.integerIfPresent("batch") { settings.batchSize = batch }
            if let batches = call.integerIfPresent("accumulate") { settings.accumulation = batches }
            if let keeps = call.booleanIfPresent("partial_batch") { settings.keepsPartialBatch = keeps }
            var plan = try SchedulePlan(
                schedule, settings, batchesPerEpoch: settings.batchesPerEpoch(problems: rows), longest: chain)
            let events = try plan.events(
                units: chain, steps: call.integerIfPresent("steps"), interrupt: call.interrupt)
            return .table(planTable(events, chain: chain))
        }
    }

    /// The stages of a schedule that removes when the model is ready: without times, with what ends each.
    private static func stageTable(_ schedule: RemovalSchedule, chain: Int) -> TableObject {
        let stages = ScheduleClock.stages(schedule, longest: chain)
        var columns: [TableObject.Column] = [
            .init("stage", Array(stages.indices)),
            .init("removed", stages.map { $0 == .all ? Value.text("all") : .integer($0.capped(at: chain)) }),
            .init("left", stages.map { chain - $0.capped(at: chain) }),
        ]
        if case .adaptive(let rule) = schedule.pace {
            let measures = stages.indices.map { $0 == 0 ? rule.firstMeasure ?? rule.measure : rule.measure }
            let (rates, losses) = (measures.map(\.rate), measures.map(\.loss))
            // The last stage ends when somebody ends it.
            func column(_ name: String, _ values: [Double?]) {
                guard values.contains(where: { $0 != nil }) else { return }
                columns.append(
                    .init(
                        name,
                        values.enumerated().map { place, value in
                            place == stages.count - 1 ? .none : value.map { Value.real($0) } ?? .none
                        }))
            }
            column("ends_at", rates)
            column("ends_at_loss", losses)
            columns.append(.init("least", stages.map { _ in rule.leastSteps }))
            func limits(_ steps: Int?) -> [Value] {
                stages.indices.map { $0 == 0 ? .none : steps.map { .integer($0) } ?? .none }
            }
            columns.append(.init("patience", limits(rule.patienceSteps(longest: chain))))
            columns.append(.init("most", limits(rule.mostSteps(longest: chain))))
        }
        return TableObject(columns)
    }

    private static func planTable(_ events: [PlannedBatch], chain: Int) -> TableObject {
        TableObject([
            .init("step", events.map(\.batch)), .init("epoch", events.map(\.epoch)),
            .init(
                "removed", events.map { $0.removed == .all ? Value.text("all") : .integer($0.removed.capped(at: .max)) }
            ),
            .init("left", events.map { chain - $0.removed.capped(at: chain) }),
            .init("reset", events.map { Value.boolean($0.resetsOptimizer) }),
        ])
    }
}
