import Glibc
import Tensors

/// A number and where it may lie.
public struct Interval: Sendable, Equatable {
    public let value: Double
    public let low: Double
    public let high: Double

    public init(value: Double, low: Double, high: Double) {
        self.value = value
        self.low = low
        self.high = high
    }

    /// A number known exactly.
    init(exactly value: Double) { self.init(value: value, low: value, high: value) }
}

extension Interval {
    /// Wilson's interval (1927) of a proportion; it keeps a width where every trial or none succeeded.
    /// - Parameters:
    ///   - share: the proportion found, 0 to 1.
    ///   - trials: how many independent trials it was found in.
    public static func wilson(share: Double, trials: Int, confidence: Double = 0.95) -> Interval {
        guard trials > 0 else { return Interval(value: share, low: 0, high: 1) }
        let z = normalQuantile(0.5 + confidence / 2)
        let n = Double(trials)
        let centre = (share + z * z / (2 * n)) / (1 + z * z / n)
        let half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
        // Where all or none succeed, one end is exactly that, which the rounding of the root would miss.
        return Interval(
            value: share, low: share == 0 ? 0 : max(0, centre - half), high: share == 1 ? 1 : min(1, centre + half))
    }

    /// Student's interval of the mean of a few values, for example one for each seed. One value has an infinite
    /// interval.
    public static func student(_ values: [Double], confidence: Double = 0.95) -> Interval {
        let n = Double(values.count)
        guard n > 0 else { return Interval(value: .nan, low: -.infinity, high: .infinity) }
        let mean = values.reduce(0, +) / n
        guard n > 1 else { return Interval(value: mean, low: -.infinity, high: .infinity) }
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (n - 1)
        let half = studentQuantile(0.5 + confidence / 2, degrees: n - 1) * sqrt(variance / n)
        return Interval(value: mean, low: mean - half, high: mean + half)
    }
}

/// Resamples of whole groups of held-out rows, drawn once and used for every score on these rows, so that differences
/// between scores are paired.
struct Bootstrap {
    /// How often group g is drawn in replicate r, (replicates, groups); the last row is every group once.
    private let counts: [Double]
    private let replicates: Int
    private let groupCount: Int
    private let groupOfRow: [Int]
    let confidence: Double

    /// - Parameter groups: (rows) the group that each row belongs to.
    init(groups: [Int], replicates: Int, confidence: Double, random: RandomSource) {
        var numbers: [Int: Int] = [:]
        groupOfRow = groups.map { group in
            if let known = numbers[group] { return known }
            numbers[group] = numbers.count
            return numbers.count - 1
        }
        groupCount = numbers.count
        self.replicates = replicates
        self.confidence = confidence
        var random = random
        var counts = [Double](repeating: 0, count: replicates * groupCount)
        for r in 0..<replicates { for _ in 0..<groupCount { counts[r * groupCount + random.below(groupCount)] += 1 } }
        self.counts = counts + Array(repeating: 1, count: groupCount)
    }

    /// A statistic on all rows and on every replicate.
    struct Sample {
        let value: Double
        let replicates: [Double]

        static func - (left: Sample, right: Sample) -> Sample {
            Sample(value: left.value - right.value, replicates: zip(left.replicates, right.replicates).map { $0 - $1 })
        }
    }

    /// Sums of columns over the rows of every replicate, and last over all rows once.
    struct Sums {
        fileprivate let values: [Double]  // (replicates + 1, columns)
        fileprivate let columnCount: Int
        subscript(replicate: Int, column: Int) -> Double { values[replicate * columnCount + column] }
    }

    /// - Parameter columns: each (rows) of what is summed.
    func sums(_ columns: [[Double]]) -> Sums {
        let count = columns.count
        var perGroup = [Double](repeating: 0, count: groupCount * count)
        for (index, column) in columns.enumerated() {
            for (row, group) in groupOfRow.enumerated() { perGroup[group * count + index] += column[row] }
        }
        var drawn = [Double](repeating: 0, count: (replicates + 1) * count)
        LAPACK.multiply(&drawn, count, counts, groupCount, perGroup, count, m: replicates + 1, n: count, k: groupCount)
        return Sums(values: drawn, columnCount: count)
    }

    /// - Parameter statistic: what is made of the sums of a replicate.
    func sample(_ statistic: (_ replicate: Int) -> Double) -> Sample {
        Sample(value: statistic(replicates), replicates: (0..<replicates).map(statistic))
    }

    /// Percentiles of the replicates about the value.
    func interval(_ sample: Sample) -> Interval {
        let sorted = sample.replicates.filter(\.isFinite).sorted()
        guard !sorted.isEmpty else { return Interval(exactly: sample.value) }
        let tail = (1 - confidence) / 2
        return Interval(value: sample.value, low: quantile(sorted, tail), high: quantile(sorted, 1 - tail))
    }

    /// How many groups the rows form.
    var independentCount: Int { groupCount }
}

/// The value below which a share `p` of the sorted values lies, with linear interpolation.
func quantile(_ sorted: [Double], _ p: Double) -> Double {
    guard let last = sorted.last else { return .nan }
    let at = p * Double(sorted.count - 1)
    let index = Int(at)
    guard index + 1 < sorted.count else { return last }
    return sorted[index] + (at - Double(index)) * (sorted[index + 1] - sorted[index])
}
