// `--budget`: asks whatever session runs to stop when the time of a replay is up. The session then ends the step it is
// in, as after Ctrl-C.

import Glibc
import Language
import Support
import Synchronization

final class Deadline: Sendable {
    private struct State {
        var interrupt: Interrupt?
        var isOver = false
    }

    private let end: Double
    private let state = Mutex(State())

    /// The time begins at once.
    init(seconds: Double) {
        end = MonotonicClock.seconds() + seconds
        var thread = pthread_t()
        let failed = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Deadline>.fromOpaque(argument).takeRetainedValue().wait()
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        if failed == 0 { pthread_detach(thread) }
    }

    var isPassed: Bool { MonotonicClock.seconds() >= end }

    /// From now on this is what is to stop; nil once there is nothing more.
    func watch(_ interrupt: Interrupt?) {
        state.withLock { $0 = State(interrupt: interrupt, isOver: interrupt == nil) }
    }

    private func wait() {
        while !state.withLock({ $0.isOver }) {
            if isPassed {
                state.withLock { state in
                    if let interrupt = state.interrupt { interrupt.request() }
                }
                return
            }
            usleep(UInt32(max(1, min(0.05, end - MonotonicClock.seconds()) * 1e6)))
        }
    }
}
