import Foundation
import Support
import Testing

@testable import Jupyter

@Suite struct WireTests {
    @Test func `the signature is that of Python's hmac`() {
        // hmac.new(b"key", b"The quick brown fox jumps over the lazy dog", "sha256").hexdigest()
        let frames = ["The quick brown ", "fox jumps", "", " over the lazy dog"].map { Array($0.utf8) }
        let expected = "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
        #expect(String(decoding: MessageKey("key").signature(of: frames), as: UTF8.self) == expected)
        #expect(MessageKey("").signature(of: frames).isEmpty)
    }

    private func message(key: MessageKey = MessageKey("secret")) -> [[UInt8]] {
        WireMessage.frames(
            identities: [[1, 2, 3]], type: "execute_request", parentHeader: Array("{\"odd\":  1}".utf8),
            content: ["code": "1 + 1"], session: "s", key: key)
    }

    @Test func `a message reads back, identities and parent untouched`() throws {
        let frames = message()
        let read = try WireMessage(frames: frames, key: MessageKey("secret"))
        #expect(read.identities == [[1, 2, 3]])
        #expect(read.type == "execute_request")
        #expect(read.content["code"]?.string == "1 + 1")
        #expect(String(decoding: frames[4], as: UTF8.self) == "{\"odd\":  1}")
    }

    @Test func `a message of someone without the key is refused`() {
        #expect(throws: WireMessage.Fault.wrongSignature) {
            try WireMessage(frames: message(key: MessageKey("other")), key: MessageKey("secret"))
        }
        var frames = message()
        frames[6] = Array("{\"code\": \"2\"}".utf8)
        #expect(throws: WireMessage.Fault.wrongSignature) { try WireMessage(frames: frames, key: MessageKey("secret")) }
        for signature in [
            [], Array(message()[2].prefix(1)), Array(message()[2].prefix(63)), message()[2] + [0x30],
            message()[2].map { $0 >= 0x61 ? $0 - 32 : $0 }, Array(repeating: UInt8(ascii: "0"), count: 64),
        ] {
            var frames = message()
            frames[2] = signature
            #expect(throws: WireMessage.Fault.wrongSignature) {
                try WireMessage(frames: frames, key: MessageKey("secret"))
            }
        }
        #expect(throws: WireMessage.Fault.noDelimiter) { try WireMessage(frames: [[1], [2]], key: MessageKey("")) }
        #expect(throws: WireMessage.Fault.tooShort) {
            try WireMessage(frames: Array(message().prefix(4)), key: MessageKey(""))
        }
    }

    @Test func `each of the four signed frames and each byte of the signature counts`() throws {
        let frames = message()
        for (frame, bytes) in frames.enumerated() where frame >= 2 {
            for place in frame == 2 ? Array(bytes.indices) : [0, bytes.count - 1] {
                var changed = frames
                changed[frame][place] ^= 1
                #expect(throws: WireMessage.Fault.wrongSignature, "frame \(frame), byte \(place)") {
                    try WireMessage(frames: changed, key: MessageKey("secret"))
                }
            }
        }
        var swapped = frames
        swapped.swapAt(4, 5)
        #expect(throws: WireMessage.Fault.wrongSignature) {
            try WireMessage(frames: swapped, key: MessageKey("secret"))
        }
    }

    @Test func `identifiers differ and times have the form of ISO 8601`() {
        #expect(Identifier.random() != Identifier.random())
        #expect(Identifier.random().utf8.count == 36)
        let now = Array(UTCTime.preciseNow())
        #expect(now.count == 27 && now[4] == "-" && now[10] == "T" && now[26] == "Z")
    }
}

@Suite struct ConnectionFileTests {
    private func read(_ text: String) throws -> ConnectionFile {
        try ConnectionFile(bytes: Array(text.utf8), name: "c.json")
    }
    private let ports = #""shell_port":1,"iopub_port":2,"stdin_port":3,"control_port":4,"hb_port":5"#

