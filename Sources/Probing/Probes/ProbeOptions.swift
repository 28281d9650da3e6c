/// How a probe finds its weights.
public enum ProbeEstimator: String, Sendable, CaseIterable {
    /// Ridge regression for numbers, multinomial regression for classes.
    case automatic
    case ridge
    case leastSquares
    /// Logistic regression where there are two classes.
    case multinomial

    /// As it is written at the prompt.
    var name: String { self == .leastSquares ? "least_squares" : rawValue }
}

/// How strongly a probe's weights are held back, per row and in units of the states' own variances.
public enum ProbeRegularization: Sendable, Equatable {
    /// The best of a few on groups of the training rows that are kept back for this choice.
    case chosen
    case fixed(Double)
}

public struct ProbeOptions: Sendable {
    public var estimator: ProbeEstimator
    public var regularization: ProbeRegularization
    /// The share of problems that are held out, whole groups at a time.
    public var heldOutShare: Double
    public var seed: UInt64
    /// Resamples behind each interval.
    public var replicates: Int
    public var confidence: Double
    /// Whether to measure the online description length too.
    public var describes: Bool

    public init(
        estimator: ProbeEstimator = .automatic, regularization: ProbeRegularization = .chosen,
        heldOutShare: Double = 0.2, seed: UInt64 = 0,
        replicates: Int = 400, confidence: Double = 0.95, describes: Bool = true
    ) {
        self.estimator = estimator
        self.regularization = regularization
        self.heldOutShare = heldOutShare
        self.seed = seed
        self.replicates = replicates
        self.confidence = confidence
        self.describes = describes
    }

    /// - Throws: `ProbeError.invalid`.
    func check() throws(ProbeError) {
        guard heldOutShare > 0, heldOutShare < 0.9 else {
            throw .invalid("a held-out share of \(heldOutShare)", help: "give 0.05 to 0.5, usually 0.2")
        }
        guard replicates >= 20, replicates <= 100_000 else {
            throw .invalid("\(replicates) resamples", help: "give 20 or more, usually 400")
        }
        guard confidence > 0.5, confidence < 1 else {
            throw .invalid("a confidence of \(confidence)", help: "give 0.9, 0.95 or 0.99")
        }
        if case .fixed(let alpha) = regularization, !(alpha >= 0 && alpha.isFinite) {
            throw .invalid("a regularization of \(alpha)", help: "give 0 or more, usually 0.01")
        }
    }

    /// The penalties to choose among.
    var ridgePenalties: [Double] {
        if estimator == .leastSquares { return [0] }
        if case .fixed(let alpha) = regularization { return [alpha] }
        return [1e-4, 1e-3, 1e-2, 1e-1, 1, 10]
    }

    /// Strongest first: each fit starts where the stronger penalty's ended.
    var multinomialPenalties: [Double] {
        if case .fixed(let alpha) = regularization { return [alpha] }
        return [1e-1, 1e-2, 1e-3]
    }
}
