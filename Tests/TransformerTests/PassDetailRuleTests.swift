// What a pass computes at each of its places: which mask of dropout where, what each hook point shows, which positions
// and which rows, each by hand.

import Foundation
import Support
import Tensors
import TestSupport
import Testing

@testable import Transformer

private func gpt2(
    layers: Int = 2, heads: Int = 2, width: Int = 8, tied: Bool = true, dropout: DropoutProbabilities = .none
) -> ModelConfiguration {
    .gpt2(
        vocabularySize: 9, positionCount: 8, width: width, layerCount: layers, headCount: heads, isHeadTied: tied,
        dropout: dropout)
}

private func llama(
    layers: Int = 2, heads: Int = 2, width: Int = 8, positions: Int = 8, dropout: DropoutProbabilities = .none
) -> ModelConfiguration {
    var configuration = ModelConfiguration(
        architecture: .llama, vocabularySize: 9, positionCount: positions, width: width, layerCount: layers,
        headCount: heads, keyValueHeadCount: heads, headWidth: width / heads, innerWidth: 12, isHeadTied: false,
        epsilon: 1e-5, dropout: dropout)
    configuration.rotary = RotaryConfiguration(base: 10_000, width: width / heads)
    configuration.attentionBiases = .all
    configuration.hasMLPBiases = true
    return configuration
}

/// A model in which nothing is 0, gains and biases neither.
private func filled(_ configuration: ModelConfiguration) -> LanguageModel {
    let model = LanguageModel(uninitialized: configuration)
    var random = RandomSource(seed: 8)
    model.parameters.put((0..<model.parameterCount).map { _ in Float(random.normal() * 0.4) })
    return model
}

@Suite struct DropoutPlaceRuleTests {
    /// The residual stream before each block of a model whose embedding is 100 everywhere, whose attention writes 1
    /// plus what its heads find, which is 1 for each, and whose MLP writes 10.
    private func streams(_ configuration: ModelConfiguration, seed: UInt64 = 5) throws -> [[Float]] {
        let model = LanguageModel(uninitialized: configuration)
        let width = configuration.width, isGPT2 = configuration.architecture == .gpt2
        func set(_ name: String, _ value: (Int) -> Float) throws {
            let entry = try #require(model.parameters.layout[name])
            model.parameters.put((0..<entry.range.count).map(value), at: entry.range.lowerBound)
        }
        try set(isGPT2 ? "transformer.wte.weight" : "model.embed_tokens.weight") { _ in 100 }
        for layer in 0..<configuration.layerCount {
            let block = isGPT2 ? "transformer.h.\(layer)." : "model.layers.\(layer)."
            // Values are 1, and the output takes them as they are.
            if isGPT2 {
                try set(block + "attn.c_attn.bias") { $0 < 2 * width ? 0 : 1 }
            } else {
                try set(block + "self_attn.v_proj.bias") { _ in 1 }
            }
            try set(block + (isGPT2 ? "attn.c_proj.weight" : "self_attn.o_proj.weight")) {
                $0 / width == $0 % width ? 1 : 0
            }
            try set(block + (isGPT2 ? "attn.c_proj.bias" : "self_attn.o_proj.bias")) { _ in 1 }
            try set(block + (isGPT2 ? "mlp.c_proj.bias" : "mlp.down_proj.bias")) { _ in 10 }
        }
        let tape = Tape(CPUExecutor.shared)
        var found: [[Float]] = []
        let pass = ForwardPass(
            model, gradients: nil, tape: tape, batch: RaggedBatch(sequences: [[1], [2], [3], [4]]),
            dropoutSource: RandomSource(seed: seed)
        ) { _, stream in
            found.append(tape.executor.copyOut(stream))
            return stream
        }
        _ = try pass.finalStates()
        return found
    }

    private func differences(_ streams: [[Float]]) -> [[Float]] {
        zip(streams, streams.dropFirst()).map { zip($0, $1).map { $1 - $0 } }
    }

    private func configurations(_ dropout: DropoutProbabilities) -> [ModelConfiguration] {
        [
            gpt2(layers: 4, heads: 16, width: 64, dropout: dropout),
            llama(layers: 4, heads: 16, width: 64, dropout: dropout),
        ]
    }

