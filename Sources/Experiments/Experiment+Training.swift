import Internalization
import Support

extension Experiment {
    /// Trains until the goal is reached or somebody interrupts. A run that is kept writes down what happens, and is
    /// saved at each removal and once a minute, so that a power cut costs no more than that.
    /// - Parameter notSaved: hears that the disk does not take it, once until it does again; training goes on, and
    ///   saving is tried again at the next occasion.
    /// - Throws: `RunError`, `NonFiniteGradient`.
    @discardableResult
    public func train(
        _ goal: TrainingGoal, report: (TrainingEvent) -> Void = { _ in },
        notSaved: @escaping (any Error) -> Void = { _ in }, interrupt: Interrupt = Interrupt()
    ) throws -> TrainingEnd {
        let keeper = folder.map { Keeper(run, $0, notSaved) }
        return try run.train(
            goal,
            report: { event in
                keeper?.keep(event)
                report(event)
            }, betweenSteps: { keeper?.saveInTime() }, interrupt: interrupt)
    }
}

/// Keeps a run in its folder while it trains.
private final class Keeper {
    private let run: Run
    private let folder: RunFolder
    private let notSaved: (any Error) -> Void
    /// Whether the person has heard that the disk does not take it.
    private var isTold = false
    private var lastSaved = MonotonicClock.seconds()
    private var saveSeconds = 0.0

    /// Saving never takes more than a twentieth of the time.
    private static let secondsBetweenSaves = 60.0

    init(_ run: Run, _ folder: RunFolder, _ notSaved: @escaping (any Error) -> Void) {
        (self.run, self.folder, self.notSaved) = (run, folder, notSaved)
    }

    func keep(_ event: TrainingEvent) {
        attempt {
            try folder.note(event)
            if case .removed = event { try save() }
        }
    }

    func saveInTime() {
        let pause = max(Self.secondsBetweenSaves, 20 * saveSeconds)
        if MonotonicClock.seconds() - lastSaved > pause { attempt { try save() } }
    }

    private func attempt(_ write: () throws -> Void) {
        do { try write() } catch {
            if !isTold { notSaved(error) }
            isTold = true
        }
    }

    private func save() throws {
        let before = MonotonicClock.seconds()
        defer {
            lastSaved = MonotonicClock.seconds()
            saveSeconds = lastSaved - before
        }
        try folder.save(run)
        isTold = false
    }
}
