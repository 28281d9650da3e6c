// `look`: what a model's own words say about its inside. Lens, attention, attribution, counterfactual digits.

import Experiments
import Internalization
import Language
import Probing
import Transformer

enum LookCommand {
    static func all(_ bench: Workbench) -> [Command] { [look(bench)] }

    private static func look(_ bench: Workbench) -> Command {
        Command(
            CommandSignature(
                "look",
                "Reads a model without changing it: logit lens, attention, attribution, the effect of each input "
                    + "digit.",
                [
                    .value(
                        "kind",
                        .choice([
                            .init("lens", "what it would answer if it stopped after each block"),
                            .init("attention", "how much each position attends to each other, by head"),
                            .init("attribution", "what each head and MLP adds to the right answer's logit"),
                            .init("counterfactual", "how the answer's logit falls when an input digit is swapped"),
                        ]), "what to read")
                ] + ModelReading.parameters + [
                    .label("seed", .integer(0...Int.max), default: "0", aliases: Aliases.seed, "of the swapped digits")
                ],
                result: TypeName.table, seeAlso: ["probe", "intervene", "plot"],
                discussion:
                    "The tables draw well: plot (look .attention on: test) kind: .heat x: .key y: .query colour: "
                    + ".weight by: .head."
            )
        ) { call in
            let kind = try call.choice("kind")
            return .table(
                try ModelReading.table(call, bench) { reading in
                    switch kind {
                    case "attention": try attention(reading, call)
                    case "attribution": try attribution(reading, call)
                    case "counterfactual": try counterfactual(reading, call)
                    default: try lens(reading, call)
                    }
                })
        }
    }

    private static func lens(_ reading: ModelReading, _ call: Invocation) throws -> Measurements {
        let points =
            [HookPoint.embedding]
            + reading.layers.flatMap { [HookPoint.block($0, .residualMiddle), .block($0, .residualPost)] }
        let found = try reading.model.logitLens(
            reading.batch, points: points, readouts: reading.readouts,
            observer: call.observer(reading.progress("reading")))
        return Measurements(
            keys: ["after", "position"], measure: "accuracy", others: ["loss", "rank", "entropy"],
            rows: found.map { lens in
                .init(
                    keys: [.text(HookArguments.short(lens.hook)), .text(lens.position)], value: lens.accuracy,
                    others: [lens.meanLoss.value, lens.meanRank, lens.meanEntropy])
            })
    }

    private static func attention(_ reading: ModelReading, _ call: Invocation) throws -> Measurements {
        let patterns = try reading.model.attentionPatterns(
            reading.batch, queries: reading.readouts.map(\.position), keys: reading.data.everyPosition(),
            observer: call.observer(reading.progress("reading")))
        var rows: [Measurements.Row] = []
        for layer in 0..<patterns.layerCount {
            for head in 0..<patterns.headCount {
                for query in patterns.queries.indices {
                    for key in patterns.keys.indices {
                        let weight = patterns[layer, head, query, key]
                        rows.append(
                            .init(
                                keys: [
                                    .text("\(layer).\(head)"), .text(patterns.queries[query]),
                                    .text(patterns.keys[key]),
                                ],
                                value: Interval(value: weight, low: weight, high: weight), others: []))
                    }
                }
            }
        }
        return Measurements(
            keys: ["head", "query", "key"], measure: "weight", others: [], rows: rows, hasInterval: false)
    }

    private static func attribution(_ reading: ModelReading, _ call: Invocation) throws -> Measurements {
        let rows = try reading.readouts.flatMap { readout in
            let found = try reading.model.logitAttribution(
                reading.batch, readout, observer: call.observer(reading.progress("reading")))
            return found.shares.map {
                Measurements.Row(keys: [.text(found.position), .text($0.name)], value: $0.logits, others: [])
            }
        }
        return Measurements(keys: ["position", "part"], measure: "logits", others: [], rows: rows)
    }

    private static func counterfactual(_ reading: ModelReading, _ call: Invocation) throws -> Measurements {
        let data = reading.data
        let input = (data.problems.map(\.inputCount).min() ?? 1) - 1
        let swaps: [SwapInput] = (0..<input).compactMap { index in
            let found = Set(data.remaining.map { $0.tokens[index] }).sorted()
            guard found.count > 1 else { return nil }
            return SwapInput(Position(".input[\(index)]", index: index, count: data.remaining.count), candidates: found)
        }
        let map = try reading.model.counterfactuals(
            reading.batch, inputs: swaps, outputs: reading.readouts.map(\.position),
            seed: UInt64(try call.integer("seed")),
            observer: call.observer(reading.progress("swapping")))
        let rows = map.inputs.indices.flatMap { i in
            map.outputs.indices.map { o in
                Measurements.Row(
                    keys: [.text(map.inputs[i]), .text(map.outputs[o])], value: map[i, o],
                    others: [map.changedShares[i * map.outputs.count + o]])
            }
        }
        return Measurements(keys: ["input", "output"], measure: "fall", others: ["changed"], rows: rows)
    }
}
