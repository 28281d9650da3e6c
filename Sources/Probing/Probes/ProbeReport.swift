/// A score on held-out rows with its interval.
public struct ProbeScore: Sendable, Equatable {
    /// R² for numbers, accuracy for classes: more is better.
    public let primary: Interval
    /// Mean absolute error for numbers (the constant and the token table with their medians), mean −log p in nats for
    /// classes.
    public let error: Interval
}

/// The things that a probe must beat before it says anything about a model.
public enum ProbeBaseline: String, Sendable, CaseIterable {
    /// Training mean, median or frequencies.
    case constant
    /// The same for each token that is read at the position.
    case inputToken
    /// A probe on the one-hot raw inputs.
    case rawInput
    /// The same probe on states of a model that has learned nothing.
    case untrained
    /// The same probe on labels in another order.
    case shuffled
    /// The same probe on a random label for each type of problem (Hewitt & Liang 2019).
    case control
}

/// Everything that belongs to one probe's result. There is no way to get the score without the baselines.
public struct ProbeReport: Sendable {
    public let target: String
    public let provenance: Provenance
    public let isClasses: Bool
    /// The penalty used, per row and in units of the states' variances.
    public let penalty: Double
    public let trainingRows: Int
    public let heldOutRows: Int
    public let heldOutGroups: Int
    public let probe: ProbeScore
    /// What the baselines reach; one that could not be had is in `missing`.
    public let baselines: [ProbeBaseline: ProbeScore]
    /// How much more the probe reaches than each baseline, with intervals over the same resamples.
    public let margins: [ProbeBaseline: Interval]
    /// Baselines that could not be had, with the reason in words.
    public let missing: [ProbeBaseline: String]
    /// The margin over the control task.
    public var selectivity: Interval? { margins[.control] }
    public let codeLength: CodeLength?
    /// What the token at the position gives away by itself.
    public let leak: InputLeak

    /// The baseline that is the hardest to tell the probe from: its margin has the lowest low end.
    public var nearestBaseline: ProbeBaseline? {
        ProbeBaseline.allCases.filter { margins[$0] != nil }.min { margins[$0]!.low < margins[$1]!.low }
    }

    /// Whether the whole interval of every margin is above 0.
    public var isAboveEveryBaseline: Bool { !margins.isEmpty && margins.values.allSatisfy { $0.low > 0 } }
}

/// A probe and what it is worth.
public struct ProbeResult: Sendable {
    public let report: ProbeReport
    public let probe: LinearProbe
    /// The rows that it was not fitted to.
    public let heldOut: [Int]
}
