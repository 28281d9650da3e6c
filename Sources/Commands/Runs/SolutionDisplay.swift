// What a run writes for a problem, token by token with probabilities:
//
//   2 7 4 3 5 3 │ 1 1 0 1 0
//                 .99 .98 .99 .97 .99
//   answer 0: right

import Glibc
import Internalization
import Language
import Transformer

enum SolutionDisplay {
    static func make(_ value: RunValue, _ asked: ProblemValue, _ call: Invocation) throws -> DisplayBundle {
        let run = value.run, interrupt = call.interrupt
        let order = run.schedule.order
        let encoded = try RunData.encode(asked.alone, encoder: value.encoder, order: order)
        let removed = try EvaluateCommands.removed(value, call)
        let evaluator = Evaluator(run.model, encoder: value.encoder, shape: run.shape)
        guard
            let solution = try evaluator.solve(
                encoded, [0], removed: removed, schedule: run.schedule, isInterrupted: { interrupt.isRequested }
            ).first
        else {
            return DisplayBundle()
        }
        let problem = encoded[0]
        let groups = try RunData.groups(of: asked.alone, encoder: value.encoder, order: order)?.first
        let expected = run.shape.remaining(
            of: problem, removed: removed, schedule: run.schedule, groups: groups)
        let probabilities = try probabilities(run.model, problem, expected, solution.tokens)
        return bundle(value, asked, problem, expected, solution, probabilities)
    }

    /// What the model gave each written token, given those before it.
    private static func probabilities(
        _ model: LanguageModel, _ problem: EncodedProblem, _ expected: RemainingProblem, _ written: [Int32]
    ) throws -> [Double] {
        let tokens = Array(expected.tokens[..<problem.inputCount]) + written.dropLast()
        var positions = Array(expected.positions.prefix(tokens.count))
        while positions.count < tokens.count { positions.append((positions.last ?? -1) + 1) }
        if positions.contains(where: { Int($0) >= model.configuration.positionCount }) { return [] }
        var batch = RaggedBatch()
        batch.append(tokens, positions: positions, labels: nil)
        let logits = try model.logits(batch)
        let vocabulary = model.configuration.vocabularySize
        return written.indices.map { index in
            let row = logits[(problem.inputCount - 1 + index) * vocabulary..<(problem.inputCount + index) * vocabulary]
            let top = row.max() ?? 0
            let sum = row.reduce(0.0) { $0 + exp(Double($1 - top)) }
            return exp(Double(row[row.startIndex + Int(written[index])] - top)) / sum
        }
    }

    private static func bundle(
        _ value: RunValue, _ asked: ProblemValue, _ problem: EncodedProblem, _ expected: RemainingProblem,
        _ solution: Solution, _ probabilities: [Double]
    ) -> DisplayBundle {
        let encoder = value.encoder
        var tokens = StyledText(
            expected.tokens[..<problem.inputCount].map { ProblemDisplay.shown(encoder.text($0)) }.joined(separator: " ")
        )
        var below = StyledText(String(repeating: " ", count: DisplayWidth.of(tokens.plain)))
        tokens.append(" │", .dim)
        below.append("  ")
        let right = expected.tokens.dropFirst(problem.inputCount)
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
