// The small rules of texts, numbers, JSON, tables as text and files, each with its boundary on both sides.

import Foundation
import Glibc
import TestSupport
import Testing

@testable import Support

@Suite struct FormatRuleTests {
    // MARK: - Numbers and phrases

    @Test(arguments: [
        (0.00999, "9.99 ms"), (0.009996, "10.0 ms"), (0.0999, "99.9 ms"), (0.09997, "100 ms"), (9.996, "10.0 s"),
        (89.4, "1 min 29 s"), (119.6, "2 min 0 s"), (3 * 3600 + 59 * 60, "3 h 59 min"), (.infinity, "?"),
    ])
    func `a duration has three digits also where it is rounded up to one more`(_ seconds: Double, _ text: String) {
        #expect(NumberText.duration(seconds) == text)
    }

    @Test(arguments: [
        (1.34, "1.3 s"), (9.9, "9.9 s"), (10, "10 s"), (59.4, "59 s"), (60, "1 min 0 s"), (125, "2 min 5 s"),
        (3599, "59 min 59 s"), (3600, "1 h 0 min"), (11_520, "3 h 12 min"),
    ])
    func `what is left to wait has a decimal below ten seconds, and minutes up to an hour`(
        _ seconds: Double, _ text: String
    ) {
        #expect(Phrase.seconds(seconds) == text)
    }

