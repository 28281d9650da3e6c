// Layer normalisation (Ba et al. 2016) over the last axis: y = (x − μ)/√(σ² + ε) · gain + bias, x (N, C).
// Backward, with x̂ = (x − μ)/√(σ² + ε) and d̂ = dy · gain:
//   dx = (d̂ − mean(d̂) − x̂ · mean(d̂ · x̂)) / √(σ² + ε),  dgain += Σ_n dy · x̂,  dbias += Σ_n dy.

public struct LayerNormOperation: Sendable {
    public let input: Variable
    public let gain: Weight
    public let bias: Weight
    public let epsilon: Float
    public let mean: Place  // (N), kept for the way back
    public let rstd: Place  // (N)
    public let output: Variable
}

extension Tape {
    public func layerNorm(_ input: Variable, gain: Weight, bias: Weight, epsilon: Float) -> Variable {
        let output = variable(rows: input.rows, columns: input.columns)
        let operation = LayerNormOperation(
            input: input, gain: gain, bias: bias, epsilon: epsilon, mean: memory.arena.take(input.rows),
            rstd: memory.arena.take(input.rows), output: output)
        executor.forward(operation)
        record(.layerNorm(operation))
        return output
    }
}

extension LayerNormOperation {
    func backward(_ tape: Tape) {
        guard let gradient = tape.gradient(of: output) else { return }
        tape.executor.backward(self, gradient: gradient, input: tape.contribute(to: input), in: tape.memory)
        tape.releaseGradient(of: output)
    }
}
