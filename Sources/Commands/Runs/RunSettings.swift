// The settings of `start`: from a preset or the defaults, changed by the labels beside it; and what is said where a label and the
// preset contradict each other.
//
//               batch  rate   warm-up  last batch  Δ  λ  positions  separator  counting, resets, lengths
//   (none)        64   2e-3        50  left out    adaptive, 1, kept, by the vocabulary; a loaded model 5e-5; decay over 1,000 updates
//   .paper        32   5e-5         0  kept        8  4  shifted    kept       as the text says
//   .reference    32   5e-5         0  kept        8  4  shifted    kept       as the code does, λ in 100 bins
//   .fixed        32   5e-5         0  kept        8  4  shifted    kept       as both seem to mean
//
// With GSM8K's chains (<<…>>) all three have Δ 1, remove all beyond 39 tokens and take problems of at most 150 tokens.

import Internalization
import Language
import Transformer

/// Whose settings a run starts from, `start … preset: .paper`.
enum StartPreset: String, CaseIterable {
    case paper, reference, fixed

    var summary: String {
        switch self {
        case .paper: "all that the paper says: batch 32, rate 5e-5, Δ 8, λ 4, shifted positions, the separator kept"
        case .reference: "the same as the published code does it, quirks included"
        case .fixed: "the same as both seem to mean it"
        }
    }

    var settings: TrainingSettings {
        switch self {
        case .paper: .paper
        case .reference: .reference
        case .fixed: .fixed
        }
    }

    func schedule(for problems: ProblemSet?) -> RemovalSchedule {
        let schedule: RemovalSchedule =
            switch self {
            case .paper: .paper
            case .reference: .reference
            case .fixed: .fixed
            }
        return problems?.hasCalculatorSteps == true ? schedule.forGSM8K : schedule
    }
}

extension ProblemSet {
    /// Whether its chains are GSM8K's, `<<48/2=24>>`.
    var hasCalculatorSteps: Bool { task is CalculatorSteps || task is WordProblems }
}

/// What `start` makes of its labels.
struct RunSettings {
    let preset: StartPreset?
    var training: TrainingSettings
    var schedule: RemovalSchedule
    var separator: AnswerSeparator?
    /// Labels that say something else than the preset: `batch: 64 instead of 32`.
    private(set) var contradictions: [String] = []

    /// Updates over which the rate of a fresh model falls once its chain is gone: as many as internalize takes at most by then, and what
    /// `Benchmarks/internalization` was measured with.
    static let freshDecay = 1000

    static let labels: [Parameter] = [
        .label("batch", .integer(1...100_000), default: "64", aliases: Aliases.batch, "problems in a step"),
        .label(
            "lr", .real(.leastNonzeroMagnitude...10), aliases: Aliases.learningRate,
            "the learning rate; 2e-3 for a fresh model, 5e-5 for a loaded one"
        ),
        .label("warmup", .integer(0...1_000_000), default: "50", "steps over which the learning rate climbs"),
        .label(
            "decay", .integer(0...1_000_000_000),
            "updates over which it falls to a twentieth once the chain is gone, 0 for never; \(freshDecay) for a fresh model"
        ),
        .label("weight_decay", .real(0...1), default: "0.01", "of AdamW"),
        .label("beta1", .real(0...0.9999), default: "0.9"), .label("beta2", .real(0...0.99999), default: "0.999"),
        .label("epsilon", .real(.leastNonzeroMagnitude...1), default: "1e-8"),
        .label("clip", .real(0...1_000_000), default: "1", "the largest norm of a gradient; 0 for no limit"),
        .label("accumulate", .integer(1...100_000), default: "1", "batches whose gradients make one step"),
        .label(
            "accumulate_rule",
            .choice([
                .init("paper", "as the paper describes it"), .init("reference", "as the published code does it"),
                .init("fixed", "what both seem to mean"),
            ]), default: ".fixed",
            "when those steps are made"),
        .label("shuffle", .boolean, default: "true", "draws the batches of each pass over the data anew"),
        .label("partial_batch", .boolean, default: "false", "ends a pass with a batch of what is left over"),
        .label("max_length", .integer(0...1_000_000), "longer problems are not trained on; 0 for no limit"),
        .label(
            "seed", .integer(0...Int.max), default: "0", aliases: Aliases.seed, "of data order, smoothing and dropout"),
    ]

