import Glibc

// Minimum description length, online code (Voita & Titov 2020): the labels are sent in blocks; the first with a uniform
// code, each later one with the code of a probe trained on all blocks before it. The sum is short if the probe is right
// early.
//
// Classes are sent with the probe's probabilities. Numbers are sent as steps of a grid between the smallest and the
// largest (1 for whole numbers, else a hundredth of the range), with a normal distribution about the prediction, cut to
// the grid, of the deviation that the same probe showed on the block before. A hundredth of either code is uniform, so
// that no surprise costs more than log₂(100 · steps) bits. The penalty of each block's probe is the one that came
// nearest on the block before: nothing is used that the receiver does not have.

/// How many bits it takes to send the labels to somebody who has the states.
public struct CodeLength: Sendable, Equatable {
    public let bits: Double
    /// What a uniform code takes.
    public let uniformBits: Double

    /// How many times shorter than the uniform code.
    public var compression: Double { uniformBits / bits }
}

/// The share of every code that is uniform.
private let uniformShare = 0.01

/// The grid on which numbers are sent.
struct NumberCode {
    private let low: Double
    private let step: Double
    private let stepCount: Double

    init(_ numbers: [Double]) {
        low = numbers.min() ?? 0
        let range = (numbers.max() ?? 0) - low
        let isWhole = range <= 1e6 && numbers.allSatisfy { $0 == $0.rounded() }
        step = isWhole ? 1 : max(range / 100, .leastNormalMagnitude)
        stepCount = (range / step).rounded() + 1
    }

    var uniformBits: Double { log2(stepCount) }

    /// The cost of `y` under a normal distribution about `mean`.
    func bits(_ y: Double, mean: Double, deviation: Double) -> Double {
        let sigma = max(deviation / step, 0.2)
        let centre = (mean - low) / step
        func below(_ steps: Double) -> Double { 0.5 * erfc((centre - steps) / sigma * 0.5.squareRoot()) }
        let place = ((y - low) / step).rounded()
        // What lies off the grid, where it is not nothing.
        let isInside = centre + 0.5 > 8 * sigma && stepCount - 0.5 - centre > 8 * sigma
        let whole = isInside ? 1 : below(stepCount - 0.5) - below(-0.5)
        let own = whole > 1e-12 ? (below(place + 0.5) - below(place - 0.5)) / whole : 0
        return -log2((1 - uniformShare) * max(own, 0) + uniformShare / stepCount)
    }
}

/// The cost of class `k` under softmax(logits).
func classBits(_ logits: ArraySlice<Double>, _ k: Int) -> Double {
    let p = exp(logits[logits.startIndex + k] - logSumExp(logits))
    return -log2((1 - uniformShare) * p + uniformShare / Double(logits.count))
}
