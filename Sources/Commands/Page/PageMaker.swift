// From runs to a page: which stages, how the weights are kept so that the file stays within its limit, and what that
// costs.

import Checkpoints
import Experiments
import Glibc
import Internalization
import Language
import Page
import Support
import Transformer

struct PageMaker {
    private let experiment: Experiment
    private let call: Invocation
    private let vocabulary: CharacterVocabulary
    private let separator: AnswerSeparator
    private let answerCount: Int?

    /// - Throws: where the problems are not written one token a character.
    init(_ experiment: Experiment, _ call: Invocation) throws {
        self.experiment = experiment
        self.call = call
        guard case .characters(let vocabulary) = experiment.model.writing,
            let encoder = experiment.encoder as? CharacterEncoder
        else {
            throw call.failure(
                "the problems of this run are not written one token a character, and the page has no tokenizer",
                code: .runtimeArgument, at: "run",
                help: "make a page of a run on a model with vocab: .digits, or one of its problems' characters")
        }
        if let part = PageTask.fault(experiment.run.model.configuration) {
            throw call.failure(
                "the model has \(part), which the forward pass of a page does not know", code: .runtimeArgument,
                at: "run",
                help: "look at it here: logits, hidden and look compute with it")
        }
        self.vocabulary = vocabulary
        separator = encoder.separator
        answerCount = encoder.answerCount
    }

    // MARK: What is on the page

    func make() throws -> PageValue {
        let problems = try problems()
        let runs = try shownRuns()
        let weights = PageWeights(runs, problems.set, call)
        let (coded, code) = try weights.coded()
        let fidelity = code == .float32 ? nil : try weights.fidelity(coded[0])
        let probes = try PageProbes(experiment, runs[0].stages, call).json(problems.set)
        var blocks: [[UInt8]] = []
        var runValues: [Value] = []
        for (run, stages) in zip(runs, coded) {
            runValues.append(try runRecord(run, stages, problems.set, firstBlock: blocks.count))
            blocks += stages.map(\.bytes)
        }
        let title = call.textIfPresent("title") ?? "Taking the chain of thought away: \(experiment.data.taskName)"
        let content = Value.record([
            ("format", .integer(1)), ("name", .text(experiment.name)),
            ("path", experiment.folderPath.map { .text($0) } ?? .none),
            ("task", PageTask.record(problems.set)), ("taskName", .text(experiment.data.taskName)),
            (
                "vocabulary",
                .record([("characters", .list(vocabulary.characters.map { .text(String($0)) }))])
            ),
            ("separator", .text(separator.rawValue)), ("answerCount", answerCount.map { .integer($0) } ?? .none),
            ("schedule", .record([("order", .text(experiment.run.schedule.order.name))])),
            ("runs", .list(runValues)),
            (
                "problems",
                .list(
                    (0..<problems.set.count).map { index in
                        let problem = problems.set[index]
                        return .list([.text(problem.question), .text(problem.chain), .text(problem.answer)])
                    })
            ),
            ("problemsAre", .text(problems.isHeldOut ? "held out" : "trained on")),
            ("code", .text(code.rawValue)), ("fidelity", fidelity?.value ?? .none),
            ("probes", probes ?? .none),
        ])
        let page = Page(
            title: title, summary: summary(runs), content: content.json, weights: blocks,
            columns: Self.columns, stages: runs[0].stages.map { pageStage($0.removed, $0.stage) })
        let html = page.html
        try weights.check(size: html.utf8.count, code)
        return PageValue(
            html: html, summary: line(runs, code, html.utf8.count, fidelity),
            facts: [
                ("stages", .integer(runs[0].stages.count)), ("weights", .integer(runs[0].weightCount)),
                ("code", .text(code.rawValue)),
                ("same", .integer(fidelity?.least.same ?? problems.set.count)),
                ("deviation", .real(fidelity?.typical ?? 0)),
            ])
    }

    private static let problemCount = 200

    /// The problems that come with the page: held-out ones where the run has them.
    private func problems() throws -> (set: ProblemSet, isHeldOut: Bool) {
        let set = experiment.test ?? experiment.data
        let few = set[0..<Self.problemCount]
        if few.isEmpty {
            throw call.failure("the run has no problems to show", code: .runtimeArgument, at: "run")
        }
        return (few, experiment.test != nil)
    }

    private func shownRuns() throws -> [PageWeights.Shown] {
        let all = experiment.stages
        var stages = all
        if let wanted = call.listIfPresent("stages")?.compactMap(\.asInteger) {
            let there = all.map { "\($0.removed)" }.joined(separator: ", ")
            for removed in wanted where !all.contains(where: { $0.removed == removed }) {
                throw call.failure(
                    "the run has no stage with \(removed) removed", code: .runtimeArgument, at: "stages",
                    help: "there are \(there)")
            }
            stages = all.filter { wanted.contains($0.removed) }
        }
        if stages.isEmpty {
            throw call.failure("no stage is left to show", code: .runtimeArgument, at: "stages")
        }
        if experiment.run.progress.updates == 0 {
            throw call.failure(
                "the run has not been trained, so there are no stages to show", code: .runtimeArgument, at: "run",
                help: "train it first: train until: 0.99, then internalize")
        }
        var runs = [PageWeights.Shown(experiment: experiment, role: "internalized", stages: stages)]
        let beside = call["beside"]?.asExperiments ?? []
        for other in beside {
            guard other.encoder is CharacterEncoder,
                other.model.writing.hasSameCharacters(as: experiment.model.writing),
                other.data.taskName == experiment.data.taskName, other.separator == experiment.separator
            else {
                throw call.failure(
                    "\(other.name) does not solve the same problems in the same tokens", code: .runtimeArgument,
                    at: "beside", help: "give a control of the run: control(r, kind: .no_cot)")
            }
            let theirs = other.stages
            guard let final = theirs.last else { continue }
            runs.append(PageWeights.Shown(experiment: other, role: role(other, theirs), stages: [final]))
        }
        return runs
    }

