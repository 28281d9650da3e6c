// What stands on the pages that are made of a notebook, worked out by hand.

import Language
import Support
import Testing

@testable import Notebooks

@Suite struct ShownRuleTests {
    private func document(_ text: String, _ name: String = "test.icot") -> ExportDocument {
        ExportDocument(Notebook(bytes: Array("# icot 1\n\(text)".utf8), name: name), TestVocabulary.context)
    }

    private func figure(_ json: String) throws -> TimelineFigure? {
        TimelineFigure(try JSONReader.read(Array(json.utf8), path: "x"))
    }

    // MARK: - Titles and facts

    @Test func `without a title a page is called after its file, and its profile and parameters stand below`() {
        let page = document(
            "# profile: cpu-f32 seed 3456\n# colour: blue\n# parameter: n=<5>\nprint 1\n", "talks/lesson.icot")
        #expect(page.title == "lesson" && document("", "a/b.txt").title == "b.txt")
        #expect(page.html.contains("<title>lesson</title>") && page.html.contains("<h1>lesson</h1>"))
        #expect(
            page.html.contains(
                "<footer>made from <code>lesson.icot</code> · profile <code>cpu-f32 seed 3456</code> · "
                    + "parameter <code>n=&lt;5&gt;</code></footer>"))
    }

    @Test func `a page that begins with a heading of its own gets no second one`() {
        func hasTitle(_ text: String) -> Bool { document("# title: T\n" + text).html.contains("<h1>T</h1>") }
        #expect(!hasTitle("# %% [md]\n# # T of its own\n"))
        #expect(hasTitle("# %% [md]\n# ## Lower\n") && hasTitle("# %% [md]\n# words\n# # Later\n"))
        #expect(hasTitle("print 1\n# %% [md]\n# # T of its own\n") && hasTitle("# %% [notes]\n# # T of its own\n"))
        // Markdown knows no first page: a heading anywhere is enough.
        func head(_ text: String) -> Bool { document("# title: T\n" + text).markdown.hasPrefix("# T\n") }
        #expect(!head("print 1\n# %% [md]\n# words\n# # Later\n") && head("# %% [md]\n# ## Lower\n"))
        #expect(head("# %% [notes]\n# # X\n"))
    }

    @Test func `a page without a timeline runs nothing, and one with it only its own script`() throws {
        let plain = document("print 1\n#> 1\n").html
        #expect(plain.contains("script-src 'none'\">") && !plain.contains("<script"))
        let table = "timeline\n#> removed  accuracy\n#>       0      1.00\n#>       1      0.90\n"
        let html = document(table).html
        let start = try #require(html.range(of: "<script>")?.upperBound)
        let end = try #require(html[start...].range(of: "</script>")?.lowerBound)
        let hash = Base64.encoded(hexadecimal: SHA256.hex(String(html[start..<end])))
        #expect(html.contains("script-src 'sha256-\(hash)'\">"))
        for policy in ["default-src 'none'", "img-src data:", "base-uri 'none'", "form-action 'none'"] {
            #expect(plain.contains(policy) && html.contains(policy), "\(policy)")
        }
    }

    // MARK: - Cells

    @Test func `each kind of cell has its look on a page`() {
        let html = document(
            "# %% [notes] for the <teacher>\n# ask\n# %% [raw]\n# <b>\n# two\n# %% params\nlet n = 1\n# %% a & b\n"
                + "print 1\n#> x {~4 s}\n# %% [notes]\n# more\n"
        ).html
        #expect(html.contains("<summary>notes for the &lt;teacher&gt;</summary>\n<p>ask</p>"))
        #expect(html.contains("<summary>notes</summary>\n<p>more</p>"))
        #expect(html.contains("<pre class=\"raw\">&lt;b&gt;\ntwo</pre>"))
        #expect(html.contains("<h2 class=\"params\">parameters</h2>") && html.contains("<h2>a &amp; b</h2>"))
        #expect(html.contains("<pre>x <span class=\"volatile\">4 s</span></pre>"))
        let text = document("# %% [notes]\n# ask\n#\n# more\n# %% [raw]\n# a```b\n# %% [params] p\nlet n = 1\n")
            .markdown
        #expect(
            text == "# test\n\n> ask\n>\n> more\n\n````text\na```b\n````\n\n## p\n\n```icot\nlet n = 1\n```\n",
            "\(text)")
    }

    @Test func `a notebook on a terminal has its title, its cells apart, notes set in and outputs further in`() {
        let lines = document(
            "# title: T\n# %% [md]\n# words\n# %% [notes]\n# ask\n# %% one\nprint 1\n#> 1\n# %% empty\n# %%\n"
        ).lines.map(\.plain)
        #expect(lines == ["T", "", "words", "", "  ask", "", "one", "  print 1", "    1", "", "empty"])
    }

    @Test func `output that belongs to nobody is shown where it stands, and a tab is four spaces`() {
        let text = document("let a = 1\n\n#> lost\n#~ drawn\nlet b = 2\n# %% [raw]\n# a\tb\n").markdown
        #expect(
            text == "# test\n\n```icot\nlet a = 1\n```\n\n```text\nlost\n```\n\n```text\ndrawn\n```\n\n"
                + "```icot\nlet b = 2\n```\n\n```text\na    b\n```\n", "\(text)")
    }

    @Test func `what ran is shown in place of its record, and what did not run keeps it`() {
        let notebook = Notebook("# icot 1\nprint 1\n#> old\nprint 2\n#> kept\n")
        var report = ReplayReport(notebook)
        report.entries = notebook.entries().map { EntryReport($0, cell: "") }
        report.entries[0].verdict = .failed
        report.entries[0].bundles = [
            DisplayBundle(lines: ["new"], picture: ["~"]), DisplayBundle(lines: ["x"], picture: ["~"], svg: "<svg/>"),
        ]
        report.entries[0].output = OutputBlock([
            OutputLine(.result, written: "new"), OutputLine(.error, written: "E310 no *stars*"),
        ])
        let text = ExportDocument(notebook, TestVocabulary.context, report: report).markdown
        #expect(
            text == "# test\n\n```icot\nprint 1\n```\n\n```text\nnew\n```\n\n```text\n~\n```\n\n```text\nx\n```\n\n"
                + "*A figure; see the HTML export.*\n\n**E310** no \\*stars\\*\n\n```icot\nprint 2\n```\n\n"
                + "```text\nkept\n```\n", "\(text)")
    }

    @Test func `a table of Markdown is escaped, and what stands across fills its row`() {
        let text = document("t\n#> name  value\n#> a|b*     1\n#> … 3 more rows …\n").markdown
        #expect(
            text.contains("| name | value |\n|---|---:|\n| a\\|b\\* | 1 |\n| … 3 more rows … |  |\n"), "\(text)")
    }

    @Test func `a drawing may refer to its own parts and to nothing else`() {
        func isDrawn(_ svg: String) -> Bool {
            let notebook = Notebook("# icot 1\nstep\n")
            var report = ReplayReport(notebook)
            report.entries = notebook.entries().map { EntryReport($0, cell: "") }
            report.entries[0].verdict = .ran
            report.entries[0].bundles = [DisplayBundle(lines: ["x"], svg: svg)]
            let html = ExportDocument(notebook, TestVocabulary.context, report: report).html
            return !html.contains("data:image/svg+xml;base64,")
        }
        #expect(isDrawn("<svg><rect fill=\"url(#g)\"/></svg>") && isDrawn("<svg><linearGradient/></svg>"))
        for bad in [
            "<svg><image/></svg>", "<svg><foreignObject/></svg>", "<svg><rect fill=\"URL(http://x)\"/></svg>",
            "<svg><use xlink:href=\"#a\"/></svg>", "<svg><rect\nonclick=\"x\"/></svg>",
            "<svg><rect STYLE=\"x\"/></svg>",
            "<svg><animate/></svg>", "<svg><rect",
        ] { #expect(!isDrawn(bad), "\(bad)") }
    }

    // MARK: - The stages of a run

    @Test func `the curves of a run are three accuracies at most, or else two losses, of two points each`() throws {
        func curves(_ first: String, _ second: String) throws -> [String]? {
            try figure("[{\"removed\": 0, \(first)}, {\"removed\": 2, \(second)}]")?.curves.map(\.name)
        }
        let four = "\"accuracy\": 1, \"after\": 0.5, \"loss\": 2, \"B_Accuracy\": 0.5, \"accuracy_4\": 1"
        #expect(try curves(four, four) == ["accuracy", "after", "B_Accuracy"])
        let losses = "\"loss\": 1, \"steps\": 5, \"loss_b\": 2, \"loss_c\": 3"
        #expect(try curves(losses, losses) == ["loss", "loss_b"])
        // Where an accuracy was measured once only, it is no curve.
        #expect(try curves("\"accuracy\": 1, \"loss\": 2", "\"accuracy\": null, \"loss\": 1") == ["loss"])
        let drawn = try #require(try figure("[{\"removed\": 0, \"loss\": 2}, {\"removed\": 2, \"loss\": 1}]"))
        #expect(drawn.curves[0].points.map(\.x) == [0, 2] && drawn.curves[0].points.map(\.y) == [2, 1])
    }

    @Test func `a chain of four hundred unknown tokens is drawn place by place, a longer one not`() throws {
        func run(_ removed: String) throws -> TimelineFigure? {
            try figure("[{\"removed\": 0, \"accuracy\": 1}, {\"removed\": \(removed), \"accuracy\": 1}]")
        }
        #expect(try run("400")?.chain.count == 400 && run("400")?.stages[1].gone.count == 400)
        #expect(try run("401")?.chain.isEmpty == true && run("401")?.stages[1].gone.isEmpty == true)
        #expect(try run("999999") != nil && run("1000000") == nil && run("-1") == nil && run("0") != nil)
    }

    @Test func `a chart has its points, its marks and what they are called in their places`() throws {
        let accuracies = try #require(
            try figure("[{\"removed\": 0, \"accuracy\": 1}, {\"removed\": 4, \"accuracy\": 0.5}]"))
        let html = TimelinePage(accuracies).html
        // 640 by 230, with 70 on the left, 18 on the right, 12 above and 36 below.
        #expect(html.contains("<polyline class=\"c0\" points=\"70.0,12.0 622.0,103.0\"/>"))
        #expect(html.contains("<circle class=\"c0\" cx=\"622.0\" cy=\"103.0\" r=\"3.2\"/>"))
        for (y, name) in [(194.0, "0%"), (148.5, "25%"), (103.0, "50%"), (57.5, "75%"), (12.0, "100%")] {
            #expect(html.contains("<text x=\"62.0\" y=\"\(y + 4)\" text-anchor=\"end\">\(name)</text>"), "\(name)")
            #expect(html.contains("x1=\"70.0\" x2=\"622.0\" y1=\"\(y)\" y2=\"\(y)\"/>"), "\(name)")
        }
        for (x, number) in [(70, 0), (208, 1), (346, 2), (484, 3), (622, 4)] {
            #expect(html.contains("<text x=\"\(x).0\" y=\"216.0\" text-anchor=\"middle\">\(number)</text>"))
        }
        #expect(html.contains("<span class=\"c0\">accuracy</span><span class=\"axis\">over tokens removed</span>"))
        #expect(html.contains("max=\"1\"") && html.contains("<output>stage 1 of 2</output>"))
        #expect(html.contains("<summary>all 2 stages</summary>") && html.contains("\"gone\":[0,1,2,3]"))
        #expect(html.matches(of: #/<span class="token">&nbsp;<\/span>/#).count == 4)
    }

    @Test func `losses are drawn from zero to the largest, with numbers and no shares`() throws {
        let losses = try #require(
            try figure("[{\"removed\": 0, \"loss\": 0.5}, {\"removed\": 2, \"loss\": 2.5}]"))
        let html = TimelinePage(losses).html
        // 182 rows for 2.5: 0.5 is a fifth of them above 194.
        #expect(html.contains("points=\"70.0,157.6 622.0,12.0\""))
        for number in ["0", "1", "2"] { #expect(html.contains("text-anchor=\"end\">\(number)</text>"), "\(number)") }
        #expect(!html.contains("%</text>"))
        let share = try #require(
            try figure("[{\"removed\": 0, \"loss\": 0.5}, {\"removed\": 2, \"loss\": 0.25}]"))
        // 0 to 0.5 in steps of 0.2, since 0.125 is more than 0.1.
        let small = TimelinePage(share).html
        for number in ["0", "0.2", "0.4"] {
            #expect(small.contains("text-anchor=\"end\">\(number)</text>"), "\(number)")
        }
    }

    @Test func `the first stage is the one that is shown, with what is gone already, and tokens are text`() throws {
        let early = try #require(
            try figure(
                "[{\"removed\": 1, \"accuracy\": 1, \"chain\": [null, \"<b>\", \"7\"]},"
                    + " {\"removed\": 2, \"accuracy\": 1, \"chain\": [null, null, \"7\"]}]"))
        let html = TimelinePage(early).html
        #expect(
            html.contains(
                "<span class=\"token gone\">&nbsp;</span><span class=\"token\">&lt;b&gt;</span>"
                    + "<span class=\"token\">7</span>"))
        #expect(html.contains("\"gone\":[0]") && html.contains("\"gone\":[0,1]"))
        let row = "\"accuracy\": 1, \"note\": \"</script>\""
        let noted = try #require(try self.figure("[{\"removed\": 0, \(row)}, {\"removed\": 1, \(row)}]"))
        let page = TimelinePage(noted).html
        #expect(!page.contains("\"</script>\"") && page.contains("\"\\u003c/script>\""))
    }

    @Test func `text has the numbers of a run as they were written, and data the chain`() throws {
        let notebook = Notebook("# icot 1\nstep\n")
        func parts(_ json: String) -> [OutputPart] {
            var report = EntryReport(notebook.entries()[0], cell: "")
            let lines: [StyledText] = ["removed  accuracy", "      0    100.0%", "      1     90.5%"]
            report.bundles = [DisplayBundle(lines: lines, json: json)]
            return OutputPart.parts(report)
        }
        let rows =
            "{\"removed\": 0, \"accuracy\": 1, \"chain\": [\"4\", \"2\"]},"
            + "{\"removed\": 1, \"accuracy\": 0.905, \"chain\": [\"4\", null]}"
        guard case .timeline(let merged)? = parts("[\(rows)]").first else {
            Issue.record("no timeline")
            return
        }
        #expect(merged.stages.map(\.cells) == [["0", "100.0%"], ["1", "90.5%"]] && merged.chain == ["4", "2"])
        #expect(merged.stages.map(\.gone) == [[], [1]])
        // Where the text has not all of them the data counts.
        let more = "[\(rows), {\"removed\": 2, \"accuracy\": 0.5, \"chain\": [null, null]}]"
        guard case .timeline(let all)? = parts(more).first else {
            Issue.record("no timeline")
            return
        }
        #expect(all.stages.map(\.cells) == [["0", "1"], ["1", "0.905"], ["2", "0.5"]])
    }
}
