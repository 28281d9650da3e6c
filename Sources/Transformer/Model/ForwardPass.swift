import Tensors

/// What happens at the boundary before a block: sees the residual stream (N, C) that block `layer` is about to get, and returns the
/// one that it does get; nil if nothing after this point is wanted.
public typealias LayerBoundary = (_ layer: Int, _ stream: Variable) throws -> Variable?

/// One run of a model over a ragged batch, recorded on a tape: what every architecture's forward pass works with.
struct ForwardPass {
    let model: LanguageModel
    /// Where gradients go; the weights themselves when nothing is recorded.
    let gradients: ParameterSet?
    let tape: Tape
    /// Index arrays in the tape's arena, alive as long as the pass.
    let tokens: UnsafePointer<Int32>
    let positions: UnsafePointer<Int32>
    let labels: UnsafePointer<Int32>
    let offsets: UnsafePointer<Int>
    let count: Int
    let sequenceCount: Int
    /// Keys for the masks of this pass; nil for no dropout.
    let dropoutSource: RandomSource?
    let hooks: HookTable?
    let boundary: LayerBoundary?

    /// - Parameter isContinuing: whether the pass goes on where another on the same tape ended, instead of beginning anew.
    init(
        _ model: LanguageModel, gradients: ParameterSet?, tape: Tape, batch: RaggedBatch,
        dropoutSource: RandomSource? = nil,
        hooks: HookTable? = nil, boundary: LayerBoundary? = nil, isContinuing: Bool = false
    ) {
        if !isContinuing { tape.begin(recording: gradients != nil) }
        self.model = model
        self.gradients = gradients
        self.tape = tape
        count = batch.tokenCount
        sequenceCount = batch.sequenceCount
        tokens = Self.copy(batch.tokens, tape)
        positions = Self.copy(batch.positions, tape)
        labels = Self.copy(batch.labels, tape)
        let starts = UnsafeMutableRawPointer(tape.arena.take(2 * batch.offsets.count)).assumingMemoryBound(to: Int.self)
        for (index, offset) in batch.offsets.enumerated() { starts[index] = offset }
        offsets = UnsafePointer(starts)
        self.dropoutSource = dropoutSource
        self.hooks = hooks
        self.boundary = boundary
    }

    private static func copy(_ ids: [Int32], _ tape: Tape) -> UnsafePointer<Int32> {
        let pointer = tape.arena.takeIntegers(ids.count)
        ids.withUnsafeBufferPointer { if let base = $0.baseAddress { pointer.update(from: base, count: ids.count) } }
        return UnsafePointer(pointer)
    }

    /// The parameter at a known place of the layout.
    func weight(at offset: Int) -> Weight {
        let values = model.parameters.base + offset
        return Weight(values: values, gradient: gradients.map { $0.base + offset } ?? values)
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
        hooks.visit(point(), variable)
    }

    /// The residual stream as block `layer` gets it.
    func entering(_ layer: Int, _ x: Variable) throws -> Variable {
        if let hooks, hooks.isFinished(before: layer) { throw PassFinished() }
        guard let boundary else { return x }
        guard let changed = try boundary(layer, x) else { throw PassFinished() }
        return changed
    }

    /// The last residual stream after the final norm (N, C).
    func finalStates() throws -> Variable {
        switch model.configuration.architecture {
        case .gpt2: return try gpt2States()
        case .llama, .mistral, .phi3: return try llamaStates()
        }
    }

    /// The head that turns final states into logits, (V, C).
    var head: Weight {
        let layout = model.parameters.layout
        let tied = model.configuration.architecture == .gpt2 ? "transformer.wte.weight" : "model.embed_tokens.weight"
        let entry = layout["lm_head.weight"] ?? layout[tied]
        return weight(at: entry!.range.lowerBound)
    }

    /// x + y·W + b in one operation, or in two where somebody wants to see y·W + b by itself.
    func residual(
        _ x: Variable, _ y: Variable, _ layer: Int, _ site: BlockHook, weight offset: Int, bias: Int?,
        isTransposed: Bool,
        activatesInput: Bool = false, mask: DropoutMask?
    ) -> Variable {
        let weight = weight(at: offset)
        let bias = bias.map { self.weight(at: $0) }
        let width = model.configuration.width
        guard let hooks, hooks.wants(.block(layer, site)) else {
            return tape.linear(
                y, weight: weight, bias: bias, outputs: width, isTransposed: isTransposed,
                activatesInput: activatesInput, residual: x,
                dropout: mask)
        }
        let output = tape.linear(
            y, weight: weight, bias: bias, outputs: width, isTransposed: isTransposed, activatesInput: activatesInput)
        hooks.visit(.block(layer, site), output)
        return tape.sum(x, output)
    }
}
