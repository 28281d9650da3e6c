import COpenBLAS

/// The few routines of LAPACK that probing needs, in double precision, each call on one thread: those of OpenBLAS, or
/// where there is none `DenseAlgebra`.
///
/// LAPACK's matrices are column-major and ours row-major: the lower triangle here is the upper one ("U") there, and
/// right-hand sides of shape (count, n) here are (n, count) there.
enum LAPACK {
    private static let library = openblas_library()?.pointee

    /// The Cholesky factor of A (n, n) in place of its lower triangle; false if A is not positive definite.
    static func factor(_ a: UnsafeMutablePointer<Double>, _ n: Int) -> Bool {
        guard let library else { return DenseAlgebra.factor(a, n) }
        var order = blasint(n)
        var info: blasint = 0
        library.dpotrf("U", &order, a, &order, &info, 1)
        return info == 0
    }

    /// Replaces each of `count` rows (n) of `b` by the solution of A·x = row, for the factor of A.
    static func solve(factor a: UnsafePointer<Double>, _ n: Int, _ b: UnsafeMutablePointer<Double>, count: Int) {
        guard count > 0 else { return }
        guard let library else { return DenseAlgebra.solve(factor: a, n, b, count: count) }
        var order = blasint(n)
        var columns = blasint(count)
        var info: blasint = 0
        library.dpotrs("U", &order, &columns, a, &order, b, &order, &info, 1)
        precondition(info == 0, "dpotrs: argument \(-info)")
    }

    /// Replaces each of `count` rows v (n) of `b` by v·L⁻¹, or by v·(L')⁻¹, for the factor A = L·L'.
    static func solveFromRight(
        _ a: UnsafePointer<Double>, _ n: Int, _ b: UnsafeMutablePointer<Double>, count: Int, transposed: Bool
    ) {
        guard let library else {
            return DenseAlgebra.solveFromRight(a, n, b, count: count, transposed: transposed)
        }
        library.dtrsm(
            blasint(OB_ROW_MAJOR), blasint(OB_RIGHT), blasint(OB_LOWER), transpose(transposed), blasint(OB_NON_UNIT),
            blasint(count), blasint(n), 1, a, blasint(n), b, blasint(n))
    }

    /// Replaces each of `count` rows v (n) of `b` by v·L for the factor A = L·L'.
    static func multiplyByFactor(_ a: UnsafePointer<Double>, _ n: Int, _ b: UnsafeMutablePointer<Double>, count: Int) {
        guard let library else { return DenseAlgebra.multiplyByFactor(a, n, b, count: count) }
        library.dtrmm(
            blasint(OB_ROW_MAJOR), blasint(OB_RIGHT), blasint(OB_LOWER), transpose(false), blasint(OB_NON_UNIT),
            blasint(count), blasint(n), 1, a, blasint(n), b, blasint(n))
    }

    /// The eigenvalues (n), ascending, and eigenvectors (n, n; each row one) of a symmetric matrix, of which the lower
    /// triangle is read; nil if the iteration fails.
    static func eigen(_ matrix: [Double], _ n: Int) -> (values: [Double], vectors: [Double])? {
        guard let library else { return DenseAlgebra.eigen(matrix, n) }
        var a = matrix
        var w = [Double](repeating: 0, count: n)
        var order = blasint(n)
        var info: blasint = 0
        var workSize = blasint(1 + 6 * n + 2 * n * n)
        var integerSize = blasint(3 + 5 * n)
        var work = [Double](repeating: 0, count: Int(workSize))
        var integers = [blasint](repeating: 0, count: Int(integerSize))
        library.dsyevd("V", "U", &order, &a, &order, &w, &work, &workSize, &integers, &integerSize, &info, 1, 1)
        return info == 0 ? (w, a) : nil
    }

    /// C (m, n) = A (m, k) · B (k, n), row-major, either factor read transposed; C is overwritten or added to.
    static func multiply(
        _ c: UnsafeMutablePointer<Double>, _ ldc: Int, _ a: UnsafePointer<Double>, _ lda: Int,
        _ b: UnsafePointer<Double>, _ ldb: Int,
        m: Int, n: Int, k: Int, transposeA: Bool = false, transposeB: Bool = false, accumulate: Bool = false
    ) {
        guard m > 0, n > 0 else { return }
        guard let library else {
            return DenseAlgebra.multiply(
                c, ldc, a, lda, b, ldb, m: m, n: n, k: k, transposeA: transposeA, transposeB: transposeB,
                accumulate: accumulate)
        }
        library.dgemm(
            blasint(OB_ROW_MAJOR), transpose(transposeA), transpose(transposeB), blasint(m), blasint(n), blasint(k), 1,
            a, blasint(lda), b, blasint(ldb), accumulate ? 1 : 0, c, blasint(ldc))
    }

    /// The lower triangle of C (n, n), row-major, += Aᵀ·A for A (k, n).
    static func addGram(_ c: UnsafeMutablePointer<Double>, _ a: UnsafePointer<Double>, n: Int, k: Int) {
        guard n > 0, k > 0 else { return }
        guard let library else { return DenseAlgebra.addGram(c, a, n: n, k: k) }
        library.dsyrk(
            blasint(OB_ROW_MAJOR), blasint(OB_LOWER), transpose(true), blasint(n), blasint(k), 1, a, blasint(n), 1, c,
            blasint(n))
    }

    private static func transpose(_ isTransposed: Bool) -> blasint {
        blasint(isTransposed ? OB_TRANSPOSE : OB_NO_TRANSPOSE)
    }
}
