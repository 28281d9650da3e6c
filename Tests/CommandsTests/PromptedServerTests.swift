// `prompted … at:` from the command to a server on this machine and back: what is asked, kept, asked no more, counted,
// and said where it fails.

import Foundation
import Language
import Support
import TestSupport
import Testing

@testable import Commands

@Suite(.enabled(if: Programs.hasLibrary("libcurl.so.4"), "\(Programs.reason("libcurl"))"))
struct PromptedServerTests {
    /// Four problems with the answers of a server that gets the first and the third right.
    private static func desk() -> Desk {
        let desk = Desk()
        desk.run(
            """
            let data = gen .add digits: 1 n: 20 seed: 1
            let test = gen .add digits: 1 n: 4 seed: 7 apart_from: data
            """)
        return desk
    }

    private static func answers(_ desk: Desk, right: [Bool] = [true, false, true, false]) -> [PlannedServer.Reply] {
        right.enumerated().map { number, isRight in
            .chat(
                isRight ? " so\\nAnswer: " + (desk.value("test[\(number)].answer").asText ?? "") : " so\\nAnswer: none")
        }
    }

    private func line(_ address: String, _ folder: URL, _ labels: String = "") -> String {
        "let p = prompted(\"m\", at: \"\(address)\", on: test, examples: data, shots: 2, "
            + "answers: \"\(folder.path)/a.jsonl\"\(labels))"
    }

    @Test func `the right answers are counted with an interval, the tokens too, and with prices the cost`() throws {
        try withTemporaryFolder { folder in
            let desk = Self.desk()
            let server = PlannedServer(Self.answers(desk))
            desk.run(line(server.address, folder, ", price_read: 30.0, price_written: 60.0"))
            #expect(desk.messages == [])
            #expect(desk.value("p.accuracy").asReal == 0.5 && desk.value("p.n").asInteger == 4)
            // Wilson's interval of 2 of 4, by hand: centre 1/2, half width z/2 · √((1 + z²/4)/4) ÷ (1 + z²/4).
            #expect(abs((desk.value("p.low").asReal ?? 0) - 0.150) < 5e-4)
            #expect(abs((desk.value("p.high").asReal ?? 0) - 0.850) < 5e-4)
            #expect(desk.value("[p.written, p.tokens_read, p.tokens_written]").text == "[2.000, 40, 8]")
            // (40 · 30 + 8 · 60) / 1,000,000
            #expect(abs((desk.value("p.cost").asReal ?? 0) - 0.001_68) < 1e-12)
            #expect(server.requests.count == 4)
            let question = desk.value("test[1].question").asText ?? "?"
            #expect(server.requests[1].contains("Question: \(question)\\nReasoning:\"}],\"max_tokens\":512"))
            #expect(server.requests[1].components(separatedBy: "Answer: ").count == 3)
            #expect(server.requests.allSatisfy { !$0.contains("Authorization") })
        }
    }

    @Test func `an answer that is kept is not asked for again, and with all of them no server is needed`() throws {
        try withTemporaryFolder { folder in
            let desk = Self.desk()
            let server = PlannedServer(Self.answers(desk))
            desk.run(line(server.address, folder))
            let first = desk.value("p").text
            desk.run(line(server.address, folder))
            #expect(desk.messages == [] && desk.value("p").text == first && server.requests.count == 4)
            server.stop()
            desk.run(line(server.address, folder))
            #expect(desk.messages == [] && desk.value("p").text == first)
            desk.run(line(server.address, folder, ", ask: false"))
            #expect(desk.messages == [] && desk.value("p").text == first)
            // Another limit is another question.
            desk.run(line(server.address, folder, ", ask: false, most: 9"))
            #expect(desk.codes == [.commandFailed])
            #expect(desk.messages[0].contains("4 answers of 4 are not in \(folder.path)/a.jsonl"))
            #expect(desk.messages[0].contains("take ask: false away"))
        }
    }

