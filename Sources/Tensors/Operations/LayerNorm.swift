import CKernels

// Layer normalisation (Ba et al. 2016) over the last axis: y = (x − μ)/√(σ² + ε) · gain + bias, x (N, C).
// Backward, with x̂ = (x − μ)/√(σ² + ε) and d̂ = dy · gain:
//   dx = (d̂ − mean(d̂) − x̂ · mean(d̂ · x̂)) / √(σ² + ε),  dgain += Σ_n dy · x̂,  dbias += Σ_n dy.
// Each thread sums dgain and dbias over its own rows; the partial sums are added in the order of the threads.

struct LayerNormOperation {
    let input: Variable
    let gain: Weight
    let bias: Weight
    let mean: UnsafeMutablePointer<Float>  // (N)
    let rstd: UnsafeMutablePointer<Float>  // (N)
    let output: Variable
}

extension Tape {
    public func layerNorm(_ input: Variable, gain: Weight, bias: Weight, epsilon: Float) -> Variable {
        let output = variable(rows: input.rows, columns: input.columns)
        let mean = arena.take(input.rows)
        let rstd = arena.take(input.rows)
        let columns = input.columns
        workers.parts(of: input.rows) { _, part in
            let offset = part.lowerBound * columns
            ck_layer_norm(
                output.values + offset, mean + part.lowerBound, rstd + part.lowerBound, input.values + offset,
                gain.values, bias.values,
                epsilon, part.count, columns)
        }
        record(
            .layerNorm(LayerNormOperation(input: input, gain: gain, bias: bias, mean: mean, rstd: rstd, output: output))
        )
        return output
    }
}

extension LayerNormOperation {
    func backward(_ tape: Tape) {
        guard let dy = tape.gradient(of: output) else { return }
        let columns = input.columns
        let (dx, accumulate) = tape.contribute(to: input)
        let threads = tape.workers.threadCount
        // Each thread's sums begin on a cache line of their own.
        let stride = (2 * columns + 31) & ~31
        let partial = tape.takeBuffer(threads * stride)
        partial.update(repeating: 0, count: threads * stride)
        tape.workers.parts(of: input.rows) { thread, part in
            let offset = part.lowerBound * columns
            let sums = partial + thread * stride
            ck_layer_norm_backward(
                dx + offset, sums, sums + columns, dy + offset, input.values + offset, mean + part.lowerBound,
                rstd + part.lowerBound,
                gain.values, part.count, columns, accumulate ? 1 : 0)
        }
        for thread in 0..<threads {
            ck_add(gain.gradient, partial + thread * stride, columns)
            ck_add(bias.gradient, partial + thread * stride + columns, columns)
        }
        tape.giveBack(partial)
        tape.releaseGradient(of: output)
    }
}
