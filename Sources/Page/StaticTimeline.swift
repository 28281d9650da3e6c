// The stages of a run without a script: held-out accuracy over the number of removed tokens, and the table of all
// numbers.

import Support

enum StaticTimeline {
    private static let width = 640
    private static let height = 120
    /// On a phone the numbers are 19 units high, and `100 %` is up to 60 wide.
    private static let left = 70
    private static let right = 18
    private static let top = 10
    private static let bottom = 26

    private static func x(_ removed: Int, _ most: Int) -> Int {
        left + removed * (width - left - right) / max(most, 1)
    }

    private static func y(_ accuracy: Double) -> Int {
        height - bottom - Int((min(max(accuracy, 0), 1) * Double(height - top - bottom)).rounded())
    }

    static func chart(_ stages: [Page.Stage]) -> String {
        let most = stages.map(\.removed).max() ?? 0
        let points = stages.compactMap { stage in stage.accuracy.map { (x(stage.removed, most), y($0)) } }
        guard points.count > 1 else { return "" }
        var svg =
            "<svg class=\"chart\" viewBox=\"0 0 \(width) \(height)\" role=\"img\" "
            + "aria-label=\"held-out accuracy over the number of removed tokens; the table below has the numbers\">\n"
        for (share, name) in [(0.0, "0 %"), (0.5, "50 %"), (1.0, "100 %")] {
            svg += "<line class=\"grid\" x1=\"\(left)\" x2=\"\(width - right)\" y1=\"\(y(share))\" y2=\"\(y(share))\"/>"
            svg += "<text x=\"\(left - 6)\" y=\"\(y(share) + 4)\" text-anchor=\"end\">\(name)</text>\n"
        }
        // At most about twelve numbers fit below.
        let every = max(1, (stages.count + 11) / 12)
        for (index, stage) in stages.enumerated() where index % every == 0 {
            svg +=
                "<text x=\"\(x(stage.removed, most))\" y=\"\(height - 8)\" text-anchor=\"middle\">"
                + "\(stage.removed)</text>\n"
        }
        svg += "<line class=\"cursor\" x1=\"\(left)\" x2=\"\(left)\" y1=\"\(top)\" y2=\"\(height - bottom)\"/>\n"
        svg += "<polyline points=\"\(points.map { "\($0.0),\($0.1)" }.joined(separator: " "))\"/>\n"
        for point in points { svg += "<circle cx=\"\(point.0)\" cy=\"\(point.1)\" r=\"3\"/>" }
        return svg + "\n</svg>\n"
    }

    static func table(_ columns: [String], _ stages: [Page.Stage]) -> String {
        var html = "<table>\n<thead><tr>"
        for name in columns { html += "<th scope=\"col\">\(Escaping.xml(name))</th>" }
        html += "</tr></thead>\n<tbody>\n"
        for stage in stages {
            let cells = stage.cells.map { "<td>\(Escaping.xml($0))</td>" }.joined()
            html += "<tr data-removed=\"\(stage.removed)\">\(cells)</tr>\n"
        }
        return html + "</tbody>\n</table>\n"
    }
}
