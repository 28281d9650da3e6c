import Transformer

/// The stages of distillation, in their order.
public enum DistillationStage: String, Sendable, CaseIterable {
    /// The mind-reading student learns to answer from the teacher's thoughts.
    case student
    /// The thought emulator learns to guess them.
    case emulator
    /// Both learn to answer together.
    case coupled
}

/// Every switch of distillation.
public struct DistillationSettings: Sendable, Equatable {
    /// Updates in each stage, at most.
    public var steps: [DistillationStage: Int] = [.student: 1000, .emulator: 1000, .coupled: 1000]
    public var subset: ThoughtSubset = .diagonal
    /// Whose δ the diagonal has: each problem's own (`paper`, `fixed`) or that of the first problem of a batch
    /// (`reference`).
    public var rule: Fidelity = .fixed
    /// Whether the emulator learns in the last stage too.
    public var trainsEmulator = true
    /// Ends the stages that answer at this accuracy on the validation problems; nil for no early end.
    public var accuracy: Double?
    /// Updates between two looks at the validation problems.
    public var evaluateEvery = 50
    /// Batch, learning rate, warm-up at the start of each stage, decay at its end, clipping and the seed of everything.
    public var training = TrainingSettings()

    public init() {}

    var fault: SettingFault? {
        let counts = DistillationStage.allCases.map { Double(steps[$0] ?? 0) }
        return training.fault
            ?? SettingFault.first(
                counts.map { (.distillationSteps, $0, .atLeast(0)) }
                    + [(.evaluateEvery, Double(evaluateEvery), .atLeast(1))])
    }

    /// The learning rate of an update of a stage.
    func learningRate(_ step: Int, of steps: Int) -> Float {
        var rate = training.learningRate
        if step < training.warmUp { rate *= Float(step + 1) / Float(training.warmUp) }
        // A stage that is shorter than the decay begins with the whole rate all the same.
        if let decay = training.decay.map({ min($0, steps) }), steps - step < decay {
            rate *= Float(steps - step) / Float(decay)
        }
        return rate
    }
}

/// How well a stage did.
public struct DistillationRecord: Sendable, Equatable {
    public let stage: DistillationStage
    public var steps = 0
    public var seconds = 0.0
    /// Of the last step: mean cross-entropy of the answers, or mean over problems of Σ_l ½‖z_l − f_l‖².
    public var loss: Double?
    /// On the test problems: of the student with the teacher's thoughts, or with the emulated ones.
    public var evaluation: Evaluation?
    /// For the emulator: its loss on the test problems.
    public var heldOutLoss: Double?
    /// How much of the variance of held-out thoughts is emulated: 1 − loss / loss of their mean.
    public var explained: Double?
}

/// What distillation tells whoever watches it.
public enum DistillationEvent: Sendable {
    case step(DistillationStage, step: Int, of: Int, loss: Double)
    case evaluated(DistillationStage, Evaluation)
    case finished(DistillationRecord)
}

/// Why distillation ended.
public enum DistillationEnd: String, Sendable { case finished, interrupted }
