// y = a + b, where an operation that would add to the residual stream by itself is watched from outside. For passes
// without gradients only: in training the sum is part of `linear`.

public struct SumOperation: Sendable {
    public let left: Variable
    public let right: Variable
    public let output: Variable
}

extension Tape {
    public func sum(_ a: Variable, _ b: Variable) -> Variable {
        precondition(!isRecording && a.count == b.count)
        let operation = SumOperation(left: a, right: b, output: variable(rows: a.rows, columns: a.columns))
        executor.forward(operation)
        return operation.output
    }
}
