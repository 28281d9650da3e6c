// A figure as one SVG document (SVG 1.1, no script, no style sheet, no id, no external font or image): a light card
// with title, subtitle, legend and panels, in that order from top to bottom. It stands alone in a file and inside HTML
// alike.

import Support

/// Draws figures as SVG.
public struct SVGRenderer: Sendable {
    /// Width of the figure in pixels of a page, at least 240.
    public var width: Int
    /// Height of a row of panels with their axes; heat maps are as high as their cells make them.
    public var height: Int

    public init(width: Int = 640, height: Int = 320) {
        self.width = width
        self.height = height
    }

    private static let margin = 16.0

    /// The whole document.
    public func document(_ figure: Figure) -> String { draw(figure).document }

    /// The document and how large it is.
    func draw(_ figure: Figure) -> (document: String, width: Double, height: Double) {
        let resolved = ResolvedFigure(figure)
        let width = Double(min(max(width, 240), 10_000))
        let inner = width - 2 * Self.margin
        var drawing = SVGDocument()
        var y = Self.margin
        for line in SVGText.wrapped(resolved.title, to: inner, size: 16, isBold: true, lines: 2) {
            drawing.text(line, x: Self.margin, y: y + 15, size: 16, isBold: true)
            y += 22
        }
        for line in SVGText.wrapped(resolved.subtitle, to: inner, size: 13, lines: 3) {
            drawing.text(line, x: Self.margin, y: y + 12, size: 13, colour: SVGStyle.quiet)
            y += 18
        }
        if y > Self.margin { y += 6 }
        if resolved.isEmpty {
            drawing.text("no data", x: Self.margin, y: y + 12, size: 13, colour: SVGStyle.quiet)
            y += 18
        } else {
            y = legend(resolved.legend, y: y, width: inner, on: &drawing)
            let common = resolved.commonHeatMap
            if let common { y = SVGHeatKey(map: common).drawLying(x: Self.margin, y: y, width: inner, on: &drawing) }
            y = panels(resolved, y: y, width: inner, hasKeys: common == nil, on: &drawing)
        }
        let height = y + Self.margin
        return (wrap(drawing, figure: figure, resolved, width: width, height: height), width, height)
    }

    private func wrap(
        _ drawing: SVGDocument, figure: Figure, _ resolved: ResolvedFigure, width: Double, height: Double
    ) -> String {
        let (w, h) = (SVGDocument.number(width), SVGDocument.number(height))
        let name = Escaping.xml(resolved.title.isEmpty ? figure.summary : resolved.title)
        return """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(w)" height="\(h)" viewBox="0 0 \(w) \(h)" role="img" \
            aria-label="\(name)" font-family="\(SVGStyle.fonts)">
            <title>\(name)</title>
            <desc>\(Escaping.xml(figure.summary))</desc>
            <rect width="\(w)" height="\(h)" rx="6" fill="\(SVGStyle.paper)"/>
            \(drawing.body)</svg>

            """
    }

    /// The names of the series in as many lines as they need; returns where the panels begin.
    private func legend(_ entries: [LegendEntry], y: Double, width: Double, on drawing: inout SVGDocument) -> Double {
        guard !entries.isEmpty else { return y }
        var (x, y) = (Self.margin, y)
        for entry in entries {
            let sample = SVGMarks.sampleWidth(entry)
            let name = SVGText.fitted(entry.name, to: width - sample - 8, size: 12)
            let needed = sample + 8 + SVGText.width(name, size: 12)
            if x > Self.margin, x + needed > Self.margin + width { (x, y) = (Self.margin, y + 20) }
            SVGMarks.sample(entry, x: x, y: y + 9, on: &drawing)
            drawing.text(name, x: x + sample + 6, y: y + 13, size: 12)
            x += needed + 18
        }
        return y + 28
    }

    private func panels(
        _ figure: ResolvedFigure, y: Double, width: Double, hasKeys: Bool, on drawing: inout SVGDocument
    ) -> Double {
        let count = figure.panels.count
        let gap = 24.0
        let fitting = max(1, Int((width + gap) / (170 + gap)))
        let across = max(1, min(figure.columns ?? Int(Double(count).squareRoot().rounded(.up)), count, fitting))
        let each = (width - gap * Double(across - 1)) / Double(across)
        let hasValues = figure.panels.reduce(0) { $0 + min(($1.heatMap?.values.count ?? 0), 10_000) } <= 2000
        // Small multiples are lower, in proportion to their width.
        let height =
            count == 1
            ? Double(min(max(self.height, 120), 10_000)) : min(Double(max(self.height, 120)), max(170, each * 0.72))
        var y = y
        for start in stride(from: 0, to: count, by: across) {
            var bottom = y
            for (index, panel) in figure.panels[start..<min(start + across, count)].enumerated() {
                let x = Self.margin + Double(index) * (each + gap)
                let edge = self.panel(
                    panel, x: x, y: y, width: each, height: height, inGrid: count > 1, hasKey: hasKeys,
                    hasValues: hasValues,
                    on: &drawing)
                bottom = max(bottom, edge)
            }
            y = bottom + (start + across < count ? 18 : 0)
        }
        return y
    }

    /// Draws one panel and returns its lower edge.
    private func panel(
        _ panel: ResolvedPanel, x: Double, y: Double, width: Double, height: Double, inGrid: Bool, hasKey: Bool,
        hasValues: Bool, on drawing: inout SVGDocument
    ) -> Double {
        var y = y
        if inGrid, !panel.title.isEmpty {
            drawing.text(
                SVGText.fitted(panel.title, to: width, size: 13, isBold: true), x: x, y: y + 12, size: 13, isBold: true)
            y += 20
        }
        if panel.isEmpty {
            drawing.text("no data", x: x, y: y + 12, size: 12, colour: SVGStyle.quiet)
            return y + 18
        }
        if let map = panel.heatMap {
            return SVGHeatMap(panel: panel, map: map, x: x, y: y, width: width, hasKey: hasKey, hasValues: hasValues)
                .draw(on: &drawing)
        }
        SVGPlot(panel: panel, x: x, y: y, width: width, height: height).draw(on: &drawing)
        return y + height
    }
}
