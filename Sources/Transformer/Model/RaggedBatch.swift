/// The sequences of a batch one after another, without padding: N tokens in all, B sequences.
public struct RaggedBatch: Sendable, Equatable {
    /// (N)
    public var tokens: [Int32]
    /// (N) position ids.
    public var positions: [Int32]
    /// (N) the token to be predicted at each position (already shifted), −1 where nothing is.
    public var labels: [Int32]
    /// (B + 1) where each sequence starts; the last is N.
    public var offsets: [Int]

    public init(tokens: [Int32] = [], positions: [Int32] = [], labels: [Int32] = [], offsets: [Int] = [0]) {
        self.tokens = tokens
        self.positions = positions
        self.labels = labels
        self.offsets = offsets
    }

    /// Whole sequences at positions 0, 1, …, without labels.
    public init(sequences: [[Int32]]) {
        self.init()
        for sequence in sequences { append(sequence, positions: nil, labels: nil) }
    }

    public mutating func append(_ sequence: [Int32], positions: [Int32]?, labels: [Int32]?) {
        tokens += sequence
        self.positions += positions ?? (0..<Int32(sequence.count)).map { $0 }
        self.labels += labels ?? [Int32](repeating: -1, count: sequence.count)
        offsets.append(tokens.count)
    }

    public mutating func removeAll() {
        tokens.removeAll(keepingCapacity: true)
        positions.removeAll(keepingCapacity: true)
        labels.removeAll(keepingCapacity: true)
        offsets.removeAll(keepingCapacity: true)
        offsets.append(0)
    }

    /// Some of its sequences, as a batch of their own.
    public func sequences(_ range: Range<Int>) -> RaggedBatch {
        let rows = offsets[range.lowerBound]..<offsets[range.upperBound]
        return RaggedBatch(
            tokens: Array(tokens[rows]), positions: Array(positions[rows]), labels: Array(labels[rows]),
            offsets: offsets[range.lowerBound...range.upperBound].map { $0 - rows.lowerBound })
    }

    public var tokenCount: Int { tokens.count }
    public var sequenceCount: Int { offsets.count - 1 }
    public var targetCount: Int { labels.reduce(0) { $1 >= 0 ? $0 + 1 : $0 } }

    /// - Throws: `BatchError` if lengths disagree or an id is outside the model's tables.
    public func check(against configuration: ModelConfiguration) throws {
        guard positions.count == tokens.count, labels.count == tokens.count, offsets.first == 0,
            offsets.last == tokens.count
        else {
            throw BatchError.lengths(
                tokens: tokens.count, positions: positions.count, labels: labels.count, end: offsets.last ?? -1)
        }
        for index in 1..<max(offsets.count, 1) where offsets[index] < offsets[index - 1] {
            throw BatchError.lengths(
                tokens: tokens.count, positions: positions.count, labels: labels.count, end: offsets[index])
        }
        for index in tokens.indices {
            if tokens[index] < 0 || Int(tokens[index]) >= configuration.vocabularySize {
                throw BatchError.token(tokens[index], vocabularySize: configuration.vocabularySize)
            }
            if positions[index] < 0 || Int(positions[index]) >= configuration.positionCount {
                throw BatchError.position(positions[index], positionCount: configuration.positionCount)
            }
            if Int(labels[index]) >= configuration.vocabularySize {
                throw BatchError.token(labels[index], vocabularySize: configuration.vocabularySize)
            }
        }
    }
}

/// What is wrong with a batch for a model.
public enum BatchError: Error, Equatable, CustomStringConvertible {
    case token(Int32, vocabularySize: Int)
    case position(Int32, positionCount: Int)
    case lengths(tokens: Int, positions: Int, labels: Int, end: Int)
    case row(Int, tokenCount: Int)
    case states(Int, needed: Int)
    case noTargets

    public var description: String {
        switch self {
        case .token(let id, let size): "token id \(id) is outside the model's vocabulary of \(size)"
        case .position(let id, let count): "position \(id) is beyond the model's \(count) positions"
        case .lengths(let tokens, let positions, let labels, let end):
            "a batch of \(tokens) tokens has \(positions) positions, \(labels) labels and offsets that end at \(end)"
        case .row(let row, let count): "row \(row) is outside a batch of \(count) tokens"
        case .states(let count, let needed):
            "\(count) numbers for the states of a prompt's last token, which has \(needed)"
        case .noTargets: "no position of the batch carries a label, so there is nothing to learn"
        }
    }
}
