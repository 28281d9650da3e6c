// Attention of one query a row over a few keys of that row which are their own values, without a scale:
//   s_j = q·k_j,  p = softmax(s),  y = Σ_j p_j k_j;   q, k_j, y (N, C), j < J
// Backward, with e_j = dy·k_j:  ds_j = p_j (e_j − Σ_i p_i e_i),  dq = Σ_j ds_j k_j,  dk_j = p_j dy + ds_j q.

public struct KeyAttentionOperation: Sendable {
    public let query: Variable
    public let keys: [Variable]
    /// (N, J), kept for the way back.
    public let probabilities: Place
    public let output: Variable
}

extension Tape {
    /// - Precondition: there is a key.
    public func keyAttention(query: Variable, keys: [Variable]) -> Variable {
        precondition(!keys.isEmpty, "attention over nothing")
        let output = variable(rows: query.rows, columns: query.columns)
        let operation = KeyAttentionOperation(
            query: query, keys: keys, probabilities: memory.arena.take(query.rows * keys.count), output: output)
        executor.forward(operation)
        record(.keyAttention(operation))
        return output
    }
}

extension KeyAttentionOperation {
    func backward(_ tape: Tape) {
        guard let gradient = tape.gradient(of: output) else { return }
        let query = tape.contribute(to: self.query)
        tape.executor.backward(
            self, gradient: gradient, query: query, keys: keys.map { tape.contribute(to: $0) }, in: tape.memory)
        tape.releaseGradient(of: output)
    }
}
