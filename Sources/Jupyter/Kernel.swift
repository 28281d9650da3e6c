// A Jupyter kernel: answers the requests of the messaging protocol (5.3) with a session.

import Glibc
import Language
import Support

public final class Kernel {
    private let session: Session
    let channels: Channels
    private let connection: ConnectionFile
    private let info: JSONValue
    private var outbox: Outbox { channels.outbox }
    private var history = KernelHistory()
    private var count = 0
    private let runCell: (SourceText, Session) -> Session.Outcome

    /// - Parameters:
    ///   - version: the version of icot
    ///   - run: runs a cell; in a host that keeps a record of the session, through whoever keeps it
    public init(
        _ session: Session, _ connection: ConnectionFile, version: String,
        run: @escaping (SourceText, Session) -> Session.Outcome = { $1.run($0) }
    ) {
        runCell = run
        self.session = session
        self.connection = connection
        info = [
            "status": "ok", "protocol_version": "5.3", "implementation": "icot",
            "implementation_version": .string(version),
            "language_info": [
                "name": "icot", "version": "1", "mimetype": "text/x-icot", "file_extension": ".icot",
                // Julia's comments, strings, numbers, ranges and words for loops are near enough to be coloured
                // rightly.
                "pygments_lexer": "julia", "codemirror_mode": "julia", "nbconvert_exporter": "script",
            ],
            "banner": .string("icot \(version): watch a language model learn to stop showing its work"),
            "debugger": false, "help_links": [],
        ]
        channels = Channels(key: connection.key, interrupt: session.interrupt, info: info)
        session.displayOptions = DisplayOptions(width: 100, glyphs: .braille, wantsSVG: true, hasColour: false)
    }

    /// Serves until it is shut down. Throws where libzmq is missing or an address is taken.
    public func run() throws {
        // Interrupts come as messages; a Ctrl-C in the terminal of the server is not meant for us.
        signal(SIGINT, SIG_IGN)
        let join = try channels.start(connection)
        outbox.publish("status", ["execution_state": "starting"], parent: nil)
        while let request = channels.nextRequest() { serve(request) }
        join()
    }

    func serve(_ request: Request) {
        outbox.whileBusy(with: request) { answer(request) }
        if request.message.type == "shutdown_request" { channels.end() }
    }

    private func answer(_ request: Request) {
        let content = request.message.content
        switch request.message.type {
        case "kernel_info_request": outbox.reply("kernel_info_reply", info, to: request)
        case "execute_request": execute(request)
        case "complete_request": outbox.reply("complete_reply", Inquiry.completions(content, session), to: request)
        case "inspect_request": outbox.reply("inspect_reply", Inquiry.inspection(content, session), to: request)
        case "is_complete_request":
            outbox.reply("is_complete_reply", Inquiry.completeness(content, session), to: request)
        case "history_request": outbox.reply("history_reply", history.answer(content), to: request)
        case "comm_info_request": outbox.reply("comm_info_reply", ["status": "ok", "comms": [:]], to: request)
        case "shutdown_request": outbox.reply("shutdown_reply", Channels.farewell(request), to: request)
        case "interrupt_request": outbox.reply("interrupt_reply", ["status": "ok"], to: request)
        default: break
        }
    }

    // MARK: Executing

    private func execute(_ request: Request) {
        let content = request.message.content
        let code = content["code"]?.string ?? ""
        let isSilent = content["silent"]?.bool ?? false
        let isStored = !isSilent && (content["store_history"]?.bool ?? true)
        if isStored { count += 1 }
        if !isSilent {
            outbox.publish(
                "execute_input", ["code": .string(code), "execution_count": JSONValue(count)], parent: request)
        }

        let cell = CellOutput(outbox, request, count: count, isSilent: isSilent)
        var payload: [JSONValue] = []
        let aside = Aside(code, session.context)
        if case .question(let question)? = aside {
            let text = question.answer(session).lines.map(\.plain).joined(separator: "\n")
            payload = [["source": "page", "data": ["text/plain": .string(text)], "start": 0]]
        } else if case .history(let count, let word)? = aside {
            let text = Aside.lines(of: history.inputs, count: count, word: word).map(\.plain).joined(separator: "\n")
            payload = [["source": "page", "data": ["text/plain": .string(text)], "start": 0]]
        } else if aside == .farewell {
            // Whoever shows the cells decides whether that closes anything.
            payload = [["source": "ask_exit", "keepkernel": false]]
        } else if isClear(code) {
            outbox.publish("clear_output", ["wait": false], parent: request)
        } else {
            run(code, cell)
        }
        if isStored { history.add(code, output: cell.text, line: count) }
        if let failure = cell.failure?.object?.members {
            // Taken before the reply: whoever has it and sends another cell wants that one to run.
            let waiting = content["stop_on_error"]?.bool ?? true ? channels.takeWaitingExecutions() : []
            outbox.reply(
                "execute_reply",
                .object(
                    JSONObject(
                        [.init("status", "error"), .init("execution_count", JSONValue(count))] + failure
                            + [.init("user_expressions", [:]), .init("payload", [])])), to: request)
            abort(waiting)
            return
        }
        let expressions = (content["user_expressions"]?.object?.members ?? []).map {
            JSONObject.Member($0.name, evaluate($0.value.string ?? ""))
        }
        outbox.reply(
            "execute_reply",
            [
                "status": "ok", "execution_count": JSONValue(count),
                "user_expressions": .object(JSONObject(expressions)),
                "payload": .array(payload),
            ], to: request)
    }

    private func run(_ code: String, _ cell: CellOutput) {
        session.interrupt.clear()
        session.onEvent = { cell.show($0) }
        let outcome = runCell(
            SourceText(Aside.spelledOut(code, session.context) ?? code, name: "cell \(count)"), session)
        session.onEvent = { _ in }
        cell.finish(outcome)
    }

    /// `clear` empties the output of the cell, where it names nothing.
    private func isClear(_ code: String) -> Bool {
        guard code.split(whereSeparator: \.isWhitespace) == ["clear"] else { return false }
        let context = session.context
        return context.variables["clear"] == nil && context.signatures["clear"] == nil
            && context.definitions["clear"] == nil
    }

    /// A value for the front end itself: shown nowhere.
    private func evaluate(_ code: String) -> JSONValue {
        var lines: [String] = []
        var failure: Diagnostic?
        session.onEvent = { event in
            switch event {
            case .output(let bundle): lines.append(bundle.text)
            case .diagnostic(let diagnostic, _): failure = failure ?? diagnostic
            case .progress, .panel, .progressEnded, .timed: break
            }
        }
        defer { session.onEvent = { _ in } }
        _ = session.run(SourceText(code, name: "expression"))
        if let failure {
            return [
                "status": "error", "ename": .string(failure.code.rawValue), "evalue": .string(failure.message),
                "traceback": [],
            ]
        }
        return ["status": "ok", "data": ["text/plain": .string(lines.joined(separator: "\n"))], "metadata": [:]]
    }

    /// Cells that were sent together with one that failed do not run.
    private func abort(_ requests: [Request]) {
        for request in requests {
            outbox.whileBusy(with: request) {
                outbox.reply(
                    "execute_reply",
                    ["status": "aborted", "execution_count": JSONValue(count), "user_expressions": [:], "payload": []],
                    to: request)
            }
        }
    }
}
