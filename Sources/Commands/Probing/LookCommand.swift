// `look`: what a model's own words say about its inside. Lens, attention, attribution, counterfactual digits.

import Internalization
import Language
import Probing
import Transformer

enum LookCommand {
    static func all(_ bench: Workbench) -> [Command] { [look(bench)] }

    private static func look(_ bench: Workbench) -> Command {
        Command(
            CommandSignature(
                "look", "Reads a model without changing it: logit lens, attention, attribution, the effect of each input digit.",
                [
                    .value(
                        "kind",
                        .choice([
                            .init("lens", "what it would answer if it stopped after each block"), .init("attention", "how much each position attends to each other, by head"),
                            .init("attribution", "what each head and MLP adds to the right answer's logit"),
                            .init("counterfactual", "how the answer's logit falls when an input digit is swapped"),
                        ]), "what to read"),
                ] + ReadingArguments.parameters + [.label("seed", .integer(0...Int.max), default: "0", "of the swapped digits")],
                result: TypeName.table, seeAlso: ["probe", "intervene", "plot"],
                discussion: "The tables draw well: plot (look .attention on: test) kind: .heat x: .key y: .query colour: .weight by: .head.")
        ) { call in
            let reading = try ReadingArguments(call, bench)
            defer { call.endProgress() }
            switch try call.choice("kind") {
            case "attention": return .table(try attention(reading, call))
            case "attribution": return .table(try attribution(reading, call))
            case "counterfactual": return .table(try counterfactual(reading, call))
            default: return .table(try lens(reading, call))
            }
        }
    }

    private static func lens(_ reading: ReadingArguments, _ call: Invocation) throws -> TableObject {
        let layers = 0..<reading.model.configuration.layerCount
        let points = [HookPoint.embedding] + layers.flatMap { [HookPoint.block($0, .residualMiddle), .block($0, .residualPost)] }
        let found = try reading.model.logitLens(reading.batch, points: points, readouts: reading.readouts, observer: ProbeCommands.observer(call, "reading"))
        return TableObject([
            .init("after", found.map(\.hook)), .init("position", found.map(\.position)),
            .init("accuracy", found.map(\.accuracy.value), format: .decimals(3)), .init("low", found.map(\.accuracy.low), format: .decimals(3)),
            .init("high", found.map(\.accuracy.high), format: .decimals(3)), .init("loss", found.map(\.meanLoss.value), format: .decimals(3)),
            .init("rank", found.map(\.meanRank), format: .decimals(1)), .init("entropy", found.map(\.meanEntropy), format: .decimals(3)),
        ])
    }

    private static func attention(_ reading: ReadingArguments, _ call: Invocation) throws -> TableObject {
        let positions = reading.everyPosition()
        let patterns = try reading.model.attentionPatterns(
            reading.batch, queries: reading.readouts.map(\.position), keys: positions, observer: ProbeCommands.observer(call, "reading"))
        var heads: [String] = [], queries: [String] = [], keys: [String] = [], weights: [Double] = []
        for layer in 0..<patterns.layerCount {
            for head in 0..<patterns.headCount {
                for query in patterns.queries.indices {
                    for key in patterns.keys.indices {
                        heads.append("\(layer).\(head)")
                        queries.append(patterns.queries[query])
                        keys.append(patterns.keys[key])
                        weights.append(patterns[layer, head, query, key])
                    }
                }
            }
        }
        return TableObject([.init("head", heads), .init("query", queries), .init("key", keys), .init("weight", weights, format: .decimals(3))])
    }

    private static func attribution(_ reading: ReadingArguments, _ call: Invocation) throws -> TableObject {
        var positions: [String] = [], parts: [String] = [], values: [Interval] = []
        for readout in reading.readouts {
            let found = try reading.model.logitAttribution(reading.batch, readout, observer: ProbeCommands.observer(call, "reading"))
            for share in found.shares {
                positions.append(found.position)
                parts.append(share.name)
                values.append(share.logits)
            }
        }
        return TableObject([
            .init("position", positions), .init("part", parts), .init("logits", values.map(\.value), format: .decimals(3)),
            .init("low", values.map(\.low), format: .decimals(3)), .init("high", values.map(\.high), format: .decimals(3)),
        ])
    }

    private static func counterfactual(_ reading: ReadingArguments, _ call: Invocation) throws -> TableObject {
        let input = (reading.data.problems.map(\.inputCount).min() ?? 1) - 1
        let swaps: [SwapInput] = (0..<input).compactMap { index in
            let found = Set(reading.data.remaining.map { $0.tokens[index] }).sorted()
            guard found.count > 1 else { return nil }
            return SwapInput(Position("input[\(index)]", index: index, count: reading.data.remaining.count), candidates: found)
        }
        let map = try reading.model.counterfactuals(
            reading.batch, inputs: swaps, outputs: reading.readouts.map(\.position), seed: UInt64(try call.integer("seed")), observer: ProbeCommands.observer(call, "swapping"))
        var inputs: [String] = [], outputs: [String] = [], deltas: [Interval] = [], shares: [Double] = []
        for i in map.inputs.indices {
            for o in map.outputs.indices {
                inputs.append(map.inputs[i])
                outputs.append(map.outputs[o])
                deltas.append(map[i, o])
                shares.append(map.changedShares[i * map.outputs.count + o])
            }
        }
        return TableObject([
            .init("input", inputs), .init("output", outputs), .init("fall", deltas.map(\.value), format: .decimals(3)), .init("low", deltas.map(\.low), format: .decimals(3)),
            .init("high", deltas.map(\.high), format: .decimals(3)), .init("changed", shares, format: .decimals(3)),
        ])
    }
}
