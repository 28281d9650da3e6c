// Rules of what is offered while somebody types, beside those of CompletionTests: where a path is meant and where not,
// what a pipe leaves, which words begin anew, what a clause takes, and how much is offered at most; and of how much of
// anything there may be before a text is refused.

import Foundation
import Support
import TestSupport
import Testing

@testable import Language

@Suite("The rules of completion") struct TypingRuleTests {
    private static let context: LanguageContext = {
        let verbs =
            TestSignatures.verbs + [
                CommandSignature("open", "Opens a run.", [Parameter.value("run", .path(.read)).ofRun])
            ]
        var context = LanguageContext(signatures: SignatureTable(verbs: verbs, functions: TestSignatures.functions))
        context.variables = [
            "data": KnownVariable(typeName: "problems"), "m": KnownVariable(typeName: "model"),
            "n": KnownVariable(typeName: "integer"), "xs": KnownVariable(typeName: "list"),
            "t": KnownVariable(typeName: "table", fields: ["removed", "accuracy"]),
        ]
        return context
    }()

    private func complete(_ text: String, runs: [String] = ["runs/a"]) -> [String] {
        let sources = CompletionSources(
            fields: { $0 == "data" ? ["digits", "kind"] : ["wrong"] },
            elementFields: { $0 == "xs" ? ["e"] : ["wrong"] },
            files: { prefix in ["rules/", "rust.icot"].filter { $0.hasPrefix(prefix) } },
            runs: { prefix in runs.filter { $0.hasPrefix(prefix) } })
        return Completer.complete(SourceText(text), at: text.utf8.count, Self.context, sources: sources).map(\.text)
    }

    @Test("in quotes files are offered only where a path is wanted, and where a run is wanted runs before them")
    func quotes() {
        #expect(complete("import \"ru") == ["rules/", "rust.icot\""])
        #expect(complete("write \"ru") == [] && complete("write m \"ru") == ["rules/", "rust.icot\""])
        #expect(complete("compare m to: \"rus") == ["rust.icot\""] && complete("mark \"ru") == [])
        #expect(complete("open \"ru") == ["runs/a\""] && complete("load \"ru") == ["rules/", "rust.icot\""])
        #expect(complete("open \"ru", runs: []) == ["rules/", "rust.icot\""])
        // What was closed before is no open text.
        #expect(complete("load \"x\" ") == [])
    }

    @Test("after a dot come the fields of what stands before it: those that are known first, those of an element too")
    func fields() {
        #expect(complete("t.") == [".removed", ".accuracy"] && complete("data.") == [".digits", ".kind"])
        #expect(complete("xs[0].") == [".e"] && complete("xs[xs[0]].") == [".e"] && complete("xs[0].f") == [])
        #expect(complete("length(xs).") == [])
    }

    @Test("after a pipe only what takes a value is offered")
    func pipes() {
        #expect(complete("va") == ["vars"] && complete("t | va") == [])
        #expect(
            complete("t | h") == ["hash", "head", "hidden"] && complete("t | wh") == [] && complete("wh") == ["while"])
    }

    @Test(
        "these words and signs begin a statement anew",
        arguments: [
            "time tra", "try tra", "return tra", "n = tra", "1; tra", "if n > 2 { 1 } else tra", "let x = tra",
            "for k in tra", "if n > 2 { tra", "(tra", "1\ntra",
        ])
    func anew(_ text: String) { #expect(complete(text) == ["train"]) }

    @Test("in an expression there are values, functions and constants, but no verbs and no words that begin a line")
    func expressions() {
        #expect(complete("let x = n + tr") == ["true"] && complete("let x = n + fa") == ["false"])
        #expect(complete("let x = n + no") == ["none"] && complete("let x = n + le") == ["length("])
        #expect(complete("co") == ["compare", "contains(", "continue"] && complete("let x = n + co") == ["contains("])
    }

    @Test("a number is offered its default as long as nothing is typed, and what has its kind")
    func defaults() {
        #expect(
            complete("gen .mult digits: ") == ["4", "n"]
                && complete("gen .mult n: 4") == ["digits: ", "seed: ", "apart_from: "])
        #expect(
            complete("schedule smoothing: ") == ["4", "n"]
                && complete("schedule reset_optimizer: ") == ["true", "false"])
        // A name that a verb gave is of the kind that the verb makes.
        #expect(complete("let h = hash m\ngen .mult digits: h") == [] && complete("let h = 3\nlog removed: h") == ["h"])
    }

    @Test("a clause takes columns first, and is offered where it is taken and not yet there")
    func clauses() {
        #expect(complete("eval data where ") == [".digits", ".kind"])
        #expect(complete("eval data where .digits > 3 ").prefix(3) == [".digits", ".kind", "by "])
        #expect(complete("eval data by .digits w") == ["where "] && complete("eval data w") == ["where "])
        #expect(complete("eval data where .digits > 3 w") == [] && complete("gen .mult w") == [])
    }

    @Test("a label says what it takes and what it is without it, and what is completed is the word alone")
    func summaries() throws {
        let text = "gen .mult dig"
        let only = try #require(
            Completer.complete(SourceText(text), at: text.utf8.count, Self.context).first { $0.kind == .label })
        #expect(only.text == "digits: " && only.summary == "a whole number from 1 to 20 (4)")
        #expect(only.span == SourceSpan(10, 13))
        let empty = Completer.complete(SourceText(""), at: 0, Self.context)
        #expect(empty.count == Self.context.signatures.verbs.count && empty.allSatisfy { $0.kind == .verb })
        #expect(empty.first { $0.text == "vars" }?.summary == "verbs: Lists the variables.")
    }

    @Test("five hundred are offered at most, and fifty files before a quote is typed")
    func most() {
        var context = Self.context
        for number in 0..<600 { context.variables["v\(number)"] = KnownVariable(typeName: "integer") }
        let names = (0..<600).map { "f\($0)" }
        let sources = CompletionSources(files: { prefix in names.filter { $0.hasPrefix(prefix) } })
        func count(_ text: String) -> Int {
            Completer.complete(SourceText(text), at: text.utf8.count, context, sources: sources).count
        }
        #expect(count("let x = n + v") == 500 && count("load \"") == 500 && count("load ") == 50)
    }
}

