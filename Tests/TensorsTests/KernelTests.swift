import CKernels
import Glibc
import Testing

@testable import Tensors

// The kernels that no operation's test reaches by itself.

/// The instruction sets that this machine has.
private let levels: [Int32] = [1, 3, 4].filter { $0 <= ck_best_level() }

@Suite struct KernelTests {
    @Test(arguments: [1, 4, 15, 16, 33, 100])
    func `softmax is the definition and returns its normaliser`(_ n: Int) {
        var x = randomFloats(n, seed: UInt64(n)).map { 5 * $0 }
        let values = x.map { Double($0) * 0.5 }
        let total = values.reduce(0) { $0 + exp($1) }
        let logSumExp = x.withUnsafeMutableBufferPointer { ck_softmax($0.baseAddress!, 0.5, n) }
        #expect(largestDifference(x, values.map { exp($0) / total }) <= 1e-6)
        #expect(abs(Double(logSumExp) - log(total)) <= 1e-5)
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
        let change = ck_adamw(
            &w, &m, &v, g, 0.5, Float(lr), Float(b1), Float(b2), Float(epsilon), Float(decay), Float(c1), Float(c2), n)
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

    @Test(arguments: [(1, 4), (7, 8), (40, 20)])
    func `one query over a cache attends as the definition says`(_ shape: (count: Int, width: Int)) {
        let (count, width) = shape
        let stride = width + 4
        let q = randomFloats(width, seed: 1), k = randomFloats(count * stride, seed: 2),
            v = randomFloats(count * stride, seed: 3)
        var out = [Float](repeating: .nan, count: width), scores = [Float](repeating: 0, count: count)
        ck_attend_row(&out, &scores, q, k, v, stride, count, width, 0.6)
        let weights = (0..<count).map { j in
            exp(0.6 * (0..<width).reduce(0.0) { $0 + Double(q[$1]) * Double(k[j * stride + $1]) })
        }
        let total = weights.reduce(0, +)
        let expected = (0..<width).map { d in
            (0..<count).reduce(0.0) { $0 + weights[$1] / total * Double(v[$1 * stride + d]) }
        }
        #expect(largestDifference(out, expected) <= 3e-6)
    }

    // Sizes on both sides of every tile and block: rows 6 and 8, columns 16 and 32, inner lengths 128 and 256, 96 and
    // 384 rows.
    @Test(arguments: [
        (1, 1, 1), (3, 0, 5), (7, 17, 0), (8, 32, 128), (9, 33, 129), (13, 47, 300), (401, 5, 19), (2, 100, 257),
        (103, 67, 259),
    ])
    func `a product is the loop's sums, with every transposition, addition and bias`(_ shape: (m: Int, n: Int, k: Int))
    {
        let (m, n, k) = shape
        let a = randomFloats(m * k + 1, seed: 1), b = randomFloats(k * n + 1, seed: 2),
            add = randomFloats(m * n + 1, seed: 3)
        let bias = randomFloats(n + 1, seed: 4)
        let ldc = n + 3
        let kept = Kept()
        defer { withExtendedLifetime(kept) {} }
        let (keptA, keptB) = (kept.keep(a), kept.keep(b))
        // Every element of small products, every 31st of large ones, and always the corners.
        let elements = (0..<m * n).filter { m * n * k < 20_000 || $0 % 31 == 0 || $0 == n - 1 || $0 == m * n - 1 }
        for (ta, tb) in [(0, 0), (0, 1), (1, 0), (1, 1)] as [(Int32, Int32)] {
            let left = ck_factor(values: keptA, stride: ta == 1 ? m : k, transposed: ta)
            let right = ck_factor(values: keptB, stride: tb == 1 ? k : n, transposed: tb)
            let expected = elements.map { element in
                let (i, j) = (element / n, element % n)
                var sum = 0.0
                for p in 0..<k {
                    sum +=
                        Double(ta == 1 ? keptA[p * m + i] : keptA[i * k + p])
                        * Double(tb == 1 ? keptB[j * k + p] : keptB[p * n + j])
                }
                return sum
            }
            for level in levels {
                for (hasAdd, hasBias) in [(false, false), (true, false), (false, true), (true, true)] {
                    var c = [Float](repeating: -9, count: m * ldc + 1)
                    ck_product_at(
                        level, &c, ldc, left, right, m, n, k, hasAdd ? add : nil, n, hasBias ? bias : nil, CK_FULL)
                    for (element, sum) in zip(elements, expected) {
                        let (i, j) = (element / n, element % n)
                        let all = sum + (hasAdd ? Double(add[element]) : 0) + (hasBias ? Double(bias[j]) : 0)
                        if abs(Double(c[i * ldc + j]) - all) > 5e-5 {
                            Issue.record("(\(i), \(j)) at level \(level), \(ta)\(tb)"); return
                        }
                    }
                    // Nothing beside the result is touched.
                    #expect((0..<m).allSatisfy { c[$0 * ldc + n] == -9 && c[($0 + 1) * ldc - 1] == -9 })
                }
            }
        }
    }

    @Test(arguments: [1, 7, 16, 33, 300], levels)
    func `triangular products leave out what does not count`(_ t: Int, _ level: Int32) {
        let w = t > 100 ? 70 : 20
        let kept = Kept()
        defer { withExtendedLifetime(kept) {} }
        let x = kept.keep(randomFloats(t * w, seed: 1)), y = kept.keep(randomFloats(t * w, seed: 2))
        var values = randomFloats(t * t, seed: 3)
        for i in 0..<t { for j in i + 1..<max(t, i + 1) { values[i * t + j] = 0 } }
        let lower = kept.keep(values)
        func factor(_ values: UnsafePointer<Float>, _ stride: Int, _ transposed: Int32 = 0) -> ck_factor {
            ck_factor(values: values, stride: stride, transposed: transposed)
        }
        var square = [Float](repeating: 0, count: t * t)
        ck_product_at(level, &square, t, factor(x, w), factor(y, w, 1), t, t, w, nil, 0, nil, CK_LOWER_RESULT)
        var down = [Float](repeating: 0, count: t * w), up = down
        ck_product_at(level, &down, w, factor(lower, t), factor(x, w), t, w, t, nil, 0, nil, CK_LOWER_FACTOR)
        ck_product_at(level, &up, w, factor(lower, t, 1), factor(x, w), t, w, t, nil, 0, nil, CK_UPPER_FACTOR)
        for i in stride(from: t - 1, through: 0, by: t > 100 ? -23 : -1) {
            for j in stride(from: i, through: 0, by: t > 100 ? -7 : -1) {
                var sum = 0.0
                for d in 0..<w { sum += Double(x[i * w + d]) * Double(y[j * w + d]) }
                #expect(abs(Double(square[i * t + j]) - sum) < 2e-4)
            }
            for d in stride(from: w - 1, through: 0, by: -3) {
                var (below, above) = (0.0, 0.0)
                for p in 0..<t {
                    below += Double(lower[i * t + p]) * Double(x[p * w + d])
                    above += Double(lower[p * t + i]) * Double(x[p * w + d])
                }
                #expect(abs(Double(down[i * w + d]) - below) < 2e-4 && abs(Double(up[i * w + d]) - above) < 2e-4)
            }
        }
    }

    @Test func `NaN in a score reaches the probabilities`() {
        var s = [Float](repeating: 0.5, count: 32), normaliser = [Float](repeating: 0, count: 2)
        s[16] = .nan
        ck_causal_softmax(&s, 16, 2, 0, 1, &normaliser)
        #expect(s[0] == 1 && s[16].isNaN)
    }
}

/// Numbers at addresses that kernels can be given several times.
private final class Kept {
    private var pointers: [UnsafeMutablePointer<Float>] = []

    func keep(_ numbers: [Float]) -> UnsafePointer<Float> {
        let pointer = UnsafeMutablePointer<Float>.allocate(capacity: max(numbers.count, 1))
        pointer.update(from: numbers, count: numbers.count)
        pointers.append(pointer)
        return UnsafePointer(pointer)
    }

    deinit { for pointer in pointers { pointer.deallocate() } }
}
