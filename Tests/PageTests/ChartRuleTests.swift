// What a page shows without a script, worked out from the sizes of its chart: 640 by 120, with 70 on the left, 18 on
// the right, 10 above and 26 below. So a share of 1 is at 10, of 0 at 94, and the numbers go from 70 to 622.

import Foundation
import Support
import Testing

@testable import Page

@Suite struct ChartRuleTests {
    private func stages(_ values: [(Int, Double?)]) -> [Page.Stage] {
        values.map { Page.Stage(removed: $0.0, cells: ["\($0.0)", "x"], accuracy: $0.1) }
    }

    private func points(_ values: [(Int, Double?)]) -> String? {
        StaticTimeline.chart(stages(values)).firstMatch(of: #/polyline points="([^"]*)"/#).map { String($0.output.1) }
    }

    @Test func `accuracies are drawn from bottom to top and stages from left to right, as far as they removed`() {
        #expect(points([(0, 0), (1, 1), (2, 0.25)]) == "70,94 346,10 622,73")
        #expect(points([(0, 1), (3, 0.5), (4, 0)]) == "70,10 484,52 622,94")
        // Beyond 0 and 1 there is nothing.
        #expect(points([(0, -1), (1, 7)]) == "70,94 622,10")
    }

    @Test func `a stage that nobody measured has no point, and one point makes no chart`() {
        #expect(points([(0, 1), (5, nil), (10, 0.5)]) == "70,10 622,52")
        #expect(StaticTimeline.chart(stages([(0, 1), (1, nil)])) == "" && StaticTimeline.chart([]) == "")
        // Where nothing was ever removed all stand at the left.
        #expect(points([(0, 1), (0, 0)]) == "70,10 70,94")
    }

    @Test func `the lines of the grid are told by their shares`() {
        let chart = StaticTimeline.chart(stages([(0, 1), (1, 0)]))
        for (y, name) in [(94, "0 %"), (52, "50 %"), (10, "100 %")] {
            #expect(
                chart.contains("<line class=\"grid\" x1=\"70\" x2=\"622\" y1=\"\(y)\" y2=\"\(y)\"/>")
                    && chart.contains("<text x=\"64\" y=\"\(y + 4)\" text-anchor=\"end\">\(name)</text>"), "\(name)")
        }
        #expect(chart.contains("<circle cx=\"70\" cy=\"10\" r=\"3\"/><circle cx=\"622\" cy=\"94\" r=\"3\"/>"))
        #expect(chart.contains("<line class=\"cursor\" x1=\"70\" x2=\"70\" y1=\"10\" y2=\"94\"/>"))
    }

    @Test func `on a phone, where numbers are 19 units high, none of them is cut off`() {
        let chart = StaticTimeline.chart(stages((0...24).map { ($0, 0.5) }))
        let texts = chart.matches(of: #/<text x="(\d+)" y="\d+" text-anchor="(\w+)">([^<]*)</#)
        #expect(texts.count > 8)
        for text in texts {
            // A digit is at most 0.6 as wide as it is high.
            let place = Double(text.output.1) ?? 0, wide = 0.6 * 19 * Double(text.output.3.count)
            let isEnd = text.output.2 == "end"
            #expect(place - (isEnd ? wide : wide / 2) >= 0 && place + (isEnd ? 0 : wide / 2) <= 640, "\(text.output.3)")
        }
    }

    @Test(arguments: [(2, 2), (12, 12), (13, 7), (24, 12), (25, 9), (36, 12)])
    func `about twelve numbers stand below, every so many-th from the first`(_ count: Int, _ shown: Int) {
        let chart = StaticTimeline.chart(stages((0..<count).map { ($0, 0.5) }))
        let numbers = chart.matches(of: #/y="112" text-anchor="middle">(\d+)</#).compactMap { Int($0.output.1) }
        #expect(numbers.count == shown && numbers.first == 0)
        #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $1 - $0 == (count + 11) / 12 })
    }

    @Test func `a row of the table is named by what its stage removed, and has its cells in order`() {
        let table = StaticTimeline.table(
            ["removed", "a & b"], [Page.Stage(removed: 12, cells: ["twelve", "<1>", ""], accuracy: nil)])
        #expect(table.contains("<th scope=\"col\">removed</th><th scope=\"col\">a &amp; b</th>"))
        #expect(table.contains("<tr data-removed=\"12\"><td>twelve</td><td>&lt;1&gt;</td><td></td></tr>"))
    }

    @Test func `scripts come in the order in which each uses those before it, weights under their numbers`() throws {
        let page = Page(
            title: "T & t", summary: "s", content: "{}", weights: [[255], [], [0, 0]], columns: [], stages: [])
        let html = page.html
        var last = html.startIndex
        for script in Page.scripts {
            let place = try #require(html.range(of: "// ---- \(script)\n")?.lowerBound, "\(script)")
            #expect(place > last, "\(script)")
            last = place
        }
        #expect(html.contains("id=\"weights-0\">/w==<") && html.contains("id=\"weights-1\"><"))
        #expect(html.contains("id=\"weights-2\">AAA=<") && !html.contains("id=\"weights-3\""))
        #expect(html.contains("<script type=\"application/json\" id=\"content\">{}</script>"))
        #expect(html.contains("<title>T &amp; t"))
    }

    @Test func `a template has each of its names filled in, wherever it stands`() {
        #expect(Template.filled("{{a}}{{a}} {b} {{b}}}", ["a": "1", "b": "2"]) == "11 {b} 2}")
        #expect(Template.filled("no names {{", [:]) == "no names {{" && Template.filled("", [:]) == "")
    }
}
