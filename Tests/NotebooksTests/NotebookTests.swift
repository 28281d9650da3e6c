import Language
import Support
import TestSupport
import Testing

@testable import Notebooks

@Suite("The document") struct NotebookTests {
    static let example = """
        #!/usr/bin/env icot
        # icot 1
        # title: Taking the chain away
        # profile: cpu-f32 seed 3456
        # pin: runs/mult2 sha256:9f2c
        # colour: blue

        # %% [md]
        # # A heading
        #
        # Prose.

        # %% params
        let n = 500

        # %% one step key="a b" other="c"
        # a comment
        step
        #> removed 1 of 9
        train steps: 200   # and another
        #> loss 0.0312 ±0.004   {~4.2 s}
        #~ ▁▂▂▁▁

        # %% [notes] for the teacher
        # Ask the class.
        # %% wrong on purpose
        train epoch: 1
        #! E203 train has no label epoch:

        """

    @Test func `a file is read into header, cells and entries`() {
        let notebook = Notebook(Self.example)
        #expect(notebook.header.version == 1)
        #expect(notebook.title == "Taking the chain away")
        #expect(notebook.header["profile"] == "cpu-f32 seed 3456")
        #expect(notebook.header["colour"] == "blue")
        #expect(notebook.header.pins == [Pin(path: "runs/mult2", hash: "9f2c")])
        #expect(notebook.cells.map(\.kind) == [.code, .markdown, .params, .code, .notes, .code])
        #expect(notebook.cells.map(\.title) == ["", "", "params", "one step", "for the teacher", "wrong on purpose"])
        #expect(notebook.cells[3]["key"] == "a b")
        #expect(notebook.cells[3]["other"] == "c")
        #expect(notebook.prose(notebook.cells[1]) == ["# A heading", "", "Prose."])
        #expect(notebook.findings.isEmpty)
        let entries = notebook.entries()
        #expect(entries.map(\.code) == ["let n = 500", "step", "train steps: 200   # and another", "train epoch: 1"])
        #expect(entries.map(\.cell) == [2, 3, 3, 5])
        #expect(entries[2].recorded.lines.map(\.line) == ["#> loss 0.0312 ±0.004   {~4.2 s}", "#~ ▁▂▂▁▁"])
        #expect(entries[3].diagnostics.map(\.code) == [.unknownLabel])
        #expect(entries[3].expects(.unknownLabel))
        #expect(notebook.strayOutputs(entries).isEmpty)
        #expect(notebook.printed == notebook.bytes)
    }

    @Test func `only code is run, at the places where it stands`() {
        let notebook = Notebook("# icot 1\n# %% [md]\nstray prose\n# %%\nstep\n#> one\n")
        #expect(notebook.code.text == "# icot 1\n         \n           \n    \nstep\n      \n")
        #expect(notebook.findings.map(\.line) == [3])
    }

    @Test func `a version below a line of code is a comment`() {
        let notebook = Notebook("step\n# icot 2\n")
        #expect(notebook.header.version == nil)
        #expect(notebook.entries().map(\.diagnostics.count) == [0])
        #expect(Parser.parse(notebook.code, TestVocabulary.context).diagnostics.isEmpty)
    }

    @Test func `a def below recorded output does not take it for its help`() {
        let notebook = Notebook("# icot 1\nstep\n#> removed 1\ndef twice(x) { x * 2 }\n")
        let parsed = Parser.parse(notebook.code, TestVocabulary.context)
        #expect(parsed.definitions.map(\.summary) == [""])
    }

    @Test func `statements on one line share a block`() {
        let entries = Notebook("# icot 1\nlet a = 1; print a\n#> 1\nprint 2; print [\n 3,\n]; print 4\n#> x\n")
            .entries()
        #expect(entries.map(\.statements) == [0..<2, 2..<5])
        #expect(entries.map(\.recorded.lines.count) == [1, 1])
        #expect(entries[1].lines == 3..<6)
    }

    @Test func `code that cannot be read is an entry of its own`() {
        let entries = Notebook("# icot 1\nprint 1\nprint )\n#! E108\nlet 3 = 4\nlet = 4\nprint 2\n").entries()
        #expect(entries.map(\.code) == ["print 1", "print )", "let 3 = 4", "let = 4", "print 2"])
        #expect(entries.map(\.diagnostics.count) == [0, 1, 1, 1, 0])
        #expect(entries[1].recorded.errorCodes == ["E108"])
    }

