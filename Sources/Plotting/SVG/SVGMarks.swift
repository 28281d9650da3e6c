// What series look like on a page. Each differs from the others in colour, in the dash of its lines, in the form of its
// markers and in the texture of its bars, so that a print in grey loses nothing.

struct SVGMarks {
    static func dash(_ series: Int) -> String {
        let dashes = ["", "7 4", "2 3", "9 3 2 3", "13 4", "4 4", "7 3 2 3 2 3", "1 5"]
        let dash = dashes[series % dashes.count]
        return dash.isEmpty ? "" : " stroke-dasharray=\"\(dash)\""
    }

    /// A marker about 8 units across, with a thin light edge that separates it from what it lies on.
    static func marker(_ series: Int, x: Double, y: Double, size: Double = 4, on document: inout SVGDocument) {
        let colour = Colour.series(series).hex
        let n = SVGDocument.number
        func polygon(_ corners: [(Double, Double)]) -> String {
            SVGDocument.polyline(corners.map { (x + $0.0 * size, y + $0.1 * size) }) + "Z"
        }
        let filled = "fill=\"\(colour)\" stroke=\"\(SVGStyle.paper)\""
        let hollow = "fill=\"\(SVGStyle.paper)\" stroke=\"\(colour)\" stroke-width=\"1.6\""
        switch series % 8 {
        case 0: document.raw("<circle cx=\"\(n(x))\" cy=\"\(n(y))\" r=\"\(n(size))\" \(filled)/>\n")
        case 1: document.path(polygon([(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]), filled)
        case 2: document.path(polygon([(0, -1.2), (1.15, 0.9), (-1.15, 0.9)]), filled)
        case 3: document.path(polygon([(0, -1.3), (1.1, 0), (0, 1.3), (-1.1, 0)]), filled)
        case 4: document.raw("<circle cx=\"\(n(x))\" cy=\"\(n(y))\" r=\"\(n(size * 0.9))\" \(hollow)/>\n")
        case 5: document.path(polygon([(-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8)]), hollow)
        case 6: document.path(polygon([(0, 1.2), (1.15, -0.9), (-1.15, -0.9)]), filled)
        default: document.path(polygon([(0, -1.2), (1.0, 0), (0, 1.2), (-1.0, 0)]), hollow)
        }
    }

    /// A bar: solid, striped across, hollow, striped along, or chequered.
    static func bar(
        _ series: Int, x: Double, y: Double, width: Double, height: Double, title: String,
        on document: inout SVGDocument
    ) {
        guard width > 0, height > 0 else { return }
        let colour = Colour.series(series).hex
        if series % 5 == 2 {
            let inset = min(0.75, width / 4, height / 4)
            document.rectangle(
                x: x + inset, y: y + inset, width: width - 2 * inset, height: height - 2 * inset,
                "fill=\"\(colour)\" fill-opacity=\"0.15\" stroke=\"\(colour)\" stroke-width=\"1.5\"", title: title)
            return
        }
        document.rectangle(x: x, y: y, width: width, height: height, "fill=\"\(colour)\"", title: title)
        var stripes = ""
        let n = SVGDocument.number
        if [1, 4].contains(series % 5) {
            for at in stride(from: y + height - 4, to: y, by: -6) { stripes += "M\(n(x)) \(n(at))h\(n(width))" }
        }
        if [3, 4].contains(series % 5) {
            for at in stride(from: x + 3, to: x + width, by: 6) { stripes += "M\(n(at)) \(n(y))v\(n(height))" }
        }
        if !stripes.isEmpty {
            document.path(
                stripes, "stroke=\"\(SVGStyle.paper)\" stroke-width=\"1.2\" stroke-opacity=\"0.75\" fill=\"none\"")
        }
    }

    /// Width of the sample of a legend.
    static func sampleWidth(_ entry: LegendEntry) -> Double { [.points, .bar].contains(entry.sample) ? 14 : 26 }

    /// The sample of a legend, centred on `y`.
    static func sample(_ entry: LegendEntry, x: Double, y: Double, on document: inout SVGDocument) {
        let colour = Colour.series(entry.series).hex
        switch entry.sample {
        case .line:
            document.line(x, y, x + 26, y, "stroke=\"\(colour)\" stroke-width=\"2\"\(dash(entry.series))")
            marker(entry.series, x: x + 13, y: y, on: &document)
        case .points: marker(entry.series, x: x + 7, y: y, on: &document)
        case .bar: bar(entry.series, x: x, y: y - 6, width: 14, height: 12, title: "", on: &document)
        case .outline:
            document.rectangle(
                x: x + 1, y: y - 5, width: 24, height: 10,
                "fill=\"\(colour)\" fill-opacity=\"0.12\" stroke=\"\(colour)\" stroke-width=\"2\"\(dash(entry.series))")
        case .band:
            document.rectangle(x: x + 2, y: y - 5, width: 22, height: 10, "fill=\"\(colour)\" fill-opacity=\"0.2\"")
        }
    }
}
