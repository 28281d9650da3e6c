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

    @Test("a thousand results are kept by their numbers, and what shows nothing has none")
    func results() {
        let session = TestSession.make()
        session.run(SourceText("none\nlet a = 5\n7"))
        #expect(session.nextResultNumber == 2 && session.value(of: "_1")?.asInteger == 7)
        session.run(SourceText((2...1001).map { "\($0)" }.joined(separator: "\n")))
        #expect(session.nextResultNumber == 1002 && session.value(of: "_")?.asInteger == 1001)
        #expect(session.value(of: "_2")?.asInteger == 2)
        #expect(session.value(of: "_1") == nil)
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
