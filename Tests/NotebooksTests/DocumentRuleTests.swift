// What stands where in a notebook, what is odd about it, which parameters it has and what is written into it.

import Foundation
import Language
import Support
import TestSupport
import Testing

@testable import Notebooks

@Suite struct DocumentRuleTests {
    private typealias Finding = Notebook.Finding

    @Test(
        arguments: [
            ("# icot 7\n", 1, "this icot reads version 1 of notebooks, not 7; open it with a newer icot"),
            ("print 1\n", 1, "the line '# icot 1' is missing; read as version 1"),
            ("# icot 1\n# pin: x\n", 2, "a pin is written '# pin: path sha256:hex'"),
            ("# icot 1\nprint 1\n#> {~ open\n", 3, "'{~' without its '}' is taken as plain text"),
            ("# icot 1\nprint 1\n#~ {~a} {~ open\n", 3, "'{~' without its '}' is taken as plain text"),
            (
                "# icot 1\n# %% [md]\n# a\n\n  plain\nmore\n", 5,
                "a line of prose without its '# ' is shown as prose and never run"
            ),
            (
                "# icot 1\n# %% [md]\n>>>>>>> other\n", 3, "an unresolved merge: both versions of these lines are here"
            ),
        ] as [(String, Int, String)])
    func `what is odd about a file is told with its line, once a cell`(
        _ text: String, _ line: Int, _ message: String
    ) {
        #expect(Notebook(text).findings == [Finding(line: line, message: message)])
    }

