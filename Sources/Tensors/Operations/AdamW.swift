// AdamW (Loshchilov & Hutter 2019), as torch.optim.AdamW computes it, over all parameters of a network at once:
//   w ← w − η·d·w;  m ← m + (g − m)(1 − β₁);  v ← β₂·v + (1 − β₂)·g²;
//   w ← w − η/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + ε).
// Before the update the gradients of all networks are multiplied by min(1, clip / (‖g‖ + 1e-6)), ‖g‖ over all of them:
//   ‖g‖ = √Σg² of one network, √Σᵢ‖gᵢ‖² of several. Where it is not finite nothing is changed.

/// One network's part of an update.
public struct AdamWOperation: Sendable {
    public let weights: Place
    public let gradients: Place
    public let firstMoments: Place
    public let secondMoments: Place
    public let learningRate: Float
    public let beta1: Float
    public let beta2: Float
    public let epsilon: Float
    public let weightDecay: Float
    /// 1 − β₁ᵗ and 1 − β₂ᵗ.
    public let firstCorrection: Float
    public let secondCorrection: Float

    public init(
        weights: Place, gradients: Place, firstMoments: Place, secondMoments: Place, learningRate: Float, beta1: Float,
        beta2: Float, epsilon: Float, weightDecay: Float, firstCorrection: Float, secondCorrection: Float
    ) {
        self.weights = weights
        self.gradients = gradients
        self.firstMoments = firstMoments
        self.secondMoments = secondMoments
        self.learningRate = learningRate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weightDecay = weightDecay
        self.firstCorrection = firstCorrection
        self.secondCorrection = secondCorrection
    }
}
