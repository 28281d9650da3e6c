// One step of an LSTM (Hochreiter & Schmidhuber 1997; the forget gate is of Gers et al. 2000). `gates` (N, 4C) holds
// the sums of its two products side by side, input, forget, candidate, output as PyTorch orders them; c (N, C) is the
// cell before:
//   i, f, o = σ(…),  g = tanh(…),  c′ = f·c + i·g,  h = o·tanh(c′)
// Backward, with d = dc′ + dh·o·(1 − tanh²c′):
//   dc = d·f,  di = d·g·i(1 − i),  df = d·c·f(1 − f),  dg = d·i·(1 − g²),  do = dh·tanh(c′)·o(1 − o).

public struct LSTMCellOperation: Sendable {
    public let gates: Variable
    /// nil for zeros.
    public let before: Variable?
    /// (N, 4C) i, f, g, o, and (N, C) tanh(c′), kept for the way back.
    public let active: Place
    public let squashed: Place
    public let output: Variable
    public let cell: Variable
}

extension Tape {
    /// - Parameter before: the cell of the step before; nil for zeros.
    /// - Returns: h and c′, (N, C) each.
    public func lstmCell(gates: Variable, before: Variable?) -> (output: Variable, cell: Variable) {
        let width = gates.columns / 4
        let output = variable(rows: gates.rows, columns: width), cell = variable(rows: gates.rows, columns: width)
        let operation = LSTMCellOperation(
            gates: gates, before: before, active: memory.arena.take(gates.count),
            squashed: memory.arena.take(cell.count), output: output, cell: cell)
        executor.forward(operation)
        record(.lstmCell(operation))
        return (output, cell)
    }
}

extension LSTMCellOperation {
    func backward(_ tape: Tape) {
        let dh = tape.gradient(of: output), dcell = tape.gradient(of: cell)
        if dh == nil, dcell == nil { return }
        let target = tape.contribute(to: gates)
        tape.executor.backward(
            self, output: dh, cell: dcell, gates: target, before: before.map { tape.contribute(to: $0) })
        tape.releaseGradient(of: output)
        tape.releaseGradient(of: cell)
    }
}
