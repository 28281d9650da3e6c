import Glibc

/// A line for the shell, run as a program of its own whose output is read while it runs.
///
/// It leads a process group of its own, so that Ctrl-C reaches it only through whoever waits, and what it leaves running
/// ends with it. It reads nothing: its standard input is empty.
public enum ChildProgram {
    public enum End: Sendable, Equatable {
        case status(Int)
        case signal(Int)
        case stopped
    }

    /// A longer line is told in pieces.
    private static let lineMax = 1 << 20

    /// - Parameters:
    ///   - isStopped: asked about twenty times a second; once true, the program is interrupted, and a second later
    ///     killed.
    ///   - line: takes each line of standard output and standard error, in the order in which they came.
    /// - Throws: `FileError` if no program can be started.
    public static func run(_ command: String, isStopped: () -> Bool, line: (String) -> Void) throws -> End {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw FileError(.unreadable, "/bin/sh", errorText(errno)) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let (output, input) = (ends[0], ends[1])
        defer { close(output) }
        let child: pid_t
        do {
            defer { close(input) }
            child = try start(command, writingTo: input)
        }
        defer { kill(-child, SIGKILL) }
        var pending: [UInt8] = []
        func tell(all: Bool) {
            var start = 0
            while start < pending.count {
                let rest = pending[start...]
                let isDue = all || rest.count >= lineMax
                guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? (isDue ? pending.count : nil) else { break }
                line(String(decoding: pending[start..<end], as: UTF8.self))
                start = end + 1
            }
            pending.removeFirst(min(start, pending.count))
        }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var stoppedAt: Double?
        var end: End?
        var isOpen = true
        while isOpen || end == nil {
            if let stoppedAt {
                if MonotonicClock.seconds() - stoppedAt > 1 { kill(-child, SIGKILL) }
            } else if isStopped() {
                stoppedAt = MonotonicClock.seconds()
                kill(-child, SIGINT)
            }
            // Nothing is polled once the output is at its end; then this only waits.
            var watched = pollfd(fd: isOpen ? output : -1, events: Int16(POLLIN), revents: 0)
            if poll(&watched, 1, isOpen ? 50 : 10) > 0 {
                let count = read(output, &buffer, buffer.count)
                if count > 0 {
                    pending += buffer[..<count]
                    tell(all: false)
                } else if count == 0 {
                    isOpen = false
                }
            } else if end == nil {
                end = ended(child)
                // What it left running in the background may hold the output open for ever.
                if end != nil { isOpen = false }
            }
        }
        tell(all: true)
        return stoppedAt == nil ? end ?? .stopped : .stopped
    }

    private static func ended(_ child: pid_t) -> End? {
        var status: Int32 = 0
        guard waitpid(child, &status, WNOHANG) == child else { return nil }
        let signal = status & 0x7F
        return signal == 0 ? .status(Int(status >> 8) & 0xFF) : .signal(Int(signal))
    }

    private static func start(_ command: String, writingTo output: Int32) throws -> pid_t {
        var files = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&files)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&files)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&files, output, 1)
        posix_spawn_file_actions_adddup2(&files, output, 2)
        // The program gets the signals that we keep for ourselves.
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
        var arguments: [UnsafeMutablePointer<CChar>?] =
            ["/bin/sh", "-c", command].map { (text: String) in strdup(text) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var child: pid_t = 0
        let code = posix_spawn(&child, "/bin/sh", &files, &attributes, &arguments, environ)
        guard code == 0 else { throw FileError(.unreadable, "/bin/sh", "cannot be started: \(errorText(code))") }
        return child
    }
}
