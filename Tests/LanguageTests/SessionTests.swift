// A session as a front end and a host see it.

import Foundation
import Language
import TestSupport
import Testing

@Suite("A session") struct SessionTests {
    /// A host with a counter as its state.
    private final class Host {
        var state = 0
        var vocabulary: Vocabulary {
            Vocabulary(
                verbs: [
                    Command(
                        CommandSignature(
                            "advance", "Counts on.",
                            [
                                .value("count", .integer(1...100), default: "2"),
                                .label("side", .choice([.init("left"), .init("right")]), default: ".left"),
                                .label("scale", .real(0...10)), .label("with", .function),
                            ],
                            effects: [.changesRun])
                    ) { call in
                        self.state += try call.integer("count")
                        call.output(
                            "at \(self.state) \(try call.choice("side")) \(call.isGiven("count")) \(call.realIfPresent("scale").map { "\($0)" } ?? "-")"
                        )
                        if let function = call["with"] { return try call.call(function, [.integer(self.state)]) }
                        return .none
                    },
                    Command(CommandSignature("breaks", "Fails.", [.value("how", .any)])) { call in
                        switch try call.value("how").asInteger {
                        case 0: throw HostFailure.known
                        case 1: throw HostFailure.unknown
                        default: throw call.failure("no such failure", at: "how", help: "write breaks 0")
                        }
                    },
                    Command(
                        CommandSignature(
                            "collect", "Looks at rows.", [.value("words", .text, repeated: true)], acceptsWhere: true,
                            acceptsBy: true)
                    ) { call in
                        let rows: [RecordObject] = (0..<4).map {
                            RecordObject([("n", .integer($0)), ("kind", .text($0 % 2 == 0 ? "even" : "odd"))])
                        }
                        let kept = try rows.filter { try call.predicate?($0) ?? true }
                        let keys = try kept.map { row in
                            try call.keys.map { "\($0.name)=\(try $0.value(row).text)" }.joined(separator: ",")
                        }
                        return .list(try call.list("words") + keys.map { .text($0) })
                    },
                ], library: [SourceText("# Adds one.\ndef plus_one(x) { x + 1 }", name: "library")],
                explain: { error in
                    (error as? HostFailure) == .known
                        ? Explanation(.fileMissing, "the file is gone", help: "bring it back") : nil
                },
                capture: {
                    let saved = self.state
                    return { self.state = saved }
                }, status: { StyledText("at \(self.state)") })
        }
    }

    private enum HostFailure: Error { case known, unknown }

    private func session() -> (Session, TestSession.Recorder, Host) {
        let host = Host()
        let session = Session(host.vocabulary)
        return (session, TestSession.Recorder(session), host)
    }

    @Test("binds arguments, fills in defaults and calls functions back")
    func binding() {
        let (session, recorder, _) = session()
        session.run(SourceText("advance\nadvance 3 side: .right scale: 2\nadvance(1, with: { n in n * 10 })"))
        #expect(recorder.lines == ["at 2 left false -", "at 5 right true 2.0", "at 6 left true -", "60"])
        #expect(session.status?.plain == "at 6")
    }

