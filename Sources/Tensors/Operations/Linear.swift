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
        workers.parts(of: input.rows, grain: 8) { _, part in
            let start = part.lowerBound * outputs
            let y = output.values + start
            // Without dropout the residual is simply what the product is added to.
            MatrixProduct.multiply(
                y, outputs, input.values + part.lowerBound * inputs, inputs, weight.values, isTransposed ? inputs : outputs, m: part.count,
                n: outputs, k: inputs, transposeB: isTransposed, add: dropout == nil ? residual.map { UnsafePointer($0.values + start) } : nil,
                ldadd: outputs, bias: bias.map { UnsafePointer($0.values) })
            if let dropout {
                dropout.apply(y, first: start, count: part.count * outputs)
                if let residual { ck_add(y, residual.values + start, part.count * outputs) }
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
            // Rows of dx, then a part of dW: each thread owns what it writes.
            let part = Workers.part(thread, of: threads, count: rows, grain: 8)
            MatrixProduct.multiply(
                dx + part.lowerBound * inputs, inputs, gradient + part.lowerBound * outputs, outputs, weight.values,
                isTransposed ? inputs : outputs, m: part.count, n: inputs, k: outputs, transposeB: !isTransposed, accumulate: accumulate)
            let (left, right) = isTransposed ? (gradient, input.values) : (input.values, gradient)
            let (height, width) = isTransposed ? (outputs, inputs) : (inputs, outputs)
            // The longer side of dW is cut.
            let own = Workers.part(thread, of: threads, count: max(width, height), grain: 32)
            let (down, across) = width >= height ? (0..<height, own) : (own, 0..<width)
            MatrixProduct.multiply(
                weight.gradient + down.lowerBound * width + across.lowerBound, width, left + down.lowerBound, height,
                right + across.lowerBound, width, m: down.count, n: across.count, k: rows, transposeA: true, accumulate: true)
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
