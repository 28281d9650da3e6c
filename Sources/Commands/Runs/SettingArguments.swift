// The settings of `start`: from a preset or the defaults, changed by the labels beside it; and what is said where a
// label and the preset contradict each other.

import Experiments
import Internalization
import Language
import Support
import Tensors
import Transformer

/// What `start` makes of its labels.
struct SettingArguments {
    let preset: Preset?
    private(set) var start: StartSettings
    /// Where the run is computed; nil for where its model is.
    private(set) var executor: (any Executor)?
    /// Labels that say something else than the preset: `batch: 64 instead of 32`.
    private(set) var contradictions: [String] = []

    static let labels: [Parameter] = [
        .label("batch", .integer(1...100_000), default: "64", aliases: Aliases.batch, "problems in a step"),
        .label(
            "lr", .real(.leastNonzeroMagnitude...10), aliases: Aliases.learningRate,
            "the learning rate; 2e-3 for a fresh model, 5e-5 for a loaded one"
        ),
        .label("warmup", .integer(0...1_000_000), default: "50", "steps over which the learning rate climbs"),
        .label(
            "decay", .integer(0...1_000_000_000),
            "updates over which it falls to a twentieth once the chain is gone, 0 for never; "
                + "\(StartSettings.freshDecay) for a fresh model"
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
        slicesParameter,
        .label("shuffle", .boolean, default: "true", "draws the batches of each pass over the data anew"),
        .label("partial_batch", .boolean, default: "false", "ends a pass with a batch of what is left over"),
        .label("max_length", .integer(0...1_000_000), "longer problems are not trained on; 0 for no limit"),
        .label(
            "seed", .integer(0...Int.max), default: "0", aliases: Aliases.seed, "of data order, smoothing and dropout"),
        EngineDevice.deviceParameter, EngineDevice.precisionParameter,
    ]

    static let slicesParameter = Parameter.label(
        "slices", .integer(1...100_000),
        "into how many parts, by place, a batch is cut, which ranks share; as many as there are ranks")

    static let presetParameter = Parameter.label(
        "preset", .choice(Preset.allCases.map { ChoiceOption($0.rawValue, $0.summary) }),
        "whose settings to start from; without it those with which a small model succeeds")

    init(_ call: Invocation, model: ModelValue, data: ProblemSet) throws {
        preset = call.choiceIfPresent("preset").flatMap { Preset(rawValue: $0) }
        start = StartSettings(preset, model: model.subject, data: data)
        try read(call, model.model)
        let ranks = Ranks.current.size
        if start.training.batchSize < ranks {
            throw RanksFault.moreRanksThanRows(ranks: ranks, batch: start.training.batchSize)
        }
        // The model may have it from elsewhere, which a preset means as little.
        let precision = start.training.precision ?? model.model.precision
        if preset != nil, precision != .f32 {
            contradictions.append("precision: .\(precision.rawValue) instead of .f32")
        }
        if let fault = start.fault { throw fault }
    }

    private mutating func read(_ call: Invocation, _ model: LanguageModel) throws {
        if call.isGiven("batch") { set(\.start.training.batchSize, try call.integer("batch"), "batch") }
        if let rate = call.realIfPresent("lr") { set(\.start.training.learningRate, Float(rate), "lr") }
        if call.isGiven("warmup") { set(\.start.training.warmUp, try call.integer("warmup"), "warmup") }
        if let updates = call.integerIfPresent("decay") {
            set(\.start.training.decay, updates == 0 ? nil : updates, "decay")
        }
        if call.isGiven("weight_decay") {
            set(\.start.training.optimizer.weightDecay, Float(try call.real("weight_decay")), "weight_decay")
        }
        if call.isGiven("beta1") { set(\.start.training.optimizer.beta1, Float(try call.real("beta1")), "beta1") }
        if call.isGiven("beta2") { set(\.start.training.optimizer.beta2, Float(try call.real("beta2")), "beta2") }
        if call.isGiven("epsilon") {
            set(\.start.training.optimizer.epsilon, Float(try call.real("epsilon")), "epsilon")
        }
        if call.isGiven("clip") {
            let clip = Float(try call.real("clip"))
            set(\.start.training.clip, clip == 0 ? nil : clip, "clip")
        }
        if call.isGiven("accumulate") {
            set(\.start.training.accumulation, try call.integer("accumulate"), "accumulate")
        }
        if call.isGiven("accumulate_rule"), let rule = Fidelity(rawValue: try call.choice("accumulate_rule")) {
            set(\.start.training.accumulationRule, rule, "accumulate_rule")
        }
        if let slices = call.integerIfPresent("slices") { set(\.start.training.slices, slices, "slices") }
        if call.isGiven("shuffle") { set(\.start.training.isShuffled, try call.boolean("shuffle"), "shuffle") }
        if call.isGiven("partial_batch") {
            set(\.start.training.keepsPartialBatch, try call.boolean("partial_batch"), "partial_batch")
        }
        if let length = call.integerIfPresent("max_length") {
            set(\.start.schedule.maximumLength, length == 0 ? nil : length, "max_length")
        }
        if let name = call.choiceIfPresent("separator") {
            set(\.start.separator, Self.separator(name), "separator")
        }
        start.training.seed = UInt64(try call.integer("seed"))
        executor = try EngineDevice.executor(call, insteadOf: model.parameters.executor)
        start.training.precision = try EngineDevice.precision(call, on: executor ?? model.parameters.executor)
    }

    private static func separator(_ name: String) -> AnswerSeparator {
        AnswerSeparator.allCases.first { RunDisplay.name($0) == name } ?? .absent
    }

    private mutating func set<Setting: Equatable>(
        _ path: WritableKeyPath<SettingArguments, Setting>, _ value: Setting, _ label: String
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
