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
        var writer = JSONWriter(.compact, escapesNonASCII: true)
        writer.write("é😀")
        #expect(String(decoding: writer.bytes, as: UTF8.self) == #""\u00e9\ud83d\ude00""#)
    }
}
