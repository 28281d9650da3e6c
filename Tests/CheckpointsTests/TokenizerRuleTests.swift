// The rules of both tokenizer families on vocabularies made up here, small enough that every id can be worked out by
// hand.

import Foundation
import TestSupport
import Testing

@testable import Checkpoints

@Suite struct TokenizerRuleTests {
    // MARK: SentencePiece

    /// `<unk> <s> </s> ▁ a b ▁a ab ▁ab` and then a token for each byte; merges in this order: `▁ a`, `a b`, `▁a b`.
    private func sentencePiece(_ settings: String, hasBytes: Bool = true) throws -> any Tokenizer {
        let names = ["<unk>", "<s>", "</s>", "▁", "a", "b", "▁a", "ab", "▁ab"]
        let bytes = hasBytes ? (0..<256).map { String(format: "<0x%02X>", $0) } : []
        let vocabulary = (names + bytes).enumerated().map { "\"\($1)\": \($0)" }.joined(separator: ", ")
        return try load(
            """
            {"model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": \(hasBytes),
              "vocab": {\(vocabulary)}, "merges": ["▁ a", "a b", "▁a b"]},
             "added_tokens": [{"id": 1, "content": "<s>", "special": true}, {"id": 2, "content": "</s>", "special": true}],
             "post_processor": {"type": "TemplateProcessing",
               "single": [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}],
               "special_tokens": {"<s>": {"ids": [1]}}},
             \(settings)}
            """)
    }

    private func load(_ json: String) throws -> any Tokenizer {
        try withTemporaryFolder { folder in
            try json.write(to: folder.appending(path: "tokenizer.json"), atomically: true, encoding: .utf8)
            return try TokenizerFolder.load(folder.path)
        }
    }

    private static let replace = #"{"type": "Replace", "pattern": {"String": " "}, "content": "▁"}"#
    private static let everyStretch = """
        "normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, \(replace)]},
        "decoder": {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
          {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}
        """
    private static func metaspace(_ scheme: String) -> String {
        let step = #"{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "\#(scheme)", "split": false}"#
        return "\"pre_tokenizer\": \(step), \"decoder\": \(step)"
    }

    @Test(
        arguments: [
            // text, a space before every stretch, before a stretch without one, before the text only, never
            ("ab", [8], [8], [8], [7]),
            (" ab", [3, 8], [8], [8], [8]),
            ("  ab", [3, 3, 8], [3, 8], [3, 8], [3, 8]),
            ("ab</s>ab", [8, 2, 8], [8, 2, 8], [8, 2, 7], [7, 2, 7]),
            ("ab</s> ab", [8, 2, 3, 8], [8, 2, 8], [8, 2, 8], [7, 2, 8]),
            ("</s>ab", [2, 8], [2, 8], [2, 7], [2, 7]),
            ("ab ab", [8, 8], [8, 8], [8, 8], [7, 8]),
            ("ba", [3, 5, 4], [3, 5, 4], [3, 5, 4], [5, 4]),
            // c is no word of the vocabulary, é is two bytes: 9 + 0x63, 9 + 0xC3, 9 + 0xA9.
            ("c", [3, 108], [3, 108], [3, 108], [108]),
            ("aé", [6, 204, 178], [6, 204, 178], [6, 204, 178], [4, 204, 178]),
        ] as [(String, [Int32], [Int32], [Int32], [Int32])])
    func `spaces are put before stretches as the file's rule says, one each`(
        _ text: String, _ everyStretch: [Int32], _ everyStart: [Int32], _ textStart: [Int32], _ never: [Int32]
    ) throws {
        #expect(try sentencePiece(Self.everyStretch).encode(text) == everyStretch)
        #expect(try sentencePiece(Self.metaspace("always")).encode(text) == everyStart)
        #expect(try sentencePiece(Self.metaspace("first")).encode(text) == textStart)
        #expect(try sentencePiece(Self.metaspace("never")).encode(text) == never)
    }

    @Test func `what was put before the text is dropped again, and only that`() throws {
        let every = try sentencePiece(Self.everyStretch), first = try sentencePiece(Self.metaspace("first"))
        let never = try sentencePiece(Self.metaspace("never"))
        for (ids, expected, kept) in [
            ([8], "ab", " ab"), ([3, 8], " ab", "  ab"), ([7], "ab", "ab"), ([8, 8], "ab ab", " ab ab"),
            ([3, 108, 204, 178], "cé", " cé"),
        ] as [([Int32], String, String)] {
            #expect(every.text(of: ids) == expected)
            #expect(first.text(of: ids) == expected)
            #expect(never.text(of: ids) == kept)
        }
        #expect(every.text(of: [1, 8, 2], skippingSpecialTokens: true) == "ab")
        #expect(every.text(of: [1, 8, 2], skippingSpecialTokens: false).hasSuffix("ab</s>"))
        // A byte that is no text by itself.
        #expect(every.text(of: [3, 204]) == "\u{FFFD}")
        #expect(every.decode([3, 204]) == [0xC3])
    }

