import Tensors
import Transformer

// Exact match by generation: the model is given the input alone, decides itself how much of a chain it writes, and what it
// writes is compared with what the problem says, as the encoder reads answers. With kept positions the model gets the position
// ids of its training: where they jump, generation stops for a moment and goes on from the new id.

/// What a model wrote for a problem.
public struct Solution: Sendable, Equatable {
    /// The problem's place in its set.
    public var index: Int
    public var tokens: [Int32]
    /// What counts as its answer.
    public var answer: String
    public var expected: String
    public var isCorrect: Bool { answer == expected }
}

/// Which problems are solved how.
public struct EvaluationOptions: Sendable, Equatable {
    /// How many problems, from the first on; nil for all.
    public var limit: Int?
    public var sampling: Sampling = .greedy
    /// Whether loss and accuracies given the right tokens are measured too.
    public var measuresTargets = true
    /// Tokens that may be written beyond those expected.
    public var spareTokens = 16

    public init(limit: Int? = nil) { self.limit = limit }
}

/// Measures a model on problems it has not been trained on.
public struct Evaluator {
    public let model: LanguageModel
    public let encoder: any ProblemEncoder
    private let trainee: Trainee?
    private let workers: Workers

    public init(_ model: LanguageModel, encoder: any ProblemEncoder, workers: Workers = .shared) {
        self.init(model, encoder: encoder, trainee: nil, workers: workers)
    }

    init(_ model: LanguageModel, encoder: any ProblemEncoder, trainee: Trainee?, workers: Workers = .shared) {
        self.model = model
        self.encoder = encoder
        self.trainee = trainee
        self.workers = workers
    }

    /// Solves the problems with `removed` units of their chains gone and compares answers.
    /// - Throws: `BatchError` if a problem does not fit the model, `GenerationInterrupted`.
    public func evaluate(
        _ problems: EncodedProblems, removed: RemovalCount, schedule: RemovalSchedule,
        _ options: EvaluationOptions = EvaluationOptions(),
        isInterrupted: () -> Bool = { false }
    ) throws -> Evaluation {
        var result = Evaluation()
        result.removed = removed
        let indices = Array(0..<min(options.limit ?? problems.count, problems.count))
        guard !indices.isEmpty else { return result }
        if options.measuresTargets { try measureTargets(problems, indices, removed, schedule, &result, isInterrupted) }
        let solutions = try solve(
            problems, indices, removed: removed, schedule: schedule, options, isInterrupted: isInterrupted)
        result.isCorrect = solutions.map(\.isCorrect)
        result.generatedTokens = Double(solutions.reduce(0) { $0 + $1.tokens.count }) / Double(solutions.count)
        return result
    }

    /// Lets the model write what follows the inputs of the given problems.
    public func solve(
        _ problems: EncodedProblems, _ indices: [Int], removed: RemovalCount, schedule: RemovalSchedule,
        _ options: EvaluationOptions = EvaluationOptions(), isInterrupted: () -> Bool = { false }
    ) throws -> [Solution] {
        var groups: [Layout: [Int]] = [:]
        var order: [Layout] = []
        var remaining: [RemainingProblem] = []
        for (place, index) in indices.enumerated() {
            let problem = problems[index]
            let left = problem.removing(
                removed, order: schedule.order, positions: schedule.positions, groups: problems.groups(index))
            let stop = encoder.stop(removed: left.removedCount, of: problem.chain.count)
            let layout = Layout(left, inputCount: problem.inputCount, stop: stop)
            if groups[layout] == nil { order.append(layout) }
            groups[layout, default: []].append(place)
            remaining.append(left)
        }
        var written = [[Int32]](repeating: [], count: indices.count)
        for layout in order {
            let places = groups[layout] ?? []
            let longest = places.map { remaining[$0].tokens.count }.max() ?? 0
            try write(
                layout, places, remaining, longest + options.spareTokens, options.sampling, &written, isInterrupted)
        }
        return indices.enumerated().map { place, index in
            let problem = problems.sequence(index)
            let expected = encoder.answerText(of: problem.dropFirst(problems.inputCount(index)))
            return Solution(
                index: index, tokens: written[place], answer: encoder.answerText(of: written[place][...]),
                expected: expected)
        }
    }

