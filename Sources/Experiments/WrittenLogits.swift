// The logits from which a model writes its answers, to hold other weights against that stand in for its own.

import Internalization
import Support
import Transformer

public struct WrittenLogits {
    /// The questions, each followed by what the model wrote.
    private let batch: RaggedBatch
    /// The rows after which a token was written.
    private let rows: [Int]
    private let logits: [Float]
    /// What was written, problem by problem.
    public let tokens: [[Int32]]

    /// How far the logits of other weights are from these, over what this model writes.
    public struct Deviation {
        /// The largest difference.
        public var largest: Float
        /// The mean of squared differences.
        public var meanSquare: Double
    }

    /// The largest logit, by size.
    public var size: Float { logits.reduce(0) { max($0, $1.magnitude) } }

    fileprivate init(_ model: LanguageModel, _ batch: RaggedBatch, rows: [Int], tokens: [[Int32]]) throws {
        self.tokens = tokens
        self.batch = batch
        self.rows = rows
        logits = try Self.logits(model, batch, rows)
    }

    private static func logits(_ model: LanguageModel, _ batch: RaggedBatch, _ rows: [Int]) throws -> [Float] {
        try model.capture(batch, points: [], rows: rows, logits: true).logits ?? []
    }

    /// - Throws: `BatchError`.
    public func deviation(of other: LanguageModel) throws -> Deviation {
        var result = Deviation(largest: 0, meanSquare: 0)
        for (own, theirs) in zip(logits, try Self.logits(other, batch, rows)) {
            let difference = (theirs - own).magnitude
            result.largest = max(result.largest, difference)
            result.meanSquare += Double(difference) * Double(difference)
        }
        result.meanSquare /= Double(max(logits.count, 1))
        return result
    }
}

extension Experiment {
    /// What a model in the place of the run's writes for problems.
    /// - Throws: `ProblemError`, `BatchError`, `Interrupted`.
    public func written(
        by model: LanguageModel, _ set: ProblemSet, removed: RemovalCount, interrupt: Interrupt
    ) throws -> [[Int32]] {
        try solutions(of: model, try encoded(set, interrupt), removed, interrupt)
    }

    /// What it computes while it writes.
    /// - Throws: as `written`.
    public func writtenLogits(
        of model: LanguageModel, _ set: ProblemSet, removed: RemovalCount, interrupt: Interrupt
    ) throws -> WrittenLogits {
        let problems = try encoded(set, interrupt)
        let tokens = try solutions(of: model, problems, removed, interrupt)
        let frame = run.shape.frame(removed, run.schedule, spareTokens: EvaluationOptions().spareTokens)
        var batch = RaggedBatch()
        var rows: [Int] = []
        for (index, tokens) in tokens.enumerated() {
            let problem = problems[index]
            let input = problem.tokens.prefix(problem.inputCount)
            // Nothing is asked after the last token.
            let written = tokens.dropLast()
            let first = batch.tokenCount + input.count - 1
            batch.append(
                Array(input) + written, positions: frame.positions(input: input.count, written: written.count),
                labels: nil)
            rows += first..<batch.tokenCount
        }
        return try WrittenLogits(model, batch, rows: rows, tokens: tokens)
    }

    private func encoded(_ set: ProblemSet, _ interrupt: Interrupt) throws -> EncodedProblems {
        try EncodedProblems(set, encoder: encoder, order: run.schedule.order, interrupt)
    }

    private func solutions(
        of model: LanguageModel, _ problems: EncodedProblems, _ removed: RemovalCount, _ interrupt: Interrupt
    ) throws -> [[Int32]] {
        try Evaluator(model, encoder: encoder, shape: run.shape).solve(
            problems, Array(0..<problems.count), removed: removed, schedule: run.schedule, interrupt: interrupt
        ).map(\.tokens)
    }
}
