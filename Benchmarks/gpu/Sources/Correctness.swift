import CUDA
import Glibc
import Support
import Tensors
import Transformer

/// A card's numbers beside the processor's, for every model of a folder: the same batch, the same dropout, three
/// updates.
enum Correctness {
    /// What float32 may lose in another order of its sums, and TF32 by rounding the factors of products.
    private static func tolerance(_ precision: ProductPrecision) -> Double {
        switch precision {
        case .f32: 1e-4
        case .tf32: 5e-3
        case .bf16: 3e-2
        }
    }

    static func run(_ executor: CUDAExecutor, _ precision: ProductPrecision, models folder: String) throws -> Bool {
        let tolerance = tolerance(precision)
        let names = FileSystem.names(in: folder).sorted().filter { FileSystem.isFolder("\(folder)/\($0)") }
        say("model, relative error of: logits, loss, gradients, weights after three updates; tokens written alike")
        var isRight = !names.isEmpty
        for name in names {
            let here = try LanguageModel.load(from: "\(folder)/\(name)"), there = here.copy(on: executor)
            let vocabulary = here.configuration.vocabularySize
            var random = RandomSource(seed: 7), batch = RaggedBatch()
            for length in [17, 1, 40, 5] {
                let length = min(length, here.configuration.positionCount)
                let tokens = (0..<length).map { _ in Int32(random.below(vocabulary)) }
                batch.append(tokens, positions: nil, labels: tokens.dropFirst() + [-1])
            }
            let logits = try error(there.logits(batch), here.logits(batch))
            let (one, other) = (Trainee(here), Trainee(there))
            let optimizers = [here, there].map { AdamW($0.parameters.layout, executor: $0.parameters.executor) }
            let losses = try [one, other].map {
                try $0.accumulate(batch, dropout: RandomSource(seed: 3)).meanLoss
            }
            let gradients = error(other.gradients.values(), one.gradients.values())
            for _ in 0..<3 {
                for (trainee, optimizer) in zip([one, other], optimizers) {
                    trainee.clearGradients()
                    _ = try trainee.accumulate(batch)
                    _ = try optimizer.update(trainee.model, gradients: trainee.gradients, learningRate: 1e-3, clip: 1)
                }
            }
            let weights = error(there.parameters.values(), here.parameters.values())
            let prompts = [Prompt(tokens: [1, 2, 3]), Prompt(tokens: [4])]
            let options = GenerationOptions(maximumNewTokens: 12, stop: .none)
            let written = try [here, there].map { try $0.generate(prompts, options).map(\.tokens) }
            let loss = abs(losses[1] - losses[0]) / max(abs(losses[0]), 1e-12)
            let own =
                max(logits, loss, gradients) <= tolerance && weights <= 10 * tolerance
                && (precision != .f32 || written[0] == written[1])
            isRight = isRight && own
            let errors = [logits, loss, gradients, weights].map { short($0) }.joined(separator: " ")
            say("\(name): \(errors), \(written[0] == written[1] ? "yes" : "NO")\(own ? "" : "  WRONG")")
        }
        say(isRight ? "all as on the processor" : "not as on the processor")
        return isRight
    }

    /// ‖a − b‖ / ‖b‖
    private static func error(_ a: [Float], _ b: [Float]) -> Double {
        var difference = 0.0, size = 0.0
        for (x, y) in zip(a, b) {
            difference += (Double(x) - Double(y)) * (Double(x) - Double(y))
            size += Double(y) * Double(y)
        }
        let error = (difference / max(size, 1e-30)).squareRoot()
        return a.count == b.count && error.isFinite ? error : .infinity
    }

    /// `3.1e-07`
    private static func short(_ value: Double) -> String {
        guard value > 0, value.isFinite else { return "\(value)" }
        let power = Int(floor(log10(value)))
        return "\(NumberText.fixed(value / pow(10, Double(power)), decimals: 1))e\(power)"
    }
}
