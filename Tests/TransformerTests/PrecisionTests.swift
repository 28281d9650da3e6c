import Foundation
import Support
import Tensors
import TestSupport
import Testing

@testable import Transformer

/// A whole model whose products are computed in bfloat16.
@Suite struct PrecisionTests {
    private static let names = ["gpt2", "llama_rope3_tied", "mistral"]

    private func load(_ name: String, _ precision: ProductPrecision?) throws -> LanguageModel {
        let model = try LanguageModel.load(from: goldenFolder.appending(path: "models/\(name)").path)
        if let precision { try model.multiply(in: precision) }
        return model
    }

    private func batch(_ model: LanguageModel) -> RaggedBatch {
        var random = RandomSource(seed: 4)
        var batch = RaggedBatch()
        for length in [20, 7, 13] {
            let tokens = (0..<length).map { _ in Int32(random.below(model.configuration.vocabularySize)) }
            batch.append(tokens, positions: nil, labels: tokens.dropFirst() + [-1])
        }
        return batch
    }

    private func pass(_ model: LanguageModel, threads: Int) throws -> (losses: [Float], gradients: [Float]) {
        let trainee = Trainee(model, workers: Workers(threadCount: threads))
        let losses = try trainee.accumulate(batch(model)).losses
        return (losses, trainee.gradients.values())
    }

    private func distance(_ a: [Float], _ b: [Float]) -> Double {
        func norm(_ x: some Sequence<Double>) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }
        return norm(zip(a, b).map { Double($0) - Double($1) }) / norm(b.map(Double.init))
    }

    /// Each factor of a product is off by at most 2⁻⁹ of itself, so each product by 2⁻⁸. Errors of either sign pass
    /// through some ten products forwards, which makes √10 · 2⁻⁸, a bit more than 1 %; a gradient also through those
    /// backwards, each with an activation that is off itself: at most 1/32.
    @Test(arguments: names) func `gradients are those of float32 to three in a hundred`(_ name: String) throws {
        let exact = try pass(try load(name, nil), threads: 1), rounded = try pass(try load(name, .bf16), threads: 1)
        let (losses, gradients) = (
            distance(rounded.losses, exact.losses), distance(rounded.gradients, exact.gradients)
        )
        #expect(losses > 1e-5 && losses < 0.0125, "\(losses)")
        #expect(gradients > 1e-4 && gradients < 1.0 / 32, "\(gradients)")
    }

    @Test(arguments: names) func `equal passes have equal bits, and losses have them for any number of threads`(
        _ name: String
    ) throws {
        let model = try load(name, .bf16)
        let one = try pass(model, threads: 1), two = try pass(model, threads: 2)
        #expect(try pass(model, threads: 1) == one && pass(model, threads: 2) == two)
        #expect(one.losses == two.losses)
        // The gradients of norms are summed thread by thread, as in float32.
        #expect(distance(two.gradients, one.gradients) < 1e-5)
    }

    @Test(arguments: names) func `a generation has the tokens of whole passes in the same precision`(
        _ name: String
    ) throws {
        let model = try load(name, .bf16)
        let prompt = Prompt(tokens: [5, 17, 3, 9, 11, 2])
        let options = GenerationOptions(maximumNewTokens: 20, stop: .none)
        let found = try model.generate([prompt], options)[0].tokens
        var tokens = prompt.tokens
        for token in found {
            let logits = try model.logits(RaggedBatch(sequences: [tokens])).suffix(model.configuration.vocabularySize)
            let best = try #require(logits.max()), size = logits.reduce(0) { max($0, abs($1)) }
            // Attention over a cache sums in another order; what that changes may be rounded the other way once.
            #expect(logits[logits.startIndex + Int(token)] >= best - size * 0x1p-8)
            tokens.append(token)
        }
        for threads in [1, 2] {
            #expect(try model.generate([prompt], options, workers: Workers(threadCount: threads))[0].tokens == found)
        }
    }

    @Test func `an update is seen by the next token`() throws {
        let model = try load("gpt2", .bf16)
        let prompt = Prompt(tokens: [5, 17, 3, 9])
        let options = GenerationOptions(maximumNewTokens: 8, stop: .none)
        let before = try model.generate([prompt], options)
        let trainee = Trainee(model)
        let optimizer = AdamW(model.parameters.layout, executor: model.executor(.shared))
        for _ in 0..<3 {
            trainee.clearGradients()
            _ = try trainee.accumulate(batch(model))
            _ = try optimizer.update(model, gradients: trainee.gradients, learningRate: 0.05)
            #expect(try model.generate([prompt], options) == model.copy().generate([prompt], options))
        }
        #expect(try model.generate([prompt], options) != before)
    }

    @Test func `training with products in bfloat16 learns a text as float32 does`() throws {
        func losses(_ precision: ProductPrecision) throws -> [Double] {
            let model = LanguageModel(
                .gpt2(vocabularySize: 23, positionCount: 32, width: 48, layerCount: 2, headCount: 4),
                initialization: .fanIn, seed: 3)
            try model.multiply(in: precision)
            let trainee = Trainee(model)
            let optimizer = AdamW(model.parameters.layout, executor: model.executor(.shared))
            return try (0..<60).map { _ in
                trainee.clearGradients()
                let loss = try trainee.accumulate(batch(model)).meanLoss
                _ = try optimizer.update(model, gradients: trainee.gradients, learningRate: 3e-3, clip: 1)
                return loss
            }
        }
        let exact = try losses(.f32), rounded = try losses(.bf16)
        #expect(exact[0] > 2.5 && exact[59] < 0.2, "\(exact[59])")
        #expect(abs(rounded[0] - exact[0]) < 0.03 && rounded[59] < 0.2, "\(rounded[59])")
        #expect(rounded != exact)
    }

    @Test func `how a model multiplies is its own, goes on to its copies, and is refused where it cannot be`() throws {
        let model = try load("gpt2", nil)
        #expect(model.precision == .f32 && model.ownPrecision == nil && model.executor(.shared).precision == .f32)
        try model.multiply(in: .bf16)
        #expect(model.precision == .bf16 && model.executor(.shared).precision == .bf16)
        #expect(model.copy().ownPrecision == .bf16 && model.blank().ownPrecision == .bf16)
        // Elsewhere it is computed as that executor does it.
        #expect(model.copy(on: CPUExecutor.shared).precision == .f32)
        #expect(throws: PrecisionFault(.tf32, at: "the processor", possible: [.f32, .bf16])) {
            try model.multiply(in: .tf32)
        }
        #expect(model.precision == .bf16)
        try model.multiply(in: .f32)
        #expect(model.executor(.shared).precision == .f32)
        let rounding = LanguageModel(
            uninitialized: model.configuration, executor: CPUExecutor(.shared, precision: .bf16))
        #expect(rounding.precision == .bf16 && rounding.ownPrecision == nil)
    }
}
