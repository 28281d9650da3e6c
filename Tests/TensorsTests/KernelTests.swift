import CKernels
import Glibc
import Testing

@testable import Tensors

// The kernels that no operation's test reaches by itself.

@Suite struct KernelTests {
    @Test(arguments: [1, 4, 15, 16, 33, 100])
    func `softmax is the definition and returns its normaliser`(_ n: Int) {
        var x = randomFloats(n, seed: UInt64(n)).map { 5 * $0 }
        let values = x.map { Double($0) * 0.5 }
        let total = values.reduce(0) { $0 + exp($1) }
        let logSumExp = x.withUnsafeMutableBufferPointer { ck_softmax($0.baseAddress!, 0.5, n) }
        #expect(largestDifference(x, values.map { exp($0) / total }) <= 1e-6)
        #expect(abs(Double(logSumExp) - log(total)) <= 1e-5)
        var again = values.map { Float($0) * 2 }
        again.withUnsafeMutableBufferPointer { ck_softmax_known($0.baseAddress!, 0.5, logSumExp, n) }
        #expect(largestDifference(again, values.map { exp($0) / total }) <= 2e-6)
    }

    @Test func `softmax of numbers far apart stays finite`() {
        var x: [Float] = [-3e38, 0, 1e5, -1e5, 1e5]
        x.withUnsafeMutableBufferPointer { _ = ck_softmax($0.baseAddress!, 1, 5) }
        #expect(zip(x, [0, 0, 0.5, 0, 0.5]).allSatisfy { abs($0 - $1) < 1e-6 })
    }

    @Test func `argmax is the first of equals, and NaN never wins`() {
        #expect(ck_argmax([1, 3, 2, 3], 4) == 1)
        #expect(ck_argmax([.nan, -5, .nan, -4], 4) == 3)
        #expect(ck_argmax([.nan, .nan], 2) == 0)
        #expect(ck_argmax([-.infinity, -.infinity], 2) == 0)
    }

    @Test(arguments: [1, 7, 4096, 5000])
    func `numbers that are not finite are found wherever they are`(_ n: Int) {
        var x = randomFloats(n, seed: 1)
        #expect(ck_all_finite(x, n) == 1)
        for (index, value) in [(0, Float.nan), (n / 2, .infinity), (n - 1, -.infinity)] {
            let old = x[index]
            x[index] = value
            #expect(ck_all_finite(x, n) == 0)
            x[index] = old
        }
        x[n - 1] = .greatestFiniteMagnitude
        #expect(ck_all_finite(x, n) == 1)
    }

    @Test func `sums of squares are those of doubles`() {
        let x = randomFloats(10_000, seed: 2)
        let expected = x.reduce(0.0) { $0 + Double($1) * Double($1) }
        #expect(abs(ck_sum_of_squares(x, x.count) - expected) <= 1e-6 * expected)
    }

    @Test func `AdamW is the published rule`() {
        let n = 21
        var w = randomFloats(n, seed: 1), m = randomFloats(n, seed: 2), v = randomFloats(n, seed: 3).map { $0 * $0 }
        let g = randomFloats(n, seed: 4)
        let (b1, b2, lr, epsilon, decay, c1, c2) = (0.9, 0.99, 0.01, 1e-6, 0.1, 0.3, 0.05)
        let start = (w, m, v)
        let change = ck_adamw(&w, &m, &v, g, 0.5, Float(lr), Float(b1), Float(b2), Float(epsilon), Float(decay), Float(c1), Float(c2), n)
        var squares = 0.0
        for i in 0..<n {
            let gi = Double(g[i]) * 0.5
            let mi = b1 * Double(start.1[i]) + (1 - b1) * gi
            let vi = b2 * Double(start.2[i]) + (1 - b2) * gi * gi
            let wi = Double(start.0[i]) * (1 - lr * decay) - lr * (mi / c1) / ((vi / c2).squareRoot() + epsilon)
            #expect(abs(Double(m[i]) - mi) < 1e-6 && abs(Double(v[i]) - vi) < 1e-6 && abs(Double(w[i]) - wi) < 1e-6)
            squares += (wi - Double(start.0[i])) * (wi - Double(start.0[i]))
        }
        #expect(abs(change - squares) <= 1e-4 * squares)
    }

    @Test(arguments: [(1, 1), (5, 4), (16, 16), (37, 19)])
    func `a transposed copy holds the same numbers`(_ shape: (rows: Int, columns: Int)) {
        let x = randomFloats(shape.rows * shape.columns, seed: 1)
        var t = [Float](repeating: .nan, count: shape.columns * (shape.rows + 3))
        t.withUnsafeMutableBufferPointer { ck_transpose($0.baseAddress!, shape.rows + 3, x, shape.columns, shape.rows, shape.columns) }
        for r in 0..<shape.rows {
            for c in 0..<shape.columns { #expect(t[c * (shape.rows + 3) + r] == x[r * shape.columns + c]) }
        }
    }

    @Test(arguments: [(1, 4), (7, 8), (40, 20)])
    func `one query over a cache attends as the definition says`(_ shape: (count: Int, width: Int)) {
        let (count, width) = shape
        let stride = width + 4
        let q = randomFloats(width, seed: 1), k = randomFloats(count * stride, seed: 2), v = randomFloats(count * stride, seed: 3)
        var out = [Float](repeating: .nan, count: width), scores = [Float](repeating: 0, count: count)
        ck_attend_row(&out, &scores, q, k, v, stride, count, width, 0.6)
        let weights = (0..<count).map { j in exp(0.6 * (0..<width).reduce(0.0) { $0 + Double(q[$1]) * Double(k[j * stride + $1]) }) }
        let total = weights.reduce(0, +)
        let expected = (0..<width).map { d in (0..<count).reduce(0.0) { $0 + weights[$1] / total * Double(v[$1 * stride + d]) } }
        #expect(largestDifference(out, expected) <= 3e-6)
    }
}
