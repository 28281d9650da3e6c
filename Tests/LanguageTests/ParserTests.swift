import Language
import Testing

@Suite("The parser") struct ParserTests {
    @Test(
        "reads what people write",
        arguments: [
            ("let data = gen .mult digits: 4 n: 80_000 seed: 1", "(let data (gen .mult digits: 4 n: 80000 seed: 1))"),
            ("show test[0]", "(show (at test 0))"),
            ("let r = start m on: data batch: 32 lr: 5e-5", "(let r (start m on: data batch: 32 lr: 5e-05))"),
            ("step", "(step)"),
            ("step -1", "(step (- 1))"),
            ("step to: -1", "(step to: (- 1))"),
            ("eval test by .carries", "(eval test by row.carries)"),
            (
                "eval test where .carries >= 2 and not .ok by .carries",
                "(eval test where (and (>= row.carries 2) (not row.ok)) by row.carries)"
            ),
            (
                "let h = hidden m on: test layer: 1 at: .answer[2]",
                "(let h (hidden m on: test layer: 1 at: .answer[2]))"
            ),
            (
                "let p = probe layers: 0...1 at: .answer target: .running_sum on: test",
                "(let p (probe layers: (... 0 1) at: .answer target: .running_sum on: test))"
            ),
            (
                "compare r to: \"runs/nocot\" | plot x: .removed y: .accuracy",
                "(| (compare r to: \"runs/nocot\") (plot x: .removed y: .accuracy))"
            ),
            ("r | sort .accuracy |\n head 3", "(| r (sort .accuracy) (head 3))"),
            ("print (1 + 2) \"x\"", "(print (+ 1 2) \"x\")"),
            ("print(1 + 2, \"x\")", "(print (+ 1 2) \"x\")"),
            ("(eval data).accuracy", "(field (eval data) accuracy)"),
            (
                "if mean(r.accuracy) < 0.9 { back to: \"explicit\" } else { step 7 }",
                "(if (< (mean (field r accuracy)) 0.9) {(back to: \"explicit\")} else {(step 7)})"
            ),
            (
                "for k in 0...upto { step to: k; train steps: budget }",
                "(for k (... 0 upto) {(step to: k); (train steps: budget)})"
            ),
            (
                "def sweep(data, upto: 8, budget: 200) {\n for k in 0...upto {\n log removed: k accuracy: (eval data).accuracy\n }\n}\nsweep test upto: 12 | plot x: .removed",
                "(def sweep (data, upto: 8, budget: 200) {(for k (... 0 upto) {(log removed: k accuracy: (field (eval data) accuracy))})})\n(| (sweep test upto: 12) (plot x: .removed))"
            ),
            ("1 + 2 * 3 - 4", "(- (+ 1 (* 2 3)) 4)"),
            ("-2^2", "(- (^ 2 2))"),
            ("2^-3^2", "(^ 2 (- (^ 3 2)))"),
            ("not a == b or c and d", "(or (not (== a b)) (and c d))"),
            ("xs[1...][0, ..., 2..<n]", "(at (at xs (... 1 _)) 0, (... _ _), (..< 2 n))"),
            ("[a: 1, \"b c\": [1, 2]]", "[a: 1, b c: [1, 2]]"),
            ("[:]", "[:]"),
            ("[]", "[]"),
            ("[1,\n 2,\n]", "[1, 2]"),
            ("xs | map { x in x * 2 }", "(| xs (map (closure (x) {(* x 2)})))"),
            ("{ 3 }", ""),
            ("let f = { x, y in x + y }", "(let f (closure (x, y) {(+ x y)}))"),
            ("\"a {x + 1} \\{b\\} {f(\"q\")}\"", "(text \"a \" (+ x 1) \" {b} \" (f \"q\"))"),
            ("time train steps: 10", "(time (train steps: 10))"),
            ("let e = try load \"x\"", "(let e (try (load \"x\")))"),
            ("try { load \"x\" } catch e { print e }", "(try {(load \"x\")} catch e {(print e)})"),
            ("x = x + 1", "(set x (+ x 1))"),
            ("xs[0] = 1", "(set (at xs 0) 1)"),
            ("123456789012345678901234567890 * 2", "(* 123456789012345678901234567890 2)"),
            ("def f() { return 1 }\nf() + f()", "(def f () {(return 1)})\n(+ (f) (f))"),
            ("# icot 1\n_ + _7", "(+ _ _7)"),
            ("import \"a.icot\"", "(import \"a.icot\")"),
            ("if a { 1 } else if b { 2 }", "(if a {1} b {2})"),
            ("let a =\n 1 +\n 2", "(let a (+ 1 2))"),
            ("sort t .accuracy", "(sort t .accuracy)"),
            ("print (a) (b)", "(print a b)"),
            ("0..<8", "(..< 0 8)"),
        ])
    func reads(_ text: String, _ outline: String) {
        let parsed = parse(text)
        if outline.isEmpty {
            #expect(!parsed.diagnostics.isEmpty)
        } else {
            #expect(parsed.diagnostics.map(\.message) == [])
            #expect(parsed.program.outline == outline)
        }
    }