    static let presetParameter = Parameter.label(
        "preset", .choice(StartPreset.allCases.map { ChoiceOption($0.rawValue, $0.summary) }),
        "whose settings to start from; without it those with which a small model succeeds")

    init(_ call: Invocation, model: ModelValue, data: ProblemSet) throws {
        preset = call.choiceIfPresent("preset").flatMap { StartPreset(rawValue: $0) }
        training = preset?.settings ?? TrainingSettings()
        schedule = preset?.schedule(for: data) ?? RemovalSchedule()
        separator = preset == nil ? nil : .kept
        if preset == nil {
            if !model.origin.isFresh { training.learningRate = 5e-5 }
            training.decay = model.origin.isFresh ? Self.freshDecay : nil
        }
        try read(call)
        if let fault = training.fault ?? schedule.fault { throw call.failure(fault, code: .runtimeArgument) }
    }

    private mutating func read(_ call: Invocation) throws {
        if call.isGiven("batch") { set(\.training.batchSize, try call.integer("batch"), "batch") }
        if let rate = call.realIfPresent("lr") { set(\.training.learningRate, Float(rate), "lr") }
        if call.isGiven("warmup") { set(\.training.warmUp, try call.integer("warmup"), "warmup") }
        if let updates = call.integerIfPresent("decay") { set(\.training.decay, updates == 0 ? nil : updates, "decay") }
        if call.isGiven("weight_decay") {
            set(\.training.optimizer.weightDecay, Float(try call.real("weight_decay")), "weight_decay")
        }
        if call.isGiven("beta1") { set(\.training.optimizer.beta1, Float(try call.real("beta1")), "beta1") }
        if call.isGiven("beta2") { set(\.training.optimizer.beta2, Float(try call.real("beta2")), "beta2") }
        if call.isGiven("epsilon") { set(\.training.optimizer.epsilon, Float(try call.real("epsilon")), "epsilon") }
        if call.isGiven("clip") {
            let clip = Float(try call.real("clip"))
            set(\.training.clip, clip == 0 ? nil : clip, "clip")
        }
        if call.isGiven("accumulate") { set(\.training.accumulation, try call.integer("accumulate"), "accumulate") }
        if call.isGiven("accumulate_rule"), let rule = Fidelity(rawValue: try call.choice("accumulate_rule")) {
            set(\.training.accumulationRule, rule, "accumulate_rule")
        }
        if call.isGiven("shuffle") { set(\.training.isShuffled, try call.boolean("shuffle"), "shuffle") }
        if call.isGiven("partial_batch") {
            set(\.training.keepsPartialBatch, try call.boolean("partial_batch"), "partial_batch")
        }
        if let length = call.integerIfPresent("max_length") {
            set(\.schedule.maximumLength, length == 0 ? nil : length, "max_length")
        }
        if let name = call.choiceIfPresent("separator") {
            set(\.separator, RunSettings.separator(name), "separator")
        }
        training.seed = UInt64(try call.integer("seed"))
    }

    private static func separator(_ name: String) -> AnswerSeparator {
        AnswerSeparator.allCases.first { RunDisplay.name($0) == name } ?? .absent
    }

    private mutating func set<Setting: Equatable>(
        _ path: WritableKeyPath<RunSettings, Setting>, _ value: Setting, _ label: String
    ) {
        let before = self[keyPath: path]
        self[keyPath: path] = value
        if preset != nil, before != value {
            contradictions.append("\(label): \(Self.shown(value)) instead of \(Self.shown(before))")
        }
    }

    private static func shown(_ value: Any) -> String {
        switch value {
        case let number as Float: Phrase.short(Double(number))
        case let separator as AnswerSeparator: "." + RunDisplay.name(separator)
        case let reading as Fidelity: "." + reading.rawValue
        default:
            switch Mirror(reflecting: value).displayStyle {
            case .optional?: Mirror(reflecting: value).children.first.map { shown($0.value) } ?? "none"
            default: "\(value)"
            }
        }
    }

    /// What a person must know who expects of a preset all that its name says.
    func notes(model: ModelValue) -> [String] {
        guard let preset else { return [] }
        var notes: [String] = []
        if !contradictions.isEmpty {
            notes.append(".\(preset.rawValue) but for " + contradictions.joined(separator: ", "))
        }
        if model.model.configuration.architecture == .gpt2, model.model.configuration.dropout.isNone {
            notes.append("GPT-2 is trained with dropout 0.1, this model has none: model .gpt2 dropout: 0.1")
        }
        return notes
    }
}
