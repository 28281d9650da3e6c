// Ctrl-C while something runs. The signal handler only writes a byte; a thread of its own reads it and acts: the first
// one asks the session to stop, which it does at the next step; if that takes long the person is told so; the second
// one is told what a third does; the third ends the process.

import CLibedit
import Glibc
import Language
import Support
import Synchronization

public final class InterruptWatch: Sendable {
    private struct State {
        var interrupt: Interrupt?
        var presses = 0
        var isTold = false
    }

    /// How long stopping may take without a word about it, in milliseconds.
    private static let patience: Int32 = 400
    private let state = Mutex(State())

    /// From now on Ctrl-C does not end the process.
    public init() {
        let descriptor = terminal_watch_interrupts()
        guard descriptor >= 0 else { return }
        let box = Unmanaged.passRetained(Start(descriptor: descriptor, watch: self))
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                start.watch.listen(start.descriptor)
                return nil
            }, box.toOpaque())
        pthread_detach(thread)
    }

    /// Runs `body`; Ctrl-C meanwhile stops what looks at `interrupt`.
    public func during<R>(_ interrupt: Interrupt, _ body: () throws -> R) rethrows -> R {
        interrupt.clear()
        state.withLock { $0 = State(interrupt: interrupt) }
        defer { state.withLock { $0 = State() } }
        return try body()
    }

    /// From now on, within `during`, Ctrl-C stops what looks at another one: a second session took over.
    public func redirect(to interrupt: Interrupt) {
        interrupt.clear()
        state.withLock { $0 = State(interrupt: interrupt) }
    }

    private func listen(_ descriptor: Int32) {
        var byte: UInt8 = 0
        while true {
            let isStopping = state.withLock { $0.presses == 1 && !$0.isTold }
            var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&watched, 1, isStopping ? Self.patience : -1)
            if ready == 0 {
                takesLong()
                continue
            }
            let count = read(descriptor, &byte, 1)
            if count < 0 && errno == EINTR { continue }
            guard count == 1 else { return }
            press()
        }
    }

    private func press() {
        let presses = state.withLock { state in
            guard let interrupt = state.interrupt else { return 0 }
            state.presses += 1
            interrupt.request()
            return state.presses
        }
        if presses == 2 {
            say("still in the middle of a step; Ctrl-C once more ends icot at once, and what is not saved is lost")
        }
        if presses >= 3 {
            say("ended")
            _exit(130)
        }
    }

    /// The first Ctrl-C has not had its effect yet.
    private func takesLong() {
        let isNews = state.withLock { state in
            guard state.interrupt != nil, state.presses == 1 else { return false }
            state.isTold = true
            return true
        }
        if isNews { say("stopping at the end of this step …") }
    }

    private func say(_ text: String) {
        // Over whatever stands on the line: progress, or the ^C that the terminal shows.
        writeAll(Array(((isatty(STDERR_FILENO) == 1 ? "\r\u{1b}[K" : "") + text + "\n").utf8), to: STDERR_FILENO)
    }

    private final class Start: Sendable {
        let descriptor: Int32
        let watch: InterruptWatch

        init(descriptor: Int32, watch: InterruptWatch) {
            self.descriptor = descriptor
            self.watch = watch
        }
    }
}
