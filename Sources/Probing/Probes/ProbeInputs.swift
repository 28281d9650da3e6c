/// The inputs of a probe in the order of a split, in double precision and about their mean.
struct ProbeInputs {
    /// (rows, width)
    let values: [Double]
    let rows: Int
    let width: Int
    /// (width) what was taken away.
    let mean: [Double]

    init(_ states: HiddenStates, order: [Int]) {
        self.init(width: states.width, order: order) { Double(states.values[$0]) }
    }

    init(_ values: [Double], width: Int, order: [Int]) {
        self.init(width: width, order: order) { values[$0] }
    }

    private init(width: Int, order: [Int], _ element: (Int) -> Double) {
        var mean = [Double](repeating: 0, count: width)
        for row in order { for j in 0..<width { mean[j] += element(row * width + j) } }
        for j in 0..<width { mean[j] /= Double(max(order.count, 1)) }
        values = [Double](unsafeUninitializedCapacity: order.count * width) { buffer, initialized in
            for (place, row) in order.enumerated() { for j in 0..<width { buffer[place * width + j] = element(row * width + j) - mean[j] } }
            initialized = order.count * width
        }
        rows = order.count
        self.width = width
        self.mean = mean
    }

    func withRow<R>(_ row: Int, _ body: (UnsafePointer<Double>) -> R) -> R {
        values.withUnsafeBufferPointer { body($0.baseAddress! + row * width) }
    }

    /// (rows.count, outputs)
    func apply(_ map: LinearMap, rows: Range<Int>) -> [Double] {
        [Double](unsafeUninitializedCapacity: rows.count * map.outputCount) { out, initialized in
            withRow(rows.lowerBound) { map.apply($0, rows: rows.count, to: out.baseAddress!) }
            initialized = rows.count * map.outputCount
        }
    }

    /// The same map for inputs as they are.
    func undoingMean(_ map: LinearMap) -> LinearMap {
        var map = map
        for output in 0..<map.outputCount {
            for j in 0..<width { map.intercepts[output] -= map.weights[output * width + j] * mean[j] }
        }
        return map
    }
}
