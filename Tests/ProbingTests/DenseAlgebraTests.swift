import TestSupport
import Testing

@testable import Probing

// What is computed where there is no OpenBLAS: against triple loops, against what defines each result, and by hand.

@Suite struct DenseAlgebraTests {
    /// 1 is alone, 2 has no reflection, 9 has whole groups of eight and one more, 70 is above a block of rows.
    static let sizes = [1, 2, 3, 9, 70]

    private func numbers(_ count: Int, seed: UInt64) -> [Double] {
        var random = TestRandom(seed: seed)
        return (0..<count).map { _ in Double.random(in: -1...1, using: &random) }
    }

    /// B·Bᵀ + I, positive definite.
    private func positive(_ n: Int) -> [Double] {
        let b = numbers(n * n, seed: 5)
        var a = [Double](repeating: 0, count: n * n)
        for i in 0..<n {
            for j in 0..<n {
                for p in 0..<n { a[i * n + j] += b[i * n + p] * b[j * n + p] }
                if i == j { a[i * n + j] += 1 }
            }
        }
        return a
    }

    private func lower(_ a: [Double], _ n: Int) -> [Double] {
        a.enumerated().map { $0.offset % n <= $0.offset / n ? $0.element : 0 }
    }

    /// Row vectors (count, n) times L or Lᵀ.
    private func times(_ v: [Double], _ l: [Double], _ n: Int, transposed: Bool) -> [Double] {
        v.indices.map { place in
            let (row, j) = (place / n, place % n)
            return (0..<n).reduce(0) { $0 + v[row * n + $1] * (transposed ? l[j * n + $1] : l[$1 * n + j]) }
        }
    }

    private func isNear(_ a: [Double], _ b: [Double], _ tolerance: Double = 1e-11) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance }
    }

    @Test(arguments: [(1, 1, 1), (3, 5, 7), (17, 9, 70), (8, 64, 129)], [false, true])
    func `products are the triple loop, either factor transposed, overwritten or added`(
        _ shape: (m: Int, n: Int, k: Int), _ accumulate: Bool
    ) {
        let (m, n, k) = shape
        let (a, b, start) = (numbers(m * k, seed: 1), numbers(k * n, seed: 2), numbers(m * n, seed: 3))
        for (transposeA, transposeB) in [(false, false), (false, true), (true, false), (true, true)] {
            let expected = start.indices.map { place in
                (0..<k).reduce(accumulate ? start[place] : 0) { sum, p in
                    let (i, j) = (place / n, place % n)
                    return sum + (transposeA ? a[p * m + i] : a[i * k + p]) * (transposeB ? b[j * k + p] : b[p * n + j])
                }
            }
            var c = start
            DenseAlgebra.multiply(
                &c, n, a, transposeA ? m : k, b, transposeB ? k : n, m: m, n: n, k: k, transposeA: transposeA,
                transposeB: transposeB, accumulate: accumulate)
            #expect(isNear(c, expected), "\(transposeA) \(transposeB)")
        }
    }

    @Test(arguments: sizes) func `the lower triangle of AᵀA is added to, the upper one left alone`(_ n: Int) {
        let (k, a) = (67, numbers(67 * n, seed: 4))
        var c = [Double](repeating: 1, count: n * n)
        DenseAlgebra.addGram(&c, a, n: n, k: k)
        let expected = c.indices.map { place in
            let (i, j) = (place / n, place % n)
            return j > i ? 1 : (0..<k).reduce(1) { $0 + a[$1 * n + i] * a[$1 * n + j] }
        }
        #expect(isNear(c, expected))
    }

    @Test(arguments: sizes) func `L·Lᵀ is the matrix that was factored, and what L solves is solved`(_ n: Int) {
        let a = positive(n)
        var factor = a
        #expect(DenseAlgebra.factor(&factor, n))
        let l = lower(factor, n)
        let rebuilt = times(l, l, n, transposed: true)
        #expect(isNear(rebuilt, a))
        let x = numbers(2 * n, seed: 6)
        // A is symmetric: rows times A are A times columns.
        var b = times(x, a, n, transposed: false)
        DenseAlgebra.solve(factor: factor, n, &b, count: 2)
        #expect(isNear(b, x, 1e-10))
        for transposed in [false, true] {
            var v = times(x, l, n, transposed: transposed)
            DenseAlgebra.solveFromRight(factor, n, &v, count: 2, transposed: transposed)
            #expect(isNear(v, x))
        }
        var v = x
        DenseAlgebra.multiplyByFactor(factor, n, &v, count: 2)
        #expect(isNear(v, times(x, l, n, transposed: false)))
    }

    @Test func `a matrix that is not positive definite has no factor`() {
        var negative = [1.0, 0, 2, 1]
        #expect(!DenseAlgebra.factor(&negative, 2))
        var none = [Double.nan]
        #expect(!DenseAlgebra.factor(&none, 1))
    }

    @Test(arguments: sizes) func `eigenvectors are orthonormal, ascending, and only stretched by the matrix`(
        _ n: Int
    ) throws {
        // The upper triangle is not read.
        let whole = positive(n)
        let (values, vectors) = try #require(DenseAlgebra.eigen(lower(whole, n), n))
        #expect(values == values.sorted())
        let stretched = times(vectors, whole, n, transposed: false)
        #expect(isNear(stretched, vectors.indices.map { values[$0 / n] * vectors[$0] }, 1e-10))
        let products = times(vectors, vectors, n, transposed: true)
        #expect(isNear(products, products.indices.map { $0 / n == $0 % n ? 1 : 0 }))
    }

    /// [[2, 1], [1, 2]] has 1 and 3; ones everywhere has n − 1 times 0, and n; −2, 0.5, 7 on a diagonal are themselves;
    /// and the path of n points, 2 on the diagonal and −1 beside it, has 2 − 2 cos(kπ/(n + 1)).
    @Test func `known eigenvalues are found`() throws {
        #expect(isNear(try #require(DenseAlgebra.eigen([2, 0, 1, 2], 2)).values, [1, 3]))
        let ones = [Double](repeating: 1, count: 36)
        #expect(isNear(try #require(DenseAlgebra.eigen(ones, 6)).values, [0, 0, 0, 0, 0, 6]))
        #expect(try #require(DenseAlgebra.eigen([7, 0, 0, 0, -2, 0, 0, 0, 0.5], 3)).values == [-2, 0.5, 7])
        let path = (0..<25).map { $0 / 5 == $0 % 5 ? 2.0 : abs($0 / 5 - $0 % 5) == 1 ? -1 : 0 }
        let expected = [2 - 3.0.squareRoot(), 1, 2, 3, 2 + 3.0.squareRoot()]
        #expect(isNear(try #require(DenseAlgebra.eigen(path, 5)).values, expected))
        #expect(try #require(DenseAlgebra.eigen([], 0)).values.isEmpty)
    }
}
