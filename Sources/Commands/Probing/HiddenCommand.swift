// `hidden`: what a model holds inside, as an array that knows where it came from.

import Experiments
import Internalization
import Language
import Probing
import Transformer

enum HiddenCommand {
    static func all(_ bench: Workbench) -> [Command] { [hidden(bench)] }

    private static func hidden(_ bench: Workbench) -> Command {
        Command(
            CommandSignature(
                "hidden", "Reads hidden states: a row for each problem, (B, C), or (B, P, C) for several positions.",
                [
                    ReadingArguments.of,
                    .label(
                        "on", .value(ProblemsValue.typeName), required: true, aliases: Aliases.problems, "the problems"),
                    .label("layer", .integer(0...1000), default: "0", "the block, from 0"),
                    .label("hook", .choice(HookArguments.options), default: ".resid_post", "where in the block"),
                    .label(
                        "at", .selector(ReadingArguments.places, allowsIndex: true), required: true,
                        "the position by its meaning"),
                ], result: TypeName.array, examples: [],
                seeAlso: ["probe", "logits"],
                discussion: """
                    The array knows its model, stage, hook, position and problems. probe h on: test target: .carry[1] \
                    reads it, and refuses it with other problems; probe h on: test target: .carry[1] reads: g refuses \
                    states g of another origin unless transfer: true.
                    """)
        ) { call in
            let subject = try ReadingArguments.present(call, bench)
            let set = try call.host("on", as: ProblemsValue.self).set
            let data = try ProblemsAtStage(set, for: subject, interrupt: call.interrupt)
            let at = try call.place("at")
            let positions = try data.somePositions(at.place, at.index)
            let point = HookArguments.point(try call.choice("hook"), layer: try call.integer("layer"))
            let states = try subject.model.hiddenStates(
                data.batch, at: [point], positions: positions, stage: subject.name, observer: call.observer("reading"))[
                    0]
            call.endProgress()
            let origin = StatesOrigin(
                data: data, configuration: subject.model.configuration, point: point, positions: positions, states)
            return .array(origin.array(states, isSingle: at.index != nil || positions.count == 1))
        }
    }
}

/// What an array of hidden states knows of its rows.
final class StatesOrigin {
    let data: ProblemsAtStage
    let configuration: ModelConfiguration
    let point: HookPoint
    let positions: [Position]
    private let tokens: [[Int32]]
    private let provenance: [Provenance]

    init(
        data: ProblemsAtStage, configuration: ModelConfiguration, point: HookPoint, positions: [Position],
        _ states: [HiddenStates]
    ) {
        (self.data, self.configuration, self.point, self.positions) = (data, configuration, point, positions)
        tokens = states.map(\.tokens)
        provenance = states.map(\.provenance)
    }

    /// (B, C), or (B, P, C) for several positions.
    func array(_ states: [HiddenStates], isSingle: Bool) -> ArrayObject {
        guard let first = states.first else { return ArrayObject(shape: [0], values: []) }
        let named = [
            ("model", first.provenance.model), ("stage", first.provenance.stage), ("hook", first.provenance.hook),
            ("position", provenance.map(\.position).joined(separator: " ")), ("problems", data.set.fingerprint),
        ].map { (key: $0.0, value: $0.1) }
        if isSingle {
            return ArrayObject(shape: [first.rows, first.width], values: first.values, provenance: named, origin: self)
        }
        var values: [Float] = []
        values.reserveCapacity(states.count * first.values.count)
        for row in 0..<first.rows {
            for state in states { values += state.values[row * first.width..<(row + 1) * first.width] }
        }
        return ArrayObject(
            shape: [first.rows, states.count, first.width], values: values, provenance: named, origin: self)
    }

    /// The states in an array that it made, position by position.
    func states(_ array: ArrayObject) throws -> [HiddenStates] {
        let width = array.shape.last ?? 1
        return try provenance.indices.map { place in
            var values: [Float] = []
            values.reserveCapacity(tokens[place].count * width)
            for row in tokens[place].indices {
                let start = (row * provenance.count + place) * width
                values += array.values[start..<start + width]
            }
            return try HiddenStates(values: values, width: width, tokens: tokens[place], provenance: provenance[place])
        }
    }
}

extension Invocation {
    /// The origin of an array that `hidden` made.
    func origin(of array: ArrayObject, _ argument: String) throws -> StatesOrigin {
        if let origin = array.origin as? StatesOrigin { return origin }
        throw failure(
            "this array was cut, changed or computed, so nobody knows what its rows are", code: .runtimeArgument,
            at: argument,
            help: "give the array as hidden made it, on the problems that you want")
    }
}
