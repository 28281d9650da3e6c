// What is changed inside of a model, where, and what is said of it: the same for a batch in pieces as for its parts.

import Foundation
import Tensors
import Testing
import Transformer

@testable import Probing

private let length = 5
private let many = 260

/// 260 sequences of five tokens: more than fit in one pass, so the last 56 are in a second one.
private let whole = randomBatch(lengths: Array(repeating: length, count: many))
private let halves = [0..<130, 130..<260].map { whole.sequences($0) }

private func position(_ index: Int, _ count: Int) -> Position { Position("\(index)", index: index, count: count) }

/// Readouts at the last two positions, for all sequences or some.
private func readouts(_ sequences: Range<Int> = 0..<many) -> [Readout] {
    [3, 4].map { index in
        Readout(position(index, sequences.count), tokens: sequences.map { Int32(($0 * 5 + index) % 13) })
    }
}

private func difference(_ a: [Double], _ b: [Double]) -> Double {
    a.count == b.count ? zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } : .infinity
}

/// What is found for both halves, in the order of the whole: (readouts, sequences).
private func joined(_ parts: [[Double]]) -> [Double] {
    (0..<2).flatMap { r in parts.flatMap { $0[r * 130..<(r + 1) * 130] } }
}

@Suite struct PieceRuleTests {
    @Test func `an ablation at one position of a batch in pieces is that of its parts`() throws {
        let model = smallModel()
        func losses(_ batch: RaggedBatch, _ sequences: Range<Int>) throws -> [[Double]] {
            try model.ablate(
                batch, [.head(layer: 0, 1), .mlp(layer: 1)], .zero, at: position(2, sequences.count),
                readouts: readouts(sequences)
            ).map(\.effect.after.losses)
        }
        let all = try losses(whole, 0..<many)
        let parts = try [losses(halves[0], 0..<130), losses(halves[1], 130..<260)]
        for component in 0..<2 { #expect(difference(all[component], joined(parts.map { $0[component] })) < 1e-4) }
        #expect(difference(all[0], all[1]) > 1e-3)
    }

    @Test func `steering and cut edges of a batch in pieces are those of its parts`() throws {
        let model = smallModel()
        let direction = (0..<16).map { Float($0 % 3) - 1 }
        func steered(_ batch: RaggedBatch, _ sequences: Range<Int>) throws -> [Double] {
            try model.steer(
                batch, .block(0, .residualPost), at: position(3, sequences.count), direction: direction, scales: [0.5],
                readouts: readouts(sequences))[0].effect.after.losses
        }
        func cut(_ batch: RaggedBatch, _ sequences: Range<Int>) throws -> [Double] {
            let n = sequences.count
            return try model.knockOut(
                batch, [[AttentionEdge(layer: 1, query: position(4, n), key: position(1, n))]],
                readouts: readouts(sequences))[0].after.losses
        }
        for effect in [steered, cut] {
            let parts = try [effect(halves[0], 0..<130), effect(halves[1], 130..<260)]
            #expect(try difference(effect(whole, 0..<many), joined(parts)) < 1e-4)
        }
    }

    @Test func `attention and lens of a batch in pieces are the means of its parts`() throws {
        let model = smallModel()
        func attention(_ batch: RaggedBatch) throws -> [Double] {
            let n = batch.sequenceCount
            return try model.attentionPatterns(
                batch, queries: [position(4, n)], keys: [position(0, n), position(3, n)]
            ).values
        }
        let (first, second) = (try attention(halves[0]), try attention(halves[1]))
        #expect(try difference(attention(whole), zip(first, second).map { ($0 + $1) / 2 }) < 1e-5)
        func lens(_ batch: RaggedBatch, _ sequences: Range<Int>) throws -> LensReading {
            try model.logitLens(batch, points: [.block(0, .residualPost)], readouts: [readouts(sequences)[1]])[0]
        }
        let all = try lens(whole, 0..<many), parts = [try lens(halves[0], 0..<130), try lens(halves[1], 130..<260)]
        #expect(all.tokens == parts[0].tokens + parts[1].tokens && all.accuracy.value != 0)
        #expect(abs(all.meanLoss.value - (parts[0].meanLoss.value + parts[1].meanLoss.value) / 2) < 1e-5)
        #expect(abs(all.meanRank - (parts[0].meanRank + parts[1].meanRank) / 2) < 1e-9)
        #expect(abs(all.meanEntropy - (parts[0].meanEntropy + parts[1].meanEntropy) / 2) < 1e-5)
        #expect(all.hook == "blocks.0.hook_resid_post" && all.position == "4")
    }
}

@Suite struct EffectRuleTests {
    private let few = 20
    private var batch: RaggedBatch { randomBatch(lengths: Array(repeating: length, count: few), seed: 9) }
    private var wanted: [Readout] { readouts(0..<few) }
    private func at(_ index: Int) -> Position { position(index, few) }

