import Glibc

// L-BFGS (Liu & Nocedal 1989) with a preconditioner in place of the usual multiple of the identity, and a backtracking line
// search. For the smooth convex objectives of probes, whose curvature the preconditioner bounds from above, the first step
// tried is almost always taken.

struct Minimum {
    var point: [Double]
    var value: Double
    var largestGradient: Double
    var isConverged: Bool
}

/// - Parameters:
///   - tolerance: the largest component of the gradient at which the search ends.
///   - evaluate: the value at a point; writes the gradient.
///   - precondition: replaces a vector v by M⁻¹·v, M symmetric and positive definite.
func minimize(
    from start: [Double], tolerance: Double, iterations: Int, memory: Int = 12,
    evaluate: (_ point: [Double], _ gradient: inout [Double]) -> Double, precondition: (inout [Double]) -> Void
) -> Minimum {
    var point = start
    var gradient = [Double](repeating: 0, count: start.count)
    var value = evaluate(point, &gradient)
    var steps: [(s: [Double], y: [Double], rho: Double)] = []
    var scale = 1.0
    for _ in 0..<iterations {
        if largest(gradient) <= tolerance { break }
        var direction = gradient
        var weights: [Double] = []
        for step in steps.reversed() {
            let weight = step.rho * dot(step.s, direction)
            weights.append(weight)
            add(-weight, step.y, to: &direction)
        }
        precondition(&direction)
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
            var scaled = y
            precondition(&scaled)
            scale = curvature / dot(y, scaled)
        }
        (point, value, gradient) = next
    }
    let slope = largest(gradient)
    return Minimum(point: point, value: value, largestGradient: slope, isConverged: slope <= tolerance)
}

/// The first of the points x − d, x − d/2, x − d/4, … that goes down enough (Armijo); nil if none does, which happens where
/// rounding hides all differences.
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
        if abs(found - value) <= 1e-13 * abs(value), largest(slopeThere) < largest(gradient) { return (candidate, found, slopeThere) }
        length /= 2
    }
    return nil
}

private func dot(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for i in a.indices { sum += a[i] * b[i] }
    return sum
}

private func add(_ factor: Double, _ x: [Double], to y: inout [Double]) {
    for i in y.indices { y[i] += factor * x[i] }
}

private func largest(_ x: [Double]) -> Double { x.reduce(0) { max($0, abs($1)) } }
