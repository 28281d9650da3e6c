import Tensors
import Testing

@testable import Transformer

@Suite struct IdentityTests {
    private func model(seed: UInt64 = 1) -> LanguageModel {
        LanguageModel(
            .gpt2(vocabularySize: 11, positionCount: 6, width: 8, layerCount: 2, headCount: 2), initialization: .gpt2,
            seed: seed)
    }

    @Test func `equal models have equal hashes for any number of threads, and a changed bit another`() {
        let a = model(), b = model()
        let hash = a.contentHash(workers: Workers(threadCount: 1))
        #expect(
            hash.count == 64 && hash == b.contentHash(workers: Workers(threadCount: 3))
                && hash == a.copy().contentHash())
        #expect(model(seed: 2).contentHash() != hash)
        b.parameters.put([-0.0], at: b.parameters.count - 1)
        #expect(b.contentHash() != hash)
    }

    @Test func `a configuration that changes no weight still changes the hash`() {
        var configuration = model().configuration
        configuration.epsilon = 1e-6
        let other = LanguageModel(uninitialized: configuration)
        other.parameters.copyValues(from: model().parameters)
        #expect(other.contentHash() != model().contentHash())
    }

    @Test func `new positions copy the last row, and everything else stays`() throws {
        let short = model()
        let long = try short.extended(positions: 9)
        #expect(long.configuration.positionCount == 9)
        let table = try #require(short.parameters["transformer.wpe.weight"])
        let longer = try #require(long.parameters["transformer.wpe.weight"])
        #expect(Array(longer[..<48]) == table)
        for row in 6..<9 { #expect(Array(longer[row * 8..<row * 8 + 8]) == Array(table[40...])) }
        let batch = RaggedBatch(sequences: [[1, 2, 3, 4, 5, 6]])
        #expect(try long.logits(batch) == short.logits(batch))
        #expect(throws: PositionExtensionError(positions: 5, current: 6)) { try short.extended(positions: 5) }
        #expect(throws: PositionExtensionError.self) { try short.extended(positions: 1 << 40) }
    }
}
