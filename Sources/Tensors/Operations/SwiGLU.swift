import CKernels

// SwiGLU (Shazeer 2020): y = SiLU(gate) · up with SiLU(x) = x · σ(x), elementwise, (N, F).
// Backward: dup = dy · SiLU(gate), dgate = dy · up · σ(gate) · (1 + gate · (1 − σ(gate))).

struct SwiGLUOperation {
    let gate: Variable
    let up: Variable
    let output: Variable
}

extension Tape {
    public func swiglu(gate: Variable, up: Variable) -> Variable {
        let output = variable(rows: gate.rows, columns: gate.columns)
        workers.parts(of: gate.count, grain: 16) { _, part in
            ck_swiglu(output.values + part.lowerBound, gate.values + part.lowerBound, up.values + part.lowerBound, part.count)
        }
        record(.swiglu(SwiGLUOperation(gate: gate, up: up, output: output)))
        return output
    }
}

extension SwiGLUOperation {
    func backward(_ tape: Tape) {
        guard let dy = tape.gradient(of: output) else { return }
        let (dgate, gateAdds) = tape.contribute(to: gate)
        let (dup, upAdds) = tape.contribute(to: up)
        precondition(!gateAdds && !upAdds, "the factors of SwiGLU have no other consumer")
        tape.workers.parts(of: gate.count, grain: 16) { _, part in
            let i = part.lowerBound
            ck_swiglu_backward(dgate + i, dup + i, dy + i, gate.values + i, up.values + i, part.count)
        }
        tape.releaseGradient(of: output)
    }
}
