import Tensors
import Transformer

/// Everything about training that is not about the chain.
public struct TrainingSettings: Sendable, Equatable {
    public var batchSize = 64
    public var learningRate: Float = 2e-3
    /// Updates over which the learning rate climbs at the start of a run; 0 for none.
    public var warmUp = 50
    /// Updates over which the learning rate falls, linearly, to `decayFloor` of itself once training has taken the last
    /// of the chain; there it stays. nil for a constant rate, and so is a chain that was never there.
    public var decay: Int? = nil
    /// The update at which that decay begins instead, for a control whose chain is gone from the start.
    public var decayStart: Int? = nil
    public var optimizer = AdamWHyperparameters()
    /// The largest norm of a gradient; nil for no limit.
    public var clip: Float? = 1
    /// Batches whose gradients make one update.
    public var accumulation = 1
    /// (11) `paper`, `fixed`: an update after `accumulation` batches. `reference`: an update at each batch whose number
    /// is a multiple of it, the first one included.
    public var accumulationRule: Fidelity = .fixed
    /// Into how many slices a batch is cut by place, whose gradients are added up in a fixed order (see `Replica`):
    /// what several ranks share, and what one process can do too.
    public var slices = 1
    public var isShuffled = true
    /// Whether a pass over the data ends with a batch of what is left over.
    public var keepsPartialBatch = false
    /// Data order, smoothing offsets and dropout follow from it.
    public var seed: UInt64 = 0
    /// How products with the weights are computed; nil as the model has it.
    public var precision: ProductPrecision?

    public init() {}

    /// What must hold before a run uses them; the first rule broken, or nil.
    public var fault: SettingFault? {
        SettingFault.first([
            (.batchSize, Double(batchSize), .atLeast(1)), (.learningRate, Double(learningRate), .above(0)),
            (.warmUp, Double(warmUp), .atLeast(0)), (.decay, Double(decay ?? 1), .atLeast(1)),
            (.clip, Double(clip ?? 1), .above(0)), (.accumulation, Double(accumulation), .atLeast(1)),
            (.slices, Double(slices), .fromTo(1, Double(max(batchSize, 1)))),
            (.beta1, Double(optimizer.beta1), .fromBelow(0, 1)), (.beta2, Double(optimizer.beta2), .fromBelow(0, 1)),
            (.epsilon, Double(optimizer.epsilon), .above(0)),
            (.weightDecay, Double(optimizer.weightDecay), .atLeast(0)),
        ])
    }
}

/// What a run has done so far: with the weights, the moments and the schedule's clock, all that a resumed run needs.
public struct Progress: Sendable, Equatable, Codable {
    /// Batches drawn and not skipped; the reference's `step`.
    public var steps = 0
    /// Updates of the weights.
    public var updates = 0
    public var epoch = 0
    /// Batches drawn in this pass over the data.
    public var batchInEpoch = 0
    public var updatesSinceReset = 0
    public var resets = 0
    /// Tokens that went through the model.
    public var tokens = 0
    /// The update at which the last of the chain went.
    public var emptiedAt: Int?
    /// Which of the possible data orders is followed; a rescue picks another one.
    public var variant = 0
    /// The stage that was last stuck, in units removed, and how often it has been.
    public var rescuedStage: Int?
    public var rescueAttempts = 0
    public var watch = WatchState()

    public init() {}
}

extension TrainingSettings {
    /// A run that is trained on after its decay still learns.
    static let decayFloor: Float = 0.05

    /// The paper's fine-tuning, and with every quirk of it the published code's: batches of 32, AdamW at 5e-5 without
    /// warm-up or decay, and a last batch of what a pass leaves over.
    public static var paper: TrainingSettings {
        var settings = TrainingSettings()
        settings.batchSize = 32
        settings.learningRate = 5e-5
        settings.warmUp = 0
        settings.keepsPartialBatch = true
        settings.accumulationRule = .paper
        return settings
    }

    public static var reference: TrainingSettings {
        var settings = paper
        settings.accumulationRule = .reference
        return settings
    }

