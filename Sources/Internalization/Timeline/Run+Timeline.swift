import Support
import Transformer

extension Run {
    /// Removes `units` more units, one after another, each a stage of its own on the timeline.
    /// - Returns: the stages that were entered.
    /// - Throws: `RunError.nothingLeft` if the chain is gone already.
    @discardableResult
    public func removeMore(
        _ units: Int = 1, report: (TrainingEvent) -> Void = { _ in }, interrupt: Interrupt = Interrupt()
    ) throws -> [Timeline.Stage] {
        if isEmptied { throw RunError.nothingLeft(removed: longest) }
        var entered: [Timeline.Stage] = []
        for _ in 0..<max(units, 0) where !isEmptied {
            try enterStage(clock.removed.adding(1), isManual: true, report: report, interrupt: interrupt)
            entered.append(timeline.current)
        }
        return entered
    }

    /// Leaves the present stage for one in which `count` is removed: measured just before and at iteration 0 after.
    func enterStage(
        _ count: RemovalCount, isManual: Bool, report: (TrainingEvent) -> Void, interrupt: Interrupt = Interrupt()
    ) throws {
        // What a stage is left with is kept, so it is looked at before.
        try parallel.compare(updates: progress.updates)
        let from = clock.removed
        let limit = isManual ? quickLimit : .max
        let before = try evaluateHeldOut(limit: limit, interrupt: interrupt)
        try timeline.leave(leavingSnapshot())
        let resets = remove(to: count, isManual: isManual)
        // Beyond the stage that was stuck there is no reason to go slowly.
        if let stage = progress.rescuedStage, removedCount > stage { clock.leastSteps = 0 }
        try timeline.enter(snapshot(sharing: timeline.current.exit))
        // The stage is entered; an interrupt from here on costs no more than a number in its record.
        var after: Evaluation?
        do { after = try evaluateHeldOut(limit: limit, interrupt: interrupt) } catch is Interrupted {}
        timeline.edit {
            $0.accuracyBefore = before?.accuracy
            $0.accuracyAfter = after?.accuracy
        }
        report(.removed(from: from, to: clock.removed, resetsOptimizer: resets, before: before, after: after))
    }

    /// Moves `count` stages back, to where each was left.
    public func back(_ count: Int = 1) throws {
        guard count >= 0 else { throw RunError.noStages(before: count) }
        var target = timeline.current
        for _ in 0..<count {
            guard let parent = target.parent else { throw RunError.noStages(before: count) }
            target = timeline.stages[parent]
        }
        try go(to: target.id)
    }

    /// Removes more until `target` units are gone, or goes forward to stages that were there before, each as it was
    /// left.
    /// - Returns: how many stages were there before.
    @discardableResult
    public func step(
        to target: Int, report: (TrainingEvent) -> Void = { _ in }, interrupt: Interrupt = Interrupt()
    ) throws -> Int {
        var known = 0
        while removedCount < target {
            try interrupt.check()
            if let next = nextStage, next.record.removed.capped(at: longest) <= target {
                try go(to: next.id)
                known += 1
            } else {
                try removeMore(report: report, interrupt: interrupt)
            }
        }
        return known
    }

    /// Moves to where stage `id` was left.
    public func go(to id: Int) throws {
        guard timeline.stages.indices.contains(id) else { throw RunError.noStageNumber(id) }
        try timeline.leave(leavingSnapshot())
        try restore(timeline.stages[id].exit)
        timeline.visit(id)
    }

    /// Moves back to where the stage with so much removed began or was left, on the way to the present one.
    public func back(toRemoved count: Int) throws {
        guard let stage = timeline.path.last(where: { $0.record.removed.capped(at: longest) == count }) else {
            throw RunError.noStage(removed: count)
        }
        try go(to: stage.id)
    }

    /// Names the present state.
    public func mark(_ name: String) throws { try timeline.mark(name, leavingSnapshot()) }

    /// Moves to a named state, or to the latest stage of a named branch.
    public func go(toMark name: String) throws {
        if let mark = timeline.marks.first(where: { $0.name == name }) {
            try timeline.leave(leavingSnapshot())
            try restore(mark.snapshot)
            timeline.visit(mark.stage)
        } else if let stage = timeline.stages.last(where: { $0.branch == name }) {
            try go(to: stage.id)
            // Whoever names a line wants to go on along it, not along one that left it.
            timeline.followOwnLine()
        } else {
            throw RunError.noMark(name)
        }
    }

    /// Starts a line of its own from the present state; the one so far can be returned to by its name.
    public func branch(_ name: String) throws {
        if timeline.stages.contains(where: { $0.branch == name }) || timeline.marks.contains(where: { $0.name == name })
        {
            throw RunError.markTaken(name)
        }
        let state = leavingSnapshot()
        try timeline.leave(state)
        try timeline.enter(state, branch: name)
    }

    /// The present state, sharing what it can with what the present stage holds.
    func leavingSnapshot() -> Snapshot {
        let stage = timeline.current
        let latest = stage.exit.versions.weights == weightsVersion ? stage.exit : stage.entry
        return snapshot(sharing: latest)
    }
}
