// What is a number in a line of output, what an event leaves in a notebook, and what Jupyter is given.

import Language
import Support
import Testing

@testable import Notebooks

@Suite struct TokenRuleTests {
    private func tokens(_ text: String) -> [OutputToken] { OutputTokens(text).tokens }

    @Test func `a number has the unit of its last digit, in whatever way it is written`() {
        #expect(tokens("loss 0.0312") == [.word("loss"), .real(text: "0.0312", value: 0.0312, unit: 1e-4)])
        #expect(tokens("5e-5") == [.real(text: "5e-5", value: 5e-5, unit: 1e-5)])
        #expect(tokens("1.25E+3") == [.real(text: "1.25E+3", value: 1250, unit: 10)])
        #expect(tokens("1e5") == [.real(text: "1e5", value: 100_000, unit: 1e5)])
        #expect(tokens("-2.50") == [.real(text: "-2.50", value: -2.5, unit: 0.01)])
        #expect(tokens("12 +5 -7") == [.integer("12"), .integer("+5"), .integer("-7")])
    }

    @Test func `a spread stands after its sign, with the same units`() {
        #expect(tokens("12 ±3") == [.integer("12"), .spread(text: "±3", value: 3, unit: 1)])
        #expect(
            tokens("0.5±0.004") == [
                .real(text: "0.5", value: 0.5, unit: 0.1), .spread(text: "±0.004", value: 0.004, unit: 0.001),
            ])
        #expect(tokens("± x") == [.word("±"), .word("x")] && tokens("±-3") == [.word("±"), .integer("-3")])
    }

    @Test(arguments: ["gpt2", "v1.2.3", "1.2.3", "9f2c01e4", "2024_11", "x_1", "é1", "1e1234567", "a.5"])
    func `digits that are a part of a word are no number`(_ word: String) {
        #expect(tokens(word) == [.word(word)])
    }

    @Test func `signs, units and brackets stand beside a number`() {
        #expect(tokens("99.2%") == [.real(text: "99.2", value: 99.2, unit: 0.1), .word("%")])
        #expect(tokens("(0.5,") == [.word("("), .real(text: "0.5", value: 0.5, unit: 0.1), .word(",")])
        #expect(tokens("1.2M") == [.real(text: "1.2", value: 1.2, unit: 0.1), .word("M")])
        #expect(tokens("3s") == [.integer("3"), .word("s")] && tokens("1.") == [.integer("1"), .word(".")])
        #expect(tokens("a-5") == [.word("a-"), .integer("5")] && tokens("n=5") == [.word("n="), .integer("5")])
        #expect(
            tokens("0.1...0.5") == [
                .real(text: "0.1", value: 0.1, unit: 0.1), .word("..."), .real(text: "0.5", value: 0.5, unit: 0.1),
            ])
        for sign in ["→", "×", "−", "≈", "≤", "≥", "│", "·", "…", "–", "÷", "√", "∑", "Δ", "←", "↑", "↓"] {
            #expect(tokens("2\(sign)3") == [.integer("2"), .word(sign), .integer("3")], "\(sign)")
        }
    }

    @Test func `three dots are anything, with a backslash they are themselves, and what is volatile is kept apart`() {
        #expect(tokens("a ... \\... b") == [.word("a"), .anything, .word("..."), .word("b")])
        #expect(tokens("3 {~4.2 s} 1") == [.integer("3"), .volatile("4.2 s"), .integer("1")])
        #expect(tokens("a {~x}").map(\.text) == ["a", "{~x}"] && tokens("...").map(\.text) == ["..."])
        #expect(tokens("") == [] && tokens(" \t ") == [])
    }
}

@Suite struct RecordedEventRuleTests {
    private func lines(_ events: SessionEvent...) -> [String] {
        var block = OutputBlock()
        for event in events { block.append(event) }
        return block.lines.map(\.line)
    }

    private let source = SourceText("prnt 1", name: "cell 3")