    @Test func `addresses follow the transport`() throws {
        #expect(try read("{\"ip\":\"127.0.0.1\",\"key\":\"k\",\(ports)}").address(of: "control") == "tcp://127.0.0.1:4")
        #expect(try read("{\"ip\":\"/run/k\",\"transport\":\"ipc\",\(ports)}").address(of: "hb") == "ipc:///run/k-5")
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"ip":"a"}"#, #"{"ip":"a","shell_port":99999}"#, #"{"ip":"a","transport":"carrier pigeon"}"#,
    ])
    func `a file that lacks something is one clear error`(_ text: String) {
        #expect(throws: ConnectionFile.Failure.self) { try read(text) }
    }

    @Test(arguments: ["shell", "iopub", "stdin", "control", "hb"])
    func `each channel has a port, from 0 to 65535`(_ channel: String) throws {
        let text = "{\"ip\":\"a\",\(ports)}"
        let number = try #require(text.firstMatch(of: try Regex("\"\(channel)_port\":(\\d)"))?.output[1].substring)
        func with(_ port: String) -> String {
            text.replacingOccurrences(of: "\"\(channel)_port\":\(number)", with: "\"\(channel)_port\":\(port)")
        }
        for port in ["0", "65535"] { #expect(try read(with(port)).address(of: channel) == "tcp://a:\(port)") }
        for port in ["-1", "65536", "\"5\"", "1.5", "null"] {
            #expect(throws: ConnectionFile.Failure.self, "\(port)") { try read(with(port)) }
        }
    }

    @Test func `a missing file is one clear error`() {
        #expect(throws: ConnectionFile.Failure.self) { try ConnectionFile(path: "/nowhere/c.json") }
    }

    @Test func `signatures of another kind are refused`() {
        #expect(throws: ConnectionFile.Failure.self) {
            try read("{\"ip\":\"a\",\"key\":\"k\",\"signature_scheme\":\"hmac-md5\",\(ports)}")
        }
    }
}

@Suite struct InquiryTests {
    @Test func `places in scalars and bytes agree beyond the basic plane`() {
        let code = "é👩‍🔬 x"
        // é 1, 👩 2, joiner 3, 🔬 4, space 5, x 6
        #expect(Inquiry.offset(of: 4, in: code) == 2 + 4 + 3 + 4)
        #expect(Inquiry.scalars(upTo: 13, in: code) == 4)
        #expect(Inquiry.offset(of: nil, in: code) == code.utf8.count)
        #expect(Inquiry.offset(of: 100, in: code) == code.utf8.count)
    }

    @Test func `the word is the one that the cursor touches`() {
        #expect(Inquiry.word(in: "train steps: 3", at: 2) == "train")
        #expect(Inquiry.word(in: "train steps: 3", at: 5) == "train")
        #expect(Inquiry.word(in: "a  b", at: 2) == "")
    }
}

@Suite struct KernelHistoryTests {
    private var history: KernelHistory {
        var history = KernelHistory()
        for (line, code) in ["1 + 2", "step", "1 + 2", "train"].enumerated() {
            history.add(code, output: "out \(line)", line: line + 1)
        }
        return history
    }

    private func inputs(_ content: JSONValue) -> [String] {
        (history.answer(content)["history"]?.array ?? []).compactMap { $0.array?[2].string }
    }

    @Test func `tail, range and search give what they name`() {
        #expect(inputs(["hist_access_type": "tail", "n": 2]) == ["1 + 2", "train"])
        #expect(inputs(["hist_access_type": "tail", "n": 0]) == [] && inputs(["hist_access_type": "tail"]).count == 4)
        var long = KernelHistory()
        for line in 1...12 { long.add("\(line)", output: "", line: line) }
        let tail = long.answer(["hist_access_type": "tail"])["history"]?.array ?? []
        // Ten where nobody says how many; session, line, input.
        #expect(tail.count == 10 && tail.first == [1, 3, "3"] && tail.last == [1, 12, "12"])
        #expect(inputs(["hist_access_type": "range", "session": 0, "start": 2, "stop": 3]) == ["step"])
        #expect(inputs(["hist_access_type": "search", "pattern": "1*2"]) == ["1 + 2", "1 + 2"])
        #expect(inputs(["hist_access_type": "search", "pattern": "1*2", "unique": true]) == ["1 + 2"])
        #expect(inputs(["hist_access_type": "search", "pattern": "*", "n": 1]) == ["train"])
    }
}

@Suite struct KernelSpecTests {
    @Test func `the specification names this program and interrupts by message`() throws {
        let json = try JSONReader.read(
            Array(KernelSpec.text(executable: "/opt/icot \"x\"").utf8), path: "kernel.json")
        #expect(json["argv"] == ["/opt/icot \"x\"", "kernel", "run", "{connection_file}"])
        #expect(json["interrupt_mode"]?.string == "message")
    }
}
