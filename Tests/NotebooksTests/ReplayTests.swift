import Foundation
import Language
import Support
import TestSupport
import Testing

@testable import Notebooks

@Suite("Replay") struct ReplayTests {
    static let lesson = """
        # icot 1

        # %% params
        let n = 100

        # %% first
        step
        #> removed 1 of 9
        train steps: n
        #> loss 0.0312   {~41.2 s}
        #~ ▁▂ 100 steps

        # %% [md]
        # Then more.

        # %% second
        step 2
        #> removed 3 of 9
        train steps: 100
        #> loss 0.0156   {~40 s}
        #~ ▁▂ 200 steps
        step 10
        #! E310 step: only 9 tokens can be removed
        train epoch: 1
        #! E203

        """

    private func replay(
        _ text: String, _ mode: Replay.Mode = .check, run: TestRun = TestRun(),
        change: (inout Replay) -> Void = { _ in }
    ) throws -> ReplayReport {
        var replay = Replay(Notebook(text), mode: mode)
        change(&replay)
        return try replay.run { TestVocabulary.session(run) }
    }

    private func verdicts(_ report: ReplayReport) -> [String] { report.entries.map(\.verdict.rawValue) }

    // MARK: - Checking

    @Test func `a notebook that comes out as recorded agrees`() throws {
        let report = try replay(Self.lesson)
        #expect(verdicts(report) == ["same", "same", "same", "same", "same", "same", "same"])
        #expect(report.exit == .fine)
        #expect(report.findings.isEmpty)
        #expect(report.lines.map(\.plain).first?.hasPrefix("test.icot: 7 statements agree") == true)
    }

