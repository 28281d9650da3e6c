import CKernels
import Glibc
import Tensors

// AdamW (Loshchilov & Hutter 2019), as torch.optim.AdamW computes it:
//   w ← w − η·d·w;  m ← m + (g − m)(1 − β₁);  v ← β₂·v + (1 − β₂)·g²;
//   w ← w − η/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + ε).
// Decay applies to every parameter. Before the update gradients are scaled by min(1, clip / (‖g‖ + 1e-6)), ‖g‖ over all.

public struct AdamWHyperparameters: Sendable, Equatable {
    public var beta1: Float
    public var beta2: Float
    public var epsilon: Float
    public var weightDecay: Float

    public init(beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, weightDecay: Float = 0.01) {
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weightDecay = weightDecay
    }
}

/// What one update did.
public struct UpdateReport: Sendable, Equatable {
    /// ‖g‖ before clipping.
    public var gradientNorm: Double
    /// ‖Δw‖, decay included.
    public var updateNorm: Double
    /// Whether gradients were scaled down.
    public var isClipped: Bool
}

/// Numbers that are not finite, found before an update: nothing has been changed.
public struct NonFiniteGradient: Error, Equatable, CustomStringConvertible {
    public let parameter: String
    public var description: String { "the gradient of \(parameter) is not finite; the weights were left as they are" }
}

/// The optimizer: moments for every parameter and the number of updates since the last reset.
public final class AdamW {
    public var hyperparameters: AdamWHyperparameters
    public let firstMoments: ParameterSet
    public let secondMoments: ParameterSet
    /// Updates since the moments were last all zero, for the bias corrections.
    public var stepCount = 0
    /// As `stepCount`, for the second moments, which can be reset alone.
    public var secondStepCount = 0
    private let workers: Workers

    public init(
        _ layout: ParameterLayout, hyperparameters: AdamWHyperparameters = AdamWHyperparameters(),
        workers: Workers = .shared
    ) {
        self.hyperparameters = hyperparameters
        firstMoments = ParameterSet(layout)
        secondMoments = ParameterSet(layout)
        self.workers = workers
    }

    public enum Reset: String, Sendable, CaseIterable {
        /// As a new optimizer.
        case all
        /// The second moments only; momentum goes on.
        case secondMoments
    }

    public func reset(_ reset: Reset) {
        secondMoments.clear(workers: workers)
        secondStepCount = 0
        if reset == .all {
            firstMoments.clear(workers: workers)
            stepCount = 0
        }
    }

    /// One update of the model's weights from its gradients.
    /// - Throws: `NonFiniteGradient`, before anything is changed.
    public func update(
        _ model: LanguageModel, gradients: ParameterSet, learningRate: Float, clip: Float? = nil
    ) throws -> UpdateReport {
        let norm = try gradientNorm(gradients)
        let factor = Self.clipping(norm, clip)
        return UpdateReport(
            gradientNorm: norm, updateNorm: sqrt(update(model.parameters, gradients, factor, learningRate)),
            isClipped: factor < 1)
    }

    static func clipping(_ norm: Double, _ clip: Float?) -> Float {
        clip.map { Float(min(1, Double($0) / (norm + 1e-6))) } ?? 1
    }

    /// One update of any parameters from gradients times `factor`; returns ‖Δw‖².
    func update(_ parameters: ParameterSet, _ gradients: ParameterSet, _ factor: Float, _ learningRate: Float) -> Double
    {
        stepCount += 1
        secondStepCount += 1
        let h = hyperparameters
        let first = Float(1 - pow(Double(h.beta1), Double(stepCount)))
        let second = Float(1 - pow(Double(h.beta2), Double(secondStepCount)))
        // Blocks of a fixed size, summed in order: the norm does not depend on the number of threads.
        var changes = 0.0
        forEachBlock(gradients.count, sum: &changes) { block in
            ck_adamw(
                parameters.base + block.lowerBound, firstMoments.base + block.lowerBound,
                secondMoments.base + block.lowerBound,
                gradients.base + block.lowerBound, factor, learningRate, h.beta1, h.beta2, h.epsilon, h.weightDecay,
                first, second,
                block.count)
        }
        return changes
    }

    /// - Throws: `NonFiniteGradient` naming the first parameter at fault.
    public func gradientNorm(_ gradients: ParameterSet) throws -> Double {
        var squares = 0.0
        forEachBlock(gradients.count, sum: &squares) { ck_sum_of_squares(gradients.base + $0.lowerBound, $0.count) }
        if !squares.isFinite {
            for entry in gradients.entries
            where ck_all_finite(gradients.base + entry.range.lowerBound, entry.range.count) == 0 {
                throw NonFiniteGradient(parameter: entry.name)
            }
            throw NonFiniteGradient(parameter: "all parameters together")
        }
        return sqrt(squares)
    }

    private static let blockSize = 1 << 14
    private var blockSums: [Double] = []

    /// Calls `body` for each block of `count` elements, spread over the workers, and adds up its results in order.
    private func forEachBlock(_ count: Int, sum: inout Double, _ body: (Range<Int>) -> Double) {
        let blocks = (count + Self.blockSize - 1) / Self.blockSize
        if blockSums.count < blocks { blockSums = [Double](repeating: 0, count: blocks) }
        blockSums.withUnsafeMutableBufferPointer { sums in
            nonisolated(unsafe) let sums = sums
            workers.parts(of: blocks) { _, part in
                for block in part {
                    sums[block] = body(block * Self.blockSize..<min(count, (block + 1) * Self.blockSize))
                }
            }
            for block in 0..<blocks { sum += sums[block] }
        }
    }
}
