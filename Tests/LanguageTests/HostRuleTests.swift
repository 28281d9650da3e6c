// Rules between a session and the host whose commands it runs: how arguments are bound, what a command may ask of its
// call, what becomes of its errors, and what a session tells while it works.

import Foundation
import Support
import TestSupport
import Testing

@testable import Language

@Suite("The rules of commands") struct HostRuleTests {
    private enum Failure: Error { case two, one, neither, unknown }

    /// What the command `probe` was given, as it asked for it.
    private final class Seen {
        var lines: [String] = []
    }

    /// A host with a command that runs `body`.
    private static func session(
        _ parameters: [Parameter], where acceptsWhere: Bool = false, by acceptsBy: Bool = false,
        library: [SourceText] = [], _ body: @escaping (Invocation) throws -> Value = { _ in .none }
    ) -> Session {
        Session(
            Vocabulary(
                verbs: [
                    Command(
                        CommandSignature(
                            "probe", "Looks.", parameters, acceptsWhere: acceptsWhere, acceptsBy: acceptsBy), body)
                ], functions: [Command(CommandSignature("probing", "Looks.", parameters), body)], library: library,
                explain: { error in
                    switch error as? Failure {
                    case .two: Explanation(.fileMissing, "gone", at: ["second", "first"], help: "look")
                    case .one: Explanation(.fileMissing, "gone", at: ["first"])
                    case .neither: Explanation(.fileMissing, "gone")
                    default: nil
                    }
                }))
    }

    // MARK: - Arguments

    @Test(
        "a value that is known only while running is held to the kind and the bounds of its argument",
        arguments: [
            (ParameterKind.integer(1...3), "0", "a whole number from 1 to 3, not 0"),
            (.integer(1...3), "4", "a whole number from 1 to 3, not 4"),
            (.integer(1...3), "2.0", "a whole number from 1 to 3, not a number"),
            (.integer(1...3), "10^20", "a whole number from 1 to 3, not 100000000000000000000"),
            (.integer(1...3), "\"a\"", "a whole number from 1 to 3, not text"),
            (.real(0...1), "1.5", "a number from 0 to 1, not 1.500"),
            (.real(0...1), "-1", "a number from 0 to 1, not -1"),
            (.real(0...1), "nan()", "a number from 0 to 1, not nan"), (.real(), "nan()", "a number, not nan"),
            (.number, "true", "a number, not true or false"), (.boolean, "1", "true or false, not a whole number"),
            (.text, ".a", "a text in quotes, not .a"),
            (.path(.write), "3", "a path to write, in quotes, not a whole number"),
            (.path(.look), "none", "the path of a file or folder in quotes, not none"),
            (.choice([.init("up"), .init("down")]), ".left", ".up or .down, not .left"),
            (.choice([.init("up"), .init("down")]), ".up[1]", ".up or .down, not .up[1]"),
            (.choice([.init("up"), .init("down")]), "\"up\"", ".up or .down, not text"),
            (.selector(), ".a[2]", "a .name, not .a[2]"), (.selector(), "3", "a .name, not a whole number"),
            (.column, "\"a\"", "a column, such as .accuracy, not text"),
            (.column, ".a[1]", "a column, such as .accuracy, not .a[1]"),
            (.list(of: .text), "[\"a\", 1]", "a list of texts, not a list with a whole number"),
            (.list(of: .text), "0..<3", "a list of texts, not a range"),
            (.list(of: .integer(1...3)), "[1, 4]", "a list of whole numbers, not a list with 4"),
            (.list(of: .any), "\"ab\"", "a list of values, not text"),
            (.range, "1.5", "a range, such as 0...8, not a number"),
            (.record, "[1]", "a record, such as [key: 1], not a list"),
            (.function, "3", "a function, such as { x in x + 1 }, not a whole number"),
            (.value("model"), "[a: 1]", "a model, not a record"), (.value("number"), "\"1\"", "a number, not text"),
            (
                .oneOf([.text, .integer(1...3)]), "4",
                "a text in quotes or a whole number from 1 to 3, not a whole number"
            ),
        ] as [(ParameterKind, String, String)])
    func refusedValues(_ kind: ParameterKind, _ value: String, _ expected: String) {
        let session = Self.session([.value("thing", kind), .label("more", kind)])
        let found = Answers.of("let f = { x in probe x }\nf(\(value))", session)
        #expect(found.count == 1 && found[0].hasPrefix("E305 probe: thing takes \(expected) | "), "\(found)")
        let labelled = Answers.of("let v = [\(value)][0]\nlet g = { x, y in probe x more: y }\ng(v, v)", session)
        #expect(labelled == found)
    }

