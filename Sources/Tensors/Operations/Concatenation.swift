import CKernels

// Concatenation by columns: y[n] = [a[n]; b[n]], a (N, A), b (N, B), y (N, A + B). Backward: each gets its columns of dy.

struct ConcatenationOperation {
    let left: Variable
    let right: Variable
    let output: Variable
}

extension Tape {
    public func concatenate(_ left: Variable, _ right: Variable) -> Variable {
        precondition(left.rows == right.rows, "\(left.rows) and \(right.rows) rows side by side")
        let output = variable(rows: left.rows, columns: left.columns + right.columns)
        for n in 0..<left.rows {
            let row = output.values + n * output.columns
            row.update(from: left.values + n * left.columns, count: left.columns)
            (row + left.columns).update(from: right.values + n * right.columns, count: right.columns)
        }
        record(.concatenation(ConcatenationOperation(left: left, right: right, output: output)))
        return output
    }
}

extension ConcatenationOperation {
    func backward(_ tape: Tape) {
        guard let dy = tape.gradient(of: output) else { return }
        for (part, first) in [(left, 0), (right, left.columns)] {
            let (dx, accumulate) = tape.contribute(to: part)
            for n in 0..<part.rows {
                let row = dy + n * output.columns + first
                if accumulate {
                    ck_add(dx + n * part.columns, row, part.columns)
                } else {
                    (dx + n * part.columns).update(from: row, count: part.columns)
                }
            }
        }
        tape.releaseGradient(of: output)
    }
}
