/// How products with weights read their factors, which are float32 in memory, as are the sums. Everything else (norms,
/// attention, softmax, losses, gradients, moments, the weights themselves) is float32 in each of them.
public enum ProductPrecision: String, Sendable, CaseIterable {
    /// As they are.
    case f32
    /// With 10 bits of fraction in place of 23, several times as fast on cards that can (Ampere and later).
    case tf32
    /// With 7 bits of fraction: bfloat16, twice as fast on processors that have AVX512-BF16, more than that on cards
    /// (Ampere and later).
    case bf16
}

/// An executor that was asked to multiply in a way that it does not have.
public struct PrecisionFault: Error, Equatable, CustomStringConvertible {
    public let precision: ProductPrecision
    /// What computes there: `the processor`.
    public let place: String
    public let possible: [ProductPrecision]

    public init(_ precision: ProductPrecision, at place: String, possible: [ProductPrecision]) {
        self.precision = precision
        self.place = place
        self.possible = possible
    }

    public var description: String {
        "\(place) multiplies in \(possible.map(\.rawValue).joined(separator: " or ")), not in \(precision.rawValue)"
    }
}
