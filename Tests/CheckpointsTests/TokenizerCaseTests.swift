// Tokenizers of the kinds that people have, made up and small (`Tests/Cases/make.py`), against the ids and texts that
// the Hugging Face library gives.

import Foundation
import Support
import TestSupport
import Testing

@testable import Checkpoints

@Suite struct TokenizerCaseTests {
    @Test(arguments: [
        "tok_llama3", "tok_qwen2", "tok_smollm", "tok_gpt4o", "tok_deepseek", "tok_roberta", "tok_words", "tok_letters",
        "tok_split_removed", "tok_split_merged_with_previous", "tok_split_merged_with_next", "tok_split_contiguous",
    ])
    func `a tokenizer of any kind that is known gives the library's ids and texts`(_ name: String) throws {
        let folder = casesFolder.appending(path: "tokenizers/\(name)").path
        let tokenizer = try TokenizerFolder.load(folder)
        let examples = try #require(try JSONReader.readFile(folder + "/expect.json").array)
        #expect(examples.count >= 18)
        for example in examples {
            let text = try #require(example["text"]?.string)
            let expected = example["ids"]?.array.map { $0.compactMap { $0.integer.map(Int32.init) } }
            let ids = try tokenizer.encode(text, EncodingOptions(addsSpecialTokens: true))
            #expect(ids == expected, "\(name): \(text.debugDescription)")
            let own = ids.dropFirst(tokenizer.prefixIDs.count).dropLast(tokenizer.suffixIDs.count)
            // The library takes an added "é" for the byte that GPT-2 writes so, which is then no text.
            guard let decoded = example["decoded"]?.string, !decoded.contains("\u{FFFD}") else { continue }
            #expect(tokenizer.text(of: own) == decoded, "\(name): \(text.debugDescription)")
        }
    }

    @Test func `tokens that only the files beside a tokenizer list are found in a text`() throws {
        // GPT-2's vocab.json and merges.txt with added_tokens.json; ids of transformers 5.24.
        let tokenizer = try TokenizerFolder.load(
            casesFolder.appending(path: "checkpoints/k5-added-tokens-json").path)
        #expect(try tokenizer.encode("ab 12<latent> 1[PAD]") == [258, 220, 256, 261, 220, 16, 260])
        #expect(tokenizer.text(of: [258, 261, 260]) == "ab<latent>[PAD]")
    }

    @Test func `a token listed under an id that the vocabulary does not lead to is refused by name`() throws {
        try withCopy("checkpoints/k5-added-tokens-json") { folder in
            try #"{"[PAD]":260,"<latent>":270}"#.write(
                to: folder.appending(path: "added_tokens.json"), atomically: true, encoding: .utf8)
            let error = #expect(throws: FileError.self) { try TokenizerFolder.load(folder.path) }
            #expect(error?.rule == #"gives "<latent>" the id 270, but the vocabulary leads to 261"#)
        }
    }

    @Test(arguments: [
        (#""eos_token": "ab""#, 258), (#""eos_token": {"content": "12"}"#, 256), (#""pad_token": "ab""#, 259),
    ])
    func `the token that ends a text is the one that the settings name`(_ member: String, _ id: Int32) throws {
        try withCopy("checkpoints/k6-llama3-style") { folder in
            try "{\(member)}".write(
                to: folder.appending(path: "tokenizer_config.json"), atomically: true, encoding: .utf8)
            #expect(try TokenizerFolder.load(folder.path).endOfTextID == id)
        }
    }

    @Test(arguments: ["generation_config.json", "config.json"])
    func `where no tokenizer file names it, the model's own files say which token ends a text`(_ file: String) throws {
        try withCopy("tokenizers/tok_llama3") { folder in
            try #"{"eos_token_id": [320, 5], "limits": [0, Infinity]}"#.write(
                to: folder.appending(path: file), atomically: true, encoding: .utf8)
            #expect(try TokenizerFolder.load(folder.path).endOfTextID == 320)
        }
    }

    @Test func `a vocabulary with merges gets the tokens around a text that its settings ask for`() throws {
        try withCopy("checkpoints/k5-added-tokens-json") { folder in
            try #"{"bos_token": "ab", "eos_token": "<|endoftext|>", "add_bos_token": true, "add_eos_token": true}"#
                .write(
                    to: folder.appending(path: "tokenizer_config.json"), atomically: true, encoding: .utf8)
            let tokenizer = try TokenizerFolder.load(folder.path)
            let ids = try tokenizer.encode("12", EncodingOptions(addsSpecialTokens: true))
            #expect(ids == [258, 256, try #require(tokenizer.endOfTextID)])
        }
    }

    @Test func `where tokenizer.json and the settings differ about the start of a text, the first holds with a note`()
        throws
    {
        try withCopy("checkpoints/k1-bos-sentencepiece") { folder in
            let tokenizer = try TokenizerFolder.load(folder.path)
            #expect(try TokenizerFolder.notes(folder.path, tokenizer) == [])
            try #"{"eos_token": "</s>", "add_bos_token": false}"#.write(
                to: folder.appending(path: "tokenizer_config.json"), atomically: true, encoding: .utf8)
            #expect(tokenizer.prefixIDs == [1])
            #expect(
                try TokenizerFolder.notes(folder.path, tokenizer) == [
                    "tokenizer_config.json says add_bos_token false, tokenizer.json puts <s> before a "
                        + "text: that holds, as in transformers 5"
                ])
        }
    }

    @Test(arguments: [
        (#"{"type": "Unigram", "vocab": [["a", 0.5]]}"#, "null", "a vocabulary with scores"),
        (#"{"type": "WordPiece", "vocab": {"a": 0}}"#, "null", "a WordPiece model; BPE and WordLevel are read"),
        (
            #"{"type": "WordLevel", "vocab": {"a": 0}}"#, #"{"type": "BertPreTokenizer"}"#,
            "pre_tokenizer BertPreTokenizer; ByteLevel, Metaspace"
        ),
        (
            #"{"type": "WordLevel", "vocab": {"a": 0}}"#,
            #"{"type": "Split", "pattern": {"Regex": "(?<=a)b"}, "behavior": "Isolated"}"#,
            "a Split by \"(?<=a)b\": a group"
        ),
        (
            #"{"type": "WordLevel", "vocab": {"a": 0}}"#,
            #"{"type": "Split", "pattern": {"Regex": "\\p{Han}+"}, "behavior": "Isolated"}"#, "\\p{Han}"
        ),
    ])
    func `a step that is not known is refused by its name`(_ model: String, _ step: String, _ rule: String) throws {
        try withTemporaryFolder { folder in
            try "{\"model\": \(model), \"pre_tokenizer\": \(step)}".write(
                to: folder.appending(path: "tokenizer.json"), atomically: true, encoding: .utf8)
            let error = #expect(throws: FileError.self) { try TokenizerFolder.load(folder.path) }
            #expect(error?.kind == .unsupported)
            #expect(error?.rule.contains(rule) == true, "\(error?.rule ?? "")")
        }
    }

    private func withCopy(_ name: String, _ body: (URL) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let copy = folder.appending(path: "copy")
            try FileManager.default.copyItem(at: casesFolder.appending(path: name), to: copy)
            try body(copy)
        }
    }
}

