// The rules of what a kernel answers, each with its message written out.

import Language
import Support
import Testing

@testable import Jupyter

private let key = MessageKey("secret")

private func request(_ type: String, _ content: JSONValue = [:]) throws -> Request {
    Request(
        channel: .shell,
        message: try WireMessage(
            frames: WireMessage.frames(
                identities: [[7]], type: type, parentHeader: [], content: content, session: "s", key: key), key: key))
}

/// What a kernel says to one request: types and contents, in order.
private func said(_ requests: (String, JSONValue)...) throws -> [(type: String, content: JSONValue)] {
    let file = #"{"ip":"a","key":"secret","shell_port":1,"iopub_port":2,"stdin_port":3,"control_port":4,"hb_port":5}"#
    let kernel = try Kernel(
        Session(Vocabulary()), ConnectionFile(bytes: Array(file.utf8), name: "c.json"), version: "7.8")
    var last: [(type: String, content: JSONValue)] = []
    for (type, content) in requests {
        kernel.serve(try request(type, content))
        last = try kernel.channels.outbox.takeAll().map {
            let message = try WireMessage(frames: $0.frames, key: key)
            return (message.type, message.content)
        }
    }
    return last
}

@Suite struct ReplyRuleTests {
    @Test func `a message that follows from none has an empty object for its parent`() {
        let frames = WireMessage.frames(
            identities: [], type: "status", parentHeader: [], content: [:], session: "s", key: key)
        #expect(frames.count == 6 && frames[0] == Array("<IDS|MSG>".utf8))
        #expect(frames[3] == Array("{}".utf8) && frames[4] == Array("{}".utf8) && frames[5] == Array("{}".utf8))
    }

    @Test func `a reply goes to who asked, under the header that was asked with`() throws {
        let outbox = Outbox(key: key, bell: Bell())
        let asked = try request("x_request")
        outbox.reply("x_reply", ["a": 1], to: asked)
        outbox.publish("status", [:], parent: asked)
        let sent = outbox.takeAll()
        #expect(sent.map(\.channel) == [.shell, .iopub])
        #expect(sent[0].frames[0] == [7] && sent[0].frames[4] == asked.message.headerBytes)
        // The topic comes first.
        #expect(sent[1].frames[0] == Array("status".utf8) && sent[1].frames[4] == asked.message.headerBytes)
        #expect(outbox.takeAll().isEmpty)
    }

    @Test func `identifiers are random UUIDs: version 4, the usual variant`() {
        for _ in 0..<50 {
            let parts = Identifier.random().split(separator: "-")
            #expect(parts.map(\.count) == [8, 4, 4, 4, 12])
            #expect(parts[2].first == "4" && "89ab".contains(parts[3].first ?? "x"))
        }
    }

