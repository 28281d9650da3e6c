// Rules of an exchange that nothing else holds: where an answer is too long, what an empty question is, what is told.

import Foundation
import Support
import TestSupport
import Testing

@testable import Prompting

private let hasCurl = Programs.hasLibrary("libcurl.so.4")
private let reason = Programs.reason("libcurl")

private func send(_ server: PlannedServer, headers: [String] = [], body: [UInt8]? = nil) throws -> WireAnswer {
    try Wire().send(
        WireRequest(url: server.address + "/x", isDirect: true, headers: headers, body: body, limit: 30), Interrupt())
}

@Suite(.enabled(if: hasCurl, "\(reason)")) struct WireRuleTests {
    @Test func `an answer of 8 MiB is whole, and of one byte more none`() throws {
        let most = String(repeating: "x", count: 8 << 20)
        #expect(try send(PlannedServer([.answer(200, [], most)])).body.count == 8_388_608)
        #expect(throws: WireFault.tooLarge) { try send(PlannedServer([.answer(200, [], most + "x")])) }
    }

    @Test func `an empty body is posted, and headers go as they are given, with the name of the program`() throws {
        let server = PlannedServer([.answer(200, [], "1")])
        #expect(try send(server, headers: ["A: 1", "B: 2"], body: []).body == Array("1".utf8))
        let request = try #require(server.requests.first)
        #expect(request.hasPrefix("POST /v1/x ") && request.lowercased().contains("\r\ncontent-length: 0\r\n"))
        #expect(request.contains("\r\nA: 1\r\nB: 2\r\n") && request.contains("\r\nUser-Agent: icot\r\n"))
    }

    @Test(arguments: [
        ("application/JSON ; charset=utf-8", "application/json"), ("TEXT/Event-Stream", "text/event-stream"),
    ])
    func `a kind of answer is told in small letters, without what comes after it`(
        _ header: String, _ type: String
    )
        throws
    {
        #expect(try send(PlannedServer([.answer(200, ["Content-Type: " + header], "")])).contentType == type)
    }

    @Test func `a server that asks for no wait, or says nothing of it, has asked for none`() throws {
        #expect(try send(PlannedServer([.answer(503, ["Retry-After: 0"], "")])).retryAfter == nil)
        #expect(try send(PlannedServer([.answer(503, [], "")])).retryAfter == nil)
        #expect(try send(PlannedServer([.answer(503, ["Retry-After: 1"], "")])).retryAfter == 1)
    }
}
