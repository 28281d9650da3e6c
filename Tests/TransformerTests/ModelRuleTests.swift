// The rules of a model's first weights, its shape, its batches and its generation, each by a count or by hand.

import Foundation
import Tensors
import TestSupport
import Testing

@testable import Transformer

private func llama(
    _ architecture: Architecture = .llama, tied: Bool = false, biases: AttentionBiases = .none, mlpBiases: Bool = false
) -> ModelConfiguration {
    var configuration = ModelConfiguration(
        architecture: architecture, vocabularySize: 300, positionCount: 16, width: 64, layerCount: 2, headCount: 4,
        keyValueHeadCount: 2, headWidth: 16, innerWidth: 96, isHeadTied: tied, epsilon: 1e-5, dropout: .none)
    configuration.rotary = RotaryConfiguration(base: 10_000, width: 16)
    configuration.attentionBiases = biases
    configuration.hasMLPBiases = mlpBiases
    return configuration
}

@Suite struct FirstWeightRuleTests {
    /// The standard deviation of each parameter's values beside what its name says.
    private func check(
        _ configuration: ModelConfiguration, _ initialization: Initialization, _ expected: (ParameterEntry) -> Double?
    ) {
        let model = LanguageModel(configuration, initialization: initialization, seed: 4)
        for entry in model.parameters.entries {
            let values = model.parameters.values(entry.range).map(Double.init)
            guard let deviation = expected(entry) else { continue }
            let found = (values.reduce(0) { $0 + $1 * $1 } / Double(values.count)).squareRoot()
            // Five standard errors of a deviation, 1/√(2n) of it each.
            #expect(
                abs(found - deviation) <= 5 * deviation / (2 * Double(values.count)).squareRoot(),
                "\(entry.name): \(found) instead of \(deviation)")
        }
    }

    @Test func `GPT-2's matrices and tables are drawn at 0·02, those that write into the residual stream at less`() {
        let gpt2 = ModelConfiguration.gpt2(
            vocabularySize: 300, positionCount: 40, width: 64, layerCount: 8, headCount: 4, isHeadTied: false)
        check(gpt2, .gpt2) { entry in
            if entry.name.hasSuffix("bias") || entry.name.contains("ln_") { return nil }
            // 1/√(2 · 8) is a quarter.
            return entry.name.hasSuffix("c_proj.weight") ? 0.005 : 0.02
        }
        check(gpt2, .fanIn) { entry in
            if entry.name.hasSuffix("bias") || entry.name.contains("ln_") { return nil }
            if entry.name.contains("wte") || entry.name.contains("wpe") { return 0.1 }
            // 64 inputs, or 256 of the second matrix of the MLP.
            if entry.name.hasSuffix("mlp.c_proj.weight") { return 1.0 / 16 / 4 }
            return entry.name.hasSuffix("c_proj.weight") ? 1.0 / 8 / 4 : 1.0 / 8
        }
    }

    @Test func `a Llama's matrices are read the other way round`() {
        check(llama(), .fanIn) { entry in
            if entry.name.contains("norm") { return nil }
            if entry.name.contains("embed") { return 0.1 }
            // 64 inputs everywhere, 96 of down_proj; two layers: half for what writes into the residual stream.
            if entry.name.contains("down_proj") { return 1 / 96.0.squareRoot() / 2 }
            return entry.name.contains("o_proj") ? 1.0 / 16 : 1.0 / 8
        }
    }

    @Test func `gains begin at 1, biases at 0`() {
        let gpt2 = ModelConfiguration.gpt2(vocabularySize: 9, positionCount: 8, width: 8, layerCount: 1, headCount: 2)
        for initialization in Initialization.allCases {
            let model = LanguageModel(gpt2, initialization: initialization, seed: 1)
            for entry in model.parameters.entries {
                let values = Set(model.parameters.values(entry.range))
                if entry.name.hasSuffix("bias") { #expect(values == [0], "\(entry.name)") }
                if entry.name.contains("ln_"), entry.name.hasSuffix("weight") {
                    #expect(values == [1], "\(entry.name)")
                }
            }
        }
    }

    @Test(arguments: [
        llama(.qwen2, biases: .inputs), llama(biases: .all, mlpBiases: true), llama(.phi3), llama(.mistral, tied: true),
        .gpt2(vocabularySize: 9, positionCount: 8, width: 8, layerCount: 1, headCount: 2, isHeadTied: false),
    ])
    func `each parameter has the role that its name says`(_ configuration: ModelConfiguration) {
        for entry in configuration.parameterLayout.entries {
            let name = entry.name
            let role: ParameterRole =
                name.hasSuffix(".bias")
                ? .bias
                : name.contains("norm") || name.contains("ln_")
                    ? .gain
                    : name.contains("embed") || name.contains("wte") || name.contains("wpe")
                        ? .table
                        : name.contains("lm_head")
                            ? .head
                            : ["o_proj", "down_proj", "c_proj"].contains { name.contains($0) }
                                ? .residualMatrix : .matrix
            #expect(entry.role == role, "\(configuration.architecture) \(name)")
        }
    }

    @Test func `another seed draws other weights, the same one the same`() {
        let configuration = llama()
        func values(_ seed: UInt64) -> [Float] {
            LanguageModel(configuration, initialization: .fanIn, seed: seed).parameters.values()
        }
        #expect(values(1) == values(1) && values(1) != values(2))
    }
}