    @Test(
        "checks arguments again while running, with the words at fault underlined",
        arguments: [
            ("let n = [200][0]\nadvance n", "E305", "n"), ("let s = [.up][0]\nadvance side: s", "E305", "s"),
            ("let r = [\"x\"][0]\nadvance scale: r", "E305", "r"),
            ("breaks (2 + 1)", "E310", "(2 + 1)"), ("breaks 0", "E401", "breaks 0"), ("breaks 1", "E310", "breaks 1"),
            ("let f = [advance][0]\nf(1, 2)", "E305", "2"),
            ("let f = [{ x in x }][0]\nf(1, 2)", "E305", "f(1, 2)"),
        ])
    func runtimeChecks(text: String, code: String, underlined: String) {
        let (session, recorder, _) = session()
        let source = SourceText(text.replacing("[advance]", with: "[plus_one]"))
        session.run(source)
        #expect(recorder.errors.map(\.code.rawValue) == [code], "\(recorder.errors)")
        if !text.contains("advance][0]") { #expect(recorder.errors.first.map { source.text($0.span) } == underlined) }
    }

    @Test("explains the errors of the host")
    func explanations() {
        let (session, recorder, _) = session()
        session.run(SourceText("breaks 0"))
        #expect(recorder.errors.first?.message == "breaks: the file is gone")
        #expect(recorder.errors.first?.help == "bring it back")
        recorder.clear()
        session.run(SourceText("let e = try breaks 0\nprint e.code \"{e}\""))
        #expect(recorder.lines == ["E401 breaks: the file is gone"])
    }

    @Test("gives where and by to the host as functions of its rows")
    func clauses() {
        let (session, recorder, _) = session()
        session.run(SourceText("let least = 1\ncollect \"a\" \"b\" where .n >= least by [.kind, .n * 2]"))
        #expect(
            recorder.lines == ["[\"a\", \"b\", \"kind=odd,.n * 2=2\", \"kind=even,.n * 2=4\", \"kind=odd,.n * 2=6\"]"])
        recorder.clear()
        session.run(SourceText("collect \"a\" where .m > 1"))
        #expect(recorder.errors.first?.code == .runtimeField)
        #expect(recorder.errors.first?.message == "the row has no field 'm'")
    }

    @Test("leaves variables as they were before the statement that fails")
    func failure() {
        let (session, recorder, _) = session()
        session.run(SourceText("let xs = [1, 2]\nlet t = \"a\""))
        let outcome = session.run(
            SourceText(
                "xs[0] = 5\nfor k in 0..<3 { xs[1] = k; t = t + \"b\"; if k == 2 { error(\"late\") } }\nxs[0] = 7"))
        #expect(outcome == .failed(.userError))
        #expect(session.value(of: "xs")?.text == "[5, 2]")
        #expect(session.value(of: "t")?.text == "a")
        #expect(recorder.errors.count == 1)
    }

    @Test("runs nothing of a text with errors that can be known before")
    func checkedFirst() {
        let (session, recorder, host) = session()
        #expect(session.run(SourceText("advance 1\nadvence 1\nadvance cuont: 2")) == .failed(.unknownVerb))
        #expect(recorder.errors.map(\.code) == [.unknownVerb, .unknownLabel])
        #expect(host.state == 0)
    }

    @Test("goes back to a checkpoint with variables and host")
    func checkpoints() {
        let (session, _, host) = session()
        session.run(SourceText("let x = 1\nadvance 5\ndef f() { 1 }\nlet xs = [1]"))
        let kept = session.checkpoint()
        session.run(SourceText("x = 2\nlet y = 3\nadvance 7\nxs[0] = 9\ndef g() { 2 }\n1 + 1"))
        #expect(host.state == 12)
        session.restore(kept)
        #expect(host.state == 5)
        #expect(session.value(of: "x")?.asInteger == 1)
        #expect(session.value(of: "xs")?.text == "[1]")
        #expect(session.value(of: "y") == nil)
        #expect(session.context.definitions["g"] == nil && session.context.definitions["f"] != nil)
        #expect(session.nextResultNumber == 1)
    }

    @Test("undoes the last statement that changed a variable, again and again")
    func undo() {
        let (session, recorder, _) = session()
        session.run(SourceText("let x = 1\nx = 2\nprint x\nx = 3\nlet y = 4"))
        session.run(SourceText("undo"))
        #expect(session.value(of: "y") == nil)
        session.run(SourceText("undo"))
        #expect(session.value(of: "x")?.asInteger == 2)
        session.run(SourceText("undo\nprint x"))
        #expect(recorder.lines.last == "1")
        session.run(SourceText("undo\nundo"))
        #expect(recorder.errors.last?.code == .commandFailed)
    }

