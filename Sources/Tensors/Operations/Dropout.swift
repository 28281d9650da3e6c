// Dropout (Srivastava et al. 2014), inverted form: y = x · mask / (1 − p).
// The mask is not stored: whether element i survives is a hash of (key, i), computed again in the backward pass. Keys
// come from the run's random source, one for each use, so a run is repeatable for any number of threads.

/// One use of dropout in one pass.
public struct DropoutMask: Sendable {
    public let key: UInt64
    /// The probability of a zero, in [0, 1).
    public let probability: Float

    public init(key: UInt64, probability: Float) {
        self.key = key
        self.probability = probability
    }

    /// Element i falls when the upper half of its hash is below this.
    public var threshold: UInt32 { UInt32(min(Double(probability) * 4_294_967_296, 4_294_967_295)) }
    /// What a survivor is multiplied by.
    public var scale: Float { 1 / (1 - probability) }
}

public struct DropoutOperation: Sendable {
    public let mask: DropoutMask
    public let variable: Variable
}

extension Tape {
    /// Applies dropout to the values of `x` in place (a no-op at probability 0).
    public func dropout(_ x: Variable, _ mask: DropoutMask?) {
        guard let mask, mask.probability > 0 else { return }
        let operation = DropoutOperation(mask: mask, variable: x)
        executor.forward(operation)
        record(.dropout(operation))
    }
}

extension DropoutOperation {
    func backward(_ tape: Tape) {
        guard let gradient = tape.gradient(of: variable) else { return }
        tape.executor.backward(self, gradient: gradient)
    }
}
