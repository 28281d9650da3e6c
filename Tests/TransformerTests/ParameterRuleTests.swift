// A model's numbers: where each lies, what changes them, what an update reports, and what tells one model from another.

import Foundation
import Support
import Tensors
import TestSupport
import Testing

@testable import Transformer

private func layout() -> ParameterLayout {
    var layout = ParameterLayout()
    layout.add("a", [2, 3], .table)
    layout.add("b", [4], .bias)
    layout.add("c", [])
    return layout
}

private func tiny(seed: UInt64 = 1) -> LanguageModel {
    LanguageModel(
        .gpt2(vocabularySize: 5, positionCount: 4, width: 4, layerCount: 1, headCount: 2), initialization: .fanIn,
        seed: seed)
}

@Suite struct ParameterRuleTests {
    @Test func `parameters lie one after another, each as large as its shape`() {
        let layout = layout()
        #expect(layout.entries.map(\.range) == [0..<6, 6..<10, 10..<11] && layout.count == 11)
        #expect(layout["b"]?.shape == [4] && layout["b"]?.role == .bias && layout["c"]?.role == .matrix)
        #expect(layout["d"] == nil)
        let set = ParameterSet(layout)
        #expect(set.entry(holding: 5)?.name == "a" && set.entry(holding: 6)?.name == "b")
        #expect(set.entry(holding: 10)?.name == "c" && set.entry(holding: 11) == nil)
    }

    @Test func `numbers are put, filled, copied, added and cleared, and every such change is noted`() {
        let set = ParameterSet(layout()), other = ParameterSet(layout())
        #expect(set.values().allSatisfy { $0 == 0 } && set.changes == 0 && set.count == 11)
        var seen = [set.changes]
        func noted() -> Bool {
            defer { seen.append(set.changes) }
            return !seen.contains(set.changes)
        }
        set.put([1, 2], at: 5)
        #expect(set["a"] == [0, 0, 0, 0, 0, 1] && set["b"] == [2, 0, 0, 0] && set["d"] == nil && noted())
        set.fill(9..<11) { $0.update(repeating: 7) }
        #expect(set.values(8..<11) == [0, 7, 7] && noted())
        other.put((0..<11).map { Float($0) })
        set.add(other)
        #expect(set.values() == [0, 1, 2, 3, 4, 6, 8, 7, 8, 16, 17] && noted())
        set.copyValues(from: other)
        #expect(set.values() == other.values() && noted())
        set.clear()
        #expect(set.values().allSatisfy { $0 == 0 } && noted())
        // To look changes nothing.
        let before = set.changes
        #expect(set.read(0..<3) { Array($0) } == [0, 0, 0] && set.firstNotFinite == nil && set.changes == before)
        // Where it lies in another executor's memory the numbers are the same.
        let elsewhere = ParameterSet(layout(), executor: CPUExecutor(Workers(threadCount: 1)))
        elsewhere.copyValues(from: other)
        #expect(elsewhere.values() == other.values() && elsewhere.changes > 0)
    }

    @Test func `of several parameters that are not finite the first is named`() {
        let set = ParameterSet(layout())
        set.put([.infinity], at: 10)
        #expect(set.firstNotFinite == "c")
        set.put([.nan], at: 9)
        #expect(set.firstNotFinite == "b")
    }

    @Test func `the head is a table of its own, or that of the tokens`() {
        var llama = ModelConfiguration(
            architecture: .llama, vocabularySize: 9, positionCount: 8, width: 8, layerCount: 1, headCount: 2,
            keyValueHeadCount: 2, headWidth: 4, innerWidth: 8, isHeadTied: true, epsilon: 1e-5, dropout: .none)
        llama.rotary = RotaryConfiguration(base: 1e4, width: 4)
        var gpt2 = ModelConfiguration.gpt2(vocabularySize: 9, positionCount: 8, width: 8, layerCount: 1, headCount: 2)
        func head(_ configuration: ModelConfiguration) -> String {
            LanguageModel(uninitialized: configuration).headEntry.name
        }
        #expect(head(llama) == "model.embed_tokens.weight" && head(gpt2) == "transformer.wte.weight")
        (llama.isHeadTied, gpt2.isHeadTied) = (false, false)
        #expect(head(llama) == "lm_head.weight" && head(gpt2) == "lm_head.weight")
    }

