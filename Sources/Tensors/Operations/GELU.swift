import CKernels

// GELU in GPT-2's tanh form (Hendrycks & Gimpel 2016): y = x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))), elementwise.
// Backward: dx = dy · y′(x), computed again from x.

struct GELUOperation {
    let input: Variable
    let output: Variable
}

extension Tape {
    public func gelu(_ input: Variable) -> Variable {
        let output = variable(rows: input.rows, columns: input.columns)
        workers.parts(of: input.count, grain: 16) { _, part in
            ck_gelu(output.values + part.lowerBound, input.values + part.lowerBound, part.count)
        }
        record(.gelu(GELUOperation(input: input, output: output)))
        return output
    }
}

extension GELUOperation {
    func backward(_ tape: Tape) {
        guard let dy = tape.gradient(of: output) else { return }
        tape.workers.parts(of: input.count, grain: 16) { _, part in
            ck_gelu_backward(dy + part.lowerBound, dy + part.lowerBound, input.values + part.lowerBound, part.count)
        }
        // The input has no other consumer in any of our models; if it ever has, the sum is still right.
        tape.passGradient(from: output, to: input) { target, source in ck_add(target, source, input.count) }
    }
}
