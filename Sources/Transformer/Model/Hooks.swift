import Tensors

// Hook points, named as in TransformerLens:
//   hook_embed · blocks.i.hook_resid_pre · blocks.i.ln1.hook_normalized · blocks.i.attn.hook_qkv · blocks.i.attn.hook_pattern ·
//   blocks.i.attn.hook_z · blocks.i.hook_attn_out · blocks.i.hook_resid_mid · blocks.i.ln2.hook_normalized ·
//   blocks.i.mlp.hook_pre · blocks.i.mlp.hook_post · blocks.i.hook_mlp_out · blocks.i.hook_resid_post · ln_final.hook_normalized
// (`hook_embed` is the sum of token and position rows here; `hook_qkv` holds q, k and v side by side, before
// rotary positions turn them; `mlp.hook_pre` of a gated MLP holds gate and up side by side; ours are normalised states with
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
public struct Intervention {
    public let point: HookPoint
    /// Sees all rows (N, width) and may change them in place.
    public let change: (_ values: UnsafeMutablePointer<Float>, _ rows: Int, _ width: Int) -> Void

    public init(_ point: HookPoint, _ change: @escaping (UnsafeMutablePointer<Float>, Int, Int) -> Void) {
        self.point = point
        self.change = change
    }
}

/// A view of, or a change to, the attention probabilities of one layer.
public struct PatternHook {
    public let layer: Int
    /// Sees the pattern (T, T; `stride` floats a row) of one head of one sequence before it meets the values. May change
    /// it. Called from several threads, each time for another (sequence, head).
    public let visit: (_ sequence: Int, _ head: Int, _ pattern: UnsafeMutablePointer<Float>, _ stride: Int) -> Void

    public init(layer: Int, _ visit: @escaping (Int, Int, UnsafeMutablePointer<Float>, Int) -> Void) {
        self.layer = layer
        self.visit = visit
    }
}

/// Thrown inside a forward pass when nobody wants what follows, so that later layers are not computed.
struct PassFinished: Error {}

/// What somebody wants to see or change in one pass.
final class HookTable {
    private let wanted: Set<HookPoint>
    private let interventions: [Intervention]
    private let patterns: [PatternHook]
    private let lastLayer: Int
    /// The rows to keep; nil for all.
    private let rows: [Int]?
    private(set) var captured: [HookPoint: [Float]] = [:]

    init(
        wanted: Set<HookPoint>, rows: [Int]?, interventions: [Intervention], patterns: [PatternHook], needsLogits: Bool
    ) {
        self.wanted = wanted
        self.rows = rows
        self.interventions = interventions
        self.patterns = patterns
        let last = max(wanted.map(\.lastLayer).max() ?? -1, patterns.map(\.layer).max() ?? -1)
        lastLayer = needsLogits ? Int.max : last
    }

    func wants(_ point: HookPoint) -> Bool { wanted.contains(point) || interventions.contains { $0.point == point } }

    func isFinished(before layer: Int) -> Bool { layer > lastLayer }

    func visit(_ point: HookPoint, _ variable: Variable) {
        for intervention in interventions where intervention.point == point {
            intervention.change(variable.values, variable.rows, variable.columns)
        }
        if wanted.contains(point) { captured[point] = keep(variable) }
    }

    /// (rows wanted, width)
    private func keep(_ variable: Variable) -> [Float] {
        guard let rows else { return Array(UnsafeBufferPointer(start: variable.values, count: variable.count)) }
        let width = variable.columns
        return [Float](unsafeUninitializedCapacity: rows.count * width) { buffer, initialized in
            if let base = buffer.baseAddress {
                for (index, row) in rows.enumerated() {
                    (base + index * width).update(from: variable.values + row * width, count: width)
                }
            }
            initialized = rows.count * width
        }
    }

    func patternVisitor(_ layer: Int) -> ((Int, Int, UnsafeMutablePointer<Float>, Int) -> Void)? {
        let own = patterns.filter { $0.layer == layer }
        if own.isEmpty { return nil }
        return { sequence, head, pattern, stride in for hook in own { hook.visit(sequence, head, pattern, stride) } }
    }
}

/// What a pass with hooks returns.
public struct Capture {
    /// (rows, width) for each point that was asked for.
    public let states: [HookPoint: [Float]]
    /// (rows, V), if asked for.
    public let logits: [Float]?
}

extension LanguageModel {
    /// Runs the model and returns the activations at `points`, and the logits if asked for. Computes no layer beyond the
    /// last one that is needed, and holds one block at a time.
    /// - Parameters:
    ///   - rows: the rows of the batch that are returned, in this order; nil for all N.
    ///   - tape: the memory of an earlier pass, to be used again.
    /// - Throws: `BatchError`.
    public func capture(
        _ batch: RaggedBatch, points: Set<HookPoint>, rows: [Int]? = nil, interventions: [Intervention] = [],
        patterns: [PatternHook] = [],
        logits: Bool = false, tape: Tape? = nil, workers: Workers = .shared
    ) throws -> Capture {
        try batch.check(against: configuration)
        if let row = rows?.first(where: { $0 < 0 || $0 >= batch.tokenCount }) {
            throw BatchError.row(row, tokenCount: batch.tokenCount)
        }
        let table = HookTable(
            wanted: points, rows: rows, interventions: interventions, patterns: patterns, needsLogits: logits)
        let pass = ForwardPass(self, gradients: nil, tape: tape ?? Tape(workers: workers), batch: batch, hooks: table)
        do {
            let states = try pass.finalStates()
            guard logits else { return Capture(states: table.captured, logits: nil) }
            return Capture(states: table.captured, logits: pass.logits(states, rows: rows))
        } catch is PassFinished {
            return Capture(states: table.captured, logits: nil)
        }
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
        let vocabulary = model.configuration.vocabularySize
        let width = states.columns
        let count = rows?.count ?? states.rows
        var source = states.values
        if let rows {
            source = tape.arena.take(count * width)
            for (index, row) in rows.enumerated() {
                (source + index * width).update(from: states.values + row * width, count: width)
            }
        }
        let head = head
        return [Float](unsafeUninitializedCapacity: count * vocabulary) { buffer, initialized in
            if let base = buffer.baseAddress, count > 0 {
                MatrixProduct.applyTransposed(
                    base, source, weight: head.values, rows: count, inputs: width, outputs: vocabulary,
                    workers: tape.workers)
            }
            initialized = count * vocabulary
        }
    }
}
