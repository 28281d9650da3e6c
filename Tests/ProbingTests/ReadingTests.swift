import Foundation
import TestSupport
import Tensors
import Testing
import Transformer

@testable import Probing

private let count = 40
private let length = 6

private func batch(seed: UInt64 = 5) -> RaggedBatch {
    randomBatch(lengths: Array(repeating: length, count: count), seed: seed)
}

private func position(_ index: Int) -> Position { Position("\(index)", index: index, count: count) }

/// The last two positions, with arbitrary right tokens.
private let readouts = [4, 5].map { index in
    Readout(position(index), tokens: (0..<count).map { Int32(($0 * 5 + index) % 13) })
}

/// (readouts, B) losses straight from the logits of every position.
private func losses(_ logits: [Float], _ readouts: [Readout]) -> [Double] {
    readouts.flatMap { readout in
        (0..<count).map { s in
            let row = (s * length + readout.position.indices[s]!) * 13
            let own = logits[row..<row + 13].map(Double.init)
            return log(own.reduce(0) { $0 + exp($1) }) - own[Int(readout.tokens[s])]
        }
    }
}

private func largestDifference(_ a: [Double], _ b: [Double]) -> Double {
    a.count == b.count ? zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } : .infinity
}

/// A copy with some parameters set to 0.
private func silenced(_ model: LanguageModel, _ names: [String], _ rows: Range<Int>? = nil) throws -> LanguageModel {
    let copy = model.copy()
    for name in names {
        let entry = try #require(copy.parameters.layout[name])
        let range = rows.map { $0.lowerBound * 16..<$0.upperBound * 16 } ?? 0..<entry.range.count
        copy.parameters.put([Float](repeating: 0, count: range.count), at: entry.range.lowerBound + range.lowerBound)
    }
    return copy
}

@Suite struct AblationTests {
    @Test func `a zeroed head is a head whose output matrix is zero`() throws {
        let model = smallModel()
        let effect = try model.ablate(batch(), [.head(layer: 0, 1)], .zero, readouts: readouts)[0].effect
        let without = try silenced(model, ["transformer.h.0.attn.c_proj.weight"], 8..<16)
        #expect(try largestDifference(effect.before.losses, losses(model.logits(batch()), readouts)) < 1e-4)
        #expect(try largestDifference(effect.after.losses, losses(without.logits(batch()), readouts)) < 1e-4)
        let mean = zip(effect.after.losses, effect.before.losses).reduce(0) { $0 + $1.0 - $1.1 } / Double(2 * count)
        #expect(abs(effect.lossIncrease.value - mean) < 1e-9)
    }

    @Test func `accuracies and changed shares count sequences as trials, however many tokens each of them has`() throws
    {
        let model = smallModel()
        let effect = try model.ablate(batch(), [.mlp(layer: 0)], .zero, readouts: readouts)[0].effect
        let logits = try model.logits(batch())
        let best: [Int32] = readouts.flatMap { readout in
            (0..<count).map { s in
                let row = (s * length + readout.position.indices[s]!) * 13
                let own = Array(logits[row..<row + 13])
                return Int32(own.indices.max { own[$0] < own[$1] }!)
            }
        }
        let right = readouts.flatMap(\.tokens)
        let share = Double(zip(best, right).count { $0 == $1 }) / Double(2 * count)
        #expect(effect.before.accuracy() == .wilson(share: share, trials: count))
        let first = Double(zip(best, right).prefix(count).filter { $0 == $1 }.count) / Double(count)
        #expect(effect.before.accuracy(at: 0) == .wilson(share: first, trials: count))
        let changed = zip(effect.before.tokens, effect.after.tokens).filter { $0 != $1 }.count
        #expect(effect.changedShare == .wilson(share: Double(changed) / Double(2 * count), trials: count))
        #expect(changed > 0)
        // One difference a sequence, not one a token.
        let differences = (0..<count).map { s in
            (0..<2).reduce(0) { $0 + effect.after.losses[$1 * count + s] - effect.before.losses[$1 * count + s] } / 2
        }
        #expect(abs(effect.lossIncrease.low - Interval.student(differences).low) < 1e-9)
    }