    @Test(
        "what fits a kind is taken as it is, at its bounds as well",
        arguments: [
            (ParameterKind.integer(1...3), "1"), (.integer(1...3), "3"), (.integer(), "-5"), (.real(0...1), "1"),
            (.real(0...1), "0.0"), (.real(), "infinity()"), (.number, "10^30"), (.number, "nan()"), (.boolean, "false"),
            (.text, "\"\""), (.path(.read), "\"a\""), (.choice([.init("up")]), ".up"), (.selector(), ".a"),
            (.selector(allowsIndex: true), ".a[2]"), (.column, ".a"), (.list(of: .text), "[]"),
            (.list(of: .any), "[1, \"a\"]"), (.list(of: .real(0...1)), "array([0.5])"),
            (.list(of: .integer()), "0..<3"),
            (.range, "0...3"), (.range, "3"), (.range, "[1, 3]"), (.record, "[:]"), (.function, "sqrt"),
            (.function, "{ 1 }"), (.value("table"), "table([])"), (.value("number"), "2"), (.value("number"), "2.5"),
            (.oneOf([.text, .boolean]), "true"), (.any, "none"),
        ] as [(ParameterKind, String)])
    func takenValues(_ kind: ParameterKind, _ value: String) {
        let session = Self.session([.value("thing", kind)]) { call in try call.value("thing") }
        #expect(Answers.of("let f = { x in (probe x) == x }\nlet v = \(value)\nf(v) or v != v", session) == ["true"])
    }

