// `intervene`: what happens to the answers when something inside is changed. Ablation, patching, knockout, steering.

import Internalization
import Language
import Probing
import Tensors
import Transformer

enum InterveneCommand {
    static func all(_ bench: Workbench) -> [Command] { [intervene(bench)] }

    private static func intervene(_ bench: Workbench) -> Command {
        Command(
            CommandSignature(
                "intervene", "Changes something inside a model while it answers, and says what that does to the answers.",
                [
                    .value(
                        "kind",
                        .choice([
                            .init("ablate", "each head and MLP in turn is replaced"), .init("patch", "states are taken over from another problem, in both directions"),
                            .init("knockout", "each position is cut off from the one that predicts"), .init("steer", "the state moves along a probe's direction"),
                        ]), "what to change"),
                ] + ReadingArguments.parameters + [
                    .label("with", .choice([.init("mean"), .init("zero"), .init("resample")]), default: ".mean", "what stands in for an ablated output"),
                    .label("layer", .integer(0...1000), "of .steer and .knockout; all layers without it"),
                    .label("hook", .choice(HookArguments.options), default: ".resid_post", "where .patch and .steer act"),
                    .label("place", .selector(ProbeData.places, allowsIndex: true), default: ".separator", "where .steer acts"),
                    .label("target", .selector([.init("carry"), .init("running_sum")], allowsIndex: true), "the fact whose probe direction .steer follows"),
                    .label("scales", .list(of: .number), default: "[-1, 0, 1]", "how far .steer goes, in units of the fact"),
                    .label("seed", .integer(0...Int.max), default: "0", "of partners"),
                ], result: TypeName.table, seeAlso: ["probe", "look"],
                discussion: "The model itself is not changed. loss: how much the loss of the right answer rises. changed: how many predictions become another token.")
        ) { call in
            let reading = try ReadingArguments(call, bench)
            defer { call.endProgress() }
            switch try call.choice("kind") {
            case "patch": return .table(try patch(reading, call))
            case "knockout": return .table(try knockout(reading, call))
            case "steer": return .table(try steer(reading, call))
            default: return .table(try ablate(reading, call))
            }
        }
    }

    private static func table(_ name: String, _ labels: [String], _ effects: [CausalEffect]) -> TableObject {
        TableObject([
            .init(name, labels), .init("loss", effects.map(\.lossIncrease.value), format: .decimals(3)), .init("low", effects.map(\.lossIncrease.low), format: .decimals(3)),
            .init("high", effects.map(\.lossIncrease.high), format: .decimals(3)), .init("accuracy", effects.map { $0.after.accuracy().value }, format: .decimals(3)),
            .init("changed", effects.map(\.changedShare.value), format: .decimals(3)),
        ])
    }

    private static func ablate(_ reading: ReadingArguments, _ call: Invocation) throws -> TableObject {
        let how = Ablation(rawValue: try call.choice("with")) ?? .mean
        let effects = try reading.model.ablate(
            reading.batch, Component.all(of: reading.model.configuration), how, readouts: reading.readouts, seed: UInt64(try call.integer("seed")),
            observer: ProbeCommands.observer(call, "ablating"))
        return table("part", effects.map { "\($0.component)" }, effects.map(\.effect))
    }

    private static func knockout(_ reading: ReadingArguments, _ call: Invocation) throws -> TableObject {
        let layers = call.integerIfPresent("layer").map { [$0] } ?? Array(0..<reading.model.configuration.layerCount)
        var labels: [String] = [], cuts: [[AttentionEdge]] = []
        for key in reading.everyPosition() {
            let queries = reading.readouts.map(\.position).filter { query in zip(query.indices, key.indices).allSatisfy { ($0 ?? 0) > ($1 ?? 0) } }
            if queries.isEmpty { continue }
            labels.append(key.label)
            cuts.append(layers.flatMap { layer in queries.map { AttentionEdge(layer: layer, query: $0, key: key) } })
        }
        return table("from", labels, try reading.model.knockOut(reading.batch, cuts, readouts: reading.readouts, observer: ProbeCommands.observer(call, "cutting")))
    }

