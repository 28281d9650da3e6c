import Support
import Transformer

/// A run and its whole timeline at one moment.
public struct RunCheckpoint {
    let present: Snapshot
    let timeline: Timeline.State
}

extension Run {
    /// Keeps the run with its timeline; what has not changed since the latest snapshot is shared with it.
    public func checkpoint() -> RunCheckpoint { RunCheckpoint(present: leavingSnapshot(), timeline: timeline.state) }

    /// Makes the run and its timeline what they were.
    /// - Throws: `RunError.damagedSnapshot`, `FileError` if a part that memory had no room for cannot be read back.
    public func restore(_ checkpoint: RunCheckpoint) throws {
        try restore(checkpoint.present)
        timeline.state = checkpoint.timeline
    }

    /// Whether a later stage was there before, and nothing has been trained since the return to this one.
    public var canGoForward: Bool {
        timeline.current.next != nil && weightsVersion == timeline.current.exit.versions.weights
            && momentsVersion == timeline.current.exit.versions.moments
    }
}

extension Run {
    /// A copy of the model as it was when a stage was last left, or is now for the present stage.
    /// - Throws: `RunError.damagedSnapshot`, `FileError` if memory had no room for it and it cannot be read back.
    public func model(at stage: Timeline.Stage) throws -> LanguageModel {
        guard stage.id != timeline.current.id else { return model.copy() }
        let copy = LanguageModel(uninitialized: model.configuration)
        try stage.exit.weights.copy(to: copy.parameters)
        return copy
    }
}
