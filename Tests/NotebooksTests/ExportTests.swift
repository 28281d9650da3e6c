import Foundation
import Language
import Support
import TestSupport
import Testing

@testable import Notebooks

private func parsed(_ text: String) throws -> JSONValue { try JSONReader.read(Array(text.utf8), path: "test") }

@Suite("Export") struct ExportTests {
    static let lesson = """
        # icot 1
        # title: Taking the chain of thought away
        # profile: cpu-f32 seed 3456

        # %% [md]
        # # Taking the chain of thought away
        #
        # A model that *writes* its steps is trained on; then its chain goes, **one token at a time**.
        # See [the paper](https://arxiv.org/abs/2405.14838) and `step`.
        #
        # > It still answers.
        #
        # <script>alert(1)</script>

        # %% params
        let n = 500

        # %% one step
        # the first token goes
        step
        #> removed 1 of 9: the chain now starts at "4" <b>
        train steps: 200
        #> loss 0.0312 ±0.004   {~4.2 s}
        #~ ▁▂▂▁▁▅▇  200 steps

        # %% [notes]
        # Ask the class.

        # %% the whole timeline
        print 1
        #> stage  removed  steps    loss  accuracy_before  accuracy   time
        #>     0        0   1200  0.0101             0.0%     99.8%  {~12.0 s}
        #>     1        1    200  0.0312            12.4%     99.2%  {~4.2 s}
        #>     2        2    200  0.0290            80.0%     98.8%  {~4.1 s}
        #>     3        4    400  0.0450            55.5%     99.0%  {~8.3 s}
        #>     4        9    900  0.0333            31.0%     97.6%  {~19 s}
        print 2
        #> digit  right  wrong
        #> first    480     20
        #> last     500      0
        #> … 3 more rows …

        # %% wrong on purpose
        train epoch: 1
        #! E203 train has no label epoch:

        """

    private static func document(_ text: String = lesson) -> ExportDocument {
        ExportDocument(Notebook(text), TestVocabulary.context)
    }

    @Test func `a page holds prose, coloured code, tables, a timeline and errors`() {
        let html = Self.document().html
        #expect(html.contains("<em>writes</em>"))
        #expect(html.contains("<span class=\"s-verb\">step</span>"))
        #expect(html.contains("<span class=\"s-label\">steps:</span>"))
        #expect(html.contains("<tr><td>first</td><td class=\"n\">480</td><td class=\"n\">20</td></tr>"))
        #expect(html.contains("<td class=\"across\" colspan=\"3\">… 3 more rows …</td>"))
        #expect(html.contains("<figure class=\"timeline\">"))
        #expect(html.contains("max=\"4\""))
        #expect(html.contains("<span class=\"volatile\">4.2 s</span>"))
        #expect(html.contains("<b>E203</b> train has no label epoch:"))
        #expect(html.contains("removed 1 of 9: the chain now starts at &quot;4&quot; &lt;b&gt;"))
        #expect(!html.contains("alert"))
        #expect(html.contains("<summary>notes</summary>"))
    }

