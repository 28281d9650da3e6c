// Long output a screen at a time: through $PAGER where it is set, else by ourselves.

import CTerminal
import Glibc
import Language

struct Pager {
    let terminal: TerminalState
    let styles: StyleSheet
    let write: (String) -> Void

    /// Shows rows that are too many for the screen.
    func show(_ rows: [String]) {
        if let program = environment("PAGER"), !program.isEmpty, program != "cat" {
            if runExternal(program, rows) { return }
        }
        if environment("PAGER") == "cat" { return write(rows.joined(separator: "\n") + "\n") }
        showByScreens(rows)
    }

    private func runExternal(_ program: String, _ rows: [String]) -> Bool {
        let file = tmpfile()
        guard let file else { return false }
        defer { fclose(file) }
        fputs(rows.joined(separator: "\n") + "\n", file)
        rewind(file)
        // less shows colours only when told to; other pagers do not look at LESS.
        if getenv("LESS") == nil { setenv("LESS", "-RFX", 1) }
        let status = runProgram(["/bin/sh", "-c", program], standardInput: fileno(file))
        return status != -1 && status != 126 && status != 127
    }

    private func showByScreens(_ rows: [String]) {
        var next = 0
        var page = max(1, terminal.size().rows - 1)
        while next < rows.count {
            let end = min(rows.count, next + page)
            write(rows[next..<end].joined(separator: "\n") + "\n")
            next = end
            guard next < rows.count else { return }
            let line = StyledText(
                "\(next) of \(rows.count) lines: space for more, Enter for one, e for the end, q to stop", .next)
            write(styles.render(line.truncated(to: terminal.size().columns - 1)))
            let key = readKey()
            write("\r\u{1b}[K")
            switch key {
            case UInt8(ascii: "q"), UInt8(ascii: "Q"), 0x03, 0x04, 0x1b, nil: return
            case 0x0d, 0x0a, UInt8(ascii: "j"): page = 1
            case UInt8(ascii: "e"), UInt8(ascii: "G"): page = rows.count
            default: page = max(1, terminal.size().rows - 1)
            }
        }
    }

    /// One key without echo and without waiting for Enter.
    private func readKey() -> UInt8? {
        terminal_guard(STDIN_FILENO)
        var before = termios()
        guard tcgetattr(STDIN_FILENO, &before) == 0 else { return nil }
        var raw = before
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &raw)
        defer { tcsetattr(STDIN_FILENO, TCSADRAIN, &before) }
        var byte: UInt8 = 0
        // One byte only: what is typed ahead belongs to the prompt.
        guard read(STDIN_FILENO, &byte, 1) > 0 else { return nil }
        guard byte == 0x1b else { return byte }
        // An arrow key arrives as several bytes at once.
        var watched = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        guard poll(&watched, 1, 40) > 0 else { return byte }
        var rest = [UInt8](repeating: 0, count: 8)
        _ = read(STDIN_FILENO, &rest, rest.count)
        return UInt8(ascii: " ")
    }
}
