import Tensors
import Transformer

/// Attention between positions, a mean over sequences.
public struct AttentionPatterns: Sendable {
    public let layerCount: Int
    public let headCount: Int
    public let queries: [String]
    public let keys: [String]
    /// (layers, heads, queries, keys)
    public let values: [Double]

    /// How much the query attends to the key, of 1.
    public subscript(layer: Int, head: Int, query: Int, key: Int) -> Double {
        values[((layer * headCount + head) * queries.count + query) * keys.count + key]
    }
}

extension LanguageModel {
    /// How much each of `queries` attends to each of `keys` in every head, a mean over the sequences of the batch.
    /// - Throws: `ProbeError`, `BatchError`.
    public func attentionPatterns(
        _ batch: RaggedBatch, queries: [Position], keys: [Position], workers: Workers = .shared,
        observer: ProbingObserver = ProbingObserver()
    ) throws -> AttentionPatterns {
        guard !queries.isEmpty, !keys.isEmpty, batch.sequenceCount > 0 else { throw ProbeError.noPositions }
        let queryRows = try queries.map { try $0.rows(in: batch) }, keyRows = try keys.map { try $0.rows(in: batch) }
        let layers = configuration.layerCount, heads = configuration.headCount
        let cell = queries.count * keys.count
        var sums = [Double](repeating: 0, count: layers * heads * cell)
        let tape = Tape(workers: workers)
        let chunks = batch.chunks()
        for (done, chunk) in chunks.enumerated() {
            try observer.step(done, of: chunks.count)
            let count = chunk.sequences.count
            // (layers, heads, sequences, queries, keys): every visit writes its own part, whichever thread it is on.
            let found = UnsafeMutableBufferPointer<Float>.allocate(capacity: layers * heads * count * cell)
            found.initialize(repeating: 0)
            defer { found.deallocate() }
            let hooks = (0..<layers).map { layer in
                PatternHook(layer: layer) { sequence, head, pattern, stride in
                    let s = chunk.sequences.lowerBound + sequence
                    let start = batch.offsets[s]
                    let own = ((layer * heads + head) * count + sequence) * cell
                    for (q, rows) in queryRows.enumerated() {
                        for (k, keys) in keyRows.enumerated() {
                            found[own + q * keyRows.count + k] = pattern[(rows[s] - start) * stride + keys[s] - start]
                        }
                    }
                }
            }
            _ = try capture(chunk.batch, points: [], patterns: hooks, tape: tape, workers: workers)
            for head in 0..<layers * heads {
                for s in 0..<count {
                    for i in 0..<cell { sums[head * cell + i] += Double(found[(head * count + s) * cell + i]) }
                }
            }
        }
        let n = Double(batch.sequenceCount)
        return AttentionPatterns(
            layerCount: layers, headCount: heads, queries: queries.map(\.label), keys: keys.map(\.label),
            values: sums.map { $0 / n })
    }
}

/// The way from one position to another through one head, or through all heads of a layer.
public struct AttentionEdge: Sendable {
    public let layer: Int
    /// nil for all heads.
    public let head: Int?
    public let query: Position
    public let key: Position

    public init(layer: Int, head: Int? = nil, query: Position, key: Position) {
        self.layer = layer
        self.head = head
        self.query = query
        self.key = key
    }
}

extension LanguageModel {
    /// Cuts edges of attention and reads the predictions: the probability of a cut edge becomes 0 and the rest of its row is
    /// divided by what is left.
    /// - Parameter cuts: sets of edges; the edges of a set are cut at the same time.
    /// - Returns: an effect for each set.
    /// - Throws: `ProbeError.edgeAhead`, `.soleKey` and others; `BatchError`.
    public func knockOut(
        _ batch: RaggedBatch, _ cuts: [[AttentionEdge]], readouts: [Readout], workers: Workers = .shared,
        observer: ProbingObserver = ProbingObserver()
    ) throws -> [CausalEffect] {
        let rerun = try Rerun(self, batch, readouts, workers, observer)
        let placed = try cuts.map { try $0.map { try PlacedEdge($0, batch, configuration) } }
        let before = try rerun.predictions()
        return try placed.enumerated().map { done, edges in
            try observer.step(done, of: placed.count)
            let layers = Set(edges.map(\.layer)).sorted()
            let after = try rerun.predictions(patterns: { chunk in
                layers.map { layer in
                    PatternHook(layer: layer) { sequence, head, pattern, stride in
                        cut(
                            edges.filter { $0.layer == layer && ($0.head ?? head) == head },
                            sequence: chunk.sequences.lowerBound + sequence,
                            pattern, stride)
                    }
                }
            })
            return CausalEffect(before: before, after: after)
        }
    }
}

/// An edge with its rows and columns in each sequence.
private struct PlacedEdge: Sendable {
    let layer: Int
    let head: Int?
    let queries: [Int]
    let keys: [Int]

    init(_ edge: AttentionEdge, _ batch: RaggedBatch, _ configuration: ModelConfiguration) throws(ProbeError) {
        try HookPoint.block(edge.layer, .headOutputs).check(against: configuration)
        if let head = edge.head, head < 0 || head >= configuration.headCount {
            throw .headOutOfRange(head, headCount: configuration.headCount)
        }
        layer = edge.layer
        head = edge.head
        let starts = batch.offsets
        queries = try edge.query.rows(in: batch).enumerated().map { $1 - starts[$0] }
        keys = try edge.key.rows(in: batch).enumerated().map { $1 - starts[$0] }
        for s in queries.indices {
            if keys[s] > queries[s] { throw .edgeAhead(query: edge.query.label, key: edge.key.label, problem: s) }
            if queries[s] == 0 { throw .soleKey(edge.query.label, problem: s) }
        }
    }
}

private func cut(_ edges: [PlacedEdge], sequence: Int, _ pattern: UnsafeMutablePointer<Float>, _ stride: Int) {
    for query in Set(edges.map { $0.queries[sequence] }) {
        let row = pattern + query * stride
        let keys = Set(edges.filter { $0.queries[sequence] == query }.map { $0.keys[sequence] })
        for key in keys { row[key] = 0 }
        var left: Float = 0
        for key in 0...query { left += row[key] }
        let others = query + 1 - keys.count
        for key in 0...query where !keys.contains(key) {
            // Where nothing is left to share out by, every other key counts the same.
            row[key] = left > 1e-20 ? row[key] / left : 1 / Float(max(others, 1))
        }
    }
}
