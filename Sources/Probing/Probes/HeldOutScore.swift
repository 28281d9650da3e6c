import Glibc

/// What one predictor reached on held-out rows, with the resamples that intervals and differences come from.
struct HeldOutScore {
    /// R² of numbers, accuracy of classes: more is better.
    let primary: Bootstrap.Sample
    /// Mean absolute error of numbers, mean −log p of classes in nats: less is better.
    let error: Bootstrap.Sample
    fileprivate let labels: HeldOutLabels

    var report: ProbeScore {
        let bootstrap = labels.bootstrap
        // Wilson for a share, each group counted once: resampling knows no doubt about 100 %.
        let primary =
            labels.areClasses
            ? Interval.wilson(
                share: primary.value, trials: bootstrap.independentCount, confidence: bootstrap.confidence)
            : bootstrap.interval(primary)
        return ProbeScore(primary: primary, error: bootstrap.interval(error))
    }

    /// How much more this reaches than `other`.
    func margin(over other: HeldOutScore) -> Interval { labels.bootstrap.interval(primary - other.primary) }
}

/// Labels of held-out rows, with what every score against them needs from the resamples.
struct HeldOutLabels {
    enum Values {
        case numbers([Double])
        case classes([Int], count: Int)
    }

    let values: Values
    let bootstrap: Bootstrap
    /// Rows, and for numbers also Σ y and Σ y² about their mean.
    fileprivate let base: Bootstrap.Sums

    init(_ values: Values, _ bootstrap: Bootstrap) {
        self.values = values
        self.bootstrap = bootstrap
        switch values {
        case .classes(let classes, _): base = bootstrap.sums([Array(repeating: 1, count: classes.count)])
        case .numbers(let numbers):
            let mean = numbers.reduce(0, +) / Double(max(numbers.count, 1))
            let y = numbers.map { $0 - mean }
            base = bootstrap.sums([Array(repeating: 1, count: y.count), y, y.map { $0 * $0 }])
        }
    }

    var areClasses: Bool { if case .classes = values { true } else { false } }
}

/// Predictors that are scored against labels of the same held-out rows, all in one product with the resamples.
struct ScoreSheet {
    private var labels: [HeldOutLabels] = []
    /// Two columns (rows) for each predictor: squared and absolute errors, or hits and losses.
    private var columns: [[Double]] = []

    /// Enters predictions of numbers; returns the predictor's place in `scores`.
    /// - Parameters:
    ///   - predictions: (rows) those that make squared errors small.
    ///   - medians: (rows) those that make absolute errors small, where they are others.
    mutating func enter(numbers predictions: [Double], medians: [Double]? = nil, _ labels: HeldOutLabels) -> Int {
        guard case .numbers(let numbers) = labels.values else {
            preconditionFailure("numbers are scored against numbers")
        }
        columns.append(zip(predictions, numbers).map { ($0 - $1) * ($0 - $1) })
        columns.append(zip(medians ?? predictions, numbers).map { abs($0 - $1) })
        self.labels.append(labels)
        return self.labels.count - 1
    }

    /// Enters logits (rows, classes); returns the predictor's place in `scores`.
    mutating func enter(logits: [Double], _ labels: HeldOutLabels) -> Int {
        guard case .classes(let classes, let count) = labels.values else {
            preconditionFailure("logits are scored against classes")
        }
        let rows = classes.indices.map { logits[$0 * count..<($0 + 1) * count] }
        columns.append(zip(rows, classes).map { classOfLargest($0) == $1 ? 1 : 0 })
        columns.append(zip(rows, classes).map { logSumExp($0) - $0[$0.startIndex + $1] })
        self.labels.append(labels)
        return self.labels.count - 1
    }

    /// The score of every predictor, in the order they were entered.
    func scores() -> [HeldOutScore] {
        guard let bootstrap = labels.first?.bootstrap else { return [] }
        let sums = bootstrap.sums(columns)
        return labels.indices.map { index in
            let own = labels[index], first = 2 * index
            let primary =
                own.areClasses
                ? bootstrap.sample { sums[$0, first] / own.base[$0, 0] }
                : bootstrap.sample { r in
                    1 - sums[r, first] / (own.base[r, 2] - own.base[r, 1] * own.base[r, 1] / own.base[r, 0])
                }
            return HeldOutScore(
                primary: primary, error: bootstrap.sample { sums[$0, first + 1] / own.base[$0, 0] }, labels: own)
        }
    }
}
