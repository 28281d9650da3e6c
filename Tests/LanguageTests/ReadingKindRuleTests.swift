// What is known of a text before it runs: the kind of each expression, what kinds a parameter takes, names, fields and
// calls, and what is said where one of them does not fit.

import Testing

@testable import Language

@Suite("The rules of kinds") struct ReadingKindRuleTests {
    private static func found(_ text: String, _ context: LanguageContext = TestSignatures.context) -> [String] {
        Checker.check(Parser.parse(SourceText(text), context), context).map { "\($0.message) | \($0.help ?? "")" }
    }

    @Test(
        "the kind of an expression is known where the text tells it",
        arguments: [
            ("1", "a whole number"), ("99999999999999999999", "a whole number"), ("1.5", "a number"),
            ("1 + 2", "a whole number"), ("1 - 2", "a whole number"), ("2 * 3", "a whole number"),
            ("7 // 2", "a whole number"), ("7 % 2", "a whole number"), ("1 + 2.0", "a number"), ("2.0 % 2", "a number"),
            ("7 / 2", "a number"), ("2 ^ 3", "a number"), ("1 < 2", "true or false"), ("1 == 2", "true or false"),
            ("true and false", "true or false"), ("not true", "true or false"), ("true", "true or false"),
            ("[1]", "a list"), ("[a: 1]", "a record"), ("0...2", "a range"), ("{ x in x }", "a function"),
            ("none", "none"), ("-(1)", "a whole number"), ("-(1.5)", "a number"), ("time sqrt(4)", "a number"),
            ("sqrt(4)", "a number"), ("gen .mult", "problems"), ("gen .mult | eval", "a table"), ("sqrt", "a function"),
            ("hash (model .gpt2)", ""), ("\"a\"", ""), ("try sqrt(4)", ""), ("[1][0]", ""), ("[a: 1].a", ""),
            ("\"a\" + 1", ""), ("max(1)", ""), ("-(\"a\")", ""),
        ])
    func kinds(_ value: String, _ word: String) {
        let expected =
            word.isEmpty
            ? [] : ["upper: text takes a text in quotes, not \(word) | write a text in quotes"]
        #expect(Self.found("let q = \(value)\nprint upper(q)") == expected)
    }

    @Test("a parameter takes values of these kinds and of no others")
    func accepted() {
        let types = [
            "none", "boolean", "integer", "real", "number", "text", "list", "range", "record", "function", "choice",
            "table", "array",
        ]
        let kinds: [(ParameterKind, [String])] = [
            (.integer(), ["integer", "number"]), (.real(), ["integer", "real", "number"]),
            (.number, ["integer", "real", "number"]), (.boolean, ["boolean"]), (.text, ["text"]),
            (.path(.read), ["text"]), (.choice([]), ["choice"]), (.selector(), ["choice"]), (.column, ["choice"]),
            (.list(of: .any), ["list", "range", "array"]), (.range, ["integer", "list", "range"]),
            (.record, ["record"]), (.function, ["function"]), (.value("table"), ["table"]),
            (.value("number"), ["integer", "real", "number"]), (.value("array"), ["array"]),
            (.oneOf([.text, .integer()]), ["integer", "number", "text"]), (.oneOf([]), []), (.any, types),
        ]
        for (kind, accepted) in kinds {
            #expect(types.filter { Checker.accepts(kind, $0) } == types.filter(accepted.contains), "\(kind)")
        }
    }

    @Test(
        "what has no fields is told so by its kind",
        arguments: [
            ("[1]", "a list"), ("\"a\"", "text"), ("0...2", "a range"), ("3", "a whole number"), ("2.5", "a number"),
            ("2 ^ 3", "a number"), ("true", "true or false"),
        ])
    func withoutFields(_ value: String, _ word: String) {
        #expect(Self.found("let q = \(value)\nprint q.a") == ["\(word) has no field 'a' | it has no fields"])
    }

