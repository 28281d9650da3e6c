import Support
import Tensors
import Transformer

// Exact match by generation: the model is given the input alone, decides itself how much of a chain it writes, and what
// it writes is compared with what the problem says, as the encoder reads answers. An answer counts only if the model
// ends it. Nothing of the gold chain or answer decides how a question is put or where its answer is cut off (see
// `DataShape`). With kept positions, where the ids jump, generation stops for a moment and goes on from the new id.

/// What a model wrote for a problem.
public struct Solution: Sendable, Equatable {
    /// The problem's place in its set.
    public var index: Int
    public var tokens: [Int32]
    /// What counts as its answer.
    public var answer: String
    public var expected: String
    /// Whether the model ended its output, rather than being cut off.
    public var isEnded: Bool
    public var isCorrect: Bool { isEnded && answer == expected }
}

/// Which problems are solved how.
public struct EvaluationOptions: Sendable, Equatable {
    /// How many problems, from the first on; nil for all.
    public var limit: Int?
    public var sampling: Sampling = .greedy
    /// Whether loss and accuracies given the right tokens are measured too.
    public var measuresTargets = true
    /// Tokens that may be written beyond the longest output of the training data.
    public var spareTokens = 16

    public init(limit: Int? = nil) { self.limit = limit }
}

/// Measures a model on problems it has not been trained on.
public struct Evaluator {
    public let model: LanguageModel
    public let encoder: any ProblemEncoder
    /// What is known of the data that the model was trained on.
    public let shape: DataShape
    private let trainee: Trainee?
    private let workers: Workers

    public init(_ model: LanguageModel, encoder: any ProblemEncoder, shape: DataShape, workers: Workers = .shared) {
        self.init(model, encoder: encoder, shape: shape, trainee: nil, workers: workers)
    }

    init(
        _ model: LanguageModel, encoder: any ProblemEncoder, shape: DataShape, trainee: Trainee?,
        workers: Workers = .shared
    ) {
        self.model = model
        self.encoder = encoder
        self.shape = shape
        self.trainee = trainee
        self.workers = workers
    }

    /// Solves the problems with `removed` units of their chains gone and compares answers.
    /// - Throws: `BatchError` if a problem does not fit the model, `Interrupted`.
    public func evaluate(
        _ problems: EncodedProblems, removed: RemovalCount, schedule: RemovalSchedule,
        _ options: EvaluationOptions = EvaluationOptions(), interrupt: Interrupt = Interrupt(),
        progress: (_ share: Double) -> Void = { _ in }
    ) throws -> Evaluation {
        var result = Evaluation()
        result.removed = removed
        let indices = Array(0..<min(options.limit ?? problems.count, problems.count))
        guard !indices.isEmpty else { return result }
        if options.measuresTargets { try measureTargets(problems, indices, removed, schedule, &result, interrupt) }
        let solutions = try solve(
            problems, indices, removed: removed, schedule: schedule, options, interrupt: interrupt, progress: progress)
        result.isCorrect = solutions.map(\.isCorrect)
        result.generatedTokens = Double(solutions.reduce(0) { $0 + $1.tokens.count }) / Double(solutions.count)
        return result
    }

    /// Lets the model write what follows the inputs of the given problems.
    public func solve(
        _ problems: EncodedProblems, _ indices: [Int], removed: RemovalCount, schedule: RemovalSchedule,
        _ options: EvaluationOptions = EvaluationOptions(), interrupt: Interrupt = Interrupt(),
        progress: (_ share: Double) -> Void = { _ in }
    ) throws -> [Solution] {
        let frame = shape.frame(removed, schedule, spareTokens: options.spareTokens)
        let inputs = indices.map { Array(problems.sequence($0).prefix(problems.inputCount($0))) }
        let written = try write(inputs, frame, options.sampling, progress, interrupt)
        return indices.enumerated().map { place, index in
            Solution(
                index: index, tokens: written[place], answer: encoder.answerText(of: written[place][...]),
                expected: encoder.expectedAnswer(of: problems[index]),
                isEnded: encoder.stop(after: written[place][...]) == nil)
        }
    }