@Suite struct TextPatternTests {
    /// The first match of a pattern, as text; nil for none.
    private func first(_ pattern: String, _ text: String) throws -> String? {
        var text = text
        return try text.withUTF8 { bytes in
            try TextPattern(pattern).firstMatch(in: bytes, from: 0).map { String(decoding: bytes[$0], as: UTF8.self) }
        }
    }

    @Test(
        arguments: [
            ("a|ab", "xab", "a"), ("ab|a", "xab", "ab"), ("a{2,3}", "aaaa", "aaa"), ("a{2}", "aaaa", "aa"),
            ("a+?b", "aab", "aab"), ("a+?", "aab", "a"), ("a++a", "aaa", nil), ("(?:ab)+", "xababa", "abab"),
            ("(?i:'s)", "X'S", "'S"), ("(?i:'s)", "'\u{17F}", "'\u{17F}"), (#"\s+(?!\S)"#, "a   b", "  "),
            (#"\s+(?!\S)"#, "a b", nil), (#"\s+(?=\S)"#, "a   b", "   "), (#"[^\s\p{L}]+"#, "ab-12 c", "-12"),
            (#"[\p{Lu}\p{M}]+"#, "aÉ\u{301}b", "É\u{301}"), (#"\p{^L}"#, "ab1", "1"), (#"[a\-c]+"#, "b-ca", "-ca"),
            ("[]a]+", "x]a", "]a"), (#"\u00e9."#, "é\u{1F600}x", "é\u{1F600}"), ("^b", "ab", nil), ("b$", "ab", "b"),
            (#"\w+"#, "-é_1-", "é_1"), (#"\d"#, "x½٣", "٣"), ("a*b", "aac", nil), ("(a|b)*c", "ababc", "ababc"),
        ] as [(String, String, String?)])
    func `a pattern matches where Oniguruma's rules say`(_ pattern: String, _ text: String, _ match: String?) throws {
        // The star over a group of single letters is a repetition of something that is never empty.
        #expect(try first(pattern, text) == match)
    }

    @Test(arguments: [
        "(a*)*", "(?<n>a)", "[a[b]]", "a)", "(a", #"\p{Greek}"#, #"\1"#, "*a", "[b-a]", "a{3,2}", #"\"#, "[a",
    ])
    func `what is not known in a pattern is a fault, not a guess`(_ pattern: String) {
        #expect(throws: TextPattern.Fault.self) { try TextPattern(pattern) }
    }
}
