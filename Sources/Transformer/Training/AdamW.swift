import Glibc
import Tensors

// The equations of an update are at the head of `Tensors/Operations/AdamW.swift`. Decay applies to every parameter.

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
    /// Memory of the updates.
    let memory: Workspace
    /// The one network of `update`, in an array that is used again.
    private var networks: [AdamWOperation] = []

    public init(
        _ layout: ParameterLayout, hyperparameters: AdamWHyperparameters = AdamWHyperparameters(),
        executor: any Executor = CPUExecutor.shared
    ) {
        self.hyperparameters = hyperparameters
        firstMoments = ParameterSet(layout, executor: executor)
        secondMoments = ParameterSet(layout, executor: executor)
        memory = Workspace(executor)
    }

    public enum Reset: String, Sendable, CaseIterable {
        /// As a new optimizer.
        case all
        /// The second moments only; momentum goes on.
        case secondMoments
    }

    public func reset(_ reset: Reset) {
        secondMoments.clear()
        secondStepCount = 0
        if reset == .all {
            firstMoments.clear()
            stepCount = 0
        }
    }

    /// One update of the model's weights from its gradients.
    /// - Throws: `NonFiniteGradient`, before anything is changed.
    public func update(
        _ model: LanguageModel, gradients: ParameterSet, learningRate: Float, clip: Float? = nil
    ) throws -> UpdateReport {
        networks.removeAll(keepingCapacity: true)
        networks.append(operation(model.parameters, gradients, learningRate))
        let norms = memory.executor.update(networks, clip: clip, in: memory)
        guard norms.gradient.isFinite else {
            throw NonFiniteGradient(parameter: gradients.firstNotFinite ?? "all parameters together")
        }
        countStep()
        model.parameters.noteChange()
        return UpdateReport(norms)
    }

    /// The next update of any parameters from their gradients.
    func operation(_ parameters: ParameterSet, _ gradients: ParameterSet, _ learningRate: Float) -> AdamWOperation {
        let h = hyperparameters
        return AdamWOperation(
            weights: parameters.place, gradients: gradients.place, firstMoments: firstMoments.place,
            secondMoments: secondMoments.place, learningRate: learningRate, beta1: h.beta1, beta2: h.beta2,
            epsilon: h.epsilon, weightDecay: h.weightDecay,
            firstCorrection: Float(1 - pow(Double(h.beta1), Double(stepCount + 1))),
            secondCorrection: Float(1 - pow(Double(h.beta2), Double(secondStepCount + 1))))
    }

    /// ‖w‖ of any parameters.
    public func norm(of parameters: ParameterSet) -> Double {
        sqrt(memory.executor.sumOfSquares(parameters.place, in: memory))
    }

    /// Notes that the update has been made.
    func countStep() {
        firstMoments.noteChange()
        secondMoments.noteChange()
        stepCount += 1
        secondStepCount += 1
    }
}

extension UpdateReport {
    init(_ norms: UpdateNorms) {
        self.init(gradientNorm: norms.gradient, updateNorm: norms.change, isClipped: norms.factor < 1)
    }
}
