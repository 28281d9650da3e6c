// Asks a server, patiently: what may pass by itself is tried again, everything else ends at once in a fault that says
// what to do.
//
//     tried again        429, 408, 500, 502, 503, 504, no answer in time, a connection that breaks
//     the wait before    what `Retry-After` says; else 1 s, then twice as long each time, 60 s at most
//     given up           after so many tries; where `Retry-After` asks for more than five minutes; where the account is
//                        said to have no credit left (`"code":"insufficient_quota"`)

import Support

public final class Server {
    /// Why it waits before it tries again.
    public enum Reason: Equatable, Sendable { case status(Int), outOfTime, broken }

    public let address: ServerAddress
    private let key: ServerKey?
    /// For one try, in seconds.
    private let limit: Double
    private let tries: Int
    private let send: (WireRequest, Interrupt) throws -> WireAnswer
    private let wait: (Double, Interrupt) throws -> Void
    /// What the server calls the limit on the answer.
    private var limitName = "max_tokens"

    private static let waitMax = 60.0
    private static let retryAfterMax = 300

    /// - Throws: `noLibrary`
    public convenience init(
        _ address: ServerAddress, key: ServerKey?, seconds: Double, tries: Int
    ) throws(ServerFault) {
        let wire: Wire
        do { wire = try Wire() } catch { throw .noLibrary }
        self.init(address, key: key, seconds: seconds, tries: tries, send: wire.send, wait: Self.pause)
    }

    /// - Parameters:
    ///   - send: one request and its answer
    ///   - wait: lets so many seconds pass
    init(
        _ address: ServerAddress, key: ServerKey?, seconds: Double, tries: Int,
        send: @escaping (WireRequest, Interrupt) throws -> WireAnswer,
        wait: @escaping (Double, Interrupt) throws -> Void
    ) {
        self.address = address
        self.key = key
        limit = seconds
        self.tries = tries
        self.send = send
        self.wait = wait
    }

    /// Sleeps in pieces, so that a stop is seen.
    private static func pause(_ seconds: Double, _ interrupt: Interrupt) throws {
        let end = MonotonicClock.seconds() + seconds
        while true {
            try interrupt.check()
            let left = end - MonotonicClock.seconds()
            if left <= 0 { return }
            MonotonicClock.sleep(min(left, 0.05))
        }
    }

    /// - Parameter onWait: told before each wait, in seconds
    /// - Throws: `ServerFault`; `Interrupted`
    public func answer(
        _ question: ServerQuestion, _ interrupt: Interrupt, onWait: (Double, Reason) -> Void = { _, _ in }
    ) throws -> ServerAnswer {
        for attempt in 1... {
            let received: WireAnswer
            let reason: Reason
            let fault: ServerFault
            do {
                received = try exchange(question.path, question.body(countedAs: limitName), interrupt)
                if received.status == 200 { return try read(received, question) }
                if [408, 429, 500, 502, 503, 504].contains(received.status) {
                    let says = said(received)
                    if says.code == "insufficient_quota" { throw ServerFault.noCredit(address, says: says.message) }
                    if let seconds = received.retryAfter, seconds > Self.retryAfterMax {
                        throw ServerFault.waitsTooLong(address, seconds: seconds)
                    }
                    reason = .status(received.status)
                    fault = .busy(address, status: received.status, tries: attempt, says: says.message)
                } else if countsOtherwise(received) {
                    limitName = "max_completion_tokens"
                    continue
                } else {
                    throw try refusal(received, question, interrupt)
                }
                if attempt >= tries { throw fault }
                try pause(received.retryAfter.map(Double.init), attempt, reason, onWait, interrupt)
            } catch WireFault.outOfTime {
                if attempt >= tries { throw ServerFault.outOfTime(address, seconds: limit, tries: attempt) }
                try pause(nil, attempt, .outOfTime, onWait, interrupt)
            } catch WireFault.broken(let why) {
                if attempt >= tries { throw ServerFault.broken(address, why: Escaping.neutral(why), tries: attempt) }
                try pause(nil, attempt, .broken, onWait, interrupt)
            } catch let wire as WireFault {
                throw self.fault(wire)
            }
        }
        fatalError("the tries end")
    }

    private func pause(
        _ asked: Double?, _ attempt: Int, _ reason: Reason, _ onWait: (Double, Reason) -> Void, _ interrupt: Interrupt
    ) throws {
        var seconds = asked ?? 1
        if asked == nil { for _ in 1..<attempt { seconds = min(seconds * 2, Self.waitMax) } }
        onWait(seconds, reason)
        try wait(seconds, interrupt)
    }