@Suite struct ModelShapeRuleTests {
    private func fault(_ change: (inout ModelConfiguration) -> Void) -> ConfigurationFault? {
        var configuration = llama()
        change(&configuration)
        return configuration.fault
    }

    @Test func `a shape that no model has is refused for what is wrong with it`() {
        #expect(fault { _ in } == nil)
        #expect(fault { $0.vocabularySize = 0 } == .outside(.vocabulary, 0, limit: 1 << 22))
        #expect(fault { $0.layerCount = 1025 } == .outside(.layers, 1025, limit: 1024))
        #expect(fault { $0.positionCount = 0 } == .outside(.positions, 0, limit: 1 << 22))
        #expect(fault { $0.keyValueHeadCount = 3 } == .unsharedKeys(heads: 4, keyHeads: 3))
        #expect(fault { $0.keyValueHeadCount = 1 } == nil && fault { $0.keyValueHeadCount = 4 } == nil)
        #expect(fault { $0.rotary?.width = 15 } == .rotaryWidth(15, headWidth: 16))
        #expect(
            fault { $0.rotary?.width = 18 } == .rotaryWidth(18, headWidth: 16) && fault { $0.rotary?.width = 8 } == nil)
        #expect(fault { $0.slidingWindow = 0 } == .window(0) && fault { $0.slidingWindow = 1 } == nil)
        #expect(fault { $0.epsilon = 0 } == .epsilon(0) && fault { $0.epsilon = 1 } == .epsilon(1))
        #expect(
            fault { $0.dropout.attention = 1 } == .dropout(1) && fault { $0.dropout.residual = -0.5 } == .dropout(-0.5))
        #expect(fault { $0.dropout.embedding = 0.9 } == nil)
        #expect(
            fault {
                $0.architecture = .phi3; $0.hasMLPBiases = true
            } == .biases)
        // A Llama may have heads of any width, GPT-2's share it evenly.
        #expect(fault { $0.headWidth = 24 } == nil)
        var gpt2 = ModelConfiguration.gpt2(vocabularySize: 9, positionCount: 8, width: 8, layerCount: 1, headCount: 2)
        #expect(gpt2.fault == nil && gpt2.headWidth == 4 && gpt2.innerWidth == 32 && gpt2.epsilon == 1e-5)
        gpt2.headCount = 3
        gpt2.keyValueHeadCount = 3
        #expect(gpt2.fault == .unevenHeads(width: 8, heads: 3))
    }

    @Test func `a batch is refused where an id, a position or a label lies outside, and where counts disagree`() {
        let configuration = ModelConfiguration.gpt2(
            vocabularySize: 9, positionCount: 4, width: 8, layerCount: 1, headCount: 2)
        func error(_ batch: RaggedBatch) -> BatchError? {
            do { try batch.check(against: configuration); return nil } catch { return error as? BatchError }
        }
        func batch(_ tokens: [Int32], _ positions: [Int32]? = nil, _ labels: [Int32]? = nil) -> RaggedBatch {
            var batch = RaggedBatch()
            batch.append(tokens, positions: positions, labels: labels)
            return batch
        }
        #expect(error(batch([0, 8], [3, 0], [-1, 8])) == nil)
        #expect(
            error(batch([9])) == .token(9, vocabularySize: 9) && error(batch([-1])) == .token(-1, vocabularySize: 9))
        #expect(error(batch([0], [4])) == .position(4, positionCount: 4))
        #expect(error(batch([0], [-1])) == .position(-1, positionCount: 4))
        #expect(error(batch([0], nil, [9])) == .token(9, vocabularySize: 9) && error(batch([0], nil, [-7])) == nil)
        #expect(error(batch([0, 1], [0])) == .lengths(tokens: 2, positions: 1, labels: 2, end: 2))
        #expect(error(RaggedBatch(tokens: [1], positions: [0], labels: [-1], offsets: [0, 2])) != nil)
        #expect(error(RaggedBatch(tokens: [1], positions: [0], labels: [-1], offsets: [0, 1, 0, 1])) != nil)
        var two = RaggedBatch(sequences: [[1, 2], [3, 4, 5]])
        #expect(two.positions == [0, 1, 0, 1, 2] && two.labels == [-1, -1, -1, -1, -1] && two.offsets == [0, 2, 5])
        #expect(two.tokenCount == 5 && two.sequenceCount == 2 && two.targetCount == 0)
        two.labels[1] = 0
        #expect(two.targetCount == 1)
        two.removeAll()
        #expect(two == RaggedBatch())
    }

    @Test func `scores are divided by the root of the head's width, and by the block's number where a model says so`()
        throws
    {
        var configuration = ModelConfiguration.gpt2(
            vocabularySize: 9, positionCount: 4, width: 16, layerCount: 2, headCount: 1)
        let batch = RaggedBatch(sequences: [[3, 1, 4]])
        for (scales, byLayer) in [(true, false), (true, true), (false, false), (false, true)] {
            configuration.scalesAttention = scales
            configuration.scalesAttentionByLayer = byLayer
            let model = LanguageModel(configuration, initialization: .fanIn, seed: 2)
            for layer in 0..<2 {
                let cells = [(0..<3).map { AttentionCell(query: 2, key: $0) }]
                // Nothing but the patterns is asked for, and yet the layer is run.
                let found = try model.capture(
                    batch, points: [], patterns: [layer: PatternAccess(reading: cells)]
                ).patterns
                let qkv = try #require(
                    model.capture(batch, points: [.block(layer, .queryKeyValue)]).states[.block(layer, .queryKeyValue)]
                ).map(Double.init)
                let divisor: Double = (scales ? 4 : 1) * (byLayer ? Double(layer + 1) : 1)
                let scores = (0..<3).map { key -> Double in
                    var product = 0.0
                    for j in 0..<16 { product += qkv[2 * 48 + j] * qkv[key * 48 + 16 + j] }
                    return exp(product / divisor)
                }
                let total = scores.reduce(0, +)
                let pattern = try #require(found[layer]).map(Double.init)
                for key in 0..<3 {
                    #expect(abs(pattern[key] - scores[key] / total) < 1e-5, "\(layer) \(scales) \(byLayer)")
                }
            }
        }
    }

    @Test func `a pass ends after the last layer that somebody wants`() throws {
        func table(_ points: Set<HookPoint>, _ patterns: [Int: PatternAccess] = [:], logits: Bool = false) -> Int? {
            let table = HookTable(
                wanted: points, rows: nil, interventions: [], patterns: patterns, needsLogits: logits)
            return (0..<9).first { table.isFinished(before: $0) }
        }
        #expect(table([.embedding]) == 0 && table([.block(2, .residualPre)]) == 3 && table([]) == 0)
        #expect(table([.block(2, .mlpPre), .block(5, .firstNorm)]) == 6)
        #expect(table([.finalNorm]) == nil && table([], logits: true) == nil)
        #expect(
            table([.embedding], [4: PatternAccess()]) == 5 && table([.block(6, .mlpPre)], [4: PatternAccess()]) == 7)
    }

    @Test func `angles are stretched evenly, or as YaRN has it between fast and slow pairs`() {
        #expect(RotaryConfiguration(base: 10_000, width: 4).frequencies(isLong: false) == [1, 0.01])
        #expect(
            RotaryConfiguration(base: 10_000, width: 4, scaling: .linear(factor: 4)).frequencies(isLong: true)
                == [0.25, 0.0025])
        var yarn = RotaryConfiguration.Yarn(factor: 4, originalPositionCount: 100, attentionFactor: 1.5)
        yarn.isRounded = false
        let rotary = RotaryConfiguration(base: 10_000, width: 8, scaling: .yarn(yarn))
        // Pair i turns L/2π · base^(−i/4) times; 32 turns are more than pair 0 makes, one turn is at
        // 8 · ln(100/2π) / (2 ln 10000) = 1.2017.
        let high = 8 * log(100 / (2 * Double.pi)) / (2 * log(10_000))
        let expected = (0..<4).map { i -> Double in
            let own = pow(10_000, -Double(i) / 4), kept = 1 - min(Double(i) / high, 1)
            return (1 - kept) * own / 4 + kept * own
        }
        for (a, b) in zip(rotary.frequencies(isLong: false), expected) { #expect(abs(a - b) < 1e-12) }
        #expect(rotary.amplitude == 1.5 && RotaryConfiguration(base: 1e4, width: 4).amplitude == 1)
        #expect(RotaryConfiguration.yarnAttentionFactor(1) == 1 && RotaryConfiguration.yarnAttentionFactor(0.5) == 1)
        #expect(abs(RotaryConfiguration.yarnAttentionFactor(M_E) - 1.1) < 1e-12)
        #expect(abs(RotaryConfiguration.yarnAttentionFactor(M_E, weight: 2) - 1.2) < 1e-12)
    }
}