    @Test func `drawing the first weights tells how far it is, and can be stopped`() throws {
        let configuration = tiny().configuration
        var heard: [Double] = []
        let model = try LanguageModel(
            configuration, initialization: .fanIn, seed: 1, observer: WorkObserver { heard.append($0) })
        #expect(model.parameters.values() == tiny().parameters.values())
        // Six tables and matrices: from their places in the whole.
        let drawn = model.parameters.entries.filter { $0.role != .bias && $0.role != .gain }
        #expect(drawn.count == 6)
        #expect(heard == drawn.map { Double($0.range.lowerBound) / Double(model.parameterCount) })
        let interrupt = Interrupt()
        interrupt.request()
        #expect(throws: Interrupted()) {
            try LanguageModel(
                configuration, initialization: .gpt2, seed: 1, observer: WorkObserver(interrupt: interrupt))
        }
    }
}

@Suite struct UpdateReportRuleTests {
    private func gradients(_ model: LanguageModel, _ value: Float) -> ParameterSet {
        let gradients = ParameterSet(model.parameters.layout)
        gradients.put([Float](repeating: value, count: gradients.count))
        return gradients
    }

    @Test func `an update reports the gradient's size before clipping, that of the change, and whether it clipped`()
        throws
    {
        let root = Double(tiny().parameterCount).squareRoot()
        for (clip, isClipped) in [(nil, false), (Float(1e6), false), (0.5, true)] as [(Float?, Bool)] {
            let model = tiny()
            let before = model.parameters.values(), changes = model.parameters.changes
            let optimizer = AdamW(model.parameters.layout)
            let report = try optimizer.update(
                model, gradients: gradients(model, 0.5), learningRate: 0.1, clip: clip)
            #expect(abs(report.gradientNorm - root / 2) < 1e-5 && report.isClipped == isClipped)
            let moved = zip(model.parameters.values(), before).map { Double($0) - Double($1) }
            let size = moved.reduce(0) { $0 + $1 * $1 }.squareRoot()
            #expect(abs(report.updateNorm - size) < 1e-5 * size && size > 0)
            #expect(model.parameters.changes > changes && optimizer.stepCount == 1 && optimizer.secondStepCount == 1)
            #expect(abs(optimizer.norm(of: gradients(model, 2)) - 2 * root) < 1e-5)
        }
    }