    private func exchange(_ path: String, _ body: [UInt8]?, _ interrupt: Interrupt) throws -> WireAnswer {
        var headers = ["Accept: application/json"]
        // Without the first libcurl waits for a server's word before it sends a long question.
        if body != nil { headers += ["Expect:", "Content-Type: application/json"] }
        if let key { headers.append("Authorization: Bearer " + key.text) }
        return try send(
            WireRequest(
                url: address.text + path, isDirect: address.isLoopback, headers: headers, body: body, limit: limit),
            interrupt)
    }

    // MARK: What came

    private func redacted(_ text: String) -> String { key?.redacted(text) ?? text }

    private func read(_ received: WireAnswer, _ question: ServerQuestion) throws(ServerFault) -> ServerAnswer {
        if received.contentType == "text/event-stream" { throw .streamed(address) }
        let tree: JSONValue
        do {
            tree = try JSONReader.read(received.body, path: "the answer", halfPairs: .replaced)
        } catch {
            throw .notJSON(address, kind: kind(received), why: Escaping.neutral(redacted(error.description)))
        }
        return try question.answer(in: tree, redacted: redacted)
    }

    /// What an answer says it is.
    private func kind(_ received: WireAnswer) -> String {
        if received.body.isEmpty { return "nothing" }
        switch received.contentType {
        case "text/html": return "a web page"
        case "", "application/json": return "something else"
        default: return Escaping.neutral(redacted(String(received.contentType.prefix(60))))
        }
    }

    /// The reason that a server gives, short and harmless: OpenAI's `error`, or FastAPI's `detail`.
    private func said(_ received: WireAnswer) -> (message: String?, code: String?, parameter: String?) {
        guard let tree = try? JSONReader.read(received.body, path: "the answer", halfPairs: .replaced) else {
            return (nil, nil, nil)
        }
        let error = tree["error"]
        let message = error?["message"]?.string ?? error?.string ?? tree["message"]?.string ?? tree["detail"]?.string
        return (
            message.map { String(Escaping.neutral(redacted($0)).prefix(200)) }, error?["code"]?.string,
            error?["param"]?.string
        )
    }

    private func countsOtherwise(_ received: WireAnswer) -> Bool {
        guard received.status == 400, limitName == "max_tokens" else { return false }
        let says = said(received)
        return says.code == "unsupported_parameter" && says.parameter == "max_tokens"
    }

    /// What another status than 200 means.
    private func refusal(
        _ received: WireAnswer, _ question: ServerQuestion, _ interrupt: Interrupt
    ) throws -> ServerFault {
        let says = said(received)
        switch received.status {
        case 401, 403:
            return .keyRefused(address, status: received.status, wasSent: key != nil, says: says.message)
        case 404:
            // A wrong path and an unknown model look alike; a server that lists its models knows the path.
            let known = try models(besides: question.model, interrupt)
            if known != nil || says.code == "model_not_found" {
                return .noModel(address, name: question.model, known: known)
            }
            return .nothingThere(address, says: says.message)
        case 300..<400:
            let to = received.redirect.map { Escaping.neutral(redacted($0)) } ?? ""
            return .moved(address, to: String(to.prefix(200)))
        default: return .refused(address, status: received.status, says: says.message)
        }
    }

    /// The names of the models that the server lists; nil where it has no list, or the one that was asked for is in it.
    private func models(besides name: String, _ interrupt: Interrupt) throws -> [String]? {
        do {
            let received = try exchange("/models", nil, interrupt)
            guard received.status == 200,
                let tree = try? JSONReader.read(received.body, path: "the answer", halfPairs: .replaced),
                let list = tree["data"]?.array
            else { return nil }
            let names = list.prefix(1000).compactMap { $0["id"]?.string }
            if names.contains(name) { return nil }
            return names.map { String(Escaping.neutral(redacted($0)).prefix(100)) }
        } catch is WireFault {
            return nil
        }
    }

    private func fault(_ fault: WireFault) -> ServerFault {
        switch fault {
        case .noLibrary: .noLibrary
        case .badAddress: .badAddress(address.text, .host)
        case .noHost: .noHost(address)
        case .noProxy: .noProxy
        case .notConnected: .notConnected(address)
        case .badAuthorities: .badAuthorities(path: Wire.authorities ?? "")
        case .tooLarge: .tooLarge(address, limit: Wire.bodyMax)
        case .outOfTime: .outOfTime(address, seconds: limit, tries: tries)
        case .untrusted(let why): .untrusted(address, why: Escaping.neutral(why))
        case .noTLS(let why): .noTLS(address, why: Escaping.neutral(why))
        case .broken(let why): .broken(address, why: Escaping.neutral(why), tries: tries)
        }
    }
}
