// What each key does to the line that is being typed. A table is typed into one program; each row ends with a letter,
// so that its line is on the screen only when all keys before it have had their effect.

import Foundation
import Testing

@Suite struct KeyEffectRuleTests {
    private static let left = "\u{1b}[D", right = "\u{1b}[C", up = "\u{1b}[A", down = "\u{1b}[B"
    private static let home = "\u{1b}[H", end = "\u{1b}[F", delete = "\u{1b}[3~"

    private static func control(_ letter: Character) -> String {
        String(UnicodeScalar((letter.asciiValue ?? 0) & 0x1f))
    }

    private func start() throws -> PseudoTerminal {
        let terminal = try PseudoTerminal()
        try terminal.wait(forCursorLine: "icot 1>")
        return terminal
    }

    private func drop(_ terminal: PseudoTerminal) throws {
        terminal.send(Self.control("C"))
        try terminal.wait(forCursorLine: "icot 1>")
    }

    private func check(_ terminal: PseudoTerminal, _ rows: [(keys: String, line: String)]) throws {
        for (keys, line) in rows {
            terminal.send(keys)
            let expected = line.hasPrefix("  ....>") ? line : "icot 1> " + line
            try terminal.wait(
                "'\(expected)' after \(keys.debugDescription)", seconds: 10, until: { $0.cursorLine == expected })
            try drop(terminal)
        }
    }

    @Test func `the cursor goes by characters, by words and to the ends, by either spelling of the key`() throws {
        try check(
            start(),
            [
                ("abc" + Self.left + "x", "abxc"), ("abc" + Self.left + Self.left + Self.right + "x", "abxc"),
                ("abc" + Self.control("B") + "x", "abxc"),
                ("abc" + Self.control("B") + Self.control("B") + Self.control("F") + "x", "abxc"),
                ("abc" + Self.home + "x", "xabc"), ("abc" + Self.home + Self.end + "x", "abcx"),
                ("abc" + Self.control("A") + "x", "xabc"),
                ("abc" + Self.control("A") + Self.control("E") + "x", "abcx"),
                ("abc def\u{1b}bx", "abc xdef"), ("abc def\u{1b}[1;5Dx", "abc xdef"),
                ("abc def" + Self.home + "\u{1b}fx", "abcx def"),
                ("abc def" + Self.home + "\u{1b}[1;5Cx", "abcx def"),
                // An accent and its letter are one character; a key without a meaning changes nothing.
                ("e\u{301}x" + Self.left + Self.left + "y", "ye\u{301}x"),
                ("abc" + Self.home + "\u{1b}[5~x", "xabc"),
                // Nor does one that nothing is bound to after another, and the next key is itself.
                ("abc" + Self.home + Self.control("X") + Self.left + Self.control("K") + "x", "x"),
            ])
    }

    @Test func `what is deleted is the character, word or part of the line that the key is for`() throws {
        try check(
            start(),
            [
                ("abc\u{7f}x", "abx"), ("abc" + Self.control("H") + "x", "abx"),
                ("abc" + Self.home + Self.delete + "x", "xbc"),
                ("abc" + Self.home + Self.control("D") + "x", "xbc"),
                ("abc def" + Self.control("W") + "x", "abc x"), ("abc def\u{1b}\u{7f}x", "abc x"),
                ("abc def" + Self.home + "\u{1b}dx", "x def"),
                ("abc def" + Self.home + Self.right + Self.control("K") + "x", "ax"),
                ("abc def" + Self.left + Self.control("U") + "x", "xf"),
            ])
    }

    @Test func `what was deleted comes back where the cursor is, pieces in a row together and others alone`() throws {
        try check(
            start(),
            [
                ("abc" + Self.home + Self.right + Self.control("K") + Self.home + Self.control("Y") + "x", "bcxa"),
                ("abc" + Self.left + Self.control("U") + Self.end + Self.control("Y") + "x", "cabx"),
                ("one two" + Self.control("W") + Self.control("W") + Self.control("Y") + "x", "one twox"),
                ("abc def" + Self.home + "\u{1b}d\u{1b}d" + Self.control("Y") + "x", "abc defx"),
                // Another key between the two: the second one replaces the first.
                ("one two" + Self.control("W") + Self.left + Self.control("W") + Self.control("Y") + "x", "onex"),
                ("ab cd" + Self.control("_") + "x", "ab x"),
            ])
    }

