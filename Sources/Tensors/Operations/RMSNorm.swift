// Root-mean-square normalisation (Zhang & Sennrich 2019): y = x / ρ · gain with ρ = √(mean(x²) + ε), x (N, C).
// Backward, with x̂ = x/ρ and d̂ = dy · gain: dx = (d̂ − x̂ · mean(d̂ · x̂)) / ρ, dgain += Σ_n dy · x̂.

public struct RMSNormOperation: Sendable {
    public let input: Variable
    public let gain: Weight
    public let epsilon: Float
    public let rrms: Place  // (N), 1/ρ, kept for the way back
    public let output: Variable
}

extension Tape {
    public func rmsNorm(_ input: Variable, gain: Weight, epsilon: Float) -> Variable {
        let output = variable(rows: input.rows, columns: input.columns)
        let operation = RMSNormOperation(
            input: input, gain: gain, epsilon: epsilon, rrms: memory.arena.take(input.rows), output: output)
        executor.forward(operation)
        record(.rmsNorm(operation))
        return output
    }
}

extension RMSNormOperation {
    func backward(_ tape: Tape) {
        guard let gradient = tape.gradient(of: output) else { return }
        tape.executor.backward(self, gradient: gradient, input: tape.contribute(to: input), in: tape.memory)
        tape.releaseGradient(of: output)
    }
}
