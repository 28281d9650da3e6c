import COpenBLAS

/// The few routines of LAPACK that probing needs, in double precision, each call on one thread.
///
/// LAPACK's matrices are column-major and ours row-major: the lower triangle here is the upper one ("U") there, and
/// right-hand sides of shape (count, n) here are (n, count) there.
enum LAPACK {
    /// OpenBLAS starts with a pool of its own, which would fight with the engine's workers.
    static let isConfigured: Bool = {
        openblas_set_num_threads(1)
        return true
    }()

    /// The Cholesky factor of A (n, n) in place of its lower triangle; false if A is not positive definite.
    static func factor(_ a: UnsafeMutablePointer<Double>, _ n: Int) -> Bool {
        guard isConfigured else { return false }
        var order = blasint(n)
        var info: blasint = 0
        dpotrf_("U", &order, a, &order, &info, 1)
        return info == 0
    }

    /// Replaces each of `count` rows (n) of `b` by the solution of A·x = row, for the factor of A.
    static func solve(factor a: UnsafePointer<Double>, _ n: Int, _ b: UnsafeMutablePointer<Double>, count: Int) {
        guard count > 0 else { return }
        var order = blasint(n)
        var columns = blasint(count)
        var info: blasint = 0
        dpotrs_("U", &order, &columns, a, &order, b, &order, &info, 1)
        precondition(info == 0, "dpotrs: argument \(-info)")
    }

    /// Replaces each of `count` rows v (n) of `b` by v·L⁻¹, or by v·(L')⁻¹, for the factor A = L·L'.
    static func solveFromRight(
        _ a: UnsafePointer<Double>, _ n: Int, _ b: UnsafeMutablePointer<Double>, count: Int, transposed: Bool
    ) {
        cblas_dtrsm(
            CblasRowMajor, CblasRight, CblasLower, transposed ? CblasTrans : CblasNoTrans, CblasNonUnit, blasint(count),
            blasint(n), 1, a,
            blasint(n), b, blasint(n))
    }

    /// Replaces each of `count` rows v (n) of `b` by v·L for the factor A = L·L'.
    static func multiplyByFactor(_ a: UnsafePointer<Double>, _ n: Int, _ b: UnsafeMutablePointer<Double>, count: Int) {
        cblas_dtrmm(
            CblasRowMajor, CblasRight, CblasLower, CblasNoTrans, CblasNonUnit, blasint(count), blasint(n), 1, a,
            blasint(n), b, blasint(n))
    }

    /// The eigenvalues (n), ascending, and eigenvectors (n, n; each row one) of a symmetric matrix, of which the lower
    /// triangle is read; nil if the iteration fails.
    static func eigen(_ matrix: [Double], _ n: Int) -> (values: [Double], vectors: [Double])? {
        guard isConfigured else { return nil }
        var a = matrix
        var w = [Double](repeating: 0, count: n)
        var order = blasint(n)
        var info: blasint = 0
        var workSize = blasint(1 + 6 * n + 2 * n * n)
        var integerSize = blasint(3 + 5 * n)
        var work = [Double](repeating: 0, count: Int(workSize))
        var integers = [blasint](repeating: 0, count: Int(integerSize))
        dsyevd_("V", "U", &order, &a, &order, &w, &work, &workSize, &integers, &integerSize, &info, 1, 1)
        return info == 0 ? (w, a) : nil
    }

    /// C (m, n) = A (m, k) · B (k, n), row-major, either factor read transposed; C is overwritten or added to.
    static func multiply(
        _ c: UnsafeMutablePointer<Double>, _ ldc: Int, _ a: UnsafePointer<Double>, _ lda: Int,
        _ b: UnsafePointer<Double>, _ ldb: Int,
        m: Int, n: Int, k: Int, transposeA: Bool = false, transposeB: Bool = false, accumulate: Bool = false
    ) {
        guard m > 0, n > 0, isConfigured else { return }
        cblas_dgemm(
            CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans, blasint(m),
            blasint(n),
            blasint(k), 1, a, blasint(lda), b, blasint(ldb), accumulate ? 1 : 0, c, blasint(ldc))
    }

    /// The lower triangle of C (n, n), row-major, += Aᵀ·A for A (k, n).
    static func addGram(_ c: UnsafeMutablePointer<Double>, _ a: UnsafePointer<Double>, n: Int, k: Int) {
        guard n > 0, k > 0, isConfigured else { return }
        cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, blasint(n), blasint(k), 1, a, blasint(n), 1, c, blasint(n))
    }
}