    @Test("a command finds each argument by its name, and knows which of them somebody gave")
    func found() {
        let seen = Seen()
        let session = Self.session([
            .value("first", .integer()), .value("count", .integer(), default: "10"), .label("name", .text),
            .label("side", .choice([.init("left"), .init("right")]), default: ".right"), .label("rate", .real()),
            .label("place", .selector(allowsIndex: true)), .label("span", .range),
            .label("on", .boolean, default: "true"),
        ]) { call in
            var words: [String] = []
            words.append(String(try call.integer("first")))
            words.append(String(try call.integer("count")))
            words.append(call.textIfPresent("name") ?? "-")
            words.append(try call.choice("side"))
            words.append(call.realIfPresent("rate").map { String($0) } ?? "-")
            words.append(call.selectorIfPresent("place").map { "\($0.name) \($0.index ?? -1)" } ?? "-")
            words.append(call.rangeIfPresent("span").map { "\($0)" } ?? "-")
            words.append(String(try call.boolean("on")))
            seen.lines.append(words.joined(separator: ","))
            let given = ["count", "name", "side", "span"].map { String(call.isGiven($0)) }
            seen.lines.append(given.joined(separator: ",") + " " + (call.words(of: "name") ?? "nothing"))
            return .none
        }
        let text = """
            probe 1
            probe(1, 2, name: ("a" + "b"), side: .left, rate: 2, place: .answer[3], span: 4, on: false)
            probe(7, span: 2...4, place: .a)
            """
        #expect(Answers.of(text, session) == [])
        #expect(
            seen.lines == [
                "1,10,-,right,-,-,-,true", "false,false,false,false nothing",
                "1,2,ab,left,2.0,answer 3,4..<5,false", "true,true,true,true (\"a\" + \"b\")",
                "7,10,-,right,-,a -1,2..<5,true", "false,false,false,true nothing",
            ])
    }

    @Test("what a command needs and was not given it says by name, at the whole call")
    func needed() {
        let session = Self.session([.label("what", .text), .label("name", .text)]) { call in
            switch call.textIfPresent("what") {
            case "integer": return .integer(try call.integer("name"))
            case "real": return .real(try call.real("name"))
            case "boolean": return .boolean(try call.boolean("name"))
            case "choice": return .text(try call.choice("name"))
            case "range": return .range(try call.range("name"))
            case "list": return .list(try call.list("name"))
            case "record": return .object(try call.record("name"))
            case "table": return .table(try call.table("name"))
            case "function": return .object(try call.function("name"))
            default: return .text(try call.text("name"))
            }
        }
        let kinds = [
            ("integer", "a whole number"), ("real", "a number"), ("boolean", "true or false"), ("choice", "a choice"),
            ("range", "a range"), ("list", "a list"), ("record", "a record"), ("table", "a table"),
            ("function", "a function"), ("text", "a text"),
        ]
        for (kind, phrase) in kinds {
            let line = "probe what: \"\(kind)\""
            #expect(Answers.of(line, session) == ["E305 probe: needs \(phrase) as name | see ?probe"])
            #expect(Answers.underlined(line, session) == [line])
        }
        #expect(Answers.of("probe what: \"text\" name: \"a\"", session) == ["a"])
    }

    @Test("of values that may be many all are taken in order, and an error about them underlines them all")
    func repeated() {
        let session = Self.session([
            .value("first", .integer()), .value("words", .text, required: false, repeated: true),
        ]) {
            call in
            let words = try call.list("words").map(\.text)
            if words.last == "bad" { throw call.failure("bad words", at: "words") }
            return .list([.boolean(call.isGiven("words"))] + words.map { .text($0) })
        }
        #expect(
            Answers.of("probe 1\nprobe 1 \"a\"\nprobe(1, \"a\", \"b\")", session) == [
                "[false]", "[true, \"a\"]", "[true, \"a\", \"b\"]",
            ])
        #expect(Answers.underlined("probe 1 \"a\" \"bad\"", session) == ["\"a\" \"bad\""])
        #expect(Answers.underlined("let f = { x in probe 1 \"a\" x \"b\" }\nf(3)", session) == ["x"])
    }

    @Test("a call whose labels and values are wrong only while running is refused at the words that are")
    func wrongCalls() {
        let session = Self.session([.value("first", .any), .label("name", .text)])
        func both(_ call: String) -> [String] {
            let text = "let h = { f in \(call) }\nh(probing)"
            return Answers.of(text, session) + Answers.underlined(text, session)
        }
        #expect(both("f(1, 2)") == ["E305 probing: takes one value by place | take it away", "2"])
        #expect(
            both("f(1, nam: \"a\")") == [
                "E305 probing: 'nam' is not a label of probing; did you mean 'name:'? | write name:", "\"a\"",
            ])
        #expect(both("f()") == ["E305 probing: first is missing | write probing and any value", "f()"])
        #expect(
            both("f(1, name: 3)") == [
                "E305 probing: 'name:' takes a text in quotes, not a whole number | write a text in quotes", "3",
            ])
    }

    @Test("a default is read as it would be typed, once, and a label that is left out without one is nothing")
    func defaults() {
        let session = Self.session([
            .value("list", .list(of: .integer()), default: "[1, 2]"), .label("scale", .real(), default: "1 / 4"),
            .label("name", .text),
        ]) { call in
            .list([.list(try call.list("list")), .real(try call.real("scale")), call["name"] ?? .text("nothing")])
        }
        #expect(
            Answers.of("probe\nprobe [3] scale: 1 name: \"a\"", session) == [
                "[[1, 2], 0.2500, \"nothing\"]", "[[3], 1.000, \"a\"]",
            ])
        #expect(!Parameter.value("x", .any, default: "1").isRequired && Parameter.value("x", .any).isRequired)
        #expect(!Parameter.value("x", .any, required: false).isRequired && !Parameter.label("x", .any).isRequired)
        #expect(Parameter.label("x", .any, required: true).isRequired && Parameter.label("x", .any).label == "x")
        let run = Parameter.value("x", .path(.read)).ofRun
        #expect(run.isRun && !Parameter.value("x", .path(.read)).isRun && run.label == nil && run.name == "x")
    }

    // MARK: - Rows

    @Test("where gives true or false for a row, and by names its keys by their words")
    func clauses() {
        let session = Self.session([.value("n", .integer())], where: true, by: true) { call in
            var values: [Value] = []
            var kept = 0
            for number in 0..<(try call.integer("n")) {
                let row = RecordObject([("n", .integer(number)), ("k", .text("k\(number % 2)"))])
                if let predicate = call.predicate, try !predicate(row) { continue }
                kept += 1
                for key in call.keys { values.append(try key.value(row)) }
            }
            return .list([.integer(kept), .text(call.key?.name ?? "no key")] + values)
        }
        let text = """
            probe 3
            probe 4 where .n > 1
            probe 3 by .k
            let least = 1
            probe 3 where .n >= least and .k == "k1" by [.n * 10, .k]
            """
        #expect(
            Answers.of(text, session) == [
                "[3, \"no key\"]", "[2, \"no key\"]", "[3, \"k\", \"k0\", \"k1\", \"k0\"]",
                "[1, \".n * 10\", 10, \"k1\"]",
            ])
        #expect(
            Answers.of("probe 2 where .n", session) == [
                "E301 probe: 'where' takes true or false, not a whole number | compare it: x > 0, x == \"a\""
            ])
        let plain = Self.session([.value("n", .any)])
        #expect(
            Answers.of("probe 1 where .a > 0", plain).first?.hasPrefix("E212 probe: does not take 'where'") == true)
    }

    // MARK: - Errors

    @Test("an error of the host is told with the likeliest of its arguments that was given, or the whole call")
    func explanations() {
        let session = Self.session([.value("how", .integer()), .label("first", .any), .label("second", .any)]) { call in
            throw [Failure.two, .one, .neither, .unknown][try call.integer("how")]
        }
        func words(_ text: String) -> [String] { Answers.underlined(text, session) }
        #expect(words("probe 0 first: 1 second: 2") == ["2"] && words("probe 0 first: 1") == ["1"])
        #expect(words("probe 0") == ["probe 0"] && words("probe 1 second: 5") == ["probe 1 second: 5"])
        #expect(words("probe 2 first: 5") == ["probe 2 first: 5"] && words("probe 3 first: 5") == ["probe 3 first: 5"])
        #expect(Answers.of("probe 0", session) == ["E401 probe: gone | look"])
        #expect(Answers.of("probe 3", session) == ["E310 probe: unknown | "])
        // Inside of a function the words are those of the function.
        #expect(words("def f(x) { probe x first: [x] }\nf(0)") == ["[x]"])
    }

    @Test(
        "a command says what failed by its own name, at an argument or at the whole call, and calls what it was given"
    )
    func failures() {
        let session = Self.session([.value("what", .any), .label("name", .text)]) { call in
            if let name = call.textIfPresent("name") {
                throw call.failure("no \(name)", code: .fileMissing, at: "name", help: "make it")
            }
            let what = try call.value("what")
            if what.asFunction == nil { return try call.call(what, []) }
            return try call.call(what, [.integer(2), .integer(3)])
        }
        #expect(Answers.of("probe 1 name: \"x\"", session) == ["E401 probe: no x | make it"])
        #expect(Answers.underlined("probe 1 name: \"x\"", session) == ["\"x\""])
        #expect(Answers.of("probe { a, b in a * 10 + b }", session) == ["23"])
        #expect(
            Answers.of("probe 1", session) == [
                "E301 probe: a whole number cannot be called | give it a function, such as { x in x + 1 }"
            ])
        #expect(
            Answers.of("probe { a in a }", session) == ["E305 this function: takes one value by place | take some away"]
        )
        #expect(
            Answers.of("probe { a, b in a // 0 }", session) == ["E304 division by zero | test the divisor before '//'"])
    }

    @Test("a value that a command makes is held to the same depth as any other")
    func shapes() {
        let session = Self.session([.value("n", .integer())]) { call in
            var value = Value.list([])
            for _ in 0..<(try call.integer("n")) { value = .list([value]) }
            return value
        }
        #expect(Answers.of("let a = probe 500", session) == [])
        #expect(Answers.of("let a = probe 501", session).first?.contains("values nest more than 500 deep") == true)
    }

    // MARK: - What is told while it works

    /// The events of a text, each in a word or two.
    private func events(_ text: String, _ session: Session) -> [String] {
        var events: [String] = []
        session.onEvent = { event in
            switch event {
            case .output(let bundle): events.append("output \(bundle.text)")
            case .progress(let line): events.append("progress \(line.plain)")
            case .panel(let rows): events.append("panel \(rows.map(\.plain).joined(separator: "/"))")
            case .progressEnded: events.append("ended")
            case .diagnostic(let diagnostic, _): events.append("error \(diagnostic.message)")
            case .timed: events.append("timed")
            }
        }
        session.run(SourceText(text))
        return events
    }

    @Test("progress is told with its panel before it, not again at once, and anew after it has ended")
    func progress() {
        let session = Self.session([.value("how", .integer())]) { call in
            call.progress(WorkProgress("first", 0, panel: ["a", "b"]))
            if try call.integer("how") == 1 { call.endProgress() }
            call.progress(WorkProgress("second", 0.5))
            call.output("line")
            call.output(DisplayBundle(lines: ["x", "y"]))
            call.endProgress()
            return .integer(7)
        }
        #expect(
            events("probe 1", session) == [
                "panel a/b", "progress first  0 %", "ended", "progress second  50 %", "output line", "output x\ny",
                "ended", "output 7",
            ])
        #expect(events("time probe 1", session).suffix(2) == ["timed", "output 7"])
        #expect(events("let x = probe 1", session).last == "ended")
    }

    @Test("who is interrupted is told once, and the next text runs")
    func interrupts() {
        let session = Self.session([.value("how", .integer())]) { call in
            call.interrupt.request()
            if try call.integer("how") == 1 { try call.checkInterrupt() }
            return .integer(1)
        }
        for how in [1, 2] {
            let before = session.nextResultNumber
            #expect(session.run(SourceText("let a = 1\nprobe \(how)\nlet b = 2")) == .interrupted)
            #expect(session.value(of: "a")?.asInteger == 1 && session.value(of: "b") == nil)
            #expect(session.nextResultNumber == before)
            #expect(session.run(SourceText("let c = repeated(1, 3)")) == .finished)
        }
        #expect(
            Answers.of("try { probe 1 } catch e { print e }\n1", session) == ["E309 probe: stopped | "])
    }

    // MARK: - Names

    @Test("a session knows its variables by kind and fields, and no result as one")
    func known() {
        let session = Self.session([])
        session.run(
            SourceText(
                "let r = [b: 1, a: 2]\nlet t = table([x: [1]])\nlet a = array([1])\nlet _own = 3\n5\ndef f() { 1 }\n"
                    + "let e = 1"
            ))
        let known = session.context.variables
        #expect(known["r"] == KnownVariable(typeName: "record", fields: ["b", "a"]))
        #expect(known["t"] == KnownVariable(typeName: "table", fields: ["x"]))
        #expect(known["a"] == KnownVariable(typeName: "array", fields: []))
        #expect(session.variables.map(\.name) == ["_own", "a", "e", "r", "t"])
        #expect(session.context.definitions.keys.sorted() == ["f"])
        session.define("e", .text("x"))
        #expect(session.context.variables["e"]?.typeName == "text")
        #expect(session.value(of: "_")?.asInteger == 5 && session.value(of: "missing") == nil)
    }

    @Test(
        "a definition has the first line of its comment for a summary and the others below, and its defaults as typed")
    func definitions() throws {
        let session = Self.session([])
        session.run(SourceText("# Adds up.\n# Twice,\n# if wanted.\ndef add(a, b, times: 1 + 1) { (a + b) * times }"))
        let signature = try #require(session.context.definitions["add"])
        #expect(signature.summary == "Adds up." && signature.discussion == "Twice,\nif wanted.")
        #expect(signature.parameters.map(\.label) == [nil, nil, "times"])
        #expect(signature.parameters.map(\.isRequired) == [true, true, false])
        #expect(signature.parameters.map(\.defaultText) == [nil, nil, "1 + 1"])
        #expect(signature.source == "def add(a, b, times: 1 + 1) { (a + b) * times }")
    }

    @Test("what the host writes in the language is a topic of its name, is called like a function, and hides nothing")
    func library() {
        let session = Self.session(
            [],
            library: [
                SourceText("# One.\ndef one() { two() - 1 }\n", name: "stdlib/small.icot"),
                SourceText("# Two.\ndef two() { 2 }\n# Three.\ndef three() { one() + two() }", name: "other.icot"),
            ])
        #expect(Answers.of("print one() two() three()\nlet two = 5\nprint one() two", session) == ["1 2 3", "1 5"])
        let topics = session.context.signatures.functionTopics
        #expect(topics.suffix(2).map(\.title) == ["small", "other"])
        #expect(topics.last?.names == ["two", "three"] && topics.last?.summary == "written in the language")
        #expect(topics.first?.title == "numbers" && topics.dropLast(2).last?.title == "the engine")
        #expect(session.context.definitions.isEmpty && session.variables.map(\.name) == ["two"])
    }

    @Test("of two signatures with one name the later is known, and a verb before a function")
    func tables() {
        var table = SignatureTable(
            verbs: [CommandSignature("a", "One."), CommandSignature("a", "Two.")],
            functions: [
                CommandSignature("a", "Three."), CommandSignature("b", "Four."), CommandSignature("b", "Five."),
            ])
        #expect(table["a"]?.summary == "Two." && table["b"]?.summary == "Five." && table["c"] == nil)
        table.add(function: CommandSignature("c", "Six."))
        table.add(verb: CommandSignature("b", "Seven."))
        #expect(
            table["c"]?.summary == "Six." && table["b"]?.summary == "Seven." && table.functions["b"]?.summary == "Five."
        )
    }

    @Test("each kind of argument has its word in the tables of help")
    func words() {
        let expected: [(ParameterKind, String)] = [
            (.integer(), "integer"), (.real(), "number"), (.number, "number"), (.boolean, "true/false"),
            (.text, "text"), (.path(.write), "path"), (.choice([.init("a"), .init("b")]), ".a .b"),
            (.selector(), ".name"), (.column, ".column"), (.list(of: .text), "list"), (.range, "range"),
            (.record, "record"), (.function, "function"), (.value("model"), "model"),
            (.oneOf([.text, .range]), "text or range"), (.any, "value"),
        ]
        for (kind, word) in expected { #expect(kind.word == word) }
        #expect(ParameterKind.list(of: .path(.read)).phrase == "a list of paths")
        #expect(ParameterKind.list(of: .column).phrase == "a list of columns")
        #expect(ParameterKind.list(of: .number).phrase == "a list of numbers")
        #expect(ParameterKind.real(0...1e6).phrase == "a number from 0 to 1000000")
        #expect(TypeName.withArticle("image") == "an image" && TypeName.withArticle("figure") == "a figure")
        #expect(TypeName.withArticle("real") == "a number" && TypeName.withArticle("problems") == "problems")
    }

    // MARK: - Imports

    @Test("an import that cannot be read says why, and where its path begins")
    func missingImports() throws {
        try withTemporaryFolder { folder in
            let session = Self.session([])
            session.importFolder = folder.path
            #expect(
                Answers.of("import \"gone.icot\"", session) == [
                    "E401 import: there is no file \"gone.icot\" | write the path from \(folder.path)"
                ])
            let refused = Answers.of("import \"\(folder.path)\"", session)
            #expect(refused.count == 1 && refused[0].hasPrefix("E403 import: \"\(folder.path)\" "))
            #expect(refused[0].hasSuffix(" | name a file of statements"))
        }
        #expect(
            Answers.of("import \"no such file.icot\"") == [
                "E401 import: there is no file \"no such file.icot\" | write the path from the current folder"
            ])
        #expect(Importer.resolved("a.icot", "") == "a.icot" && Importer.resolved("/a.icot", "/b") == "/a.icot")
        #expect(Importer.resolved("a.icot", "/b") == "/b/a.icot" && Importer.resolved("a.icot", "/b/") == "/b/a.icot")
    }

    @Test("of an imported file no verb runs, wherever in the value of a name it stands, and what calls none is there")
    func importedNames() throws {
        let risky = [
            "(probe 1)", "[1, (probe 1)]", "[a: (probe 1)]", "\"x{(probe 1)}\"", "0..<(probe 1)", "[1, 2][(probe 1)]",
            "(probe 1) + 1", "true and (probe 1) == 1", "-(probe 1)", "1 | probe", "try (probe 1)", "sqrt((probe 1))",
            "[a: 1, b: (probe 1)].a", "(time probe 1)", ".a[(probe 1)]", "own(1)",
        ]
        let plain = [
            "2 + 3", "sqrt(16)", "[1, 2][0]", "\"a{1 + 1}\"", "{ x in probe x }", "[a: 1].a", "2...4", "not true",
        ]
        var text = "def own(x) { probe x }\n"
        for (number, value) in risky.enumerated() { text += "let risky\(number) = \(value)\n" }
        for (number, value) in plain.enumerated() { text += "let plain\(number) = \(value)\n" }
        text += "def all() { [" + plain.indices.map { "plain\($0)" }.joined(separator: ", ") + "] }\n"
        for number in risky.indices { text += "def take\(number)() { risky\(number) }\n" }
        let seen = Seen()
        let session = Self.session([.value("n", .any)]) { call in
            seen.lines.append("ran")
            return .integer(0)
        }
        try withTemporaryFolder { folder in
            try writeFileAtomically(folder.path + "/names.icot", text.utf8)
            session.importFolder = folder.path
            #expect(Answers.of("import \"names.icot\"", session) == [])
            #expect(seen.lines == [])
            #expect(Answers.of("all()", session) == ["[5, 4.000, 1, \"a2\", { x in … }, 1, 2...4, false]"])
            for number in risky.indices {
                let found = Answers.of("take\(number)()", session)
                #expect(found.count == 1 && found[0].hasPrefix("E302 "), "\(risky[number]): \(found)")
            }
            #expect(seen.lines == [] && session.variables.isEmpty)
        }
    }
}