    @Test func `a zeroed MLP or attention block is one without weights and bias`() throws {
        let model = smallModel()
        let bias = try #require(model.parameters.layout["transformer.h.1.mlp.c_proj.bias"]).range
        model.parameters.put([Float](repeating: 0.3, count: bias.count), at: bias.lowerBound)
        let effects = try model.ablate(batch(), [.mlp(layer: 1), .attention(layer: 0)], .zero, readouts: readouts)
        for (effect, name) in zip(effects, ["transformer.h.1.mlp.c_proj", "transformer.h.0.attn.c_proj"]) {
            let without = try silenced(model, [name + ".weight", name + ".bias"])
            #expect(try largestDifference(effect.effect.after.losses, losses(without.logits(batch()), readouts)) < 1e-4)
        }
    }

    @Test func `mean and resample ablations change nothing where all sequences are the same`() throws {
        let model = smallModel()
        let same = RaggedBatch(sequences: Array(repeating: [1, 2, 3, 4, 5, 6], count: count))
        for ablation in [Ablation.mean, .resample] {
            for effect in try model.ablate(same, Component.all(of: model.configuration), ablation, readouts: readouts) {
                #expect(largestDifference(effect.effect.before.losses, effect.effect.after.losses) < 1e-4)
            }
        }
    }

    @Test func `a resampled attention block of two sequences swaps their outputs`() throws {
        let model = smallModel(layers: 1)
        let pair = randomBatch(lengths: [4, 4])
        let readout = Readout(Position("last", index: 3, count: 2), tokens: [2, 7])
        let effect = try model.ablate(pair, [.attention(layer: 0)], .resample, readouts: [readout])[0].effect
        let outputs = try #require(
            model.capture(pair, points: [.block(0, .attentionOutput)]).states[.block(0, .attentionOutput)])
        let swapped = try model.capture(
            pair, points: [],
            interventions: [
                Intervention(
                    .block(0, .attentionOutput),
                    Edit(.set(outputs.suffix(64) + outputs.prefix(64))))
            ], logits: true)
        let logits = try #require(swapped.logits)
        let expected = [(3, 2), (7, 7)].map { row, token in
            log((0..<13).reduce(0) { $0 + exp(Double(logits[row * 13 + $1])) }) - Double(logits[row * 13 + token])
        }
        #expect(largestDifference(effect.after.losses, expected) < 1e-4)
    }

    @Test func `a mean ablation puts the mean over sequences in, index by index`() throws {
        let model = smallModel(layers: 1)
        let uneven = randomBatch(lengths: [4, 3])
        let readout = Readout(Position("third", index: 2, count: 2), tokens: [2, 7])
        let effect = try model.ablate(uneven, [.mlp(layer: 0)], .mean, readouts: [readout])[0].effect
        let point = HookPoint.block(0, .mlpOutput)
        let outputs = try #require(model.capture(uneven, points: [point]).states[point])
        let means: [Float] = zip(outputs[..<48], outputs[64...]).map { ($0 + $1) / 2 }
        let changed = try model.capture(
            uneven, points: [],
            interventions: [
                Intervention(point, Edit(.set(means + means), rows: [0, 1, 2, 4, 5, 6]))
            ], logits: true)
        let logits = try #require(changed.logits)
        let expected = [(2, 2), (6, 7)].map { row, token in
            log((0..<13).reduce(0) { $0 + exp(Double(logits[row * 13 + $1])) }) - Double(logits[row * 13 + token])
        }
        #expect(largestDifference(effect.after.losses, expected) < 1e-4)
    }

    @Test func `heads that do not exist and lonely lengths are named`() throws {
        let model = smallModel()
        #expect(throws: ProbeError.headOutOfRange(2, headCount: 2)) {
            try model.ablate(batch(), [.head(layer: 0, 2)], .zero, readouts: readouts)
        }
        #expect(throws: ProbeError.layerOutOfRange(5, layerCount: 2)) {
            try model.ablate(batch(), [.mlp(layer: 5)], .zero, readouts: readouts)
        }
        #expect(throws: ProbeError.noPartner(problem: 1, length: 4)) {
            try model.ablate(
                randomBatch(lengths: [3, 4, 3]), [.mlp(layer: 0)], .resample,
                readouts: [Readout(Position("0", index: 0, count: 3), tokens: [0, 0, 0])])
        }
    }
}

