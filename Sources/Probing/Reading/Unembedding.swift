import Glibc
import Tensors
import Transformer

/// The end of a model: final norm and head, as something that can be applied to any residual stream.
struct Unembedding {
    let model: LanguageModel
    private let gain: [Float]  // (C)
    private let bias: [Float]?  // (C), where there is one
    private let head: ParameterEntry  // (V, C)

    private var width: Int { model.configuration.width }
    private var vocabularySize: Int { model.configuration.vocabularySize }
    /// Whether the norm takes the mean away (layer norm) or not (RMS norm).
    private var isCentred: Bool { bias != nil }

    init(_ model: LanguageModel) {
        self.model = model
        let parameters = model.parameters
        let isGPT2 = model.configuration.architecture == .gpt2
        gain = parameters[isGPT2 ? "transformer.ln_f.weight" : "model.norm.weight"]!
        bias = isGPT2 ? parameters["transformer.ln_f.bias"] : nil
        head = model.headEntry
    }

    /// Logits (rows, V) of residual streams (rows, C).
    func logits(_ residual: [Float], workers: Workers) -> [Float] {
        let rows = residual.count / width
        var normal = residual
        for row in 0..<rows {
            let (mean, scale) = statistics(residual, row)
            for j in 0..<width {
                let value = Float((Double(residual[row * width + j]) - mean) * scale)
                normal[row * width + j] = value * gain[j] + (bias?[j] ?? 0)
            }
        }
        return model.product(normal, head, isTransposed: true, workers)
    }

    /// What the norm takes away from a row and multiplies it with.
    private func statistics(_ residual: [Float], _ row: Int) -> (mean: Double, scale: Double) {
        var sum = 0.0, squares = 0.0
        for j in 0..<width { sum += Double(residual[row * width + j]) }
        let mean = isCentred ? sum / Double(width) : 0
        for j in 0..<width { let d = Double(residual[row * width + j]) - mean; squares += d * d }
        return (mean, 1 / sqrt(squares / Double(width) + Double(model.configuration.epsilon)))
    }

    /// For each row the direction (C) in the residual stream along which logit(token) − logit(against) grows, with the
    /// norm's scale held at what it is in that row, and the share of the difference that the norm's bias adds.
    /// - Parameter against: (rows) tokens; nil for the mean over the vocabulary.
    func directions(
        _ residual: [Float], tokens: [Int32], against: [Int32]?
    ) -> (directions: [Float], fromBias: [Double]) {
        model.parameters.read(head.range) { directions(residual, tokens, against, head: $0) }
    }

    private func directions(
        _ residual: [Float], _ tokens: [Int32], _ against: [Int32]?, head: UnsafeBufferPointer<Float>
    ) -> (directions: [Float], fromBias: [Double]) {
        var meanRow = [Double](repeating: 0, count: width)
        if against == nil {
            for token in 0..<vocabularySize { for j in 0..<width { meanRow[j] += Double(head[token * width + j]) } }
            for j in 0..<width { meanRow[j] /= Double(vocabularySize) }
        }
        var directions = [Float](repeating: 0, count: tokens.count * width)
        var fromBias = [Double](repeating: 0, count: tokens.count)
        for row in tokens.indices {
            let scale = statistics(residual, row).scale
            var v = [Double](repeating: 0, count: width)
            var sum = 0.0
            for j in 0..<width {
                let other = against.map { Double(head[Int($0[row]) * width + j]) } ?? meanRow[j]
                let u = Double(head[Int(tokens[row]) * width + j]) - other
                fromBias[row] += u * Double(bias?[j] ?? 0)
                v[j] = u * Double(gain[j])
                sum += v[j]
            }
            // (x − x̄)·v = x·(v − v̄)
            let mean = isCentred ? sum / Double(width) : 0
            for j in 0..<width { directions[row * width + j] = Float((v[j] - mean) * scale) }
        }
        return (directions, fromBias)
    }
}

extension LanguageModel {
    /// Rows (n, inputs) times a matrix of the model, (inputs, outputs), or (outputs, inputs) if it is read transposed.
    func product(_ rows: [Float], _ weight: ParameterEntry, isTransposed: Bool, _ workers: Workers) -> [Float] {
        let executor = executor(workers), input = Buffer(executor, rows)
        let (inputs, outputs) = isTransposed ? (weight.shape[1], weight.shape[0]) : (weight.shape[0], weight.shape[1])
        return withExtendedLifetime(input) {
            executor.product(
                ProductOperation(
                    input: input.place, rows: rows.count / inputs, weight: parameters.place[weight.range],
                    inputs: inputs, outputs: outputs, isTransposed: isTransposed))
        }
    }
}
