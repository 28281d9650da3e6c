// The prompt, as a person at a terminal meets it.

import Foundation
import Glibc
import Testing

@Suite struct PromptTests {
    /// The program at its first prompt.
    private func start(
        home: URL? = nil, environment: [String: String] = [:], rows: Int = 24, columns: Int = 80
    ) throws -> PseudoTerminal {
        let terminal = try PseudoTerminal(home: home, environment: environment, rows: rows, columns: columns)
        try terminal.wait(forCursorLine: "icot 1>")
        return terminal
    }

    private func control(_ letter: Character) -> String { String(UnicodeScalar((letter.asciiValue ?? 0) & 0x1f)) }

    @Test func `a value is shown, and _ and _1 bring it back`() throws {
        let terminal = try start()
        terminal.send("40 + 2\r")
        try terminal.wait(for: "\n42\nicot 2>")
        terminal.send("_ + 1\r")
        try terminal.wait(for: "\n43\nicot 3>")
        terminal.send("_1 * 10\r")
        try terminal.wait(for: "\n420\nicot 4>")
        terminal.send("\u{4}")
        #expect(try terminal.exitStatus() == 0)
    }

    @Test func `a slip is underlined, explained, and put right by Tab`() throws {
        let terminal = try start()
        terminal.send("pritn 7\r")
        try terminal.wait(for: "fix:")
        #expect(terminal.screen.text.contains("E201"))
        #expect(terminal.screen.text.contains("  pritn 7\n  ^^^^^"))
        try terminal.wait(forCursorLine: "icot 1> print 7   (Tab)")
        terminal.send("\t\r")
        try terminal.wait(for: "\n7\nicot 1>")
    }

    @Test func `a wrong word is underlined while the keys rest`() throws {
        let terminal = try start()
        terminal.send("pritn 7 ")
        try terminal.wait("underlined letters") { screen in
            let word = screen.cells[screen.row][8..<13]
            return word.map(\.text).joined() == "pritn"
                && word.allSatisfy { $0.style.split(separator: ";").contains("4") }
        }
    }

    @Test func `three hundred pasted lines are one block that runs only when told to`() throws {
        let terminal = try start()
        let lines = (1...300).map { "print (\($0) * 1000)" }.joined(separator: "\n")
        terminal.send("\u{1b}[200~\(lines)\n\u{1b}[201~")
        try terminal.wait(for: "print (300 * 1000)")
        terminal.rest()
        #expect(!terminal.screen.text.contains("300000"))
        #expect(terminal.screen.row == 23)
        terminal.send(control("C"))
        try terminal.wait(forCursorLine: "icot 1>")
    }

    @Test func `a block is read until its brace closes`() throws {
        let terminal = try start()
        terminal.send("for k in 0...2 {\r")
        try terminal.wait(forCursorLine: "  ....>")
        terminal.send("print (k * 11)\r}\r")
        try terminal.wait(for: "0\n11\n22\nicot 1>")
    }

    @Test func `Ctrl-C stops a loop, and the session goes on as it was`() throws {
        let terminal = try start()
        terminal.send("let n = 7\r")
        terminal.send("print 1; while true { n = n + 0 }\r")
        try terminal.wait(for: "\n1")
        terminal.rest(milliseconds: 100)
        terminal.send(control("C"))
        try terminal.wait(for: "stopped")
        terminal.send("n\r")
        try terminal.wait(for: "\n7\nicot 2>")
    }

    @Test func `what is typed while something runs stands at the next prompt and nowhere else`() throws {
        let terminal = try start()
        terminal.send("print (1000 + 1); for k in 0...3_000_000 { k * k }\r")
        try terminal.wait(for: "\n1001\n")
        terminal.send("40 + 2")
        try terminal.wait(forCursorLine: "icot 1> 40 + 2")
        #expect(terminal.screen.text.components(separatedBy: "40 + 2").count == 2, "\(terminal.screen.text)")
        terminal.send("\r")
        try terminal.wait(for: "\n42\n")
    }

