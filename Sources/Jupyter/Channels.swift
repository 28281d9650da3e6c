// The five sockets of a kernel, on a thread of their own, so that the heartbeat, an interrupt and a shutdown are
// answered while a cell runs. Requests on the shell wait in `inbox` for the thread that owns the session.

import Glibc
import Language
import Support
import Synchronization

final class Channels: Sendable {
    private struct Inbox {
        var requests: [Request] = []
        var isOver = false
    }

    let outbox: Outbox
    private let inbox = Mutex(Inbox())
    private let arrivals = Bell()
    private let key: MessageKey
    private let interrupt: Interrupt
    private let info: JSONValue

    init(key: String, interrupt: Interrupt, info: JSONValue) {
        self.key = MessageKey(key)
        self.interrupt = interrupt
        self.info = info
        outbox = Outbox(key: self.key, bell: Bell())
    }

    // MARK: The thread of the session

    /// The next request of the shell; nil when the kernel is to end.
    func nextRequest() -> Request? {
        while true {
            let (request, isOver) = inbox.withLock { inbox in
                (inbox.isOver || inbox.requests.isEmpty ? nil : inbox.requests.removeFirst(), inbox.isOver)
            }
            if let request { return request }
            if isOver { return nil }
            arrivals.wait()
        }
    }

    /// The requests that wait behind a failed cell and would have run after it.
    func takeWaitingExecutions() -> [Request] {
        inbox.withLock { inbox in
            let waiting = inbox.requests.filter { $0.message.type == "execute_request" }
            inbox.requests.removeAll { $0.message.type == "execute_request" }
            return waiting
        }
    }

    /// Ends the kernel; what is in the outbox is still sent.
    func end() {
        inbox.withLock { $0.isOver = true }
        interrupt.request()
        arrivals.ring()
        outbox.bell.ring()
    }

    // MARK: The thread of the sockets

    /// Opens the sockets and starts the thread; returns what waits for its end.
    func start(_ connection: ConnectionFile) throws -> () -> Void {
        let zeroMQ = try ZeroMQ()
        let sockets = Sockets(
            zeroMQ: zeroMQ, shell: try zeroMQ.socket(.router, at: connection.address(of: "shell")),
            control: try zeroMQ.socket(.router, at: connection.address(of: "control")),
            input: try zeroMQ.socket(.router, at: connection.address(of: "stdin")),
            heartbeat: try zeroMQ.socket(.reply, at: connection.address(of: "hb")),
            iopub: try zeroMQ.socket(.publish, at: connection.address(of: "iopub")))
        let box = Unmanaged.passRetained(Start(channels: self, sockets: sockets))
        var thread = pthread_t()
        let failure = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                start.channels.serve(start.sockets)
                return nil
            }, box.toOpaque())
        guard failure == 0 else {
            box.release()
            throw ZeroMQ.Failure(
                description: "a thread could not be started: \(String(cString: strerror(failure)).lowercased())")
        }
        return { pthread_join(thread, nil) }
    }

    private struct Sockets {
        let zeroMQ: ZeroMQ
        let shell, control, input, heartbeat, iopub: ZeroMQ.Socket
    }

    private final class Start {
        let channels: Channels
        let sockets: Sockets

        init(channels: Channels, sockets: Sockets) {
            self.channels = channels
            self.sockets = sockets
        }
    }

    private func serve(_ sockets: Sockets) {
        // A kernel whose server was killed must not stay behind.
        let parent = getppid()
        while true {
            let isOver = inbox.withLock { $0.isOver }
            send(sockets)
            if isOver { return }
            sockets.zeroMQ.wait(
                for: [sockets.shell, sockets.control, sockets.input, sockets.heartbeat],
                descriptor: outbox.bell.descriptor, milliseconds: 1000)
            outbox.bell.silence()
            if let beat = sockets.heartbeat.receive() { sockets.heartbeat.send(beat) }
            while let frames = sockets.control.receive() { receive(frames, on: .control) }
            while let frames = sockets.shell.receive() { receive(frames, on: .shell) }
            while sockets.input.receive() != nil {}
            if parent != 1 && getppid() != parent { end() }
        }
    }

    private func send(_ sockets: Sockets) {
        for outgoing in outbox.takeAll() {
            switch outgoing.channel {
            case .shell: sockets.shell.send(outgoing.frames)
            case .control: sockets.control.send(outgoing.frames)
            case .iopub: sockets.iopub.send(outgoing.frames)
            }
        }
    }

    /// What cannot be read or is not signed by who started the kernel gets no answer.
    func receive(_ frames: [[UInt8]], on channel: Channel) {
        guard let message = try? WireMessage(frames: frames, key: key) else { return }
        let request = Request(channel: channel, message: message)
        if channel == .control, answerNow(request) { return }
        inbox.withLock { $0.requests.append(request) }
        arrivals.ring()
    }

    /// What does not wait for the session.
    private func answerNow(_ request: Request) -> Bool {
        switch request.message.type {
        case "interrupt_request":
            outbox.whileBusy(with: request) {
                interrupt.request()
                outbox.reply("interrupt_reply", ["status": "ok"], to: request)
            }
        case "shutdown_request":
            outbox.whileBusy(with: request) { outbox.reply("shutdown_reply", Self.farewell(request), to: request) }
            end()
        case "kernel_info_request":
            outbox.whileBusy(with: request) { outbox.reply("kernel_info_reply", info, to: request) }
        default: return false
        }
        return true
    }

    static func farewell(_ request: Request) -> JSONValue {
        ["status": "ok", "restart": .bool(request.message.content["restart"]?.bool ?? false)]
    }
}
