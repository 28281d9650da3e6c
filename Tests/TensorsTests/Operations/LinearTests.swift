import Testing

@testable import Tensors

/// x (N, I) · W + b, W (I, O) or its transpose, one multiplication after another.
func naiveLinear(
    _ x: [Double], _ w: [Double], _ b: [Double]?, rows: Int, inputs: Int, outputs: Int, isTransposed: Bool
) -> [Double] {
    var y = [Double](repeating: 0, count: rows * outputs)
    for n in 0..<rows {
        for o in 0..<outputs {
            var sum = b?[o] ?? 0
            for i in 0..<inputs { sum += x[n * inputs + i] * (isTransposed ? w[o * inputs + i] : w[i * outputs + o]) }
            y[n * outputs + o] = sum
        }
    }
    return y
}

@Suite struct LinearTests {
    /// (rows, inputs, outputs); in the last there are so many rows that each thread sums the weights' gradient by
    /// itself.
    static let shapes = [(1, 1, 1), (1, 8, 19), (3, 5, 4), (7, 9, 17), (13, 6, 33), (40, 5, 7)]

    @Test(arguments: shapes, [1, 2])
    func `a linear layer multiplies, adds its bias and differentiates both`(
        _ shape: (rows: Int, inputs: Int, outputs: Int), _ threads: Int
    ) {
        let (n, i, o) = shape
        for isTransposed in [false, true] {
            check([.variable(rows: n, columns: i), .weight(i * o), .weight(o)], threads: threads) { tape, nodes in
                tape.linear(
                    nodes.variables[0], weight: nodes.weights[0], bias: nodes.weights[1], outputs: o,
                    isTransposed: isTransposed)
            } naive: {
                naiveLinear($0[0], $0[1], $0[2], rows: n, inputs: i, outputs: o, isTransposed: isTransposed)
            }
        }
    }

    @Test(arguments: [1, 2], [false, true])
    func `a linear layer adds to the residual stream and hands its gradient on`(_ threads: Int, _ isTransposed: Bool) {
        let (n, i, o) = (6, 5, 18)
        check(
            [.variable(rows: n, columns: i), .variable(rows: n, columns: o), .weight(i * o), .weight(o)],
            threads: threads
        ) { tape, nodes in
            tape.linear(
                nodes.variables[0], weight: nodes.weights[0], bias: nodes.weights[1], outputs: o,
                isTransposed: isTransposed,
                residual: nodes.variables[1])
        } naive: { p in
            let y = naiveLinear(p[0], p[2], p[3], rows: n, inputs: i, outputs: o, isTransposed: isTransposed)
            return zip(y, p[1]).map { $0 + $1 }
        }
    }

    @Test(arguments: [1, 2])
    func `dropout in a linear layer thins the product and not the residual`(_ threads: Int) {
        let (n, i, o) = (6, 5, 18)
        let mask = DropoutMask(key: 77, probability: 0.4)
        let factors = maskFactors(mask, 0..<n * o)
        #expect(factors.contains(0) && factors.contains { $0 > 1 })
        check(
            [.variable(rows: n, columns: i), .variable(rows: n, columns: o), .weight(i * o), .weight(o)],
            threads: threads
        ) { tape, nodes in
            tape.linear(
                nodes.variables[0], weight: nodes.weights[0], bias: nodes.weights[1], outputs: o,
                residual: nodes.variables[1], dropout: mask)
        } naive: { p in
            let y = naiveLinear(p[0], p[2], p[3], rows: n, inputs: i, outputs: o, isTransposed: false)
            return y.indices.map { y[$0] * factors[$0] + p[1][$0] }
        }
    }

    @Test(arguments: [(6, 5, 18), (40, 5, 7)], [1, 2])
    func `a linear layer of activations is GELU and the layer, also backwards`(
        _ shape: (rows: Int, inputs: Int, outputs: Int), _ threads: Int
    ) {
        let (n, i, o) = shape
        for (isTransposed, form) in [(false, GELUForm.tanh), (true, .tanh), (false, .exact), (true, .exact)] {
            check(
                [.variable(rows: n, columns: i), .variable(rows: n, columns: o), .weight(i * o), .weight(o)],
                threads: threads, hasOtherReaders: false
            ) { tape, nodes in
                tape.linear(
                    nodes.variables[0], weight: nodes.weights[0], bias: nodes.weights[1], outputs: o,
                    isTransposed: isTransposed,
                    activation: form, residual: nodes.variables[1])
            } naive: { p in
                let y = naiveLinear(
                    p[0].map(form == .tanh ? naiveGELU : naiveExactGELU), p[2], p[3], rows: n, inputs: i, outputs: o,
                    isTransposed: isTransposed)
                return zip(y, p[1]).map { $0 + $1 }
            }
        }
    }

    @Test(arguments: [1, 2])
    func `two readers of one variable add their gradients`(_ threads: Int) {
        let (n, i, o) = (5, 6, 6)
        check([.variable(rows: n, columns: i), .weight(i * o), .weight(o * o)], threads: threads) { tape, nodes in
            let first = tape.linear(nodes.variables[0], weight: nodes.weights[0], bias: nil, outputs: o)
            return tape.linear(nodes.variables[0], weight: nodes.weights[1], bias: nil, outputs: o, residual: first)
        } naive: { p in
            let first = naiveLinear(p[0], p[1], nil, rows: n, inputs: i, outputs: o, isTransposed: false)
            return zip(first, naiveLinear(p[0], p[2], nil, rows: n, inputs: i, outputs: o, isTransposed: false)).map {
                $0 + $1
            }
        }
    }
}

/// What a mask multiplies elements by: 0 or 1/(1 − p).
func maskFactors(_ mask: DropoutMask, _ elements: Range<Int>) -> [Double] {
    var ones = [Float](repeating: 1, count: elements.count)
    ones.withUnsafeMutableBufferPointer {
        mask.apply($0.baseAddress!, first: elements.lowerBound, count: elements.count)
    }
    return ones.map(Double.init)
}