    @Test func `what is ablated at one position changes nothing before it`() throws {
        let model = smallModel()
        func changes(_ place: Position?) throws -> (Double, Double) {
            let effect = try model.ablate(batch, [.mlp(layer: 0)], .zero, at: place, readouts: wanted)[0].effect
            let (a, b) = (effect.before.losses, effect.after.losses)
            return (
                difference(Array(a[..<few]), Array(b[..<few])), difference(Array(a[few...]), Array(b[few...]))
            )
        }
        let last = try changes(at(4)), everywhere = try changes(nil), early = try changes(at(0))
        #expect(last.0 < 1e-6 && last.1 > 1e-3)
        #expect(everywhere.0 > 1e-3 && everywhere.1 > 1e-3)
        #expect(early.0 > 1e-4 && early.1 > 1e-4)
        // All positions at once are not the same as the last.
        #expect(abs(everywhere.1 - last.1) > 1e-6)
    }

    @Test func `a loss and its rise are told over everything and at one readout`() throws {
        let effect = try smallModel().ablate(batch, [.attention(layer: 1)], .zero, readouts: wanted)[0].effect
        for r in 0..<2 {
            let range = r * few..<(r + 1) * few
            let (before, after) = (effect.before.losses[range], effect.after.losses[range])
            #expect(abs(effect.before.meanLoss(at: r) - before.reduce(0, +) / 20) < 1e-12)
            #expect(effect.lossIncrease(at: r) == .student(zip(after, before).map { $0 - $1 }))
        }
        #expect(effect.before.meanLoss(at: 0) != effect.before.meanLoss(at: 1))
        #expect(abs(effect.after.meanLoss() - effect.after.losses.reduce(0, +) / 40) < 1e-12)
        #expect(effect.before.readoutCount == 2 && effect.before.sequenceCount == 20)
        #expect(effect.before.right == wanted.flatMap(\.tokens))
    }

    @Test func `another seed takes other partners for a resample ablation, the same seed the same`() throws {
        let model = smallModel()
        func losses(_ seed: UInt64) throws -> [Double] {
            try model.ablate(batch, [.mlp(layer: 0)], .resample, readouts: wanted, seed: seed)[0].effect.after.losses
        }
        #expect(try losses(1) == losses(1) && losses(1) != losses(2))
    }

    @Test func `a swap that has one candidate left is the batch with that token, and the fall of the logit is told`()
        throws
    {
        let model = smallModel()
        var original = batch, swapped = batch
        for s in 0..<few {
            original.tokens[s * length + 1] = Int32(3 + s % 2)
            swapped.tokens[s * length + 1] = Int32(4 - s % 2)
        }
        let map = try model.counterfactuals(
            original, inputs: [SwapInput(at(1), candidates: [3, 4])], outputs: [at(0), at(1), at(4)])
        let (before, after) = (try model.logits(original), try model.logits(swapped))
        func row(_ logits: [Float], _ s: Int, _ index: Int) -> [Double] {
            logits[(s * length + index) * 13..<(s * length + index + 1) * 13].map(Double.init)
        }
        for (k, index) in [0, 1, 4].enumerated() {
            var falls: [Double] = [], changed = 0
            for s in 0..<few {
                let (own, other) = (row(before, s, index), row(after, s, index))
                let best = own.indices.max { own[$0] < own[$1] }!
                falls.append(own[best] - other[best])
                changed += other.indices.max { other[$0] < other[$1] }! == best ? 0 : 1
            }
            #expect(abs(map[0, k].value - falls.reduce(0, +) / 20) < 1e-4)
            #expect(abs(map[0, k].low - Interval.student(falls).low) < 1e-3)
            #expect(map.changedShares[k] == Double(changed) / 20)
        }
        #expect(map.changedShares[0] == 0 && map.changedShares[1] > 0)
        #expect(map.inputs == ["1"] && map.outputs == ["0", "1", "4"])
        #expect(throws: ProbeError.noPositions) { try model.counterfactuals(batch, inputs: [], outputs: [at(1)]) }
        #expect(throws: ProbeError.noPositions) {
            try model.counterfactuals(batch, inputs: [SwapInput(at(1), candidates: [3, 4])], outputs: [])
        }
    }

