import Experiments
import Internalization
import Language
import Transformer

// How a problem is shown: its chain with what is gone, what stays and what goes next told apart, also without colour:
//
//   2 7 4 3 5 3 │ [1 1] ‹0› 1 │ 0        [gone]  ‹next›

enum ProblemDisplay {
    /// The problem as it stands in a file, coloured.
    static func line(_ problem: Problem) -> StyledText {
        var line = StyledText(problem.question)
        line.append(" → ", .dim)
        line.append(problem.chain, .kept)
        if !problem.chain.isEmpty { line.append(" → ", .dim) }
        line.append(problem.answer, .emphasis)
        return line
    }

    /// The operands and the result the way people write them, where the task has them: `3719 × 3349 = 12454931`.
    static func headline(_ set: ProblemSet, _ index: Int) -> StyledText? {
        guard set.task is Multiplication, let a = set.fact("a", ofProblem: index),
            let b = set.fact("b", ofProblem: index),
            let product = set.fact("answer", ofProblem: index)
        else { return nil }
        return StyledText("\(a) × \(b) = ") + StyledText("\(product)", .emphasis)
    }

    /// What a model is given and what is asked of it, after some removals.
    static func tokens(_ written: WrittenProblem, run: Run, encoder: any ProblemEncoder) -> StyledText {
        let problem = written.problem
        let gone = written.gone(run.clock.removed)
        let soon = written.gone(run.clock.removed.adding(1)).subtracting(gone)
        let styles: [Style] = problem.tokens.indices.map { place in
            if gone.contains(place) { return .removed }
            if soon.contains(place) { return .next }
            if problem.chain.contains(place) { return .kept }
            return problem.answer.contains(place) ? .emphasis : .plain
        }
        let brackets: [Style: (String, String)] = [.removed: ("[", "]"), .next: ("‹", "›")]
        var line = StyledText()
        var start = 0
        while start < problem.tokens.count {
            let limit = start < problem.inputCount ? problem.inputCount : problem.tokens.count
            let end = styles[start..<limit].firstIndex { $0 != styles[start] } ?? limit
            if start > 0 { line.append(start == problem.inputCount ? " │ " : " ", .dim) }
            let words = problem.tokens[start..<end].map { shown(encoder.text($0)) }.joined(separator: " ")
            let (open, close) = brackets[styles[start]] ?? ("", "")
            line.append(open + words + close, styles[start])
            start = end
        }
        return line
    }

    /// A token whose spaces can be seen.
    static func shown(_ token: String) -> String {
        let text = token.hasPrefix(" ") && token.count > 1 ? String(token.dropFirst()) : token
        return text == " " ? "␣" : text.replacing("\n", with: "⏎")
    }
}
