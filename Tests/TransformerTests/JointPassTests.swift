import Foundation
import Tensors
import TestSupport
import Testing

@testable import Transformer

private func load(_ name: String) throws -> LanguageModel {
    try LanguageModel.load(from: goldenFolder.appending(path: "models/\(name)").path)
}

/// Two sequences whose rows 2 and 6 get other states before each block.
private struct Substitution {
    let model: LanguageModel
    let rows: [Int32] = [2, 6]
    var batch = RaggedBatch()
    /// (L)(2, C)
    var states: [[Float]]

    init(_ model: LanguageModel) {
        self.model = model
        batch.append([3, 1, 4, 1, 5], positions: nil, labels: [-1, -1, 7, 8, 9])
        batch.append([9, 2, 6], positions: nil, labels: [-1, 3, 2])
        let width = model.configuration.width
        var random = RandomSource(seed: 4)
        states = (0..<model.configuration.layerCount).map { _ in (0..<2 * width).map { _ in Float(random.normal()) } }
    }

    /// The mean loss by another way: the forward pass with interventions, and the softmax of its logits in double
    /// precision.
    func loss() throws -> Double {
        let vocabulary = model.configuration.vocabularySize
        let interventions = states.enumerated().map { layer, values in
            Intervention(.block(layer, .residualPre), Edit(.set(values), rows: rows.map { Int($0) }))
        }
        let logits = try #require(
            try model.capture(batch, points: [], interventions: interventions, logits: true).logits)
        var sum = 0.0
        for (n, label) in batch.labels.enumerated() where label >= 0 {
            let row = logits[n * vocabulary..<(n + 1) * vocabulary].map(Double.init)
            sum += log(row.reduce(0) { $0 + exp($1) }) - row[Int(label)]
        }
        return sum / Double(batch.targetCount)
    }
}

@Suite struct JointPassTests {
    @Test(arguments: ["gpt2", "llama"])
    func `the loss is that of a pass with replaced states, and its gradient reaches every one of them`(
        _ name: String
    ) throws {
        var setting = Substitution(try load(name))
        let model = setting.model, width = model.configuration.width
        let pass = JointPass()
        let network = JointModel("student", model)
        pass.begin(recording: true)
        let inputs = setting.states.map { pass.input($0, columns: width) }
        let rows = pass.rows(setting.rows)
        let report = try pass.loss(network, setting.batch) { layer, stream in
            pass.tape.replaceRows(stream, rows, by: inputs[layer])
        }
        #expect(abs(report.meanLoss - (try setting.loss())) < 1e-5)
        pass.backward()
        // Along a random direction in the states of one layer, and of all.
        var random = RandomSource(seed: 9)
        let directions = setting.states.map { $0.map { _ in Float(random.normal()) } }
        let gradients = inputs.map { pass.gradient(of: $0) }
        let layers = Array(directions.indices)
        for chosen in layers.map({ [$0] }) + [layers] {
            var expected = 0.0
            for layer in chosen {
                for index in directions[layer].indices {
                    expected += Double(directions[layer][index] * gradients[layer][index])
                }
            }
            let original = setting.states
            func moved(_ h: Float) throws -> Double {
                setting.states = original
                for layer in chosen {
                    for index in directions[layer].indices {
                        setting.states[layer][index] += h * directions[layer][index]
                    }
                }
                defer { setting.states = original }
                return try setting.loss()
            }
            // Fourth-order differences; the losses are good to some 1e-7, so these to some 1e-5.
            let h: Float = 0.02
            let found =
                (8 * (try moved(h) - (try moved(-h))) - (try moved(2 * h) - (try moved(-2 * h)))) / (12 * Double(h))
            #expect(abs(found - expected) < 1e-4 * max(1, abs(expected)), "layers \(chosen): \(found), \(expected)")
        }
    }

