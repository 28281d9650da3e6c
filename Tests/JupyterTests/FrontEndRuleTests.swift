// What a front end is told, beyond the replies: how the kernel shows, what is busy, what waits, and where the kernel is
// written down.

import Foundation
import Glibc
import Language
import Support
import TestSupport
import Testing

@testable import Jupyter

private let key = MessageKey("secret")

private typealias Said = (channel: Channel, type: String, content: JSONValue)

/// A kernel around a session, without sockets.
private final class Counter {
    let session: Session
    let kernel: Kernel

    init(
        _ session: Session = Session(Vocabulary()),
        run: @escaping (SourceText, Session) -> Session.Outcome = { $1.run($0) }
    ) throws {
        let file =
            #"{"ip":"a","key":"secret","shell_port":1,"iopub_port":2,"stdin_port":3,"control_port":4,"hb_port":5}"#
        self.session = session
        kernel = try Kernel(
            session, ConnectionFile(bytes: Array(file.utf8), name: "c.json"), version: "7.8", run: run)
    }

    func receive(_ type: String, _ content: JSONValue = [:], on channel: Channel = .shell) {
        kernel.channels.receive(
            WireMessage.frames(
                identities: [[7]], type: type, parentHeader: [], content: content, session: "front", key: key),
            on: channel)
    }

    func said() throws -> [Said] {
        try kernel.channels.outbox.takeAll().map {
            let message = try WireMessage(frames: $0.frames, key: key)
            return ($0.channel, message.type, message.content)
        }
    }

    /// What is said to one request of the shell.
    func ask(_ type: String, _ content: JSONValue = [:]) throws -> [Said] {
        receive(type, content)
        kernel.serve(try #require(kernel.channels.nextRequest()))
        return try said()
    }

    func execute(_ code: String) throws -> [Said] { try ask("execute_request", ["code": .string(code)]) }
}

@Suite struct FrontEndRuleTests {
    @Test func `a notebook is shown a hundred columns of text without colours, and figures`() throws {
        let counter = try Counter()
        let options = counter.session.displayOptions
        #expect(options.width == 100 && options.glyphs == .braille && options.wantsSVG && !options.hasColour)
    }

    @Test func `a header says who speaks: the kernel's session, the protocol and the kind of message`() throws {
        let frames = WireMessage.frames(
            identities: [], type: "x_reply", parentHeader: [], content: [:], session: "s 1", key: key)
        let header = try JSONReader.read(frames[2], path: "h")
        #expect(header["msg_type"] == "x_reply" && header["session"] == "s 1" && header["version"] == "5.3")
        #expect(header["username"] == "icot" && header["msg_id"]?.string?.count == 36)
        #expect(header["date"]?.string?.count == 27)
    }

    @Test func `all that a kernel says in one run has the same session, and each message a number of its own`() throws {
        let outbox = Outbox(key: key, bell: Bell())
        for _ in 0..<3 { outbox.publish("status", [:], parent: nil) }
        let headers = try outbox.takeAll().map { try WireMessage(frames: $0.frames, key: key).header }
        #expect(Set(headers.compactMap { $0["session"]?.string }).count == 1)
        #expect(Set(headers.compactMap { $0["msg_id"]?.string }).count == 3)
    }

