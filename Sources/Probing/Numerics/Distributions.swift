import Glibc

// Quantiles by bisection of distribution functions: of the standard normal, of Student's t, and of the beta
// distribution (whose distribution function is the regularised incomplete beta function, here by Lentz's continued
// fraction; DLMF 8.17.22).

func normalQuantile(_ p: Double) -> Double {
    bisect(p, between: -40, and: 40) { 0.5 * erfc(-$0 / 2.0.squareRoot()) }
}

/// P(T ≤ t) = p for Student's t.
func studentQuantile(_ p: Double, degrees: Double) -> Double {
    if p < 0.5 { return -studentQuantile(1 - p, degrees: degrees) }
    var limit = 1.0
    while studentDistribution(limit, degrees) < p, limit < 1e12 { limit *= 2 }
    return bisect(p, between: 0, and: limit) { studentDistribution($0, degrees) }
}

private func studentDistribution(_ t: Double, _ degrees: Double) -> Double {
    1 - 0.5 * betaDistribution(degrees / (degrees + t * t), degrees / 2, 0.5)
}

func betaQuantile(_ p: Double, _ a: Double, _ b: Double) -> Double {
    bisect(p, between: 0, and: 1) { betaDistribution($0, a, b) }
}

/// I_x(a, b)
func betaDistribution(_ x: Double, _ a: Double, _ b: Double) -> Double {
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    if x > (a + 1) / (a + b + 2) { return 1 - betaDistribution(1 - x, b, a) }
    let front = exp(a * log(x) + b * log(1 - x) + lgamma(a + b) - lgamma(a) - lgamma(b)) / a
    return front / continuedFraction(x, a, b)
}

private func continuedFraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    let tiny = 1e-300
    var f = 1.0, c = 1.0, d = 0.0
    for n in 1...300 {
        let m = Double(n / 2)
        let term =
            n % 2 == 0
            ? m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
            : -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 + term * d
        d = 1 / (abs(d) < tiny ? tiny : d)
        c = 1 + term / c
        if abs(c) < tiny { c = tiny }
        f *= c * d
        if abs(c * d - 1) < 1e-15 { break }
    }
    return f
}

private func bisect(_ p: Double, between low: Double, and high: Double, _ distribution: (Double) -> Double) -> Double {
    var low = low, high = high
    for _ in 0..<200 {
        let middle = (low + high) / 2
        if distribution(middle) < p { low = middle } else { high = middle }
    }
    return (low + high) / 2
}
