// Exchanges over real sockets with a server on this machine that behaves well and ill.

import Foundation
import Support
import TestSupport
import Testing

@testable import Prompting

private let hasCurl = Programs.hasLibrary("libcurl.so.4")
private let reason = Programs.reason("libcurl")

private func send(
    _ server: PlannedServer, limit: Double = 30, _ interrupt: Interrupt = Interrupt(), body: String? = "{}"
) throws -> WireAnswer {
    try Wire().send(
        WireRequest(
            url: server.address + "/x", isDirect: true, headers: ["X-A: b"], body: body.map { Array($0.utf8) },
            limit: limit), interrupt)
}

@Suite(.enabled(if: hasCurl, "\(reason)")) struct WireTests {
    @Test func `a question arrives as it was sent, and an answer with its status, type and wait`() throws {
        let server = PlannedServer([
            .answer(429, ["Content-Type: Text/HTML; charset=utf-8", "Retry-After: 12"], "so"),
            .answer(302, ["Location: http://other/v1"], ""), .answer(200, [], "[]"),
        ])
        #expect(
            try send(server, body: "{\"a\":\"é\"}")
                == WireAnswer(status: 429, contentType: "text/html", body: Array("so".utf8), retryAfter: 12))
        #expect(server.requests[0].hasPrefix("POST /v1/x HTTP/1.1\r\n"))
        #expect(server.requests[0].contains("\r\nX-A: b\r\n") && server.requests[0].hasSuffix("\r\n\r\n{\"a\":\"é\"}"))
        // A redirect is an answer, and is not followed.
        #expect(try send(server) == WireAnswer(status: 302, redirect: "http://other/v1"))
        #expect(try send(server, body: nil) == WireAnswer(status: 200, body: Array("[]".utf8)))
        #expect(server.requests[2].hasPrefix("GET /v1/x ") && server.requests.count == 3)
    }

    @Test func `one connection serves several requests`() throws {
        let server = PlannedServer([.answer(200, [], "1"), .answer(200, [], "2")])
        let wire = try Wire()
        let request = WireRequest(url: server.address, isDirect: true, headers: [], body: nil, limit: 30)
        #expect(try wire.send(request, Interrupt()).body == Array("1".utf8))
        #expect(try wire.send(request, Interrupt()).body == Array("2".utf8))
    }

    @Test(
        arguments: [
            .endless("HTTP/1.1 200 X\r\n\r\n", String(repeating: "x", count: 1 << 16)),
            .endless("HTTP/1.1 200 X\r\n", "A: " + String(repeating: "x", count: 1000) + "\r\n"),
            .endless("", "HTTP/1.1 100 Continue\r\nA: " + String(repeating: "x", count: 1000) + "\r\n\r\n"),
            .endless(
                "HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n", String(repeating: "4\r\nxxxx\r\n", count: 4096)),
        ] as [PlannedServer.Reply])
    func `an answer without an end is cut off, whatever part of it has none`(_ reply: PlannedServer.Reply) {
        #expect(throws: WireFault.tooLarge) { try send(PlannedServer([reply])) }
    }

    @Test(
        arguments: [
            .silence, .drip("HTTP/1.1 200 X\r\nContent-Length: 1000000\r\n\r\n", "x"),
            .drip("HTTP/1.1 200 X\r\n", "A: b\r\n"),
        ] as [PlannedServer.Reply])
    func `an answer that does not come, or comes a byte at a time, is out of time`(_ reply: PlannedServer.Reply) {
        #expect(throws: WireFault.outOfTime) { try send(PlannedServer([reply]), limit: 0.3) }
    }

    @Test(
        arguments: [
            .bytes(""), .bytes("HTTP/1.1 200 X\r\nContent-Length: 10\r\n\r\nabc"), .bytes("\u{0}\u{1}\u{2}"),
            .bytes("HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        ] as [PlannedServer.Reply])
    func `an answer that breaks off, or is no HTTP, is none`(_ reply: PlannedServer.Reply) {
        let fault = #expect(throws: WireFault.self) { try send(PlannedServer([reply])) }
        guard case .broken = fault else {
            Issue.record("\(String(describing: fault))")
            return
        }
    }

    @Test func `nothing is unpacked, so a small answer stays small`() throws {
        let server = PlannedServer([.answer(200, ["Content-Encoding: gzip"], "not gzip")])
        #expect(try send(server).body == Array("not gzip".utf8))
        #expect(!server.requests[0].lowercased().contains("accept-encoding"))
    }

    @Test func `where nobody listens, and where a name leads nowhere, that is said`() throws {
        let server = PlannedServer([.silence])
        server.stop()
        #expect(throws: WireFault.notConnected) { try send(server) }
        // RFC 6761: no name below `invalid` is there.
        #expect(throws: WireFault.noHost) {
            try Wire().send(
                WireRequest(url: "http://icot.invalid/v1", isDirect: true, headers: [], body: nil, limit: 30),
                Interrupt())
        }
    }

    @Test func `other schemes than http and https are not spoken`() throws {
        for url in ["file:///etc/passwd", "ftp://127.0.0.1/", "dict://127.0.0.1:1/x", "gopher://127.0.0.1/"] {
            #expect(throws: WireFault.self, "\(url)") {
                try Wire().send(
                    WireRequest(url: url, isDirect: true, headers: [], body: nil, limit: 5), Interrupt())
            }
        }
    }

    @Test func `a stop ends an exchange in the middle, and the next one works`() throws {
        let server = PlannedServer([.silence, .answer(200, [], "2")])
        let wire = try Wire()
        let interrupt = Interrupt()
        let request = WireRequest(url: server.address, isDirect: true, headers: [], body: [1], limit: 600)
        Thread.detachNewThread {
            while server.requests.isEmpty { usleep(1000) }
            interrupt.request()
        }
        #expect(throws: Interrupted()) { try wire.send(request, interrupt) }
        #expect(throws: Interrupted()) { try wire.send(request, interrupt) }
        #expect(try wire.send(request, Interrupt()).body == Array("2".utf8))
        #expect(server.requests.count == 2)
    }

    @Test(.enabled(if: Programs.has("openssl"), "\(Programs.reason("openssl"))"))
    func `a certificate that nobody vouches for is refused before anything is sent`() throws {
        try withTemporaryFolder { folder in
            let port = 20_000 + Int(getpid()) % 20_000
            let server = Process()
            server.executableURL = URL(filePath: "/bin/sh")
            server.currentDirectoryURL = folder
            server.arguments = [
                "-c",
                "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout k -out c -days 1 "
                    + "-subj /CN=localhost 2>/dev/null && exec openssl s_server -accept 127.0.0.1:\(port) -key k -cert c "
                    + "-www >log 2>&1",
            ]
            try server.run()
            defer {
                server.terminate()
                server.waitUntilExit()
            }
            let request = WireRequest(
                url: "https://127.0.0.1:\(port)/v1", isDirect: true, headers: ["Authorization: Bearer sk-1"], body: [],
                limit: 30)
            var fault: WireFault?
            for _ in 0..<1000 {
                fault = #expect(throws: WireFault.self) { try Wire().send(request, Interrupt()) }
                if fault != .notConnected { break }
                usleep(20_000)
            }
            guard case .untrusted(let why) = fault else {
                Issue.record("\(String(describing: fault))")
                return
            }
            #expect(!why.isEmpty)
        }
    }

    @Test func `a server that speaks no TLS is not asked over https`() throws {
        let server = PlannedServer([.atOnce("HTTP/1.1 200 X\r\n\r\n")])
        let fault = #expect(throws: WireFault.self) {
            try Wire().send(
                WireRequest(
                    url: "https://127.0.0.1:\(server.port)/", isDirect: true, headers: ["A: sk-1"], body: nil, limit: 30
                ),
                Interrupt())
        }
        guard case .noTLS = fault else {
            Issue.record("\(String(describing: fault))")
            return
        }
        #expect(server.requests.allSatisfy { !$0.contains("sk-1") })
    }
}
