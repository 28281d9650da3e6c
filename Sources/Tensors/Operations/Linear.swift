import CKernels

// Linear: y = x·W + b (+ residual), x (N, I), W (I, O) as GPT-2's Conv1D stores it, or W (O, I) as every other model does
// (`isTransposed`), b (O), y (N, O). With dropout: y = residual + dropout(x·W + b).
// Backward, with dy (N, O): dW += xᵀ·dy, db += Σ_n dy, dx += dy·Wᵀ, d residual += dy. The gradient's buffer is handed on
// to the residual stream, so the stream's gradient is never copied.

struct LinearOperation {
    let input: Variable
    let weight: Weight
    let bias: Weight?
    let isTransposed: Bool
    let residual: Variable?
    let dropout: DropoutMask?
    let output: Variable
}

extension Tape {
    public func linear(
        _ input: Variable, weight: Weight, bias: Weight?, outputs: Int, isTransposed: Bool = false, residual: Variable? = nil,
        dropout: DropoutMask? = nil
    ) -> Variable {
        let output = variable(rows: input.rows, columns: outputs)
        let dropout = dropout.flatMap { $0.probability > 0 ? $0 : nil }
        let inputs = input.columns
        workers.parts(of: input.rows, grain: 4) { _, part in
            let y = output.values + part.lowerBound * outputs
            let x = input.values + part.lowerBound * inputs
            let count = part.count * outputs
            // Without dropout the residual is simply what the product is added to.
            let startsFromResidual = residual != nil && dropout == nil
            if startsFromResidual, let residual { y.update(from: residual.values + part.lowerBound * outputs, count: count) }
            if isTransposed {
                MatrixProduct.multiply(
                    y, outputs, x, inputs, weight.values, inputs, m: part.count, n: outputs, k: inputs, transposeB: true,
                    accumulate: startsFromResidual)
            } else {
                MatrixProduct.multiply(
                    y, outputs, x, inputs, weight.values, outputs, m: part.count, n: outputs, k: inputs, accumulate: startsFromResidual)
            }
            if let bias { ck_add_bias(y, bias.values, part.count, outputs, outputs) }
            if let dropout {
                dropout.apply(y, first: part.lowerBound * outputs, count: count)
                if let residual { ck_add(y, residual.values + part.lowerBound * outputs, count) }
            }
        }
        record(.linear(LinearOperation(
            input: input, weight: weight, bias: bias, isTransposed: isTransposed, residual: residual, dropout: dropout, output: output)))
        return output
    }
}

extension LinearOperation {
    func backward(_ tape: Tape) {
        guard let full = tape.gradient(of: output) else { return }
        let rows = input.rows
        let inputs = input.columns
        let outputs = output.columns
        // What reaches the product: dy, thinned by the mask. The residual receives dy as it is.
        var dy = full
        if let dropout {
            dy = tape.takeBuffer(output.count)
            let masked = dy
            tape.workers.parts(of: output.count, grain: 16) { _, part in
                (masked + part.lowerBound).update(from: full + part.lowerBound, count: part.count)
                dropout.apply(masked + part.lowerBound, first: part.lowerBound, count: part.count)
            }
        }
        let (dx, accumulate) = tape.contribute(to: input)
        let gradient = dy
        let threads = tape.workers.threadCount
        tape.workers.run { thread in
            // Rows of dx, then rows of dW: each thread owns what it writes.
            let part = Workers.part(thread, of: threads, count: rows, grain: 4)
            MatrixProduct.multiply(
                dx + part.lowerBound * inputs, inputs, gradient + part.lowerBound * outputs, outputs, weight.values,
                isTransposed ? inputs : outputs, m: part.count, n: inputs, k: outputs, transposeB: !isTransposed, accumulate: accumulate)
            if isTransposed {
                let own = Workers.part(thread, of: threads, count: outputs, grain: 8)
                MatrixProduct.multiply(
                    weight.gradient + own.lowerBound * inputs, inputs, gradient + own.lowerBound, outputs, input.values, inputs,
                    m: own.count, n: inputs, k: rows, transposeA: true, accumulate: true)
            } else {
                let own = Workers.part(thread, of: threads, count: inputs, grain: 8)
                MatrixProduct.multiply(
                    weight.gradient + own.lowerBound * outputs, outputs, input.values + own.lowerBound, inputs, gradient, outputs,
                    m: own.count, n: outputs, k: rows, transposeA: true, accumulate: true)
            }
            if let bias {
                let own = Workers.part(thread, of: threads, count: outputs, grain: 16)
                ck_column_sums(bias.gradient + own.lowerBound, gradient + own.lowerBound, rows, own.count, outputs)
            }
        }
        if dropout != nil { tape.giveBack(dy) }
        if let residual {
            tape.passGradient(from: output, to: residual) { target, source in
                tape.workers.parts(of: output.count, grain: 16) { _, part in
                    ck_add(target + part.lowerBound, source + part.lowerBound, part.count)
                }
            }
        } else {
            tape.releaseGradient(of: output)
        }
    }
}
