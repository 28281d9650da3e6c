// Histogram bins whose edges are round numbers.
//
// Their width is the nice step nearest to the wanted number of bins: by default the Freedman-Diaconis width
// 2 · IQR · n^(-1/3), kept between 5 and 60 bins. Few different whole numbers get one bin each, centred on the number.

import Glibc

struct Bins: Equatable {
    var origin: Double
    var width: Double
    var count: Int

    init?(_ samples: [Sample]) {
        let values = samples.flatMap { $0.values.filter { $0.isFinite && $0.magnitude < 1e300 } }.sorted()
        guard let low = values.first, let high = values.last else { return nil }
        if high - low <= 40, values.allSatisfy({ $0 == $0.rounded() && $0.magnitude < 1e9 }),
            samples.allSatisfy({ $0.bins == nil })
        {
            origin = low - 0.5
            width = 1
            count = Int(high - low) + 1
            return
        }
        let span = Span(low: low, high: high, scale: .linear)
        var wanted = samples.compactMap(\.bins).max().map { Double(min(max($0, 1), 500)) } ?? 0
        if wanted == 0 {
            let iqr = values[values.count * 3 / 4] - values[values.count / 4]
            let ideal = 2 * iqr / pow(Double(values.count), 1.0 / 3)
            // The step is rounded up, which makes fewer bins than were wanted.
            wanted = ideal > 0 ? min(max((high - low) / ideal * 1.4, 5), 60) : 10
        }
        width = Ticks.step(span: span.high - span.low, count: Int(wanted))
        origin = floor(span.low / width) * width
        let needed = floor((high - origin) / width) + 1
        guard origin.isFinite, width > 0, needed >= 1, needed <= 1002 else { return nil }
        count = Int(needed)
        // A largest value on an edge belongs to the bin before it, not to one of its own.
        if count > 1, high <= origin + Double(count - 1) * width { count -= 1 }
    }

    /// How many of `values` lie in each bin.
    func counts(_ values: [Double]) -> [Double] {
        var counts = [Double](repeating: 0, count: count)
        for value in values {
            let place = floor((value - origin) / width)
            guard place >= 0, place <= Double(count) else { continue }
            counts[min(Int(place), count - 1)] += 1
        }
        return counts
    }

    func low(_ index: Int) -> Double { origin + Double(index) * width }
    var high: Double { low(count) }
}
