// GELU in GPT-2's tanh form (Hendrycks & Gimpel 2016): y = x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))), elementwise.
// Backward: dx = dy · y′(x), computed again from x.

public struct GELUOperation: Sendable {
    public let input: Variable
    public let output: Variable
}

extension Tape {
    public func gelu(_ input: Variable) -> Variable {
        let operation = GELUOperation(input: input, output: variable(rows: input.rows, columns: input.columns))
        executor.forward(operation)
        record(.gelu(operation))
        return operation.output
    }
}

extension GELUOperation {
    func backward(_ tape: Tape) {
        guard let gradient = tape.gradient(of: output) else { return }
        tape.executor.backward(self, gradient: gradient)
        // The input has no other consumer in any of our models; if it ever has, the sum is still right.
        tape.passGradient(from: output, to: input)
    }
}
