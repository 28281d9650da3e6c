import Testing

@testable import CUDA
@testable import Tensors

// In bf16 a kernel whose result a product reads next writes it twice: as floats, and rounded beside them.

@Suite struct TwinTests {
    private let executor = hostExecutor(.bf16)

    private func twin(_ place: Place) throws -> [UInt16] {
        var values = [UInt16](repeating: 0, count: place.count)
        try values.withUnsafeMutableBytes { try executor.device.copyOut(from: executor.twin(place), to: $0) }
        return values
    }

    /// Whether the last kernel has written a place with its twin.
    private func isTwinned(_ place: Place) throws -> Bool {
        let isFresh = executor.memory.fresh == place
        return try isFresh && twin(place) == executor.copyOut(place).map(bfloat16)
    }

    /// An operation of one variable, whose result and whose gradient have twins.
    private func check(columns: Int, _ operation: (Tape, Variable, [Weight]) -> Variable) throws {
        let tape = Tape(executor)
        tape.begin(.recorded)
        let buffers = (1...4).map { Buffer(executor, randomFloats(columns, seed: $0)) }
        let weights = [0, 2].map { Weight(values: buffers[$0].place, gradient: buffers[$0 + 1].place) }
        let x = tape.variable(randomFloats(5 * columns, seed: 5), columns: columns)
        let y = operation(tape, x, weights)
        #expect(try isTwinned(y.place))
        executor.copyIn(randomFloats(y.count, seed: 6), to: tape.contribute(to: y).place)
        tape.backward()
        let gradient = try #require(tape.gradient(of: x))
        #expect(try isTwinned(gradient))
        // Where another operation has left a gradient it is their sum that has a twin.
        tape.begin(.recorded)
        let again = tape.variable(randomFloats(5 * columns, seed: 5), columns: columns)
        let sum = operation(tape, again, weights)
        executor.copyIn(randomFloats(sum.count, seed: 6), to: tape.contribute(to: sum).place)
        executor.copyIn(randomFloats(again.count, seed: 7), to: tape.contribute(to: again).place)
        tape.backward()
        let second = try #require(tape.gradient(of: again))
        #expect(try isTwinned(second))
        withExtendedLifetime(buffers) {}
    }

    // Rows that begin at 16 bytes, others, and such that have more columns than their threads.
    @Test(arguments: [12, 7, 2052])
    func `norms and their gradients have twins`(_ columns: Int) throws {
        try check(columns: columns) { tape, x, weights in
            tape.layerNorm(x, gain: weights[0], bias: weights[1], epsilon: 1e-5)
        }
        try check(columns: columns) { tape, x, weights in tape.rmsNorm(x, gain: weights[0], epsilon: 1e-5) }
    }

    @Test(arguments: [24, 14, 2600]) func `SwiGLU and its gradient have twins`(_ columns: Int) throws {
        let tape = Tape(executor)
        tape.begin(.recorded)
        let x = tape.variable(randomFloats(3 * columns, seed: 1), columns: columns), y = tape.swiglu(x)
        #expect(try isTwinned(y.place))
        executor.copyIn(randomFloats(y.count, seed: 2), to: tape.contribute(to: y).place)
        tape.backward()
        let gradient = try #require(tape.gradient(of: x))
        #expect(try isTwinned(gradient))
    }

    @Test(arguments: [12, 7]) func `what dropout leaves and the gradient of GELU have twins`(_ columns: Int) throws {
        let tape = Tape(executor)
        tape.begin(.recorded)
        let x = tape.variable(randomFloats(5 * columns, seed: 1), columns: columns), y = tape.gelu(x)
        tape.dropout(y, DropoutMask(key: 5, probability: 0.3))
        #expect(try isTwinned(y.place))
        executor.copyIn(randomFloats(y.count, seed: 2), to: tape.contribute(to: y).place)
        tape.backward()
        let gradient = try #require(tape.gradient(of: x))
        #expect(try isTwinned(gradient))
    }

    @Test func `gathered rows have a twin`() throws {
        let tape = Tape(executor)
        tape.begin(.plain)
        let x = tape.variable(randomFloats(40, seed: 1), columns: 8)
        #expect(try isTwinned(tape.gatherRows(x, tape.indices([3, 0])).place))
    }

    @Test func `what has a twin keeps it when it is turned, and nothing else has one`() throws {
        let tape = Tape(executor)
        tape.begin(.plain)
        let table = RotaryTable(
            cosine: tape.variable(randomFloats(12, seed: 1), columns: 3).place,
            sine: tape.variable(randomFloats(12, seed: 2), columns: 3).place, half: 3)
        let positions = tape.indices([3, 0, 1])
        // Two heads of width 7 of which 6 are turned, and others' columns before and behind.
        let x = tape.swiglu(tape.variable(randomFloats(3 * 34, seed: 3), columns: 34))
        tape.rotary(x, offset: 2, heads: 2, headWidth: 7, positions: positions, table: table)
        #expect(try isTwinned(x.place))
        let y = tape.variable(randomFloats(3 * 17, seed: 4), columns: 17)
        tape.rotary(y, offset: 2, heads: 2, headWidth: 7, positions: positions, table: table)
        #expect(executor.memory.fresh == nil)
    }
}
