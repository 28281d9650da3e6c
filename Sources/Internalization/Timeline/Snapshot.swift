import Support
import Tensors
import Transformer

/// Numbers of a snapshot that other snapshots may share: all weights, or one of the moments.
public final class SnapshotPart: @unchecked Sendable {
    let layout: ParameterLayout
    /// All zero: the moments after a reset. Such a part takes no memory and no file.
    let isZero: Bool
    /// The numbers, as long as they are in memory.
    private(set) var values: [Float]?
    /// A file that holds them.
    private(set) var file: PartFile?

    init(_ set: ParameterSet, isZero: Bool = false) {
        layout = set.layout
        self.isZero = isZero
        values = isZero ? nil : set.values()
    }

    init(_ layout: ParameterLayout, file: PartFile?) {
        self.layout = layout
        isZero = file == nil
        self.file = file
    }

    /// Bytes of memory it takes.
    public var byteCount: Int { (values?.count ?? 0) * 4 }

    /// - Throws: `FileError`, `RunError.damagedSnapshot` if it is in a file and cannot be read back as it was written.
    func copy(to target: ParameterSet) throws {
        if let values {
            target.put(values)
        } else if let file {
            try file.read(into: target)
        } else {
            target.clear()
        }
    }

    /// Makes sure that the numbers are in a file of `folder`.
    func keep(in folder: String) throws {
        guard !isZero, file.map({ !$0.path.hasPrefix(folder + "/") }) ?? true else { return }
        if let values {
            file = try PartFile.write(values, layout, to: folder)
        } else {
            let set = ParameterSet(layout)
            try copy(to: set)
            file = try PartFile.write(set.values(), layout, to: folder)
        }
    }

    /// Gives the memory back; the numbers stay in the file.
    func release() { if file != nil { values = nil } }
}

/// Everything a run is at one moment; a run that goes on from it has the bits it would have had.
///
/// Random state needs no place of its own: data order, smoothing offsets and dropout follow from the seed and
/// `progress`.
public struct Snapshot: Sendable {
    public let weights: SnapshotPart
    public let firstMoments: SnapshotPart
    public let secondMoments: SnapshotPart
    public var momentSteps: (first: Int, second: Int)
    /// The gradients of the batches since the last update, where an update takes several; nil just after one.
    let gathered: Gathered?
    public var clock: ScheduleClock
    public var progress: Progress
    public var schedule: RemovalSchedule
    public var settings: TrainingSettings
    /// Which state of the run these weights and moments are, so that equal ones can be shared.
    let versions: (weights: Int, moments: Int)

    var parts: [SnapshotPart] { [weights, firstMoments, secondMoments] + (gathered.map { [$0.gradients] } ?? []) }
}

/// Gradients on the way to an update.
struct Gathered: Sendable {
    /// How many batches they are of.
    let count: Int
    let gradients: SnapshotPart
}

extension Snapshot {
    /// The same weights at the same moment with an optimizer that was just reset.
    func withoutMoments(version: Int) -> Snapshot {
        let none = SnapshotPart(weights.layout, file: nil)
        var progress = progress
        progress.updatesSinceReset = 0
        return Snapshot(
            weights: weights, firstMoments: none, secondMoments: none, momentSteps: (0, 0), gathered: nil,
            clock: clock, progress: progress, schedule: schedule,
            settings: settings, versions: (versions.weights, version))
    }
}

extension Run {
    /// Resets the optimizer here and in every state of the timeline: what remains is a third as large, to look at or to
    /// hand on, and training goes on from any stage as after a reset.
    public func forgetMoments() {
        resetOptimizer(.all)
        let state = timeline.state
        timeline.state = Timeline.State(
            stages: state.stages.map { stage in
                var stage = stage
                stage.entry = stage.entry.withoutMoments(version: momentsVersion)
                stage.exit = stage.exit.withoutMoments(version: momentsVersion)
                return stage
            },
            marks: state.marks.map {
                Timeline.Mark(
                    name: $0.name, stage: $0.stage, snapshot: $0.snapshot.withoutMoments(version: momentsVersion))
            },
            currentIndex: state.currentIndex)
    }

    /// The run as it is now, sharing with `previous` what has not changed since.
    func snapshot(sharing previous: Snapshot?) -> Snapshot {
        let isSameStep = previous?.progress.steps == progress.steps && previous?.versions.weights == weightsVersion
        let sameWeights = previous.flatMap { $0.versions.weights == weightsVersion ? $0.weights : nil }
        let sameMoments = previous.flatMap { $0.versions.moments == momentsVersion ? $0 : nil }
        let isFresh = optimizer.stepCount == 0 && optimizer.secondStepCount == 0
        return Snapshot(
            weights: sameWeights ?? SnapshotPart(model.parameters),
            firstMoments: sameMoments?.firstMoments ?? SnapshotPart(optimizer.firstMoments, isZero: isFresh),
            secondMoments: sameMoments?.secondMoments
                ?? SnapshotPart(optimizer.secondMoments, isZero: optimizer.secondStepCount == 0),
            momentSteps: (optimizer.stepCount, optimizer.secondStepCount),
            gathered: accumulated == 0
                ? nil
                : isSameStep
                    ? previous?.gathered
                    : Gathered(count: accumulated, gradients: SnapshotPart(trainee.gradients)),
            clock: clock, progress: progress, schedule: schedule, settings: settings,
            versions: (weightsVersion, momentsVersion))
    }

    /// Makes the run what it was. A snapshot of the present weights or moments is not copied again.
    func restore(_ snapshot: Snapshot) throws {
        try snapshot.weights.copy(to: model.parameters)
        try snapshot.firstMoments.copy(to: optimizer.firstMoments)
        try snapshot.secondMoments.copy(to: optimizer.secondMoments)
        optimizer.stepCount = snapshot.momentSteps.first
        optimizer.secondStepCount = snapshot.momentSteps.second
        weightsVersion = snapshot.versions.weights
        momentsVersion = snapshot.versions.moments
        take(snapshot)
        guard let gathered = snapshot.gathered else { return }
        try gathered.gradients.copy(to: trainee.gradients)
        accumulated = gathered.count
    }
}

extension ParameterSet {
    /// The SHA-256 of all values as little-endian bytes, in hexadecimal.
    public var fingerprint: String { read(0..<count) { SHA256.hex(UnsafeRawBufferPointer($0)) } }
}