    @Test func `what is no JSON is a fault of its own, and half of a pair of surrogates is not`() throws {
        func frames(_ content: String) -> [[UInt8]] {
            let signed = ["{\"msg_type\":\"x\"}", "{}", "{}", content].map { Array($0.utf8) }
            return [Array("<IDS|MSG>".utf8), key.signature(of: signed)] + signed
        }
        let half = try WireMessage(frames: frames(#"{"code": "a\ud83d"}"#), key: key)
        #expect(half.content["code"]?.string == "a\u{fffd}" && half.type == "x")
        #expect(throws: WireMessage.Fault.self) { try WireMessage(frames: frames("{"), key: key) }
        // Buffers may follow what is signed; the routing comes before the mark.
        let more = try WireMessage(frames: [[1], [2]] + frames("{}") + [[9]], key: key)
        #expect(more.identities == [[1], [2]])
    }

    @Test func `every request is busy before and idle after, whatever its channel`() throws {
        let counter = try Counter()
        for (type, channel) in [
            ("kernel_info_request", Channel.shell), ("kernel_info_request", .control), ("interrupt_request", .control),
            ("history_request", .shell), ("comm_info_request", .shell), ("nobody_knows_request", .shell),
        ] {
            counter.receive(type, on: channel)
            if channel == .shell { counter.kernel.serve(try #require(counter.kernel.channels.nextRequest())) }
            let said = try counter.said()
            let states = said.filter { $0.type == "status" }.map { $0.content["execution_state"]?.string }
            #expect(states == ["busy", "idle"], "\(type)")
            #expect(said.first?.type == "status" && said.last?.type == "status", "\(type)")
        }
    }

    @Test func `what the control channel cannot answer at once waits for the session, and the end waits for nothing`()
        throws
    {
        let counter = try Counter()
        counter.receive("comm_info_request", on: .control)
        #expect(try counter.said().isEmpty)
        let request = try #require(counter.kernel.channels.nextRequest())
        #expect(request.channel == .control && request.message.type == "comm_info_request")
        counter.receive("execute_request", ["code": "1"])
        counter.receive("shutdown_request", on: .control)
        #expect(counter.kernel.channels.nextRequest() == nil && counter.session.interrupt.isRequested)
    }

    @Test func `an interrupt stops the cell that runs, and not the next one`() throws {
        let counter = try Counter()
        counter.receive("interrupt_request", on: .control)
        #expect(counter.session.interrupt.isRequested)
        _ = try counter.said()
        let said = try counter.execute("print 5")
        #expect(said.contains { $0.content["text"]?.string == "5\n" } && !counter.session.interrupt.isRequested)
    }

    @Test func `cells go through whoever keeps a record, under their numbers`() throws {
        var names: [String] = []
        let counter = try Counter { source, session in
            names.append("\(source.name): \(source.text)")
            return session.run(source)
        }
        for code in ["1", "2"] { _ = try counter.execute(code) }
        // What the front end asks for itself is no cell.
        _ = try counter.ask("execute_request", ["code": "3", "user_expressions": ["a": "4"]])
        #expect(names == ["cell 1: 1", "cell 2: 2", "cell 3: 3"])
    }

    @Test func `a reply to a failed cell has its error, and neither expressions nor pages`() throws {
        let said = try Counter().ask(
            "execute_request", ["code": "no_such_name + 1", "user_expressions": ["a": "1"]])
        let reply = try #require(said.first { $0.type == "execute_reply" }?.content)
        #expect(reply["status"] == "error" && reply["execution_count"] == 1)
        #expect(reply["user_expressions"] == [:] && reply["payload"] == [])
        let error = try #require(said.first { $0.type == "error" }?.content)
        for name in ["ename", "evalue", "traceback"] { #expect(reply[name] == error[name], "\(name)") }
        let order = said.map(\.type)
        #expect(order == ["status", "execute_input", "error", "execute_reply", "status"])
    }

    @Test func `cells that do not run for the failure of another are busy and idle too, and keep their count`() throws {
        let counter = try Counter()
        counter.receive("execute_request", ["code": "no_such_name + 1"])
        counter.receive("execute_request", ["code": "1"])
        counter.kernel.serve(try #require(counter.kernel.channels.nextRequest()))
        let said = try counter.said()
        #expect(
            said.map(\.type) == [
                "status", "execute_input", "error", "execute_reply", "status", "execute_reply", "status", "status",
            ])
        #expect(
            said[5].content
                == ["status": "aborted", "execution_count": 1, "user_expressions": [:], "payload": []])
    }

    @Test func `an expression's lines stand one below another, and of its errors the first is told`() throws {
        let said = try Counter().ask(
            "execute_request",
            ["code": "1", "user_expressions": ["two": "print 1; print 2", "bad": "no_name + other_name"]])
        let found = try #require(said.first { $0.type == "execute_reply" }?.content["user_expressions"])
        #expect(found["two"]?["data"]?["text/plain"] == "1\n2" && found["two"]?["status"] == "ok")
        let message = found["bad"]?["evalue"]?.string ?? ""
        #expect(message.contains("no_name") && !message.contains("other_name"), "\(message)")
        #expect(found["bad"]?["traceback"] == [])
    }

    @Test func `what was typed is listed in a page, the last so many or those with a word`() throws {
        let counter = try Counter()
        for code in ["let a = 1", "print a", "let b = 2"] { _ = try counter.execute(code) }
        func page(_ code: String) throws -> String? {
            let reply = try counter.execute(code).first { $0.type == "execute_reply" }?.content
            #expect(reply?["payload"]?.array?.first?["source"] == "page")
            return reply?["payload"]?.array?.first?["data"]?["text/plain"]?.string
        }
        let last = try #require(try page("history 2"))
        #expect(last.contains("print a") && last.contains("let b = 2") && !last.contains("let a"), "\(last)")
        let words = try #require(try page("history let"))
        #expect(words.contains("let a = 1") && words.contains("let b = 2") && !words.contains("print"), "\(words)")
    }

    @Test func `what could follow comes with its kind, its line of help and the place that it takes`() throws {
        let said = try Counter().ask("complete_request", ["code": "é; prin"])
        let reply = try #require(said.first { $0.type == "complete_reply" }?.content)
        // Without a cursor the end is meant: scalars 3 to 7.
        #expect(reply["cursor_start"] == 3 && reply["cursor_end"] == 7 && reply["status"] == "ok")
        let types = try #require(reply["metadata"]?["_jupyter_types_experimental"]?.array)
        #expect(types.count == reply["matches"]?.array?.count)
        let print = try #require(types.first { $0["text"] == "print" || $0["text"] == "print " })
        #expect(print["start"] == 3 && print["end"] == 7 && print["type"] == "verb")
        #expect(print["signature"]?.string?.isEmpty == false)
    }

    @Test func `a kernel that nobody knows is greeted with its version`() throws {
        let said = try Counter().ask("kernel_info_request")
        let info = try #require(said.first { $0.type == "kernel_info_reply" }?.content)
        #expect(info["banner"]?.string?.hasPrefix("icot 7.8: ") == true && info["implementation"] == "icot")
        #expect(info["language_info"]?["mimetype"] == "text/x-icot" && info["debugger"] == false)
    }

    @Test func `a bell that has rung wakes whoever waits, once`() {
        let bell = Bell()
        func isReady() -> Bool {
            var watched = pollfd(fd: bell.descriptor, events: Int16(POLLIN), revents: 0)
            return poll(&watched, 1, 0) == 1
        }
        #expect(!isReady())
        for _ in 0..<3 { bell.ring() }
        #expect(isReady())
        bell.wait()
        #expect(!isReady())
        bell.ring()
        bell.silence()
        #expect(!isReady())
        let outbox = Outbox(key: key, bell: bell)
        outbox.publish("status", [:], parent: nil)
        #expect(isReady())
    }
}

@Suite struct KernelPlaceRuleTests {
    @Test func `the kernel is written where Jupyter's own variable says, or the desktop's, or below the home`() async {
        await #expect(processExitsWith: .success) {
            func folder() throws -> String { try KernelSpec.folder() }
            setenv("HOME", "/h", 1)
            setenv("XDG_DATA_HOME", "/x", 1)
            setenv("JUPYTER_DATA_DIR", "/j", 1)
            let own = try folder()
            #expect(own == "/j/kernels/icot")
            let prefixed = try KernelSpec.folder(prefix: "/p")
            #expect(prefixed == "/p/share/jupyter/kernels/icot")
            setenv("JUPYTER_DATA_DIR", "", 1)
            let desktop = try folder()
            #expect(desktop == "/x/jupyter/kernels/icot")
            unsetenv("XDG_DATA_HOME")
            let home = try folder()
            #expect(home == "/h/.local/share/jupyter/kernels/icot")
            unsetenv("HOME")
            let failure = #expect(throws: KernelSpec.Failure.self) { try KernelSpec.folder() }
            #expect(failure?.description.contains("--prefix") == true)
        }
    }

    @Test func `a specification is written with its picture into a folder that is made`() throws {
        try withTemporaryFolder { folder in
            let place = folder.path + "/share/kernels/icot"
            let path = try KernelSpec.install(executable: "/opt/icot", folder: place)
            #expect(path == place + "/kernel.json")
            let written = try String(contentsOfFile: path, encoding: .utf8)
            #expect(written == KernelSpec.text(executable: "/opt/icot") && written.hasSuffix("}\n"))
            let picture = try String(contentsOfFile: place + "/logo-svg.svg", encoding: .utf8)
            #expect(picture.hasPrefix("<svg ") && picture.hasSuffix("</svg>\n"))
        }
    }
}