@Suite struct PassRuleTests {
    private func model(dropout: Float = 0) -> LanguageModel {
        LanguageModel(
            .gpt2(
                vocabularySize: 9, positionCount: 8, width: 8, layerCount: 1, headCount: 2,
                dropout: DropoutProbabilities(embedding: dropout, attention: dropout, residual: dropout)),
            initialization: .fanIn, seed: 3)
    }

    private func batch(labels: [Int32] = [-1, 2, 5, -1]) -> RaggedBatch {
        var batch = RaggedBatch()
        batch.append([1, 2, 3, 4], positions: nil, labels: labels)
        return batch
    }

    @Test func `a mean loss is over the labels, and a scale is the gradient's alone`() throws {
        let trainee = Trainee(model())
        let whole = try trainee.accumulate(batch())
        #expect(whole.targetCount == 2 && whole.targetIndices == [1, 2])
        #expect(abs(whole.meanLoss - Double(whole.losses[0] + whole.losses[1]) / 2) < 1e-6)
        let gradient = trainee.gradients.values()
        trainee.clearGradients()
        let scaled = try trainee.accumulate(batch(), scale: 0.5)
        #expect(scaled.meanLoss == whole.meanLoss)
        #expect(zip(trainee.gradients.values(), gradient).allSatisfy { abs($0 - 0.5 * $1) < 1e-6 })
        // Passes add up, and an evaluation changes nothing.
        _ = try trainee.accumulate(batch(), scale: 0.5)
        let before = trainee.gradients.values()
        #expect(zip(before, gradient).allSatisfy { abs($0 - $1) < 1e-5 })
        #expect(abs(try trainee.evaluate(batch()).meanLoss - whole.meanLoss) < 1e-6)
        #expect(trainee.gradients.values() == before)
        #expect(throws: BatchError.noTargets) { try trainee.accumulate(batch(labels: [-1, -1, -1, -1])) }
        #expect(try trainee.evaluate(batch(labels: [-1, -1, -1, -1])).meanLoss == 0)
    }