    @Test func `of several lines each has its own ends, and Up and Down go from one to the other`() throws {
        // Alt-Enter begins a line whatever stands there.
        try check(
            start(),
            [
                ("abc\u{1b}\rdef" + Self.control("A") + "x", "  ....> xdef"),
                ("abc\u{1b}\rdef" + Self.up + "x", "abcx"),
                ("abcd\u{1b}\re" + Self.up + "x", "axbcd"),
                ("abc\u{1b}\rdef" + Self.up + Self.down + "x", "  ....> defx"),
                ("abcde\u{1b}\rf" + Self.up + Self.end + Self.down + "x", "  ....> fx"),
                ("abc\u{1b}\rdef\u{1b}<x", "xabc"), ("abc\u{1b}\rdef\u{1b}<\u{1b}>x", "  ....> defx"),
                // Ctrl-K at the end of a line takes its line break, Enter within the text makes one.
                ("abc\u{1b}\rdef" + Self.up + Self.end + Self.control("K") + "x", "abcxdef"),
                ("abc\u{1b}\rdef" + Self.up + Self.home + "\rx", "  ....> xabc"),
                ("\u{1b}[200~ab\ncd\u{1b}[201~x", "  ....> cdx"),
            ])
    }

    @Test func `a line is indented by two more after a brace, as the one above it otherwise, and less by a brace`()
        throws
    {
        try check(
            start(),
            [
                ("if true {\rx", "  ....>   x"), ("if true {\rif true {\rx", "  ....>     x"),
                ("if true {\rx\ry", "  ....>   y"), ("let x = [1,\r2", "  ....> 2"),
                ("if true {\r}x", "  ....> }x"), ("if true {\rif true {\r}x", "  ....>   }x"),
                // Only at the head of a line, and not of the first.
                ("if true {\rx}y", "  ....>   x}y"), ("  }x", "  }x"),
                // Tab at the head of a line that is not the first indents it.
                ("abc\u{1b}\r\tx", "  ....>   x"),
            ])
    }

    @Test func `the grey rest of an earlier entry is taken at the end of the line, whole or by a word`() throws {
        let terminal = try start()
        terminal.send("print 12345\r")
        try terminal.wait(for: "\n12345\nicot 1>")
        try check(
            terminal,
            [
                ("pri", "print 12345"), ("pri" + Self.right + "x", "print 12345x"),
                ("pri" + Self.end + "x", "print 12345x"), ("pri" + Self.control("E") + "x", "print 12345x"),
                ("pri\u{1b}[1;5Cx", "printx"), ("pri\u{1b}fx", "printx"),
                // Elsewhere in the line there is none.
                ("pri" + Self.left + Self.right + "x", "prix"),
            ])
    }

    @Test func `a choice is taken by Enter without running it, and Escape only closes the list`() throws {
        let terminal = try start()
        terminal.send("let word_one = 1\rlet word_two = 2\r")
        try terminal.wait(for: "word_two = 2\nicot 1>")
        terminal.send("print wor\t\t\t\u{1b}[Z")
        try terminal.wait("the first of two") {
            $0.cursorLine == "icot 1> print word_one" && $0.text.contains("\n> word_one")
        }
        terminal.send("\r")
        try terminal.wait("no list") {
            $0.cursorLine == "icot 1> print word_one" && !$0.text.contains("\n> word_one")
        }
        terminal.send("\r")
        try terminal.wait(for: "\n1\nicot 1>")
        terminal.send("print word_t" + "\u{7f}\t")
        try terminal.wait(for: "\n  word_two")
        terminal.send("\u{1b}")
        try terminal.wait("no list, the line as it was") {
            $0.cursorLine.hasPrefix("icot 1> print word_") && !$0.text.contains("\n  word_two")
        }
        try drop(terminal)
        // Where nothing can follow, the bell rings and the line stays.
        let bells = terminal.screen.bells
        terminal.send("zzzq\t")
        try terminal.wait("the bell") { $0.bells == bells + 1 && $0.cursorLine == "icot 1> zzzq" }
        terminal.send(Self.control("L"))
        try terminal.wait("an empty screen") { $0.row == 0 && $0.text == "icot 1> zzzq" }
    }

