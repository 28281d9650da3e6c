import CKernels

// Workers own disjoint columns of the tables' gradients, so rows that occur several times need no locks and are summed
// in the same order for any number of threads.

extension CPUExecutor {
    public func forward(_ operation: EmbeddingOperation) {
        let columns = operation.output.columns
        let (tokens, positions) = (integers(operation.tokens), integers(operation.positions))
        let (y, tokenTable) = (floats(operation.output), floats(operation.tokenTable.values))
        let positionTable = operation.positionTable.map { floats($0.values) }
        spread(operation.output.rows, work: operation.output.count) { part in
            for n in part {
                let row = y + n * columns
                row.update(from: tokenTable + Int(tokens[n]) * columns, count: columns)
                if let positionTable { ck_add(row, positionTable + Int(positions[n]) * columns, columns) }
            }
        }
    }

    public func backward(_ operation: EmbeddingOperation, gradient: Place) {
        let columns = operation.output.columns
        let (tokens, positions, dy) = (integers(operation.tokens), integers(operation.positions), floats(gradient))
        let tokenTable = floats(operation.tokenTable.gradient)
        let positionTable = operation.positionTable.map { floats($0.gradient) }
        workers.parts(of: columns, grain: 16) { _, part in
            for n in 0..<operation.output.rows {
                let row = dy + n * columns + part.lowerBound
                if tokens[n] != operation.frozenToken {
                    ck_add(tokenTable + Int(tokens[n]) * columns + part.lowerBound, row, part.count)
                }
                if let positionTable {
                    ck_add(positionTable + Int(positions[n]) * columns + part.lowerBound, row, part.count)
                }
            }
        }
    }
}