    @Test func `in an error nothing is volatile, and what is odd comes in the order of the lines`() {
        #expect(Notebook("# icot 1\nprint 1\n#! {~ open\n").findings.isEmpty)
        // Spaces before the sign are none of the prose's faults.
        #expect(Notebook("# icot 1\n# %% [md]\n  # a\n   \n").findings.isEmpty)
        let text = "# title: x\n# pin: y\n# %% [md]\nplain\n# %%\nprint 1\n#> {~\n"
        #expect(Notebook(text).findings.map(\.line) == [1, 2, 4, 7])
        let stray = Notebook("# icot 1\n#> a\n#> b\n\n#~ c\n")
        let message = "recorded output that stands directly below no statement is kept and not compared"
        #expect(
            stray.strayOutputs(stray.entries()) == [
                Finding(line: 2, message: message), Finding(line: 5, message: message),
            ])
    }

    @Test func `the header ends with the first line that is none of its own`() {
        func header(_ text: String) -> Header { Notebook(text).header }
        #expect(header("# icot 1\n# a1_-: x\n# B: y\n# c: z\n").lines == 0..<2)
        for line in ["# 1a: x", "# : x", "#a: x", "# a:x", "# a b: x", "#!/bin/sh", "", "# words"] {
            #expect(header("# icot 1\n\(line)\n# b: y\n").lines == 0..<1, "\(line)")
        }
        let found = header("# icot 1\n# title:  a b \t\n# title: c\n# empty:\n")
        #expect(found["title"] == "a b" && found["empty"] == "" && found["none"] == nil)
        #expect(found.fields.map(\.line) == [1, 2, 3])
        // The version stands within the first two lines, below `#!` or a key.
        #expect(header("#!/usr/bin/env icot\n# icot 1\n").version == 1 && header("# title: t\n# icot 1\n").version == 1)
        #expect(header("#!/usr/bin/env icot\n# title: t\n# icot 1\n").version == nil)
        #expect(header("# icot  1 \n").version == 1 && header("# icot 1x\n").version == nil)
        #expect(header("# icot 1\n# icot 1\n").lines == 0..<1)
    }

    @Test(
        arguments: [("20", 20), ("1000", 1000), ("19", nil), ("1001", nil), ("x", nil), ("", nil)] as [(String, Int?)])
    func `a width is that of twenty to a thousand columns`(_ text: String, _ width: Int?) {
        #expect(Notebook("# icot 1\n# width: \(text)\n").header.width == width)
    }

    @Test func `a title is that of the header, or else the first heading of the prose`() {
        func title(_ text: String) -> String? { Notebook("# icot 1\n" + text).title }
        #expect(title("# title: T\n# %% [md]\n# # H\n") == "T" && title("# title:\n# %% [md]\n# # H\n") == "H")
        #expect(title("# %% [md]\n# words\n# ## Lower\n# # Later\n") == "Lower")
        #expect(title("# %% [notes]\n# # No\n# %% [raw]\n# # No\n# %% [md]\n# # Yes\n") == "Yes")
        #expect(title("# %% T\nprint 1\n# comment\n") == nil)
    }

    @Test func `prose is without its signs and without empty lines at both ends`() {
        let notebook = Notebook("# icot 1\n# %% [md]\n#\n\n# a\n#b\n#\n#  c\n#   \nd\n\n#\n")
        #expect(notebook.prose(notebook.cells[0]) == ["a", "b", "", " c", "  ", "d"])
    }

    @Test func `of two attributes of a name the first counts, and they stand at the end of the line`() {
        func cell(_ line: String) -> Cell? { Notebook("# icot 1\n\(line)\n").cells.first }
        let found = cell("# %% a b [notes] k=\"1\" l=\"\" k=\"x = 2\"")
        #expect(found?["k"] == "1" && found?["l"] == "" && found?["m"] == nil)
        #expect(found?.title == "a b" && found?.kind == .notes)
        #expect(found?.attributes.map(\.value) == ["1", "", "x = 2"])
        #expect(cell("# %%\ta\t")?.title == "a" && cell("# %% k=\"1\" a")?.title == "k=\"1\" a")
        #expect(cell("# %% K=\"1\"")?.attributes == [] && cell("# %% =\"1\"")?.attributes == [])
        #expect(cell("# %% params")?.kind == .params && cell("# %% params x")?.kind == .code)
        #expect(cell("# %% params [md]")?.kind == .markdown && cell("# %% [md] params")?.title == "params")
    }

    @Test func `the lines between the header and the first mark are a cell, where there are any`() {
        #expect(Notebook("# icot 1\n# %% a\n# %% b\n").cells.map(\.title) == ["a", "b"])
        let cells = Notebook("# icot 1\n\nprint 1\n# %% b\nprint 2").cells
        #expect(cells.map(\.marker) == [nil, 3] && cells.map(\.lines) == [1..<3, 4..<5])
    }

    // MARK: - What is written

    @Test func `of a long output pictures have a count, results a hash over their texts, errors all their lines`() {
        func block(_ kind: OutputLine.Kind, _ count: Int) -> [OutputLine] {
            (0..<count).map { OutputLine(kind, written: "line \($0) {~\($0) s}") }
        }
        let short = OutputBlock(block(.picture, 201) + block(.result, 202) + block(.error, 250)).shortened.lines
        #expect(short.filter { $0.kind == .picture }.map(\.text)[20] == "… 161 lines")
        // The hash over `line 20 {~}` to `line 181 {~}`, each with a line feed.
        let middle = (20...181).map { "line \($0) {~}\n" }.joined()
        #expect(short.filter { $0.kind == .result }.map(\.text)[20] == "… 162 lines sha256:\(SHA256.hex(middle))")
        #expect(short.count { $0.kind == .error } == 250 && short.count == 41 + 41 + 250)
        #expect(short[0].text == "line 0 {~0 s}" && short[40].text == "line 200 {~200 s}")
    }

    @Test func `an output for a statement that is not there is written nowhere`() {
        let notebook = Notebook("# icot 1\nprint 1\n")
        let block = OutputBlock([OutputLine(.result, written: "x")])
        #expect(notebook.recording([7: block, -1: block], of: notebook.entries()).bytes == notebook.bytes)
    }

    @Test func `errors of files say what to do`() {
        #expect(
            "\(NotebookError.changedMeanwhile(path: "a.icot"))"
                == "a.icot was changed on disk since it was read and is left as it is; run the command again")
        #expect("\(NotebookError.malformedParameter(text: "x", reason: "y"))" == "-p x: y")
    }

    @Test func `a notebook of Jupyter's has the title of its metadata on one line, and cells with words only`() throws {
        func imported(_ document: JSONValue) throws -> String {
            String(decoding: try JupyterImport.notebook(JSONWriter.bytes(document), named: "x.ipynb"), as: UTF8.self)
        }
        func cell(_ kind: String, _ source: String) -> JSONValue {
            ["cell_type": .string(kind), "source": .string(source)]
        }
        let cells: JSONValue = [
            cell("code", "# # No title"), cell("markdown", "words\n## Lower\n# Title"), cell("markdown", " \n\n"),
            cell("other", "x = 1"), cell("code", "  %time\nif true {\n  !ls\n}\n  #> kept\n#!x\n#~ y\n#>z"),
        ]
        let text = try imported(["cells": cells, "nbformat": 4])
        #expect(
            text == """
                # icot 1
                # title: Title

                # %%
                # # No title

                # %% [md]
                # words
                # ## Lower
                # # Title

                # %%
                x = 1

                # %%
                #   %time
                if true {
                #   !ls
                }
                  #> kept
                # !x
                # ~ y
                # >z

                """)
        let titled: JSONValue = ["cells": [], "nbformat": 4, "metadata": ["title": "a\nb"]]
        #expect(try imported(titled) == "# icot 1\n# title: a b\n")
        #expect(try imported(["cells": [], "nbformat": 4, "metadata": ["title": ""]]) == "# icot 1\n")
        let error = #expect(throws: NotebookError.self) { _ = try imported(["cells": [], "nbformat": 3]) }
        let told = error.map { "\($0)" } ?? ""
        #expect(told.contains("x.ipynb") && told.contains("is no notebook of Jupyter's format 4: it has no cells"))
    }
}