@Suite struct PatchingTests {
    /// Clean and corrupt inputs that differ only in the token at index 2; a metric that the swap really moves.
    private func pairs(
        _ model: LanguageModel
    ) throws -> (clean: RaggedBatch, corrupt: RaggedBatch, readouts: [PatchReadout]) {
        let clean = batch()
        var corrupt = clean
        for s in 0..<count { corrupt.tokens[s * length + 2] = (clean.tokens[s * length + 2] + 5) % 13 }
        // The tokens whose logits rise and fall most from clean to corrupt.
        let a = try model.logits(clean), b = try model.logits(corrupt)
        var right: [Int32] = [], wrong: [Int32] = []
        for s in 0..<count {
            let row = (s * length + 5) * 13
            let falls = (0..<13).map { a[row + $0] - b[row + $0] }
            right.append(Int32(falls.indices.max { falls[$0] < falls[$1] }!))
            wrong.append(Int32(falls.indices.min { falls[$0] < falls[$1] }!))
        }
        return (clean, corrupt, [PatchReadout(Readout(position(5), tokens: right), corruptTokens: wrong)])
    }

    @Test func `the whole answer passes where the inputs differ and where it is read, and nothing passes elsewhere`()
        throws
    {
        let model = smallModel()
        let (clean, corrupt, readouts) = try pairs(model)
        let sites = [
            PatchSite(.block(0, .residualPre), at: position(2)), PatchSite(.block(1, .residualPost), at: position(5)),
            PatchSite(.block(0, .residualPre), at: position(3)), PatchSite(.block(1, .residualPost), at: position(1)),
            PatchSite(.block(0, .headOutputs), head: 0, at: position(5)),
        ]
        let report = try model.patch(clean: clean, corrupt: corrupt, sites: sites, readouts: readouts)
        for effect in report.effects[0...1] {
            #expect(abs(effect.restored.value - 1) < 1e-3 && abs(effect.destroyed.value - 1) < 1e-3, "\(effect.hook)")
        }
        for effect in report.effects[2...3] {
            #expect(abs(effect.restored.value) < 1e-3 && abs(effect.destroyed.value) < 1e-3)
        }
        #expect(report.effects[4].head == 0 && abs(report.effects[4].restored.value) < 1)
        #expect(report.cleanMetric > report.corruptMetric)
    }

    @Test func `pairs of different lengths, and pairs that do not differ, are refused`() throws {
        let model = smallModel()
        let (clean, _, readouts) = try pairs(model)
        let site = PatchSite(.finalNorm, at: position(5))
        #expect(throws: ProbeError.metricDoesNotMove(0)) {
            try model.patch(clean: clean, corrupt: clean, sites: [site], readouts: readouts)
        }
        let longer = randomBatch(lengths: [7] + Array(repeating: length, count: count - 1))
        #expect(throws: ProbeError.differentLengths(problem: 0, clean: 6, corrupt: 7)) {
            try model.patch(clean: clean, corrupt: longer, sites: [site], readouts: readouts)
        }
    }
}