    private func role(_ run: Experiment, _ stages: [(removed: Int, stage: Timeline.Stage)]) -> String {
        if run.run.longest > 0, stages.allSatisfy({ $0.removed == run.run.longest }) { return "no_cot" }
        return stages.allSatisfy { $0.removed == 0 } ? "explicit" : "other"
    }

    // MARK: Records

    private func runRecord(
        _ run: PageWeights.Shown, _ coded: [CodedStage], _ set: ProblemSet, firstBlock: Int
    ) throws -> Value {
        let entries = run.layout.entries
        let stages = try zip(run.stages, coded).enumerated().map { index, pair in
            let (stage, coded) = pair
            let record = stage.stage.record
            var weights: [(String, Value)] = [
                ("code", .text(coded.code == .half ? "float16" : coded.code.rawValue)),
                ("data", .text("weights-\(firstBlock + index)")),
            ]
            if coded.code == .rounded {
                weights.append(("after", coded.followsAnother ? .integer(index - 1) : .none))
            }
            return Value.record([
                ("removed", .integer(stage.removed)), ("accuracy", record.accuracy.map { .real($0) } ?? .none),
                ("of", run.experiment.test.map { .integer($0.count) } ?? .none), ("steps", .integer(record.steps)),
                ("gone", try PageTask.gone(record.removed, run.experiment, set, call)),
                ("frame", frame(record.removed, run.experiment)), ("weights", .record(weights)),
            ])
        }
        return .record([
            ("name", .text(run.experiment.name)), ("role", .text(run.role)),
            ("updates", .integer(run.experiment.run.progress.updates)),
            ("configuration", PageTask.record(run.experiment.run.model.configuration)),
            (
                "layout",
                .list(
                    entries.map { entry in
                        let rows = entry.shape.first ?? 1
                        return .list([
                            .text(entry.name), .integer(rows), .integer(entry.shape.dropFirst().reduce(1, *)),
                        ])
                    })
            ),
            ("roundingSteps", .list((coded.first?.steps ?? []).map { .real(Double($0)) })), ("stages", .list(stages)),
        ])
    }

    /// How every question is put at a stage; told at the head of Script/solver.js.
    private func frame(_ removed: RemovalCount, _ experiment: Experiment) -> Value {
        let frame = experiment.run.shape.frame(
            removed, experiment.run.schedule, spareTokens: EvaluationOptions().spareTokens)
        return .record([
            ("positions", .list(frame.positions.map { .integer(Int($0)) })), ("limit", .integer(frame.limit)),
        ])
    }

    private static let columns = [
        "removed", "steps", "loss", "just before", "just after", "accuracy", "tokens written",
    ]

    private func pageStage(_ removed: Int, _ stage: Timeline.Stage) -> Page.Stage {
        let record = stage.record
        func rate(_ rate: Double?) -> String { rate.map(Phrase.rate) ?? "–" }
        return Page.Stage(
            removed: removed,
            cells: [
                "\(removed)", "\(record.steps)", rate(record.loss), rate(record.accuracyBefore),
                rate(record.accuracyAfter), rate(record.accuracy),
                record.generatedTokens.map { Phrase.short($0) } ?? "–",
            ], accuracy: record.accuracy)
    }

    private func summary(_ runs: [PageWeights.Shown]) -> String {
        let configuration = experiment.run.model.configuration
        return
            "A model of \(NumberText.grouped(runs[0].weightCount)) weights ("
            + "\(Phrase.count(configuration.layerCount, "layer")), "
            + "\(Phrase.count(configuration.headCount, "head")), width \(configuration.width)) that icot trained on "
            + "\(experiment.data.taskName)."
    }

    private func line(
        _ runs: [PageWeights.Shown], _ code: WeightCode, _ bytes: Int, _ fidelity: PageWeights.Fidelity?
    ) -> StyledText {
        let stages = runs[0].stages.count
        var text =
            "a page of \(Phrase.count(stages, "stage")) of \(experiment.name)"
            + (runs.count > 1 ? " beside " + runs.dropFirst().map(\.experiment.name).joined(separator: " and ") : "")
            + ", \(megabytes(bytes)) MB"
        switch code {
        case .float32: text += ", the very weights of the run"
        case .half: text += ", weights in half precision"
        case .rounded: text += ", weights rounded"
        }
        if let fidelity {
            text +=
                ": at least \(fidelity.least.same) of \(fidelity.problemCount) problems are written the same at every "
                + "stage, logits of at most \(twoDigits(fidelity.size)) differ by \(twoDigits(fidelity.typical)) (root "
                + "mean square), at most \(twoDigits(fidelity.largest))"
        }
        return StyledText(text)
    }

    private func twoDigits(_ value: Double) -> String {
        guard value > 0, value.isFinite else { return Phrase.short(value) }
        let unit = pow(10, (log10(value)).rounded(.down) - 1)
        return Phrase.short((value / unit).rounded() * unit)
    }

    private func megabytes(_ bytes: Int) -> String {
        let hundredths = (bytes + 5000) / 10_000
        return "\(hundredths / 100)." + (hundredths % 100 < 10 ? "0" : "") + "\(hundredths % 100)"
    }
}

extension Experiment {
    /// Where the run can be opened again, as far as that is anybody else's business: no folder of one machine.
    fileprivate var folderPath: String? {
        guard let path, !path.hasPrefix("/") else { return nil }
        return path
    }
}
