import Glibc
import Tensors

// Multinomial logistic regression, full batch. For inputs x (n, d), classes k of K and penalties p (d):
//   minimise  F = (1/n) Σᵢ −log softmax(W·xᵢ + b)[kᵢ] + (α/2) Σⱼ pⱼ |W·ⱼ|²,   W (K, d), b (K) unpenalised.
// The Hessian is at most B = ½ X̃'X̃/n + α·diag p in each class's block, x̃ = (x, 1) (Böhning 1992). With B = L·L'
// the search runs over V = (W, b)·L, where no curvature exceeds 1 whatever the scales of the inputs, so its
// iterations are few. Only differences between the classes' rows matter; started from 0 they keep the mean 0.

/// Multinomial logistic regression; two classes are logistic regression.
public enum MultinomialRegression {
    /// - Parameters:
    ///   - x: (rows, width)
    ///   - classes: (rows) 0 ..< classCount
    ///   - alpha: the penalty of the mean objective; b is not penalised.
    /// - Returns: W (classCount, width) and b, each with mean 0 over the classes, and the objective.
    /// - Throws: `ProbeError.separable` for α = 0 and classes that can be told apart without a mistake; `.lengths`,
    /// `.invalid`.
    public static func fit(
        _ x: [Double], width: Int, classes: [Int], classCount: Int, alpha: Double
    ) throws(ProbeError) -> (map: LinearMap, objective: Double) {
        guard width > 0, !classes.isEmpty, x.count == classes.count * width else {
            throw .lengths("inputs of width \(width)", found: x.count, expected: classes.count)
        }
        guard classCount >= 2, classes.allSatisfy({ $0 >= 0 && $0 < classCount }) else {
            throw .invalid("classes must lie in 0 ..< \(classCount), of which there are at least two")
        }
        guard alpha >= 0, alpha.isFinite else { throw .invalid("a penalty of \(alpha)", help: "give 0 or more") }
        let fit = x.withUnsafeBufferPointer { x in
            var moments = Moments(width: width, targetCount: 0)
            moments.add(x.baseAddress!, x.baseAddress!, rows: classes.count)
            return MultinomialProblem(x: x.baseAddress!, moments: moments, classes: classes, classCount: classCount)
                .solve(alpha: alpha, penalties: nil, from: nil, tolerance: 1e-24, iterations: 1000)
        }
        // Without a penalty, a mean loss of almost nothing has no minimum behind it.
        if alpha == 0, fit.value < 1e-4 { throw .separable("the target") }
        return (fit.map, fit.value)
    }
}

/// The precision that products and exponentials are computed in: double for a result that is to be exact, float for
/// speed.
protocol ProbePrecision: BinaryFloatingPoint {
    /// C (m, n) = A (m, k) · B (k, n), row-major, either factor read transposed.
    static func product(
        _ c: UnsafeMutablePointer<Self>, _ a: UnsafePointer<Self>, _ lda: Int, _ b: UnsafePointer<Self>, _ ldb: Int,
        m: Int, n: Int, k: Int,
        transposeA: Bool, transposeB: Bool)
    static func exponential(_ x: Self) -> Self
}

extension Double: ProbePrecision {
    static func product(
        _ c: UnsafeMutablePointer<Double>, _ a: UnsafePointer<Double>, _ lda: Int, _ b: UnsafePointer<Double>,
        _ ldb: Int, m: Int, n: Int,
        k: Int, transposeA: Bool, transposeB: Bool
    ) {
        LAPACK.multiply(c, n, a, lda, b, ldb, m: m, n: n, k: k, transposeA: transposeA, transposeB: transposeB)
    }
    static func exponential(_ x: Double) -> Double { exp(x) }
}

extension Float: ProbePrecision {
    static func product(
        _ c: UnsafeMutablePointer<Float>, _ a: UnsafePointer<Float>, _ lda: Int, _ b: UnsafePointer<Float>, _ ldb: Int,
        m: Int, n: Int, k: Int,
        transposeA: Bool, transposeB: Bool
    ) {
        MatrixProduct.multiply(c, n, a, lda, b, ldb, m: m, n: n, k: k, transposeA: transposeA, transposeB: transposeB)
    }
    static func exponential(_ x: Float) -> Float { expf(x) }
}

/// Rows with classes, of which the best W and b are sought.
struct MultinomialProblem<Element: ProbePrecision> {
    let x: UnsafePointer<Element>  // (rows, width), alive as long as this is used
    let moments: Moments  // of these rows, without targets
    let classes: [Int]  // (rows) and perhaps more
    let classCount: Int

    private var rows: Int { moments.rows }
    private var width: Int { moments.width }
    private static var blockRows: Int { 256 }

    struct Fit {
        let map: LinearMap
        let value: Double
        let isConverged: Bool
    }

