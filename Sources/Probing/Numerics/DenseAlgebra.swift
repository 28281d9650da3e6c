import Glibc

/// What `LAPACK` offers, where there is no OpenBLAS: double precision, row-major, one thread. Loops over whole rows,
/// which the compiler turns into vectors; a good deal slower for large matrices, and enough for the states of small
/// models.
enum DenseAlgebra {
    typealias Row = UnsafeMutablePointer<Double>

    /// Σ x[i] · y[i], in eight sums side by side.
    private static func dot(_ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ count: Int) -> Double {
        var sums = SIMD8<Double>()
        var i = 0
        while i + 8 <= count {
            let a = UnsafeRawPointer(x + i).loadUnaligned(as: SIMD8<Double>.self)
            let b = UnsafeRawPointer(y + i).loadUnaligned(as: SIMD8<Double>.self)
            sums += a * b
            i += 8
        }
        var sum = sums.sum()
        while i < count {
            sum += x[i] * y[i]
            i += 1
        }
        return sum
    }

    /// y += factor · x
    private static func add(_ y: Row, _ factor: Double, _ x: UnsafePointer<Double>, _ count: Int) {
        for i in 0..<count { y[i] += factor * x[i] }
    }

    // MARK: - Products

    /// C (m, n) = A (m, k) · B (k, n), either factor read transposed; C is overwritten or added to.
    static func multiply(
        _ c: Row, _ ldc: Int, _ a: UnsafePointer<Double>, _ lda: Int, _ b: UnsafePointer<Double>, _ ldb: Int,
        m: Int, n: Int, k: Int, transposeA: Bool, transposeB: Bool, accumulate: Bool
    ) {
        if !accumulate { for i in 0..<m { (c + i * ldc).update(repeating: 0, count: n) } }
        // With B transposed both factors are read along rows, and each number of C is one dot product.
        if transposeB, !transposeA {
            for i in 0..<m { for j in 0..<n { c[i * ldc + j] += dot(a + i * lda, b + j * ldb, k) } }
            return
        }
        if transposeB {
            for i in 0..<m {
                let column = (0..<k).map { a[$0 * lda + i] }
                for j in 0..<n { c[i * ldc + j] += dot(column, b + j * ldb, k) }
            }
            return
        }
        // Some rows of B stay in the cache while all rows of C go by.
        let block = 64
        for p0 in stride(from: 0, to: k, by: block) {
            let end = min(p0 + block, k)
            for i in 0..<m {
                for p in p0..<end { add(c + i * ldc, transposeA ? a[p * lda + i] : a[i * lda + p], b + p * ldb, n) }
            }
        }
    }

    /// The lower triangle of C (n, n) += Aᵀ·A for A (k, n).
    static func addGram(_ c: Row, _ a: UnsafePointer<Double>, n: Int, k: Int) {
        let block = 64
        for p0 in stride(from: 0, to: k, by: block) {
            let end = min(p0 + block, k)
            for i in 0..<n { for p in p0..<end { add(c + i * n, a[p * n + i], a + p * n, i + 1) } }
        }
    }

    // MARK: - The Cholesky factor

    /// L of A = L·Lᵀ in place of the lower triangle, row by row; false if A is not positive definite.
    static func factor(_ a: Row, _ n: Int) -> Bool {
        for i in 0..<n {
            let row = a + i * n
            for j in 0..<i { row[j] = (row[j] - dot(row, a + j * n, j)) / a[j * n + j] }
            let square = row[i] - dot(row, row, i)
            // Also false where it is no number.
            guard square > 0 else { return false }
            row[i] = square.squareRoot()
        }
        return true
    }

    /// v becomes L⁻¹·v, which is also v·(Lᵀ)⁻¹.
    private static func solveForward(_ l: UnsafePointer<Double>, _ n: Int, _ v: Row) {
        for i in 0..<n { v[i] = (v[i] - dot(l + i * n, v, i)) / l[i * n + i] }
    }

    /// v becomes (Lᵀ)⁻¹·v, which is also v·L⁻¹.
    private static func solveBackward(_ l: UnsafePointer<Double>, _ n: Int, _ v: Row) {
        for i in (0..<n).reversed() {
            v[i] /= l[i * n + i]
            add(v, -v[i], l + i * n, i)
        }
    }

    static func solve(factor l: UnsafePointer<Double>, _ n: Int, _ b: Row, count: Int) {
        for row in 0..<count {
            solveForward(l, n, b + row * n)
            solveBackward(l, n, b + row * n)
        }
    }

    static func solveFromRight(_ l: UnsafePointer<Double>, _ n: Int, _ b: Row, count: Int, transposed: Bool) {
        for row in 0..<count { (transposed ? solveForward : solveBackward)(l, n, b + row * n) }
    }

    static func multiplyByFactor(_ l: UnsafePointer<Double>, _ n: Int, _ b: Row, count: Int) {
        for row in 0..<count {
            let v = b + row * n
            for i in 0..<n {
                let x = v[i]
                v[i] = x * l[i * n + i]
                add(v, x, l + i * n, i)
            }
        }
    }

    // MARK: - Eigenvectors

