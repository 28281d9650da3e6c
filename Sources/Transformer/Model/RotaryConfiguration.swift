import Glibc

/// How a model turns queries and keys by their positions (Su et al. 2021), and how it stretches that to longer texts.
///
/// Pair i of the first `width` numbers of a head turns by position · fᵢ, where fᵢ = base^(−2i/width) and then
/// - `linear`: fᵢ / factor;
/// - `llama3` (Llama 3.1): with λ = 2π/fᵢ and L the original length, fᵢ where λ < L/high, fᵢ/factor where λ > L/low,
///   and between them (1 − s)·fᵢ/factor + s·fᵢ with s = (L/λ − low)/(high − low);
/// - `longRope` (Ding et al. 2024, Phi-3): fᵢ / cᵢ with the short factors while every position is below L and the long
///   ones for the whole batch otherwise; cosines and sines are multiplied by `attentionFactor`;
/// - `yarn` (Peng et al. 2023, Qwen2): (1 − e)·fᵢ/factor + e·fᵢ with e = 1 − clamp((i − low)/(high − low)), where low
/// and high
///   are the pairs that turn `fast` and `slow` times over the original length L, width · ln(L / (2π · turns)) / (2 ln
///   base), rounded outwards to whole ones; cosines and sines are multiplied by `attentionFactor`.
public struct RotaryConfiguration: Sendable, Equatable, Codable {
    public enum Scaling: Sendable, Equatable, Codable {
        case none
        case linear(factor: Double)
        case llama3(factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalPositionCount: Int)
        case longRope(
            shortFactors: [Double], longFactors: [Double], originalPositionCount: Int, attentionFactor: Double)
        case yarn(Yarn)
    }

    /// What `yarn` is told; the defaults are the library's.
    public struct Yarn: Sendable, Equatable, Codable {
        public var factor: Double
        public var originalPositionCount: Int
        public var attentionFactor: Double
        public var fast = 32.0
        public var slow = 1.0
        /// Whether `low` and `high` are whole pairs.
        public var isRounded = true
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

    /// 0.1 · ln s + 1 for a stretch s beyond 1, with a weight on the first term, else 1.
    static func yarnAttentionFactor(_ stretch: Double, weight: Double = 1) -> Double {
        stretch <= 1 ? 1 : 0.1 * weight * log(stretch) + 1
    }

    /// (width / 2) how much of its own frequency each pair keeps.
    private func keptShares(_ yarn: Yarn) -> [Double] {
        func pair(_ turns: Double) -> Double {
            Double(width) * log(Double(yarn.originalPositionCount) / (turns * 2 * Double.pi)) / (2 * log(base))
        }
        let (fast, slow) = (pair(yarn.fast), pair(yarn.slow))
        let low = max(yarn.isRounded ? fast.rounded(.down) : fast, 0)
        var high = min(yarn.isRounded ? slow.rounded(.up) : slow, Double(width - 1))
        if high == low { high += 0.001 }
        return (0..<width / 2).map { 1 - min(max((Double($0) - low) / (high - low), 0), 1) }
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
        case .yarn(let yarn):
            return zip(plain, keptShares(yarn)).map { (1 - $1) * $0 / yarn.factor + $1 * $0 }
        }
    }

    /// What cosines and sines are multiplied by.
    public var amplitude: Double {
        switch scaling {
        case .longRope(_, _, _, let attentionFactor): attentionFactor
        case .yarn(let yarn): yarn.attentionFactor
        case .none, .linear, .llama3: 1
        }
    }
}
