// A panel with two axes on a page.

/// Where the data go: the plot without labels and axes.
struct SVGFrame {
    var left: Double
    var top: Double
    var right: Double
    var bottom: Double
    /// Between axes and data.
    var padding: Double

    func x(_ place: Double) -> Double { left + padding + place * (right - left - 2 * padding) }
    func y(_ place: Double) -> Double { bottom - padding - place * (bottom - top - 2 * padding) }
    func point(_ point: Point) -> (Double, Double) { (x(point.x), y(point.y)) }
}

struct SVGPlot {
    let panel: ResolvedPanel
    let x: Double
    let y: Double
    let width: Double
    let height: Double

    /// Data keep this distance from the axes, so that markers at the ends are whole.
    private static let padding = 7.0
    private static let tickSize = 11.0
    private static let captionSize = 12.0

    func draw(on drawing: inout SVGDocument) {
        let yCaption = panel.yAxis.caption
        let xCaption = panel.xAxis.caption
        let top = y + (yCaption.isEmpty ? 6 : hasBars ? 26 : 22)
        let yTicks = panel.yTicks(max(2, Int(height / 48)))
        let widest = yTicks.labels.map { SVGText.width($0, size: Self.tickSize) }.max() ?? 0
        let labels = min(widest, width * 0.35)
        let left = x + labels + 8
        let xLabels = XLabels(panel, width: x + width - left)
        let bottom = max(top + 40, y + height - xLabels.height - (xCaption.isEmpty ? 0 : 20))
        let frame = SVGFrame(
            left: left, top: top, right: x + width, bottom: bottom, padding: hasBars ? 0 : Self.padding)
        drawing.text(
            SVGText.fitted(yCaption, to: width, size: Self.captionSize), x: x, y: y + 12, size: Self.captionSize,
            colour: SVGStyle.quiet)
        drawYAxis(yTicks, frame, labels: labels, on: &drawing)
        drawShapes(frame, behind: true, on: &drawing)
        drawXAxis(xLabels, frame, on: &drawing)
        if !xCaption.isEmpty {
            let text = SVGText.fitted(xCaption, to: width, size: Self.captionSize)
            let half = SVGText.width(text, size: Self.captionSize) / 2
            let centre = min(max((frame.left + frame.right) / 2, x + half), x + width - half)
            drawing.text(
                text, x: centre, y: bottom + xLabels.height + 14, size: Self.captionSize, colour: SVGStyle.quiet,
                anchor: .middle)
        }
        drawShapes(frame, behind: false, on: &drawing)
    }

    private var hasBars: Bool {
        panel.shapes.contains {
            switch $0 {
            case .bars, .bins: true
            case .path, .scatter, .area, .whiskers, .rule, .note: false
            }
        }
    }

    // MARK: Axes

    private func drawYAxis(_ ticks: Ticks, _ frame: SVGFrame, labels: Double, on drawing: inout SVGDocument) {
        var last = Double.infinity
        for (value, label) in zip(ticks.values, ticks.labels) {
            guard let place = panel.y.clamped(value) else { continue }
            let at = frame.y(place)
            guard (last - at).magnitude >= 13 else { continue }
            last = at
            drawing.line(frame.left, at, frame.right, at, "stroke=\"\(SVGStyle.grid)\"")
            let text = SVGText.fitted(label, to: labels, size: Self.tickSize)
            drawing.text(text, x: frame.left - 6, y: at + 4, size: Self.tickSize, colour: SVGStyle.quiet, anchor: .end)
        }
    }

    private func drawXAxis(_ labels: XLabels, _ frame: SVGFrame, on drawing: inout SVGDocument) {
        // Bars stand on zero, wherever it is.
        let base = hasBars ? frame.y(panel.y.clamped(0) ?? 0) : frame.bottom
        drawing.line(frame.left, base, frame.right, base, "stroke=\"\(SVGStyle.axis)\"")
        for (value, label) in zip(labels.ticks.values, labels.ticks.labels) {
            let at = frame.x(panel.x.clamped(value) ?? 0)
            if !labels.isTilted {
                drawing.line(at, frame.bottom, at, frame.bottom + 4, "stroke=\"\(SVGStyle.axis)\"")
                let half = SVGText.width(label, size: Self.tickSize) / 2
                let centre = min(max(at, x + half), x + width - half)
                drawing.text(
                    label, x: centre, y: frame.bottom + 15, size: Self.tickSize, colour: SVGStyle.quiet, anchor: .middle
                )
            } else {
                drawing.text(
                    label, x: at + 4, y: frame.bottom + 12, size: Self.tickSize, colour: SVGStyle.quiet, anchor: .end,
                    rotation: -35)
            }
        }
    }

