// What is said of each thing that can go wrong between a question and its answer, and what there is to do about it.

import Support
import Testing

@testable import Prompting

private func fault(_ text: String, _ make: (ServerAddress) -> ServerFault) throws -> ServerFault {
    make(try ServerAddress(text))
}

@Suite struct FaultWordRuleTests {
    @Test func `what goes wrong before or without an answer is said with its names, and with what to look at`() throws {
        let at = try ServerAddress("http://host:8000/v1")
        let rows: [(ServerFault, String, String?)] = [
            (
                .badServerVariable, "OPENAI_BASE_URL holds no address of a server",
                "set it to what at: says, or unset OPENAI_BASE_URL"
            ),
            (
                .badKey, "the key in OPENAI_API_KEY holds a space, a line break or another sign no key has",
                "set OPENAI_API_KEY to the key alone"
            ),
            (
                .noLibrary, "servers are asked through libcurl, which is not installed",
                "on Debian and Ubuntu: apt install libcurl4"
            ),
            (
                .noHost(at),
                "the name of http://host:8000/v1 was not found: there is no such server, or no network here",
                "look at the address, and whether the server runs; ask: false needs none"
            ),
            (
                .noProxy, "the proxy that the environment names was not found", "look at https_proxy and http_proxy"
            ),
            (
                .notConnected(at), "no server listens at http://host:8000, or no network leads there",
                "look at the address, and whether the server runs; ask: false needs none"
            ),
            (
                .untrusted(at, why: "self-signed"),
                "the certificate of http://host:8000 is not trusted, so nothing was sent: self-signed",
                "for an authority of your own set SSL_CERT_FILE to its certificate, and start icot again"
            ),
            (
                .noTLS(at, why: "version"), "no secure connection with http://host:8000: version",
                "look whether the server speaks https at all; on this machine http:// will do"
            ),
            (
                .badAuthorities(path: "/a b.pem"), "the certificates in \"/a b.pem\" cannot be read",
                "set SSL_CERT_FILE to a file of PEM certificates, or unset it"
            ),
            (
                .broken(at, why: "reset", tries: 1),
                "http://host:8000 broke off before its answer was whole: reset",
                "the same line goes on with what is missing"
            ),
        ]
        for (fault, words, help) in rows {
            #expect(fault.description == words)
            #expect(fault.help == help, "\(words)")
        }
    }

    @Test func `an answer that is none is said with the server and its reason, and with what to do next`() throws {
        let at = try ServerAddress("http://host/v1")
        let check = "look whether that is an OpenAI-compatible server, and its path"
        let later = "the same line goes on with what is missing"
        let rows: [(ServerFault, String, String?)] = [
            (
                .noCredit(at, says: "pay"), "http://host says that the account has no credit left (429): \"pay\"",
                "the same line goes on once there is some"
            ),
            (
                .nothingThere(at, says: nil), "there is nothing to ask at http://host/v1 (404)",
                "look at the path of the address"
            ),
            (
                .moved(at, to: "http://b"),
                "http://host/v1 sends elsewhere, where a key is not sent after it: http://b",
                "write that address after at:, if it is the one you mean"
            ),
            (
                .busy(at, status: 503, tries: 5, says: "later"),
                "http://host is too busy or broken (503), tried 5 times: \"later\"", later
            ),
            (.waitsTooLong(at, seconds: 330), "http://host asks to be left alone for 5 min 30 s", later),
            (.refused(at, status: 400, says: "no"), "http://host refused the question (400): \"no\"", nil),
            // 8 · 1024 · 1024 bytes.
            (
                .tooLarge(at, limit: 8 << 20), "http://host sent more than 8388 kB for one answer, and was cut off",
                check
            ),
            (
                .streamed(at),
                "http://host answered in streaming chunks, though it was asked for one whole answer", check
            ),
            (
                .notJSON(at, kind: "a web page", why: "bad"),
                "http://host answered with a web page, not with JSON: bad",
                check
            ),
            (.lacks(at, part: "\"choices\""), "the answer of http://host has no \"choices\"", check),
        ]
        for (fault, words, help) in rows {
            #expect(fault.description == words)
            #expect(fault.help == help, "\(words)")
        }
    }

