// The rules of JSON, of values written as JSON, of tables as text and of numbers, each with the case beside it.

import Foundation
import TestSupport
import Testing

@testable import Support

private func parse(_ text: String) throws -> JSONValue { try JSONReader.read(Array(text.utf8), path: "a") }

private func refusal(_ text: String) -> String {
    do { return "read as \(try parse(text))" } catch let error as FileError { return error.description } catch {
        return "\(error)"
    }
}

@Suite struct JSONSpellingRuleTests {
    @Test func `four kinds of space may stand anywhere between, and no others`() throws {
        for space in [" ", "\n", "\r", "\t"] {
            let text = "s[s{s\"a\"s:s1s,s\"b\"s:s[s]s}s,strues,snulls]s".replacing("s", with: space)
            // The letters of true and null have no s but those that stand for spaces.
            #expect(try parse(text) == [["a": 1, "b": []], true, nil], "\(space.debugDescription)")
        }
        for other in ["\u{B}", "\u{C}", "\u{A0}", "\u{FEFF}", "\u{2028}"] {
            #expect(throws: FileError.self, "\(other.debugDescription)") { try parse(other + "1") }
            #expect(throws: FileError.self, "\(other.debugDescription)") { try parse("1" + other) }
        }
    }

    @Test(
        arguments: [
            (#""\u00E9\uD83D\uDE00""#, "é😀"), (#""\u00eF\uABCD""#, "ï\u{ABCD}"), (#""\ud800\udc00""#, "\u{10000}"),
            (#""\uDBFF\uDFFF""#, "\u{10FFFF}"), (#""\ud7ff\ue000""#, "\u{D7FF}\u{E000}"), (#""\/\\\"""#, "/\\\""),
            (#""\b\f\n\r\t""#, "\u{8}\u{C}\n\r\t"), (#""\u0000""#, "\u{0}"),
        ])
    func `escapes have small and capital digits, and pairs make one character`(_ text: String, _ value: String) throws {
        #expect(try parse(text) == .string(value))
    }

    @Test func `digits of an escape end at f, and an escape is whole`() {
        for sign in ["g", "G", "@", "`", ":", "/", " "] {
            #expect(refusal("\"\\u000\(sign)\"") == "a at byte 6: \\u needs four hexadecimal digits", "\(sign)")
        }
        #expect(refusal("\"\\u00").hasSuffix("the text ends inside an escape"))
        #expect(refusal("\"\\") == "a at byte 1: the text ends inside an escape")
        #expect(refusal(#""\ud83d\ue000""#) == "a at byte 1: half a surrogate pair")
        #expect(refusal(#""\udc00\ud83d""#) == "a at byte 1: half a surrogate pair")
    }

    @Test(arguments: [
        ("\u{1}", "a at byte 0: a value was expected, not byte 1"), ("~", "a at byte 0: a value was expected, not '~'"),
        ("\u{7F}", "a at byte 0: a value was expected, not byte 127"),
        ("!", "a at byte 0: a value was expected, not '!'"),
        (#"{"a": tru}"#, #"a at byte 6: a value was expected"#),
        ("{\"a\":[1,-]}", "a at byte 9: a digit was expected for \"a\""),
        (#"{"a": 1 "b": 2}"#, "a at byte 8: a comma or } was expected in an object"),
        ("[", "a at byte 1: the text ends where a value was expected"),
        (#"{"a": {"b": 1}, "c": NaN}"#, "a at byte 21: NaN is not a JSON number for \"c\""),
        ("[Infinity]", "a at byte 1: Infinity is not a JSON number"),
        ("nulls", "a at byte 4: text after the end of the document: 's'"),
    ])
    func `what was found and for which member is told`(_ text: String, _ message: String) {
        #expect(refusal(text) == message)
    }

    @Test func `a reader says what it was asked for, for which member, with eighty letters of its name`() {
        func message(_ text: String, _ read: (inout JSONReader) throws -> Void) -> String {
            Array(text.utf8).withUnsafeBytes { bytes in
                var reader = JSONReader(bytes, path: "a")
                do {
                    try read(&reader)
                    return "read"
                } catch { return (error as? FileError)?.rule ?? "" }
            }
        }
        func member(_ text: String, _ read: @escaping (inout JSONReader) throws -> Void) -> String {
            message("{\"m\": \(text)}") { try $0.readObject { reader, _ in try read(&reader) } }
        }
        #expect(member("1") { _ = try $0.readBool() } == "true or false was expected for \"m\"")
        #expect(member("1") { try $0.readNull() } == "null was expected for \"m\"")
        #expect(member("1") { _ = try $0.readString() } == "a string was expected for \"m\"")
        #expect(member("null") { _ = try $0.readNumber() } == "a number was expected for \"m\"")
        #expect(member("1") { try $0.readArray { _ in } } == "an array was expected for \"m\"")
        #expect(member("[]") { try $0.readObject { _, _ in } } == "an object was expected for \"m\"")
        #expect(member("false") { if try $0.readBool() { throw Interrupted() } } == "read")
        let long = String(repeating: "k", count: 81)
        let clipped = message("{\"\(long)\": 1}") { try $0.readObject { reader, _ in try reader.readNull() } }
        #expect(clipped == "null was expected for \"\(long.dropLast())\"")
    }

    @Test func `a text is compared by what it says, whole`() throws {
        try Array(#""ab" "a\u0062" "abc" "a""#.utf8).withUnsafeBytes { bytes in
            var reader = JSONReader(bytes, path: "a")
            let texts = try (0..<4).map { _ in try reader.readText() }
            #expect(texts.map { reader.isText($0, "ab") } == [true, true, false, false])
            var appended: [UInt8] = [0x2D]
            for text in texts { reader.appendBytes(of: text, to: &appended) }
            #expect(String(decoding: appended, as: UTF8.self) == "-abababca")
        }
    }

    @Test func `a file is read up to a mebibyte unless more is asked for`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/x"
            try writeFileAtomically(path, Array(repeating: 0x20, count: (1 << 20) - 1) + [0x31])
            #expect(try JSONReader.readFile(path) == 1)
            try writeFileAtomically(path, Array(repeating: 0x20, count: 1 << 20) + [0x31])
            let error = #expect(throws: FileError.self) { try JSONReader.readFile(path) }
            #expect(error?.kind == .refused)
            #expect(try JSONReader.readFile(path, limit: 1 << 21) == 1)
        }
    }
}

@Suite struct JSONCodingRuleTests {
    private struct Nothing: Codable, Equatable {}
    private struct Optionals: Codable, Equatable { var x: Int? }
    private struct Pair: Decodable {
        init(from decoder: any Decoder) throws {
            var list = try decoder.unkeyedContainer()
            for _ in 0..<2 { _ = try list.decode(Int.self) }
        }
    }

    @Test func `nothing is an empty object or list, a gap in a list is null, and lists stand in lists`() throws {
        #expect(try JSONValue(encoding: Nothing()) == [:] && JSONValue(encoding: [Int]()) == [])
        #expect(try JSONValue(encoding: [1, nil, 3]) == [1, nil, 3])
        #expect(try ([1, nil, 3] as JSONValue).decode([Int?].self) == [1, nil, 3])
        #expect(try JSONValue(encoding: [[1], []]) == [[1], []])
        #expect(try ([[1], []] as JSONValue).decode([[Int]].self) == [[1], []])
        #expect(try JSONValue(encoding: ["a": 1]) == ["a": 1] && (["a": 1] as JSONValue).decode() == ["a": 1])
    }

    @Test func `what may be absent may be null`() throws {
        #expect(try (["x": nil] as JSONValue).decode(Optionals.self) == Optionals())
        #expect(try ([:] as JSONValue).decode(Optionals.self) == Optionals())
        #expect(try (["x": 3] as JSONValue).decode(Optionals.self) == Optionals(x: 3))
        #expect(try JSONValue(encoding: Optionals()) == [:])
    }

    @Test func `numbers fit their type or are refused`() throws {
        func fits<T: Decodable>(_ value: JSONValue, _ type: T.Type) -> Bool {
            (try? [value].list.decode([T].self)) != nil
        }
        for (value, fitting) in [(127, true), (128, false), (-128, true), (-129, false)] {
            #expect(fits(JSONValue(value), Int8.self) == fitting, "\(value)")
        }
        #expect(fits(255, UInt8.self) && !fits(256, UInt8.self) && !fits(-1, UInt8.self))
        #expect(fits(65_535, UInt16.self) && !fits(65_536, UInt16.self) && fits(-32_768, Int16.self))
        #expect(fits(4_294_967_295, UInt32.self) && !fits(4_294_967_296, UInt32.self))
        #expect(!fits(2_147_483_648, Int32.self) && !fits(-1, UInt.self))
        #expect(!fits("-1", UInt64.self) && !fits(-1, UInt64.self) && fits("18446744073709551615", UInt64.self))
        #expect(fits(1, Double.self) && !fits("1", Double.self) && !fits(1, Bool.self) && !fits(1, String.self))
        #expect(try (["-inf"] as JSONValue).decode([Float].self) == [-.infinity])
    }

    @Test func `a list that is too short is told`() {
        let error = #expect(throws: DecodingError.self) { try ([1] as JSONValue).decode(Pair.self) }
        #expect(error?.summary.hasSuffix("the array is too short") == true)
        #expect(throws: Never.self) { try ([1, 2] as JSONValue).decode(Pair.self) }
    }

    @Test func `a value of one kind is none of another`() {
        let values: [JSONValue] = [nil, true, 1, "s", [], [:]]
        #expect(values.map { $0.bool != nil } == [false, true, false, false, false, false])
        #expect(values.map { $0.integer != nil } == [false, false, true, false, false, false])
        #expect(values.map { $0.double != nil } == [false, false, true, false, false, false])
        #expect(values.map { $0.string != nil } == [false, false, false, true, false, false])
        #expect(values.map { $0.array != nil } == [false, false, false, false, true, false])
        #expect(values.map { $0.object != nil } == [false, false, false, false, false, true])
        #expect(values.map(\.kindName) == ["null", "a boolean", "a number", "a string", "an array", "an object"])
        #expect(
            (["a": 1] as JSONValue)["b"] == nil && (["a": 1] as JSONValue)["a"] == 1 && (1 as JSONValue)["a"] == nil)
    }
}

extension [JSONValue] {
    fileprivate var list: JSONValue { .array(self) }
}

@Suite struct NumberFormRuleTests {
    @Test(
        arguments: [
            (9.9996, "10.00"), (0.99996, "1.000"), (99999.96, "100000.0"), (0.000099999, "0.0001000"),
            (999_999_999_999_999.9, "1.000e15"), (-0.00001, "-1.000e-5"), (.infinity, "infinity"),
            (-.infinity, "-infinity"), (.nan, "nan"), (1e100, "1.000e100"),
        ] as [(Double, String)])
    func `a real is told by the digits that it has after rounding`(_ value: Double, _ text: String) {
        #expect(NumberText.real(value) == text)
    }

    @Test func `one digit still has one after the point, and fewer decimals than none are none`() {
        #expect(NumberText.real(3.14159, digits: 1) == "3.1" && NumberText.real(0, digits: 1) == "0.0")
        #expect(NumberText.scientific(0.00012, digits: 0) == "1e-4" && NumberText.fixed(2.6, decimals: -3) == "3")
        #expect(NumberText.fixed(.nan, decimals: 1) == "nan" && NumberText.fixed(.infinity, decimals: 1) == "infinity")
        #expect(NumberText.json(-2) == "-2.0")
    }

    @Test func `a line of bars goes from the lowest to the highest value, and all are alike where there is one`() {
        #expect(Phrase.sparkline([0, 1]) == "▁█" && Phrase.sparkline([1, 0.5, 0]) == "█▅▁")
        #expect(Phrase.sparkline([3, 3]) == "▅▅" && Phrase.sparkline([]) == "" && Phrase.sparkline([.nan]) == "")
        #expect(Phrase.sparkline([0, .nan, .infinity, 1]) == "▁█")
        #expect(Phrase.short(1e14) == "100000000000000" && Phrase.short(0.5) == "0.5")
    }

    @Test func `a line of a table that is not UTF-8 is told, and how far it was read`() throws {
        func rows(_ bytes: [UInt8]) throws -> Int {
            try bytes.withUnsafeBytes { bytes in
                var reader = DelimitedText(bytes)
                while try reader.next() != nil {}
                return reader.place
            }
        }
        #expect(try rows(Array("a,b\n\"c\nd\",e".utf8)) == 11)
        #expect(throws: DelimitedText.Fault(line: 2, rule: "not UTF-8")) { try rows([0x61, 0x0A, 0xFF]) }
        #expect(throws: DelimitedText.Fault(line: 1, rule: "not UTF-8")) { try rows([0xEF, 0xBB, 0x0A]) }
        // A mark in the middle is text like any other.
        #expect(try rows(Array("a\u{FEFF}b".utf8)) == 5)
    }

    @Test func `marks name the character in four digits or more, and Base64 takes whole pairs`() {
        #expect(
            "\u{61C}\u{2066}\u{80}".unicodeScalars.compactMap(Escaping.mark) == ["<U+061C>", "<U+2066>", "<U+0080>"])
        #expect(Escaping.xml("a\r\nb\tc", keepsLines: true) == "a \nb c" && Escaping.xml("'") == "'")
        #expect(Base64.encoded(hexadecimal: "666f6") == "Zm8=" && Base64.encoded(hexadecimal: "") == "")
    }
}
