// A server as its answers make it, without a network: what is asked, what is tried again and after how long, what each
// answer means.

import Support
import TestSupport
import Testing

@testable import Prompting

/// Answers in their order, the last one again and again; what was asked and how long was waited.
private final class Script {
    var answers: [Result<WireAnswer, WireFault>]
    var requests: [WireRequest] = []
    var waits: [Double] = []

    init(_ answers: Result<WireAnswer, WireFault>...) { self.answers = answers }

    func server(key: ServerKey? = nil, tries: Int = 5) throws -> Server {
        Server(
            try ServerAddress("https://host/v1"), key: key, seconds: 9, tries: tries,
            send: { [self] request, _ in
                requests.append(request)
                return try (answers.count > 1 ? answers.removeFirst() : answers[0]).get()
            }, wait: { [self] seconds, _ in waits.append(seconds) })
    }

    var bodies: [String] { requests.map { String(decoding: $0.body ?? [], as: UTF8.self) } }
}

private func json(_ status: Int, _ body: String, retryAfter: Int? = nil) -> Result<WireAnswer, WireFault> {
    .success(
        WireAnswer(status: status, contentType: "application/json", body: Array(body.utf8), retryAfter: retryAfter))
}

private let fine = json(
    200,
    """
    {"model":"m-1","choices":[{"message":{"content":" 8"},"finish_reason":"stop"}],
     "usage":{"prompt_tokens":7,"completion_tokens":2}}
    """)
private let answer = ServerAnswer(text: " 8", end: "stop", model: "m-1", read: 7, written: 2)

private func question(_ interface: ServerQuestion.Interface = .chat) throws -> ServerQuestion {
    ServerQuestion(to: try ServerAddress("https://host/v1"), interface, model: "m", prompt: "Q:\n\"é\"", most: 9)
}

private func ask(_ script: Script, tries: Int = 5) throws -> ServerAnswer {
    try script.server(tries: tries).answer(question(), Interrupt())
}

private let address = try? ServerAddress("https://host/v1")

