// Whose settings a run starts from, and what they are:
//
//               batch  rate   warm-up  last batch  Δ  λ  positions  separator  counting, resets, lengths
//   (none)        64   2e-3        50  left out    adaptive, 1, kept, by the vocabulary; decay over 1,000 updates;
//                                                  a loaded model 5e-5 and no decay
//   .paper        32   5e-5         0  kept        8  4  shifted    kept       as the text says
//   .reference    32   5e-5         0  kept        8  4  shifted    kept       as the code does, λ in 100 bins
//   .fixed        32   5e-5         0  kept        8  4  shifted    kept       as both seem to mean
//
// With GSM8K's chains (<<…>>) all three have Δ 1, remove all beyond 39 tokens and take problems of at most 150 tokens.
// Batches are cut into as many slices as there are ranks.

import Internalization

/// `start … preset: .paper`
public enum Preset: String, CaseIterable, Sendable {
    case paper, reference, fixed

    public var summary: String {
        switch self {
        case .paper: "all that the paper says: batch 32, rate 5e-5, Δ 8, λ 4, shifted positions, the separator kept"
        case .reference: "the same as the published code does it, quirks included"
        case .fixed: "the same as both seem to mean it"
        }
    }

    public var training: TrainingSettings {
        switch self {
        case .paper: .paper
        case .reference: .reference
        case .fixed: .fixed
        }
    }

    public func schedule(for problems: ProblemSet?) -> RemovalSchedule {
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
    public var hasCalculatorSteps: Bool { task is CalculatorSteps || task is WordProblems }
}

/// All settings of a run that is to start.
public struct StartSettings {
    public var training: TrainingSettings
    public var schedule: RemovalSchedule
    public var separator: AnswerSeparator?

    /// Updates over which the rate of a fresh model falls once its chain is gone: as many as internalize takes at most
    /// by then, and what `Benchmarks/internalization` was measured with.
    public static let freshDecay = 1000

    /// Those of a preset, or those with which a small model succeeds.
    public init(_ preset: Preset?, model: ExperimentModel, data: ProblemSet) {
        training = preset?.training ?? TrainingSettings()
        schedule = preset?.schedule(for: data) ?? RemovalSchedule()
        separator = preset == nil ? nil : .kept
        training.slices = Ranks.current.size
        if preset == nil {
            if !model.origin.isFresh { training.learningRate = 5e-5 }
            training.decay = model.origin.isFresh ? Self.freshDecay : nil
        }
    }

    /// What cannot be; nil if all can.
    public var fault: SettingFault? { training.fault ?? schedule.fault }
}
