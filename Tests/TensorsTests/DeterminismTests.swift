import Testing

@testable import Tensors

@Suite struct DeterminismTests {
    /// A small block with every operation of a GPT-2: the loss and all gradients.
    private func trainingPass(threads: Int) -> [[Float]] {
        let (rows, c, vocabulary) = (37, 24, 19)
        let offsets = [0, 20, 29, 37]
        let tokens = (0..<rows).map { Int32($0 * 7 % vocabulary) }, positions = (0..<rows).map { Int32($0 % 20) }
        let labels = (0..<rows).map { $0 % 3 == 0 ? Int32(-1) : Int32($0 * 5 % vocabulary) }
        let run = OperationRun(
            [
                .weight(vocabulary * c), .weight(20 * c), .gain(c), .weight(c), .weight(c * 3 * c), .weight(3 * c),
                .weight(c * c), .weight(c * c),
            ],
            seed: 6, threads: threads)
        defer { run.free() }
        let (tape, w) = (run.tape, run.nodes.weights)
        let embedded = tape.embedding(
            tokens: tape.indices(tokens), positions: tape.indices(positions), columns: c, tokenTable: w[0],
            positionTable: w[1])
        tape.dropout(embedded, DropoutMask(key: 1, probability: 0.1))
        let normed = tape.layerNorm(embedded, gain: w[2], bias: w[3], epsilon: 1e-5)
        let qkv = tape.linear(normed, weight: w[4], bias: w[5], outputs: 3 * c)
        let mixed = tape.causalAttention(
            query: HeadColumns(qkv), key: HeadColumns(qkv, offset: c), value: HeadColumns(qkv, offset: 2 * c),
            sequences: tape.sequences(offsets),
            shape: AttentionShape(headCount: 3, keyValueHeadCount: 3, headWidth: c / 3),
            dropout: DropoutMask(key: 2, probability: 0.1))
        let after = tape.linear(
            mixed, weight: w[6], bias: nil, outputs: c, residual: embedded,
            dropout: DropoutMask(key: 3, probability: 0.1))
        let states = tape.linear(tape.gelu(after), weight: w[7], bias: nil, outputs: c, residual: after)
        let result = tape.crossEntropy(states, labels: labels, head: w[0], vocabularySize: vocabulary) {
            1 / Float($0)
        }
        tape.backward()
        return [floats(result.losses)] + run.gradients()
    }

    @Test(arguments: [1, 2, 3])
    func `the same inputs and thread count give the same bits`(_ threads: Int) {
        let first = trainingPass(threads: threads)
        for _ in 0..<5 { #expect(trainingPass(threads: threads) == first) }
    }

    @Test(arguments: [2, 3])
    func `other thread counts agree within float rounding`(_ threads: Int) {
        for (one, several) in zip(trainingPass(threads: 1), trainingPass(threads: threads)) {
            let expected = one.map(Double.init)
            #expect(largestDifference(several, expected) <= 5e-6 * max(1, largest(expected)))
        }
    }
}
