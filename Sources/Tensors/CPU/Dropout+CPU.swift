import CKernels

extension DropoutMask {
    /// Applies elements `first…` of the mask in place.
    func apply(_ x: UnsafeMutablePointer<Float>, first: Int, count: Int) {
        ck_dropout(x, key, UInt64(first), threshold, scale, count)
    }
}

extension CPUExecutor {
    public func forward(_ operation: DropoutOperation) { thin(operation, floats(operation.variable)) }

    public func backward(_ operation: DropoutOperation, gradient: Place) { thin(operation, floats(gradient)) }

    private func thin(_ operation: DropoutOperation, _ x: UnsafeMutablePointer<Float>) {
        workers.parts(of: operation.variable.count, grain: 16) { _, part in
            operation.mask.apply(x + part.lowerBound, first: part.lowerBound, count: part.count)
        }
    }
}
