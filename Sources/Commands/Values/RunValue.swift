import Internalization
import Language
import Support
import Transformer

/// A run as a value: model, data, optimizer, schedule, clock and timeline.
final class RunValue: HostObject {
    private(set) var run: Run
    let model: ModelValue
    /// The problems that it is trained on.
    let data: ProblemSet
    /// The problems that every accuracy is of, and those that decide when training stops.
    let test: ProblemSet?
    let validation: ProblemSet?
    let encoder: any ProblemEncoder
    let separator: AnswerSeparator?
    /// The questions it was trained on, and those that decided when to stop.
    private(set) lazy var trainedQuestions = AskedQuestions(data)
    private(set) lazy var validationQuestions = validation.map { AskedQuestions($0) }
    /// The weights before the first step, for a control that starts from them.
    let initial: LanguageModel
    /// Where it is kept as it goes; nil where it is not.
    var folder: RunFolder?
    /// What its snapshots are read from, for a run that was opened without holding its folder.
    var copy: TemporaryCopy?
    /// The folder that it was opened from, whether or not it is held.
    var origin: String?
    /// What it is called: the name of its folder, or its kind.
    var name: String

    init(
        _ run: Run, model: ModelValue, data: ProblemSet, test: ProblemSet?, validation: ProblemSet?,
        encoder: any ProblemEncoder, separator: AnswerSeparator?, name: String,
        initial: LanguageModel? = nil
    ) {
        self.run = run
        self.model = model
        self.data = data
        self.test = test
        self.validation = validation
        self.encoder = encoder
        self.separator = separator
        self.name = name
        self.initial = initial ?? run.model.copy()
    }

    /// Follows another schedule from here on. An order that takes whole pieces of the chain needs the problems cut into
    /// pieces, so the run begins anew with them; that is possible until it has taken its first step.
    func change(_ schedule: RemovalSchedule, _ call: Invocation) throws {
        guard schedule.order != run.schedule.order, case .grouped = schedule.order else {
            return try run.change(schedule)
        }
        guard run.progress.updates == 0 else {
            throw call.failure(
                "the run has taken steps already; this order can only be chosen before the first",
                code: .runtimeArgument, at: "order", help: "start another run and give the schedule at once")
        }
        let problems = try RunData.encode(data, encoder: encoder, order: schedule.order, call.interrupt)
        let heldOut = try RunData.heldOut(test, encoder: encoder, order: schedule.order, call.interrupt)
        let validation = try RunData.heldOut(self.validation, encoder: encoder, order: schedule.order, call.interrupt)
        if folder != nil {
            throw call.failure(
                "the run is kept in a folder already; this order can only be chosen before", code: .runtimeArgument,
                at: "order")
        }
        run = try Run(
            run.model, on: problems, heldOut: heldOut, validation: validation, schedule: schedule,
            settings: run.settings)
    }

    static let typeName = "run"
    override var typeName: String { Self.typeName }

    override var fieldNames: [String] {
        [
            "name", "model", "data", "test", "validation", "removed", "chain", "steps", "tokens", "spent", "stages",
            "learning_rate", "batch",
            "seed",
        ]
    }

    override func field(_ name: String) -> Value? {
        switch name {
        case "name": .text(self.name)
        case "model": .object(model)
        case "data": .object(ProblemsValue(data))
        case "test": test.map { .object(ProblemsValue($0)) } ?? Value.none
        case "validation": validation.map { .object(ProblemsValue($0)) } ?? Value.none
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
        default: nil
        }
    }

    override var text: String {
        "\(name) of \(data.taskName), \(Phrase.count(data.count, "problem")), batch \(run.settings.batchSize), learning rate \(Phrase.short(Double(run.settings.learningRate)));"
            + " \(Phrase.count(run.progress.updates, "step")), removed \(run.removedCount) of \(run.longest)"
    }

    override var json: String {
        Value.record([
            ("run", .text(name)), ("task", .text(data.taskName)), ("problems", .integer(data.count)),
            ("batch", .integer(run.settings.batchSize)),
            ("steps", .integer(run.progress.updates)), ("removed", .integer(run.removedCount)),
            ("chain", .integer(run.longest)),
        ]).json
    }

    override func isEqual(to other: Object) -> Bool { (other as? RunValue)?.run === run }
}
