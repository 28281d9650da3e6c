// What a run says of itself while it trains and afterwards.

import Experiments
import Internalization
import Language
import Support
import Transformer

enum RunDisplay {
    /// Everything there is to see of a run.
    static func show(_ experiment: Experiment) -> DisplayBundle {
        let run = experiment.run
        var lines = [
            StyledText(RunValue(experiment).text),
            StyledText("  model      ", .dim) + StyledText(ModelValue(experiment.model).text),
        ]
        let settings = run.settings
        var optimizer =
            "AdamW (\(Phrase.short(Double(settings.optimizer.beta1))), "
            + "\(Phrase.short(Double(settings.optimizer.beta2)))), weight decay "
            + "\(Phrase.short(Double(settings.optimizer.weightDecay)))"
        optimizer += settings.clip.map { ", clip \(Phrase.short(Double($0)))" } ?? ", no clipping"
        optimizer +=
            ", warm-up \(settings.warmUp)"
        if let decay = settings.decay {
            let start = settings.decayStart.map { "from update \(NumberText.grouped($0))" } ?? "once the chain is gone"
            optimizer += ", decay over \(NumberText.grouped(decay)) \(start)"
        }
        if settings.accumulation > 1 {
            optimizer += ", \(settings.accumulation) batches a step, rule .\(settings.accumulationRule.rawValue)"
        }
        lines.append(StyledText("  optimizer  ", .dim) + StyledText(optimizer))
        let unit = settings.accumulation > 1 ? "steps" : "batches"
        var passes =
            "\(NumberText.grouped(run.batchesPerEpoch)) \(unit) in a pass over "
            + Phrase.count(run.problems.count, "problem")
        passes += settings.keepsPartialBatch ? ", a partial one at its end" : ", what is left over waits"
        if settings.slices > 1 { passes += ", batches cut into \(settings.slices) slices" }
        if !settings.isShuffled { passes += ", never shuffled" }
        lines.append(StyledText("  data       ", .dim) + StyledText(passes))
        lines.append(
            StyledText("  spent      ", .dim)
                + StyledText(
                    [(run.spent.updates, "update"), (run.spent.tokens, "token"), (run.spent.resets.count, "reset")]
                        .map { Phrase.count($0, $1) }.joined(separator: ", ")
                ))
        lines.append(StyledText("  separator  ", .dim) + StyledText("." + name(experiment.encoder.separator)))
        lines.append(
            StyledText("  test       ", .dim)
                + StyledText(
                    experiment.test.map { Phrase.count($0.count, "problem") + ", for every accuracy" } ?? "none"))
        lines.append(
            StyledText("  validation ", .dim)
                + StyledText(
                    experiment.validation.map { Phrase.count($0.count, "problem") + ", for until: and stopping" }
                        ?? "none"))
        for row in ScheduleArguments.rows(run.schedule, run.shape) {
            lines.append(StyledText("  " + padded(row.name, 20), .dim) + StyledText(row.value))
        }
        return DisplayBundle(lines: lines, json: RunValue(experiment).json)
    }

    static func name(_ separator: AnswerSeparator) -> String {
        separator == .removedLast ? "removed_last" : separator.rawValue
    }

    static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }

    /// The chain of an example problem as the run stands.
    static func example(_ experiment: Experiment) throws -> StyledText? {
        try experiment.example().map {
            StyledText("  ") + ProblemDisplay.tokens($0, run: experiment.run, encoder: experiment.encoder)
        }
    }

    /// `accuracy 0.992 [0.979, 0.997] of 500`
    static func accuracy(_ evaluation: Evaluation) -> String {
        let interval = evaluation.interval
        return
            "accuracy \(Phrase.rate(evaluation.accuracy)) [\(Phrase.rate(interval.lowerBound)), "
            + "\(Phrase.rate(interval.upperBound))] of \(NumberText.grouped(evaluation.count))"
    }

    /// What a removal did, in a line.
    static func removal(
        _ experiment: Experiment, from: RemovalCount, resets: Bool, before: Evaluation?, after: Evaluation?
    ) -> StyledText {
        let run = experiment.run
        var line = StyledText("removed \(run.removedCount) of \(run.longest)", .emphasis)
        if let before, let after {
            line.append(": accuracy \(Phrase.rate(before.accuracy)) → \(Phrase.rate(after.accuracy))")
        }
        if resets { line.append("; optimizer reset", .dim) }
        return line
    }
}

/// Watches training: a progress line a few times a second, a line for each event worth keeping.
final class TrainingWatcher {
    private let experiment: Experiment
    private let call: Invocation
    /// How many updates there will be; nil where the schedule decides.
    private let total: Int?
    /// Whether a goal may be reached before.
    private let isLimit: Bool
    private let started = MonotonicClock.seconds()
    private var steps = 0
    private var losses = LossTrend()
    private let panel: TrainingPanel?
    private(set) var lastStep: StepReport?
    private(set) var lastEvaluation: Evaluation?
    private(set) var rescues = 0