    @Test func `dropout is at work only where a source of masks is given`() throws {
        let dropped = Trainee(model(dropout: 0.4)), plain = Trainee(model())
        let reference = try plain.evaluate(batch()).meanLoss
        #expect(try dropped.evaluate(batch()).meanLoss == reference)
        #expect(abs(try dropped.accumulate(batch()).meanLoss - reference) < 1e-6)
        let losses = try (0..<4).map { try dropped.accumulate(batch(), dropout: RandomSource(seed: $0)).meanLoss }
        #expect(Set(losses).count == 4 && losses.allSatisfy { abs($0 - reference) > 1e-4 })
        #expect(try dropped.accumulate(batch(), dropout: RandomSource(seed: 2)).meanLoss == losses[2])
    }

    @Test func `nothing is written where nothing may be, and each token comes with the probability that it had`() throws
    {
        let model = model()
        let prompt = [Prompt(tokens: [1, 2])]
        #expect(try model.generate(prompt, GenerationOptions(maximumNewTokens: 0, stop: .none)) == [Generated()])
        #expect(try model.generate([], GenerationOptions(maximumNewTokens: 3, stop: .none)).isEmpty)
        let found = try model.generate(prompt, GenerationOptions(maximumNewTokens: 3, stop: .none))[0]
        #expect(found.tokens.count == 3 && found.probabilities.count == 3)
        let logits = try model.logits(RaggedBatch(sequences: [[1, 2]])).suffix(9).map { exp(Double($0)) }
        #expect(abs(Double(found.probabilities[0]) - logits[Int(found.tokens[0])] / logits.reduce(0, +)) < 1e-5)
        // No temperature is the most probable token.
        let cold = GenerationOptions(
            maximumNewTokens: 3, stop: .none, sampling: .sample(temperature: 0, topK: nil, seed: 1))
        #expect(try model.generate(prompt, cold)[0].tokens == found.tokens)
        let one = GenerationOptions(
            maximumNewTokens: 3, stop: .none, sampling: .sample(temperature: 9, topK: 1, seed: 1))
        #expect(try model.generate(prompt, one)[0].tokens == found.tokens)
    }
}