@Suite("The rules of imported names") struct ImportedNameRuleTests {
    @Test("a name of an imported file that was not worked out is told as it is written there")
    func names() throws {
        let text = "def own(x) { x }\nlet risky = own(1)\ndef take() { risky }\n"
        try withTemporaryFolder { folder in
            try writeFileAtomically(folder.path + "/names.icot", text.utf8)
            let session = TestSession.make()
            session.importFolder = folder.path
            #expect(Answers.of("import \"names.icot\"", session) == [])
            let found = Answers.of("take()", session)
            #expect(found == ["E302 'risky' has no value | write let risky = … before it"])
        }
    }
}

@Suite("The rules of what is listed") struct ListedRuleTests {
    private static let context = LanguageContext(
        signatures: SignatureTable(
            verbs: [
                CommandSignature(
                    "many", "Reads.", [.value("n", .any), .value("paths", .path(.read), repeated: true)]),
                CommandSignature(
                    "both", "Reads and writes.",
                    [.value("from", .path(.read)), .label("to", .oneOf([.path(.write), .boolean]))],
                    effects: [.writes("log"), .reads("settings"), .changes("the run", parts: "steps")]),
                CommandSignature("more", "Changes.", [], effects: [.changes("the run", parts: "steps")]),
                CommandSignature("other", "Changes.", [], effects: [.changes("the run", parts: "weights")]),
                CommandSignature("shell", "Runs.", [.value("line", .text)], effects: [.runsPrograms]),
            ], functions: [CommandSignature("length", "Counts.", [.value("values", .any)])]))