    @Test func `statements that show nothing stand together with those below`() {
        let text = Self.document("# icot 1\nlet a = 1\n\n# why\nlet b = 2\nprint a\n#> 1\nlet c = 3\n").markdown
        #expect(
            text.hasSuffix(
                "```icot\nlet a = 1\n\n# why\nlet b = 2\nprint a\n```\n\n```text\n1\n```\n\n```icot\nlet c = 3\n```\n"))
    }

    @Test func `Markdown keeps prose, fences code and makes tables`() {
        let text = Self.document().markdown
        #expect(text.hasPrefix("# Taking the chain of thought away\n\nA model that *writes*"))
        #expect(text.contains("```icot\n# the first token goes\nstep\n```\n\n```text\nremoved 1 of 9"))
        #expect(text.contains("| digit | right | wrong |\n|---|---:|---:|\n| first | 480 | 20 |"))
        #expect(text.contains("**E203** train has no label epoch:"))
        #expect(
            ExportDocument(Notebook("# icot 1\n# %% [raw]\n# ````\n"), TestVocabulary.context).markdown.contains(
                "`````text\n````\n`````"))
        // Only those that stand together count.
        #expect(
            ExportDocument(Notebook("# icot 1\n# %% [raw]\n# `a` and `b`\n"), TestVocabulary.context).markdown.contains(
                "```text\n`a` and `b`\n```"))
    }

    @Test func `a file is read on a terminal without running`() {
        let lines = Self.document().lines.map(\.plain)
        #expect(lines.contains("  train steps: 200"))
        #expect(lines.contains("    loss 0.0312 ±0.004   4.2 s"))
        #expect(lines.contains("    digit  right  wrong"))
        #expect(lines.contains("    E203 train has no label epoch:"))
    }

    @Test(.enabled(if: Programs.pythonHas("nbformat"), "\(Programs.reason("Python's nbformat"))"))
    func `a Jupyter notebook is valid by nbformat`() throws {
        let text = Self.document().jupyter
        let json = try parsed(text)
        #expect(json["cells"]?.array?.count == 11)
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "a.ipynb")
            try Data(text.utf8).write(to: file)
            let check =
                "import nbformat,sys; n=nbformat.read(sys.argv[1],4); nbformat.validate(n); print(len(n.cells), [o.output_type for c in n.cells if c.cell_type=='code' for o in c.outputs])"
            let answer = try #require(Self.python(check, file.path))
            #expect(
                answer
                    == "11 ['display_data', 'display_data', 'display_data', 'display_data', 'display_data', 'error']\n")
        }
    }

    /// The output of a line of Python, nil where Python or nbformat is missing; `ICOT_PYTHON` names another
    /// interpreter.
    private static func python(_ code: String, _ argument: String) -> String? {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            ProcessInfo.processInfo.environment["ICOT_PYTHON"] ?? "python3", "-c",
            "try:\n  import nbformat\nexcept ImportError:\n  import os; os._exit(77)\n" + code, argument,
        ]
        let pipe = Pipe()
        process.standardOutput = pipe
        guard (try? process.run()) != nil else { return nil }
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return [77, 127].contains(process.terminationStatus) ? nil : String(decoding: data, as: UTF8.self)
    }

    @Test func `nothing of a foreign file steers a terminal or runs in a browser`() {
        var random = TestRandom(seed: 8)
        let pieces =
            RoundTripTests.pieces.map { String(decoding: $0, as: UTF8.self) } + [
                "# \u{1B}]0;x\u{7}", "#> \u{9B}31m\u{202E}", "#> <script>x</script>", "# [x](javascript:alert(1))",
                "# %% \u{1B}[2J<img onerror=x>", "# title: \u{1B}]0;x\u{7}\u{202E}", "# parameter: \u{9B}x",
                "# <img src=x onerror=y>",
            ]
        for _ in 0..<400 {
            let text = (0..<Int.random(in: 1...12, using: &random)).map { _ in random.pick(pieces) }.joined(
                separator: "\n")
            let document = ExportDocument(Notebook(text), TestVocabulary.context)
            let report = EffectsReport(Notebook(text), TestVocabulary.context)
            for output in [
                document.html, document.markdown, document.jupyter, document.lines.map(\.plain).joined(),
                report.lines.map(\.plain).joined(), report.json,
            ] {
                let isNeutral = !output.unicodeScalars.contains {
                    $0.value < 0x20 && $0 != "\n" || (0x7F...0x9F).contains($0.value)
                        || (0x202A...0x202E).contains($0.value) || (0x2066...0x2069).contains($0.value)
                }
                if !isNeutral { Issue.record("\(text.debugDescription)") }
            }
            let html = document.html
            for danger in ["<img ", "<script>x", "href=\"javascript"] where html.contains(danger) {
                Issue.record("\(danger) in \(text.debugDescription)")
            }
        }
    }

    @Test func `a figure is drawn in the page if it only draws, else it is an image`() {
        func page(_ svg: String) -> String {
            var report = ReplayReport(Notebook("# icot 1\nstep\n"))
            var entry = EntryReport(Notebook("# icot 1\nstep\n").entries()[0], cell: "")
            entry.verdict = .ran
            entry.bundles = [DisplayBundle(lines: ["plot, 3 points"], picture: ["▁▂▃"], svg: svg)]
            report.entries = [entry]
            return ExportDocument(Notebook("# icot 1\nstep\n"), TestVocabulary.context, report: report).html
        }
        let plain = page(
            "<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1 1\"><g fill=\"red\"><path d=\"M0 0\"/><text x=\"1\">on = 3</text></g></svg>"
        )
        #expect(plain.contains("<figure class=\"figure\"><svg xmlns"))
        #expect(!plain.contains("▁▂▃"))
        for bad in [
            "<svg><script>x</script></svg>", "<svg onload=\"x\"/>", "<svg><a href=\"x\"/></svg>",
            "<svg><g style=\"x\"/></svg>", "<svg><rect fill=\"url(http://x)\"/></svg>", "<svg/onload=x>",
            "<!DOCTYPE x><svg></svg>", "no picture",
        ] {
            #expect(page(bad).contains("data:image/svg+xml;base64,"), "\(bad)")
        }
    }

    @Test func `a table is found by the columns of its text, empty cells included`() throws {
        let lines: [StyledText] = [
            "before the table", "removed  steps   loss  before  accuracy  seconds  marks      at",
            "      0   1200  0.010       –     0.998   12.0 s  explicit",
            "      1    200  0.031   0.124     0.992    4.2 s             ◂",
            "     12     90  0.040   0.500     0.990    2.0 s  the end", "not shown: rescues", "end",
        ]
        let (table, end) = try #require(ExportTable.find(lines, at: 1))
        #expect(end == 5)
        #expect(table.names == ["removed", "steps", "loss", "before", "accuracy", "seconds", "marks", "at"])
        #expect(table.rows[0] == ["0", "1200", "0.010", "–", "0.998", "12.0 s", "explicit", ""])
        #expect(table.rows[1] == ["1", "200", "0.031", "0.124", "0.992", "4.2 s", "", "◂"])
        #expect(table.isNumeric == [true, true, true, true, true, true, false, false])
        #expect(TimelineFigure(table)?.curves.map(\.name) == ["accuracy"])
        for text in [
            "just words in a line", "a  b", "1  2\n3  4", "loss  0.5\naccuracy  0.25", "a  b\nno rows",
            "next token  adaptive\ntokens at a time  one",
        ] {
            #expect(
                ExportTable.find(text.split(separator: "\n").map { StyledText(String($0)) }, at: 0) == nil, "\(text)")
        }
        // A hostile number of removed tokens costs nothing, and no chain is made up for it.
        let vast = try #require(
            TimelineFigure(
                try parsed("[{\"removed\": 0, \"accuracy\": 1}, {\"removed\": 999999, \"accuracy\": 1}]")))
        #expect(vast.chain.isEmpty && vast.stages[1].gone.isEmpty)
        let settings = ["tokens at a time  1", "order             left", "smoothing         1"].map { StyledText($0) }
        #expect(ExportTable.find(settings, at: 1) == nil)
    }

    @Test func `a recorded timeline has the tokens of its chain, and in which order they go`() throws {
        func figure(_ note: String) throws -> TimelineFigure {
            let table = ["removed  accuracy", "      0      1.00", "      1      0.90", "      3      0.80"]
            let lines = table + note.components(separatedBy: "\n")
            let block = lines.map { "#> " + $0 }.joined(separator: "\n")
            let document = ExportDocument(Notebook("# icot 1\ntimeline\n\(block)\n"), TestVocabulary.context)
            let parts = document.sections.flatMap(\.parts)
            let outputs = parts.flatMap { part -> [OutputPart] in if case .output(let all) = part { all } else { [] } }
            return try #require(
                outputs.compactMap { output -> TimelineFigure? in
                    if case .timeline(let figure) = output { figure } else { nil }
                }.first)
        }
        func shown(_ note: String) throws -> [String] {
            let figure = try figure(note)
            return figure.stages.map { stage in
                figure.tokens(stage).map { $0.isGone ? "[\($0.text)]" : $0.text }.joined(separator: " ")
            }
        }
        #expect(
            try shown("chain of a problem: 1 1 0 +, taken from the left")
                == ["1 1 0 +", "[1] 1 0 +", "[1] [1] [0] +"])
        #expect(
            try shown("not shown: at\nchain of a problem: 1 1 0\n+, taken from the left\nmore")
                == ["1 1 0 +", "[1] 1 0 +", "[1] [1] [0] +"])
        #expect(
            try shown("chain of a problem: 1 1 0 +, taken from the right")
                == ["1 1 0 +", "1 1 0 [+]", "1 [1] [0] [+]"])
        #expect(
            try shown("chain of a problem: 1 1 0 +, taken in the order 3 4 | 1 | 2")
                == ["1 1 0 +", "1 1 [0] [+]", "[1] [1] [0] [+]"])
        #expect(try shown("another line") == ["  ", "[]  ", "[] [] []"])
        #expect(TimelineFigure.chain("chain of a problem: 1 1, taken in the order 3") == nil)
    }

    @Test func `a timeline comes from data with the tokens of its chain`() throws {
        let json = try parsed(
            """
            [{"removed": 0, "accuracy": 1, "loss": 0.5, "chain": ["4", "2", "+", "1"]}, {"removed": 1, "accuracy": 0.98765, "loss": 0.25, "chain": ["4", "2", "+", null]}, {"removed": 4, "accuracy": 0.5, "loss": null, "chain": [null, null, null, null]}]
            """)
        let timeline = try #require(TimelineFigure(json))
        #expect(timeline.columns == ["removed", "accuracy", "loss"])
        #expect(timeline.stages.map(\.cells) == [["0", "1", "0.5"], ["1", "0.9877", "0.25"], ["4", "0.5", "–"]])
        #expect(timeline.chain == ["4", "2", "+", "1"])
        #expect(timeline.tokens(timeline.stages[1]).map(\.isGone) == [false, false, false, true])
        #expect(timeline.curves.map(\.name) == ["accuracy"])
        for bad in [
            "[]", "{}", "[1, 2]", "{\"kind\": \"timeline\"}", "[{\"removed\": 1}]",
            "[{\"removed\": \"x\"}, {\"removed\": 2}]",
            "{\"kind\": \"other\", \"rows\": [{\"removed\": 1}, {\"removed\": 2}]}",
        ] {
            #expect(TimelineFigure(try parsed(bad)) == nil, "\(bad)")
        }
    }

    @Test(.enabled(if: Chromium.path != nil, "\(Programs.reason("Chromium"))"))
    func `the page is opened and its slider is moved in a browser`() throws {
        let path = try #require(Chromium.path)
        try withTemporaryFolder { folder in
            let page = folder.appending(path: "page.html")
            try Data(Self.document().html.utf8).write(to: page)
            let browser = try Chromium(path)
            try browser.open(page)
            let label = "document.querySelector('.controls output').textContent"
            let gone = "document.querySelectorAll('.token.gone').length"
            let first = try [
                browser.value(label), browser.value(gone), browser.value("document.querySelectorAll('.token').length"),
            ]
            #expect(first == ["stage 1 of 5", "0", "9"])
            try browser.click(".later")
            try browser.click(".later")
            let second = try [
                browser.value(label), browser.value(gone),
                browser.value("document.querySelector('.stages tr.now').cells[1].textContent"),
            ]
            #expect(second == ["stage 3 of 5", "2", "2"])
            try browser.click(".controls input", at: 0.99)
            let last = try [
                browser.value(label), browser.value(gone),
                browser.value("document.querySelectorAll('circle.now').length"),
                browser.value("document.querySelector('.numbers').innerText.replaceAll('\\n', ' ')"),
            ]
            #expect(
                last == [
                    "stage 5 of 5", "9", "2",
                    "stage 4 removed 9 steps 900 loss 0.0333 accuracy_before 31.0% accuracy 97.6% time 19 s",
                ])
            try browser.click(".earlier")
            let back = try browser.value(label)
            #expect(back == "stage 4 of 5")
            #expect(browser.complaints == [])
            #expect(browser.requests == [])
            // Without scripts everything is there to be read, and nothing waits to be clicked.
            try browser.open(page, scripts: false)
            let seen = try [
                browser.value("getComputedStyle(document.querySelector('.controls')).display"),
                browser.value("document.querySelector('.stages tbody').innerText.includes('97.6%')"),
                browser.value("document.querySelector('.chart').getBoundingClientRect().height > 100"),
            ]
            #expect(seen == ["none", "true", "true"])
            // On a phone no label of the chart is cut off.
            try browser.open(page, width: 380)
            let cut = try browser.value(
                "(() => { const box = document.querySelector('.chart').getBoundingClientRect(); "
                    + "return [...document.querySelectorAll('.chart text')].filter(text => { "
                    + "const r = text.getBoundingClientRect(); return r.left < box.left || r.right > box.right })"
                    + ".map(text => text.textContent).join(' ') })()")
            #expect(cut == "")
            if let kept = ProcessInfo.processInfo.environment["ICOT_KEEP_PICTURES"] {
                try Self.keepPictures(browser, page, in: URL(filePath: kept))
            }
        }
    }

    /// Pictures of the page for a person to look at.
    private static func keepPictures(_ browser: Chromium, _ page: URL, in folder: URL) throws {
        for (name, dark, width) in [("light", false, 1000), ("dark", true, 1000), ("narrow", false, 380)] {
            try browser.open(page, dark: dark, width: width)
            try browser.click(".later")
            try browser.screenshot().write(to: folder.appending(path: "\(name).png"))
        }
    }
}
