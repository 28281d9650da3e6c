// Whose states are read: a run or a model as it stands now, or every stage of one run or of several.

import Internalization
import Language
import Transformer

/// A model at one moment, and how problems are written for it there.
struct Subject {
    var model: LanguageModel
    var encoder: any ProblemEncoder
    var removed: RemovalCount
    var schedule: RemovalSchedule
    /// What is known of the run's data as a whole; nil for a model without a run.
    var shape: DataShape?
    /// What the moment is called, for the provenance of states.
    var stage: String

    static let of = Parameter.value(
        "of", .oneOf([.value(RunValue.typeName), .value(ModelValue.typeName)]), required: false,
        "a run or a model; the current run without it")

    /// The run or model of the first argument, or the current run.
    static func present(_ call: Invocation, _ bench: Workbench) throws -> Subject {
        if let model = call.hostIfPresent("of", as: ModelValue.self) {
            if let run = bench.runs.last(where: { $0.run.model === model.model }) { return Subject(run) }
            let encoder = try model.encoder(separator: nil, answers: [call.host("on", as: ProblemsValue.self).set])
            return Subject(
                model: model.model, encoder: encoder, removed: .units(0), schedule: RemovalSchedule(), stage: "")
        }
        if let run = call.hostIfPresent("of", as: RunValue.self) { return Subject(run) }
        return Subject(try bench.run(call))
    }
}

extension Subject {
    fileprivate init(_ value: RunValue) {
        self.init(
            model: value.run.model, encoder: value.encoder, removed: value.run.clock.removed,
            schedule: value.run.schedule, shape: value.run.shape,
            stage: "removed \(value.run.removedCount)")
    }
}

/// Moments that are read one after the other, each in several runs where seeds are compared.
struct SubjectStages {
    struct Stage {
        /// Tokens of the chain that are gone; nil for the present state, whatever it is.
        let removed: Int?
        /// One a run; a model is only there while it is read.
        let subjects: [() throws -> Subject]
    }

    let stages: [Stage]
    let runCount: Int

    static let over = Parameter.label(
        "over", .oneOf([.value(RunValue.typeName), .list(of: .value(RunValue.typeName))]),
        "every stage of this run's timeline, or of several runs with an interval over them, instead of the present state"
    )

    /// What `over:` asks for, or the present state of the first argument.
    init(_ call: Invocation, _ bench: Workbench) throws {
        guard call.isGiven("over") else {
            let present = try Subject.present(call, bench)
            stages = [Stage(removed: nil, subjects: [{ present }])]
            runCount = 1
            return
        }
        if call.isGiven("of") {
            throw call.failure(
                "the stages of over: are read, so there is no other run to name", code: .runtimeArgument, at: "of",
                help: "leave it out")
        }
        let runs =
            try call["over"]?.asHost(RunValue.self).map { [$0] }
            ?? call.list("over").compactMap { $0.asHost(RunValue.self) }
        guard let first = runs.first else { throw call.failure("no run was given", code: .runtimeArgument, at: "over") }
        let all = runs.map(Self.stages)
        let shared = all[0].keys.filter { removed in all.allSatisfy { $0[removed] != nil } }.sorted()
        guard !shared.isEmpty else {
            throw call.failure(
                "the runs have no stage with the same number of tokens removed", code: .runtimeArgument, at: "over",
                help: "see timeline of each")
        }
        if let other = runs.first(where: { $0.run.model.configuration != first.run.model.configuration }) {
            throw call.failure(
                "\(other.name) has a model of another shape than \(first.name)", code: .runtimeArgument, at: "over",
                help: "give runs that differ in their seed")
        }
        runCount = runs.count
        stages = shared.map { removed in
            Stage(
                removed: removed,
                subjects: runs.indices.map { number in
                    { try Self.subject(runs[number], all[number][removed], removed) }
                })
        }
    }

    /// The stages on a run's way to where it is, by tokens removed.
    private static func stages(_ value: RunValue) -> [Int: Timeline.Stage] {
        Dictionary(value.run.timeline.path.map { ($0.record.removed.capped(at: value.run.longest), $0) }) { _, later in
            later
        }
    }

    private static func subject(_ value: RunValue, _ stage: Timeline.Stage?, _ removed: Int) throws -> Subject {
        guard let stage else { return Subject(value) }
        return Subject(
            model: try value.run.model(at: stage), encoder: value.encoder, removed: stage.record.removed,
            schedule: value.run.schedule, shape: value.run.shape,
            stage: "removed \(removed)")
    }

    /// What a long reading says while it goes on.
    func progress(_ what: String, _ stage: Stage, _ run: Int) -> String {
        guard let removed = stage.removed else { return what }
        return "\(what)  removed \(removed)" + (runCount > 1 ? ", run \(run + 1) of \(runCount)" : "")
    }
}
