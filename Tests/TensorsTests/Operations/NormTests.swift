import Glibc
import Testing

@testable import Tensors

private func naiveLayerNorm(
    _ x: [Double], _ gain: [Double], _ bias: [Double], rows: Int, columns: Int, epsilon: Double
) -> [Double] {
    var y = x
    for n in 0..<rows {
        let row = x[n * columns..<(n + 1) * columns]
        let mean = row.reduce(0, +) / Double(columns)
        let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(columns)
        for c in 0..<columns {
            y[n * columns + c] = (x[n * columns + c] - mean) / sqrt(variance + epsilon) * gain[c] + bias[c]
        }
    }
    return y
}

private func naiveRMSNorm(_ x: [Double], _ gain: [Double], rows: Int, columns: Int, epsilon: Double) -> [Double] {
    var y = x
    for n in 0..<rows {
        let square = x[n * columns..<(n + 1) * columns].reduce(0) { $0 + $1 * $1 } / Double(columns)
        for c in 0..<columns { y[n * columns + c] = x[n * columns + c] / sqrt(square + epsilon) * gain[c] }
    }
    return y
}

@Suite struct NormTests {
    static let shapes = [(1, 7), (5, 16), (6, 35)]

    @Test(arguments: shapes, [1, 2])
    func `layer norm centres, scales and differentiates`(_ shape: (rows: Int, columns: Int), _ threads: Int) {
        let (n, c) = shape
        check([.variable(rows: n, columns: c), .gain(c), .weight(c)], threads: threads) { tape, nodes in
            tape.layerNorm(nodes.variables[0], gain: nodes.weights[0], bias: nodes.weights[1], epsilon: 1e-3)
        } naive: {
            naiveLayerNorm($0[0], $0[1], $0[2], rows: n, columns: c, epsilon: 1e-3)
        }
    }

    @Test(arguments: shapes, [1, 2])
    func `RMS norm scales and differentiates`(_ shape: (rows: Int, columns: Int), _ threads: Int) {
        let (n, c) = shape
        check([.variable(rows: n, columns: c), .gain(c)], threads: threads) { tape, nodes in
            tape.rmsNorm(nodes.variables[0], gain: nodes.weights[0], epsilon: 1e-3)
        } naive: {
            naiveRMSNorm($0[0], $0[1], rows: n, columns: c, epsilon: 1e-3)
        }
    }

    @Test(arguments: [1, 2])
    func `a norm beside a residual stream adds to the stream's gradient`(_ threads: Int) {
        let (n, c) = (6, 18)
        check([.variable(rows: n, columns: c), .gain(c), .weight(c), .weight(c * c)], threads: threads) { tape, nodes in
            let normed = tape.layerNorm(
                nodes.variables[0], gain: nodes.weights[0], bias: nodes.weights[1], epsilon: 1e-3)
            return tape.linear(normed, weight: nodes.weights[2], bias: nil, outputs: c, residual: nodes.variables[0])
        } naive: { p in
            let normed = naiveLayerNorm(p[0], p[1], p[2], rows: n, columns: c, epsilon: 1e-3)
            return zip(p[0], naiveLinear(normed, p[3], nil, rows: n, inputs: c, outputs: c, isTransposed: false)).map {
                $0 + $1
            }
        }
        check([.variable(rows: n, columns: c), .gain(c), .weight(c * c)], threads: threads) { tape, nodes in
            let normed = tape.rmsNorm(nodes.variables[0], gain: nodes.weights[0], epsilon: 1e-3)
            return tape.linear(normed, weight: nodes.weights[1], bias: nil, outputs: c, residual: nodes.variables[0])
        } naive: { p in
            let normed = naiveRMSNorm(p[0], p[1], rows: n, columns: c, epsilon: 1e-3)
            return zip(p[0], naiveLinear(normed, p[2], nil, rows: n, inputs: c, outputs: c, isTransposed: false)).map {
                $0 + $1
            }
        }
    }
}