    @Test func `a kernel says who it is, in the protocol that it speaks`() throws {
        let info = try #require(
            try said(("kernel_info_request", [:])).first { $0.type == "kernel_info_reply" }?.content)
        #expect(info["status"]?.string == "ok" && info["protocol_version"]?.string == "5.3")
        #expect(info["implementation_version"]?.string == "7.8")
        #expect(info["language_info"]?["file_extension"]?.string == ".icot")
        #expect(info["language_info"]?["name"]?.string == "icot")
    }

    @Test(
        arguments: [
            ("clear", true), (" clear \n", true), ("clear()", false), ("clear 1", false), ("let clear = 1", false),
        ] as [(String, Bool)])
    func `a cell that says clear empties its output`(_ code: String, _ clears: Bool) throws {
        let sent = try said(("execute_request", ["code": .string(code)]))
        #expect(sent.contains { $0.type == "clear_output" } == clears)
        #expect(sent.count { $0.type == "execute_reply" } == 1)
    }

    @Test func `clear is a name like any other once it has been given a meaning`() throws {
        let sent = try said(("execute_request", ["code": "let clear = 5"]), ("execute_request", ["code": "clear"]))
        #expect(!sent.contains { $0.type == "clear_output" })
        #expect(sent.first { $0.type == "execute_result" }?.content["data"]?["text/plain"]?.string == "5")
    }

    @Test func `a question is answered in a page, quit asks the front end, and both are no output`() throws {
        for (code, source) in [("?print", "page"), ("quit", "ask_exit")] {
            let sent = try said(("execute_request", ["code": .string(code)]))
            let reply = try #require(sent.first { $0.type == "execute_reply" }?.content)
            #expect(reply["status"]?.string == "ok", "\(code)")
            #expect(reply["payload"]?.array?.first?["source"]?.string == source, "\(code)")
            #expect(!sent.contains { $0.type == "stream" || $0.type == "execute_result" }, "\(code)")
        }
        let plain = try said(("execute_request", ["code": "1"]))
        #expect(plain.first { $0.type == "execute_reply" }?.content["payload"] == [])
    }

    @Test func `cells are counted from 1, those that fail too`() throws {
        let sent = try said(
            ("execute_request", ["code": "1"]), ("execute_request", ["code": "no_such_name + 1"]),
            ("execute_request", ["code": "2"]))
        #expect(sent.first { $0.type == "execute_reply" }?.content["execution_count"] == 3)
        #expect(sent.first { $0.type == "execute_input" }?.content["execution_count"] == 3)
        #expect(sent.first { $0.type == "execute_result" }?.content["execution_count"] == 3)
    }

    @Test func `comms are none, and other things to ask for have a short answer`() throws {
        #expect(try said(("comm_info_request", [:])).first { $0.type == "comm_info_reply" }?.content["comms"] == [:])
        #expect(
            try said(("interrupt_request", [:])).first { $0.type == "interrupt_reply" }?.content == ["status": "ok"])
    }

    @Test(arguments: ["x9 y", "_a", "é1", "aZ", "A0_", "z"]) func `letters, digits and underscores make a name`(
        _ text: String
    ) {
        let word = String(text.prefix { $0 != " " })
        for offset in 0...word.utf8.count { #expect(Inquiry.word(in: text, at: offset) == word) }
    }

    @Test func `signs end a name, and beyond the ends of the text there is none`() {
        for sign in ["@", "[", "`", "{", "/", ":", ".", "-", " "] {
            #expect(Inquiry.word(in: "ab\(sign)cd", at: 1) == "ab", "\(sign)")
            #expect(Inquiry.word(in: "ab\(sign)cd", at: 4) == "cd", "\(sign)")
        }
        #expect(Inquiry.word(in: "ab", at: 99) == "ab" && Inquiry.word(in: "", at: 0) == "")
        #expect(Inquiry.word(in: "ab ", at: -3) == "ab")
    }
}

@Suite struct CellOutputRuleTests {
    /// What is published while a cell shows these events and ends in this way.
    private func published(
        _ events: [SessionEvent], _ outcome: Session.Outcome = .finished, isSilent: Bool = false
    ) throws -> (sent: [(type: String, content: JSONValue)], text: String, failure: JSONValue?) {
        let outbox = Outbox(key: key, bell: Bell())
        let cell = CellOutput(outbox, try request("execute_request"), count: 3, isSilent: isSilent)
        for event in events { cell.show(event) }
        cell.finish(outcome)
        let sent = try outbox.takeAll().map {
            let message = try WireMessage(frames: $0.frames, key: key)
            return (type: message.type, content: message.content)
        }
        return (sent, cell.text, cell.failure)
    }

    private let source = SourceText("prnt 1", name: "cell 3")

    @Test func `a warning is told as what goes wrong, and the cell has not failed`() throws {
        let warning = Diagnostic(.unknownVerb, "look out", at: SourceSpan(0, 4), severity: .warning)
        let found = try published([.diagnostic(warning, source)])
        #expect(found.sent.map(\.type) == ["stream"] && found.sent[0].content["name"]?.string == "stderr")
        #expect(found.sent[0].content["text"]?.string?.contains("look out") == true && found.failure == nil)
        #expect(found.text == "")
    }

