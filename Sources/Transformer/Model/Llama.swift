import Tensors

// Llama (Touvron et al. 2023), Mistral (Jiang et al. 2023) and Phi-3 (Abdin et al. 2024), pre-norm blocks without biases:
//   x₀ = embed_tokens[token]
//   q, k, v = rms(x)·W_qkvᵀ, q and k turned by their positions (grouped: K key heads for H query heads)
//   a  = x + attention(q, k, v)·W_oᵀ,   x′ = a + (SiLU(gate) · up)·W_downᵀ with gate, up = rms(a)·W_gate_upᵀ,   states = rms(x_L)
//
// Matrices are (out, in). Phi-3 stores query, key and value as one matrix, and gate and up as another; in the others they lie
// side by side in the parameters' buffer, which is the same matrix. So one product makes each, and one path serves all three.
// Dropout on attention probabilities, and Phi-3's on both outputs into the residual stream.

/// Where the parameters of block i start, counted from the first parameter of the block.
struct LlamaBlockOffsets {
    let start: Int
    let stride: Int
    private let c: Int
    private let f: Int
    private let queries: Int
    let keys: Int

    init(_ configuration: ModelConfiguration) {
        c = configuration.width
        f = configuration.innerWidth
        queries = configuration.headCount * configuration.headWidth
        keys = configuration.keyValueHeadCount * configuration.headWidth
        start = configuration.vocabularySize * c
        stride = c + (queries + 2 * keys) * c + c * queries + c + 2 * f * c + c * f
    }

    func block(_ i: Int) -> Int { start + i * stride }
    var firstNorm: Int { 0 }
    /// (H·w + 2·K·w, C)
    var attention: Int { c }
    /// (C, H·w)
    var attentionOut: Int { attention + (queries + 2 * keys) * c }
    var secondNorm: Int { attentionOut + c * queries }
    /// (2F, C)
    var gateAndUp: Int { secondNorm + c }
    /// (C, F)
    var down: Int { gateAndUp + 2 * f * c }
    func finalNorm(_ layerCount: Int) -> Int { block(layerCount) }
    /// The columns of queries, keys and values side by side.
    var queryKeyValueWidth: Int { queries + 2 * keys }
    var queryWidth: Int { queries }
}

extension ForwardPass {
    func llamaStates() throws -> Variable {
        let configuration = model.configuration
        let offsets = LlamaBlockOffsets(configuration)
        var x = tape.embedding(
            tokens: tokens, positions: positions, count: count, columns: configuration.width, tokenTable: weight(at: 0),
            positionTable: nil,
            frozenToken: configuration.paddingToken)
        hook(.embedding, x)
        let turns = turns()
        for layer in 0..<configuration.layerCount {
            x = try entering(layer, x)
            x = tape.replacing(x) { llamaBlock(x, layer, offsets, turns) }
        }
        let states = tape.rmsNorm(
            x, gain: weight(at: offsets.finalNorm(configuration.layerCount)), epsilon: configuration.epsilon)
        hook(.finalNorm, states)
        return states
    }

    /// The angles of this pass: a table, and for each token its row.
    private struct Turns {
        let tables: RotaryTables
        let rows: UnsafePointer<Int32>  // (N)
    }

    private func turns() -> Turns? {
        var last = 0
        for n in 0..<count { last = max(last, Int(positions[n])) }
        guard let tables = model.rotaryTables(covering: last) else { return nil }
        let rows = tape.arena.takeIntegers(count)
        for s in 0..<sequenceCount {
            var longest = 0
            for n in offsets[s]..<offsets[s + 1] { longest = max(longest, Int(positions[n])) }
            for n in offsets[s]..<offsets[s + 1] { rows[n] = Int32(tables.row(Int(positions[n]), longest: longest)) }
        }
        return Turns(tables: tables, rows: UnsafePointer(rows))
    }

    private func llamaBlock(_ x: Variable, _ layer: Int, _ offsets: LlamaBlockOffsets, _ turns: Turns?) -> Variable {
        let configuration = model.configuration
        let (heads, keyHeads, width) = (
            configuration.headCount, configuration.keyValueHeadCount, configuration.headWidth
        )
        let at = offsets.block(layer)
        hook(.block(layer, .residualPre), x)
        let first = tape.rmsNorm(x, gain: weight(at: at + offsets.firstNorm), epsilon: configuration.epsilon)
        hook(.block(layer, .firstNorm), first)
        let qkv = tape.linear(
            first, weight: weight(at: at + offsets.attention), bias: nil, outputs: offsets.queryKeyValueWidth,
            isTransposed: true)
        hook(.block(layer, .queryKeyValue), qkv)
        if let turns {
            // Queries and keys are neighbours: one pass turns the heads of both.
            tape.rotary(
                qkv, heads: heads + keyHeads, headWidth: width, positions: turns.rows, table: turns.tables.table)
        }
        let mixed = tape.causalAttention(
            query: HeadColumns(qkv), key: HeadColumns(qkv, offset: offsets.queryWidth),
            value: HeadColumns(qkv, offset: offsets.queryWidth + offsets.keys), offsets: self.offsets,
            sequenceCount: sequenceCount,
            shape: AttentionShape(
                headCount: heads, keyValueHeadCount: keyHeads, headWidth: width, window: configuration.slidingWindow),
            dropout: mask(3 * layer + 1, configuration.dropout.attention), inspect: hooks?.patternVisitor(layer))
        hook(.block(layer, .headOutputs), mixed)
        let middle = residual(
            x, mixed, layer, .attentionOutput, weight: at + offsets.attentionOut, bias: nil, isTransposed: true,
            mask: mask(3 * layer + 2, configuration.dropout.residual))
        hook(.block(layer, .residualMiddle), middle)
        let second = tape.rmsNorm(middle, gain: weight(at: at + offsets.secondNorm), epsilon: configuration.epsilon)
        hook(.block(layer, .secondNorm), second)
        let gateAndUp = tape.linear(
            second, weight: weight(at: at + offsets.gateAndUp), bias: nil, outputs: 2 * configuration.innerWidth,
            isTransposed: true)
        hook(.block(layer, .mlpPre), gateAndUp)
        let active = tape.swiglu(gateAndUp)
        hook(.block(layer, .mlpPost), active)
        let after = residual(
            middle, active, layer, .mlpOutput, weight: at + offsets.down, bias: nil, isTransposed: true,
            mask: mask(3 * layer + 3, configuration.dropout.residual))
        hook(.block(layer, .residualPost), after)
        return after
    }
}
