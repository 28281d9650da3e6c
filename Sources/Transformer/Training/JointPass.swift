import Tensors

// A pass that several networks share: whole models, and modules of one's own that read and overwrite the residual
// stream between their blocks, all on one tape, so that one backward pass reaches them all.
//
//   pass.begin(recording: true)
//   try pass.run(a, entering: { layer, stream in … })       as far as the boundary wants
//   try pass.loss(b, entering: { layer, stream in … })      to the end, and the loss of its labels
//   pass.backward()

/// Parameters that are trained, and where their gradients are summed.
public final class TrainedParameters {
    /// What messages call them.
    public let name: String
    public let values: ParameterSet
    /// Made when they are first needed, which for a network that is only run is never.
    public private(set) lazy var gradients = ParameterSet(values.layout, executor: values.executor)

    public init(_ name: String, _ values: ParameterSet) {
        self.name = name
        self.values = values
    }

    /// One parameter on a tape.
    /// - Precondition: there is one of that name.
    public func weight(_ parameter: String, on tape: Tape) -> Weight {
        guard let entry = values.layout[parameter] else { preconditionFailure("no parameter \(parameter) in \(name)") }
        let own = values.place[entry.range]
        return Weight(values: own, gradient: tape.isRecording ? gradients.place[entry.range] : own)
    }
}

/// A model among the networks of a joint pass.
public struct JointModel {
    public let model: LanguageModel
    public let parameters: TrainedParameters

    public init(_ name: String, _ model: LanguageModel) {
        self.model = model
        parameters = TrainedParameters(name, model.parameters)
    }
}

/// One pass over several networks at a time; its memory is used again.
public final class JointPass {
    public let tape: Tape

    /// - Parameter executor: the one that the networks' parameters belong to.
    public init(_ executor: any Executor = CPUExecutor.shared) { tape = Tape(executor) }

    /// Forgets the last pass and starts a new one.
    public func begin(recording: Bool) { tape.begin(recording ? .recorded : .plain) }

    /// Runs the blocks of a model over a batch until `boundary` wants no more.
    /// - Throws: `BatchError`, and what `boundary` throws.
    public func run(_ network: JointModel, _ batch: RaggedBatch, entering boundary: @escaping LayerBoundary) throws {
        do { _ = try pass(network, batch, boundary).finalStates() } catch is PassFinished {}
    }

    /// Runs a model to its end and adds `scale` × (mean loss at its labels) to the loss of the pass.
    /// - Throws: `BatchError`, and what `boundary` throws.
    public func loss(
        _ network: JointModel, _ batch: RaggedBatch, scale: Float = 1, entering boundary: @escaping LayerBoundary
    ) throws -> BatchReport {
        let pass = try pass(network, batch, boundary)
        let states = try pass.finalStates()
        let result = tape.crossEntropy(
            states, labels: batch.labels, head: pass.head, vocabularySize: network.model.configuration.vocabularySize
        ) { scale / Float($0) }
        guard result.count > 0 else { throw BatchError.noTargets }
        var report = BatchReport()
        report.fill(from: result, labels: batch.labels, tape.executor)
        return report
    }

    private func pass(
        _ network: JointModel, _ batch: RaggedBatch, _ boundary: @escaping LayerBoundary
    ) throws -> ForwardPass {
        try batch.check(against: network.model.configuration)
        return ForwardPass(
            network.model, gradients: tape.isRecording ? network.parameters.gradients : nil, tape: tape, batch: batch,
            boundary: boundary,
            isContinuing: true)
    }

    /// Adds d(loss)/d(parameter) to the gradients of every network of the pass.
    public func backward() { tape.backward() }

    /// d(loss)/d(variable) after a backward pass, for an input of the pass; zeros if the loss does not depend on it.
    public func gradient(of input: Variable) -> [Float] { tape.inputGradient(of: input) }

    /// A variable with the given values (rows, columns): an input of the pass.
    public func input(_ values: [Float], columns: Int) -> Variable { tape.variable(values, columns: columns) }

    /// A copy of what a variable holds, or of some of its rows.
    public func values(of variable: Variable, rows: [Int]? = nil) -> [Float] {
        tape.executor.copyOut(variable, rows: rows)
    }

    /// Row indices that live as long as the pass.
    public func rows(_ rows: [Int32]) -> Indices { tape.indices(rows) }
}
