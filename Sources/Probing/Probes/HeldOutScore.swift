import Glibc

/// What one predictor reached on the held-out rows, with the resamples that intervals and differences come from.
struct HeldOutScore {
    /// R² of numbers, accuracy of classes: more is better.
    let primary: Bootstrap.Sample
    /// Mean absolute error of numbers, mean −log p of classes in nats: less is better.
    let error: Bootstrap.Sample
    private let isShare: Bool
    private let bootstrap: Bootstrap
    private let confidence: Double

    /// - Parameters:
    ///   - predictions: (rows) minimising squares.
    ///   - medians: (rows) minimising absolute errors, where they are others.
    init(predictions: [Double], medians: [Double]? = nil, numbers: [Double], _ bootstrap: Bootstrap, confidence: Double) {
        let mean = numbers.reduce(0, +) / Double(max(numbers.count, 1))
        var sums: [Double] = []
        sums.reserveCapacity(5 * numbers.count)
        for (row, number) in numbers.enumerated() {
            let e = predictions[row] - number, y = number - mean
            sums += [1, y, y * y, e * e, abs((medians ?? predictions)[row] - number)]
        }
        primary = bootstrap.sample(sums, count: 5) { 1 - $0[3] / ($0[2] - $0[1] * $0[1] / $0[0]) }
        error = bootstrap.sample(sums, count: 5) { $0[4] / $0[0] }
        isShare = false
        self.bootstrap = bootstrap
        self.confidence = confidence
    }

    /// - Parameter logits: (rows, classCount)
    init(logits: [Double], classCount: Int, classes: [Int], _ bootstrap: Bootstrap, confidence: Double) {
        var sums: [Double] = []
        sums.reserveCapacity(3 * classes.count)
        for (row, k) in classes.enumerated() {
            let own = logits[row * classCount..<(row + 1) * classCount]
            sums += [1, classOfLargest(own) == k ? 1 : 0, logSumExp(own) - own[own.startIndex + k]]
        }
        primary = bootstrap.sample(sums, count: 3) { $0[1] / $0[0] }
        error = bootstrap.sample(sums, count: 3) { $0[2] / $0[0] }
        isShare = true
        self.bootstrap = bootstrap
        self.confidence = confidence
    }

    var report: ProbeScore {
        // Wilson for a share, each group counted once: resampling knows no doubt about 100 %.
        let primary = isShare
            ? Interval.wilson(share: primary.value, trials: bootstrap.independentCount, confidence: confidence) : bootstrap.interval(primary)
        return ProbeScore(primary: primary, error: bootstrap.interval(error))
    }

    /// How much more this reaches than `other`.
    func margin(over other: HeldOutScore) -> Interval { bootstrap.interval(primary - other.primary) }
}
