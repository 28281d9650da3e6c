// Half the squared distance to a target that learns nothing: L = scale · ½ Σ (x − t)², x and t (N, C). Backward: dx =
// scale · (x − t).

public struct SquaredErrorOperation: Sendable {
    public let input: Variable
    public let target: Variable
    public let scale: Float
}

extension Tape {
    /// ½ Σ (x − t)², without the scale.
    public func squaredError(_ input: Variable, target: Variable, scale: Float) -> Double {
        precondition(input.count == target.count, "\(input.count) numbers against \(target.count)")
        let operation = SquaredErrorOperation(input: input, target: target, scale: scale)
        let loss = executor.forward(operation)
        record(.squaredError(operation))
        return loss
    }
}

extension SquaredErrorOperation {
    func backward(_ tape: Tape) { tape.executor.backward(self, input: tape.contribute(to: input)) }
}
