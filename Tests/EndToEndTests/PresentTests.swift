// A talk, as the person who gives it meets it.

import Foundation
import TestSupport
import Testing

@Suite struct PresentTests {
    private static let talk = """
        # icot 1
        # title: A talk

        # %% [md]
        # # Watch this
        # It takes
        # a moment.

        # %% one
        let x = 2
        x * 21
        #> 42

        # %% [notes]
        # Remember to smile.

        # %% two
        while x > 0 { x }
        #> as rehearsed

        """

    private func present(_ arguments: [String] = []) throws -> (PseudoTerminal, URL) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "icot-talk-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appending(path: "talk.icot")
        try Self.talk.write(to: file, atomically: true, encoding: .utf8)
        let arguments = arguments.map { $0.replacingOccurrences(of: "FOLDER", with: folder.path) }
        let terminal = try PseudoTerminal(["present", file.path] + arguments)
        try terminal.wait(for: "any key begins")
        return (terminal, folder)
    }

    /// Leaving asks.
    private func leave(_ terminal: PseudoTerminal) {
        terminal.send("q")
        terminal.rest()
        terminal.send("q")
    }

    @Test func `any key types, Enter runs, b goes back in state, e edits, q ends`() throws {
        let (terminal, _) = try present()
        #expect(terminal.screen.modes.contains("1049"))
        terminal.send(" ")
        try terminal.wait(for: "Watch this\nIt takes a moment.\n")
        terminal.send(" ")
        try terminal.wait(for: "let x = 2\n")
        try terminal.wait(for: "Enter runs")
        terminal.send("\r")
        try terminal.wait(for: "1/3")
        terminal.send(" ")
        try terminal.wait(for: "x * 21")
        try terminal.wait(for: "Enter runs")
        terminal.send("\r")
        try terminal.wait(for: "\n42\n")

        terminal.send("b")
        try terminal.wait("the page without its last statement") { $0.text.contains("1/3") && !$0.text.contains("42") }
        terminal.send("e")
        try terminal.wait(forCursorLine: "icot> x * 21")
        terminal.send("0\r")
        try terminal.wait(for: "Enter runs")
        terminal.send("\r")
        try terminal.wait(for: "\n420\n")

        terminal.send("b")
        try terminal.wait("x * 21 to be taken back") { !$0.text.contains("420") }
        terminal.send("b")
        try terminal.wait(for: "0/3")
        terminal.send("i")
        try terminal.wait(forCursorLine: "icot>")
        terminal.send("x\r")
        try terminal.wait(for: "Enter runs")
        terminal.send("\r")
        try terminal.wait(for: "E202")
        leave(terminal)
        #expect(try terminal.exitStatus() == 0)
        #expect(!terminal.screen.modes.contains("1049"))
    }

    @Test func `the record stands in for a slow statement, and Ctrl-C stops it`() throws {
        let (terminal, _) = try present(["--slow", "0.3"])
        for _ in 0..<3 {
            terminal.send(" ")
            terminal.rest()
        }
        // The prose and two statements; Enter completes the typing of one and runs it.
        try terminal.wait(for: "Enter runs")
        terminal.send("\r")
        try terminal.wait(for: "1/3")
        terminal.send("\r\r\r")
        try terminal.wait(for: "2/3")
        terminal.send("\r\r\r")
        try terminal.wait(for: "recorded earlier")
        #expect(terminal.screen.text.contains("as rehearsed"))
        terminal.send("\u{3}")
        try terminal.wait("the end of the statement") {
            !$0.text.contains("recorded earlier") && $0.text.contains("3/3")
        }
        leave(terminal)
        #expect(try terminal.exitStatus() == 0)
    }

    @Test func `notes go elsewhere`() throws {
        let (terminal, folder) = try present(["--notes", "FOLDER/notes"])
        terminal.send(" ")
        terminal.rest()
        terminal.send(" ")
        try terminal.wait(for: "Enter runs")
        leave(terminal)
        #expect(try terminal.exitStatus() == 0)
        let notes = try String(contentsOf: folder.appending(path: "notes"), encoding: .utf8)
        #expect(notes.contains("Remember to smile."))
        #expect(!notes.contains("\u{1b}"))
        #expect(!terminal.screen.text.contains("Remember"))
    }

    @Test func `a talk begins with its title, and no key that may be hit by mistake ends it`() throws {
        let (terminal, _) = try present()
        #expect(terminal.screen.text.contains("A talk"))
        #expect(!terminal.screen.text.contains("icot>"))
        terminal.send("\u{3}")
        try terminal.wait(for: "nothing runs that could be stopped")
        terminal.send("q")
        try terminal.wait(for: "end the talk?")
        terminal.send(" ")
        try terminal.wait(for: "any key begins")
        terminal.send(" ")
        try terminal.wait(for: "It takes a moment.")
        leave(terminal)
        #expect(try terminal.exitStatus() == 0)
    }

    @Test func `a talk whose terminal was lost goes on where it stood`() throws {
        let home = FileManager.default.temporaryDirectory.appending(path: "icot-talk-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        let file = home.appending(path: "talk.icot")
        try Self.talk.write(to: file, atomically: true, encoding: .utf8)
        let first = try PseudoTerminal(["present", file.path], home: home)
        try first.wait(for: "any key begins")
        for key in [" ", " ", "\r", "\r"] {
            first.send(key)
            first.rest()
        }
        try first.wait(for: "1/3")
        first.signal(1)
        _ = try first.exitStatus()

        let second = try PseudoTerminal(["present", file.path], home: home)
        try second.wait(for: "broken off after 1 of them")
        second.send("\r")
        try second.wait(for: "1/3")
        second.send(" ")
        try second.wait(for: "x * 21")
        try second.wait(for: "Enter runs")
        second.send("\r")
        try second.wait(for: "\n42\n")
        leave(second)
        #expect(try second.exitStatus() == 0)

        // What was ended by its key is over.
        let third = try PseudoTerminal(["present", file.path], home: home)
        try third.wait(for: "any key begins")
        leave(third)
        _ = try third.exitStatus()
    }

    @Test func `killing it gives the screen back`() throws {
        let (terminal, _) = try present()
        terminal.signal(15)
        _ = try terminal.exitStatus()
        #expect(!terminal.screen.modes.contains("1049"))
    }

    @Test func `a talk needs a terminal, a rehearsal does not`() throws {
        #expect(try shell("printf '# icot 1\\n1\\n' > t.icot; icot present t.icot").status == 2)
        let rehearsal = try shell(
            "printf '# icot 1\\n# %%%% sums\\n1 + 1\\n#> 2\\n' > t.icot; icot present --rehearse t.icot")
        #expect(rehearsal.status == 0)
        #expect(rehearsal.output.contains("agrees   sums"))
    }
}
