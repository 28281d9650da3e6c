// What a run writes for a problem, token by token with probabilities:
//
//   2 7 4 3 5 3 │ 1 1 0 1 0
//                 .99 .98 .99 .97 .99
//   answer 0: right

import Experiments
import Internalization
import Language
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
        var below = StyledText(String(repeating: " ", count: DisplayWidth.of(tokens.plain)))
        tokens.append(" │", .dim)
        below.append("  ")
        let right = expected.tokens.dropFirst(answer.inputCount)
        let written = solution.tokens.last == encoder.endToken ? solution.tokens.dropLast() : solution.tokens[...]
        for (index, token) in written.enumerated() {
            let wanted = index < right.count ? right[right.startIndex + index] : nil
            var word = ProblemDisplay.shown(encoder.text(token))
            if token != wanted { word += wanted.map { "(\(ProblemDisplay.shown(encoder.text($0))))" } ?? "(end)" }
            let probability = index < probabilities.count ? percent(probabilities[index]) : ""
            let width = max(DisplayWidth.of(word), probability.count) + 1
            tokens.append(" " + word, token == wanted ? .good : .bad)
            below.append(" ")
            below.append(probability, .dim, isVolatile: true)
            if index == written.count - 1 { break }
            tokens.append(String(repeating: " ", count: width - 1 - DisplayWidth.of(word)))
            below.append(String(repeating: " ", count: width - 1 - probability.count))
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

    /// `97` of a hundred.
    private static func percent(_ p: Double) -> String {
        p > 0.995 ? "1" : "." + (p * 100 < 9.5 ? "0" : "") + String(Int((p * 100).rounded()))
    }
}
