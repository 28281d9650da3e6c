// Whatever library edits lines, the user's own keys in its file are kept, and its licence is said where that matters.
// The suites with "Key" and "Prompt" in their names hold for each library alike.

import Foundation
import Testing

@Suite struct LineEditingTests {
    /// Whether the program edits by GNU Readline rather than libedit.
    private static let isReadline = ((try? shell("icot --version"))?.output ?? "").contains("GNU Readline")

    /// The program at its prompt, with a line in `~/.editrc` or in `~/.inputrc`.
    private func start(libedit: String, readline: String, columns: Int = 80) throws -> PseudoTerminal {
        let home = FileManager.default.temporaryDirectory.appending(path: "icot-keys-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        try Data((libedit + "\n").utf8).write(to: home.appending(path: ".editrc"))
        try Data((readline + "\n").utf8).write(to: home.appending(path: ".inputrc"))
        let terminal = try PseudoTerminal(home: home, columns: columns)
        try terminal.wait(forCursorLine: "icot 1>")
        return terminal
    }

    private func control(_ letter: Character) -> String { String(UnicodeScalar((letter.asciiValue ?? 0) & 0x1f)) }

    private func check(_ terminal: PseudoTerminal, _ rows: [(keys: String, line: String)]) throws {
        for (keys, line) in rows {
            terminal.send(keys)
            try terminal.wait(
                "'\(line)' after \(keys.debugDescription)", seconds: 10, until: { $0.cursorLine == "icot 1> " + line })
            terminal.send(control("C"))
            try terminal.wait(forCursorLine: "icot 1>")
        }
    }

    @Test func `a key of the user's own file is kept, and one that icot needs stays icot's`() throws {
        let terminal = try start(
            libedit: "bind ^O vi-kill-line-prev\nbind ^W ed-move-to-beg",
            readline: "\"\\C-o\": backward-kill-line\n\"\\C-w\": beginning-of-line")
        try check(
            terminal,
            [
                ("abc def" + control("O") + "x", "x"),
                // A word is deleted, and comes back.
                ("abc def" + control("W") + control("Y") + "x", "abc defx"),
            ])
    }

    @Test func `vi's keys are those of vi, with history, lists and Ctrl-C as ever`() throws {
        let terminal = try start(libedit: "bind -v", readline: "set editing-mode vi")
        try check(
            terminal,
            [
                ("abc\u{1b}0xi", "bc"), ("abc def\u{1b}bix", "abc xdef"), ("abc def\u{1b}0dwix", "xdef"),
                ("abc\u{1b}", "abc"), ("a\u{1b}[Db", "ba"),
            ])
        terminal.send("print 41\r")
        try terminal.wait(for: "\n41\nicot 1>")
        terminal.send("\u{1b}")
        terminal.rest()
        terminal.send("k")
        try terminal.wait(forCursorLine: "icot 1> print 41")
        terminal.send("A\u{7f}2\r")
        try terminal.wait(for: "\n42\nicot 1>")
        // Each line begins in the mode that inserts.
        terminal.send("print 43\r")
        try terminal.wait(for: "\n43\nicot 1>")
        terminal.send(control("D"))
        #expect(try terminal.exitStatus() == 0)
    }

    @Test func `letters of every alphabet are edited as characters`() throws {
        let terminal = try start(libedit: "", readline: "")
        try check(
            terminal,
            [
                ("größe ×\u{1b}[D\u{7f}y", "größey×"), ("日本語\u{2}\u{2}x", "日x本語"), ("e\u{301}🙂\u{7f}z", "e\u{301}z"),
            ])
    }

    @Test func `a line whose terminal goes away is not run`() throws {
        let terminal = try start(libedit: "", readline: "", columns: 300)
        let file = terminal.home.appending(path: "written.txt").path
        terminal.send("write \"gone\" \"\(file)\"")
        try terminal.wait { $0.text.contains("written.txt") }
        try terminal.hangUp()
        #expect(!FileManager.default.fileExists(atPath: file))
    }

    @Test func `the library is named, and the licence that it puts the program under`() throws {
        let (version, doctor) = (try shell("icot --version").output, try shell("icot doctor").output)
        #expect(version.contains("GPL") == Self.isReadline)
        #expect(doctor.contains("GPL") == Self.isReadline)
        #expect(doctor.contains(Self.isReadline ? "keys in ~/.inputrc" : "libedit, keys in ~/.editrc"))
    }
}