    /// The eigenvalues (n), ascending, and eigenvectors (n, n; each row one) of a symmetric matrix, of which the lower
    /// triangle is read; nil if the iteration fails.
    ///
    /// Householder reflections H = I − βvvᵀ make it tridiagonal, T = QᵀAQ with Q = H₀H₁…; then the implicit QL method
    /// with Wilkinson's shift turns T into a diagonal by rotations, which are applied to the rows of Qᵀ (Golub & Van
    /// Loan, Matrix Computations, 8.3).
    static func eigen(_ matrix: [Double], _ n: Int) -> (values: [Double], vectors: [Double])? {
        var a = matrix
        for i in 0..<n { for j in 0..<i { a[j * n + i] = a[i * n + j] } }
        var (diagonal, beside) = ([Double](repeating: 0, count: n), [Double](repeating: 0, count: n))
        var vectors = [Double](repeating: 0, count: n * n)
        for i in 0..<n { vectors[i * n + i] = 1 }
        let isFound = a.withUnsafeMutableBufferPointer { a in
            vectors.withUnsafeMutableBufferPointer { vectors in
                guard let a = a.baseAddress, let vectors = vectors.baseAddress else { return true }
                let scales = makeTridiagonal(a, n, &diagonal, &beside)
                // Qᵀ, from the last reflection to the first; before it only the lower right is other than the identity.
                for k in scales.indices.reversed() where scales[k] != 0 {
                    let (v, length) = (a + k * n + k + 1, n - k - 1)
                    for i in k + 1..<n {
                        let row = vectors + i * n + k + 1
                        add(row, -scales[k] * dot(row, v, length), v, length)
                    }
                }
                return makeDiagonal(&diagonal, &beside, vectors, n)
            }
        }
        guard isFound else { return nil }
        let order = diagonal.indices.sorted { diagonal[$0] < diagonal[$1] }
        return (order.map { diagonal[$0] }, order.flatMap { vectors[$0 * n..<($0 + 1) * n] })
    }

    /// Leaves the vector v of reflection k in row k of the matrix, right of the diagonal. The scales β of the
    /// reflections; 0 for one that is not needed.
    private static func makeTridiagonal(
        _ a: Row, _ n: Int, _ diagonal: inout [Double], _ beside: inout [Double]
    ) -> [Double] {
        var scales = [Double](repeating: 0, count: max(n - 2, 0))
        var product = [Double](repeating: 0, count: n)
        for k in scales.indices {
            let (v, length) = (a + k * n + k + 1, n - k - 1)
            diagonal[k] = a[k * n + k]
            let norm = dot(v, v, length).squareRoot()
            let isReduced = dot(v + 1, v + 1, length - 1) == 0
            beside[k] = isReduced ? v[0] : v[0] > 0 ? -norm : norm
            if isReduced { continue }
            v[0] -= beside[k]
            let scale = 2 / dot(v, v, length)
            scales[k] = scale
            // With p = βAv and w = p − ½β(pᵀv)v the trailing matrix HAH is A − vwᵀ − wvᵀ.
            let trailing = v + n
            product.withUnsafeMutableBufferPointer {
                guard let w = $0.baseAddress else { return }
                for i in 0..<length { w[i] = scale * dot(trailing + i * n, v, length) }
                add(w, -0.5 * scale * dot(w, v, length), v, length)
                for i in 0..<length {
                    add(trailing + i * n, -v[i], w, length)
                    add(trailing + i * n, -w[i], v, length)
                }
            }
        }
        for k in max(n - 2, 0)..<n { diagonal[k] = a[k * n + k] }
        if n > 1 { beside[n - 2] = a[(n - 2) * n + n - 1] }
        return scales
    }

    private static func makeDiagonal(
        _ diagonal: inout [Double], _ beside: inout [Double], _ rows: Row, _ n: Int
    ) -> Bool {
        for first in 0..<n {
            var rounds = 0
            while true {
                // The block that begins here ends where what stands beside the diagonal is lost in rounding.
                var last = first
                while last < n - 1, abs(beside[last]) > .ulpOfOne * (abs(diagonal[last]) + abs(diagonal[last + 1])) {
                    last += 1
                }
                if last == first { break }
                rounds += 1
                if rounds > 60 { return false }
                sweep(first, last, &diagonal, &beside, rows, n)
            }
        }
        return true
    }

    /// One step of QL from the end of a block to its beginning.
    private static func sweep(
        _ first: Int, _ last: Int, _ diagonal: inout [Double], _ beside: inout [Double], _ rows: Row, _ n: Int
    ) {
        // The eigenvalue of the leading 2 × 2 block that is nearer to its first entry.
        let half = (diagonal[first + 1] - diagonal[first]) / (2 * beside[first])
        let reach = hypot(half, 1)
        let shift = diagonal[first] - beside[first] / (half + (half < 0 ? -reach : reach))
        var bulge = diagonal[last] - shift
        var (sine, cosine, moved) = (1.0, 1.0, 0.0)
        for i in (first..<last).reversed() {
            let (out, along) = (sine * beside[i], cosine * beside[i])
            let length = hypot(out, bulge)
            beside[i + 1] = length
            if length == 0 {
                // The block falls apart here.
                diagonal[i + 1] -= moved
                beside[last] = 0
                return
            }
            (sine, cosine) = (out / length, bulge / length)
            let left = diagonal[i + 1] - moved
            let turned = (diagonal[i] - left) * sine + 2 * cosine * along
            moved = sine * turned
            diagonal[i + 1] = left + moved
            bulge = cosine * turned - along
            let (upper, lower) = (rows + i * n, rows + (i + 1) * n)
            for j in 0..<n {
                let (x, y) = (upper[j], lower[j])
                lower[j] = sine * x + cosine * y
                upper[j] = cosine * x - sine * y
            }
        }
        diagonal[first] -= moved
        beside[first] = bulge
        beside[last] = 0
    }
}
