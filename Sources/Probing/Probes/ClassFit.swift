/// Multinomial regression on one matrix of inputs for one column of classes.
struct ClassFit {
    let penalty: Double
    /// One output for each class, for the inputs about their mean.
    let map: LinearMap
    /// (held-out rows, classes)
    let heldOut: [Double]
    let code: CodeLength?

    private static let describingPenalties = [1e-1, 1e-2]
    /// In nats: far below what a held-out score can show.
    private static let tolerance = 1e-6
    private static let iterations = 100

    /// - Parameter classes: (rows) in the order of the split.
    /// - Throws: `ProbeError.separable` for a penalty of 0 without a minimum.
    init(
        _ x: ProbeInputs, _ prefixes: PrefixMoments, _ classes: [Int], classCount: Int, split: ProbeSplit,
        penalties: [Double],
        describes: Bool, name: String
    ) throws(ProbeError) {
        var start: LinearMap?
        var chosen = penalties[0]
        if penalties.count > 1 {
            var best = Double.infinity
            let rows = split.fitEnd..<split.trainEnd
            for penalty in penalties {
                let fit = Self.solve(x, prefixes, classes, classCount, split.fitEnd, penalty, start)
                start = start ?? fit.map
                let logits = x.apply(fit.map, rows: rows)
                let loss = ClassificationScores(logits: logits, classCount: classCount, classes: Array(classes[rows]))
                    .meanLoss
                if loss < best { (best, chosen, start) = (loss, penalty, fit.map) } else { break }
            }
        }
        let fit = Self.solve(x, prefixes, classes, classCount, split.trainEnd, chosen, start)
        if chosen == 0, !fit.isConverged || Self.isSeparating(fit.map, x, classes[..<split.trainEnd], classCount) {
            throw .separable(name)
        }
        penalty = chosen
        map = fit.map
        heldOut = x.apply(fit.map, rows: split.heldOut)
        code = describes ? Self.describe(x, prefixes, classes, classCount, split) : nil
    }

    /// Whether every row's own class leads: then greater weights are always better ones, and nothing is a minimum.
    private static func isSeparating(
        _ map: LinearMap, _ x: ProbeInputs, _ classes: ArraySlice<Int>, _ classCount: Int
    ) -> Bool {
        let logits = x.apply(map, rows: classes.indices)
        return ClassificationScores(logits: logits, classCount: classCount, classes: Array(classes)).accuracy == 1
    }

    private static func solve(
        _ x: ProbeInputs, _ prefixes: PrefixMoments, _ classes: [Int], _ classCount: Int, _ rows: Int,
        _ penalty: Double,
        _ start: LinearMap?
    ) -> MultinomialProblem<Float>.Fit {
        prefixes.values.withUnsafeBufferPointer { values in
            let moments = prefixes[rows]
            let problem = MultinomialProblem(
                x: values.baseAddress!, moments: moments, classes: classes, classCount: classCount)
            return problem.solve(
                alpha: penalty, penalties: moments.variances, from: start, tolerance: tolerance, iterations: iterations)
        }
    }

    private static func describe(
        _ x: ProbeInputs, _ prefixes: PrefixMoments, _ classes: [Int], _ classCount: Int, _ split: ProbeSplit
    ) -> CodeLength {
        let uniform = NumberCode((0..<classCount).map(Double.init)).uniformBits
        var bits = Double(split.blockEnds[0]) * uniform
        var best = 0
        var starts = [LinearMap?](repeating: nil, count: describingPenalties.count)
        for (end, next) in zip(split.blockEnds, split.blockEnds.dropFirst()) {
            var lowest = Double.infinity
            var following = best
            for (index, penalty) in describingPenalties.enumerated() {
                let map = solve(x, prefixes, classes, classCount, end, penalty, starts[index]).map
                starts[index] = map
                let logits = x.apply(map, rows: end..<next)
                var cost = 0.0
                for row in end..<next {
                    cost += classBits(logits[(row - end) * classCount..<(row - end + 1) * classCount], classes[row])
                }
                if index == best { bits += cost }
                if cost < lowest { (lowest, following) = (cost, index) }
            }
            best = following
        }
        return CodeLength(bits: bits, uniformBits: Double(split.count) * uniform)
    }
}

/// What all fits of classes on the same inputs share: the inputs in single precision, and the moments of every prefix
/// of their rows that a probe is fitted on.
struct PrefixMoments {
    /// (rows, width)
    let values: [Float]
    private var moments: [Int: Moments] = [:]

    init(_ x: ProbeInputs, _ split: ProbeSplit, describes: Bool) {
        values = x.floats
        var sums = Moments(width: x.width, targetCount: 0)
        let ends = [split.fitEnd, split.trainEnd] + (describes ? split.blockEnds.dropLast() : [])
        var row = 0
        for end in Set(ends).sorted() {
            x.withRow(row) { sums.add($0, $0, rows: end - row) }
            row = end
            moments[end] = sums
        }
    }

    subscript(end: Int) -> Moments {
        guard let found = moments[end] else { preconditionFailure("no moments of \(end) rows") }
        return found
    }
}
