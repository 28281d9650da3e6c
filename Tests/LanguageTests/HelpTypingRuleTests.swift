// What is offered while somebody types, beside TypingRuleTests: by what stands before the cursor, and what is said of
// each candidate.

import Foundation
import Support
import TestSupport
import Testing

@testable import Language

@Suite("The rules of what is offered") struct HelpTypingRuleTests {
    private static let context: LanguageContext = {
        let open = CommandSignature("open", "Opens a run.", [Parameter.value("run", .path(.read)).ofRun])
        var context = LanguageContext(
            signatures: SignatureTable(verbs: TestSignatures.verbs + [open], functions: TestSignatures.functions))
        context.variables = [
            "data": KnownVariable(typeName: "problems"), "m": KnownVariable(typeName: "model"),
            "n": KnownVariable(typeName: "integer"), "word": KnownVariable(typeName: "text"),
            "t": KnownVariable(typeName: "table", fields: ["removed", "accuracy"]), "r": KnownVariable(typeName: "run"),
        ]
        return context
    }()

    private static func offered(_ text: String, _ context: LanguageContext = context) -> [Completion] {
        let sources = CompletionSources(
            fields: { $0 == "word" ? ["size"] : [] },
            files: { prefix in ["a/", "a.icot"].filter { $0.hasPrefix(prefix) } },
            runs: { prefix in ["runs/a"].filter { $0.hasPrefix(prefix) } })
        return Completer.complete(SourceText(text), at: text.utf8.count, context, sources: sources)
    }

    private static func complete(_ text: String) -> [String] { offered(text).map(\.text) }

