import Tensors

// Llama (Touvron et al. 2023), Mistral (Jiang et al. 2023), Phi-3 (Abdin et al. 2024) and Qwen2 (Yang et al. 2024),
// pre-norm blocks, usually without biases (Qwen2 adds b_qkv to q, k, v; a Llama may also have b_o, b_gate_up and
// b_down):
//   x₀ = embed_tokens[token]
//   q, k, v = rms(x)·W_qkvᵀ, q and k turned by their positions (grouped: K key heads for H query heads)
//   a  = x + attention(q, k, v)·W_oᵀ,   x′ = a + (SiLU(gate) · up)·W_downᵀ with gate, up = rms(a)·W_gate_upᵀ,   states = rms(x_L)
//
// Matrices are (out, in). Phi-3 stores query, key and value as one matrix, and gate and up as another; in the others
// they lie side by side in the parameters' buffer, which is the same matrix; so do their biases. So one product makes
// each, and one path serves all of them. Dropout on attention probabilities, and Phi-3's on both outputs into the
// residual stream.

/// Where the parameters of block i start, counted from the first parameter of the block.
struct LlamaBlockOffsets {
    let start: Int
    let stride: Int
    private let c: Int
    private let f: Int
    private let queries: Int
    let keys: Int
    /// How many numbers the biases of each matrix are; 0 for none.
    private let inputBiases: Int
    private let outputBiases: Int
    private let innerBiases: Int
    private let downBiases: Int

    init(_ configuration: ModelConfiguration) {
        c = configuration.width
        f = configuration.innerWidth
        queries = configuration.headCount * configuration.headWidth
        keys = configuration.keyValueHeadCount * configuration.headWidth
        start = configuration.vocabularySize * c
        inputBiases = configuration.attentionBiases == .none ? 0 : queries + 2 * keys
        outputBiases = configuration.attentionBiases == .all ? c : 0
        innerBiases = configuration.hasMLPBiases ? 2 * f : 0
        downBiases = configuration.hasMLPBiases ? c : 0
        stride =
            c + (queries + 2 * keys) * c + inputBiases + c * queries + outputBiases + c + 2 * f * c + innerBiases
            + c * f + downBiases
    }

    func block(_ i: Int) -> Int { start + i * stride }
    var firstNorm: Int { 0 }
    /// (H·w + 2·K·w, C)
    var attention: Int { c }
    /// (H·w + 2·K·w)
    var attentionBias: Range<Int>? { Self.place(attention + (queries + 2 * keys) * c, inputBiases) }
    /// (C, H·w)
    var attentionOut: Int { attention + (queries + 2 * keys) * c + inputBiases }
    /// (C)
    var attentionOutBias: Range<Int>? { Self.place(attentionOut + c * queries, outputBiases) }
    var secondNorm: Int { attentionOut + c * queries + outputBiases }
    /// (2F, C)
    var gateAndUp: Int { secondNorm + c }
    /// (2F)
    var gateAndUpBias: Range<Int>? { Self.place(gateAndUp + 2 * f * c, innerBiases) }
    /// (C, F)
    var down: Int { gateAndUp + 2 * f * c + innerBiases }
    /// (C)
    var downBias: Range<Int>? { Self.place(down + c * f, downBiases) }

    private static func place(_ start: Int, _ count: Int) -> Range<Int>? { count > 0 ? start..<start + count : nil }
    func finalNorm(_ layerCount: Int) -> Int { block(layerCount) }
    /// The columns of queries, keys and values side by side.
    var queryKeyValueWidth: Int { queries + 2 * keys }
    var queryWidth: Int { queries }
}

