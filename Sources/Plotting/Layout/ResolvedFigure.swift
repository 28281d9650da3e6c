// What a figure comes to once its data have been looked at: the series of the legend, the ends of the axes, the bins.

/// A series as the legend shows it.
struct LegendEntry: Equatable {
    enum Sample: Equatable { case line, points, bar, outline, band }

    var name: String
    var series: Int
    var sample: Sample
}

struct ResolvedFigure {
    var title: String
    var subtitle: String
    var legend: [LegendEntry]
    var panels: [ResolvedPanel]
    var columns: Int?

    init(_ figure: Figure) {
        title = Label.neutral(figure.title)
        subtitle = Label.neutral(figure.subtitle)
        columns = figure.columns
        // Unnamed layers look like the first series.
        var entries: [LegendEntry] = []
        let isOverlaid = figure.panels.contains { panel in
            panel.marks.count { if case .histogram = $0 { true } else { false } } > 1
        }
        for mark in figure.panels.flatMap(\.marks) {
            let (name, sample): (String, LegendEntry.Sample)
            switch mark {
            case .line(let series): (name, sample) = (series.name, .line)
            case .points(let series): (name, sample) = (series.name, .points)
            case .bars(let series): (name, sample) = (series.name, .bar)
            case .histogram(let series): (name, sample) = (series.name, isOverlaid ? .outline : .bar)
            case .band(let intervals), .errorBars(let intervals): (name, sample) = (intervals.name, .band)
            case .heatMap, .reference, .text: continue
            }
            if let known = entries.firstIndex(where: { $0.name == name }) {
                if entries[known].sample == .band { entries[known].sample = sample }
            } else {
                entries.append(LegendEntry(name: name, series: entries.count, sample: sample))
            }
        }
        let names = entries.map(\.name)
        let shared = figure.sharesScales && figure.panels.count > 1
        let sources = shared ? Self.withSharedColours(figure.panels) : figure.panels
        let extents = sources.map { Extent($0, bins: $0.bins) }
        panels = sources.indices.map { index in
            var extent = extents[index]
            if shared {
                for (other, panel) in zip(extents, sources) {
                    if panel.x == sources[index].x { extent.x.join(other.x) }
                    if panel.y == sources[index].y { extent.y.join(other.y) }
                }
            }
            return ResolvedPanel(sources[index], names: names, extent: extent)
        }
        // A lone series needs no legend: the axes and the title say what it is.
        legend = entries.filter { !$0.name.isEmpty }.map {
            LegendEntry(name: Label.neutral($0.name), series: $0.series, sample: $0.sample)
        }
    }

    var isEmpty: Bool { panels.allSatisfy(\.isEmpty) }

    /// The heat map whose colours all panels use, where they have the same scale: they need one key only.
    var commonHeatMap: HeatMap? {
        guard panels.count > 1, let first = panels[0].heatMap else { return nil }
        let scale = HeatScale(first)
        let isCommon = panels.allSatisfy { panel in
            guard let map = panel.heatMap else { return panel.isEmpty }
            return HeatScale(map) == scale && map.map == first.map && map.label == first.label && map.unit == first.unit
        }
        return isCommon ? first : nil
    }

    /// The panels with one range of colours for all heat maps that measure the same and have no limits of their own.
    private static func withSharedColours(_ panels: [Panel]) -> [Panel] {
        let maps = panels.flatMap { $0.marks.compactMap { if case .heatMap(let map) = $0 { map } else { nil } } }
        return panels.map { panel in
            var panel = panel
            panel.marks = panel.marks.map { mark in
                guard case .heatMap(var map) = mark, map.limits == nil else { return mark }
                let alike = maps.filter {
                    $0.label == map.label && $0.unit == map.unit && $0.map == map.map && $0.limits == nil
                }
                let finite = alike.flatMap { $0.values.filter(\.isFinite) }
                if let low = finite.min(), let high = finite.max() { map.limits = low...high }
                return .heatMap(map)
            }
            return panel
        }
    }
}

struct ResolvedPanel {
    var title: String
    var xAxis: Axis
    var yAxis: Axis
    var x: Span
    var y: Span
    var shapes: [Shape]
    var heatMap: HeatMap?
    /// Whether all values along an axis are whole numbers, so that its ticks should be.
    var countsX: Bool
    var countsY: Bool
    /// Nothing finite to draw.
    var isEmpty: Bool

    fileprivate init(_ panel: Panel, names: [String], extent: Extent) {
        title = Label.neutral(panel.title)
        xAxis = panel.x
        yAxis = panel.y
        for case .heatMap(let map) in panel.marks { heatMap = map }
        if let map = heatMap, map.rows > 0, map.columns > 0 {
            x = Span(low: -0.5, high: Double(map.columns) - 0.5, scale: .linear)
            y = Span(low: -0.5, high: Double(map.rows) - 0.5, scale: .linear)
            shapes = []
            (countsX, countsY, isEmpty) = (true, true, false)
            return
        }
        heatMap = nil
        (countsX, countsY, isEmpty) = (extent.x.isWhole, extent.y.isWhole, extent.isEmpty)
        x = extent.xSpan(panel.x)
        y = extent.ySpan(panel.y)
        shapes = extent.isEmpty ? [] : ShapeMaker(x: x, y: y, bins: panel.bins, names: names).shapes(panel.marks)
    }

