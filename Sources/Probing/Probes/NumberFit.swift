/// Ridge regressions on one matrix of inputs for several columns of numbers, from one pass over the rows.
struct NumberFit {
    /// (columns) the penalty that was chosen.
    private(set) var penalties: [Double] = []
    /// One output for each column, for the inputs about their mean.
    private(set) var map: LinearMap
    /// (held-out rows, columns)
    private var predictions: [Double] = []
    /// For the columns that were to be described.
    private(set) var codes: [CodeLength] = []

    /// Penalties of the online code, strongest first: the first blocks have few rows.
    private static let describingPenalties = [1, 3e-2, 1e-3]

    /// - Parameters:
    ///   - y: (rows, columns) in the order of the split.
    ///   - describing: how many of the columns, from the first, are to be described.
    init(_ x: ProbeInputs, _ y: [Double], columns: Int, split: ProbeSplit, penalties: [Double], describing: Int) {
        map = LinearMap(weights: [], intercepts: [], width: x.width)
        var moments = Moments(width: x.width, targetCount: columns)
        var coders = (0..<describing).map { column in
            NumberCoder(
                numbers: (0..<split.count).map { y[$0 * columns + column] }, firstBlock: split.blockEnds[0],
                Self.describingPenalties.count)
        }
        var row = 0
        for end in Set(split.blockEnds.dropLast() + [split.fitEnd, split.trainEnd]).sorted() {
            x.withRow(row) { x in
                y.withUnsafeBufferPointer { moments.add(x, $0.baseAddress! + row * columns, rows: end - row) }
            }
            row = end
            if end == split.fitEnd { choose(x, y, columns, moments, split, penalties) }
            if end == split.trainEnd { finish(x, moments, split) }
            if describing > 0, let next = split.blockEnds.first(where: { $0 > end }), split.blockEnds.contains(end) {
                Self.describe(x, moments, end..<next, &coders)
            }
        }
        codes = coders.map(\.length)
    }

    /// (held-out rows) the predictions of one column.
    func heldOut(_ column: Int) -> [Double] {
        stride(from: column, to: predictions.count, by: map.outputCount).map { predictions[$0] }
    }

    /// The penalties with the smallest error on the validation rows.
    private mutating func choose(
        _ x: ProbeInputs, _ y: [Double], _ columns: Int, _ moments: Moments, _ split: ProbeSplit, _ candidates: [Double]
    ) {
        penalties = Array(repeating: candidates[0], count: columns)
        guard candidates.count > 1 else { return }
        var best = [Double](repeating: .infinity, count: columns)
        let rows = split.fitEnd..<split.trainEnd
        for candidate in candidates {
            let predictions = x.apply(moments.standardRidge(candidate), rows: rows)
            for column in 0..<columns {
                var error = 0.0
                for (index, row) in rows.enumerated() {
                    let e = predictions[index * columns + column] - y[row * columns + column]
                    error += e * e
                }
                if error < best[column] { (best[column], penalties[column]) = (error, candidate) }
            }
        }
    }

    /// Fits all training rows and predicts the held-out ones.
    private mutating func finish(_ x: ProbeInputs, _ moments: Moments, _ split: ProbeSplit) {
        let columns = moments.targetCount
        map = LinearMap(
            weights: Array(repeating: 0, count: columns * x.width), intercepts: Array(repeating: 0, count: columns),
            width: x.width)
        for penalty in Set(penalties) {
            let fitted = moments.standardRidge(penalty)
            for column in 0..<columns where penalties[column] == penalty {
                let range = column * x.width..<(column + 1) * x.width
                map.weights.replaceSubrange(range, with: fitted.weights[range])
                map.intercepts[column] = fitted.intercepts[column]
            }
        }
        predictions = x.apply(map, rows: split.heldOut)
    }

    private static func describe(
        _ x: ProbeInputs, _ moments: Moments, _ rows: Range<Int>, _ coders: inout [NumberCoder]
    ) {
        let predictions = describingPenalties.map {
            x.apply(moments.standardRidge($0, outputs: coders.count), rows: rows)
        }
        let count = coders.count
        for column in coders.indices {
            coders[column].send(rows) { penalty, index in predictions[penalty][index * count + column] }
        }
    }
}

extension Moments {
    /// Ridge with a penalty per row and in units of the inputs' variances.
    fileprivate func standardRidge(_ penalty: Double, outputs: Int? = nil) -> LinearMap {
        ridge(alpha: penalty * Double(rows), penalties: variances, outputs: outputs)
    }
}

/// The online code of one column of numbers.
private struct NumberCoder {
    private let numbers: [Double]
    private let code: NumberCode
    private var bits: Double
    private var best = 0
    private var deviations: [Double?]

    init(numbers: [Double], firstBlock: Int, _ penaltyCount: Int) {
        self.numbers = numbers
        code = NumberCode(numbers)
        bits = Double(firstBlock) * code.uniformBits
        deviations = Array(repeating: nil, count: penaltyCount)
    }

    var length: CodeLength { CodeLength(bits: bits, uniformBits: Double(numbers.count) * code.uniformBits) }

    /// Sends a block with the predictions that `prediction(penalty, index)` makes from the rows before it.
    mutating func send(_ rows: Range<Int>, _ prediction: (Int, Int) -> Double) {
        let deviation = deviations[best] ?? deviation(before: rows.lowerBound)
        for (index, row) in rows.enumerated() {
            bits += code.bits(numbers[row], mean: prediction(best, index), deviation: deviation)
        }
        var lowest = Double.infinity
        for penalty in deviations.indices {
            var squares = 0.0
            for (index, row) in rows.enumerated() {
                let error = numbers[row] - prediction(penalty, index)
                squares += error * error
            }
            deviations[penalty] = (squares / Double(rows.count)).squareRoot()
            if squares < lowest { (lowest, best) = (squares, penalty) }
        }
    }

    private func deviation(before end: Int) -> Double {
        let known = numbers[..<end]
        let mean = known.reduce(0, +) / Double(end)
        return (known.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(end)).squareRoot()
    }
}
