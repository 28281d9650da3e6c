// Some lines on standard error that are painted over in place at most ten times a second and leave nothing behind; on
// anything but a terminal they are not shown at all.

import Language
import Support

final class LiveBlock {
    private let terminal: TerminalState
    private let styles: StyleSheet
    private let now: () -> Double
    private let write: (String) -> Void
    private var shown = 0
    private var lastTime = -Double.infinity

    /// `now` in seconds.
    init(
        terminal: TerminalState, now: @escaping () -> Double = MonotonicClock.seconds,
        write: @escaping (String) -> Void
    ) {
        self.terminal = terminal
        styles = StyleSheet(
            colours: terminal.colours, usesAttributes: terminal.errorIsTerminal && terminal.usesAttributes)
        self.now = now
        self.write = write
    }

    var isVisible: Bool { terminal.errorIsTerminal && terminal.canMove }

    /// Shows lines in place of those before, cut to the screen; most calls do nothing.
    func update(_ lines: () -> [StyledText]) {
        let time = now()
        guard isVisible, time - lastTime >= 0.1 else { return }
        lastTime = time
        let (rows, columns) = terminal.size()
        // A full row would leave the cursor after it in doubt, and a full screen would scroll.
        let fitting = lines().prefix(max(1, rows - 1)).map { styles.render($0.truncated(to: columns - 1)) }
        let below = max(shown, fitting.count) > 1 ? "\u{1b}[J" : ""
        write(start + fitting.map { $0 + "\u{1b}[K" }.joined(separator: "\r\n") + below)
        shown = fitting.count
    }

    /// Takes the lines away, so that something else can be printed; the next update shows them again.
    func clear() {
        guard shown > 0 else { return }
        write(start + (shown > 1 ? "\u{1b}[J" : "\u{1b}[K"))
        shown = 0
    }

    /// The same for good: what comes next is shown at once.
    func finish() {
        clear()
        lastTime = -Double.infinity
    }

    /// To the start of the first line.
    private var start: String { shown > 1 ? "\r\u{1b}[\(shown - 1)A" : "\r" }
}
