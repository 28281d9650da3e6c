// The whole screen as the end of one page with a line about it below: what a talk is shown on. Drawn on the terminal's
// alternate screen, so that the shell's own text is there again afterwards; only rows that changed are written.

import CTerminal
import Glibc
import Language

public final class PageScreen {
    public enum Key: Equatable, Sendable {
        case enter, interrupt, end
        case up, down, pageUp, pageDown, left, right
        case character(Character)
        case other
    }

    private let terminal: TerminalState
    private let styles: StyleSheet
    private var before = termios()
    private var isOpen = false
    private var shown: [String] = []
    private var shownSize = (rows: 0, columns: 0)
    private var decoder = KeyDecoder()
    private var keys: [Key] = []
    /// How many rows the page is scrolled up from its end.
    private var scroll = 0

    public init(terminal: TerminalState) {
        self.terminal = terminal
        styles = StyleSheet(terminal: terminal)
    }

    deinit { close() }

    public var size: (rows: Int, columns: Int) { terminal.size() }

    // MARK: Opening and closing

    /// Takes the screen and the keys; false where there is no terminal.
    public func open() -> Bool {
        guard !isOpen, tcgetattr(STDIN_FILENO, &before) == 0 else { return isOpen }
        terminal_guard(STDIN_FILENO)
        terminal_watch_size()
        setRaw()
        terminal_alternate_screen(true)
        write("\u{1b}[?1049h\u{1b}[?25l\u{1b}[2J")
        shown = []
        isOpen = true
        return true
    }

    /// Gives both back.
    public func close() {
        guard isOpen else { return }
        isOpen = false
        write("\u{1b}[?25h\u{1b}[?1049l")
        terminal_alternate_screen(false)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &before)
    }

    private func setRaw() {
        var raw = before
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG | IEXTEN)
        raw.c_iflag &= ~tcflag_t(IXON | ICRNL)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &raw)
    }

    /// Lets `body` use the terminal as a prompt does, below the page and with its cursor; the next `show` paints all
    /// anew.
    public func asPrompt<R>(below lines: [StyledText], _ body: () -> R) -> R {
        guard isOpen else { return body() }
        let room = max(1, size.rows * 2 / 3)
        let rows = fitted(lines).suffix(room).map { styles.render($0) }
        write("\u{1b}[H\u{1b}[2J" + rows.map { $0 + "\r\n" }.joined() + "\u{1b}[?25h")
        tcsetattr(STDIN_FILENO, TCSADRAIN, &before)
        defer {
            setRaw()
            write("\u{1b}[?25l\u{1b}[2J")
            shown = []
        }
        return body()
    }

    // MARK: Painting

    /// Shows the end of the page (or what it was scrolled to), and the line about it in the last row.
    public func show(_ lines: [StyledText], status: StyledText) {
        let size = size
        if size != shownSize { (shown, shownSize) = ([], size) }
        let room = max(1, size.rows - 1)
        let page = fitted(lines)
        scroll = max(0, min(scroll, page.count - room))
        var rows = page.dropLast(scroll).suffix(room).map { styles.render($0) }
        rows += Array(repeating: "", count: room - rows.count)
        let mark =
            scroll > 0 ? StyledText("\(scroll) more \(scroll == 1 ? "row" : "rows") below  ", .warning) : StyledText()
        rows.append(styles.render((mark + status).truncated(to: size.columns - 1)))
        var out = shown.isEmpty ? "\u{1b}[2J" : ""
        for (index, row) in rows.enumerated() where !shown.indices.contains(index) || shown[index] != row {
            out += "\u{1b}[\(index + 1);1H\(row)\u{1b}[K"
        }
        shown = rows
        write(out)
    }

    /// Moves the page up by rows, or back down.
    public func scroll(by rows: Int) { scroll = max(0, scroll + rows) }
    /// Back to the end of the page.
    public func scrollToEnd() { scroll = 0 }

    /// What has several columns is cut where the screen ends.
    private func fitted(_ lines: [StyledText]) -> [StyledText] {
        let columns = size.columns - 1
        return lines.flatMap { $0.fitted(to: columns) }.map { $0.truncated(to: columns) }
    }

    private func write(_ text: String) { writeAll(Array(text.utf8), to: STDOUT_FILENO) }

    // MARK: Keys

    /// The next key; nil if none came in that time, or the size of the screen changed.
    public func readKey(milliseconds: Int32) -> Key? {
        if !keys.isEmpty { return keys.removeFirst() }
        var watched = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        let ready = poll(&watched, 1, decoder.isWithinEscape ? 40 : milliseconds)
        if ready <= 0 {
            if decoder.isWithinEscape { keys += decoder.finish().map(Self.key) }
            return keys.isEmpty ? nil : keys.removeFirst()
        }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = read(STDIN_FILENO, &bytes, bytes.count)
        if count < 0 { return errno == EINTR || errno == EAGAIN ? nil : .end }
        if count == 0 { return .end }
        for byte in bytes[..<count] { keys += decoder.take(byte).map(Self.key) }
        return keys.isEmpty ? nil : keys.removeFirst()
    }

    private static func key(_ key: Console.Key) -> Key {
        switch key {
        case .enter, .newline: .enter
        case .scalar(0x03): .interrupt
        case .scalar(0x04): .end
        case .scalar(let value): Unicode.Scalar(value).map { .character(Character($0)) } ?? .other
        case .up: .up
        case .down: .down
        case .pageUp: .pageUp
        case .pageDown: .pageDown
        case .left: .left
        case .right: .right
        case .home, .end, .delete, .insert, .wordLeft, .wordRight, .deleteWordLeft, .tab, .backTab, .escape, .meta,
            .paste, .background, .unknown:
            .other
        }
    }
}
