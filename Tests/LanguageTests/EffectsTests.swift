// What a text would do to the world is listed wherever in the grammar the command stands, and told to the session again
// while it runs.

import Foundation
import Language
import TestSupport
import Testing

@Suite("Effects") struct EffectsTests {
    /// Verbs with each kind of effect, which note what they did.
    private static func session(_ done: @escaping (String) -> Void = { _ in }) -> Session {
        func command(_ signature: CommandSignature) -> Command {
            Command(signature) { _ in
                done(signature.name)
                return .none
            }
        }
        return Session(
            Vocabulary(verbs: [
                command(CommandSignature("write", "Writes.", [.value("value", .any), .value("path", .path(.write))])),
                command(CommandSignature("save", "Saves.", [.value("path", .path(.write))])),
                command(
                    CommandSignature(
                        "draw", "Draws.",
                        [.value("x", .any), .label("to", .oneOf([.path(.write), .list(of: .path(.write))]))])),
                command(
                    CommandSignature(
                        "start", "Starts.",
                        [
                            .value("model", .any), .label("name", .text), .label("size", .integer()),
                            .label("resume", .boolean),
                        ],
                        effects: [.changesRun, .writesNamed(folder: "runs/", label: "name", goingOn: "resume")])),
                command(CommandSignature("mark", "Marks.", [.value("name", .text)], effects: [.changesRun])),
                command(
                    CommandSignature(
                        "resume", "Goes on.", [.value("path", .oneOf([.path(.read), .list(of: .path(.read))]))],
                        effects: [.changesRun])),
                command(CommandSignature("note", "Writes its own file.", [], effects: [.writes("notes.txt")])),
                command(CommandSignature("recall", "Reads its own file.", [], effects: [.reads("history")])),
                command(
                    CommandSignature("shell", "Runs a program.", [.value("line", .text)], effects: [.runsPrograms])),
                command(
                    CommandSignature(
                        "ask", "Asks.",
                        [
                            .label("at", .text), .label("into", .path(.look), default: "\"kept.jsonl\""),
                            .label("really", .boolean, default: "true"),
                        ], effects: [.asks(at: "at", keeping: "into", unless: "really")])),
                command(
                    CommandSignature("copy", "Copies.", [.value("from", .path(.read)), .value("to", .path(.write))])),
            ]))
    }

    /// A command and what it is to be listed as.
    private static let commands: [(command: String, effect: @Sendable (Effects) -> Bool)] = [
        ("(write 1 \"gone.txt\")", { $0.writes.contains { $0.path == "gone.txt" && $0.verb == "write" } }),
        ("(save \"gone.icot\")", { $0.writes.contains { $0.path == "gone.icot" && $0.verb == "save" } }),
        ("(draw 1 to: \"gone.svg\")", { $0.writes.contains { $0.path == "gone.svg" && $0.verb == "draw" } }),
        (
            "(start 1 name: \"gone\")",
            {
                $0.changes.map(\.state) == ["the current run"]
                    && $0.writes.contains { $0.path == "runs/gone" }
            }
        ),
        ("(mark \"gone\")", { $0.changes.map(\.state) == ["the current run"] }),
        (
            "(resume \"gone\")",
            {
                $0.changes.map(\.state) == ["the current run"]
                    && $0.reads.contains { $0.path == "gone" && $0.verb == "resume" }
            }
        ),
        ("(shell \"rm\")", { $0.programs.contains { $0.verb == "shell" } }),
        (
            "(ask at: \"http://gone\")",
            { $0.asked.contains { $0.path == "http://gone" } && $0.writes.contains { $0.path == "kept.jsonl" } }
        ),
        ("(note)", { $0.writes.contains { $0.path == "notes.txt" } }),
        ("write(1, \"gone.txt\")", { $0.writes.contains { $0.path == "gone.txt" } }),
    ]

