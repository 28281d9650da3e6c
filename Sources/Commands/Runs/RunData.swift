import Internalization
import Language

/// Problems made ready for a model: encoded, with the groups that some removal orders need.
enum RunData {
    static func encode(
        _ set: ProblemSet, encoder: any ProblemEncoder, order: RemovalOrder, _ interrupt: Interrupt? = nil
    ) throws -> EncodedProblems {
        var encoded: [EncodedProblem] = []
        encoded.reserveCapacity(set.count)
        for index in 0..<set.count {
            if index % 1024 == 0, interrupt?.isRequested == true { throw Interrupted() }
            encoded.append(try encoder.encode(set[index]))
        }
        return try EncodedProblems(encoded, groups: try groups(of: set, encoder: encoder, order: order))
    }

    /// A set made ready to be measured on; nil for none.
    static func heldOut(
        _ set: ProblemSet?, encoder: any ProblemEncoder, order: RemovalOrder, _ interrupt: Interrupt? = nil
    ) throws -> HeldOut? {
        try set.map { HeldOut(try encode($0, encoder: encoder, order: order, interrupt), encoder: encoder) }
    }

    /// For each problem its chain's tokens in the order of their removal; nil for orders that need none.
    static func groups(of set: ProblemSet, encoder: any ProblemEncoder, order: RemovalOrder) throws -> [[[Int]]]? {
        guard case .grouped(let name) = order else { return nil }
        return try set.removalGroups(RemovalOrderName(rawValue: name)?.chainOrder?.rawValue ?? name, encoder: encoder)
    }
}

/// A stop was asked for in the middle of a long command.
struct Interrupted: Error {}
