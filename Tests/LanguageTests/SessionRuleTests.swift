// What a session keeps from one text to the next.

import Foundation
import TestSupport
import Testing

@testable import Language

@Suite("The rules of a session") struct SessionRuleTests {
    @Test("undo goes over what changed a variable, not over what failed or only showed something")
    func undo() {
        let session = TestSession.make()
        let recorder = TestSession.Recorder(session)
        session.run(SourceText("let x = 1"))
        session.run(SourceText("x = 2"))
        session.run(SourceText("x = 1 // 0"))
        session.run(SourceText("print x"))
        session.run(SourceText("undo"))
        #expect(session.value(of: "x")?.asInteger == 1)
        session.run(SourceText("undo"))
        #expect(session.value(of: "x") == nil)
        recorder.clear()
        // Fifty of them.
        for number in 0...60 { session.run(SourceText("let v = \(number)")) }
        for _ in 0..<50 { session.run(SourceText("undo")) }
        #expect(recorder.errors.isEmpty && session.value(of: "v")?.asInteger == 10)
        session.run(SourceText("undo"))
        #expect(recorder.errors.count == 1 && session.value(of: "v")?.asInteger == 10)
    }

    @Test("undo gives a verb that was defined again its earlier signature, with its earlier body")
    func undoOfDefinition() {
        let session = TestSession.make()
        let recorder = TestSession.Recorder(session)
        session.run(SourceText("def f(x) { x }"))
        session.run(SourceText("def f(x, y) { x + y }"))
        session.run(SourceText("undo"))
        session.run(SourceText("f(7)"))
        #expect(recorder.lines.last == "7" && recorder.errors.isEmpty, "\(recorder.errors.map(\.message))")
        session.run(SourceText("f(1, 2)"))
        #expect(recorder.errors.map(\.code) == [.tooManyArguments])
        session.run(SourceText("undo"))
        #expect(session.context.definitions["f"] == nil)
    }

    @Test("after a return to an earlier state undo goes further back, never to what came later")
    func undoAfterReturn() {
        let session = TestSession.make()
        session.run(SourceText("let x = 1"))
        session.run(SourceText("x = 2"))
        let earlier = session.checkpoint()
        session.run(SourceText("x = 3"))
        session.run(SourceText("x = 4"))
        session.restore(earlier)
        session.run(SourceText("undo"))
        #expect(session.value(of: "x")?.asInteger == 1)
    }

    @Test("a statement that fails after an undo in it leaves everything as it was, what can be undone as well")
    func failedUndo() {
        let session = TestSession.make()
        session.run(SourceText("let x = 1"))
        session.run(SourceText("x = 2"))
        session.run(SourceText("if true { undo; assert false }"))
        #expect(session.value(of: "x")?.asInteger == 2)
        session.run(SourceText("undo"))
        #expect(session.value(of: "x")?.asInteger == 1)
    }

    @Test("a file that is imported by an imported one is told and may be refused, as that one is")
    func nestedImports() throws {
        try withTemporaryFolder { folder in
            for (name, text) in [("a", "import \"sub/b.icot\"\ndef f() { g() }\n"), ("sub/b", "def g() { 5 }\n")] {
                let path = folder.path + "/\(name).icot"
                try FileManager.default.createDirectory(
                    atPath: folder.path + "/sub", withIntermediateDirectories: true)
                try text.write(toFile: path, atomically: true, encoding: .utf8)
            }
            let session = TestSession.make()
            let recorder = TestSession.Recorder(session)
            session.importFolder = folder.path
            var told: [String] = []
            session.onFile = { path, _ in told.append(String(path.dropFirst(folder.path.count))) }
            session.run(SourceText("import \"a.icot\"\nf()"))
            #expect(told == ["/a.icot", "/sub/b.icot"] && recorder.lines == ["5"], "\(told)")
            session.refusal = { deed in
                if case .reads(let path) = deed, path.hasSuffix("b.icot") { Refusal("not this one") } else { nil }
            }
            session.run(SourceText("import \"a.icot\""))
            #expect(recorder.errors.map(\.message) == ["import: not this one"])
            #expect(told.count == 3)
        }
    }

    @Test("fifty results are kept by their numbers, and what shows nothing has none")
    func results() {
        let session = TestSession.make()
        session.run(SourceText("none\nlet a = 5\n7"))
        #expect(session.nextResultNumber == 2 && session.value(of: "_1")?.asInteger == 7)
        session.run(SourceText((2...51).map { "\($0)" }.joined(separator: "\n")))
        #expect(session.nextResultNumber == 52 && session.value(of: "_")?.asInteger == 51)
        #expect(session.value(of: "_2")?.asInteger == 2)
        #expect(session.value(of: "_1") == nil)
    }

    @Test("a thousand results take no more room than fifty, and undo brings none of the older ones back")
    func roomOfResults() {
        let session = TestSession.make()
        session.run(SourceText("let x = 1\nlet y = 2"))
        for number in 1...60 { session.run(SourceText("\(number)")) }
        let slots = session.globals.names.count
        for number in 61...1000 {
            session.run(SourceText("\(number)"))
            if number % 100 == 0 { session.run(SourceText("y = \(number)\n1 // 0")) }
        }
        #expect(session.globals.names.count <= slots + 1)
        for number in 951...1000 { #expect(session.value(of: "_\(number)")?.asInteger == number) }
        #expect(session.value(of: "_950") == nil)
        // Before the first of these y was 900, and before the second the results were 801 to 850 and more.
        session.run(SourceText("undo"))
        #expect(session.value(of: "y")?.asInteger == 900)
        session.run(SourceText("undo"))
        #expect(session.value(of: "y")?.asInteger == 800 && session.value(of: "x")?.asInteger == 1)
        #expect(session.globals.names.count { $0.first == "_" && session.value(of: $0) != nil } == 1)
    }

    @Test("code that names a result never finds another in its place")
    func resultInCode() {
        let session = TestSession.make()
        let recorder = TestSession.Recorder(session)
        session.run(SourceText("10\n20\ndef second() { _2 + 1 }\nsecond()"))
        #expect(session.value(of: "_3")?.asInteger == 21)
        session.run(SourceText((1...60).map { "\($0)" }.joined(separator: "\n")))
        session.run(SourceText("second()"))
        #expect(recorder.errors.count == 1 && session.value(of: "_63")?.asInteger == 60)
    }

    @Test("vars cuts long values to sixty characters, and an assertion shows what did not hold")
    func varsAndAssert() {
        let session = TestSession.make()
        let recorder = TestSession.Recorder(session)
        session.run(SourceText("let a = repeated(\"x\", 58)\nlet b = repeated(\"x\", 59)\nlet v = vars"))
        let values = session.value(of: "v")?.asTable?["value"]?.values.compactMap(\.asText) ?? []
        let xs = String(repeating: "x", count: 58)
        #expect(values == ["\"\(xs)\"", "\"\(xs)…"])
        session.run(SourceText("assert (1 > 2)"))
        #expect(recorder.errors.last?.message == "assert: this does not hold")
        #expect(recorder.errors.last?.help == "the condition was (1 > 2)")
        session.run(SourceText("assert (1 > 2) \"one is small\""))
        #expect(recorder.errors.last?.message == "assert: one is small")
        recorder.clear()
        session.run(SourceText("assert (2 > 1)\nprint \"a\\nb\" 1\nprint"))
        #expect(recorder.errors.isEmpty && recorder.lines == ["a", "b 1", ""])
    }
}