@Suite struct ServerQuestionTests {
    @Test func `a chat is one message, at temperature 0, whole`() throws {
        let script = Script(fine)
        #expect(try ask(script) == answer)
        #expect(script.requests[0].url == "https://host/v1/chat/completions")
        #expect(
            script.bodies == [
                #"{"model":"m","messages":[{"role":"user","content":"Q:\n\"é\""}],"max_tokens":9,"temperature":0,"#
                    + #""stream":false}"#
            ])
        #expect(
            script.requests[0].headers == ["Accept: application/json", "Expect:", "Content-Type: application/json"])
        #expect(!script.requests[0].isDirect && script.requests[0].limit == 9)
    }

    @Test func `a completion goes on with a text and ends before the next question`() throws {
        let script = Script(json(200, #"{"choices":[{"text":" 8"}]}"#))
        #expect(try script.server().answer(question(.completions), Interrupt()) == ServerAnswer(text: " 8"))
        #expect(script.requests[0].url == "https://host/v1/completions")
        #expect(
            script.bodies == [
                #"{"model":"m","prompt":"Q:\n\"é\"","max_tokens":9,"temperature":0,"stream":false,"#
                    + #""stop":["\nQuestion:"]}"#
            ])
    }

    @Test func `a key is one header, and taken out of whatever the server says`() throws {
        let key = try #require(
            try ServerKey(for: ServerAddress("https://host/v1")) {
                ["OPENAI_API_KEY": "sk-1", "OPENAI_BASE_URL": "https://host"][$0]
            })
        let echo = Script(
            json(
                200,
                #"{"model":"sk-1","choices":[{"message":{"content":"my sk\u002d1!"},"finish_reason":"sk-1"}]}"#))
        let heard = try echo.server(key: key).answer(question(), Interrupt())
        #expect(echo.requests[0].headers.last == "Authorization: Bearer sk-1")
        #expect(heard == ServerAnswer(text: "my [key]!", end: "[key]", model: "[key]"))
        for status in [401, 400, 500, 404] {
            let script = Script(json(status, #"{"error":{"message":"no sk-1"}}"#))
            let fault = #expect(throws: ServerFault.self) {
                try script.server(key: key, tries: 1).answer(question(), Interrupt())
            }
            #expect(fault?.description.contains("no [key]") == true, "\(status) \(String(describing: fault))")
        }
        let moved = Script(.success(WireAnswer(status: 302, redirect: "https://evil/sk-1")))
        #expect(throws: ServerFault.moved(try ServerAddress("https://host/v1"), to: "https://evil/[key]")) {
            try moved.server(key: key).answer(question(), Interrupt())
        }
    }

    @Test func `what a server does not count or say is missing, and a refusal has no text`() throws {
        #expect(
            try ask(Script(json(200, #"{"choices":[{"message":{"content":null}}],"usage":null}"#)))
                == ServerAnswer(text: ""))
        #expect(
            try ask(
                Script(json(200, #"{"choices":[{"message":{"content":"\ud800"}}],"usage":{"prompt_tokens":null}}"#)))
                == ServerAnswer(text: "\u{FFFD}"))
    }

    @Test(
        arguments: [
            ("{}", "\"choices\""), (#"{"choices":[]}"#, "\"choices\""), (#"{"choices":{}}"#, "\"choices\""),
            ("[]", "\"choices\""), (#"{"choices":[1]}"#, "choices[0].message.content"),
            (#"{"choices":[{"message":"x"}]}"#, "choices[0].message.content"),
            (#"{"choices":[{"message":{"content":[1]}}]}"#, "choices[0].message.content"),
            (
                #"{"choices":[{"message":{"content":""}}],"usage":{"prompt_tokens":9223372036854775807}}"#,
                "number of tokens as usage.prompt_tokens"
            ),
            (
                #"{"choices":[{"message":{"content":""}}],"usage":{"completion_tokens":-1}}"#,
                "number of tokens as usage.completion_tokens"
            ),
            (
                #"{"choices":[{"message":{"content":""}}],"usage":{"completion_tokens":1e999}}"#,
                "number of tokens as usage.completion_tokens"
            ),
        ])
    func `JSON that is no answer is refused by what it lacks`(_ body: String, _ part: String) throws {
        let fault = #expect(throws: ServerFault.self) { try ask(Script(json(200, body))) }
        #expect(fault == .lacks(try #require(address), part: part))
    }

    @Test func `what is not JSON is refused by what it says it is`() throws {
        func fault(_ type: String, _ body: String) -> String {
            let script = Script(.success(WireAnswer(status: 200, contentType: type, body: Array(body.utf8))))
            return (#expect(throws: ServerFault.self) { try ask(script) })?.description ?? ""
        }
        #expect(fault("text/html", "<html>").hasPrefix("https://host answered with a web page, not with JSON"))
        #expect(fault("", "").hasPrefix("https://host answered with nothing"))
        #expect(fault("application/json", "{").hasPrefix("https://host answered with something else"))
        #expect(fault("text/plain", "ok").hasPrefix("https://host answered with text/plain"))
        #expect(
            fault("text/event-stream", "data: {}")
                == "https://host answered in streaming chunks, though it was asked for one whole answer")
        let deep = String(repeating: "[", count: 100_000)
        #expect(fault("application/json", deep).contains("nested deeper than 64"))
    }

    @Test func `whatever bytes a server sends, an answer or a fault comes out`() throws {
        var random = TestRandom(seed: 21)
        guard case .success(let whole) = fine else { return }
        var answers = 0
        for _ in 0..<2000 {
            var bytes = whole.body
            for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                default: bytes.insert(contentsOf: whole.body.dropFirst(place).prefix(9), at: place)
                }
            }
            let status = random.pick([200, 200, 200, 400, 401, 404])
            let script = Script(.success(WireAnswer(status: status, contentType: "application/json", body: bytes)))
            do {
                _ = try ask(script)
                answers += 1
            } catch let fault as ServerFault {
                #expect(!fault.description.isEmpty)
            }
        }
        #expect(answers > 20)
    }
}

@Suite struct PatienceTests {
    private static let busy = json(503, "{}")

    @Test func `a busy server is asked again after 1, 2, 4 … seconds, and the answer counts`() throws {
        for first in [408, 429, 500, 502, 503, 504].map({ json($0, "{}") })
            + [.failure(.outOfTime), .failure(.broken("reset"))]
        {
            let script = Script(first, first, first, fine)
            #expect(try ask(script) == answer)
            #expect(script.waits == [1, 2, 4] && script.requests.count == 4)
        }
    }

    @Test func `a wait is a minute at most`() throws {
        let script = Script(Self.busy)
        #expect(throws: ServerFault.self) { try ask(script, tries: 9) }
        #expect(script.waits == [1, 2, 4, 8, 16, 32, 60, 60])
    }

    @Test func `what a server asks for is kept, up to five minutes`() throws {
        let script = Script(json(429, "{}", retryAfter: 17), Self.busy, json(503, "{}", retryAfter: 300), fine)
        #expect(try ask(script) == answer)
        #expect(script.waits == [17, 2, 300])
        let long = Script(json(429, "{}", retryAfter: 301))
        #expect(throws: ServerFault.waitsTooLong(try ServerAddress("https://host/v1"), seconds: 301)) {
            try ask(long)
        }
        #expect(long.waits == [] && long.requests.count == 1)
    }

    @Test func `after the last try it is given up, with how often it was tried`() throws {
        let address = try #require(address)
        for (last, fault) in [
            (
                json(429, #"{"error":{"message":"slow down"}}"#),
                ServerFault.busy(address, status: 429, tries: 3, says: "slow down")
            ),
            (.failure(.outOfTime), .outOfTime(address, seconds: 9, tries: 3)),
            (.failure(.broken("reset")), .broken(address, why: "reset", tries: 3)),
        ] {
            let script = Script(last)
            #expect(throws: fault) { try ask(script, tries: 3) }
            #expect(script.requests.count == 3 && script.waits == [1, 2])
        }
    }

    @Test func `what will not pass is not tried again`() throws {
        let address = try #require(address)
        for (first, fault) in [
            (json(429, #"{"error":{"code":"insufficient_quota","message":"pay"}}"#), .noCredit(address, says: "pay")),
            (json(401, "{}"), .keyRefused(address, status: 401, wasSent: false, says: nil)),
            (json(403, #"{"detail":"no"}"#), .keyRefused(address, status: 403, wasSent: false, says: "no")),
            (json(400, #"{"error":"bad"}"#), .refused(address, status: 400, says: "bad")),
            (json(501, "<html>"), .refused(address, status: 501, says: nil)),
            (.failure(.notConnected), .notConnected(address)), (.failure(.noHost), .noHost(address)),
            (.failure(.noProxy), .noProxy),
            (.failure(.untrusted("self-signed")), .untrusted(address, why: "self-signed")),
            (.failure(.noTLS("version")), .noTLS(address, why: "version")),
            (.failure(.tooLarge), .tooLarge(address, limit: 8 << 20)),
        ] as [(Result<WireAnswer, WireFault>, ServerFault)] {
            let script = Script(first)
            #expect(throws: fault) { try ask(script) }
            #expect(script.requests.count == 1 && script.waits == [])
        }
    }

    @Test func `a stop ends it, also while it waits`() throws {
        let interrupt = Interrupt()
        let server = Server(
            try ServerAddress("https://host/v1"), key: nil, seconds: 9, tries: 5, send: { _, _ in try Self.busy.get() },
            wait: { _, interrupt in
                interrupt.request()
                try interrupt.check()
            })
        #expect(throws: Interrupted()) { try server.answer(question(), interrupt) }
    }

    @Test func `whoever asks is told of each wait before it`() throws {
        var told: [String] = []
        let script = Script(json(429, "{}"), .failure(.outOfTime), .failure(.broken("x")), fine)
        _ = try script.server().answer(question(), Interrupt()) { told.append("\($0) \($1)") }
        #expect(told == ["1.0 status(429)", "2.0 outOfTime", "4.0 broken"])
    }

    @Test func `a model that counts its answer by another name is asked by that name, from then on`() throws {
        let script = Script(
            json(400, #"{"error":{"message":"x","code":"unsupported_parameter","param":"max_tokens"}}"#), fine)
        let server = try script.server()
        #expect(try server.answer(question(), Interrupt()) == answer)
        #expect(try server.answer(question(), Interrupt()) == answer)
        #expect(script.bodies.map { $0.contains("\"max_completion_tokens\":9") } == [false, true, true])
        #expect(script.bodies.map { $0.contains("\"max_tokens\"") } == [true, false, false])
    }

    @Test func `where a model is not known the server says which there are, and a wrong path is told apart`() throws {
        let address = try #require(address)
        let unknown = json(404, #"{"error":{"message":"gone"}}"#)
        let list = Script(unknown, json(200, #"{"data":[{"id":"gpt2"},{"id":"m-large"},{"no":1}]}"#))
        #expect(throws: ServerFault.noModel(address, name: "m", known: ["gpt2", "m-large"])) { try ask(list) }
        #expect(list.requests[1].url == "https://host/v1/models" && list.requests[1].body == nil)
        #expect(
            ServerFault.noModel(address, name: "m", known: ["gpt2", "m-large"]).description
                == "https://host has no model \"m\"; it has gpt2, m-large")
        #expect(ServerFault.noModel(address, name: "m", known: ["gpt2", "m-large"]).help == "write \"m-large\"")
        let path = Script(unknown, unknown)
        #expect(throws: ServerFault.nothingThere(address, says: "gone")) { try ask(path) }
        // One that lists the very model has another path for questions.
        let other = Script(unknown, json(200, #"{"data":[{"id":"m"}]}"#))
        #expect(throws: ServerFault.nothingThere(address, says: "gone")) { try ask(other) }
        let said = Script(json(404, #"{"error":{"code":"model_not_found"}}"#), .failure(.outOfTime))
        #expect(throws: ServerFault.noModel(address, name: "m", known: nil)) { try ask(said) }
        #expect(
            ServerFault.nothingThere(try ServerAddress("http://host"), says: nil).help == "write at: \"http://host/v1\""
        )
    }

    @Test func `the words of a server are short and steer no terminal`() throws {
        let script = Script(
            json(400, #"{"error":{"message":"\u001b[2J\n"# + String(repeating: "x", count: 9000) + #""}}"#))
        let text = (#expect(throws: ServerFault.self) { try ask(script) })?.description ?? ""
        #expect(text.unicodeScalars.allSatisfy { !Escaping.steers($0) } && text.count < 300, "\(text)")
    }
}
