// What people bring from other languages, and what is made of it: the line as icot writes it, what is said of the
// habit, and what to type instead. Beside the table of mistakes, which holds the edits alone.

import Testing

@testable import Language

@Suite("The rules of mending") struct MendingRuleTests {
    private static let context: LanguageContext = {
        var context = TestSignatures.context
        context.variables = [
            "data": KnownVariable(typeName: "problems"), "my_data": KnownVariable(typeName: "problems"),
            "m": KnownVariable(typeName: "model"),
            "t": KnownVariable(typeName: "table", fields: ["removed", "accuracy"]),
            "n": KnownVariable(typeName: "integer"), "total": KnownVariable(typeName: "integer"),
            "xs": KnownVariable(typeName: "list"), "word": KnownVariable(typeName: "text"),
        ]
        return context
    }()

    /// The text with the edit of its only error, and what that error says.
    private static func mended(_ text: String) -> [String] {
        let source = SourceText(text)
        let found = Checker.diagnose(source, context)
        guard found.count == 1, let only = found.first else { return found.map(\.message) }
        let said = "\(only.message) | \(only.help ?? "")"
        guard let edit = only.replacement else { return [said] }
        let head = source.text(SourceSpan(0, edit.span.start))
        return [head + edit.text + source.text(SourceSpan(edit.span.end, source.count)), said]
    }

