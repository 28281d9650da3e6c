// Line ends of other systems, and what only looks like one: nothing that a person sees as a statement hides in a
// comment.

import Language
import Testing

@Suite("Line ends") struct LineEndTests {
    private func result(_ text: String) -> (value: String?, codes: [DiagnosticCode], messages: [String]) {
        let session = Session(Vocabulary())
        var diagnostics: [Diagnostic] = []
        session.onEvent = { event in if case .diagnostic(let diagnostic, _) = event { diagnostics.append(diagnostic) } }
        session.run(SourceText(text))
        return (session.value(of: "x")?.text, diagnostics.map(\.code), diagnostics.map(\.message))
    }

    @Test(arguments: ["\n", "\r\n", "\r", "\r\r\n", "\n\r"])
    func `a statement after any line end is run, also after a comment`(_ end: String) {
        let lines = ["# a comment", "let x = 1", "# another", "x = x + 1 # and one", "x = x + 1"]
        let found = result(lines.joined(separator: end))
        #expect(found.codes == [])
        #expect(found.value == "3")
        #expect(result(lines.joined(separator: end) + end).value == "3")
    }

    @Test func `lines are counted by every line end, and their spans hold none`() {
        let source = SourceText("a\rb\r\nc\nd\r\re")
        #expect(source.lineStarts == [0, 2, 5, 7, 9, 10])
        #expect((0..<6).map { source.text(source.span(ofLine: $0)) } == ["a", "b", "c", "d", "", "e"])
        #expect(source.position(at: 10).line == 6)
        #expect(SourceText("a\r").lineStarts == [0, 2])
        #expect(SourceText("a\r").text(SourceText("a\r").span(ofLine: 0)) == "a")
    }

    @Test func `a text does not go on behind a carriage return`() {
        #expect(result("let x = \"a\rlet y = 1").codes.first == .unclosedText)
    }

    @Test(arguments: ["\u{2028}", "\u{2029}", "\u{85}", "\u{B}", "\u{C}"])
    func `what only looks like a line end is refused in a comment, by its number`(_ sign: String) {
        let found = result("let x = 1\n# a comment\(sign)x = 2")
        #expect(found.codes == [.unexpectedCharacter])
        #expect(found.value != "2")
        #expect(found.messages.first?.hasPrefix("the character U+") == true)
        #expect(found.messages.first?.hasSuffix("looks like a line end and is none") == true)
        #expect(result("let x = 1\(sign)x = 2").codes == [.unexpectedCharacter])
    }

    @Test func `in a text they are what they are`() {
        #expect(result("let x = \"a\u{2028}b\"").value == "a\u{2028}b")
    }

    @Test(arguments: [
        "<<<<<<< HEAD\nlet x = 1\n=======\nlet x = 2\n>>>>>>> other\n",
        "let x = 1\n<<<<<<< HEAD\r\n# one\r\n||||||| base\r\n=======\r\n# two\r\n>>>>>>> other", "let x = 0\n=======",
    ])
    func `what git left of a merge is called that, and nothing of it is run`(_ text: String) {
        let found = result(text)
        #expect(
            !found.messages.isEmpty
                && found.messages.allSatisfy { $0 == "an unresolved merge: both versions of these lines are here" })
        #expect(found.codes.allSatisfy { $0 == .foreignSyntax })
        #expect(found.value == nil)
    }

    @Test func `signs that are no conflict stay what they are`() {
        #expect(
            result("let x = 1\nlet y = (\n======= 3)").messages.contains(
                "an unresolved merge: both versions of these lines are here"))
        #expect(
            !result("let x = 1 ======= 2").messages.contains(
                "an unresolved merge: both versions of these lines are here"))
        #expect(result("# <<<<<<< HEAD\nlet x = 1").value == "1")
    }
}
