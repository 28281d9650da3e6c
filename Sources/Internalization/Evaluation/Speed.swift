/// How fast a model answers one question at a time.
public struct AnsweringSpeed: Sendable, Equatable {
    public var examples = 0
    public var seconds = 0.0
    public var tokens = 0

    public var examplesPerSecond: Double { seconds > 0 ? Double(examples) / seconds : 0 }
    public var tokensPerExample: Double { examples > 0 ? Double(tokens) / Double(examples) : 0 }
}

extension Evaluator {
    /// Solves the problems one by one, as the paper measures speed: examples over the time spent in generation.
    public func speed(
        _ problems: EncodedProblems, removed: RemovalCount, schedule: RemovalSchedule, limit: Int = 100,
        now: () -> Double = monotonicSeconds, isInterrupted: () -> Bool = { false }
    ) throws -> AnsweringSpeed {
        var result = AnsweringSpeed()
        for index in 0..<min(limit, problems.count) {
            let start = now()
            let solution = try solve(problems, [index], removed: removed, schedule: schedule, isInterrupted: isInterrupted)
            result.seconds += now() - start
            result.examples += 1
            result.tokens += solution[0].tokens.count
        }
        return result
    }
}
