import Glibc

/// Predictors without any model: a constant, or a constant for each token that is read at the position.
struct Lookup {
    /// (rows) the key of each row in the order of the split, 0 ..< keyCount.
    let keys: [Int]
    let keyCount: Int
    let split: ProbeSplit

    /// The held-out rows' means and medians of the training rows with the same key.
    func numbers(_ y: [Double]) -> (means: [Double], medians: [Double]) {
        var known = [[Double]](repeating: [], count: keyCount)
        for row in 0..<split.trainEnd { known[keys[row]].append(y[row]) }
        let everything = Self.centre(Array(y[..<split.trainEnd]))
        let centres = known.map { $0.isEmpty ? everything : Self.centre($0) }
        return (split.heldOut.map { centres[keys[$0]].mean }, split.heldOut.map { centres[keys[$0]].median })
    }

    /// The held-out rows' log frequencies (rows, classes) of the classes among training rows with the same key, one
    /// added to each.
    func classes(_ classes: [Int], classCount: Int) -> [Double] {
        var counts = [[Double]](repeating: Array(repeating: 1, count: classCount), count: keyCount)
        for row in 0..<split.trainEnd { counts[keys[row]][classes[row]] += 1 }
        var everything = [Double](repeating: 1, count: classCount)
        for row in 0..<split.trainEnd { everything[classes[row]] += 1 }
        let isKnown = counts.map { $0.reduce(0, +) > Double(classCount) }
        let logs = counts.indices.map { (isKnown[$0] ? counts[$0] : everything).map { log($0) } }
        return split.heldOut.flatMap { logs[keys[$0]] }
    }

    private static func centre(_ values: [Double]) -> (mean: Double, median: Double) {
        (values.reduce(0, +) / Double(max(values.count, 1)), quantile(values.sorted(), 0.5))
    }
}
