// `intervene`: what happens to the answers when something inside is changed. Ablation, patching, knockout, steering.

import Experiments
import Internalization
import Language
import Probing
import Support
import Tensors
import Transformer

enum InterveneCommand {
    static func all(_ bench: Workbench) -> [Command] { [intervene(bench)] }

    private static func intervene(_ bench: Workbench) -> Command {
        Command(
            CommandSignature(
                "intervene",
                "Changes something inside a model while it answers, and says what that does to the answers.",
                [
                    .value(
                        "kind",
                        .choice([
                            .init("ablate", "each head and MLP in turn is replaced"),
                            .init("patch", "states are taken over from another problem, in both directions"),
                            .init("knockout", "each position is cut off from the one that predicts"),
                            .init("steer", "the state moves along a probe's direction"),
                        ]), "what to change")
                ] + ModelReading.parameters + [
                    .label(
                        "with",
                        .choice([
                            .init("mean", "the mean over the problems"), .init("zero", "zeros"),
                            .init("resample", "what another problem has there"),
                        ]), default: ".mean",
                        "what stands in for an ablated output"),
                    .label("layer", .integer(0...1000), "of .steer and .knockout; all layers without it"),
                    .label(
                        "hook", .choice(HookArguments.options), default: ".resid_post",
                        "where .patch and .steer act; .z patches head by head"),
                    .label(
                        "place", .selector(ReadingArguments.places, allowsIndex: true), default: ".separator",
                        aliases: Aliases.place,
                        "where .steer acts"),
                    .label("target", ProbeTargets.kinds, "what .steer's probe reads, as in probe"),
                    .label(
                        "scales", .list(of: .number), default: "[-1, 0, 1]",
                        "how far .steer goes, in units of the target"),
                    .label("seed", .integer(0...Int.max), default: "0", aliases: Aliases.seed, "of partners"),
                ], result: TypeName.table, seeAlso: ["probe", "look"],
                discussion: """
                    The model itself is not changed. loss: how much the loss of the right answer rises. changed: how \
                    many predictions become another token. restored: how much of the answer the clean state brings \
                    back into a corrupt problem; destroyed: how much of it the corrupt state takes away.
                    """)
        ) { call in
            let kind = try call.choice("kind")
            return .table(
                try ModelReading.table(call, bench) { reading in
                    switch kind {
                    case "patch": try patch(reading, call)
                    case "knockout": try knockout(reading, call)
                    case "steer": try steer(reading, call)
                    default: try ablate(reading, call)
                    }
                })
        }
    }

    private static func measurements(_ name: String, _ labels: [String], _ effects: [CausalEffect]) -> Measurements {
        Measurements(
            keys: [name], measure: "loss", others: ["accuracy", "changed"],
            rows: zip(labels, effects).map { label, effect in
                .init(
                    keys: [.text(label)], value: effect.lossIncrease,
                    others: [effect.after.accuracy().value, effect.changedShare.value])
            })
    }

    private static func ablate(_ reading: ModelReading, _ call: Invocation) throws -> Measurements {
        let how = Ablation(rawValue: try call.choice("with")) ?? .mean
        let effects = try reading.model.ablate(
            reading.batch, Component.all(of: reading.model.configuration), how, readouts: reading.readouts,
            seed: UInt64(try call.integer("seed")),
            observer: call.observer(reading.progress("ablating")))
        return measurements("part", effects.map { "\($0.component)" }, effects.map(\.effect))
    }

    private static func knockout(_ reading: ModelReading, _ call: Invocation) throws -> Measurements {
        let layers = call.integerIfPresent("layer").map { [$0] } ?? Array(reading.layers)
        var labels: [String] = [], cuts: [[AttentionEdge]] = []
        for key in reading.data.everyPosition() {
            let queries = reading.readouts.map(\.position).filter { query in
                zip(query.indices, key.indices).allSatisfy { ($0 ?? 0) > ($1 ?? 0) }
            }
            if queries.isEmpty { continue }
            labels.append(key.label)
            cuts.append(layers.flatMap { layer in queries.map { AttentionEdge(layer: layer, query: $0, key: key) } })
        }
        let effects = try reading.model.knockOut(
            reading.batch, cuts, readouts: reading.readouts, observer: call.observer(reading.progress("cutting")))
        return measurements("from", labels, effects)
    }

