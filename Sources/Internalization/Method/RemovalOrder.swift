// Which tokens of a chain go first. A new order is a case here: of `RemovalOrder` where it follows from a chain's
// length, of `ChainOrder` where it follows from what its pieces are. Its name is what people type and what is kept on
// disk.

import Tensors

/// Which tokens of a chain go first.
public enum RemovalOrder: Sendable, Hashable, Codable {
    /// From the front: the paper's.
    case left
    /// From the back.
    case right
    /// One token at a time in an order drawn once from a seed, the same for all chains of the same length.
    case random(seed: UInt64)
    /// Groups of tokens that the task supplies with each problem: whole steps, partial products first, tree levels, …
    case grouped(name: String)

    public var name: String {
        switch self {
        case .left: "left"
        case .right: "right"
        case .random: "random"
        case .grouped(let name): name
        }
    }

    /// How many removals empty a chain of `chainCount` tokens.
    func unitCount(_ chainCount: Int, _ groups: [[Int]]?) -> Int {
        if case .grouped = self, let groups { return groups.count }
        return chainCount
    }

    /// The ranges of the sequence that `units` removals take away, ascending and not touching each other.
    func cuts(units: Int, chain: Range<Int>, groups: [[Int]]?, into cuts: inout [Range<Int>]) {
        cuts.removeAll(keepingCapacity: true)
        guard units > 0, !chain.isEmpty else { return }
        switch self {
        case .left: cuts.append(chain.lowerBound..<min(chain.lowerBound + units, chain.upperBound))
        case .right: cuts.append(max(chain.upperBound - units, chain.lowerBound)..<chain.upperBound)
        case .random(let seed):
            var places = Array(chain)
            var random = RandomSource(seed: seed).split(UInt64(chain.count))
            random.shuffle(&places)
            Self.merge(places.prefix(units).sorted(), into: &cuts)
        case .grouped:
            guard let groups else {
                return RemovalOrder.left.cuts(units: units, chain: chain, groups: nil, into: &cuts)
            }
            Self.merge(groups.prefix(units).joined().map { chain.lowerBound + $0 }.sorted(), into: &cuts)
        }
    }

    private static func merge(_ places: [Int], into cuts: inout [Range<Int>]) {
        for place in places {
            if let last = cuts.last, last.upperBound == place {
                cuts[cuts.count - 1] = last.lowerBound..<place + 1
            } else {
                cuts.append(place..<place + 1)
            }
        }
    }

    /// Whether `groups` take each of `count` chain tokens away exactly once; the first rule broken, or nil.
    static func fault(in groups: [[Int]], of count: Int) -> EncodedProblemFault? {
        var seen = [Bool](repeating: false, count: count)
        for place in groups.joined() {
            guard place >= 0, place < count else {
                return .orderOutside(place: place, of: count)
            }
            if seen[place] { return .orderTwice(place: place) }
            seen[place] = true
        }
        if groups.contains(where: \.isEmpty) { return .emptyGroup }
        return seen.firstIndex(of: false).map { .orderWithout(place: $0) }
    }
}

/// The order in which a chain's pieces are removed, for `RemovalOrder.grouped`.
public enum ChainOrder: String, Sendable, CaseIterable {
    case steps
    case productsFirst = "partials_first"
    case sumsFirst = "sums_first"
    case levels
    case levelsDown = "levels_down"

    public var summary: String {
        switch self {
        case .steps: "a whole reasoning step at a time"
        case .productsFirst: "partial products before running sums"
        case .sumsFirst: "running sums before partial products"
        case .levels: "a level of the tree at a time, from the partial products up"
        case .levelsDown: "a level of the tree at a time, from the root down"
        }
    }

    /// Whether pieces go as a whole rather than token by token.
    public var isWhole: Bool {
        switch self {
        case .steps, .levels, .levelsDown: true
        case .productsFirst, .sumsFirst: false
        }
    }

    /// Whether pieces differ in what the order goes by; where none do, it would be another order.
    func tellsApart(_ segments: [ProblemLayout.Segment]) -> Bool {
        switch self {
        case .steps: !segments.isEmpty
        case .productsFirst, .sumsFirst: segments.contains { $0.kind == .partialProduct }
        case .levels, .levelsDown: Set(segments.map(\.level)).count > 1
        }
    }

    /// What it goes by.
    var pieces: String {
        switch self {
        case .steps: "steps"
        case .productsFirst, .sumsFirst: "partial products"
        case .levels, .levelsDown: "levels of a tree"
        }
    }

    /// The segments' indices in the order they go, those that go together in one list.
    func arrange(_ segments: [ProblemLayout.Segment]) -> [[Int]] {
        let keys = segments.map { segment in
            switch self {
            case .steps: segment.step
            case .levels: segment.level
            case .levelsDown: -segment.level
            case .productsFirst: segment.kind == .sum ? 1 : 0
            case .sumsFirst: segment.kind == .sum ? 0 : 1
            }
        }
        return Set(keys).sorted().map { key in segments.indices.filter { keys[$0] == key } }
    }
}

extension RemovalOrder {
    /// Every order by the name that people type, with what it does.
    public static var named: [(name: String, summary: String)] {
        [
            ("left", "from the start of the chain"), ("right", "from its end"),
            ("random", "an order drawn once from seed:"),
        ] + ChainOrder.allCases.map { ($0.rawValue, $0.summary) }
    }

    /// - Parameter seed: of a random order.
    public init?(named name: String, seed: UInt64) {
        switch name {
        case "left": self = .left
        case "right": self = .right
        case "random": self = .random(seed: seed)
        default:
            guard let order = ChainOrder(rawValue: name) else { return nil }
            self = .grouped(name: order.rawValue)
        }
    }
}