    /// The ticks under the x axis: as dense as their labels allow, tilted where they are long names.
    private struct XLabels {
        var ticks: Ticks
        var isTilted = false
        var height = 20.0

        init(_ panel: ResolvedPanel, width: Double) {
            func places(_ ticks: Ticks) -> [Double] { ticks.values.map { (panel.x.clamped($0) ?? 0) * (width - 14) } }
            func collide(_ ticks: Ticks) -> Bool {
                let (at, widths) = (places(ticks), ticks.labels.map { SVGText.width($0, size: SVGPlot.tickSize) })
                return at.indices.dropFirst().contains { at[$0] - at[$0 - 1] < (widths[$0] + widths[$0 - 1]) / 2 + 6 }
            }
            if panel.xAxis.categories.isEmpty {
                for count in stride(from: max(2, Int(width / 64)), through: 1, by: -1) {
                    ticks = panel.xTicks(count)
                    if !collide(ticks) { return }
                }
                ticks = .none
                return
            }
            let all = panel.xTicks(0)
            ticks = all
            guard collide(all) else { return }
            let longest = all.labels.map { SVGText.width($0, size: SVGPlot.tickSize) }.max() ?? 0
            // Short names are thinned out, long ones tilted.
            if longest < 24 {
                var step = 2
                while collide(all.every(step)), step < all.values.count { step += 1 }
                ticks = all.every(step)
                return
            }
            isTilted = true
            let at = places(all)
            let spacing = at.count > 1 ? at[1] - at[0] : width
            ticks = all.every(max(1, Int((14 / max(spacing, 0.5)).rounded(.up))))
            ticks.labels = ticks.labels.map { SVGText.fitted($0, to: 110, size: SVGPlot.tickSize) }
            height = 20 + min(longest, 110) * 0.58
        }
    }

    // MARK: Shapes

    private func drawShapes(_ frame: SVGFrame, behind: Bool, on drawing: inout SVGDocument) {
        if behind {
            for shape in panel.shapes {
                switch shape {
                case .area(let series, let runs): area(runs, series: series, frame, on: &drawing)
                case .bars(let series, let place, let places, let slot, let bars):
                    self.bars(bars, series: series, place: place, places: places, slot: slot, frame, on: &drawing)
                case .bins(let series, let bins, let isOutline):
                    histogram(bins, series: series, isOutline: isOutline, frame, on: &drawing)
                case .path, .scatter, .whiskers, .rule, .note: break
                }
            }
            return
        }
        for shape in panel.shapes {
            if case .rule(let direction, let at, _) = shape { rule(direction, at: at, frame, on: &drawing) }
        }
        // The first series is drawn last and lies on top.
        for shape in panel.shapes.reversed() {
            switch shape {
            case .path(let series, let runs, _): path(runs, series: series, frame, on: &drawing)
            case .whiskers(let series, let reaches): whiskers(reaches, series: series, frame, on: &drawing)
            case .scatter, .area, .bars, .bins, .rule, .note: break
            }
        }
        for shape in panel.shapes.reversed() { markers(shape, frame, on: &drawing) }
        SVGWords(frame: frame).draw(panel.shapes, on: &drawing)
    }

    private func area(_ runs: [[Shape.Reach]], series: Int, _ frame: SVGFrame, on drawing: inout SVGDocument) {
        for run in runs {
            let upper = run.map { (frame.x($0.x), frame.y($0.high)) }
            let lower = run.reversed().map { (frame.x($0.x), frame.y($0.low)) }
            drawing.path(
                SVGDocument.polyline(upper + lower) + "Z", "fill=\"\(Colour.series(series).hex)\" fill-opacity=\"0.18\""
            )
        }
    }

    private func bars(
        _ bars: [Shape.Bar], series: Int, place: Int, places: Int, slot: Double, _ frame: SVGFrame,
        on drawing: inout SVGDocument
    ) {
        let slotWidth = frame.x(slot) - frame.x(0)
        let group = min(slotWidth * 0.78, 56 * Double(places))
        let each = group / Double(max(places, 1))
        for bar in bars {
            let left = frame.x(bar.x) - group / 2 + Double(place) * each
            let (top, bottom) = (frame.y(max(bar.from, bar.to)), frame.y(min(bar.from, bar.to)))
            SVGMarks.bar(
                series, x: left + 0.5, y: top, width: max(each - 1, 0.5), height: bottom - top,
                title: FigureNumber.short(bar.value.rounded(toDigits: 4)), on: &drawing)
        }
    }

