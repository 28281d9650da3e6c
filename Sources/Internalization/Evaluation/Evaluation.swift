import Glibc

/// What an evaluation found.
public struct Evaluation: Sendable, Equatable {
    public var removed: RemovalCount = .units(0)
    /// For each problem whether the generated answer is exactly right.
    public var isCorrect: [Bool] = []
    /// Mean loss in nats over the targets, given the right tokens before them; nil where it was not asked for.
    public var loss: Double?
    /// How many of the targets are the most probable token, given the right tokens before them.
    public var tokenAccuracy: Double?
    /// The same for each token of the answer, first token first; as long as the longest answer.
    public var answerAccuracy: [Double] = []
    /// The mean loss of each token of the answer.
    public var answerLosses: [Double] = []
    /// How many problems had every target right, given the right tokens before it.
    public var forcedMatches: Int?
    /// Mean number of tokens that the model wrote for a problem, the stopping one included.
    public var generatedTokens = 0.0

    public init() {}

    public var count: Int { isCorrect.count }
    public var correctCount: Int { isCorrect.reduce(0) { $0 + ($1 ? 1 : 0) } }
    /// The rate of exact matches.
    public var accuracy: Double { count == 0 ? 0 : Double(correctCount) / Double(count) }
    /// Where the rate lies with 95 % confidence.
    public var interval: ClosedRange<Double> { wilsonInterval(correctCount, of: count) }
}

/// The 95 % interval of Wilson (1927) for a rate of which `successes` of `count` trials have been seen.
public func wilsonInterval(_ successes: Int, of count: Int, z: Double = 1.959963984540054) -> ClosedRange<Double> {
    guard count > 0 else { return 0...1 }
    let n = Double(count), p = Double(successes) / n
    let center = p + z * z / (2 * n)
    let half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    let scale = 1 + z * z / n
    // Where all or none succeed, one end is exactly that, which the rounding of the root would miss.
    let low = successes == 0 ? 0 : max(0, (center - half) / scale)
    let high = successes == count ? 1 : min(1, (center + half) / scale)
    return low...high
}
