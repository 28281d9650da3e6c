// What is at the other end: a terminal or a pipe, how large, how much it can show. Decided from the environment alone,
// so that start-up never waits for an answer of the terminal.

import CTerminal
import Glibc
import Synchronization

public struct TerminalState: Sendable {
    public var inputIsTerminal: Bool
    public var outputIsTerminal: Bool
    public var errorIsTerminal: Bool
    /// Whether cursor movement is understood (not TERM=dumb).
    public var canMove: Bool
    public var usesColour: Bool
    /// Whether it is likely to have xterm's 256 colours.
    public var has256Colours: Bool
    /// The console of Linux, with its own sixteen.
    public var isLinuxConsole: Bool
    /// Both the keys and the screen are a terminal's.
    public var isInteractive: Bool { inputIsTerminal && outputIsTerminal }
    /// Bold, underlined, reversed; NO_COLOR does not forbid these.
    public var usesAttributes: Bool { outputIsTerminal && canMove }
    /// Whether characters beyond ASCII can be shown.
    public var isUnicode: Bool
    /// Whether the font is likely to have braille patterns (not so on the Linux console).
    public var hasBraille: Bool

    /// Whether another program passes on what is written here. Open MPI's mpirun does so by a terminal of its own that
    /// nobody sees.
    public static let isForwarded = Atomic<Bool>(false)

    /// Looks at descriptors 0 to 2, TERM, NO_COLOR and the locale.
    public static func current() -> TerminalState {
        let term = environment("TERM") ?? ""
        let output = isatty(STDOUT_FILENO) == 1 && !isForwarded.load(ordering: .relaxed)
        let canMove = !term.isEmpty && term != "dumb"
        return TerminalState(
            inputIsTerminal: isatty(STDIN_FILENO) == 1, outputIsTerminal: output,
            errorIsTerminal: isatty(STDERR_FILENO) == 1, canMove: canMove,
            usesColour: output && canMove && (environment("NO_COLOR") ?? "").isEmpty,
            has256Colours: has256Colours(term), isLinuxConsole: term == "linux",
            isUnicode: terminal_prepare_locale(), hasBraille: term != "linux")
    }

    var colours: StyleSheet.Colours {
        usesColour ? has256Colours ? .many : isLinuxConsole ? .console : .none : .none
    }

    private static func has256Colours(_ term: String) -> Bool {
        if !(environment("COLORTERM") ?? "").isEmpty { return true }
        let known = ["256color", "direct", "kitty", "alacritty", "foot", "ghostty", "wezterm", "xterm-color", "tmux"]
        return known.contains { term.contains($0) }
    }

    /// Rows and columns of the screen; 24 by 80 where nobody knows. COLUMNS counts for pipes.
    public func size() -> (rows: Int, columns: Int) {
        var rows: Int32 = 0
        var columns: Int32 = 0
        if outputIsTerminal && terminal_size(STDOUT_FILENO, &rows, &columns) { return (Int(rows), Int(columns)) }
        return (24, environment("COLUMNS").flatMap { Int($0) }.map { min(max($0, 20), 500) } ?? 80)
    }
}

/// The descriptors 0 to 2, which a caller may have closed.
public enum StandardDescriptors {
    /// Gives those that are closed to `/dev/null` for reading, so that no file that is opened later lands on them;
    /// writing to one then fails as it should. Called first of all.
    public static func ensureOpen() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) == -1 {
            _ = open("/dev/null", O_RDONLY)
        }
    }
}

/// The value of an environment variable.
func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
}
