import Tensors
import Transformer

/// Numbers of a snapshot that other snapshots may share: all weights, or one of the moments.
public final class SnapshotPart: @unchecked Sendable {
    enum Storage {
        case memory([Float])
        /// In a file of raw little-endian numbers with this SHA-256.
        case file(path: String, digest: String)
        /// All zero: the moments after a reset.
        case zeros
    }
    public let count: Int
    var storage: Storage

    init(_ values: UnsafeMutableBufferPointer<Float>) {
        count = values.count
        storage = .memory(Array(values))
    }

    init(count: Int, _ storage: Storage) {
        self.count = count
        self.storage = storage
    }

    static func zeros(_ count: Int) -> SnapshotPart { SnapshotPart(count: count, .zeros) }

    /// Bytes of memory it takes.
    public var byteCount: Int { if case .memory(let values) = storage { values.count * 4 } else { 0 } }

    /// - Throws: `FileError` if a spilled part cannot be read back as it was written.
    func copy(to target: ParameterSet) throws {
        switch storage {
        case .memory(let values): values.withUnsafeBufferPointer { target.base.update(from: $0.baseAddress!, count: count) }
        case .zeros: target.clear()
        case .file(let path, let digest): try SpilledPart.read(path, digest, into: target)
        }
    }
}

/// Everything a run is at one moment; a run that goes on from it has the bits it would have had.
///
/// Random state needs no place of its own: data order, smoothing offsets and dropout follow from the seed and `progress`.
public struct Snapshot: Sendable {
    public let weights: SnapshotPart
    public let firstMoments: SnapshotPart
    public let secondMoments: SnapshotPart
    public var momentSteps: (first: Int, second: Int)
    public var clock: ScheduleClock
    public var progress: Progress
    public var schedule: RemovalSchedule
    public var settings: TrainingSettings
    /// Which state of the run these weights and moments are, so that equal ones can be shared.
    let versions: (weights: Int, moments: Int)

    var parts: [SnapshotPart] { [weights, firstMoments, secondMoments] }
}

extension Run {
    /// The run as it is now, sharing with `previous` what has not changed since.
    func snapshot(sharing previous: Snapshot?) -> Snapshot {
        let sameWeights = previous.flatMap { $0.versions.weights == weightsVersion ? $0.weights : nil }
        let sameMoments = previous.flatMap { $0.versions.moments == momentsVersion ? $0 : nil }
        let isFresh = optimizer.stepCount == 0 && optimizer.secondStepCount == 0
        return Snapshot(
            weights: sameWeights ?? SnapshotPart(model.parameters.values),
            firstMoments: sameMoments?.firstMoments ?? part(of: optimizer.firstMoments, isZero: isFresh),
            secondMoments: sameMoments?.secondMoments ?? part(of: optimizer.secondMoments, isZero: optimizer.secondStepCount == 0),
            momentSteps: (optimizer.stepCount, optimizer.secondStepCount), clock: clock, progress: progress, schedule: schedule,
            settings: settings, versions: (weightsVersion, momentsVersion))
    }

    private func part(of moments: ParameterSet, isZero: Bool) -> SnapshotPart {
        isZero ? .zeros(moments.count) : SnapshotPart(moments.values)
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
    }
}

extension ParameterSet {
    /// The SHA-256 of all values as little-endian bytes, in hexadecimal.
    public var fingerprint: String { SHA256.hex(UnsafeRawBufferPointer(UnsafeBufferPointer(values))) }
}
