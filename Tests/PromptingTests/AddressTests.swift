import Testing

@testable import Prompting

@Suite struct ServerAddressTests {
    @Test(
        arguments: [
            ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1"), ("HTTPS://API.OpenAI.com/v1/", nil),
            ("http://host:80", "http://host"), ("https://host:443/a//", "https://host/a"),
            ("https://host:80", "https://host:80"), ("http://[::1]:9/v1", "http://[::1]:9/v1"),
            ("http://my-host_2.local/a%20b/~c", "http://my-host_2.local/a%20b/~c"),
        ] as [(String, String?)])
    func `an address is a scheme, a host, a port and a path, written in one way`(
        _ text: String, _ written: String?
    )
        throws
    {
        #expect(try ServerAddress(text).text == written ?? "https://api.openai.com/v1")
    }

    @Test(
        arguments: [
            ("", .scheme), ("127.0.0.1:8000", .scheme), ("ftp://host", .scheme), ("file:///etc/passwd", .scheme),
            ("http:/host", .scheme), ("http://", .host), ("http:///v1", .host), ("http://:80", .host),
            ("http://a!b", .host), ("http://[::1", .host), ("http://[host]", .host), ("http://[::1]x", .host),
            ("http://host:", .port), ("http://host:0", .port), ("http://host:65536", .port),
            ("http://host:8a", .port), ("http://host:99999999999999999999", .port), ("http://host:-1", .port),
            ("http://me:secret@host", .password), ("http://me@host/v1", .password), ("http://host/v1?key=1", .query),
            ("http://host#a", .query), ("http://host/a<b", .path), ("http://host/a\\b", .path),
            ("http://ho st", .character), ("http://host\r\nX: y", .character), ("http://hôst", .character),
            ("http://host/\u{1B}[2J", .character),
        ] as [(String, ServerAddress.Flaw)])
    func `what is no address is refused by what is wrong with it`(_ text: String, _ flaw: ServerAddress.Flaw) {
        #expect(throws: ServerFault.badAddress(text, flaw)) { try ServerAddress(text) }
    }

    @Test func `only numbers of this machine and its own name are this machine`() throws {
        for text in ["http://127.0.0.1", "http://127.9.8.7:1/v1", "http://localhost", "http://[::1]"] {
            #expect(try ServerAddress(text).isLoopback, "\(text)")
        }
        for text in [
            "http://127.evil.com", "http://127.0.0.1.evil.com", "http://128.0.0.1", "http://localhost.evil.com",
            "http://127.0.0", "http://127.0.0.256",
        ] {
            #expect(try !ServerAddress(text).isLoopback, "\(text)")
        }
    }
}

@Suite struct ServerKeyTests {
    private func key(_ address: String, _ variables: [String: String]) throws -> String? {
        try ServerKey(for: ServerAddress(address)) { variables[$0] }?.text
    }

    @Test func `a key goes to the server that the environment means, and to no other`() throws {
        let key = ["OPENAI_API_KEY": "sk-1"]
        #expect(try self.key("https://api.openai.com/v1", key) == "sk-1")
        for other in [
            "http://api.openai.com/v1", "https://api.openai.com:444/v1", "https://api.openai.com.evil.com/v1",
            "https://evil.com/api.openai.com", "http://127.0.0.1:8000/v1",
        ] {
            #expect(try self.key(other, key) == nil, "\(other)")
        }
        let own = key.merging(["OPENAI_BASE_URL": "http://127.0.0.1:8000/v1"]) { $1 }
        #expect(try self.key("http://127.0.0.1:8000/v1", own) == "sk-1")
        #expect(try self.key("http://127.0.0.1:8000", own) == "sk-1")
        #expect(try self.key("http://127.0.0.1:8001/v1", own) == nil)
        #expect(try self.key("https://api.openai.com/v1", own) == nil)
        #expect(try self.key("https://api.openai.com/v1", ["OPENAI_API_KEY": "a", "OPENAI_BASE_URL": ""]) == "a")
        #expect(try self.key("https://api.openai.com/v1", ["OPENAI_API_KEY": ""]) == nil)
        #expect(try self.key("https://api.openai.com/v1", [:]) == nil)
    }

    @Test func `a key that would add a header is refused, and so is a variable that names no server`() {
        for text in ["a\r\nX: y", "a b", "schlüssel", "\u{7F}"] {
            #expect(throws: ServerFault.badKey) {
                try self.key("https://api.openai.com/v1", ["OPENAI_API_KEY": text])
            }
        }
        #expect(throws: ServerFault.badServerVariable) {
            try self.key("https://api.openai.com/v1", ["OPENAI_API_KEY": "a", "OPENAI_BASE_URL": "openai"])
        }
    }
}
