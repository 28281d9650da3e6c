import Transformer

/// Whose version of a point is followed where paper and code differ.
public enum Fidelity: String, Sendable, Codable, CaseIterable {
    /// The text of arXiv 2405.14838.
    case paper
    /// The published code (da03/Internalize_CoT_Step_by_Step, c2e3891), quirks included.
    case reference
    /// What both seem to mean.
    case fixed
}

/// Removes more when the model has caught up: when the running mean of a measure of the training batches passes a
/// threshold. Only examples without a smoothing offset count, because the first target of the others is ambiguous.
public struct AdaptiveRule: Sendable, Equatable, Codable {
    public enum Measure: Sendable, Equatable, Codable {
        /// Every target of the example predicted (by the most probable token), as a rate, at least this.
        case exactMatch(Double)
        /// Mean loss in nats, at most this.
        case loss(Double)

        public var rate: Double? { if case .exactMatch(let rate) = self { rate } else { nil } }
        public var loss: Double? { if case .loss(let loss) = self { loss } else { nil } }
    }

    public enum WhenStuck: String, Sendable, Codable, CaseIterable {
        /// Remove the next token although this one is not mastered.
        case removeAnyway
        /// Say so and stop, or rescue the stage where that is asked for.
        case report
    }

    public var measure: Measure
    /// The same for stage 0, where the chain is still whole; nil for no difference.
    public var firstMeasure: Measure?
    /// How much of the running mean each step keeps.
    public var memory: Double
    public var leastSteps: Int
    /// A stage after the first is stuck after this many steps, unless it is within a tenth of its threshold …
    public var mostSteps: StepLimit
    /// … or after this many in which the rate of exact matches has not risen, as long as it is below three quarters of
    /// the threshold.
    public var patience: StepLimit
    public var whenStuck: WhenStuck

    public init(
        measure: Measure = .exactMatch(0.95), firstMeasure: Measure? = .exactMatch(0.97), memory: Double = 0.9,
        leastSteps: Int = 20,
        mostSteps: StepLimit = .byChain, patience: StepLimit = .byChain, whenStuck: WhenStuck = .report
    ) {
        self.measure = measure
        self.firstMeasure = firstMeasure
        self.memory = memory
        self.leastSteps = leastSteps
        self.mostSteps = mostSteps
        self.patience = patience
        self.whenStuck = whenStuck
    }

    /// In a folder of an older run a limit that is not there is none.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        measure = try values.decode(Measure.self, forKey: .measure)
        firstMeasure = try values.decodeIfPresent(Measure.self, forKey: .firstMeasure)
        memory = try values.decode(Double.self, forKey: .memory)
        leastSteps = try values.decode(Int.self, forKey: .leastSteps)
        mostSteps = try values.decodeIfPresent(StepLimit.self, forKey: .mostSteps) ?? .none
        patience = try values.decodeIfPresent(StepLimit.self, forKey: .patience) ?? .none
        whenStuck = try values.decode(WhenStuck.self, forKey: .whenStuck)
    }

    /// How many steps patience lasts with a longest chain of this many units; nil for ever.
    ///
    /// A plateau before a hand-off lasts longer where more of the chain has to be done inside at once. With 4 to 6
    /// tokens none of more than 400 steps was followed by a rise; with 24 tokens (3 × 3 digits) one of 2,600 was, and
    /// another was left too early after 2,400; with 46 (4 × 4 digits) one of 4,500, from 0.10 to 0.85.
    public func patienceSteps(longest: Int) -> Int? {
        patience.steps(longest: longest) { max(400, 200 * ($0 - 4)) }
    }

    /// How many steps a stage after the first may have.
    public func mostSteps(longest: Int) -> Int? { mostSteps.steps(longest: longest) { max(2000, 500 * $0) } }
}

/// A number of steps that is given, that follows from the data, or that has no end.
public enum StepLimit: Sendable, Equatable, Codable {
    case none
    case steps(Int)
    /// As many as the longest chain makes likely.
    case byChain

    func steps(longest: Int, byChain: (_ longest: Int) -> Int) -> Int? {
        switch self {
        case .none: nil
        case .steps(let steps): steps
        case .byChain: byChain(longest)
        }
    }

