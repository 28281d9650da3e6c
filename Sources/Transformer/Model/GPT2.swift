import Tensors

// GPT-2 (Radford et al. 2019), pre-norm blocks:
//   x₀ = wte[token] + wpe[position]
//   a  = x + attention(ln_1(x))·W_proj,   x′ = a + gelu(ln_2(a)·W_fc)·W_out,   states = ln_f(x_L)
// GELU is the tanh form, or the exact one where the configuration says so.
// Dropout at the embedding, on attention probabilities and on both outputs into the residual stream.

/// Where the parameters of block i start, counted from the first parameter of the block.
struct GPT2BlockOffsets {
    let start: Int
    let stride: Int
    let c: Int
    let f: Int

    init(_ configuration: ModelConfiguration) {
        c = configuration.width
        f = configuration.innerWidth
        start = (configuration.vocabularySize + configuration.positionCount) * c
        stride = 2 * c + (3 * c * c + 3 * c) + (c * c + c) + 2 * c + (c * f + f) + (f * c + c)
    }

    func block(_ i: Int) -> Int { start + i * stride }
    var firstNorm: Int { 0 }
    var attention: Int { 2 * c }
    var attentionBias: Int { attention + 3 * c * c }
    var attentionOut: Int { attentionBias + 3 * c }
    var attentionOutBias: Int { attentionOut + c * c }
    var secondNorm: Int { attentionOutBias + c }
    var inner: Int { secondNorm + 2 * c }
    var innerBias: Int { inner + c * f }
    var innerOut: Int { innerBias + f }
    var innerOutBias: Int { innerOut + f * c }
    func finalNorm(_ layerCount: Int) -> Int { block(layerCount) }
}

extension ForwardPass {
    func gpt2States(_ rows: Indices?) throws -> Variable {
        let configuration = model.configuration
        let offsets = GPT2BlockOffsets(configuration)
        let c = configuration.width
        let tableSize = configuration.vocabularySize * c
        var x = tape.embedding(
            tokens: tokens, positions: positions, columns: c, tokenTable: weight(at: 0, tableSize),
            positionTable: weight(at: tableSize, configuration.positionCount * c))
        hook(.embedding, x)
        tape.dropout(x, mask(0, configuration.dropout.embedding))
        for layer in 0..<configuration.layerCount {
            x = try entering(layer, x)
            x = tape.replacing(x) { gpt2Block(x, layer, offsets) }
        }
        if let rows { x = tape.gatherRows(x, rows) }
        let states = norm(x, offsets.finalNorm(configuration.layerCount))
        hook(.finalNorm, states)
        return states
    }

    /// Layer normalisation with the gain at `offset` and the bias after it.
    private func norm(_ x: Variable, _ offset: Int) -> Variable {
        let c = model.configuration.width
        return tape.layerNorm(
            x, gain: weight(at: offset, c), bias: weight(at: offset + c, c), epsilon: model.configuration.epsilon)
    }

    private func gpt2Block(_ x: Variable, _ layer: Int, _ offsets: GPT2BlockOffsets) -> Variable {
        let configuration = model.configuration
        let (c, f) = (configuration.width, configuration.innerWidth)
        let at = offsets.block(layer)
        hook(.block(layer, .residualPre), x)
        let first = norm(x, at + offsets.firstNorm)
        hook(.block(layer, .firstNorm), first)
        let qkv = tape.linear(
            first, weight: weight(at: at + offsets.attention, c * 3 * c),
            bias: weight(at: at + offsets.attentionBias, 3 * c), outputs: 3 * c)
        hook(.block(layer, .queryKeyValue), qkv)
        let mixed = attend(qkv, layer)
        hook(.block(layer, .headOutputs), mixed)
        let middle = residual(
            x, mixed, layer, .attentionOutput, weight: weight(at: at + offsets.attentionOut, c * c),
            bias: weight(at: at + offsets.attentionOutBias, c), isTransposed: false,
            mask: mask(3 * layer + 2, configuration.dropout.residual))
        hook(.block(layer, .residualMiddle), middle)
        let second = norm(middle, at + offsets.secondNorm)
        hook(.block(layer, .secondNorm), second)
        let inner = tape.linear(
            second, weight: weight(at: at + offsets.inner, c * f), bias: weight(at: at + offsets.innerBias, f),
            outputs: f)
        hook(.block(layer, .mlpPre), inner)
        let form: GELUForm = configuration.activation == .exactGELU ? .exact : .tanh
        // Only somebody who watches sees the activations by themselves.
        var active = inner
        if hooks != nil {
            active = tape.gelu(inner, form: form)
            hook(.block(layer, .mlpPost), active)
        }
        let after = residual(
            middle, active, layer, .mlpOutput, weight: weight(at: at + offsets.innerOut, f * c),
            bias: weight(at: at + offsets.innerOutBias, c), isTransposed: false, activation: hooks == nil ? form : nil,
            mask: mask(3 * layer + 3, configuration.dropout.residual))
        hook(.block(layer, .residualPost), after)
        return after
    }
}
