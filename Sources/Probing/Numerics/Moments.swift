import Glibc

// Ridge regression from sums over rows. For inputs x (n, d), targets y (n, T) and penalties p (d):
//   minimise Σᵢ |yᵢ − W·xᵢ − b|² + α Σⱼ pⱼ |W·ⱼ|²,   so   W (X'X + α·diag p) = Y'X,   b = ȳ − W·x̄
// where X and Y are about their means (as they are, and b = 0, without an intercept). Everything follows from Σx, Σy,
// Σxx', Σyx', and sums over more rows are sums of sums: one pass over the data serves every prefix of it, every α and
// every target.

/// Sums over rows, in double precision.
struct Moments {
    let width: Int
    let targetCount: Int
    private(set) var rows = 0
    private(set) var sums: [Double]  // (d) Σx
    private var targetSums: [Double]  // (T) Σy
    private(set) var gram: [Double]  // (d, d) Σxx', lower triangle
    private var cross: [Double]  // (T, d) Σyx'

    init(width: Int, targetCount: Int) {
        self.width = width
        self.targetCount = targetCount
        sums = Array(repeating: 0, count: width)
        targetSums = Array(repeating: 0, count: targetCount)
        gram = Array(repeating: 0, count: width * width)
        cross = Array(repeating: 0, count: targetCount * width)
    }

    /// Adds rows of x (rows, d) and y (rows, T).
    mutating func add(_ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, rows count: Int) {
        rows += count
        addRows(x, count, to: &sums)
        addRows(y, count, to: &targetSums)
        LAPACK.addGram(&gram, x, n: width, k: count)
        if targetCount == 0 { return }
        LAPACK.multiply(
            &cross, width, y, targetCount, x, width, m: targetCount, n: width, k: count, transposeA: true,
            accumulate: true)
    }

    /// (d) the variance of each input, and never quite 0: an input that never varies gets no weight, whatever
    /// rounding says.
    var variances: [Double] {
        let n = Double(max(rows, 1))
        let variances = (0..<width).map { gram[$0 * width + $0] / n - (sums[$0] / n) * (sums[$0] / n) }
        let floor = max(variances.max() ?? 0, .leastNormalMagnitude) * 1e-9
        return variances.map { max($0, floor) }
    }

    /// The lower triangle of X'X, about the means or not, with `alpha`·penalties added to the diagonal.
    func normalMatrix(alpha: Double, penalties: [Double]?, centred: Bool) -> [Double] {
        var a = gram
        let n = Double(max(rows, 1))
        for i in 0..<width {
            if centred { for j in 0...i { a[i * width + j] -= sums[i] * sums[j] / n } }
            a[i * width + i] += alpha * (penalties?[i] ?? 1)
        }
        return a
    }

    /// The minimiser for the first `outputs` targets (nil: all); for α = 0 and inputs that depend on each other, the
    /// one of smallest norm.
    func ridge(alpha: Double, penalties: [Double]? = nil, intercept: Bool = true, outputs: Int? = nil) -> LinearMap {
        let n = Double(max(rows, 1))
        let outputs = outputs ?? targetCount
        var w = Array(cross[..<(outputs * width)])
        if intercept {
            for t in 0..<outputs { for j in 0..<width { w[t * width + j] -= targetSums[t] * sums[j] / n } }
        }
        solveNormalEquations(&w, outputs, alpha: alpha, penalties: penalties, centred: intercept)
        let b = (0..<outputs).map { t in
            intercept ? (targetSums[t] - (0..<width).reduce(0) { $0 + w[t * width + $1] * sums[$1] }) / n : 0
        }
        return LinearMap(weights: w, intercepts: b, width: width)
    }

    private func solveNormalEquations(
        _ w: inout [Double], _ outputs: Int, alpha: Double, penalties: [Double]?, centred: Bool
    ) {
        let matrix = normalMatrix(alpha: alpha, penalties: penalties, centred: centred)
        var factor = matrix
        if LAPACK.factor(&factor, width), isWellConditioned(factor) {
            LAPACK.solve(factor: factor, width, &w, count: outputs)
        } else {
            solveByEigenvectors(&w, outputs, matrix)
        }
    }

    /// Whether no pivot of the Cholesky factor is lost in the rounding of the largest (pivots are roots, hence 10⁻⁷
    /// for 10⁻¹⁴).
    private func isWellConditioned(_ factor: [Double]) -> Bool {
        let pivots = (0..<width).map { factor[$0 * width + $0] }
        return (pivots.min() ?? 1) > 1e-7 * (pivots.max() ?? 1)
    }

    /// The pseudo-inverse: directions in which the inputs hardly vary get no weight.
    private func solveByEigenvectors(_ w: inout [Double], _ outputs: Int, _ matrix: [Double]) {
        guard let (values, vectors) = LAPACK.eigen(matrix, width) else { return }
        let smallest = (values.last ?? 0) * 1e-13 * Double(width)
        var coordinates = [Double](repeating: 0, count: outputs * width)
        LAPACK.multiply(&coordinates, width, w, width, vectors, width, m: outputs, n: width, k: width, transposeB: true)
        for t in 0..<outputs {
            for k in 0..<width { coordinates[t * width + k] *= values[k] > smallest ? 1 / values[k] : 0 }
        }
        LAPACK.multiply(&w, width, coordinates, width, vectors, width, m: outputs, n: width, k: width)
    }
}

private func addRows(_ x: UnsafePointer<Double>, _ rows: Int, to sums: inout [Double]) {
    sums.withUnsafeMutableBufferPointer { sums in
        for row in 0..<rows { for j in sums.indices { sums[j] += x[row * sums.count + j] } }
    }
}

/// Ridge regression, and least squares for α = 0.
public enum RidgeRegression {
    /// Minimises Σ (y − w·x − b)² + α|w|² for each target, b unpenalised.
    /// - Parameters:
    ///   - x: (rows, width)
    ///   - y: (rows, targets)
    ///   - intercept: whether there is a b; 0 otherwise.
    /// - Throws: `ProbeError.lengths`, `.invalid`.
    public static func fit(
        _ x: [Double], width: Int, _ y: [Double], targetCount: Int = 1, alpha: Double, intercept: Bool = true
    ) throws(ProbeError) -> LinearMap {
        guard width > 0, targetCount > 0, x.count % width == 0, y.count == x.count / width * targetCount, !x.isEmpty
        else {
            throw .lengths("\(targetCount) targets", found: y.count, expected: x.count / max(width, 1) * targetCount)
        }
        guard alpha >= 0, alpha.isFinite else { throw .invalid("a ridge penalty of \(alpha)", help: "give 0 or more") }
        let rows = x.count / width
        // About the means first: sums of squares of numbers far from 0 would lose what we look for.
        var shift = [Double](repeating: 0, count: width)
        var shifted = x
        if intercept {
            for row in 0..<rows { for j in 0..<width { shift[j] += x[row * width + j] / Double(rows) } }
            for row in 0..<rows { for j in 0..<width { shifted[row * width + j] -= shift[j] } }
        }
        var moments = Moments(width: width, targetCount: targetCount)
        moments.add(shifted, y, rows: rows)
        var map = moments.ridge(alpha: alpha, intercept: intercept)
        for t in 0..<targetCount { for j in 0..<width { map.intercepts[t] -= map.weights[t * width + j] * shift[j] } }
        return map
    }
}
