// Runs a text in a session on a thread of its own, so that whoever shows it can go on reading keys. The session belongs
// to that thread until the run has ended and its last message was taken.

import Glibc
import Language
import Support
import Synchronization

public final class BackgroundRun: Sendable {
    public enum Message: Sendable {
        case event(SessionEvent)
        case finished(Session.Outcome)
    }

    private let messages = Mutex<[Message]>([])
    public let interrupt: Interrupt

    /// Starts at once.
    public init(_ source: SourceText, in session: Session) {
        interrupt = session.interrupt
        interrupt.clear()
        let job = Job(source: source, session: session, run: self)
        BackgroundRun.detach { job.perform() }
    }

    /// What came since the last call, in order. After `finished` nothing comes.
    public func take() -> [Message] {
        messages.withLock { messages in
            defer { messages = [] }
            return messages
        }
    }

    private func add(_ message: Message) {
        messages.withLock { messages in
            // Of progress only the latest line matters.
            if case .event(.progress) = message, case .event(.progress)? = messages.last { messages.removeLast() }
            messages.append(message)
        }
    }

    private struct Job: @unchecked Sendable {
        let source: SourceText
        let session: Session
        let run: BackgroundRun

        func perform() {
            let previous = session.onEvent
            session.onEvent = { [run] event in run.add(.event(event)) }
            let outcome = session.run(source)
            session.onEvent = previous
            run.add(.finished(outcome))
        }
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// A thread with as much stack as the main one may have, since calls nest deep.
    private static func detach(_ body: @escaping @Sendable () -> Void) {
        let attributes = UnsafeMutablePointer<pthread_attr_t>.allocate(capacity: 1)
        defer { attributes.deallocate() }
        pthread_attr_init(attributes)
        pthread_attr_setstacksize(attributes, 64 << 20)
        pthread_attr_setdetachstate(attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread: pthread_t = 0
        let argument = Unmanaged.passRetained(Body(body)).toOpaque()
        let failed = pthread_create(
            &thread, attributes,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, argument)
        pthread_attr_destroy(attributes)
        // Without a second thread the run happens here, and the keys wait.
        if failed != 0 { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
    }
}
