// libzmq, opened when a kernel runs and not before: icot itself needs none. Only what the protocol uses is here.
//
// A socket belongs to one thread; the constants are those of zmq.h, which has not changed them since version 3.

import Glibc
import Support

final class ZeroMQ {
    enum Kind: Int32 { case publish = 1, reply = 4, router = 6 }

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    private struct Functions {
        var makeContext: @convention(c) () -> UnsafeMutableRawPointer?
        var endContext: @convention(c) (UnsafeMutableRawPointer?) -> CInt
        var makeSocket: @convention(c) (UnsafeMutableRawPointer?, CInt) -> UnsafeMutableRawPointer?
        var close: @convention(c) (UnsafeMutableRawPointer?) -> CInt
        var bind: @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<CChar>) -> CInt
        var set: @convention(c) (UnsafeMutableRawPointer?, CInt, UnsafeRawPointer?, Int) -> CInt
        var get:
            @convention(c) (UnsafeMutableRawPointer?, CInt, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>) -> CInt
        var send: @convention(c) (UnsafeMutableRawPointer?, UnsafeRawPointer?, Int, CInt) -> CInt
        var beginMessage: @convention(c) (UnsafeMutableRawPointer) -> CInt
        var receive: @convention(c) (UnsafeMutableRawPointer, UnsafeMutableRawPointer?, CInt) -> CInt
        var data: @convention(c) (UnsafeMutableRawPointer) -> UnsafeRawPointer?
        var size: @convention(c) (UnsafeMutableRawPointer) -> Int
        var endMessage: @convention(c) (UnsafeMutableRawPointer) -> CInt
        var poll: @convention(c) (UnsafeMutableRawPointer?, CInt, CLong) -> CInt
        var errorText: @convention(c) (CInt) -> UnsafePointer<CChar>?
        var errorNumber: @convention(c) () -> CInt
    }

    private let functions: Functions
    private let context: UnsafeMutableRawPointer

    static let missing =
        "a Jupyter kernel speaks through libzmq, which is not installed; on Debian and Ubuntu: apt-get install libzmq5"

    init() throws {
        guard let library = DynamicLibrary("libzmq.so.5", "libzmq.so") else { throw Failure(description: Self.missing) }
        func function<T>(_ name: String) throws -> T {
            guard let function: T = library.function(name) else {
                throw Failure(description: "this libzmq is too old: it has no \(name)")
            }
            return function
        }
        functions = Functions(
            makeContext: try function("zmq_ctx_new"), endContext: try function("zmq_ctx_term"),
            makeSocket: try function("zmq_socket"), close: try function("zmq_close"), bind: try function("zmq_bind"),
            set: try function("zmq_setsockopt"), get: try function("zmq_getsockopt"), send: try function("zmq_send"),
            beginMessage: try function("zmq_msg_init"), receive: try function("zmq_msg_recv"),
            data: try function("zmq_msg_data"), size: try function("zmq_msg_size"),
            endMessage: try function("zmq_msg_close"), poll: try function("zmq_poll"),
            errorText: try function("zmq_strerror"), errorNumber: try function("zmq_errno"))
        guard let context = functions.makeContext() else { throw Failure(description: "libzmq could not be started") }
        self.context = context
    }

    deinit { _ = functions.endContext(context) }

    private var problem: String {
        functions.errorText(functions.errorNumber()).map { String(cString: $0) } ?? "unknown error"
    }

    final class Socket {
        fileprivate let zeroMQ: ZeroMQ
        fileprivate let pointer: UnsafeMutableRawPointer

        fileprivate init(_ zeroMQ: ZeroMQ, _ pointer: UnsafeMutableRawPointer) {
            self.zeroMQ = zeroMQ
            self.pointer = pointer
        }

        deinit { _ = zeroMQ.functions.close(pointer) }

        /// Sends one message of several frames; false if nobody can take it.
        @discardableResult
        func send(_ frames: [[UInt8]]) -> Bool {
            for (index, frame) in frames.enumerated() {
                let flags: CInt = index + 1 < frames.count ? 2 : 0  // ZMQ_SNDMORE
                while zeroMQ.functions.send(pointer, frame, frame.count, flags) < 0 {
                    guard zeroMQ.functions.errorNumber() == EINTR else { return false }
                }
            }
            return true
        }

        /// The next message, nil if there is none now.
        func receive() -> [[UInt8]]? {
            var frames: [[UInt8]] = []
            return withUnsafeTemporaryAllocation(byteCount: 64, alignment: 16) { message in  // zmq_msg_t
                guard let base = message.baseAddress else { return nil }
                while true {
                    _ = zeroMQ.functions.beginMessage(base)
                    defer { _ = zeroMQ.functions.endMessage(base) }
                    while zeroMQ.functions.receive(base, pointer, 1) < 0 {  // ZMQ_DONTWAIT
                        guard zeroMQ.functions.errorNumber() == EINTR else { return nil }
                    }
                    let count = zeroMQ.functions.size(base)
                    frames.append(Array(UnsafeRawBufferPointer(start: zeroMQ.functions.data(base), count: count)))
                    var more: CInt = 0
                    var size = MemoryLayout<CInt>.size
                    _ = zeroMQ.functions.get(pointer, 13, &more, &size)  // ZMQ_RCVMORE
                    if more == 0 { return frames }
                }
            }
        }
    }

    /// A socket that listens at an address such as `tcp://127.0.0.1:5555`.
    func socket(_ kind: Kind, at address: String) throws -> Socket {
        guard let pointer = functions.makeSocket(context, kind.rawValue) else {
            throw Failure(description: "a socket could not be made: \(problem)")
        }
        let socket = Socket(self, pointer)
        // What is not sent a second after the end is lost; a PUB never drops a message for a slow reader.
        for (option, value) in [(17, 1000), (23, 0), (24, 0)] as [(CInt, CInt)] {  // ZMQ_LINGER, ZMQ_SNDHWM, ZMQ_RCVHWM
            var value = value
            _ = functions.set(pointer, option, &value, MemoryLayout<CInt>.size)
        }
        guard functions.bind(pointer, address) == 0 else { throw Failure(description: "\(address): \(problem)") }
        return socket
    }

    /// zmq_pollitem_t
    private struct PollItem {
        var socket: UnsafeMutableRawPointer?
        var descriptor: CInt
        var events: Int16
        var returned: Int16
    }

    /// Waits until one of the sockets or the descriptor can be read, or the time in milliseconds is over.
    func wait(for sockets: [Socket], descriptor: CInt, milliseconds: Int) {
        var items = sockets.map { PollItem(socket: $0.pointer, descriptor: 0, events: 1, returned: 0) }
        items.append(PollItem(socket: nil, descriptor: descriptor, events: 1, returned: 0))
        _ = items.withUnsafeMutableBytes { functions.poll($0.baseAddress, CInt(sockets.count + 1), milliseconds) }
    }
}
