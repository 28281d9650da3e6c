import CKernels

// Root-mean-square normalisation (Zhang & Sennrich 2019): y = x / ρ · gain with ρ = √(mean(x²) + ε), x (N, C).
// Backward, with x̂ = x/ρ and d̂ = dy · gain: dx = (d̂ − x̂ · mean(d̂ · x̂)) / ρ, dgain += Σ_n dy · x̂.

struct RMSNormOperation {
    let input: Variable
    let gain: Weight
    let rrms: UnsafeMutablePointer<Float>  // (N), 1/ρ
    let output: Variable
}

extension Tape {
    public func rmsNorm(_ input: Variable, gain: Weight, epsilon: Float) -> Variable {
        let output = variable(rows: input.rows, columns: input.columns)
        let rrms = arena.take(input.rows)
        let columns = input.columns
        workers.parts(of: input.rows) { _, part in
            let offset = part.lowerBound * columns
            ck_rms_norm(
                output.values + offset, rrms + part.lowerBound, input.values + offset, gain.values, epsilon, part.count,
                columns)
        }
        record(.rmsNorm(RMSNormOperation(input: input, gain: gain, rrms: rrms, output: output)))
        return output
    }
}

extension RMSNormOperation {
    func backward(_ tape: Tape) {
        guard let dy = tape.gradient(of: output) else { return }
        let columns = input.columns
        let (dx, accumulate) = tape.contribute(to: input)
        let threads = tape.workers.threadCount
        // Each thread's sums begin on a cache line of their own.
        let stride = (columns + 31) & ~31
        let partial = tape.takeBuffer(threads * stride)
        partial.update(repeating: 0, count: threads * stride)
        tape.workers.parts(of: input.rows) { thread, part in
            let offset = part.lowerBound * columns
            ck_rms_norm_backward(
                dx + offset, partial + thread * stride, dy + offset, input.values + offset, rrms + part.lowerBound,
                gain.values,
                part.count, columns, accumulate ? 1 : 0)
        }
        for thread in 0..<threads { ck_add(gain.gradient, partial + thread * stride, columns) }
        tape.giveBack(partial)
        tape.releaseGradient(of: output)
    }
}
