// A plateau in a hand-off is a lottery over data orders, and the state at which a stage was entered decides the odds:
// stages that were left after the fewest steps often lead into one. So a rescue goes back, further with each attempt,
// takes another data order from there, and stays longer in each stage on the way. The plateau itself is not trained on
// any further.

extension Run {
    /// Which rescue of the present stage would come now, counting from 1.
    private var nextAttempt: Int { removedCount == progress.rescuedStage ? progress.rescueAttempts + 1 : 1 }

    /// Whether the present stage may be taken back once more.
    func isRescuable(_ goal: TrainingGoal) -> Bool { nextAttempt <= goal.rescues && timeline.current.parent != nil }

    /// Takes a stuck stage back.
    /// - Returns: false if no rescue is left.
    func rescue(_ goal: TrainingGoal, _ report: (TrainingEvent) -> Void) throws -> Bool {
        let stuck = timeline.current
        let attempt = nextAttempt
        guard attempt <= goal.rescues else { return false }
        var target = stuck
        for _ in 0..<attempt { if let parent = target.parent { target = timeline.stages[parent] } }
        let variant = progress.variant + 1
        var leastSteps = 20
        if case .adaptive(let rule) = schedule.pace { leastSteps = rule.leastSteps }
        leastSteps *= 5 << min(attempt - 1, 4)
        try timeline.leave(leavingSnapshot())
        try restore(target.entry)
        try timeline.enter(snapshot(sharing: target.entry), beside: target.id)
        progress.variant = variant
        progress.rescueAttempts = attempt
        progress.rescuedStage = stuck.record.removed.capped(at: longest)
        clock.leastSteps = leastSteps
        timeline.edit { $0.rescues = attempt }
        report(
            .rescued(
                Rescue(stuckAt: stuck.record.removed, removed: clock.removed, attempt: attempt, leastSteps: leastSteps))
        )
        return true
    }
}