    @Test func `output that belongs to nobody is kept and reported`() {
        let text = "# icot 1\n#> one\n\nstep\n\n#> two\n#~ three\nif true {\n#> inside\n  step\n}\n"
        let notebook = Notebook(text)
        let entries = notebook.entries()
        #expect(entries.map(\.recorded.lines.count) == [0, 0])
        #expect(notebook.strayOutputs(entries).map(\.line) == [2, 6, 9])
        #expect(
            notebook.recording([0: OutputBlock([OutputLine(.result, "new")])], of: entries).text
                == text.replacing("step\n\n#> two", with: "step\n#> new\n\n#> two"))
    }

    @Test(arguments: [
        ("", [], 0), ("# icot 1", [], 0), ("\n", [1], 1), ("# icot 2\nstep\n", [1], 1), ("step", [1], 1),
        ("# icot 99999999999999999999", [1], 0),
        ("#!/bin/icot\n# icot 1\n# title: x", [], 0), ("# icot 1\n# Title: x\n", [], 1),
        ("# icot 1\n# pin: broken\n", [2], 0),
    ]) func `headers of all kinds are read`(text: String, findings: [Int], cells: Int) {
        let notebook = Notebook(text)
        #expect(notebook.findings.map(\.line) == findings)
        #expect(notebook.cells.count == cells)
        #expect(notebook.printed == Array(text.utf8))
    }

    @Test func `markers have a title, a kind and attributes`() {
        func cell(_ line: String) -> Cell? { Notebook("# icot 1\n\(line)\n").cells.first }
        #expect(cell("# %%")?.title == "")
        #expect(cell("# %% a [1] b")?.title == "a [1] b")
        #expect(cell("# %% [markdown] x")?.kind == .markdown)
        #expect(cell("# %% x [md]")?.title == "x")
        #expect(cell("# %% x[md]")?.kind == .code)
        #expect(cell("# %% [raw]")?.kind == .raw)
        #expect(cell("# %% [params]")?.kind == .params)
        #expect(cell("# %% x = \"y\"")?.title == "x = \"y\"")
        #expect(cell("# %% slow=\"yes\"")?.attributes == [.init(key: "slow", value: "yes")])
        #expect(cell("# %%x")?.marker == nil)
    }

    // MARK: - Text

    @Test func `every text that a command shows can be written and read`() {
        var random = TestRandom(seed: 5)
        let pieces = [
            "{~", "}", "{", "~", "\\", "...", "…", " ", "a", "1", "{\\~", "\u{1B}[31m", "\u{202E}", "\t", "é", "\\...",
            "\u{301}",
        ]
        for _ in 0..<(runsSlowTests ? 1_000_000 : 5_000) {
            var line = StyledText()
            for _ in 0..<Int.random(in: 0...6, using: &random) {
                let text = (0..<Int.random(in: 0...4, using: &random)).map { _ in random.pick(pieces) }.joined()
                line.append(text, isVolatile: random.next() % 3 == 0)
            }
            let written = OutputText.write(line)
            let isNeutral = !written.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x202E }
            let read = OutputText.read(written)
            if !isNeutral || plain(read) != plain(line) || OutputText.write(read) != written
                || OutputLine(line: OutputLine(.result, line).line)?.text != written
            {
                Issue.record("\(written)")
            }
        }
    }

    @Test func `volatile text and marks of people are escaped`() {
        #expect(OutputText.write(StyledText("loss 1 ") + StyledText("4 s", isVolatile: true)) == "loss 1 {~4 s}")
        #expect(OutputText.write("literal {~x} and {\\~") == "literal {\\~x} and {\\\\~")
        #expect(OutputText.write("a ... b") == "a \\... b")
        #expect(OutputText.write("… 3 lines") == "\\… 3 lines")
        #expect(OutputText.read("a ... b").plain == "a ... b")
        #expect(OutputText.write(StyledText("a}b", isVolatile: true)) == "{~a)b}")
    }

    /// What a line says after neutralising, each volatile part between bars, without blanks at the end.
    private func plain(_ line: StyledText) -> String {
        var text = ""
        var index = 0
        while index < line.runs.count {
            let isVolatile = line.runs[index].isVolatile
            var part = ""
            while index < line.runs.count, line.runs[index].isVolatile == isVolatile {
                part += line.runs[index].text
                index += 1
            }
            if part.isEmpty { continue }
            part = Escaping.neutral(part)
            text += isVolatile ? "|\(OutputText.withoutBraces(part))|" : part
        }
        return text.withoutTrailingBlanks
    }
}
