// The stretch of values that an axis shows, and where a value lies on it.

import Glibc

struct Span: Equatable {
    let low: Double
    let high: Double
    let scale: Axis.Scale

    /// Larger magnitudes would overflow in `high - low`.
    private static let largest = 8e307

    /// Makes room where there is none: a single value gets a stretch around it, no value at all 0 to 1.
    init(low: Double, high: Double, scale: Axis.Scale) {
        var low = max(min(low, Self.largest), -Self.largest)
        var high = max(min(high, Self.largest), -Self.largest)
        if low.isNaN || high.isNaN { (low, high) = (0, 1) }
        if low > high { swap(&low, &high) }
        switch scale {
        case .linear:
            // Closer together than rounding allows to divide.
            let margin = max(low.magnitude, high.magnitude) * 1e-12
            if high - low <= margin || high - low < 1e-300 {
                let room = low == 0 ? 0.5 : low.magnitude * 0.1
                low -= max(room, 1e-300)
                high += max(room, 1e-300)
            }
        case .log:
            if high <= 0 { (low, high) = (1, 10) }
            if low <= 0 { low = high / 1000 }
            low = max(low, 1e-300)
            high = max(high, 1e-300)
            if high / low < 1 + 1e-9 { (low, high) = (low / 2, high * 2) }
        }
        self.low = low
        self.high = high
        self.scale = scale
    }

    /// Where `value` lies: 0 at `low`, 1 at `high`, beyond them outside; nil for what the axis cannot show.
    func position(_ value: Double) -> Double? {
        guard value.isFinite else { return nil }
        switch scale {
        case .linear:
            let value = max(min(value, Self.largest), -Self.largest)
            return (value - low) / (high - low)
        case .log:
            guard value > 0 else { return nil }
            return (log10(value) - log10(low)) / (log10(high) - log10(low))
        }
    }

    /// `position` within 0 to 1.
    func clamped(_ value: Double) -> Double? { position(value).map { min(max($0, 0), 1) } }
}

/// A point in units of a panel: 0 to 1 from left to right and from bottom to top.
struct Point: Equatable {
    var x: Double
    var y: Double

    init(_ x: Double, _ y: Double) {
        self.x = x
        self.y = y
    }

    var isInside: Bool { x >= 0 && x <= 1 && y >= 0 && y <= 1 }
}

/// The part of the line from `a` to `b` inside the unit square, or nil (Liang and Barsky 1984).
func clipped(_ a: Point, _ b: Point) -> (Point, Point)? {
    let (dx, dy) = (b.x - a.x, b.y - a.y)
    guard dx.isFinite, dy.isFinite else { return nil }
    var (enter, leave) = (0.0, 1.0)
    for (p, q) in [(-dx, a.x), (dx, 1 - a.x), (-dy, a.y), (dy, 1 - a.y)] {
        if p == 0 {
            if q < 0 { return nil }
        } else if p < 0 {
            enter = max(enter, q / p)
        } else {
            leave = min(leave, q / p)
        }
    }
    guard enter <= leave else { return nil }
    return (Point(a.x + enter * dx, a.y + enter * dy), Point(a.x + leave * dx, a.y + leave * dy))
}
