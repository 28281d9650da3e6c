import Tensors

/// What a pass over a batch found at its labelled positions.
public struct BatchReport: Sendable {
    /// The mean of `losses`, in nats.
    public var meanLoss = 0.0
    /// (M) indices in the batch of the positions that carry a label, ascending.
    public var targetIndices: [Int32] = []
    /// (M) −log p(label), in nats.
    public var losses: [Float] = []
    /// (M) the most probable token.
    public var predictions: [Int32] = []

    public var targetCount: Int { losses.count }
    public init() {}

    /// - Parameters:
    ///   - labels: (N) those of the whole batch.
    ///   - losses: (M)
    ///   - predictions: (M)
    public init(labels: [Int32], losses: [Float], predictions: [Int32]) {
        targetIndices = labels.indices.lazy.filter { labels[$0] >= 0 }.map { Int32($0) }
        self.losses = losses
        self.predictions = predictions
        meanLoss = losses.isEmpty ? 0 : losses.reduce(0.0) { $0 + Double($1) } / Double(losses.count)
    }
}

/// A model in training: the model, its gradients and the memory of a pass, which every pass uses again.
public final class Trainee {
    public let model: LanguageModel
    public let gradients: ParameterSet
    private let tape: Tape
    private var report = BatchReport()
    /// Whether it has the memory of a pass, which the next ones use again.
    public private(set) var hasMemory = false
    /// Floats that passes keep from one to the next.
    public var heldFloats: Int { tape.memory.heldFloats }

    public init(_ model: LanguageModel, workers: Workers = .shared) {
        self.model = model
        let executor = model.executor(workers)
        gradients = ParameterSet(model.parameters.layout, executor: executor)
        tape = Tape(executor)
    }

    /// Sets every gradient to 0.
    public func clearGradients() { gradients.clear() }

    /// A pass forwards and backwards; adds the gradient of `scale` × (mean loss) to `gradients`.
    /// - Parameters:
    ///   - dropout: the source of this pass's masks; nil to train without dropout.
    ///   - targets: how many labels the mean is over, where the batch is a part of what is averaged.
    ///   - sum: where the gradient is added instead, in the layout of the model.
    /// - Throws: `BatchError`.
    public func accumulate(
        _ batch: RaggedBatch, dropout: RandomSource? = nil, scale: Float = 1, targets: Int? = nil,
        into sum: ParameterSet? = nil
    ) throws -> BatchReport {
        try batch.check(against: model.configuration)
        let pass = ForwardPass(model, gradients: sum ?? gradients, tape: tape, batch: batch, dropoutSource: dropout)
        let states = try pass.finalStates()
        let result = tape.crossEntropy(
            states, labels: batch.labels, head: pass.head, vocabularySize: model.configuration.vocabularySize
        ) { scale / Float(targets ?? $0) }
        guard result.count > 0 else { throw BatchError.noTargets }
        tape.backward()
        hasMemory = true
        report.fill(from: result, labels: batch.labels, tape.executor)
        return report
    }

    /// A pass forwards only; gradients stay as they are.
    /// - Throws: `BatchError`.
    public func evaluate(_ batch: RaggedBatch) throws -> BatchReport {
        try batch.check(against: model.configuration)
        let pass = ForwardPass(model, gradients: nil, tape: tape, batch: batch)
        let states = try pass.finalStates()
        let result = tape.crossEntropy(
            states, labels: batch.labels, head: pass.head, vocabularySize: model.configuration.vocabularySize
        ) { _ in 0 }
        report.fill(from: result, labels: batch.labels, tape.executor)
        return report
    }
}

extension BatchReport {
    /// Takes over what the loss found; keeps its memory.
    mutating func fill(from result: CrossEntropyResult, labels: [Int32], _ executor: any Executor) {
        targetIndices.removeAll(keepingCapacity: true)
        losses.removeAll(keepingCapacity: true)
        predictions.removeAll(keepingCapacity: true)
        for (row, label) in labels.enumerated() where label >= 0 { targetIndices.append(Int32(row)) }
        executor.append(result.losses, to: &losses)
        executor.append(result.predictions, to: &predictions)
        var sum = 0.0
        for loss in losses { sum += Double(loss) }
        meanLoss = result.count == 0 ? 0 : sum / Double(result.count)
    }
}