    @Test("of a command are listed in every place of the grammar, and in every place inside another")
    func everywhere() {
        let context = Self.session().context
        var missed: [String] = [], broken: [String] = []
        for (command, isListed) in Self.commands {
            // All pairs of places for one verb, each place for the others.
            let positions =
                command == Self.commands[0].command
                ? EffectPosition.all : EffectPosition.statements + EffectPosition.values
            for position in positions {
                let text = EffectPosition.preamble + position.filled(with: command)
                let source = SourceText(text)
                let parsed = Parser.parse(source, context)
                if !parsed.diagnostics.isEmpty { broken.append("\(text)\n\(parsed.diagnostics.map(\.message))") }
                if !isListed(Effects.of(parsed, context)) { missed.append(text) }
            }
        }
        #expect(broken.isEmpty, "\(broken.count) cannot be read, such as\n\(broken.prefix(5).joined(separator: "\n"))")
        #expect(missed.isEmpty, "\(missed.count) are not listed, such as\n\(missed.prefix(5).joined(separator: "\n"))")
    }

    @Test("a path that is left out is listed as what its default says, and is what is told while running")
    func defaults() {
        let session = Session(
            Vocabulary(verbs: [
                Command(
                    CommandSignature(
                        "note", "Writes.",
                        [
                            .value("path", .path(.write), default: "\"notes.txt\""),
                            .label("from", .path(.read), default: "\"in.txt\""),
                        ])
                ) { _ in .none },
                Command(
                    CommandSignature(
                        "home", "Goes home.", [.value("folder", .path(.look), default: "\"~\"")],
                        effects: [.entersFolder])
                ) { _ in .none },
                Command(
                    CommandSignature(
                        "begin", "Begins.", [.label("name", .text, default: "\"first\"")],
                        effects: [.writesNamed(folder: "runs/", label: "name")])
                ) { _ in .none },
            ]))
        var deeds: [Deed] = []
        session.refusal = { deed in
            deeds.append(deed)
            return nil
        }
        let source = SourceText("note\nhome\nbegin\nnote \"a\" from: \"b\"")
        let effects = Effects.of(source, session.context)
        #expect(effects.writes.map(\.path) == ["notes.txt", "runs/first", "a"])
        #expect(effects.reads.map(\.path) == ["in.txt", "b"])
        #expect(effects.entered.map(\.path) == ["~"])
        session.run(source)
        #expect(
            deeds == [
                .writes("notes.txt"), .reads("in.txt"), .enters("~"), .writes("runs/first"), .writes("a"), .reads("b"),
            ], "\(deeds)")
    }

    @Test("without a command with effects are none, whatever stands around")
    func none() {
        let context = Self.session().context
        for position in EffectPosition.all {
            let effects = Effects.of(SourceText(EffectPosition.preamble + position.filled(with: "(1)")), context)
            #expect(effects == Effects.of(SourceText(""), context), "\(position)")
        }
    }

    @Test(
        "name the path where the text tells it, and say so where it does not",
        arguments: [
            ("write 1 (\"a\" + \"b\")", [nil]), ("let p = \"x\"\nwrite 1 p", [nil]), ("write 1 \"a{1}\"", [nil]),
            ("1 | write \"out\"", ["out"]), ("\"out\" | save", [nil]), ("draw 1 to: [\"a\", \"b\"]", ["a", "b"]),
            ("let p = \"a\"\ndraw 1 to: [\"c\", p]", ["c", nil]), ("copy \"in\" \"out\"", ["out"]),
            ("\"in\" | copy \"out\"", ["out"]), ("draw 1", []), ("start 1", []),
            ("let n = \"x\"\nstart 1 name: n", [nil]), ("start 1 size: 2 name: \"y\"", ["runs/y"]),
            ("start(1, name: \"z\")", ["runs/z"]),
        ] as [(String, [String?])])
    func paths(text: String, writes: [String?]) {
        let effects = Effects.of(SourceText(text), Self.session().context)
        #expect(effects.writes.map(\.path) == writes)
    }

    @Test(
        "of asking are the server and the file that keeps its answers, or only that file where the text says so",
        arguments: [
            ("ask", [], [], []), ("ask into: \"f\"", [], [], []), ("ask really: false", [], [], []),
            ("ask at: \"http://a\" into: \"f\"", ["http://a"], ["f"], []),
            ("ask at: \"http://a\" really: true", ["http://a"], ["kept.jsonl"], []),
            ("ask at: \"http://a\" really: false", [], [], ["kept.jsonl"]),
            ("ask at: \"http://a\" into: \"f\" really: false", [], [], ["f"]),
            // What the text does not tell may be anything.
            ("let b = false\nask at: \"http://a\" really: b", ["http://a"], ["kept.jsonl"], []),
            ("let a = \"http://a\"\nask at: a into: a", [nil], [nil], []),
            ("ask at: \"http://{1}\"", [nil], ["kept.jsonl"], []),
        ] as [(String, [String?], [String?], [String?])])
    func asking(text: String, asked: [String?], written: [String?], read: [String?]) {
        let effects = Effects.of(SourceText(text), Self.session().context)
        #expect(effects.asked.map(\.path) == asked && effects.writes.map(\.path) == written)
        #expect(effects.reads.map(\.path) == read)
        // What is written there is gone on with.
        #expect(effects.writes.allSatisfy { $0.goesOn })
    }

    @Test("on files are told to the session before the command runs: paths, lists of paths, run folders, fixed files")
    func told() {
        var log: [String] = []
        let session = Self.session { log.append("ran \($0)") }
        session.onFile = { path, use in log.append("\(use) \(path)") }
        func run(_ text: String) -> [String] {
            log = []
            #expect(session.run(SourceText(text)) == .finished, "\(text)")
            return log
        }
        #expect(run("write 1 (\"a\" + \"b\")") == ["write ab", "ran write"])
        #expect(run("\"here\" | save") == ["write here", "ran save"])
        #expect(run("draw 1 to: [\"c\", \"d\"]") == ["write c", "write d", "ran draw"])
        #expect(run("draw 1") == ["ran draw"])
        #expect(run("resume [\"e\", \"f\"]") == ["read e", "read f", "ran resume"])
        #expect(run("let n = \"g\"\nstart 1 name: n") == ["write runs/g", "ran start"])
        #expect(run("start 1") == ["ran start"])
        #expect(run("note") == ["write notes.txt", "ran note"])
        #expect(run("recall") == ["read history", "ran recall"])
        #expect(run("copy \"h\" \"i\"") == ["read h", "write i", "ran copy"])
    }

    @Test("of a verb that is used as a value cannot slip past the list")
    func asValues() {
        for text in [
            "let f = write\nf(1, \"gone.txt\")", "[1] | map write", "map([\"gone\"], save)",
            "let fs = [save]\nfs[0](\"gone\")",
            "let f = [a: save]\nf.a(\"gone\")",
        ] {
            var ran: [String] = []
            let session = Self.session { ran.append($0) }
            let effects = Effects.of(SourceText(text), session.context)
            session.run(SourceText(text))
            #expect(ran.isEmpty || !effects.writes.isEmpty, "\(text) ran \(ran)")
        }
    }

    @Test(
        "of a start that goes on with what it kept say so, unless the label is false",
        arguments: [
            ("start 1 name: \"x\"", false), ("start 1 name: \"x\" resume: true", true),
            ("start 1 name: \"x\" resume: false", false), ("let c = 1 < 2; start 1 name: \"x\" resume: c", true),
        ])
    func goingOn(_ text: String, _ goesOn: Bool) {
        let writes = Effects.of(SourceText(text), Self.session().context).writes
        #expect(writes.map(\.path) == ["runs/x"] && writes.map(\.goesOn) == [goesOn])
    }
}
