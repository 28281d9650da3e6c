// What a replay says, records, pins and refuses, each rule by a case of its own.

import Foundation
import Language
import Support
import TestSupport
import Testing

@testable import Notebooks

/// What a replay of a text reports.
func replay(
    _ text: String, _ mode: Replay.Mode = .check, change: (inout Replay) -> Void = { _ in },
    session: () -> Session = { TestVocabulary.session(TestRun()) }
) throws -> ReplayReport {
    var replay = Replay(Notebook(text), mode: mode)
    change(&replay)
    return try replay.run(session)
}

@Suite struct VerdictRuleTests {
    /// A report of a notebook with a `print` for each verdict, in the lines from 2 on.
    private func report(_ verdicts: [EntryReport.Verdict], differences: [Int] = []) -> ReplayReport {
        let notebook = Notebook("# icot 1\n" + verdicts.indices.map { "print \($0)\n" }.joined())
        var report = ReplayReport(notebook)
        report.entries = notebook.entries().map { EntryReport($0, cell: "") }
        for (index, verdict) in verdicts.enumerated() {
            report.entries[index].verdict = verdict
            let count = differences.indices.contains(index) ? differences[index] : verdict == .differs ? 1 : 0
            report.entries[index].differences = (0..<count).map {
                Difference(recorded: "r\($0)", got: "g\($0)", reason: "reason \($0)", line: index + 2)
            }
        }
        return report
    }

    // MARK: - Comparing

    @Test(arguments: [
        ("0.5", "0.6"), ("0.50", "0.51"), ("1e-3", "2e-3"), ("5.0", "5"), ("5.0", "5.1"), ("12 ±3", "15 ±3"),
        ("0.5 ±0.1", "0.6"), ("±0.004", "±0.008"), ("±3", "±6"), ("0.5 ±0.001", "0.6"), ("... a", "x y a"),
        ("a ...", "a"),
        ("a ... b ... c", "a x b y z c"), ("... b", "b x b"), ("----", "---"), ("5%", "5%"), ("a{~x}b", "a{~y}b"),
        ("1.50e3", "1.51e3"), ("-0.30", "-0.29"), ("100000.0", "1e5"),
    ])
    func `what is within the last written digit or its spread is the same`(_ recorded: String, _ got: String) {
        #expect(Comparison.difference(recorded, got) == nil)
    }

    @Test(arguments: [
        ("0.5", "0.7"), ("0.50", "0.52"), ("1e-3", "3e-3"), ("5.0", "6"), ("5", "5.0"), ("12 ±3", "16"),
        ("0.5 ±0.1", "0.7"), ("±0.004", "±0.009"), ("±3", "±7"), ("... a", "a x"), ("a ... b ... c", "a c"),
        ("--", "----"),
        ("---", "==="), ("True", "true"), ("5%", "6%"), ("0.5s", "0.5m"), ("1.50e3", "1.52e3"), ("-0.30", "0.30"),
        ("3 4", "4 3"), ("9", "10"),
    ])
    func `what is further off, or another word, is not`(_ recorded: String, _ got: String) {
        #expect(Comparison.difference(recorded, got) != nil)
    }