    /// What the model writes after each input.
    private func write(
        _ inputs: [[Int32]], _ frame: AnswerFrame, _ sampling: Sampling, _ progress: (Double) -> Void,
        _ interrupt: Interrupt
    ) throws -> [[Int32]] {
        var written = [[Int32]](repeating: [], count: inputs.count)
        var open = Array(inputs.indices)
        // Up to and including each token after which the position jumps, and then to the end.
        let ends = frame.jumps.filter { $0 < frame.limit } + [frame.limit]
        for (part, end) in ends.enumerated() {
            var waiting = open
            while !waiting.isEmpty {
                // Those that stop by the same rule after as many tokens are written together.
                var groups: [Going: [Int]] = [:]
                for place in waiting {
                    guard let stop = encoder.stop(after: written[place][...]) else { continue }
                    groups[Going(stop: stop, written: written[place].count), default: []].append(place)
                }
                waiting.removeAll()
                for (going, places) in groups.sorted(by: { $0.value[0] < $1.value[0] }) {
                    let prompts = places.map { place in
                        Prompt(
                            tokens: inputs[place] + written[place],
                            positions: frame.positions(input: inputs[place].count, written: going.written))
                    }
                    let options = GenerationOptions(
                        maximumNewTokens: end - going.written, stop: going.stop, sampling: sampling)
                    let generated = try model.generate(prompts, options, workers: workers, interrupt: interrupt) {
                        // Most of the work of a part is in its first round, that of all that are still open.
                        let share = Double($0) / Double(max(inputs.count, 1))
                        progress((Double(part) + min(share, 1)) / Double(ends.count))
                    }
                    for (place, new) in zip(places, generated) {
                        written[place] += new.tokens
                        // A stop that does not complete the output is no end; a model without further positions is.
                        if written[place].count < end, new.tokens.last == encoder.endToken { waiting.append(place) }
                    }
                }
            }
            open.removeAll { written[$0].count < end || encoder.stop(after: written[$0][...]) == nil }
            if open.isEmpty { break }
        }
        return written
    }

    private struct Going: Hashable {
        let stop: StopRule
        let written: Int
    }

    // MARK: Given the right tokens

    private static let sequencesAtOnce = 256

    private func measureTargets(
        _ problems: EncodedProblems, _ indices: [Int], _ removed: RemovalCount, _ schedule: RemovalSchedule,
        _ result: inout Evaluation,
        _ interrupt: Interrupt
    ) throws {
        let trainee = trainee ?? Trainee(model, workers: workers)
        var sums = TargetSums()
        var batch = RaggedBatch()
        var cuts: [Range<Int>] = []
        var start = 0
        while start < indices.count {
            try interrupt.check()
            let part = indices[start..<min(start + Self.sequencesAtOnce, indices.count)]
            batch.removeAll()
            for index in part {
                let gone = removed.capped(at: problems.unitCount(index, schedule.order))
                schedule.order.cuts(
                    units: gone, chain: problems.chain(index), groups: problems.groups(index), into: &cuts)
                appendRemaining(
                    of: problems.sequence(index), inputCount: problems.inputCount(index), cuts: cuts,
                    positions: shape.positions(schedule), jump: shape.jump(removed, schedule.order), to: &batch)
            }
            sums.add(
                try trainee.evaluate(batch), batch, part.map { (problems.sequence($0).count, problems.answer($0)) })
            start += Self.sequencesAtOnce
        }
        sums.write(to: &result)
    }
}

/// Sums over targets given the right tokens before them.
struct TargetSums {
    private var loss = 0.0
    private var count = 0
    private var hits = 0
    private var matches = 0
    private var answerLosses: [Double] = []
    private var answerHits: [Int] = []
    private var answerCounts: [Int] = []

    /// - Parameter shapes: for each sequence of the batch the length and the answer of the whole problem; answers keep
    ///   their distance from the end.
    mutating func add(_ report: BatchReport, _ batch: RaggedBatch, _ shapes: [(count: Int, answer: Range<Int>)]) {
        var target = 0
        for (sequence, shape) in shapes.enumerated() {
            let end = batch.offsets[sequence + 1]
            let answerStart = end - (shape.count - shape.answer.lowerBound) - 1
            var isMatch = true
            while target < report.targetCount, Int(report.targetIndices[target]) < end {
                let row = Int(report.targetIndices[target])
                let isHit = report.predictions[target] == batch.labels[row]
                let value = Double(report.losses[target])
                loss += value
                count += 1
                if isHit { hits += 1 } else { isMatch = false }
                if row >= answerStart, row < answerStart + shape.answer.count {
                    addAnswer(row - answerStart, value, isHit)
                }
                target += 1
            }
            if isMatch { matches += 1 }
        }
    }

    private mutating func addAnswer(_ place: Int, _ loss: Double, _ isHit: Bool) {
        while answerCounts.count <= place {
            answerCounts.append(0)
            answerHits.append(0)
            answerLosses.append(0)
        }
        answerCounts[place] += 1
        answerLosses[place] += loss
        if isHit { answerHits[place] += 1 }
    }

    func write(to result: inout Evaluation) {
        guard count > 0 else { return }
        result.loss = loss / Double(count)
        result.tokenAccuracy = Double(hits) / Double(count)
        result.forcedMatches = matches
        result.answerAccuracy = zip(answerHits, answerCounts).map { $1 == 0 ? 0 : Double($0) / Double($1) }
        result.answerLosses = zip(answerLosses, answerCounts).map { $1 == 0 ? 0 : $0 / Double($1) }
    }
}