    @Test("numbers results and tells what is known for completion")
    func context() {
        let (session, recorder, _) = session()
        session.run(SourceText("40 + 2\nlet r = [name: 1]\n\"text\""))
        #expect(session.nextResultNumber == 3)
        session.run(SourceText("print _1 _2 _"))
        #expect(recorder.lines.last == "42 text text")
        #expect(session.context.variables["r"] == KnownVariable(typeName: "record", fields: ["name"]))
        #expect(session.context.variables.keys.sorted() == ["r"])
        #expect(session.context.signatures.functions["plus_one"]?.summary == "Adds one.")
        session.run(SourceText("print plus_one(4)"))
        #expect(recorder.lines.last == "5")
        session.define("n", .integer(7))
        session.run(SourceText("print (n + 1)"))
        #expect(recorder.lines.last == "8")
        #expect(session.variables.map(\.name) == ["n", "r"])
    }

    @Test("runs statements one by one, those with errors of their own failing with them")
    func oneByOne() {
        let (session, recorder, _) = session()
        let prepared = session.prepare(SourceText("let a = 1\nprint missing\na = a + 1\nprint a"))
        #expect(
            prepared.statements.indices.map { session.run(prepared, statement: $0) } == [
                .finished, .failed(.unknownName), .finished, .finished,
            ])
        #expect(recorder.lines == ["2"])
    }

    @Test("tells the text that an error lies in, also when a definition is older")
    func sources() {
        let (session, recorder, _) = session()
        session.run(SourceText("def f(x) { x / 0 }", name: "cell 1"))
        session.run(SourceText("print 1\nf(3)", name: "cell 2"))
        #expect(recorder.sources.map(\.name) == ["cell 1"])
        #expect(recorder.errors.first.map { recorder.sources[0].text($0.span) } == "x / 0")
    }

    @Test("times what it is asked to")
    func timing() {
        let (session, recorder, _) = session()
        session.run(SourceText("time 1 + 1\nlet x = (time 3)"))
        #expect(recorder.timings == 2)
        #expect(recorder.lines == ["2"])
    }

    @Test("imports the verbs of a file and nothing else, with the file's own names behind them")
    func imports() throws {
        try withTemporaryFolder { folder in
            try
                "let factor = 3\nlet risky = (advance 50)\n# Times three.\ndef scaled(x) { x * factor }\nadvance 9\nimport \"more.icot\"\n"
                .write(
                    to: folder.appending(path: "helpers.icot"), atomically: true, encoding: .utf8)
            try "def twice(x) { x * 2 }\n".write(
                to: folder.appending(path: "more.icot"), atomically: true, encoding: .utf8)
            try "import \"mutual.icot\"\ndef m() { 1 }\n".write(
                to: folder.appending(path: "mutual.icot"), atomically: true, encoding: .utf8)
            let (session, recorder, host) = session()
            session.importFolder = folder.path
            session.run(SourceText("import \"helpers.icot\"\nlet factor = 100\nscaled 5\ntwice(4)"))
            #expect(recorder.errors.isEmpty, "\(recorder.errors)")
            #expect(recorder.lines == ["15", "8"])
            #expect(host.state == 0)
            #expect(session.variables.map(\.name) == ["factor"])
            recorder.clear()
            session.run(SourceText("import \"nowhere.icot\""))
            #expect(recorder.errors.first?.code == .fileMissing)
            recorder.clear()
            session.run(SourceText("import \"mutual.icot\""))
            #expect(recorder.errors.first?.code == .stackTooDeep)
        }
    }

    @Test("stays quick with ten thousand variables")
    func manyVariables() {
        let (session, _, _) = session()
        session.run(SourceText((0..<10_000).map { "let v\($0) = \($0)" }.joined(separator: "\n")))
        #expect(session.context.variables.count == 10_000)
        #expect(session.run(SourceText("v77 = v78 + v9999")) == .finished)
        #expect(session.value(of: "v77")?.asInteger == 78 + 9999)
    }
}
