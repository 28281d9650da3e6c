import CKernels

extension CPUExecutor {
    public func forward(_ operation: GatherRowsOperation) {
        let columns = operation.input.columns
        let (x, y, rows) = (floats(operation.input), floats(operation.output), integers(operation.rows))
        for m in 0..<operation.output.rows {
            (y + m * columns).update(from: x + Int(rows[m]) * columns, count: columns)
        }
    }

    public func backward(_ operation: GatherRowsOperation, gradient: Place, input target: GradientTarget) {
        let columns = operation.input.columns
        let (dx, dy, rows) = (floats(target.place), floats(gradient), integers(operation.rows))
        if !target.accumulates { dx.update(repeating: 0, count: operation.input.count) }
        for m in 0..<operation.output.rows { ck_add(dx + Int(rows[m]) * columns, dy + m * columns, columns) }
    }

    public func forward(_ operation: ReplaceRowsOperation) {
        let columns = operation.input.columns
        let (y, s, rows) = (floats(operation.output), floats(operation.replacement), integers(operation.rows))
        for m in 0..<operation.replacement.rows {
            (y + Int(rows[m]) * columns).update(from: s + m * columns, count: columns)
        }
    }

    public func backward(_ operation: ReplaceRowsOperation, gradient: Place, replacement target: GradientTarget) {
        let columns = operation.input.columns
        let (ds, dy, rows) = (floats(target.place), floats(gradient), integers(operation.rows))
        for m in 0..<operation.replacement.rows {
            let row = dy + Int(rows[m]) * columns
            if target.accumulates {
                ck_add(ds + m * columns, row, columns)
            } else {
                (ds + m * columns).update(from: row, count: columns)
            }
            row.update(repeating: 0, count: columns)
        }
    }
}
