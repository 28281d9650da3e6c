// A terminal for tests that run in a process of their own: what is typed stands ready to be read, and what is shown is
// gathered.

import Foundation
import Glibc
import Language
import Synchronization
import Testing

@testable import Console

final class OwnTerminal: Sendable {
    private let master: Int32
    private let gathered = Mutex<[UInt8]>([])

    /// Puts a terminal of this size in the place of the process's standard input, output and error.
    init(rows: UInt16 = 24, columns: UInt16 = 80) throws {
        var (master, slave): (Int32, Int32) = (-1, -1)
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        guard openpty(&master, &slave, nil, nil, &size) == 0 else { throw POSIXError(.ENXIO) }
        var raw = termios()
        tcgetattr(slave, &raw)
        cfmakeraw(&raw)
        tcsetattr(slave, TCSANOW, &raw)
        for descriptor in STDIN_FILENO...STDERR_FILENO { dup2(slave, descriptor) }
        close(slave)
        self.master = master
        Thread.detachNewThread { [self] in
            var chunk = [UInt8](repeating: 0, count: 4096)
            while case let count = read(self.master, &chunk, chunk.count), count > 0 {
                gathered.withLock { $0 += chunk[..<count] }
            }
        }
        // Whatever waits for a key that does not come ends.
        alarm(20)
        // Nothing of the person's own settings.
        for name in ["PAGER", "NO_COLOR", "COLORTERM", "COLUMNS", "VISUAL", "EDITOR"] { unsetenv(name) }
        setenv("HOME", "/nowhere", 1)
        setenv("EDITRC", "/dev/null", 1)
        setenv("INPUTRC", "/dev/null", 1)
        setenv("TERM", "xterm", 1)
    }

    func type(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(master, bytes, bytes.count)
    }

    /// Types once some words are shown, or after five seconds.
    func type(_ text: String, after words: String) {
        Thread.detachNewThread { [self] in
            for _ in 0..<5000 {
                if gathered.withLock({ String(decoding: $0, as: UTF8.self).contains(words) }) { break }
                usleep(1000)
            }
            type(text)
        }
    }

    /// What was shown since the last call.
    func shown() -> String {
        // A mark that is written last has come when all before it has.
        let mark = Array("\u{1}".utf8)
        _ = Glibc.write(STDOUT_FILENO, mark, 1)
        while true {
            let text: String? = gathered.withLock { bytes in
                guard bytes.last == 1 else { return nil }
                defer { bytes = [] }
                return String(decoding: bytes.dropLast(), as: UTF8.self)
            }
            if let text { return text }
            usleep(1000)
        }
    }

    /// A terminal that can do all that is asked, with or without colours.
    static func state(colour: Bool = false) -> TerminalState {
        TerminalState(
            inputIsTerminal: true, outputIsTerminal: true, errorIsTerminal: true, canMove: true, usesColour: colour,
            has256Colours: false, isLinuxConsole: false, isUnicode: true, hasBraille: true)
    }

    /// Types keys and Enter, and looks at the line that comes of them, row by row.
    func check(_ editor: LineEditor, _ rows: [(keys: String, line: String)]) {
        for (keys, line) in rows {
            let read = typedLine(editor, keys + "\r")
            #expect(read == .text(line), "\(keys.debugDescription): \(read)")
        }
    }

    /// Reads a line for which keys are typed once its prompt is there: before, they would be the terminal's to edit.
    func typedLine(_ editor: LineEditor, _ keys: String, prompt: String = "> ", prefill: String = "") -> LineEditor.Line
    {
        _ = shown()
        type(keys, after: prompt + prefill)
        return editor.readLine(prompt: StyledText(prompt), prefill: prefill)
    }
}

/// What a line editor asks, answered by a list of words; a brace that is open asks for another line.
final class WordServices: EditorServices {
    let words: [String]

    init(_ words: [String] = []) { self.words = words }

    func highlight(_ text: String) -> [HighlightedSpan] { [] }
    func faults(in text: String) -> [SourceSpan] { [] }

    func completions(in text: String, at offset: Int) -> [CompletionItem] {
        let typed = String(decoding: text.utf8.prefix(offset), as: UTF8.self)
        let word = typed.split(separator: " ", omittingEmptySubsequences: false).last ?? ""
        let span = SourceSpan(offset - word.utf8.count, offset)
        return words.filter { $0.hasPrefix(word) }.map { CompletionItem(label: $0, span: span, replacement: $0) }
    }

    func state(of text: String) -> InputState {
        text.count { $0 == "{" } > text.count { $0 == "}" } ? .incomplete : .complete
    }
}

/// Gives the process a file for its standard input and others for what it writes.
enum OwnFiles {
    static func redirect(_ input: String, in folder: URL) throws {
        try input.write(to: folder.appending(path: "in"), atomically: true, encoding: .utf8)
        for (name, descriptor, flags) in [
            ("in", STDIN_FILENO, O_RDONLY), ("out", STDOUT_FILENO, O_WRONLY | O_CREAT | O_TRUNC),
            ("err", STDERR_FILENO, O_WRONLY | O_CREAT | O_TRUNC),
        ] {
            let opened = open(folder.appending(path: name).path, flags, 0o600)
            dup2(opened, descriptor)
            close(opened)
        }
        for name in ["PAGER", "COLUMNS"] { unsetenv(name) }
        alarm(20)
    }

    static func read(_ name: String, in folder: URL) throws -> String {
        try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }
}
