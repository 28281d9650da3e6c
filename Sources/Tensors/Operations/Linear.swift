// Linear: y = x·W + b (+ residual), x (N, I), W (I, O) as GPT-2's Conv1D stores it, or W (O, I) as every other model
// does (`isTransposed`), b (O), y (N, O). With dropout: y = residual + dropout(x·W + b).
// With an `activation` the product takes GELU(x) in place of x; the activations, the widest of a block, are then not
// kept but computed again when their gradient passes.
// Backward, with dy (N, O): dW += xᵀ·dy, db += Σ_n dy, dx += dy·Wᵀ, d residual += dy. The gradient's buffer is handed
// on to the residual stream, so the stream's gradient is never copied.

public struct LinearOperation: Sendable {
    public let input: Variable
    public let weight: Weight
    public let bias: Weight?
    public let isTransposed: Bool
    /// nil for x as it is.
    public let activation: GELUForm?
    public var activatesInput: Bool { activation != nil }
    public let residual: Variable?
    /// Of a probability above 0.
    public let dropout: DropoutMask?
    /// A few rows that meet the whole matrix, without gradients: what counts is how fast the matrix is read.
    public let isDecoding: Bool
    public let output: Variable
}

extension Tape {
    public func linear(
        _ input: Variable, weight: Weight, bias: Weight?, outputs: Int, isTransposed: Bool = false,
        activation: GELUForm? = nil, residual: Variable? = nil, dropout: DropoutMask? = nil
    ) -> Variable {
        let operation = LinearOperation(
            input: input, weight: weight, bias: bias, isTransposed: isTransposed, activation: activation,
            residual: residual, dropout: dropout.flatMap { $0.probability > 0 ? $0 : nil },
            isDecoding: kind == .decoding, output: variable(rows: input.rows, columns: outputs))
        executor.forward(operation, in: memory)
        record(.linear(operation))
        return operation.output
    }
}

extension LinearOperation {
    func backward(_ tape: Tape) {
        guard let gradient = tape.gradient(of: output) else { return }
        let target = tape.contribute(to: input)
        precondition(!(activatesInput && target.accumulates), "what is activated has no other consumer")
        tape.executor.backward(self, gradient: gradient, input: target, in: tape.memory)
        if let residual {
            tape.passGradient(from: output, to: residual)
        } else {
            tape.releaseGradient(of: output)
        }
    }
}