    @Test func `without a probability nothing falls, whatever the source`() throws {
        for configuration in configurations(.none) {
            let found = try streams(configuration)
            #expect(Set(found[0]) == [100] && differences(found).allSatisfy { Set($0) == [12] })
        }
    }

    @Test func `the probability of the embedding is that of the embedding alone`() throws {
        let found = try streams(gpt2(layers: 4, heads: 16, width: 64, dropout: .init(embedding: 0.5)))
        #expect(Set(found[0]) == [0, 200] && differences(found).allSatisfy { Set($0) == [12] })
        #expect(try streams(gpt2(layers: 4, heads: 16, width: 64, dropout: .init(embedding: 0.5)))[0] == found[0])
    }

    @Test func `each output into the residual stream, of each block, has a mask of its own`() throws {
        for configuration in configurations(.init(residual: 0.5)) {
            let found = try streams(configuration)
            #expect(Set(found[0]) == [100])
            let changes = differences(found)
            // 2 · 2 of attention and 2 · 10 of the MLP, either or both or none.
            #expect(changes.allSatisfy { Set($0) == [0, 4, 20, 24] })
            let masks = changes.flatMap { change in
                [change.map { $0 == 4 || $0 == 24 }, change.map { $0 >= 20 }]
            }
            #expect(Set(masks).count == masks.count)
            // Another source, other masks.
            #expect(try streams(configuration, seed: 6) != found)
        }
    }

    @Test func `the probability of attention is that of its patterns, each block with a mask of its own`() throws {
        for configuration in configurations(.init(attention: 0.5)) {
            let found = try streams(configuration)
            #expect(Set(found[0]) == [100])
            // Each token sees itself alone: a head finds 2 or nothing, and the biases stay.
            let changes = differences(found)
            #expect(changes.allSatisfy { Set($0) == [11, 13] })
            #expect(Set(changes).count == changes.count)
        }
    }
}

@Suite struct HookContentRuleTests {
    private let batch = RaggedBatch(sequences: [[3, 1, 4], [2, 2]])

    /// x (N, I) · W + b, W (I, O) or its transpose.
    private func linear(_ x: [Double], _ w: [Double], _ b: [Double], isTransposed: Bool) -> [Double] {
        let outputs = b.count, inputs = w.count / outputs
        return (0..<x.count / inputs * outputs).map { index in
            let (n, o) = (index / outputs, index % outputs)
            return (0..<inputs).reduce(b[o]) {
                $0 + x[n * inputs + $1] * (isTransposed ? w[o * inputs + $1] : w[$1 * outputs + o])
            }
        }
    }

    private func norm(_ x: [Double], _ gain: [Double], _ bias: [Double]?) -> [Double] {
        let c = gain.count
        return x.indices.map { index in
            let row = x[index / c * c..<index / c * c + c]
            let mean = bias == nil ? 0 : row.reduce(0, +) / Double(c)
            let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(c)
            return (x[index] - mean) / (variance + 1e-5).squareRoot() * gain[index % c] + (bias?[index % c] ?? 0)
        }
    }

