import Glibc
import Tensors

/// AdamW for several networks that one loss trains: their gradients are clipped by their common norm, as if they were one.
public final class JointAdamW {
    public let members: [TrainedParameters]
    private let optimizers: [AdamW]
    private let workers: Workers

    public init(
        _ members: [TrainedParameters], hyperparameters: AdamWHyperparameters = AdamWHyperparameters(),
        workers: Workers = .shared
    ) {
        self.members = members
        self.workers = workers
        optimizers = members.map { AdamW($0.values.layout, hyperparameters: hyperparameters, workers: workers) }
    }

    /// Sets every gradient to 0.
    public func clearGradients() { for member in members { member.gradients.clear(workers: workers) } }

    /// One update of all networks from their gradients.
    /// - Throws: `NonFiniteGradient` naming network and parameter, before anything is changed.
    public func update(learningRate: Float, clip: Float? = nil) throws -> UpdateReport {
        var squares = 0.0
        for (member, optimizer) in zip(members, optimizers) {
            do {
                let norm = try optimizer.gradientNorm(member.gradients)
                squares += norm * norm
            } catch let error as NonFiniteGradient {
                throw NonFiniteGradient(parameter: "\(member.name)'s \(error.parameter)")
            }
        }
        let norm = sqrt(squares)
        let factor = AdamW.clipping(norm, clip)
        var changes = 0.0
        for (member, optimizer) in zip(members, optimizers) {
            changes += optimizer.update(member.values, member.gradients, factor, learningRate)
        }
        return UpdateReport(gradientNorm: norm, updateNorm: sqrt(changes), isClipped: factor < 1)
    }
}
