import Glibc
import Support
import Tensors

/// What is known of one stage of a run: the time between two removals.
public struct StageRecord: Sendable, Equatable, Codable {
    public var removed: RemovalCount
    /// Updates of the weights before it began.
    public var startedAt = 0
    /// Updates in it.
    public var steps = 0
    /// Seconds of training in it.
    public var seconds = 0.0
    /// Running means when it was left (or now).
    public var loss: Double?
    public var matchRate: Double?
    /// Held-out accuracy just before the removal that began it, with what was removed then.
    public var accuracyBefore: Double?
    /// Held-out accuracy at iteration 0.
    public var accuracyAfter: Double?
    /// Updates until the running match rate was back above the threshold; nil if it was not.
    public var recoverySteps: Int?
    public var accuracyRecovered: Double?
    /// The latest held-out accuracy in it.
    public var accuracy: Double?
    /// Mean number of tokens written for a problem, at the latest evaluation.
    public var generatedTokens: Double?
    /// Which attempt after a rescue it is, counting from 1; 0 for none.
    public var rescues = 0

    public init(removed: RemovalCount) { self.removed = removed }

    /// A stage that begins like another one.
    init(removed: RemovalCount, after other: StageRecord) {
        self.removed = removed
        startedAt = other.startedAt
        accuracyBefore = other.accuracyBefore
        accuracyAfter = other.accuracyAfter
    }
}

/// The stages a run has been through, as a tree: going back and then another way leaves the first way in place.
///
/// Each stage keeps the state in which it began and the one in which it was last left. Memory stays under a limit: the
/// states longest not visited go to files, and what several states share is kept once.
public final class Timeline: @unchecked Sendable {
    public struct Stage: Sendable {
        public let id: Int
        public let parent: Int?
        public let branch: String
        public var record: StageRecord
        public internal(set) var entry: Snapshot
        public internal(set) var exit: Snapshot
        /// The child that was visited last.
        var next: Int?
    }

    /// A named state.
    public struct Mark: Sendable {
        public let name: String
        public let stage: Int
        let snapshot: Snapshot
    }

    public private(set) var stages: [Stage] = []
    public private(set) var marks: [Mark] = []
    public private(set) var currentIndex = 0
    /// Bytes of snapshots that may be in memory.
    public var memoryLimit: Int
    private var spill: SpillFolder

    /// - Parameter spillFolder: where snapshots go that memory has no room for; nil for a temporary folder.
    public init(memoryLimit: Int = 1 << 30, spillFolder: String? = nil) {
        self.memoryLimit = memoryLimit
        spill = SpillFolder(spillFolder)
    }

    public var current: Stage { stages[currentIndex] }
    /// The stages from the first to the present one.
    public var path: [Stage] {
        var ids: [Int] = []
        var id: Int? = stages.isEmpty ? nil : currentIndex
        while let index = id {
            ids.append(index)
            id = stages[index].parent
        }
        return ids.reversed().map { stages[$0] }
    }

    /// Bytes of memory that all snapshots take together.
    public var byteCount: Int { uniqueParts().reduce(0) { $0 + $1.byteCount } }

    /// All stages and marks, and which one is the present: to put back later.
    struct State {
        let stages: [Stage]
        let marks: [Mark]
        let currentIndex: Int
    }

    var state: State {
        get { State(stages: stages, marks: marks, currentIndex: currentIndex) }
        set { (stages, marks, currentIndex) = (newValue.stages, newValue.marks, newValue.currentIndex) }
    }

    /// Puts snapshots that memory has no room for into `folder` from now on.
    func spill(to folder: String) { spill = SpillFolder(folder) }

    // MARK: Writing it

    func begin(_ snapshot: Snapshot) {
        var record = StageRecord(removed: snapshot.clock.removed)
        record.startedAt = snapshot.progress.updates
        stages = [Stage(id: 0, parent: nil, branch: "main", record: record, entry: snapshot, exit: snapshot, next: nil)]
        marks = []
        currentIndex = 0
    }

    func edit(_ change: (inout StageRecord) -> Void) { change(&stages[currentIndex].record) }

    /// Keeps the state in which the present stage is being left.
    func leave(_ snapshot: Snapshot) throws {
        stages[currentIndex].exit = snapshot
        try keepWithinLimit()
    }

