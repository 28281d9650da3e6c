// How the values of a heat map become shares of its colour scale.

import Glibc

struct HeatScale: Equatable {
    let low: Double
    let high: Double
    let centre: Double
    private let isDiverging: Bool

    init(_ map: HeatMap) {
        let finite = map.values.filter(\.isFinite)
        let ends = (map.limits?.lowerBound ?? finite.min() ?? 0, map.limits?.upperBound ?? finite.max() ?? 1)
        switch map.map {
        case .sequential:
            let span = Span(low: ends.0, high: ends.1, scale: .linear)
            // One value everywhere: all cells look alike, and zero looks empty.
            (low, high) = ends.0 < ends.1 ? (span.low, span.high) : (min(ends.0, 0), max(ends.0, ends.0 == 0 ? 1 : 0))
            centre = low
            isDiverging = false
        case .diverging(let center):
            let center = center.isFinite ? max(min(center, 1e300), -1e300) : 0
            let reach = min(max((ends.1 - center).magnitude, (center - ends.0).magnitude), 1e300)
            let used = reach > 0 && reach.isFinite ? reach : 1
            (low, high) = (center - used, center + used)
            centre = center
            isDiverging = true
        }
    }

    /// 0 at `low`, 1 at `high`, values beyond them included; nil for a cell without a value.
    func share(_ value: Double) -> Double? {
        guard value.isFinite else { return nil }
        guard high > low, (high - low).isFinite else { return 0 }
        return min(max((max(min(value, 8e307), -8e307) - low) / (high - low), 0), 1)
    }

    /// How much a value counts where cells are merged.
    func weight(_ value: Double) -> Double { isDiverging ? (value - centre).magnitude : value }

    /// An end of the scale, with the digits that matter on it: one percent of its length.
    func label(_ value: Double) -> String {
        let length = high - low
        guard length >= 1e-3, length < 1e5 else { return FigureNumber.short(value.rounded(toDigits: 3)) }
        if value == 0 || [low, centre, high].allSatisfy({ $0 == $0.rounded() }) {
            return FigureNumber.fixed(value, decimals: 0)
        }
        let exponent = Int(floor(log10(length) + 1e-9))
        return FigureNumber.fixed(value, decimals: exponent < 0 ? 1 - exponent : max(0, 2 - exponent))
    }

    /// The cells' numbers with the same decimals throughout, empty where there is no value.
    func numbers(_ values: [Double]) -> [String] {
        let finite = values.filter(\.isFinite)
        let largest = finite.reduce(0) { max($0, $1.magnitude) }
        if largest >= 1e5 || (largest > 0 && largest < 1e-2) {
            return values.map { $0.isFinite ? FigureNumber.scientific($0, digits: 2) : "" }
        }
        let isWhole = finite.allSatisfy { $0 == $0.rounded() }
        let decimals = isWhole || largest >= 100 ? 0 : largest >= 10 ? 1 : 2
        return values.map { $0.isFinite ? FigureNumber.fixed($0, decimals: decimals) : "" }
    }
}

extension Double {
    /// The nearest number with that many significant digits.
    func rounded(toDigits digits: Int) -> Double {
        guard isFinite, self != 0 else { return self }
        let scale = pow(10, Double(digits - 1) - floor(log10(magnitude)))
        let rounded = (self * scale).rounded() / scale
        return rounded.isFinite ? rounded : self
    }
}