    @Test("the fields of a variable are those that the session knows, until the text gives its name another value")
    func fields() {
        var context = TestSignatures.context
        context.variables["t"] = KnownVariable(typeName: "table", fields: ["removed", "accuracy"])
        context.variables["u"] = KnownVariable(typeName: "table")
        #expect(
            Self.found("print t.acuracy", context) == [
                "t has no field 'acuracy'; did you mean 'accuracy'? | write t.accuracy"
            ])
        #expect(Self.found("print t.zzzz", context) == ["t has no field 'zzzz' | it has removed, accuracy"])
        #expect(Self.found("print u.zzzz", context) == [] && Self.found("print t.accuracy", context) == [])
        #expect(Self.found("t = none\nprint t.zzzz", context) == [])
        #expect(Self.found("let t = timeline\nprint t.zzzz", context) == [])
        #expect(Self.found("def f() { t.zzzz }\nlet t = timeline", context) == [])
        #expect(Self.found("for t in [1] { print t.zzzz }", context) == [])
        // Of two names that are the same the inner one's.
        let outer = "let q = [alpha: 1]\n"
        #expect(Self.found(outer + "def f() {\nlet q = [beta: 2]\nprint q.beta\n}") == [])
        #expect(
            Self.found(outer + "def f() {\nlet q = [beta: 2]\nprint q.alpha\n}")
                == ["q has no field 'alpha' | it has beta"])
    }

    @Test(
        "what has no value is told, with quotes for a text only where it is a whole argument",
        arguments: [
            ("print zebra", "'zebra' has no value | write let zebra = … before it, or \"zebra\" for a text"),
            ("let q = zebra", "'zebra' has no value | write let zebra = … before it"),
            ("print sqrt(zebra)", "'zebra' has no value | write let zebra = … before it"),
            ("print [zebra]", "'zebra' has no value | write let zebra = … before it"),
            ("let total = 1\nprint totla", "'totla' has no value; did you mean 'total'? | write total"),
            ("print trian", "'trian' has no value; did you mean 'train'? | write train"),
            ("zebra(4)", "'zebra' is not a function | define it with def zebra(x) { … }"),
            ("sqr(4)", "'sqr' is not a function; did you mean 'sqrt'? | write sqrt(…)"),
            (
                "zebra = 3", "'zebra' has no value yet, so it cannot be given a new one | write let zebra = …"
            ),
            ("_3 = 1", "'_3' is an earlier result and cannot be given a value | write let name = …"),
            ("sqrt = 1", "'sqrt' is a function and cannot be given a value | write let sqrt_1 = …"),
        ])
    func names(_ text: String, _ expected: String) { #expect(Self.found(text) == [expected]) }

    @Test("a list, a range and a text that are called with one value are told to be indexed; nothing else is")
    func called() {
        for (value, word) in [("[1]", "a list"), ("0..<2", "a range"), ("\"a\"", "text")] {
            #expect(Self.found("let q = \(value)\nq(0)") == ["'q' is \(word) and cannot be called | write q[0]"])
            #expect(Self.found("let q = \(value)\nq(0, 1)") == [] && Self.found("let q = \(value)\nq()") == [])
            #expect(Self.found("let q = \(value)\nq(at: 0)") == [])
        }
        for value in ["3", "[a: 1]", "{ x in x }"] { #expect(Self.found("let q = \(value)\nq(0)") == []) }
    }

    @Test(
        "errors of the reader and of the checker are told in the order of the text, those in the text of its names too")
    func order() {
        #expect(
            Self.found("print zebra\ntrian steps: 3\nprint okapi").map { $0.prefix(7) } == [
                "'zebra'", "'trian'", "'okapi'",
            ])
        // A text that cannot be read tells nothing of its names.
        #expect(Self.found("print zebra\nprint (").count == 1)
    }

    @Test("an import's verbs are known from there on, and of one that cannot be read nothing is said")
    func imports() {
        var context = TestSignatures.context
        context.imports = { $0 == "a.icot" ? [CommandSignature("brought", "", [.value("x", .text)])] : nil }
        #expect(Self.found("import \"a.icot\"\nprint brought(\"a\")", context) == [])
        #expect(
            Self.found("import \"a.icot\"\nprint brought(3)", context) == [
                "brought: x takes a text in quotes, not a whole number | write a text in quotes"
            ])
        #expect(Self.found("import \"b.icot\"", context) == [])
    }

    // MARK: - Arguments

    private static let own: LanguageContext = {
        let pour = CommandSignature(
            "pour", "",
            [
                .label("rate", .real(.leastNonzeroMagnitude...10)), .label("of", .list(of: .integer(1...3))),
                .label("to", .oneOf([.text, .integer()])), .label("flag", .oneOf([.boolean, .integer(5...9)])),
            ])
        let tie = CommandSignature(
            "tie", "",
            [
                .value("kind", .choice([.init("loose"), .init("tight")])),
                .label("side", .choice([.init("left"), .init("right")])),
                .label("end", .choice([.init("left"), .init("up")])),
            ])
        return LanguageContext(
            signatures: SignatureTable(
                verbs: TestSignatures.verbs + [pour, tie], functions: TestSignatures.functions))
    }()

    @Test(
        "what does not fit is told by what would",
        arguments: [
            (
                "pour rate: 0",
                "pour: 'rate:' takes a number above 0 and at most 10, 0 is outside | write a number "
                    + "above 0 and at most 10"
            ),
            (
                "pour rate: 10.5",
                "pour: 'rate:' takes a number above 0 and at most 10, 10.5 is outside | the nearest is 10"
            ),
            ("pour of: [1, 5]", "pour: 'of:' takes a whole number from 1 to 3, 5 is outside | the nearest is 3"),
            ("pour of: [3, 2.0]", "pour: 'of:' takes a whole number from 1 to 3, not a number | write 2"),
            (
                "pour of: 1",
                "pour: 'of:' takes a list of whole numbers, not a whole number | write a list of whole numbers"
            ),
            (
                "pour to: 1.5",
                "pour: 'to:' takes a text in quotes or a whole number, not a number | write a text in "
                    + "quotes or a whole "
                    + "number"
            ),
            ("pour to: 2.0", "pour: 'to:' takes a text in quotes or a whole number, not a number | write 2"),
            ("pour to: .a", "pour: 'to:' takes a text in quotes or a whole number, not .a | write \"a\""),
            (
                "pour to: zebra",
                "'zebra' has no value | write let zebra = … before it, or \"zebra\" for a text"
            ),
            ("pour flag: 4", "pour: 'flag:' takes a whole number from 5 to 9, 4 is outside | the nearest is 5"),
            ("tie .left", "tie: .left needs its label 'side:' | write side: .left"),
            ("tie .up", "tie: .up needs its label 'end:' | write end: .up"),
            ("tie .loose .left", "tie: .left needs its label 'side:' | write side: .left"),
            ("tie .loose .zzzz", "tie: takes one value by place | write side: .zzzz, or another of its labels"),
            ("tie .loose left", "tie: .left needs its label 'side:' | write side: .left"),
            (
                "let m = model .gpt2\nlet d = gen .mult\nprobe at: .answer target: .carry[1] on: d",
                "probe: 'target:' takes a .name such as .running_sum, .partial_2 or .carry, not "
                    + ".carry[1] | write .carry "
                    + "without an index"
            ),
            ("let t = timeline\nselect t", "select: columns is missing | write select and a column, such as .accuracy"),
            (
                "let t = timeline\nt | select",
                "select: columns is missing | write select and a column, such as .accuracy"
            ),
            ("let m = model .gpt2\nstart m", "start: 'on:' is missing | add on: and problems"),
            ("let d = gen .mult\nlet m = model .gpt2\nstart m", "start: 'on:' is missing | add on: and d"),
            ("3 | head", "head: takes a table from '|', not a whole number | hand on a table"),
            ("step to: 1 where .a", "step: does not take 'where' | where belongs to eval or filter"),
        ])
    func arguments(_ text: String, _ expected: String) { #expect(Self.found(text, Self.own) == [expected]) }

    @Test(
        "what fits is silent: bounds with their ends, any .name, a number for either kind, values by place after a pipe"
    )
    func silent() {
        for text in [
            "pour rate: 10 of: [1, 3] to: 3", "pour of: 0...2 to: \"a\" flag: 9", "pour flag: true",
            "tie .loose side: .right",
            "[1] | print 2", "max(1, 2, 3)", "def f(x) { x }\nf 1",
            "let d = gen .mult\nprobe at: .any[2] target: .carry on: d",
        ] { #expect(Self.found(text, Self.own) == [], "\(text)") }
    }
}
