import Language
import TestSupport
import Testing

@Suite("The checker") struct CheckerTests {
    private static let preamble = """
        let data = gen .mult n: 10
        let m = model .gpt2
        let r = start m on: data
        let t = timeline
        let n = 3

        """

    @Test(
        "names what is wrong before anything runs, and the fix",
        arguments: [
            ("train epoch: 1", "E203", "epoch:", "epochs:"),
            ("train learning_rate: 0.1", "E203", "learning_rate:", "lr:"),
            ("gen .mutl", "E204", ".mutl", ".mult"),
            ("print count([1, 2])", "E202", "count", "length"),
            ("print avg([1, 2])", "E202", "avg", "mean"),
            ("gen mult", "E213", "mult", ".mult"),
            ("gen \"mult\"", "E208", "\"mult\"", ".mult"),
            ("load runs/x", "E213", "runs/x", "\"runs/x\""),
            ("load ./x", "E213", "./x", "\"./x\""),
            ("load /tmp/x", "E213", "/tmp/x", "\"/tmp/x\""),
            ("mark explicit", "E213", "explicit", "\"explicit\""),
            ("save removal.icot", "E213", "removal.icot", "\"removal.icot\""),
            ("plot t x: removed", "E213", "removed", ".removed"),
            ("plot t x: \"removed\"", "E208", "\"removed\"", ".removed"),
            ("schedule side: left", "E213", "left", ".left"),
            ("schedule reset_optimizer: yes", "E213", "yes", "true"),
            ("schedule reset_optimizer: 1", "E208", "1", "true"),
            ("train steps: 0", "E209", "0", "1"),
            ("train steps: -5", "E209", "-5", "1"),
            ("train steps: 1e6", "E208", "1e6", "1000000"),
            ("train steps: \"200\"", "E208", "\"200\"", "200"),
            ("train until: 1.5", "E209", "1.5", "1"),
            ("train steps: 3 steps: 4", "E207", "steps", nil),
            ("train 200", "E206", "200", nil),
            ("gen .mult .left", "E206", ".left", nil),
            ("schedule .left", "E206", ".left", "side: .left"),
            ("eval", "E205", "eval", nil),
            ("hidden m on: data layer: 1", "E205", "hidden", nil),
            ("eval dta", "E202", "dta", "data"),
            ("eval m", "E208", "m", nil),
            ("eval 3", "E208", "3", nil),
            ("trian steps: 3", "E201", "trian", "train"),
            ("stpe", "E202", "stpe", "step"),
            ("print xyzzy", "E202", "xyzzy", nil),
            ("sqr(4)", "E202", "sqr", "sqrt"),
            ("sqrt(1, 2)", "E206", "2", ""),
            ("q = 3", "E211", "q", "let "),
            ("nn = 3", "E211", "nn", "n"),
            ("train steps: 3 where .a > 1", "E212", ".a > 1", nil),
            ("print 1 23", "E110", "1 23", nil),
            ("t | sort accuracy", "E213", "accuracy", ".accuracy"),
            ("m | eval", "E208", "eval", nil),
            ("t | vars", "E206", "vars", nil),
            ("gen kind: .mult", "E203", "kind:", ""),
            ("let x = True", "E202", "True", nil),
            ("if n > 2 { let z = 1 }\nprint z", "E202", "z", nil),
            ("def f(a, upto: 3) { a + upto }\nf 1 uptoo: 4", "E203", "uptoo:", "upto:"),
            ("def f(a) { a + b }", "E202", "b", nil),
            ("for k in 0...3 { stpe }", "E202", "stpe", "step"),
            ("print \"{xyz}\"", "E202", "xyz", nil),
            ("let f = { x in stpe }", "E202", "stpe", "step"),
            ("let f = { x in train epoch: 1 }", "E203", "epoch:", "epochs:"),
            ("let f = { x in (map [1] { y in x + z }) }", "E202", "z", nil),
            ("let s = [digits: 4, inner: [deep: 1]]\nprint s.inner.dep", "E215", "dep", "deep"),
            ("train steps: 3 lr: 0.1 5", "E206", "5", nil),
            ("step to: 10 3", "E105", "3", nil),
            ("print 2[0]", "E105", "2[", nil),
            ("hidden m on: data layer: 1 at: anwser[2]", "E213", "anwser[2]", ".answer[2]"),
        ] as [(String, String, String, String?)])
    func names(_ text: String, _ code: String, _ underlined: String, _ fix: String?) {
        let source = SourceText(Self.preamble + text)
        let found = Checker.diagnose(source, TestSignatures.context)
        #expect(found.count == 1, "\(found.map(\.message))")
        guard let diagnostic = found.first else { return }
        #expect(diagnostic.code.rawValue == code, "\(diagnostic.message)")
        #expect(source.text(diagnostic.span) == underlined, "\(diagnostic.message)")
        if let fix { #expect(diagnostic.replacement?.text == fix, "\(diagnostic.message)") }
        #expect(diagnostic.help != nil)
    }

    @Test(
        "is silent where nothing is wrong",
        arguments: [
            "train until: 0.99 at_most: 20000", "eval data where .carries > 1 by .carries",
            "hidden m on: data layer: 1 at: .anything[2]",
            "compare r to: \"runs/x\" | plot x: .removed y: .accuracy", "compare r to: r",
            "def f(x) { g(x) }\ndef g(x) { later + x }\nlet later = 3\nf 3",
            "let xs = [1, 2]\nfor x in xs { print x \"a {x}\" }", "xs2(3)", "n = 4",
            "let f = { x in x + n }\nprint f(3)", "print _ _3", "step (n - 1)",
            "t | sort .accuracy descending: true | head 3", "t | select .a .b .c", "print (eval data).accuracy",
            "head(t, 3)", "try { load \"x\" } catch e { print e }",
            "max(1, 2, 3)", "[1, 2] | map { x in x }", "def f(x) { x }\nmap([1, 2], f)", "train steps: n",
        ])
    func silent(_ text: String) {
        var context = TestSignatures.context
        context.variables["xs2"] = KnownVariable()
        let found = Checker.diagnose(SourceText(Self.preamble + text), context)
        #expect(found.map(\.message) == [])
    }

    @Test("finds an unknown name and a wrong label in every place of the grammar")
    func everywhere() {
        let context = TestSession.make().context
        // A list where true or false is wanted is the one mistake that is told of; what is wrong inside waits for it.
        func takesValues(_ position: EffectPosition) -> Bool {
            let text = EffectPosition.preamble + position.filled(with: "abs(1)")
            return !Checker.diagnose(SourceText(text), context).contains { $0.code == .wrongKind }
        }
        let sound = EffectPosition.all.filter(takesValues)
        #expect(sound.count > EffectPosition.all.count * 9 / 10)
        for position in sound {
            let source = SourceText(EffectPosition.preamble + position.filled(with: "abs(xyzzy)"))
            let found = Checker.diagnose(source, context).filter { $0.code == .unknownName }
            #expect(found.map { source.text($0.span) } == ["xyzzy"], "\(position)")
        }
        for position in EffectPosition.statements + EffectPosition.values {
            let source = SourceText(EffectPosition.preamble + position.filled(with: "(head t cuont: 3)"))
            let found = Checker.diagnose(source, context).filter { $0.code == .unknownLabel }
            #expect(found.map { source.text($0.span) } == ["cuont:"], "\(position)")
        }
    }

    @Test("shows a diagnostic in four lines with the words underlined")
    func renders() {
        let source = SourceText("step\n\ttrain epoch: 1 # 漢字")
        let diagnostic = Checker.diagnose(source, TestSignatures.context)[0]
        #expect(
            DiagnosticRenderer().text(diagnostic, in: source) == """
                E203 train: 'epoch' is not a label of train; did you mean 'epochs:'?
                  2 |     train epoch: 1 # 漢字
                    |           ^^^^^^
                  fix: write epochs:
                """)
        let wide = SourceText("print \"漢字 é\" xyzzy")
        #expect(
            DiagnosticRenderer(showsPlace: true).text(Checker.diagnose(wide, TestSignatures.context)[0], in: wide)
                == """
                input:1:14: E202 'xyzzy' has no value
                  print "漢字 é" xyzzy
                                 ^^^^^
                  fix: write let xyzzy = … before it, or "xyzzy" for a text
                """)
    }

    @Test("shows a long line through a window around the words")
    func windows() {
        for place in [0, 1, 20, 60, 119] {
            let source = SourceText("print " + (0..<120).map { $0 == place ? "xyzzy" : "n" }.joined(separator: " "))
            var context = TestSignatures.context
            context.variables["n"] = KnownVariable()
            let diagnostic = Checker.diagnose(source, context)[0]
            let lines = DiagnosticRenderer(width: 60).lines(diagnostic, in: source).map(\.plain)
            #expect(lines.count == 4)
            for line in lines.dropFirst().dropLast() { #expect(DisplayWidth.of(line) <= 60) }
            let column = lines[2].prefix { $0 == " " }.count
            #expect(lines[1].dropFirst(column).hasPrefix("xyzzy"))
            #expect(lines[2].filter { $0 == "^" }.count == 5)
        }
    }

    @Test("every code has a meaning of its own")
    func codes() {
        #expect(Set(DiagnosticCode.allCases.map(\.meaning)).count == DiagnosticCode.allCases.count)
    }
}
