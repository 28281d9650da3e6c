/// y = W·x + b for any number of outputs: what every linear probe is in the end.
public struct LinearMap: Sendable, Equatable {
    /// (outputs, width)
    public var weights: [Double]
    /// (outputs)
    public var intercepts: [Double]
    public let width: Int

    public init(weights: [Double], intercepts: [Double], width: Int) {
        self.weights = weights
        self.intercepts = intercepts
        self.width = width
    }

    public var outputCount: Int { intercepts.count }

    /// (rows, outputs) for x (rows, width).
    public func callAsFunction(_ x: [Double]) -> [Double] {
        let rows = width == 0 ? 0 : x.count / width
        return x.withUnsafeBufferPointer { x in
            [Double](unsafeUninitializedCapacity: rows * outputCount) { out, initialized in
                if let x = x.baseAddress, let out = out.baseAddress { apply(x, rows: rows, to: out) }
                initialized = rows * outputCount
            }
        }
    }

    /// Writes (rows, outputs) to `out`.
    func apply(_ x: UnsafePointer<Double>, rows: Int, to out: UnsafeMutablePointer<Double>) {
        let count = outputCount
        for row in 0..<rows { for output in 0..<count { out[row * count + output] = intercepts[output] } }
        LAPACK.multiply(
            out, count, x, width, weights, width, m: rows, n: count, k: width, transposeB: true, accumulate: true)
    }
}
