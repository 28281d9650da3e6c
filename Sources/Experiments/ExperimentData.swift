import Internalization
import Support
import Transformer

// Problems made ready for a model: encoded once, with the groups that some removal orders need.

/// The problems of a run, encoded.
struct EncodedParts {
    let training: EncodedProblems
    let test: HeldOut?
    let validation: HeldOut?

    /// - Throws: `ProblemError`, `RunError.problem`, `Interrupted`.
    init(
        _ parts: ProblemParts, encoder: any ProblemEncoder, order: RemovalOrder, _ interrupt: Interrupt
    ) throws {
        func encode(_ set: ProblemSet) throws -> EncodedProblems {
            try EncodedProblems(set, encoder: encoder, order: order, interrupt)
        }
        training = try encode(parts.data)
        test = try parts.test.map { HeldOut(try encode($0), encoder: encoder) }
        validation = try parts.validation.map { HeldOut(try encode($0), encoder: encoder) }
    }

    func run(_ model: LanguageModel, _ schedule: RemovalSchedule, _ settings: TrainingSettings) throws -> Run {
        try Run(model, on: training, heldOut: test, validation: validation, schedule: schedule, settings: settings)
    }
}

extension EncodedProblems {
    /// A set as an encoder writes it, ready for an order of removal.
    /// - Throws: `ProblemError`, `RunError.problem`, `Interrupted`.
    init(_ set: ProblemSet, encoder: any ProblemEncoder, order: RemovalOrder, _ interrupt: Interrupt) throws {
        let problems = try (0..<set.count).map { index in
            if index & 0x3FF == 0 { try interrupt.check() }
            return try encoder.encode(set[index])
        }
        try self.init(problems, groups: set.groups(encoder: encoder, order: order))
    }
}

extension ProblemSet {
    /// For each problem its chain's tokens in the order of their removal; nil for orders that need none.
    func groups(encoder: any ProblemEncoder, order: RemovalOrder) throws -> [[[Int]]]? {
        guard case .grouped(let name) = order else { return nil }
        return try removalGroups(name, encoder: encoder)
    }
}

/// A problem as an encoder writes it, with the order in which the pieces of its chain go, where the removal order is
/// one of pieces.
public struct WrittenProblem {
    public let problem: EncodedProblem
    public let order: RemovalOrder
    let groups: [[Int]]?

    /// - Throws: `ProblemError`.
    public init(_ set: ProblemSet, _ index: Int, encoder: any ProblemEncoder, order: RemovalOrder) throws {
        self.order = order
        problem = try encoder.encode(set[index])
        groups = try set.select([index]).groups(encoder: encoder, order: order)?.first
    }

    /// The places of the sequence that are gone after some removals.
    public func gone(_ removed: RemovalCount) -> Set<Int> {
        Set(problem.removing(removed, order: order, groups: groups).removed.joined())
    }

    /// What a model of a run sees of it.
    /// - Parameter shape: of the run's data; that of the problem alone without it.
    public func remaining(
        _ removed: RemovalCount, _ schedule: RemovalSchedule, shape: DataShape? = nil
    ) throws -> RemainingProblem {
        let shape = try shape ?? DataShape(EncodedProblems([problem], groups: groups.map { [$0] }))
        return shape.remaining(of: problem, removed: removed, schedule: schedule, groups: groups)
    }
}
