// What is answered to who asks: the first page, the groups, the words of the language, answers as JSON, the manual,
// what is typed beside statements, the tour, and how an error is shown.

import Foundation
import TestSupport
import Testing

@testable import Language

@Suite("The rules of answers") struct HelpPageRuleTests {
    private static let keep = CommandSignature(
        "keep", "Keeps \"it\".",
        [
            .value("what", .any, "what to keep"),
            .label("side", .choice([.init("left", "the start"), .init("right")]), default: ".left", "which side"),
        ], acceptsWhere: true, result: "table", examples: ["keep 1"], effects: [.runsPrograms], seeAlso: ["drop"])

    private static func session(_ topics: [Topic] = [], tour: [TourStep] = []) -> Session {
        Session(Vocabulary(verbs: [Command(keep) { _ in .none }], topics: topics, tour: tour))
    }

    private static func lines(_ text: String, _ session: Session = session()) -> [String] {
        Question(text)?.answer(session).lines.map(\.plain) ?? []
    }

    @Test(
        "? tells how a command is written, then each key with what it does, then the verbs; the tour where there is one"
    )
    func overview() {
        func row(_ key: String, _ what: String) -> String {
            // Two spaces at least.
            "  " + key.padding(toLength: max(22, key.count + 2), withPad: " ", startingAt: 0) + what
        }
        let session = Self.session()
        let functions = session.context.signatures.functions.count
        let rows = [
            row("?train", "what a verb does, with examples; ?until: a label, ?.left a choice, ?E203 an error"),
            row("??train", "its source too, where it is written in the language"),
            row("? accuracy", "searches verbs, functions, labels, choices, errors and notebooks"),
            row("?functions", "lists the \(functions) functions"), row("?syntax", "the language on one page"),
            row("_   _7", "the last result, the result numbered 7"),
            row("Ctrl-R", "searches what was typed before"),
            row("history train", "lists what was typed, here all with that word"),
            row("run \"x.icot\"", "runs a notebook here: what it defines stays"),
            row("ls  cd runs  !git log", "folders, and any line of the shell"),
            row("Ctrl-C", "stops a command at its next step"), row("Ctrl-X Ctrl-E", "edits the entry in $EDITOR"),
            row("Ctrl-D", "leaves; so does quit"),
        ]
        let all = Self.lines("?", session)
        #expect(
            all.first
                == "a command is  verb value … label: value …     Tab completes verbs, labels, choices and files")
        #expect(all.dropFirst().prefix(rows.count) == rows[...])
        #expect(all.dropFirst(rows.count + 1).prefix(2) == ["", "verbs"])
        let step = TourStep("see", "Look.", line: "print 1", verb: "print")
        #expect(
            Self.lines("?", Self.session(tour: [step, step, step]))[1]
                == row("?tour", "start here: 3 small steps, typed by you"))
    }

    @Test("verbs stand in their groups, those of no group in one of their own, and a person's own at the end")
    func topics() {
        let session = Self.session([
            Topic("see", "values", ["print", "nope", "keep"]), Topic("gone", "nothing", ["nope"]),
            Topic("okapis", "", ["sort"]),
        ])
        session.run(SourceText("# Twice.\ndef twice(x) { x * 2 }\ndef half(x) { x / 2 }"))
        let all = Self.lines("?verbs", session)
        // The longest name decides where the sentences begin.
        let width = (session.context.signatures.verbs.keys.map(\.count).max() ?? 0) + 2
        func row(_ name: String, _ what: String) -> String {
            "  " + name.padding(toLength: width, withPad: " ", startingAt: 0) + what
        }
        #expect(all.first == "see  values" && all[2] == row("keep", "Keeps \"it\".") && all[3] == "")
        #expect(all[4] == "okapis" && all[6] == "" && all[7] == "others" && !all.contains("gone  nothing"))
        #expect(all.suffix(3) == ["yours  defined with def", row("half", ""), row("twice", "Twice.")])
        let others = all[8...].prefix { !$0.isEmpty }
        #expect(others.sorted() == Array(others) && !others.contains { $0.hasPrefix("  sort ") })
        #expect(others.count == session.context.signatures.verbs.count - 3)
        #expect(Self.lines("?verb", session) == all)
        #expect(Self.lines("?okapis", session).map { $0.prefix(14) } == ["okapis", "  sort  Sorts "])
        #expect(Self.lines("?verbs").first == "verbs")
        #expect(Self.lines("?function") == Self.lines("?functions") && Self.lines("?codes") == Self.lines("?errors"))
    }

    @Test("what the words of the language do is told, and every example of it runs")
    func words() {
        for (word, what) in [
            ("break", "leaves a loop"), ("continue", "goes on with the next element of a loop"),
            ("return", "ends a def and gives its value"), ("for", "repeats a block for each element"),
            ("by", "ends a command: groups the rows by a column"), ("catch", "handles the error of a try"),
            ("time", "says how long a command took"), ("import", "reads the definitions of a file"),
            ("if", "runs a block if a condition holds, or else another"),
        ] { #expect(Self.lines("?\(word)").first == "\(word)  \(what)") }
        let session = Self.session()
        let recorder = TestSession.Recorder(session)
        for word in Question.keywords where word.word != "import" {
            for example in word.examples { session.run(SourceText(example)) }
        }
        #expect(recorder.errors.map(\.message) == [])
        #expect(recorder.lines.contains("42") && recorder.lines.contains("few"))
    }

    @Test("a question is told apart from what only looks like one, and by how it is written")
    func forms() {
        #expect(Question("? .left")?.form == .choice && Question("?\tsort")?.name == "sort")
        #expect(Question("train ?") == nil && Question("?tour back")?.words == ["back"])
        #expect(Question("until:?")?.form == .label && Question("?until:")?.name == "until")
        #expect(Question("??")?.wantsMore == true && Question("??")?.name == "")
        #expect(Question("sort?")?.wantsMore == false)
    }

    @Test("of a variable its kind and fields are told, and its value only to who asks twice")
    func variables() {
        let session = Self.session()
        session.run(SourceText("let xs = [1, 2]\nlet s = [b: 1, a: 2]\nlet n = 3"))
        #expect(Self.lines("?xs", session) == ["xs  a variable: list"])
        #expect(Self.lines("??xs", session) == ["xs  a variable: list", "[1, 2]"])
        #expect(Self.lines("??s", session) == ["s  a variable: record", "  fields .b .a", "[b: 1, a: 2]"])
        #expect(Self.lines("??n", session) == ["n  a variable: integer"])
    }

    @Test("an answer as JSON has every field of a signature: what it takes, its clauses, its result, what is near")
    func json() {
        let session = Self.session()
        #expect(
            Question("?keep")?.json(session)
                == "{\"name\": \"keep\", \"kind\": \"verb\", \"summary\": \"Keeps \\\"it\\\".\", "
                + "\"usage\": \"keep what [side: .left] [where …]\", \"arguments\": "
                + "[{\"name\": \"what\", \"labelled\": false, \"required\": true, \"takes\": \"any value\", "
                + "\"default\": null, \"summary\": \"what to keep\", \"choices\": []}, "
                + "{\"name\": \"side\", \"labelled\": true, \"required\": false, \"takes\": \".left or .right\", "
                + "\"default\": \".left\", \"summary\": \"which side\", \"choices\": "
                + "[{\"name\": \".left\", \"summary\": \"the start\"}, {\"name\": \".right\", \"summary\": \"\"}]}], "
                + "\"where\": true, \"by\": false, \"result\": \"table\", \"discussion\": \"\", "
                + "\"examples\": [\"keep 1\"], \"see_also\": [\"drop\"]}")
        session.run(SourceText("# Twice.\n# Really.\ndef twice(x) { x * 2 }"))
        let own = Question("?twice")?.json(session) ?? ""
        #expect(own.contains("\"kind\": \"verb\"") && own.contains("\"result\": null"))
        #expect(own.contains("\"discussion\": \"Really.\"") && own.contains("\"where\": false, \"by\": false"))
        let function = Question("?sqrt")?.json(session) ?? ""
        #expect(function.contains("\"kind\": \"function\"") && function.contains("\"usage\": \"sqrt("))
        // What is asked as a label is no signature, also where a verb has its name.
        #expect(Question("?keep:")?.json(session).hasPrefix("{\"text\": \"") == true)
    }

    @Test("the manual has every verb and every function once, with its choices, effects and neighbours")
    func manual() {
        let context = Self.session([Topic("see", "values", ["keep"])]).context
        let page = Help.manual(context, source: "icot 9")
        let names = page.split(separator: "\n").filter { $0.hasPrefix(".SS ") }
        #expect(names.count == context.signatures.verbs.count + context.signatures.functions.count)
        #expect(Set(names).count == names.count && page.contains("icot 9"))
        #expect(page.contains("VERBS: SEE") && page.contains("VERBS: OTHERS") && page.contains("FUNCTIONS: "))
        for line in [
            "Effects: runs a program", "See also: drop", ".left: the start",
            "which side (.left or .right; default .left)",
            "what to keep (required)",
        ] { #expect(page.contains(line), "\(line)") }
        // A choice of which nothing is said has no line.
        #expect(!page.contains(".right:\n") && !page.contains(".right: \n"))
    }

    @Test("a search tells what a label and a choice belong to, and finds what a person defined")
    func search() {
        let session = Self.session()
        session.run(SourceText("# Makes okapis.\ndef okapis(x) { x }"))
        #expect(Self.lines("? okapis makes", session) == ["verbs", "  okapis  Makes okapis."])
        #expect(Self.lines("? which side", session) == ["labels", "  side:  keep: which side"])
        #expect(Self.lines("? okapi zebra", session) == ["nothing is called 'okapi zebra'; did you mean ?okapis?"])
    }

    // MARK: - Beside statements

    @Test("each of these words means what a text has made of it, and :q always leaves")
    func ownWords() {
        let session = Self.session()
        #expect(Aside("history(5)", session.context) == .history(count: 5, word: nil))
        #expect(Aside("exit", session.context) == .farewell && Aside("exit;", session.context) == .farewell)
        session.run(SourceText("let exit = 1\nlet help = 1\ndef history(x) { x }\ndef run(x) { x }"))
        for text in ["exit", "help", "help sort", "history", "history 5", "run \"a.icot\""] {
            #expect(Aside(text, session.context) == nil, "\(text)")
        }
        #expect(Aside(":q", session.context) == .farewell && Aside("quit", session.context) == .farewell)
        #expect(Aside("?sort", session.context) != nil)
    }

    @Test(
        "a line of the shell is spelled out where it can be nothing else",
        arguments: [
            ("cd ~", "cd(\"~\")"), ("cd -", "cd(\"-\")"), ("cd a_b/c-1.d", "cd(\"a_b/c-1.d\")"), ("ls *.icot", nil),
            ("ls a b", nil), ("cd \"a\" \"b\"", nil), ("ls \"a b\"", "ls(\"a b\")"), ("cd -a", "cd(\"-a\")"),
            ("\t!ls", "\tshell(\"ls\")"), ("!a {b}", "shell(\"a \\{b\\}\")"), ("! ls", "shell(\"ls\")"),
            ("pwd", "pwd()"), ("ls  ", "ls()"), ("cd(\"x\")", nil), ("ls-l", nil),
            ("let a = 1\nls\nlet b = 2", "let a = 1\nls()\nlet b = 2"),
        ] as [(String, String?)])
    func shell(_ line: String, _ call: String?) { #expect(Aside.spelledOut(line, Self.session().context) == call) }

    @Test(
        "what was typed is shown with its number, an entry's lines below each other, twenty entries if none is told"
    )
    func typed() {
        func lines(_ entries: [String], _ count: Int?, _ word: String?) -> [String] {
            Aside.lines(of: entries, count: count, word: word).map(\.plain)
        }
        let entries = (1...12).map { $0 == 3 ? "if a {\n\n}" : "print \($0)" }
        #expect(lines(entries, nil, "if") == [" 3  if a {", "    ", "    }"])
        #expect(lines(entries, nil, "print 1") == [" 1  print 1", "10  print 10", "11  print 11", "12  print 12"])
        #expect(lines(entries, 1, "print 1") == ["12  print 12"] && lines(entries, nil, nil).count == 14)
        #expect(lines((1...21).map { "print \($0)" }, nil, nil).first == " 2  print 2")
    }

    @Test("the pieces between asides keep the name of their text, and blank ones are left out")
    func pieces() {
        let pieces = Aside.pieces(
            of: SourceText("\n?sort\n\n?head\nlet a = (\nquit\n)", name: "x"), Self.session().context)
        #expect(pieces.map { $0.text.text } == ["?sort", "?head", "\n\n\n\nlet a = (\nquit\n)"])
        #expect(pieces.allSatisfy { $0.text.name == "x" })
        #expect(pieces.map { $0.aside == nil } == [false, false, true])
    }

    // MARK: - The tour

    private static let steps = [
        TourStep("one", "First.\nAgain.", line: "print 1", verb: "print"),
        TourStep("two", "Second.", line: "sqrt(4)", verb: "sqrt"),
    ]

    @Test("each of four words leaves the tour, its first step says how, and after its end it begins again")
    func tour() {
        let context = TestSession.make().context
        var tour = Tour(Self.steps)
        #expect(
            tour.answer("", context).map(\.plain) == [
                "step 1 of 2  one   ?tour off leaves, ?tour comes back", "First.", "Again.", "  print 1",
            ])
        for word in ["off", "quit", "end", "stop"] {
            _ = tour.answer("", context)
            #expect(tour.answer(word, context).map(\.plain) == ["the tour is off; ?tour comes back to step 1"])
            #expect(!tour.isOn && tour.heard(SourceText("print 1"), context).isEmpty)
        }
        _ = tour.answer("", context)
        #expect(tour.heard(SourceText("sqrt(4)"), context).isEmpty && tour.position == 0)
        #expect(
            tour.heard(SourceText("for k in 0..<2 { if true { print (k + 1) } }"), context).map(\.plain) == [
                "", "step 2 of 2  two", "Second.", "  sqrt(4)",
            ])
        #expect(
            tour.heard(SourceText("print (sqrt(4))"), context).map(\.plain) == [
                "", "That was the tour. ? lists what there is, ? and a word searches it; ?tour begins again.",
            ])
        #expect(!tour.isOn && tour.position == 2)
        #expect(tour.answer("off", context).map(\.plain) == ["the tour is off; ?tour comes back to step 2"])
        #expect(tour.answer("", context).first?.plain.hasPrefix("step 1 of 2") == true && tour.isOn)
        #expect(
            tour.answer("3", context).map(\.plain) == [
                "write ?tour, ?tour 1 to ?tour 2, ?tour next, ?tour back or ?tour off"
            ])
    }

    // MARK: - Errors as they are shown

    @Test("an error is red, a warning is not, and what to do is green; forty columns are used at least")
    func rendered() {
        func styles(_ severity: Diagnostic.Severity) -> [[Style]] {
            let diagnostic = Diagnostic(
                .unknownName, "no b", at: SourceSpan(6, 7), help: "write c", severity: severity)
            return DiagnosticRenderer(showsPlace: true).lines(diagnostic, in: SourceText("print b")).map {
                $0.runs.filter { !$0.text.allSatisfy { $0 == " " } }.map(\.style)
            }
        }
        #expect(styles(.error) == [[.dim, .error, .emphasis], [.plain], [.error], [.dim, .good]])
        #expect(styles(.warning) == [[.dim, .warning, .emphasis], [.plain], [.warning], [.dim, .good]])
        #expect(DiagnosticRenderer(width: 10).width == 40 && DiagnosticRenderer(width: 41).width == 41)
        let hostile = Diagnostic(.unknownName, "no \u{1B}[2J", at: SourceSpan(0, 1), help: "\u{202E}x")
        let text = DiagnosticRenderer().text(hostile, in: SourceText("\u{1B}"))
        #expect(!text.unicodeScalars.contains { $0 == "\u{1B}" || $0 == "\u{202E}" })
        // Of a line that is empty nothing is underlined.
        let empty = Diagnostic(.expectedExpression, "nothing", at: SourceSpan(at: 0))
        #expect(DiagnosticRenderer().text(empty, in: SourceText("")) == "E106 nothing")
    }
}
