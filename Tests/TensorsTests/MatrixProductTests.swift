import CKernels
import Testing

@testable import Tensors

@Suite struct MatrixProductTests {
    /// (rows, inputs, outputs): one row, few rows, many, and sizes beside multiples of every tile.
    static let shapes = [
        (1, 1, 1), (1, 64, 50), (1, 300, 700), (2, 33, 65), (4, 128, 16), (5, 128, 16), (5, 7, 200), (31, 64, 64),
        (65, 17, 129), (64, 64, 256),
        (1, 515, 601), (3, 520, 513),
    ]

    private func naive(_ x: [Float], _ w: [Float], rows: Int, inputs: Int, outputs: Int, isTransposed: Bool) -> [Double]
    {
        naiveLinear(
            x.map(Double.init), w.map(Double.init), nil, rows: rows, inputs: inputs, outputs: outputs,
            isTransposed: isTransposed)
    }

    @Test(arguments: shapes, [1, 2, 3])
    func `products of every shape are the triple loop`(_ shape: (rows: Int, inputs: Int, outputs: Int), _ threads: Int)
    {
        let (rows, inputs, outputs) = shape
        let workers = testPools[threads]!
        let x = randomFloats(rows * inputs, seed: 1), w = randomFloats(inputs * outputs, seed: 2),
            bias = randomFloats(outputs, seed: 3)
        // Rounding of a sum of k products grows as √k; ten times that.
        let tolerance = 1e-6 * Double(inputs).squareRoot() * 4
        var y = [Float](repeating: .nan, count: rows * outputs)
        var scratch = [Float](
            repeating: .nan, count: MatrixProduct.scratchSize(rows: rows, outputs: outputs, workers: workers))
        y.withUnsafeMutableBufferPointer {
            MatrixProduct.apply(
                $0.baseAddress!, x, weight: w, bias: nil, rows: rows, inputs: inputs, outputs: outputs,
                scratch: &scratch, workers: workers)
        }
        let expected = naive(x, w, rows: rows, inputs: inputs, outputs: outputs, isTransposed: false)
        #expect(largestDifference(y, expected) <= tolerance)
        y.withUnsafeMutableBufferPointer {
            MatrixProduct.apply(
                $0.baseAddress!, x, weight: w, bias: bias, rows: rows, inputs: inputs, outputs: outputs,
                scratch: &scratch, workers: workers)
        }
        #expect(largestDifference(y, expected.indices.map { expected[$0] + Double(bias[$0 % outputs]) }) <= tolerance)
        let sum = y
        y.withUnsafeMutableBufferPointer {
            MatrixProduct.apply(
                $0.baseAddress!, x, weight: w, bias: bias, rows: rows, inputs: inputs, outputs: outputs,
                accumulate: true, scratch: &scratch,
                workers: workers)
        }
        #expect(zip(y, sum).allSatisfy { abs($0 - 2 * $1) <= 2 * Float(tolerance) })
        y.withUnsafeMutableBufferPointer {
            MatrixProduct.applyTransposed(
                $0.baseAddress!, x, weight: w, rows: rows, inputs: inputs, outputs: outputs, workers: workers)
        }
        #expect(
            largestDifference(y, naive(x, w, rows: rows, inputs: inputs, outputs: outputs, isTransposed: true))
                <= tolerance)
        let once = y
        y.withUnsafeMutableBufferPointer {
            MatrixProduct.applyTransposed(
                $0.baseAddress!, x, weight: w, rows: rows, inputs: inputs, outputs: outputs, accumulate: true,
                workers: workers)
        }
        #expect(zip(y, once).allSatisfy { abs($0 - 2 * $1) <= 2 * Float(tolerance) })
    }

    @Test(
        arguments: [(1, 5, 3), (6, 1, 9), (17, 20, 33), (40, 16, 12)],
        [(false, false), (false, true), (true, false), (true, true)])
    func `either factor can be transposed, and the product added`(
        _ shape: (m: Int, n: Int, k: Int), _ transposed: (Bool, Bool)
    ) {
        let (m, n, k) = shape
        let (transposeA, transposeB) = transposed
        let a = randomFloats(m * k, seed: 4), b = randomFloats(k * n, seed: 5), start = randomFloats(m * n, seed: 6)
        var expected = [Double](repeating: 0, count: m * n)
        for i in 0..<m {
            for j in 0..<n {
                for p in 0..<k {
                    expected[i * n + j] +=
                        Double(transposeA ? a[p * m + i] : a[i * k + p])
                        * Double(transposeB ? b[j * k + p] : b[p * n + j])
                }
            }
        }
        for accumulate in [false, true] {
            var c = start
            c.withUnsafeMutableBufferPointer {
                MatrixProduct.multiply(
                    $0.baseAddress!, n, a, transposeA ? m : k, b, transposeB ? k : n, m: m, n: n, k: k,
                    transposeA: transposeA,
                    transposeB: transposeB, accumulate: accumulate)
            }
            #expect(
                largestDifference(c, expected.indices.map { expected[$0] + (accumulate ? Double(start[$0]) : 0) })
                    <= 3e-5)
        }
    }

    /// Above the border where OpenBLAS takes over, for machines that have none.
    @Test(arguments: [(40, 601, 515), (520, 513, 70)], [(false, false), (false, true), (true, false)])
    func `large products by our own kernel are the triple loop too`(
        _ shape: (m: Int, n: Int, k: Int), _ transposed: (Bool, Bool)
    ) {
        let (m, n, k) = shape
        let (transposeA, transposeB) = transposed
        let a = randomFloats(m * k, seed: 7), b = randomFloats(k * n, seed: 8)
        var expected = [Double](repeating: 0, count: m * n)
        for i in 0..<m {
            for p in 0..<k {
                let x = Double(transposeA ? a[p * m + i] : a[i * k + p])
                for j in 0..<n { expected[i * n + j] += x * Double(transposeB ? b[j * k + p] : b[p * n + j]) }
            }
        }
        var c = [Float](repeating: .nan, count: m * n)
        a.withUnsafeBufferPointer { a in
            b.withUnsafeBufferPointer { b in
                let left = ck_factor(
                    values: a.baseAddress, stride: transposeA ? m : k, transposed: transposeA ? 1 : 0)
                let right = ck_factor(
                    values: b.baseAddress, stride: transposeB ? k : n, transposed: transposeB ? 1 : 0)
                ck_product(&c, n, left, right, m, n, k, nil, 0, nil, CK_FULL)
            }
        }
        #expect(largestDifference(c, expected) <= 4e-6 * Double(k).squareRoot())
    }
}
