import Glibc

/// A line for the shell, run as a program of its own whose output is read while it runs.
///
/// It leads a process group of its own, so that Ctrl-C reaches it only through whoever waits, and all that it started
/// can be stopped with it. It reads nothing: its standard input is empty.
public enum ChildProgram {
    public enum End: Sendable, Equatable {
        case status(Int)
        case signal(Int)
        case stopped
    }

    /// - Parameters:
    ///   - isStopped: asked about twenty times a second; once true, the program is interrupted, and a second later killed.
    ///   - line: takes each line of standard output and standard error, in the order in which they came.
    /// - Throws: `FileError` if no program can be started.
    public static func run(
        _ command: String, isStopped: () -> Bool, line: (String) throws -> Void
    ) throws -> End {
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
        // Whatever goes wrong here, nothing runs on unseen.
        defer { kill(-child, SIGKILL) }
        var pending: [UInt8] = []
        func flush(all: Bool) throws {
            while let end = pending.firstIndex(of: UInt8(ascii: "\n"))
                ?? (all && !pending.isEmpty ? pending.count : nil)
            {
                let text = String(decoding: pending[..<end], as: UTF8.self)
                pending.removeFirst(min(end + 1, pending.count))
                try line(text)
            }
        }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var stoppedAt: Double?
        var end: End?
        var isOpen = true
        while isOpen {
            if stoppedAt == nil, isStopped() {
                stoppedAt = MonotonicClock.seconds()
                kill(-child, SIGINT)
            }
            if let stoppedAt, MonotonicClock.seconds() - stoppedAt > 1 { kill(-child, SIGKILL) }
            var watched = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            if poll(&watched, 1, 50) > 0 {
                let count = read(output, &buffer, buffer.count)
                if count > 0 {
                    pending += buffer[..<count]
                    try flush(all: false)
                } else if count == 0 {
                    isOpen = false
                }
            } else if let status = ended(child) {
                // What it left running in the background may hold the pipe open for ever.
                end = status
                isOpen = false
            }
        }
        try flush(all: true)
        while end == nil {
            end = ended(child)
            if end == nil {
                if stoppedAt == nil, isStopped() {
                    stoppedAt = MonotonicClock.seconds()
                    kill(-child, SIGKILL)
                }
                usleep(10_000)
            }
        }
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
