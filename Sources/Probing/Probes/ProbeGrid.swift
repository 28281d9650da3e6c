import Support
import Synchronization
import Tensors
import Transformer

/// Probes the states of one place for every target.
/// - Parameter untrained: states of a model of the same shape that has learned nothing, at the same place.
/// - Throws: `ProbeError`.
public func probe(
    _ states: HiddenStates, for targets: [ProbeTarget], _ problems: ProbeProblems, untrained: HiddenStates? = nil,
    options: ProbeOptions = ProbeOptions()
) throws -> [ProbeResult] {
    let plan = try ProbePlan(targets, problems, options)
    return try ProbeCell(plan: plan, states: states, untrained: untrained, targets: Array(targets.indices)).run()
}

/// Probes for every target at every one of several hook points and positions of a model.
public struct ProbeGrid {
    public var points: [HookPoint]
    public var positions: [Position]
    public var targets: [ProbeTarget]
    public var problems: ProbeProblems
    /// Whether target `t` is wanted at position `p`; nil for all.
    public var isWanted: ((_ position: Int, _ target: Int) -> Bool)?
    public var options: ProbeOptions
    /// States held at a time, in bytes: more hook points fit in one pass over the model the more there is.
    public var memoryLimit = 1 << 30

    public init(
        points: [HookPoint], positions: [Position], targets: [ProbeTarget], problems: ProbeProblems,
        isWanted: ((_ position: Int, _ target: Int) -> Bool)? = nil, options: ProbeOptions = ProbeOptions()
    ) {
        self.points = points
        self.positions = positions
        self.targets = targets
        self.problems = problems
        self.isWanted = isWanted
        self.options = options
    }

    /// Reads the model and probes it, on all cores.
    /// - Parameters:
    ///   - untrained: a model of the same shape that has learned nothing, for the baseline.
    ///   - stage: what the owner of the model calls its stage.
    /// - Returns: point by point, position by position, target by target.
    /// - Throws: `ProbeError`, `BatchError`.
    public func run(
        _ model: LanguageModel, _ batch: RaggedBatch, untrained: LanguageModel?, stage: String = "",
        workers: Workers = .shared,
        observer: WorkObserver = WorkObserver()
    ) throws -> [ProbeResult] {
        guard !points.isEmpty, !positions.isEmpty else { throw ProbeError.noPositions }
        for point in points { try point.check(against: model.configuration) }
        let plan = try ProbePlan(targets, problems, options)
        let hash = model.contentHash(), untrainedHash = untrained?.contentHash()
        if hash == untrainedHash { throw ProbeError.untrainedIsTheSameModel }
        var results: [ProbeResult] = []
        let passes = passes(model.configuration, rows: batch.sequenceCount, modelCount: untrained == nil ? 1 : 2)
        for (index, points) in passes.enumerated() {
            let share = 1 / Double(passes.count)
            let own = observer.part(Double(index) * share...Double(index + 1) * share)
            let states = try model.hiddenStates(
                batch, at: points, positions: positions, stage: stage, modelHash: hash, workers: workers,
                observer: own.part(0...0.3))
            let plainStates = try untrained.map {
                try $0.hiddenStates(
                    batch, at: points, positions: positions, modelHash: untrainedHash, workers: workers,
                    observer: own.part(0.3...0.5))
            }
            results += try run(plan, states, plainStates, workers, own.part(0.5...1))
        }
        return results
    }

    /// Probes states that were read before, for each hook point and each of `positions`: a trajectory reads its
    /// untrained model only once.
    /// - Throws: `ProbeError`.
    public func run(
        states: [[HiddenStates]], untrained: [[HiddenStates]]?, workers: Workers = .shared,
        observer: WorkObserver = WorkObserver()
    ) throws -> [ProbeResult] {
        for rows in states + (untrained ?? []) where rows.count != positions.count {
            throw ProbeError.lengths("states at each hook point", found: rows.count, expected: positions.count)
        }
        if let untrained, untrained.count != states.count {
            throw ProbeError.lengths(
                "hook points of the untrained model", found: untrained.count, expected: states.count)
        }
        return try run(ProbePlan(targets, problems, options), states, untrained, workers, observer)
    }

    private func run(
        _ plan: ProbePlan, _ states: [[HiddenStates]], _ untrained: [[HiddenStates]]?, _ workers: Workers,
        _ observer: WorkObserver
    ) throws -> [ProbeResult] {
        var cells: [ProbeCell] = []
        for p in states.indices {
            for q in positions.indices {
                let wanted = targets.indices.filter { isWanted?(q, $0) ?? true }
                if wanted.isEmpty { continue }
                cells.append(
                    ProbeCell(
                        plan: plan, states: states[p][q], untrained: untrained?[p][q], targets: wanted,
                        interrupt: observer.interrupt))
            }
        }
        let outcomes = Outcomes(count: cells.count)
        let next = Atomic<Int>(0)
        // A few cells for each thread between two looks at the observer. Every cell is computed by one thread, so the
        // results do not depend on who computes which.
        let round = workers.threadCount * 2
        var done = 0
        while done < cells.count {
            try observer.step(done, of: cells.count)
            let end = min(done + round, cells.count)
            next.store(done, ordering: .relaxed)
            workers.run { _ in
                while true {
                    let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                    if index >= end { return }
                    outcomes[index] = Result { try cells[index].run() }
                }
            }
            done = end
        }
        return try (0..<cells.count).flatMap { try outcomes[$0].get() }
    }

    /// The hook points in as few passes as the limit allows.
    private func passes(_ configuration: ModelConfiguration, rows: Int, modelCount: Int) -> [[HookPoint]] {
        var passes: [[HookPoint]] = []
        var room = 0
        for point in points {
            let bytes = rows * positions.count * point.width(in: configuration) * 4 * modelCount
            if passes.isEmpty || bytes > room {
                passes.append([])
                room = memoryLimit
            }
            passes[passes.count - 1].append(point)
            room -= bytes
        }
        return passes
    }
}

/// A place for each cell's outcome, written by one thread each.
private final class Outcomes: @unchecked Sendable {
    private let places: UnsafeMutablePointer<Result<[ProbeResult], any Error>>
    private let count: Int

    init(count: Int) {
        self.count = count
        places = .allocate(capacity: count)
        places.initialize(repeating: .failure(Interrupted()), count: count)
    }

    deinit {
        places.deinitialize(count: count)
        places.deallocate()
    }

    subscript(index: Int) -> Result<[ProbeResult], any Error> {
        get { places[index] }
        set { places[index] = newValue }
    }
}
