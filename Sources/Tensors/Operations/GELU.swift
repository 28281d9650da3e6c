// GELU (Hendrycks & Gimpel 2016), elementwise, in two forms:
//   tanh    y = x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))), GPT-2's
//   exact   y = x · Φ(x) = x/2 · (1 + erf(x/√2))
// Backward: dx = dy · y′(x), computed again from x; y′ = Φ(x) + x·φ(x) for the exact one.

public enum GELUForm: Sendable { case tanh, exact }

public struct GELUOperation: Sendable {
    public let form: GELUForm
    public let input: Variable
    public let output: Variable
}

extension Tape {
    public func gelu(_ input: Variable, form: GELUForm = .tanh) -> Variable {
        let operation = GELUOperation(
            form: form, input: input, output: variable(rows: input.rows, columns: input.columns))
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
