import CKernels

// Embedding: y[n] = tokenTable[tokens[n]] + positionTable[positions[n]], shape (N, C).
// Backward: the row of each table that was read receives the row of dy. Workers own disjoint columns, so rows that occur
// several times need no locks and are summed in the same order for any number of threads.

struct EmbeddingOperation {
    let tokens: UnsafePointer<Int32>  // (N)
    let positions: UnsafePointer<Int32>  // (N)
    let tokenTable: Weight  // (V, C)
    let positionTable: Weight?  // (P, C)
    let frozenToken: Int32?
    let output: Variable  // (N, C)
}

extension Tape {
    /// Looks up the rows of both tables; a model with rotary positions has no position table. The row of `frozenToken` gets
    /// no gradient. The index arrays must stay alive until the pass is over.
    public func embedding(
        tokens: UnsafePointer<Int32>, positions: UnsafePointer<Int32>, count: Int, columns: Int, tokenTable: Weight,
        positionTable: Weight?,
        frozenToken: Int32? = nil
    ) -> Variable {
        let output = variable(rows: count, columns: columns)
        workers.parts(of: count) { _, part in
            for n in part {
                let row = output.values + n * columns
                row.update(from: tokenTable.values + Int(tokens[n]) * columns, count: columns)
                if let positionTable { ck_add(row, positionTable.values + Int(positions[n]) * columns, columns) }
            }
        }
        record(
            .embedding(
                EmbeddingOperation(
                    tokens: tokens, positions: positions, tokenTable: tokenTable, positionTable: positionTable,
                    frozenToken: frozenToken, output: output)))
        return output
    }
}

extension EmbeddingOperation {
    func backward(_ tape: Tape) {
        guard let gradient = tape.gradient(of: output) else { return }
        let columns = output.columns
        tape.workers.parts(of: columns, grain: 16) { _, part in
            for n in 0..<output.rows {
                let row = gradient + n * columns + part.lowerBound
                if tokens[n] != frozenToken {
                    ck_add(tokenTable.gradient + Int(tokens[n]) * columns + part.lowerBound, row, part.count)
                }
                if let positionTable {
                    ck_add(positionTable.gradient + Int(positions[n]) * columns + part.lowerBound, row, part.count)
                }
            }
        }
        tape.releaseGradient(of: output)
    }
}
