// Causal self-attention over ragged sequences. For each sequence of length T and each head of width w:
//   S = scale · Q·Kᵀ (j ≤ i only, and j > i − window if there is a window),  P = softmax(S) by rows,  O = dropout(P)·V.
// Backward, with dO:
//   dV = dropout(P)ᵀ·dO,  dP = dropout(dO·Vᵀ),  dS = scale · P ∘ (dP − rowsum(P ∘ dP)),  dQ = dS·K,  dK = dSᵀ·Q.
// P is not kept: its rows come back from S and the row's log-sum-exp, so memory grows with N, not with T².
// The element of dropout at (head h, row n, key j of its sequence) is number (h · N + n) · longest + j of the mask.
//
// In a pass without gradients single probabilities can be cut and read, in this order, before they meet the values:
//   cut    the probabilities of some keys of a query become 0, and the rest of its row is divided by what is left;
//          where nothing is left to share out by, every other key counts the same; all cuts of a head are made together.

/// The sequences of a ragged batch: B of them, one after another.
public struct Sequences: Sendable {
    public let offsets: Indices  // (B + 1), the rows at which they start; the last is N
    public let count: Int
    /// The length of the longest.
    public let longest: Int
}

/// Where in a matrix the vectors of the heads lie: columns `offset ..< offset + heads · width`.
public struct HeadColumns: Sendable {
    public let variable: Variable
    public let offset: Int

    public init(_ variable: Variable, offset: Int = 0) {
        self.variable = variable
        self.offset = offset
    }
}

public struct AttentionShape: Sendable {
    public let headCount: Int
    /// Divides `headCount`: grouped-query attention (Ainslie et al. 2023); equal to it otherwise.
    public let keyValueHeadCount: Int
    public let headWidth: Int
    /// A query sees this many keys, itself included; nil: all before it.
    public let window: Int?
    public let scale: Float

    public init(headCount: Int, keyValueHeadCount: Int, headWidth: Int, window: Int? = nil, scale: Float? = nil) {
        precondition(headCount % keyValueHeadCount == 0, "\(headCount) heads share \(keyValueHeadCount) key heads")
        self.headCount = headCount
        self.keyValueHeadCount = keyValueHeadCount
        self.headWidth = headWidth
        self.window = window
        self.scale = scale ?? 1 / Float(headWidth).squareRoot()
    }
}

/// A probability of attention: from a query to a key, both counted from the start of their sequence.
public struct AttentionCell: Sendable, Hashable {
    public let query: Int
    public let key: Int

    public init(query: Int, key: Int) {
        self.query = query
        self.key = key
    }
}

/// Probabilities that are cut, for each sequence of the batch.
public struct PatternCut: Sendable {
    /// nil for every head.
    public let head: Int?
    public let cells: [[AttentionCell]]

    public init(head: Int? = nil, _ cells: [[AttentionCell]]) {
        self.head = head
        self.cells = cells
    }
}

/// What is done to the patterns of one layer, and what is read from them.
public struct PatternAccess: Sendable {
    public var cuts: [PatternCut]
    /// For each sequence of the batch, the probabilities of every head that are wanted.
    public var reading: [[AttentionCell]]

    public init(cuts: [PatternCut] = [], reading: [[AttentionCell]] = []) {
        self.cuts = cuts
        self.reading = reading
    }

    var readingCount: Int { reading.reduce(0) { $0 + $1.count } }

    /// Makes the cuts of a head in the pattern of a sequence, whose rows are `stride` numbers apart.
    public func cut(_ pattern: UnsafeMutablePointer<Float>, head: Int, sequence: Int, stride: Int) {
        let cells = cuts.filter { ($0.head ?? head) == head }.flatMap { $0.cells[sequence] }
        for query in Set(cells.map(\.query)) {
            let row = pattern + query * stride
            let keys = Set(cells.filter { $0.query == query }.map(\.key))
            for key in keys { row[key] = 0 }
            var left: Float = 0
            for key in 0...query { left += row[key] }
            let others = query + 1 - keys.count
            for key in 0...query where !keys.contains(key) {
                row[key] = left > 1e-20 ? row[key] / left : 1 / Float(max(others, 1))
            }
        }
    }
}

public struct CausalAttentionOperation: Sendable {
    public let query: HeadColumns
    public let key: HeadColumns
    public let value: HeadColumns
    public let sequences: Sequences
    public let shape: AttentionShape
    /// Of a probability above 0.
    public let dropout: DropoutMask?
    /// Only in passes that are not recorded.
    public let access: PatternAccess?
    /// (H, cells), what `access` reads: the cells of the first sequence, then the next one's.
    public let readings: Place
    public let logSumExp: Place  // (H, N), kept for the way back
    public let output: Variable  // (N, H·w)
}

extension Tape {
    /// The sequences that begin at the given rows; the last offset is N. They live as long as the pass.
    public func sequences(_ offsets: [Int]) -> Sequences {
        let place = memory.arena.takeIndices(offsets.count)
        executor.fill(place) { target in for (index, offset) in offsets.enumerated() { target[index] = Int32(offset) } }
        var longest = 0
        for index in 1..<max(offsets.count, 1) { longest = max(longest, offsets[index] - offsets[index - 1]) }
        return Sequences(offsets: place, count: max(offsets.count, 1) - 1, longest: longest)
    }

    /// - Parameters:
    ///   - access: probabilities that are cut or read, in a pass that is not recorded.
    ///   - readings: is given what `access` reads: (heads, cells), the cells of one sequence after another.
    public func causalAttention(
        query: HeadColumns, key: HeadColumns, value: HeadColumns, sequences: Sequences, shape: AttentionShape,
        dropout: DropoutMask? = nil, access: PatternAccess? = nil, readings: ([Float]) -> Void = { _ in }
    ) -> Variable {
        precondition(access == nil || !isRecording, "patterns can only be changed in passes that are not recorded")
        let rows = query.variable.rows
        let operation = CausalAttentionOperation(
            query: query, key: key, value: value, sequences: sequences, shape: shape,
            dropout: dropout.flatMap { $0.probability > 0 ? $0 : nil }, access: access,
            readings: memory.arena.take(shape.headCount * (access?.readingCount ?? 0)),
            logSumExp: memory.arena.take(shape.headCount * rows),
            output: variable(rows: rows, columns: shape.headCount * shape.headWidth))
        executor.forward(operation, in: memory)
        if operation.readings.count > 0 { readings(executor.copyOut(operation.readings)) }
        record(.attention(operation))
        return operation.output
    }
}

extension CausalAttentionOperation {
    func backward(_ tape: Tape) {
        guard let gradient = tape.gradient(of: output) else { return }
        let query = tape.contribute(to: self.query.variable)
        let key =
            self.key.variable.slot == self.query.variable.slot ? query : tape.contribute(to: self.key.variable)
        let value =
            self.value.variable.slot == self.query.variable.slot ? query : tape.contribute(to: self.value.variable)
        precondition(
            !query.accumulates && !key.accumulates && !value.accumulates,
            "queries, keys and values have no other consumer")
        tape.executor.backward(
            self, gradient: gradient, query: query.place, key: key.place, value: value.place, in: tape.memory)
        tape.releaseGradient(of: output)
    }
}
