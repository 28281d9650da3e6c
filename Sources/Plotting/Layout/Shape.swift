// The few kinds of things that renderers draw. Marks become shapes once, here: clipped to the panel, in units of it,
// with the number of their series. So a terminal and a page cannot disagree about what a figure says.

enum Shape: Equatable {
    /// Runs of joined points; `points` are the data's own points inside the panel.
    case path(series: Int, runs: [[Point]], points: [Point])
    case scatter(series: Int, points: [Point])
    /// Bars with their centre and from where to where they reach; `place` of `places` in the slot around the centre.
    case bars(series: Int, place: Int, places: Int, slot: Double, bars: [Bar])
    /// Histogram bins; outlined where several histograms lie over each other.
    case bins(series: Int, bins: [Bin], isOutline: Bool)
    case area(series: Int, runs: [[Reach]])
    case whiskers(series: Int, reaches: [Reach])
    case rule(Reference.Direction, at: Double, label: String)
    case note(String, Point)

    struct Bar: Equatable {
        var x: Double
        var from: Double
        var to: Double
        /// In units of the data, however much of it is seen.
        var value: Double
    }

    struct Bin: Equatable {
        var left: Double
        var right: Double
        var height: Double
    }

    /// From low to high at x.
    struct Reach: Equatable {
        var x: Double
        var low: Double
        var high: Double
        /// In units of the data, however much of it is seen.
        var values: (low: Double, high: Double)

        static func == (a: Reach, b: Reach) -> Bool {
            a.x == b.x && a.low == b.low && a.high == b.high && a.values == b.values
        }
    }
}

/// Turns the marks of a panel into shapes.
struct ShapeMaker {
    let x: Span
    let y: Span
    let bins: Bins?
    /// Names of the figure's series in the order of the legend.
    let names: [String]

    func shapes(_ marks: [Mark]) -> [Shape] {
        let barNames = ShapeMaker.barNames(marks)
        let slot = ShapeMaker.barSpacing(marks)
        let histograms = marks.count { if case .histogram = $0 { true } else { false } }
        return marks.compactMap { mark -> Shape? in
            switch mark {
            case .line(let line): return path(line)
            case .points(let points):
                return .scatter(
                    series: number(points.name), points: placed(points.x, points.y).compactMap { $0 }.filter(\.isInside)
                )
            case .bars(let bars):
                return self.bars(
                    bars, place: barNames.firstIndex(of: bars.name) ?? 0, places: barNames.count, slot: slot)
            case .histogram(let sample): return histogram(sample, isOutline: histograms > 1)
            case .heatMap: return nil
            case .reference(let reference): return rule(reference)
            case .band(let band): return .area(series: number(band.name), runs: runs(reaches(band)))
            case .errorBars(let bars):
                return .whiskers(
                    series: number(bars.name),
                    reaches: reaches(bars).compactMap { $0 }.filter { $0.x >= 0 && $0.x <= 1 })
            case .text(let note):
                guard let px = x.position(note.x), let py = y.position(note.y) else { return nil }
                let point = Point(px, py)
                return point.isInside ? .note(Label.neutral(note.text), point) : nil
            }
        }
    }

    /// The different names of bar series, each of which has its place in a slot.
    static func barNames(_ marks: [Mark]) -> [String] {
        var names: [String] = []
        for case .bars(let bars) in marks where !names.contains(bars.name) { names.append(bars.name) }
        return names
    }

    /// The smallest distance between the x of two bars, 1 where there is only one.
    static func barSpacing(_ marks: [Mark]) -> Double {
        var places: [Double] = []
        for case .bars(let bars) in marks { places += zip(bars.x, bars.y).map(\.0).filter(\.isFinite) }
        places.sort()
        let gaps = zip(places.dropFirst(), places).map { $0 - $1 }.filter { $0 > 0 && $0.isFinite }
        return gaps.min() ?? 1
    }

    private func number(_ name: String) -> Int { names.firstIndex(of: name) ?? 0 }

    private func placed(_ xs: [Double], _ ys: [Double]) -> [Point?] {
        zip(xs, ys).map { value in
            guard let px = x.position(value.0), let py = y.position(value.1) else { return nil }
            return Point(px, py)
        }
    }

    private func path(_ line: Series) -> Shape {
        let places = placed(line.x, line.y)
        var runs: [[Point]] = []
        var run: [Point] = []
        func finish() {
            if !run.isEmpty { runs.append(run) }
            run = []
        }
        var previous: Point?
        for (index, place) in places.enumerated() {
            guard let place else {
                finish()
                previous = nil
                continue
            }
            if let previous, let (start, end) = clipped(previous, place) {
                if run.last != start {
                    finish()
                    run.append(start)
                }
                if end != start { run.append(end) }
            } else if previous == nil, place.isInside, index + 1 == places.count || places[index + 1] == nil {
                // A value between two gaps: a line of one point.
                runs.append([place])
            }
            previous = place
        }
        finish()
        return .path(series: number(line.name), runs: runs, points: places.compactMap { $0 }.filter(\.isInside))
    }

    private func bars(_ bars: Series, place: Int, places: Int, slot: Double) -> Shape {
        // On a logarithmic axis there is no zero: bars start at the bottom.
        let zero = y.clamped(0) ?? 0
        let made = zip(bars.x, bars.y).compactMap { value -> Shape.Bar? in
            guard let px = x.position(value.0), let to = y.clamped(value.1), px >= 0, px <= 1 else { return nil }
            return Shape.Bar(x: px, from: zero, to: to, value: value.1)
        }
        let low = x.position(x.low) ?? 0
        let width = (x.position(x.low + slot) ?? low + 1) - low
        return .bars(series: number(bars.name), place: place, places: places, slot: min(max(width, 0), 1), bars: made)
    }

    private func histogram(_ sample: Sample, isOutline: Bool) -> Shape? {
        guard let bins else { return nil }
        let counts = bins.counts(sample.values)
        let made = counts.indices.compactMap { index -> Shape.Bin? in
            guard let left = x.clamped(bins.low(index)), let right = x.clamped(bins.low(index + 1)), left < right else {
                return nil
            }
            return Shape.Bin(left: left, right: right, height: y.clamped(counts[index]) ?? 0)
        }
        return .bins(series: number(sample.name), bins: made, isOutline: isOutline)
    }

    private func rule(_ reference: Reference) -> Shape? {
        let span = reference.direction == .horizontal ? y : x
        guard let place = span.position(reference.value), place >= 0, place <= 1 else { return nil }
        return .rule(reference.direction, at: place, label: Label.neutral(reference.label))
    }

    private func reaches(_ intervals: Intervals) -> [Shape.Reach?] {
        let count = min(intervals.x.count, intervals.low.count, intervals.high.count)
        return (0..<count).map { index in
            guard let px = x.position(intervals.x[index]), let low = y.position(intervals.low[index]),
                let high = y.position(intervals.high[index])
            else { return nil }
            let (bottom, top) = (min(low, high), max(low, high))
            guard top >= 0, bottom <= 1 else { return nil }
            return Shape.Reach(
                x: px, low: max(bottom, 0), high: min(top, 1), values: (intervals.low[index], intervals.high[index]))
        }
    }

    private func runs(_ reaches: [Shape.Reach?]) -> [[Shape.Reach]] {
        reaches.split(separator: nil).map { run in run.compactMap { $0 }.filter { $0.x >= 0 && $0.x <= 1 } }.filter {
            !$0.isEmpty
        }
    }
}
