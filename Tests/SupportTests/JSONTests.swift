import Foundation
import TestSupport
import Testing

@testable import Support

@Suite struct JSONTests {
    private func parse(_ text: String) throws -> JSONValue {
        try Array(text.utf8).withUnsafeBytes { bytes in
            var reader = JSONReader(bytes, path: "a.json")
            let value = try reader.readValue()
            try reader.finish()
            return value
        }
    }

    private func refusal(_ text: String) -> String {
        do {
            return "read as \(try parse(text))"
        } catch let error as FileError {
            return error.description
        } catch {
            return "\(error)"
        }
    }

    @Test func `a document is read with the order of its members and the spelling of its numbers`() throws {
        let text =
            #"{"b":[1,-2.50,1e-05,123456789012345678901234567890],"a":{"x":null,"y":[true,false],"z":{}},"é":"\u00e9\ud83d\ude00\n"}"#
        let value = try parse(text)
        let object = try #require(value.object)
        #expect(object.members.map(\.name) == ["b", "a", "é"])
        #expect(object["é"]?.string == "é😀\n")
        #expect(object["b"]?.array?[1].double == -2.5)
        #expect(object["b"]?.array?[3].integer == nil)
        #expect(
            JSONWriter.text(value, .compact)
                == #"{"b":[1,-2.50,1e-05,123456789012345678901234567890],"a":{"x":null,"y":[true,false],"z":{}},"é":"é😀\n"}"#
        )
    }

    @Test func `names that look alike but are other bytes are two names`() throws {
        let value = try parse("{\"e\u{301}\": 1, \"\u{e9}\": 2}")
        #expect(value.object?["e\u{301}"]?.integer == 1)
        #expect(value.object?["\u{e9}"]?.integer == 2)
    }

    @Test func `a name used twice is refused, also when one of them is written with escapes and among many`() {
        #expect(refusal(#"{"a": 1, "\u0061": 2}"#) == #"a.json at byte 9: "a" is named twice in one object"#)
        let many = (0..<100).map { "\"k\($0)\": 0" }.joined(separator: ",")
        #expect(refusal("{\(many), \"k\\u0037\": 1}").contains(#""k7" is named twice"#))
        #expect(refusal("{\(many), \"k100\": 1}").hasPrefix("read as"))
    }

    @Test(arguments: [
        ("", "a.json at byte 0: the text ends where a value was expected"),
        ("[1,]", "a.json at byte 3: a value was expected, not ']'"),
        ("[1 2]", "a.json at byte 3: a comma or ] was expected in an array"),
        (#"{"a" 1}"#, #"a.json at byte 5: a colon was expected after the name "a""#),
        ("{} x", "a.json at byte 3: text after the end of the document: 'x'"),
        (#"{"eps": NaN}"#, #"a.json at byte 8: NaN is not a JSON number for "eps""#),
        (#"{"eps": -Infinity}"#, #"a.json at byte 8: -Infinity is not a JSON number for "eps""#),
        ("\"\\ud800\"", "a.json at byte 1: half a surrogate pair"),
        ("\"\\x\"", "a.json at byte 1: \\ before 'x' is not an escape"),
        ("\"a\nb\"", "a.json at byte 2: a control character inside a string; it must be written as an escape"),
        ("\"abc", "a.json at byte 0: the text ends inside a string"),
        ("01", "a.json at byte 1: text after the end of the document: '1'"),
        ("1.", "a.json at byte 2: a digit was expected"),
        ("nul", "a.json at byte 0: null was expected"),
    ])
    func `broken text is refused with its place and the rule`(_ text: String, _ message: String) {
        #expect(refusal(text) == message)
    }

    @Test func `nesting beyond 64 is refused before the stack is in danger`() {
        #expect(refusal(String(repeating: "[", count: 64) + String(repeating: "]", count: 64)).hasPrefix("read as"))
        #expect(refusal(String(repeating: "[", count: 1_000_000)) == "a.json at byte 65: nested deeper than 64")
    }

    @Test func `strings that are not UTF-8 are refused`() {
        for bytes in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82]] as [[UInt8]] {
            let text = [UInt8(ascii: "\"")] + bytes + [UInt8(ascii: "\"")]
            #expect(throws: FileError.self) {
                try text.withUnsafeBytes { bytes in
                    var reader = JSONReader(bytes, path: "a.json")
                    _ = try reader.readValue()
                }
            }
        }
    }

    @Test func `indented writing is what Python's json.dumps with indent 2 writes`() {
        let value: JSONValue = ["a": [1, 2.5, "x\"\\\u{1}"], "b": [:], "c": [], "d": nil]
        #expect(
            JSONWriter.text(value)
                == "{\n  \"a\": [\n    1,\n    2.5,\n    \"x\\\"\\\\\\u0001\"\n  ],\n  \"b\": {},\n  \"c\": [],\n  \"d\": null\n}"
        )
    }

    @Test(arguments: [
        ("", "the text ends where a value was expected"), ("{a:1}", "a string was expected"), ("+1", "not '+'"),
        (".5", "not '.'"), ("'a'", "not '\''"), ("[1] 2", "text after the end"),
    ])
    func `what only looks like JSON is refused`(_ text: String, _ rule: String) {
        #expect(refusal(text).contains(rule))
    }

    @Test func `Foundation reads the same from escapes and numbers`() throws {
        let text = #"{"a": "\u00e9\ud83d\ude00\/\b", "b": 1e3, "c": -12, "d": 12345678901234567890}"#
        let own = try parse(text)
        let other = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(own["a"]?.string == other["a"] as? String)
        #expect(own["b"]?.double == 1000)
        #expect(own["c"]?.integer == other["c"] as? Int)
        #expect(own["d"]?.integer == nil)
        #expect(own["d"]?.double == 1.2345678901234567e19)
    }

    @Test func `half a pair of surrogates is refused, or shown by its stand-in where the reader was told so`() throws {
        let bytes = Array(#"["\ud83d!", "\ude00", "\ud83d\n", "\ud83d\ud83d\ude00"]"#.utf8)
        #expect(throws: FileError.self) { try JSONReader.read(bytes, path: "a.json") }
        let value = try JSONReader.read(bytes, path: "a.json", halfPairs: .replaced)
        #expect(value == ["\u{FFFD}!", "\u{FFFD}", "\u{FFFD}\n", "\u{FFFD}😀"])
    }

    @Test func `what is written reads back as it was, and nothing in it could steer a terminal`() throws {
        let text = String(String.UnicodeScalarView((0..<0x2100).compactMap { Unicode.Scalar($0) } + ["\u{FEFF}", "👩"]))
        for layout in [JSONWriter.Layout.compact, .spaced, .indented()] {
            let written = JSONWriter.text([.string(text), .object(JSONObject([.init(text, 1)]))], layout)
            #expect(try parse(written) == [.string(text), .object(JSONObject([.init(text, 1)]))])
            let lines = written.split(separator: "\n").joined()
            #expect(!lines.unicodeScalars.contains(where: Escaping.steers))
        }
    }

    @Test func `no damaged text is a trap`() {
        var generator = TestRandom(seed: 5)
        let seed = Array(#"{"a": [1, 2.5e-3, "\u00e9\n", true, null], "b": {"c": "d"}}"#.utf8)
        for _ in 0..<20_000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            _ = try? JSONReader.read(
                Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &generator))), path: "", halfPairs: .replaced)
        }
    }
}
