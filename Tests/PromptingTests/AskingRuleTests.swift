// Rules of asking that nothing else holds: what a request for the models is, what of a server's words counts, where
// numbers end, what is a port, a host and a key, and how a file of answers is begun and gone on with.

import Foundation
import Support
import TestSupport
import Testing

@testable import Prompting

/// Answers in their order, the last one again and again.
private final class Answers {
    var left: [Result<WireAnswer, WireFault>]
    var requests: [WireRequest] = []
    var waits: [Double] = []

    init(_ left: Result<WireAnswer, WireFault>...) { self.left = left }

    func server(_ address: String = "https://host/v1", key: ServerKey? = nil, tries: Int = 5) throws -> Server {
        Server(
            try ServerAddress(address), key: key, seconds: 9, tries: tries,
            send: { [self] request, _ in
                requests.append(request)
                return try (left.count > 1 ? left.removeFirst() : left[0]).get()
            }, wait: { [self] seconds, _ in waits.append(seconds) })
    }

    @discardableResult
    func ask(_ address: String = "https://host/v1", tries: Int = 5) throws -> ServerAnswer {
        try server(address, tries: tries).answer(question(address), Interrupt())
    }

    func fault(tries: Int = 5) -> ServerFault? { #expect(throws: ServerFault.self) { try ask(tries: tries) } }
}

private func question(_ address: String = "https://host/v1", _ model: String = "m") throws -> ServerQuestion {
    ServerQuestion(to: try ServerAddress(address), .chat, model: model, prompt: "Q", most: 9)
}

private func said(_ status: Int, _ body: String, type: String = "application/json") -> Result<WireAnswer, WireFault> {
    .success(WireAnswer(status: status, contentType: type, body: Array(body.utf8)))
}

private let fine = said(200, #"{"choices":[{"message":{"content":"8"}}]}"#)

@Suite struct RequestRuleTests {
    @Test func `the models are asked for without a body, with the key and nothing that belongs to one`() throws {
        let key = try #require(
            try ServerKey(for: ServerAddress("https://host/v1")) {
                ["OPENAI_API_KEY": "sk-1", "OPENAI_BASE_URL": "https://host"][$0]
            })
        let list = Answers(said(404, "{}"), said(200, #"{"data":[{"id":"sk-1-gpt"}]}"#))
        let fault = #expect(throws: ServerFault.self) {
            try list.server(key: key).answer(question(), Interrupt())
        }
        #expect(
            list.requests[1]
                == WireRequest(
                    url: "https://host/v1/models", isDirect: false,
                    headers: ["Accept: application/json", "Authorization: Bearer sk-1"], body: nil, limit: 9))
        #expect(fault == .noModel(try ServerAddress("https://host/v1"), name: "m", known: ["[key]-gpt"]))
    }

    @Test(arguments: [
        ("http://127.0.0.1:8000/v1", true), ("http://localhost", true), ("https://host/v1", false),
    ])
    func `only a server on this machine is asked past any proxy`(_ address: String, _ isDirect: Bool) throws {
        let script = Answers(fine)
        try script.ask(address)
        #expect(script.requests[0].isDirect == isDirect)
    }

    @Test func `of a list of models the first thousand count, each with a hundred letters at most`() throws {
        let long = String(repeating: "x", count: 101)
        let names = [long] + (1...1004).map { "n\($0)" }
        let body = "{\"data\":[" + names.map { "{\"id\":\"\($0)\"}" }.joined(separator: ",") + "]}"
        guard case .noModel(_, "m", let known?)? = Answers(said(404, "{}"), said(200, body)).fault() else {
            Issue.record("the list was not told")
            return
        }
        #expect(known.count == 1000 && known[0] == String(long.dropLast()) && known[999] == "n999")
    }

    @Test func `a list that is not whole, not a list or not there tells of no models`() throws {
        let address = try ServerAddress("https://host/v1")
        for second in [
            said(500, #"{"data":[{"id":"a"}]}"#), said(200, #"{"data":{"id":"a"}}"#), said(200, "<html>"),
            said(200, "{}"), .failure(.notConnected),
        ] {
            #expect(Answers(said(404, #"{"error":"gone"}"#), second).fault() == .nothingThere(address, says: "gone"))
        }
        // One without models is one all the same.
        #expect(
            Answers(said(404, "{}"), said(200, #"{"data":[]}"#)).fault() == .noModel(address, name: "m", known: []))
    }

    @Test func `only the word that the limit is not known by that name has the question asked by the other`() throws {
        let address = try ServerAddress("https://host/v1")
        func asked(_ status: Int, _ code: String, _ parameter: String) throws -> Int {
            let script = Answers(
                said(status, "{\"error\":{\"message\":\"x\",\"code\":\"\(code)\",\"param\":\"\(parameter)\"}}"), fine)
            _ = try? script.ask()
            return script.requests.count
        }
        #expect(try asked(400, "unsupported_parameter", "max_tokens") == 2)
        #expect(try asked(400, "unsupported_parameter", "temperature") == 1)
        #expect(try asked(400, "invalid_value", "max_tokens") == 1)
        #expect(try asked(422, "unsupported_parameter", "max_tokens") == 1)
        // A server that knows neither name is asked twice and no more.
        let stubborn = Answers(
            said(400, #"{"error":{"message":"x","code":"unsupported_parameter","param":"max_tokens"}}"#))
        #expect(stubborn.fault() == .refused(address, status: 400, says: "x") && stubborn.requests.count == 2)
    }

    @Test(
        arguments: [
            (#"{"error":{"message":"a"},"message":"b","detail":"c"}"#, "a"), (#"{"error":"a","detail":"c"}"#, "a"),
            (#"{"message":"b","detail":"c"}"#, "b"), (#"{"detail":"c"}"#, "c"), (#"{"error":{"message":3}}"#, nil),
            ("no", nil), ("{}", nil),
        ] as [(String, String?)])
    func `a server's reason is that of its error, else its message, else its detail`(
        _ body: String, _ says: String?
    )
        throws
    {
        #expect(
            Answers(said(400, body)).fault() == .refused(try ServerAddress("https://host/v1"), status: 400, says: says))
    }

    @Test func `a reason has two hundred letters at most, and so has the place that a server sends to`() throws {
        let address = try ServerAddress("https://host/v1")
        let (fits, long) = (String(repeating: "x", count: 200), String(repeating: "x", count: 201))
        for text in [fits, long] {
            #expect(
                Answers(said(400, "{\"error\":\"\(text)\"}")).fault() == .refused(address, status: 400, says: fits))
            let moved = WireAnswer(status: 307, redirect: text)
            #expect(Answers(.success(moved)).fault() == .moved(address, to: fits))
        }
        #expect(Answers(.success(WireAnswer(status: 300))).fault() == .moved(address, to: ""))
        #expect(Answers(.success(WireAnswer(status: 399, redirect: "b"))).fault() == .moved(address, to: "b"))
    }

    @Test func `the name of a kind of answer is cut after sixty letters`() throws {
        let type = "text/" + String(repeating: "x", count: 70)
        let words = Answers(said(200, "ok", type: type)).fault()?.description ?? ""
        #expect(words.hasPrefix("https://host answered with \(type.prefix(60)), not with JSON: "))
    }

    @Test func `each way to get no answer has a fault of its own`() throws {
        let address = try ServerAddress("https://host/v1")
        #expect(Answers(.failure(.noLibrary)).fault() == .noLibrary)
        #expect(Answers(.failure(.badAddress)).fault() == .badAddress("https://host/v1", .host))
        #expect(Answers(.failure(.untrusted("a\u{1B}b"))).fault() == .untrusted(address, why: "a␛b"))
        #expect(Answers(.failure(.noTLS("a\nb"))).fault() == .noTLS(address, why: "a b"))
        guard case .badAuthorities? = Answers(.failure(.badAuthorities)).fault() else {
            Issue.record("the file of authorities is not told")
            return
        }
    }

    @Test func `one try is one request and no wait, and a reason that changes does not begin the count anew`() throws {
        let once = Answers(said(503, "{}"))
        #expect(once.fault(tries: 1) == .busy(try ServerAddress("https://host/v1"), status: 503, tries: 1, says: nil))
        #expect(once.requests.count == 1 && once.waits.isEmpty)
        let mixed = Answers(said(503, "{}"), .failure(.outOfTime), .failure(.broken("x")), said(429, "{}"), fine)
        #expect(try mixed.ask().text == "8")
        #expect(mixed.waits == [1, 2, 4, 8])
    }

    @Test func `a thousand million tokens can be counted, and no more and no half ones`() throws {
        func count(_ number: String) throws -> Int? {
            try Answers(
                said(200, "{\"choices\":[{\"message\":{\"content\":\"\"}}],\"usage\":{\"prompt_tokens\":\(number)}}")
            ).ask().read
        }
        #expect(try count("1000000000") == 1_000_000_000 && count("0") == 0 && count("null") == nil)
        for number in ["1000000001", "1.5", "\"3\""] {
            #expect(throws: ServerFault.self, "\(number)") { try count(number) }
        }
    }

    @Test func `the first of several answers counts`() throws {
        let two = #"{"choices":[{"message":{"content":"a"}},{"message":{"content":"b"}}]}"#
        #expect(try Answers(said(200, two)).ask().text == "a")
    }
}

@Suite struct AddressRuleTests {
    @Test func `the first and the last port are ports, and a sign or a leading plus is none`() throws {
        #expect(try ServerAddress("http://host:1").port == 1 && ServerAddress("http://host:65535").port == 65535)
        #expect(try ServerAddress("http://host").port == 80 && ServerAddress("https://host").port == 443)
        for text in ["http://host:+80", "http://[::1]:", "http://host:8 0"] {
            #expect(throws: ServerFault.self, "\(text)") { try ServerAddress(text) }
        }
    }

    @Test func `hosts are in small letters and paths as they are written`() throws {
        let address = try ServerAddress("HTTP://LocalHost:81/V1/Chat//")
        #expect(address.text == "http://localhost:81/V1/Chat" && address.origin == "http://localhost:81")
        #expect(address.isLoopback && !address.isSecure)
        #expect(try ServerAddress("https://A") == ServerAddress("https://a:443/"))
        #expect(try ServerAddress("http://a") != ServerAddress("https://a:80"))
    }

    @Test(
        arguments: [
            ("http://[1234]", .host), ("http://[::g]", .host), ("http://[::ffff:1.2.3.4]/v1", nil),
            ("http://a/b?", .query), ("http://a#", .query), ("http://a/@b", nil), ("http://a/-._~:@!$&'()*+,;=%", nil),
            ("http://a/[b]", .path), ("http://a/b^c", .path), ("http://a\"b", .host),
        ] as [(String, ServerAddress.Flaw?)])
    func `numbers in brackets are hexadecimal with a colon, and a path holds what a path may`(
        _ text: String, _ flaw: ServerAddress.Flaw?
    ) throws {
        if let flaw {
            #expect(throws: ServerFault.badAddress(text, flaw)) { try ServerAddress(text) }
        } else {
            #expect(try ServerAddress(text).text == text)
        }
    }

    @Test func `a key of any sign that can be seen is one, and another server's bad key is nobody's business`() throws {
        func key(_ text: String, at address: String = "https://api.openai.com") throws -> String? {
            try ServerKey(for: ServerAddress(address)) { $0 == "OPENAI_API_KEY" ? text : nil }?.text
        }
        #expect(try key("!~") == "!~")
        #expect(throws: ServerFault.badKey) { try key("a\tb") }
        #expect(throws: ServerFault.badKey) { try key("a ") }
        #expect(try key("a b", at: "http://127.0.0.1") == nil)
        let found = try #require(
            try ServerKey(for: ServerAddress("https://api.openai.com")) { _ in "https://api.openai.com" })
        #expect(found.redacted("a https://api.openai.com b https://api.openai.com") == "a [key] b [key]")
    }
}

@Suite struct AnswerFileRuleTests {
    private func withFile(_ body: (String) throws -> Void) throws {
        try withTemporaryFolder { try body($0.appending(path: "a.jsonl").path) }
    }

    private func lines(_ path: String) throws -> [Substring] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
    }

    @Test(arguments: ["", "{", #"{"icot":"answers 1"}"#, "{\"icot\":\"answers 1\"}\n"])
    func `a file that holds as much of its first line as was written is one without answers`(_ start: String) throws {
        try withFile { path in
            try start.write(toFile: path, atomically: false, encoding: .utf8)
            let kept = try RecordedAnswers(path)
            #expect(kept.answer(to: try question()) == nil)
            try kept.add(ServerAnswer(text: "8"), to: question())
            #expect(try lines(path).count == 3 && lines(path)[0] == #"{"icot":"answers 1"}"#)
            #expect(try RecordedAnswers(path).answer(to: question()) == ServerAnswer(text: "8"))
        }
    }

    @Test func `what a server did not say is null in the file, and comes back as not said`() throws {
        try withFile { path in
            let kept = try RecordedAnswers(path)
            try kept.add(ServerAnswer(text: "8"), to: question())
            #expect(
                try lines(path)[1].hasSuffix(
                    #""answer":{"text":"8","end":null,"model":null,"read":null,"written":null}}"#))
            // It is known at once, and a second one goes after it.
            #expect(kept.answer(to: try question()) == ServerAnswer(text: "8"))
            try kept.add(ServerAnswer(text: "9", read: 0, written: 1_000_000_000), to: question("https://host/v1", "n"))
            #expect(try lines(path).count == 4)
            let again = try RecordedAnswers(path)
            #expect(
                try again.answer(to: question("https://host/v1", "n"))
                    == ServerAnswer(text: "9", read: 0, written: 1_000_000_000))
        }
    }

    @Test func `a wrong line is told by its number, with what to do about it`() throws {
        try withFile { path in
            try RecordedAnswers(path).add(ServerAnswer(text: "8"), to: question())
            let whole = try String(contentsOfFile: path, encoding: .utf8)
            try (whole + "\n").write(toFile: path, atomically: false, encoding: .utf8)
            let fault = #expect(throws: FileError.self) { try RecordedAnswers(path) }
            #expect(fault?.rule.hasPrefix("line 3: ") == true && fault?.kind == .malformed && fault?.path == path)
            #expect(fault?.help == "take the line away; it is asked for anew")
        }
    }

    @Test func `what is no file of answers is told with what to do, whether it is read or written`() throws {
        try withFile { path in
            try "mine\n".write(toFile: path, atomically: false, encoding: .utf8)
            let foreign = #expect(throws: FileError.self) { try RecordedAnswers(path) }
            #expect(foreign == FileError(.refused, path, "is no file of recorded answers", help: "choose another name"))
            let folder = FileSystem.folder(of: path)
            let read = #expect(throws: FileError.self) { try RecordedAnswers(folder) }
            #expect(read == FileError(.refused, folder, "is no file", help: "choose another name"))
            // A folder that has come since it was looked for.
            let late = try RecordedAnswers(path + "2")
            try FileManager.default.createDirectory(atPath: path + "2", withIntermediateDirectories: true)
            let written = #expect(throws: FileError.self) { try late.add(ServerAnswer(text: "8"), to: question()) }
            #expect(
                written
                    == FileError(
                        .notWritten, path + "2", "is no file, and is not written to", help: "choose another name"))
        }
    }
}