@Suite("The rules of limits") struct LimitRuleTests {
    @Test("of a text with many errors the first hundred are told")
    func errors() {
        let names = (0..<150).map { "print zq\($0)" }.joined(separator: "\n")
        let found = Checker.check(Parser.parse(SourceText(names), TestSignatures.context), TestSignatures.context)
        #expect(found.count == 100 && found.last?.message.contains("zq99") == true)
    }

    @Test("imports nest sixteen deep, and files that import each other end")
    func imports() throws {
        try withTemporaryFolder { folder in
            for (name, count) in [("short", 16), ("long", 17)] {
                for number in 0..<count {
                    let text = number + 1 < count ? "import \"f\(number + 1).icot\"\n" : "def deep() { 7 }\n"
                    try writeFileAtomically("\(folder.path)/\(name)/f\(number).icot", text.utf8)
                }
            }
            try writeFileAtomically(folder.path + "/own.icot", "import \"own.icot\"\n".utf8)
            func run(_ name: String) -> [String] {
                let session = TestSession.make()
                let recorder = TestSession.Recorder(session)
                session.importFolder = folder.path
                session.run(SourceText("import \"\(name)\""))
                if recorder.errors.isEmpty { session.run(SourceText("deep()")) }
                return recorder.lines + recorder.errors.map { "\($0.code.rawValue) \($0.message)" }
            }
            #expect(run("short/f0.icot") == ["7"])
            #expect(run("long/f0.icot") == ["E307 imports nest more than 16 deep"])
            #expect(run("own.icot") == ["E307 imports nest more than 16 deep"])
        }
    }

    @Test("ten thousand calls within calls are allowed, and one more is not")
    func calls() {
        let session = TestSession.make()
        let recorder = TestSession.Recorder(session)
        session.run(SourceText("def f(n) { if n > 0 { f(n - 1) } }\nf(9999)\nprint \"done\"\nf(10000)"))
        #expect(recorder.lines == ["done"])
        #expect(recorder.errors.map(\.message) == ["more than 10000 calls within calls"])
        recorder.clear()
        session.limits.callsMax = 3
        session.run(SourceText("f(2)\nprint \"done\"\nf(3)"))
        #expect(recorder.lines == ["done"] && recorder.errors.map(\.message) == ["more than 3 calls within calls"])
    }

    @Test("an integer is typed with thirty thousand digits at most")
    func digits() {
        func codes(_ count: Int) -> [DiagnosticCode] {
            parse("let x = " + String(repeating: "7", count: count)).diagnostics.map(\.code)
        }
        #expect(codes(30_000) == [] && codes(30_001).count == 1)
    }

    @Test("a value of a hundred thousand parts is shown as JSON, and a larger one is not")
    func json() {
        func list(_ count: Int) -> Value { .list([Value](repeating: .integer(1), count: count)) }
        // The list itself is one of them.
        #expect(list(99_999).shownJSON != nil && list(100_000).shownJSON == nil)
        #expect(Value.list([list(49_998), list(49_999)]).shownJSON != nil)
        #expect(Value.list([list(49_999), list(49_999)]).shownJSON == nil)
    }
}
