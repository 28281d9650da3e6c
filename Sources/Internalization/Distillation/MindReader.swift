import Tensors
import Transformer

// The mind-reading student (stage a): a model of its own and one MLP for each block. It sees the problem without its
// chain, `x sep answer`; before each block l its state at the separator is replaced,
//
//     h_l[sep] ← MLP_l(z_l),   MLP_l: h → 4h → ReLU → h,
//
// and it is trained by cross-entropy on what follows the separator, without dropout. In stage c the emulated f_l stands
// for z_l.

/// A model that answers from thoughts put into it.
final class MindReader {
    let network: JointModel
    let modules: TrainedParameters
    private let mlps: [ThoughtMLP]

    init(_ model: LanguageModel, _ random: RandomSource) {
        let width = model.configuration.width
        network = JointModel("student", model)
        mlps = (0..<model.configuration.layerCount).map { ThoughtMLP(name: "mlps.\($0)", inputs: width, width: width) }
        var layout = ParameterLayout()
        for mlp in mlps { mlp.add(to: &layout) }
        modules = TrainedParameters("student", ParameterSet(layout, executor: model.parameters.executor))
        modules.values.initialiseModules(random)
    }

    var members: [TrainedParameters] { [network.parameters, modules] }

    /// (L)(B, C) what is put in place of the separator's states.
    func project(_ thoughts: [Variable], _ pass: JointPass) -> [Variable] {
        zip(mlps, thoughts).map { $0($1, modules, pass.tape) }
    }

    /// The mean loss of the answers, given thoughts.
    func loss(_ batch: SeparatorBatch, thoughts: [Variable], _ pass: JointPass) throws -> BatchReport {
        let states = project(thoughts, pass)
        let rows = pass.rows(batch.rows)
        return try pass.loss(network, batch.batch) { layer, stream in
            pass.tape.replaceRows(stream, rows, by: states[layer])
        }
    }
}

/// Problems without their chains, and the row of each one's separator.
struct SeparatorBatch {
    var batch = RaggedBatch()
    var rows: [Int32] = []

    /// - Parameters:
    ///   - jump: by how much position ids that are not shifted jump for every problem (see `DataShape`).
    ///   - hasAnswers: whether answer and labels follow the separator.
    init(
        _ problems: EncodedProblems, _ indices: some Collection<Int>, positions: PositionRule, jump: Int,
        hasAnswers: Bool
    ) {
        for index in indices {
            let start = batch.tokenCount
            appendRemaining(
                of: problems.sequence(index), inputCount: problems.inputCount(index), cuts: [problems.chain(index)],
                positions: positions, jump: jump, to: &batch)
            let end = start + problems.inputCount(index)
            rows.append(Int32(end - 1))
            if hasAnswers { continue }
            batch.tokens.removeLast(batch.tokens.count - end)
            batch.positions.removeLast(batch.positions.count - end)
            batch.labels.removeLast(batch.labels.count - end)
            batch.offsets[batch.offsets.count - 1] = end
        }
    }
}