    public static var fixed: TrainingSettings {
        var settings = paper
        settings.accumulationRule = .fixed
        return settings
    }

    /// The update at which the rate begins to fall; nil while that is open.
    public func decayBegins(_ progress: Progress) -> Int? {
        guard decay != nil else { return nil }
        return decayStart ?? progress.emptiedAt.flatMap { $0 > 0 ? $0 : nil }
    }

    /// The learning rate of the next update.
    func learningRate(_ progress: Progress, warmUpAfterReset: Int) -> Float {
        var rate = learningRate
        if progress.updates < warmUp { rate *= Float(progress.updates + 1) / Float(warmUp) }
        if progress.resets > 0, progress.updatesSinceReset < warmUpAfterReset {
            rate *= Float(progress.updatesSinceReset + 1) / Float(warmUpAfterReset)
        }
        if let decay, let start = decayBegins(progress), progress.updates >= start {
            let left = Float(max(0, decay - (progress.updates - start))) / Float(decay)
            rate *= Self.decayFloor + (1 - Self.decayFloor) * left
        }
        return rate
    }
}

extension TrainingSettings: Codable {
    private enum CodingKeys: String, CodingKey {
        case batchSize, learningRate, warmUp, decay, decayStart, beta1, beta2, epsilon, weightDecay, clip, accumulation,
            accumulationRule, slices, isShuffled
        case keepsPartialBatch, seed, precision
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(batchSize, forKey: .batchSize)
        try values.encode(learningRate, forKey: .learningRate)
        try values.encode(warmUp, forKey: .warmUp)
        try values.encodeIfPresent(decay, forKey: .decay)
        try values.encodeIfPresent(decayStart, forKey: .decayStart)
        try values.encode(optimizer.beta1, forKey: .beta1)
        try values.encode(optimizer.beta2, forKey: .beta2)
        try values.encode(optimizer.epsilon, forKey: .epsilon)
        try values.encode(optimizer.weightDecay, forKey: .weightDecay)
        try values.encodeIfPresent(clip, forKey: .clip)
        try values.encode(accumulation, forKey: .accumulation)
        try values.encode(accumulationRule, forKey: .accumulationRule)
        if slices > 1 { try values.encode(slices, forKey: .slices) }
        try values.encode(isShuffled, forKey: .isShuffled)
        try values.encode(keepsPartialBatch, forKey: .keepsPartialBatch)
        try values.encode(seed, forKey: .seed)
        try values.encodeIfPresent(precision?.rawValue, forKey: .precision)
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        batchSize = try values.decode(Int.self, forKey: .batchSize)
        learningRate = try values.decode(Float.self, forKey: .learningRate)
        warmUp = try values.decode(Int.self, forKey: .warmUp)
        decay = try values.decodeIfPresent(Int.self, forKey: .decay)
        decayStart = try values.decodeIfPresent(Int.self, forKey: .decayStart)
        optimizer = AdamWHyperparameters(
            beta1: try values.decode(Float.self, forKey: .beta1), beta2: try values.decode(Float.self, forKey: .beta2),
            epsilon: try values.decode(Float.self, forKey: .epsilon),
            weightDecay: try values.decode(Float.self, forKey: .weightDecay))
        clip = try values.decodeIfPresent(Float.self, forKey: .clip)
        accumulation = try values.decode(Int.self, forKey: .accumulation)
        accumulationRule = try values.decode(Fidelity.self, forKey: .accumulationRule)
        slices = try values.decodeIfPresent(Int.self, forKey: .slices) ?? 1
        isShuffled = try values.decode(Bool.self, forKey: .isShuffled)
        keepsPartialBatch = try values.decode(Bool.self, forKey: .keepsPartialBatch)
        seed = try values.decode(UInt64.self, forKey: .seed)
        if let name = try values.decodeIfPresent(String.self, forKey: .precision) {
            guard let known = ProductPrecision(rawValue: name) else {
                throw DecodingError.dataCorruptedError(
                    forKey: .precision, in: values, debugDescription: "there is no precision \(name)")
            }
            precision = known
        }
    }
}