@Suite struct AttentionTests {
    @Test func `attention rows sum to one, see nothing ahead, and are even where queries are zero`() throws {
        let model = smallModel()
        let all = (0..<length).map(position)
        let patterns = try model.attentionPatterns(batch(), queries: all, keys: all)
        for layer in 0..<2 {
            for head in 0..<2 {
                for q in 0..<length {
                    #expect(abs((0..<length).reduce(0) { $0 + patterns[layer, head, q, $1] } - 1) < 1e-5)
                    for k in q + 1..<max(length, q + 1) { #expect(patterns[layer, head, q, k] == 0) }
                }
            }
        }
        let even = try silenced(model, ["transformer.h.1.attn.c_attn.weight", "transformer.h.1.attn.c_attn.bias"])
        let flat = try even.attentionPatterns(batch(), queries: [position(3)], keys: [position(0), position(3)])
        #expect(abs(flat[1, 0, 0, 0] - 0.25) < 1e-6 && abs(flat[1, 1, 0, 1] - 0.25) < 1e-6)
    }

    @Test func `a prediction does not depend on a token whose edge is cut`() throws {
        let model = smallModel(layers: 1)
        let readout = [Readout(position(5), tokens: Array(repeating: 3, count: count))]
        let edge = AttentionEdge(layer: 0, query: position(5), key: position(2))
        var swapped = batch()
        for s in 0..<count { swapped.tokens[s * length + 2] = (swapped.tokens[s * length + 2] + 1) % 13 }
        let one = try model.knockOut(batch(), [[edge]], readouts: readout)[0]
        let other = try model.knockOut(swapped, [[edge]], readouts: readout)[0]
        #expect(largestDifference(one.before.losses, other.before.losses) > 1e-3)
        #expect(largestDifference(one.after.losses, other.after.losses) < 1e-5)
        // One head alone still sees it.
        let half = AttentionEdge(layer: 0, head: 1, query: position(5), key: position(2))
        let seen = try model.knockOut(batch(), [[half]], readouts: readout)[0],
            unseen = try model.knockOut(swapped, [[half]], readouts: readout)[0]
        #expect(largestDifference(seen.after.losses, unseen.after.losses) > 1e-4)
    }

    @Test func `what is left of a row keeps its proportions`() throws {
        let model = smallModel(layers: 1)
        let single = RaggedBatch(sequences: [[1, 2, 3, 4]])
        let here = (0..<4).map { Position("\($0)", index: $0, count: 1) }
        let before = try model.attentionPatterns(single, queries: [here[3]], keys: here)
        // All but one key cut: what the head mixes is that key's value alone.
        let edges = [0, 2, 3].map { AttentionEdge(layer: 0, query: here[3], key: here[$0]) }
        let effect = try model.knockOut(single, [edges], readouts: [Readout(here[3], tokens: [5])])[0]
        let qkv = try #require(
            model.capture(single, points: [.block(0, .queryKeyValue)]).states[.block(0, .queryKeyValue)])
        let forced = try model.capture(
            single, points: [], rows: [3],
            interventions: [
                Intervention(.block(0, .headOutputs), Edit(.set(Array(qkv[1 * 48 + 32..<1 * 48 + 48])), rows: [3]))
            ], logits: true)
        let logits = try #require(forced.logits)
        let expected = log(logits.reduce(0) { $0 + exp(Double($1)) }) - Double(logits[5])
        #expect(abs(effect.after.losses[0] - expected) < 1e-4)
        #expect(before[0, 0, 0, 1] > 0 && before[0, 0, 0, 1] < 1)
    }

    @Test func `edges that do not exist are refused`() throws {
        let model = smallModel()
        #expect(throws: ProbeError.edgeAhead(query: "1", key: "4", problem: 0)) {
            try model.knockOut(
                batch(), [[AttentionEdge(layer: 0, query: position(1), key: position(4))]], readouts: readouts)
        }
        #expect(throws: ProbeError.soleKey("0", problem: 0)) {
            try model.knockOut(
                batch(), [[AttentionEdge(layer: 0, query: position(0), key: position(0))]], readouts: readouts)
        }
    }
}

