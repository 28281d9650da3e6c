import Glibc

// One step of an LSTM (Hochreiter & Schmidhuber 1997; the forget gate is of Gers et al. 2000). `gates` (N, 4C) holds the sums of
// its two products side by side, input, forget, candidate, output as PyTorch orders them; c (N, C) is the cell before:
//   i, f, o = σ(…),  g = tanh(…),  c′ = f·c + i·g,  h = o·tanh(c′)
// Backward, with d = dc′ + dh·o·(1 − tanh²c′):
//   dc = d·f,  di = d·g·i(1 − i),  df = d·c·f(1 − f),  dg = d·i·(1 − g²),  do = dh·tanh(c′)·o(1 − o).

struct LSTMCellOperation {
    let gates: Variable
    let before: Variable?
    /// (N, 4C) i, f, g, o, and (N, C) tanh(c′).
    let active: UnsafeMutablePointer<Float>
    let squashed: UnsafeMutablePointer<Float>
    let output: Variable
    let cell: Variable
}

extension Tape {
    /// - Parameter before: the cell of the step before; nil for zeros.
    /// - Returns: h and c′, (N, C) each.
    public func lstmCell(gates: Variable, before: Variable?) -> (output: Variable, cell: Variable) {
        let width = gates.columns / 4
        let output = variable(rows: gates.rows, columns: width)
        let cell = variable(rows: gates.rows, columns: width)
        let active = arena.take(gates.count)
        let squashed = arena.take(cell.count)
        workers.parts(of: gates.rows, grain: 4) { _, part in
            for n in part {
                let x = gates.values + n * 4 * width, a = active + n * 4 * width
                for c in 0..<width {
                    let index = n * width + c
                    a[c] = sigmoid(x[c])
                    a[width + c] = sigmoid(x[width + c])
                    a[2 * width + c] = tanhf(x[2 * width + c])
                    a[3 * width + c] = sigmoid(x[3 * width + c])
                    cell.values[index] = a[width + c] * (before?.values[index] ?? 0) + a[c] * a[2 * width + c]
                    squashed[index] = tanhf(cell.values[index])
                    output.values[index] = a[3 * width + c] * squashed[index]
                }
            }
        }
        record(
            .lstmCell(
                LSTMCellOperation(
                    gates: gates, before: before, active: active, squashed: squashed, output: output, cell: cell)))
        return (output, cell)
    }
}

private func sigmoid(_ x: Float) -> Float { 1 / (1 + expf(-x)) }

extension LSTMCellOperation {
    func backward(_ tape: Tape) {
        let dh = tape.gradient(of: output), dcell = tape.gradient(of: cell)
        if dh == nil, dcell == nil { return }
        let width = output.columns
        let (dx, accumulate) = tape.contribute(to: gates)
        let previous = before.map { ($0.values, tape.contribute(to: $0)) }
        tape.workers.parts(of: gates.rows, grain: 4) { _, part in
            for n in part {
                let a = active + n * 4 * width, d = dx + n * 4 * width
                for c in 0..<width {
                    let index = n * width + c
                    let (i, f, g, o) = (a[c], a[width + c], a[2 * width + c], a[3 * width + c])
                    let reaching = dh?[index] ?? 0
                    let passed = (dcell?[index] ?? 0) + reaching * o * (1 - squashed[index] * squashed[index])
                    let gradients = (
                        passed * g * i * (1 - i), passed * (previous?.0[index] ?? 0) * f * (1 - f),
                        passed * i * (1 - g * g),
                        reaching * squashed[index] * o * (1 - o)
                    )
                    d[c] = gradients.0 + (accumulate ? d[c] : 0)
                    d[width + c] = gradients.1 + (accumulate ? d[width + c] : 0)
                    d[2 * width + c] = gradients.2 + (accumulate ? d[2 * width + c] : 0)
                    d[3 * width + c] = gradients.3 + (accumulate ? d[3 * width + c] : 0)
                    if let (_, target) = previous {
                        target.pointer[index] = passed * f + (target.accumulate ? target.pointer[index] : 0)
                    }
                }
            }
        }
        tape.releaseGradient(of: output)
        tape.releaseGradient(of: cell)
    }
}
