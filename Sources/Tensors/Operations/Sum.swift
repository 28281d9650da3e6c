import CKernels

// y = a + b, where an operation that would add to the residual stream by itself is watched from outside. For passes
// without gradients only: in training the sum is part of `linear`.

extension Tape {
    public func sum(_ a: Variable, _ b: Variable) -> Variable {
        precondition(!isRecording && a.count == b.count)
        let output = variable(rows: a.rows, columns: a.columns)
        workers.parts(of: a.count, grain: 16) { _, part in
            (output.values + part.lowerBound).update(from: a.values + part.lowerBound, count: part.count)
            ck_add(output.values + part.lowerBound, b.values + part.lowerBound, part.count)
        }
        return output
    }
}
