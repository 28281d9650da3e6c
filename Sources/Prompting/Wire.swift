// One request over HTTP and its answer, through libcurl. What a hostile server could do is bounded here: how much it
// may send, headers and body, and how long it may take in all. Redirects are never followed, only http and https are
// spoken, nothing is unpacked, and whoever asks may stop at any moment.

import CCurl
import Glibc
import Support

/// What is sent.
struct WireRequest: Equatable {
    var url: String
    /// Whether no proxy may stand between, for a server on this machine.
    var isDirect: Bool
    var headers: [String]
    /// nil for a GET.
    var body: [UInt8]?
    /// For all of it, in seconds.
    var limit: Double
}

struct WireAnswer: Equatable {
    var status: Int
    /// Without parameters, in small letters.
    var contentType = ""
    var body: [UInt8] = []
    /// What `Retry-After` says, a date turned into seconds.
    var retryAfter: Int?
    /// Where a redirect leads.
    var redirect: String?
}

/// Why there is no answer.
enum WireFault: Error, Equatable {
    case noLibrary, badAddress, noHost, noProxy, notConnected, badAuthorities, tooLarge, outOfTime
    case untrusted(String)
    case noTLS(String)
    case broken(String)
}

/// A connection to one server, kept between requests.
final class Wire {
    static let bodyMax = 8 << 20
    static let headersMax = 256 << 10
    /// How long it may be until a stop is seen, in milliseconds.
    private static let patience: Int32 = 50

    private let library: UnsafePointer<curl>
    /// nil before the first request, and after one was given up that could not be ended.
    private var multi: UnsafeMutableRawPointer?

    init() throws(WireFault) {
        guard let library = curl_library() else { throw .noLibrary }
        self.library = library
    }

    deinit { if let multi { _ = library.pointee.end_multi(multi) } }

    /// What comes in, as the callbacks of the library fill it.
    private final class Intake {
        var body: [UInt8] = []
        var headerCount = 0
        var isTooLarge = false

        /// Says how much was taken; less than was given ends the transfer.
        func takeBody(_ bytes: UnsafeRawBufferPointer) -> Int {
            guard body.count + bytes.count <= Wire.bodyMax else {
                isTooLarge = true
                return 0
            }
            body.append(contentsOf: bytes)
            return bytes.count
        }

        func takeHeader(_ count: Int) -> Int {
            headerCount += count
            isTooLarge = isTooLarge || headerCount > Wire.headersMax
            return isTooLarge ? 0 : count
        }
    }

    /// - Throws: `WireFault`; `Interrupted` within a tenth of a second where a stop is asked for.
    func send(_ request: WireRequest, _ interrupt: Interrupt) throws -> WireAnswer {
        try interrupt.check()
        guard let multi = multi ?? library.pointee.multi() else { throw WireFault.noLibrary }
        self.multi = multi
        guard let easy = library.pointee.easy() else { throw WireFault.noLibrary }
        let intake = Intake()
        let body = request.body ?? []
        var words = [CChar](repeating: 0, count: Int(CURL_ERROR_SIZE))
        var headers: OpaquePointer?
        for header in request.headers { headers = library.pointee.append(headers, header) }
        return try withExtendedLifetime(intake) {
            try body.withUnsafeBytes { body in
                try words.withUnsafeMutableBufferPointer { words in
                    set(easy, request, intake)
                    _ = curl_set_pointer(easy, Int32(CURL_ERROR_TEXT), words.baseAddress)
                    _ = curl_set_pointer(easy, Int32(CURL_HEADERS), headers.map { UnsafeRawPointer($0) })
                    if request.body != nil {
                        _ = curl_set_number(easy, Int32(CURL_POST), 1)
                        _ = curl_set_number(easy, Int32(CURL_BODY_COUNT), body.count)
                        _ = curl_set_pointer(easy, Int32(CURL_BODY), body.baseAddress)
                    }
                    guard library.pointee.add(multi, easy) == 0 else { throw WireFault.noLibrary }
                    var isOver = false
                    defer {
                        // While a name is looked up, ending the transfer can wait for that as long as it takes. Then it
                        // is never looked at again, and left to the end of the process. A request on this machine
                        // looks nothing up.
                        if isOver || request.isDirect || curl_seconds(easy, Int32(CURL_LOOKED_UP)) > 0 {
                            _ = library.pointee.remove(multi, easy)
                            library.pointee.end_easy(easy)
                            library.pointee.end_words(headers)
                        } else {
                            self.multi = nil
                        }
                    }
                    let result = try run(multi, interrupt)
                    isOver = true
                    let text = words.baseAddress.map { String(cString: $0) } ?? ""
                    try check(result, request, intake, text)
                    return answer(easy, intake)
                }
            }
        }
    }

