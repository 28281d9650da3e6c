import CKernels

// Attention of one query a row over a few keys of that row which are their own values, without a scale:
//   s_j = q·k_j,  p = softmax(s),  y = Σ_j p_j k_j;   q, k_j, y (N, C), j < J
// Backward, with e_j = dy·k_j:  ds_j = p_j (e_j − Σ_i p_i e_i),  dq = Σ_j ds_j k_j,  dk_j = p_j dy + ds_j q.

struct KeyAttentionOperation {
    let query: Variable
    let keys: [Variable]
    /// (N, J)
    let probabilities: UnsafeMutablePointer<Float>
    let output: Variable
}

extension Tape {
    /// - Precondition: there is a key.
    public func keyAttention(query: Variable, keys: [Variable]) -> Variable {
        precondition(!keys.isEmpty, "attention over nothing")
        let (columns, count) = (query.columns, keys.count)
        let output = variable(rows: query.rows, columns: columns)
        let probabilities = arena.take(query.rows * count)
        for n in 0..<query.rows {
            let p = probabilities + n * count, q = query.values + n * columns, y = output.values + n * columns
            for j in 0..<count { p[j] = dot(q, keys[j].values + n * columns, columns) }
            ck_softmax(p, 1, count)
            y.update(repeating: 0, count: columns)
            for j in 0..<count { add(p[j], keys[j].values + n * columns, to: y, columns) }
        }
        record(
            .keyAttention(KeyAttentionOperation(query: query, keys: keys, probabilities: probabilities, output: output))
        )
        return output
    }
}

extension KeyAttentionOperation {
    func backward(_ tape: Tape) {
        guard let dy = tape.gradient(of: output) else { return }
        let (columns, count) = (query.columns, keys.count)
        func target(_ variable: Variable) -> UnsafeMutablePointer<Float> {
            let (pointer, accumulate) = tape.contribute(to: variable)
            if !accumulate { pointer.update(repeating: 0, count: variable.count) }
            return pointer
        }
        let dq = target(query)
        let dk = keys.map(target)
        let e = tape.takeBuffer(count)
        for n in 0..<query.rows {
            let at = n * columns
            let p = probabilities + n * count
            var mean: Float = 0
            for j in 0..<count {
                e[j] = dot(dy + at, keys[j].values + at, columns)
                mean += p[j] * e[j]
            }
            for j in 0..<count {
                let ds = p[j] * (e[j] - mean)
                add(ds, keys[j].values + at, to: dq + at, columns)
                add(p[j], dy + at, to: dk[j] + at, columns)
                add(ds, query.values + at, to: dk[j] + at, columns)
            }
        }
        tape.giveBack(e)
        tape.releaseGradient(of: output)
    }
}

private func dot(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ count: Int) -> Float {
    var sum: Float = 0
    for c in 0..<count { sum += x[c] * y[c] }
    return sum
}

private func add(_ factor: Float, _ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, _ count: Int) {
    for c in 0..<count { y[c] += factor * x[c] }
}
