// The stages of a run on a page: a chart, the chain of thought as it is at one stage, the numbers of that stage, and a
// slider that walks from stage to stage. Without a script the chart, the chain as it was before the first removal and
// the table of all stages stay.

import Glibc
import Language
import Support

struct TimelinePage {
    private let timeline: TimelineFigure
    private let curves: [TimelineFigure.Curve]

    init(_ timeline: TimelineFigure) {
        self.timeline = timeline
        curves = timeline.curves
    }

    var html: String {
        let last = timeline.stages.count - 1
        return """
            <figure class="timeline">
            \(legend)\(chart)\(chain)<div class="controls" hidden>
            <button type="button" class="earlier" aria-label="one stage back">◂</button>
            <input type="range" min="0" max="\(last)" value="0" step="1" aria-label="stage of the run">
            <button type="button" class="later" aria-label="one stage on">▸</button>
            <button type="button" class="play" aria-label="walk through all stages">play</button>
            <output>stage 1 of \(last + 1)</output>
            </div>
            <dl class="numbers" hidden></dl>
            <details class="stages" open><summary>all \(last + 1) stages</summary>
            \(HTML.table(timeline))</details>
            <script type="application/json">\(data)</script>
            </figure>

            """
    }

    private var data: String {
        let stages = timeline.stages.map { stage -> JSONValue in
            [
                "removed": JSONValue(stage.removed), "cells": .array(stage.cells.map(JSONValue.string)),
                "gone": .array(
                    timeline.tokens(stage).enumerated().filter(\.element.isGone).map { JSONValue($0.offset) }),
                "x": JSONValue(x(Double(stage.removed))),
            ]
        }
        // A `<` could end the element that holds the data.
        let data: JSONValue = ["columns": .array(timeline.columns.map(JSONValue.string)), "stages": .array(stages)]
        return JSONWriter.text(data, .compact)
            .replacing("<", with: "\\u003c")
    }

    // MARK: - The chain

    private var chain: String {
        guard !timeline.chain.isEmpty, timeline.chain.count <= 400 else { return "" }
        let first = timeline.stages[0]
        let tokens = timeline.tokens(first).map { token in
            let word = token.text == "" ? "&nbsp;" : Escaping.xml(ExportDocument.plain(token.text))
            return "<span class=\"token\(token.isGone ? " gone" : "")\">\(word)</span>"
        }
        return "<div class=\"chain\" aria-label=\"the chain of thought\">\(tokens.joined())</div>\n"
    }

    // MARK: - The chart

    private static let width = 640.0
    private static let height = 230.0
    /// On a phone the numbers are 19 units high, and `100%` is up to 54 wide.
    private static let left = 70.0
    private static let right = 18.0
    private static let top = 12.0
    private static let bottom = 36.0

    private var xRange: ClosedRange<Double> {
        let values = timeline.stages.map { Double($0.removed) }
        let low = values.min() ?? 0
        let high = values.max() ?? 1
        return low...(high > low ? high : low + 1)
    }

    private var yRange: ClosedRange<Double> {
        let values = curves.flatMap { $0.points.map(\.y) }.filter(\.isFinite)
        let low = min(values.min() ?? 0, 0)
        let high = values.max() ?? 1
        if isShare { return 0...1 }
        return low...(high > low ? high : low + 1)
    }

    /// Whether the curves are shares of one, to be written as percentages.
    private var isShare: Bool {
        !curves.isEmpty
            && curves.allSatisfy { curve in
                curve.points.allSatisfy { $0.y >= 0 && $0.y <= 1.000001 } && !curve.name.lowercased().contains("loss")
            }
    }

    private func x(_ value: Double) -> Double {
        let range = xRange
        let share = (value - range.lowerBound) / (range.upperBound - range.lowerBound)
        return rounded(Self.left + share * (Self.width - Self.left - Self.right))
    }

    private func y(_ value: Double) -> Double {
        let range = yRange
        let share = (value - range.lowerBound) / (range.upperBound - range.lowerBound)
        return rounded(Self.height - Self.bottom - min(max(share, 0), 1) * (Self.height - Self.bottom - Self.top))
    }

    private func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }

    private var legend: String {
        guard !curves.isEmpty else { return "" }
        let items = curves.enumerated().map { "<span class=\"c\($0.offset)\">\(Escaping.xml($0.element.name))</span>" }
        return "<figcaption>\(items.joined())<span class=\"axis\">over tokens removed</span></figcaption>\n"
    }

    private var chart: String {
        guard !curves.isEmpty else { return "" }
        let names = curves.map(\.name).joined(separator: ", ")
        var svg =
            "<svg class=\"chart\" viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" role=\"img\" "
            + "aria-label=\"\(Escaping.xml(names)) over the number of removed tokens\">\n"
        for tick in ticks(yRange, 4) {
            let place = y(tick)
            svg +=
                "<line class=\"grid\" x1=\"\(Self.left)\" x2=\"\(Self.width - Self.right)\" y1=\"\(place)\" "
                + "y2=\"\(place)\"/>"
            svg +=
                "<text x=\"\(Self.left - 8)\" y=\"\(place + 4)\" "
                + "text-anchor=\"end\">\(isShare ? "\(Int((tick * 100).rounded()))%" : label(tick))</text>\n"
        }
        for tick in ticks(xRange, 8) where tick == tick.rounded() {
            svg += "<text x=\"\(x(tick))\" y=\"\(Self.height - 14)\" text-anchor=\"middle\">\(Int(tick))</text>\n"
        }
        svg +=
            "<line class=\"cursor\" x1=\"\(x(Double(timeline.stages[0].removed)))\" "
            + "x2=\"\(x(Double(timeline.stages[0].removed)))\" y1=\"\(Self.top)\" "
            + "y2=\"\(Self.height - Self.bottom)\"/>\n"
        for (index, curve) in curves.enumerated() {
            let points = curve.points.filter(\.y.isFinite)
            svg +=
                "<polyline class=\"c\(index)\" "
                + "points=\"\(points.map { "\(x($0.x)),\(y($0.y))" }.joined(separator: " "))\"/>\n"
            for point in points {
                svg += "<circle class=\"c\(index)\" cx=\"\(x(point.x))\" cy=\"\(y(point.y))\" r=\"3.2\"/>"
            }
            svg += "\n"
        }
        return svg + "</svg>\n"
    }

    /// Round numbers across a range.
    private func ticks(_ range: ClosedRange<Double>, _ count: Int) -> [Double] {
        let span = range.upperBound - range.lowerBound
        guard span > 0, span.isFinite else { return [range.lowerBound] }
        let rough = span / Double(count)
        let power = pow(10, floor(log10(rough)))
        let step = [1.0, 2, 2.5, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999 } ?? rough
        var ticks: [Double] = []
        var tick = (range.lowerBound / step).rounded(.up) * step
        while tick <= range.upperBound + step * 1e-6, ticks.count < 30 {
            ticks.append(tick)
            tick += step
        }
        return ticks
    }

    private func label(_ value: Double) -> String {
        if value == value.rounded(), abs(value) < 1e6 { return "\(Int(value))" }
        let rounded = (value * 1000).rounded() / 1000
        return abs(rounded) < 1e6 ? "\(rounded)" : "\(Float(value))"
    }
}