    @Test func `Ctrl-C over a list closes it and keeps the line, and drops the line the next time`() throws {
        let terminal = try start()
        terminal.send("let word_one = 1\rlet word_two = 2\r")
        try terminal.wait(for: "word_two = 2\nicot 1>")
        terminal.send("print word_t\u{7f}\t")
        try terminal.wait(for: "\n  word_two")
        terminal.send(Self.control("C"))
        try terminal.wait("no list, the line as it was") {
            $0.cursorLine == "icot 1> print word_" && !$0.text.contains("\n  word_two")
        }
        // The line is edited on.
        terminal.send("two\r")
        try terminal.wait(for: "\n2\nicot 1>")
        terminal.send("print word_\t")
        try terminal.wait(for: "\n  word_two")
        terminal.send(Self.control("C") + Self.control("C"))
        try terminal.wait("an empty line") { $0.cursorLine == "icot 1>" && $0.text.contains("print word_^C") }
    }

    @Test func `what was found in the history is edited where it matched, run by Enter, and given up by Escape`() throws
    {
        let terminal = try start()
        terminal.send("print 111\rprint 222\r")
        try terminal.wait(for: "\n222\nicot 1>")
        try check(
            terminal,
            [
                // The cursor stands at the match.
                (Self.control("R") + "22" + Self.right + "x", "print 2x22"),
                ("abc" + Self.control("P") + "x", "abcx"), (Self.control("P") + "x", "print 222x"),
                (Self.control("P") + Self.control("P") + "x", "print 111x"),
                (Self.control("P") + Self.control("P") + Self.control("N") + "x", "print 222x"),
            ])
        terminal.send("abc" + Self.control("R") + "11")
        try terminal.wait(for: "search: 11")
        terminal.send("\u{1b}")
        try terminal.wait("the line as it was") { $0.cursorLine == "icot 1> abc" && !$0.text.contains("search:") }
        try drop(terminal)
        terminal.send(Self.control("R") + "11")
        try terminal.wait(for: "search: 11")
        terminal.send("\r")
        try terminal.wait(for: "icot 1> print 111\n111\nicot 1>")
    }

    @Test func `without colours nothing grey is offered, since it could not be told from what was typed`() throws {
        let terminal = try PseudoTerminal(environment: ["NO_COLOR": "1"])
        try terminal.wait(forCursorLine: "icot 1>")
        terminal.send("print 12345\r")
        try terminal.wait(for: "\n12345\nicot 1>")
        terminal.send("pri")
        try terminal.wait(forCursorLine: "icot 1> pri")
        terminal.send(Self.right + "x")
        try terminal.wait(forCursorLine: "icot 1> prix")
    }

    @Test func `what is too long for the screen goes to its end by e, and to the program that the person names`() throws
    {
        let terminal = try PseudoTerminal(rows: 10)
        try terminal.wait(forCursorLine: "icot 1>")
        terminal.send("?\r")
        try terminal.wait(for: "\n9 of ")
        terminal.send("e")
        try terminal.wait("the prompt, and nothing asked any more") {
            $0.cursorLine == "icot 1>" && !$0.text.contains("space for more")
        }
        for (pager, isAsked) in [("cat", false), ("", true), ("tr a-z A-Z", false)] {
            let other = try PseudoTerminal(environment: ["PAGER": pager], rows: 10)
            try other.wait(forCursorLine: "icot 1>")
            other.send("?\r")
            try other.wait("an end of the help") {
                isAsked ? $0.text.contains("space for more") : $0.cursorLine == "icot 1>" && !$0.text.contains("? for")
            }
            let isLoud =
                other.screen.text.contains { $0.isUppercase }
                && !other.screen.lines[..<8].contains {
                    $0.contains { $0.isLowercase }
                }
            #expect(isLoud == (pager == "tr a-z A-Z"), "\(other.screen.text)")
        }
    }
}
