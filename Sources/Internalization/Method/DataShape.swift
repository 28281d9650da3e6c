import Transformer

// What a model may be told about a problem it is asked: what is true of all problems of the run. Its own chain and
// answer are not: were the length of the gold chain to reach the model, as a position id or as the place where
// generation is cut off, a model could read from it what it is supposed to work out.
//
// Position ids after s removals, with n tokens of input and m* the longest chain of the training data:
//
//   order left   jump J = min(s + o, m*) for every problem, also for one whose own chain is shorter (o: its smoothing offset)
//                  kept        0 … n−2, n−1+J │ n+J, n+J+1, …        (the separator takes the jump)
//                  original    0 … n−2, n−1   │ n+J, n+J+1, …
//   other orders gaps lie inside or after the chain, at places that follow from its length: the ids are those from before the
//                  removal where all chains are cut alike, and shifted (0, 1, 2, …) where they are not
//
// Where all chains have the same length, the first is what the reference's `--keep_position` does.

/// What all problems of a run have in common.
public struct DataShape: Sendable, Equatable {
    /// Tokens of the longest chain.
    public let longestChain: Int
    /// Tokens of the longest rest: what follows the chain, the end token included.
    public let longestRest: Int
    /// Input and rest together, where they are longest.
    let longestWithoutChain: Int
    /// Whether every chain has the same length.
    public let hasOneChainLength: Bool
    /// The removal groups that all chains share; nil where they differ or there are none.
    let commonGroups: [[Int]]?

    public init(_ problems: EncodedProblems) {
        var chain = 0, shortest = Int.max, rest = 0, withoutChain = 0
        var groups = problems.hasGroups && problems.count > 0 ? problems.groups(0) : nil
        for index in 0..<problems.count {
            let count = problems.chain(index).count, input = problems.inputCount(index)
            let after = problems.sequence(index).count - input - count
            chain = max(chain, count)
            shortest = min(shortest, count)
            rest = max(rest, after)
            withoutChain = max(withoutChain, input + after)
            if groups != nil, problems.groups(index) != groups { groups = nil }
        }
        longestChain = chain
        longestRest = rest
        longestWithoutChain = withoutChain
        hasOneChainLength = problems.count == 0 || shortest == chain
        commonGroups = groups
    }

    /// Whether every chain is cut at the same places.
    private func isCutAlike(_ order: RemovalOrder) -> Bool {
        if case .grouped = order { return hasOneChainLength && commonGroups != nil }
        return hasOneChainLength
    }

    /// Which position ids a schedule really gives: kept ids are shifted where they would tell how long a chain is.
    public func positions(_ schedule: RemovalSchedule) -> PositionRule {
        schedule.order == .left || isCutAlike(schedule.order) ? schedule.positions : .shifted
    }

    /// By how much the ids jump at the separator, for every problem alike; nil where the cuts say it.
    func jump(_ removed: RemovalCount, _ order: RemovalOrder) -> Int? {
        order == .left ? removed.capped(at: longestChain) : nil
    }

    /// How many positions a model must have for problems, these or others, whose chains it is to lose.
    func neededPositions(_ schedule: RemovalSchedule, for problems: DataShape) -> Int {
        positions(schedule) == .shifted ? 0 : problems.longestWithoutChain + longestChain
    }

    /// What is left of a problem, as a model sees it in training.
    public func remaining(
        of problem: EncodedProblem, removed: RemovalCount, schedule: RemovalSchedule, groups: [[Int]]? = nil
    ) -> RemainingProblem {
        problem.removing(
            removed, order: schedule.order, positions: positions(schedule), groups: groups,
            jump: jump(removed, schedule.order))
    }

    /// How questions are put and answers are taken down after a number of removals.
    public func frame(_ removed: RemovalCount, _ schedule: RemovalSchedule, spareTokens: Int) -> AnswerFrame {
        let rest = max(longestRest, 1)
        let count = 1 + longestChain + rest
        let template = EncodedProblem(
            tokens: [Int32](repeating: 0, count: count), inputCount: 1, chain: 1..<1 + longestChain,
            answer: 1 + longestChain..<count - 1)
        guard schedule.order == .left || isCutAlike(schedule.order) || removed == .all else {
            // The ids are shifted, and nothing is said about how much of its chain a problem still has.
            return AnswerFrame(positions: (0..<Int32(count)).map { $0 }, limit: count - 1 + spareTokens)
        }
        let left = remaining(of: template, removed: removed, schedule: schedule, groups: commonGroups)
        return AnswerFrame(positions: left.positions, limit: left.tokens.count - 1 + spareTokens)
    }
}

/// How every question is put after a number of removals, and how long an answer may get.
public struct AnswerFrame: Equatable {
    /// The ids of the last input token and of what follows it, as they are with an input of one token.
    public let positions: [Int32]
    /// Tokens that may be written.
    public let limit: Int

    /// The numbers of written tokens after which the next one's id does not follow from the one before.
    var jumps: [Int] { positions.indices.dropFirst().filter { positions[$0] != positions[$0 - 1] + 1 } }

    /// The ids of an input and of what has been written after it.
    public func positions(input: Int, written: Int) -> [Int32] {
        (0..<input + written).map { place in
            if place < input - 1 { return Int32(place) }
            let index = place - (input - 1)
            let id =
                index < positions.count ? positions[index] : (positions.last ?? 0) + Int32(index - positions.count + 1)
            return id + Int32(input - 1)
        }
    }
}