    @Test func `where a gradient is not finite nothing is changed, counted or noted`() throws {
        let model = tiny(), optimizer = AdamW(tiny().parameters.layout)
        let broken = gradients(model, 1)
        broken.put([.nan], at: 3)
        let before = model.parameters.values(), changes = model.parameters.changes
        let name = model.parameters.entries[0].name
        #expect(throws: NonFiniteGradient(parameter: name)) {
            try optimizer.update(model, gradients: broken, learningRate: 0.1)
        }
        #expect(model.parameters.values() == before && model.parameters.changes == changes)
        #expect(optimizer.stepCount == 0 && optimizer.secondStepCount == 0)
        #expect(optimizer.firstMoments.values().allSatisfy { $0 == 0 } && optimizer.firstMoments.changes == 0)
        #expect(
            NonFiniteGradient(parameter: "x").description
                == "the gradient of x is not finite; the weights were left as they are")
    }

    @Test func `a reset of the second moments leaves momentum and its count, a whole one leaves nothing`() throws {
        let model = tiny(), optimizer = AdamW(tiny().parameters.layout)
        for _ in 0..<2 { _ = try optimizer.update(model, gradients: gradients(model, 1), learningRate: 0.1) }
        optimizer.reset(.secondMoments)
        #expect(optimizer.stepCount == 2 && optimizer.secondStepCount == 0)
        #expect(optimizer.secondMoments.values().allSatisfy { $0 == 0 })
        #expect(optimizer.firstMoments.values().allSatisfy { $0 > 0 })
        optimizer.reset(.all)
        #expect(optimizer.stepCount == 0 && optimizer.firstMoments.values().allSatisfy { $0 == 0 })
        let usual = AdamWHyperparameters()
        #expect(usual.beta1 == 0.9 && usual.beta2 == 0.999 && usual.epsilon == 1e-8 && usual.weightDecay == 0.01)
    }

    @Test func `a joint update reports both networks together, and notes that both were changed`() throws {
        let models = [tiny(seed: 1), tiny(seed: 2)]
        let members = zip(["a", "b"], models).map { TrainedParameters($0, $1.parameters) }
        for (member, value) in zip(members, [Float(3), 4]) {
            member.gradients.put([Float](repeating: value, count: member.values.count))
        }
        let changes = models.map(\.parameters.changes)
        let report = try JointAdamW(members).update(learningRate: 0.01, clip: 1)
        // √(9n + 16n)
        let root = Double(models[0].parameterCount).squareRoot()
        #expect(abs(report.gradientNorm - 5 * root) < 1e-4 && report.isClipped)
        #expect(zip(models, changes).allSatisfy { $0.parameters.changes > $1 })
        let joint = JointAdamW(members)
        joint.clearGradients()
        #expect(members.allSatisfy { $0.gradients.values().allSatisfy { $0 == 0 } })
        members[0].gradients.put([.nan], at: 0)
        members[1].gradients.put([.nan], at: 0)
        #expect(throws: NonFiniteGradient(parameter: "a's \(models[0].parameters.entries[0].name)")) {
            try joint.update(learningRate: 0.01)
        }
    }
}

@Suite struct ContentHashRuleTests {
    @Test func `a hash is that of the configuration's text and of each parameter's digest under its name`() throws {
        let model = tiny()
        var text = Array(
            JSONWriter.text(ConfigurationWriter(model.configuration, specialIDs: SpecialIDs()).config).utf8)
        for entry in model.parameters.entries {
            var own = SHA256()
            own.update(model.parameters.values(entry.range).withUnsafeBytes { Array($0) })
            text += Array(entry.name.utf8) + [0] + own.finalize()
        }
        #expect(model.contentHash() == SHA256.hex(text))
        let interrupt = Interrupt()
        #expect(try model.contentHash(interrupt: interrupt) == SHA256.hex(text))
        interrupt.request()
        #expect(throws: Interrupted()) { try model.contentHash(interrupt: interrupt) }
    }

    @Test func `a model may be extended to the positions it has, and one without a table keeps its weights`() throws {
        let model = tiny()
        let same = try model.extended(positions: 4)
        #expect(same.parameters.values() == model.parameters.values() && same !== model)
        #expect(throws: PositionExtensionError(positions: 3, current: 4)) { try model.extended(positions: 3) }
        var configuration = ModelConfiguration(
            architecture: .llama, vocabularySize: 9, positionCount: 8, width: 8, layerCount: 1, headCount: 2,
            keyValueHeadCount: 2, headWidth: 4, innerWidth: 8, isHeadTied: true, epsilon: 1e-5, dropout: .none)
        configuration.rotary = RotaryConfiguration(base: 1e4, width: 4)
        let llama = LanguageModel(configuration, initialization: .fanIn, seed: 1)
        let longer = try llama.extended(positions: 50)
        #expect(longer.configuration.positionCount == 50 && longer.parameters.values() == llama.parameters.values())
    }

    @Test func `a copy has the weights and is another model, a blank one has zeros`() {
        let model = tiny()
        let copy = model.copy(), blank = model.blank()
        #expect(copy.parameters.values() == model.parameters.values() && copy.configuration == model.configuration)
        copy.parameters.clear()
        #expect(model.parameters.values() == tiny().parameters.values())
        #expect(blank.parameters.values().allSatisfy { $0 == 0 } && blank.configuration == model.configuration)
    }
}