    @Test func `an error is told when the cell is over, by its code and its first message`() throws {
        let first = Diagnostic(.unknownVerb, "the first", at: SourceSpan(0, 4))
        let second = Diagnostic(.interrupted, "the second", at: SourceSpan(0, 4))
        let found = try published(
            [.diagnostic(first, source), .diagnostic(second, source)], .failed(.unknownVerb))
        #expect(found.sent.map(\.type) == ["error"] && found.sent[0].content == found.failure)
        #expect(found.failure?["ename"]?.string == "E201" && found.failure?["evalue"]?.string == "the first")
        let traceback = (found.failure?["traceback"]?.array ?? []).compactMap(\.string).joined()
        #expect(traceback.contains("the first") && traceback.contains("the second"))
    }

    @Test func `a cell that was interrupted says so, one that failed without a word is an error`() throws {
        let interrupted = try published([], .interrupted).failure
        #expect(interrupted?["ename"]?.string == DiagnosticCode.interrupted.rawValue)
        #expect(interrupted?["evalue"]?.string == "stopped" && interrupted?["traceback"] == ["stopped"])
        #expect(try published([], .failed(.unknownVerb)).failure?["ename"]?.string == "error")
        #expect(try published([]).failure == nil && published([]).sent.isEmpty)
    }

    @Test func `text is a stream, a value is a result, a picture is shown with its text`() throws {
        let text = try published([.output(DisplayBundle(lines: [StyledText("a"), StyledText("b")]))])
        #expect(text.sent[0].type == "stream" && text.sent[0].content == ["name": "stdout", "text": "a\nb\n"])
        #expect(text.text == "a\nb\n")
        // What is printed has itself for JSON; a value has more.
        let printed = try published([.output(DisplayBundle(lines: [StyledText("a")], json: "\"a\""))])
        #expect(printed.sent.map(\.type) == ["stream"])
        let value = try published([.output(DisplayBundle(lines: [StyledText("5")], html: "<b>5</b>", json: "5"))])
        #expect(value.sent.map(\.type) == ["execute_result"] && value.sent[0].content["execution_count"] == 3)
        #expect(value.sent[0].content["data"] == ["text/html": "<b>5</b>", "text/plain": "5"])
        let picture = try published([
            .output(DisplayBundle(lines: [StyledText("x")], picture: [StyledText("~")], svg: "<svg/>"))
        ])
        #expect(picture.sent.map(\.type) == ["display_data"])
        #expect(picture.sent[0].content["data"] == ["image/svg+xml": "<svg/>", "text/plain": "x\n~"])
        // A notebook's history keeps the results, not the drawing.
        #expect(picture.text == "x\n")
    }

    @Test
    func `what is shown one after another stands one below another in the history, and nothing of it when silent`()
        throws
    {
        let events = ["a", "b"].map { SessionEvent.output(DisplayBundle(lines: [StyledText($0)])) }
        #expect(try published(events).text == "a\nb\n")
        let silent = try published(events + [.progress(StyledText("1 of 2"))], .interrupted, isSilent: true)
        #expect(silent.sent.isEmpty && silent.failure != nil)
    }

    @Test func `a time that was measured is no result`() throws {
        let found = try published([.timed(seconds: 1.5)])
        #expect(found.sent.map(\.type) == ["stream"] && found.sent[0].content["name"]?.string == "stderr")
        #expect(found.sent[0].content["text"]?.string?.hasPrefix("took ") == true && found.text == "")
    }

    @Test func `each stretch of progress is an output of its own`() throws {
        let found = try published([
            .progress(StyledText("1")), .progressEnded, .progress(StyledText("2")), .progressEnded, .progressEnded,
        ])
        #expect(found.sent.map(\.type) == ["display_data", "display_data"])
        let ids = Set(found.sent.compactMap { $0.content["transient"]?["display_id"]?.string })
        #expect(ids.count == 2)
    }

