import Internalization
import Support

extension Experiment {
    /// Trains until the goal is reached or somebody interrupts. A run that is kept writes down what happens, and is
    /// saved at each removal and once a minute, so that a power cut costs no more than that.
    /// - Parameter notSaved: hears that the disk does not take it, once; training goes on.
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
    private var hasFailed = false
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
        if hasFailed { return }
        do { try write() } catch {
            hasFailed = true
            notSaved(error)
        }
    }

    private func save() throws {
        let before = MonotonicClock.seconds()
        try folder.save(run)
        lastSaved = MonotonicClock.seconds()
        saveSeconds = lastSaved - before
    }
}
