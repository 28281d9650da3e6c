// The colour scale of heat maps with its ticks: upright beside one map, lying above several that share it.

struct SVGHeatKey {
    let map: HeatMap

    private static let steps = 40

    /// Returns the lower edge.
    func drawUpright(x: Double, top: Double, height: Double, rightEdge: Double, on drawing: inout SVGDocument) -> Double
    {
        let scale = HeatScale(map)
        let text = SVGText.fitted(map.caption, to: max(60, rightEdge - x), size: 11)
        drawing.text(
            text, x: min(x, rightEdge - SVGText.width(text, size: 11)), y: top - 8, size: 11, colour: SVGStyle.quiet)
        drawing.open("shape-rendering=\"crispEdges\"")
        for step in 0..<Self.steps {
            let y = top + height * (1 - Double(step + 1) / Double(Self.steps))
            drawing.rectangle(x: x, y: y, width: 11, height: height / Double(Self.steps) + 0.3, fill(step))
        }
        drawing.close()
        let ticks = Ticks.linear(scale.low, scale.high, count: max(2, Int(height / 30)))
        for (value, label) in zip(ticks.values, ticks.labels) {
            let at = top + height * (1 - (scale.share(value) ?? 0))
            drawing.line(x + 11, at, x + 14, at, "stroke=\"\(SVGStyle.axis)\"")
            drawing.text(label, x: x + 17, y: at + 4, size: 10, colour: SVGStyle.quiet)
        }
        return top + height
    }

    /// Returns where what follows can begin.
    func drawLying(x: Double, y: Double, width: Double, on drawing: inout SVGDocument) -> Double {
        let scale = HeatScale(map)
        let caption = SVGText.fitted(map.caption, to: width / 2, size: 12)
        drawing.text(caption, x: x, y: y + 10, size: 12, colour: SVGStyle.quiet)
        let left = x + (caption.isEmpty ? 0 : SVGText.width(caption, size: 12) + 12)
        let length = min(180, width / 2 - 20)
        drawing.open("shape-rendering=\"crispEdges\"")
        for step in 0..<Self.steps {
            let at = left + length * Double(step) / Double(Self.steps)
            drawing.rectangle(x: at, y: y, width: length / Double(Self.steps) + 0.3, height: 11, fill(step))
        }
        drawing.close()
        let ticks = Ticks.linear(scale.low, scale.high, count: 4)
        for (value, label) in zip(ticks.values, ticks.labels) {
            let at = left + length * (scale.share(value) ?? 0)
            drawing.line(at, y + 11, at, y + 14, "stroke=\"\(SVGStyle.axis)\"")
            drawing.text(label, x: at, y: y + 24, size: 10, colour: SVGStyle.quiet, anchor: .middle)
        }
        return y + 38
    }

    private func fill(_ step: Int) -> String {
        "fill=\"\(map.map.colour((Double(step) + 0.5) / Double(Self.steps)).hex)\""
    }
}

extension HeatMap.ColourMap {
    /// The colour at 0 to 1 of the scale.
    func colour(_ share: Double) -> Colour {
        switch self {
        case .sequential: Colour.sequential(share)
        case .diverging: Colour.diverging(share)
        }
    }
}
