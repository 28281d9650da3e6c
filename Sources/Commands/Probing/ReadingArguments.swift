// What `look` and `intervene` have in common: whose model, on which problems, and where its answers are read.

import Internalization
import Language
import Probing
import Transformer

struct ReadingArguments {
    let source: ProbeCommands.Source
    let data: ProbeData
    let readouts: [Readout]

    static let parameters: [Parameter] = [
        .label("of", .oneOf([.value(RunValue.typeName), .value(ModelValue.typeName)]), "a run or a model; the current run without it"),
        .label("on", .value(ProblemsValue.typeName), required: true, "the problems"),
        .label("at", .selector([.init("answer", "all answer tokens"), .init("chain")], allowsIndex: true), default: ".answer", "which predictions are read: of the answer's tokens, or the chain's"),
    ]

    init(_ call: Invocation, _ bench: Workbench) throws {
        source = try ProbeCommands.source(call, bench)
        data = try ProbeCommands.data(try call.host("on", as: ProblemsValue.self).set, source)
        let at = try call.selector("at")
        guard at.name == "answer" || at.name == "chain" else {
            throw call.failure("predictions of .answer or .chain can be read", code: .runtimeArgument, at: "at", help: "write at: .answer[0]")
        }
        let data = data
        readouts = try data.positions("predicts_" + at.name, at.index, call).map { position in
            Readout(position, tokens: zip(position.indices, data.remaining).map { index, problem in
                index.map { $0 + 1 < problem.tokens.count ? problem.tokens[$0 + 1] : 0 } ?? 0
            })
        }
    }

    var model: LanguageModel { source.model }
    var batch: RaggedBatch { data.batch }

    /// Every position that all problems have, in order, with the token that stands there in the first.
    func everyPosition() -> [Position] {
        guard let first = data.remaining.first else { return [] }
        return first.tokens.indices.filter { index in data.remaining.allSatisfy { $0.tokens.count > index } }.map { index in
            Position(label(index, in: first), index: index, count: data.remaining.count)
        }
    }

    private func label(_ index: Int, in first: RemainingProblem) -> String {
        let input = data.problems[0].inputCount
        if index < input - 1 { return "input[\(index)]" }
        if index == input - 1 { return "separator" }
        return "\(index - input) after it"
    }
}