@Suite struct LensTests {
    @Test func `the lens at the end of the last block is the model`() throws {
        for tied in [true, false] {
            let model = smallModel(tied: tied)
            let readings = try model.logitLens(
                batch(), points: [.block(0, .residualMiddle), .block(1, .residualPost)], readouts: readouts)
            let expected = losses(try model.logits(batch()), readouts)
            #expect(readings.count == 4 && readings[3].position == "5")
            for r in 0..<2 {
                let mean = expected[r * count..<(r + 1) * count].reduce(0, +) / Double(count)
                #expect(abs(readings[2 + r].meanLoss.value - mean) < 1e-5)
                #expect(abs(readings[r].meanLoss.value - mean) > 1e-3)
            }
            #expect(readings.allSatisfy { $0.meanEntropy > 0 && $0.meanEntropy <= log(13.0) && $0.meanRank < 13 })
        }
        #expect(throws: ProbeError.self) {
            try smallModel().logitLens(batch(), points: [.block(0, .mlpOutput)], readouts: readouts)
        }
    }

    @Test func `ranks, entropies, accuracies and tokens of the lens are those of its logits`() throws {
        let model = smallModel()
        let reading = try model.logitLens(batch(), points: [.block(1, .residualPost)], readouts: [readouts[1]])[0]
        let logits = try model.logits(batch())
        var ranks = 0, hits = 0, entropy = 0.0
        for s in 0..<count {
            let own = logits[(s * length + 5) * 13..<(s * length + 6) * 13].map(Double.init)
            let right = Int(readouts[1].tokens[s])
            ranks += own.filter { $0 > own[right] }.count
            let best = own.indices.max { own[$0] < own[$1] }!
            hits += best == right ? 1 : 0
            #expect(reading.tokens[s] == Int32(best))
            let sum = own.reduce(0) { $0 + exp($1) }
            entropy -= own.reduce(0) { $0 + exp($1) / sum * log(exp($1) / sum) }
        }
        #expect(abs(reading.meanRank - Double(ranks) / Double(count)) < 1e-9)
        #expect(abs(reading.meanEntropy - entropy / Double(count)) < 1e-4)
        #expect(reading.accuracy == .wilson(share: Double(hits) / Double(count), trials: count))
        // Always right: rank 0.
        let sure = Readout(position(5), tokens: reading.tokens)
        let best = try model.logitLens(batch(), points: [.block(1, .residualPost)], readouts: [sure])[0]
        #expect(best.meanRank == 0 && best.accuracy.value == 1)
    }

    @Test func `shares of a logit difference add up to it`() throws {
        for tied in [true, false] {
            let model = smallModel(tied: tied)
            for entry in model.parameters.entries where entry.name.hasSuffix(".bias") {
                model.parameters.put(
                    entry.range.indices.map { 0.1 * Float(($0 - entry.range.lowerBound) % 5) - 0.2 },
                    at: entry.range.lowerBound)
            }
            let logits = try model.logits(batch())
            let against: [Int32] = readouts[1].tokens.map { ($0 + 1) % 13 }
            let pair = try model.logitAttribution(batch(), readouts[1], against: against)
            let mean = try model.logitAttribution(batch(), readouts[1])
            for s in 0..<count {
                let row = (s * length + 5) * 13
                let own = Double(logits[row + Int(readouts[1].tokens[s])])
                #expect(abs(pair.totals[s] - (own - Double(logits[row + Int(against[s])]))) < 1e-4)
                #expect(abs(mean.totals[s] - (own - logits[row..<row + 13].reduce(0) { $0 + Double($1) } / 13)) < 1e-4)
            }
            #expect(
                pair.shares.map(\.name) == [
                    "embedding", "head 0.0", "head 0.1", "attention bias 0", "mlp 0", "head 1.0", "head 1.1",
                    "attention bias 1", "mlp 1", "norm bias",
                ])
        }
    }

    @Test func `a head that writes nothing has no share`() throws {
        let model = try silenced(smallModel(), ["transformer.h.1.attn.c_proj.weight"], 0..<8)
        let shares = try model.logitAttribution(batch(), readouts[0]).shares
        #expect(shares.first { $0.name == "head 1.0" }?.logits.value == 0)
        #expect(abs(try #require(shares.first { $0.name == "head 1.1" }).logits.value) > 1e-4)
    }
}

/// Every family of models, each with its own norms, projections and hooks.
@Suite struct ArchitectureTests {
    private static let families = ["gpt2", "llama", "mistral", "phi3"]

    private func load(_ name: String) throws -> LanguageModel {
        try LanguageModel.load(from: goldenFolder.appending(path: "models/\(name)").path)
    }

