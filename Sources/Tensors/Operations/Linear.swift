import CKernels

// Linear: y = x·W + b (+ residual), x (N, I), W (I, O) as GPT-2's Conv1D stores it, or W (O, I) as every other model does
// (`isTransposed`), b (O), y (N, O). With dropout: y = residual + dropout(x·W + b).
// With `activatesInput` the product takes GELU(x) in place of x; the activations, the widest of a block, are then not kept but
// computed again when their gradient passes.
// Backward, with dy (N, O): dW += xᵀ·dy, db += Σ_n dy, dx += dy·Wᵀ, d residual += dy. The gradient's buffer is handed on
// to the residual stream, so the stream's gradient is never copied.

struct LinearOperation {
    let input: Variable
    let weight: Weight
    let bias: Weight?
    let isTransposed: Bool
    let activatesInput: Bool
    let residual: Variable?
    let dropout: DropoutMask?
    let output: Variable
}

extension Tape {
    public func linear(
        _ input: Variable, weight: Weight, bias: Weight?, outputs: Int, isTransposed: Bool = false,
        activatesInput: Bool = false, residual: Variable? = nil, dropout: DropoutMask? = nil
    ) -> Variable {
        let output = variable(rows: input.rows, columns: outputs)
        let dropout = dropout.flatMap { $0.probability > 0 ? $0 : nil }
        let inputs = input.columns
        let active = activatesInput ? takeBuffer(input.count) : input.values
        workers.parts(of: input.rows, grain: 8) { _, part in
            let start = part.lowerBound * outputs
            if activatesInput {
                ck_gelu(active + part.lowerBound * inputs, input.values + part.lowerBound * inputs, part.count * inputs)
            }
            let y = output.values + start
            // Without dropout the residual is simply what the product is added to.
            MatrixProduct.multiply(
                y, outputs, active + part.lowerBound * inputs, inputs, weight.values, isTransposed ? inputs : outputs,
                m: part.count,
                n: outputs, k: inputs, transposeB: isTransposed,
                add: dropout == nil ? residual.map { UnsafePointer($0.values + start) } : nil,
                ldadd: outputs, bias: bias.map { UnsafePointer($0.values) })
            if let dropout {
                dropout.apply(y, first: start, count: part.count * outputs)
                if let residual { ck_add(y, residual.values + start, part.count * outputs) }
            }
        }
        if activatesInput { giveBack(active) }
        record(
            .linear(
                LinearOperation(
                    input: input, weight: weight, bias: bias, isTransposed: isTransposed,
                    activatesInput: activatesInput, residual: residual,
                    dropout: dropout, output: output)))
        return output
    }
}

extension LinearOperation {
    func backward(_ tape: Tape) {
        guard let full = tape.gradient(of: output) else { return }
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
        multiply(tape, dy)
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

    /// dx, dW and db from dy.
    private func multiply(_ tape: Tape, _ dy: UnsafeMutablePointer<Float>) {
        let (rows, inputs, outputs) = (input.rows, input.columns, output.columns)
        let (dx, accumulate) = tape.contribute(to: input)
        precondition(!(activatesInput && accumulate), "what is activated has no other consumer")
        let active = activatesInput ? tape.takeBuffer(input.count) : input.values
        defer { if activatesInput { tape.giveBack(active) } }
        // dW (height, width) = leftᵀ · right.
        let (left, right) = isTransposed ? (dy, active) : (active, dy)
        let (height, width) = isTransposed ? (outputs, inputs) : (inputs, outputs)
        func rowsOfDx(_ part: Range<Int>) {
            MatrixProduct.multiply(
                dx + part.lowerBound * inputs, inputs, dy + part.lowerBound * outputs, outputs, weight.values,
                isTransposed ? inputs : outputs,
                m: part.count, n: inputs, k: outputs, transposeB: !isTransposed, accumulate: accumulate)
            let start = part.lowerBound * inputs
            if activatesInput { ck_gelu_again(dx + start, active + start, input.values + start, part.count * inputs) }
        }
        let threads = tape.workers.threadCount
        if threads > 1, height * width * 4 < rows * (height + width) {
            // What crosses between the cores decides here. Each thread sums over its own rows, which its cache holds; only the
            // sums cross, and are added in the order of the threads.
            let size = (height * width + outputs + 31) & ~31
            let partial = tape.takeBuffer((threads - 1) * size)
            tape.workers.run { thread in
                let part = Workers.part(thread, of: threads, count: rows, grain: 8)
                rowsOfDx(part)
                let sums = thread == 0 ? weight.gradient : partial + (thread - 1) * size
                MatrixProduct.multiply(
                    sums, width, left + part.lowerBound * height, height, right + part.lowerBound * width, width,
                    m: height, n: width,
                    k: part.count, transposeA: true, accumulate: thread == 0)
                if let bias {
                    let sums = thread == 0 ? bias.gradient : partial + (thread - 1) * size + height * width
                    if thread > 0 { sums.update(repeating: 0, count: outputs) }
                    ck_column_sums(sums, dy + part.lowerBound * outputs, part.count, outputs, outputs)
                }
            }
            tape.workers.parts(of: height * width + outputs, grain: 32) { _, part in
                for sums in 0..<threads - 1 {
                    let sums = partial + sums * size
                    let matrix = part.clamped(to: 0..<height * width),
                        vector = part.clamped(to: height * width..<height * width + outputs)
                    ck_add(weight.gradient + matrix.lowerBound, sums + matrix.lowerBound, matrix.count)
                    if let bias {
                        ck_add(
                            bias.gradient + vector.lowerBound - height * width, sums + vector.lowerBound, vector.count)
                    }
                }
            }
            tape.giveBack(partial)
            return
        }
        // Rows of dx, then a part of dW along its longer side: each thread owns what it writes. A part of dW needs all of `active`.
        if activatesInput { tape.workers.parts(of: rows, grain: 8) { _, part in rowsOfDx(part) } }
        tape.workers.run { thread in
            if !activatesInput { rowsOfDx(Workers.part(thread, of: threads, count: rows, grain: 8)) }
            let own = Workers.part(thread, of: threads, count: max(width, height), grain: 32)
            let (down, across) = width >= height ? (0..<height, own) : (own, 0..<width)
            MatrixProduct.multiply(
                weight.gradient + down.lowerBound * width + across.lowerBound, width, left + down.lowerBound, height,
                right + across.lowerBound, width, m: down.count, n: across.count, k: rows, transposeA: true,
                accumulate: true)
            if let bias {
                let own = Workers.part(thread, of: threads, count: outputs, grain: 16)
                ck_column_sums(bias.gradient + own.lowerBound, dy + own.lowerBound, rows, own.count, outputs)
            }
        }
    }
}
