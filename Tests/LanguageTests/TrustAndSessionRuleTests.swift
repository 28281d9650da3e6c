// Rules of what a text may do and of what a session keeps: what is listed before it runs and asked about while it runs,
// what is refused, what an import brings, what undo takes back; and of what the checker knows of names.

import Foundation
import Support
import TestSupport
import Testing

@testable import Language

@Suite("The rules of trust") struct TrustRuleTests {
    /// A session of verbs with each kind of effect, which note what they did.
    private static func session(_ done: @escaping (String) -> Void = { _ in }) -> Session {
        func command(_ signature: CommandSignature) -> Command {
            Command(signature) { _ in
                done(signature.name)
                return .none
            }
        }
        return Session(
            Vocabulary(verbs: [
                command(CommandSignature("put", "Writes.", [.value("value", .any), .value("path", .path(.write))])),
                command(CommandSignature("fetch", "Reads.", [.value("path", .path(.read), default: "\"own.txt\"")])),
                command(CommandSignature("peek", "Looks.", [.value("path", .path(.look))])),
                command(
                    CommandSignature(
                        "hold", "Goes on.", [.value("path", .path(.read)), .label("keep", .boolean, default: "true")],
                        effects: [.holds(unless: "keep")])),
                command(
                    CommandSignature(
                        "begin", "Begins.", [.label("name", .text), .label("on", .boolean)],
                        effects: [.writesNamed(folder: "runs/", label: "name", goingOn: "on")])),
                command(CommandSignature("call", "Runs.", [.value("line", .text)], effects: [.runsPrograms])),
                command(CommandSignature("enter", "Goes.", [.value("path", .text)], effects: [.entersFolder])),
                command(
                    CommandSignature(
                        "ask", "Asks.",
                        [
                            .label("at", .text), .label("into", .path(.look), default: "\"kept.jsonl\""),
                            .label("really", .boolean, default: "true"),
                        ], effects: [.asks(at: "at", keeping: "into", unless: "really")])),
                command(
                    CommandSignature(
                        "copy", "Copies.", [.value("from", .path(.read)), .value("to", .path(.write))],
                        effects: [.writes("log.txt")])),
            ]))
    }

    /// The deeds that a session asks about while a text runs.
    private static func asked(_ text: String) -> [Deed] {
        var deeds: [Deed] = []
        let session = session()
        session.refusal = { deed in
            deeds.append(deed)
            return nil
        }
        #expect(session.run(SourceText(text)) == .finished, "\(text)")
        return deeds
    }

    @Test("every deed of a command is asked about, in the order of its arguments and then of its own")
    func deeds() {
        #expect(Self.asked("copy \"a\" \"b\"") == [.reads("a"), .writes("b"), .writes("log.txt")])
        #expect(Self.asked("fetch") == [.reads("own.txt")] && Self.asked("peek \"x\"") == [])
        #expect(Self.asked("call \"rm x\"") == [.runs("rm x")] && Self.asked("enter \"x\"") == [.enters("x")])
        #expect(Self.asked("\"x\" | enter") == [.enters("x")] && Self.asked("\"a\" | copy \"b\"").first == .reads("a"))
        #expect(Self.asked("begin") == [] && Self.asked("begin name: \"n\"") == [.writes("runs/n")])
        #expect(Self.asked("hold \"r\"") == [.reads("r"), .writes("r")])
        #expect(Self.asked("hold \"r\" keep: true") == [.reads("r"), .writes("r")])
        #expect(Self.asked("hold \"r\" keep: false") == [.reads("r")])
        #expect(Self.asked("let k = false\nhold \"r\" keep: k") == [.reads("r")])
        #expect(Self.asked("ask") == [] && Self.asked("ask really: false") == [])
        #expect(Self.asked("ask at: \"http://a\"") == [.asks("http://a"), .writes("kept.jsonl")])
        #expect(Self.asked("let b = false\nask at: \"http://a\" into: \"f\" really: b") == [.reads("f")])
        // As often as it is done, and not where it is not.
        #expect(Self.asked("for k in 0..<3 { put k \"f{k}\" }") == [.writes("f0"), .writes("f1"), .writes("f2")])
        #expect(Self.asked("if false { put 1 \"f\" }") == [])
    }