    @Test(
        "the value that is expected is offered: the next by place, or that of the label before the cursor",
        arguments: [
            ("t | head ", ["10", "n"]), ("head t ", ["10", "n"]), ("head (t) ", ["10", "n"]), ("head t 3 ", []),
            ("select t .removed ", [".removed", ".accuracy"]), ("t | select .removed .a", [".accuracy"]),
            ("start (model .gpt2) b", ["batch: "]), ("start m on: ", ["data"]),
            ("start m on: data b", ["batch: "]), ("start m on: (gen .mult) b", ["batch: "]),
            ("compare r to: ", ["\"a/", "\"a.icot\"", "r", "word"]), ("compare r ", ["to: "]),
            ("plot t style: .b", [".braille", ".block"]), ("plot t style: b", [".braille", ".block"]),
            ("hidden m at: .an", [".answer"]), ("schedule side: .left reset_optimizer: f", ["false"]),
            ("mark w", ["word"]), ("eval data where .a > 1 s", ["sqrt("]), ("map data ", []),
            ("load ", ["\"a/", "\"a.icot\"", "word"]), ("open ", ["\"a/", "\"a.icot\"", "word"]),
            ("log removed: 1 ", ["accuracy: "]), ("train steps: 3 steps", []), ("step ", ["1", "n", "to: "]),
        ])
    func values(_ text: String, _ expected: [String]) { #expect(Self.complete(text) == expected) }

    @Test(
        "a command begins anew in brackets, braces and the braces of a text, and ends at the end of its line",
        arguments: [
            ("print \"{da", ["data"]), ("print \"a {sq", ["sqrt("]), ("print \"{n}\" da", ["data"]),
            ("print [da", ["data"]), ("let f = { x in tra", ["train"]), ("train steps: 3\ntra", ["train"]),
            ("train steps: 3; tra", ["train"]), ("# note\ntra", ["train"]), ("t | filter { x in sq", ["sqrt("]),
            ("try { step } catch e { print e", ["e"]), ("let zebra = 3; print zeb", ["zebra"]),
        ])
    func anew(_ text: String, _ expected: [String]) {
        #expect(Self.complete(text) == expected)
    }

    @Test("columns are those of the table that the command works on, or that the line begins with")
    func columns() {
        for text in [
            "sort t .", "t | sort .", "t | head 3 | sort .", "let q = t | sort .", "(t | sort .", "filter t by .",
        ] {
            #expect(Self.complete(text) == [".removed", ".accuracy"], "\(text)")
        }
        #expect(Self.complete("sort n .") == [] && Self.complete("head t\n n | sort .") == [])
        // Where nothing is known of it the session is asked.
        #expect(Self.complete("sort word .") == [".size"])
    }

    @Test("inside of the parentheses of a call its labels come first, then names, functions and constants")
    func calls() {
        #expect(Self.complete("round(3, ").first == "digits: " && Self.complete("print round(3, ").first == "digits: ")
        #expect(Self.complete("round (3, ").first != "digits: ")
        #expect(Self.complete("def f(x, upto: 1) { x }\nlet q = f(1, u") == ["upto: ", "upper("])
        let all = Self.complete("round(3, ")
        #expect(all.suffix(3) == ["true", "false", "none"] && all[1...6] == ["data", "m", "n", "r", "t", "word"])
    }

    @Test("each candidate says what it is")
    func said() {
        func kinds(_ text: String) -> [String] { Self.offered(text).map { "\($0.text)|\($0.kind)|\($0.summary)" } }
        #expect(kinds("load \"") == ["a/|file|folder", "a.icot\"|file|"])
        #expect(kinds("open \"") == ["runs/a\"|run|a kept run"])
        #expect(kinds("t.") == [".removed|field|field of t", ".accuracy|field|field of t"])
        #expect(kinds("head t ") == ["10|value|default", "n|variable|integer"])
        #expect(kinds("sort t .r") == [".removed|choice|column"])
        #expect(kinds("eval data w") == ["where |keyword|keeps the rows for which an expression holds"])
        #expect(kinds("eval data b") == ["by |keyword|groups the rows by a column"])
        #expect(kinds("gen .p") == [".parity|choice|parity of a digit sum"])
        #expect(kinds("n + no") == ["none|value|no value"])
        #expect(
            kinds("sq") == ["sqrt(|function|The square root."]
                && kinds("whi") == ["while|keyword|repeats while a condition holds"])
        #expect(
            kinds("bre") == ["break|keyword|leaves a loop"] && kinds("tra") == ["train|verb|Trains the current run."])
    }

    @Test("each kind of candidate has the style of what it is")
    func styles() {
        let kinds: [(Completion.Kind, Style)] = [
            (.verb, .verb), (.keyword, .keyword), (.label, .label), (.choice, .choice), (.variable, .name),
            (.function, .function), (.field, .choice), (.file, .string), (.run, .string), (.value, .number),
        ]
        for (kind, style) in kinds {
            #expect(Completion(text: "", span: SourceSpan(at: 0), kind: kind, summary: "").style == style)
        }
    }

    @Test("of more than two thousand variables the shortest are offered, in order")
    func shortest() {
        var context = Self.context
        for number in 0..<1994 { context.variables["a_long_name_\(number)"] = KnownVariable() }
        func names() -> [String] { Self.offered("n + ", context).map(\.text) }
        #expect(context.variables.count == 2000 && !names().contains("word"))
        context.variables["zz"] = KnownVariable()
        let found = Array(names().prefix(Completer.countMax))
        #expect(found.suffix(2) == ["word", "zz"] && found == found.sorted())
    }

    @Test("a word is found whatever its letters' size, and the cursor may stand anywhere in the text")
    func letters() {
        var context = Self.context
        context.variables["Zebra"] = KnownVariable()
        #expect(Self.offered("let q = ze", context).map(\.text) == ["Zebra"])
        #expect(Self.offered("let q = ZE", context).map(\.text) == ["Zebra"])
        let source = SourceText("trx steps: 3")
        #expect(Completer.complete(source, at: 2, Self.context).map(\.text) == ["train", "try"])
        #expect(Completer.complete(source, at: 2, Self.context).first?.span == SourceSpan(0, 2))
        #expect(Completer.complete(SourceText("tra"), at: -1, Self.context).first?.kind == .verb)
        #expect(Completer.complete(SourceText("# a"), at: 3, Self.context).isEmpty)
    }

    @Test("a session offers the fields of its values, and those of a list's first element")
    func sessions() {
        let session = TestSession.make()
        session.run(SourceText("let xs = [[a: 1, b: 2], [c: 3]]\nlet none_there = []\nlet s = [d: 1]"))
        let sources = CompletionSources(session)
        #expect(sources.elementFields("xs") == ["a", "b"] && sources.elementFields("none_there") == [])
        #expect(sources.fields("s") == ["d"] && sources.fields("zebra") == [] && sources.elementFields("zebra") == [])
    }

    @Test("kept runs are the folders that hold run.json, and of a full folder a thousand names are read")
    func folders() throws {
        try withTemporaryFolder { folder in
            for name in ["a", "b", "c"] {
                try FileManager.default.createDirectory(
                    at: folder.appending(path: name), withIntermediateDirectories: false)
            }
            try Data().write(to: folder.appending(path: "a/run.json"))
            try Data().write(to: folder.appending(path: "c/run.json"))
            try Data().write(to: folder.appending(path: "run.json"))
            let base = folder.path + "/"
            #expect(FilePaths.runs(beginningWith: base) == [base + "a", base + "c"])
            #expect(FilePaths.runs(beginningWith: base + "c") == [base + "c"])
            for number in 0..<1001 { try Data().write(to: folder.appending(path: "b/n\(number)")) }
            #expect(FilePaths.names(in: base + "b/", prefix: "").count == 1000)
            let three = FilePaths.names(in: base, prefix: "")
            #expect(three.map(\.name) == ["a", "b", "c", "run.json"])
            #expect(three.map(\.isFolder) == [true, true, true, false])
        }
    }
}
