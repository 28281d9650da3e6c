extension Run {
    /// Takes a stuck stage back: first begins it again, then goes one stage further back with each further attempt, each time
    /// with another data order.
    /// - Returns: false if no rescue is left.
    func rescue(_ goal: TrainingGoal, _ report: (TrainingEvent) -> Void) throws -> Bool {
        let attempt = timeline.current.record.rescues + 1
        guard attempt <= goal.rescues else { return false }
        let stuckAt = clock.removed
        var target = timeline.current
        for _ in 1..<attempt { if let parent = target.parent { target = timeline.stages[parent] } }
        let variant = progress.variant + 1
        try restore(target.entry)
        timeline.visit(target.id)
        progress.variant = variant
        timeline.edit {
            $0.rescues = attempt
            $0.steps = 0
            $0.recoverySteps = nil
        }
        report(.rescued(Rescue(stuckAt: stuckAt, removed: clock.removed, attempt: attempt)))
        return true
    }
}
