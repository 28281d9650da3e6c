// A page of a run, as `icot export --to page` writes it: what it computes is what icot computes, in node and in a
// browser.

import Foundation
import TestSupport
import Testing

extension Trait where Self == ConditionTrait {
    fileprivate static var needsNode: Self { .enabled(if: node != nil, "\(Programs.reason("node"))") }
    fileprivate static var needsChromium: Self {
        .enabled(if: Chromium.path != nil, "\(Programs.reason("Chromium"))")
    }
}

private let node = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":").map { "\($0)/node" }
    .first { FileManager.default.isExecutableFile(atPath: $0) }

@Suite(.serialized) struct RunPageTests {
    private static let parity = packageFolder.appending(path: "notebooks/runs/parity6").path

    /// A page of a shipped run with its twin, made once.
    private static let shipped: (folder: URL, path: String, said: String) = {
        let folder = FileManager.default.temporaryDirectory.appending(path: "icot-page-\(UUID().uuidString)")
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let path = folder.appending(path: "parity.html").path
        let made = try? shell("icot export '\(parity)' --to page --twin -o '\(path)'", seconds: 300)
        return (folder, path, (made?.output ?? "") + (made?.error ?? ""))
    }()

    // MARK: - Against icot, in node

    /// What `PageChecks/check.js` finds.
    private func check(_ page: String, _ what: String, _ input: Any? = nil) throws -> Any {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "input.json")
            if let text = input as? String {
                try Data(text.utf8).write(to: file)
            } else if let input {
                try JSONSerialization.data(withJSONObject: input).write(to: file)
            }
            let script = packageFolder.appending(path: "Tests/EndToEndTests/PageChecks/check.js").path
            let run = try shell("'\(node ?? "node")' '\(script)' '\(page)' \(what) '\(file.path)'", seconds: 300)
            guard run.status == 0 else { throw Chromium.Failure(description: run.error) }
            return try JSONSerialization.jsonObject(with: Data(run.output.utf8), options: .fragmentsAllowed)
        }
    }

    /// The lines of JSON that statements give, one value a line.
    private func values(_ statements: String) throws -> [Any] {
        let run = try shell("icot --json -c '\(statements)'", seconds: 300)
        guard run.status == 0 else { throw Chromium.Failure(description: run.error) }
        return run.output.split(separator: "\n").compactMap {
            try? JSONSerialization.jsonObject(with: Data($0.utf8), options: .fragmentsAllowed)
        }
    }

    /// Solutions and logits of a kept run at its stages, by icot.
    private func reference(_ run: String, stages: [Int], count: Int, ids: String) throws -> (tokens: Any, logits: Any) {
        var tokens: [[String: Any]] = [], logits: [[String: Any]] = []
        for removed in stages {
            let found = try values(
                """
                let r = resume "\(run)" hold: false
                step to: \(removed)
                logits r ids: \(ids)
                for i in 0..<\(count) { solve r.test[i] }
                """)
            let solutions = found.compactMap { $0 as? [String: Any] }.filter { $0["probabilities"] != nil }
            try #require(solutions.count == count)
            tokens.append(["removed": removed, "solutions": solutions])
            let array = try #require(found.compactMap { $0 as? [[[Double]]] }.first)
            logits.append([
                "removed": removed, "ids": try JSONSerialization.jsonObject(with: Data(ids.utf8)), "logits": array,
            ])
        }
        return (tokens, logits)
    }

    /// The page computes in double precision what icot computes in single: what differs is the rounding of icot's own
    /// sums, about ten of the units (2⁻²³) in the last place of the largest logit, which is near 10 in these runs.
    private func expectEqual(_ logits: [String: Double]) throws {
        let size = max(try #require(logits["size"]), 1)
        #expect(try #require(logits["largest"]) < 1e-6 * max(size, 10), "\(logits)")
    }

    @Test(.needsNode) func `the page has the very logits and tokens of the run at every stage`() throws {
        let reference = try reference(
            Self.parity, stages: [0, 1, 2, 3, 4], count: 500,
            ids: "[[10, 5, 11, 12, 12, 11, 0, 4, 4, 3, 4, 4, 2], [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 1, 2]]")
        let logits = try #require(try check(Self.shipped.path, "logits", reference.logits) as? [String: Double])
        #expect(logits["count"] == Double(5 * 2 * 13 * 20))
        try expectEqual(logits)
        let tokens = try #require(try check(Self.shipped.path, "tokens", reference.tokens) as? [String: Any])
        #expect(tokens["count"] as? Int == 2500)
        #expect(tokens["different"] as? Int == 0, "\(tokens)")
        #expect(try #require(tokens["probability"] as? Double) < 1e-5)
    }

    @Test(.needsNode) func `the page of the shipped run is within a megabyte and closed to the network`() throws {
        let size = try #require(try FileManager.default.attributesOfItem(atPath: Self.shipped.path)[.size] as? Int)
        #expect(size <= 1_000_000, "\(Self.shipped.said)")
        #expect(Self.shipped.said.contains("5 stages"))
        #expect(Self.shipped.said.contains("the very weights of the run"))
        let policy = try #require(try check(Self.shipped.path, "policy") as? [String: Any])
        #expect(policy["script"] as? Bool == true && policy["style"] as? Bool == true)
        #expect(policy["closed"] as? Bool == true)
    }

    /// Small runs of other shapes, kept in `folder`: what is trained into them does not matter here.
    @Test(
        .needsNode,
        arguments: [
            (
                "llama", "model .llama layers: 2 heads: 4 width: 32 positions: 64", ".mult digits: 2",
                "positions: .shifted"
            ),
            ("phi3", "model .phi3 layers: 1 heads: 2 width: 24 positions: 64", ".add digits: 3", "order: .right"),
            (
                "mistral", "model .mistral layers: 1 heads: 2 width: 16 positions: 64", ".modsum digits: 5",
                "positions: .original"
            ),
            (
                "gpt2", "model .gpt2 layers: 1 heads: 2 width: 24 positions: 64 tied: true", ".mult digits: 2",
                "order: .random"
            ),
        ])
    func `models of every shape answer as icot does`(
        _ name: String, _ model: String, _ task: String, _ schedule: String
    )
        throws
    {
        try withTemporaryFolder { folder in
            let run = folder.appending(path: name).path
            let separator = name == "phi3" ? " separator: .kept" : name == "mistral" ? " separator: .removed_last" : ""
            _ = try values(
                """
                let test = gen \(task) n: 60 seed: 7
                let data = gen \(task) n: 800 apart_from: test
                let r = start (\(model)) on: data test: test\(separator)
                schedule \(schedule)
                train steps: 12
                step
                train steps: 4
                step
                train steps: 4
                save_run "\(run)"
                """)
            let page = folder.appending(path: "x.html").path
            let made = try shell("icot export '\(run)' --to page -o '\(page)'", seconds: 300)
            #expect(made.status == 0, "\(made.error)")
            let reference = try reference(
                run, stages: [0, 1, 2], count: 60, ids: "[[3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 12, 11, 10, 9, 8]]")
            let logits = try #require(try check(page, "logits", reference.logits) as? [String: Double])
            try expectEqual(logits)
            let tokens = try #require(try check(page, "tokens", reference.tokens) as? [String: Any])
            #expect(tokens["different"] as? Int == 0, "\(tokens)")
        }
    }

    @Test(.needsNode) func `a cut head does what icot's ablation does`() throws {
        // With nothing left of the chain the answer is the first token that is written, which both predict after the
        // question.
        let rows = try #require(
            try values(
                """
                let r = resume "\(Self.parity)" hold: false
                step to: 4
                intervene .ablate with: .zero on: r.test at: .answer[0]
                """
            ).compactMap { $0 as? [[String: Any]] }.last)
        let text = try String(contentsOfFile: Self.parity + "/problems-held-out.txt", encoding: .utf8)
        let problems = text.split(separator: "\n").map(String.init)
        let questions = problems.map { String($0.prefix { $0 != "|" }) }
        for head in ["0.1", "0.2", "1.2"] {
            let row = try #require(rows.first { $0["part"] as? String == "head \(head)" })
            let input: [String: Any] = ["removed": 4, "heads": [head], "cut": [Int](), "questions": questions]
            let found = try #require(try check(Self.shipped.path, "cut", input) as? [[String: Any]])
            let right = zip(found, problems).filter { $0["wrote"] as? String == String($1.suffix(1)) }.count
            #expect(Double(right) / Double(found.count) == row["accuracy"] as? Double, "\(head)")
        }
    }

    @Test(.needsNode) func `a place that is cut does what icot's knockout does`() throws {
        let rows = try #require(
            try values(
                """
                let r = resume "\(Self.parity)" hold: false
                step to: 4
                intervene .knockout on: r.test at: .answer[0]
                """
            ).compactMap { $0 as? [[String: Any]] }.last)
        let text = try String(contentsOfFile: Self.parity + "/problems-held-out.txt", encoding: .utf8)
        let problems = text.split(separator: "\n").map(String.init)
        let questions = problems.map { String($0.prefix { $0 != "|" }) }
        for place in [0, 3, 5] {
            let row = try #require(rows.first { $0["from"] as? String == ".input[\(place)]" })
            let input: [String: Any] = ["removed": 4, "heads": [String](), "cut": [place], "questions": questions]
            let found = try #require(try check(Self.shipped.path, "cut", input) as? [[String: Any]])
            let right = zip(found, problems).filter { $0["wrote"] as? String == String($1.suffix(1)) }.count
            #expect(Double(right) / Double(found.count) == row["accuracy"] as? Double, "\(place)")
        }
    }

    @Test(.needsNode) func `the page works out the true chain and answer of every task as icot does`() throws {
        for (task, kind) in [
            (".mult digits: 3", "mult"), (".mult digits: 1...4", "mixed"),
            (".mult digits: 2...3 padded: true", "padded"),
            (".mult digits: 2 by: 5", "by"), (".tree digits: 5", "tree"), (".add digits: 4", "add"),
            (".add digits: 3...5 order: .most_first", "most first"), (".modsum digits: 5 modulus: 7", "modsum"),
        ] {
            try withTemporaryFolder { folder in
                let (run, page, file) = (
                    folder.appending(path: "r").path, folder.appending(path: "p.html").path,
                    folder.appending(path: "t.txt").path
                )
                _ = try values(
                    """
                    let test = gen \(task) n: 50 seed: 7
                    let data = gen \(task) n: 200 apart_from: test
                    let r = start (model .gpt2 layers: 1 heads: 1 width: 8 positions: 128) on: data test: test
                    train steps: 1
                    save_run "\(run)"
                    write page(r, probes: false) "\(page)"
                    write (gen \(task) n: 300 seed: 5) "\(file)"
                    """)
                let lines = try String(contentsOfFile: file, encoding: .utf8)
                let found = try #require(try check(page, "tasks", lines) as? [String: Any])
                #expect(found["count"] as? Int == 300, "\(kind)")
                #expect(found["wrong"] as? Int == 0, "\(kind): \(found)")
            }
        }
    }

    @Test(.needsNode) func `each rule of the page's scripts holds on numbers that can be checked by hand`() throws {
        let checks = packageFolder.appending(path: "Tests/EndToEndTests/PageChecks/rules.js").path
        let scripts = packageFolder.appending(path: "Sources/Page/Script").path
        let run = try shell("'\(node ?? "node")' '\(checks)' '\(scripts)'")
        let found = try #require(
            try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any], "\(run)")
        #expect(found["count"] as? Int == 10)
        #expect(found["broken"] as? [String] == [])
    }

    /// A page of the parity run without probes, whose weights are kept as asked for.
    private func page(weights: String, to path: String) throws {
        _ = try values(
            """
            let r = resume "\(Self.parity)" hold: false
            write page(r, weights: \(weights), probes: false) "\(path)"
            """)
    }

    @Test(.needsNode, arguments: [".half", ".rounded, limit: 0.23"])
    func `what a page says that its weights cost is what they cost`(_ weights: String) throws {
        try withTemporaryFolder { folder in
            let (exact, kept) = (folder.appending(path: "exact.html").path, folder.appending(path: "kept.html").path)
            try page(weights: ".float32", to: exact)
            try page(weights: weights, to: kept)
            let bytes = try #require(try FileManager.default.attributesOfItem(atPath: kept)[.size] as? Int)
            #expect(bytes < (weights == ".half" ? 600_000 : 230_000))
            let found = try #require(try check(kept, "fidelity", "\"\(exact)\"") as? [String: [String: Any]])
            let (measured, said) = (try #require(found["measured"]), try #require(found["said"]))
            let agreement = try #require(measured["agreement"] as? [[String: Int]])
            #expect(agreement == said["agreement"] as? [[String: Int]])
            #expect(agreement.count == 5 && agreement.allSatisfy { $0["of"] == 200 && $0["same"] ?? 0 >= 180 })
            for name in ["largest", "typical", "size"] {
                let (own, theirs) = (try #require(measured[name] as? Double), try #require(said[name] as? Double))
                #expect(own > 0 && abs(own - theirs) < 1e-3 * own, "\(name): \(own), and the page says \(theirs)")
            }
        }
    }

    @Test(.needsNode) func `the page of the shipped 3×3 run has all its stages within 3 MB`() throws {
        try withTemporaryFolder { folder in
            let path = folder.appending(path: "mult3.html").path
            let run = packageFolder.appending(path: "notebooks/runs/mult3").path
            let found = try values(
                """
                let made = page((resume "\(run)" hold: false), probes: false)
                write made "\(path)"
                [made.stages, made.weights, made.code]
                [made.same, made.deviation]
                """)
            #expect(found.dropLast().last as? [AnyHashable] == [25, 345_696, "rounded"])
            // Measured: 183 of 200, and 0.22 of logits up to 33; with one step for all tensors it would be 0.30.
            let cost = try #require(found.last as? [Double])
            #expect(cost[0] >= 180 && cost[1] < 0.26)
            let bytes = try #require(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
            #expect(bytes <= 3_000_000)
            // The last stage, which builds on all others, answers at once and right: 321 × 654 = 209934, digits last
            // first.
            let problems =
                [
                    [
                        "removed": 24,
                        "solutions": [
                            [
                                "question": "1 2 3 * 4 5 6", "tokens": ["4", "3", "9", "9", "0", "2", "$"],
                                "probabilities": [0, 0, 0, 0, 0, 0, 0],
                                "right": true,
                            ]
                        ],
                    ]
                ] as [[String: Any]]
            let tokens = try #require(try check(path, "tokens", problems) as? [String: Any])
            #expect(tokens["different"] as? Int == 0, "\(tokens)")
        }
    }

    // MARK: - What is refused

    @Test(arguments: [
        (
            "let r = start (model .gpt2 width: 8 heads: 1) on: (gen .parity digits: 4 n: 50)\npage(r)",
            "has not been trained"
        ),
        ("let r = resume \"PARITY\" hold: false\npage(r, stages: [0, 9])", "the run has no stage with 9 removed"),
        (
            "let r = resume \"PARITY\" hold: false\npage(r, weights: .float32, limit: 0.3)",
            "do not fit into a page of 0.3 MB"
        ),
        (
            "let r = resume \"PARITY\" hold: false\npage(r, weights: .rounded, limit: 0.14)",
            "without rounding that changes what it writes"
        ),
        ("let r = resume \"PARITY\" hold: false\npage(r, probes: (timeline))", "is not a table of probes"),
        (
            "let r = resume \"PARITY\" hold: false\nlet c = control r kind: .filler steps: 1\npage(r, beside: c)",
            "does not solve the same problems"
        ),
    ])
    func `what cannot be a page is refused in words`(_ statements: String, _ words: String) throws {
        let text = statements.replacing("PARITY", with: Self.parity)
        let run = try shell("icot -c '\(text)'", seconds: 300)
        #expect(run.status == 2)
        #expect(run.error.contains(words), "\(run.error)")
        #expect(run.error.contains("fix:") || run.error.contains("there are"), "\(run.error)")
    }

    @Test func `the command says what it cannot make a page of`() throws {
        for (arguments, words) in [
            ("x.icot --to page", "a notebook becomes --to html"), ("nowhere --to page", "nowhere"),
            ("nowhere --to page --stages a,b", "write --stages 0,4,8"), ("nowhere --to page -o -", "-o x.html"),
            ("x.icot --to html --half", "--to page"), ("nowhere --to page --limit 0.01", "0.1 to 1000"),
            ("'a{1}b' --to page", "a{1}b"),
        ] {
            let run = try shell("icot export \(arguments)")
            #expect(run.status != 0, "\(arguments)")
            #expect(run.error.contains(words), "\(arguments): \(run.error)")
        }
    }

    @Test(.needsNode) func `a text that is no problem is answered with what is wrong`() throws {
        let texts = ["", "12345", "12345x", "1 2 3 4 5 6", "1234567", "１２３４５６"]
        let found = try #require(try check(Self.shipped.path, "read", texts) as? [[String: String]])
        #expect(found[0]["fault"] == "Write 6 digits, such as 728998.")
        #expect(found[1]["fault"] == "That is 5 digits; this model was taught with exactly 6.")
        #expect(found[2]["fault"] == "“x” is not a digit: this model was taught with 6 digits, 0 to 9.")
        #expect(found[3]["question"] == "1 2 3 4 5 6")
        #expect(found[4]["fault"] == "That is 7 digits; this model was taught with exactly 6.")
        #expect(found[5]["fault"] == "“１” is not a digit: this model was taught with 6 digits, 0 to 9.")
    }

    // MARK: - In a browser

    private func browse(_ body: (Chromium, URL) throws -> Void) throws {
        try body(try Chromium(#require(Chromium.path)), URL(filePath: Self.shipped.path))
    }

    private func at(_ page: URL, _ rest: String) -> URL { URL(string: page.absoluteString + rest)! }

    private let verdict = "document.querySelector('.internalized .verdict').textContent"
    private let twin = "document.querySelector('.no_cot .verdict').textContent"
    private let gone = "document.querySelectorAll('.internalized .token.gone').length"

    @Test(.needsChromium) func `a person types, drags, cuts and overwrites`() throws {
        try browse { browser, page in
            try browser.open(at(page, "#q=728998&removed=0"))
            #expect(try browser.value(verdict) == "answer 1 ✓ right")
            #expect(try browser.value(gone) == "0")
            // The slider, by mouse and by key.
            try browser.click("#later")
            #expect(try browser.value(gone) == "1")
            try browser.click("#stage", at: 0.99)
            #expect(try browser.value(gone) == "4")
            #expect(try browser.value("document.getElementById('removed').textContent") == "4 of 4")
            try browser.press("ArrowLeft")
            #expect(try browser.value(gone) == "3")
            #expect(try browser.value("location.hash").contains("removed=3"))
            // A problem of one's own; then one that is none.
            _ = try browser.value(
                "document.getElementById('question').select() || document.getElementById('question').focus()")
            try browser.type("314159")
            try browser.press("Enter")
            #expect(
                try browser.value("document.querySelectorAll('.internalized .token')[0].textContent").hasPrefix("3"))
            #expect(try browser.value(verdict) == "answer 1 ✓ right")
            _ = try browser.value("document.getElementById('question').select()")
            try browser.type("12")
            try browser.press("Enter")
            #expect(try browser.value("document.getElementById('fault').textContent").contains("2 digits"))
            #expect(try browser.value("document.getElementById('question').getAttribute('aria-invalid')") == "true")
            // Twenty at once: what was tried is counted, for the twin as well.
            try browser.open(at(page, "#q=728998&removed=4"))
            try browser.click("#many")
            let tally = try browser.value("document.querySelector('.internalized .tally').textContent")
            #expect(tally.contains("of 21 tried here"), "\(tally)")
            #expect(
                try browser.value("document.querySelector('.no_cot .tally').textContent").contains("of 22 tried here"))
            // A head is opened and cut.
            try browser.click("[data-head=\"1.2\"]")
            #expect(try browser.value("document.querySelectorAll('#head td[data-said]').length") == "36")
            try browser.click("#cut-head")
            #expect(try browser.value("document.getElementById('cuts').textContent").contains("head 1.2 cut"))
            #expect(try browser.value("location.hash").contains("heads=1.2"))
            var effect = ""
            for _ in 0..<200 where !effect.contains("Of 40") {
                effect = try browser.value("document.getElementById('effect').textContent")
                usleep(20_000)
            }
            #expect(effect.contains("of 40") || effect.contains("Of 40"), "\(effect)")
            try browser.click("#undo")
            #expect(try browser.value("document.getElementById('cuts').hidden") == "true")
            // A token of the chain is overwritten, and the rest follows it.
            try browser.open(at(page, "#q=728998&removed=0"))
            try browser.click(".internalized [data-place=\"10\"]")
            #expect(try browser.value("document.getElementById('editor').hidden") == "false")
            _ = try browser.value(
                """
                (s => {
                  s.value = [...s.options].find(o => o.text === '0').value;
                  s.dispatchEvent(new Event('change'));
                  return 1;
                })(document.getElementById('overwrite'))
                """
            )
            #expect(
                try browser.value("document.getElementById('cuts').textContent").contains(
                    "The answer follows: 1 becomes 0."))
            #expect(try browser.value("location.hash").contains("set=10%3A0"))
            #expect(browser.complaints == [])
            #expect(browser.requests == [])
        }
    }

    @Test(.needsChromium) func `the address restores what is shown, and leaves parts out`() throws {
        try browse { browser, page in
            try browser.open(at(page, "?hide=twin,lens#q=314159&removed=2&heads=0.1&cut=3&set=9:1&head=1.0"))
            #expect(try browser.value(gone) == "2")
            #expect(try browser.value("document.getElementById('question').value") == "314159")
            #expect(try browser.value("document.querySelectorAll('.token.cut').length") == "1")
            #expect(try browser.value("document.querySelectorAll('.token.forced').length") == "1")
            #expect(try browser.value("document.querySelector('.thumb.cut').dataset.head") == "0.1")
            #expect(try browser.value("document.querySelector('#head h3').textContent") == "head 0 of layer 1")
            #expect(try browser.value("document.querySelectorAll('.no_cot').length") == "0")
            #expect(try browser.value("document.getElementById('lens').hidden") == "true")
            // Nonsense in an address shows the page's first problem.
            try browser.open(at(page, "#q=%3Cb%3E&removed=99&heads=9.9,x&cut=-1&set=a&head=7.7"))
            #expect(try browser.value(gone) == "0")
            #expect(try browser.value("document.getElementById('cuts').hidden") == "true")
            #expect(browser.complaints == [])
        }
    }

    @Test(.needsChromium) func `keys reach everything, and a screen reader is told what is there`() throws {
        try browse { browser, page in
            try browser.open(at(page, "#q=728998&removed=2&head=1.2"))
            let nodes = try browser.accessibility()
            func names(_ role: String) -> [String] { nodes.filter { $0.role == role }.map(\.name) }
            #expect(names("slider").first?.hasPrefix("Removed from its chain of thought") == true)
            #expect(names("textbox").contains { $0.hasPrefix("A problem of your own") })
            #expect(names("article").contains("This run, 2 of 4 removed"))
            #expect(names("group").contains("chain of thought"))
            #expect(names("image").contains("1, removed"))
            #expect(
                names("button").contains { $0.hasPrefix("0, right, 100 percent sure") || $0.hasPrefix("0, right, 99") })
            #expect(names("button").contains("head 2 of layer 1"))
            #expect(names("grid").contains("attention of head 1.2"))
            #expect(
                nodes.filter { ["button", "slider", "textbox", "link", "grid"].contains($0.role) && $0.name.isEmpty }
                    .isEmpty)
            #expect(names("heading").contains("Taking the chain of thought away: parity 6"))
            #expect(
                try browser.value("document.getElementById('said').textContent").contains(
                    "2 removed. It writes 0 1 1. Answer 1, right."))
            // Arrows walk through a table, which is one stop for Tab.
            _ = try browser.value("document.querySelector('#lens-table td[tabindex=\"0\"]').focus()")
            try browser.press("ArrowRight")
            try browser.press("ArrowDown")
            let said = try browser.value("document.getElementById('lens-said').textContent")
            #expect(said.hasPrefix("after 0 resid_mid, below 2 (token 1): "), "\(said)")
            #expect(try browser.value("document.querySelectorAll('#lens-table td[tabindex=\"0\"]').length") == "1")
        }
    }

    @Test(.needsChromium) func `words and marks stand out from what is behind them, by day and by night`() throws {
        // Contrast as WCAG 2.1 defines it, of every text that is shown against the colours behind it.
        let worst = """
            (() => {
              // Colours that are still on their way to where they stand are brought there first.
              for (const motion of document.getAnimations()) motion.finish();
              const parts = (c) => c.match(/[\\d.]+/g).map(Number);
              const over = (top, below) => {
                const a = top[3] === undefined ? 1 : top[3];
                return [0, 1, 2].map((i) => top[i] * a + below[i] * (1 - a));
              };
              const linear = (v) => v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4;
              const light = (c) => {
                const [r, g, b] = c.map(linear);
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
              };
              const behind = (e) => {
                const layers = [];
                for (let x = e; x; x = x.parentElement) layers.push(parts(getComputedStyle(x).backgroundColor));
                return layers.reduceRight((below, top) => over(top, below), [255, 255, 255]);
              };
              const unread = 'script, style, svg, .unseen, [hidden], .grid, option';
              const found = [];
              const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
              while (walker.nextNode()) {
                const e = walker.currentNode.parentElement;
                if (!walker.currentNode.data.trim() || e.closest(unread) || !e.getClientRects().length) continue;
                const back = behind(e);
                const front = over([...parts(getComputedStyle(e).color).slice(0, 3), Number(getComputedStyle(e).opacity)], back);
                const [a, b] = [light(front), light(back)].sort((x, y) => y - x);
                found.push([(a + 0.05) / (b + 0.05), walker.currentNode.data.trim().slice(0, 20), e.className]);
              }
              found.sort((x, y) => x[0] - y[0]);
              return JSON.stringify([found.length, found[0]]);
            })()
            """
        try browse { browser, page in
            for dark in [false, true] {
                try browser.open(at(page, "#q=111111&removed=2&heads=1.2"), dark: dark)
                let text = try browser.value(worst)
                let found = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [Any])
                #expect(try #require(found[0] as? Int) > 60)
                let least = try #require((found[1] as? [Any])?[0] as? Double)
                #expect(least >= 4.5, "\(dark ? "dark" : "light"): \(text)")
            }
        }
    }

    @Test(.needsChromium) func `a narrow screen scrolls down only, and paper has what is shown`() throws {
        try browse { browser, page in
            try browser.open(at(page, "#q=728998&removed=2&head=1.2"), width: 360)
            #expect(try browser.value("document.documentElement.scrollWidth <= 360") == "true")
            if let kept = ProcessInfo.processInfo.environment["ICOT_KEEP_PICTURES"] {
                for (name, dark, width) in [("light", false, 1000), ("dark", true, 1000), ("narrow", false, 380)] {
                    try browser.open(at(page, "#q=728998&removed=2&head=1.2&cut=3"), dark: dark, width: width)
                    try browser.screenshot().write(to: URL(filePath: kept).appending(path: "run-page-\(name).png"))
                }
            }
        }
    }

    @Test(.needsChromium) func `without scripts there are the timeline and a sentence`() throws {
        try browse { browser, page in
            try browser.open(page, scripts: false)
            #expect(try browser.value("document.getElementById('needs').getBoundingClientRect().height > 0") == "true")
            #expect(try browser.value("getComputedStyle(document.getElementById('bench')).display") == "none")
            #expect(try browser.value("document.querySelectorAll('#timeline tbody tr').length") == "5")
            #expect(try browser.value("document.querySelector('.chart').getBoundingClientRect().height > 60") == "true")
            // A browser that lacks something says what.
            try browser.open(page)
            #expect(try browser.value("document.getElementById('needs').hidden") == "true")
        }
    }
}
