import Tensors
import Transformer

// Removal takes tokens out of a sequence and closes the gap:
//
//   input … separator │ z₁ … z_s │ z_{s+1} … z_m │ rest         (tokens, original places 0 … n−1)
//                       removed     remaining
//
// Every remaining token after the separator is a target; the separator and the input never are. The label at a place is
// the token that follows it in what remains. One function does this for training, evaluation and display.

/// How much of the chain has been taken away: a number of units of the removal order (tokens, unless the order says
/// groups), or everything.
public enum RemovalCount: Sendable, Hashable, Codable, Comparable, CustomStringConvertible {
    case units(Int)
    case all

    /// What this means for a chain of `available` units.
    public func capped(at available: Int) -> Int {
        switch self {
        case .units(let count): min(max(count, 0), available)
        case .all: available
        }
    }

    /// `offset` units more; everything stays everything.
    public func adding(_ offset: Int) -> RemovalCount {
        switch self {
        case .units(let count): .units(count + offset)
        case .all: .all
        }
    }

    public static func < (left: RemovalCount, right: RemovalCount) -> Bool {
        switch (left, right) {
        case (.units(let a), .units(let b)): a < b
        case (.units, .all): true
        case (.all, _): false
        }
    }

    public var description: String {
        switch self {
        case .units(let count): String(count)
        case .all: "all"
        }
    }
}

/// Which position ids what remains has.
public enum PositionRule: String, Sendable, Codable, CaseIterable {
    /// 0, 1, 2, … as if nothing had been there: the paper's main setting.
    case shifted
    /// The ids from before the removal, and the last token before the gap takes the id of the last one removed: the
    /// reference's `--keep_position`. The id of the separator then tells the model how much is gone. In a run the jump
    /// is the same for every problem, see `DataShape`.
    case kept
    /// The ids from before the removal, for every token.
    case original
}

/// What is left of a problem after removal, as a model sees it.
public struct RemainingProblem: Sendable, Equatable {
    /// (n)
    public var tokens: [Int32]
    /// (n) the token to be predicted at each place, −1 where nothing is.
    public var labels: [Int32]
    /// (n) position ids.
    public var positions: [Int32]
    /// What was taken away, as ranges of the whole sequence, ascending.
    public var removed: [Range<Int>]

    /// How many tokens were taken away.
    public var removedCount: Int { removed.reduce(0) { $0 + $1.count } }
}

extension EncodedProblem {
    /// This problem after `count` units of its chain have been taken away in the given order.
    /// - Parameters:
    ///   - groups: the chain's tokens (counted from its start) in the order of their removal, for
    ///     `RemovalOrder.grouped`.
    ///   - jump: by how much kept or original ids jump after the input, whatever this problem's own chain lost; nil
    ///     for the cuts'.
    public func removing(
        _ count: RemovalCount, order: RemovalOrder = .left, positions: PositionRule = .shifted, groups: [[Int]]? = nil,
        jump: Int? = nil
    ) -> RemainingProblem {
        var cuts: [Range<Int>] = []
        order.cuts(
            units: count.capped(at: order.unitCount(chain.count, groups)), chain: chain, groups: groups, into: &cuts)
        var batch = RaggedBatch()
        appendRemaining(
            of: tokens[...], inputCount: inputCount, cuts: cuts, positions: positions, jump: jump, to: &batch)
        return RemainingProblem(tokens: batch.tokens, labels: batch.labels, positions: batch.positions, removed: cuts)
    }
}

/// Appends to `batch` what the cuts (ascending, disjoint, counted from the start of `tokens`) leave of a sequence.
/// - Parameter jump: by how much ids that are not shifted jump after the input; nil where the cuts say it.
func appendRemaining(
    of tokens: ArraySlice<Int32>, inputCount: Int, cuts: [Range<Int>], positions rule: PositionRule, jump: Int? = nil,
    to batch: inout RaggedBatch
) {
    let start = batch.tokens.count
    var place = 0
    for index in 0...cuts.count {
        let end = index < cuts.count ? cuts[index].lowerBound : tokens.count
        if place < end {
            batch.tokens.append(contentsOf: tokens[tokens.startIndex + place..<tokens.startIndex + end])
            if rule != .shifted, jump == nil {
                for original in place..<end { batch.positions.append(Int32(original)) }
                if rule == .kept, index < cuts.count, !cuts[index].isEmpty {
                    batch.positions[batch.positions.count - 1] = Int32(cuts[index].upperBound - 1)
                }
            }
        }
        if index < cuts.count { place = cuts[index].upperBound }
    }
    let count = batch.tokens.count - start
    if rule == .shifted || jump != nil {
        let jump = rule == .shifted ? 0 : jump ?? 0
        let first = rule == .kept ? inputCount - 1 : inputCount
        for offset in 0..<count { batch.positions.append(Int32(offset < first ? offset : offset + jump)) }
    }
    for offset in 0..<count {
        batch.labels.append(offset >= inputCount - 1 && offset + 1 < count ? batch.tokens[start + offset + 1] : -1)
    }
    batch.offsets.append(batch.tokens.count)
}
