import Glibc
import Transformer

// Fourier features of digits (Bai et al. 2025; Zhou et al. 2024): a number for each n of 0 ..< P is fitted by waves
// of the frequencies k: cos 2πkn/P and sin 2πkn/P, only (−1)ⁿ for k = P/2, a constant for k = 0. The waves are
// orthogonal, so the fit is a projection. R² is about the mean.
//
// A fit of c columns besides the constant to P random numbers has R² ~ Beta(c/2, (P − 1 − c)/2). The published fit, P
// = 10 with k = 0, 1, 2, 5, has c = 5: a median of 0.56 and a 95th percentile of 0.88 for numbers without any
// structure.

/// How well waves fit rows of numbers over 0 ..< period.
public struct FourierFit: Sendable {
    public let period: Int
    public let frequencies: [Int]
    /// (rows) R² of each row; NaN for a row that is constant.
    public let rSquared: [Double]
    /// What rows of random numbers reach: their median and their 95th percentile.
    public let randomMedian: Double
    public let random95: Double

    public var median: Double { quantile(rSquared.filter(\.isFinite).sorted(), 0.5) }
    /// The share of rows beyond the 95th percentile of random rows: 0.05 for rows without structure.
    public var shareBeyondRandom: Double {
        let finite = rSquared.filter(\.isFinite)
        return Double(finite.count { $0 > random95 }) / Double(max(finite.count, 1))
    }

    /// - Parameter rows: (rows, period)
    /// - Throws: `ProbeError.invalid`, `.lengths`, `.notFinite`.
    public init(_ rows: [Double], period: Int = 10, frequencies: [Int] = [0, 1, 2, 5]) throws(ProbeError) {
        guard period >= 2, !frequencies.isEmpty, frequencies.allSatisfy({ $0 >= 0 && 2 * $0 <= period }),
            Set(frequencies).count == frequencies.count
        else {
            throw .invalid(
                "frequencies \(frequencies) of period \(period)",
                help: "give different ones of 0 to \(max(period, 2) / 2)")
        }
        guard rows.count % period == 0 else {
            throw .lengths("rows of \(period)", found: rows.count % period, expected: period)
        }
        if let bad = rows.firstIndex(where: { !$0.isFinite }) { throw .notFinite("a number to fit", row: bad / period) }
        self.period = period
        self.frequencies = frequencies
        let waves = Self.waves(period, frequencies)
        rSquared = (0..<rows.count / period).map { row in
            let values = rows[row * period..<(row + 1) * period]
            let mean = values.reduce(0, +) / Double(period)
            let total = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            let fitted = waves.reduce(0.0) { sum, wave in
                let product = zip(wave, values).reduce(0) { $0 + $1.0 * ($1.1 - mean) }
                return sum + product * product
            }
            return total > 0 ? fitted / total : .nan
        }
        let columns = Double(waves.count), free = Double(period - 1) - columns
        randomMedian = free > 0 ? betaQuantile(0.5, columns / 2, free / 2) : 1
        random95 = free > 0 ? betaQuantile(0.95, columns / 2, free / 2) : 1
    }

    /// Unit waves besides the constant.
    private static func waves(_ period: Int, _ frequencies: [Int]) -> [[Double]] {
        frequencies.filter { $0 > 0 }.flatMap { k in
            let angles = (0..<period).map { 2 * Double.pi * Double(k * $0) / Double(period) }
            let scale = sqrt((2 * k == period ? 1.0 : 2.0) / Double(period))
            let cosines = angles.map { cos($0) * scale }
            return 2 * k == period ? [cosines] : [cosines, angles.map { sin($0) * scale }]
        }
    }

    /// The median R² of fits with the first one, two, … of the frequencies.
    /// - Throws: as the initializer.
    public static func cumulative(
        _ rows: [Double], period: Int = 10, order: [Int] = [0, 5, 2, 1, 3, 4]
    ) throws(ProbeError) -> [(frequencies: [Int], median: Double, randomMedian: Double)] {
        var steps: [(frequencies: [Int], median: Double, randomMedian: Double)] = []
        for count in order.indices {
            let fit = try FourierFit(rows, period: period, frequencies: Array(order[...count]))
            steps.append((fit.frequencies, fit.median, fit.randomMedian))
        }
        return steps
    }
}

extension LanguageModel {
    /// One row for each of the C dimensions of the token table, with a number for each of `tokens`: what a Fourier fit
    /// of digit embeddings takes.
    /// - Parameter unembedding: read the head's table instead.
    /// - Throws: `BatchError.token`.
    public func dimensions(ofTokens tokens: [Int32], unembedding: Bool = false) throws(BatchError) -> [Double] {
        if let bad = tokens.first(where: { $0 < 0 || Int($0) >= configuration.vocabularySize }) {
            throw .token(bad, vocabularySize: configuration.vocabularySize)
        }
        let tokenTable = configuration.architecture == .gpt2 ? "transformer.wte.weight" : "model.embed_tokens.weight"
        let layout = parameters.layout
        let table = ((unembedding ? layout["lm_head.weight"] : nil) ?? layout[tokenTable]!).range.lowerBound
        let c = configuration.width
        let rows = tokens.map { token in
            parameters.values(table + Int(token) * c..<table + (Int(token) + 1) * c)
        }
        return (0..<c).flatMap { j in rows.map { Double($0[j]) } }
    }
}
