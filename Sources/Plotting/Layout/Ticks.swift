// Where an axis is divided.
//
// Linear axes: the step is the smallest of 1, 2, 5 times a power of ten (2.5 is left out: 0.25 needs a digit more than
// its neighbours) that gives at most the wanted number of divisions, after P. Heckbert, "Nice numbers for graph
// labels", Graphics Gems (1990); ticks are the multiples of it. Axes that count (all values whole) get whole steps
// only. Logarithmic axes: powers of ten, or every k-th of them; with room for more, 1, 2 and 5 times each, or 1, 2, 3,
// 5 and 7.

import Glibc

struct Ticks: Equatable {
    var values: [Double]
    var labels: [String]

    static let none = Ticks(values: [], labels: [])

    /// The step between ticks for a stretch of `span`, giving at most `count` divisions.
    static func step(span: Double, count: Int, whole: Bool = false) -> Double {
        guard span > 0, span.isFinite else { return 1 }
        let rough = span / Double(max(count, 1))
        let power = max(pow(10, floor(log10(rough))), .leastNormalMagnitude)
        let mantissa = rough / power
        let nice: Double = mantissa <= 1 + 1e-9 ? 1 : mantissa <= 2 + 1e-9 ? 2 : mantissa <= 5 + 1e-9 ? 5 : 10
        return whole ? max(1, nice * power) : nice * power
    }

    /// `low` and `high` moved outwards to the next ticks.
    static func loosened(_ low: Double, _ high: Double, count: Int, whole: Bool = false) -> (Double, Double) {
        let step = step(span: high - low, count: count, whole: whole)
        // A thousandth of a step of slack: 0.30000000000000004 needs no tick of its own.
        let loose = (floor(low / step + 1e-3) * step, ceil(high / step - 1e-3) * step)
        guard loose.0.isFinite, loose.1.isFinite, loose.0 < loose.1 else { return (low, high) }
        return (min(loose.0, low), max(loose.1, high))
    }

    /// Multiples of a nice step between `low` and `high`.
    static func linear(_ low: Double, _ high: Double, count: Int, whole: Bool = false) -> Ticks {
        let step = step(span: high - low, count: count, whole: whole)
        let first = ceil(low / step - 1e-6)
        var values: [Double] = []
        for index in 0...(max(count, 1) + 2) {
            let value = (first + Double(index)) * step
            guard value.isFinite, value <= high + step * 1e-6 else { break }
            // Far from zero neighbouring ticks can be the same number.
            if value != values.last { values.append(value) }
        }
        return Ticks(values: values, labels: FigureNumber.ticks(values, step: step))
    }

    /// Powers of ten between `low` and `high`, both positive.
    static func logarithmic(_ low: Double, _ high: Double, count: Int) -> Ticks {
        let first = ceil(log10(low) - 1e-9)
        let last = floor(log10(high) + 1e-9)
        let decades = last - first + 1
        var values: [Double] = []
        if decades >= 2, decades * 3 > Double(count) {
            let stride = max(1, ceil(decades / Double(max(count, 2))))
            var exponent = first
            while exponent <= last, values.count < 700 {
                values.append(pow(10, exponent))
                exponent += stride
            }
        } else {
            let powers = (0...max(0, Int(decades))).map { pow(10, first - 1 + Double($0)) }
            let (least, most) = (low * (1 - 1e-9), high * (1 + 1e-9))
            for mantissas: [Double] in [[1, 2, 5], [1, 2, 3, 5, 7]] where values.count < 3 {
                values = powers.flatMap { power in mantissas.map { $0 * power } }.filter { $0 >= least && $0 <= most }
            }
            if values.count < 2 { return linear(low, high, count: count) }
        }
        let labels = values.map { value in
            value >= 1e4 || value < 1e-3
                ? FigureNumber.scientific(value, digits: 1)
                : FigureNumber.fixed(value, decimals: max(0, Int(-floor(log10(value) + 1e-9))))
        }
        return Ticks(values: values, labels: labels)
    }

    /// The names of categories whose places lie between the ends of an axis.
    static func categories(_ names: [String], low: Double, high: Double) -> Ticks {
        let seen = names.indices.filter { Double($0) >= low && Double($0) <= high }
        return Ticks(values: seen.map(Double.init), labels: seen.map { Label.neutral(names[$0]) })
    }

    /// Every k-th tick, counted from the first.
    func every(_ stride: Int) -> Ticks {
        let kept = values.indices.filter { $0 % max(stride, 1) == 0 }
        return Ticks(values: kept.map { values[$0] }, labels: kept.map { labels[$0] })
    }
}
