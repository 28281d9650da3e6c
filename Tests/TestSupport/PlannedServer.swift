import Foundation

/// A server on this machine that answers as it was planned, right or wrong: the first connection with the first reply,
/// and all after the last with the last. One request a connection.
public final class PlannedServer: @unchecked Sendable {
    public enum Reply: Sendable {
        /// A whole response.
        case answer(Int, [String], String)
        /// Bytes as they are, and then the end.
        case bytes(String)
        /// A piece again and again, without an end, after a first one.
        case endless(String, String)
        /// The same, a piece each twentieth of a second.
        case drip(String, String)
        /// Bytes and the end without a look at what comes.
        case atOnce(String)
        /// Takes the request and says nothing.
        case silence
    }

    public let port: Int
    private let listening: Int32
    private let lock = NSLock()
    private var planned: [Reply]
    private var received: [String] = []
    private var isStopped = false

    public init(_ replies: [Reply]) {
        planned = replies
        let listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                guard bind(listening, pointer, length) == 0, listen(listening, 64) == 0,
                    getsockname(listening, pointer, &length) == 0
                else { fatalError("no socket on this machine") }
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        self.listening = listening
        Thread.detachNewThread { [weak self, listening] in
            while true {
                let connection = accept(listening, nil, nil)
                guard connection >= 0, let server = self else { return }
                let reply = server.next()
                Thread.detachNewThread { server.serve(connection, reply) }
            }
        }
    }

    deinit { stop() }

    /// Nobody listens any more.
    public func stop() {
        let isFirst = lock.withLock {
            defer { isStopped = true }
            return !isStopped
        }
        // The number may be somebody else's by the second time.
        guard isFirst else { return }
        shutdown(listening, Int32(SHUT_RDWR))
        close(listening)
    }

    /// `http://127.0.0.1:…/v1`
    public var address: String { "http://127.0.0.1:\(port)/v1" }

    /// What came, headers and body.
    public var requests: [String] { lock.withLock { received } }

    private func next() -> Reply { lock.withLock { planned.count > 1 ? planned.removeFirst() : planned[0] } }

    private func serve(_ connection: Int32, _ reply: Reply) {
        defer { close(connection) }
        if case .atOnce = reply {
        } else {
            let request = Self.request(connection)
            lock.withLock { received.append(request) }
        }
        func send(_ text: String) -> Bool {
            let bytes = Array(text.utf8)
            var done = 0
            while done < bytes.count {
                let count = bytes[done...].withUnsafeBytes {
                    Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return false }
                done += count
            }
            return true
        }
        switch reply {
        case .answer(let status, let headers, let body):
            let all = headers + ["Content-Length: \(body.utf8.count)", "Connection: close"]
            _ = send("HTTP/1.1 \(status) X\r\n" + all.joined(separator: "\r\n") + "\r\n\r\n" + body)
        case .bytes(let text), .atOnce(let text): _ = send(text)
        case .endless(let first, let piece): if send(first) { while send(piece) {} }
        case .drip(let first, let piece): if send(first) { while send(piece) { usleep(50_000) } }
        case .silence:
            var byte: UInt8 = 0
            while recv(connection, &byte, 1, 0) > 0 {}
        }
        // What was not read would make the system throw away what was sent.
        shutdown(connection, Int32(SHUT_WR))
        var rest = [UInt8](repeating: 0, count: 4096)
        while recv(connection, &rest, rest.count, 0) > 0 {}
    }

    /// Headers and as much of a body as they announce.
    private static func request(_ connection: Int32) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        let end = Array("\r\n\r\n".utf8)
        while true {
            let count = recv(connection, &buffer, buffer.count, 0)
            if count > 0 { bytes += buffer[..<count] }
            let text = String(decoding: bytes, as: UTF8.self)
            if let range = text.range(of: "\r\n\r\n") {
                let headers = text[..<range.lowerBound].lowercased()
                let announced =
                    headers.components(separatedBy: "content-length:").dropFirst().first
                    .flatMap { Int($0.prefix { $0 != "\r" }.trimmingCharacters(in: .whitespaces)) } ?? 0
                let start = bytes.firstRange(of: end).map { $0.upperBound } ?? bytes.count
                if bytes.count - start >= announced { return text }
            }
            if count <= 0 { return text }
        }
    }
}

extension PlannedServer.Reply {
    /// A whole response of JSON.
    public static func json(_ status: Int, _ body: String) -> Self {
        .answer(status, ["Content-Type: application/json"], body)
    }

    /// What a server of OpenAI's kind says.
    public static func chat(_ text: String, read: Int = 10, written: Int = 2, model: String = "m") -> Self {
        .json(
            200,
            """
            {"model":"\(model)","choices":[{"message":{"role":"assistant","content":"\(text)"},\
            "finish_reason":"stop"}],"usage":{"prompt_tokens":\(read),"completion_tokens":\(written)}}
            """)
    }

    /// Its word for a failure.
    public static func failure(_ status: Int, _ message: String, code: String = "", headers: [String] = []) -> Self {
        .answer(
            status, ["Content-Type: application/json"] + headers,
            "{\"error\":{\"message\":\"\(message)\",\"code\":\"\(code)\"}}")
    }
}