    private func histogram(
        _ bins: [Shape.Bin], series: Int, isOutline: Bool, _ frame: SVGFrame, on drawing: inout SVGDocument
    ) {
        guard let first = bins.first, let last = bins.last else { return }
        let colour = Colour.series(series).hex
        if isOutline {
            let steps = bins.flatMap {
                [(frame.x($0.left), frame.y($0.height)), (frame.x($0.right), frame.y($0.height))]
            }
            let points = [(frame.x(first.left), frame.y(0))] + steps + [(frame.x(last.right), frame.y(0))]
            drawing.path(
                SVGDocument.polyline(points),
                "fill=\"\(colour)\" fill-opacity=\"0.12\" stroke=\"\(colour)\" "
                    + "stroke-width=\"2\"\(SVGMarks.dash(series))"
            )
            return
        }
        for bin in bins where bin.height > 0 {
            let (left, right) = (frame.x(bin.left), frame.x(bin.right))
            drawing.rectangle(
                x: left + 0.5, y: frame.y(bin.height), width: max(right - left - 1, 0.5),
                height: frame.y(0) - frame.y(bin.height),
                "fill=\"\(colour)\"")
        }
    }

    private func path(_ runs: [[Point]], series: Int, _ frame: SVGFrame, on drawing: inout SVGDocument) {
        let data = runs.filter { $0.count > 1 }.map { SVGDocument.polyline(thinned($0.map(frame.point))) }.joined()
        guard !data.isEmpty else { return }
        drawing.path(
            data,
            "fill=\"none\" stroke=\"\(Colour.series(series).hex)\" stroke-width=\"2\" "
                + "stroke-linejoin=\"round\"\(SVGMarks.dash(series))"
        )
    }

    private func whiskers(_ reaches: [Shape.Reach], series: Int, _ frame: SVGFrame, on drawing: inout SVGDocument) {
        let n = SVGDocument.number
        let data = reaches.map { reach in
            let (at, top, bottom) = (frame.x(reach.x), frame.y(reach.high), frame.y(reach.low))
            return "M\(n(at - 4)) \(n(top))h8M\(n(at)) \(n(top))V\(n(bottom))M\(n(at - 4)) \(n(bottom))h8"
        }.joined()
        // On a bar of the same colour half of the whisker would vanish.
        let colour = hasBars ? SVGStyle.ink : Colour.series(series).hex
        if !data.isEmpty { drawing.path(data, "fill=\"none\" stroke=\"\(colour)\" stroke-width=\"1.5\"") }
    }

    private func markers(_ shape: Shape, _ frame: SVGFrame, on drawing: inout SVGDocument) {
        switch shape {
        case .scatter(let series, let points):
            let size = points.count > 300 ? 2.0 : points.count > 80 ? 3 : 4
            for point in points {
                SVGMarks.marker(series, x: frame.x(point.x), y: frame.y(point.y), size: size, on: &drawing)
            }
        case .path(let series, let runs, let points):
            let isSingle = !panel.shapes.contains {
                if case .path(let other, _, _) = $0 { other != series } else { false }
            }
            let isSparse = Double(points.count) <= (frame.right - frame.left) / 14
            // A value between two gaps is nowhere but in its marker.
            for run in runs where run.count == 1 {
                SVGMarks.marker(series, x: frame.x(run[0].x), y: frame.y(run[0].y), on: &drawing)
            }
            if isSingle, !isSparse { return }
            var last = -Double.infinity
            for point in points where isSparse || (frame.x(point.x) - last).magnitude >= 70 {
                SVGMarks.marker(series, x: frame.x(point.x), y: frame.y(point.y), on: &drawing)
                last = frame.x(point.x)
            }
        case .area, .bars, .bins, .whiskers, .rule, .note: break
        }
    }

    private func rule(
        _ direction: Reference.Direction, at place: Double, _ frame: SVGFrame, on drawing: inout SVGDocument
    ) {
        let attributes = "stroke=\"\(SVGStyle.quiet)\" stroke-width=\"1\" stroke-dasharray=\"4 3\""
        switch direction {
        case .horizontal: drawing.line(frame.left, frame.y(place), frame.right, frame.y(place), attributes)
        case .vertical: drawing.line(frame.x(place), frame.top, frame.x(place), frame.bottom, attributes)
        }
    }
}
