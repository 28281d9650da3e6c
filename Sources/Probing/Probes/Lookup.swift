import Glibc

/// Predictors without any model: a constant, or a constant for each token that is read at the position.
struct Lookup {
    /// (rows) the key of each row in the order of the split; all the same for a constant.
    let keys: [Int32]
    let split: ProbeSplit

    /// The held-out rows' means and medians of the training rows with the same key.
    func numbers(_ y: [Double]) -> (means: [Double], medians: [Double]) {
        var known: [Int32: [Double]] = [:]
        for row in 0..<split.trainEnd { known[keys[row], default: []].append(y[row]) }
        let everything = Self.centre(Array(y[..<split.trainEnd]))
        let centres = known.mapValues(Self.centre)
        let found = split.heldOut.map { centres[keys[$0]] ?? everything }
        return (found.map(\.mean), found.map(\.median))
    }

    /// The held-out rows' log frequencies (rows, classes) of the classes among training rows with the same key, one added to each.
    func classes(_ classes: [Int], classCount: Int) -> [Double] {
        var counts: [Int32: [Double]] = [:]
        var everything = [Double](repeating: 1, count: classCount)
        for row in 0..<split.trainEnd {
            counts[keys[row], default: Array(repeating: 1, count: classCount)][classes[row]] += 1
            everything[classes[row]] += 1
        }
        return split.heldOut.flatMap { (counts[keys[$0]] ?? everything).map { log($0) } }
    }

    private static func centre(_ values: [Double]) -> (mean: Double, median: Double) {
        (values.reduce(0, +) / Double(max(values.count, 1)), quantile(values.sorted(), 0.5))
    }
}
