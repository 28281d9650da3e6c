import Language
import Support
import Testing

@testable import Jupyter

// A kernel's answers without its sockets: messages go in where the sockets hand them over and come out of the outbox.

private let key = MessageKey("secret")

/// What a kernel sends: on which channel, of which type, what.
private struct Sent {
    var channel: Channel
    var type: String
    var content: JSONValue
}

private final class Desk {
    let kernel: Kernel

    init() throws {
        let file =
            #"{"ip":"a","key":"secret","shell_port":1,"iopub_port":2,"stdin_port":3,"control_port":4,"hb_port":5}"#
        kernel = try Kernel(
            Session(Vocabulary()), ConnectionFile(bytes: Array(file.utf8), name: "c.json"), version: "0")
    }

    func receive(_ type: String, _ content: JSONValue = [:], on channel: Channel = .shell) {
        kernel.channels.receive(
            WireMessage.frames(
                identities: [[7]], type: type, parentHeader: [], content: content, session: "front", key: key),
            on: channel)
    }

    /// What is sent when the next request that waits is served.
    func serve() throws -> [Sent] {
        kernel.serve(try #require(kernel.channels.nextRequest()))
        return try sent()
    }

    func sent() throws -> [Sent] {
        try kernel.channels.outbox.takeAll().map {
            let message = try WireMessage(frames: $0.frames, key: key)
            return Sent(channel: $0.channel, type: message.type, content: message.content)
        }
    }

    /// The reply to a request.
    func ask(_ type: String, _ content: JSONValue) throws -> JSONValue {
        receive(type, content)
        return try #require(try serve().first { $0.channel == .shell }).content
    }

    func execute(_ code: String, _ more: [(String, JSONValue)] = []) throws -> [Sent] {
        receive("execute_request", .object(JSONObject([.init("code", .string(code))] + more.map { .init($0, $1) })))
        return try serve()
    }
}

@Suite struct KernelTests {
    @Test func `a cell is busy, shown, answered and idle, in this order`() throws {
        let sent = try Desk().execute("1 + 1")
        #expect(
            sent.map(\.type) == ["status", "execute_input", "execute_result", "execute_reply", "status"])
        #expect(sent.map(\.channel) == [.iopub, .iopub, .iopub, .shell, .iopub])
        #expect(sent.first?.content["execution_state"]?.string == "busy")
        #expect(sent.last?.content["execution_state"]?.string == "idle")
        #expect(sent[1].content == ["code": "1 + 1", "execution_count": 1])
        #expect(sent[2].content["data"]?["text/plain"]?.string == "2")
        #expect(sent[3].content["status"]?.string == "ok" && sent[3].content["execution_count"]?.integer == 1)
    }

    @Test func `cells that were sent with one that failed do not run, other requests are answered`() throws {
        let desk = try Desk()
        desk.receive("execute_request", ["code": "1 + missing_name"])
        desk.receive("execute_request", ["code": "print 7"])
        desk.receive("kernel_info_request")
        desk.receive("execute_request", ["code": "print 8"])
        let replies = try desk.serve().filter { $0.channel == .shell }
        #expect(replies.map(\.type) == ["execute_reply", "execute_reply", "execute_reply"])
        #expect(replies.map { $0.content["status"]?.string } == ["error", "aborted", "aborted"])
        #expect(replies[0].content["ename"]?.string?.hasPrefix("E") == true)
        #expect(try desk.serve().contains { $0.type == "kernel_info_reply" })
        #expect(try desk.execute("print 9").contains { $0.content["text"]?.string == "9\n" })
    }

    @Test func `where the front end says so, cells after one that failed run`() throws {
        let desk = try Desk()
        desk.receive("execute_request", ["code": "1 + missing_name", "stop_on_error": false])
        desk.receive("execute_request", ["code": "print 7"])
        #expect(try desk.serve().count { $0.type == "execute_reply" } == 1)
        #expect(try desk.serve().contains { $0.content["text"]?.string == "7\n" })
    }

    @Test func `a silent cell shows nothing, is not counted and not kept`() throws {
        let desk = try Desk()
        let silent = try desk.execute("let x = 5", [("silent", true), ("store_history", true)])
        #expect(silent.map(\.type) == ["status", "execute_reply", "status"])
        #expect(silent[1].content["execution_count"]?.integer == 0)
        let unkept = try desk.execute("x + 1", [("store_history", false)])
        #expect(unkept.contains { $0.type == "execute_result" })
        #expect(try desk.execute("x")[1].content["execution_count"]?.integer == 1)
        let history = try desk.ask("history_request", ["hist_access_type": "tail", "n": 5, "output": true])
        #expect(history["history"] == [[1, 1, ["x", "5\n"]]])
    }

    @Test func `expressions of the front end are answered and shown nowhere`() throws {
        let sent = try Desk().execute(
            "let x = 5", [("user_expressions", ["good": "x * 2", "bad": "no_such_name"])])
        let found = try #require(sent.first { $0.type == "execute_reply" }?.content["user_expressions"])
        #expect(found["good"]?["data"]?["text/plain"]?.string == "10")
        #expect(found["bad"]?["status"]?.string == "error")
        #expect(!sent.contains { $0.type == "execute_result" || $0.type == "error" })
    }

