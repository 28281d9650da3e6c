// Signals while something runs. The handler only writes a byte; a thread of its own reads it and acts.
//
// Ctrl-C (SIGINT): the first one asks the session to stop, which it does at the next step; if that takes long the
// person is told so; the second one is told what a third does; the third ends the process. A burst of them, as from a
// key that is held, counts as one.
//
// SIGTERM, SIGHUP and SIGUSR1, as from a machine that is shut down, a terminal that is closed, a queue whose time is
// up: what runs stops at the next step and saves what is kept in a folder; then the process ends with status 75, which
// by custom says that it may be started again (`sysexits.h`). Further ones change nothing.

import CTerminal
import Glibc
import Language
import Support
import Synchronization

public final class InterruptWatch: Sendable {
    private struct State {
        var interrupt: Interrupt?
        var presses = 0
        var pressedAt = -Double.infinity
        var isTold = false
    }

    /// Presses that follow each other sooner, in seconds, are one: sooner than fingers, not than a key that is held.
    private static let burst = 0.1
    /// `EX_TEMPFAIL`.
    private static let statusOfDeparture: Int32 = 75

    /// The signal that asked the process to end; 0 for none.
    private let departure = Atomic<Int32>(0)

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
        defer {
            state.withLock { $0 = State() }
            let signal = departure.load(ordering: .relaxed)
            if signal != 0 { depart(signal) }
        }
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
            byte == UInt8(SIGINT) ? press() : leave(Int32(byte))
        }
    }

    private func press() {
        let presses = state.withLock { state in
            guard let interrupt = state.interrupt else { return 0 }
            let time = MonotonicClock.seconds()
            defer { state.pressedAt = time }
            if time - state.pressedAt < Self.burst { return 0 }
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

    private func leave(_ signal: Int32) {
        let isFirst = departure.exchange(signal, ordering: .relaxed) == 0
        // A terminal that is closed sends one, and its shell another; a queue sends a second kind later.
        guard isFirst else { return }
        let isRunning = state.withLock { state in
            state.interrupt?.request()
            return state.interrupt != nil
        }
        if !isRunning { depart(signal) }
    }

    private func depart(_ signal: Int32) -> Never {
        let name = signal == SIGTERM ? "SIGTERM" : signal == SIGHUP ? "SIGHUP" : "SIGUSR1"
        say("ended by \(name); runs that are kept in a folder are saved, and resume goes on with them")
        exit(Self.statusOfDeparture)
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
