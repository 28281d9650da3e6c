import Glibc

/// How near predictions of numbers come.
public struct RegressionScores: Sendable, Equatable {
    /// 1 − SSE/SST, SST about the mean of the targets at hand; NaN for targets that are all the same.
    public let rSquared: Double
    public let meanAbsoluteError: Double
    public let meanSquaredError: Double

    public init(predictions: [Double], targets: [Double]) {
        let n = Double(max(targets.count, 1))
        let mean = targets.reduce(0, +) / n
        var squares = 0.0, absolutes = 0.0, total = 0.0
        for (prediction, target) in zip(predictions, targets) {
            squares += (prediction - target) * (prediction - target)
            absolutes += abs(prediction - target)
            total += (target - mean) * (target - mean)
        }
        rSquared = 1 - squares / total
        meanAbsoluteError = absolutes / n
        meanSquaredError = squares / n
    }
}

/// How often, and how surely, predictions of classes are right.
public struct ClassificationScores: Sendable, Equatable {
    /// The share of rows in which the right class has the largest logit (the lowest class at a tie).
    public let accuracy: Double
    /// The mean of −log p(right class), in nats.
    public let meanLoss: Double

    /// - Parameter logits: (rows, classCount)
    public init(logits: [Double], classCount: Int, classes: [Int]) {
        var hits = 0, loss = 0.0
        for (row, k) in classes.enumerated() {
            let own = logits[row * classCount..<(row + 1) * classCount]
            if classOfLargest(own) == k { hits += 1 }
            loss += logSumExp(own) - own[own.startIndex + k]
        }
        accuracy = Double(hits) / Double(max(classes.count, 1))
        meanLoss = loss / Double(max(classes.count, 1))
    }
}

func classOfLargest(_ logits: ArraySlice<Double>) -> Int {
    var best = logits.startIndex
    for i in logits.indices where logits[i] > logits[best] { best = i }
    return best - logits.startIndex
}

func logSumExp(_ logits: ArraySlice<Double>) -> Double {
    let top = logits.max() ?? 0
    return top + log(logits.reduce(0) { $0 + exp($1 - top) })
}