    /// Each problem's partner is the next one of the same length with another answer.
    private static func patch(_ reading: ReadingArguments, _ call: Invocation) throws -> TableObject {
        let (clean, corrupt) = pairs(reading)
        guard clean.count > 1 else { throw call.failure("too few pairs of problems with different answers", code: .runtimeArgument, at: "on") }
        func batch(_ places: [Int]) -> RaggedBatch {
            var batch = RaggedBatch()
            for place in places { let problem = reading.data.remaining[place]; batch.append(problem.tokens, positions: problem.positions, labels: nil) }
            return batch
        }
        let hook = try call.choice("hook")
        let positions = reading.everyPosition().map { Position($0.label, indices: Array($0.indices.prefix(clean.count))) }
        let sites = (0..<reading.model.configuration.layerCount).flatMap { layer in positions.map { PatchSite(HookArguments.point(hook, layer: layer), at: $0) } }
        let readouts = reading.readouts.map { readout in
            PatchReadout(
                Readout(Position(readout.position.label, indices: clean.map { readout.position.indices[$0] }), tokens: clean.map { readout.tokens[$0] }),
                corruptTokens: corrupt.map { readout.tokens[$0] })
        }
        let report = try reading.model.patch(
            clean: batch(clean), corrupt: batch(corrupt), sites: sites, readouts: readouts, seed: UInt64(try call.integer("seed")),
            observer: ProbeCommands.observer(call, "patching"))
        let effects = report.effects
        return TableObject([
            .init("layer", effects.map { effect -> Value in if case .block(let layer, _)? = HookPoint(effect.hook) { .integer(layer) } else { .none } }),
            .init("position", effects.map(\.position)),
            .init("restored", effects.map(\.restored.value), format: .decimals(3)), .init("restored_low", effects.map(\.restored.low), format: .decimals(3)),
            .init("restored_high", effects.map(\.restored.high), format: .decimals(3)), .init("destroyed", effects.map(\.destroyed.value), format: .decimals(3)),
        ])
    }

    private static func pairs(_ reading: ReadingArguments) -> (clean: [Int], corrupt: [Int]) {
        var clean: [Int] = [], corrupt: [Int] = []
        let count = reading.data.remaining.count
        func differs(_ a: Int, _ b: Int) -> Bool { reading.readouts.contains { $0.tokens[a] != $0.tokens[b] } }
        for place in 0..<count {
            let partner = (1..<max(count, 2)).lazy.map { (place + $0) % count }.first {
                reading.data.remaining[$0].tokens.count == reading.data.remaining[place].tokens.count && differs(place, $0)
            }
            if let partner { clean.append(place); corrupt.append(partner) }
        }
        return (clean, corrupt)
    }

    private static func steer(_ reading: ReadingArguments, _ call: Invocation) throws -> TableObject {
        guard call.isGiven("target") else { throw call.failure("which fact's direction?", code: .missingArgument, help: "add target: .running_parity[3]") }
        let target = try call.selector("target"), place = try call.selector("place")
        let targets = try reading.data.targets(target.name, target.index, asClasses: nil, call)
        let positions = try reading.data.positions(place.name, place.index, call)
        guard let fact = targets.first, let position = positions.first else { return TableObject([]) }
        let point = HookArguments.point(try call.choice("hook"), layer: call.integerIfPresent("layer") ?? reading.model.configuration.layerCount - 1)
        let grid = ProbeGrid(points: [point], positions: [position], targets: [fact], problems: reading.data.questions)
        guard let result = try grid.run(reading.model, reading.batch, untrained: nil, stage: reading.source.stage, observer: ProbeCommands.observer(call, "probing")).first else { return TableObject([]) }
        let scales = try call.list("scales").compactMap(\.asReal)
        let effects = try reading.model.steer(
            reading.batch, point, at: position, direction: try result.probe.direction(), scales: scales, readouts: reading.readouts,
            observer: ProbeCommands.observer(call, "steering"))
        return table("scale", effects.map { Phrase.short($0.scale) }, effects.map(\.effect))
    }
}
