// What can go wrong between a question and its answer, each in one sentence, with what to do next.

import Support

public enum ServerFault: Error, Equatable, Sendable {
    // Before anything is sent.
    case badAddress(String, ServerAddress.Flaw)
    case badServerVariable
    case badKey
    case noLibrary

    // No answer.
    case noHost(ServerAddress)
    case noProxy
    case notConnected(ServerAddress)
    case untrusted(ServerAddress, why: String)
    case noTLS(ServerAddress, why: String)
    case badAuthorities(path: String)
    case outOfTime(ServerAddress, seconds: Double, tries: Int)
    /// The connection broke, or what came is not HTTP.
    case broken(ServerAddress, why: String, tries: Int)

    // An answer that is none. `says` is what the server gave as its reason.
    case keyRefused(ServerAddress, status: Int, wasSent: Bool, says: String?)
    case noCredit(ServerAddress, says: String?)
    /// `known`: what the server says it has; nil where it says nothing.
    case noModel(ServerAddress, name: String, known: [String]?)
    case nothingThere(ServerAddress, says: String?)
    case moved(ServerAddress, to: String)
    case busy(ServerAddress, status: Int, tries: Int, says: String?)
    case waitsTooLong(ServerAddress, seconds: Int)
    case refused(ServerAddress, status: Int, says: String?)
    case tooLarge(ServerAddress, limit: Int)
    case streamed(ServerAddress)
    case notJSON(ServerAddress, kind: String, why: String)
    /// A part of the answer that is not there, or not of the kind that it should be.
    case lacks(ServerAddress, part: String)
}

