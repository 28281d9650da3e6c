import Support
import Tensors
import Testing
import Transformer

@testable import Probing

/// A small model with weights large enough that every layer matters.
func smallModel(seed: UInt64 = 1, layers: Int = 2, tied: Bool = true) -> LanguageModel {
    LanguageModel(
        .gpt2(vocabularySize: 13, positionCount: 16, width: 16, layerCount: layers, headCount: 2, isHeadTied: tied),
        initialization: .fanIn, seed: seed)
}

/// Random sequences of the given lengths.
func randomBatch(lengths: [Int], seed: UInt64 = 5) -> RaggedBatch {
    var random = RandomSource(seed: seed)
    return RaggedBatch(sequences: lengths.map { (0..<$0).map { _ in Int32(random.below(13)) } })
}

@Suite struct HiddenStatesTests {
    @Test func `states of one position are the rows of the whole capture, also when the batch is cut into pieces`()
        throws
    {
        let model = smallModel()
        let batch = randomBatch(lengths: (0..<300).map { 4 + $0 % 7 })  // about 2,000 tokens
        let points: [HookPoint] = [.block(0, .residualPost), .block(1, .headOutputs), .block(1, .mlpPre), .finalNorm]
        let whole = try model.capture(batch, points: Set(points)).states
        let last = Position("last", indices: (0..<300).map { 3 + $0 % 7 })
        let states = try model.hiddenStates(
            batch, at: points, positions: [Position("third", index: 2, count: 300), last], stage: "explicit")
        for (p, point) in points.enumerated() {
            let width = point.width(in: model.configuration)
            let all = try #require(whole[point])
            #expect(all.count == batch.tokenCount * width)
            for (q, index) in [{ _ in 2 }, { 3 + $0 % 7 }].enumerated() as EnumeratedSequence<[(Int) -> Int]> {
                let expected = (0..<300).flatMap { s in
                    let row = batch.offsets[s] + index(s)
                    return all[row * width..<(row + 1) * width]
                }
                #expect(states[p][q].values == expected)
                #expect(states[p][q].tokens == (0..<300).map { batch.tokens[batch.offsets[$0] + index($0)] })
            }
        }
        #expect(
            states[0][1].provenance
                == Provenance(
                    model: model.contentHash(), stage: "explicit", hook: "blocks.0.hook_resid_post", position: "last"))
    }

    @Test func `rows asked for come in their order, with their logits`() throws {
        let model = smallModel()
        let batch = randomBatch(lengths: [5, 6])
        let all = try model.logits(batch)
        let some = try model.capture(batch, points: [.embedding], rows: [9, 0, 9], logits: true)
        #expect(some.states[.embedding]?.count == 3 * 16)
        let expected = [9, 0, 9].flatMap { all[$0 * 13..<($0 + 1) * 13] }
        #expect(zip(try #require(some.logits), expected).allSatisfy { abs($0 - $1) < 1e-5 })
        #expect(throws: BatchError.row(11, tokenCount: 11)) {
            try model.capture(batch, points: [.embedding], rows: [11])
        }
    }

    @Test func `a layer the model lacks, a position that a problem lacks and one beyond its end are named`() throws {
        let model = smallModel()
        let batch = randomBatch(lengths: [5, 6, 4])
        let here = Position("here", index: 0, count: 3)
        #expect(throws: ProbeError.layerOutOfRange(2, layerCount: 2)) {
            try model.hiddenStates(batch, at: [.block(2, .residualPost)], positions: [here])
        }
        #expect(throws: ProbeError.positionMissing(".carry", first: 1, missing: 2, count: 3)) {
            try model.hiddenStates(batch, at: [.finalNorm], positions: [Position(".carry", indices: [1, nil, nil])])
        }
        #expect(throws: ProbeError.positionOutside("fifth", problem: 2, index: 4, length: 4)) {
            try model.hiddenStates(batch, at: [.finalNorm], positions: [Position("fifth", index: 4, count: 3)])
        }
        #expect(throws: ProbeError.lengths("position two", found: 2, expected: 3)) {
            try model.hiddenStates(batch, at: [.finalNorm], positions: [Position("two", index: 0, count: 2)])
        }
    }

    @Test func `an interrupted reading stops`() throws {
        let interrupt = Interrupt()
        interrupt.request()
        let observer = WorkObserver(interrupt: interrupt)
        #expect(throws: Interrupted()) {
            try smallModel().hiddenStates(
                randomBatch(lengths: [3]), at: [.finalNorm], positions: [Position("first", index: 0, count: 1)],
                observer: observer)
        }
    }

    @Test func `a model's hash follows its weights and nothing else`() {
        let model = smallModel()
        let copy = model.copy()
        #expect(copy.contentHash() == model.contentHash() && model.contentHash().count == 64)
        copy.parameters.put([copy.parameters.values(7..<8)[0] + 1e-3], at: 7)
        #expect(copy.contentHash() != model.contentHash())
    }

    @Test func `differences of origin are told in words`() {
        let trained = Provenance(model: "aaaaaaaabb", stage: "explicit", hook: "h", position: ".answer[2]")
        #expect(trained.differences(from: trained).isEmpty)
        let other = Provenance(model: "bbbbbbbbbb", stage: "", hook: "h", position: ".answer[3]")
        #expect(
            trained.differences(from: other)
                == [
                    "model bbbbbbbb instead of aaaaaaaa", "stage (none) instead of explicit",
                    "position .answer[3] instead of .answer[2]",
                ])
    }
}
