// What is said of a text that cannot be read: the code, the sentence and what to type instead, word for word.

import Testing

@testable import Language

@Suite("The rules of what cannot be read") struct ReadingFaultRuleTests {
    private static let context: LanguageContext = {
        var context = TestSignatures.context
        for name in ["a", "b", "c", "data", "k", "n", "r", "t", "xs"] { context.variables[name] = KnownVariable() }
        return context
    }()

    private static func found(_ text: String) -> [String] {
        Parser.parse(SourceText(text), context).diagnostics.map {
            "\($0.code.rawValue) \($0.message) | \($0.help ?? "")"
        }
    }

    @Test(
        "of signs that other languages use",
        arguments: [
            ("a && b", "'&&' is written and | write and"), ("a & b", "'&' is written and | write and"),
            ("a || b", "'||' is written or | write or"), ("let x = !a", "'!' is written not | write not"),
            ("a ** b", "'**' is written ^ | write ^"), ("a === b", "'===' is written == | write =="),
            ("a <> b", "'<>' is written != | write !="),
            ("a += 1", "'+=' is not part of the language | write x = x + …"),
            ("a -= 1", "'-=' is not part of the language | write x = x - …"),
            ("a *= 2", "'*=' is not part of the language | write x = x * …"),
            ("a /= 2", "'/=' is not part of the language | write x = x / …"),
            ("a ++", "'++' is not part of the language | write x = x + 1"),
            ("a @ b", "'@' is not part of the language | for a product of matrices write matmul(a, b)"),
            ("$a", "names are written without '$' | write the name alone"),
            (
                "a ? b", "'?' asks for help only at the start of a line of the prompt | write if … { … } else { … }"
            ),
            (
                "print a \\",
                "a '\\' does not continue a line | put the command in parentheses to spread it over lines"
            ),
            ("let x = ~a", "'~' is not part of the language | write not for logic"),
            ("a -> b", "'->' has no meaning here | a closure is written { x in x + 1 }"),
            ("a => b", "'=>' has no meaning here | a closure is written { x in x + 1 }; at least is >="),
            ("0..8", "'..' is not a range | write 0...8 to include the end, 0..<8 to leave it out"),
            ("print 'a'", "texts are written in double quotes | write \"a\""),
            ("print 'a", "texts are written in double quotes | write \"…\""),
        ])
    func foreignSigns(_ text: String, _ expected: String) { #expect(Self.found(text) == ["E115 " + expected]) }

    @Test(
        "of signs of other alphabets, which are read as ours",
        arguments: [
            ("\u{2212}", "-"), ("\u{2013}", "-"), ("\u{2014}", "-"), ("\u{D7}", "*"), ("\u{B7}", "*"), ("\u{F7}", "/"),
            ("\u{2264}", "<="), ("\u{2265}", ">="), ("\u{2260}", "!="), ("\u{2026}", "..."),
        ])
    func lookalikes(_ sign: String, _ ours: String) {
        #expect(Self.found("a \(sign) b") == ["E101 '\(sign)' is written \(ours) | write \(ours)"])
        let read = Parser.parse(SourceText("a \(sign) b"), Self.context).program.outline
        #expect(read == Parser.parse(SourceText("a \(ours) b"), Self.context).program.outline && !read.isEmpty)
    }

    @Test("of what is no text of the language at all")
    func strange() {
        #expect(Self.found("print \u{201C}").first == "E101 '\u{201C}' is written \" | write \"")
        #expect(Self.found("print a \u{FF1A}").first == "E101 '\u{FF1A}' is written : | write :")
        #expect(
            Self.found("let x = €") == ["E101 '€' is not part of the language | take it away, or put it into a text"])
        #expect(
            Self.found("let x = \u{200B}").first
                == "E101 the character U+200B is not part of the language | take it away, or put it into a text")
        func bytes(_ bytes: [UInt8]) -> Diagnostic? {
            Parser.parse(SourceText(bytes: bytes), Self.context).diagnostics.first { $0.code == .notText }
        }
        for start: [UInt8] in [[0xFF, 0xFE], [0xFE, 0xFF]] {
            let found = bytes(start + [0x61, 0x00])
            #expect(found?.message == "this is UTF-16, not UTF-8 text" && found?.span == SourceSpan(0, 1))
            #expect(found?.help == "convert it: iconv -f UTF-16 -t UTF-8 old > new")
        }
        let found = bytes([0x61, 0xC3, 0xA9, 0xFF])
        #expect(found?.message == "this is not UTF-8 text" && found?.span == SourceSpan(3, 4))
        #expect(found?.help == "save the file as UTF-8" && bytes([0x61, 0xC3, 0xA9]) == nil)
    }

    @Test(
        "of numbers",
        arguments: [
            ("80_", "'80_' is not a number | digits may have a single _ between them: 80_000"),
            ("1__0", "'1__0' is not a number | digits may have a single _ between them: 80_000"),
            ("3x", "'3x' is not a number | put a space or an operator between 3 and x"),
            ("1e", "'1e' is not a number | put a space or an operator between 1 and e"),
            ("1e400", "1e400 is too large for a real number | "), (".5", "a number starts with a digit | write 0.5"),
            ("3.", "a digit is missing after the point | write 3.0"),
            ("1_0.", "a digit is missing after the point | write 1_0.0"),
        ])
    func numbers(_ text: String, _ expected: String) { #expect(Self.found("let x = \(text)") == ["E104 " + expected]) }

    @Test(
        "of texts and paths",
        arguments: [
            ("print \"a", "E102 this text has no closing quote | write \"a\""),
            ("print \"a  ", "E102 this text has no closing quote | write \"a\""),
            ("load \"x steps: 3", "E102 this text has no closing quote | write \"x\""),
            ("load runs/x\"", "E102 this quote closes a text that was never opened | write \"runs/x\""),
            ("print \"a}b\"", "E103 a '}' inside a text has no '{' before it | write \\} for the sign itself"),
            (
                "print \"\\q\"",
                "E103 '\\q' is not an escape | known are \\n \\t \\\" \\\\ \\{ \\} and \\u{…}; write "
                    + "\\\\ for a backslash"
            ),
            (
                "print \"\\u{110000}\"",
                "E103 \\u takes the number of a character | write up to 10ffff in hexadecimal digits, such as "
                    + "\\u{e9} for é"
            ),
            (
                "print \"a {n",
                "E107 the '{' in this text is never closed | write { value } inside the text, or \\{ for "
                    + "the sign itself"
            ),
            (
                "print \"{}\"",
                "E106 there is nothing between these braces | write { value }, or \\{\\} for the signs themselves"
            ),
            ("load ~/x", "E213 a path is written in quotes; did you mean \"~/x\"? | write \"~/x\""),
            ("load ../x | show", "E213 a path is written in quotes; did you mean \"../x\"? | write \"../x\""),
            ("load runs/x", "E213 a path is written in quotes; did you mean \"runs/x\"? | write \"runs/x\""),
            (
                "save notes.icot",
                "E213 a path is written in quotes; did you mean \"notes.icot\"? | write \"notes.icot\""
            ),
            (
                "write n notes.icot",
                "E213 a path is written in quotes; did you mean \"notes.icot\"? | write \"notes.icot\""
            ),
            ("compare r to: x.y", "E213 a path is written in quotes; did you mean \"x.y\"? | write \"x.y\""),
            ("print /tmp/x", "E213 a path is written in quotes; did you mean \"/tmp/x\"? | write \"/tmp/x\""),
            ("print n/2", "E111 print: an operation inside a command goes in parentheses | write (n/2)"),
            (
                "# icot 2",
                "E117 this icot reads version 1 of the language, not 2 | write # icot 1, or open it with a newer icot"
            ),
        ])
    func texts(_ text: String, _ expected: String) { #expect(Self.found(text) == [expected]) }

    @Test("a field is no path where no path is taken, and a '{' that opens a block blames the quote before it")
    func noPath() {
        #expect(Self.found("print zebra.icot") == [] && Self.found("mark zebra.icot") == [])
        #expect(
            Self.found("if n == \"a {\n step\n}").first
                == "E102 this text has no closing quote | write \" where the text ends")
    }

    @Test(
        "of statements",
        arguments: [
            ("| head 3", "E116 a line cannot start with '|' | end the line before with '|'"),
            ("else { 1 }", "E116 'else' belongs on the line of the '}' before it | write } else { … } on one line"),
            (
                "catch e { 1 }",
                "E116 'catch' belongs on the line of the '}' before it | write } catch { … } on one line"
            ),
            ("}", "E108 this '}' closes nothing | take it away, or open the block with '{'"),
            ("print 3)", "E108 this ')' closes nothing | take it away, or open it before"),
            ("print [3", "E107 this '[' is never closed | add the missing ']'"),
            ("let x == 3", "E105 a value is given with '=', '==' compares | write let x = …"),
            ("let x 3", "E105 let: '=' is missing after x | write let x = …"),
            ("let x", "E105 let: '=' is missing after x | write let x = …"),
            ("let _ = 3", "E210 '_' is kept for earlier results | choose a name that starts with a letter"),
            (
                "let step = 3",
                "E210 'step' is a verb and cannot be the name of a variable | choose another name, such as my_step"
            ),
            (
                "step = 3",
                "E210 'step' is a verb and cannot be the name of a variable | choose another name, such as my_step"
            ),
            (
                "let for = 3",
                "E210 'for' is a word of the language and cannot be a name | choose another name, such as for_1"
            ),
            ("let y: int = 3", "E115 names have no type after a colon | write let y = 3"),
            ("let 3", "E105 let: a name is missing, found '3' | write let x = 3"),
            ("let", "E105 let: a name is missing, found the end of the text | write let x = 3"),
            ("let\nstep", "E105 let: a name is missing, found the end of the line | write let x = 3"),
            ("for k xs { step }", "E105 for: 'in' is missing after k, found 'xs' | write for k in 0..<8 { … }"),
            ("for k in { step }", "E106 in: a value is missing before the block | write in 0..<8 { … }"),
            ("while { step }", "E106 while: a value is missing before the block | write while x > 0 { … }"),
            ("if { step }", "E106 if: a value is missing before the block | write if x > 0 { … }"),
            ("if n = 3 { step }", "E105 '=' gives a value, '==' compares | write =="),
            (
                "if eval data { step }",
                "E111 'eval' is a verb: inside if … its command goes in parentheses | write (eval data)"
            ),
            (
                "if n > 2 step",
                "E105 'step' cannot follow a finished value | put an operator between them, or start a new line"
            ),
            ("if n > 2 { step } else step", "E105 else: '{' is missing before 'step' | write else { … }"),
            ("for k in 0...3\n step\n}", "E105 for: '{' is missing before the end of the line | write for … { … }"),
            ("return 3", "E116 return is outside of a def | write the value alone on the line to see it"),
            ("break", "E116 break is outside of a loop | use it inside for … { } or while … { }"),
            ("continue", "E116 continue is outside of a loop | use it inside for … { } or while … { }"),
            ("import helpers", "E213 import: the path of a file is written in quotes | write import \"helpers.icot\""),
            ("import", "E106 import: the path of a file is missing | write import \"helpers.icot\""),
            ("import \"a{n}\"", "E116 import: the path must be known from the text | write the path without { … }"),
            (
                "{ 3 }",
                "E116 a block needs a word before it | write if … {, for … {, while … {, def …() { or try {"
            ),
            ("3 = 4", "E105 only a name, an element or a field can be given a value | to compare write =="),
            ("let x =", "E106 a value is missing after '=' | write what it should be"),
            (
                "if n > 2 { step } step",
                "E105 'step' cannot follow a finished statement | start a new line, or write ';' before it"
            ),
        ])
    func statements(_ text: String, _ expected: String) { #expect(Self.found(text) == [expected]) }

    @Test(
        "of definitions and closures",
        arguments: [
            ("def f { 3 }", "E105 def: '(' is missing after f, found '{' | write def f(x, label: 3) { … }"),
            (
                "def for() { 1 }",
                "E210 'for' is a word of the language and cannot be defined | choose another name, such as for_1"
            ),
            ("def 3() { 1 }", "E105 def: a name is missing, found '3' | write def name(x) { … }"),
            (
                "def train(x) { x }",
                "E210 'train' is a verb already and cannot be defined again | choose another name, such as my_train"
            ),
            (
                "def k(x) { x }",
                "E210 'k' is a variable already and cannot become a verb | choose another name, such as k_of"
            ),
            (
                "let q = 1\ndef q(x) { x }",
                "E210 'q' is a variable already and cannot become a verb | choose another name, such as q_of"
            ),
            ("def f(y, y) { y }", "E214 def: the parameter 'y' appears twice | give each parameter its own name"),
            ("def f(y, y: 1) { y }", "E214 def: the parameter 'y' appears twice | give each parameter its own name"),
            (
                "def f(y: 1, z) { z }",
                "E116 def: 'z' is given by place and comes before the labels | move it to the front, or write z:"
            ),
            ("def f(y = 1) { y }", "E115 def: a default follows a label | write y: value"),
            (
                "def f(3) { 1 }",
                "E105 def: a parameter is missing, found '3' | write names, and label: default, between commas"
            ),
            (
                "def f(train) { 1 }",
                "E210 'train' is a verb and cannot be the name of a variable | choose another name, such as my_train"
            ),
            (
                "def f(train: 1) { 1 }",
                "E210 'train' is a verb and cannot be the name of a variable | choose another name, such as my_train"
            ),
            ("def f(y z) { y }", "E105 a comma is missing before 'z' | write a comma between the values"),
            ("let f = { y, y in y }", "E214 the parameter 'y' appears twice | give each parameter its own name"),
            (
                "let f = { train in 1 }",
                "E210 'train' is a verb and cannot be the name of a parameter | choose another name, such as my_train"
            ),
        ])
    func definitions(_ text: String, _ expected: String) { #expect(Self.found(text) == [expected]) }

    @Test(
        "of commands",
        arguments: [
            (
                "try train = 3",
                "E210 'train' is a verb and cannot be given a value | choose another name, such as my_train"
            ),
            ("print[1]", "E109 print: a space is missing after the verb | write print […"),
            ("gen.mult", "E109 gen: a space is missing after the verb | write gen .mult…"),
            ("step-1", "E109 step: a space is missing after the verb | write step -…"),
            ("print 1\"a\"", "E109 print: a space is missing between two values | write 1 \""),
            ("step - 1", "E110 step: a negative number is written without a space after the '-' | write step -1"),
            ("step to: - 1", "E110 step: a negative number is written without a space after the '-' | write to: -1"),
            ("train steps:", "E106 a value is missing after 'steps:' | write steps: and a value"),
            ("train steps: lr: 1", "E106 a value is missing after 'steps:' | write steps: and a value"),
            (
                "print k -1",
                "E111 print: a negative number comes first or after a label | write (k - 1) for the "
                    + "difference, or give "
                    + "-1 a label"
            ),
            ("print k - 1", "E111 print: an operation inside a command goes in parentheses | write (k - 1)"),
            ("print not k", "E111 print: an operation inside a command goes in parentheses | write (not k)"),
            (
                "train steps: n * 2 lr: 1",
                "E111 train: an operation inside a command goes in parentheses | write (n * 2)"
            ),
            ("print k=3", "E115 print: a label is written with a colon | write k: value"),
            ("print 3 = 4", "E105 print: '=' cannot stand inside a command | to give a value write let name = …"),
            (
                "print k, 2",
                "E112 print: the values of a command are separated by spaces, not commas | take the comma away, or "
                    + "write [a, b] for a list"
            ),
            ("print k : 3", "E110 print: a label has no space before its colon | write k:"),
            ("print 3 : 4", "E105 print: ':' belongs only after a label | write label: value"),
            ("select t .v .w", "E110 select: .v after t could be a field of it | write t | select .v"),
            (
                "print xs [0]",
                "E110 print: an index has no space before it | write xs[…; for two values put the second "
                    + "first, after a "
                    + "label or into a text"
            ),
            ("print xs (1)", "E110 print: a call has no space before it | write xs(…; for two values write (xs) (…"),
            (
                "print r .a",
                "E110 print: a field has no space before it | write r.a; for two values put the second first, after a "
                    + "label or into a text"
            ),
            ("eval data where .a where .b", "E207 eval: 'where' appears twice | join the conditions with and"),
            ("eval data by .a by .b", "E207 eval: 'by' appears twice | group by a list: by [.a, .b]"),
            ("eval data where", "E106 eval: a value is missing after 'where' | write where .column > 0"),
            ("eval data by", "E106 eval: a value is missing after 'by' | write by .column"),
            ("eval data where .a = 3", "E105 '=' gives a value, '==' compares | write =="),
            (
                "eval data where .a limit: 3",
                "E116 eval: 'limit:' comes after 'where' | write the labels before where and by"
            ),
            ("eval data by .a limit: 3", "E116 eval: 'limit:' comes after 'by' | write the labels before where and by"),
            (
                "eval data where eval t",
                "E111 'eval' is a verb: inside 'where' its command goes in parentheses | write (eval t)"
            ),
            (
                "show gen .mult n: 3",
                "E111 'gen' is a verb: inside 'show' its command goes in parentheses | write (gen .mult n: 3)"
            ),
            (
                "start model .gpt2 layers: 2 on: data",
                "E111 'model' is a verb: inside 'start' its command goes in parentheses | write (model .gpt2 layers: 2)"
            ),
            (
                "head timeline 3 4",
                "E111 'timeline' is a verb: inside 'head' its command goes in parentheses | write (timeline 3)"
            ),
            (
                "let x = 1 + eval data",
                "E111 'eval' is a verb: inside an expression its command goes in parentheses | write (eval data)"
            ),
        ])
    func commands(_ text: String, _ expected: String) { #expect(Self.found(text) == [expected]) }

    @Test(
        "of a word that is no verb",
        arguments: [
            ("trian steps: 3", "E201 'trian' is not a verb; did you mean 'train'? | write train"),
            ("zzzz z: 3", "E201 'zzzz' is not a verb | a command starts with a verb; ? lists them"),
            // Two are as near; the one that has the label is meant.
            ("sart m on: data", "E201 'sart' is not a verb; did you mean 'start'? | write start"),
            ("sart t descending: true", "E201 'sart' is not a verb; did you mean 'sort'? | write sort"),
            ("lte x = 3", "E201 'lte' is not a verb; did you mean 'let'? | write let"),
            ("qqqq x = 3", "E201 'qqqq' is not a verb; did you mean 'let'? | write let"),
            ("fro k in xs { step }", "E201 'fro' is not a verb; did you mean 'for'? | write for"),
            ("iff n > 3 { step }", "E201 'iff' is not a verb; did you mean 'if'? | write if"),
            ("whlie n > 3 { step }", "E201 'whlie' is not a verb; did you mean 'while'? | write while"),
            ("ddf g(y) { y }", "E201 'ddf' is not a verb; did you mean 'def'? | write def"),
            ("elif n > 3 { step }", "E115 'elif' is written } else if | write } else if … { on the line of the '}'"),
            ("elsif n > 3 { step }", "E115 'elsif' is written } else if | write } else if … { on the line of the '}'"),
            ("xs | hed 3", "E201 'hed' is not a verb; did you mean 'head'? | write head"),
        ])
    func verbs(_ text: String, _ expected: String) { #expect(Self.found(text) == [expected]) }

    @Test(
        "of a word that another language has for one of ours",
        arguments: [
            ("var", "let"), ("const", "let"), ("set", "let"), ("func", "def"), ("function", "def"), ("fn", "def"),
            ("foreach", "for"), ("from", "import"), ("use", "import"), ("until", "while"), ("echo", "print"),
            ("println", "print"), ("printf", "print"), ("puts", "print"), ("display", "print"),
        ])
    func foreignWords(_ word: String, _ ours: String) {
        #expect(Self.found("\(word) zebra") == ["E115 '\(word)' is written \(ours) | write \(ours)"])
    }

    @Test(
        "of one value after another",
        arguments: [
            ("3 4", "E105 '4' cannot follow a finished value | put an operator between them, or start a new line"),
            ("let x = 3 [0]", "E110 an index has no space before it | write 3[…"),
            ("let x = xs (1)", "E110 a call has no space before it | write xs(…"),
            ("let x = r .a", "E110 a field has no space before it | write r.a…"),
            ("(1)(2)", "E105 this value cannot be called | give it a name with let, then call the name"),
            ("let x = 1, 2", "E112 a list of values is written in brackets | write [a, b]"),
            ("let x = k { 1 }", "E105 a '{' cannot follow a value here | a block follows if, for, while, def or try"),
            ("(n) z: 3", "E201 'n' is a name, not a verb, and takes no 'z:' | start the line with a verb"),
            ("3 z: 4", "E105 the label 'z:' belongs after a verb or in a call | write verb z: value, or f(z: value)"),
            ("3 else { 1 }", "E116 'else' belongs after the '}' of a block | write … } else { … }"),
            ("3 where .a", "E116 'where' belongs to a command | write verb … where …"),
            ("3 by .a", "E116 'by' belongs to a command | write verb … by …"),
            (
                "3 in xs",
                "E105 'in' belongs only in for and at the head of a closure | write contains(xs, x) to ask whether a "
                    + "list holds a value"
            ),
            ("3 : 4", "E105 a ':' comes directly after a label | write label: value"),
            ("sqrt 4", "E105 'sqrt' is a function: its arguments stand in parentheses | write sqrt(4, …)"),
            (
                "k 4",
                "E105 'k' is not a verb, so '4' cannot follow it | put an operator between them, or start with a verb"
            ),
            ("(1]", "E107 this '(' is never closed | add the missing ')'"),
        ])
    func juxtaposition(_ text: String, _ expected: String) { #expect(Self.found(text) == [expected]) }

    @Test(
        "a range with spaces inside a command is written with its own ends, or with one in place of what is missing",
        arguments: [
            ("print 0 ... 3", "0...3"), ("print 2 ..< n", "2..<n"), ("print 0 ...", "0...8"), ("print 0 ..<", "0..<8"),
        ])
    func spacedRanges(_ text: String, _ right: String) {
        #expect(
            Self.found(text).first == "E110 inside a command a range is written without spaces | write \(right)")
    }

    @Test(
        "of values",
        arguments: [
            ("a < b < c", "E113 comparisons do not chain | write a < b and b < …"),
            ("a == b >= c", "E113 comparisons do not chain | write a == b and b >= …"),
            ("1 +", "E106 a value is missing after '+' | write a value after +"),
            ("not", "E106 a value is missing after 'not' | write a value after not"),
            ("let x = a or", "E106 a value is missing after 'or' | write a value after or"),
            ("time", "E106 time: a command is missing after it | write time train steps: 10"),
            ("t |", "E106 a command is missing after '|' | write | and a verb, such as | show"),
            ("t | 3", "E105 after '|' comes a verb, not '3' | write | and a verb, such as | show"),
            (
                "t | head(3)",
                "E105 after '|' comes a command, without the parentheses of a call | write | head and "
                    + "its other values, "
                    + "separated by spaces"
            ),
            ("xs | length", "E201 'length' is a function: nothing is handed on to it with '|' | write length(xs)"),
            (
                "xs | joined \"-\"",
                "E201 'joined' is a function: nothing is handed on to it with '|' | write joined(xs, \"-\")"
            ),
            (
                "xs | round digits: 2",
                "E201 'round' is a function: nothing is handed on to it with '|' | write round(xs, digits: 2)"
            ),
            (
                "eval data | length",
                "E201 'length' is a function: nothing is handed on to it with '|' | write length((eval data))"
            ),
            (
                "let x = if n { 1 }",
                "E116 if is a statement and has no value | let x = none, then if … { x = … } else { x = … }"
            ),
            ("let x = for", "E105 'for' cannot stand here, a value is expected | write a value, a name or ( … )"),
            (
                "let x = z: 3",
                "E105 the label 'z:' belongs after a verb or in a call | write verb z: value, or f(z: value)"
            ),
            ("let x = = 3", "E105 '=' gives a value, '==' compares | write =="),
            ("print 2[0]", "E105 a number has no elements | put a space or an operator between them"),
            ("print .a.b", "E109 '.a' and '.b' need a space between them | write .a .b"),
            ("xs[..<]", "E106 a value is missing after '..<' | write ... for the whole"),
            ("xs[]", "E106 an index is missing before ']' | write xs[0]"),
            ("xs[1:3]", "E115 part of a list is taken with a range | write xs[1..<8], or xs[1...] to the end"),
            ("xs[a:3]", "E115 part of a list is taken with a range | write xs[a..<8], or xs[a...] to the end"),
            ("max(a=1)", "E115 a label is written with a colon | write a: value"),
            ("[k (1)]", "E110 there is no space between 'k' and what belongs to it | write k(…"),
            ("max(1 2)", "E105 a comma is missing before '2' | write a comma between the values"),
            ("max(z: 1, 2)", "E105 values given by place come before the labels | move it before z:"),
            ("max(z: )", "E106 a value is missing after 'z:' | write z: and a value"),
            ("max(z: , 1)", "E106 a value is missing after 'z:' | write z: and a value"),
            ("let x = ()", "E106 there is nothing between these parentheses | write a value, or none"),
            (
                "let x = (1, 2)",
                "E112 a list of values is written in brackets, not in parentheses | write [a, b], or "
                    + "f(a, b) without the "
                    + "space"
            ),
            ("[z: 1, z: 2]", "E214 the key 'z' appears twice | give each key once"),
            ("[z: 1, \"z\": 2]", "E214 the key 'z' appears twice | give each key once"),
            ("[z: 1, 3]", "E105 a key is missing before '3' | write [key: value, other: value]"),
            ("[z: ]", "E106 a value is missing after 'z:' | write z: and a value"),
            ("print .a[1, 2]", "E105 '.a' takes one index | write .a[0]"),
        ])
    func values(_ text: String, _ expected: String) { #expect(Self.found(text) == [expected]) }

    @Test("of what is nested too deep, and of a number that is too long")
    func limits() {
        #expect(
            Self.found("let x = " + String(repeating: "(", count: 60) + "1" + String(repeating: ")", count: 60)) == [
                "E114 nested more than 100 deep | give an inner part a name with let or def; a bracket "
                    + "and what stands in "
                    + "it are two levels"
            ])
        #expect(
            Self.found("let x = 1" + String(repeating: " + 1", count: 301)) == [
                "E114 this expression has more than 300 operations in a row | give a part of it a name with let"
            ])
        #expect(
            Self.found("let x = " + String(repeating: "7", count: 30_001)) == [
                "E104 this integer has more than 30000 digits | write it as a power, such as 2^100"
            ])
    }
}
