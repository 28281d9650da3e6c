// `probe`: whether a model holds what one thinks it holds, beside everything that could make it look so.

import Experiments
import Internalization
import Language
import Probing
import Support
import Transformer

enum ProbeCommand {
    static func all(_ bench: Workbench) -> [Command] { [probe(bench)] }

    private static func probe(_ bench: Workbench) -> Command {
        Command(
            CommandSignature(
                "probe", "Fits linear probes to hidden states, always beside their baselines.",
                [
                    .value(
                        "of", .oneOf([.value(RunValue.typeName), .value(ModelValue.typeName), .value(TypeName.array)]),
                        required: false,
                        "a run, a model, or an array that hidden made; the current run without it"),
                    .label(
                        "on", .value(ProblemsValue.typeName), required: true, aliases: Aliases.problems,
                        "the problems; a fifth, other questions, is held out"),
                    .label(
                        "target", ProbeTargets.kinds, required: true,
                        "a fact of the problems, a value for each, or a function of a problem"),
                    .label("layers", .range, aliases: Aliases.layers, "blocks; all without it"),
                    .label(
                        "at", .selector(ReadingArguments.places, allowsIndex: true), default: ".predicts_answer",
                        "positions by their meaning"),
                    .label("hook", .choice(HookArguments.options), default: ".resid_post", "where in the block"),
                    ReadingArguments.over,
                    .label(
                        "as",
                        .choice([
                            .init("classes", "each value is a class of its own"),
                            .init("numbers", "near values are nearly right"),
                        ]),
                        "how the target is read; classes where it has few values"),
                    .label(
                        "estimator",
                        .choice([
                            .init("automatic", "multinomial for classes, ridge for numbers"),
                            .init("ridge", "least squares with a penalty on the weights"),
                            .init("least_squares", "without a penalty; needs many more rows than the width"),
                            .init("multinomial", "logistic regression over the classes"),
                        ]),
                        default: ".automatic"),
                    .label("penalty", .real(0...1_000_000), "of the weights; chosen on held-back rows without it"),
                    .label(
                        "seed", .integer(0...Int.max), default: "0", aliases: Aliases.seed,
                        "of the split and the resamples"),
                    .label("describe", .boolean, default: "false", "also the online description length"),
                    .label(
                        "reads", .value(TypeName.array),
                        "other states that the fitted probe reads, from hidden at the same place"),
                    .label(
                        "transfer", .boolean, default: "false",
                        "let it read states of another model, stage, hook or position"),
                ], result: TypeName.table, examples: [],
                seeAlso: ["hidden", "look", "plot"],
                discussion: """
                    score: R² for numbers, accuracy for classes, on held-out problems, with its 95 % interval. Beside \
                    it what a constant, the token at the position, the raw question, an untrained model, shuffled \
                    labels and a control task reach; selectivity is the score less that of the control task. margin: \
                    how far the score is above the nearest of them all; above: whether the whole interval of that \
                    margin is. With several runs every number is a mean over them and every interval Student's. leak: \
                    how much of the target the token at the position gives away by itself.
                    """)
        ) { call in
            defer { call.endProgress() }
            let set = try call.host("on", as: ProblemsValue.self).set
            if let array = call["of"]?.asArray { return .table(try probe(array, on: set, call)) }
            if call.isGiven("reads") {
                throw call.failure(
                    "reads: goes with a probe of an array", code: .runtimeArgument, at: "reads",
                    help: "write probe h on: … target: … reads: g with two arrays from hidden")
            }
            let stages = try ReadingArguments.stages(call, bench)
            // The same for every stage and run: they follow from the problems alone.
            let targets = try self.targets(set, call)
            var rows: [ProbeTable.Row] = []
            for stage in stages.stages {
                let reports = try stage.models.enumerated().map { run, model in
                    try self.reports(
                        try model(), set, targets, stages.progress("probing", stage, run),
                        isOneOfSeveral: stage.removed != nil, call)
                }
                for index in reports.map(\.count).min().map({ 0..<$0 }) ?? 0..<0 {
                    rows.append(ProbeTable.Row(removed: stage.removed, reports: reports.map { $0[index] }))
                }
            }
            return .table(try ProbeTable.make(rows, call))
        }
    }

    private static func options(_ call: Invocation) throws -> ProbeOptions {
        var options = ProbeOptions()
        options.estimator =
            switch try call.choice("estimator") {
            case "ridge": .ridge;
            case "least_squares": .leastSquares;
            case "multinomial": .multinomial;
            default: .automatic
            }
        if let penalty = call.realIfPresent("penalty") { options.regularization = .fixed(penalty) }
        options.seed = UInt64(try call.integer("seed"))
        options.describes = try call.boolean("describe")
        return options
    }