    @Test func `a noun has its plural unless there is one, and rates have three decimals`() {
        #expect(
            [0, 1, 2, 80_000].map { Phrase.count($0, "problem") }
                == ["0 problems", "1 problem", "2 problems", "80,000 problems"])
        #expect([1, 2].map { Phrase.count($0, "axis", "axes") } == ["1 axis", "2 axes"])
        #expect(Phrase.rate(0.98765) == "0.988")
        #expect([3, -2, 0.0001, 0.1, 2.5].map { Phrase.short($0) } == ["3", "-2", "0.0001", "0.1", "2.5"])
    }

    @Test(arguments: [(-1, "▁"), (0, "▁"), (0.124, "▁"), (0.125, "▂"), (0.5, "▅"), (0.874, "▇"), (1, "█"), (2, "█")])
    func `a bar is as high as its share, in eighths`(_ share: Double, _ bar: Character) {
        #expect(Phrase.bar(share) == bar)
    }

    @Test func `the digits of a real are those asked for, and at least one follows the point`() {
        #expect(NumberText.real(3.14159, digits: 2) == "3.1")
        #expect(NumberText.real(31.4159, digits: 2) == "31.4")
        #expect(NumberText.real(0.5, digits: 2) == "0.50")
        #expect(NumberText.real(0, digits: 2) == "0.00")
        #expect(NumberText.scientific(12345.678, digits: 3) == "1.23e4")
        #expect(NumberText.scientific(1, digits: 1) == "1e0")
        #expect(NumberText.fixed(-.infinity, decimals: 2) == "-infinity")
        #expect(NumberText.fixed(-0.004, decimals: 2) == "0.00" && NumberText.fixed(-0.006, decimals: 2) == "-0.01")
    }

    @Test(arguments: [
        (0.1, "0.1"), (-0.0, "0.0"), (1234, "1234.0"), (1e14, "100000000000000.0"), (1e16, "1e16"), (1e300, "1e300"),
        (0.30000000000000004, "0.30000000000000004"), (.nan, "null"), (-.infinity, "null"),
    ])
    func `a real in JSON has all its digits and no sign before a zero`(_ value: Double, _ text: String) {
        #expect(NumberText.json(value) == text)
    }

    @Test(arguments: [(100, "100"), (1000, "1,000"), (-999, "-999"), (Int.min, "-9,223,372,036,854,775,808")])
    func `a comma stands before every third digit from the right and never first`(_ count: Int, _ text: String) {
        #expect(NumberText.grouped(count) == text)
    }

    @Test(arguments: [
        (9999, "9999 bytes"), (10_000, "10 kB"), (9_999_999, "9999 kB"), (10_000_000, "10 MB"),
        (548_105_171, "548 MB"), (9_999_999_999, "9999 MB"), (10_000_000_000, "10 GB"), (9_999_999_999_999, "9999 GB"),
        (25_300_000_000_000, "25 TB"),
    ])
    func `sizes change their unit at ten thousand, ten million and so on bytes`(_ count: Int, _ text: String) {
        #expect(byteText(count) == text)
    }

    @Test func `Base64 uses plus and slash, and reads hexadecimal digits in pairs`() {
        #expect(Base64.encoded([0xFB, 0xFF]) == "+/8=")
        #expect(Base64.encoded(hexadecimal: "666f6f") == "Zm9v")
        #expect(Base64.encoded(hexadecimal: "00FF") == "AP8=")
    }

    @Test func `the digest is SHA-256 of nothing and of more than one block`() {
        // FIPS 180-4, example B.2.
        #expect(
            SHA256.hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
                == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
        #expect(SHA256.hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    // MARK: - Escapes

    @Test func `every character that steers is one, and no neighbour of it`() {
        let steering: [UInt32] = [
            0, 0x1F, 0x7F, 0x80, 0x9F, 0x61C, 0x200E, 0x200F, 0x2028, 0x202E, 0x2066, 0x2069, 0xFEFF,
        ]
        let harmless: [UInt32] = [
            0x20, 0x7E, 0xA0, 0x61B, 0x61D, 0x200D, 0x2010, 0x2027, 0x202F, 0x2065, 0x206A, 0xFEFE, 0xFF00,
        ]
        for value in steering { #expect(Unicode.Scalar(value).map(Escaping.steers) == true, "\(value)") }
        for value in harmless { #expect(Unicode.Scalar(value).map(Escaping.steers) == false, "\(value)") }
    }

    @Test func `controls have the short escapes that JSON knows, others four digits, and pairs beyond them`() {
        #expect(Escaping.json("\u{8}\u{C}\r\n\t\"\\/é") == #""\b\f\r\n\t\"\\/é""#)
        #expect(Escaping.json("\u{0}\u{1F}\u{85}") == #""\u0000\u001f\u0085""#)
        #expect(Escaping.jsonEscape("😀") == #"\ud83d\ude00"#)
    }

    @Test func `each control has its own picture, line ends are spaces, and marks name what they stand for`() {
        #expect(Escaping.neutral("\u{0}\u{1F}\r\n\t\u{85}") == "␀␟ " + "  \u{FFFD}")
        #expect(
            "\u{0}\u{1F}\u{85}\u{FEFF}".unicodeScalars.compactMap(Escaping.mark) == [
                "^@", "^_", "<U+0085>", "<U+FEFF>",
            ])
        #expect(Escaping.mark("a") == nil)
        #expect(Escaping.xml("\u{FFFF}\u{1FFFE}>'") == "\u{FFFD}\u{FFFD}&gt;'")
    }

    @Test(
        arguments: [
            ([0x41], 0x41), ([0x7F], 0x7F), ([0x80], nil), ([0xC1, 0xBF], nil), ([0xC2, 0x80], 0x80),
            ([0xDF, 0xBF], 0x7FF), ([0xC2], nil), ([0xC2, 0x41], nil), ([0xE0, 0x9F, 0xBF], nil),
            ([0xE0, 0xA0, 0x80], 0x800), ([0xE1, 0x80], nil), ([0xE1, 0x80, 0x41], nil), ([0xED, 0x9F, 0xBF], 0xD7FF),
            ([0xED, 0xA0, 0x80], nil), ([0xEE, 0x80, 0x80], 0xE000), ([0xEF, 0xBF, 0xBF], 0xFFFF),
            ([0xF0, 0x8F, 0xBF, 0xBF], nil), ([0xF0, 0x90, 0x80, 0x80], 0x10000), ([0xF3, 0xBF, 0xBF, 0xBF], 0xFFFFF),
            ([0xF4, 0x8F, 0xBF, 0xBF], 0x10FFFF), ([0xF4, 0x90, 0x80, 0x80], nil), ([0xF5, 0x80, 0x80, 0x80], nil),
        ] as [([UInt8], UInt32?)])
    func `UTF-8 is the shortest form of a scalar and no surrogate`(_ bytes: [UInt8], _ value: UInt32?) {
        bytes.withUnsafeBufferPointer { buffer in
            let found = UTF8Scan.scalar(buffer, at: 0)
            #expect(found?.value == value)
            #expect(found?.length == (value == nil ? nil : bytes.count))
            #expect(UTF8Scan.firstError(buffer) == (value == nil ? 0 : nil))
        }
        (Array("aé".utf8) + [0xFF, 0x41]).withUnsafeBufferPointer { #expect(UTF8Scan.firstError($0) == 3) }
    }

    // MARK: - Tables as text

    private static func rows(_ text: String, _ delimiter: Unicode.Scalar = ",") throws -> [DelimitedText.Row] {
        try Array(text.utf8).withUnsafeBytes { bytes in
            var reader = DelimitedText(bytes, delimiter: delimiter)
            var rows: [DelimitedText.Row] = []
            while let row = try reader.next() { rows.append(row) }
            return rows
        }
    }

    @Test(
        arguments: [
            ("a,b\n1,2\n", ",", [(1, ["a", "b"]), (2, ["1", "2"])]),
            ("\n\r\na\r\n\rb", ",", [(3, ["a"]), (5, ["b"])]),
            ("\"x, \"\"y\"\"\nz\",2\r\nnext", ",", [(1, ["x, \"y\"\nz", "2"]), (3, ["next"])]),
            ("a,,\n,\n", ",", [(1, ["a", "", ""]), (2, ["", ""])]),
            ("\u{FEFF}a,b", ",", [(1, ["a", "b"])]),
            ("a,b\tc", "\t", [(1, ["a,b", "c"])]),
            ("a\"b, c", ",", [(1, ["a\"b", " c"])]),
            ("\"\",\"\"", ",", [(1, ["", ""])]),
            ("\"a\r\nb\"\rc", ",", [(1, ["a\r\nb"]), (3, ["c"])]),
            ("", ",", []), ("\n\n", ",", []),
        ] as [(String, Unicode.Scalar, [(Int, [String])])])
    func `fields lie between commas or in quotes, rows know their line, and empty lines are none`(
        _ text: String, _ delimiter: Unicode.Scalar, _ rows: [(Int, [String])]
    ) throws {
        #expect(try Self.rows(text, delimiter) == rows.map { DelimitedText.Row(line: $0.0, fields: $0.1) })
    }

    @Test(arguments: [
        ("a\n\"b\nc", 2, "a field in quotes is not closed before the end of the file"),
        ("\"a\"b,c", 1, "text after the closing quote of a field"),
        ("\"a\r\nb\"c", 2, "text after the closing quote of a field"),
        ("\"a\rb\" ,c", 2, "text after the closing quote of a field"),
    ])
    func `broken fields are refused with the line on which they are broken`(
        _ text: String, _ line: Int, _ rule: String
    ) {
        #expect(throws: DelimitedText.Fault(line: line, rule: rule)) { try Self.rows(text) }
    }

    // MARK: - JSON

    private static func counted(_ text: String) -> String {
        Array(text.utf8).withUnsafeBytes { bytes in
            var reader = JSONReader(bytes, path: "a")
            do { return String(try reader.readCount()) } catch let error as FileError { return error.description } catch
            {
                return "\(error)"
            }
        }
    }

    @Test(arguments: [
        ("0", "0"), ("10", "10"), (" 7", "7"), ("9223372036854775807", "9223372036854775807"),
        ("9223372036854775808", "a at byte 0: a number beyond 63 bits"),
        ("9223372036854775810", "a at byte 0: a number beyond 63 bits"),
        ("01", "a at byte 0: a count (digits only) was expected"),
        ("00", "a at byte 0: a count (digits only) was expected"),
        (" 1.0", "a at byte 1: a count (digits only) was expected"),
        ("1e3", "a at byte 0: a count (digits only) was expected"),
        ("1E3", "a at byte 0: a count (digits only) was expected"),
        ("-1", "a at byte 0: a count (digits only) was expected"),
        ("", "a at byte 0: a count (digits only) was expected"),
    ])
    func `a count is written in digits alone and fits 63 bits`(_ text: String, _ result: String) {
        #expect(Self.counted(text) == result)
    }

    @Test func `every control character is refused in a string as it stands, and nothing else is`() throws {
        for byte in UInt8(0)...0x7F where byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") {
            let text: [UInt8] = [UInt8(ascii: "\""), byte, UInt8(ascii: "\"")]
            if byte < 0x20 {
                #expect(throws: FileError.self, "\(byte)") { try JSONReader.read(text, path: "a") }
            } else {
                #expect(try JSONReader.read(text, path: "a").string?.utf8.first == byte)
            }
        }
    }

    @Test(arguments: [
        "-", "1e", "1e+", "-01", "1.e3", "00", "0x1", "1_0", "[1,,2]", "{,}", "{\"a\":1,}", "tru", "\"\\u12g4\"",
    ])
    func `half a number, a stray comma or half a word is no JSON`(_ text: String) {
        #expect(throws: FileError.self) { try JSONReader.read(Array(text.utf8), path: "a") }
    }

    @Test(arguments: [
        ("-0", 0.0), ("1e+2", 100), ("1E-2", 0.01), ("-1.5e1", -15), ("0.25", 0.25), ("1e400", .infinity),
    ])
    func `numbers are read in all their spellings`(_ text: String, _ value: Double) throws {
        #expect(try JSONReader.read(Array(text.utf8), path: "a").double == value)
    }

    @Test func `what lies side by side is not nested, however much it is`() throws {
        let many = "[" + Array(repeating: "[{}]", count: 200).joined(separator: ",") + "]"
        #expect(try JSONReader.read(Array(many.utf8), path: "a").array?.count == 200)
    }

    @Test func `what is passed over is checked as strictly as what is read, and a part of a file knows its place`()
        throws
    {
        for wrong in [#"{"a":1,"a":2}"#, #"["\ud800"]"#, "[1,]", "[01]"] {
            Array(wrong.utf8).withUnsafeBytes { bytes in
                _ = #expect(throws: FileError.self, "\(wrong)") {
                    var reader = JSONReader(bytes, path: "a")
                    try reader.skipValue()
                }
            }
        }
        try withTemporaryFolder { folder in
            let path = folder.path + "/x"
            try writeFileAtomically(path, "xx[1,] ".utf8)
            let file = try MappedFile(path)
            var reader = JSONReader(file, 2..<6)
            #expect(reader.place == 2)
            #expect(throws: FileError(.malformed, path, at: 5, "a value was expected, not ']'")) {
                try reader.readValue()
            }
        }
    }

    @Test func `each layout has its spaces, and none breaks what is empty`() {
        let value: JSONValue = ["a": [1, 2], "b": [:], "c": []]
        #expect(JSONWriter.text(value, .compact) == #"{"a":[1,2],"b":{},"c":[]}"#)
        #expect(JSONWriter.text(value, .spaced) == #"{"a": [1, 2], "b": {}, "c": []}"#)
        #expect(
            JSONWriter.text(value, .indented(by: 1))
                == "{\n \"a\": [\n  1,\n  2\n ],\n \"b\": {},\n \"c\": []\n}")
        #expect(JSONWriter.bytes(value) == Array(JSONWriter.text(value, .compact).utf8))
    }

    @Test func `a whole number is no integer where it has a point, and one that JSON cannot write is null`() {
        #expect(JSONNumber(shortest: 3).literal == "3" && JSONNumber(shortest: -0.5).literal == "-0.5")
        #expect(JSONValue(2.0) == .number(JSONNumber(literal: "2.0")))
        #expect(JSONValue(2.0).integer == nil && JSONValue(2.0).double == 2 && JSONValue(-3).integer == -3)
        #expect(JSONValue(Double.nan) == .null && JSONValue(-Double.infinity) == .null)
    }

    @Test func `a member that is set stays in its place, a new one comes last, and none takes it away`() {
        var object = JSONObject([.init("a", 1), .init("b", 2), .init("c", 3)])
        object["b"] = 5
        object["d"] = 4
        object["a"] = nil
        object["none"] = nil
        #expect(object.members == [.init("b", 5), .init("c", 3), .init("d", 4)])
    }

    private struct Settings: Codable, Equatable {
        struct Inner: Codable, Equatable { var flag: Bool }
        var whole = -3
        var real = 0.1
        var endless = Double.infinity
        var least = -Double.infinity
        var big = UInt64.max
        var small: UInt64 = 7
        var single: Float = 0.1
        var list = [1, 2]
        var absent: String?
        var inner = Inner(flag: true)
        var byte: UInt8 = 255
    }

    @Test func `settings are written with all their digits and read back as they were`() throws {
        let text =
            #"{"whole":-3,"real":0.1,"endless":"inf","least":"-inf","big":"18446744073709551615","small":7,"#
            + #""single":0.1,"list":[1,2],"inner":{"flag":true},"byte":255}"#
        let value = try JSONValue(encoding: Settings())
        #expect(JSONWriter.text(value, .compact) == text)
        #expect(try value.decode(Settings.self) == Settings())
        #expect(try JSONValue(encoding: [Double.nan]) == ["nan"])
        #expect(try (["nan"] as JSONValue).decode([Double].self)[0].isNaN)
    }

    @Test(arguments: [
        ("whole", "\"x\"", "whole: a string where Int was expected"),
        ("whole", "1.5", "whole: a number where Int was expected"),
        ("inner", "{\"flag\":1}", "inner.flag: a number where Bool was expected"),
        ("inner", "{}", "inner.flag is missing"), ("list", "{}", "list: an object where an array was expected"),
        ("byte", "256", "byte: a number where UInt8 was expected"),
        ("inner", "3", "inner: a number where an object was expected"),
    ])
    func `settings that cannot be read are told by their place`(
        _ name: String, _ text: String, _ summary: String
    ) throws {
        var value = try #require(try JSONValue(encoding: Settings()).object)
        value[name] = try JSONReader.read(Array(text.utf8), path: "a")
        let error = #expect(throws: DecodingError.self) { try JSONValue.object(value).decode(Settings.self) }
        #expect(error?.summary == summary)
    }

    @Test func `texts that look alike but are other bytes are two`() {
        #expect(ExactString("\u{e9}") != ExactString("e\u{301}") && ExactString("a") == ExactString("a"))
        #expect(!hasSameBytes("a", "ab") && !hasSameBytes("ab", "a") && hasSameBytes("é", "é"))
    }

    // MARK: - Files

    @Test func `names in a folder are in order, sizes count all files and no link, and links are told from folders`()
        throws
    {
        try withTemporaryFolder { folder in
            let base = FileSystem.resolved(folder.path)
            try writeFileAtomically(base + "/b/inner/x", [1, 2, 3, 4, 5])
            for name in ["c", "a", ".x", "D"] { try writeFileAtomically(base + "/" + name, [1, 2]) }
            #expect(symlink(base + "/b", base + "/link") == 0)
            #expect(FileSystem.names(in: base) == [".x", "D", "a", "b", "c", "link"])
            #expect(FileSystem.names(in: base + "/none") == [])
            #expect(FileSystem.byteCount(of: base) == 5 + 4 * 2)
            #expect(FileSystem.size(of: base + "/link/inner/x") == 5 && FileSystem.size(of: base + "/none") == nil)
            #expect(FileSystem.isFolder(base + "/link") && !FileSystem.isFolder(base + "/a"))
            #expect(FileSystem.kind(of: base + "/link") == .link && FileSystem.kind(of: base + "/a") == .file)
            #expect(FileSystem.resolved(base + "/link") == base + "/b")
            #expect(FileSystem.resolved(base + "/none") == base + "/none")
            let error = #expect(throws: FileError.self) { try writeFileAtomically(base + "/link", [1]) }
            #expect(error?.rule == "is a link to \(base)/b and is not replaced")
            #expect(error?.help == "choose another name, or remove the link")
            let other = #expect(throws: FileError.self) { try writeFileAtomically(base + "/b", [1]) }
            #expect(other?.rule == "is a folder and is not replaced" && other?.help == "choose another name")
            #expect(throws: FileError.self) { try FileSystem.makeFolder(base + "/a/deeper") }
            FileSystem.removeFolder(base + "/b")
            #expect(!FileSystem.exists(base + "/b") && !FileSystem.exists(base + "/link"))
            #expect(FileSystem.kind(of: base + "/link") == .link)
        }
    }

    @Test func `a path from the root stays, another starts in the current folder, and a tilde is home only in front`()
        throws
    {
        let folder = try #require(FileSystem.currentFolder)
        #expect(FileSystem.absolute("/a/b") == "/a/b")
        #expect(FileSystem.absolute("a/b") == folder + "/a/b")
        let home = ProcessInfo.processInfo.environment["HOME"] ?? "~"
        #expect(FileSystem.withHome("~") == home && FileSystem.withHome("~/x") == home + "/x")
        #expect(FileSystem.withHome("~x") == "~x" && FileSystem.withHome("a/~") == "a/~")
    }

    @Test func `an error names its file, its byte where there is one, and its rule`() {
        #expect(FileError(.malformed, "p", at: 3, "is wrong").description == "p at byte 3: is wrong")
        #expect(FileError(.missing, "p", "does not exist").description == "p: does not exist")
        #expect(
            MistakenFile.lfsPointer(byteCount: 548_105_171).error("p").rule
                == "is a Git LFS pointer to a file of 548 MB, not the file itself")
        #expect(
            MistakenFile.lfsPointer(byteCount: nil).error("p").rule
                == "is a Git LFS pointer to a file, not the file itself")
        let rules = [MistakenFile.webPage, .serverAnswer, .utf16, .empty].map { $0.error("p") }
        for (error, word) in zip(rules, ["a web page", "XML", "UTF-16", "empty"]) {
            #expect(error.rule.contains(word) && error.help != nil && error.kind == .malformed)
        }
    }

    @Test func `a stop is counted until it is cleared, and whoever looks is told`() throws {
        let interrupt = Interrupt()
        try interrupt.check()
        #expect(!interrupt.isRequested)
        interrupt.request()
        interrupt.request()
        #expect(interrupt.count == 2 && interrupt.isRequested)
        #expect(throws: Interrupted()) { try interrupt.check() }
        interrupt.clear()
        #expect(interrupt.count == 0)
        try interrupt.check()
    }

    @Test(
        arguments: [
            ("echo a; echo; echo b >&2; printf c; exit 3", ["a", "", "b", "c"], ChildProgram.End.status(3)),
            ("cat; echo done", ["done"], .status(0)), ("kill -9 $$", [], .signal(9)),
        ] as [(String, [String], ChildProgram.End)])
    func `a program's lines come in order, whole, from both outputs, with how it ended`(
        _ command: String, _ lines: [String], _ end: ChildProgram.End
    ) throws {
        var found: [String] = []
        #expect(try ChildProgram.run(command, isStopped: { false }, line: { found.append($0) }) == end)
        #expect(found == lines)
    }

    @Test func `a program that is stopped has no status of its own`() throws {
        #expect(try ChildProgram.run("sleep 20", isStopped: { true }, line: { _ in }) == .stopped)
    }
}