    @Test func `after a failure what was answered is counted and kept, and the same line asks for the rest`() throws {
        try withTemporaryFolder { folder in
            let desk = Self.desk()
            let answers = Self.answers(desk)
            let server = PlannedServer(answers[..<3] + [.failure(401, "no"), answers[3]])
            desk.run(line(server.address, folder))
            #expect(desk.codes == [.worldFailed])
            #expect(
                desk.lines == [
                    "3 of 4 problems answered, accuracy 0.667 [0.208, 0.939]; kept in \(folder.path)/a.jsonl, the same "
                        + "line goes on"
                ])
            desk.run(line(server.address, folder))
            #expect(desk.messages == [] && desk.lines == [] && server.requests.count == 5)
            #expect(desk.value("[p.accuracy, p.n]").text == "[0.5000, 4]")
        }
    }

    @Test func `a single answer that is not kept is told in the singular`() throws {
        try withTemporaryFolder { folder in
            let desk = Self.desk()
            let server = PlannedServer(Self.answers(desk)[..<3] + [.failure(401, "no")])
            desk.run(line(server.address, folder))
            desk.run(line(server.address, folder, ", ask: false"))
            #expect(
                desk.messages.first?.contains("1 answer of 4 is not in \(folder.path)/a.jsonl") == true,
                "\(desk.messages)")
            #expect(desk.messages.first?.contains("and the server is asked for it") == true)
            #expect(server.requests.count == 4)
        }
    }

    @Test func `a server that does not count leaves the counts out, and the cost with them`() throws {
        try withTemporaryFolder { folder in
            let desk = Self.desk()
            let server = PlannedServer([.json(200, #"{"choices":[{"message":{"content":"x"}}]}"#)])
            desk.run(line(server.address, folder, ", price_read: 1, price_written: 1"))
            #expect(
                desk.value("[p.accuracy, p.written, p.tokens_read, p.tokens_written, p.cost]").text
                    == "[0.0000, none, none, none, none]")
        }
    }

    @Test func `a direct question is asked without a chain, and a text is gone on with where that is wanted`() throws {
        try withTemporaryFolder { folder in
            let desk = Self.desk()
            let answer = desk.value("test[0].answer").asText ?? ""
            let server = PlannedServer([.json(200, "{\"choices\":[{\"text\":\" Answer: \(answer)\\nmore\"}]}")])
            desk.run(
                line(server.address, folder, ", mode: .direct, interface: .completions").replacing(
                    "test,", with: "test[0..<1],"))
            #expect(desk.messages == [] && desk.value("p.accuracy").asReal == 1)
            #expect(server.requests[0].hasPrefix("POST /v1/completions ") && !server.requests[0].contains("Reasoning"))
        }
    }

    @Test(
        arguments: [
            (.answer(200, ["Content-Type: text/html"], "<html>"), "answered with a web page, not with JSON"),
            (.json(200, "{}"), "has no \"choices\""), (.json(200, "{\"choices\":"), "not with JSON"),
            (.answer(200, ["Content-Type: text/event-stream"], "data: {}\n\n"), "answered in streaming chunks"),
            (.failure(401, "bad"), "refused to answer without a key (401): \"bad\""),
            (.failure(403, "bad"), "refused to answer without a key (403): \"bad\""),
            (.failure(404, "gone"), "there is nothing to ask at"), (.failure(418, "tea"), "refused the question (418)"),
            (.failure(429, "x", code: "insufficient_quota"), "the account has no credit left"),
            (.failure(503, "x"), "is too busy or broken (503)"),
            (.failure(429, "x", headers: ["Retry-After: 4000"]), "asks to be left alone for 1 h 6 min"),
            (.silence, "did not answer within 0.3 s"), (.bytes("x"), "broke off before its answer was whole"),
            (.endless("HTTP/1.1 200 X\r\n\r\n", String(repeating: " ", count: 1 << 16)), "sent more than 8388 kB"),
            (.answer(301, ["Location: https://evil/"], ""), "sends elsewhere"),
        ] as [(PlannedServer.Reply, String)])
    func `whatever a server does wrong ends in one sentence`(_ reply: PlannedServer.Reply, _ words: String) throws {
        try withTemporaryFolder { folder in
            let desk = Self.desk()
            let server = PlannedServer([reply])
            desk.run(line(server.address, folder, ", tries: 1, seconds: \(words.contains("0.3 s") ? 0.3 : 30.0)"))
            #expect(desk.messages.count == 1 && desk.messages[0].contains(words), "\(desk.messages)")
            #expect(desk.session.value(of: "p") == nil && desk.lines == [])
            #expect(!FileManager.default.fileExists(atPath: folder.path + "/a.jsonl"))
        }
    }

    @Test func `a stop ends it, and what was answered is kept`() throws {
        try withTemporaryFolder { folder in
            let desk = Self.desk()
            let server = PlannedServer(Self.answers(desk)[..<2] + [.silence])
            let interrupt = desk.session.interrupt
            Thread.detachNewThread {
                while server.requests.count < 3 { usleep(1000) }
                interrupt.request()
            }
            desk.run(line(server.address, folder, ", seconds: 600"))
            #expect(desk.codes == [.interrupted] && desk.lines.count == 1 && desk.lines[0].hasPrefix("2 of 4 problems"))
            let text = try String(contentsOfFile: folder.path + "/a.jsonl", encoding: .utf8)
            #expect(text.split(separator: "\n").count == 3)
        }
    }

    @Test func `what does not go together is refused before anything is sent`() throws {
        let desk = Self.desk()
        func error(_ arguments: String) -> String {
            desk.run("prompted(\(arguments), on: test, examples: data)")
            #expect(desk.messages.count == 1)
            return desk.messages.first ?? ""
        }
        #expect(error("\"m\"").contains("at: names no server that has it"))
        #expect(error("model .gpt2 width: 8 heads: 1, at: \"http://a\"").isEmpty == false)
        desk.run("let m = model .gpt2 width: 8 heads: 1")
        #expect(error("m, at: \"http://127.0.0.1:1\"").contains("a server knows its model by a name"))
        #expect(error("m, tries: 2").contains("tries: is about a server, and at: names none"))
        #expect(error("\"m\", at: \"127.0.0.1\"").contains("it begins with neither http:// nor https://"))
        #expect(error("\"m\", at: \"http://me:pw@127.0.0.1\"").contains("OPENAI_API_KEY"))
        #expect(
            error("\"m\", at: \"http://127.0.0.1:1\", price_read: 1").contains("price_read: says one price of two"))
        #expect(error("\"m\", at: \"http://127.0.0.1:1\", model: \"m\"").contains("'model' is given by place"))
    }
}