    @Test func `the first divergence is named and later ones are downstream of it`() throws {
        let run = TestRun()
        run.drift = 0.0004
        let report = try replay(Self.lesson, run: run)
        #expect(verdicts(report) == ["same", "same", "differs", "same", "differs", "same", "same"])
        #expect(report.exit == .differs)
        #expect(report.firstDivergence?.entry.lineNumber == 9)
        #expect(
            report.entries[2].differences == [
                Difference(
                    recorded: "loss 0.0312   {~41.2 s}", got: "loss 0.0316   {~1 s}",
                    reason: "0.0316 is 0.0004 from 0.0312, more than 0.0001", line: 10)
            ])
        #expect(report.entries[2].downstreamOf == nil)
        #expect(report.entries[4].downstreamOf == 9)
        #expect(
            report.lines.map(\.plain).joined(separator: "\n").replacing(/[0-9.]+ .?s$/, with: "T") == """
                test.icot:9: train steps: n
                  line 10
                  recorded  loss 0.0312   {~41.2 s}
                  got       loss 0.0316   {~1 s}
                  0.0316 is 0.0004 from 0.0312, more than 0.0001
                test.icot:19: train steps: 100: 0.0160 is 0.0004 from 0.0156, more than 0.0001, downstream of line 9
                test.icot: 5 statements agree, 2 differ  T
                """)
    }

    @Test func `an unexpected error ends the replay`() throws {
        let report = try replay("# icot 1\nstep\n#> removed 1 of 9\nstep 20\nstep\n#> removed 2 of 9\n")
        #expect(verdicts(report) == ["same", "failed", "notRun"])
        #expect(report.exit == .failed)
        #expect(report.entries[1].differences.map(\.reason) == ["an error that is not recorded"])
    }

    @Test func `errors are compared by code, and one that does not come is a difference`() throws {
        let report = try replay(
            "# icot 1\nstep 20\n#! E305 other words\nstep 20\n#! E310\nstep 20\n#!\nstep\n#> removed 1 of 9\n#! E310\nstep 20\n#> x\n#! E310\n"
        )
        #expect(verdicts(report) == ["differs", "same", "same", "differs", "differs"])
        #expect(report.entries[3].differences.map(\.reason) == ["the recorded error did not come"])
        #expect(report.entries[4].differences.map(\.reason) == ["nothing was shown"])
    }

    @Test func `an error found before running stops everything unless the record expects it`() throws {
        let report = try replay("# icot 1\nstep\n#> removed 1 of 9\ntrain epoch: 1\n#! E201\nprint (\n")
        #expect(report.exit == .failed)
        #expect(verdicts(report) == ["notRun", "notRun", "notRun"])
        #expect(report.problems.map(\.code) == [.unclosedBracket])
        let text = report.lines.map(\.plain).joined(separator: "\n")
        #expect(text.contains("test.icot:6:"))
        #expect(text.contains("nothing was run"))
        let other = try replay("# icot 1\nprint )\n#! E108\nstep\n#> removed 1 of 9\n")
        #expect(verdicts(other) == ["same", "same"])
    }

    @Test func `what is not recorded yet is a difference`() throws {
        let report = try replay("# icot 1\nstep\nlet x = 3\nx\n")
        #expect(verdicts(report) == ["differs", "same", "differs"])
        #expect(
            report.entries[0].differences == [
                Difference(recorded: nil, got: "removed 1 of 9", reason: "no result is recorded", line: 2)
            ])
    }

    @Test func `statements on one line share their record`() throws {
        let report = try replay("# icot 1\nstep; step; let x = 1\n#> removed 1 of 9\n#> removed 2 of 9\n")
        #expect(verdicts(report) == ["same"])
    }

    @Test func `an unknown version is refused and nothing runs`() throws {
        let run = TestRun()
        let report = try replay("# icot 2\nstep\n", .update, run: run)
        #expect(report.exit == .refused)
        #expect(run.removed == 0)
        #expect(
            report.lines.first?.plain
                == "test.icot:1: this icot reads version 1 of notebooks, not 2; open it with a newer icot")
        #expect(report.recorded.text == "# icot 2\nstep\n")
    }

    @Test func `bytes that are not UTF-8 are refused`() throws {
        let report = try Replay(
            Notebook(bytes: Array("# icot 1\nprint \"".utf8) + [0xFF] + Array("\"\n".utf8)), mode: .update
        ).run { TestVocabulary.session(TestRun()) }
        #expect(report.exit == .failed)
        #expect(report.problems.map(\.code) == [.notText])
    }

    @Test func `an interrupt ends the replay and keeps the record`() throws {
        let run = TestRun()
        run.onWait = { $0.interrupt.request() }
        let report = try replay("# icot 1\nstep\nwait\n#> old\nstep\n", .update, run: run)
        #expect(verdicts(report) == ["same", "interrupted", "notRun"])
        #expect(report.exit == .failed)
        #expect(report.recorded.text == "# icot 1\nstep\n#> removed 1 of 9\nwait\n#> old\nstep\n")
    }

    // MARK: - Recording

    @Test func `recording equal results changes nothing`() throws {
        let report = try replay(Self.lesson, .update)
        #expect(report.recorded.text == Self.lesson)
        #expect(report.exit == .fine)
    }

    @Test func `a notebook without records gets them, and then agrees`() throws {
        let notebook = Notebook(Self.lesson)
        let bare = notebook.clearing(notebook.entries())
        #expect(!bare.text.contains("#> "))
        // Which statements are meant to fail is no record of a run.
        #expect(bare.entries().filter(\.expectsError).count == notebook.entries().filter(\.expectsError).count)
        // Errors are expected only where they are recorded, so this stops before running.
        #expect(try replay(bare.text.replacing("#! ", with: "# ! "), .update).exit == .failed)
        let report = try replay(bare.text, .update)
        #expect(report.exit == .fine)
        #expect(try replay(report.recorded.text).exit == .fine)
        #expect(report.recorded.text.contains("train steps: n\n#> loss 0.0312   {~1 s}\n#~ ▁▂ 100 steps\n"))
    }

    @Test func `one other number changes one line, and loosened digits, wildcards and volatile text stay`() throws {
        let text =
            "# icot 1\nstep\n#> removed ...\ntrain\n#> loss 0.03 {~99 s}\n#~ ▁▂ 100 steps\nprint 1\n#> 2\nprint 0.51 ±0\n"
            .replacing("print 0.51 ±0\n", with: "train\n#> loss 0.0999 ±0.5 {~7 s}\n#~ other picture\n")
        let report = try replay(text, .update)
        #expect(
            report.recorded.text
                == text.replacing("#> 2", with: "#> 1").replacing("other picture", with: "▁▂ 200 steps"))
    }

    @Test func `a failed update leaves a valid file with the error in place`() throws {
        let report = try replay("# icot 1\nstep\nstep 20\nstep\n#> removed 7 of 9\n", .update)
        #expect(report.exit == .failed)
        #expect(
            report.recorded.text
                == "# icot 1\nstep\n#> removed 1 of 9\nstep 20\n#! E310 step: only 9 tokens can be removed\nstep\n#> removed 7 of 9\n"
        )
    }

    @Test func `promoting asks for each difference`() throws {
        let text = "# icot 1\nprint 1\n#> 1\nprint 2\n#> x\nprint 3\n#> y\nprint 4\n#> z\nprint 5\n#> w\n"
        var asked: [Int] = []
        var answers: [Replay.Answer] = [.keep, .record, .stop]
        let report = try replay(
            text,
            .promote { report in
                asked.append(report.entry.lineNumber)
                return answers.removeFirst()
            })
        #expect(asked == [4, 6, 8])
        #expect(report.recorded.text == text.replacing("#> y", with: "#> 3"))
        #expect(verdicts(report) == ["same", "differs", "same", "differs", "differs"])
        #expect(report.exit == .differs)
        let all = try replay(text, .promote { _ in .recordAll })
        #expect(all.exit == .fine)
    }

    @Test func `running twice names what is not marked as volatile`() throws {
        let run = TestRun()
        let report = try replay("# icot 1\ntrain\nnoise\nprint 1\nnoise\n", .twice, run: run)
        // The pretended training goes on where it was: its loss is not the same either.
        #expect(verdicts(report) == ["differs", "differs", "same", "differs"])
        #expect(report.entries[1].downstreamOf == 2)
        var replay = Replay(Notebook("# icot 1\ntrain\nprint 1\n"), mode: .twice)
        replay.mode = .twice
        #expect(try replay.run { TestVocabulary.session(TestRun()) }.exit == .fine)
    }

    @Test func `a budget of time ends a replay at the statement at hand, and the rest keeps its record`() throws {
        let text = "# icot 1\nprint 1\n#> 1\nwhile true { 1 }\n#> never\nprint 2\n#> old\n"
        var replay = Replay(Notebook(text), mode: .update)
        replay.budget = 0.2
        let report = try replay.run { TestVocabulary.session(TestRun()) }
        #expect(verdicts(report) == ["same", "interrupted", "notRun"])
        #expect(report.exit == .failed)
        #expect(report.budgetLine?.plain == "the budget of 200 ms was spent in line 4; nothing more was run")
        #expect(report.recorded.text == text)
        replay.budget = 60
        replay.notebook = Notebook("# icot 1\nprint 1\n#> 1\n")
        let enough = try replay.run { TestVocabulary.session(TestRun()) }
        #expect(enough.exit == .fine)
        #expect(enough.budgetLine == nil)
    }

    // MARK: - Parts of a notebook

    @Test func `only one cell is compared, those before it run for their state`() throws {
        let run = TestRun()
        let text = Self.lesson.replacing("removed 1 of", with: "removed 8 of").replacing(
            "removed 3 of", with: "removed 7 of")
        let report = try replay(text, run: run) { $0.only = "second" }
        #expect(verdicts(report) == ["ran", "ran", "ran", "differs", "same", "same", "same"])
        #expect(
            try verdicts(replay(text) { $0.only = "first" }) == [
                "ran", "differs", "same", "notRun", "notRun", "notRun", "notRun",
            ])
        #expect(
            try verdicts(replay(text) { $0.from = "sec" }) == ["ran", "ran", "ran", "differs", "same", "same", "same"])
        #expect(throws: NotebookError.unknownCell(title: "secnd", nearest: "second")) {
            _ = try replay(text) { $0.only = "secnd" }
        }
        let updated = try replay(text, .update) { $0.only = "second" }
        #expect(updated.recorded.text == text.replacing("removed 7 of", with: "removed 3 of"))
    }

    @Test func `parameters replace literals line for line, and copies name them in the header`() throws {
        let notebook = try Notebook(Self.lesson).setting([("n", "50")], TestVocabulary.context)
        #expect(notebook.text == Self.lesson.replacing("let n = 100", with: "let n = 50"))
        let report = try replay(notebook.text, .update)
        #expect(report.recorded.text.contains("#> loss 0.0624   {~1 s}"))
        let named = report.recorded.naming([("n", "50")])
        #expect(named.text == report.recorded.text.replacing("# icot 1\n", with: "# icot 1\n# parameter: n=50\n"))
        let again = try named.setting([("n", "60"), ("n", "70")], TestVocabulary.context).naming([
            ("n", "60"), ("n", "70"),
        ])
        #expect(again.text.contains("let n = 70"))
        #expect(again.header.fields.filter { $0.key == "parameter" }.map(\.value) == ["n=70"])
        #expect(throws: NotebookError.unknownParameter(name: "m", known: ["n"])) {
            _ = try notebook.setting([("m", "1")], TestVocabulary.context)
        }
    }

    @Test(arguments: [
        ("5", "5"), ("-0.5", "-0.5"), ("runs/a b", "\"runs/a b\""), ("\"x\"", "\"x\""), (".left", ".left"),
        ("[1, 2]", "[1, 2]"), ("0...8", "0...8"), ("true", "true"), ("f(x)", "\"f(x)\""),
        ("a{b}\"", "\"a\\{b\\}\\\"\""), ("1 # x", "\"1 # x\""),
        ("1\nstep", "\"1\\nstep\""), ("\u{1B}[2J", "\"\\u{1b}[2J\""), ("", "\"\""), ("1; step", "\"1; step\""),
    ]) func `what is no literal is a text`(value: String, literal: String) {
        #expect(Notebook.literal(value) == literal)
    }

    // MARK: - Inputs

    @Test func `every file that is read is pinned, and a changed or missing one is told before anything runs`() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "in.txt").path
            let own = folder.appending(path: "own.txt").path
            try "abc".write(toFile: file, atomically: true, encoding: .utf8)
            let text = "# icot 1\nload \"\(file)\"\nwrite 12 \"\(own)\"\nload \"\(own)\"\n"
            let report = try replay(text, .update)
            // SHA-256 of "abc", FIPS 180-2 appendix B.1.
            let pinned =
                "# icot 1\n# pin: \(file) sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\nload \"\(file)\"\n#> 3\nwrite 12 \"\(own)\"\nload \"\(own)\"\n#> 2\n"
            #expect(report.recorded.text == pinned)
            #expect(try replay(pinned).exit == .fine)
            #expect(try replay(pinned, .update).recorded.text == pinned)
            try "abcd".write(toFile: file, atomically: true, encoding: .utf8)
            let changed = try replay(pinned)
            #expect(changed.exit == .inputs)
            #expect(changed.inputs.map(\.state) == [.changed])
            #expect(changed.entries.isEmpty)
            try FileManager.default.removeItem(atPath: file)
            #expect(try replay(pinned).lines.map(\.plain).first == "input \(file) is missing")
            #expect(try replay(pinned).exit.rawValue == 3)
        }
    }

    @Test func `files found while running are pinned too, but not what the notebook made itself`() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "in.txt").path
            let own = folder.appending(path: "own.txt").path
            try "abc".write(toFile: file, atomically: true, encoding: .utf8)
            try "left from before".write(toFile: own, atomically: true, encoding: .utf8)
            let report = try replay(
                "# icot 1\nlet p = \"\(file)\"\nload p\nlet q = \"\(own)\"\nwrite 5 q\nload \"\(own)\"\nload q\n",
                .update)
            #expect(report.recorded.header.pins.map(\.path) == [file])
        }
    }

    @Test func `a large file is hashed to its last byte`() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "million")
            var bytes = Data(repeating: UInt8(ascii: "a"), count: 1_000_000)
            try bytes.write(to: file)
            // SHA-256 of a million times "a", FIPS 180-2 appendix B.3.
            #expect(
                InputHash.of(file.path) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
            bytes[999_999] = UInt8(ascii: "b")
            try bytes.write(to: file)
            #expect(
                InputHash.of(file.path) != "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
        }
    }

    @Test func `a folder is pinned by the names and bytes of its files`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path
            try FileManager.default.createDirectory(atPath: path + "/sub", withIntermediateDirectories: true)
            try "abc".write(toFile: path + "/b", atomically: true, encoding: .utf8)
            try "".write(toFile: path + "/sub/a", atomically: true, encoding: .utf8)
            let first = InputHash.of(path)
            // printf 'b\0ba78…15ad\nsub/a\0e3b0…b855\n' | sha256sum
            let listing =
                "b\0ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\nsub/a\0e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
            #expect(first == SHA256.hex(listing))
            try "x".write(toFile: path + "/run.lock", atomically: true, encoding: .utf8)
            #expect(InputHash.of(path) == first)
            try "x".write(toFile: path + "/sub/c", atomically: true, encoding: .utf8)
            #expect(InputHash.of(path) != first)
            #expect(InputHash.of(path + "/none") == nil)
        }
    }

    // MARK: - Reports and listeners

    @Test func `a listener hears cells, statements, events and results in order`() throws {
        var heard: [String] = []
        _ = try replay("# icot 1\n# %% [md]\n# Prose.\n# %% a\n# why\ntrain\n# %% [notes]\n# End.\n", .show) { replay in
            replay.onEvent = { event in
                switch event {
                case .cell(let cell, let prose): heard.append("cell \(cell.kind) \(prose)")
                case .statement(_, let lines): heard.append("statement \(lines.map(\.plain))")
                case .session(.progress(let line)): heard.append("progress \(line.plain)")
                case .session(.output(let bundle)): heard.append("output \(bundle.text)")
                case .session: break
                case .finished(let report): heard.append("finished \(report.verdict)")
                case .notice(let line): heard.append("notice \(line.plain)")
                }
            }
        }
        #expect(
            heard == [
                "cell markdown [\"Prose.\"]", "cell code []", "statement [\"# why\", \"train\"]",
                "progress training  50 of 100  50 %",
                "output loss 0.0312   1 s", "finished ran", "cell notes [\"End.\"]",
            ])
    }

    @Test func `reports for programs hold the differences`() throws {
        let report = try replay("# icot 1\nprint 1\n#> 1\nprint \"<&>\\u{1}\"\n#> 2\nstep 20\nstep\n")
        let json = try JSONReader.read(Array(report.json.utf8), path: "report")
        #expect(json["exit"] == 2)
        #expect(
            json["statements"]?.array?.compactMap { $0["verdict"]?.string } == ["same", "differs", "failed", "notRun"])
        #expect(json["statements"]?.array?[1]["differences"]?.array?.first?["got"] == JSONValue.string("<&>␁"))
        let parser = XMLParserProbe(report.junit)
        #expect(parser.isWellFormed)
        #expect(report.junit.contains("tests=\"4\" failures=\"1\" errors=\"1\" skipped=\"1\""))
    }

    @Test func `a notebook that ran is exported with its figures`() throws {
        let report = try replay("# icot 1\nplot\nstep 3\ntimeline\n", .show)
        let html = ExportDocument(report.recorded, TestVocabulary.context, report: report).html
        #expect(html.contains("<svg viewBox=\"0 0 9 9\">"))
        #expect(html.contains("max=\"3\""))
        #expect(!html.contains("▁▄█"))
    }

    @Test func `effects are listed from the text and nothing is touched`() {
        let notebook = Notebook(
            "# icot 1\n# %% [md]\nload \"not code\"\n# %% x\nlet p = \"a\"\nload \"in\"\nload p\nwrite 3 \"out\"\nstep\n"
        )
        let report = EffectsReport(notebook, TestVocabulary.context)
        #expect(
            report.lines.map(\.plain) == [
                "reads  \"in\"  load, line 6", "reads  a path that is only known while running  load, line 7",
                "writes \"out\"  write, line 8", "changes the current run: its steps",
            ])
        #expect(report.inputs == ["in"])
        #expect(
            EffectsReport(Notebook("# icot 1\nprint 1\n"), TestVocabulary.context).lines.map(\.plain) == [
                "no files, no programs, no servers"
            ])
    }
}

/// Whether a text is XML.
private final class XMLParserProbe {
    let isWellFormed: Bool
    init(_ text: String) {
        var open: [Substring] = []
        var isGood = text.hasPrefix("<?xml")
        var rest = text[(text.firstIndex(of: "\n") ?? text.startIndex)...]
        while let start = rest.firstIndex(of: "<") {
            guard let end = rest[start...].firstIndex(of: ">") else {
                isGood = false
                break
            }
            let tag = rest[rest.index(after: start)..<end]
            if tag.hasPrefix("/") {
                if open.popLast() != tag.dropFirst() { isGood = false }
            } else if !tag.hasSuffix("/") {
                open.append(tag.prefix { $0 != " " })
            }
            rest = rest[rest.index(after: end)...]
        }
        isWellFormed = isGood && open.isEmpty
    }
}
