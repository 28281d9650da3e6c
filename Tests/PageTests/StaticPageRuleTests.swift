// What else the static part of a page tells: where unmeasured stages stand, what is in words, and that nothing is
// loaded from elsewhere.

import Foundation
import Support
import Testing

@testable import Page

@Suite struct StaticPageRuleTests {
    private func page(_ summary: String = "s", _ stages: [Page.Stage] = []) -> Page {
        Page(title: "t", summary: summary, content: "{}", weights: [], columns: ["removed"], stages: stages)
    }

    private func stage(_ removed: Int, _ accuracy: Double?) -> Page.Stage {
        Page.Stage(removed: removed, cells: ["\(removed)"], accuracy: accuracy)
    }

    @Test func `a stage that nobody measured has its place below the chart, and the others theirs before it`() {
        let chart = StaticTimeline.chart([stage(0, 1), stage(10, 0.5), stage(20, nil)])
        #expect(chart.contains("<polyline points=\"70,10 346,52\"/>"))
        for (x, number) in [(70, 0), (346, 10), (622, 20)] {
            #expect(chart.contains("<text x=\"\(x)\" y=\"112\" text-anchor=\"middle\">\(number)</text>"), "\(number)")
        }
        #expect(chart.matches(of: #/<circle /#).count == 2)
        #expect(chart.hasPrefix("<svg class=\"chart\" viewBox=\"0 0 640 120\" role=\"img\" "))
    }

    @Test func `a share that falls between two rows of the chart is drawn in the nearer one`() {
        // 84 rows: 0.994 of them are 83.496, 0.995 are 83.58.
        #expect(StaticTimeline.chart([stage(0, 0.994), stage(1, 0.995)]).contains("points=\"70,11 622,10\""))
    }

    @Test func `a page of one stage has its table and no chart, and every stage has a row in order`() {
        let one = page("s", [stage(3, 1)]).html
        #expect(one.contains("<tr data-removed=\"3\"><td>3</td></tr>") && !one.contains("<svg class=\"chart\""))
        let rows = StaticTimeline.table(["a"], [stage(5, 1), stage(2, nil), stage(9, 1)])
            .matches(of: #/data-removed="(\d+)"/#).map { String($0.output.1) }
        #expect(rows == ["5", "2", "9"])
    }

    @Test func `the summary is text, and nothing is left to be filled in`() {
        let html = page("1 < 2 & \"so\" {{title}}").html
        #expect(html.contains("1 &lt; 2 &amp; &quot;so&quot; {{title}}"))
        #expect(page().html.matches(of: #/\{\{[a-z]+\}\}/#).isEmpty)
        #expect(page().html.contains("<title>t") && page().html.contains("<h1>t</h1>"))
    }

    @Test func `nothing of the page is loaded from elsewhere`() {
        let html = page().html
        for sign in ["<link", "<img", "<iframe", "src=", "@import", "url(http", "fetch(", "XMLHttpRequest"] {
            #expect(!html.contains(sign), "\(sign)")
        }
    }

    @Test func `weights of one number stand before those of the next, and the content before them`() throws {
        var page = page()
        page.weights = [[1], [2], [3]]
        let html = page.html
        var last = try #require(html.range(of: "id=\"content\"")?.lowerBound)
        for (number, text) in ["AQ==", "Ag==", "Aw=="].enumerated() {
            let place = try #require(html.range(of: "id=\"weights-\(number)\">\(text)</script>\n")?.lowerBound)
            #expect(place > last)
            last = place
        }
    }
}
