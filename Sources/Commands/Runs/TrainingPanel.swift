// What `train … panel: true` shows below the progress line, drawn in place while it trains:
//
//   loss       1.62 ▇▆▅▃▂▂▁▁▁▁ 0.03                 means over equally many steps since training began
//   answer     █ ▇ ▂ ▁ █                            how often each answer token is right, given those before,
//                                                   of 50 test problems
//   attention  1 0 0 1 | 1 1 0 1 $                  of the last layer, a mean over its heads, for one problem:
//      1       ▁ ▂ ▁ ▁ █ ▁ ▁ ▁ ▁                    below each token how much the row looks at it that writes an answer token
//
// It is made anew at most so often that making it takes a fiftieth of the time.

import Experiments
import Internalization
import Language
import Probing
import Support
import Transformer

final class TrainingPanel {
    private let experiment: Experiment
    private let set: ProblemSet
    private var rows: [StyledText] = []
    private var dueAt = -Double.infinity

    private static let problemsMax = 50
    private static let answerMax = 6
    private static let share = 0.02
    private static let leastSeconds = 0.25

    init(_ experiment: Experiment) {
        self.experiment = experiment
        let test = experiment.test ?? experiment.data
        set = test[0..<min(test.count, Self.problemsMax)]
    }

    /// The rows for the state at the moment, or those made last where it is too early for others.
    func rows(losses: [Double]) -> [StyledText] {
        let start = MonotonicClock.seconds()
        guard start >= dueAt else { return rows }
        rows = [Self.lossRow(losses)].compactMap { $0 } + ((try? readings()) ?? [])
        let cost = MonotonicClock.seconds() - start
        dueAt = start + max(Self.leastSeconds, cost / Self.share)
        return rows
    }

    static func lossRow(_ losses: [Double]) -> StyledText? {
        let finite = losses.filter(\.isFinite)
        guard let first = finite.first, let last = finite.last, finite.count > 1 else { return nil }
        return label("loss") + StyledText("\(NumberText.fixed(first, decimals: 2)) ", .dim)
            + StyledText(Phrase.sparkline(finite))
            + StyledText(" \(NumberText.fixed(last, decimals: 2))", .dim)
    }

    private func readings() throws -> [StyledText] {
        let state = ModelAtStage(experiment)
        let found = try ProblemsAtStage(set, for: state)
        let answers = try found.positions(.predictsAnswer)
        guard !answers.isEmpty else { return [] }
        let right = try accuracies(found, answers, state.model)
        var rows = [Self.label("answer") + StyledText(right.map { String(Phrase.bar($0)) }.joined(separator: " "))]
        let one = try ProblemsAtStage(set[0..<1], for: state)
        let queries = try one.positions(.predictsAnswer)
        let shown = queries.prefix(Self.answerMax)
        let patterns = try state.model.attentionPatterns(
            one.batch, queries: Array(shown), keys: one.everyPosition())
        let tokens = one.remaining[0].tokens.map { ProblemDisplay.shown(experiment.encoder.text($0)) }
        rows.append(Self.label("attention") + StyledText(tokens.joined(separator: " ")))
        let layer = patterns.layerCount - 1
        for (query, position) in shown.enumerated() {
            let place = position.indices[0] ?? 0
            var row = Self.label("  " + (place + 1 < tokens.count ? tokens[place + 1] : ""))
            for (key, token) in tokens.enumerated() {
                let weights = (0..<patterns.headCount).map { patterns[layer, $0, query, key] }
                let mean = weights.reduce(0, +) / Double(max(1, weights.count))
                let mark = key <= place ? String(Phrase.bar(mean)) : " "
                row.append(mark + String(repeating: " ", count: DisplayWidth.of(token)))
            }
            rows.append(row)
        }
        return rows
    }

    /// For each position how often the token after it is the most probable one, those before it given.
    private func accuracies(
        _ found: ProblemsAtStage, _ positions: [Position], _ model: LanguageModel
    ) throws -> [Double] {
        let end = HookPoint.block(model.configuration.layerCount - 1, .residualPost)
        return try model.logitLens(
            found.batch, points: [end], readouts: positions.map { found.readout($0) }
        ).map(\.accuracy.value)
    }

    private static func label(_ text: String) -> StyledText {
        StyledText(text + String(repeating: " ", count: max(1, 11 - DisplayWidth.of(text))), .dim)
    }
}