@Suite struct ParameterRuleTests {
    private func refusal(_ text: String, most: Int = 1000) -> String {
        do { return "\(try Notebook.parameterValues(text, most: most).values.map(\.literal))" } catch {
            return "\(error)"
        }
    }

    @Test func `what is wrong with a parameter is said with what to write`() {
        #expect(refusal("a") == "-p a: write -p name=value" && refusal("=1") == "-p =1: write -p name=value")
        #expect(
            refusal("a= ")
                == "-p a= : a value is missing; write -p a=1, or -p 'a=\"\"' for an empty text")
        #expect(refusal("x=1,,2") == "-p x=1,,2: a value is missing; write -p x=1,2 or -p x=1...8")
        #expect(refusal("x=3...2") == "-p x=3...2: the range 3...2 is empty; write the smaller end first")
        #expect(refusal("x=3..<3") == "-p x=3..<3: the range 3..<3 is empty; write the smaller end first")
        #expect(refusal("x=1...1001") == "-p x=1...1001: that is more than 1,000 values; give fewer")
        #expect(refusal("x=3...3") == "[\"3\"]")
    }

    @Test func `ranges have as many values as there is still room for`() {
        #expect(refusal("x=1...3,7...8", most: 5) == "[\"1\", \"2\", \"3\", \"7\", \"8\"]")
        #expect(refusal("x=1...3,7...8", most: 4).hasSuffix("that is more than 4 values; give fewer"))
        #expect(refusal("x= 1 ... 2 , 5\t") == "[\"1\", \"2\", \"5\"]")
        #expect(refusal("x=f(1,[2,3]),4") == "[\"\\\"f(1,[2,3])\\\"\", \"4\"]")
        #expect(refusal("x=a...b") == "[\"\\\"a...b\\\"\"]")
        #expect(refusal("x=),1") == "[\"\\\")\\\"\", \"1\"]")
    }

    @Test(arguments: [
        ("none", "none"), ("[1, [\"a\"]]", "[1, [\"a\"]]"), ("[1, f(2)]", "\"[1, f(2)]\""), ("-x", "\"-x\""),
        ("1 + 2", "\"1 + 2\""), ("x", "\"x\""), ("a\tb", "\"a\\tb\""), ("a\\b", "\"a\\\\b\""),
        ("[1,\n2]", "[1, 2]"), ("\"a{b}\"", "\"\\\"a\\{b\\}\\\"\""), ("99999999999999999999", "99999999999999999999"),
    ])
    func `a value that computes nothing is a literal, everything else a text`(_ value: String, _ literal: String) {
        #expect(Notebook.literal(value) == literal)
    }

    @Test func `a value that JSON has no form for is its text, and numbers keep their sign`() throws {
        let values = try Notebook.parameterValues("x=[1, 2],-0.5,-3,false", most: 9).values
        #expect(values.map(\.json) == ["[1, 2]", -0.5, -3, false])
    }

    @Test func `several values are set at once, each in its own place`() throws {
        let text = "# icot 1\n# %% params\nlet a = 1; let b = \"two\"\nlet c = [3] # why\n"
        let set = try Notebook(text).setting(
            [("c", "[30, 31]"), ("a", "1000"), ("b", "x"), ("a", "-5")], TestVocabulary.context)
        #expect(set.text == "# icot 1\n# %% params\nlet a = -5; let b = \"x\"\nlet c = [30, 31] # why\n")
        #expect(try Notebook(text).setting([], TestVocabulary.context).bytes == Array(text.utf8))
    }

    @Test func `a parameter that is given twice is listed where it was given last, with that value`() {
        let text = "# icot 1\n# %% params\nlet a = 1\nlet b = 2\nlet a = 3\n# %%\nlet c = 4\n"
        let known = Notebook(text).parameters(TestVocabulary.context)
        #expect(known.map(\.name) == ["b", "a"] && known.map(\.value.literal) == ["2", "3"])
    }

    @Test func `the header names each parameter once, and keeps those whose names only begin alike`() {
        let text = "# icot 1\n# parameter: ab=1\n# title: t\n# parameter: a=2\n"
        #expect(
            Notebook(text).naming([("a", "3"), ("s", "x y")]).text
                == "# icot 1\n# parameter: ab=1\n# parameter: a=3\n# parameter: s=\"x y\"\n# title: t\n")
        #expect(Notebook(text).naming([]).bytes == Array(text.utf8))
    }
}