    @Test(
        "refuses a second meaning and names the fix",
        arguments: [
            ("step k -1", "E111", "k -1", "(k - 1)"),
            ("show xs [0]", "E110", "xs [", ""),
            ("print xs (1 + 2)", "E110", "xs (", ""),
            ("print (a, b)", "E112", ",", nil),
            ("print a, b", "E112", ",", ""),
            ("print eval t", "E111", "eval", "(eval t)"),
            ("print x + 1", "E111", "x + 1", "(x + 1)"),
            ("show r .accuracy", "E110", "r .accuracy", ""),
            ("train steps=200", "E115", "steps=", "steps: "),
            ("train steps : 200", "E110", "steps :", "steps:"),
            ("trian steps: 200", "E201", "trian", "train"),
            ("let step = 3", "E210", "step", "my_step"),
            ("step = 3", "E210", "step", "my_step"),
            ("lte x = 3", "E201", "lte", "let"),
            ("fro k in 0...3 { step }", "E201", "fro", "for"),
            ("iff x > 3 { step }", "E201", "iff", "if"),
            ("load \"runs/x", "E102", "\"runs/x", "\"runs/x\""),
            ("load runs/x\"", "E102", "runs/x\"", "\"runs/x\""),
            ("compare r to: \"runs/x steps: 3", "E102", "\"runs/x", "\"runs/x\""),
            ("show (test[0]", "E107", "(", ")"),
            ("for k in 0...3 {\n  step\n", "E107", "{", nil),
            ("for k in 0...3\n  step\n}", "E105", "3", " {"),
            ("step }", "E108", "}", ""),
            ("print 3)", "E108", ")", ""),
            ("a < b < c", "E113", "<", "and b <"),
            ("x += 1", "E115", "+=", nil),
            ("a && b", "E115", "&&", "and"),
            ("let x == 3", "E105", "==", "="),
            ("if x = 3 { step }", "E105", "=", "=="),
            ("1 + eval t", "E111", "eval", "(eval t)"),
            ("print 3. 4", "E104", "3.", "3.0"),
            ("let x = 3x", "E104", "3x", nil),
            ("return 3", "E116", "return", nil),
            ("break", "E116", "break", nil),
            ("# icot 2\nstep", "E117", "# icot 2", "# icot 1"),
            ("print \"a {x\"", "E107", "{", nil),
            ("print \"a\\q\"", "E103", "\\q", nil),
            ("print \"a\\u{110000}\"", "E103", "\\u{110000}", nil),
            ("print \"a\\u{12345678901}b\"", "E103", "\\u{12345678901}", nil),
            ("print 'a'", "E115", "'a'", "\"a\""),
            ("xs | f(2)", "E105", "f", nil),
            ("train steps:", "E106", "steps:", nil),
            ("train steps: epochs: 3", "E106", "steps:", nil),
            ("f 0 ... 8", "E201", "f", nil),
            ("print 0 ... 8", "E110", "0 ...", nil),
            ("}", "E108", "}", ""),
        ] as [(String, String, String, String?)])
    func refuses(_ text: String, _ code: String, _ underlined: String, _ fix: String?) {
        let source = SourceText(text)
        let parsed = Parser.parse(source, TestSignatures.context)
        #expect(parsed.diagnostics.count == 1, "\(parsed.diagnostics.map(\.message))")
        guard let diagnostic = parsed.diagnostics.first else { return }
        #expect(diagnostic.code.rawValue == code, "\(diagnostic.message)")
        #expect(source.text(diagnostic.span) == underlined, "\(diagnostic.message)")
        if let fix { #expect(diagnostic.replacement?.text == fix, "\(diagnostic.message)") }
    }

    @Test("reports every statement at fault, each once")
    func reportsAll() {
        let parsed = parse(
            """
            let = 3
            train steps: 3
            print (1 + 
              2
            for k in 0...3 {
              print 1 +
              let y 3
              step
            }
            trian steps: 3
            let z = [1,
              2 3,
              4]
            step 3
            """)
        #expect(
            parsed.diagnostics.map(\.code.rawValue) == ["E105", "E107", "E111", "E105", "E201", "E105"],
            "\(parsed.diagnostics.map(\.message))")
    }