    @Test(arguments: families) func `states have the width that their hook point says`(_ name: String) throws {
        let model = try load(name)
        var points: [HookPoint] = [.embedding, .finalNorm]
        points += BlockHook.allCases.map { .block(1, $0) }
        let states = try model.capture(batch(), points: Set(points), rows: [3]).states
        for point in points { #expect(states[point]?.count == point.width(in: model.configuration), "\(point)") }
    }

    @Test(arguments: families) func `lens, attribution and zeroed heads agree with the model`(_ name: String) throws {
        let model = try load(name)
        let vocabulary = model.configuration.vocabularySize
        let last = model.configuration.layerCount - 1
        let logits = try model.logits(batch())
        func loss(_ s: Int) -> Double {
            let own = logits[(s * length + 5) * vocabulary..<(s * length + 6) * vocabulary].map(Double.init)
            return log(own.reduce(0) { $0 + exp($1) }) - own[Int(readouts[1].tokens[s])]
        }
        let lens = try model.logitLens(batch(), points: [.block(last, .residualPost)], readouts: [readouts[1]])[0]
        #expect(abs(lens.meanLoss.value - (0..<count).reduce(0) { $0 + loss($1) } / Double(count)) < 1e-4)
        let against = readouts[1].tokens.map { ($0 + 1) % 13 }
        let attribution = try model.logitAttribution(batch(), readouts[1], against: against)
        for s in 0..<count {
            let row = (s * length + 5) * vocabulary
            let difference = Double(logits[row + Int(readouts[1].tokens[s])]) - Double(logits[row + Int(against[s])])
            #expect(abs(attribution.totals[s] - difference) < 1e-3)
        }
        let heads = (0..<model.configuration.headCount).map { Component.head(layer: 0, $0) }
        let effects = try model.ablate(batch(), heads + [.attention(layer: 0)], .zero, readouts: readouts)
        #expect(effects.allSatisfy { largestDifference($0.effect.before.losses, $0.effect.after.losses) > 1e-5 })
    }
}

@Suite struct CausalTests {
    @Test func `a direction added before the head moves the logits by its products with the head's rows`() throws {
        let model = smallModel()
        let direction = (0..<16).map { Float($0 % 3) - 1 }
        let effects = try model.steer(
            batch(), .finalNorm, at: position(5), direction: direction, scales: [0, 0.5], readouts: [readouts[1]])
        var logits = try model.logits(batch())
        #expect(largestDifference(effects[0].effect.after.losses, effects[0].effect.before.losses) < 1e-6)
        let head = try #require(model.parameters["transformer.wte.weight"])
        for s in 0..<count {
            for v in 0..<13 {
                logits[(s * length + 5) * 13 + v] += 0.5 * (0..<16).reduce(0) { $0 + head[v * 16 + $1] * direction[$1] }
            }
        }
        #expect(largestDifference(effects[1].effect.after.losses, losses(logits, [readouts[1]])) < 1e-4)
        #expect(throws: ProbeError.lengths("a direction at ln_final.hook_normalized", found: 3, expected: 16)) {
            try model.steer(
                batch(), .finalNorm, at: position(5), direction: [1, 2, 3], scales: [1], readouts: readouts)
        }
    }

    @Test func `a swapped token matters to itself and to what comes after, as far as attention reaches`() throws {
        let model = smallModel()
        let digits = (0..<13).map(Int32.init)
        let inputs = [1, 3].map { SwapInput(position($0), candidates: digits) }
        let outputs = [0, 3, 5].map(position)
        let map = try model.counterfactuals(batch(), inputs: inputs, outputs: outputs)
        #expect(map[0, 0].value == 0 && map[1, 0].value == 0)
        #expect(map[0, 1].value != 0 && map[1, 1].value > 0 && map[0, 2].value != 0)
        let deaf = try silenced(model, (0..<2).flatMap { ["transformer.h.\($0).attn.c_proj.weight"] })
        let alone = try deaf.counterfactuals(batch(), inputs: inputs, outputs: outputs)
        #expect(abs(alone[0, 1].value) < 1e-5 && abs(alone[1, 2].value) < 1e-5 && alone[1, 1].value > 0.01)
        #expect(throws: ProbeError.noCandidate("1", problem: 0)) {
            try model.counterfactuals(
                RaggedBatch(sequences: [[1, 2, 3]]),
                inputs: [SwapInput(Position("1", index: 1, count: 1), candidates: [2])],
                outputs: [Position("2", index: 2, count: 1)])
        }
    }

    @Test func `right tokens outside the vocabulary are refused`() throws {
        let readout = Readout(position(5), tokens: Array(repeating: 13, count: count))
        #expect(throws: BatchError.token(13, vocabularySize: 13)) {
            try smallModel().ablate(batch(), [.mlp(layer: 0)], .zero, readouts: [readout])
        }
    }
}
