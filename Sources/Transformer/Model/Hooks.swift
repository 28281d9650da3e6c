import Tensors

// Hook points, named as in TransformerLens:
//   hook_embed · blocks.i.hook_resid_pre · blocks.i.ln1.hook_normalized · blocks.i.attn.hook_qkv · blocks.i.attn.hook_pattern ·
//   blocks.i.attn.hook_z · blocks.i.hook_attn_out · blocks.i.hook_resid_mid · blocks.i.ln2.hook_normalized ·
//   blocks.i.mlp.hook_pre · blocks.i.mlp.hook_post · blocks.i.hook_mlp_out · blocks.i.hook_resid_post · ln_final.hook_normalized
// (`hook_embed` is the sum of token and position rows here; `hook_qkv` holds q, k and v side by side, before rotary
// positions turn them; `mlp.hook_pre` of a gated MLP holds gate and up side by side; ours are normalised states with
// gain and bias applied.)

/// A place inside a block.
public enum BlockHook: String, Sendable, CaseIterable {
    case residualPre = "hook_resid_pre"
    case firstNorm = "ln1.hook_normalized"
    case queryKeyValue = "attn.hook_qkv"
    case headOutputs = "attn.hook_z"
    case attentionOutput = "hook_attn_out"
    case residualMiddle = "hook_resid_mid"
    case secondNorm = "ln2.hook_normalized"
    case mlpPre = "mlp.hook_pre"
    case mlpPost = "mlp.hook_post"
    case mlpOutput = "hook_mlp_out"
    case residualPost = "hook_resid_post"
}

/// A place in a forward pass where activations (N, width) can be read or changed.
public enum HookPoint: Sendable, Hashable, CustomStringConvertible {
    case embedding
    case block(Int, BlockHook)
    case finalNorm

    public var description: String {
        switch self {
        case .embedding: "hook_embed"
        case .block(let layer, let site): "blocks.\(layer).\(site.rawValue)"
        case .finalNorm: "ln_final.hook_normalized"
        }
    }

    /// The point of that name; nil if there is none.
    public init?(_ name: String) {
        if name == "hook_embed" { self = .embedding; return }
        if name == "ln_final.hook_normalized" { self = .finalNorm; return }
        let parts = name.split(separator: ".", maxSplits: 2)
        guard parts.count == 3, parts[0] == "blocks", let layer = Int(parts[1]), layer >= 0,
            let site = BlockHook(rawValue: String(parts[2]))
        else { return nil }
        self = .block(layer, site)
    }

    /// The first block that no longer matters to somebody who wants only this point.
    var lastLayer: Int {
        switch self {
        case .embedding: -1
        case .block(let layer, _): layer
        case .finalNorm: Int.max
        }
    }
}

/// A change of activations during a forward pass.
public struct Intervention: Sendable {
    public let point: HookPoint
    /// Of the values (N, width) at that point.
    public let edit: Edit

    public init(_ point: HookPoint, _ edit: Edit) {
        self.point = point
        self.edit = edit
    }
}

/// Thrown inside a forward pass when nobody wants what follows, so that later layers are not computed.
struct PassFinished: Error {}

/// What somebody wants to see or change in one pass.
final class HookTable {
    private let wanted: Set<HookPoint>
    private let interventions: [Intervention]
    /// What is cut from, and read of, the attention patterns of a layer.
    let patterns: [Int: PatternAccess]
    private let lastLayer: Int
    /// The rows to keep; nil for all.
    private let rows: [Int]?
    private(set) var captured: [HookPoint: [Float]] = [:]
    private(set) var capturedPatterns: [Int: [Float]] = [:]

    init(
        wanted: Set<HookPoint>, rows: [Int]?, interventions: [Intervention], patterns: [Int: PatternAccess],
        needsLogits: Bool
    ) {
        self.wanted = wanted
        self.rows = rows
        self.interventions = interventions
        self.patterns = patterns
        let last = max(wanted.map(\.lastLayer).max() ?? -1, patterns.keys.max() ?? -1)
        lastLayer = needsLogits ? Int.max : last
    }

    func wants(_ point: HookPoint) -> Bool { wanted.contains(point) || interventions.contains { $0.point == point } }

    func isFinished(before layer: Int) -> Bool { layer > lastLayer }

    func visit(_ point: HookPoint, _ variable: Variable, _ executor: any Executor) {
        for intervention in interventions where intervention.point == point {
            executor.apply(intervention.edit, to: variable)
        }
        if wanted.contains(point) { captured[point] = executor.copyOut(variable, rows: rows) }
    }

    func keep(_ readings: [Float], _ layer: Int) { capturedPatterns[layer] = readings }
}

/// What a pass with hooks returns.
public struct Capture {
    /// (rows, width) for each point that was asked for.
    public let states: [HookPoint: [Float]]
    /// (rows, V), if asked for.
    public let logits: [Float]?
    /// For each layer that was read, the probabilities: (heads, cells), the cells of one sequence after another.
    public let patterns: [Int: [Float]]
}

extension LanguageModel {
    /// Runs the model and returns the activations at `points`, and the logits if asked for. Computes no layer beyond
    /// the last one that is needed, and holds one block at a time.
    /// - Parameters:
    ///   - rows: the rows of the batch that are returned, in this order; nil for all N.
    ///   - patterns: for each layer, probabilities of attention that are cut or read.
    ///   - tape: the memory of an earlier pass, to be used again.
    /// - Throws: `BatchError`.
    public func capture(
        _ batch: RaggedBatch, points: Set<HookPoint>, rows: [Int]? = nil, interventions: [Intervention] = [],
        patterns: [Int: PatternAccess] = [:], logits: Bool = false, tape: Tape? = nil, workers: Workers = .shared
    ) throws -> Capture {
        try batch.check(against: configuration)
        if let row = rows?.first(where: { $0 < 0 || $0 >= batch.tokenCount }) {
            throw BatchError.row(row, tokenCount: batch.tokenCount)
        }
        let table = HookTable(
            wanted: points, rows: rows, interventions: interventions, patterns: patterns, needsLogits: logits)
        let pass = ForwardPass(
            self, gradients: nil, tape: tape ?? Tape(executor(workers)), batch: batch, hooks: table)
        var found: [Float]?
        do {
            let states = try pass.finalStates()
            if logits { found = pass.logits(states, rows: rows) }
        } catch is PassFinished {}
        return Capture(states: table.captured, logits: found, patterns: table.capturedPatterns)
    }

    /// The logits (N, V) at every position.
    /// - Throws: `BatchError`.
    public func logits(_ batch: RaggedBatch, workers: Workers = .shared) throws -> [Float] {
        try capture(batch, points: [], logits: true, workers: workers).logits ?? []
    }
}

extension ForwardPass {
    /// (rows, V); all N rows for nil.
    func logits(_ states: Variable, rows: [Int]? = nil) -> [Float] {
        var source = states
        if let rows { source = tape.gatherRows(states, tape.indices(rows.map { Int32($0) })) }
        return tape.executor.product(
            ProductOperation(
                input: source.place, rows: source.rows, weight: head.values, inputs: states.columns,
                outputs: model.configuration.vocabularySize, isTransposed: true))
    }
}
