import CKernels
import Glibc

// The operations that only distillation needs: small, so most run on one thread.

extension CPUExecutor {
    // MARK: Concatenation

    public func forward(_ operation: ConcatenationOperation) {
        let (left, right, columns) = (operation.left, operation.right, operation.output.columns)
        let (a, b, y) = (floats(left), floats(right), floats(operation.output))
        for n in 0..<left.rows {
            let row = y + n * columns
            row.update(from: a + n * left.columns, count: left.columns)
            (row + left.columns).update(from: b + n * right.columns, count: right.columns)
        }
    }

    public func backward(
        _ operation: ConcatenationOperation, gradient: Place, left: GradientTarget, right: GradientTarget
    ) {
        let dy = floats(gradient)
        for (part, target, first) in [(operation.left, left, 0), (operation.right, right, operation.left.columns)] {
            let dx = floats(target.place)
            for n in 0..<part.rows {
                let row = dy + n * operation.output.columns + first
                if target.accumulates {
                    ck_add(dx + n * part.columns, row, part.columns)
                } else {
                    (dx + n * part.columns).update(from: row, count: part.columns)
                }
            }
        }
    }

    // MARK: LSTM

    public func forward(_ operation: LSTMCellOperation) {
        let width = operation.output.columns
        let (gates, before) = (floats(operation.gates), operation.before.map { floats($0) })
        let (active, squashed) = (floats(operation.active), floats(operation.squashed))
        let (output, cell) = (floats(operation.output), floats(operation.cell))
        workers.parts(of: operation.gates.rows, grain: 4) { _, part in
            for n in part {
                let x = gates + n * 4 * width, a = active + n * 4 * width
                for c in 0..<width {
                    let index = n * width + c
                    a[c] = sigmoid(x[c])
                    a[width + c] = sigmoid(x[width + c])
                    a[2 * width + c] = tanhf(x[2 * width + c])
                    a[3 * width + c] = sigmoid(x[3 * width + c])
                    cell[index] = a[width + c] * (before?[index] ?? 0) + a[c] * a[2 * width + c]
                    squashed[index] = tanhf(cell[index])
                    output[index] = a[3 * width + c] * squashed[index]
                }
            }
        }
    }

    public func backward(
        _ operation: LSTMCellOperation, output: Place?, cell: Place?, gates: GradientTarget, before: GradientTarget?
    ) {
        let width = operation.output.columns
        let (dh, dcell, dx) = (output.map { floats($0) }, cell.map { floats($0) }, floats(gates.place))
        let (active, squashed) = (floats(operation.active), floats(operation.squashed))
        let previous = operation.before.map { floats($0) }
        let target = before.map { (pointer: floats($0.place), accumulates: $0.accumulates) }
        workers.parts(of: operation.gates.rows, grain: 4) { _, part in
            for n in part {
                let a = active + n * 4 * width, d = dx + n * 4 * width
                for c in 0..<width {
                    let index = n * width + c
                    let (i, f, g, o) = (a[c], a[width + c], a[2 * width + c], a[3 * width + c])
                    let reaching = dh?[index] ?? 0
                    let passed = (dcell?[index] ?? 0) + reaching * o * (1 - squashed[index] * squashed[index])
                    let gradients = (
                        passed * g * i * (1 - i), passed * (previous?[index] ?? 0) * f * (1 - f),
                        passed * i * (1 - g * g), reaching * squashed[index] * o * (1 - o)
                    )
                    d[c] = gradients.0 + (gates.accumulates ? d[c] : 0)
                    d[width + c] = gradients.1 + (gates.accumulates ? d[width + c] : 0)
                    d[2 * width + c] = gradients.2 + (gates.accumulates ? d[2 * width + c] : 0)
                    d[3 * width + c] = gradients.3 + (gates.accumulates ? d[3 * width + c] : 0)
                    if let target {
                        target.pointer[index] = passed * f + (target.accumulates ? target.pointer[index] : 0)
                    }
                }
            }
        }
    }

    // MARK: Attention over a few keys

    public func forward(_ operation: KeyAttentionOperation) {
        let (columns, count) = (operation.query.columns, operation.keys.count)
        let (query, output) = (floats(operation.query), floats(operation.output))
        let probabilities = floats(operation.probabilities)
        for n in 0..<operation.query.rows {
            let p = probabilities + n * count, q = query + n * columns, y = output + n * columns
            for j in 0..<count { p[j] = dot(q, floats(operation.keys[j]) + n * columns, columns) }
            ck_softmax(p, 1, count)
            y.update(repeating: 0, count: columns)
            for j in 0..<count { addScaled(p[j], floats(operation.keys[j]) + n * columns, to: y, columns) }
        }
    }

    public func backward(
        _ operation: KeyAttentionOperation, gradient: Place, query: GradientTarget, keys: [GradientTarget],
        in memory: Workspace
    ) {
        let (columns, count) = (operation.query.columns, operation.keys.count)
        func target(_ target: GradientTarget) -> UnsafeMutablePointer<Float> {
            let pointer = floats(target.place)
            if !target.accumulates { pointer.update(repeating: 0, count: target.place.count) }
            return pointer
        }
        let (q, dq, dk, dy) = (floats(operation.query), target(query), keys.map(target), floats(gradient))
        let (probabilities, place) = (floats(operation.probabilities), memory.take(count))
        let e = floats(place)
        for n in 0..<operation.query.rows {
            let at = n * columns
            let p = probabilities + n * count
            var mean: Float = 0
            for j in 0..<count {
                e[j] = dot(dy + at, floats(operation.keys[j]) + at, columns)
                mean += p[j] * e[j]
            }
            for j in 0..<count {
                let ds = p[j] * (e[j] - mean)
                addScaled(ds, floats(operation.keys[j]) + at, to: dq + at, columns)
                addScaled(p[j], dy + at, to: dk[j] + at, columns)
                addScaled(ds, q + at, to: dk[j] + at, columns)
            }
        }
        memory.giveBack(place)
    }

    // MARK: Squared error

    public func forward(_ operation: SquaredErrorOperation) -> Double {
        let (x, t) = (floats(operation.input), floats(operation.target))
        var sum = 0.0
        for index in 0..<operation.input.count {
            let difference = Double(x[index] - t[index])
            sum += difference * difference
        }
        return sum / 2
    }

    public func backward(_ operation: SquaredErrorOperation, input target: GradientTarget) {
        let (x, t, dx) = (floats(operation.input), floats(operation.target), floats(target.place))
        for index in 0..<operation.input.count {
            let gradient = operation.scale * (x[index] - t[index])
            dx[index] = gradient + (target.accumulates ? dx[index] : 0)
        }
    }
}

private func sigmoid(_ x: Float) -> Float { 1 / (1 + expf(-x)) }

private func dot(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ count: Int) -> Float {
    var sum: Float = 0
    for c in 0..<count { sum += x[c] * y[c] }
    return sum
}

private func addScaled(_ factor: Float, _ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, _ count: Int) {
    for c in 0..<count { y[c] += factor * x[c] }
}