    @Test func `a panel shows the answer's tokens and where it looks while it trains, and leaves nothing`() throws {
        let terminal = try start()
        terminal.send(
            "let r = start (model .gpt2 layers: 1 heads: 2 width: 16) on: (gen .parity digits: 4 n: 400 seed: 1)\r")
        try terminal.wait(forCursorLine: "0/2 removed · 1>")
        terminal.send("train steps: 100000 panel: true\r")
        for row in ["attention", "answer", "loss"] { try terminal.wait(for: "\n\(row) ") }
        terminal.send(control("C"))
        try terminal.wait(for: "stopped")
        terminal.send("print (40 + 2)\r")
        try terminal.wait(for: "\n42\n")
        #expect(!terminal.screen.text.contains("attention"), "\(terminal.screen.text)")
    }

    @Test func `Ctrl-C drops the line, and the second time says how to leave`() throws {
        let terminal = try start()
        terminal.send("let x = ")
        try terminal.wait(forCursorLine: "icot 1> let x =")
        terminal.send(control("C"))
        // The first prompt looks the same: only after the dropped line is it the second.
        try terminal.wait(for: "let x = ^C\nicot 1>")
        terminal.send(control("C"))
        try terminal.wait(for: "Ctrl-D or quit leaves")
    }

    @Test(arguments: ["quit", "exit", "exit()"]) func `leaving is spelled as people spell it`(_ word: String) throws {
        let terminal = try start()
        terminal.send(word + "\r")
        #expect(try terminal.exitStatus() == 0)
    }

    @Test func `a narrower window keeps the line whole`() throws {
        let terminal = try start(columns: 60)
        terminal.send("let long_name = 1 + 2 + 3 + 4 + 5 + 6 + 7 + 8")
        try terminal.wait(for: "7 + 8")
        terminal.resize(rows: 24, columns: 30)
        terminal.send(" + 9")
        try terminal.wait("the line in narrow rows") { $0.cursorLine.contains("+ 9") }
        terminal.send("\rlong_name\r")
        try terminal.wait(for: "\n45\n")
    }

    @Test func `Tab completes a verb, and lists what there is a choice of`() throws {
        let terminal = try start()
        terminal.send("prin\t")
        try terminal.wait("the completed verb") { $0.cursorLine.hasPrefix("icot 1> print") }
        terminal.send(control("U") + "let word_one = 1\rlet word_two = 2\rprint wor\t")
        try terminal.wait(for: "  word_two")
        #expect(terminal.screen.text.contains("  word_one"))
        #expect(terminal.screen.cursorLine == "icot 1> print word_")
    }

    @Test func `what was typed is there after a restart`() throws {
        let first = try start()
        first.send("let alpha = 41\r")
        first.rest()
        first.send("\u{4}")
        #expect(try first.exitStatus() == 0)
        let second = try start(home: first.home)
        second.send("\u{1b}[A")
        try second.wait(forCursorLine: "icot 1> let alpha = 41")
        second.send(control("U") + control("R") + "alp")
        try second.wait(for: "search: alp")
    }

    @Test func `a damaged history costs its damaged lines only`() throws {
        let home = FileManager.default.temporaryDirectory.appending(path: "icot-home-\(UUID().uuidString)")
        let folder = home.appending(path: ".local/state/icot")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var bytes = Data([0xff, 0x00, 0x1b, 0x0a])
        bytes += Data("1764012345 print 1\n\u{1}\u{2}garbage\n17640123".utf8)
        try bytes.write(to: folder.appending(path: "history"))
        let terminal = try start(home: home)
        terminal.send("\u{1b}[A")
        try terminal.wait(forCursorLine: "icot 1> print 1")
    }

    @Test func `a plain terminal is sent no escape codes`() throws {
        let terminal = try PseudoTerminal(environment: ["TERM": "dumb"])
        try terminal.wait(forCursorLine: "icot 1>")
        terminal.send("pritn 7\n")
        try terminal.wait(for: "^^^^^")
        try terminal.wait(forCursorLine: "icot 1>")
        terminal.send("for k in 0...2 {\n")
        try terminal.wait(forCursorLine: "....>")
        terminal.send("print (k * 11)\n}\n")
        try terminal.wait(for: "22\n")
        terminal.send("\u{4}")
        #expect(try terminal.exitStatus() == 0)
        #expect(!terminal.bytes.contains(0x1b))
    }