    @Test(
        "decides whether more lines belong to a text",
        arguments: [
            ("step", .complete), ("", .complete), ("# note", .complete), ("for k in 0...3 {", .incomplete),
            ("for k in 0...3 {\n step\n}", .complete),
            ("let xs = [1,", .incomplete), ("print (1 +", .incomplete), ("let x =", .incomplete), ("r |", .incomplete),
            ("1 +", .incomplete), ("print \"a", .invalid),
            ("train steps:", .invalid), ("step )", .invalid), ("if x { step } else {", .incomplete),
            ("def f(a,", .incomplete), ("def f(a) {\n\n", .incomplete),
            ("for k in 0...3 { step )", .invalid), ("let", .invalid), ("xs | map { x in", .incomplete),
            ("f(", .incomplete), ("try {", .incomplete), ("print (step", .incomplete),
            ("let x = 1 +* 2", .invalid), ("trian steps: 3", .invalid), ("if x {\n for k in xs {\n step", .incomplete),
            ("let r = [a: 1,\n b:", .incomplete),
        ] as [(String, Completeness)])
    func completeness(_ text: String, _ expected: Completeness) {
        let parsed = parse(text)
        #expect(parsed.completeness == expected, "\(parsed.diagnostics.map(\.message)) \(parsed.completeness)")
    }

    @Test("takes as many levels and as many operations as the specification says, and not one more")
    func limits() {
        // An expression and a bracket are a level each, and the innermost expression is one more.
        for (open, close) in [("[", "]"), ("(", ")"), ("f(", ")"), ("xs[", "]")] {
            for count in [49, 50] {
                let parsed = parse(
                    "let x = " + String(repeating: open, count: count) + "1" + String(repeating: close, count: count))
                #expect(parsed.diagnostics.map(\.code) == (count == 49 ? [] : [.nestedTooDeep]), "\(count) \(open)")
            }
        }
        for operation in [" + 1", " * 1"] {
            for count in [300, 301] {
                let parsed = parse("let x = 1" + String(repeating: operation, count: count))
                #expect(parsed.diagnostics.map(\.code) == (count == 300 ? [] : [.nestedTooDeep]), "\(count)")
            }
        }
    }

    @Test("answers hostile nesting with an error")
    func hostile() {
        for piece in [
            "(", "[", "{", "-", "not ", "f(", "print (", "if a {", "try ", "time ", "\"{", "print print ", "2^", "a.b",
            "[a: ", "x[", "{ x in ", "1 + ", "def f() {", "if a { } else ",
        ] {
            let parsed = parse(String(repeating: piece, count: 4_000))
            #expect(parsed.completeness != .complete || piece == "a.b")
        }
        #expect(parse("1" + String(repeating: " + 1", count: 20_000)).diagnostics.first?.code == .nestedTooDeep)
        #expect(parse("a" + String(repeating: "[0]", count: 20_000)).diagnostics.first?.code == .nestedTooDeep)
        #expect(parse("a" + String(repeating: ".b", count: 20_000)).diagnostics.first?.code == .nestedTooDeep)
    }
}
