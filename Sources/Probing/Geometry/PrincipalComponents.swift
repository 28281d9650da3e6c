/// The directions in which states vary most.
public struct PrincipalComponents: Sendable {
    /// (width) the mean state.
    public let mean: [Double]
    /// (count, width) unit directions, the largest variance first; each signed so that its largest number is positive.
    public let directions: [Double]
    /// (count) the variance along each.
    public let variances: [Double]
    /// (count) the share of all variance.
    public let explained: [Double]
    public var count: Int { variances.count }

    /// Coordinates (rows, count) of states (rows, width).
    public func project(_ states: [Float]) -> [Double] {
        let width = mean.count
        let centred = states.enumerated().map { Double($1) - mean[$0 % width] }
        let rows = states.count / width
        var out = [Double](repeating: 0, count: rows * count)
        LAPACK.multiply(&out, count, centred, width, directions, width, m: rows, n: count, k: width, transposeB: true)
        return out
    }
}

extension HiddenStates {
    /// The first `count` principal components.
    /// - Throws: `ProbeError.invalid` if there are fewer.
    public func principalComponents(_ count: Int) throws(ProbeError) -> PrincipalComponents {
        guard count >= 1, count <= min(width, rows - 1) else {
            throw .invalid(
                "\(count) components of \(rows) states of width \(width)",
                help: "give 1 to \(max(1, min(width, rows - 1)))")
        }
        let inputs = ProbeInputs(self, order: Array(0..<rows))
        // The Gram matrix of the shorter side has the same eigenvalues.
        let isTall = rows >= width
        let order = isTall ? width : rows
        var gram = [Double](repeating: 0, count: order * order)
        LAPACK.multiply(
            &gram, order, inputs.values, width, inputs.values, width, m: order, n: order, k: isTall ? rows : width,
            transposeA: isTall,
            transposeB: !isTall)
        guard let (values, vectors) = LAPACK.eigen(gram, order) else {
            throw .invalid("the states have no principal components")
        }
        var total = 0.0
        for value in values { total += max(0, value) }
        guard total > 0 else { throw .constantTarget("the state at \(provenance.hook)", value: "the same") }
        var directions: [Double] = []
        for index in 0..<count {
            let vector = Array(vectors[(order - 1 - index) * order..<(order - index) * order])
            directions += signed(isTall ? vector : inputs.combination(vector))
        }
        let largest = (0..<count).map { max(0, values[order - 1 - $0]) }
        return PrincipalComponents(
            mean: inputs.mean, directions: directions, variances: largest.map { $0 / Double(rows - 1) },
            explained: largest.map { $0 / total })
    }
}

extension ProbeInputs {
    /// The unit vector along Σ weights·row.
    fileprivate func combination(_ weights: [Double]) -> [Double] {
        var out = [Double](repeating: 0, count: width)
        LAPACK.multiply(&out, width, weights, rows, values, width, m: 1, n: width, k: rows)
        let length = out.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return length > 0 ? out.map { $0 / length } : out
    }
}

private func signed(_ vector: [Double]) -> [Double] {
    let largest = vector.max { abs($0) < abs($1) } ?? 0
    return largest < 0 ? vector.map(-) : vector
}