    @Test
    func `lines are results, drawings and warnings are pictures, errors have their code, progress leaves nothing`() {
        let bundle = DisplayBundle(lines: [StyledText("a\n\nb")], picture: [StyledText("▁▂")])
        #expect(lines(.output(bundle)) == ["#> a", "#>", "#> b", "#~ ▁▂"])
        let error = Diagnostic(.unknownVerb, "no such", at: SourceSpan(0, 4))
        let warning = Diagnostic(.unknownVerb, "look out", at: SourceSpan(0, 4), severity: .warning)
        #expect(
            lines(.diagnostic(error, source), .diagnostic(warning, source))
                == ["#! E201 no such", "#~ warning: E201 look out"])
        #expect(lines(.timed(seconds: 1.5)) == ["#~ {~\(NumberText.duration(1.5))}"])
        #expect(lines(.progress(StyledText("1 of 2")), .progressEnded) == [])
        var block = OutputBlock()
        block.append(.diagnostic(error, source))
        #expect(block.errorCodes == ["E201"] && !block.isEmpty && OutputBlock().isEmpty)
    }

    @Test func `what stands for the middle of an output is a count, and a hash where results are missing`() {
        typealias Omission = OutputBlock.Omission
        #expect(Omission("… 4312 lines sha256:ab") == Omission(count: 4312, hash: "ab"))
        #expect(Omission("… 3 lines") == Omission(count: 3, hash: nil))
        for text in [
            "", "… 0 lines", "… -1 lines", "... 3 lines", "… 3 rows", "… x lines", "… 3 lines md5:ab", "… 3",
            "… 3 lines sha256:a b",
        ] { #expect(Omission(text) == nil, "\(text)") }
        #expect(Omission(count: 5, hash: "ff").text == "… 5 lines sha256:ff")
        #expect(Omission(count: 5, hash: nil).text == "… 5 lines")
    }
}

@Suite struct JupyterExportRuleTests {
    private func document(_ text: String) throws -> JSONValue {
        let exported = ExportDocument(Notebook(text), TestVocabulary.context).jupyter
        #expect(exported.hasSuffix("}\n"))
        return try JSONReader.read(Array(exported.utf8), path: "test")
    }

    private let text = """
        # icot 1
        # title: T

        # %% [md]
        # words

        # %% [raw]
        # <b>

        # %% [notes]
        # ask

        # %% params
        let n = 5

        # %% first
        let a = 1
        print a
        #> 1
        #> 2
        print 2
        #! E201 no

        """

    @Test func `each cell is of its kind, a title above it, its outputs below each stretch of code`() throws {
        let cells = try #require(try document(text)["cells"]?.array)
        #expect(
            cells.compactMap { $0["cell_type"]?.string } == [
                "markdown", "markdown", "raw", "markdown", "code", "markdown", "code", "code",
            ])
        #expect(
            cells.map { $0["source"] } == [
                ["# T"], ["words"], ["<b>"], ["ask"], ["let n = 5"], ["## first"], ["let a = 1\n", "print a"],
                ["print 2"],
            ])
        #expect(cells[3]["metadata"]?["slideshow"]?["slide_type"] == "notes" && cells[1]["metadata"] == [:])
        // The tag by which papermill finds parameters.
        #expect(cells[4]["metadata"]?["tags"] == ["parameters"] && cells[6]["metadata"] == [:])
        #expect(cells[4]["outputs"] == [] && cells[4]["execution_count"] == .null)
        let output = try #require(cells[6]["outputs"]?.array)
        #expect(output.count == 1 && output[0]["output_type"] == "display_data")
        #expect(output[0]["data"]?["text/plain"] == ["1\n", "2"])
        let error = try #require(cells[7]["outputs"]?.array?.first)
        #expect(error["output_type"] == "error" && error["ename"] == "E201" && error["evalue"] == "no")
        #expect(error["traceback"] == ["E201 no"])
    }

    @Test func `a title is not said twice, and the kernel is icot's`() throws {
        let whole = try document("# icot 1\n# title: T\n# %% [md]\n# # Mine\n")
        #expect(whole["cells"]?.array?.map { $0["source"] } == [["# Mine"]])
        #expect(whole["nbformat"] == 4 && whole["nbformat_minor"] == 4)
        #expect(whole["metadata"]?["kernelspec"]?["name"] == "icot" && whole["metadata"]?["title"] == "T")
        #expect(whole["metadata"]?["language_info"]?["file_extension"] == ".icot")
        // A heading of a lower level is no title.
        let lower = try document("# icot 1\n# title: T\n# %% [md]\n# ## Mine\n")
        #expect(lower["cells"]?.array?.map { $0["source"] } == [["# T"], ["## Mine"]])
    }
}