    private func set(_ easy: UnsafeMutableRawPointer, _ request: WireRequest, _ intake: Intake) {
        func number(_ option: Int, _ value: Int) { _ = curl_set_number(easy, Int32(option), value) }
        func text(_ option: Int, _ value: String) { _ = curl_set_pointer(easy, Int32(option), value) }
        text(CURL_ADDRESS, request.url)
        text(CURL_AGENT, "icot")
        number(CURL_SCHEMES, CURL_HTTP | CURL_HTTPS)
        number(CURL_FOLLOW, 0)
        number(CURL_NO_SIGNAL, 1)
        number(CURL_QUICK_EXIT, 1)
        number(CURL_TIME_MS, max(1, Int(request.limit * 1000)))
        number(CURL_CONNECT_MS, max(1, Int(min(request.limit, 20) * 1000)))
        if request.isDirect { text(CURL_NO_PROXY, "*") }
        if let path = Self.authorities { text(CURL_AUTHORITIES, path) }
        let place = Unmanaged.passUnretained(intake).toOpaque()
        _ = curl_set_pointer(easy, Int32(CURL_WRITE_DATA), place)
        _ = curl_set_pointer(easy, Int32(CURL_HEADER_DATA), place)
        _ = curl_set_function(easy, Int32(CURL_WRITE)) { bytes, size, count, place in
            guard let place else { return 0 }
            return Unmanaged<Intake>.fromOpaque(place).takeUnretainedValue()
                .takeBody(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        _ = curl_set_function(easy, Int32(CURL_HEADER)) { _, size, count, place in
            guard let place else { return 0 }
            return Unmanaged<Intake>.fromOpaque(place).takeUnretainedValue().takeHeader(size * count)
        }
    }

    /// A file of certificates that the person trusts, as curl itself and OpenSSL are told.
    static var authorities: String? {
        ["CURL_CA_BUNDLE", "SSL_CERT_FILE"]
            .compactMap { (name: String) in getenv(name).map { String(cString: $0) } }
            .first { !$0.isEmpty }
    }

    private func run(_ multi: UnsafeMutableRawPointer, _ interrupt: Interrupt) throws -> Int {
        while true {
            try interrupt.check()
            var running: Int32 = 0
            guard library.pointee.perform(multi, &running) == 0 else { throw WireFault.broken("libcurl failed") }
            var left: Int32 = 0
            while let message = library.pointee.next(multi, &left) {
                if message.pointee.what == 1 { return Int(message.pointee.result) }
            }
            guard running > 0 else { throw WireFault.broken("libcurl failed") }
            _ = library.pointee.wait(multi, nil, 0, Self.patience, nil)
        }
    }

    private func check(_ result: Int, _ request: WireRequest, _ intake: Intake, _ text: String) throws {
        if result == CURL_OK { return }
        if intake.isTooLarge { throw WireFault.tooLarge }
        let words = text.isEmpty ? String(cString: library.pointee.words(Int32(result))) : text
        throw switch result {
        // It is also what an answer that is no HTTP comes to.
        case CURL_NO_SCHEME where request.url.hasPrefix("https:"): WireFault.noTLS(words)
        case CURL_BAD_ADDRESS: WireFault.badAddress
        case CURL_NO_PROXY_HOST: WireFault.noProxy
        case CURL_NO_HOST: WireFault.noHost
        case CURL_NOT_CONNECTED: WireFault.notConnected
        case CURL_OUT_OF_TIME: WireFault.outOfTime
        case CURL_NO_TLS: WireFault.noTLS(words)
        case CURL_UNTRUSTED: WireFault.untrusted(words)
        case CURL_BAD_AUTHORITIES: WireFault.badAuthorities
        default: WireFault.broken(words)
        }
    }

    private func answer(_ easy: UnsafeMutableRawPointer, _ intake: Intake) -> WireAnswer {
        func text(_ info: Int) -> String? { curl_text(easy, Int32(info)).map { String(cString: $0) } }
        let wait = curl_number(easy, Int32(CURL_RETRY_AFTER))
        let type = (text(CURL_CONTENT_TYPE) ?? "").split(separator: ";").first.map { $0.lowercased() } ?? ""
        return WireAnswer(
            status: Int(curl_number(easy, Int32(CURL_STATUS))), contentType: type.filter { $0 != " " },
            body: intake.body, retryAfter: wait > 0 ? Int(wait) : nil, redirect: text(CURL_REDIRECT))
    }
}
