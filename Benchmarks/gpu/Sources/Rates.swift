import CUDA
import Support
import Tensors
import Transformer

/// Whole training steps and decoded tokens, as somebody who uses them waits for them.
enum Rates {
    private struct Shape {
        var name: String
        var layers: Int
        var heads: Int
        var vocabulary: Int
        /// Tokens of a row, of which the last sixty or thirteen carry labels.
        var length: Int
        var labels: Int
    }

    private static let width = 768
    private static let batch = 32
    private static let shapes = [
        Shape(name: "2L4H V32", layers: 2, heads: 4, vocabulary: 32, length: 71, labels: 60),
        Shape(name: "2L4H V50257", layers: 2, heads: 4, vocabulary: 50_257, length: 71, labels: 60),
        Shape(name: "GPT-2 small", layers: 12, heads: 12, vocabulary: 50_257, length: 71, labels: 60),
        Shape(name: "GPT-2 small", layers: 12, heads: 12, vocabulary: 50_257, length: 24, labels: 13),
    ]

    /// A model of a shape, and a step of its training: forwards, backwards, clip, AdamW.
    private static func training(
        _ shape: Shape, _ executor: CUDAExecutor
    ) -> (model: LanguageModel, step: () throws -> Void, random: RandomSource) {
        let configuration = ModelConfiguration.gpt2(
            vocabularySize: shape.vocabulary, positionCount: 1024, width: width, layerCount: shape.layers,
            headCount: shape.heads)
        let model = LanguageModel(configuration, initialization: .gpt2, seed: 1).copy(on: executor)
        let trainee = Trainee(model), optimizer = AdamW(model.parameters.layout, executor: executor)
        var random = RandomSource(seed: 2), rows = RaggedBatch()
        for _ in 0..<batch {
            // Eighteen tokens, as problems in digits have.
            let tokens = (0..<shape.length).map { _ in Int32(random.below(18)) }
            let labels = tokens.indices.map { $0 >= shape.length - shape.labels ? tokens[$0] : -1 }
            rows.append(tokens, positions: nil, labels: labels)
        }
        let batch = rows
        return (
            model,
            {
                trainee.clearGradients()
                _ = try trainee.accumulate(batch)
                _ = try optimizer.update(model, gradients: trainee.gradients, learningRate: 5e-5, clip: 1)
            }, random
        )
    }

    /// Two steps of shape number `number`.
    static func steps(of number: Int, _ executor: CUDAExecutor) throws {
        let (_, step, _) = training(shapes[number % shapes.count], executor)
        for _ in 0..<2 { try step() }
    }

    static func run(_ executor: CUDAExecutor) throws {
        say("batch \(batch), width \(width): forwards, backwards, clip, AdamW; then tokens one after another")
        for shape in shapes {
            var (model, step, random) = training(shape, executor)
            let began = MonotonicClock.seconds()
            try step()
            let first = MonotonicClock.seconds() - began
            let time = try median(of: 5, 20, step)
            say(
                "\(shape.name) T\(shape.length): \(milliseconds(time)) a step, the first \(Phrase.seconds(first))")
            guard shape.length == 71 else { continue }
            for (count, new) in [(1, 60), (1000, 60), (1000, 13)] {
                let prompts = (0..<count).map { _ in
                    Prompt(tokens: (0..<11).map { _ in Int32(random.below(shape.vocabulary)) })
                }
                let options = GenerationOptions(maximumNewTokens: new, stop: .none)
                let time = try median(of: 3, 1) { _ = try model.generate(prompts, options) }
                say(
                    "\(shape.name), \(count) × \(new) new tokens: \(milliseconds(time / Double(new))) a token, "
                        + "\(NumberText.fixed(Double(count) / time, decimals: 1)) answers a second")
            }
        }
    }

    private static func milliseconds(_ seconds: Double) -> String {
        NumberText.fixed(seconds * 1e3, decimals: 3) + " ms"
    }

    /// Seconds of one call, in the middle one of some samples.
    private static func median(of samples: Int, _ calls: Int, _ body: () throws -> Void) throws -> Double {
        try body()
        var times: [Double] = []
        for _ in 0..<samples {
            let began = MonotonicClock.seconds()
            for _ in 0..<calls { try body() }
            times.append((MonotonicClock.seconds() - began) / Double(calls))
        }
        return times.sorted()[samples / 2]
    }
}
