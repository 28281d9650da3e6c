import CKernels

// Passes without gradients: attention over a cache, and what comes back to the host.

extension CPUExecutor {
    public func forward(_ operation: CachedAttentionOperation, in memory: Workspace) {
        let shape = operation.shape
        let (heads, keyHeads, width) = (shape.headCount, shape.keyValueHeadCount, shape.headWidth)
        let (queryWidth, keyWidth) = (heads * width, keyHeads * width)
        let stride = operation.input.columns
        let (qkv, out) = (floats(operation.input), floats(operation.output))
        let (keys, values) = (floats(operation.keys), floats(operation.values))
        let (sequences, slots) = (integers(operation.rows.sequences), integers(operation.rows.slots))
        let capacity = operation.capacity
        var work = 0
        for n in 0..<operation.input.rows {
            let at = (Int(sequences[n]) * capacity + Int(slots[n])) * keyWidth
            (keys + at).update(from: qkv + n * stride + queryWidth, count: keyWidth)
            (values + at).update(from: qkv + n * stride + queryWidth + keyWidth, count: keyWidth)
            work += 2 * (Int(slots[n]) + 1) * queryWidth
        }
        let group = heads / keyHeads
        let window = shape.window ?? Int.max
        let mark = memory.arena.mark
        let scores = floats(memory.arena.take(max(capacity, 1) * workers.threadCount))
        func rowsAndHeads(_ thread: Int, _ part: Range<Int>) {
            for task in part {
                let n = task / heads
                let head = task % heads
                let slot = Int(slots[n])
                let first = max(0, slot - window + 1)
                let at = (Int(sequences[n]) * capacity + first) * keyWidth + head / group * width
                ck_attend_row(
                    out + n * queryWidth + head * width, scores + thread * capacity, qkv + n * stride + head * width,
                    keys + at, values + at, keyWidth, slot + 1 - first, width, shape.scale)
            }
        }
        let tasks = operation.input.rows * heads
        if work < 1 << 15 { rowsAndHeads(0, 0..<tasks) } else { workers.parts(of: tasks) { rowsAndHeads($0, $1) } }
        memory.arena.rewind(to: mark)
    }

    public func product(_ operation: ProductOperation, to host: UnsafeMutableBufferPointer<Float>) {
        precondition(host.count == operation.rows * operation.outputs, "\(host.count) numbers")
        guard let y = host.baseAddress, operation.rows > 0 else { return }
        let (x, weight) = (floats(operation.input), floats(operation.weight))
        if precision == .bf16 {
            let (inputs, outputs) = (operation.inputs, operation.outputs)
            withProducts(Workspace(self)) { products in
                workers.parts(of: outputs, grain: 32) { thread, part in
                    let first = operation.isTransposed ? part.lowerBound * inputs : part.lowerBound
                    products.multiply(
                        thread, y + part.lowerBound, outputs, x, inputs, weight + first,
                        operation.isTransposed ? inputs : outputs, m: operation.rows, n: part.count, k: inputs,
                        transposeB: operation.isTransposed)
                }
            }
            return
        }
        if operation.isTransposed {
            MatrixProduct.applyTransposed(
                y, x, weight: weight, rows: operation.rows, inputs: operation.inputs, outputs: operation.outputs,
                workers: workers)
        } else {
            MatrixProduct.apply(
                y, x, weight: weight, bias: nil, rows: operation.rows, inputs: operation.inputs,
                outputs: operation.outputs, workers: workers)
        }
    }

    public func appendMostProbable(
        _ logits: Variable, to tokens: inout [Int32], _ probabilities: inout [Float]
    ) {
        for n in 0..<logits.rows {
            let token = Int(ck_argmax(floats(logits) + n * logits.columns, logits.columns))
            tokens.append(Int32(token))
            probabilities.append(probability(of: token, logits, row: n))
        }
    }

    public func appendProbabilities(of tokens: [Int32], _ logits: Variable, to probabilities: inout [Float]) {
        precondition(tokens.count == logits.rows, "\(tokens.count) tokens for \(logits.rows) rows")
        for (n, token) in tokens.enumerated() { probabilities.append(probability(of: Int(token), logits, row: n)) }
    }

    /// The row is used up.
    private func probability(of token: Int, _ logits: Variable, row: Int) -> Float {
        let row = floats(logits) + row * logits.columns
        ck_softmax(row, 1, logits.columns)
        return row[token]
    }

    public func apply(_ edit: Edit, to variable: Variable) {
        for index in 0..<edit.count(of: variable.rows) {
            let row = floats(variable) + edit.row(index) * variable.columns
            edit.change(UnsafeMutableBufferPointer(start: row, count: variable.columns), index: index)
        }
    }
}
