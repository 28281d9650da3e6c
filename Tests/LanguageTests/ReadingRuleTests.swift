// How a text is read: what numbers, texts and signs mean, how tightly operators bind, what a definition brings with it,
// where a word may stand, and what each piece of a text is shown as.

import Testing

@testable import Language

@Suite("The rules of reading") struct ReadingRuleTests {
    private static func outline(_ text: String) -> String {
        let parsed = parse(text)
        return parsed.diagnostics.isEmpty ? parsed.program.outline : parsed.diagnostics.map(\.message).joined()
    }

    @Test(
        "a number is whole without a point and an exponent, of any size, and _ between its digits counts for nothing",
        arguments: [
            ("7", "7"), ("1_000", "1000"), ("9223372036854775807", "9223372036854775807"),
            ("9223372036854775808", "9223372036854775808"), ("1e3", "1000.0"), ("1E+3", "1000.0"),
            ("25e-2", "0.25"), ("2.5", "2.5"), ("1_000.5", "1000.5"), ("2.5e1", "25.0"), ("007", "7"),
        ])
    func numbers(_ text: String, _ expected: String) {
        #expect(Self.outline("let x = \(text)") == "(let x \(expected))")
    }

    @Test("each escape of a text is one character, and what stands in its braces is a value, whatever braces are in it")
    func texts() {
        func value(_ text: String) -> String? {
            guard case .binding(_, let value)? = parse("let x = \(text)").program.statements.first?.kind else {
                return nil
            }
            return value.constantText
        }
        #expect(value("\"\\n\\t\\\"\\\\\\{\\}\"") == "\n\t\"\\{}")
        #expect(value("\"\\u{e9}\\u{1F642}\\u{E9}\"") == "é🙂é" && value("\"\"") == "" && value("\"a{1}\"") == nil)
        #expect(
            Self.outline("let x = \"a{max([1], { y in y })}b\"")
                == "(let x (text \"a\" (max [1] (closure (y) {y})) \"b\"))")
        #expect(Self.outline("let x = \"a{\"b{1}\"}\"") == "(let x (text \"a\" (text \"b\" 1)))")
    }

    @Test(
        "powers bind first, then signs, products, sums, ranges, comparisons, not, and, or; only powers from the right",
        arguments: [
            ("8 - 4 - 2", "(- (- 8 4) 2)"), ("8 / 4 * 2", "(* (/ 8 4) 2)"), ("8 // 4 % 3", "(% (// 8 4) 3)"),
            ("2 ^ 3 ^ 2", "(^ 2 (^ 3 2))"), ("-2 * 3", "(* (- 2) 3)"), ("2 * -3", "(* 2 (- 3))"),
            ("1 + 1...2 + 2", "(... (+ 1 1) (+ 2 2))"), ("0..<3 == 3", "(== (..< 0 3) 3)"),
            ("not 1 == 2", "(not (== 1 2))"), ("not not true", "(not (not true))"),
            ("true and false or true", "(or (and true false) true)"),
            ("true or false and true", "(or true (and false true))"),
            ("true or true or false", "(or (or true true) false)"), ("-2 ^ 2", "(- (^ 2 2))"),
            ("1 + 2 < 4", "(< (+ 1 2) 4)"),
            ("1 != 2 and 3 >= 4", "(and (!= 1 2) (>= 3 4))"), ("- -1", "(- (- 1))"),
        ])
    func precedence(_ text: String, _ expected: String) {
        #expect(Self.outline("let x = \(text)") == "(let x \(expected))")
    }

    @Test("a line goes on after an operator, '|' and '=' and inside brackets, and nowhere else")
    func lines() {
        for operation in ["+", "-", "*", "/", "//", "%", "^", "and", "or", "==", "<", "|"] {
            let right = operation == "|" ? "show" : "2"
            #expect(parse("let x = 1 \(operation)\n\n \(right)").diagnostics.isEmpty, "\(operation)")
            #expect(
                !parse("let x = 1\n\(operation == "-" ? "*" : operation) \(right)").diagnostics.isEmpty, "\(operation)")
        }
        #expect(Self.outline("x[0] =\n 3") == "(set (at x 0) 3)")
        #expect(Self.outline("let x = (1\n + 2)") == "(let x (+ 1 2))" && Self.outline("f(1,\n2\n)") == "(f 1 2)")
        #expect(Self.outline("let x = 1\n-2") == "(let x 1)\n(- 2)")
    }

    @Test(
        "an index may be a range without one of its ends, or without both",
        arguments: [
            ("xs[...]", "(at xs (... _ _))"), ("xs[1...]", "(at xs (... 1 _))"), ("xs[...2]", "(at xs (... _ 2))"),
            ("xs[..<2]", "(at xs (..< _ 2))"), ("xs[1..., 0]", "(at xs (... 1 _), 0)"),
            ("xs[n + 1...]", "(at xs (... (+ n 1) _))"), ("xs[ys[0]...]", "(at xs (... (at ys 0) _))"),
            ("xs[1...2]", "(at xs (... 1 2))"), ("xs[-1]", "(at xs (- 1))"),
        ])
    func positions(_ text: String, _ expected: String) { #expect(Self.outline(text) == expected) }

    @Test("a closure takes the names before its 'in', which may be none, and several statements")
    func closures() {
        #expect(Self.outline("let f = { in 3 }") == "(let f (closure () {3}))")
        #expect(Self.outline("let f = { 3 }") == "(let f (closure () {3}))")
        #expect(Self.outline("let f = { x, y in x }") == "(let f (closure (x, y) {x}))")
        #expect(Self.outline("let f = { x in let y = x; y }") == "(let f (closure (x) {(let y x); y}))")
        #expect(Self.outline("let f = { _, _ in 1 }") == "(let f (closure (_, _) {1}))")
    }

    @Test("leaving and returning are allowed only where there is something to leave, and a function in a loop is none")
    func leaving() {
        func isRefused(_ text: String) -> Bool { parse(text).diagnostics.map(\.code) == [.misplacedStatement] }
        for word in ["break", "continue"] {
            #expect(isRefused(word) && isRefused("if true { \(word) }") && isRefused("def f() { \(word) }"))
            #expect(isRefused("for k in 0..<2 { def f() { \(word) } }"))
            #expect(isRefused("for k in 0..<2 { let f = { x in \(word) } }"))
            #expect(isRefused("for k in 0..<2 { step }\n\(word)") && isRefused("while true { step }\n\(word)"))
            for text in [
                "for k in 0..<2 { \(word) }", "while true { if true { \(word) } }",
                "for k in 0..<2 { let f = { x in x }; \(word) }", "for k in 0..<2 { def f() { 1 }\n\(word) }",
                "def f() { for k in 0..<2 { \(word) } }",
            ] { #expect(parse(text).diagnostics.isEmpty, "\(text)") }
        }
        #expect(isRefused("return 1") && isRefused("for k in 0..<2 { return }") && isRefused("def f() { 1 }\nreturn 1"))
        #expect(parse("def f() { return }\nlet g = { x in return x }").diagnostics.isEmpty)
    }

    @Test("_ and _7 are results and take no value, except that a loop may drop its element, and _a is a name")
    func results() {
        for text in ["let _ = 1", "let _7 = 1", "for _7 in 0..<2 { step }", "try { step } catch _ { step }"] {
            #expect(parse(text).diagnostics.map(\.code) == [.verbAsName], "\(text)")
        }
        for text in ["for _ in 0..<2 { step }", "let _a = 1", "let _7a = 1"] {
            #expect(parse(text).diagnostics.isEmpty, "\(text)")
        }
    }

    // MARK: - Definitions

    @Test("the comments directly above a definition are its help: the first line its summary, the others the rest")
    func commentsAbove() {
        func help(_ text: String) -> [String] {
            parse(text).definitions.first.map { [$0.summary, $0.discussion] } ?? []
        }
        #expect(help("# One.\n#  Two.\n\t# Three.\ndef f() { 1 }") == ["One.", "Two.\nThree."])
        #expect(help("# One.\n\ndef f() { 1 }") == ["", ""] && help("# One.\nlet a = 1\ndef f() { 1 }") == ["", ""])
        for mark in ["#> 1", "#~ 1", "#! E101", "# %% two"] {
            #expect(help("# One.\n\(mark)\ndef f() { 1 }") == ["", ""], "\(mark)")
            #expect(help("\(mark)\n# One.\ndef f() { 1 }") == ["One.", ""], "\(mark)")
        }
        #expect(
            help("# One.\nlet a = 1; def f() { 1 }") == ["", ""] && help("# One.\n  def f() { 1 }") == ["One.", ""])
    }

    @Test("a definition's values come by place and its labels by name, required where they have no default")
    func signatures() throws {
        let text = "def f(a, b, c: 1 + 2, d:) { a }"
        let signature = try #require(parse(text).definitions.first)
        #expect(signature.name == "f" && signature.source == text)
        #expect(signature.parameters.map(\.label) == [nil, nil, "c", "d"])
        #expect(signature.parameters.map(\.isRequired) == [true, true, false, true])
        #expect(signature.parameters.map(\.defaultText) == [nil, nil, "1 + 2", nil])
        #expect(signature.parameters.map(\.isRepeated) == [false, false, false, false])
    }

    @Test("a definition is a verb after itself and inside of itself, and one of a block ends with the block")
    func definitions() {
        #expect(parse("def f(n) { f (n - 1) }\nf 3").diagnostics.isEmpty)
        #expect(parse("def f(x) { x }\ndef f(y, z: 1) { y }\nf 1 z: 2").diagnostics.isEmpty)
        #expect(parse("def f(x) { x }\ndef g(y) { y }").definitions.map(\.name) == ["f", "g"])
        #expect(parse("if true { def g(x) { x }\ng 1 }\nstep").definitions.isEmpty)
        #expect(parse("if true { def g(x) { x } }\ng 1").diagnostics.map(\.code) == [.unknownVerb])
        #expect(parse("def f(x) { def g(y) { y }\ng x }\ng 1").diagnostics.map(\.code) == [.unknownVerb])
        #expect(parse("def f(x) {\n x +* 1\n}\nf 1").diagnostics.count == 1)
        var context = TestSignatures.context
        context.imports = { $0 == "a.icot" ? [CommandSignature("brought", "", [.value("x", .any)])] : nil }
        #expect(Parser.parse(SourceText("import \"a.icot\"\nbrought 1"), context).diagnostics.isEmpty)
        #expect(Parser.parse(SourceText("import \"b.icot\"\nbrought 1"), context).diagnostics.count == 1)
        #expect(Parser.parse(SourceText("brought 1\nimport \"a.icot\""), context).diagnostics.count == 1)
    }

    // MARK: - Signs

    @Test("the version stands in the first two lines, alone in its comment, and only the first counts")
    func version() {
        #expect(parse("# icot 1\nstep").program.version == 1 && parse("step\n# icot 1").program.version == 1)
        #expect(parse("step\n\n# icot 1").program.version == nil && parse("step # icot 1").program.version == 1)
        #expect(parse("# icot 1 x").program.version == nil && parse("# icot one").program.version == nil)
        #expect(parse("step\n\n# icot 2").diagnostics.isEmpty && parse("# icot 2").diagnostics.count == 1)
        #expect(parse("# icot 1\n# icot 2").diagnostics.isEmpty && parse("#icot 1").program.version == 1)
    }

    @Test("a space that only looks different is a space, and so is the mark that some editors put first")
    func spaces() {
        for space in ["\u{A0}", "\u{2003}", "\u{3000}", "\t"] { #expect(Self.outline("print\(space)1") == "(print 1)") }
        #expect(Self.outline("\u{FEFF}step") == "(step)")
        #expect(parse("print 1 \u{FEFF}").diagnostics.map(\.code) == [.unexpectedCharacter])
    }

    @Test("a bracket belongs to the nearest that it closes; no parenthesis reaches over a brace, and a brace over all")
    func brackets() {
        func partners(_ text: String) -> [Int] {
            Parser.matchBrackets(Lexer.lex(SourceText(text)).tokens)
        }
        #expect(partners("([])") == [3, 2, 1, 0, -1] && partners("(]") == [-1, -1, -1])
        #expect(partners("({)") == [-1, -1, -1, -1] && partners("{(}") == [2, -1, 0, -1])
        #expect(partners("([)") == [2, -1, 0, -1] && partners("())") == [1, 0, -1, -1])
    }

    @Test("what is missing its '{' but has its '}' is read as if both were there, and its lines are looked at")
    func missingBrace() {
        let parsed = parse("for k in 0...3\n  trian steps: 3\n}\nstpe steps: 3")
        #expect(parsed.diagnostics.map(\.code) == [.unexpectedToken, .unknownVerb, .unknownVerb])
    }

    @Test("of blocks that are not closed the one is told whose lines stand further right than its end")
    func blame() throws {
        let text = "for k in 0...3 {\n  if true {\n    step\n}\nstep"
        let parsed = parse(text)
        let first = try #require(parsed.diagnostics.first)
        #expect(parsed.diagnostics.count == 1 && first.code == .unclosedBracket)
        #expect(first.span == SourceSpan(27, 28) && first.help == "add the missing '}'")
    }

    // MARK: - Shown

    private static func shown(_ text: String) -> [String] {
        let source = SourceText(text)
        return Highlighter.highlight(source, TestSignatures.context).map {
            "\(source.text($0.span)) \($0.style.rawValue)"
        }
    }

    @Test("each piece is shown as what it is: constants as numbers, what cannot stand there as an error")
    func styles() {
        #expect(Self.shown("none; false") == ["none number", "; operator", "false number"])
        #expect(
            Self.shown("print 99999999999999999999 2.5").suffix(2) == ["99999999999999999999 number", "2.5 number"])
        #expect(Self.shown("let x = ?") == ["let keyword", "x name", "= operator", "? error"])
        #expect(Self.shown("n.a[.b]") == ["n name", ".a name", "[ operator", ".b choice", "] operator"])
        #expect(Self.shown("def f(x) { f x }").prefix(2) == ["def keyword", "f verb"])
        #expect(Self.shown("sqrt(1)").first == "sqrt function" && Self.shown("let g = mean").last == "mean function")
        #expect(Self.shown("let mean = 1\nlet g = mean").last == "mean name")
        #expect(Self.shown("eval x where .a") == ["eval verb", "x name", "where keyword", ".a choice"])
    }

    @Test("of a text the escapes are shown apart from what stands between them")
    func escapes() {
        #expect(Self.shown("\"\\n\"") == ["\" string", "\\n escape", "\" string"])
        #expect(
            Self.shown("\"a\\tb\\{c\"")
                == ["\" string", "a string", "\\t escape", "b string", "\\{ escape", "c string", "\" string"])
        #expect(Self.shown("\"\\u{e9}x\"")[1...2] == ["\\u{e9} escape", "x string"])
    }

    @Test("shown line by line a text has the lines that it has, each piece in its own style")
    func shownLines() {
        let lines = Highlighter.lines(SourceText("# a\n\nstep 1"), TestSignatures.context)
        #expect(lines.map(\.plain) == ["# a", "", "step 1"])
        #expect(lines[0].runs.map(\.style) == [.comment] && lines[1].runs.isEmpty)
        #expect(lines[2].runs.map(\.style) == [.verb, .plain, .number])
    }
}