    private static func targets(_ set: ProblemSet, _ call: Invocation) throws -> [ProbeTarget] {
        try ProbeTargets.make(call, set, asClasses: call.choiceIfPresent("as").map { $0 == "classes" })
    }

    /// A report for each layer, position and target.
    private static func reports(
        _ subject: ModelAtStage, _ set: ProblemSet, _ targets: [ProbeTarget], _ what: String, isOneOfSeveral: Bool,
        _ call: Invocation
    ) throws -> [ProbeReport] {
        let data = try ProblemsAtStage(set, for: subject, interrupt: call.interrupt)
        let at = try call.place("at")
        let positions =
            isOneOfSeveral ? try data.positions(at.place, at.index) : try data.somePositions(at.place, at.index)
        if positions.isEmpty { return [] }
        let layers = call.rangeIfPresent("layers") ?? 0..<subject.model.configuration.layerCount
        let hook = try call.choice("hook")
        let points =
            hook == "embed" || hook == "final"
            ? [HookArguments.point(hook, layer: 0)] : layers.map { HookArguments.point(hook, layer: $0) }
        let grid = ProbeGrid(
            points: points, positions: positions, targets: targets, problems: data.questions, options: try options(call)
        )
        return try grid.run(
            subject.model, data.batch, untrained: .untrained(subject.model.configuration), stage: subject.name,
            observer: call.observer(what)
        ).map(\.report)
    }

    // MARK: States that were read before

    private static func probe(_ array: ArrayObject, on set: ProblemSet, _ call: Invocation) throws -> TableObject {
        for label in ["layers", "at", "hook", "over"] where call.isGiven(label) {
            throw call.failure(
                "an array has its place already, so \(label): says nothing", code: .runtimeArgument, at: label,
                help: "choose it in hidden")
        }
        let origin = try call.origin(of: array, "of")
        guard origin.data.set.fingerprint == set.fingerprint else {
            throw call.failure(
                "these are states of other problems", code: .runtimeArgument, at: "on",
                help: "give the problems that hidden read, in their order")
        }
        let grid = ProbeGrid(
            points: [origin.point], positions: origin.positions, targets: try targets(set, call),
            problems: origin.data.questions, options: try options(call))
        let plain = try LanguageModel.untrained(origin.configuration).hiddenStates(
            origin.data.batch, at: [origin.point], positions: origin.positions,
            observer: call.observer("reading an untrained model"))
        let results = try grid.run(
            states: [origin.states(array)], untrained: plain, observer: call.observer("probing"))
        guard let other = call["reads"]?.asArray else {
            return try ProbeTable.make(results.map { ProbeTable.Row(removed: nil, reports: [$0.report]) }, call)
        }
        return try transferred(results, positions: origin.positions.count, own: set, other, call)
    }

    /// What probes of one array read in another, on problems that they were not fitted to.
    private static func transferred(
        _ results: [ProbeResult], positions: Int, own: ProblemSet, _ array: ArrayObject, _ call: Invocation
    ) throws -> TableObject {
        let origin = try call.origin(of: array, "reads")
        let states = try origin.states(array)
        guard states.count == positions else {
            throw call.failure(
                "has \(Phrase.count(states.count, "position")), and the probes have \(positions)", code: .runtimeShape,
                at: "reads", help: "read both with the same at:")
        }
        let targets = try self.targets(origin.data.set, call)
        let options = try options(call), transfer = try call.boolean("transfer")
        let fitted = Set(
            results.first.map { result in Set(0..<own.count).subtracting(result.heldOut).map { own[$0].question } }
                ?? [])
        let rows = (0..<origin.data.set.count).filter { !fitted.contains(origin.data.set[$0].question) }
        guard !rows.isEmpty else {
            throw call.failure(
                "holds only problems that the probes were fitted to", code: .runtimeArgument, at: "reads",
                help: "read it on the same problems, or on others")
        }
        let groups = origin.data.groups
        let perPosition = max(1, results.count / max(positions, 1))
        let scores = try results.enumerated().map { index, result in
            guard let target = targets.first(where: { $0.name == result.report.target }) else {
                throw call.failure(
                    "\(result.report.target) does not vary in these problems", code: .runtimeArgument, at: "reads")
            }
            return try result.probe.score(
                states[index / perPosition], target, rows: rows, groups: groups, transfer: transfer, options: options)
        }
        return ProbeTable.transferred(results.map(\.report), scores, from: states.first?.provenance, rows: rows.count)
    }
}
