import Foundation
import Support
import Tensors
import TestSupport
import Testing

@testable import Transformer

private func load(_ name: String) throws -> LanguageModel {
    try LanguageModel.load(from: goldenFolder.appending(path: "models/\(name)").path)
}

@Suite struct GenerationTests {
    // Phi-3's long form uses other angles once a text passes its original 24 positions, for all of the text.
    @Test(arguments: ["gpt2", "llama_rope3_tied", "mistral", "phi3_longrope"])
    func `each generated token is the best of a whole forward pass`(_ name: String) throws {
        let model = try load(name)
        let prompts = [[5, 17, 3, 9], [30, 2, 2, 11, 8, 25, 1, 6, 14, 29, 7, 12, 4, 3, 19, 22, 10, 33]].map {
            Prompt(tokens: $0)
        }
        let found = try model.generate(prompts, GenerationOptions(maximumNewTokens: 30, stop: .none))
        let vocabulary = model.configuration.vocabularySize
        for (prompt, generated) in zip(prompts, found) {
            #expect(generated.tokens.count == 30)
            var tokens = prompt.tokens
            for token in generated.tokens {
                let logits = try model.logits(RaggedBatch(sequences: [tokens])).suffix(vocabulary)
                let best = try #require(logits.max())
                #expect(logits[logits.startIndex + Int(token)] >= best - 1e-4)
                tokens.append(token)
            }
        }
    }

    @Test func `a sequence's continuation does not depend on its neighbours`() throws {
        let model = try load("mistral")
        let prompts: [Prompt] = [[3, 4], [9, 8, 7, 6, 5, 4, 3, 2, 1], [11]].map { Prompt(tokens: $0) }
        for sampling in [Sampling.greedy, .sample(temperature: 0.8, topK: 5, seed: 3)] {
            let options = GenerationOptions(maximumNewTokens: 12, stop: .none, sampling: sampling)
            let together = try model.generate(prompts, options)
            #expect(together[0].tokens == (try model.generate([prompts[0]], options))[0].tokens)
            #expect(together == (try model.generate(prompts, options)))
        }
    }

    @Test func `what a prompt draws follows from its place among all prompts, also beyond the first batch of them`()
        throws
    {
        let model = try load("gpt2")
        let options = GenerationOptions(
            maximumNewTokens: 8, stop: .none, sampling: .sample(temperature: 1, topK: nil, seed: 3))
        let found = try model.generate(Array(repeating: Prompt(tokens: [3, 4]), count: 300), options)
        #expect(Set(found.map(\.tokens)).count > 290)
        for place in 256..<300 { #expect(found[place].tokens != found[place - 256].tokens) }
        // Among others it is still the draw of its place.
        var mixed = Array(repeating: Prompt(tokens: [9, 8, 7]), count: 300)
        mixed[258] = Prompt(tokens: [3, 4])
        #expect(try model.generate(mixed, options)[258].tokens == found[258].tokens)
    }

    @Test func `a stop at the nth of a token counts the tokens that are written, not those of the prompt`() throws {
        let model = try load("gpt2")
        let free = try model.generate(
            [Prompt(tokens: [3, 4])], GenerationOptions(maximumNewTokens: 40, stop: .none))[0].tokens
        let token = try #require(Dictionary(grouping: free, by: { $0 }).first { $0.value.count >= 2 }?.key)
        let places = free.indices.filter { free[$0] == token }
        for count in 1...2 {
            let found = try model.generate(
                [Prompt(tokens: [3, 4])],
                GenerationOptions(maximumNewTokens: 40, stop: .nthToken(token, count: count)))[0]
            #expect(found.tokens == Array(free[...places[count - 1]]))
        }
    }

    @Test func `a stop rule ends a sequence and the others go on`() throws {
        let model = try load("gpt2")
        let prompts: [Prompt] = [[3, 4], [9, 8, 7, 6]].map { Prompt(tokens: $0) }
        let free = try model.generate(prompts, GenerationOptions(maximumNewTokens: 10, stop: .none))
        let stop = free[0].tokens[2]
        let stopped = try model.generate(prompts, GenerationOptions(maximumNewTokens: 10, stop: .token(stop)))
        for (whole, cut) in zip(free, stopped) {
            let end = whole.tokens.firstIndex(of: stop).map { $0 + 1 } ?? 10
            #expect(cut.tokens == Array(whole.tokens.prefix(end)))
        }
        #expect(stopped[0].tokens.count == 3)
    }

    @Test func `generation ends at the last position`() throws {
        let model = try load("gpt2")
        let prompt = Prompt(tokens: [1, 2], positions: [0, 90])
        #expect(try model.generate([prompt], GenerationOptions(maximumNewTokens: 40, stop: .none))[0].tokens.count == 6)
        #expect(throws: BatchError.position(96, positionCount: 96)) {
            try model.generate(
                [Prompt(tokens: [1], positions: [96])], GenerationOptions(maximumNewTokens: 1, stop: .none))
        }
        #expect(throws: BatchError.self) {
            try model.generate([Prompt(tokens: [])], GenerationOptions(maximumNewTokens: 1, stop: .none))
        }
    }

    @Test func `an interrupt ends a generation`() throws {
        let model = try load("gpt2")
        let interrupt = Interrupt()
        // In the middle of far more prompts than can be answered until then.
        Thread.detachNewThread {
            usleep(20_000)
            interrupt.request()
        }
        #expect(throws: Interrupted()) {
            try model.generate(
                Array(repeating: Prompt(tokens: [1]), count: 100_000),
                GenerationOptions(maximumNewTokens: 40, stop: .none), interrupt: interrupt)
        }
    }
}

@Suite struct TokenSamplerTests {
    private let logits: [Float] = [1, 3, 2, 3, -1, 2, .nan, -.infinity]

    private func counts(_ temperature: Float, _ topK: Int?, draws: Int = 20_000) -> [Int] {
        var sampler = TokenSampler(temperature: temperature, topK: topK)
        var random = RandomSource(seed: 9)
        var counts = [Int](repeating: 0, count: logits.count)
        for _ in 0..<draws { counts[logits.withUnsafeBufferPointer { sampler.draw($0, &random) }] += 1 }
        return counts
    }

    @Test func `tokens come in proportion to their probabilities at the temperature`() {
        for temperature in [Float(1), 0.5, 2] {
            let weights = logits.map { $0.isFinite ? exp2(Double($0 / temperature) * 1.4426950408889634) : 0 }
            let total = weights.reduce(0, +)
            for (count, weight) in zip(counts(temperature, nil), weights) {
                let p = weight / total
                // Four standard errors.
                #expect(abs(Double(count) / 20_000 - p) <= 4 * (p * (1 - p) / 20_000).squareRoot())
            }
        }
    }

    @Test func `only the largest logits are drawn, the lower ids first where they are equal`() {
        let expected: [(Int, Set<Int>)] = [
            (1, [1]), (2, [1, 3]), (3, [1, 2, 3]), (4, [1, 2, 3, 5]), (5, [0, 1, 2, 3, 5]),
        ]
        for (k, ids) in expected {
            let found = counts(1, k, draws: 2000)
            #expect(Set(found.indices.filter { found[$0] > 0 }) == ids)
        }
    }
}
