// Problems as a model sees them at some stage, and positions by meaning in them.
//
//   2 7 4 3 5 3 |  1 1 0 1  0  $
//   input       │  chain    answer            .separator is the | ; .predicts_answer[0] is where answer token 0 is predicted

import Internalization
import Probing
import Support
import Transformer

/// A position by its meaning.
public enum ProblemPlace: String, CaseIterable, Sendable {
    case answer
    case predictsAnswer = "predicts_answer"
    case separator, input, chain
    case predictsChain = "predicts_chain"
    case last

    public var summary: String {
        switch self {
        case .answer: "the tokens of the answer"
        case .predictsAnswer: "where each answer token is predicted"
        case .separator: "the end of the question"
        case .input: "the tokens of the question"
        case .chain: "the chain of thought, as far as it is there"
        case .predictsChain: "where each chain token is predicted"
        case .last: "the last token"
        }
    }

    /// `.answer[2]`
    public func text(_ index: Int?) -> String { "." + rawValue + (index.map { "[\($0)]" } ?? "") }

    /// The places of one kind in a problem with its whole chain; nil where there is always just one.
    fileprivate func range(in problem: EncodedProblem) -> Range<Int>? {
        switch self {
        case .input: 0..<problem.inputCount - 1
        case .chain, .predictsChain: problem.chain
        case .answer, .predictsAnswer: problem.answer
        case .separator, .last: nil
        }
    }

    /// How far before the token it stands for it is.
    fileprivate var lead: Int { self == .predictsAnswer || self == .predictsChain ? 1 : 0 }
}

public struct ProblemsAtStage {
    public let set: ProblemSet
    public let removed: RemovalCount
    public let problems: [EncodedProblem]
    public let remaining: [RemainingProblem]
    public let batch: RaggedBatch

    /// - Throws: `ProblemError`, `RunError.problem`, `Interrupted`.
    public init(_ set: ProblemSet, for model: ModelAtStage, interrupt: Interrupt = Interrupt()) throws {
        let (schedule, removed) = (model.schedule, model.removed)
        let encoded = try EncodedProblems(set, encoder: model.encoder, order: schedule.order, interrupt)
        let shape = model.shape ?? DataShape(encoded)
        var batch = RaggedBatch()
        let problems = (0..<encoded.count).map { encoded[$0] }
        let remaining = try problems.indices.map { index in
            if index & 0x3FF == 0 { try interrupt.check() }
            return shape.remaining(
                of: problems[index], removed: removed, schedule: schedule, groups: encoded.groups(index))
        }
        for problem in remaining { batch.append(problem.tokens, positions: problem.positions, labels: problem.labels) }
        (self.set, self.removed, self.problems, self.remaining, self.batch) = (set, removed, problems, remaining, batch)
    }

    // MARK: Positions

    /// The positions of a kind: one, or all of them where it has no index; none where the chain's tokens that are meant
    /// are gone.
    /// - Throws: `ExperimentFault.noPlace`.
    public func positions(_ place: ProblemPlace, _ index: Int? = nil) throws -> [Position] {
        if place == .separator || place == .last { return [position(place, nil)] }
        let most = problems.map { place.range(in: $0)?.count ?? 0 }.max() ?? 0
        if let index, index >= most { throw ExperimentFault.noPlace(place, index: index, count: most) }
        let all = index.map { [$0] } ?? Array(0..<most)
        return all.map { position(place, $0) }.filter { $0.indices.contains { $0 != nil } }
    }

    /// The same, and an error where there is nothing left to read.
    /// - Throws: `ExperimentFault.noPlace`, `.placeGone`.
    public func somePositions(_ place: ProblemPlace, _ index: Int?) throws -> [Position] {
        let found = try positions(place, index)
        if found.isEmpty { throw ExperimentFault.placeGone(place, index: index, removed: removed) }
        return found
    }

    private func position(_ place: ProblemPlace, _ index: Int?) -> Position {
        Position(place.text(index), indices: problems.indices.map { token(place, index, of: $0) })
    }

    private func token(_ place: ProblemPlace, _ index: Int?, of problem: Int) -> Int? {
        let whole = problems[problem], left = remaining[problem]
        switch place {
        case .separator: return whole.inputCount - 1
        case .last: return left.tokens.count - 1
        case .answer, .predictsAnswer, .input, .chain, .predictsChain:
            guard let index, let range = place.range(in: whole), index < range.count else { return nil }
            let original = range.lowerBound + index
            if left.removed.contains(where: { $0.contains(original) }) { return nil }
            let gone = left.removed.reduce(0) { $0 + ($1.upperBound <= original ? $1.count : 0) }
            return original - gone - place.lead
        }
    }

    /// Every position that all problems have, in order, called by what stands there in all of them.
    public func everyPosition() -> [Position] {
        let count = remaining.map(\.tokens.count).min() ?? 0
        return (0..<count).map { index in
            let meaning = meaning(index, of: 0)
            let isShared = remaining.indices.allSatisfy { self.meaning(index, of: $0) == meaning }
            return Position(isShared ? meaning : "token \(index)", index: index, count: remaining.count)
        }
    }

    private func meaning(_ index: Int, of problem: Int) -> String {
        let whole = problems[problem]
        var original = index
        for cut in remaining[problem].removed where cut.lowerBound <= original { original += cut.count }
        for place in [ProblemPlace.input, .chain, .answer] {
            if let range = place.range(in: whole), range.contains(original) {
                return place.text(original - range.lowerBound)
            }
        }
        if original == whole.inputCount - 1 { return ProblemPlace.separator.text(nil) }
        return original == whole.tokens.count - 1 ? ProblemPlace.last.text(nil) : "token \(index)"
    }

    /// The predictions at a position: what comes after it is what is to be predicted there.
    public func readout(_ position: Position) -> Readout {
        Readout(
            position,
            tokens: zip(position.indices, remaining).map { index, problem in
                index.map { $0 + 1 < problem.tokens.count ? problem.tokens[$0 + 1] : 0 } ?? 0
            })
    }

    // MARK: What is known without a model

    /// The raw question, and which problems belong together.
    public var questions: ProbeProblems {
        let width = problems.map { $0.inputCount - 1 }.min() ?? 0
        let columns = (0..<width).map { column in problems.map { Int($0.tokens[column]) } }.filter { Set($0).count > 1 }
        // The type of a problem for the control task: its first and its last varying token, as (a_i, b_j) in
        // multiplication.
        let types = columns.first.flatMap { first in columns.last.map { last in zip(first, last).map { $0 << 20 | $1 } }
        }
        return ProbeProblems(groups: groups, rawInputs: columns, controlTypes: types)
    }

    /// (problems) those with the same question have the same number.
    public var groups: [Int] {
        var numbers: [String: Int] = [:]
        return (0..<set.count).map { index in
            let question = set[index].question
            if let known = numbers[question] { return known }
            numbers[question] = numbers.count
            return numbers.count - 1
        }
    }
}
