// Whose states are read, where, and at which stages: the arguments that `hidden`, `probe`, `look` and `intervene`
// share.

import Experiments
import Internalization
import Language
import Probing
import Transformer

enum ReadingArguments {
    static let of = Parameter.value(
        "of", .oneOf([.value(RunValue.typeName), .value(ModelValue.typeName)]), required: false,
        "a run or a model; the current run without it")

    static let over = Parameter.label(
        "over", .oneOf([.value(RunValue.typeName), .list(of: .value(RunValue.typeName))]),
        "every stage of this run's timeline, or of several runs with an interval over them, instead of the present "
            + "state"
    )

    static let places = ProblemPlace.allCases.map { ChoiceOption($0.rawValue, $0.summary) }

    /// The run or model of the first argument, or the current run.
    static func present(_ call: Invocation, _ bench: Workbench) throws -> ModelAtStage {
        if let model = call.hostIfPresent("of", as: ModelValue.self) {
            let run = bench.runs.last { $0.run.model === model.model } ?? model.experiment
            if let run { return ModelAtStage(run) }
            return try ModelAtStage(model.subject, asked: call.host("on", as: ProblemsValue.self).set)
        }
        return ModelAtStage(try call.experimentIfPresent("of") ?? bench.run(call))
    }

    /// What `over:` asks for, or the present state of the first argument.
    static func stages(_ call: Invocation, _ bench: Workbench) throws -> ComparedStages {
        guard let over = call["over"] else { return ComparedStages(present: try present(call, bench)) }
        if call.isGiven("of") {
            throw call.failure(
                "the stages of over: are read, so there is no other run to name", code: .runtimeArgument, at: "of",
                help: "leave it out")
        }
        let runs = over.asExperiments
        if runs.isEmpty { throw call.failure("no run was given", code: .runtimeArgument, at: "over") }
        return try ComparedStages(of: runs)
    }
}

extension ComparedStages {
    /// What a long reading says while it goes on.
    func progress(_ what: String, _ stage: Stage, _ run: Int) -> String {
        guard let removed = stage.removed else { return what }
        return "\(what)  removed \(removed)" + (runCount > 1 ? ", run \(run + 1) of \(runCount)" : "")
    }
}

extension Invocation {
    /// A position by its meaning.
    func place(_ name: String) throws -> (place: ProblemPlace, index: Int?) {
        let (word, index) = try selector(name)
        guard let place = ProblemPlace(rawValue: word) else {
            throw failure(
                "there is no position .\(word)", code: .runtimeArgument, at: name,
                help: "there are " + ProblemPlace.allCases.map { $0.text(nil) }.joined(separator: " "))
        }
        return (place, index)
    }
}

/// Where hidden states are read, by the names of the field.
enum HookArguments {
    static let options: [ChoiceOption] = [
        .init("resid_post", "the residual stream after a block"), .init("resid_mid", "between attention and MLP"),
        .init("resid_pre", "before a block"),
        .init("attn_out", "what attention adds"), .init("mlp_out", "what the MLP adds"),
        .init("mlp_post", "the MLP's neurons"),
        .init("z", "the heads' outputs before they are mixed"), .init("embed", "token and position rows"),
        .init("final", "after the final norm"),
    ]

    static func point(_ name: String, layer: Int) -> HookPoint {
        switch name {
        case "resid_mid": .block(layer, .residualMiddle)
        case "resid_pre": .block(layer, .residualPre)
        case "attn_out": .block(layer, .attentionOutput)
        case "mlp_out": .block(layer, .mlpOutput)
        case "mlp_post": .block(layer, .mlpPost)
        case "z": .block(layer, .headOutputs)
        case "embed": .embedding
        case "final": .finalNorm
        default: .block(layer, .residualPost)
        }
    }

    /// The layer of a hook point for a table: its number, `embed` or `final`.
    static func layer(_ hook: String) -> Value {
        guard case .block(let layer, _)? = HookPoint(hook) else {
            return .text(hook == HookPoint.embedding.description ? "embed" : "final")
        }
        return .integer(layer)
    }

    /// `1 resid_mid`, `embed`
    static func short(_ hook: String) -> String {
        guard case .block(let layer, let site)? = HookPoint(hook) else { return layer(hook).text }
        return "\(layer) \(site.rawValue.replacing("hook_", with: "").replacing("attn.", with: ""))"
    }
}
