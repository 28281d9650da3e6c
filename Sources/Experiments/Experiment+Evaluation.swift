import Glibc
import Internalization
import Support
import Transformer

extension Experiment {
    private var evaluator: Evaluator { Evaluator(run.model, encoder: encoder, shape: run.shape) }

    private func encoded(_ set: ProblemSet, _ interrupt: Interrupt) throws -> EncodedProblems {
        try EncodedProblems(set, encoder: encoder, order: run.schedule.order, interrupt)
    }

    /// With how much removed a question is put. The ids of the positions are what tells the model, so they must be
    /// kept.
    /// - Parameter asked: units; as many as the run has removed where nil.
    /// - Throws: `ExperimentFault.removedBeyondChain`, `.partNotAskable`.
    public func removed(asked: Int?) throws -> RemovalCount {
        guard let asked else { return run.clock.removed }
        if asked > run.longest { throw ExperimentFault.removedBeyondChain(asked, longest: run.longest) }
        if run.schedule.positions == .shifted, asked != run.removedCount { throw ExperimentFault.partNotAskable }
        return .units(asked)
    }

    /// Lets the run solve problems and compares answers.
    /// - Throws: `ProblemError`, `BatchError`, `Interrupted`.
    public func evaluate(
        _ set: ProblemSet, removed: RemovalCount, _ options: EvaluationOptions, interrupt: Interrupt,
        progress: (_ share: Double) -> Void = { _ in }
    ) throws -> Evaluation {
        try evaluator.evaluate(
            encoded(set, interrupt), removed: removed, schedule: run.schedule, options, interrupt: interrupt,
            progress: progress)
    }

    /// How fast problems are solved one at a time.
    public func speed(_ set: ProblemSet, removed: RemovalCount, interrupt: Interrupt) throws -> AnsweringSpeed {
        try evaluator.speed(
            encoded(set, interrupt), removed: removed, schedule: run.schedule, interrupt: interrupt)
    }

    /// Lets the run solve one problem.
    /// - Throws: `ProblemError`, `BatchError`, `Interrupted`.
    public func solve(
        _ set: ProblemSet, _ index: Int, removed: RemovalCount, interrupt: Interrupt
    ) throws -> WrittenAnswer? {
        let written = try written(set, index)
        let problems = try encoded(set.select([index]), interrupt)
        guard
            let solution = try evaluator.solve(
                problems, [0], removed: removed, schedule: run.schedule, interrupt: interrupt
            ).first
        else { return nil }
        let expected = try written.remaining(removed, run.schedule, shape: run.shape)
        return WrittenAnswer(
            inputCount: written.problem.inputCount, expected: expected, solution: solution,
            probabilities: try run.model.probabilities(written.problem, expected, solution.tokens))
    }
}

/// What a run writes for a problem, beside what it should.
public struct WrittenAnswer {
    /// How many tokens the question has, the separator after it included.
    public let inputCount: Int
    /// What is left of the problem, as it should be written.
    public let expected: RemainingProblem
    public let solution: Solution
    /// What the model gave each written token, given those before it; empty where they reach further than its
    /// positions.
    public let probabilities: [Double]
}

extension LanguageModel {
    fileprivate func probabilities(
        _ problem: EncodedProblem, _ expected: RemainingProblem, _ written: [Int32]
    ) throws -> [Double] {
        let tokens = Array(expected.tokens[..<problem.inputCount]) + written.dropLast()
        var positions = Array(expected.positions.prefix(tokens.count))
        while positions.count < tokens.count { positions.append((positions.last ?? -1) + 1) }
        if positions.contains(where: { Int($0) >= configuration.positionCount }) { return [] }
        var batch = RaggedBatch()
        batch.append(tokens, positions: positions, labels: nil)
        let logits = try logits(batch)
        let vocabulary = configuration.vocabularySize
        return written.indices.map { index in
            let row = logits[(problem.inputCount - 1 + index) * vocabulary..<(problem.inputCount + index) * vocabulary]
            let top = row.max() ?? 0
            let sum = row.reduce(0.0) { $0 + exp(Double($1 - top)) }
            return exp(Double(row[row.startIndex + Int(written[index])] - top)) / sum
        }
    }
}
