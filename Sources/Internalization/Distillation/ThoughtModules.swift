import Glibc
import Tensors
import Transformer

// The modules that distillation puts between the blocks of a model, with the names, shapes (out, in) and first values
// that PyTorch gives them: U(−1/√fan-in, 1/√fan-in) for matrices and biases, U(−1/√h, 1/√h) for the LSTM, N(0, 1) for
// the mixture's embedding.

/// An MLP with one hidden layer: in → 4h → ReLU → h.
struct ThoughtMLP {
    let name: String
    let inputs: Int
    let width: Int

    func add(to layout: inout ParameterLayout) {
        layout.add("\(name).0.weight", [4 * width, inputs])
        layout.add("\(name).0.bias", [4 * width])
        layout.add("\(name).2.weight", [width, 4 * width])
        layout.add("\(name).2.bias", [width])
    }

    func callAsFunction(_ x: Variable, _ parameters: TrainedParameters, _ tape: Tape) -> Variable {
        let inner = tape.linear("\(name).0", parameters, x, outputs: 4 * width)
        return tape.linear("\(name).2", parameters, tape.relu(inner), outputs: width)
    }
}

extension Tape {
    /// x·Wᵀ + b with the parameters `name.weight` (outputs, in) and `name.bias`.
    func linear(_ name: String, _ parameters: TrainedParameters, _ x: Variable, outputs: Int) -> Variable {
        linear(
            x, weight: parameters.weight("\(name).weight", on: self), bias: parameters.weight("\(name).bias", on: self),
            outputs: outputs,
            isTransposed: true)
    }
}

extension ParameterSet {
    /// Draws every module's first values. A bias has the fan-in of the weight before it.
    func initialiseModules(_ random: RandomSource) {
        var random = random
        var fanIn = 1
        for entry in entries {
            if entry.shape.count == 2 { fanIn = entry.shape[1] }
            let bound = 1 / sqrt(Double(fanIn))
            fill(entry.range) { values in
                for index in values.indices {
                    values[index] = Float(entry.role == .table ? random.normal() : bound * (2 * random.uniform() - 1))
                }
            }
        }
    }
}
