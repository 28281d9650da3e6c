// The key with which a server lets one in. It comes from the environment of the person and from nowhere else, and goes
// to the one server that the environment means, whatever address a notebook names:
//
//     OPENAI_API_KEY    the key
//     OPENAI_BASE_URL   the server that it is for; https://api.openai.com without it
//
// The same two variables that OpenAI's own clients read. Servers are told apart by scheme, host and port. A key is in
// no message, no record and no notebook: what a server writes is read only after the key was taken out of it.

public struct ServerKey: Sendable {
    public static let variable = "OPENAI_API_KEY"
    public static let serverVariable = "OPENAI_BASE_URL"
    static let usualServer = "https://api.openai.com"

    let text: String

    /// The key for a server; nil where there is none, or where it is for another one.
    /// - Parameter environment: the value of a variable
    /// - Throws: `badKey` for one that cannot be sent, `badAddress` where the variable for the server holds none.
    public init?(
        for address: ServerAddress, environment: (_ name: String) -> String?
    ) throws(ServerFault) {
        guard let key = environment(Self.variable), !key.isEmpty else { return nil }
        let server = environment(Self.serverVariable).flatMap { $0.isEmpty ? nil : $0 } ?? Self.usualServer
        let own: ServerAddress
        do { own = try ServerAddress(server) } catch { throw .badServerVariable }
        guard own.origin == address.origin else { return nil }
        // A line break would let it add headers of its own.
        guard key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw .badKey }
        text = key
    }

    /// A text of the server without the key in it.
    func redacted(_ text: String) -> String { text.replacing(self.text, with: "[key]") }
}
