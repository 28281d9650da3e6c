import Testing

@testable import CUDA
@testable import Tensors

@Suite struct AttentionOnCardTests {
    /// Output and gradients of attention over six sequences, where one launch takes so many of them.
    private func results(sequencesMost: Int) throws -> [[Float]] {
        let executor = try CUDAExecutor(HostDevice(order: 0), sequencesMost: sequencesMost)
        let tape = Tape(executor)
        tape.begin(.recorded)
        let offsets = [0, 3, 3, 20, 21, 25, 27],
            shape = AttentionShape(headCount: 2, keyValueHeadCount: 1, headWidth: 4)
        let variables = [8, 4, 4].enumerated().map { index, columns in
            tape.variable(randomFloats(27 * columns, seed: UInt64(index + 1)), columns: columns)
        }
        let output = tape.causalAttention(
            query: HeadColumns(variables[0]), key: HeadColumns(variables[1]), value: HeadColumns(variables[2]),
            sequences: tape.sequences(offsets), shape: shape)
        executor.copyIn(randomFloats(output.count, seed: 9), to: tape.contribute(to: output).place)
        tape.backward()
        return [executor.copyOut(output)] + variables.map { tape.inputGradient(of: $0) }
    }

    @Test(arguments: [1, 2, 4, 5]) func `more sequences than a launch can take are several launches`(_ most: Int) throws
    {
        #expect(try results(sequencesMost: most) == results(sequencesMost: CUDAExecutor.gridMost))
    }
}
