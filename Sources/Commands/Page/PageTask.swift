// What the scripts of a page must know of a task, a shape and a removal; they are told at the head of Script/tasks.js,
// transformer.js and solver.js.

import Experiments
import Internalization
import Language
import Transformer

enum PageTask {
    /// The task whose true answers the page can work out by itself, or `listed`: only the problems that came with it
    /// are known.
    static func record(_ set: ProblemSet) -> Value {
        func span(_ range: ClosedRange<Int>) -> Value {
            .list([.integer(range.lowerBound), .integer(range.upperBound)])
        }
        switch set.task {
        case let task as DigitSum:
            return .record([
                ("kind", .text("digit_sum")), ("digits", .integer(task.digits)), ("modulus", .integer(task.modulus)),
            ])
        case let task as Multiplication:
            return .record([
                ("kind", .text("multiplication")), ("left", span(task.left)), ("right", span(task.right)),
                ("isSquare", .boolean(task.isSquare)), ("isPadded", .boolean(task.isPadded)),
                ("chain", .text(task.chain.rawValue)),
            ])
        case let task as Addition:
            return .record([
                ("kind", .text("addition")), ("digits", span(task.digits)), ("order", .text(task.order.rawValue)),
            ])
        default: return .record([("kind", .text("listed"))])
        }
    }

    /// What the forward pass of a page does not know; nil where it computes the same.
    static func fault(_ configuration: ModelConfiguration) -> String? {
        if configuration.activation == .exactGELU { return "the exact GELU" }
        if !configuration.scalesAttention || configuration.scalesAttentionByLayer {
            return "another scale of attention"
        }
        if configuration.attentionBiases != .none || configuration.hasMLPBiases { return "biases in a Llama" }
        return nil
    }

    static func record(_ configuration: ModelConfiguration) -> Value {
        let rotary = configuration.rotary.map { rotary in
            Value.record([
                ("frequencies", .list(rotary.frequencies(isLong: false).map { .real($0) })),
                ("amplitude", .real(rotary.amplitude)),
            ])
        }
        return .record([
            ("architecture", .text(configuration.architecture == .gpt2 ? "gpt2" : "llama")),
            ("layers", .integer(configuration.layerCount)), ("heads", .integer(configuration.headCount)),
            ("keyHeads", .integer(configuration.keyValueHeadCount)), ("headWidth", .integer(configuration.headWidth)),
            ("width", .integer(configuration.width)), ("inner", .integer(configuration.innerWidth)),
            ("positions", .integer(configuration.positionCount)), ("epsilon", .real(Double(configuration.epsilon))),
            ("window", configuration.slidingWindow.map { .integer($0) } ?? .none), ("rotary", rotary ?? .none),
        ])
    }

    /// The offsets in the chain that are gone, where they are the same for all problems; none where the page can tell
    /// by the order, because tokens go from one end.
    /// - Throws: where problems differ in what is removed, and the order does not say it by itself.
    static func gone(
        _ removed: RemovalCount, _ experiment: Experiment, _ set: ProblemSet, _ call: Invocation
    ) throws -> Value {
        let order = experiment.run.schedule.order
        if order == .left || order == .right { return .none }
        let found = try Set(
            (0..<set.count).map { index in
                let written = try experiment.written(set, index)
                return written.gone(removed).sorted().map { $0 - written.problem.chain.lowerBound }
            })
        guard found.count == 1, let offsets = found.first else {
            throw call.failure(
                "chains of different length lose different tokens in the order .\(order.name), which a page cannot",
                code: .runtimeArgument, at: "run", help: "make a page of a run with order: .left or .right")
        }
        return .list(offsets.map { .integer($0) })
    }
}
