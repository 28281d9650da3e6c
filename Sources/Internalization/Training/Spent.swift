/// What a run has cost in all: every attempt counts, also those that somebody or a rescue went back from. It stands
/// beside the timeline, so no way along the timeline takes anything off it.
public struct Spent: Sendable, Equatable, Codable {
    /// Updates of the weights.
    public var updates = 0
    /// Tokens that went through the model.
    public var tokens = 0
    /// How many updates had been made at each reset of the optimizer.
    public var resets: [Int] = []

    public init() {}

    /// What a timeline tells of it, for a run that was saved before it was counted: the updates of all stages, and for
    /// each as many tokens as on the way to the present one.
    init(_ timeline: Timeline, _ progress: Progress) {
        updates = max(progress.updates, timeline.stages.reduce(0) { $0 + $1.record.steps })
        tokens = progress.tokens
        if progress.updates > 0 {
            tokens = Int((Double(tokens) * Double(updates) / Double(progress.updates)).rounded())
        }
        resets = timeline.path.dropFirst().compactMap {
            $0.entry.progress.updatesSinceReset == 0 ? $0.record.startedAt : nil
        }
    }

    /// Counts what one step changed.
    mutating func add(from before: Progress, to after: Progress) {
        updates += after.updates - before.updates
        tokens += after.tokens - before.tokens
    }

    mutating func addReset() { if resets.last != updates { resets.append(updates) } }
}
