import Glibc
import Tensors

// Removal smoothing: each example of a batch loses o tokens more than the schedule says, P(o) = (1 − e^(−λ)) e^(−λ o).
// The reference draws from 100 bins and adds the tail to the last; with u uniform in [0, 1) this is min(⌊−ln(1 − u)/λ⌋,
// 99). Chains shorter than 100 tokens make no difference between the two.

/// How many tokens more than scheduled an example loses.
public struct RemovalSmoothing: Sendable, Equatable, Codable {
    /// λ; infinite for no smoothing.
    public var lambda: Double
    /// Offsets are below this; nil for no limit (the paper).
    public var binCount: Int?

    /// - Parameter lambda: above 0; `.infinity` for none.
    public init(lambda: Double, binCount: Int? = 100) {
        self.lambda = lambda
        self.binCount = binCount
    }

    public static let none = RemovalSmoothing(lambda: .infinity)
    public var isNone: Bool { lambda == .infinity }

    public var fault: SettingFault? {
        // Without end for no smoothing.
        if !(lambda > 0) { return .outside(.smoothing, found: lambda, .above(0)) }
        return SettingFault.first([(.smoothingBins, Double(binCount ?? 1), .atLeast(1))])
    }

    public func offset(_ random: inout RandomSource) -> Int {
        let u = random.uniform()
        if isNone { return 0 }
        let offset = (-log1p(-u) / lambda).rounded(.down)
        return offset >= Double((binCount ?? 1 << 30) - 1) ? (binCount ?? 1 << 30) - 1 : Int(offset)
    }

    /// P(offset = o).
    public func probability(_ o: Int) -> Double {
        guard o >= 0 else { return 0 }
        if isNone { return o == 0 ? 1 : 0 }
        if let binCount {
            if o >= binCount { return 0 }
            if o == binCount - 1 { return exp(-lambda * Double(o)) }
        }
        return -expm1(-lambda) * exp(-lambda * Double(o))
    }
}
