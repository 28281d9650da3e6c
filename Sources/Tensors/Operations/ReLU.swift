import CKernels

// ReLU: y = max(x, 0), elementwise. Backward: dx = dy where x > 0, else 0.

struct ReLUOperation {
    let input: Variable
    let output: Variable
}

extension Tape {
    public func relu(_ input: Variable) -> Variable {
        let output = variable(rows: input.rows, columns: input.columns)
        // Not max(): a NaN must stay one, to be found.
        for index in 0..<input.count { output.values[index] = input.values[index] < 0 ? 0 : input.values[index] }
        record(.relu(ReLUOperation(input: input, output: output)))
        return output
    }
}

extension ReLUOperation {
    func backward(_ tape: Tape) {
        guard let dy = tape.gradient(of: output) else { return }
        for index in 0..<input.count where input.values[index] <= 0 { dy[index] = 0 }
        tape.passGradient(from: output, to: input) { target, source in ck_add(target, source, input.count) }
    }
}
