// Concatenation by columns: y[n] = [a[n]; b[n]], a (N, A), b (N, B), y (N, A + B). Backward: each gets its columns of
// dy.

public struct ConcatenationOperation: Sendable {
    public let left: Variable
    public let right: Variable
    public let output: Variable
}

extension Tape {
    public func concatenate(_ left: Variable, _ right: Variable) -> Variable {
        precondition(left.rows == right.rows, "\(left.rows) and \(right.rows) rows side by side")
        let operation = ConcatenationOperation(
            left: left, right: right, output: variable(rows: left.rows, columns: left.columns + right.columns))
        executor.forward(operation)
        record(.concatenation(operation))
        return operation.output
    }
}

extension ConcatenationOperation {
    func backward(_ tape: Tape) {
        guard let gradient = tape.gradient(of: output) else { return }
        let left = tape.contribute(to: self.left)
        tape.executor.backward(self, gradient: gradient, left: left, right: tape.contribute(to: right))
        tape.releaseGradient(of: output)
    }
}
