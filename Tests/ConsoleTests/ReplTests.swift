import Language
import Testing

@testable import Console

@Suite struct QuestionTests {
    @Test(arguments: [
        ("?", "", false), ("?train", "train", false), ("??train", "train", true), ("? train", "train", false),
        ("train?", "train", false),
        ("train??", "train", true), (" ?epochs: ", "epochs", false), ("?.left", "left", false),
        ("?sqrt()", "sqrt", false),
    ])
    func `a question names what it is about`(_ text: String, _ name: String, _ wantsMore: Bool) {
        let question = Question(text)
        #expect(question?.name == name)
        #expect(question?.wantsMore == wantsMore)
    }

    @Test(arguments: ["train", "print \"?\"", "print \"why?\"", "a b?", "?train steps: 3", ""])
    func `what is not a question is not taken for one`(_ text: String) {
        #expect(Question(text) == nil)
    }
}

@Suite struct CorrectionTests {
    private func diagnostic(_ span: SourceSpan, _ text: String?) -> Diagnostic {
        Diagnostic(.unknownVerb, "m", at: span, replacement: text.map { Diagnostic.Replacement(span, $0) })
    }

    @Test func `all edits are made at once, from their places in the text as it was`() {
        let source = SourceText("trian epoch: 3")
        let found = [diagnostic(SourceSpan(6, 12), "epochs:"), diagnostic(SourceSpan(0, 5), "train")]
        #expect(Correction.applied(found, to: source) == "train epochs: 3")
    }

    @Test func `edits that overlap or lie outside are left out`() {
        let source = SourceText("abc")
        #expect(
            Correction.applied([diagnostic(SourceSpan(0, 2), "x"), diagnostic(SourceSpan(1, 3), "y")], to: source)
                == "xc")
        #expect(Correction.applied([diagnostic(SourceSpan(1, 9), "x")], to: source) == nil)
        #expect(Correction.applied([diagnostic(SourceSpan(0, 2), nil)], to: source) == nil)
    }
}

@Suite struct EventPrinterTests {
    @Test func `an error as JSON says where, what and how to put it right`() {
        let source = SourceText("let x = 1\nprnt \"\\\"\"", name: "cell 3")
        let span = SourceSpan(10, 14)
        let diagnostic = Diagnostic(
            .unknownVerb, "'prnt' is not a verb", at: span, help: "write print", replacement: .init(span, "print"))
        #expect(
            EventPrinter.json(diagnostic, in: source)
                == #"{"error": {"code": "E201", "message": "'prnt' is not a verb", "source": "cell 3", "line": 2, "column": 1, "start": 10, "end": 14, "text": "prnt", "help": "write print", "replacement": {"start": 10, "end": 14, "text": "print"}}}"#
        )
    }
}

@Suite struct PromptTests {
    @Test(
        arguments: [
            ("icot> let x = 3", 6), ("icot 12> let x = 3", 9), ("2/4 removed 7> step", 15),
            ("2/4 removed · 7> step", 18), (">>> print 1", 4),
            ("let x = 3", nil), ("x > 3", nil), ("print x > 3", nil), ("icot 12 > 3", nil),
        ] as [(String, Int?)])
    func `the prompt of a copied line is known by its words`(_ line: String, _ length: Int?) {
        #expect(Prompt.length(line) == length)
    }

    @Test func `what was typed is taken out of a copied session, and what was shown is left`() {
        let copied = "icot> let x = 3\nicot 1> print x\n3\nicot 1> for k in 0..<2 {\n....>   print k\n....> }\n0\n1"
        #expect(Prompt.stripped(copied) == "let x = 3\nprint x\nfor k in 0..<2 {\n  print k\n}")
        #expect(Prompt.stripped("let x = 3\nprint x") == nil)
    }
}

@Suite struct WrappingTests {
    @Test func `a message goes on below its first word, broken between words`() {
        let line = StyledText("E203 train: 'untill' is not a label of train; did you mean 'until:'?")
        #expect(
            line.wrapped(to: 40, indent: 5).map(\.plain) == [
                "E203 train: 'untill' is not a label of", "     train; did you mean 'until:'?",
            ])
    }
}
