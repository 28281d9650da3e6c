// ReLU: y = max(x, 0), elementwise; what is not a number stays so, to be found. Backward: dx = dy where x > 0, else 0.

public struct ReLUOperation: Sendable {
    public let input: Variable
    public let output: Variable
}

extension Tape {
    public func relu(_ input: Variable) -> Variable {
        let operation = ReLUOperation(input: input, output: variable(rows: input.rows, columns: input.columns))
        executor.forward(operation)
        record(.relu(operation))
        return operation.output
    }
}

extension ReLUOperation {
    func backward(_ tape: Tape) {
        guard let gradient = tape.gradient(of: output) else { return }
        tape.executor.backward(self, gradient: gradient)
        tape.passGradient(from: output, to: input)
    }
}