    @Test("a command that is refused has not run, says why and what to do, and what came before it stands")
    func refusal() {
        var ran: [String] = []
        var told: [String] = []
        let session = Self.session { ran.append($0) }
        let recorder = TestSession.Recorder(session)
        session.onFile = { path, _ in told.append(path) }
        session.refusal = { $0 == .writes("b") ? Refusal("not there", help: "write elsewhere") : nil }
        let outcome = session.run(SourceText("let x = 1\nput 1 \"a\"\nput 2 \"b\"\nput 3 \"c\""))
        #expect(outcome == .failed(.fileRefused) && ran == ["put"] && told == ["a"])
        #expect(recorder.errors.map(\.message) == ["put: not there"] && recorder.errors[0].help == "write elsewhere")
        #expect(session.value(of: "x")?.asInteger == 1)
        // What catches it knows it, and it has not run all the same.
        recorder.clear()
        session.run(SourceText("let e = try put 2 \"b\"\nprint e.code e.help"))
        #expect(ran == ["put"] && recorder.lines == ["E403 write elsewhere"], "\(recorder.lines)")
        // The later of two deeds is enough.
        session.refusal = { $0 == .writes("log.txt") ? Refusal("no") : nil }
        #expect(session.run(SourceText("copy \"a\" \"z\"")) == .failed(.fileRefused) && ran == ["put"])
    }

    @Test("what is held is listed as written unless the text says false, and a value that is not known is no false")
    func holding() {
        func writes(_ text: String) -> [String?] {
            Effects.of(SourceText(text), Self.session().context).writes.map(\.path)
        }
        #expect(writes("hold \"r\"") == ["r"] && writes("hold \"r\" keep: true") == ["r"])
        #expect(writes("hold \"r\" keep: false") == [] && writes("let k = false\nhold \"r\" keep: k") == ["r"])
        #expect(writes("\"r\" | hold") == ["r"] && writes("let p = \"r\"\nhold p") == [nil])
        #expect(writes("hold \"r\" keep: (not true)") == ["r"])
    }

    @Test("what goes on with what is there is told apart from what begins anew")
    func goingOn() {
        func goesOn(_ text: String) -> [Bool] {
            Effects.of(SourceText(text), Self.session().context).writes.map(\.goesOn)
        }
        #expect(goesOn("begin name: \"n\"") == [false] && goesOn("begin name: \"n\" on: false") == [false])
        #expect(goesOn("begin name: \"n\" on: true") == [true])
        #expect(goesOn("let b = false\nbegin name: \"n\" on: b") == [true] && goesOn("begin on: true") == [])
    }

    @Test("programs and folders are listed with their lines and places, and looking is no effect")
    func programs() {
        func effects(_ text: String) -> Effects { Effects.of(SourceText(text), Self.session().context) }
        #expect(effects("call \"rm\"\n\"ls\" | call").programs.map(\.path) == ["rm", "ls"])
        #expect(effects("let l = \"rm\"\ncall l").programs.map(\.path) == [nil])
        #expect(effects("enter \"x\"\nenter \"a{1}\"").entered.map(\.path) == ["x", nil])
        let looking = effects("peek \"x\"")
        #expect(looking.reads.isEmpty && looking.writes.isEmpty)
        // A file that a verb has of its own is read though nobody names it; one by default is not in the text.
        #expect(effects("copy \"a\" \"b\"").writes.map(\.path) == ["b", "log.txt"])
        #expect(effects("import \"i.icot\"").reads.map { "\($0.verb) \($0.path ?? "")" } == ["import i.icot"])
        // What cannot be a text is no path.
        for value in ["1", "2.5", "true", "none", ".left", "[a: 1]", "0...2", "{ x in x }"] {
            #expect(effects("put 1 \(value)").writes.isEmpty, "\(value)")
        }
        #expect(effects("put 1 [\"a\", 3, \"b\"]").writes.map(\.path) == ["a", "b"])
    }
}

