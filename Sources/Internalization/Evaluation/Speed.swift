import Support
import Transformer

/// How fast a model answers one question at a time.
public struct AnsweringSpeed: Sendable, Equatable {
    /// What each question took.
    public var seconds: [Double] = []
    /// What each took when as many tokens were written as the answer alone has: the time of a model without any chain.
    public var secondsWithoutChain: [Double] = []
    public var tokens = 0

    public init() {}

    /// By the median of the questions: on a machine that does other things too, a mean is that of the interruptions.
    public var examplesPerSecond: Double { Self.ratio(1, Self.median(seconds)) }
    /// Examples per second relative to No CoT, as in the paper's tables, by medians.
    public var relativeToNoChain: Double { Self.ratio(Self.median(secondsWithoutChain), Self.median(seconds)) }

    private static func ratio(_ a: Double, _ b: Double) -> Double { b > 0 ? a / b : 0 }

    private static func median(_ values: [Double]) -> Double {
        guard !values.isEmpty else { return 0 }
        let sorted = values.sorted(), middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}

extension Evaluator {
    /// Solves the problems one by one, as the paper measures speed: examples over the time spent in generation. In turn
    /// with each an answer of the same length without a chain is written, so that both meet the machine in the same
    /// state.
    public func speed(
        _ problems: EncodedProblems, removed: RemovalCount, schedule: RemovalSchedule, limit: Int = 100,
        now: () -> Double = MonotonicClock.seconds, interrupt: Interrupt = Interrupt()
    ) throws -> AnsweringSpeed {
        var result = AnsweringSpeed()
        for index in 0..<min(limit, problems.count) {
            let start = now()
            let solution = try solve(
                problems, [index], removed: removed, schedule: schedule, interrupt: interrupt)
            let middle = now()
            try writeAnswerLength(problems, index, schedule, interrupt)
            result.secondsWithoutChain.append(now() - middle)
            result.seconds.append(middle - start)
            result.tokens += solution[0].tokens.count
        }
        return result
    }

    private func writeAnswerLength(
        _ problems: EncodedProblems, _ index: Int, _ schedule: RemovalSchedule, _ interrupt: Interrupt
    ) throws {
        let problem = problems[index]
        let left = problem.removing(.all, order: schedule.order, positions: .shifted, groups: problems.groups(index))
        let prompt = Prompt(
            tokens: Array(left.tokens[..<problem.inputCount]), positions: Array(left.positions[..<problem.inputCount]))
        let options = GenerationOptions(
            maximumNewTokens: left.tokens.count - problem.inputCount, stop: .none, sampling: .greedy)
        _ = try model.generate([prompt], options, interrupt: interrupt)
    }
}
