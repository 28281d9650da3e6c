// `hidden` and `probe`: what a model holds inside, and whether it holds what one thinks.

import Internalization
import Language
import Probing
import Transformer

enum ProbeCommands {
    static func all(_ bench: Workbench) -> [Command] { [hidden(bench), probe(bench)] }

    private static func hidden(_ bench: Workbench) -> Command {
        Command(
            CommandSignature(
                "hidden", "Reads hidden states: a row for each problem, (B, C), or (B, P, C) for several positions.",
                [
                    .value("of", .oneOf([.value(RunValue.typeName), .value(ModelValue.typeName)]), required: false, "a run or a model; the current run without it"),
                    .label("on", .value(ProblemsValue.typeName), required: true, "the problems"),
                    .label("layer", .integer(0...1000), default: "0", "the block, from 0"),
                    .label("hook", .choice(HookArguments.options), default: ".resid_post", "where in the block"),
                    .label("at", .selector(ProbeData.places, allowsIndex: true), required: true, "the position by its meaning"),
                ], result: TypeName.array, examples: [],
                seeAlso: ["probe", "logits"], discussion: "The array knows its model, stage, hook and position; a probe refuses states of another origin.")
        ) { call in
            let source = try source(call, bench)
            let data = try self.data(try call.host("on", as: ProblemsValue.self).set, source)
            let at = try call.selector("at")
            let positions = try data.positions(at.name, at.index, call)
            let point = HookArguments.point(try call.choice("hook"), layer: try call.integer("layer"))
            let states = try source.model.hiddenStates(
                data.batch, at: [point], positions: positions, stage: source.stage, observer: observer(call, "reading"))
            call.endProgress()
            return .array(array(states[0], at.index != nil || positions.count == 1))
        }
    }

    private static func array(_ states: [HiddenStates], _ isSingle: Bool) -> ArrayObject {
        guard let first = states.first else { return ArrayObject(shape: [0], values: []) }
        let provenance = [
            ("model", first.provenance.model), ("stage", first.provenance.stage), ("hook", first.provenance.hook),
            ("position", states.map(\.provenance.position).joined(separator: " ")),
        ].map { (key: $0.0, value: $0.1) }
        if isSingle { return ArrayObject(shape: [first.rows, first.width], values: first.values, provenance: provenance) }
        var values: [Float] = []
        values.reserveCapacity(states.count * first.values.count)
        for row in 0..<first.rows { for state in states { values += state.values[row * first.width..<(row + 1) * first.width] } }
        return ArrayObject(shape: [first.rows, states.count, first.width], values: values, provenance: provenance)
    }

    // MARK: Probes

    private static func probe(_ bench: Workbench) -> Command {
        Command(
            CommandSignature(
                "probe", "Fits linear probes to hidden states, always beside their baselines.",
                [
                    .value("of", .oneOf([.value(RunValue.typeName), .value(ModelValue.typeName)]), required: false, "a run or a model; the current run without it"),
                    .label("on", .value(ProblemsValue.typeName), required: true, "the problems; a fifth, other operands, is held out"),
                    .label("target", .selector([.init("running_sum"), .init("carry"), .init("running_parity")], allowsIndex: true), required: true, "a fact of the problems"),
                    .label("layers", .range, "blocks; all without it"),
                    .label("at", .selector(ProbeData.places, allowsIndex: true), default: ".predicts_answer", "positions by their meaning"),
                    .label("hook", .choice(HookArguments.options), default: ".resid_post", "where in the block"),
                    .label("over", .value(RunValue.typeName), "every stage of this run's timeline instead of its present state"),
                    .label("as", .choice([.init("classes"), .init("numbers")]), "how the target is read; classes where it has few values"),
                    .label("estimator", .choice([.init("automatic"), .init("ridge"), .init("least_squares"), .init("multinomial")]), default: ".automatic"),
                    .label("penalty", .real(0...1_000_000), "of the weights; chosen on held-back rows without it"),
                    .label("seed", .integer(0...Int.max), default: "0", "of the split and the resamples"),
                    .label("describe", .boolean, default: "false", "also the online description length"),
                ], result: TypeName.table, examples: [],
                seeAlso: ["hidden", "look", "plot"], discussion: """
                    score: R² for numbers, accuracy for classes, on held-out problems, with its 95 % interval. Beside it what a constant, the token at the \
                    position, the raw question, an untrained model, shuffled labels and a control task reach. above: whether the interval of the margin over \
                    every one of them lies above 0. leak: how much of the target the token at the position gives away by itself.
                    """)
        ) { call in
            let source = try source(call, bench)
            let set = try call.host("on", as: ProblemsValue.self).set
            guard let over = call.hostIfPresent("over", as: RunValue.self) else {
                let results = try results(source.model, self.data(set, source), source, call)
                call.endProgress()
                return .table(table(results.map { (nil, $0) }, call))
            }
            var rows: [(Int?, ProbeReport)] = []
            for stage in over.run.timeline.path {
                let removed = stage.record.removed
                let data = try ProbeData(set, encoder: over.encoder, removed: removed, schedule: over.run.schedule)
                let model = try over.run.model(at: stage)
                let name = "removed \(removed.capped(at: over.run.longest))"
                let stageSource = Source(model: model, encoder: over.encoder, removed: removed, schedule: over.run.schedule, stage: name)
                rows += try results(model, data, stageSource, call).map { (removed.capped(at: over.run.longest), $0) }
            }
            call.endProgress()
            return .table(table(rows, call))
        }
    }