@Suite("The rules of what is kept") struct KeptRuleTests {
    @Test("an import is looked for beside the file that asks for it, is told, and of its lines only definitions count")
    func imports() throws {
        try withTemporaryFolder { folder in
            let files = [
                ("lib/a.icot", "import \"b.icot\"\nlet two = 2\ndef doubled(x) { twice(x) * two / 2 }\n"),
                ("lib/b.icot", "def twice(x) { x * 2 }\nprint \"b is run\"\n"),
                ("bad.icot", "def f() { 1 }\nlet x = missing\n"),
            ]
            for (path, text) in files { try writeFileAtomically(folder.path + "/" + path, text.utf8) }
            let session = TestSession.make()
            let recorder = TestSession.Recorder(session)
            session.importFolder = folder.path
            var told: [String] = []
            session.onFile = { path, use in told.append("\(use) \(path)") }
            session.run(SourceText("import \"lib/a.icot\"\ndoubled(5)\ntwice(5)"))
            #expect(
                recorder.errors.isEmpty && recorder.lines == ["10.00", "10"], "\(recorder.errors) \(recorder.lines)")
            #expect(told.first == "read \(folder.path)/lib/a.icot")
            #expect(session.variables.isEmpty && session.context.definitions["twice"] != nil)
            recorder.clear()
            // What is wrong in it is said with its own text.
            session.run(SourceText("import \"bad.icot\""))
            #expect(recorder.errors.map(\.code) == [.unknownName] && recorder.sources.map(\.name) == ["bad.icot"])
        }
    }

    @Test("undo takes back a definition as it takes back a variable")
    func undoneDefinition() {
        let session = TestSession.make()
        let recorder = TestSession.Recorder(session)
        session.run(SourceText("let x = 1"))
        session.run(SourceText("def f() { 7 }"))
        #expect(session.context.definitions["f"] != nil)
        session.run(SourceText("undo"))
        #expect(session.context.definitions["f"] == nil && session.value(of: "x")?.asInteger == 1)
        recorder.clear()
        session.run(SourceText("f()"))
        #expect(recorder.errors.map(\.code) == [.unknownName])
    }

    @Test("each statement of a text that was read as a whole fails with its own errors alone")
    func ownErrors() {
        let session = TestSession.make()
        let recorder = TestSession.Recorder(session)
        let prepared = session.prepare(SourceText("print missing\nprint 1\nprint other third"))
        #expect(prepared.statements.count == 3)
        #expect((0..<4).map { prepared.diagnostics(ofStatement: $0).count } == [1, 0, 2, 0])
        #expect(session.run(prepared, statement: 1) == .finished && recorder.lines == ["1"])
        #expect(session.run(prepared, statement: 2) == .failed(.unknownName) && recorder.errors.count == 2)
        #expect(session.run(prepared, statement: 7) == .finished)
    }

    @Test("an error that is raised again is the same error, at the same place")
    func raisedAgain() {
        let session = TestSession.make()
        let recorder = TestSession.Recorder(session)
        session.run(SourceText("let e = try 1 // 0\n\nerror(e)"))
        #expect(recorder.errors.map(\.code) == [.runtimeArithmetic])
        #expect(recorder.errors.first.map { recorder.sources[0].text($0.span) } == "1 // 0")
        recorder.clear()
        session.run(SourceText("let mine = try error(\"own\")\nprint mine.code mine.message mine.help mine.line"))
        #expect(recorder.lines == ["E311 own none 1"])
        #expect(session.value(of: "mine")?.json == "{\"error\":\"E311\",\"message\":\"own\"}")
    }

    @Test("of ten thousand numbers an array gives all as JSON, of more none")
    func longArrays() {
        func json(_ count: Int) -> String? {
            ArrayObject(shape: [count], values: [Float](repeating: 1, count: count)).display(DisplayOptions()).json
        }
        #expect(json(10_000)?.hasPrefix("[1.0,1.0,") == true && json(10_001) == nil)
    }

    @Test("the keys of a large record stay where they are, whatever is given to them")
    func largeRecords() {
        let differences = ScriptRunner.differences(
            """
            let r = [a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7, h: 8, i: 9, j: 10]
            r["c"] = 30
            r["k"] = 11
            r.j = 100
            r
            #> [a: 1, b: 2, c: 30, d: 4, e: 5, f: 6, g: 7, h: 8, i: 9, j: 100, k: 11]
            print r["k"] contains(r, "j") contains(r, "l") length(r)
            #> 11 true false 11
            r["l"]
            #! E306
            [a: 1, a: 2]
            #! E214
            """, name: "records")
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }

    // MARK: - What is shown

    @Test("a line is cut only where it does not fit, by columns, and a word that is too long stays whole")
    func fitted() {
        func cut(_ text: String, _ width: Int) -> String { Fitted.line(StyledText(text), width: width).plain }
        #expect(cut("abcd", 4) == "abcd" && cut("abcde", 4) == "abc…" && cut("", 4) == "")
        // A wide sign needs both of its columns.
        #expect(cut("漢字a", 5) == "漢字a" && cut("漢字a", 4) == "漢…")
        #expect(Fitted.wrapped("aa bb cc", width: 5) == ["aa bb", "cc"])
        #expect(Fitted.wrapped("aa bb cc", width: 4) == ["aa", "bb", "cc"])
        #expect(Fitted.wrapped("abcdef g", width: 3) == ["abcdef", "g"] && Fitted.wrapped("", width: 3) == [])
    }

    @Test("a rate is told after half a second, with a decimal below ten, and a share is rounded down")
    func rates() {
        func line(_ seconds: Double, _ done: Double, of total: Double? = 1000) -> String {
            var meter = ProgressMeter()
            _ = meter.line(WorkProgress("work", 0, of: total, unit: "step"), at: 0)
            return meter.line(WorkProgress("work", done, of: total, unit: "step"), at: seconds).plain
        }
        #expect(line(0.4, 10) == "work  10 of 1,000  1 %")
        #expect(line(0.5, 10).contains("  20 steps/s  "))
        #expect(line(10, 99).contains("  9.9 steps/s  ") && line(10, 99.5).contains("  10 steps/s  "))
        #expect(line(1, 999).contains("  99 %  ") && line(1, 1000).hasSuffix("  100 %  1,000 steps/s"))
        #expect(line(1, 0) == "work  0 of 1,000  0 %")
        #expect(!line(1, 10, of: nil).contains("left"))
    }
}

