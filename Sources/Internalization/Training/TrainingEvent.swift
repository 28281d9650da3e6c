/// What a run tells whoever watches it.
public enum TrainingEvent: Sendable {
    case step(StepReport)
    /// What a decision to stop or to go on was made by.
    case validated(Evaluation, updates: Int)
    case removed(from: RemovalCount, to: RemovalCount, resetsOptimizer: Bool, before: Evaluation?, after: Evaluation?)
    /// The running match rate is back above the threshold, this many updates after the removal.
    case recovered(steps: Int, evaluation: Evaluation?)
    /// A sign of trouble.
    case alarm(Alarm)
    case rescued(Rescue)
}

/// Why training ended.
public enum TrainingEnd: String, Sendable {
    case stepsDone, reachedAccuracy, interrupted
    /// A stage did not pass its threshold in the steps it may have, and no rescue was left.
    case stuck
}

/// A stage that was taken back because it got nowhere.
public struct Rescue: Sendable, Equatable {
    /// What was removed when it was stuck.
    public var stuckAt: RemovalCount
    /// What is removed now.
    public var removed: RemovalCount
    /// Which attempt at that stage this is, counting from 1.
    public var attempt: Int
    /// The least steps of a stage from now on.
    public var leastSteps: Int
}

/// What training is to reach.
public struct TrainingGoal: Sendable, Equatable {
    /// At most this many updates, those that are gone back from included; nil for no limit.
    public var steps: Int?
    /// Until this many tokens have gone through the model; nil for no limit.
    public var tokens: Int?
    /// Until the accuracy on the validation problems is at least this; while a schedule is followed, after all of the
    /// chain is gone.
    public var accuracy: Double?
    /// Steps between evaluations.
    public var evaluateEvery: Int = 100
    /// Whether tokens are removed as the schedule says.
    public var followsSchedule = false
    /// Updates after all of the chain is gone; nil for no limit.
    public var finalSteps: Int?
    /// How often a stage that is stuck is taken back before it is given up.
    public var rescues = 0
    /// Whether an alarm of the watch counts as being stuck.
    public var rescuesOnAlarm = false

    public init(steps: Int? = nil, accuracy: Double? = nil) {
        self.steps = steps
        self.accuracy = accuracy
    }
}