    @Test func `a step of steering is told with its scale, and a direction that is no direction is refused`() throws {
        let model = smallModel()
        func steer(_ direction: [Float], layer: Int = 0) throws -> [SteeringEffect] {
            try model.steer(
                batch, .block(layer, .residualPost), at: at(4), direction: direction, scales: [-2, 0.5],
                readouts: wanted)
        }
        let effects = try steer((0..<16).map { Float($0 % 3) - 1 })
        #expect(effects.map(\.scale) == [-2, 0.5])
        // Nothing before the position moves.
        for effect in effects {
            let (a, b) = (effect.effect.before.losses, effect.effect.after.losses)
            #expect(difference(Array(a[..<few]), Array(b[..<few])) < 1e-6)
            #expect(difference(Array(a[few...]), Array(b[few...])) > 1e-3)
        }
        var broken = [Float](repeating: 1, count: 16)
        broken[5] = .nan
        #expect(throws: ProbeError.notFinite("the direction", row: 5)) { try steer(broken) }
        #expect(throws: ProbeError.layerOutOfRange(2, layerCount: 2)) { try steer(broken, layer: 2) }
    }

    @Test func `patches that cannot be made are refused, and so are pairs whose answers are the wrong way round`()
        throws
    {
        let model = smallModel()
        let clean = batch
        var corrupt = batch
        for s in 0..<few { corrupt.tokens[s * length + 2] = (clean.tokens[s * length + 2] + 5) % 13 }
        let (a, b) = (try model.logits(clean), try model.logits(corrupt))
        var right: [Int32] = [], wrong: [Int32] = []
        for s in 0..<few {
            let row = (s * length + 4) * 13
            let falls = (0..<13).map { a[row + $0] - b[row + $0] }
            right.append(Int32(falls.indices.max { falls[$0] < falls[$1] }!))
            wrong.append(Int32(falls.indices.min { falls[$0] < falls[$1] }!))
        }
        func patch(
            _ site: PatchSite, right: [Int32], wrong: [Int32], corrupt: RaggedBatch
        ) throws -> PatchReport {
            try model.patch(
                clean: clean, corrupt: corrupt, sites: [site],
                readouts: [PatchReadout(Readout(at(4), tokens: right), corruptTokens: wrong)])
        }
        let end = PatchSite(.block(1, .residualPost), at: at(4))
        let report = try patch(end, right: right, wrong: wrong, corrupt: corrupt)
        #expect(report.cleanMetric > report.corruptMetric && report.effects[0].hook == "blocks.1.hook_resid_post")
        #expect(report.effects[0].position == "4" && report.effects[0].head == nil)
        // The metric is the mean logit of the clean answer over that of the corrupt one.
        let metric = (0..<few).reduce(0.0) {
            let row = ($1 * length + 4) * 13
            return $0 + Double(a[row + Int(right[$1])] - a[row + Int(wrong[$1])]) / 20
        }
        #expect(abs(report.cleanMetric - metric) < 1e-4)
        let refusal = #expect(throws: ProbeError.self) { try patch(end, right: wrong, wrong: right, corrupt: corrupt) }
        guard case .metricDoesNotMove(let gap)? = refusal else {
            Issue.record("not refused for its metric")
            return
        }
        #expect(abs(gap + metric - report.corruptMetric) < 1e-4)
        #expect(throws: ProbeError.lengths("corrupt inputs", found: 19, expected: 20)) {
            try patch(end, right: right, wrong: wrong, corrupt: corrupt.sequences(0..<19))
        }
        #expect(throws: ProbeError.headOutOfRange(2, headCount: 2)) {
            try patch(
                PatchSite(.block(0, .headOutputs), head: 2, at: at(4)), right: right, wrong: wrong, corrupt: corrupt)
        }
        #expect(
            throws: ProbeError.invalid(
                "a single head can only be patched at attn.hook_z, not at blocks.0.hook_resid_post")
        ) {
            try patch(
                PatchSite(.block(0, .residualPost), head: 0, at: at(4)), right: right, wrong: wrong, corrupt: corrupt)
        }
        #expect(throws: BatchError.token(13, vocabularySize: 13)) {
            try patch(end, right: right, wrong: Array(repeating: 13, count: few), corrupt: corrupt)
        }
    }

    @Test func `questions about places that do not exist are refused`() throws {
        let model = smallModel()
        #expect(throws: ProbeError.noPositions) { try model.attentionPatterns(batch, queries: [], keys: [at(1)]) }
        #expect(throws: ProbeError.noPositions) { try model.attentionPatterns(batch, queries: [at(1)], keys: []) }
        #expect(throws: ProbeError.noPositions) { try model.ablate(batch, [.mlp(layer: 0)], .zero, readouts: []) }
        func cut(_ layer: Int, _ head: Int?) throws {
            _ = try model.knockOut(
                batch, [[AttentionEdge(layer: layer, head: head, query: at(4), key: at(1))]], readouts: wanted)
        }
        #expect(throws: ProbeError.headOutOfRange(2, headCount: 2)) { try cut(0, 2) }
        #expect(throws: ProbeError.headOutOfRange(-1, headCount: 2)) { try cut(0, -1) }
        #expect(throws: ProbeError.layerOutOfRange(2, layerCount: 2)) { try cut(2, nil) }
        #expect(throws: ProbeError.layerOutOfRange(-1, layerCount: 2)) { try cut(-1, nil) }
        let uneven = Readout(at(4), tokens: [1, 2])
        #expect(throws: ProbeError.lengths("right tokens at 4", found: 2, expected: 20)) {
            try model.ablate(batch, [.mlp(layer: 0)], .zero, readouts: [uneven])
        }
        #expect(
            throws: ProbeError.invalid(
                "the logit lens reads the residual stream (hook_embed, hook_resid_pre, _mid or _post), "
                    + "not blocks.0.hook_mlp_out")
        ) { try model.logitLens(batch, points: [.block(0, .mlpOutput)], readouts: wanted) }
        // The embedding is where the residual stream begins.
        #expect(
            try model.logitLens(
                batch, points: [.embedding, .block(0, .residualPre), .block(0, .residualMiddle)], readouts: wanted
            ).count == 6)
        #expect(throws: ProbeError.self) { try model.logitLens(batch, points: [.finalNorm], readouts: wanted) }
        #expect(throws: ProbeError.lengths("right tokens at 4", found: 1, expected: 20)) {
            try model.logitAttribution(batch, wanted[1], against: [1])
        }
    }

    @Test func `a grid lists place by place and target by target, and refuses states that do not match its places`()
        throws
    {
        let model = smallModel()
        let first = (0..<few).map { Double(batch.tokens[$0 * length]) }
        let targets = [ProbeTarget("a", numbers: first), ProbeTarget("b", numbers: first.map { $0 * $0 })]
        let points: [HookPoint] = [.block(0, .headOutputs), .embedding]
        var grid = ProbeGrid(
            points: points, positions: [at(0), at(2)], targets: targets,
            problems: ProbeProblems(groups: Array(0..<few)), options: ProbeOptions(replicates: 20, describes: false))
        let states = try model.hiddenStates(batch, at: points, positions: [at(0), at(2)], stage: "s")
        let found = try grid.run(states: states, untrained: nil).map {
            "\($0.report.provenance.hook) \($0.report.provenance.position) \($0.report.target)"
        }
        #expect(
            found
                == ["blocks.0.attn.hook_z", "hook_embed"].flatMap { hook in
                    ["0 a", "0 b", "2 a", "2 b"].map { "\(hook) \($0)" }
                })
        #expect(throws: ProbeError.lengths("states at each hook point", found: 1, expected: 2)) {
            try grid.run(states: states.map { [$0[0]] }, untrained: nil)
        }
        #expect(throws: ProbeError.lengths("states at each hook point", found: 1, expected: 2)) {
            try grid.run(states: states, untrained: states.map { [$0[0]] })
        }
        #expect(throws: ProbeError.lengths("hook points of the untrained model", found: 1, expected: 2)) {
            try grid.run(states: states, untrained: [states[0]])
        }
        grid.isWanted = { _, _ in false }
        #expect(try grid.run(states: states, untrained: nil).isEmpty)
        grid.points = [.block(2, .residualPost)]
        #expect(throws: ProbeError.layerOutOfRange(2, layerCount: 2)) { try grid.run(model, batch, untrained: nil) }
        grid.points = []
        #expect(throws: ProbeError.noPositions) { try grid.run(model, batch, untrained: nil) }
        (grid.points, grid.positions) = (points, [])
        #expect(throws: ProbeError.noPositions) { try grid.run(model, batch, untrained: nil) }
    }
}