    @Test(arguments: [true, false, nil]) func `a shutdown is told as what it was asked for`(_ restart: Bool?) throws {
        for channel in [Channel.shell, .control] {
            let desk = try Desk()
            desk.receive("shutdown_request", restart.map { ["restart": .bool($0)] } ?? [:], on: channel)
            let sent = channel == .shell ? try desk.serve() : try desk.sent()
            let reply = try #require(sent.first { $0.type == "shutdown_reply" })
            #expect(reply.channel == channel && reply.content == ["status": "ok", "restart": .bool(restart ?? false)])
            #expect(desk.kernel.channels.nextRequest() == nil)
        }
    }

    @Test func `an interrupt and a question about the kernel do not wait for the cell`() throws {
        let desk = try Desk()
        desk.receive("interrupt_request", on: .control)
        desk.receive("kernel_info_request", on: .control)
        let sent = try desk.sent().filter { $0.channel == .control }
        #expect(sent.map(\.type) == ["interrupt_reply", "kernel_info_reply"])
        #expect(sent.allSatisfy { $0.content["status"]?.string == "ok" })
    }

    @Test func `what is not signed and what nobody knows is not answered`() throws {
        let desk = try Desk()
        desk.kernel.channels.receive(
            WireMessage.frames(
                identities: [], type: "execute_request", parentHeader: [], content: ["code": "print 1"], session: "x",
                key: MessageKey("other")), on: .shell)
        desk.receive("debug_request")
        #expect(try desk.serve().map(\.type) == ["status", "status"])
    }

    // MARK: - Questions

    @Test func `completion replaces the word at the cursor, counted in scalars`() throws {
        let desk = try Desk()
        let found = try desk.ask("complete_request", ["code": "let é = \"👩‍🔬\"; prin 7", "cursor_pos": 19])
        // l0 e1 t2 _3 é4 _5 =6 _7 "8 👩9 joiner10 🔬11 "12 ;13 _14 p15 r16 i17 n18
        #expect(found["matches"]?.array?.contains("print") == true)
        #expect(found["cursor_start"]?.integer == 15 && found["cursor_end"]?.integer == 19)
        let nothing = try desk.ask("complete_request", ["code": "qqq", "cursor_pos": 3])
        #expect(nothing["matches"]?.array?.isEmpty == true && nothing["cursor_end"]?.integer == 3)
    }

    @Test(arguments: [
        ("1 + 1", "complete", nil), ("?print", "complete", nil), (")", "invalid", nil),
        ("if true {", "incomplete", "  "), ("  for i in 0...2 {  ", "incomplete", "    "),
        ("for i in 0...2 {\n  print i", "incomplete", "  "), ("for i in 0...2 {\n", "incomplete", ""),
    ])
    func `whether a cell is whole, and how far its next line is indented`(
        _ code: String, _ status: String, _ indent: String?
    ) throws {
        let found = try Desk().ask("is_complete_request", ["code": .string(code)])
        #expect(found["status"]?.string == status)
        #expect(found["indent"]?.string == indent)
    }

    @Test func `inspection is the help of the word at the cursor, more of it where more is asked for`() throws {
        let desk = try Desk()
        func text(_ code: String, _ cursor: Int, _ level: Int) throws -> String {
            let found = try desk.ask(
                "inspect_request",
                ["code": .string(code), "cursor_pos": JSONValue(cursor), "detail_level": JSONValue(level)])
            return found["data"]?["text/plain"]?.string ?? ""
        }
        let own = Session(Vocabulary())
        func help(_ question: String) -> String? {
            Question(question)?.answer(own).lines.map(\.plain).joined(separator: "\n")
        }
        #expect(try text("t | group", 6, 0) == help("?group"))
        // There is more to be seen of what is written in the language itself.
        let definition = "def twice(x) { x + x }"
        _ = try desk.execute(definition)
        own.run(SourceText(definition))
        let (short, long) = (try text("twice 3", 2, 0), try text("twice 3", 2, 1))
        #expect(short == help("?twice") && long == help("??twice"))
        #expect(short.contains("twice") && long.count > short.count)
        #expect(try text("qqq", 1, 0) == "" && text("1 +  2", 4, 0) == "")
    }

    // MARK: - Output

    @Test func `progress is one output that is painted over, and its last line stays`() throws {
        let outbox = Outbox(key: key, bell: Bell())
        let request = Request(
            channel: .shell,
            message: try WireMessage(
                frames: WireMessage.frames(
                    identities: [], type: "execute_request", parentHeader: [], content: [:], session: "s", key: key),
                key: key))
        let cell = CellOutput(outbox, request, count: 1, isSilent: false)
        // All within the quarter of a second in which nothing is painted again.
        for text in ["1 of 3", "2 of 3", "3 of 3"] { cell.show(.progress(StyledText(text))) }
        cell.show(.progressEnded)
        let sent = try outbox.takeAll().map { try WireMessage(frames: $0.frames, key: key) }
        #expect(sent.map(\.type) == ["display_data", "update_display_data"])
        #expect(sent.map { $0.content["data"]?["text/plain"]?.string } == ["1 of 3", "3 of 3"])
        let ids = sent.map { $0.content["transient"]?["display_id"]?.string }
        #expect(ids[0] != nil && ids[0] == ids[1])
        #expect(cell.text == "" && cell.failure == nil)
    }
}
