// Rotary position embedding (Su et al. 2021) in the halves layout of Hugging Face: of each head's vector the pairs
// (x[i], x[i + w/2]) are turned by the angle position · frequency[i]. Angles come as tables of cosine and sine, one row
// of w/2 a position id, so every scaling of the frequencies is the model's business. In place.
// Backward: the same rotation by the opposite angle.

/// Cosines and sines of the angles, each (P, w/2); scaled where the model scales them.
public struct RotaryTable: Sendable {
    public let cosine: Place
    public let sine: Place
    public let half: Int

    public init(cosine: Place, sine: Place, half: Int) {
        self.cosine = cosine
        self.sine = sine
        self.half = half
    }
}

public struct RotaryOperation: Sendable {
    public let variable: Variable
    public let offset: Int
    public let heads: Int
    public let headWidth: Int
    public let positions: Indices  // (N)
    public let table: RotaryTable
}

extension Tape {
    /// Turns columns `offset ..< offset + heads · headWidth` of `x` in place.
    public func rotary(
        _ x: Variable, offset: Int = 0, heads: Int, headWidth: Int, positions: Indices, table: RotaryTable
    ) {
        let operation = RotaryOperation(
            variable: x, offset: offset, heads: heads, headWidth: headWidth, positions: positions, table: table)
        executor.forward(operation)
        record(.rotary(operation))
    }
}

extension RotaryOperation {
    func backward(_ tape: Tape) {
        guard let gradient = tape.gradient(of: variable) else { return }
        tape.executor.backward(self, gradient: gradient)
    }
}