    init(_ experiment: Experiment, total: Int?, isLimit: Bool = false, _ call: Invocation) {
        self.experiment = experiment
        self.total = total
        self.isLimit = isLimit
        self.call = call
        let isWanted = call.booleanIfPresent("panel") ?? false
        panel = isWanted && call.session.displayOptions.hasPanel ? TrainingPanel(experiment) : nil
    }

    var seconds: Double { MonotonicClock.seconds() - started }
    var stepCount: Int { steps }

    func note(_ evaluation: Evaluation?) { if let evaluation { lastEvaluation = evaluation } }

    func watch(_ event: TrainingEvent) {
        switch event {
        case .step(let report):
            steps += 1
            lastStep = report
            losses.add(report.loss)
            call.progress(progress(report))
        // A decision by the validation problems; what is reported is measured on others.
        case .validated: break
        case .removed(let from, _, let resets, let before, let after):
            lastEvaluation = after
            call.output(RunDisplay.removal(experiment, from: from, resets: resets, before: before, after: after))
        case .recovered(_, let evaluation):
            if let evaluation { lastEvaluation = evaluation }
        case .alarm(.plateau): break
        case .alarm(let alarm): call.output(StyledText("watch", .warning) + StyledText(": \(alarm)"))
        case .rescued(let rescue):
            rescues += 1
            call.output(
                StyledText("stuck", .warning)
                    + StyledText(
                        " at \(rescue.stuckAt) removed; back at \(rescue.removed) with another data order, attempt "
                            + "\(rescue.attempt)"
                    ))
        }
    }

    /// Training goes on where the disk does not.
    func tellNotSaved(_ error: any Error) {
        call.output(
            StyledText("not saved", .warning)
                + StyledText(
                    ": \(error); training goes on, and saving is tried again at the next removal or in a minute"))
    }

    private func progress(_ report: StepReport) -> WorkProgress {
        var details = ["loss \(NumberText.fixed(report.loss, decimals: 3))"]
        if let rate = report.smoothedMatchRate { details.append("right \(NumberText.fixed(rate, decimals: 2))") }
        details.append("removed \(experiment.run.removedCount) of \(experiment.run.longest)")
        if let lastEvaluation { details.append("accuracy \(Phrase.rate(lastEvaluation.accuracy))") }
        return WorkProgress(
            "training", Double(steps), of: total.map { Double($0) }, unit: "step", isLimit: isLimit,
            trend: losses.values, details: details, panel: panel?.rows(losses: losses.values) ?? [])
    }

    /// How it ended, in a line, and as JSON.
    func summary(_ end: TrainingEnd) -> DisplayBundle {
        let run = experiment.run
        var line = StyledText("\(Phrase.count(steps, "step"))", .emphasis)
        if let loss = lastStep?.loss { line.append(", loss \(NumberText.fixed(loss, decimals: 3))") }
        if let lastEvaluation { line.append(", " + RunDisplay.accuracy(lastEvaluation)) }
        if run.removedCount > 0 || end == .stuck { line.append(", removed \(run.removedCount) of \(run.longest)") }
        line.append("  ")
        line.append(Phrase.seconds(seconds), .dim, isVolatile: true)
        var lines = [line]
        switch end {
        case .stuck:
            lines.append(
                StyledText("stuck", .warning)
                    + StyledText(
                        ": the stage did not pass its threshold; train on, back to: a mark, or internalize rescues: 5"))
        case .interrupted:
            lines.append(StyledText("stopped after a whole step; train or internalize goes on from here", .warning))
        case .stepsDone, .reachedAccuracy: break
        }
        var json: [(String, Value)] = [
            ("steps", .integer(steps)), ("end", .text(end.rawValue)), ("removed", .integer(run.removedCount)),
            ("seconds", .real(seconds)),
        ]
        if let loss = lastStep?.loss { json.append(("loss", .real(loss))) }
        if let lastEvaluation { json.append(("accuracy", .real(lastEvaluation.accuracy))) }
        return DisplayBundle(lines: lines, json: Value.record(json).json)
    }
}

/// The course of the loss since training began, in a few means over equally many steps.
private struct LossTrend {
    private static let count = 12
    private var means: [Double] = []
    private var perMean = 1
    private var pending: (sum: Double, count: Int) = (0, 0)

    var values: [Double] { means }

    mutating func add(_ loss: Double) {
        pending = (pending.sum + loss, pending.count + 1)
        guard pending.count >= perMean else { return }
        means.append(pending.sum / Double(pending.count))
        pending = (0, 0)
        guard means.count >= 2 * Self.count else { return }
        means = stride(from: 0, to: means.count, by: 2).map { (means[$0] + means[$0 + 1]) / 2 }
        perMean *= 2
    }
}
