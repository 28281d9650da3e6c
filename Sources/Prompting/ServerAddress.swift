// Where a server is asked, as its makers write it: `https://api.openai.com/v1`, `http://127.0.0.1:8000/v1`.
//
//     address = ("http" | "https") "://" host [":" port] [path]
//     host    = letters, digits, "-", "." and "_", or an IPv6 address in brackets
//     port    = 1 … 65535
//     path    = "/" and what RFC 3986 allows in one; a "/" at the end says nothing
//
// No name or password, which would stand in the notebook, and no query or fragment, for the rest of the path comes from
// us.

public struct ServerAddress: Hashable, Sendable {
    /// What keeps a text from being one.
    public enum Flaw: Equatable, Sendable { case scheme, host, port, path, password, query, character }

    let isSecure: Bool
    /// In small letters.
    let host: String
    let port: Int
    let path: String

    public init(_ text: String) throws(ServerFault) {
        func flawed(_ flaw: Flaw) -> ServerFault { .badAddress(text, flaw) }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw flawed(.character) }
        let lower = text.lowercased()
        let rest: Substring
        if lower.hasPrefix("https://") {
            (isSecure, rest) = (true, text.dropFirst(8))
        } else if lower.hasPrefix("http://") {
            (isSecure, rest) = (false, text.dropFirst(7))
        } else {
            throw flawed(.scheme)
        }
        if rest.contains(where: { $0 == "?" || $0 == "#" }) { throw flawed(.query) }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = rest[..<slash]
        if authority.contains("@") { throw flawed(.password) }
        var path = rest[slash...]
        while path.hasSuffix("/") { path = path.dropLast() }
        guard path.utf8.allSatisfy({ Self.isPath($0) }) else { throw flawed(.path) }
        self.path = String(path)

        let colon: Substring.Index?
        if authority.hasPrefix("[") {
            guard let bracket = authority.firstIndex(of: "]") else { throw flawed(.host) }
            let inside = authority[..<bracket].dropFirst()
            guard inside.contains(":"), inside.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else {
                throw flawed(.host)
            }
            let next = authority.index(after: bracket)
            guard next == authority.endIndex || authority[next] == ":" else { throw flawed(.host) }
            colon = next == authority.endIndex ? nil : next
        } else {
            colon = authority.firstIndex(of: ":")
            let name = authority[..<(colon ?? authority.endIndex)]
            guard !name.isEmpty,
                name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "-" || $0 == "." || $0 == "_" })
            else { throw flawed(.host) }
        }
        host = authority[..<(colon ?? authority.endIndex)].lowercased()
        if let colon {
            let digits = authority[authority.index(after: colon)...]
            guard digits.allSatisfy(\.isNumber), let number = Int(digits), (1...65535).contains(number) else {
                throw flawed(.port)
            }
            port = number
        } else {
            port = isSecure ? 443 : 80
        }
    }

    private static func isPath(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || "-._~/%:@!$&'()*+,;=".utf8.contains(byte)
    }

    /// As it is written in messages, recorded, and agreed to: the port only where it is not the usual one.
    public var text: String { origin + path }

    /// Without the path.
    var origin: String {
        let isUsual = port == (isSecure ? 443 : 80)
        return (isSecure ? "https://" : "http://") + host + (isUsual ? "" : ":\(port)")
    }

    /// Whether it is this machine, by the numbers themselves and not by what a name leads to.
    var isLoopback: Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return host == "localhost" || host == "[::1]"
            || parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
