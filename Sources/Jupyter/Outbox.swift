// Everything a kernel says leaves through one queue, in the order in which it was said, whichever thread said it: so no
// `idle` can overtake the output before it.

import Glibc
import Support
import Synchronization

enum Channel: Sendable { case shell, control, iopub }

/// A request, and what a reply to it needs.
struct Request: Sendable {
    var channel: Channel
    var message: WireMessage
}

final class Outbox: Sendable {
    struct Outgoing: Sendable {
        var channel: Channel
        var frames: [[UInt8]]
    }

    private let queue = Mutex<[Outgoing]>([])
    private let key: MessageKey
    /// Names this run of the kernel.
    private let session = Identifier.random()
    /// Woken by every message.
    let bell: Bell

    init(key: MessageKey, bell: Bell) {
        self.key = key
        self.bell = bell
    }

    /// To everyone who listens, as a consequence of a request (or of none).
    func publish(_ type: String, _ content: JSONValue, metadata: JSONValue = [:], parent: Request?) {
        // The topic comes first on a PUB socket.
        add(.iopub, identities: [Array(type.utf8)], type, content, metadata, parent)
    }

    func reply(_ type: String, _ content: JSONValue, to request: Request) {
        add(request.channel, identities: request.message.identities, type, content, [:], request)
    }

    /// Says busy, does the work, says idle.
    func whileBusy<R>(with request: Request, _ body: () -> R) -> R {
        publish("status", ["execution_state": "busy"], parent: request)
        defer { publish("status", ["execution_state": "idle"], parent: request) }
        return body()
    }

    /// Takes what waits to be sent.
    func takeAll() -> [Outgoing] {
        queue.withLock { queue in
            defer { queue = [] }
            return queue
        }
    }

    private func add(
        _ channel: Channel, identities: [[UInt8]], _ type: String, _ content: JSONValue, _ metadata: JSONValue,
        _ parent: Request?
    ) {
        let frames = WireMessage.frames(
            identities: identities, type: type, parentHeader: parent?.message.headerBytes ?? [], metadata: metadata,
            content: content,
            session: session, key: key)
        queue.withLock { $0.append(Outgoing(channel: channel, frames: frames)) }
        bell.ring()
    }
}

/// Wakes a thread that waits for a descriptor.
final class Bell: Sendable {
    /// Readable after `ring`.
    let descriptor: CInt
    private let other: CInt

    init() {
        var ends: [CInt] = [-1, -1]
        _ = pipe(&ends)
        (descriptor, other) = (ends[0], ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(other, F_SETFL, O_NONBLOCK)
    }

    deinit {
        close(descriptor)
        close(other)
    }

    func ring() {
        var byte: UInt8 = 0
        _ = write(other, &byte, 1)
    }

    /// Forgets all rings so far.
    func silence() {
        var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        var bytes = [UInt8](repeating: 0, count: 4096)
        while poll(&watched, 1, 0) > 0, read(descriptor, &bytes, bytes.count) > 0 {}
    }

    /// Waits for a ring.
    func wait() {
        var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while poll(&watched, 1, -1) < 0 && errno == EINTR {}
        silence()
    }
}
