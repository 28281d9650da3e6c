import Testing

@testable import CUDA
@testable import Tensors

// Sums over more rows than one block has, against the processor.

@Suite struct RowTests {
    /// The gradients of weights after a pass backwards over a random gradient of the result.
    private func gradients(
        on executor: any Executor, rows: Int, columns: Int, weights counts: [Int],
        _ operation: (Tape, Variable, [Weight]) -> Variable
    ) -> [[Float]] {
        let values = counts.enumerated().map { Buffer(executor, randomFloats($1, seed: UInt64(10 + $0))) }
        let gradients = counts.map { Buffer(executor, [Float](repeating: 0.5, count: $0)) }
        let tape = Tape(executor)
        tape.begin(.recorded)
        let x = tape.variable(randomFloats(rows * columns, seed: 1), columns: columns)
        let y = operation(tape, x, zip(values, gradients).map { Weight(values: $0.place, gradient: $1.place) })
        executor.copyIn(randomFloats(y.count, seed: 2), to: tape.contribute(to: y).place)
        tape.backward()
        return withExtendedLifetime(values) { gradients.map { executor.copyOut($0.place) } }
    }

    private func check(
        rows: Int, columns: Int, weights: [Int], _ operation: (Tape, Variable, [Weight]) -> Variable
    ) {
        let found = gradients(
            on: hostExecutor(.f32), rows: rows, columns: columns, weights: weights, operation)
        let expected = gradients(
            on: CPUExecutor.shared, rows: rows, columns: columns, weights: weights, operation)
        for (found, expected) in zip(found, expected) {
            let expected = expected.map(Double.init)
            #expect(largestDifference(found, expected) <= floatTolerance * max(1, largest(expected)))
        }
    }

    // A chunk of 64 rows and one more, and chunks of 128.
    @Test(arguments: [65, 4100], [8, 131]) func `sums over many rows are all of them`(_ rows: Int, _ columns: Int) {
        check(rows: rows, columns: 3, weights: [3 * columns, columns]) { tape, x, weights in
            tape.linear(x, weight: weights[0], bias: weights[1], outputs: columns)
        }
        check(rows: rows, columns: columns, weights: [columns, columns]) { tape, x, weights in
            tape.layerNorm(x, gain: weights[0], bias: weights[1], epsilon: 1e-3)
        }
        check(rows: rows, columns: columns, weights: [columns]) { tape, x, weights in
            tape.rmsNorm(x, gain: weights[0], epsilon: 1e-3)
        }
    }

    // Few numbers, and so many that each has a row or two; tiles of 1024 rows, parts of 256 columns.
    @Test(arguments: [18, 900], [8, 259])
    func `the gradient of a table has all rows of each number`(_ numbers: Int, _ columns: Int) {
        let rows = 1100
        let tokens = (0..<rows).map { Int32(($0 &* 7919 + $0 / 11) % numbers) }
        let positions = (0..<rows).map { Int32($0 % 71) }
        check(rows: 1, columns: 1, weights: [numbers * columns, 71 * columns]) { tape, _, weights in
            tape.embedding(
                tokens: tape.indices(tokens), positions: tape.indices(positions), columns: columns,
                tokenTable: weights[0], positionTable: weights[1], frozenToken: 5)
        }
    }
}