    /// - Parameter tolerance: about how far above the minimum, in nats, the search may end.
    func solve(alpha: Double, penalties: [Double]?, from start: LinearMap?, tolerance: Double, iterations: Int) -> Fit {
        let penalties = (0..<width).map { alpha * (penalties?[$0] ?? 1) }
        let order = width + 1
        let factor = boundFactor(penalties)
        var first = [Double](repeating: 0, count: classCount * order)
        if let start {
            pack(start, into: &first)
            LAPACK.multiplyByFactor(factor, order, &first, count: classCount)
        }
        let found = minimize(from: first, tolerance: tolerance, iterations: iterations) { point, gradient in
            var weights = point
            LAPACK.solveFromRight(factor, order, &weights, count: classCount, transposed: false)
            let value = value(at: weights, penalties, &gradient)
            LAPACK.solveFromRight(factor, order, &gradient, count: classCount, transposed: true)
            return value
        }
        var weights = found.point
        LAPACK.solveFromRight(factor, order, &weights, count: classCount, transposed: false)
        return Fit(map: unpack(weights), value: found.value, isConverged: found.isConverged)
    }

    /// The factor L of ½ X̃'X̃/n + diag(p, 0), with a trace of the identity so that it always exists.
    private func boundFactor(_ penalties: [Double]) -> [Double] {
        let order = width + 1
        let gram = moments.gram
        let sums = moments.sums
        var bound = [Double](repeating: 0, count: order * order)
        let half = 0.5 / Double(rows)
        var trace = 0.5
        for i in 0..<width {
            for j in 0...i { bound[i * order + j] = half * gram[i * width + j] }
            bound[i * order + i] += penalties[i]
            bound[width * order + i] = half * sums[i]
            trace += bound[i * order + i]
        }
        bound[width * order + width] = 0.5
        for i in 0..<order { bound[i * order + i] += 1e-10 * trace / Double(order) + 1e-300 }
        var factor = bound
        var jitter = 1e-8 * trace / Double(order)
        while !LAPACK.factor(&factor, order) {
            factor = bound
            for i in 0..<order { factor[i * order + i] += jitter }
            jitter *= 100
        }
        return factor
    }

    /// F at the packed weights (K, d + 1), b last in each row; its gradient is overwritten.
    private func value(at weights: [Double], _ penalties: [Double], _ gradient: inout [Double]) -> Double {
        let order = width + 1
        let w = weights.map { Element($0) }
        for i in gradient.indices { gradient[i] = 0 }
        var loss = 0.0
        let room = Self.blockRows * classCount + width * classCount
        withUnsafeTemporaryAllocation(of: Element.self, capacity: room) { buffer in
            let logits = buffer.baseAddress!
            let share = logits + Self.blockRows * classCount  // (d, K)
            for start in stride(from: 0, to: rows, by: Self.blockRows) {
                let count = min(Self.blockRows, rows - start)
                let block = x + start * width
                Element.product(
                    logits, block, width, w, order, m: count, n: classCount, k: width, transposeA: false,
                    transposeB: true)
                for row in 0..<count {
                    let own = logits + row * classCount
                    for k in 0..<classCount { own[k] += w[k * order + width] }
                    loss += softmaxResidual(own, classCount, classes[start + row])
                    for k in 0..<classCount { gradient[k * order + width] += Double(own[k]) }
                }
                Element.product(
                    share, block, width, logits, classCount, m: width, n: classCount, k: count, transposeA: true,
                    transposeB: false)
                for j in 0..<width {
                    for k in 0..<classCount { gradient[k * order + j] += Double(share[j * classCount + k]) }
                }
            }
        }
        var penalty = 0.0
        for k in 0..<classCount {
            for j in 0...width {
                let own = k * order + j
                gradient[own] /= Double(rows)
                if j < width {
                    gradient[own] += penalties[j] * weights[own]
                    penalty += penalties[j] * weights[own] * weights[own]
                }
            }
        }
        return loss / Double(rows) + penalty / 2
    }

    private func pack(_ map: LinearMap, into point: inout [Double]) {
        for k in 0..<classCount {
            for j in 0..<width { point[k * (width + 1) + j] = map.weights[k * width + j] }
            point[k * (width + 1) + width] = map.intercepts[k]
        }
    }

    private func unpack(_ point: [Double]) -> LinearMap {
        var weights: [Double] = []
        weights.reserveCapacity(classCount * width)
        for k in 0..<classCount { weights += point[k * (width + 1)..<k * (width + 1) + width] }
        return LinearMap(
            weights: weights, intercepts: (0..<classCount).map { point[$0 * (width + 1) + width] }, width: width)
    }
}

/// −log softmax(z)[k], and z becomes softmax(z) − onehot(k).
@inline(__always)
private func softmaxResidual<Element: ProbePrecision>(
    _ z: UnsafeMutablePointer<Element>, _ count: Int, _ k: Int
) -> Double {
    var top = z[0]
    for i in 1..<count { top = max(top, z[i]) }
    let own = z[k] - top
    var sum: Element = 0
    for i in 0..<count {
        z[i] = Element.exponential(z[i] - top)
        sum += z[i]
    }
    for i in 0..<count { z[i] /= sum }
    z[k] -= 1
    return log(Double(sum)) - Double(own)
}
