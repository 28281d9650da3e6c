/// The three texts of a problem.
public enum ProblemPart: Sendable, Hashable, CaseIterable {
    case question
    case chain
    case answer
}

/// Where things stand in the texts of one problem: each digit that is a fact, and the pieces its chain of thought is
/// made of.
public struct ProblemLayout: Sendable, Equatable {
    /// A fact that can be read off the text.
    public struct Place: Sendable, Equatable {
        public var name: String
        public var index: Int?
        public var part: ProblemPart
        /// In the bytes of that part.
        public var bytes: Range<Int>
    }

    /// A piece of the chain, with the sign before it.
    public struct Segment: Sendable, Equatable {
        public enum Kind: Sendable, Hashable {
            case partialProduct
            /// A partial sum or a sum of the tree.
            case sum
            /// A step of a chain that has only one kind of step.
            case step
        }
        public var kind: Kind
        /// The reasoning step it belongs to, counted from the start of the chain.
        public var step: Int
        /// The level of the tree; 0 where there is none.
        public var level: Int
        public var bytes: Range<Int>
    }

    public private(set) var places: [Place] = []
    /// In the order of the chain, and together all of it but spaces.
    public private(set) var segments: [Segment] = []

    public init() {}

    public mutating func add(_ name: String, _ index: Int? = nil, in part: ProblemPart, _ bytes: Range<Int>) {
        places.append(Place(name: name, index: index, part: part, bytes: bytes))
    }

    /// Digits with spaces between them, the first at byte `start`; the indices count up from `first`.
    public mutating func addDigits(_ name: String, count: Int, from first: Int = 0, in part: ProblemPart, at start: Int)
    {
        for index in 0..<max(count, 0) { add(name, first + index, in: part, start + 2 * index..<start + 2 * index + 1) }
    }

    public mutating func addSegment(_ kind: Segment.Kind, step: Int, level: Int = 0, _ bytes: Range<Int>) {
        segments.append(Segment(kind: kind, step: step, level: level, bytes: bytes))
    }
}
