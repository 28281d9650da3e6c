import Experiments
import Internalization
import Language
import Support

/// A run as a value: model, data, optimizer, schedule, clock and timeline.
final class RunValue: HostObject {
    let experiment: Experiment
    private var run: Run { experiment.run }

    init(_ experiment: Experiment) { self.experiment = experiment }

    static let typeName = "run"
    override var typeName: String { Self.typeName }

    override var fieldNames: [String] {
        [
            "name", "model", "data", "test", "validation", "removed", "chain", "steps", "tokens", "spent", "stages",
            "learning_rate", "batch",
            "seed", "precision", "profile",
        ]
    }

    override func field(_ name: String) -> Value? {
        func problems(_ set: ProblemSet?) -> Value { set.map { .object(ProblemsValue($0)) } ?? .none }
        return switch name {
        case "name": .text(experiment.name)
        case "model": .object(ModelValue(experiment.model, of: experiment))
        case "data": problems(experiment.data)
        case "test": problems(experiment.test)
        case "validation": problems(experiment.validation)
        case "removed": .integer(run.removedCount)
        case "chain": .integer(run.longest)
        case "steps": .integer(run.progress.updates)
        case "tokens": .integer(run.progress.tokens)
        case "spent":
            .record([
                ("updates", .integer(run.spent.updates)), ("tokens", .integer(run.spent.tokens)),
                ("resets", .integer(run.spent.resets.count)),
            ])
        case "stages": .integer(run.timeline.path.count)
        case "learning_rate": .real(Double(run.settings.learningRate))
        case "batch": .integer(run.settings.batchSize)
        case "seed": .integer(Int(clamping: run.settings.seed))
        case "precision": .text(run.precisionName)
        case "profile": .text(run.numericProfile)
        default: nil
        }
    }

    override var text: String {
        "\(experiment.name) of \(experiment.data.taskName), \(Phrase.count(experiment.data.count, "problem")), "
            + "batch \(run.settings.batchSize), learning rate \(Phrase.short(Double(run.settings.learningRate)));"
            + " \(Phrase.count(run.progress.updates, "step")), removed \(run.removedCount) of \(run.longest)"
    }

    override var json: String {
        Value.record([
            ("run", .text(experiment.name)), ("task", .text(experiment.data.taskName)),
            ("problems", .integer(experiment.data.count)), ("batch", .integer(run.settings.batchSize)),
            ("steps", .integer(run.progress.updates)), ("removed", .integer(run.removedCount)),
            ("chain", .integer(run.longest)),
        ]).json
    }

    override func isEqual(to other: Object) -> Bool { (other as? RunValue)?.run === run }
}

extension Invocation {
    /// The run of an argument; nil where it was not given.
    func experimentIfPresent(_ name: String) -> Experiment? { hostIfPresent(name, as: RunValue.self)?.experiment }
}

extension Value {
    /// The runs in a value that is one or a list of them.
    var asExperiments: [Experiment] {
        asHost(RunValue.self).map { [$0.experiment] }
            ?? (asList ?? []).compactMap { $0.asHost(RunValue.self)?.experiment }
    }
}