    @Test func `the colours of an error are a terminal's, and its text is neutral`() {
        for (style, code) in [
            (Style.error, "1;31"), (.warning, "33"), (.emphasis, "1"), (.good, "36"), (.dim, "2"),
        ] {
            #expect(ANSI.text(StyledText("a", style)) == "\u{1b}[\(code)ma\u{1b}[0m")
        }
        #expect(ANSI.text(StyledText("a")) == "a" && !ANSI.text(StyledText("a\u{1b}[31m")).contains("\u{1b}"))
    }
}

@Suite struct KernelFileRuleTests {
    @Test func `the history of a range begins with the first cell where nobody says where, and ends before its stop`() {
        var history = KernelHistory()
        for line in 1...4 { history.add("c\(line)", output: "o\(line)", line: line) }
        func inputs(_ content: JSONValue) -> [String] {
            (history.answer(content)["history"]?.array ?? []).compactMap { $0.array?[2].string }
        }
        #expect(inputs(["hist_access_type": "range"]) == ["c1", "c2", "c3", "c4"])
        #expect(inputs(["hist_access_type": "range", "start": 3]) == ["c3", "c4"])
        #expect(inputs(["hist_access_type": "range", "stop": 3]) == ["c1", "c2"])
        #expect(inputs(["hist_access_type": "range", "start": 2, "stop": 2]) == [])
        for (session, count) in [(0, 4), (1, 4), (2, 0), (-1, 0)] {
            #expect(inputs(["hist_access_type": "range", "session": JSONValue(session)]).count == count, "\(session)")
        }
        #expect(inputs(["hist_access_type": "search"]).count == 4)
        #expect(inputs(["hist_access_type": "search", "pattern": "c[12]"]) == ["c1", "c2"])
        #expect(inputs(["hist_access_type": "search", "pattern": "c", "n": 2]) == [])
        #expect(inputs(["hist_access_type": "tail", "n": -1]) == [])
        let whole = history.answer(["hist_access_type": "range", "start": 4, "output": true])["history"]
        #expect(whole == [[1, 4, ["c4", "o4"]]])
    }

    @Test func `of a cell that was run twice a search that wants each once keeps the later one`() {
        var history = KernelHistory()
        for (line, code) in ["a", "b", "a"].enumerated() { history.add(code, output: "", line: line + 1) }
        let found = history.answer(["hist_access_type": "search", "unique": true])["history"]
        #expect(found == [[1, 2, "b"], [1, 3, "a"]])
    }

    @Test func `a prefix has its kernels where Jupyter looks for them`() throws {
        #expect(try KernelSpec.folder(prefix: "/opt/x") == "/opt/x/share/jupyter/kernels/icot")
        let json = try JSONReader.read(Array(KernelSpec.text(executable: "/e").utf8), path: "k")
        #expect(json["display_name"]?.string == "icot" && json["language"]?.string == "icot")
    }

    @Test func `without a key nothing need be signed, with one the scheme must be known`() throws {
        let ports = #""shell_port":1,"iopub_port":2,"stdin_port":3,"control_port":4,"hb_port":5"#
        func read(_ more: String) throws -> ConnectionFile {
            try ConnectionFile(bytes: Array("{\"ip\":\"a\",\(more)\(ports)}".utf8), name: "c")
        }
        #expect(try read("").key == "" && read("\"signature_scheme\":\"none\",").key == "")
        #expect(try read("\"key\":\"k\",\"signature_scheme\":\"hmac-sha256\",").key == "k")
        #expect(try read("\"key\":\"k\",").key == "k")
        #expect(throws: ConnectionFile.Failure.self) { try read("\"key\":\"k\",\"signature_scheme\":\"hmac-sha512\",") }
    }
}
