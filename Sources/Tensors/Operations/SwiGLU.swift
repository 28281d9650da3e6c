// SwiGLU (Shazeer 2020): y = SiLU(gate) · up with SiLU(x) = x · σ(x), elementwise, (N, F); the input (N, 2F) holds in
// each row the gate's F columns and then up's, as one product makes them.
// Backward: dup = dy · SiLU(gate), dgate = dy · up · σ(gate) · (1 + gate · (1 − σ(gate))).

public struct SwiGLUOperation: Sendable {
    public let input: Variable
    public let output: Variable
}

extension Tape {
    public func swiglu(_ input: Variable) -> Variable {
        let operation = SwiGLUOperation(input: input, output: variable(rows: input.rows, columns: input.columns / 2))
        executor.forward(operation)
        record(.swiglu(operation))
        return operation.output
    }
}

extension SwiGLUOperation {
    func backward(_ tape: Tape) {
        guard let gradient = tape.gradient(of: output) else { return }
        let target = tape.contribute(to: input)
        precondition(!target.accumulates, "the factors of SwiGLU have no other consumer")
        tape.executor.backward(self, gradient: gradient, input: target.place)
        tape.releaseGradient(of: output)
    }
}