    @Test func `NO_COLOR leaves weight and underline and takes every colour`() throws {
        let terminal = try start(environment: ["NO_COLOR": "1"])
        terminal.send("pritn \"text\" + 12\r")
        try terminal.wait(for: "E201")
        terminal.rest()
        let text = String(decoding: terminal.bytes, as: UTF8.self)
        let codes = text.components(separatedBy: "\u{1b}[").dropFirst().compactMap { part -> String? in
            let parameters = part.prefix { $0.isNumber || $0 == ";" }
            return part.dropFirst(parameters.count).first == "m" ? String(parameters) : nil
        }
        #expect(!codes.isEmpty)
        #expect(codes.allSatisfy { code in code.split(separator: ";").allSatisfy { $0.count == 1 } })
    }

    @Test func `help is asked for with a question mark`() throws {
        let terminal = try start(rows: 30)
        terminal.send("?\r")
        try terminal.wait(for: "verbs")
        terminal.send("q")
        terminal.send("?print\r")
        try terminal.wait(for: "Writes values")
        terminal.send("?prnit\r")
        try terminal.wait(for: "did you mean ?print")
        terminal.send("?let\r")
        try terminal.wait(for: "gives a value a name")
    }

    @Test func `what does not fit on the screen is shown by the screen`() throws {
        let terminal = try start(rows: 10)
        terminal.send("?\r")
        // A screen less the line that asks; Enter shows one more line, a space another screen.
        try terminal.wait(for: "\n9 of ")
        try terminal.wait(for: "space for more")
        terminal.send("\r")
        try terminal.wait(for: "\n10 of ")
        terminal.send(" ")
        try terminal.wait(for: "\n19 of ")
        terminal.send("q")
        try terminal.wait(forCursorLine: "icot 1>")
        terminal.send("1 + 1\r")
        try terminal.wait(for: "\n2\n")
    }

    @Test func `words that were deleted one after the other come back together, in their order`() throws {
        let terminal = try start()
        terminal.send("one two three" + control("W") + control("W") + "zero " + control("Y"))
        try terminal.wait(forCursorLine: "icot 1> one zero two three")
    }

    @Test func `what was typed between parts two deletions, and only the last comes back`() throws {
        let terminal = try start()
        terminal.send("one two" + control("W") + "x" + control("W") + "[" + control("Y") + "]")
        try terminal.wait(forCursorLine: "icot 1> one [x]")
    }

    @Test func `time says how long, and statements of one's own run before the first prompt`() throws {
        let home = FileManager.default.temporaryDirectory.appending(path: "icot-home-\(UUID().uuidString)")
        let folder = home.appending(path: ".config/icot")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try "let mine = 5\npritn mine\n".write(
            to: folder.appending(path: "startup.icot"), atomically: true, encoding: .utf8)
        let wrong = try PseudoTerminal(home: home, columns: 200)
        try wrong.wait(for: "startup.icot:2:1: E201")
        try wrong.wait("a prompt all the same") { $0.cursorLine.hasPrefix("icot ") && $0.cursorLine.hasSuffix(">") }
        try "let mine = 5\n".write(to: folder.appending(path: "startup.icot"), atomically: true, encoding: .utf8)
        let terminal = try PseudoTerminal(home: home)
        try terminal.wait("the prompt") { $0.cursorLine.hasPrefix("icot ") && $0.cursorLine.hasSuffix(">") }
        terminal.send("time (mine * 2)\r")
        try terminal.wait(for: "took ")
        try terminal.wait("the value") { $0.text.contains("\n10\n") }
    }

    @Test func `a window of a few rows or columns, or of none, ends nothing`() throws {
        let terminal = try start()
        for (rows, columns) in [(0, 20), (1, 1), (3, 2), (5, 3), (2, 80), (24, 1), (0, 0)] {
            terminal.resize(rows: rows, columns: columns)
            for keys in [
                "let x = [1,", "\u{1b}[D", "\t", "\u{7f}", "\u{1b}[A", "\u{0c}", "\u{1b}[200~a\nb\nc\u{1b}[201~",
                "\u{03}",
            ] {
                terminal.send(keys)
                terminal.rest(milliseconds: 20)
            }
        }
        terminal.resize(rows: 24, columns: 80)
        terminal.send("6 * 7\r")
        try terminal.wait("the value") { $0.text.contains("\n42\n") }
    }

    @Test func `killing it puts the terminal back`() throws {
        let terminal = try start()
        #expect(terminal.screen.modes.contains("2004"))
        terminal.signal(SIGTERM)
        #expect(try terminal.exitStatus() == 75)
        #expect(!terminal.screen.modes.contains("2004"))
    }
}
