// Progress of long work on standard error: on a terminal one line that is painted over in place at most ten times a
// second and leaves nothing behind; elsewhere a plain line now and then.

import CLibedit
import Glibc
import Language
import Support

final class ProgressLine {
    private let terminal: TerminalState
    private let styles: StyleSheet
    private let now: () -> Double
    private let write: (String) -> Void
    private var isShown = false
    private var lastTime = -Double.infinity
    private var plainInterval = 2.0
    /// Rows that stand below the line.
    var panel: [StyledText] = []
    private var panelShown = 0

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

    private var isInPlace: Bool { terminal.errorIsTerminal && terminal.canMove }

    /// Shows where the work is; most calls do nothing.
    func update(_ line: @autoclosure () -> StyledText) {
        let time = now()
        if isInPlace {
            guard time - lastTime >= 0.1 else { return }
            lastTime = time
            draw(line())
            isShown = true
        } else {
            if lastTime == -Double.infinity { lastTime = time }
            guard time - lastTime >= plainInterval else { return }
            lastTime = time
            // Ever more seldom, so that a log of a long run stays short.
            plainInterval = min(60, plainInterval * 1.5)
            write(Neutral.text(line().plain) + "\n")
        }
    }

    /// The line, and the panel below it; the cursor stays in the line.
    private func draw(_ line: StyledText) {
        let size = terminal.size()
        // One column stays free: a full row would leave the cursor after it in doubt.
        func row(_ text: StyledText) -> String { styles.render(text.truncated(to: size.columns - 1)) + "\u{1b}[K" }
        let rows = panel.prefix(max(0, size.rows - 2))
        var text = "\r" + row(line)
        if !rows.isEmpty || panelShown > 0 {
            text += rows.map { "\r\n" + row($0) }.joined() + "\u{1b}[J"
            if !rows.isEmpty { text += "\u{1b}[\(rows.count)A" }
            text += "\r"
        }
        panelShown = rows.count
        write(text)
    }

    /// Takes the line away, so that something else can be printed; the next update shows it again.
    func clear() {
        guard isShown else { return }
        isShown = false
        write(panelShown > 0 ? "\r\u{1b}[J" : "\r\u{1b}[K")
        panelShown = 0
    }

    /// The work is over.
    func finish() {
        clear()
        panel = []
        lastTime = -Double.infinity
        plainInterval = 2
    }
}