    @Test("a letter before the quotes of a text goes away", arguments: ["f", "r", "b", "u", "rf", "fr", "s", "F", "R"])
    func prefixes(_ letters: String) {
        #expect(
            Self.mended("print \(letters)\"a\"") == [
                "print \"a\"",
                "a text has no letter before its quotes; { } inside it is a value | take the \(letters) away",
            ])
    }

    @Test(
        "quotes of any kind become double quotes, all of a line at once",
        arguments: [
            ("print \"\"\"a\"\"\"", "print \"a\"", "a text is written between single \" signs, on one line"),
            ("print “a” “b”", "print \"a\" \"b\"", "texts are written in straight double quotes"),
            ("print ‘a’", "print \"a\"", "texts are written in straight double quotes"),
            ("print „a“", "print \"a\"", "texts are written in straight double quotes"),
            ("print `a` `b`", "print \"a\" \"b\"", "texts are written in double quotes"),
        ])
    func quotes(_ text: String, _ right: String, _ said: String) {
        #expect(Self.mended(text) == [right, "\(said) | write \(right)"])
    }

    @Test(
        "a number is written in tens, with single _ between its digits and nothing after it",
        arguments: [
            ("10k", "10_000", "a number has no letter after it"),
            ("2M", "2_000_000", "a number has no letter after it"),
            ("3b", "3_000_000_000", "a number has no letter after it"),
            ("4K", "4_000", "a number has no letter after it"),
            ("0x1F", "31", "numbers are written in tens"), ("0xff_ff", "65535", "numbers are written in tens"),
            ("0b101", "5", "numbers are written in tens"), ("0o17", "15", "numbers are written in tens"),
            ("1__000", "1_000", "digits may have a single _ between them"),
            ("1000_", "1000", "digits may have a single _ between them"),
            ("2n", "2 * n", "a product is written with *"), ("5e -5", "5e-5", "a number has no space inside it"),
            ("99%", "0.99", "a share is a number from 0 to 1, without %"),
            ("1%", "0.01", "a share is a number from 0 to 1, without %"),
            ("0.5%", "0.5", "a share is a number from 0 to 1, without %"),
            ("100%", "1", "a share is a number from 0 to 1, without %"),
            ("(1, 2)", "[1, 2]", "a list of values is written in brackets"),
            ("[1 2 3]", "[1, 2, 3]", "the values of a list have commas between them"),
            ("[1; n; 3]", "[1, n, 3]", "the values of a list have commas between them"),
            ("{1, 2}", "[1, 2]", "a list is written in brackets"),
            ("{a: 1}", "[a: 1]", "a record is written in brackets"),
            ("{\"a\": 1}", "[\"a\": 1]", "a record is written in brackets"),
            ("dict()", "[:]", "an empty record is written [:]"), ("Dict()", "[:]", "an empty record is written [:]"),
            ("list()", "[]", "an empty list is written []"), ("set()", "[]", "an empty list is written []"),
            ("array()", "[]", "an empty list is written []"),
            ("[i * 2 for i in xs]", "map(xs, { i in i * 2 })", "a list is made of another with map and filter"),
            ("[i for i in xs if i > 1]", "filter(xs, { i in i > 1 })", "a list is made of another with map and filter"),
            (
                "[i * 2 for i in xs if i > 1]", "map(filter(xs, { i in i > 1 }), { i in i * 2 })",
                "a list is made of another with map and filter"
            ),
            ("range(10)", "0..<10", "a range is written with ..<, or with ... to include its end"),
            ("range(1, 10)", "1..<10", "a range is written with ..<, or with ... to include its end"),
            ("y -> y + 1", "{ y in y + 1 }", "a closure is written { y in … }"),
            ("(y, z) => y + z", "{ y, z in y + z }", "a closure is written { y, z in … }"),
            ("lambda y, z: y + z", "{ y, z in y + z }", "a closure is written { y, z in … }"),
            ("|y| y + 1", "{ y in y + 1 }", "a closure is written { y in … }"),
            ("n.length", "length(n)", "'length' is a function, not a field"),
        ])
    func values(_ value: String, _ right: String, _ said: String) {
        #expect(Self.mended("let q = \(value)") == ["let q = \(right)", "\(said) | write \(right)"])
    }

    @Test(
        "an operator in words or with its signs swapped is written as icot writes it",
        arguments: [
            ("mod", "%"), ("div", "//"), ("is", "=="), ("isnt", "!="), ("equals", "=="), ("xor", "!="), ("eq", "=="),
            ("ne", "!="), ("lt", "<"), ("gt", ">"), ("le", "<="), ("ge", ">="), ("=<", "<="), ("=!", "!="),
        ])
    func operators(_ word: String, _ sign: String) {
        #expect(
            Self.mended("let q = n \(word) 2") == [
                "let q = n \(sign) 2", "'\(word)' is written \(sign) | write \(sign)",
            ])
    }

    @Test("AND, OR and NOT are small letters, 'is not' is one operator, and => is at least where it compares")
    func words() {
        #expect(
            Self.mended("let q = true AND false") == ["let q = true and false", "'AND' is written and | write and"])
        #expect(Self.mended("let q = true OR false") == ["let q = true or false", "'OR' is written or | write or"])
        #expect(Self.mended("let q = NOT true") == ["let q = not true", "'NOT' is written not | write not"])
        #expect(Self.mended("let q = n is not 2") == ["let q = n != 2", "'is' is written != | write !="])
        #expect(
            Self.mended("if n => 2 { print n }") == ["if n >= 2 { print n }", "'=>' is written >= | write >="])
    }

    @Test(
        "parts of lists and loops are taken with ranges, and what a list holds is asked with contains",
        arguments: [
            ("print xs[1:3]", "print xs[1..<3]", "part of a list is taken with a range | write [1..<3]"),
            ("print xs[:2]", "print xs[0..<2]", "part of a list is taken with a range | write [0..<2]"),
            ("print xs[1:]", "print xs[1...]", "part of a list is taken with a range | write [1...]"),
            ("for k in 1:10 { print k }", "for k in 1...10 { print k }", "a range is written with ... | write 1...10"),
            ("print 0 ... 3", "print 0...3", "inside a command a range is written without spaces | write 0...3"),
            ("print 0 ..< n", "print 0..<n", "inside a command a range is written without spaces | write 0..<n"),
            (
                "if 2 in xs { print n }", "if contains(xs, 2) { print n }",
                "whether a list holds a value is asked with contains | write contains(xs, 2)"
            ),
            (
                "if \"a\" in xs { print n }", "if contains(xs, \"a\") { print n }",
                "whether a list holds a value is asked with contains | write contains(xs, \"a\")"
            ),
            ("print \"n is \" + n", "print \"n is {n}\"", "a value goes into a text in braces | write \"n is {n}\""),
            ("train steps: 1,000", "train steps: 1_000", "digits are grouped with _, not with a comma | write 1_000"),
            ("let 2nd = 3", "let n2nd = 3", "a name starts with a letter | write n2nd"),
        ])
    func lists(_ text: String, _ right: String, _ said: String) { #expect(Self.mended(text) == [right, said]) }

    @Test(
        "commands are written without dashes, commas and parentheses, and labels with a colon",
        arguments: [
            (
                "train --steps 200 --lr=1", "train steps: 200 lr: 1",
                "a label is written with a colon, without dashes | write train steps: 200 lr: 1"
            ),
            (
                "gen .mult, n: 10", "gen .mult n: 10",
                "gen: the values of a command are separated by spaces, not commas | write gen .mult n: 10"
            ),
            ("print 1, 2", "print [1, 2]", "print: a list of values is written in brackets | write [1, 2]"),
            ("train steps=200", "train steps: 200", "a label is written with a colon | write train steps: 200"),
            (
                "plot(t, x=.removed, y= .accuracy)", "plot(t, x: .removed, y: .accuracy)",
                "a label is written with a colon | write plot(t, x: .removed, y: .accuracy)"
            ),
            (
                "t | head(3)", "t | head 3",
                "after '|' comes a command, without the parentheses of a call | write | head 3"
            ),
            (
                "xs | print()", "xs | print",
                "after '|' comes a command, without the parentheses of a call | write | print"
            ),
            ("t |> head 3", "t | head 3", "'|>' is written | | write |"),
            ("t %>% head 3", "t | head 3", "'%>%' is written | | write |"),
            ("head 3 t", "head t 3", "head: these two values belong the other way round | write head t 3"),
            (
                "t where .removed > 1", "filter t where .removed > 1",
                "where belongs to a command | write filter t where …"
            ),
            ("sort t by .accuracy", "sort t .accuracy", "sort: takes the column without 'by' | write sort t .accuracy"),
            (
                "eval data where carries > 1", "eval data where .carries > 1",
                "a field of the row is written .carries | write eval data where .carries > 1"
            ),
            ("let my-name = 3", "let my_name = 3", "names have _ inside, not - | write my_name"),
            ("eval my-data", "eval my_data", "names have _ inside, not - | write my_data"),
            ("sqrt 4", "sqrt(4)", "a function is called with parentheses | write sqrt(4)"),
            ("print len xs", "print length(xs)", "a function is called with parentheses | write length(xs)"),
            ("print math.sqrt(4)", "print sqrt(4)", "functions belong to no module | write sqrt(…)"),
            ("console.log(\"a\")", "print(\"a\")", "functions belong to no module | write print(…)"),
            ("print np.average(xs)", "print mean(xs)", "functions belong to no module | write mean(…)"),
            (
                "join([\"a\"], \" \")", "joined([\"a\"], \" \")",
                "'join' works on tables; for a list there is 'joined' | write joined"
            ),
        ])
    func commands(_ text: String, _ right: String, _ said: String) { #expect(Self.mended(text) == [right, said]) }

    @Test(
        "what is a method elsewhere is a function here, and the first and the last are elements",
        arguments: [
            ("xs.length", "length(xs)"), ("xs.len()", "length(xs)"), ("xs.size()", "length(xs)"),
            ("xs.count", "length(xs)"), ("xs.push(4)", "append(xs, 4)"), ("xs.add(4)", "append(xs, 4)"),
            ("xs.append(4, 5)", "append(xs, 4, 5)"), ("word.toUpperCase()", "upper(word)"),
            ("word.uppercase()", "upper(word)"), ("xs.average()", "mean(xs)"), ("xs.avg()", "mean(xs)"),
            ("n.str()", "text(n)"), ("xs.first", "xs[0]"), ("xs.last", "xs[-1]"),
        ])
    func methods(_ value: String, _ right: String) {
        let found = Self.mended("let q = \(value)")
        if right == "append(xs, 4, 5)" {
            #expect(found.first != "let q = \(right)")
        } else {
            #expect(found.first == "let q = \(right)")
            #expect(found.last?.hasSuffix("| write \(right)") == true)
        }
    }

    @Test(
        "what a shell or another prompt knows is told, without an edit",
        arguments: [
            ("help", "'help' is asked with a question mark | ? lists the verbs"),
            ("help train", "'help' is asked with a question mark | ?train explains it"),
            ("man train", "'man' is asked with a question mark | ?train explains it"),
            ("quit", "'quit' leaves the prompt, and means nothing inside a text | Ctrl-D leaves"),
            ("exit()", "'exit' leaves the prompt, and means nothing inside a text | Ctrl-D leaves"),
            ("clear", "'clear' is a command of the shell | Ctrl-L clears the screen"),
            ("history", "'history' is asked at the prompt, and means nothing inside a text | Ctrl-R searches"),
            ("git status", "'git' is a command of the shell | at the prompt, write !git and the rest of the line"),
            ("pass", "'pass' is not part of the language | take it away; an empty block is { }"),
            ("fi", "'fi' is not part of the language | take it away; an empty block is { }"),
        ])
    func shells(_ text: String, _ said: String) { #expect(Self.mended(text) == [said]) }

    @Test(
        "functions are defined with def, and several names take several lines",
        arguments: [
            ("let f(y) = y + 1", "def f(y) { y + 1 }", "'f' is a function, which def defines"),
            ("f(y) = y + 1", "def f(y) { y + 1 }", "'f' is a function, which def defines"),
            ("fn f(y) = y + 1", "def f(y) { y + 1 }", "'f' is a function, which def defines"),
            ("def f(y) => y + 1", "def f(y) { y + 1 }", "def: the body is written in braces"),
            ("let a, b = 1, 2", "let a = 1; let b = 2", "let: gives one name a value"),
            ("let a, b, c = 1, 2, 3", "let a = 1; let b = 2; let c = 3", "let: gives one name a value"),
            ("let a, b = [1, 2], 3", "let a = [1, 2]; let b = 3", "let: gives one name a value"),
            ("z <- 3", "let z = 3", "a value is given with '='"),
            ("total := 3", "total = 3", "a value is given with '='"),
            ("let total <- 3", "let total = 3", "a value is given with '='"),
            ("z := 3", "let z = 3", "a value is given with '='"), ("z =: 3", "let z = 3", "a value is given with '='"),
            ("set z 3", "let z = 3", "'set' is written let, with '='"),
            ("total += n", "total = total + n", "'+=' is not part of the language"),
            ("total += n - 1", "total = total + n - 1", "'+=' is not part of the language"),
            ("total -= n - 1", "total = total - (n - 1)", "'-=' is not part of the language"),
            ("total *= n + 1", "total = total * (n + 1)", "'*=' is not part of the language"),
            ("total /= 2", "total = total / 2", "'/=' is not part of the language"),
            ("total %= 2", "total = total % 2", "'%=' is not part of the language"),
            ("total ^= 2", "total = total ^ 2", "'^=' is not part of the language"),
            ("total++", "total = total + 1", "'++' is not part of the language"),
            ("total--", "total = total - 1", "'--' is not part of the language"),
            ("/* c */", "# c", "a comment starts with #, not with /*"),
            ("-- c", "# c", "a comment starts with #, not with --"),
            ("// c", "# c", "a comment starts with #, not with //"),
        ])
    func statements(_ text: String, _ right: String, _ said: String) {
        #expect(Self.mended(text) == [right, "\(said) | write \(right)"])
    }

    @Test(
        "a name is given its value with let alone",
        arguments: [
            "var", "const", "val", "int", "float", "double", "str", "string", "bool", "auto", "local", "my", "export",
            "set", "setenv", "final", "define",
        ])
    func declarers(_ word: String) {
        #expect(
            Self.mended("\(word) z = 3") == ["let z = 3", "'\(word)' is written let | write let z = …"])
    }

    @Test("neither a name nor a result has a type")
    func types() {
        #expect(Self.mended("let z: int = 3") == ["let z = 3", "let: names have no type | write let z = …"])
        #expect(
            Self.mended("def f(y) -> int { y }") == [
                "def f(y) { y }", "def: a result has no type | write def f(y) { … }",
            ])
    }

    @Test(
        "a block is written in braces",
        arguments: [
            (
                "if n > 3 print n", "if n > 3 { print n }",
                "if: the block is written in braces | write if n > 3 { print n }"
            ),
            (
                "for k in xs do print k end", "for k in xs { print k }",
                "for: the block is written in braces | write for k in xs { print k }"
            ),
            (
                "for k in xs:\n    print k\nprint n", "for k in xs {\n    print k\n}\nprint n",
                "a block is written in braces, not below a ':' | write for k in xs { … }"
            ),
            (
                "while n > 3 do\n  print n\nend", "while n > 3 {\n  print n\n}",
                "a block is written in braces, not below a ':' | write while n > 3 { … }"
            ),
            (
                "if n > 3 {\n  print n\n}\nelse {\n  print 1\n}", "if n > 3 {\n  print n\n} else {\n  print 1\n}",
                "'else' belongs on the line of the '}' before it | write } else … { on one line"
            ),
            (
                "if n > 3 { print 1 } elsif n > 1 { print 2 }", "if n > 3 { print 1 } else if n > 1 { print 2 }",
                "'elsif' is written else if | write else if"
            ),
            (
                "unless n > 3 { print n }", "if not (n > 3) { print n }",
                "'unless' is written if not | write if not (n > 3) { print n }"
            ),
            (
                "repeat 3 { print n }", "for i in 0..<3 { print n }",
                "'repeat' is written for | write for i in 0..<3 { print n }"
            ),
            (
                "loop n { print n }", "for i in 0..<n { print n }",
                "'loop' is written for | write for i in 0..<n { print n }"
            ),
            (
                "for (let i = 0; i < 3; i++) { print i }", "for i in 0..<3 { print i }",
                "for: a loop goes over a range | write for i in 0..<3 { print i }"
            ),
            (
                "for (i = 1; i <= n; i++) { print i }", "for i in 1...n { print i }",
                "for: a loop goes over a range | write for i in 1...n { print i }"
            ),
            (
                "for (k in xs) { print k }", "for k in xs { print k }",
                "for: the loop is written without parentheses | write for k in xs { print k }"
            ),
            ("for k of xs { print k }", "for k in xs { print k }", "for: 'of' is written in | write in"),
            ("for k = xs { print k }", "for k in xs { print k }", "for: '=' is written in | write in"),
        ])
    func blocks(_ text: String, _ right: String, _ said: String) { #expect(Self.mended(text) == [right, said]) }

    @Test("lines below a ':' become blocks, each in the words of icot, with comments where they were")
    func indented() {
        #expect(
            Self.mended("try:\n  print 1\nexcept Problem as e:\n  print e\nprint 3").first
                == "try {\n  print 1\n} catch e {\n  print e\n}\nprint 3")
        #expect(
            Self.mended("foreach k in xs:  # all\n  if k > 1:\n    print k\n  elif k > 0:\n    print 0\n").first
                == "for k in xs {  # all\n  if k > 1 {\n    print k\n  } else if k > 0 {\n    print 0\n  }\n}\n")
        #expect(
            Self.mended("function f(y):\n\n\tprint y\n").first == "def f(y) {\n\tprint y\n}\n")
    }

    // MARK: - What a terminal leaves

    @Test(
        "a prompt before a line is its own length, of icot with or without a number or a state, and of two others",
        arguments: [
            ("icot> step", 6), ("icot 12> step", 9), (">>> step", 4), ("julia> step", 7), ("....> step", 6),
            ("3/8 removed 12> step", 16), ("3/8 removed · 12> step", 19),
        ])
    func prompts(_ line: String, _ length: Int) {
        #expect(Prompt.length(line) == length)
        #expect(
            Self.mended(line) == ["step", "this is a prompt, not a part of the line | write step"])
    }

    @Test(
        "what is like a prompt and none stays",
        arguments: [
            "icot x> step", "n > step", "a b> c", "3/8 removed x> step", "3 removed 1> step", "3/8 kept 1> step",
            "step", "icot>step", "3/8/9 removed 1> step", " icot> step",
        ])
    func noPrompts(_ line: String) { #expect(Prompt.length(line) == nil) }

    @Test("of a text copied from a terminal the lines with a prompt are what was typed")
    func stripped() {
        #expect(Prompt.stripped("icot> let x = 1\n1\n\nicot 2> print x\n1") == "let x = 1\nprint x")
        #expect(Prompt.stripped("\n  \n>>> step") == "step")
        #expect(Prompt.stripped("let x = 1\nicot> step") == nil && Prompt.stripped("") == nil)
    }

    // MARK: - What is tried

    @Test("what an error proposes is tried: several steps where it needs them, all of them one edit")
    func steps() {
        #expect(
            Self.mended("plot timeline x: removed y: .accuracy") == [
                "plot (timeline) x: .removed y: .accuracy",
                "'timeline' is a verb: inside 'plot' its command goes in parentheses | "
                    + "write plot (timeline) x: .removed y: .accuracy",
            ])
        // An edit that leads nowhere is not proposed.
        let found = Checker.diagnose(SourceText("let x = (1 2 3"), Self.context)
        #expect(found.count == 1 && found.first?.replacement == nil)
    }

    @Test("of a text of 20,000 bytes the first twelve mistakes propose an edit, of a shorter one all of them")
    func trials() {
        func proposed(_ bytes: Int) -> [Bool] {
            let lines = [String](repeating: "gen .mutl\n", count: 15).joined()
            let text = lines + "#" + String(repeating: "x", count: bytes - lines.utf8.count - 1)
            let found = Checker.diagnose(SourceText(text), Self.context)
            #expect(text.utf8.count == bytes)
            return found.map { $0.replacement?.text == ".mult" }
        }
        #expect(proposed(20_000) == [Bool](repeating: true, count: 12) + [false, false, false])
        #expect(proposed(19_999) == [Bool](repeating: true, count: 15))
    }

    @Test("a habit speaks for its own lines, and the mistakes of the others are told beside it")
    func others() {
        func messages(_ text: String) -> [String] { Checker.diagnose(SourceText(text), Self.context).map(\.message) }
        #expect(
            messages("gen .mutl\nhead 3 t\nprint zebra") == [
                "gen: .mutl is not a choice of kind; did you mean .mult?",
                "head: these two values belong the other way round", "'zebra' has no value",
            ])
        #expect(
            messages("for k in xs:\n  print 10k\ntotal += 1").count == 2,
            "\(messages("for k in xs:\n  print 10k\ntotal += 1"))")
    }
}