    private func uses(_ text: String, _ kind: KeyPath<Effects, [Effects.FileUse]>) -> [String] {
        let source = SourceText(text)
        return Effects.of(source, Self.context)[keyPath: kind].map {
            "\($0.verb) \($0.path ?? "?") at \(source.text($0.span))"
        }
    }

    @Test("a file is listed with the verb and the words that name it, one of the verb's own with the verb")
    func places() {
        #expect(uses("both \"a\" to: \"b\"", \.writes) == ["both b at to: \"b\"", "both log at both"])
        #expect(uses("both \"a\"", \.reads) == ["both a at \"a\"", "both settings at both"])
        #expect(uses("\"a\" | both to: true", \.reads) == ["both ? at both", "both settings at both"])
        #expect(uses("both \"a\" to: true", \.writes) == ["both log at both"])
        #expect(uses("import \"x.icot\"", \.reads) == ["import x.icot at \"x.icot\""])
        #expect(uses("shell \"ls\"", \.programs) == ["shell ls at shell"])
    }

    @Test("of many values by place each is a path where the last of them may be many")
    func many() {
        #expect(
            uses("many 1 \"a\" \"b\" \"c\"", \.reads) == ["many a at \"a\"", "many b at \"b\"", "many c at \"c\""])
        #expect(uses("many \"x\" \"a\"", \.reads) == ["many a at \"a\""])
        #expect(uses("1 | many \"a\" \"b\"", \.reads) == ["many a at \"a\"", "many b at \"b\""])
    }

    @Test("a state that is changed is listed once for each part of it, and what only computes lists nothing")
    func changes() {
        func changes(_ text: String) -> [String] {
            Effects.of(SourceText(text), Self.context).changes.map { "\($0.state): \($0.parts)" }
        }
        #expect(changes("more\nmore\nboth \"a\"") == ["the run: steps"])
        #expect(changes("more\nother\nmore") == ["the run: steps", "the run: weights"])
        #expect(changes("length([1])") == [])
        #expect(
            CommandEffect.reads("a").isDeed && CommandEffect.runsPrograms.isDeed && CommandEffect.entersFolder.isDeed)
        #expect(!CommandEffect.changes("a", parts: "b").isDeed && CommandEffect.holds(unless: "a").isDeed)
    }
}