    private func isNear(_ a: [Double], _ b: [Double]) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < 2e-5 * max(1, abs($1)) }
    }

    private struct Captured {
        let model: LanguageModel
        let states: [HookPoint: [Float]]
        let logits: [Double]
        let layer: Int

        init(_ model: LanguageModel, _ batch: RaggedBatch, layer: Int) throws {
            self.model = model
            self.layer = layer
            let points = BlockHook.allCases.map { HookPoint.block(layer, $0) } + [.embedding, .finalNorm]
            let found = try model.capture(batch, points: Set(points), logits: true)
            states = found.states
            logits = (found.logits ?? []).map(Double.init)
        }

        func callAsFunction(_ point: HookPoint) -> [Double] { (states[point] ?? []).map(Double.init) }
        func callAsFunction(_ site: BlockHook) -> [Double] { self(.block(layer, site)) }
        func weights(_ names: String...) -> [Double] {
            names.flatMap { (model.parameters[$0] ?? []).map(Double.init) }
        }
    }

    @Test func `each point of a GPT-2 shows what its name says`() throws {
        let model = filled(gpt2(tied: false))
        let c = try Captured(model, batch, layer: 1), block = "transformer.h.1."
        func made(_ from: BlockHook, _ name: String) -> [Double] {
            linear(
                c(from), c.weights(block + name + ".weight"), c.weights(block + name + ".bias"), isTransposed: false)
        }
        func normed(_ x: [Double], _ name: String) -> [Double] {
            norm(x, c.weights(name + ".weight"), c.weights(name + ".bias"))
        }
        let (words, places) = (c.weights("transformer.wte.weight"), c.weights("transformer.wpe.weight"))
        let sums = zip(batch.tokens, batch.positions).flatMap { token, position in
            (0..<8).map { words[Int(token) * 8 + $0] + places[Int(position) * 8 + $0] }
        }
        #expect(isNear(c(.embedding), sums))
        #expect(isNear(c(.firstNorm), normed(c(.residualPre), block + "ln_1")))
        #expect(isNear(c(.queryKeyValue), made(.firstNorm, "attn.c_attn")))
        #expect(isNear(c(.attentionOutput), made(.headOutputs, "attn.c_proj")))
        #expect(isNear(c(.secondNorm), normed(c(.residualMiddle), block + "ln_2")))
        #expect(isNear(c(.mlpPre), made(.secondNorm, "mlp.c_fc")))
        let active = c(.mlpPre).map {
            $0 / 2 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0)))
        }
        #expect(isNear(c(.mlpPost), active))
        #expect(isNear(c(.mlpOutput), made(.mlpPost, "mlp.c_proj")))
        // Block 1 is the last.
        #expect(isNear(c(.finalNorm), normed(c(.residualPost), "transformer.ln_f")))
        let head = linear(
            c(.finalNorm), c.weights("lm_head.weight"), [Double](repeating: 0, count: 9), isTransposed: true)
        #expect(isNear(c.logits, head))
    }

    @Test func `each point of a Llama shows what its name says`() throws {
        let model = filled(llama())
        let c = try Captured(model, batch, layer: 1), block = "model.layers.1."
        #expect(isNear(c(.firstNorm), norm(c(.residualPre), c.weights(block + "input_layernorm.weight"), nil)))
        func made(_ from: BlockHook, _ names: String...) -> [Double] {
            linear(
                c(from), names.flatMap { c.weights(block + $0 + ".weight") },
                names.flatMap { c.weights(block + $0 + ".bias") }, isTransposed: true)
        }
        // Before they are turned.
        #expect(
            isNear(c(.queryKeyValue), made(.firstNorm, "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")))
        #expect(isNear(c(.attentionOutput), made(.headOutputs, "self_attn.o_proj")))
        let second = norm(c(.residualMiddle), c.weights(block + "post_attention_layernorm.weight"), nil)
        #expect(isNear(c(.secondNorm), second))
        let pre = c(.mlpPre)
        #expect(isNear(pre, made(.secondNorm, "mlp.gate_proj", "mlp.up_proj")))
        let active = (0..<5 * 12).map { index -> Double in
            let gate = pre[index / 12 * 24 + index % 12], up = pre[index / 12 * 24 + 12 + index % 12]
            return gate / (1 + exp(-gate)) * up
        }
        #expect(isNear(c(.mlpPost), active) && isNear(c(.mlpOutput), made(.mlpPost, "mlp.down_proj")))
        #expect(isNear(c(.finalNorm), norm(c(.residualPost), c.weights("model.norm.weight"), nil)))
    }

    @Test func `points are named as in TransformerLens, and a point says its name`() {
        let names: [(HookPoint, String)] = [
            (.embedding, "hook_embed"), (.finalNorm, "ln_final.hook_normalized"),
            (.block(3, .residualPre), "blocks.3.hook_resid_pre"),
            (.block(0, .firstNorm), "blocks.0.ln1.hook_normalized"),
            (.block(0, .queryKeyValue), "blocks.0.attn.hook_qkv"), (.block(0, .headOutputs), "blocks.0.attn.hook_z"),
            (.block(0, .attentionOutput), "blocks.0.hook_attn_out"),
            (.block(0, .residualMiddle), "blocks.0.hook_resid_mid"),
            (.block(0, .secondNorm), "blocks.0.ln2.hook_normalized"), (.block(0, .mlpPre), "blocks.0.mlp.hook_pre"),
            (.block(0, .mlpPost), "blocks.0.mlp.hook_post"), (.block(0, .mlpOutput), "blocks.0.hook_mlp_out"),
            (.block(12, .residualPost), "blocks.12.hook_resid_post"),
        ]
        #expect(BlockHook.allCases.count == 11)
        for (point, name) in names { #expect(point.description == name && HookPoint(name) == point) }
        #expect(HookPoint("block.0.hook_resid_pre") == nil && HookPoint("blocks.0.hook_resid_pre.x") == nil)
    }

    @Test func `the rows that are asked for come in their order, and others are refused`() throws {
        let model = filled(gpt2())
        let point = HookPoint.block(0, .residualPost)
        let all = try model.capture(batch, points: [point], logits: true)
        let some = try model.capture(batch, points: [point], rows: [4, 0], logits: true)
        let (states, logits) = (try #require(all.states[point]), try #require(all.logits))
        #expect(some.states[point] == Array(states[32..<40] + states[0..<8]))
        let few = try #require(some.logits), rows = Array(logits[36..<45] + logits[0..<9])
        #expect(zip(few, rows).allSatisfy { abs($0 - $1) < 1e-5 } && few.count == 18)
        for row in [-1, 5] {
            #expect(throws: BatchError.row(row, tokenCount: 5)) {
                try model.capture(batch, points: [], rows: [0, row])
            }
        }
        #expect(try model.capture(batch, points: []).logits == nil)
        #expect(try model.logits(batch) == logits)
    }

    @Test func `a change counts where nobody looks, and changes of one point come one after another`() throws {
        let model = filled(gpt2())
        let mask = Intervention(.block(0, .attentionOutput), Edit(.mask))
        let points: Set<HookPoint> = [.block(0, .residualPre), .block(0, .residualMiddle)]
        let cut = try model.capture(batch, points: points, interventions: [mask]).states
        #expect(cut[.block(0, .residualMiddle)] == cut[.block(0, .residualPre)])
        let plain = try model.capture(batch, points: points).states
        #expect(plain[.block(0, .residualMiddle)] != plain[.block(0, .residualPre)])
        let output = Intervention(.block(0, .mlpOutput), Edit(.mask))
        let last: Set<HookPoint> = [.block(0, .residualMiddle), .block(0, .residualPost)]
        let kept = try model.capture(batch, points: last, interventions: [output]).states
        #expect(kept[.block(0, .residualPost)] == kept[.block(0, .residualMiddle)])
        let one = Intervention(.embedding, Edit(.set([Float](repeating: 1, count: 8))))
        let twice = Intervention(.embedding, Edit(.scale(2)))
        for (changes, value) in [([one, twice], Float(2)), ([twice, one], 1)] {
            let found = try model.capture(batch, points: [.embedding], interventions: changes).states[.embedding]
            #expect(found == [Float](repeating: value, count: 40))
        }
    }
}

