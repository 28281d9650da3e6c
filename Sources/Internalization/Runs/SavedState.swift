import Support
import Transformer

// state.json of a checkpoint: the present state of a run and its timeline. Numbers are elsewhere, named by their
// SHA-256.

struct SavedSnapshot: Codable {
    /// The digest of the weights; "zeros" for moments after a reset.
    var weights: String
    var firstMoments: String
    var secondMoments: String
    var firstSteps: Int
    var secondSteps: Int
    /// The digest of the gradients gathered since the last update, and of how many batches; absent just after one.
    var gradients: String?
    var gatheredCount: Int?
    var weightsVersion: Int
    var momentsVersion: Int
    var clock: ScheduleClock
    var progress: Progress
    var schedule: RemovalSchedule
    var settings: TrainingSettings

    static let zeros = "zeros"

    /// - Parameter weights: the digest of the file that holds them.
    init(_ snapshot: Snapshot, weights: String) {
        func name(_ part: SnapshotPart) -> String { part.isZero ? Self.zeros : part.file?.digest ?? "" }
        self.weights = weights
        firstMoments = name(snapshot.firstMoments)
        secondMoments = name(snapshot.secondMoments)
        (firstSteps, secondSteps) = snapshot.momentSteps
        gradients = snapshot.gathered.map { name($0.gradients) }
        gatheredCount = snapshot.gathered?.count
        (weightsVersion, momentsVersion) = snapshot.versions
        clock = snapshot.clock
        progress = snapshot.progress
        schedule = snapshot.schedule
        settings = snapshot.settings
    }

    var digests: [String] {
        ([weights, firstMoments, secondMoments] + (gradients.map { [$0] } ?? [])).filter { $0 != Self.zeros }
    }
}

struct SavedStage: Codable {
    var parent: Int?
    var branch: String
    var next: Int?
    var record: StageRecord
    var entry: Int
    var exit: Int
}

struct SavedMark: Codable {
    var name: String
    var stage: Int
    var snapshot: Int
}

/// Updates from one on that were computed under one numeric profile.
struct ProfileSpan: Codable, Equatable {
    var from: Int
    var profile: String
}

struct SavedState: Codable {
    var format = 1
    /// Every state that is kept, each once; the first is the present one.
    var snapshots: [SavedSnapshot] = []
    var stages: [SavedStage] = []
    var marks: [SavedMark] = []
    var current = 0
    var lastVersion = 0
    /// Absent in folders of before it was counted.
    var spent: Spent?
    /// Under which numeric profiles it was trained, each from its first update on; absent in older folders.
    var profiles: [ProfileSpan]?
    /// How much of metrics.jsonl belongs to this state.
    var metricsBytes = 0
}

extension Run {
    /// The run and its timeline, with all numbers put into files of `folder`.
    func savedState(keepingPartsIn folder: String) throws -> SavedState {
        var (state, snapshots) = describeState { $0 }
        for part in snapshots.flatMap(\.parts) { try part.keep(in: folder) }
        state.snapshots = snapshots.map { SavedSnapshot($0, weights: $0.weights.file?.digest ?? "") }
        return state
    }

    /// The same without any moments, and with weights as differences from state to state, rounded.
    func compactState(keepingPartsIn folder: String, fineness: Float) throws -> SavedState {
        let version = lastVersion + 1
        var (state, snapshots) = describeState { $0.withoutMoments(version: version) }
        state.lastVersion = version
        // In the order of the timeline, so that each is near to the one before it.
        var parts: [SnapshotPart] = []
        for stage in timeline.stages {
            for part in [stage.entry.weights, stage.exit.weights] where !parts.contains(where: { $0 === part }) {
                parts.append(part)
            }
        }
        for part in snapshots.map(\.weights) where !parts.contains(where: { $0 === part }) { parts.append(part) }
        let set = ParameterSet(model.parameters.layout)
        let values = try parts.map { part in
            try part.copy(to: set)
            return set.values()
        }
        let files = try PartFile.writeRounded(values, set.layout, fineness: fineness, to: folder)
        let digests = Dictionary(uniqueKeysWithValues: zip(parts.map { ObjectIdentifier($0) }, files.map(\.digest)))
        state.snapshots = snapshots.map { SavedSnapshot($0, weights: digests[ObjectIdentifier($0.weights)] ?? "") }
        return state
    }

