// The patterns by which tokenizer files cut texts: what each sign of them matches, and why one is not read.

import Testing

@testable import Checkpoints

@Suite struct PatternRuleTests {
    private func first(_ pattern: String, _ text: String) throws -> String? {
        var text = text
        return try text.withUTF8 { bytes in
            try TextPattern(pattern).firstMatch(in: bytes, from: 0).map { String(decoding: bytes[$0], as: UTF8.self) }
        }
    }

    @Test(
        arguments: [
            (".+", "a\nb", "a"), (".+", "a\rb", "a\rb"), ("[^a]+", "ab\nc", "b\nc"), (#"\S+"#, " ab ", "ab"),
            (#"\D+"#, "12ab3", "ab"), (#"\W+"#, "ab-!c", "-!"), (#"\P{L}+"#, "ab12c", "12"), (#"\P{^L}"#, "1b", "b"),
            (#"\x41"#, "aA", "A"), (#"[\t\n]+"#, "a\t\nb", "\t\n"), (#"\r"#, "\n\r", "\r"),
            (#"\v"#, "\u{0C}\u{0B}", "\u{0B}"), (#"\f"#, "\u{0B}\u{0C}", "\u{0C}"), ("[a-]+", "b-a", "-a"),
        ] as [(String, String, String?)])
    func `each sign for one character matches the characters that it stands for`(
        _ pattern: String, _ text: String, _ match: String?
    ) throws {
        let found = try first(pattern, text)
        #expect(found.map { Array($0.utf8) } == match.map { Array($0.utf8) })
    }

    @Test(
        arguments: [
            (#"\p{Letter}+"#, "1ab", "ab"), (#"\p{Number}+"#, "a½2", "½2"), (#"\p{Nd}+"#, "½12", "12"),
            (#"\p{P}+"#, "a+!?", "!?"), (#"\p{S}+"#, "!+$", "+$"), (#"\p{Sc}"#, "+$", "$"), (#"\p{Lu}+"#, "aBC", "BC"),
            (#"\p{Ll}"#, "Ba", "a"), (#"\p{M}"#, "e\u{301}", "\u{301}"), (#"\p{Pc}"#, "-_", "_"),
            (#"\p{Zs}"#, "\n ", " "), (#"\p{Cc}"#, "a\n", "\n"),
        ] as [(String, String, String?)])
    func `a property is a general category, or all those that begin with its letter`(
        _ pattern: String, _ text: String, _ match: String?
    ) throws {
        #expect(try first(pattern, text) == match)
    }

    @Test(
        arguments: [
            ("(?i:[a-c]+)", "xAbCd", "AbC"), ("(?i:k)", "\u{212A}", "\u{212A}"), ("(?i:(?:ab))", "AB", "AB"),
            ("(?i:É)", "é", "é"), ("(?:(?i:a)b)", "Ab", "Ab"), ("(?:(?i:a)b)", "AB", nil), ("[a-c]+", "AbC", "b"),
        ] as [(String, String, String?)])
    func `both cases count inside their group and nowhere else`(
        _ pattern: String, _ text: String, _ match: String?
    )
        throws
    {
        let found = try first(pattern, text)
        #expect(found.map { Array($0.utf8) } == match.map { Array($0.utf8) })
    }

    @Test(
        arguments: [
            // A match is never empty.
            ("a*", "baa", "aa"), ("a??", "a", nil), ("a?", "ba", "a"), ("(?=b)", "ab", nil),
            ("a*?b", "aab", "aab"), ("a??b", "ab", "ab"), ("a{3}", "aa", nil), ("a{2,}", "aaaa", "aaaa"),
            ("a{,2}", "aaa", "aa"), ("a{100}", String(repeating: "a", count: 100), String(repeating: "a", count: 100)),
            // What was taken is given back character by character, also where these have several bytes.
            ("é+é", "éééx", "ééé"), ("é*+é", "ééé", nil), ("é+(?=[^x])", "ééé", "éé"), ("漢{1,3}漢", "漢漢漢", "漢漢漢"),
            ("(?:a|ab)c", "abc", "abc"),
            ("a|b|c", "xc", "c"),
            ("(?:ab){64}", String(repeating: "ab", count: 64), String(repeating: "ab", count: 64)),
            // The ends of the text, and what stands behind.
            ("a$", "ab", nil), ("a$", "aab\na", "a"), ("^a", "a", "a"), ("(?!a).", "ab", "b"), ("(?=b).", "ab", "b"),
        ] as [(String, String, String?)])
    func `a pattern takes as much as it may, gives back what the rest needs, and never matches nothing`(
        _ pattern: String, _ text: String, _ match: String?
    ) throws {
        #expect(try first(pattern, text) == match)
    }

    @Test func `a search begins where it is told to, and the start of the text stays the start`() throws {
        func found(_ pattern: String, _ text: [UInt8], from start: Int = 0) throws -> Range<Int>? {
            let pattern = try TextPattern(pattern)
            return text.withUnsafeBufferPointer { pattern.firstMatch(in: $0, from: start) }
        }
        let text = Array("abab".utf8)
        #expect(try found("ab", text, from: 1) == 2..<4)
        #expect(try found("^ab", text, from: 2) == nil)
        #expect(try found("b", text, from: 4) == nil)
        // A byte that is no text is a character of no kind.
        #expect(try found(#"[^\p{L}]"#, [0x61, 0xFF, 0x62]) == 1..<2)
        #expect(try found(#"\p{L}\p{L}"#, [0x61, 0xFF, 0x62]) == nil)
    }

    @Test(arguments: [
        ("(?:ab)++", "a group that never gives back"), ("(?:a?)*", "a repetition of something that may be empty"),
        ("(?:a|b*){2}", "a repetition of something that may be empty"), ("(?:ab){65}", "a repetition of more than 64"),
        ("(?:ab){1,65}", "a repetition of more than 64"), ("(?:ab){65,}", "a repetition of more than 64"),
        ("a{3,2}", "a count that is not {m,n}"),
        ("a{2", "a count that is not {m,n}"), ("a)", ") without its group"), ("(a", "a group without its )"),
        ("[a", "a pattern that ends too early"), ("a\\", "a pattern that ends too early"),
        ("[b-a]", "a range that is not from a lower to a higher character"),
        (#"[a-\d]"#, "a range that is not from a lower to a higher character"), ("[a[b]]", "a class inside a class"),
        ("[a&&b]", "a class inside a class"), (#"\x4"#, "an escape without its 2 hexadecimal digits"),
        (#"\u00e"#, "an escape without its 4 hexadecimal digits"), (#"\1"#, "\\1"), (#"\b"#, "\\b"),
        (#"\pL"#, "\\p without {…}"), (#"\p{Greek}"#, "\\p{Greek}"), ("+a", "+ after nothing"),
        ("a|*", "* after nothing"), ("(?<n>a)", "a group (?<"), ("(?", "a group (?"),
    ])
    func `a pattern that is not read is refused by the sign that is not known`(_ pattern: String, _ rule: String) {
        let fault = #expect(throws: TextPattern.Fault.self) { try TextPattern(pattern) }
        #expect(fault?.rule == rule)
    }

    @Test func `groups may lie inside each other, but not without end`() throws {
        func nested(_ count: Int) -> String {
            String(repeating: "(", count: count) + "a" + String(repeating: ")", count: count)
        }
        for count in [60, 64] { #expect(try first(nested(count), "ba") == "a") }
        let fault = #expect(throws: TextPattern.Fault.self) { try TextPattern(nested(65)) }
        #expect(fault?.rule == "more than 64 groups inside each other")
    }
}