@Suite struct PassPlaceRuleTests {
    @Test func `some sequences of a batch are a batch of their own`() {
        var batch = RaggedBatch()
        batch.append([1, 2], positions: [4, 5], labels: [-1, 7])
        batch.append([3, 4, 5], positions: nil, labels: [6, -1, 8])
        batch.append([], positions: nil, labels: nil)
        batch.append([6], positions: [2], labels: nil)
        let middle = batch.sequences(1..<4)
        #expect(middle.tokens == [3, 4, 5, 6] && middle.positions == [0, 1, 2, 2])
        #expect(middle.labels == [6, -1, 8, -1] && middle.offsets == [0, 3, 3, 4])
        #expect(batch.sequences(0..<4) == batch && batch.sequences(2..<2) == RaggedBatch())
        #expect(batch.sequences(0..<1).targetCount == 1 && batch.targetCount == 3 && batch.sequenceCount == 4)
        #expect(
            BatchError.noTargets.description
                == "no position of the batch carries a label, so there is nothing to learn")
    }

    @Test func `tables of angles are made twice as long each time, never longer than the model, and kept`() throws {
        let model = LanguageModel(uninitialized: llama(positions: 200))
        let first = try #require(model.rotaryTables(covering: 0))
        #expect(first.count == 64 && model.rotaryTables(covering: 63) === first)
        let second = try #require(model.rotaryTables(covering: 64))
        #expect(second.count == 128 && model.rotaryTables(covering: 3) === second)
        let third = try #require(model.rotaryTables(covering: 150))
        #expect(third.count == 200 && model.rotaryTables(covering: 199) === third)
        // A far position at once.
        #expect(LanguageModel(uninitialized: llama(positions: 200)).rotaryTables(covering: 90)?.count == 91)
        #expect(LanguageModel(uninitialized: llama(positions: 8)).rotaryTables(covering: 0)?.count == 8)
        #expect(LanguageModel(uninitialized: gpt2()).rotaryTables(covering: 0) == nil)
        // The rows for long texts stand behind those for short ones.
        let rotary = RotaryConfiguration(
            base: 10_000, width: 4,
            scaling: .longRope(
                shortFactors: [1, 1], longFactors: [2, 2], originalPositionCount: 10, attentionFactor: 1))
        let tables = RotaryTables(rotary, count: 20, CPUExecutor.shared)
        #expect(tables.row(3, longest: 9) == 3 && tables.row(3, longest: 10) == 23 && tables.table.half == 2)
        #expect(RotaryTables(.init(base: 10_000, width: 4), count: 20, CPUExecutor.shared).row(3, longest: 19) == 3)
    }

    @Test func `a short text beside a long one is read with the angles of short ones`() throws {
        let model = try LanguageModel.load(from: goldenFolder.appending(path: "models/phi3_longrope").path)
        // Made for 24 positions.
        let texts = [20, 30, 24, 25].map { count in (0..<count).map { Int32(($0 * 7 + count) % 43) } }
        let together = try model.logits(RaggedBatch(sequences: texts))
        let alone = try texts.flatMap { try model.logits(RaggedBatch(sequences: [$0])) }
        #expect(together.count == alone.count && zip(together, alone).allSatisfy { abs($0 - $1) < 1e-4 })
    }

    @Test func `a continuation goes on at the position after the prompt's last, and tells its probabilities`() throws {
        let model = filled(gpt2())
        func softmax(_ tokens: [Int32], _ positions: [Int32]) throws -> [Double] {
            var batch = RaggedBatch()
            batch.append(tokens, positions: positions, labels: nil)
            let row = try model.logits(batch).suffix(9).map { exp(Double($0)) }
            return row.map { $0 / row.reduce(0, +) }
        }
        let options = GenerationOptions(maximumNewTokens: 3, stop: .none)
        let found = try model.generate([Prompt(tokens: [1, 2], positions: [0, 4])], options)[0]
        var (tokens, positions): ([Int32], [Int32]) = ([1, 2], [0, 4])
        for (index, token) in found.tokens.enumerated() {
            let expected = try softmax(tokens, positions)
            #expect(abs(Double(found.probabilities[index]) - expected[Int(token)]) < 1e-5, "token \(index)")
            #expect(expected[Int(token)] >= (expected.max() ?? 0) - 1e-6)
            tokens.append(token)
            positions.append(Int32(5 + index))
        }
        #expect(found.tokens.count == 3)
    }

    @Test func `how many prompts are done is heard after each batch of them`() throws {
        let model = LanguageModel(gpt2(layers: 1), initialization: .fanIn, seed: 1)
        var heard: [Int] = []
        let prompts = [Prompt](repeating: Prompt(tokens: [1]), count: 300)
        let found = try model.generate(prompts, GenerationOptions(maximumNewTokens: 1, stop: .none)) {
            heard.append($0)
        }
        #expect(heard == [256, 300] && found.count == 300)
    }

    @Test func `a draw among none of the largest is one among the first, and among more than there are one of all`() {
        let logits: [Float] = [1, 3, 2]
        func drawn(_ topK: Int?) -> Set<Int> {
            var sampler = TokenSampler(temperature: 1, topK: topK)
            var random = RandomSource(seed: 1)
            return Set((0..<300).map { _ in logits.withUnsafeBufferPointer { sampler.draw($0, &random) } })
        }
        #expect(drawn(0) == [1] && drawn(-1) == [1] && drawn(1) == [1])
        #expect(drawn(2) == [1, 2] && drawn(3) == [0, 1, 2] && drawn(9) == [0, 1, 2] && drawn(nil) == [0, 1, 2])
    }

    private var labelled: RaggedBatch {
        var batch = RaggedBatch()
        batch.append([1, 2, 3, 4], positions: nil, labels: [-1, 2, 5, -1])
        return batch
    }

    private func isNear(_ a: [Float], _ b: [Float], times factor: Float) -> Bool {
        zip(a, b).allSatisfy { abs($0 - factor * $1) < 1e-6 } && b.contains { abs($0) > 1e-3 }
    }

    @Test func `a part of a batch counts by the labels of the whole, and its gradient can be added elsewhere`() throws {
        let trainee = Trainee(filled(gpt2()))
        #expect(!trainee.hasMemory && trainee.heldFloats == 0)
        let whole = try trainee.accumulate(labelled)
        #expect(trainee.hasMemory && trainee.heldFloats > 0)
        let gradient = trainee.gradients.values()
        trainee.clearGradients()
        #expect(trainee.gradients.values().allSatisfy { $0 == 0 })
        let part = try trainee.accumulate(labelled, targets: 8)
        #expect(part.meanLoss == whole.meanLoss)
        #expect(isNear(trainee.gradients.values(), gradient, times: 0.25))
        let sum = ParameterSet(trainee.model.parameters.layout), before = trainee.gradients.values()
        _ = try trainee.accumulate(labelled, into: sum)
        #expect(isNear(sum.values(), gradient, times: 1) && trainee.gradients.values() == before)
        let report = BatchReport(labels: [-1, 0, 5, -1], losses: [1, 4], predictions: [7, 8])
        #expect(report.targetIndices == [1, 2] && report.meanLoss == 2.5 && report.targetCount == 2)
        #expect(BatchReport(labels: [], losses: [], predictions: []).meanLoss == 0)
    }

    @Test func `a joint loss is scaled in its gradient alone, and what it does not depend on has none`() throws {
        let model = filled(gpt2())
        func gradient(_ scale: Float) throws -> (loss: Double, values: [Float]) {
            let pass = JointPass()
            let network = JointModel("student", model)
            pass.begin(recording: true)
            let unused = pass.input([1, 2], columns: 2)
            let report = try pass.loss(network, labelled, scale: scale) { $1 }
            pass.backward()
            #expect(pass.gradient(of: unused) == [0, 0] && pass.values(of: unused) == [1, 2])
            return (report.meanLoss, network.parameters.gradients.values())
        }
        let one = try gradient(1), half = try gradient(0.5)
        #expect(one.loss == half.loss && isNear(half.values, one.values, times: 0.5))
        let pass = JointPass()
        pass.begin(recording: false)
        let rows = pass.input([1, 2, 3, 4, 5, 6], columns: 2)
        #expect(pass.values(of: rows, rows: [2, 0]) == [5, 6, 1, 2])
        #expect(throws: BatchError.noTargets) {
            try pass.loss(JointModel("a", model), RaggedBatch(sequences: [[1, 2]])) { $1 }
        }
        #expect(throws: BatchError.token(9, vocabularySize: 9)) {
            try pass.run(JointModel("a", model), RaggedBatch(sequences: [[9]])) { $1 }
        }
    }

    @Test func `no tokens take no memory`() {
        #expect(TrainingMemory.bytes(gpt2(), sequences: 3, tokens: 0) == 0)
        #expect(TrainingMemory.bytes(gpt2(), sequences: -1, tokens: 3) == 0)
        #expect(TrainingMemory.bytes(gpt2(), sequences: 3, tokens: 3) > 0)
        // More than the model has positions for: no pass, no memory.
        #expect(TrainingMemory.bytes(gpt2(), sequences: 3, tokens: 9) == 0)
    }
}