    /// Each problem's partner is the next one of the same length with another answer.
    private static func patch(_ reading: ModelReading, _ call: Invocation) throws -> Measurements {
        let (clean, corrupt) = pairs(reading)
        guard clean.count > 1 else {
            throw call.failure(
                "too few pairs of problems with different answers", code: .runtimeArgument, at: "on",
                help: "give more problems")
        }
        func batch(_ places: [Int]) -> RaggedBatch {
            var batch = RaggedBatch()
            for place in places {
                let problem = reading.data.remaining[place];
                batch.append(problem.tokens, positions: problem.positions, labels: nil)
            }
            return batch
        }
        let hook = try call.choice("hook")
        let positions = reading.data.everyPosition().map {
            Position($0.label, indices: Array($0.indices.prefix(clean.count)))
        }
        let heads: [Int?] = hook == "z" ? (0..<reading.model.configuration.headCount).map { $0 } : [nil]
        let layers = hook == "embed" || hook == "final" ? 0..<1 : reading.layers
        let sites = layers.flatMap { layer in
            heads.flatMap { head in
                positions.map { PatchSite(HookArguments.point(hook, layer: layer), head: head, at: $0) }
            }
        }
        let readouts = reading.readouts.map { readout in
            PatchReadout(
                Readout(
                    Position(readout.position.label, indices: clean.map { readout.position.indices[$0] }),
                    tokens: clean.map { readout.tokens[$0] }),
                corruptTokens: corrupt.map { readout.tokens[$0] })
        }
        let report = try reading.model.patch(
            clean: batch(clean), corrupt: batch(corrupt), sites: sites, readouts: readouts,
            seed: UInt64(try call.integer("seed")),
            observer: call.observer(reading.progress("patching")))
        return Measurements(
            keys: [hook == "z" ? "head" : "layer", "position"], measure: "restored",
            others: ["destroyed", "destroyed_low", "destroyed_high"],
            rows: report.effects.map { effect in
                let layer = HookArguments.layer(effect.hook)
                return .init(
                    keys: [effect.head.map { .text("\(layer.text).\($0)") } ?? layer, .text(effect.position)],
                    value: effect.restored,
                    others: [effect.destroyed.value, effect.destroyed.low, effect.destroyed.high])
            })
    }

    private static func pairs(_ reading: ModelReading) -> (clean: [Int], corrupt: [Int]) {
        var clean: [Int] = [], corrupt: [Int] = []
        let count = reading.data.remaining.count
        func differs(_ a: Int, _ b: Int) -> Bool { reading.readouts.contains { $0.tokens[a] != $0.tokens[b] } }
        for place in 0..<count {
            let partner = (1..<max(count, 2)).lazy.map { (place + $0) % count }.first {
                reading.data.remaining[$0].tokens.count == reading.data.remaining[place].tokens.count
                    && differs(place, $0)
            }
            if let partner { clean.append(place); corrupt.append(partner) }
        }
        return (clean, corrupt)
    }

    private static func steer(_ reading: ModelReading, _ call: Invocation) throws -> Measurements {
        guard call.isGiven("target") else {
            throw call.failure(
                "which target's direction?", code: .missingArgument, help: "add target: .running_parity[3]")
        }
        let place = try call.place("place")
        let targets = try ProbeTargets.make(call, reading.data.set, asClasses: nil)
        let positions = try reading.data.somePositions(place.place, place.index)
        guard let target = targets.first, targets.count == 1 else {
            throw call.failure(
                "one target has one direction, and these are \(targets.count)", code: .runtimeArgument, at: "target",
                help: "write target: .running_parity[3]")
        }
        let point = HookArguments.point(
            try call.choice("hook"), layer: call.integerIfPresent("layer") ?? reading.model.configuration.layerCount - 1
        )
        let grid = ProbeGrid(
            points: [point], positions: [positions[0]], targets: [target], problems: reading.data.questions)
        let results = try grid.run(
            reading.model, reading.batch, untrained: nil, stage: reading.subject.name,
            observer: call.observer(reading.progress("probing")))
        let effects = try results.flatMap { result in
            try reading.model.steer(
                reading.batch, point, at: positions[0], direction: try result.probe.direction(),
                scales: try call.list("scales").compactMap(\.asReal),
                readouts: reading.readouts, observer: call.observer(reading.progress("steering")))
        }
        return measurements("scale", effects.map { Phrase.short($0.scale) }, effects.map(\.effect))
    }
}
