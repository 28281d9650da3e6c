import Foundation
import Tensors
import TestSupport
import Testing

@testable import Transformer

@Suite struct HookTests {
    private func load(_ name: String) throws -> LanguageModel {
        try LanguageModel.load(from: goldenFolder.appending(path: "models/\(name)").path)
    }
    private let batch = RaggedBatch(sequences: [[3, 1, 4, 1, 5], [9, 2, 6]])

    @Test func `names are read as they are written, and others are refused`() {
        for site in BlockHook.allCases { #expect(HookPoint("blocks.7.\(site.rawValue)") == .block(7, site)) }
        #expect(HookPoint("hook_embed") == .embedding)
        #expect(HookPoint("ln_final.hook_normalized") == .finalNorm)
        for name in [
            "", "blocks", "blocks.0", "blocks.-1.hook_resid_post", "blocks.x.hook_resid_post", "blocks.0.hook_nothing",
            "hook_Embed",
        ] {
            #expect(HookPoint(name) == nil)
        }
    }

    @Test(arguments: ["gpt2", "mistral", "phi3"])
    func `the residual stream is the sum of what is written into it`(_ name: String) throws {
        let model = try load(name)
        let points: [BlockHook] = [.residualPre, .attentionOutput, .residualMiddle, .mlpOutput, .residualPost]
        let states = try model.capture(batch, points: Set(points.map { .block(1, $0) })).states
        func values(_ point: BlockHook) throws -> [Float] { try #require(states[.block(1, point)]) }
        let (pre, attention, middle, mlp, post) = try (
            values(.residualPre), values(.attentionOutput), values(.residualMiddle), values(.mlpOutput),
            values(.residualPost)
        )
        #expect(zip(zip(pre, attention), middle).allSatisfy { abs($0.0 + $0.1 - $1) < 1e-5 })
        #expect(zip(zip(middle, mlp), post).allSatisfy { abs($0.0 + $0.1 - $1) < 1e-5 })
    }

    @Test(arguments: ["gpt2", "llama"])
    func `watching changes nothing, and every point can be watched`(_ name: String) throws {
        let model = try load(name)
        var points: Set<HookPoint> = [.embedding, .finalNorm]
        for layer in 0..<model.configuration.layerCount {
            points.formUnion(BlockHook.allCases.map { .block(layer, $0) })
        }
        let watched = try model.capture(batch, points: points, logits: true)
        #expect(watched.states.count == points.count)
        let plain = try model.logits(batch)
        #expect(zip(try #require(watched.logits), plain).allSatisfy { abs($0 - $1) < 1e-4 })
    }

    @Test(arguments: ["gpt2", "phi3"])
    func `a replaced activation is what the rest of the model sees`(_ name: String) throws {
        let model = try load(name)
        let last = model.configuration.layerCount - 1
        let clean = try model.capture(batch, points: [.block(last, .residualPost)], logits: true)
        let state = try #require(clean.states[.block(last, .residualPost)])
        // Another text's last state in place of its own gives the first text's logits.
        let put = Intervention(.block(last, .residualPost), Edit(.set(state)))
        var other = batch
        other.tokens = other.tokens.map { ($0 + 1) % 40 }
        #expect(try model.capture(other, points: [], interventions: [put], logits: true).logits == clean.logits)
        // What is added to the stream at the bottom arrives at the top.
        let half = [Float](repeating: 0.25, count: model.configuration.width)
        let add = Intervention(.block(0, .residualPre), Edit(.add(half, factor: 2)))
        let moved = try model.capture(batch, points: [.block(0, .residualPre), .finalNorm], interventions: [add])
        let before = try model.capture(batch, points: [.block(0, .residualPre), .finalNorm])
        let (a, b) = (
            try #require(before.states[.block(0, .residualPre)]), try #require(moved.states[.block(0, .residualPre)])
        )
        #expect(zip(a, b).allSatisfy { abs($0 + 0.5 - $1) < 1e-6 })
        #expect(before.states[.finalNorm] != moved.states[.finalNorm])
    }
}
