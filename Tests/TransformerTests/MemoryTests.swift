import Tensors
import Testing
import Transformer

@Suite struct MemoryTests {
    /// Sequences of 24 tokens, every one labelled.
    private func batch(_ count: Int) -> RaggedBatch {
        var batch = RaggedBatch()
        for _ in 0..<count {
            batch.append([Int32](repeating: 1, count: 24), positions: nil, labels: [Int32](repeating: 2, count: 24))
        }
        return batch
    }

    private func gpt2(_ width: Int) -> ModelConfiguration {
        .gpt2(
            vocabularySize: 40, positionCount: 32, width: width, layerCount: 3, headCount: 4, isHeadTied: false)
    }

    private func llama() -> ModelConfiguration {
        var configuration = gpt2(64)
        configuration.architecture = .llama
        configuration.rotary = RotaryConfiguration(base: 10_000, width: configuration.headWidth)
        configuration.innerWidth = 176
        return configuration
    }

    /// An executor that computes as the usual one does, and counts.
    @Test func `what a pass would take is found out without taking it, to within a half`() throws {
        for configuration in [gpt2(64), llama()] {
            let estimate = TrainingMemory.bytes(configuration, sequences: 400, tokens: 24)
            let trainee = Trainee(LanguageModel(configuration, initialization: .fanIn, seed: 1))
            _ = try trainee.accumulate(batch(400))
            let taken = trainee.heldFloats * 4
            #expect(estimate >= taken && estimate < taken * 3 / 2, "\(estimate) for \(taken)")
        }
    }

    @Test func `twice the sequences take twice the memory, and a batch without end is a number too`() {
        let one = TrainingMemory.bytes(gpt2(64), sequences: 20_000, tokens: 24)
        let two = TrainingMemory.bytes(gpt2(64), sequences: 40_000, tokens: 24)
        #expect(abs(Double(two) / Double(one) - 2) < 0.1)
        #expect(TrainingMemory.bytes(gpt2(64), sequences: .max, tokens: 24) > 1 << 50)
        #expect(TrainingMemory.bytes(gpt2(64), sequences: 0, tokens: 24) == 0)
    }
}