@Suite("The rules of names") struct NameRuleTests {
    private func found(_ text: String) -> [String] {
        Checker.diagnose(SourceText(text), TestSession.make().context).map { "\($0.code.rawValue) \($0.help ?? "")" }
    }

    @Test(
        "what cannot be given a value is told by what it is",
        arguments: [
            ("_ = 3", "E211 write let name = …"), ("_3 = 3", "E211 write let name = …"),
            ("sqrt = 3", "E210 write let sqrt_1 = …"), ("zzz = 3", "E211 write let zzz = …"),
            ("let total = 1\ntotl = 3", "E211 write total = …, or let totl = … for a new name"),
        ])
    func targets(_ text: String, _ expected: String) { #expect(found(text) == [expected]) }

    @Test(
        "what others call constants and functions is told by icot's own name",
        arguments: [
            ("print null", "none"), ("print nil", "none"), ("print None", "none"), ("print undefined", "none"),
            ("print NaN", "nan()"), ("print inf", "infinity()"), ("print True", "true"), ("print False", "false"),
            ("len([1])", "length(…)"), ("size([1])", "length(…)"), ("str(1)", "text(…)"), ("string(1)", "text(…)"),
            ("int(1.5)", "integer(…)"), ("float(\"1\")", "number(…)"), ("average([1])", "mean(…)"),
            ("stddev([1])", "std(…)"),
            ("uppercase(\"a\")", "upper(…)"), ("reverse([1])", "reversed(…)"), ("println(1)", "print(…)"),
        ])
    func foreign(_ text: String, _ name: String) { #expect(found(text) == ["E202 write \(name)"]) }

    @Test(
        "a name is known where it was given, in functions also where it is given later, and in no block that has ended")
    func scopes() {
        #expect(found("let a = 1\nif true { print a }") == [] && found("print a\nlet a = 1").count == 1)
        #expect(found("def f() { later }\nlet later = 1\nf()") == [])
        #expect(
            found("for k in 0..<2 { let z = 1 }\nprint z").count == 1
                && found("for k in 0..<2 { 1 }\nprint k").count == 1)
        #expect(found("if true { def g() { 1 } }\ng()").count == 1 && found("if true { def g() { 1 }\ng() }") == [])
        #expect(found("let f = { x in x }\nprint x").count == 1)
        #expect(found("try { 1 } catch e { print e }\nprint e").count == 1)
    }

    @Test("the kind of a variable is known as long as it is given no other value")
    func kinds() {
        #expect(found("let n = 3\nupper(n)") == ["E208 write a text in quotes"])
        #expect(found("let n = 3\nn = \"a\"\nupper(n)") == [])
        #expect(found("def f() { n = \"a\" }\nlet n = 3\nupper(n)") == [])
        #expect(found("let n = 3 / 2\nupper(n)").count == 1 && found("let n = 3 == 2\nhead [1] n").count == 1)
        #expect(found("let n = -(3)\nhead [1] n").isEmpty && found("let n = 1 + 2\nhead [1] n") == [])
        #expect(found("let n = 1 + 2.0\nhead [1] n").count == 1)
    }

    @Test("the fields of a record are known as long as it is given no other value, also inside of it")
    func fields() {
        #expect(found("let s = [digits: 4]\nprint s.other") == ["E215 it has digits"])
        #expect(found("let s = [digits: 4]\nprint s.digit") == ["E215 write s.digits"])
        #expect(found("let s = [digits: 4]\ns = [other: 1]\nprint s.other") == [])
        #expect(
            found("let k = [a: [b: 1]]\nprint k.a.c") == ["E215 it has b"]
                && found("let k = [a: [b: 1]]\nprint k.a.b") == [])
        #expect(found("let k = 3\nprint k.a") == ["E215 it has no fields"])
    }

    @Test("who takes a clause, and what makes a value that is wanted, is told")
    func takers() {
        #expect(found("print 1 where .a > 1") == ["E212 where belongs to filter"])
        #expect(found("vars by .a") == ["E212 by belongs to group"])
        #expect(
            found("let t = table([a: [1]])\nlet u = table([b: [1]])\nsort 3 .a") == ["E208 write t or u"])
        #expect(
            found("let xs = [1]\nxs(0)") == ["E208 write xs[0]"]
                && found("3 | vars") == ["E206 write it on a line of its own"])
    }

    @Test("what is not true or false decides nothing")
    func truths() {
        for (text, word) in [
            ("not 1", "not"), ("1 and true", "and"), ("true and 1", "and"), ("0 or true", "or"), ("if [] { 1 }", "if"),
            ("while none { }", "while"), ("let t = table([a: [1]])\nfilter t where .a", "where"),
        ] {
            let session = TestSession.make()
            let recorder = TestSession.Recorder(session)
            session.run(SourceText(text))
            #expect(recorder.errors.map(\.code) == [.runtimeType], "\(text)")
            #expect(recorder.errors.first?.message.contains("'\(word)' takes true or false") == true, "\(text)")
        }
    }
}