    private static func results(_ model: LanguageModel, _ data: ProbeData, _ source: Source, _ call: Invocation) throws -> [ProbeReport] {
        let at = try call.selector("at"), target = try call.selector("target")
        let layers = call.rangeIfPresent("layers") ?? 0..<model.configuration.layerCount
        let hook = try call.choice("hook")
        let points = hook == "embed" || hook == "final" ? [HookArguments.point(hook, layer: 0)] : layers.map { HookArguments.point(hook, layer: $0) }
        let asClasses: Bool? = call.choiceIfPresent("as").map { $0 == "classes" }
        var options = ProbeOptions()
        options.estimator = switch try call.choice("estimator") { case "ridge": .ridge; case "least_squares": .leastSquares; case "multinomial": .multinomial; default: .automatic }
        if let penalty = call.realIfPresent("penalty") { options.regularization = .fixed(penalty) }
        options.seed = UInt64(try call.integer("seed"))
        options.describes = try call.boolean("describe")
        let grid = ProbeGrid(
            points: points, positions: try data.positions(at.name, at.index, call), targets: try data.targets(target.name, target.index, asClasses: asClasses, call),
            problems: data.questions, options: options)
        let untrained = LanguageModel(model.configuration, initialization: .fanIn, seed: 0xBA5E)
        return try grid.run(model, data.batch, untrained: untrained, stage: source.stage, observer: observer(call, "probing \(source.stage)")).map(\.report)
    }

    private static func table(_ rows: [(stage: Int?, report: ProbeReport)], _ call: Invocation) -> TableObject {
        func baseline(_ baseline: ProbeBaseline) -> TableObject.Column {
            let names: [ProbeBaseline: String] = [.inputToken: "token", .rawInput: "raw", .untrained: "untrained", .shuffled: "shuffled", .control: "control", .constant: "constant"]
            return .init(names[baseline] ?? "", rows.map { $0.report.baselines[baseline].map { .real($0.primary.value) } ?? .none }, format: .decimals(3))
        }
        var columns: [TableObject.Column] = []
        if rows.contains(where: { $0.stage != nil }) { columns.append(.init("removed", rows.map { $0.stage.map { .integer($0) } ?? .none })) }
        columns += [
            .init("layer", rows.map { layer($0.report.provenance.hook) }), .init("position", rows.map(\.report.provenance.position)), .init("target", rows.map(\.report.target)),
            .init("score", rows.map(\.report.probe.primary.value), format: .decimals(3)),
            .init("low", rows.map(\.report.probe.primary.low), format: .decimals(3)), .init("high", rows.map(\.report.probe.primary.high), format: .decimals(3)),
        ]
        columns += ProbeBaseline.allCases.map(baseline)
        columns += [
            .init("above", rows.map { Value.boolean($0.report.isAboveEveryBaseline) }), .init("error", rows.map(\.report.probe.error.value), format: .decimals(3)),
            .init("leak", rows.map(\.report.leak.share), format: .decimals(2)),
        ]
        if rows.contains(where: { $0.report.codeLength != nil }) {
            columns.append(.init("compression", rows.map { $0.report.codeLength.map { .real($0.compression) } ?? .none }, format: .decimals(2)))
        }
        return TableObject(columns)
    }

    private static func layer(_ hook: String) -> Value {
        guard case .block(let layer, _)? = HookPoint(hook) else { return .text(hook == HookPoint.embedding.description ? "embed" : "final") }
        return .integer(layer)
    }

    // MARK: Whose states

    struct Source {
        var model: LanguageModel
        var encoder: any ProblemEncoder
        var removed: RemovalCount
        var schedule: RemovalSchedule
        var stage: String
    }

    /// The run or model of the first argument, or the current run.
    static func source(_ call: Invocation, _ bench: Workbench) throws -> Source {
        if let model = call.hostIfPresent("of", as: ModelValue.self) {
            let run = bench.runs.last { $0.run.model === model.model }
            if let run { return source(run) }
            let encoder = try model.encoder(separator: nil, answers: call.host("on", as: ProblemsValue.self).set)
            return Source(model: model.model, encoder: encoder, removed: .units(0), schedule: RemovalSchedule(), stage: "")
        }
        if let run = call.hostIfPresent("of", as: RunValue.self) { return source(run) }
        return source(try bench.run(call))
    }

    private static func source(_ value: RunValue) -> Source {
        Source(
            model: value.run.model, encoder: value.encoder, removed: value.run.clock.removed, schedule: value.run.schedule, stage: "removed \(value.run.removedCount)")
    }

    static func data(_ set: ProblemSet, _ source: Source) throws -> ProbeData {
        try ProbeData(set, encoder: source.encoder, removed: source.removed, schedule: source.schedule)
    }

    static func observer(_ call: Invocation, _ what: String) -> ProbingObserver {
        let interrupt = call.interrupt
        return ProbingObserver(isInterrupted: { interrupt.isRequested }, progress: { call.progress(StyledText("\(what)  \(Int($0 * 100)) %")) })
    }
}