    @Test func `special tokens are found in the text on request, and put around it on request`() throws {
        let tokenizer = try sentencePiece(Self.everyStretch)
        #expect(try tokenizer.encode("ab", EncodingOptions(addsSpecialTokens: true)) == [1, 8])
        let asText = try tokenizer.encode("</s>", EncodingOptions(parsesSpecialTokens: false))
        // Byte by byte, each 9 after its code.
        let expected: [Int32] = [3] + "</s>".utf8.map { 9 + Int32($0) }
        #expect(asText == expected)
        #expect(tokenizer.endOfTextID == 2)
    }

    @Test func `without byte tokens a run of unknown characters is one unknown`() throws {
        let tokenizer = try sentencePiece(Self.everyStretch, hasBytes: false)
        #expect(try tokenizer.encode("acdb") == [6, 0, 5])
        #expect(try tokenizer.encode("cdacd") == [3, 0, 4, 0])
    }

    @Test func `every text comes back`() throws {
        var random = TestRandom(seed: 9)
        let tokenizers =
            try ["always", "first", "never"].map { try sentencePiece(Self.metaspace($0)) }
            + [try sentencePiece(Self.everyStretch)]
        for _ in 0..<300 {
            let text = (0..<Int.random(in: 1...12, using: &random)).map { _ in
                random.pick(["a", "b", "ab", " ", "c", "é", "漢"])
            }.joined()
            #expect(tokenizers[3].text(of: try tokenizers[3].encode(text)) == text)
            #expect(tokenizers[2].text(of: try tokenizers[2].encode(text)) == text)
            // A space that stands at the start takes the place of the one that is put there.
            for tokenizer in tokenizers[..<2] {
                let expected = text.hasPrefix(" ") ? String(text.dropFirst()) : text
                #expect(tokenizer.text(of: try tokenizer.encode(text)) == expected)
            }
        }
    }

    // MARK: Byte-level

    /// `a b c Ġ ab Ġab 1 ! é's two bytes`, merges `a b`, `Ġ ab`.
    private func byteLevel(addsPrefixSpace: Bool) throws -> any Tokenizer {
        try load(
            #"""
            {"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2, "Ġ": 3, "ab": 4, "Ġab": 5, "1": 6, "!": 7,
               "Ã": 8, "©": 9, "<|endoftext|>": 10}, "merges": ["a b", "Ġ ab"]},
             "added_tokens": [{"id": 10, "content": "<|endoftext|>", "special": true}],
             "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": \#(addsPrefixSpace)},
             "decoder": {"type": "ByteLevel"}}
            """#)
    }

    @Test(
        arguments: [
            ("ab", [4], [5]), (" ab", [5], [5]), ("  ab", [3, 5], [3, 5]), ("ab ab", [4, 5], [5, 5]),
            ("abc", [4, 2], [5, 2]), ("ab1ab!", [4, 6, 4, 7], [5, 6, 4, 7]), ("é", [8, 9], [3, 8, 9]),
            ("ab<|endoftext|>ab", [4, 10, 4], [5, 10, 5]), ("ab<|endoftext|> ab", [4, 10, 5], [5, 10, 5]), ("", [], []),
        ] as [(String, [Int32], [Int32])])
    func
        `byte-level words are cut at spaces, letters and digits, with one space before the text where the file says so`(
            _ text: String, _ plain: [Int32], _ prefixed: [Int32]
        ) throws
    {
        #expect(try byteLevel(addsPrefixSpace: false).encode(text) == plain)
        #expect(try byteLevel(addsPrefixSpace: true).encode(text) == prefixed)
        #expect(try byteLevel(addsPrefixSpace: false).text(of: plain) == text)
    }

    @Test func `merges apply by rank, not from left to right`() throws {
        // "bab": `a b` is listed before `b a`, so the left pair waits.
        let tokenizer = try load(
            #"""
            {"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "ba": 3, "bab": 4},
               "merges": ["a b", "b a", "b ab"]}, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false}}
            """#)
        #expect(try tokenizer.encode("bab") == [4])
        #expect(try tokenizer.encode("ba") == [3])
        #expect(try tokenizer.encode("aba") == [2, 0])
    }
}