    /// A new stage after the present one, or the one that is there already and in which nothing has been trained.
    func enter(_ snapshot: Snapshot, branch: String? = nil) throws {
        let line = branch ?? current.branch
        let known = stages.first {
            $0.parent == currentIndex && $0.branch == line && $0.entry.isSameState(as: snapshot)
                && $0.exit.isSameState(as: snapshot)
        }
        let id = known?.id ?? stages.count
        if known == nil {
            var record = StageRecord(removed: snapshot.clock.removed)
            record.startedAt = snapshot.progress.updates
            stages.append(
                Stage(
                    id: id, parent: currentIndex, branch: line, record: record, entry: snapshot, exit: snapshot,
                    next: nil))
        }
        stages[currentIndex].next = id
        currentIndex = id
        try keepWithinLimit()
    }

    /// A new stage that begins where stage `id` began, as a second way beside it.
    func enter(_ snapshot: Snapshot, beside id: Int) throws {
        var record = stages[id].record
        record = StageRecord(removed: record.removed, after: record)
        stages.append(
            Stage(
                id: stages.count, parent: stages[id].parent, branch: stages[id].branch, record: record, entry: snapshot,
                exit: snapshot, next: nil))
        visit(stages.count - 1)
        try keepWithinLimit()
    }

    func mark(_ name: String, _ snapshot: Snapshot) throws {
        guard !marks.contains(where: { $0.name == name }) else { throw RunError.markTaken(name) }
        marks.append(Mark(name: name, stage: currentIndex, snapshot: snapshot))
        try keepWithinLimit()
    }

    func visit(_ id: Int) {
        if let parent = stages[id].parent { stages[parent].next = id }
        currentIndex = id
    }

    /// Makes the way forward that of the present stage's own line; none where it ends here.
    func followOwnLine() {
        stages[currentIndex].next = stages.last { $0.parent == currentIndex && $0.branch == current.branch }?.id
    }

    // MARK: Memory

    private func uniqueParts() -> [SnapshotPart] {
        var seen: Set<ObjectIdentifier> = []
        var parts: [SnapshotPart] = []
        for snapshot in stages.flatMap({ [$0.entry, $0.exit] }) + marks.map(\.snapshot) {
            for part in snapshot.parts where seen.insert(ObjectIdentifier(part)).inserted { parts.append(part) }
        }
        return parts
    }

    /// Puts the oldest parts into files until the rest is within the limit; the present stage's stay.
    private func keepWithinLimit() throws {
        var used = byteCount
        guard used > memoryLimit else { return }
        let kept = Set((current.entry.parts + current.exit.parts).map { ObjectIdentifier($0) })
        for part in uniqueParts() where part.byteCount > 0 && !kept.contains(ObjectIdentifier(part)) {
            used -= part.byteCount
            try spill.take(part)
            if used <= memoryLimit { return }
        }
    }
}

extension Snapshot {
    /// Whether both are the same state of the same run, without comparing numbers.
    func isSameState(as other: Snapshot) -> Bool {
        // Every reset makes new moments, and all of them are zero.
        let hasSameMoments =
            versions.moments == other.versions.moments || momentSteps == (0, 0) && other.momentSteps == (0, 0)
        return versions.weights == other.versions.weights && hasSameMoments && clock == other.clock
            && progress == other.progress && schedule == other.schedule
            && settings == other.settings
    }
}

/// Where parts of snapshots go that memory has no room for; a temporary folder is removed with the timeline.
final class SpillFolder {
    private var path: String?
    private let isTemporary: Bool

    init(_ path: String?) {
        self.path = path
        isTemporary = path == nil
    }

    deinit {
        if isTemporary, let path { Leftovers.remove(path) }
    }

    /// Moves a part out of memory.
    func take(_ part: SnapshotPart) throws {
        if part.file == nil {
            try part.keep(in: folder())
        }
        part.release()
    }

    private func folder() throws -> String {
        if let path {
            if mkdir(path, 0o777) != 0, errno != EEXIST { throw RunError.noFolder(path) }
            return path
        }
        let base = FileSystem.temporaryFolder
        var template = Array((base + "/icot-snapshots-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else { throw RunError.noFolder(base) }
        let made = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        path = made
        Leftovers.add(made)
        return made
    }
}