extension ForwardPass {
    func llamaStates(_ rows: Indices?) throws -> Variable {
        let configuration = model.configuration
        let offsets = LlamaBlockOffsets(configuration)
        let c = configuration.width
        var x = tape.embedding(
            tokens: tokens, positions: positions, columns: c,
            tokenTable: weight(at: 0, configuration.vocabularySize * c), positionTable: nil,
            frozenToken: configuration.paddingToken)
        hook(.embedding, x)
        let turns = turns()
        for layer in 0..<configuration.layerCount {
            x = try entering(layer, x)
            x = tape.replacing(x) { llamaBlock(x, layer, offsets, turns) }
        }
        if let rows { x = tape.gatherRows(x, rows) }
        let states = norm(x, offsets.finalNorm(configuration.layerCount))
        hook(.finalNorm, states)
        return states
    }

    /// Root-mean-square normalisation with the gain at `offset`.
    private func norm(_ x: Variable, _ offset: Int) -> Variable {
        tape.rmsNorm(x, gain: weight(at: offset, model.configuration.width), epsilon: model.configuration.epsilon)
    }

    /// The angles of this pass: a table, and for each token its row.
    private struct Turns {
        let tables: RotaryTables
        let rows: Indices  // (N)
    }

    private func turns() -> Turns? {
        let positions = batch.positions
        var last: Int32 = 0
        for position in positions { last = max(last, position) }
        guard let tables = model.rotaryTables(covering: Int(last)) else { return nil }
        let rows = tape.memory.arena.takeIndices(positions.count)
        tape.executor.fill(rows) { target in
            for s in 0..<batch.sequenceCount {
                // The rows of one sequence share the frequencies of its largest position.
                let range = batch.offsets[s]..<batch.offsets[s + 1]
                var longest = 0
                for n in range { longest = max(longest, Int(positions[n])) }
                for n in range { target[n] = Int32(tables.row(Int(positions[n]), longest: longest)) }
            }
        }
        return Turns(tables: tables, rows: rows)
    }

    private func llamaBlock(_ x: Variable, _ layer: Int, _ offsets: LlamaBlockOffsets, _ turns: Turns?) -> Variable {
        let configuration = model.configuration
        let (c, f) = (configuration.width, configuration.innerWidth)
        let at = offsets.block(layer)
        func bias(_ place: Range<Int>?) -> Weight? { place.map { weight(at: at + $0.lowerBound, $0.count) } }
        hook(.block(layer, .residualPre), x)
        let first = norm(x, at + offsets.firstNorm)
        hook(.block(layer, .firstNorm), first)
        let qkv = tape.linear(
            first, weight: weight(at: at + offsets.attention, offsets.queryKeyValueWidth * c),
            bias: bias(offsets.attentionBias),
            outputs: offsets.queryKeyValueWidth, isTransposed: true)
        hook(.block(layer, .queryKeyValue), qkv)
        if let turns {
            // Queries and keys are neighbours: one pass turns the heads of both.
            tape.rotary(
                qkv, heads: configuration.headCount + configuration.keyValueHeadCount,
                headWidth: configuration.headWidth, positions: turns.rows, table: turns.tables.table)
        }
        let mixed = attend(qkv, layer)
        hook(.block(layer, .headOutputs), mixed)
        let middle = residual(
            x, mixed, layer, .attentionOutput, weight: weight(at: at + offsets.attentionOut, c * offsets.queryWidth),
            bias: bias(offsets.attentionOutBias), isTransposed: true,
            mask: mask(3 * layer + 2, configuration.dropout.residual))
        hook(.block(layer, .residualMiddle), middle)
        let second = norm(middle, at + offsets.secondNorm)
        hook(.block(layer, .secondNorm), second)
        let gateAndUp = tape.linear(
            second, weight: weight(at: at + offsets.gateAndUp, 2 * f * c), bias: bias(offsets.gateAndUpBias),
            outputs: 2 * f, isTransposed: true)
        hook(.block(layer, .mlpPre), gateAndUp)
        let active = tape.swiglu(gateAndUp)
        hook(.block(layer, .mlpPost), active)
        let after = residual(
            middle, active, layer, .mlpOutput, weight: weight(at: at + offsets.down, c * f),
            bias: bias(offsets.downBias), isTransposed: true, mask: mask(3 * layer + 3, configuration.dropout.residual))
        hook(.block(layer, .residualPost), after)
        return after
    }
}
