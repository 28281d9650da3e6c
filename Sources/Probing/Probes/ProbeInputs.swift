/// The inputs of a probe in the order of a split, in double precision and about their mean.
struct ProbeInputs {
    /// (rows, width)
    let values: [Double]
    let rows: Int
    let width: Int
    /// (width) what was taken away.
    let mean: [Double]

    init(_ states: HiddenStates, order: [Int]) {
        (values, mean) = states.values.withUnsafeBufferPointer { centred($0, states.width, order) }
        (rows, width) = (order.count, states.width)
    }

    init(_ values: [Double], width: Int, order: [Int]) {
        (self.values, mean) = values.withUnsafeBufferPointer { centred($0, width, order) }
        (rows, self.width) = (order.count, width)
    }

    /// (rows, width) in single precision.
    var floats: [Float] { values.map { Float($0) } }

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

/// The rows of x (rows, width) in the given order, less their mean, and the mean.
private func centred<Element: BinaryFloatingPoint>(
    _ x: UnsafeBufferPointer<Element>, _ width: Int, _ order: [Int]
) -> (values: [Double], mean: [Double]) {
    var mean = [Double](repeating: 0, count: width)
    let values = [Double](unsafeUninitializedCapacity: order.count * width) { buffer, initialized in
        mean.withUnsafeMutableBufferPointer { mean in
            for row in order { for j in 0..<width { mean[j] += Double(x[row * width + j]) } }
            for j in 0..<width { mean[j] /= Double(max(order.count, 1)) }
            for (place, row) in order.enumerated() {
                for j in 0..<width { buffer[place * width + j] = Double(x[row * width + j]) - mean[j] }
            }
        }
        initialized = order.count * width
    }
    return (values, mean)
}