    /// A number, or `"by chain"`; none is null.
    public init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .none
        } else if let steps = try? value.decode(Int.self) {
            self = .steps(steps)
        } else {
            guard try value.decode(String.self) == Self.byChainName else {
                throw DecodingError.dataCorruptedError(in: value, debugDescription: "no limit of steps")
            }
            self = .byChain
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .none: try value.encodeNil()
        case .steps(let steps): try value.encode(steps)
        case .byChain: try value.encode(Self.byChainName)
        }
    }

    private static let byChainName = "by chain"
}

/// Removes more when the loss has stopped falling: the mean over the last `window` steps is not lower than that over
/// the `window` before by more than `tolerance` of it.
public struct FlatLossRule: Sendable, Equatable, Codable {
    public var window: Int
    public var tolerance: Double
    public var mostSteps: Int?

    public init(window: Int = 100, tolerance: Double = 0.01, mostSteps: Int? = nil) {
        self.window = window
        self.tolerance = tolerance
        self.mostSteps = mostSteps
    }
}

/// When the next removal comes.
public enum Pace: Sendable, Equatable, Codable {
    /// Δ: this many in each pass over the data; may be a fraction.
    case perEpoch(Double)
    case stepsPerRemoval(Int)
    case adaptive(AdaptiveRule)
    case flatLoss(FlatLossRule)
    /// No schedule: each example loses anything between nothing and its whole chain, equally likely, from the first
    /// step on. With kept positions the id of the separator asks for a length, and one model answers with any part of
    /// its chain.
    case uniform
    /// Only when somebody says so.
    case manual
}

/// How many units go in one removal.
public enum RemovalChunk: Sendable, Equatable, Codable {
    case units(Int)
    /// Half of what is left, rounded up: about log₂ m removals instead of m.
    case half
}

/// What happens to the optimizer when more is removed.
public enum OptimizerReset: String, Sendable, Codable, CaseIterable {
    case all, secondMoments, none
}

/// Every switch of the method that concerns the chain.
///
/// The defaults are those that let a small model trained from scratch succeed; `.paper` and `.reference` are the
/// others'.
public struct RemovalSchedule: Sendable, Equatable, Codable {
    public var pace: Pace = .adaptive(AdaptiveRule())
    public var chunk: RemovalChunk = .units(1)
    public var order: RemovalOrder = .left
    /// λ 1 looks further ahead than the paper's 4: at this size it halves the steps and fails less often.
    public var smoothing = RemovalSmoothing(lambda: 1)
    /// The share of examples that lose anything between nothing and their whole chain, equally likely, whatever the
    /// schedule says: what was learned is not forgotten, what comes is prepared.
    public var mixing = 0.0
    /// The same once a stage has been rescued, because what led into a plateau is not to be tried again as it was; nil
    /// for no difference.
    public var mixingAfterRescue: Double? = 0.2
    public var positions: PositionRule = .kept
    public var reset: OptimizerReset = .all
    /// Updates over which the learning rate climbs back after a reset; 0 for none (the paper).
    public var warmUpAfterReset = 20
    /// Units that are gone from the start.
    public var startFrom = 0
    /// Once this many are gone, all of the chain goes at once; 0 trains without a chain from the first step (No CoT).
    public var removeAllBeyond: Int?
    /// Passes over the data in which the schedule stands still and every example loses exactly `startFrom`.
    public var pretrainEpochs = 0
    /// Longer sequences are not trained on.
    public var maximumLength: Int?

    // Points where paper and code differ; the numbers are those of docs/method.md.

    /// (4) `paper`, `fixed`: s(t) = ⌊Δ·t/T⌋ exactly. `reference`: a counter up to round(T/Δ), checked before it is
    /// advanced; 0 means one at each step.
    public var counting: Fidelity = .fixed
    /// (9) `paper`: a reset at each removal. `reference`: none if every chain of the batch before was already empty,
    /// which with removal from the right is always the case. `fixed`: none once no chain of the data is left.
    public var resetRule: Fidelity = .fixed
    /// (12) `paper`, `fixed`: too long rows are left out of the data. `reference`: a batch is skipped whose longest
    /// row, after removal, is too long.
    public var lengthRule: Fidelity = .fixed

