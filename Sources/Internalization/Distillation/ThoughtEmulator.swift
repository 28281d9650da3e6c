import Tensors
import Transformer

// The thought emulator (stage b): a model of its own that sees only `x sep` and thinks downwards through its blocks. At
// each block l, with u_l its state at the separator and e an embedding that is the same for all (a mixture of one
// component):
//
//     f_l = MLP_l([u_l; e])                       MLP_l: 2h → 4h → ReLU → h; f_l is the emulated z_l
//     o_l, cell_l = LSTM(f_l + c_{l−1}, o_{l−1}, cell_{l−1})         all zero before block 0
//     c_l = Σ_{j<l} softmax_j(q_l·k_j) k_j,  q_l = Q(o_l), k_j = K(o_j)             c_0 = 0
//     h_l[sep] ← W·[o_l; c_l]                     what block l gets in place of u_l
//
// Trained with L = mean over problems of Σ_l ½‖z_l − f_l‖², without dropout. Nothing after f_(L−1) matters, so the last
// block is not computed. Q, K and W have biases; the LSTM has two, as PyTorch's.

/// A model that guesses a teacher's thoughts from the problem alone.
final class ThoughtEmulator {
    let network: JointModel
    let modules: TrainedParameters
    private let mlps: [ThoughtMLP]
    private let width: Int

    init(_ model: LanguageModel, _ random: RandomSource) {
        let width = model.configuration.width
        self.width = width
        network = JointModel("emulator", model)
        mlps = (0..<model.configuration.layerCount).map {
            ThoughtMLP(name: "mlps.\($0)", inputs: 2 * width, width: width)
        }
        var layout = ParameterLayout()
        for mlp in mlps { mlp.add(to: &layout) }
        layout.add("mixture_components.weight", [1, width], .table)
        layout.add("rnn.weight_ih_l0", [4 * width, width])
        layout.add("rnn.weight_hh_l0", [4 * width, width])
        layout.add("rnn.bias_ih_l0", [4 * width])
        layout.add("rnn.bias_hh_l0", [4 * width])
        for name in ["key_proj", "query_proj"] {
            layout.add("\(name).weight", [width, width])
            layout.add("\(name).bias", [width])
        }
        layout.add("out_proj.weight", [width, 2 * width])
        layout.add("out_proj.bias", [width])
        modules = TrainedParameters("emulator", ParameterSet(layout, executor: model.parameters.executor))
        modules.values.initialiseModules(random)
    }

    var members: [TrainedParameters] { [network.parameters, modules] }

    /// (L)(B, C) the emulated thoughts f_l. `batch` has the problems up to their separators.
    func emulate(_ batch: SeparatorBatch, _ pass: JointPass) throws -> [Variable] {
        let tape = pass.tape, count = batch.rows.count
        let rows = pass.rows(batch.rows)
        let zeros = pass.rows([Int32](repeating: 0, count: count))
        let embedding = tape.embedding(
            tokens: zeros, positions: zeros, columns: width,
            tokenTable: modules.weight("mixture_components.weight", on: tape),
            positionTable: nil)
        var thoughts: [Variable] = []
        var memory = Memory(context: pass.input([Float](repeating: 0, count: count * width), columns: width))
        try pass.run(network, batch.batch) { [self] layer, stream in
            let state = tape.gatherRows(stream, rows)
            let thought = mlps[layer](tape.concatenate(state, embedding), modules, tape)
            thoughts.append(thought)
            guard layer + 1 < mlps.count else { return nil }
            let next = advance(&memory, thought, tape)
            return tape.replaceRows(stream, rows, by: next)
        }
        return thoughts
    }

    /// What the layers so far have left.
    private struct Memory {
        var context: Variable
        var output: Variable?
        var cell: Variable?
        var keys: [Variable] = []
    }

    /// W·[o_l; c_l]
    private func advance(_ memory: inout Memory, _ thought: Variable, _ tape: Tape) -> Variable {
        func weight(_ name: String) -> Weight { modules.weight(name, on: tape) }
        // (f + c)·W_ihᵀ as two products, because a sum is an operation only as part of one.
        var gates = tape.linear(
            thought, weight: weight("rnn.weight_ih_l0"), bias: weight("rnn.bias_ih_l0"), outputs: 4 * width,
            isTransposed: true)
        if memory.output != nil {
            gates = tape.linear(
                memory.context, weight: weight("rnn.weight_ih_l0"), bias: nil, outputs: 4 * width, isTransposed: true,
                residual: gates)
        }
        let before = memory.output ?? memory.context
        gates = tape.linear(
            before, weight: weight("rnn.weight_hh_l0"), bias: weight("rnn.bias_hh_l0"), outputs: 4 * width,
            isTransposed: true, residual: gates)
        let (output, cell) = tape.lstmCell(gates: gates, before: memory.cell)
        let key = tape.linear("key_proj", modules, output, outputs: width)
        if !memory.keys.isEmpty {
            memory.context = tape.keyAttention(
                query: tape.linear("query_proj", modules, output, outputs: width), keys: memory.keys)
        }
        memory.output = output
        memory.cell = cell
        memory.keys.append(key)
        return tape.linear("out_proj", modules, tape.concatenate(output, memory.context), outputs: width)
    }
}
