// Whose states are read: a run or a model as it stands now, or every stage of one run or of several.

import Internalization
import Transformer

/// A model at one moment, and how problems are written for it there.
public struct ModelAtStage {
    public let model: LanguageModel
    let encoder: any ProblemEncoder
    let removed: RemovalCount
    let schedule: RemovalSchedule
    /// What is known of the run's data as a whole; nil for a model without a run.
    let shape: DataShape?
    /// What the moment is called, for the provenance of states.
    public let name: String

    /// A model without a run.
    /// - Throws: `ProblemError.notEncodable`.
    public init(_ model: ExperimentModel, asked problems: ProblemSet) throws {
        self.model = model.model
        encoder = try model.writing.encoder(separator: nil, answers: [problems])
        (removed, schedule, shape, name) = (.units(0), RemovalSchedule(), nil, "")
    }

    /// A run as it stands now.
    public init(_ experiment: Experiment) {
        self.init(experiment, experiment.run.model, experiment.run.clock.removed)
    }

    /// A run as it was at a stage of its timeline.
    /// - Throws: `RunError.damagedSnapshot`, `FileError`.
    public init(_ experiment: Experiment, at stage: Timeline.Stage) throws {
        self.init(experiment, try experiment.run.model(at: stage), stage.record.removed)
    }

    private init(_ experiment: Experiment, _ model: LanguageModel, _ removed: RemovalCount) {
        let run = experiment.run
        (self.model, self.removed, encoder) = (model, removed, experiment.encoder)
        (schedule, shape) = (run.schedule, run.shape)
        name = "removed \(removed.capped(at: run.longest))"
    }
}

extension LanguageModel {
    /// A model that has learned nothing: what a probe finds in it can be found in any model of the shape.
    public static func untrained(_ configuration: ModelConfiguration) -> LanguageModel {
        LanguageModel(configuration, initialization: .fanIn, seed: 0xBA5E)
    }
}

/// Moments that are read one after the other, each in several runs where seeds are compared.
public struct ComparedStages {
    public struct Stage {
        /// Tokens of the chain that are gone; nil for the present state, whatever it is.
        public let removed: Int?
        /// One a run; a model is only there while it is read.
        public let models: [() throws -> ModelAtStage]
    }

    public let stages: [Stage]
    public let runCount: Int

    public init(present model: ModelAtStage) {
        stages = [Stage(removed: nil, models: [{ model }])]
        runCount = 1
    }

    /// The stages that all runs have on their ways to where they are.
    /// - Throws: `ExperimentFault.noSharedStage`, `.otherShape`.
    public init(of experiments: [Experiment]) throws {
        let all = experiments.map { Dictionary(uniqueKeysWithValues: $0.stages.map { ($0.removed, $0.stage) }) }
        let shared = (all.first?.keys).map { Set($0) } ?? []
        let common = all.reduce(shared) { $0.intersection($1.keys) }.sorted()
        if common.isEmpty { throw ExperimentFault.noSharedStage }
        let shape = experiments[0].run.model.configuration
        if let other = experiments.first(where: { $0.run.model.configuration != shape }) {
            throw ExperimentFault.otherShape(other.name, than: experiments[0].name)
        }
        runCount = experiments.count
        stages = common.map { removed in
            Stage(
                removed: removed,
                models: zip(experiments, all).map { experiment, stages in
                    {
                        guard let stage = stages[removed] else { return ModelAtStage(experiment) }
                        return try ModelAtStage(experiment, at: stage)
                    }
                })
        }
    }
}
