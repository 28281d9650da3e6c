// What `look` and `intervene` have in common: whose model, on which problems, where its answers are read, stage by
// stage.

import Experiments
import Internalization
import Language
import Probing
import Transformer

/// A model at one moment with problems before it, and where its predictions are read.
struct ModelReading {
    let subject: ModelAtStage
    let data: ProblemsAtStage
    let readouts: [Readout]
    /// What a long reading says while it goes on.
    let progress: (String) -> String

    static let parameters: [Parameter] = [
        .label(
            "of", .oneOf([.value(RunValue.typeName), .value(ModelValue.typeName)]),
            "a run or a model; the current run without it"),
        .label("on", .value(ProblemsValue.typeName), required: true, aliases: Aliases.problems, "the problems"),
        .label(
            "at",
            .selector(
                [.init("answer", "all answer tokens"), .init("chain", "the tokens of the chain that are left")],
                allowsIndex: true),
            default: ".answer", "which predictions are read: of the answer's tokens, or the chain's"),
        ReadingArguments.over,
    ]

    var model: LanguageModel { subject.model }
    var batch: RaggedBatch { data.batch }
    var layers: Range<Int> { 0..<model.configuration.layerCount }

    /// Reads every moment that the call asks for, and puts what was found into one table.
    static func table(
        _ call: Invocation, _ bench: Workbench, _ read: (ModelReading) throws -> Measurements
    ) throws -> TableObject {
        defer { call.endProgress() }
        let stages = try ReadingArguments.stages(call, bench)
        let set = try call.host("on", as: ProblemsValue.self).set
        let (place, index) = try predictions(call)
        var found: [(removed: Int?, runs: [Measurements])] = []
        for stage in stages.stages {
            var runs: [Measurements] = []
            for (run, model) in stage.models.enumerated() {
                let subject = try model()
                let data = try ProblemsAtStage(set, for: subject, interrupt: call.interrupt)
                let positions =
                    stage.removed == nil
                    ? try data.somePositions(place, index) : try data.positions(place, index)
                // A stage that has taken these tokens away says nothing about them.
                if positions.isEmpty { continue }
                let reading = ModelReading(
                    subject: subject, data: data, readouts: positions.map { data.readout($0) },
                    progress: { stages.progress($0, stage, run) })
                runs.append(try read(reading))
            }
            if runs.count == stage.models.count { found.append((stage.removed, runs)) }
        }
        return try Measurements.table(found, runCount: stages.runCount, call)
    }

    /// Which predictions `at:` means.
    private static func predictions(_ call: Invocation) throws -> (ProblemPlace, Int?) {
        switch try call.selector("at") {
        case ("answer", let index): return (.predictsAnswer, index)
        case ("chain", let index): return (.predictsChain, index)
        default:
            throw call.failure(
                "predictions of .answer or .chain can be read", code: .runtimeArgument, at: "at",
                help: "write at: .answer[0]")
        }
    }
}
