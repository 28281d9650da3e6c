// Progress of long work on standard error: on a terminal a line, perhaps with a panel below it, painted over in place;
// elsewhere a plain line now and then.

import Glibc
import Language
import Support

final class ProgressLine {
    private let block: LiveBlock
    private let now: () -> Double
    private let write: (String) -> Void
    private var lastTime = -Double.infinity
    private var plainInterval = 2.0
    /// Rows that stand below the line.
    var panel: [StyledText] = []

    /// `now` in seconds.
    init(
        terminal: TerminalState, now: @escaping () -> Double = MonotonicClock.seconds,
        write: @escaping (String) -> Void
    ) {
        block = LiveBlock(terminal: terminal, now: now, write: write)
        self.now = now
        self.write = write
    }

    /// Shows where the work is; most calls do nothing.
    func update(_ line: @autoclosure () -> StyledText) {
        if block.isVisible { return block.update { [line()] + panel } }
        let time = now()
        if lastTime == -Double.infinity { lastTime = time }
        guard time - lastTime >= plainInterval else { return }
        lastTime = time
        // Ever more seldom, so that a log of a long run stays short.
        plainInterval = min(60, plainInterval * 1.5)
        write(Neutral.text(line().plain) + "\n")
    }

    /// Takes the line away, so that something else can be printed; the next update shows it again.
    func clear() { block.clear() }

    /// The work is over.
    func finish() {
        block.finish()
        panel = []
        lastTime = -Double.infinity
        plainInterval = 2
    }
}
