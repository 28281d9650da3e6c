import Glibc

/// Keeps what is typed while something runs from being written into the middle of its output. It is not lost: it stands
/// at the next prompt.
enum QuietInput {
    static func during<R>(_ body: () throws -> R) rethrows -> R {
        var before = termios()
        guard tcgetattr(STDIN_FILENO, &before) == 0, before.c_lflag & tcflag_t(ECHO) != 0 else { return try body() }
        var quiet = before
        quiet.c_lflag &= ~tcflag_t(ECHO | ECHONL)
        tcsetattr(STDIN_FILENO, TCSANOW, &quiet)
        defer { tcsetattr(STDIN_FILENO, TCSANOW, &before) }
        return try body()
    }
}