    @Test func `what a replaced state was made from gets no gradient through it`() throws {
        // One token: before the last block everything is replaced, so that nothing before it matters.
        let model = try load("gpt2")
        let last = model.configuration.layerCount - 1, width = model.configuration.width
        let pass = JointPass()
        let network = JointModel("student", model)
        var batch = RaggedBatch()
        batch.append([5], positions: nil, labels: [6])
        pass.begin(recording: true)
        let state = pass.input([Float](repeating: 0.3, count: width), columns: width), rows = pass.rows([0])
        _ = try pass.loss(network, batch) { layer, stream in
            layer == last ? pass.tape.replaceRows(stream, rows, by: state) : stream
        }
        pass.backward()
        func hasGradient(_ name: String) throws -> Bool {
            try #require(network.parameters.gradients[name]).contains { $0 != 0 }
        }
        #expect(try !hasGradient("transformer.h.0.mlp.c_fc.weight"))
        #expect(try hasGradient("transformer.h.\(last).mlp.c_fc.weight"))
        #expect(pass.gradient(of: state).contains { $0 != 0 })
    }

    @Test func `a boundary that wants no more ends the pass there`() throws {
        let pass = JointPass()
        var seen: [Int] = []
        pass.begin(recording: false)
        try pass.run(JointModel("teacher", try load("gpt2")), RaggedBatch(sequences: [[1, 2, 3]])) { layer, stream in
            seen.append(layer)
            return layer == 1 ? nil : stream
        }
        #expect(seen == [0, 1])
    }

    @Test func `a gradient that is not finite is named with its network, and nothing is changed`() throws {
        let models = [try load("gpt2"), try load("gpt2")]
        let members = zip(["student", "emulator"], models).map { TrainedParameters($0, $1.parameters) }
        let optimizer = JointAdamW(members)
        optimizer.clearGradients()
        members[0].gradients.put([1])
        try members[1].gradients.edit("transformer.ln_f.bias") { $0[2] = .infinity }
        let before = models.map { $0.parameters.values() }
        #expect(throws: NonFiniteGradient(parameter: "emulator's transformer.ln_f.bias")) {
            try optimizer.update(learningRate: 0.1, clip: 1)
        }
        #expect(models.map { $0.parameters.values() } == before)
        try members[1].gradients.edit("transformer.ln_f.bias") { $0[2] = 2 }
        // √(1 + 4), over both.
        #expect(abs(try optimizer.update(learningRate: 0.1, clip: 1).gradientNorm - 5.0.squareRoot()) < 1e-6)
    }
}

extension GenerationTests {
    @Test(arguments: ["gpt2", "llama"])
    func `a prompt may bring the states of its last token, and what follows sees them`(_ name: String) throws {
        let model = try load(name)
        let (layers, width, vocabulary) = (
            model.configuration.layerCount, model.configuration.width, model.configuration.vocabularySize
        )
        var random = RandomSource(seed: 2)
        let states = (0..<layers * width).map { _ in Float(random.normal()) }
        let prompt: [Int32] = [5, 17, 3]
        let options = GenerationOptions(maximumNewTokens: 6, stop: .none)
        let found = try model.generate([Prompt(tokens: [9, 9]), Prompt(tokens: prompt, lastStates: states)], options)
        #expect(found[0].tokens == (try model.generate([Prompt(tokens: [9, 9])], options))[0].tokens)
        // The same by whole forward passes in which that row is replaced.
        let interventions = (0..<layers).map { layer in
            Intervention(
                .block(layer, .residualPre), Edit(.set(Array(states[layer * width..<(layer + 1) * width])), rows: [2]))
        }
        var tokens = prompt
        for token in found[1].tokens {
            let logits = try #require(
                try model.capture(
                    RaggedBatch(sequences: [tokens]), points: [], interventions: interventions, logits: true
                ).logits
            ).suffix(vocabulary)
            #expect(logits[logits.startIndex + Int(token)] >= (try #require(logits.max())) - 1e-4)
            tokens.append(token)
        }
        for count in [3, layers * width - 1, layers * width + 1] {
            #expect(throws: BatchError.states(count, needed: layers * width)) {
                let states = [Float](repeating: 1, count: count)
                return try model.generate([Prompt(tokens: prompt, lastStates: states)], options)
            }
        }
    }
}

extension ParameterSet {
    /// Changes some numbers of one parameter.
    func edit(_ name: String, _ change: (inout [Float]) -> Void) throws {
        let entry = try #require(layout[name])
        var own = values(entry.range)
        change(&own)
        put(own, at: entry.range.lowerBound)
    }
}
