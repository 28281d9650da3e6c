import CKernels

// Single rows of the residual stream, read and overwritten between two operations:
//   gatherRows   y[m] = x[rows m], y (M, C);            backward  dx[rows m] += dy[m]
//   replaceRows  y = x, but y[rows m] = s[m], s (M, C); backward  ds[m] += dy[rows m], dx += dy with zeros at those rows
// A replaced row is cut off from whatever made it: no gradient passes there but the one to what replaced it.

struct GatherRowsOperation {
    let input: Variable
    let rows: UnsafePointer<Int32>  // (M)
    let output: Variable
}

struct ReplaceRowsOperation {
    let input: Variable
    let rows: UnsafePointer<Int32>  // (M)
    let replacement: Variable
    let output: Variable
}

extension Tape {
    /// The given rows of `input`, (count, C). The indices must stay alive until the pass is over.
    public func gatherRows(_ input: Variable, _ rows: UnsafePointer<Int32>, count: Int) -> Variable {
        let columns = input.columns
        let output = variable(rows: count, columns: columns)
        for m in 0..<count {
            (output.values + m * columns).update(from: input.values + Int(rows[m]) * columns, count: columns)
        }
        record(.gatherRows(GatherRowsOperation(input: input, rows: rows, output: output)))
        return output
    }

    /// `input` with other values in the given rows, which must differ from one another. Works in place: what is read from `input`
    /// must have been read before. The indices must stay alive until the pass is over.
    public func replaceRows(_ input: Variable, _ rows: UnsafePointer<Int32>, by replacement: Variable) -> Variable {
        precondition(
            replacement.columns == input.columns, "rows of \(replacement.columns) for rows of \(input.columns)")
        let columns = input.columns
        // The operations that make a residual stream do not look at its values again, so nothing needs the old rows.
        let output = alias(of: input)
        for m in 0..<replacement.rows {
            (output.values + Int(rows[m]) * columns).update(from: replacement.values + m * columns, count: columns)
        }
        record(.replaceRows(ReplaceRowsOperation(input: input, rows: rows, replacement: replacement, output: output)))
        return output
    }
}

extension GatherRowsOperation {
    func backward(_ tape: Tape) {
        guard let dy = tape.gradient(of: output) else { return }
        let columns = input.columns
        let (dx, accumulate) = tape.contribute(to: input)
        if !accumulate { dx.update(repeating: 0, count: input.count) }
        for m in 0..<output.rows { ck_add(dx + Int(rows[m]) * columns, dy + m * columns, columns) }
        tape.releaseGradient(of: output)
    }
}

extension ReplaceRowsOperation {
    func backward(_ tape: Tape) {
        guard let dy = tape.gradient(of: output) else { return }
        let columns = input.columns
        let (ds, accumulate) = tape.contribute(to: replacement)
        for m in 0..<replacement.rows {
            let row = dy + Int(rows[m]) * columns
            if accumulate {
                ck_add(ds + m * columns, row, columns)
            } else {
                (ds + m * columns).update(from: row, count: columns)
            }
            row.update(repeating: 0, count: columns)
        }
        tape.passGradient(from: output, to: input) { target, source in ck_add(target, source, input.count) }
    }
}
