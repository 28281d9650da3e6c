import Glibc

// Multinomial logistic regression, full batch. For inputs x (n, d), classes k of K and penalties p (d):
//   minimise  F = (1/n) Σᵢ −log softmax(W·xᵢ + b)[kᵢ] + (α/2) Σⱼ pⱼ |W·ⱼ|²,   W (K, d), b (K) unpenalised.
// The Hessian is at most ½ (I − 11'/K) ⊗ X̃'X̃/n + α·diag p, x̃ = (x, 1) (Böhning 1992). Its d + 1 by d + 1 factor is
// computed once and preconditions L-BFGS, which makes the iterations few whatever the scales of the inputs.
// Only differences between the classes' rows matter; started from 0 they keep the mean 0.

/// Multinomial logistic regression; two classes are logistic regression.
public enum MultinomialRegression {
    /// - Parameters:
    ///   - x: (rows, width)
    ///   - classes: (rows) 0 ..< classCount
    ///   - alpha: the penalty of the mean objective; b is not penalised.
    /// - Returns: W (classCount, width) and b, each with mean 0 over the classes, and the objective.
    /// - Throws: `ProbeError.separable` for α = 0 and classes that can be told apart without a mistake; `.lengths`, `.invalid`.
    public static func fit(
        _ x: [Double], width: Int, classes: [Int], classCount: Int, alpha: Double
    ) throws(ProbeError) -> (map: LinearMap, objective: Double) {
        guard width > 0, !classes.isEmpty, x.count == classes.count * width else {
            throw .lengths("inputs of width \(width)", found: x.count, expected: classes.count)
        }
        guard classCount >= 2, classes.allSatisfy({ $0 >= 0 && $0 < classCount }) else {
            throw .invalid("classes must lie in 0 ..< \(classCount), of which there are at least two")
        }
        guard alpha >= 0, alpha.isFinite else { throw .invalid("a penalty of \(alpha); give 0 or more") }
        let fit = x.withUnsafeBufferPointer { x in
            var moments = Moments(width: width, targetCount: 0)
            moments.add(x.baseAddress!, x.baseAddress!, rows: classes.count)
            return MultinomialProblem(x: x.baseAddress!, moments: moments, classes: classes, classCount: classCount)
                .solve(alpha: alpha, penalties: nil, from: nil, tolerance: 1e-11, iterations: 1000)
        }
        // Without a penalty, a mean loss of almost nothing has no minimum behind it.
        if alpha == 0, fit.value < 1e-4 || !(fit.largestGradient < 1e-6) { throw .separable("the target") }
        return (fit.map, fit.value)
    }
}

/// Rows with classes, of which the best W and b are sought.
struct MultinomialProblem {
    let x: UnsafePointer<Double>  // (rows, width), alive as long as this is used
    let moments: Moments  // of these rows, without targets
    let classes: [Int]  // (rows)
    let classCount: Int

    private var rows: Int { moments.rows }
    private var width: Int { moments.width }

    struct Fit {
        let map: LinearMap
        let value: Double
        let largestGradient: Double
    }

    func solve(alpha: Double, penalties: [Double]?, from start: LinearMap?, tolerance: Double, iterations: Int) -> Fit {
        let penalties = (0..<width).map { alpha * (penalties?[$0] ?? 1) }
        let factor = boundFactor(penalties)
        let size = classCount * (width + 1)
        var first = [Double](repeating: 0, count: size)
        if let start { pack(start, into: &first) }
        let found = minimize(from: first, tolerance: tolerance, iterations: iterations) { point, gradient in
            value(at: point, penalties, &gradient)
        } precondition: { vector in
            LAPACK.solve(factor: factor, width + 1, &vector, count: classCount)
        }
        return Fit(map: unpack(found.point), value: found.value, largestGradient: found.largestGradient)
    }

    /// The factor of ½ X̃'X̃/n + diag(p, 0), with a trace of the identity so that it always exists.
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

    /// F at the packed point (K, d + 1), b last in each row; its gradient is overwritten.
    private func value(at point: [Double], _ penalties: [Double], _ gradient: inout [Double]) -> Double {
        let order = width + 1
        let blockRows = 256
        for i in gradient.indices { gradient[i] = 0 }
        var loss = 0.0
        withUnsafeTemporaryAllocation(of: Double.self, capacity: blockRows * classCount) { buffer in
            let logits = buffer.baseAddress!
            var start = 0
            while start < rows {
                let count = min(blockRows, rows - start)
                let block = x + start * width
                for row in 0..<count { for k in 0..<classCount { logits[row * classCount + k] = point[k * order + width] } }
                LAPACK.multiply(
                    logits, classCount, block, width, point, order, m: count, n: classCount, k: width, transposeB: true, accumulate: true)
                for row in 0..<count {
                    let own = logits + row * classCount
                    loss += softmaxResidual(own, classCount, classes[start + row])
                    for k in 0..<classCount { gradient[k * order + width] += own[k] }
                }
                LAPACK.multiply(
                    &gradient, order, logits, classCount, block, width, m: classCount, n: width, k: count, transposeA: true,
                    accumulate: true)
                start += count
            }
        }
        var penalty = 0.0
        let share = 1 / Double(rows)
        for k in 0..<classCount {
            for j in 0...width {
                let own = k * order + j
                gradient[own] *= share
                if j < width {
                    gradient[own] += penalties[j] * point[own]
                    penalty += penalties[j] * point[own] * point[own]
                }
            }
        }
        return loss * share + penalty / 2
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
        return LinearMap(weights: weights, intercepts: (0..<classCount).map { point[$0 * (width + 1) + width] }, width: width)
    }
}

/// −log softmax(z)[k], and z becomes softmax(z) − onehot(k).
private func softmaxResidual(_ z: UnsafeMutablePointer<Double>, _ count: Int, _ k: Int) -> Double {
    var top = z[0]
    for i in 1..<count { top = max(top, z[i]) }
    let own = z[k] - top
    var sum = 0.0
    for i in 0..<count {
        z[i] = exp(z[i] - top)
        sum += z[i]
    }
    for i in 0..<count { z[i] /= sum }
    z[k] -= 1
    return log(sum) - own
}
