import Tensors

/// AdamW for several networks that one loss trains: their gradients are clipped by their common norm, as if they were
/// one.
public final class JointAdamW {
    public let members: [TrainedParameters]
    private let optimizers: [AdamW]
    private let memory: Workspace

    /// - Precondition: there is a member.
    public init(
        _ members: [TrainedParameters], hyperparameters: AdamWHyperparameters = AdamWHyperparameters(),
        workers: Workers = .shared
    ) {
        self.members = members
        let executor = members[0].values.executor.using(workers)
        memory = Workspace(executor)
        optimizers = members.map { AdamW($0.values.layout, hyperparameters: hyperparameters, executor: executor) }
    }

    /// Sets every gradient to 0.
    public func clearGradients() { for member in members { member.gradients.clear() } }

    /// One update of all networks from their gradients.
    /// - Throws: `NonFiniteGradient` naming network and parameter, before anything is changed.
    public func update(learningRate: Float, clip: Float? = nil) throws -> UpdateReport {
        let networks = zip(members, optimizers).map { $1.operation($0.values, $0.gradients, learningRate) }
        let norms = memory.executor.update(networks, clip: clip, in: memory)
        guard norms.gradient.isFinite else {
            for member in members {
                guard let parameter = member.gradients.firstNotFinite else { continue }
                throw NonFiniteGradient(parameter: "\(member.name)'s \(parameter)")
            }
            throw NonFiniteGradient(parameter: "all parameters together")
        }
        for optimizer in optimizers { optimizer.countStep() }
        for member in members { member.values.noteChange() }
        return UpdateReport(norms)
    }
}
