import Support
import Transformer

/// A run and its whole timeline at one moment.
public struct RunCheckpoint {
    let present: Snapshot
    let timeline: Timeline.State
    let spent: Spent
}

extension Run {
    /// Keeps the run with its timeline; what has not changed since the latest snapshot is shared with it.
    public func checkpoint() -> RunCheckpoint {
        RunCheckpoint(present: leavingSnapshot(), timeline: timeline.state, spent: spent)
    }

    /// Makes the run and its timeline what they were.
    /// - Throws: `RunError.damagedSnapshot`, `FileError` if a part that memory had no room for cannot be read back.
    public func restore(_ checkpoint: RunCheckpoint) throws {
        try restore(checkpoint.present)
        timeline.state = checkpoint.timeline
        spent = checkpoint.spent
    }

    /// The next stage with more removed on the way that was taken last; nil where there was none, or where something
    /// has been trained since the return to the present one. A branch begins with as much removed as it leaves, which
    /// is no step forward.
    public var nextStage: Timeline.Stage? {
        guard weightsVersion == timeline.current.exit.versions.weights,
            momentsVersion == timeline.current.exit.versions.moments
        else { return nil }
        var next = timeline.current.next
        while let id = next {
            let stage = timeline.stages[id]
            if stage.record.removed.capped(at: longest) > removedCount { return stage }
            next = stage.next
        }
        return nil
    }
}

extension Run {
    /// A copy of the model as it was when a stage was last left, or is now for the present stage.
    /// - Throws: `RunError.damagedSnapshot`, `FileError` if memory had no room for it and it cannot be read back.
    public func model(at stage: Timeline.Stage) throws -> LanguageModel {
        guard stage.id != timeline.current.id else { return model.copy() }
        let copy = model.blank()
        try stage.exit.weights.copy(to: copy.parameters)
        return copy
    }

    /// A copy of the model as it was before the first step.
    /// - Throws: as `model(at:)`.
    public func initialModel() throws -> LanguageModel {
        let copy = model.blank()
        try timeline.stages[0].entry.weights.copy(to: copy.parameters)
        return copy
    }
}
