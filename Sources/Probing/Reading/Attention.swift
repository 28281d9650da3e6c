import Support
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
        observer: WorkObserver = WorkObserver()
    ) throws -> AttentionPatterns {
        guard !queries.isEmpty, !keys.isEmpty, batch.sequenceCount > 0 else { throw ProbeError.noPositions }
        let queryRows = try queries.map { try $0.rows(in: batch) }, keyRows = try keys.map { try $0.rows(in: batch) }
        let layers = configuration.layerCount, heads = configuration.headCount
        let cell = queries.count * keys.count
        var sums = [Double](repeating: 0, count: layers * heads * cell)
        let tape = Tape(executor(workers))
        let chunks = batch.chunks()
        for (done, chunk) in chunks.enumerated() {
            try observer.step(done, of: chunks.count)
            let count = chunk.sequences.count
            let cells = chunk.sequences.map { s in
                queryRows.flatMap { rows in
                    keyRows.map { keys in
                        AttentionCell(query: rows[s] - batch.offsets[s], key: keys[s] - batch.offsets[s])
                    }
                }
            }
            let access = PatternAccess(reading: cells)
            let found = try capture(
                chunk.batch, points: [], patterns: Dictionary(uniqueKeysWithValues: (0..<layers).map { ($0, access) }),
                tape: tape, workers: workers
            ).patterns
            for layer in 0..<layers {
                // (heads, sequences, queries, keys)
                let own = found[layer] ?? []
                for head in 0..<heads {
                    for s in 0..<count {
                        for i in 0..<cell {
                            sums[(layer * heads + head) * cell + i] += Double(own[(head * count + s) * cell + i])
                        }
                    }
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
    /// Cuts edges of attention and reads the predictions: the probability of a cut edge becomes 0 and the rest of its
    /// row is divided by what is left.
    /// - Parameter cuts: sets of edges; the edges of a set are cut at the same time.
    /// - Returns: an effect for each set.
    /// - Throws: `ProbeError.edgeAhead`, `.soleKey` and others; `BatchError`.
    public func knockOut(
        _ batch: RaggedBatch, _ cuts: [[AttentionEdge]], readouts: [Readout], workers: Workers = .shared,
        observer: WorkObserver = WorkObserver()
    ) throws -> [CausalEffect] {
        let rerun = try Rerun(self, batch, readouts, workers, observer)
        let placed = try cuts.map { try $0.map { try PlacedEdge($0, batch, configuration) } }
        let before = try rerun.predictions()
        return try placed.enumerated().map { done, edges in
            try observer.step(done, of: placed.count)
            let after = try rerun.predictions(patterns: { chunk in patternCuts(edges, chunk.sequences) })
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

/// Edges as cuts of each layer's patterns, for some of the sequences.
private func patternCuts(_ edges: [PlacedEdge], _ sequences: Range<Int>) -> [Int: PatternAccess] {
    Dictionary(grouping: edges, by: \.layer).mapValues { own in
        PatternAccess(
            cuts: own.map { edge in
                PatternCut(
                    head: edge.head, sequences.map { [AttentionCell(query: edge.queries[$0], key: edge.keys[$0])] })
            })
    }
}
