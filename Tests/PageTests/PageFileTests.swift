import Foundation
import Support
import Testing

@testable import Page

@Suite struct PageFileTests {
    private static let page = Page(
        title: "<b> & \"quotes\"", summary: "a </p><script>alert(1)</script>", content: "{\"name\": \"</script><i>\"}",
        weights: [[0, 1, 2, 3]], columns: ["removed", "<accuracy>"],
        stages: [
            .init(removed: 0, cells: ["0", "1.000"], accuracy: 1),
            .init(removed: 9, cells: ["9", "<.5>"], accuracy: 0.5),
        ])

    @Test func `nothing of a run can end an element or begin one`() {
        let html = Self.page.html
        #expect(html.contains("<h1>&lt;b&gt; &amp; &quot;quotes&quot;</h1>"))
        #expect(!html.contains("<script>alert"))
        #expect(!html.contains("</script><i>"))
        #expect(html.contains(#"{"name": "\u003c/script>\u003ci>"}"#))
        #expect(html.contains("<td>&lt;.5&gt;</td>"))
    }

    @Test func `weights stand in base64 under their numbers`() {
        #expect(Self.page.html.contains("<script type=\"text/plain\" id=\"weights-0\">AAECAw==</script>"))
    }

    @Test func `every script of the folder is in the page once, and none can end its element`() {
        let embedded = embeddedPage.map(\.path).filter { $0.hasPrefix("Script/") }.map { String($0.dropFirst(7)) }
        #expect(Set(embedded) == Set(Page.scripts))
        #expect(Page.scripts.count == Set(Page.scripts).count)
        for script in Page.scripts { #expect(!Page.asset("Script/" + script).contains("</script"), "\(script)") }
    }

    @Test func `without a script the chart and the table of all stages are there`() {
        let html = Self.page.html
        // Two points: 0 removed at the left edge and 100 %, 9 removed at the right edge and 50 %.
        #expect(html.contains("<polyline points=\"70,10 622,52\"/>"))
        #expect(html.contains("<tr data-removed=\"9\"><td>9</td>"))
        #expect(html.contains("<th scope=\"col\">&lt;accuracy&gt;</th>"))
    }

    @Test func `the policy allows the page's own style and scripts, by their hashes, and nothing else`() throws {
        let html = Self.page.html
        func part(_ open: String, _ close: String) throws -> String {
            let from = try #require(html.range(of: open)?.upperBound)
            return String(html[from..<(try #require(html[from...].range(of: close)?.lowerBound))])
        }
        func source(_ text: String) -> String {
            var hash = SHA256()
            hash.update(text)
            return "'sha256-\(Base64.encoded(hash.finalize()))'"
        }
        let (style, script) = (try part("<style>", "</style>"), try part("<script>", "</script>"))
        let policy = try part("http-equiv=\"Content-Security-Policy\" content=\"", "\"")
        #expect(
            Set(policy.split(separator: "; ").map(String.init)) == [
                "default-src 'none'", "base-uri 'none'", "form-action 'none'", "style-src \(source(style))",
                "script-src \(source(script))",
            ])
    }

    @Test func `what a value contains is not filled in again`() {
        #expect(Template.filled("{{a}}-{{b}}", ["a": "{{b}}", "b": "x"]) == "{{b}}-x")
    }
}