    @Test(
        arguments: [
            (.scheme, "it begins with neither http:// nor https://"), (.host, "it names no host"),
            (.port, "the port is not a number from 1 to 65535"), (.path, "its path holds a sign that no path has"),
            (.password, "it holds a name or a password"), (.query, "it holds a query or a fragment"),
            (.character, "it holds a space or a sign beyond ASCII"),
        ] as [(ServerAddress.Flaw, String)])
    func `what is no address is said with what is wrong with it, and only a password is asked to be left away`(
        _ flaw: ServerAddress.Flaw, _ words: String
    ) {
        let fault = ServerFault.badAddress("a \"b\"", flaw)
        #expect(fault.description == "\"a \\\"b\\\"\" is no address of a server: " + words)
        #expect(
            fault.help
                == (flaw == .password
                    ? "leave name and password away: a key comes from OPENAI_API_KEY"
                    : "write it as at: \"http://127.0.0.1:8000/v1\" or \"https://api.openai.com/v1\""))
    }

    @Test(arguments: [
        (1, 9.0, "9 s", "45"), (2, 9, "9 s, tried 2 times", "45"), (1, 0.5, "0.5 s", "2.5"),
        (1, 719, "719 s", "3595"), (1, 721, "721 s", "3600"), (1, 3600, "3600 s", "3600"),
    ])
    func `how long and how often was tried is said, and five times as long is proposed, an hour at most`(
        _ tries: Int, _ seconds: Double, _ tried: String, _ proposed: String
    ) throws {
        let late = try fault("http://host") { .outOfTime($0, seconds: seconds, tries: tries) }
        #expect(late.description == "http://host did not answer within " + tried)
        #expect(late.help == "write seconds: \(proposed), or go on later")
    }

    @Test func `a key that was refused is told from one that was not sent, and where the key is to be set`() throws {
        let own = try ServerAddress("http://host/v1"), usual = try ServerAddress("https://api.openai.com/v1")
        let sent = ServerFault.keyRefused(own, status: 401, wasSent: true, says: nil)
        #expect(sent.description == "http://host refused the key (401)")
        #expect(sent.help == "set OPENAI_API_KEY to a key of that server")
        let missing = ServerFault.keyRefused(own, status: 403, wasSent: false, says: "who?")
        #expect(missing.description == "http://host refused to answer without a key (403): \"who?\"")
        #expect(
            missing.help
                == "set OPENAI_API_KEY to its key and OPENAI_BASE_URL to http://host/v1, for a key goes nowhere else")
        // The usual server needs no variable of its own.
        #expect(
            ServerFault.keyRefused(usual, status: 401, wasSent: false, says: nil).help
                == "set OPENAI_API_KEY to its key")
    }

    @Test(
        arguments: [
            (nil, ""), ([], "; it has none"), (["a"], "; it has a"),
            (["a", "b", "c", "d", "e"], "; it has a, b, c, d, e"),
            (["a", "b", "c", "d", "e", "f", "g"], "; it has a, b, c, d, e and 2 more"),
        ] as [([String]?, String)])
    func `of the models that a server has the first five are named, and the others counted`(
        _ known: [String]?, _ list: String
    ) throws {
        let unknown = try fault("http://host/v1") { .noModel($0, name: "m", known: known) }
        #expect(unknown.description == "http://host has no model \"m\"" + list)
    }

    @Test(
        arguments: [
            // The same but for capitals goes before one that is a part.
            ("GPT-4", ["gpt-4-turbo", "gpt-4"], "gpt-4"), ("gpt", ["x", "GPT-2", "gpt-4"], "GPT-2"),
            ("gpt-4-0613", ["llama", "gpt-4"], "gpt-4"), ("m", ["abc", "def"], nil), ("zzz", ["abc"], "abc"),
            ("", ["abc", "def"], nil), ("m", [], nil), ("m", nil, nil),
        ] as [(String, [String]?, String?)])
    func `the nearest name of a model is proposed, and none where several are as far`(
        _ name: String, _ known: [String]?, _ nearest: String?
    ) throws {
        let unknown = try fault("http://host/v1") { .noModel($0, name: name, known: known) }
        #expect(unknown.help == nearest.map { "write \"\($0)\"" })
    }

    @Test func `where an address has no path the usual one is proposed`() throws {
        let bare = try fault("http://host:81/") { .nothingThere($0, says: "x") }
        #expect(bare.help == "write at: \"http://host:81/v1\"")
        #expect(bare.description == "there is nothing to ask at http://host:81 (404): \"x\"")
    }
}
