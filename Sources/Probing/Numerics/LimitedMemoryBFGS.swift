// L-BFGS (Liu & Nocedal 1989) with a backtracking line search, for smooth convex functions in coordinates where their
// curvature is at most about 1: the first step tried is then almost always taken, and |gradient|² says how far down it
// goes.

struct Minimum {
    var point: [Double]
    var value: Double
    var isConverged: Bool
}

/// - Parameters:
///   - tolerance: the |gradient|² at which the search ends.
///   - evaluate: the value at a point; writes the gradient.
func minimize(
    from start: [Double], tolerance: Double, iterations: Int, memory: Int = 12,
    evaluate: (_ point: [Double], _ gradient: inout [Double]) -> Double
) -> Minimum {
    var point = start
    var gradient = [Double](repeating: 0, count: start.count)
    var value = evaluate(point, &gradient)
    var steps: [(s: [Double], y: [Double], rho: Double)] = []
    var scale = 1.0
    for _ in 0..<iterations {
        if dot(gradient, gradient) <= tolerance { break }
        var direction = gradient
        var weights: [Double] = []
        for step in steps.reversed() {
            let weight = step.rho * dot(step.s, direction)
            weights.append(weight)
            add(-weight, step.y, to: &direction)
        }
        for i in direction.indices { direction[i] *= scale }
        for (step, weight) in zip(steps, weights.reversed()) {
            add(weight - step.rho * dot(step.y, direction), step.s, to: &direction)
        }
        guard let next = search(point, value, gradient, direction, evaluate) else { break }
        var s = next.point, y = next.gradient
        add(-1, point, to: &s)
        add(-1, gradient, to: &y)
        let curvature = dot(s, y)
        if curvature > 1e-300 {
            steps.append((s, y, 1 / curvature))
            if steps.count > memory { steps.removeFirst() }
            scale = curvature / dot(y, y)
        }
        (point, value, gradient) = next
    }
    return Minimum(point: point, value: value, isConverged: dot(gradient, gradient) <= tolerance)
}

/// The first of the points x − d, x − d/2, x − d/4, … that goes down enough (Armijo); nil if none does, which happens
/// where rounding hides all differences.
private func search(
    _ point: [Double], _ value: Double, _ gradient: [Double], _ direction: [Double],
    _ evaluate: (_ point: [Double], _ gradient: inout [Double]) -> Double
) -> (point: [Double], value: Double, gradient: [Double])? {
    let slope = dot(gradient, direction)
    guard slope > 0 else { return nil }
    var length = 1.0
    var slopeThere = gradient
    for _ in 0..<40 {
        var candidate = point
        add(-length, direction, to: &candidate)
        let found = evaluate(candidate, &slopeThere)
        if found <= value - 1e-4 * length * slope { return (candidate, found, slopeThere) }
        // Near the minimum the value no longer tells; the gradient still does.
        if abs(found - value) <= 1e-13 * abs(value), dot(slopeThere, slopeThere) < dot(gradient, gradient) {
            return (candidate, found, slopeThere)
        }
        length /= 2
    }
    return nil
}

private func dot(_ a: [Double], _ b: [Double]) -> Double {
    // Two sums, so that they need not wait for each other.
    var even = 0.0, odd = 0.0
    var i = 0
    while i + 1 < a.count {
        even += a[i] * b[i]
        odd += a[i + 1] * b[i + 1]
        i += 2
    }
    if i < a.count { even += a[i] * b[i] }
    return even + odd
}

private func add(_ factor: Double, _ x: [Double], to y: inout [Double]) {
    for i in y.indices { y[i] += factor * x[i] }
}