    /// What decides how a generation proceeds; problems that share it are solved together.
    private struct Layout: Hashable {
        let inputCount: Int
        /// Places after the input whose position does not follow from the one before.
        let jumps: [Int]
        let stopToken: Int32
        /// 0 for no stop.
        let stopCount: Int

        init(_ problem: RemainingProblem, inputCount: Int, stop: StopRule) {
            self.inputCount = inputCount
            jumps = (inputCount..<problem.positions.count).filter {
                problem.positions[$0] != problem.positions[$0 - 1] + 1
            }
            switch stop {
            case .token(let token): (stopToken, stopCount) = (token, 1)
            case .nthToken(let token, let count): (stopToken, stopCount) = (token, count)
            case .none: (stopToken, stopCount) = (-1, 0)
            }
        }
    }

    private func write(
        _ layout: Layout, _ places: [Int], _ remaining: [RemainingProblem], _ longest: Int, _ sampling: Sampling,
        _ written: inout [[Int32]],
        _ isInterrupted: () -> Bool
    ) throws {
        var open = places
        // Up to and including each token after which the position jumps, and then to the end.
        for end in layout.jumps.map({ $0 + 1 }) + [longest] {
            for stopsLeft in Set(open.map { stopsLeft(layout, written[$0]) }).sorted() {
                let group = open.filter { self.stopsLeft(layout, written[$0]) == stopsLeft }
                let prompts = group.map { place in
                    let problem = remaining[place]
                    let tokens = problem.tokens[..<layout.inputCount] + written[place]
                    return Prompt(tokens: Array(tokens), positions: Array(problem.positions[..<tokens.count]))
                }
                let rule: StopRule = layout.stopCount == 0 ? .none : .nthToken(layout.stopToken, count: stopsLeft)
                let count = end - layout.inputCount - (group.first.map { written[$0].count } ?? 0)
                let options = GenerationOptions(maximumNewTokens: count, stop: rule, sampling: sampling)
                let generated = try model.generate(prompts, options, workers: workers, isInterrupted: isInterrupted)
                for (place, new) in zip(group, generated) { written[place] += new.tokens }
            }
            open.removeAll {
                written[$0].count < end - layout.inputCount
                    || (layout.stopCount > 0 && stopsLeft(layout, written[$0]) <= 0)
            }
            if open.isEmpty { return }
        }
    }

    private func stopsLeft(_ layout: Layout, _ written: [Int32]) -> Int {
        layout.stopCount - written.reduce(0) { $0 + ($1 == layout.stopToken ? 1 : 0) }
    }

    // MARK: Given the right tokens

    private static let sequencesAtOnce = 256

    private func measureTargets(
        _ problems: EncodedProblems, _ indices: [Int], _ removed: RemovalCount, _ schedule: RemovalSchedule,
        _ result: inout Evaluation,
        _ isInterrupted: () -> Bool
    ) throws {
        let trainee = trainee ?? Trainee(model, workers: workers)
        var sums = TargetSums()
        var batch = RaggedBatch()
        var cuts: [Range<Int>] = []
        var start = 0
        while start < indices.count {
            if isInterrupted() { throw GenerationInterrupted() }
            let part = indices[start..<min(start + Self.sequencesAtOnce, indices.count)]
            batch.removeAll()
            for index in part {
                let gone = removed.capped(at: problems.unitCount(index, schedule.order))
                schedule.order.cuts(
                    units: gone, chain: problems.chain(index), groups: problems.groups(index), into: &cuts)
                appendRemaining(
                    of: problems.sequence(index), inputCount: problems.inputCount(index), cuts: cuts,
                    positions: schedule.positions,
                    to: &batch)
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

    /// - Parameter shapes: for each sequence of the batch the length and the answer of the whole problem; answers keep their
    ///   distance from the end.
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
