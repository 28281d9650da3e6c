// What a replay compares, tells and does, each rule by a small case of its own.

import Foundation
import Language
import Support
import TestSupport
import Testing

@testable import Notebooks

@Suite struct ReportedRuleTests {
    @Test(arguments: [
        ("5", "5.0", "the whole number 5 is recorded, 5.0 came"), ("5.0", "6", "6 is 1.0 from 5.0, more than 0.1"),
        ("±0.004", "±0.009", "the spread ±0.004 is recorded, ±0.009 came"),
        ("12 ±3", "16", "12 is recorded, 16 came"), ("nan", "0.5", "'nan' is recorded, '0.5' came"),
        ("1.0", "1.3333333", "1.3333333 is 0.333 from 1.0, more than 0.1"),
        ("0.5 ±0.25", "1.5", "1.5 is 1.0 from 0.5, more than 0.25"),
        ("12 ±3", "16.5", "16.5 is 4.5 from 12, more than 3.0"),
        ("a ... b c", "a x d", "'b' is recorded, 'x' came"), ("{~4 s}", "4 s", "'{~4 s}' is recorded, '4' came"),
    ])
    func `a difference says what is recorded, what came and how far that may be off`(
        _ recorded: String, _ got: String, _ reason: String
    ) {
        #expect(Comparison.difference(recorded, got) == reason)
    }

