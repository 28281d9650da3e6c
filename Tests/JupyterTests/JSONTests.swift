import Foundation
import TestSupport
import Testing

@testable import Jupyter

@Suite struct JSONTests {
    @Test func `what is written reads back as it was`() throws {
        let value: JSON = [
            "text": "a \"b\" \\ \n\t\u{1}é👩‍🔬", "list": [1, -2, .real(0.5), true, .null], "empty": [:], "none": [],
        ]
        #expect(try JSON(parsing: Array(value.encoded.utf8)) == value)
    }

    @Test(arguments: [
        "", "{", "[1,]", "{\"a\":}", "01", "1.", "nul", "\"a", "\"\\x\"", "[1] 2", "{a:1}", "\"\u{1}\"", "+1", ".5",
        "'a'", "NaN",
    ])
    func `what is not JSON to the letter is refused`(_ text: String) {
        #expect(throws: JSONError.self) { try JSON(parsing: Array(text.utf8)) }
    }

    @Test func `Foundation reads the same from escapes and numbers`() throws {
        let text = #"{"a": "\u00e9\ud83d\ude00\/\b", "b": 1e3, "c": -12, "d": 12345678901234567890}"#
        let own = try JSON(parsing: Array(text.utf8))
        let other = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(own["a"].asText == other["a"] as? String)
        #expect(own["b"] == .real(1000))
        #expect(own["c"].asInteger == other["c"] as? Int)
        #expect(own["d"] == .real(1.2345678901234567e19))
    }

    @Test func `nesting without end is refused`() {
        #expect(throws: JSONError.self) { try JSON(parsing: Array(repeating: UInt8(ascii: "["), count: 100_000)) }
    }

    @Test func `half a pair of surrogates is shown by the stand-in`() throws {
        #expect(try JSON(parsing: Array(#""\ud83d!""#.utf8)).asText == "\u{fffd}!")
    }

    @Test func `no damaged text is a trap`() {
        var generator = TestRandom(seed: 5)
        let seed = Array(#"{"a": [1, 2.5e-3, "\u00e9\n", true, null], "b": {"c": "d"}}"#.utf8)
        for _ in 0..<20_000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            _ = try? JSON(parsing: bytes.prefix(Int.random(in: 0...bytes.count, using: &generator)))
        }
    }
}