extension ServerFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .badAddress(let text, let flaw):
            return "\(text.debugDescription) is no address of a server: \(Self.words(flaw))"
        case .badServerVariable: return "\(ServerKey.serverVariable) holds no address of a server"
        case .badKey: return "the key in \(ServerKey.variable) holds a space, a line break or another sign no key has"
        case .noLibrary: return "servers are asked through libcurl, which is not installed"
        case .noHost(let address):
            return "the name of \(address.text) was not found: there is no such server, or no network here"
        case .noProxy: return "the proxy that the environment names was not found"
        case .notConnected(let address): return "no server listens at \(address.origin), or no network leads there"
        case .untrusted(let address, let why):
            return "the certificate of \(address.origin) is not trusted, so nothing was sent: \(why)"
        case .noTLS(let address, let why): return "no secure connection with \(address.origin): \(why)"
        case .badAuthorities(let path): return "the certificates in \(path.debugDescription) cannot be read"
        case .outOfTime(let address, let seconds, let tries):
            return "\(address.origin) did not answer within \(Phrase.short(seconds)) s\(Self.tried(tries))"
        case .broken(let address, let why, let tries):
            return "\(address.origin) broke off before its answer was whole\(Self.tried(tries)): \(why)"
        case .keyRefused(let address, let status, let wasSent, let says):
            return "\(address.origin) refused \(wasSent ? "the key" : "to answer without a key") (\(status))"
                + Self.quoted(says)
        case .noCredit(let address, let says):
            return "\(address.origin) says that the account has no credit left (429)" + Self.quoted(says)
        case .noModel(let address, let name, let known):
            let list = known.map { $0.isEmpty ? "none" : $0.prefix(5).joined(separator: ", ") }
            let more = known.map { $0.count > 5 ? " and \($0.count - 5) more" : "" } ?? ""
            return "\(address.origin) has no model \(name.debugDescription)"
                + (list.map { "; it has \($0)\(more)" } ?? "")
        case .nothingThere(let address, let says):
            return "there is nothing to ask at \(address.text) (404)" + Self.quoted(says)
        case .moved(let address, let to):
            return "\(address.text) sends elsewhere, where a key is not sent after it: \(to)"
        case .busy(let address, let status, let tries, let says):
            return "\(address.origin) is too busy or broken (\(status))\(Self.tried(tries))" + Self.quoted(says)
        case .waitsTooLong(let address, let seconds):
            return "\(address.origin) asks to be left alone for \(Phrase.seconds(Double(seconds)))"
        case .refused(let address, let status, let says):
            return "\(address.origin) refused the question (\(status))" + Self.quoted(says)
        case .tooLarge(let address, let limit):
            return "\(address.origin) sent more than \(byteText(limit)) for one answer, and was cut off"
        case .streamed(let address):
            return "\(address.origin) answered in streaming chunks, though it was asked for one whole answer"
        case .notJSON(let address, let kind, let why):
            return "\(address.origin) answered with \(kind), not with JSON: \(why)"
        case .lacks(let address, let part): return "the answer of \(address.origin) has no \(part)"
        }
    }

    /// What to type, or what to look at.
    public var help: String? {
        switch self {
        case .badAddress(_, .password):
            return "leave name and password away: a key comes from \(ServerKey.variable)"
        case .badAddress: return "write it as at: \"http://127.0.0.1:8000/v1\" or \"https://api.openai.com/v1\""
        case .badServerVariable: return "set it to what at: says, or unset \(ServerKey.serverVariable)"
        case .badKey: return "set \(ServerKey.variable) to the key alone"
        case .noLibrary: return "on Debian and Ubuntu: apt install libcurl4"
        case .noHost, .notConnected: return "look at the address, and whether the server runs; ask: false needs none"
        case .noProxy: return "look at https_proxy and http_proxy"
        case .untrusted:
            return "for an authority of your own set SSL_CERT_FILE to its certificate, and start icot again"
        case .noTLS: return "look whether the server speaks https at all; on this machine http:// will do"
        case .badAuthorities: return "set SSL_CERT_FILE to a file of PEM certificates, or unset it"
        case .outOfTime(_, let seconds, _):
            return "write seconds: \(Phrase.short(min(seconds * 5, 3600))), or go on later"
        case .keyRefused(let address, _, let wasSent, _):
            return wasSent
                ? "set \(ServerKey.variable) to a key of that server"
                : "set \(ServerKey.variable) to its key"
                    + (address.origin == ServerKey.usualServer
                        ? "" : " and \(ServerKey.serverVariable) to \(address.text), for a key goes nowhere else")
        case .noCredit: return "the same line goes on once there is some"
        case .noModel(_, let name, let known):
            return known.flatMap { Self.nearest(name, $0) }.map { "write \($0.debugDescription)" }
        case .nothingThere(let address, _):
            return address.path.isEmpty ? "write at: \"\(address.text)/v1\"" : "look at the path of the address"
        case .moved: return "write that address after at:, if it is the one you mean"
        case .broken, .busy, .waitsTooLong: return "the same line goes on with what is missing"
        case .tooLarge, .streamed, .notJSON, .lacks:
            return "look whether that is an OpenAI-compatible server, and its path"
        case .refused: return nil
        }
    }

    private static func words(_ flaw: ServerAddress.Flaw) -> String {
        switch flaw {
        case .scheme: "it begins with neither http:// nor https://"
        case .host: "it names no host"
        case .port: "the port is not a number from 1 to 65535"
        case .path: "its path holds a sign that no path has"
        case .password: "it holds a name or a password"
        case .query: "it holds a query or a fragment"
        case .character: "it holds a space or a sign beyond ASCII"
        }
    }

    private static func tried(_ tries: Int) -> String { tries > 1 ? ", tried \(tries) times" : "" }
    private static func quoted(_ says: String?) -> String { says.map { ": \($0.debugDescription)" } ?? "" }

    /// Where one name is a part of the other, or there is no choice.
    private static func nearest(_ name: String, _ known: [String]) -> String? {
        let lower = name.lowercased()
        return known.first { $0.lowercased() == lower }
            ?? known.first { !name.isEmpty && ($0.lowercased().contains(lower) || lower.contains($0.lowercased())) }
            ?? (known.count == 1 ? known[0] : nil)
    }
}
