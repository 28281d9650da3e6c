// Single rows of the residual stream, read and overwritten between two operations:
//   gatherRows   y[m] = x[rows m], y (M, C);            backward  dx[rows m] += dy[m]
//   replaceRows  y = x, but y[rows m] = s[m], s (M, C); backward  ds[m] += dy[rows m], dx += dy with zeros at those rows
// A replaced row is cut off from whatever made it: no gradient passes there but the one to what replaced it.

public struct GatherRowsOperation: Sendable {
    public let input: Variable
    public let rows: Indices  // (M)
    public let output: Variable
}

public struct ReplaceRowsOperation: Sendable {
    /// The rows are overwritten where they lie.
    public let input: Variable
    public let rows: Indices  // (M)
    public let replacement: Variable
    /// Lies where `input` does.
    public let output: Variable
}

extension Tape {
    /// The given rows of `input`, (M, C). The indices must stay alive until the pass is over.
    public func gatherRows(_ input: Variable, _ rows: Indices) -> Variable {
        let operation = GatherRowsOperation(
            input: input, rows: rows, output: variable(rows: rows.count, columns: input.columns))
        executor.forward(operation)
        record(.gatherRows(operation))
        return operation.output
    }

    /// `input` with other values in the given rows, which must differ from one another. Works in place: what is read
    /// from `input` must have been read before. The indices must stay alive until the pass is over.
    public func replaceRows(_ input: Variable, _ rows: Indices, by replacement: Variable) -> Variable {
        precondition(
            replacement.columns == input.columns, "rows of \(replacement.columns) for rows of \(input.columns)")
        // The operations that make a residual stream do not look at its values again, so nothing needs the old rows.
        let operation = ReplaceRowsOperation(
            input: input, rows: rows, replacement: replacement, output: alias(of: input))
        executor.forward(operation)
        record(.replaceRows(operation))
        return operation.output
    }
}

extension GatherRowsOperation {
    func backward(_ tape: Tape) {
        guard let gradient = tape.gradient(of: output) else { return }
        tape.executor.backward(self, gradient: gradient, input: tape.contribute(to: input))
        tape.releaseGradient(of: output)
    }
}

extension ReplaceRowsOperation {
    func backward(_ tape: Tape) {
        guard let gradient = tape.gradient(of: output) else { return }
        tape.executor.backward(self, gradient: gradient, replacement: tape.contribute(to: replacement))
        tape.passGradient(from: output, to: input)
    }
}
