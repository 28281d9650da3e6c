import Tensors

/// What happens at the boundary before a block: sees the residual stream (N, C) that block `layer` is about to get, and
/// returns the one that it does get; nil if nothing after this point is wanted.
public typealias LayerBoundary = (_ layer: Int, _ stream: Variable) throws -> Variable?

/// One run of a model over rows of tokens, on a tape: what every architecture's forward pass works with. The rows are
/// whole sequences of a ragged batch, or go on from what a cache holds of theirs.
struct ForwardPass {
    let model: LanguageModel
    let tape: Tape
    /// All weights, and where their gradients go: to the weights themselves when nothing is recorded.
    private let weights: Place
    private let gradients: Place
    let batch: RaggedBatch
    /// (N)
    let tokens: Indices
    let positions: Indices
    let attention: Attention
    /// Keys for the masks of this pass; nil for no dropout.
    let dropoutSource: RandomSource?
    let hooks: HookTable?
    let boundary: LayerBoundary?

    /// What the rows attend to.
    enum Attention {
        /// The rows before them in their sequences.
        case sequences(Sequences)
        /// Also what the cache holds.
        case cached(KeyValueCache, CacheRows)
    }

    /// - Parameter isContinuing: whether the pass goes on where another on the same tape ended, instead of beginning
    ///   anew.
    init(
        _ model: LanguageModel, gradients: ParameterSet?, tape: Tape, batch: RaggedBatch,
        dropoutSource: RandomSource? = nil,
        hooks: HookTable? = nil, boundary: LayerBoundary? = nil, isContinuing: Bool = false
    ) {
        if !isContinuing { tape.begin(gradients != nil ? .recorded : .plain) }
        self.model = model
        self.tape = tape
        weights = model.parameters.place
        self.gradients = gradients?.place ?? weights
        self.batch = batch
        tokens = tape.indices(batch.tokens)
        positions = tape.indices(batch.positions)
        attention = .sequences(tape.sequences(batch.offsets))
        self.dropoutSource = dropoutSource
        self.hooks = hooks
        self.boundary = boundary
    }

    /// A pass over new rows of the sequences in a cache.
    /// - Parameters:
    ///   - batch: the rows; those of one sequence are neighbours.
    ///   - sequences: (N) which sequence of the cache each belongs to, and its slot there.
    init(
        _ model: LanguageModel, tape: Tape, batch: RaggedBatch, cache: KeyValueCache, sequences: [Int32],
        slots: [Int32], boundary: LayerBoundary?
    ) {
        tape.begin(.decoding)
        self.model = model
        self.tape = tape
        weights = model.parameters.place
        gradients = weights
        self.batch = batch
        tokens = tape.indices(batch.tokens)
        positions = tape.indices(batch.positions)
        attention = .cached(cache, CacheRows(sequences: tape.indices(sequences), slots: tape.indices(slots)))
        dropoutSource = nil
        hooks = nil
        self.boundary = boundary
    }

    /// The parameter at a known place of the layout.
    func weight(at offset: Int, _ count: Int) -> Weight {
        Weight(values: weights[offset..<offset + count], gradient: gradients[offset..<offset + count])
    }

    /// The mask of the `site`-th use of dropout in this pass.
    func mask(_ site: Int, _ probability: Float) -> DropoutMask? {
        guard probability > 0, let dropoutSource else { return nil }
        var source = dropoutSource.split(UInt64(site))
        return DropoutMask(key: source.next(), probability: probability)
    }

    /// Shows a variable to whoever asked for that hook point, before it is used further.
    func hook(_ point: @autoclosure () -> HookPoint, _ variable: Variable) {
        guard let hooks else { return }
        hooks.visit(point(), variable, tape.executor)
    }

    /// The residual stream as block `layer` gets it.
    func entering(_ layer: Int, _ x: Variable) throws -> Variable {
        if let hooks, hooks.isFinished(before: layer) { throw PassFinished() }
        guard let boundary else { return x }
        guard let changed = try boundary(layer, x) else { throw PassFinished() }
        return changed
    }

    /// The last residual stream after the final norm: (N, C), or only the given rows of it.
    func finalStates(rows: Indices? = nil) throws -> Variable {
        switch model.configuration.architecture {
        case .gpt2: return try gpt2States(rows)
        case .llama, .mistral, .phi3, .qwen2: return try llamaStates(rows)
        }
    }

    /// The head that turns final states into logits, (V, C).
    var head: Weight {
        let entry = model.headEntry
        return weight(at: entry.range.lowerBound, entry.range.count)
    }

    /// What the rows' queries find, (N, H·w); queries, keys and values lie side by side.
    func attend(_ queriesKeysValues: Variable, _ layer: Int) -> Variable {
        let configuration = model.configuration
        let width = configuration.scalesAttention ? Float(configuration.headWidth).squareRoot() : 1
        let depth = configuration.scalesAttentionByLayer ? Float(layer + 1) : 1
        let shape = AttentionShape(
            headCount: configuration.headCount, keyValueHeadCount: configuration.keyValueHeadCount,
            headWidth: configuration.headWidth, window: configuration.slidingWindow, scale: 1 / (width * depth))
        switch attention {
        case .cached(let cache, let rows):
            return tape.cachedAttention(queriesKeysValues, rows, in: cache, layer: layer, shape: shape)
        case .sequences(let sequences):
            let queryWidth = shape.headCount * shape.headWidth
            let keyWidth = shape.keyValueHeadCount * shape.headWidth
            return tape.causalAttention(
                query: HeadColumns(queriesKeysValues), key: HeadColumns(queriesKeysValues, offset: queryWidth),
                value: HeadColumns(queriesKeysValues, offset: queryWidth + keyWidth), sequences: sequences,
                shape: shape, dropout: mask(3 * layer + 1, configuration.dropout.attention),
                access: hooks?.patterns[layer]
            ) { hooks?.keep($0, layer) }
        }
    }

    /// x + y·W + b in one operation, or in two where somebody wants to see y·W + b by itself.
    func residual(
        _ x: Variable, _ y: Variable, _ layer: Int, _ site: BlockHook, weight: Weight, bias: Weight?,
        isTransposed: Bool, activation: GELUForm? = nil, mask: DropoutMask?
    ) -> Variable {
        let width = model.configuration.width
        guard let hooks, hooks.wants(.block(layer, site)) else {
            return tape.linear(
                y, weight: weight, bias: bias, outputs: width, isTransposed: isTransposed,
                activation: activation, residual: x, dropout: mask)
        }
        let output = tape.linear(
            y, weight: weight, bias: bias, outputs: width, isTransposed: isTransposed, activation: activation)
        hooks.visit(.block(layer, site), output, tape.executor)
        return tape.sum(x, output)
    }
}

extension LanguageModel {
    /// The parameter that turns final states into logits, (V, C).
    public var headEntry: ParameterEntry {
        let tied = configuration.architecture == .gpt2 ? "transformer.wte.weight" : "model.embed_tokens.weight"
        guard let entry = parameters.layout["lm_head.weight"] ?? parameters.layout[tied] else {
            preconditionFailure("a model without a head")
        }
        return entry
    }
}
