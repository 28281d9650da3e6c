import Internalization
import Support
import Transformer

/// The whole of a run: the engine's `Run`, which knows encoded problems and a model, and all that the engine need not
/// know: the problems as texts, how they are written, what they are called, where the run is kept.
public final class Experiment {
    public private(set) var run: Run
    public let model: ExperimentModel
    public let problems: ProblemParts
    public let encoder: any ProblemEncoder
    /// The separator that was asked for; nil for the encoder's own choice.
    public let separator: AnswerSeparator?
    /// The weights before the first step, for a control that starts from them.
    public let initial: LanguageModel
    /// What it is called: the name of its folder, or its kind.
    public var name: String
    /// Where it is kept as it goes; nil where it is not.
    public internal(set) var folder: RunFolder?
    /// What its snapshots are read from, for a run that was opened without holding its folder.
    var copy: TemporaryCopy?
    /// The folder that it was opened from, where that is not held.
    var origin: String?

    public var data: ProblemSet { problems.data }
    public var test: ProblemSet? { problems.test }
    public var validation: ProblemSet? { problems.validation }
    /// Where it can be opened again.
    public var path: String? { origin ?? folder?.path }

    private lazy var trainedQuestions = AskedQuestions(data)
    private lazy var validationQuestions = validation.map { AskedQuestions($0) }

    init(
        _ run: Run, model: ExperimentModel, problems: ProblemParts, encoder: any ProblemEncoder,
        separator: AnswerSeparator?, name: String, initial: LanguageModel? = nil
    ) {
        self.run = run
        self.model = model
        self.problems = problems
        self.encoder = encoder
        self.separator = separator
        self.name = name
        self.initial = initial ?? run.model.copy()
    }

    /// Follows another schedule from here on. An order that takes whole pieces of the chain needs the problems cut into
    /// pieces, so the run begins anew with them; that is possible until it has taken its first step.
    /// - Throws: `ExperimentFault`, `RunError`, `ProblemError`, `Interrupted`.
    public func change(_ schedule: RemovalSchedule, interrupt: Interrupt = Interrupt()) throws {
        guard schedule.order != run.schedule.order, case .grouped = schedule.order else {
            return try run.change(schedule)
        }
        if run.progress.updates > 0 { throw ExperimentFault.orderAfterSteps }
        if folder != nil { throw ExperimentFault.orderWhenKept }
        run = try EncodedParts(problems, encoder: encoder, order: schedule.order, interrupt).run(
            run.model, schedule, run.settings)
    }

    /// Cuts batches into so many slices from here on.
    /// - Parameter remark: hears that its bits will be others, where they will.
    /// - Throws: `SettingFault`, `RanksFault`.
    public func change(slices: Int, remark: (String) -> Void) throws {
        var settings = run.settings
        settings.slices = slices
        let before = run.settings.slices
        try run.change(settings)
        try run.checkRanks()
        if before != slices {
            remark(
                "batches were cut into \(Phrase.count(before, "slice")) so far, into \(slices) from here on: the last "
                    + "bits will be others than they would have been")
        }
    }

    // MARK: What it is

    /// How many problems of a set it has been trained on, and how many decided when training stopped.
    public func known(in set: ProblemSet) -> (trained: Int, validation: Int) {
        (trainedQuestions.count(in: set), validationQuestions?.count(in: set) ?? 0)
    }

    /// The problem that is shown as the run stands: the first of its test problems, or of those trained on.
    /// - Throws: `ProblemError`.
    public func example() throws -> WrittenProblem? {
        let set = test ?? data
        return set.isEmpty ? nil : try written(set, 0)
    }

    /// A problem as the run writes it.
    /// - Throws: `ProblemError`.
    public func written(_ set: ProblemSet, _ index: Int) throws -> WrittenProblem {
        try WrittenProblem(set, index, encoder: encoder, order: run.schedule.order)
    }

    /// The stages on the way to where it is, by units removed, ascending; of several with as many removed the last.
    public var stages: [(removed: Int, stage: Timeline.Stage)] {
        let found = run.timeline.path.map { ($0.record.removed.capped(at: run.longest), $0) }
        return Dictionary(found) { _, later in later }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