    @Test(
        arguments: [
            ("\"a\\nb\"", "#> a\n", "one line more than recorded", nil, "b", 2),
            ("\"a\\nb\\nc\"", "#> a\n", "2 lines more than recorded", nil, "b", 2),
            ("\"a\"", "#> a\n#> b\n", "one line fewer than recorded", "b", nil, 4),
            ("\"a\"", "#> a\n#> b\n#> c\n", "2 lines fewer than recorded", "b", nil, 4),
            ("\"a\\nb\"", "#> a\n#> c\n", "'c' is recorded, 'b' came", "c", "b", 4),
            ("\"a\"", "", "no result is recorded", nil, "a", 2),
        ] as [(String, String, String, String?, String?, Int)])
    func `a difference names what is recorded, what came, and the line of the file`(
        _ value: String, _ record: String, _ reason: String, _ recorded: String?, _ got: String?, _ line: Int
    ) throws {
        let report = try replay("# icot 1\nprint \(value)\n\(record)")
        #expect(
            report.entries[0].differences == [Difference(recorded: recorded, got: got, reason: reason, line: line)])
    }

    // MARK: - Verdicts

    @Test(
        arguments: [
            ([], 0), ([.same, .ran, .notRun], 0), ([.same, .differs], 1), ([.differs, .failed], 2), ([.interrupted], 2),
        ] as [([EntryReport.Verdict], Int32)])
    func `the exit status is that of the worst that happened`(_ verdicts: [EntryReport.Verdict], _ status: Int32) {
        #expect(report(verdicts).exit.rawValue == status)
    }

    @Test func `a refusal comes before an input, an input before a failure, and a spent budget is a failure`() {
        var found = report([.failed])
        #expect(found.exit == .failed)
        found.inputs = [InputReport(Pin(path: "/nothing/there", hash: "00"))]
        #expect(found.inputs[0].state == .missing && found.exit == .inputs && found.exit.rawValue == 3)
        found.isRefused = true
        #expect(found.exit == .refused && found.exit.rawValue == 4)
        var spent = report([.same, .notRun])
        spent.spentBudget = 2
        #expect(spent.exit == .failed)
        #expect(spent.budgetLine?.plain == "the budget of 2.00 s was spent before line 3; nothing more was run")
        var problem = report([.notRun])
        problem.problems = [Diagnostic(.unknownVerb, "no", at: SourceSpan(at: 9))]
        #expect(problem.exit == .failed)
    }

    @Test(
        arguments: [
            ([.same], "1 statement agrees"), ([.same, .same, .differs], "2 statements agree, 1 differs"),
            ([.differs, .differs], "2 differ"), ([.ran, .ran, .failed, .notRun], "2 ran, 1 failed, 1 not run"),
            ([], "no statements"),
        ] as [([EntryReport.Verdict], String)])
    func `the last line counts each verdict`(_ verdicts: [EntryReport.Verdict], _ words: String) {
        #expect(report(verdicts).lines.last?.plain == "test.icot: \(words)  0.00 µs")
    }

    @Test func `the first divergence is told in full up to three lines, later ones in a line each`() {
        var found = report([.same, .differs, .failed, .differs], differences: [0, 5, 1, 1])
        found.entries[3].downstreamOf = 3
        #expect(found.firstDivergence?.entry.lineNumber == 3)
        #expect(
            found.lines.dropLast().map(\.plain) == [
                "test.icot:3: print 1", "  recorded  r0", "  got       g0", "  reason 0", "  recorded  r1",
                "  got       g1",
                "  reason 1", "  recorded  r2", "  got       g2", "  reason 2", "  and 2 more lines",
                "test.icot:4: print 2: reason 0", "test.icot:5: print 3: reason 0, downstream of line 3",
            ])
        #expect(!report([.differs], differences: [3]).lines.contains { $0.plain.contains("more lines") })
        #expect(report([.interrupted]).lines.first?.plain == "test.icot:2: print 0 was interrupted")
    }

    @Test func `programs are told the same: counts, the exit, and each statement with its lines`() throws {
        var found = report([.same, .differs, .failed, .interrupted, .notRun, .ran])
        found.entries[2].downstreamOf = 3
        found.problems = [Diagnostic(.unknownVerb, "no", at: SourceSpan(at: 9))]
        let json = try JSONReader.read(Array(found.json.utf8), path: "report")
        #expect(json["exit"] == 2 && json["same"] == 1 && json["differs"] == 1 && json["budget_spent"] == false)
        #expect(json["problems"]?.array?.first?["line"] == 2 && json["problems"]?.array?.first?["code"] == "E201")
        let statements = json["statements"]?.array ?? []
        #expect(
            statements.compactMap { $0["verdict"]?.string } == [
                "same", "differs", "failed", "interrupted", "notRun", "ran",
            ])
        #expect(statements.map { $0["line"]?.integer } == [2, 3, 4, 5, 6, 7])
        #expect(statements[2]["downstream_of"] == 3 && statements[1]["downstream_of"] == JSONValue.null)
        #expect(statements[1]["differences"]?.array?.first?["recorded"] == "r0")
        // A problem is a case of its own, and an error as what failed is.
        #expect(found.junit.contains("tests=\"7\" failures=\"1\" errors=\"3\" skipped=\"1\""))
        #expect(found.junit.contains("name=\"line 3: print 1\" time=\"0.0\"><failure message=\"reason 0\">"))
        #expect(found.junit.contains("<error message=\"failed (downstream of line 3)\">"))
        #expect(found.junit.contains("name=\"line 2\"><error message=\"E201 no\"/>"))
    }

    // MARK: - Which cells

    @Test func `a cell is named by its title, by the beginning of one title, and never by that of two`() throws {
        let text = "# icot 1\n# %% [md] one\n# Prose.\n# %% one\nstep\n# %% two a\nstep\n# %% two b\nstep\n"
        func verdicts(only: String) throws -> [String] {
            try replay(text) { $0.only = only }.entries.map(\.verdict.rawValue)
        }
        // The code of that title, not the prose.
        #expect(try verdicts(only: "one") == ["differs", "notRun", "notRun"])
        #expect(try verdicts(only: "TWO B") == ["ran", "ran", "differs"])
        #expect(try verdicts(only: "o") == ["differs", "notRun", "notRun"])
        #expect(throws: NotebookError.self) { try verdicts(only: "two") }
        #expect(throws: NotebookError.self) { try verdicts(only: "") }
        let from = try replay(text) { $0.from = "two a" }
        #expect(from.entries.map(\.verdict.rawValue) == ["ran", "differs", "differs"])
    }

    @Test func `a notebook of another version is refused, an older one too`() throws {
        for version in [0, 2] {
            let run = TestRun()
            let report = try replay("# icot \(version)\nstep\n", session: { TestVocabulary.session(run) })
            #expect(report.exit == .refused && run.removed == 0)
        }
        #expect(try replay("# icot 1\nlet a = 1\n").exit == .fine)
    }

    // MARK: - Recording

    @Test func `after 'all' nobody is asked again, and after 'stop' nothing more is recorded`() throws {
        let text = "# icot 1\nprint 1\n#> a\nprint 2\n#> b\nprint 3\n#> c\n"
        var asked = 0
        var answers: [Replay.Answer] = [.keep, .recordAll]
        let report = try replay(
            text,
            .promote { _ in
                asked += 1
                return answers.isEmpty ? .keep : answers.removeFirst()
            })
        #expect(asked == 2)
        #expect(report.recorded.text == text.replacing("#> b", with: "#> 2").replacing("#> c", with: "#> 3"))
    }

    @Test func `recording a part of a notebook leaves its pins as they are`() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "in.txt").path
            try "abc".write(toFile: file, atomically: true, encoding: .utf8)
            let pin = "# pin: \(file) sha256:00\n"
            let text = "# icot 1\n\(pin)# %% a\nload \"\(file)\"\n#> 3\n# %% b\nstep\n#> old\n"
            let only = try replay(text, .update) { $0.only = "b" }
            #expect(only.recorded.text == text.replacing("#> old", with: "#> removed 1 of 9"))
            let from = try replay(text, .update) { $0.from = "b" }
            #expect(from.recorded.text.contains(pin))
            let all = try replay(text, .update)
            #expect(!all.recorded.text.contains(pin) && all.recorded.header.pins.map(\.path) == [file])
        }
    }

    @Test func `running twice does not compare pictures`() throws {
        var drawn = 0
        let draw = Command(CommandSignature("draw", "Draws.")) { call in
            drawn += 1
            call.output(DisplayBundle(lines: ["drawn"], picture: [StyledText("picture \(drawn)")]))
            return .none
        }
        let session = { Session(Vocabulary(verbs: [draw]), displayOptions: Replay.displayOptions()) }
        let report = try replay("# icot 1\ndraw\n", .twice, session: session)
        #expect(drawn == 2 && report.exit == .fine && report.entries.map(\.verdict) == [.same])
    }

    @Test func `only showing runs with changed inputs and says so`() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "in.txt").path
            try "abc".write(toFile: file, atomically: true, encoding: .utf8)
            let text = "# icot 1\n# pin: \(file) sha256:00\n# pin: \(file)-none sha256:00\nstep\n"
            var notices: [String] = []
            let report = try replay(text, .show) { replay in
                replay.onEvent = { if case .notice(let line) = $0 { notices.append(line.plain) } }
            }
            #expect(report.exit == .fine && report.inputs.isEmpty && report.entries.map(\.verdict) == [.ran])
            #expect(
                notices == [
                    "input \(file) has changed since the outputs were recorded", "input \(file)-none is missing",
                ])
            #expect(try replay(text, .check).inputs.map(\.state) == [.changed, .missing])
        }
    }

    @Test func `what agrees stays as it was written, from both ends, and between them only at its place`() {
        func block(_ lines: [String]) -> OutputBlock { OutputBlock(lines.map { OutputLine(.result, written: $0) }) }
        let old = block(["loss 0.03 {~9 s}", "old", "the end ..."])
        let new = block(["loss 0.0312 {~1 s}", "new 1", "new 2", "the end of all"])
        #expect(Recording.block(old, new).lines.map(\.text) == ["loss 0.03 {~9 s}", "new 1", "new 2", "the end ..."])
        #expect(Recording.block(old, block(["other"])).lines.map(\.text) == ["other"])
        #expect(Recording.block(block(["a ..."]), block(["b", "a b"])).lines.map(\.text) == ["b", "a ..."])
        let error = OutputBlock([OutputLine(.error, written: "E310 my words")])
        let came = OutputBlock([OutputLine(.error, written: "E310 its words")])
        #expect(Recording.block(error, came) == error)
        let other = OutputBlock([OutputLine(.error, written: "E304 its words")])
        #expect(Recording.block(error, other) == other)
    }

    @Test func `two hundred lines are written, of more the ends with a count`() {
        func block(_ count: Int) -> OutputBlock {
            OutputBlock((0..<count).map { OutputLine(.result, written: "line \($0)") })
        }
        #expect(block(200).shortened == block(200))
        let short = block(201).shortened.lines.map(\.text)
        #expect(short.count == 41 && short[19] == "line 19" && short[21] == "line 181" && short[40] == "line 200")
        #expect(short[20].hasPrefix("… 161 lines sha256:"))
        typealias Omission = OutputBlock.Omission
        #expect(Omission("… 3 lines") == Omission(count: 3, hash: nil))
        #expect(Omission("… 3 lines sha256:ab") == Omission(count: 3, hash: "ab"))
        for wrong in ["… 0 lines", "... 3 lines", "… 3 lines md5:ab", "… x lines", "… 3 rows", "… 3 lines sha256:a b"] {
            #expect(Omission(wrong) == nil, "\(wrong)")
        }
    }

    @Test func `a line of output is known by its sign, and one space after it is no part of it`() {
        let lines = ["#> a", "#>a", "#>  a ", "#~ b", "#! E304 no", "#>", "# a", "#", "> a", "#?x"]
        #expect(lines.map { OutputLine(line: $0)?.text } == ["a", "a", " a", "b", "E304 no", "", nil, nil, nil, nil])
        #expect(OutputLine(line: "#! E304 no")?.code == "E304" && OutputLine(line: "#>")?.line == "#>")
        #expect(OutputLine(.result, written: "a").line == "#> a" && OutputLine(.picture, written: "").line == "#~")
    }

    // MARK: - Pins

    @Test func `what lies in a folder that was written is no input, what only begins like it is one`() throws {
        try withTemporaryFolder { folder in
            let base = folder.path
            for name in ["out", "output", "in"] {
                try FileManager.default.createDirectory(atPath: base + "/" + name, withIntermediateDirectories: true)
                try name.write(toFile: base + "/\(name)/x", atomically: true, encoding: .utf8)
            }
            let watch = InputWatch([base + "/in/x"])
            watch.note(base + "/out", .write)
            for name in ["out", "output", "in"] { watch.note(base + "/\(name)/x", .read) }
            watch.note(base + "/in", .look)
            #expect(watch.pins(after: []).map(\.path) == [base + "/in/x", base + "/output/x"])
            // Old pins that still are inputs keep their order; others go.
            let old = ["/output/x", "/gone"].map { Pin(path: base + $0, hash: "00") }
            #expect(watch.pins(after: old).map(\.path) == [base + "/output/x", base + "/in/x"])
            // Named as an input, and written before it is read: none. Read first and written then: one.
            let later = InputWatch([base + "/in/x", base + "/out/x"])
            later.note(base + "/in/x", .write)
            later.note(base + "/out/x", .read)
            later.note(base + "/out/x", .write)
            #expect(later.pins(after: []).map(\.path) == [base + "/out/x"])
        }
    }

    @Test func `a pin may be shortened and in capitals, and names that come and go do not count`() throws {
        try withTemporaryFolder { folder in
            let base = folder.path
            try "abc".write(toFile: base + "/b", atomically: true, encoding: .utf8)
            #expect(InputReport(Pin(path: base + "/b", hash: "BA7816")).state == .same)
            #expect(InputReport(Pin(path: base + "/b", hash: "ba7817")).state == .changed)
            let hash = InputHash.of(base)
            for name in [".hidden", "x.tmp", "x.lock"] {
                try "x".write(toFile: base + "/" + name, atomically: true, encoding: .utf8)
            }
            try FileManager.default.createDirectory(atPath: base + "/empty", withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(atPath: base + "/around", withDestinationPath: base)
            #expect(InputHash.of(base) == hash)
            try FileManager.default.createSymbolicLink(atPath: base + "/link", withDestinationPath: base + "/b")
            // printf 'b\0ba78…15ad\nlink\0ba78…15ad\n' | sha256sum
            let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
            #expect(InputHash.of(base) == SHA256.hex("b\0\(digest)\nlink\0\(digest)\n"))
        }
    }

    @Test(arguments: [
        ("a sha256:00ff", "a", "00ff"), ("a b sha256:A", "a b", "A"), ("a sha256:1 sha256:2", "a sha256:1", "2"),
    ])
    func `a pin is a path and hexadecimal digits`(_ text: String, _ path: String, _ hash: String) {
        #expect(Pin(text) == Pin(path: path, hash: hash))
        for wrong in ["a", "a sha256:", " sha256:0", "a sha256:0g", "a md5:00", "asha256:00"] {
            #expect(Pin(wrong) == nil, "\(wrong)")
        }
    }

    // MARK: - What it would do

    private static let context: LanguageContext = {
        let none: (Invocation) throws -> Value = { _ in .none }
        return Session(
            Vocabulary(verbs: [
                Command(CommandSignature("write", "", [.value("x", .any), .value("path", .path(.write))]), none),
                Command(CommandSignature("load", "", [.value("path", .path(.read))]), none),
                Command(CommandSignature("shell", "", [.value("line", .text)], effects: [.runsPrograms]), none),
                Command(CommandSignature("cd", "", [.value("folder", .text)], effects: [.entersFolder]), none),
                Command(
                    CommandSignature(
                        "ask", "",
                        [
                            .label("at", .text), .label("into", .path(.look), default: "\"kept.jsonl\""),
                            .label("really", .boolean, default: "true"),
                        ], effects: [.asks(at: "at", keeping: "into", unless: "really")]), none),
            ])
        ).context
    }()

    private func effects(_ text: String, _ name: String = "test.icot") -> EffectsReport {
        EffectsReport(Notebook(bytes: Array("# icot 1\n\(text)\n".utf8), name: name), Self.context)
    }

    @Test func `asking a server needs trust, is listed with its address, and only its very code is trusted`() throws {
        try withTemporaryFolder { folder in
            let path = folder.appending(path: "n.icot").path
            try Data().write(to: URL(filePath: path))
            let text = "ask at: \"http://a/v1\" into: \"f.jsonl\""
            let asking = effects(text, path)
            #expect(asking.needsTrust)
            #expect(
                asking.lines.map(\.plain) == [
                    "writes \"f.jsonl\"  ask, line 2", "asks   \"http://a/v1\"  ask, line 2",
                ])
            #expect(
                effects("let a = \"b\"\nask at: a").lines.map(\.plain).last
                    == "asks   a server that is only known while running  ask, line 3")
            #expect(asking.json.contains(#""kind":"asks","path":"http://a/v1""#))
            let store = TrustStore(path: folder.appending(path: "trusted").path)
            store.remember(asking)
            #expect(store.trusts(effects(text, path)))
            // Another question is another thing to send.
            #expect(!store.trusts(effects("print 1\n" + text, path)))
            // Kept answers are only read.
            let kept = effects(text + " really: false", path)
            #expect(!kept.needsTrust && kept.lines.map(\.plain) == ["reads  \"f.jsonl\"  ask, line 2"])
        }
    }

    @Test func `only what was agreed to is done: this file, this line, this folder`() throws {
        try withTemporaryFolder { folder in
            let base = FileSystem.resolved(folder.path)
            try "".write(toFile: base + "/a", atomically: true, encoding: .utf8)
            try FileManager.default.createSymbolicLink(atPath: base + "/link", withDestinationPath: base + "/a")
            try FileManager.default.createSymbolicLink(atPath: base + "/away", withDestinationPath: "/etc/icot-none")
            let deeds = AgreedDeeds(
                effects("write 1 \"\(base)/a\"\nwrite 1 \"\(base)/new/b\"\nshell \"ls\"\ncd \"\(base)\""))
            func isRefused(_ deed: Deed) -> Bool { deeds.refusal(deed) != nil }
            #expect(!isRefused(.reads("/etc/passwd")))
            #expect(!isRefused(.writes(base + "/a")) && !isRefused(.writes(base + "/link")))
            #expect(!isRefused(.writes(base + "/./a")) && !isRefused(.writes(base + "/new/b")))
            #expect(isRefused(.writes(base + "/b")) && isRefused(.writes(base + "/new")) && isRefused(.writes(base)))
            #expect(!isRefused(.runs("ls")) && isRefused(.runs("ls -l")) && isRefused(.runs("")))
            #expect(!isRefused(.enters(base)) && isRefused(.enters("/")))
            #expect(
                deeds.refusal(.writes(base + "/link2"))?.message
                    == "this notebook was not agreed to write \(base)/link2")
            #expect(deeds.refusal(.runs("rm"))?.help == "see what its text tells: icot effects test.icot")
            let asking = AgreedDeeds(effects("ask at: \"http://a\" into: \"\(base)/a\""))
            #expect(asking.refusal(.asks("http://a")) == nil && asking.refusal(.writes(base + "/a")) == nil)
            #expect(
                asking.refusal(.asks("http://b"))?.message == "this notebook was not agreed to ask http://b")
            #expect(isRefused(.asks("http://a")))
            #expect(AgreedDeeds(effects("let a = \"b\"\nask at: a")).refusal(.asks("http://c")) == nil)
            // What the list said to be known only while running may be anything, and only that.
            let open = AgreedDeeds(effects("let p = \"x\"\nwrite 1 p"))
            #expect(open.refusal(.writes("/anything")) == nil && open.refusal(.runs("ls")) != nil)
            let any = AgreedDeeds(effects("let l = \"ls\"\nshell l"))
            #expect(any.refusal(.runs("rm")) == nil && any.refusal(.writes("/anything")) != nil)
            let nothing = AgreedDeeds(effects("print 1"))
            #expect(nothing.refusal(.writes("a")) != nil && nothing.refusal(.enters("a")) != nil)
            // A link that leads elsewhere by now is another file.
            let before = AgreedDeeds(effects("write 1 \"\(base)/link\""))
            try FileManager.default.removeItem(atPath: base + "/link")
            try FileManager.default.createSymbolicLink(atPath: base + "/link", withDestinationPath: "/etc/passwd")
            #expect(before.refusal(.writes(base + "/link")) != nil && before.refusal(.writes(base + "/a")) == nil)
        }
    }

    @Test func `programs and other folders need trust, and are trusted only by the very code`() throws {
        #expect(effects("shell \"ls\"").needsTrust && effects("cd \"x\"").needsTrust)
        #expect(!effects("load \"x\"").needsTrust && !effects("print 1").needsTrust)
        try withTemporaryFolder { folder in
            let path = folder.path + "/n.icot"
            try "".write(toFile: path, atomically: true, encoding: .utf8)
            #expect(effects("write 1 \"a\"", path).trustHashes.count == 2)
            #expect(effects("write 1 \"a\"\ncd \"x\"", path).trustHashes.count == 1)
            #expect(effects("write 1 \"a\"\nshell \"ls\"", path).trustHashes.count == 1)
            #expect(effects("let p = \"a\"\nload p\nwrite 1 \"a\"", path).trustHashes.count == 1)
            let hashes = effects("write 1 \"a\"\nload \"b\"", path).trustHashes
            // Spaces at the ends of lines and empty lines are no code; a change is.
            #expect(effects("write 1 \"a\"  \n\nload \"b\"", path).trustHashes == hashes)
            #expect(effects("write 2 \"a\"\nload \"b\"", path).trustHashes[0] != hashes[0])
            // What is read plays no part in the second.
            #expect(effects("write 2 \"a\"\nload \"c\"", path).trustHashes[1] == hashes[1])
            #expect(effects("write 1 \"c\"\nload \"b\"", path).trustHashes[1] != hashes[1])
        }
    }

    @Test func `what is trusted is added to a list of the person's own, once`() throws {
        try withTemporaryFolder { folder in
            let store = TrustStore(path: folder.path + "/state/trusted")
            let (one, two) = (effects("write 1 \"a\""), effects("write 1 \"b\""))
            #expect(store.remember(one) && store.remember(one) && store.trusts(one) && !store.trusts(two))
            let text = try String(contentsOfFile: store.path, encoding: .utf8)
            #expect(text == "# icot trusted 1\n" + one.trustHashes.map { $0 + "\n" }.joined())
            // A line that was cut short swallows nothing.
            try (text + "abc").write(toFile: store.path, atomically: true, encoding: .utf8)
            #expect(store.remember(two) && store.trusts(two) && store.trusts(one))
            #expect(
                try FileManager.default.attributesOfItem(atPath: folder.path + "/state")[.posixPermissions] as? Int
                    == 0o700)
            #expect(store.trusts(effects("load \"x\"")))
        }
    }

    @Test func `an input is what is read and was not written above`() {
        let found = effects(
            "load \"in\"\nwrite 1 \"out\"\nload \"out\"\nload \"out/x\"\nload \"outer\"\n"
                + "load \"in\"\nload \"late\"\nwrite 1 \"late\""
        )
        #expect(found.inputs == ["in", "outer", "late"])
        #expect(found.items.map(\.line) == [2, 3, 4, 5, 6, 7, 8, 9])
        #expect(
            effects("shell \"ls\"\nlet l = \"x\"\nshell l\ncd \"a\"\ncd l").lines.map(\.plain) == [
                "runs   \"ls\"  shell, line 2", "runs   a program of the system  shell, line 4",
                "enters \"a\"  cd, line 5", "enters a folder that is only known while running  cd, line 6",
            ])
        #expect(effects("write 1 \"a\"").json.contains("\"needs_trust\":true,\"is_whole\":true"))
        #expect(effects("load \"a\"").json.contains("\"needs_trust\":false"))
        #expect(effects("write 1 (").json.contains("\"is_whole\":false"))
    }

    // MARK: - Files and other formats

    @Test func `a notebook of Jupyter's becomes cells of their kinds, and no line of it a sign of the format`() throws {
        let cells: JSONValue = [
            ["cell_type": "markdown", "source": ["# Title here\n", "\n", "Prose."]],
            ["cell_type": "code", "source": "let n = 3", "metadata": ["tags": ["parameters"]]],
            ["cell_type": "code", "source": ["%magic\n", "!ls\n", "#> x\n", "# %% y\n", "print n"]],
            ["cell_type": "markdown", "source": "Say it.", "metadata": ["slideshow": ["slide_type": "notes"]]],
            ["cell_type": "raw", "source": "raw\n\ntext"], ["cell_type": "code", "source": " \n"],
        ]
        func imported(_ document: JSONValue) throws -> String {
            String(decoding: try JupyterImport.notebook(JSONWriter.bytes(document), named: "x.ipynb"), as: UTF8.self)
        }
        let text = try imported(["cells": cells, "nbformat": 4])
        #expect(
            text == """
                # icot 1
                # title: Title here

                # %% [md]
                # # Title here
                #
                # Prose.

                # %% params
                let n = 3

                # %%
                # %magic
                # !ls
                # > x
                #  %% y
                print n

                # %% [notes]
                # Say it.

                # %% [raw]
                # raw
                #
                # text

                """)
        #expect(
            try imported(["cells": cells, "nbformat": 4, "metadata": ["title": "Own"]]).hasPrefix(
                "# icot 1\n# title: Own\n"))
        #expect(throws: NotebookError.self) { try imported(["cells": cells, "nbformat": 3]) }
        #expect(throws: NotebookError.self) { try imported(["nbformat": 4]) }
    }

    @Test func `paths keep their folder, and errors say what to type`() {
        #expect(["a/b/c", "a", "/x"].map(NotebookFile.folder) == ["a/b/", "", "/"])
        #expect(FileSystem.absolute("/a") == "/a")
        #expect(FileSystem.absolute("a") == FileManager.default.currentDirectoryPath + "/a")
        #expect(
            "\(NotebookError.unknownCell(title: "x", nearest: "y"))" == "no cell is called 'x'; did you mean 'y'?")
        #expect("\(NotebookError.unknownCell(title: "x", nearest: nil))" == "no cell is called 'x'")
        #expect(
            "\(NotebookError.unknownParameter(name: "a", known: ["b", "c"]))"
                == "'a' is no parameter of the notebook; it has b, c")
        #expect("\(NotebookError.unknownParameter(name: "a", known: []))".contains("'# %% params' with 'let a = …'"))
    }

    @Test(arguments: [("a=1", "a", "1"), ("a=b=c", "a", "b=c"), ("a = 1", "a ", " 1")])
    func `a parameter is split at its first sign of equality`(_ text: String, _ name: String, _ value: String) throws {
        let found = try Notebook.parameter(text)
        #expect(found.name == name && found.value == value)
        #expect(throws: NotebookError.self) { try Notebook.parameter("=1") }
        #expect(throws: NotebookError.self) { try Notebook.parameter("a") }
        #expect(throws: NotebookError.self) { try Notebook.parameter("a=") }
    }

    @Test func `only a let in a cell of parameters can be set, the last of a name`() throws {
        let text = "# icot 1\nlet a = 1\n# %% params\nlet b = 2\nlet b = 3\nprint b\n# %% c\nlet d = 4\n"
        let notebook = Notebook(text)
        #expect(notebook.parameters(TestVocabulary.context).map(\.name) == ["b"])
        let set = try notebook.setting([("b", "9")], TestVocabulary.context)
        #expect(set.text == text.replacing("let b = 3", with: "let b = 9"))
        for name in ["a", "d"] {
            #expect(throws: NotebookError.self) { try notebook.setting([(name, "9")], TestVocabulary.context) }
        }
    }

    // MARK: - Cells of tables

    @Test(
        arguments: [
            ("95.3%", 0.953), ("4.2 s", 4.2), ("+3", 3), ("-0.5", -0.5), ("12e", 12), ("1e3", 1000), ("–", nil),
            ("e", nil), ("", nil), ("x1", nil), ("7x", 7),
        ] as [(String, Double?)])
    func `the number of a cell is what it begins with, a percentage its hundredth`(_ cell: String, _ number: Double?) {
        #expect(ExportTable.number(cell) == number)
    }

    @Test func `cells are set to the right of one width, and what stands across is left alone`() {
        #expect(
            ExportTable.aligned([["a", "bb"], ["10", "1"], ["… 3 more rows …"], ["漢", "2"]])
                == [" a  bb", "10   1", "… 3 more rows …", "漢   2"])
    }

    @Test func `a stage's numbers have four digits, and tables of several runs are no timeline`() throws {
        func cells(_ accuracy: String) throws -> String? {
            let text = "[{\"removed\": 0, \"accuracy\": 1}, {\"removed\": 1, \"accuracy\": \(accuracy)}]"
            return TimelineFigure(try JSONReader.read(Array(text.utf8), path: "x"))?.stages[1].cells[1]
        }
        for (written, shown) in [
            ("0.98765", "0.9877"), ("12345.678", "12346"), ("2.0", "2"), ("7", "7"), ("null", "–"), ("\"a\"", "a"),
            ("0.000123456", "0.0001235"), ("true", "true"),
        ] { #expect(try cells(written) == shown, "\(written)") }
        for columns in ["run", "branch"] {
            let text =
                "[{\"removed\": 0, \"accuracy\": 1, \"\(columns)\": 1},"
                + " {\"removed\": 1, \"accuracy\": 1, \"\(columns)\": 1}]"
            #expect(TimelineFigure(try JSONReader.read(Array(text.utf8), path: "x")) == nil)
        }
        let plan = "[{\"removed\": 0, \"step\": 1}, {\"removed\": 1, \"step\": 1}]"
        #expect(TimelineFigure(try JSONReader.read(Array(plan.utf8), path: "x")) == nil)
    }
}
