import Transformer

/// Many problems as token ids, in flat arrays: what a run trains on and what it is evaluated on.
public struct EncodedProblems: Sendable {
    /// All sequences one after another.
    private var tokens: [Int32] = []
    private var places: [Place] = []
    /// For `RemovalOrder.grouped`: the chain's tokens in the order of their removal; empty if the task supplies none.
    private var groups: [[[Int]]] = []

    private struct Place {
        var start: Int
        var count: Int32
        var inputCount: Int32
        var chainEnd: Int32
        var answerStart: Int32
        var answerEnd: Int32
    }

    /// The units of the longest chain, if removal goes token by token.
    public private(set) var longestChain = 0
    public private(set) var longestSequence = 0
    private(set) var largestToken = -1

    /// - Parameter groups: for each problem, its chain's tokens (counted from the chain's start) in the order of
    ///   their removal.
    /// - Throws: `RunError.problem` for the first problem that is not well-formed.
    public init(_ problems: some Sequence<EncodedProblem>, groups: [[[Int]]]? = nil) throws {
        for (index, problem) in problems.enumerated() {
            if let fault = problem.fault { throw RunError.problem(index, fault) }
            places.append(
                Place(
                    start: tokens.count, count: Int32(problem.tokens.count), inputCount: Int32(problem.inputCount),
                    chainEnd: Int32(problem.chain.upperBound), answerStart: Int32(problem.answer.lowerBound),
                    answerEnd: Int32(problem.answer.upperBound)))
            tokens += problem.tokens
            longestChain = max(longestChain, problem.chain.count)
            longestSequence = max(longestSequence, problem.tokens.count)
            for token in problem.tokens { largestToken = max(largestToken, Int(token)) }
        }
        guard let groups else { return }
        guard groups.count == places.count else {
            throw RunError.problem(min(groups.count, places.count), .noOrder)
        }
        for index in groups.indices {
            if let fault = RemovalOrder.fault(in: groups[index], of: chain(index).count) {
                throw RunError.problem(index, fault)
            }
        }
        self.groups = groups
    }

    /// The problems of a set as an encoder writes them.
    public init(_ set: ProblemSet, encoder: any ProblemEncoder) throws {
        try self.init((0..<set.count).map { try encoder.encode(set[$0]) })
    }

    public var count: Int { places.count }
    /// Tokens of all sequences with their chains.
    public var tokenCount: Int { places.reduce(0) { $0 + Int($1.count) } }
    /// Tokens of all chains.
    public var chainTokenCount: Int { places.reduce(0) { $0 + Int($1.chainEnd - $1.inputCount) } }
    public var hasGroups: Bool { !groups.isEmpty }

    public subscript(index: Int) -> EncodedProblem {
        let place = places[index]
        return EncodedProblem(
            tokens: Array(sequence(index)), inputCount: Int(place.inputCount), chain: chain(index),
            answer: Int(place.answerStart)..<Int(place.answerEnd))
    }

    /// The first `count` problems, or all.
    public func prefix(_ count: Int) -> EncodedProblems {
        filtered { $0 < count }
    }

    /// The problems whose whole sequence has at most `length` tokens.
    public func filtered(maximumLength length: Int) -> EncodedProblems {
        longestSequence <= length ? self : filtered { Int(places[$0].count) <= length }
    }

    private func filtered(_ isKept: (Int) -> Bool) -> EncodedProblems {
        var result = self
        let kept = places.indices.filter(isKept)
        result.places = kept.map { places[$0] }
        if hasGroups { result.groups = kept.map { groups[$0] } }
        result.longestChain = kept.map { chain($0).count }.max() ?? 0
        result.longestSequence = kept.map { Int(places[$0].count) }.max() ?? 0
        result.largestToken = kept.compactMap { sequence($0).max().map(Int.init) }.max() ?? -1
        return result
    }

    // MARK: Pieces of a problem, without making one

    func sequence(_ index: Int) -> ArraySlice<Int32> {
        tokens[places[index].start..<places[index].start + Int(places[index].count)]
    }
    func inputCount(_ index: Int) -> Int { Int(places[index].inputCount) }
    func chain(_ index: Int) -> Range<Int> { Int(places[index].inputCount)..<Int(places[index].chainEnd) }
    public func groups(_ index: Int) -> [[Int]]? { groups.isEmpty ? nil : groups[index] }
    func answer(_ index: Int) -> Range<Int> { Int(places[index].answerStart)..<Int(places[index].answerEnd) }

    /// How far from the end of the sequence the answer begins, and its length: removal does not change either.
    func answerPlace(_ index: Int) -> (fromEnd: Int, count: Int) {
        let place = places[index]
        return (Int(place.count - place.answerStart), Int(place.answerEnd - place.answerStart))
    }

    /// How many removals empty the chain of a problem.
    func unitCount(_ index: Int, _ order: RemovalOrder) -> Int { order.unitCount(chain(index).count, groups(index)) }

    /// How many removals empty every chain.
    public func longestUnitCount(_ order: RemovalOrder) -> Int {
        guard case .grouped = order, hasGroups else { return longestChain }
        return groups.reduce(0) { max($0, $1.count) }
    }
}
