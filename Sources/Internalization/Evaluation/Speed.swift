import Support
import Transformer

/// How fast a model answers one question at a time.
public struct AnsweringSpeed: Sendable, Equatable {
    public var examples = 0
    public var seconds = 0.0
    public var tokens = 0
    /// What the same questions take when as many tokens are written as the answer alone has: the time of a model without any chain.
    public var secondsWithoutChain = 0.0

    public var examplesPerSecond: Double { seconds > 0 ? Double(examples) / seconds : 0 }
    /// Examples per second relative to No CoT, as in the paper's tables.
    public var relativeToNoChain: Double { seconds > 0 ? secondsWithoutChain / seconds : 0 }
}

extension Evaluator {
    /// Solves the problems one by one, as the paper measures speed: examples over the time spent in generation. In turn with each
    /// an answer of the same length without a chain is written, so that both meet the machine in the same state.
    public func speed(
        _ problems: EncodedProblems, removed: RemovalCount, schedule: RemovalSchedule, limit: Int = 100,
        now: () -> Double = MonotonicClock.seconds, isInterrupted: () -> Bool = { false }
    ) throws -> AnsweringSpeed {
        var result = AnsweringSpeed()
        for index in 0..<min(limit, problems.count) {
            let start = now()
            let solution = try solve(
                problems, [index], removed: removed, schedule: schedule, isInterrupted: isInterrupted)
            let middle = now()
            try writeAnswerLength(problems, index, schedule, isInterrupted)
            result.secondsWithoutChain += now() - middle
            result.seconds += middle - start
            result.examples += 1
            result.tokens += solution[0].tokens.count
        }
        return result
    }

    private func writeAnswerLength(
        _ problems: EncodedProblems, _ index: Int, _ schedule: RemovalSchedule, _ isInterrupted: () -> Bool
    ) throws {
        let problem = problems[index]
        let left = problem.removing(.all, order: schedule.order, positions: .shifted, groups: problems.groups(index))
        let prompt = Prompt(
            tokens: Array(left.tokens[..<problem.inputCount]), positions: Array(left.positions[..<problem.inputCount]))
        let options = GenerationOptions(
            maximumNewTokens: left.tokens.count - problem.inputCount, stop: .none, sampling: .greedy)
        _ = try model.generate([prompt], options, isInterrupted: isInterrupted)
    }
}
