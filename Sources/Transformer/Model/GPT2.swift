import Tensors

// GPT-2 (Radford et al. 2019), pre-norm blocks:
//   x₀ = wte[token] + wpe[position]
//   a  = x + attention(ln_1(x))·W_proj,   x′ = a + gelu(ln_2(a)·W_fc)·W_out,   states = ln_f(x_L)
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
    func gpt2States() throws -> Variable {
        let configuration = model.configuration
        let offsets = GPT2BlockOffsets(configuration)
        let c = configuration.width
        var x = tape.embedding(
            tokens: tokens, positions: positions, count: count, columns: c, tokenTable: weight(at: 0),
            positionTable: weight(at: configuration.vocabularySize * c))
        hook(.embedding, x)
        tape.dropout(x, mask(0, configuration.dropout.embedding))
        for layer in 0..<configuration.layerCount {
            x = try entering(layer, x)
            x = tape.replacing(x) { gpt2Block(x, layer, offsets) }
        }
        let end = offsets.finalNorm(configuration.layerCount)
        let states = tape.layerNorm(x, gain: weight(at: end), bias: weight(at: end + c), epsilon: configuration.epsilon)
        hook(.finalNorm, states)
        return states
    }

    private func gpt2Block(_ x: Variable, _ layer: Int, _ offsets: GPT2BlockOffsets) -> Variable {
        let configuration = model.configuration
        let c = configuration.width
        let at = offsets.block(layer)
        hook(.block(layer, .residualPre), x)
        let first = tape.layerNorm(
            x, gain: weight(at: at + offsets.firstNorm), bias: weight(at: at + offsets.firstNorm + c),
            epsilon: configuration.epsilon)
        hook(.block(layer, .firstNorm), first)
        let qkv = tape.linear(
            first, weight: weight(at: at + offsets.attention), bias: weight(at: at + offsets.attentionBias),
            outputs: 3 * c)
        hook(.block(layer, .queryKeyValue), qkv)
        let mixed = tape.causalAttention(
            query: HeadColumns(qkv), key: HeadColumns(qkv, offset: c), value: HeadColumns(qkv, offset: 2 * c),
            offsets: self.offsets,
            sequenceCount: sequenceCount,
            shape: AttentionShape(
                headCount: configuration.headCount, keyValueHeadCount: configuration.headCount,
                headWidth: configuration.headWidth),
            dropout: mask(3 * layer + 1, configuration.dropout.attention), inspect: hooks?.patternVisitor(layer))
        hook(.block(layer, .headOutputs), mixed)
        let middle = residual(
            x, mixed, layer, .attentionOutput, weight: at + offsets.attentionOut, bias: at + offsets.attentionOutBias,
            isTransposed: false, mask: mask(3 * layer + 2, configuration.dropout.residual))
        hook(.block(layer, .residualMiddle), middle)
        let second = tape.layerNorm(
            middle, gain: weight(at: at + offsets.secondNorm), bias: weight(at: at + offsets.secondNorm + c),
            epsilon: configuration.epsilon)
        hook(.block(layer, .secondNorm), second)
        let inner = tape.linear(
            second, weight: weight(at: at + offsets.inner), bias: weight(at: at + offsets.innerBias),
            outputs: configuration.innerWidth)
        hook(.block(layer, .mlpPre), inner)
        // Only somebody who watches sees the activations by themselves.
        var active = inner
        if hooks != nil {
            active = tape.gelu(inner)
            hook(.block(layer, .mlpPost), active)
        }
        let after = residual(
            middle, active, layer, .mlpOutput, weight: at + offsets.innerOut, bias: at + offsets.innerOutBias,
            isTransposed: false, activatesInput: hooks == nil, mask: mask(3 * layer + 3, configuration.dropout.residual)
        )
        hook(.block(layer, .residualPost), after)
        return after
    }
}