    /// All but the snapshots' numbers, and the snapshots, each once; the first is the present one.
    private func describeState(_ change: (Snapshot) -> Snapshot) -> (SavedState, [Snapshot]) {
        var state = SavedState()
        var snapshots: [Snapshot] = []
        func index(_ snapshot: Snapshot) -> Int {
            let snapshot = change(snapshot)
            if let found = snapshots.firstIndex(where: { $0.isSameState(as: snapshot) }) { return found }
            snapshots.append(snapshot)
            return snapshots.count - 1
        }
        _ = index(leavingSnapshot())
        state.stages = timeline.stages.map {
            SavedStage(
                parent: $0.parent, branch: $0.branch, next: $0.next, record: $0.record, entry: index($0.entry),
                exit: index($0.exit))
        }
        state.marks = timeline.marks.map { SavedMark(name: $0.name, stage: $0.stage, snapshot: index($0.snapshot)) }
        state.current = timeline.currentIndex
        state.lastVersion = lastVersion
        state.spent = spent
        return (state, snapshots)
    }

    /// Makes the run what was saved.
    /// - Throws: `RunFolderError.malformed` if the state contradicts itself; `RunError.damagedSnapshot`, `FileError`.
    func adopt(_ state: SavedState, partsFolder: String) throws {
        let layout = model.parameters.layout
        var parts: [String: SnapshotPart] = [:]
        func part(_ digest: String) -> SnapshotPart {
            if let part = parts[digest] { return part }
            let part = SnapshotPart(
                layout, file: digest == SavedSnapshot.zeros ? nil : PartFile(digest, in: partsFolder))
            parts[digest] = part
            return part
        }
        let snapshots = state.snapshots.map { saved in
            Snapshot(
                weights: part(saved.weights), firstMoments: part(saved.firstMoments),
                secondMoments: part(saved.secondMoments),
                momentSteps: (saved.firstSteps, saved.secondSteps),
                gathered: saved.gradients.map { Gathered(count: saved.gatheredCount ?? 1, gradients: part($0)) },
                clock: saved.clock, progress: saved.progress,
                schedule: saved.schedule,
                settings: saved.settings, versions: (saved.weightsVersion, saved.momentsVersion))
        }
        func snapshot(_ index: Int) throws -> Snapshot {
            guard snapshots.indices.contains(index) else {
                throw RunFolderError.malformed(
                    path: partsFolder, rule: "the saved state names a snapshot \(index) that it does not have")
            }
            return snapshots[index]
        }
        let stages = try state.stages.enumerated().map { id, saved in
            guard saved.parent.map({ $0 >= 0 && $0 < id }) ?? true,
                saved.next.map({ state.stages.indices.contains($0) }) ?? true
            else {
                throw RunFolderError.malformed(
                    path: partsFolder, rule: "stage \(id) of the saved timeline follows none before it")
            }
            return Timeline.Stage(
                id: id, parent: saved.parent, branch: saved.branch, record: saved.record,
                entry: try snapshot(saved.entry),
                exit: try snapshot(saved.exit), next: saved.next)
        }
        let marks = try state.marks.map {
            Timeline.Mark(name: $0.name, stage: $0.stage, snapshot: try snapshot($0.snapshot))
        }
        guard stages.indices.contains(state.current), marks.allSatisfy({ stages.indices.contains($0.stage) }) else {
            throw RunFolderError.malformed(
                path: partsFolder, rule: "the saved timeline names a stage that it does not have")
        }
        try restore(try snapshot(0))
        timeline.state = Timeline.State(stages: stages, marks: marks, currentIndex: state.current)
        lastVersion = state.lastVersion
        spent = state.spent ?? Spent(timeline, progress)
    }
}
