// Ctrl-C while a command runs. The signal handler only writes a byte; a thread of its own reads it and tells whoever
// runs the command, so that telling may take a lock.

import CLibedit
import Glibc
import Synchronization

public final class InterruptWatch: Sendable {
    private struct State {
        var listener: (@Sendable (Int) -> Void)?
        var count = 0
    }

    private let state = Mutex(State())

    /// From now on Ctrl-C does not end the process.
    public init() {
        let descriptor = terminal_watch_interrupts()
        guard descriptor >= 0 else { return }
        let box = Unmanaged.passRetained(Start(descriptor: descriptor, watch: self))
        var thread = pthread_t()
        pthread_create(&thread, nil, { argument in
            guard let argument else { return nil }
            let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
            start.watch.listen(start.descriptor)
            return nil
        }, box.toOpaque())
        pthread_detach(thread)
    }

    /// Runs `body`; `listener` hears of each Ctrl-C meanwhile, with 1 for the first, 2 for the second …
    public func during<R>(_ listener: @escaping @Sendable (Int) -> Void, _ body: () throws -> R) rethrows -> R {
        state.withLock { $0 = State(listener: listener) }
        defer { state.withLock { $0 = State() } }
        return try body()
    }

    private func listen(_ descriptor: Int32) {
        var byte: UInt8 = 0
        while true {
            let count = read(descriptor, &byte, 1)
            if count < 0 && errno == EINTR { continue }
            guard count == 1 else { return }
            state.withLock { state in
                guard let listener = state.listener else { return }
                state.count += 1
                listener(state.count)
            }
        }
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
