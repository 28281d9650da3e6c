// Embedding: y[n] = tokenTable[tokens[n]] + positionTable[positions[n]], shape (N, C).
// Backward: the row of each table that was read receives the row of dy.

public struct EmbeddingOperation: Sendable {
    public let tokens: Indices  // (N)
    public let positions: Indices  // (N)
    public let tokenTable: Weight  // (V, C)
    public let positionTable: Weight?  // (P, C)
    public let frozenToken: Int32?
    public let output: Variable  // (N, C)
}

extension Tape {
    /// Looks up the rows of both tables; a model with rotary positions has no position table. The row of `frozenToken`
    /// gets no gradient. The index arrays must stay alive until the pass is over.
    public func embedding(
        tokens: Indices, positions: Indices, columns: Int, tokenTable: Weight, positionTable: Weight?,
        frozenToken: Int32? = nil
    ) -> Variable {
        let operation = EmbeddingOperation(
            tokens: tokens, positions: positions, tokenTable: tokenTable, positionTable: positionTable,
            frozenToken: frozenToken, output: variable(rows: tokens.count, columns: columns))
        executor.forward(operation)
        record(.embedding(operation))
        return operation.output
    }
}

extension EmbeddingOperation {
    func backward(_ tape: Tape) {
        guard let gradient = tape.gradient(of: output) else { return }
        tape.executor.backward(self, gradient: gradient)
        tape.releaseGradient(of: output)
    }
}