    public init() {}

    public static var paper: RemovalSchedule {
        var schedule = RemovalSchedule()
        schedule.pace = .perEpoch(8)
        schedule.smoothing = RemovalSmoothing(lambda: 4, binCount: nil)
        schedule.positions = .shifted
        schedule.mixingAfterRescue = nil
        schedule.warmUpAfterReset = 0
        schedule.counting = .paper
        schedule.resetRule = .paper
        schedule.lengthRule = .paper
        return schedule
    }

    public static var reference: RemovalSchedule {
        var schedule = paper
        schedule.smoothing = RemovalSmoothing(lambda: 4)
        schedule.counting = .reference
        schedule.resetRule = .reference
        schedule.lengthRule = .reference
        return schedule
    }

    /// The paper's settings with what both seem to mean wherever paper and code differ.
    public static var fixed: RemovalSchedule {
        var schedule = paper
        schedule.counting = .fixed
        schedule.resetRule = .fixed
        schedule.lengthRule = .fixed
        return schedule
    }

    /// The paper's own numbers for GSM8K: one token a pass, all of the chain once 39 are gone, nothing longer than 150
    /// tokens.
    public var forGSM8K: RemovalSchedule {
        var schedule = self
        schedule.pace = .perEpoch(1)
        schedule.removeAllBeyond = 39
        schedule.maximumLength = 150
        return schedule
    }

    /// What must hold before a run uses it; the first rule broken, or nil.
    public var fault: SettingFault? {
        pace.fault ?? smoothing.fault
            ?? SettingFault.first([
                (.chunk, Double(chunk.unitCount ?? 1), .atLeast(1)),
                (.mixing, mixing, .fromTo(0, 1)), (.mixingAfterRescue, mixingAfterRescue ?? 0, .fromTo(0, 1)),
                (.warmUpAfterReset, Double(warmUpAfterReset), .atLeast(0)),
                (.startFrom, Double(startFrom), .atLeast(0)),
                (.removeAllBeyond, Double(removeAllBeyond ?? 0), .atLeast(0)),
                (.pretrainEpochs, Double(pretrainEpochs), .atLeast(0)),
                (.maximumLength, Double(maximumLength ?? 2), .atLeast(2)),
            ])
    }
}

extension Pace {
    fileprivate var fault: SettingFault? {
        switch self {
        case .perEpoch(let delta): SettingFault.first([(.perEpoch, delta, .above(0))])
        case .stepsPerRemoval(let steps): SettingFault.first([(.stepsPerRemoval, Double(steps), .atLeast(1))])
        case .adaptive(let rule): rule.fault
        case .flatLoss(let rule):
            SettingFault.first([
                (.flatLossWindow, Double(rule.window), .atLeast(1)),
                (.flatLossTolerance, rule.tolerance, .atLeast(0)),
            ])
        case .uniform, .manual: nil
        }
    }
}

extension RemovalChunk {
    fileprivate var unitCount: Int? {
        switch self {
        case .units(let count): count
        case .half: nil
        }
    }
}

extension AdaptiveRule {
    fileprivate var fault: SettingFault? {
        for measure in [measure, firstMeasure].compactMap({ $0 }) {
            let fault =
                switch measure {
                case .exactMatch(let rate): SettingFault.first([(.matchThreshold, rate, .aboveTo(0, 1))])
                case .loss(let loss): SettingFault.first([(.lossThreshold, loss, .above(0))])
                }
            if let fault { return fault }
        }
        let numbers: [(SettingFault.Setting, Double, SettingFault.Bound)] = [
            (.memory, memory, .fromBelow(0, 1)), (.leastSteps, Double(leastSteps), .atLeast(1)),
        ]
        if let fault = SettingFault.first(numbers) { return fault }
        if case .steps(let patience) = patience, patience < 1 {
            return .outside(.patience, found: Double(patience), .atLeast(1))
        }
        if case .steps(let most) = mostSteps, most < leastSteps {
            return .mostBelowLeast(most: most, least: leastSteps)
        }
        return nil
    }
}
