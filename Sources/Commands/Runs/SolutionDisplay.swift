// What a run writes for a problem, token by token, and below each how sure the model was of it, as a bar from 0 to 1:
//
//   2 7 4 3 5 3 │ 1 1 0 1 0
//             p   █ █ █ ▇ █  .80 at least
//   answer 0: right

import Experiments
import Internalization
import Language
import Support
import Transformer

enum SolutionDisplay {
    static func make(_ experiment: Experiment, _ asked: ProblemValue, _ call: Invocation) throws -> DisplayBundle {
        let removed = try experiment.removed(asked: call.integerIfPresent("removed"))
        let answer = try experiment.solve(asked.set, asked.index, removed: removed, interrupt: call.interrupt)
        return answer.map { bundle(experiment.encoder, asked, $0) } ?? DisplayBundle()
    }

    private static func bundle(
        _ encoder: any ProblemEncoder, _ asked: ProblemValue, _ answer: WrittenAnswer
    ) -> DisplayBundle {
        let (expected, solution, probabilities) = (answer.expected, answer.solution, answer.probabilities)
        var tokens = StyledText(
            expected.tokens[..<answer.inputCount].map { ProblemDisplay.shown(encoder.text($0)) }.joined(separator: " ")
        )
        var below = StyledText(String(repeating: " ", count: max(0, DisplayWidth.of(tokens.plain) - 1)))
        below.append("p  ", .dim)
        tokens.append(" │", .dim)
        let right = expected.tokens.dropFirst(answer.inputCount)
        let written = solution.tokens.last == encoder.endToken ? solution.tokens.dropLast() : solution.tokens[...]
        for (index, token) in written.enumerated() {
            let wanted = index < right.count ? right[right.startIndex + index] : nil
            var word = ProblemDisplay.shown(encoder.text(token))
            if token != wanted { word += wanted.map { "(\(ProblemDisplay.shown(encoder.text($0))))" } ?? "(end)" }
            tokens.append(" " + word, token == wanted ? .good : .bad)
            below.append(" ", .dim, isVolatile: true)
            if index < probabilities.count {
                below.append(String(Phrase.bar(probabilities[index])), .dim, isVolatile: true)
            }
            if index < written.count - 1 {
                below.append(String(repeating: " ", count: DisplayWidth.of(word) - 1), .dim, isVolatile: true)
            }
        }
        if let least = probabilities.prefix(written.count).min() {
            below.append("  ")
            below.append(percent(least), .dim, isVolatile: true)
            below.append(" at least", .dim)
        }
        var verdict = StyledText(solution.isEnded ? "answer \(solution.answer): " : "no answer: ")
        verdict.append(
            solution.isCorrect
                ? "right"
                : solution.isEnded
                    ? "wrong, it is \(solution.expected)"
                    : "wrong, the model never ends what it writes; it is \(solution.expected)",
            solution.isCorrect ? .good : .bad)
        let json = Value.record([
            ("question", .text(asked.problem.question)), ("answer", .text(solution.answer)),
            ("ended", .boolean(solution.isEnded)),
            ("expected", .text(solution.expected)), ("right", .boolean(solution.isCorrect)),
            ("tokens", .list(solution.tokens.map { .text(encoder.text($0)) })),
            ("probabilities", .list(probabilities.map { .real($0) })),
        ]).json
        return DisplayBundle(lines: probabilities.isEmpty ? [tokens, verdict] : [tokens, below, verdict], json: json)
    }

    /// `.97`, or 1 where no digit would differ.
    static func percent(_ p: Double) -> String {
        p > 0.995 ? "1" : "." + (p * 100 < 9.5 ? "0" : "") + String(Int((p * 100).rounded()))
    }
}
