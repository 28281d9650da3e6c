// What each key does to the line that is being typed. Each test types into a terminal of a process of its own.

import Foundation
import Glibc
import Language
import TestSupport
import Testing

@testable import Console

@Suite struct TypedLineRuleTests {
    @Test func `the cursor goes by characters, words, lines and to the ends`() async {
        await #expect(processExitsWith: .success) {
            let terminal = try OwnTerminal()
            let editor = LineEditor(services: WordServices(), history: .inMemory(), terminal: OwnTerminal.state())
            terminal.check(
                editor,
                [
                    ("abc\u{1b}[Dx", "abxc"), ("abc\u{1b}[D\u{1b}[D\u{1b}[Cx", "abxc"), ("abc\u{2}x", "abxc"),
                    ("abc\u{2}\u{2}\u{6}x", "abxc"), ("abc\u{1b}[Hx", "xabc"), ("abc\u{1b}[H\u{1b}[Fx", "abcx"),
                    ("abc\u{1}x", "xabc"), ("abc\u{1}\u{5}x", "abcx"), ("ab cd\u{1b}bx", "ab xcd"),
                    ("ab cd\u{1b}[1;5Dx", "ab xcd"), ("ab cd\u{1}\u{1b}fx", "abx cd"),
                    ("ab cd\u{1}\u{1b}[1;5Cx", "abx cd"), ("ab cd\u{1b}<x", "xab cd"), ("ab\u{1}\u{1b}>x", "abx"),
                    ("e\u{301}x\u{1b}[D\u{1b}[Dy", "ye\u{301}x"), ("ab\u{1b}[5~\u{1b}[2~x", "abx"),
                    // In the second line: its own ends, and the same column of the line above.
                    ("one\u{1b}\rtwo\u{1b}[Hx", "one\nxtwo"),
                    ("one\u{1b}\rtwo\u{1b}[D\u{1b}[Ax\u{1b}[B", "onxe\ntwo"),
                    ("one\u{1b}\rfour\u{1b}[A\u{1b}[D\u{1b}[Bx", "one\nfoxur"),
                    ("four\u{1b}\rx\u{1b}[A\u{1b}[F\u{1b}[By", "four\nxy"),
                    ("a\u{1b}\rb\u{1b}[A\u{1b}>x", "a\nbx"), ("a\u{1b}\rb\u{1b}<x\u{1b}[B", "xa\nb"),
                ])
        }
    }

    @Test func `what is deleted is the character, the word or the part of the line that the key is for`() async {
        await #expect(processExitsWith: .success) {
            let terminal = try OwnTerminal()
            let editor = LineEditor(services: WordServices(), history: .inMemory(), terminal: OwnTerminal.state())
            terminal.check(
                editor,
                [
                    ("abc\u{7f}", "ab"), ("abc\u{8}", "ab"), ("abc\u{1}\u{1b}[3~", "bc"), ("abc\u{1}\u{4}", "bc"),
                    ("ae\u{301}\u{7f}", "a"), ("e\u{301}a\u{1}\u{1b}[3~", "a"), ("\u{7f}a", "a"), ("a\u{1b}[3~", "a"),
                    ("one two\u{17}", "one "), ("one two\u{1b}\u{7f}", "one "), ("one two\u{1b}b\u{15}", "two"),
                    ("one two\u{1b}b\u{b}", "one "), ("one two\u{1}\u{1b}d", " two"),
                    // Only the line at hand, and at its end the line break.
                    ("one\u{1b}\rtwo\u{15}", "one\n"), ("one\u{1b}\rtwo\u{1b}[A\u{b}", "onetwo"),
                    ("one\u{1b}\rtwo\u{1b}[A\u{1}\u{b}\u{1b}[B", "\ntwo"),
                ])
        }
    }

    @Test func `what was deleted last comes back with Ctrl-Y, several times, and what was deleted in a row at once`()
        async
    {
        await #expect(processExitsWith: .success) {
            let terminal = try OwnTerminal()
            let editor = LineEditor(services: WordServices(), history: .inMemory(), terminal: OwnTerminal.state())
            terminal.check(
                editor,
                [
                    ("one two\u{17}\u{19}\u{19}", "one twotwo"), ("a b c\u{17}\u{17}\u{19}", "a b c"),
                    ("a b c\u{1}\u{1b}d\u{1b}d\u{5}\u{19}", " ca b"),
                    // What was typed or moved in between parts two deletions; single characters are not kept.
                    ("a b\u{17}x\u{17}\u{19}", "a x"), ("a b\u{17}\u{2}\u{6}\u{17}\u{19}", "a "),
                    ("xy\u{17}ab\u{7f}\u{19}", "axy"), ("\u{19}", "xy"),
                ])
        }
    }

    @Test func `what was done last is taken back first, a word or a paste at once`() async {
        await #expect(processExitsWith: .success) {
            let terminal = try OwnTerminal()
            let editor = LineEditor(services: WordServices(), history: .inMemory(), terminal: OwnTerminal.state())
            terminal.check(
                editor,
                [
                    ("one two\u{1f}", "one "), ("one two\u{1f}\u{1f}x", "x"), ("one two\u{17}\u{1f}", "one two"),
                    ("\u{1b}[200~pasted words\u{1b}[201~\u{1f}x", "x"), ("\u{1f}x", "x"),
                    ("a\u{1b}[200~b\nc\u{1b}[201~d", "ab\ncd"),
                ])
        }
    }

    @Test func `Enter goes on where a brace is open or text stands below, with the indentation of the line`() async {
        await #expect(processExitsWith: .success) {
            let terminal = try OwnTerminal()
            let editor = LineEditor(services: WordServices(), history: .inMemory(), terminal: OwnTerminal.state())
            terminal.check(
                editor,
                [
                    ("a {\rb\r}", "a {\n  b\n}"), ("a {\rb {\rc\r}\r}", "a {\n  b {\n    c\n  }\n}"),
                    ("  a {\rb\r}", "  a {\n    b\n  }"), ("  }", "  }"), ("a {\rb }", "a {\n  b }"),
                    ("a {  \rb\r}", "a {  \n  b\n}"), ("ab\u{1b}\rcd\u{1b}[A\r\u{1b}[B", "ab\n\ncd"),
                    ("  a\u{1b}\rb", "  a\n  b"),
                ])
        }
    }

    @Test func `Up and Down walk through what was typed before, and a search finds it`() async {
        await #expect(processExitsWith: .success) {
            let terminal = try OwnTerminal()
            let history = History.inMemory(["let a", "step", "let b"])
            let editor = LineEditor(services: WordServices(), history: history, terminal: OwnTerminal.state())
            let (up, down) = ("\u{1b}[A", "\u{1b}[B")
            terminal.check(
                editor,
                [
                    (up, "let b"), (up + up, "step"),
                    // After an entry that was run again Down gives the one that followed it.
                    (down, "let b"), (up + up + up + up, "let a"), ("x", "x"), (down + "x", "x"),
                    ("s" + up, "step"), ("let" + up + up, "let a"), (up + up + down, "let b"),
                    ("own" + up + down, "own"), ("\u{10}\u{10}\u{e}", "let b"), ("le" + up + down + "x", "lex"),
                    ("\u{12}st", "step"), ("\u{12}let\u{12}", "let a"), ("\u{12}let\u{12}\u{13}", "let b"),
                    ("own\u{12}st\u{7}x", "ownx"), ("own\u{12}st\u{3}x", "ownx"),
                    ("\u{12}te\u{1b}[Cx", "stxep"), ("\u{12}te\u{5}x", "stepx"), ("\u{12}zz\u{7f}\u{7f}s", "step"),
                    ("own\u{12}\u{7}", "own"),
                ])
        }
    }

    @Test func `Tab writes what is common, walks through what is possible, and indents at the head of a line`() async {
        await #expect(processExitsWith: .success) {
            let terminal = try OwnTerminal()
            let editor = LineEditor(
                services: WordServices(["train", "traits", "eval"]), history: .inMemory(),
                terminal: OwnTerminal.state())
            terminal.check(
                editor,
                [
                    ("ev\t", "eval"), ("tr\t", "trai"), ("tr\t\t\r", "train"), ("tr\t\t\t\r", "traits"),
                    ("tr\t\u{1b}[Z\r", "traits"), ("tr\t\t\u{3}s", "trains"), ("tr\t\ts", "trains"),
                    ("a tr\t\u{1b}[Hx", "xa trai"), ("a\u{1b}\r\tb", "a\n  b"), ("  \tx", "    x"),
                    ("\t\t\r", "train"),
                ])
            _ = terminal.shown()
            terminal.check(editor, [("zz\t", "zz")])
            #expect(terminal.shown().contains("\u{7}"))
            terminal.type("\r", after: "traits")
            #expect(terminal.typedLine(editor, "tr\t") == .text("trai"))
            let list = terminal.shown()
            #expect(list.contains("train ") && list.contains("traits"))
        }
    }

    @Test func `a corrected line is offered once in an empty line, and gone after another was typed`() async {
        await #expect(processExitsWith: .success) {
            let terminal = try OwnTerminal()
            let editor = LineEditor(
                services: WordServices(["one"]), history: .inMemory(), terminal: OwnTerminal.state())
            editor.correction = "train steps: 3\nstep"
            terminal.check(editor, [("\t", "train steps: 3\nstep")])
            #expect(editor.correction == nil && terminal.shown().contains("train steps: 3 …   (Tab)"))
            editor.correction = "train"
            terminal.check(editor, [("x", "x"), ("\t", "one")])
            editor.correction = "train"
            terminal.check(editor, [("\t\u{17}\t", "one")])
        }
    }

    @Test func `the rest of an earlier entry is taken whole by Right and End, by words with Ctrl, only in colour`()
        async
    {
        await #expect(processExitsWith: .success) {
            let terminal = try OwnTerminal()
            let history = History.inMemory(["trap", "train steps: 3\nmore"])
            func editor(_ colour: Bool) -> LineEditor {
                LineEditor(services: WordServices(), history: history, terminal: OwnTerminal.state(colour: colour))
            }
            terminal.check(
                editor(true),
                [
                    ("tr\u{1b}[C", "train steps: 3"), ("tr\u{5}", "train steps: 3"), ("tr\u{1b}[F", "train steps: 3"),
                    ("tr\u{1b}[1;5C", "train"), ("tr\u{1b}f\u{1b}f", "train steps:"), ("tr", "tr"),
                    ("tr\u{2}\u{1b}[C", "tr"), ("trap\u{1b}[C", "trap"), ("\u{1b}[C", ""), ("x\u{1b}[C", "x"),
                ])
            terminal.check(editor(false), [("tr\u{1b}[C", "tr"), ("tr\u{1b}[1;5C", "tr")])
        }
    }

    @Test func `Ctrl-C drops the line`() async {
        await #expect(processExitsWith: .success) {
            let terminal = try OwnTerminal()
            let editor = LineEditor(services: WordServices(), history: .inMemory(), terminal: OwnTerminal.state())
            let read = terminal.typedLine(editor, "abc\u{3}")
            let shown = terminal.shown()
            #expect(read == .interrupted && shown.contains("^C"), "\(shown)")
            terminal.check(editor, [("x", "x")])
        }
    }

    @Test func `Ctrl-D ends in an empty line`() async {
        await #expect(processExitsWith: .success) {
            let terminal = try OwnTerminal()
            let editor = LineEditor(services: WordServices(), history: .inMemory(), terminal: OwnTerminal.state())
            #expect(terminal.typedLine(editor, "\u{4}") == .end)
        }
    }

    @Test func `a line can begin with text, and the prompt stands before the first line, dots before the others`()
        async
    {
        await #expect(processExitsWith: .success) {
            let terminal = try OwnTerminal()
            let editor = LineEditor(services: WordServices(), history: .inMemory(), terminal: OwnTerminal.state())
            #expect(terminal.typedLine(editor, "x\r", prefill: "abc") == .text("abcx"))
            #expect(terminal.typedLine(editor, "one\u{1b}\rtwo\r", prompt: "icot 1> ") == .text("one\ntwo"))
            let shown = terminal.shown()
            #expect(shown.contains("icot 1> one") && shown.contains("  ....> "), "\(shown)")
            #expect(shown.contains("\u{1b}[?2004h") && shown.hasSuffix("\u{1b}[?2004l"), "\(shown)")
        }
    }

    @Test func `the person's own editor is handed the line and gives back what it saved`() async {
        await #expect(processExitsWith: .success) {
            _ = try OwnTerminal()
            try withTemporaryFolder { folder in
                setenv("TMPDIR", folder.path, 1)
                setenv("EDITOR", "sed -i s/a/b/", 1)
                #expect(ExternalEditor.edit("a a") == "b a" && ExternalEditor.edit("a\n\n") == "b")
                setenv("VISUAL", "sed -i s/a/c/", 1)
                #expect(ExternalEditor.edit("a a") == "c a")
                setenv("VISUAL", "", 1)
                #expect(ExternalEditor.edit("a a") == "b a")
                setenv("EDITOR", "false", 1)
                #expect(ExternalEditor.edit("a a") == nil)
                let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
                #expect(left == [])
            }
        }
    }
}