    @Test func `errors that differ are told by both codes, and what is left out of a long output by its count`() throws
    {
        let report = try replay("# icot 1\nstep\n#> removed 1 of 9\nstep 20\n#! E305 other words\n")
        #expect(
            report.entries[1].differences == [
                Difference(
                    recorded: "E305 other words", got: "E310 step: only 9 tokens can be removed",
                    reason: "error E305 is recorded, E310 came", line: 5)
            ])
        let lines = (0..<300).map { OutputLine(.result, written: "line \($0)") }
        let notebook = Notebook("# icot 1\nstep\n")
        let entry = notebook.recording([0: OutputBlock(lines)], of: notebook.entries()).entries()[0]
        func reasons(_ got: [OutputLine]) -> [String] {
            Comparison.differences(entry, OutputBlock(got)).map { "\($0.line) \($0.reason)" }
        }
        #expect(reasons(lines) == [])
        #expect(reasons(Array(lines.dropLast())) == ["23 300 lines are recorded, 299 came"])
        var changed = lines
        changed[100].text = "other"
        #expect(reasons(changed) == ["23 something in the lines that are left out is different"])
        changed = lines
        changed[299].text = "other"
        // Its line in the file: 2 of code, 20, the mark, and the last of 20.
        #expect(reasons(changed).map { $0.prefix(3) } == ["43 "])
    }

    @Test func `what is shown of a difference are the record and what came`() {
        let both = Difference(recorded: "a\u{1b}", got: "b", reason: "why", line: 3)
        #expect(both.lines.map(\.plain) == ["  recorded  a␛", "  got       b", "  why"])
        #expect(Difference(recorded: nil, got: "b", reason: "why", line: 3).lines.count == 2)
    }

    // MARK: - Telling

    @Test func `odd lines, changed inputs and problems are told before the verdict`() throws {
        try withTemporaryFolder { folder in
            let file = folder.path + "/in"
            try "abc".write(toFile: file, atomically: true, encoding: .utf8)
            let pins = "# pin: \(file) sha256:00\n# pin: \(file)-none sha256:00\n"
            let report = try replay("# icot 1\n\(pins)# pin: odd\nstep\n")
            #expect(
                report.lines.map(\.plain).dropLast() == [
                    "test.icot:4: a pin is written '# pin: path sha256:hex'",
                    "input \(file) holds something else than when the outputs were recorded",
                    "input \(file)-none is missing",
                ])
            let json = try JSONReader.read(Array(report.json.utf8), path: "x")
            #expect(
                json["inputs"] == [
                    ["path": .string(file), "state": "changed"],
                    ["path": .string(file + "-none"), "state": "missing"],
                ])
            #expect(json["findings"] == [["line": 4, "message": "a pin is written '# pin: path sha256:hex'"]])
            #expect(json["notebook"] == "test.icot" && json["exit"] == 3)
            #expect(report.junit.contains("tests=\"2\" failures=\"0\" errors=\"2\" skipped=\"0\""))
            #expect(report.junit.contains("name=\"input \(file)\"><error message=\"changed\"/></testcase>"))
        }
    }

    @Test func `ten problems are told, and that nothing was run`() throws {
        func report(_ count: Int) throws -> ReplayReport {
            try replay("# icot 1\n" + String(repeating: "trian\n", count: count))
        }
        for (count, told) in [(3, 3), (10, 10), (11, 10)] {
            let lines = try report(count).lines.map(\.plain)
            #expect(lines.count { $0.hasPrefix("test.icot:") && $0.contains("trian") } == told, "\(count)")
            #expect(lines.contains("nothing was run"))
        }
        let json = try JSONReader.read(Array(report(2).json.utf8), path: "x")
        #expect(json["problems"]?.array?.map { $0["line"] } == [2, 3])
    }

    @Test func `a statement is told by its first line, and a whole run by the sum of its times`() throws {
        var report = try replay("# icot 1\nif true {\n  print 1\n}\nprint 2\n")
        #expect(report.entries.map(\.title) == ["if true {", "print 2"])
        report.entries[0].seconds = 1.5
        report.entries[1].seconds = 0.25
        #expect(report.seconds == 1.75 && report.lines.last?.plain.hasSuffix("  1.75 s") == true)
        #expect(report.junit.contains("<testsuite name=\"test.icot\"") && report.junit.contains("time=\"1.75\">"))
        let last = "recorded: -\ngot: 2\nno result is recorded</failure>"
        #expect(report.junit.contains("line 5\n\(last)"), "\(report.junit)")
    }

    @Test func `what would keep a notebook from running is known before it runs`() {
        func problems(_ text: String) -> [DiagnosticCode] {
            let session = TestVocabulary.session(TestRun())
            return Replay(Notebook("# icot 1\n" + text)).problems(in: session).map(\.code)
        }
        #expect(problems("step\ntrain epoch: 1\n") == [.unknownLabel])
        #expect(problems("train epoch: 1\n#! E203\n") == [] && problems("train epoch: 1\n#!\n") == [])
        #expect(problems("train epoch: 1\n#! E201\n") == [.unknownLabel])
        // What another statement expects is no excuse.
        #expect(problems("step 20\n#! E203\ntrain epoch: 1\n") == [.unknownLabel])
    }

    // MARK: - Running

    @Test func `records are compared and written at their own width, and only shown at that of the screen`() throws {
        let wide = Command(CommandSignature("wide", "")) { call in
            call.output(StyledText("\(call.session.displayOptions.width)"))
            return .none
        }
        func width(_ mode: Replay.Mode) throws -> String? {
            try replay("# icot 1\n# width: 40\nwide\n", mode) { _ in
            } session: {
                Session(Vocabulary(verbs: [wide]), displayOptions: Replay.displayOptions())
            }.entries[0].output.lines.first?.text
        }
        #expect(try width(.check) == "40" && width(.update) == "40" && width(.promote { _ in .keep }) == "40")
        #expect(try width(.show) == "100" && width(.twice) == "100")
    }

    @Test func `run twice, what differs is told as what is not marked, and a second failure fails`() throws {
        var count = 0
        let flaky = Command(CommandSignature("flaky", "")) { call in
            count += 1
            if count == 4 { throw call.failure("the second time") }
            call.output(StyledText("a\(count < 3 ? "" : "b")"))
            call.output(StyledText("took ") + StyledText("\(count) s", isVolatile: true))
            if count == 3 { call.output(StyledText("more")) }
            return .none
        }
        let session = { Session(Vocabulary(verbs: [flaky]), displayOptions: Replay.displayOptions()) }
        // 1 and 2 in the first run, 3 and 4 in the second.
        let report = try replay("# icot 1\nflaky\nflaky\n", .twice, session: session)
        #expect(report.entries.map(\.verdict) == [.differs, .failed] && report.exit == .failed)
        let reason = "the second time it came out otherwise and is not marked as volatile"
        #expect(
            report.entries[0].differences == [
                Difference(recorded: "a", got: "ab", reason: reason, line: 2),
                Difference(recorded: nil, got: "more", reason: reason, line: 2),
            ])
        #expect(report.entries[0].downstreamOf == nil && report.entries[1].downstreamOf == 2)
    }

    @Test func `a statement comes with the comments right above it, and cells are told as far as they run`() throws {
        var heard: [String] = []
        let text =
            "# icot 1\n# first\n# %% a\n# far\n\n# near\n  # nearer\nstep\n# %% [md] m\n# Prose.\n# %% b\nstep\n"
            + "# %% c\nstep\n"
        _ = try replay(text, .show) { replay in
            replay.only = "b"
            replay.onEvent = { event in
                switch event {
                case .cell(let cell, _): heard.append("cell \(cell.title)")
                case .statement(_, let lines): heard += lines.map(\.plain)
                case .session, .finished, .notice: break
                }
            }
        }
        #expect(heard == ["cell ", "cell a", "step", "cell m", "cell b", "step"])
        heard = []
        _ = try replay("# icot 1\n\n# far\n\n# near\n# nearer\nstep\n", .show) { replay in
            replay.onEvent = { if case .statement(_, let lines) = $0 { heard += lines.map(\.plain) } }
        }
        #expect(heard == ["# near", "# nearer", "step"])
    }

    @Test func `asked about a failure, what is said to it counts`() throws {
        let text = "# icot 1\nstep 20\n"
        let kept = try replay(text, .promote { _ in .keep })
        #expect(kept.recorded.text == text && kept.exit == .failed)
        let recorded = try replay(text, .promote { _ in .record })
        #expect(recorded.recorded.text == text + "#! E310 step: only 9 tokens can be removed\n")
        // It failed all the same.
        #expect(recorded.exit == .failed && recorded.entries[0].verdict == .failed)
    }

    @Test func `a rehearsal names a cell by its title or its first statement, and its time before`() throws {
        let text = "# icot 1\nprint 1\n# %% named\nprint 2\n#> 2\nprint 3\n#> 4\n"
        var report = try replay(text, .check)
        report.entries[0].seconds = 1.5
        report.entries[1].seconds = 2
        report.entries[2].seconds = 3
        #expect(
            report.rehearsal().map(\.plain) == [
                "1.50 s      differs  print 1", "5.00 s      differs  named", "            slow     line 6: print 3",
            ])
        let shown = try replay(text, .show).rehearsal(slowAfter: 1000).map { $0.plain.dropFirst(12) }
        #expect(shown == ["agrees   print 1", "agrees   named"])
    }

    // MARK: - A session that is kept

    @Test func `comments alone are kept, what looks like the version gets a space, and empty lines go`() throws {
        let session = TestVocabulary.session(TestRun())
        let recorder = SessionRecorder()
        for text in ["\n# icot 2 is out\n\n", "  \n", "", "# %%\n", "\nstep\n\n"] {
            #expect(recorder.run(SourceText(text), in: session) == .finished)
        }
        #expect(recorder.count == 3)
        let notebook = try recorder.notebook(of: session)
        #expect(notebook.text == "# icot 1\n\n# %%\n#  icot 2 is out\n#  %%\nstep\n#> removed 1 of 9\n")
        let named = try recorder.notebook(of: session, title: "a\u{1b}b", profile: "p").text
        #expect(named.hasPrefix("# icot 1\n# title: a␛b\n# profile: p\n\n# %%\n"))
        session.displayOptions.width = 99
        #expect(try recorder.notebook(of: session).header.width == 99)
    }

    @Test func `a session pins what it read, as it is when the notebook is written`() throws {
        try withTemporaryFolder { folder in
            let (path, own) = (folder.path + "/in", folder.path + "/own")
            try "one".write(toFile: path, atomically: true, encoding: .utf8)
            let session = TestVocabulary.session(TestRun())
            let recorder = SessionRecorder()
            for text in ["load \"\(path)\"", "write 1 \"\(own)\"", "load \"\(own)\""] {
                #expect(recorder.run(SourceText(text), in: session) == .finished)
            }
            try "two".write(toFile: path, atomically: true, encoding: .utf8)
            #expect(
                try recorder.notebook(of: session).header.pins == [Pin(path: path, hash: SHA256.hex("two"))])
        }
    }
}
