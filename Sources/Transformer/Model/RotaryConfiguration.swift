import Glibc

/// How a model turns queries and keys by their positions (Su et al. 2021), and how it stretches that to longer texts.
///
/// Pair i of the first `width` numbers of a head turns by position · fᵢ, where fᵢ = base^(−2i/width) and then
/// - `linear`: fᵢ / factor;
/// - `llama3` (Llama 3.1): with λ = 2π/fᵢ and L the original length, fᵢ where λ < L/high, fᵢ/factor where λ > L/low,
///   and between them (1 − s)·fᵢ/factor + s·fᵢ with s = (L/λ − low)/(high − low);
/// - `longRope` (Ding et al. 2024, Phi-3): fᵢ / cᵢ with the short factors while every position is below L and the long
///   ones for the whole batch otherwise; cosines and sines are multiplied by `attentionFactor`.
public struct RotaryConfiguration: Sendable, Equatable {
    public enum Scaling: Sendable, Equatable {
        case none
        case linear(factor: Double)
        case llama3(factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalPositionCount: Int)
        case longRope(
            shortFactors: [Double], longFactors: [Double], originalPositionCount: Int, attentionFactor: Double)
    }

    /// θ, 10,000 in the paper.
    public var base: Double
    /// How many numbers of each head are turned, an even number; usually all.
    public var width: Int
    public var scaling: Scaling

    public init(base: Double, width: Int, scaling: Scaling = .none) {
        self.base = base
        self.width = width
        self.scaling = scaling
    }

    /// √(1 + ln s / ln L) for a stretch of s = positions / L beyond 1, else 1.
    static func longRopeAttentionFactor(positionCount: Int, original: Int) -> Double {
        let stretch = Double(positionCount) / Double(original)
        return stretch <= 1 ? 1 : sqrt(1 + log(stretch) / log(Double(original)))
    }

    /// Whether a batch whose largest position id is `position` uses other frequencies than a short one.
    public func isLong(_ position: Int) -> Bool {
        if case .longRope(_, _, let original, _) = scaling { position >= original } else { false }
    }

    /// (width / 2) the angle of each pair at position 1.
    public func frequencies(isLong: Bool) -> [Double] {
        let plain = (0..<width / 2).map { pow(base, -2 * Double($0) / Double(width)) }
        switch scaling {
        case .none: return plain
        case .linear(let factor): return plain.map { $0 / factor }
        case .llama3(let factor, let low, let high, let original):
            return plain.map { frequency in
                let wavelength = 2 * Double.pi / frequency
                let turns = Double(original) / wavelength
                if turns > high { return frequency }
                if turns < low { return frequency / factor }
                let share = (turns - low) / (high - low)
                return (1 - share) * frequency / factor + share * frequency
            }
        case .longRope(let short, let long, _, _): return zip(plain, isLong ? long : short).map { $0 / $1 }
        }
    }

    /// What cosines and sines are multiplied by.
    public var amplitude: Double {
        if case .longRope(_, _, _, let attentionFactor) = scaling { attentionFactor } else { 1 }
    }
}
