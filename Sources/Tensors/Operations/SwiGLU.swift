import CKernels

// SwiGLU (Shazeer 2020): y = SiLU(gate) · up with SiLU(x) = x · σ(x), elementwise, (N, F); the input (N, 2F) holds in each row
// the gate's F columns and then up's, as one product makes them.
// Backward: dup = dy · SiLU(gate), dgate = dy · up · σ(gate) · (1 + gate · (1 − σ(gate))).

struct SwiGLUOperation {
    let input: Variable
    let output: Variable
}

extension Tape {
    public func swiglu(_ input: Variable) -> Variable {
        let width = input.columns / 2
        let output = variable(rows: input.rows, columns: width)
        workers.parts(of: input.rows) { _, part in
            for n in part {
                let gate = input.values + n * 2 * width
                ck_swiglu(output.values + n * width, gate, gate + width, width)
            }
        }
        record(.swiglu(SwiGLUOperation(input: input, output: output)))
        return output
    }
}

extension SwiGLUOperation {
    func backward(_ tape: Tape) {
        guard let dy = tape.gradient(of: output) else { return }
        let (dx, adds) = tape.contribute(to: input)
        precondition(!adds, "the factors of SwiGLU have no other consumer")
        let width = output.columns
        tape.workers.parts(of: input.rows) { _, part in
            for n in part {
                let gate = input.values + n * 2 * width
                let dgate = dx + n * 2 * width
                ck_swiglu_backward(dgate, dgate + width, dy + n * width, gate, gate + width, width)
            }
        }
        tape.releaseGradient(of: output)
    }
}