    /// Ticks for at most `count` divisions of the x axis; categories are all there, for the renderer to thin out.
    func xTicks(_ count: Int) -> Ticks { Self.ticks(xAxis, x, count: count, whole: countsX) }
    func yTicks(_ count: Int) -> Ticks { Self.ticks(yAxis, y, count: count, whole: countsY) }

    private static func ticks(_ axis: Axis, _ span: Span, count: Int, whole: Bool) -> Ticks {
        if !axis.categories.isEmpty { return Ticks.categories(axis.categories, low: span.low, high: span.high) }
        switch span.scale {
        case .linear: return Ticks.linear(span.low, span.high, count: count, whole: whole)
        case .log: return Ticks.logarithmic(span.low, span.high, count: count)
        }
    }
}

extension Panel {
    /// Whether all data are points or error bars on their own.
    fileprivate var hasOnlyPlacedMarks: Bool {
        marks.allSatisfy {
            switch $0 {
            case .points, .errorBars, .reference, .text: true
            case .line, .bars, .histogram, .heatMap, .band: false
            }
        }
    }

    /// The bins that the panel's histograms share.
    fileprivate var bins: Bins? {
        Bins(marks.compactMap { if case .histogram(let sample) = $0 { sample } else { nil } })
    }
}

/// The ends of the data along both axes.
private struct Extent {
    struct Range {
        var low = Double.infinity
        var high = -Double.infinity
        var isWhole = true
        var scale: Axis.Scale

        mutating func add(_ value: Double, isData: Bool = true) {
            guard value.isFinite, scale == .linear || value > 0 else { return }
            low = min(low, value)
            high = max(high, value)
            if isData, value != value.rounded() || value.magnitude > 1e15 { isWhole = false }
        }

        mutating func join(_ other: Range) {
            low = min(low, other.low)
            high = max(high, other.high)
            isWhole = isWhole && other.isWhole
        }
    }

    var x: Range
    var y: Range
    var isEmpty = true

    init(_ panel: Panel, bins: Bins?) {
        x = Range(scale: panel.x.scale)
        y = Range(scale: panel.y.scale)
        let slot = ShapeMaker.barSpacing(panel.marks)
        for mark in panel.marks {
            switch mark {
            case .line(let series), .points(let series): for (px, py) in zip(series.x, series.y) { add(px, py) }
            case .bars(let series):
                for (px, py) in zip(series.x, series.y) where add(px, py) {
                    x.add(px - slot / 2, isData: false)
                    x.add(px + slot / 2, isData: false)
                    y.add(0)
                }
            case .histogram(let sample):
                guard let bins else { continue }
                for count in bins.counts(sample.values) { y.add(count) }
                isEmpty = false
                y.add(0)
                x.add(bins.origin, isData: false)
                x.add(bins.high, isData: false)
                x.isWhole = x.isWhole && bins.width == bins.width.rounded()
            case .band(let intervals), .errorBars(let intervals):
                for (px, (low, high)) in zip(intervals.x, zip(intervals.low, intervals.high))
                where low.isFinite && high.isFinite {
                    if add(px, low) { add(px, high) }
                }
            case .reference(let reference):
                if reference.direction == .horizontal { y.add(reference.value) } else { x.add(reference.value) }
            case .text, .heatMap: break
            }
        }
        if panel.hasOnlyPlacedMarks, x.low < x.high {
            // Points at the ends would stand on the axis.
            let room = (x.high - x.low) * 0.03
            if panel.x.scale == .linear, room.isFinite {
                x.low -= room
                x.high += room
            }
        }
        if !panel.x.categories.isEmpty {
            x.add(-0.5, isData: false)
            x.add(Double(panel.x.categories.count) - 0.5, isData: false)
        }
    }

    @discardableResult private mutating func add(_ px: Double, _ py: Double) -> Bool {
        guard px.isFinite, py.isFinite, x.scale == .linear || px > 0, y.scale == .linear || py > 0 else { return false }
        x.add(px)
        y.add(py)
        isEmpty = false
        return true
    }

    func xSpan(_ axis: Axis) -> Span {
        if let limits = axis.limits { return Span(low: limits.lowerBound, high: limits.upperBound, scale: axis.scale) }
        return Span(low: x.low, high: x.high, scale: axis.scale)
    }

    /// The y axis reaches to the next round numbers around the data.
    func ySpan(_ axis: Axis) -> Span {
        if let limits = axis.limits { return Span(low: limits.lowerBound, high: limits.upperBound, scale: axis.scale) }
        let span = Span(low: y.low, high: y.high, scale: axis.scale)
        guard axis.scale == .linear, axis.categories.isEmpty else { return span }
        let (low, high) = Ticks.loosened(span.low, span.high, count: 5, whole: y.isWhole && span.high - span.low >= 1)
        return Span(low: low, high: high, scale: .linear)
    }
}
