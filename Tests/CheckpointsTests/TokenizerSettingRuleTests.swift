// What the small files beside a tokenizer change, which switch of a tokenizer.json is which, and what its steps are
// where they are left out, on vocabularies small enough for every id to be worked out by hand.

import Foundation
import Support
import TestSupport
import Testing

@testable import Checkpoints

private func withFiles<R>(_ files: [String: String], _ body: (String) throws -> R) throws -> R {
    try withTemporaryFolder { folder in
        for (name, text) in files { try writeFileAtomically(folder.path + "/" + name, text.utf8) }
        return try body(folder.path)
    }
}

private func load(_ files: [String: String]) throws -> any Tokenizer {
    try withFiles(files) { try TokenizerFolder.load($0) }
}

/// A tokenizer.json and, where it is given, a tokenizer_config.json beside it.
private func load(_ json: String, settings: String? = nil) throws -> any Tokenizer {
    var files = ["tokenizer.json": json]
    if let settings { files["tokenizer_config.json"] = settings }
    return try load(files)
}

private func refusal(_ json: String, settings: String? = nil) -> FileError? {
    #expect(throws: FileError.self) { try load(json, settings: settings) }
}

/// `"<0x00>": n, …` for all bytes, the first with this id.
private func byteTokens(from first: Int) -> String {
    (0..<256).map { "\"\(String(format: "<0x%02X>", $0))\": \($0 + first)" }.joined(separator: ", ")
}

@Suite struct PrefixSpaceRuleTests {
    private static let vocabulary = #"{"a": 0, "b": 1, "Ġ": 2, "Ġa": 3, "<|endoftext|>": 4}"#

    @Test func `a vocabulary with merges gets a space before each text only where the settings ask for it`() throws {
        func ids(_ settings: String) throws -> [Int32] {
            try load([
                "vocab.json": Self.vocabulary, "merges.txt": "Ġ a\n", "tokenizer_config.json": settings,
            ]).encode("a b")
        }
        #expect(try ids("{}") == [0, 2, 1] && ids(#"{"add_prefix_space": false}"#) == [0, 2, 1])
        #expect(try ids(#"{"add_prefix_space": true}"#) == [3, 2, 1])
    }

    @Test func `the settings can ask for the space that tokenizer.json leaves out`() throws {
        let json = #"""
            {"model": {"vocab": \#(Self.vocabulary), "merges": ["Ġ a"]},
             "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false}}
            """#
        #expect(try load(json).encode("a b") == [0, 2, 1])
        #expect(try load(json, settings: #"{"add_prefix_space": true}"#).encode("a b") == [3, 2, 1])
    }

    @Test func `the settings can leave out the space that a normalizer or Metaspace would put there`() throws {
        func json(_ step: String) -> String {
            #"""
            {"model": {"vocab": {"<unk>": 0, "▁": 1, "a": 2, "▁a": 3}, "merges": ["▁ a"], "unk_token": "<unk>"},
             \#(step)}
            """#
        }
        let replace = #"{"type": "Replace", "pattern": {"String": " "}, "content": "▁"}"#
        for step in [
            #""normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, \#(replace)]}"#,
            #""pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"}"#,
        ] {
            #expect(try load(json(step)).encode("a a") == [3, 3])
            #expect(try load(json(step), settings: #"{"add_prefix_space": true}"#).encode("a a") == [3, 3])
            #expect(try load(json(step), settings: #"{"add_prefix_space": false}"#).encode("a a") == [2, 3], "\(step)")
        }
    }

    @Test func `where the settings leave out the space before a text, none is taken from what is written`() throws {
        let json = #"""
            {"model": {"vocab": {"<unk>": 0, "▁": 1, "a": 2, "▁a": 3}, "merges": ["▁ a"], "unk_token": "<unk>"},
             "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"},
             "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"}}
            """#
        #expect(try load(json).text(of: [3, 3]) == "a a")
        #expect(try load(json, settings: #"{"add_prefix_space": true}"#).text(of: [3, 3]) == "a a")
        #expect(try load(json, settings: #"{"add_prefix_space": false}"#).text(of: [3, 3]) == " a a")
    }
}

@Suite struct AddedTokenFlagRuleTests {
    /// Each stretch is one word here; `?` stands for those that are none. `<x>` is added, with what else is said of it.
    private func ids(_ text: String, added: String?, settings: String = "{}") throws -> [Int32] {
        let token = added.map { #"{"id": 2, "content": "<x>", "special": true\#($0)}"# } ?? ""
        let json = #"""
            {"model": {"type": "WordLevel", "vocab": {"a": 0, "b": 1, "<x>": 2, "?": 3}, "unk_token": "?"},
             "added_tokens": [\#(token)]}
            """#
        return try load(json, settings: settings).encode(text)
    }

    /// The ids with spaces before it, with spaces after it, and inside a word.
    private func found(added: String?, settings: String = "{}") throws -> [[Int32]] {
        try ["a <x>b", "a<x> b", "a<x>b"].map { try ids($0, added: added, settings: settings) }
    }

    @Test func `lstrip takes the spaces before a token, rstrip those after it, single_word leaves it in words alone`()
        throws
    {
        let plain: [[Int32]] = [[3, 2, 1], [0, 2, 3], [0, 2, 1]]
        #expect(try found(added: "") == plain)
        for (flag, expected) in [
            ("lstrip", [[0, 2, 1], [0, 2, 3], [0, 2, 1]]), ("rstrip", [[3, 2, 1], [0, 2, 1], [0, 2, 1]]),
            ("single_word", [[3], [3], [3]]),
        ] as [(String, [[Int32]])] {
            // A letter stands beside it in all three.
            #expect(try found(added: ", \"\(flag)\": true") == expected, "\(flag)")
            // What lists it by its id says how it is looked for, whatever the other file says.
            let decoder = #"{"added_tokens_decoder": {"2": {"content": "<x>", "special": true, "\#(flag)": true}}}"#
            #expect(try found(added: "", settings: decoder) == expected, "\(flag)")
            let off = #"{"added_tokens_decoder": {"2": {"content": "<x>", "special": true, "\#(flag)": false}}}"#
            #expect(try found(added: ", \"\(flag)\": true", settings: off) == plain, "\(flag)")
            // What only names it for a role does not, unless nothing else lists it.
            let role = #"{"pad_token": {"content": "<x>", "\#(flag)": true}}"#
            #expect(try found(added: "", settings: role) == plain, "\(flag)")
            #expect(try found(added: nil, settings: role) == expected, "\(flag)")
        }
        #expect(try ids("<x>", added: ", \"single_word\": true") == [2])
        #expect(try ids("?<x>?", added: ", \"single_word\": true") == [3, 2, 3])
    }

    @Test func `a listed token is looked for after normalization unless it is a sign or says otherwise`() throws {
        let json = #"""
            {"model": {"type": "WordLevel", "vocab": {"a": 0, "<X>": 1, "?": 2}, "unk_token": "?"},
             "normalizer": {"type": "Lowercase"}}
            """#
        func ids(_ flags: String) throws -> [[Int32]] {
            let settings = #"{"added_tokens_decoder": {"1": {"content": "<X>"\#(flags)}}}"#
            let tokenizer = try load(json, settings: settings)
            return [try tokenizer.encode("A<X>"), try tokenizer.encode("A<x>")]
        }
        #expect(try ids("") == [[0, 1], [0, 1]] && ids(#", "normalized": true"#) == [[0, 1], [0, 1]])
        #expect(try ids(#", "special": true"#) == [[0, 1], [2]])
        #expect(try ids(#", "normalized": false"#) == [[0, 1], [2]])
        #expect(try ids(#", "special": true, "normalized": true"#) == [[0, 1], [0, 1]])
    }

    @Test func `a token is a sign where its list says so, and every token of a role or an extra one is`() throws {
        let json = #"{"model": {"type": "WordLevel", "vocab": {"a": 0, "<x>": 1}}}"#
        for (settings, isSign) in [
            (#"{"added_tokens_decoder": {"1": {"content": "<x>"}}}"#, false),
            (#"{"added_tokens_decoder": {"1": {"content": "<x>", "special": true}}}"#, true),
            (#"{"added_tokens_decoder": {"1": {"content": "<x>", "special": false}}}"#, false),
            (#"{"mask_token": {"content": "<x>"}}"#, true), (#"{"own_token": "<x>"}"#, true),
            (#"{"extra_special_tokens": [{"content": "<x>", "special": false}]}"#, true),
        ] {
            let text = try load(json, settings: settings).text(of: [0, 1], skippingSpecialTokens: true)
            #expect(text == (isSign ? "a" : "a <x>"), "\(settings)")
        }
    }
}

@Suite struct ListedTokenRuleTests {
    private static let vocabulary = #"{"a": 0, "b": 1, "c": 2, "d": 3, "e": 4, "f": 5, "g": 6, "h": 7, "ab": 8}"#

    private func load(_ more: [String: String]) throws -> any Tokenizer {
        try withFiles(["vocab.json": Self.vocabulary, "merges.txt": "a b\n"].merging(more) { $1 }) {
            try TokenizerFolder.load($0)
        }
    }

    @Test func `tokens that are listed by their ids come in the order of the numbers, whatever stands first`() throws {
        let decoder =
            #"{"added_tokens_decoder": {"10": {"content": "<n>"}, "9": {"content": "<m>"}}}"#
        for files in [["added_tokens.json": #"{"<n>": 10, "<m>": 9}"#], ["tokenizer_config.json": decoder]] {
            let tokenizer = try load(files)
            #expect(tokenizer.id(of: "<m>") == 9 && tokenizer.id(of: "<n>") == 10 && tokenizer.vocabularySize == 11)
            #expect(try tokenizer.encode("a<n><m>") == [0, 10, 9])
        }
    }

    @Test func `a list that gives a word another id than the vocabulary has is refused by its file`() throws {
        for (file, text) in [
            ("added_tokens.json", #"{"ab": 7}"#),
            ("tokenizer_config.json", #"{"added_tokens_decoder": {"7": {"content": "ab"}}}"#),
        ] {
            let error = #expect(throws: FileError.self) { try load([file: text]) }
            #expect(error?.kind == .contradictory && error?.path.hasSuffix("/" + file) == true)
            #expect(error?.rule == "gives \"ab\" the id 7, but the vocabulary leads to 8")
        }
        // Its own id is no other.
        #expect(try load(["added_tokens.json": #"{"ab": 8}"#]).encode("cab") == [2, 8])
    }

    @Test func `a list that gives a new token an id below zero is told the next free one`() throws {
        for (file, text) in [
            ("added_tokens.json", #"{"<n>": -1}"#),
            ("tokenizer_config.json", #"{"added_tokens_decoder": {"-1": {"content": "<n>"}}}"#),
        ] {
            let error = #expect(throws: FileError.self) { try load([file: text]) }
            #expect(error?.rule == "gives \"<n>\" the id -1, but the vocabulary leads to 9")
        }
    }

    @Test func `the map of special tokens has the last word on who has which role`() throws {
        let settings = #"{"eos_token": "a", "bos_token": "c", "add_bos_token": true}"#
        let map = #"{"eos_token": "b"}"#
        let tokenizer = try load(["tokenizer_config.json": settings, "special_tokens_map.json": map])
        #expect(tokenizer.endOfTextID == 1 && tokenizer.prefixIDs == [2])
        #expect(try load(["special_tokens_map.json": map]).endOfTextID == 1)
        // Where a decoder of added tokens is there, the map is not read.
        let decoder = #"{"eos_token": "a", "added_tokens_decoder": {"9": {"content": "<m>"}}}"#
        #expect(try load(["tokenizer_config.json": decoder, "special_tokens_map.json": map]).endOfTextID == 0)
    }

    @Test func `extra tokens may be an object of them, and go before those under the older name`() throws {
        let settings = #"{"extra_special_tokens": {"x": "<q>", "y": "<r>"}, "additional_special_tokens": ["<s>"]}"#
        let tokenizer = try load(["tokenizer_config.json": settings])
        #expect(tokenizer.id(of: "<q>") == 9 && tokenizer.id(of: "<r>") == 10 && tokenizer.id(of: "<s>") == nil)
    }

    @Test func `the end of a text that generation_config.json names goes before that of config.json`() throws {
        let json = #"""
            {"model": {"type": "WordLevel", "vocab": {"a": 0, "<p>": 1, "<q>": 2}},
             "added_tokens": [{"id": 1, "content": "<p>", "special": true},
               {"id": 2, "content": "<q>", "special": true}]}
            """#
        let files = [
            "tokenizer.json": json, "config.json": #"{"eos_token_id": 1}"#,
            "generation_config.json": #"{"eos_token_id": 2}"#,
        ]
        #expect(try withFiles(files) { try TokenizerFolder.load($0).endOfTextID } == 2)
        let silent = files.merging(["generation_config.json": "{}"]) { $1 }
        #expect(try withFiles(silent) { try TokenizerFolder.load($0).endOfTextID } == 1)
    }

    @Test func `what stands around a text is told with all its tokens, and a vocabulary with merges has no notes`()
        throws
    {
        func json(_ single: String) -> String {
            #"""
            {"model": {"type": "WordLevel", "vocab": {"a": 0, "<p>": 1, "<q>": 2}},
             "post_processor": {"type": "TemplateProcessing", "single": [\#(single)],
               "special_tokens": {"p": {"ids": [1]}, "q": {"ids": [2]}}}}
            """#
        }
        let text = #"{"Sequence": {"id": "A"}}"#
        let both = #"{"SpecialToken": {"id": "p"}}, {"SpecialToken": {"id": "q"}}"#
        for (single, settings, words) in [
            (
                both + ", " + text, #"{"add_bos_token": false}"#,
                "add_bos_token false, tokenizer.json puts <p> <q> before"
            ),
            (
                text + ", " + both, #"{"add_eos_token": false}"#,
                "add_eos_token false, tokenizer.json puts <p> <q> after"
            ),
            (text, #"{"add_bos_token": true}"#, "add_bos_token true, tokenizer.json puts nothing before"),
        ] {
            let notes = try withFiles(["tokenizer.json": json(single), "tokenizer_config.json": settings]) {
                try TokenizerFolder.notes($0, try TokenizerFolder.load($0))
            }
            #expect(notes == ["tokenizer_config.json says \(words) a text: that holds, as in transformers 5"])
        }
        let none = try withFiles([
            "vocab.json": Self.vocabulary, "merges.txt": "a b\n", "tokenizer_config.json": #"{"add_bos_token": true}"#,
        ]) { try TokenizerFolder.notes($0, try TokenizerFolder.load($0)) }
        #expect(none == [])
    }
}

@Suite struct ByteTokenRuleTests {
    /// `<unk> ▁ a b a▁ a▁b` and a token for each byte, the first of them 6.
    private func encoder(_ settings: String, decoder: String = "null") throws -> any Tokenizer {
        try load(
            #"""
            {"model": {"vocab": {"<unk>": 0, "▁": 1, "a": 2, "b": 3, "a▁": 4, "a▁b": 5, \#(byteTokens(from: 6))},
               "merges": ["a ▁", "a▁ b"], "unk_token": "<unk>"\#(settings)},
             "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}, "decoder": \#(decoder)}
            """#)
    }

    @Test func `unknown characters are written byte by byte only where the file says so`() throws {
        let c = 6 + Int32(UInt8(ascii: "c"))
        #expect(try encoder(#", "byte_fallback": true"#).encode("ac") == [2, c])
        #expect(try encoder("").encode("ac") == [2, 0])
        #expect(try encoder(#", "byte_fallback": false"#).encode("ac") == [2, 0])
    }

    @Test func `where a merge has a space inside it, a text is not cut at spaces`() throws {
        #expect(try encoder(#", "byte_fallback": true"#).encode("a b") == [5])
        #expect(try encoder(#", "byte_fallback": true"#).encode("ba b b") == [3, 5, 1, 3])
    }

    @Test func `a run of byte tokens is text as a whole, or as many signs for what is none`() throws {
        let tokenizer = try encoder(#", "byte_fallback": true"#)
        func text(_ bytes: [UInt8], then more: [Int32] = []) -> String {
            tokenizer.text(of: bytes.map { 6 + Int32($0) } + more)
        }
        #expect(text([0xC3, 0xA9]) == "é" && text([0xE6, 0xBC, 0xA2], then: [2]) == "漢a")
        #expect(text([0xE6, 0xBC]) == "\u{FFFD}\u{FFFD}" && text([0xC3], then: [2]) == "\u{FFFD}a")
        #expect(text([0x41, 0xC3]) == "\u{FFFD}\u{FFFD}" && text([0x41], then: [2, 6 + 0xC3]) == "Aa\u{FFFD}")
    }

    @Test func `as many spaces are dropped as the decoder says, of those that are there`() throws {
        func text(_ steps: String, _ ids: [Int32]) throws -> String {
            try encoder(
                #", "byte_fallback": true"#, decoder: #"{"type": "Sequence", "decoders": [\#(steps)]}"#
            ).text(of: ids)
        }
        let replace = #"{"type": "Replace", "pattern": {"String": "▁"}, "content": " "}"#
        func strip(_ count: Int) -> String { #"{"type": "Strip", "content": " ", "start": \#(count), "stop": 0}"# }
        #expect(try text(replace, [1, 1, 1, 2]) == "   a" && text(replace + ", " + strip(0), [1, 2]) == " a")
        #expect(try text(replace + ", " + strip(1), [1, 1, 1, 2]) == "  a")
        #expect(
            try text(replace + ", " + strip(2), [1, 1, 1, 2]) == " a" && text(replace + ", " + strip(2), [1, 2]) == "a")
        #expect(try text(strip(1) + ", " + strip(1), [1, 1, 1, 2]) == " a")
        // Only before the text: the space of a later token stays.
        #expect(try text(replace + ", " + strip(1), [2, 1, 3]) == "a b")
    }

    @Test func `Metaspace drops the space before the first token, and none where it puts none`() throws {
        func text(_ more: String, _ ids: [Int32]) throws -> String {
            try encoder(#", "byte_fallback": true"#, decoder: #"{"type": "Metaspace", "replacement": "▁"\#(more)}"#)
                .text(of: ids)
        }
        #expect(try text("", [1, 1, 2]) == " a" && text(#", "prepend_scheme": "first""#, [1, 2]) == "a")
        #expect(try text(#", "prepend_scheme": "never""#, [1, 2]) == " a")
        #expect(try text(#", "add_prefix_space": false"#, [1, 2]) == " a")
        #expect(try text("", [6 + 0x63, 1, 2]) == "c a")
    }

    @Test(arguments: [
        (#""decoder": {"type": "CTC"}"#, "decoder CTC"), (#""decoder": {"kind": "Fuse"}"#, "decoder without a type"),
        (#""decoder": {"type": "Strip", "content": " ", "start": 1, "stop": 1}"#, "decoder Strip"),
        (#""decoder": {"type": "Strip", "content": "_", "start": 1, "stop": 0}"#, "decoder Strip"),
        (#""decoder": {"type": "Replace", "pattern": {"String": "▁"}, "content": "_"}"#, "decoder Replace"),
        (
            #""normalizer": {"type": "Prepend", "prepend": "▁"}"#,
            "a normalizer other than Prepend \"▁\" and Replace \" \" by \"▁\""
        ),
        (#""normalizer": null"#, "a normalizer other than Prepend \"▁\" and Replace \" \" by \"▁\""),
        (#""pre_tokenizer": {"type": "Metaspace", "replacement": "▁"}"#, "a normalizer before Metaspace"),
        (
            #""pre_tokenizer": {"type": "Whitespace"}"#,
            "pre_tokenizer Whitespace of a model without byte-level characters"
        ),
    ])
    func `what a tokenizer with signs for spaces does not know is refused by name`(_ step: String, _ rule: String) {
        let usual = #""normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}, "#
        let json =
            #"{"model": {"vocab": {"<unk>": 0, "▁": 1}, "merges": [], "unk_token": "<unk>"}, "#
            + (step.hasPrefix("\"normalizer") ? "" : usual) + step + "}"
        let error = refusal(json)
        #expect(error?.kind == .unsupported && error?.rule == rule)
    }
}

@Suite struct ByteLevelDetailRuleTests {
    @Test func `a piece that is a token as a whole is merged all the same unless the file says otherwise`() throws {
        func ids(_ more: String) throws -> [Int32] {
            try load(
                #"""
                {"model": {"vocab": {"a": 0, "b": 1, "c": 2, "ab": 3, "abc": 4}, "merges": ["a b"]\#(more)},
                 "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false}}
                """#
            ).encode("abc")
        }
        #expect(try ids("") == [3, 2] && ids(#", "ignore_merges": false"#) == [3, 2])
        #expect(try ids(#", "ignore_merges": true"#) == [4])
    }

    @Test(
        arguments: [
            ("a!", 1, "\"!\""), ("~", 0, "\"~\""), ("a b", 1, "byte 32"), ("a\u{7F}", 1, "byte 127"),
            ("aaé", 2, "byte 195"), ("\n", 0, "byte 10"), ("a<x>a0", 5, "\"0\""),
        ] as [(String, Int, String)])
    func `a byte without a token is told by its place and, where it can be seen, as it looks`(
        _ text: String, _ place: Int, _ sign: String
    ) throws {
        for hasSpace in [false, true] {
            let tokenizer = try load(
                #"""
                {"model": {"vocab": {"a": 0, "<x>": 1\#(hasSpace ? #", "Ġ": 2"# : "")}, "merges": []},
                 "added_tokens": [{"id": 1, "content": "<x>", "special": true}],
                 "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": \#(hasSpace)}}
                """#)
            if hasSpace, sign == "byte 32" { continue }
            // A space that is put before the text does not move the place.
            #expect(throws: TokenizationError(at: place, "the vocabulary has no token for \(sign)"), "\(hasSpace)") {
                try tokenizer.encode(text)
            }
        }
        #expect(TokenizationError(at: 3, "x").description == "text at byte 3: x")
    }

    @Test func `a byte that is no text is a piece of its own`() {
        func pieces(_ step: PreTokenizer.Step, _ text: [UInt8]) -> [[UInt8]] {
            var found: [[UInt8]] = []
            text.withUnsafeBufferPointer { bytes in
                PreTokenizer(steps: [step]).forEachPiece(bytes, 0..<bytes.count) { found.append(Array(bytes[$0])) }
            }
            return found
        }
        #expect(pieces(.gpt2Words, [0x61, 0xFF, 0x62]) == [[0x61], [0xFF], [0x62]])
        #expect(pieces(.gpt2Words, [0x61, 0x20, 0xFF, 0xFE]) == [[0x61], [0x20, 0xFF, 0xFE]])
        #expect(pieces(.wordsAndSigns, [0x61, 0xFF, 0x20, 0x62]) == [[0x61], [0xFF], [0x62]])
        #expect(pieces(.digits(isEach: true), [0x31, 0xFF, 0x32]) == [[0x31], [0xFF], [0x32]])
    }

    @Test func `ByteLevel is the last step or none, and words have no such step`() {
        let bytes = #"{"type": "ByteLevel", "add_prefix_space": false}"#
        let rule =
            "pre_tokenizer ByteLevel; ByteLevel, Metaspace, Split, Digits, Whitespace and WhitespaceSplit are read"
        let twice = refusal(
            #"{"model": {"vocab": {"a": 0}, "merges": []}, "#
                + #""pre_tokenizer": {"type": "Sequence", "pretokenizers": [\#(bytes), \#(bytes)]}}"#)
        #expect(twice?.rule == rule)
        let words = refusal(#"{"model": {"type": "WordLevel", "vocab": {"a": 0}}, "pre_tokenizer": \#(bytes)}"#)
        #expect(words?.rule == rule)
        let unnamed = refusal(#"{"model": {"type": "WordLevel", "vocab": {"a": 0}}, "normalizer": {"x": 1}}"#)
        #expect(unnamed?.rule.hasPrefix("normalizer without a type; NFC") == true)
    }

    @Test func `what stands around a text may be one of several steps, and has ids of the vocabulary`() throws {
        func tokenizer(_ step: String) throws -> any Tokenizer {
            try load(
                #"{"model": {"type": "WordLevel", "vocab": {"a": 0, "<p>": 1, "<q>": 2}}, "post_processor": \#(step)}"#)
        }
        func template(_ id: Int) -> String {
            #"{"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "p"}}, {"Sequence": {"id": "A"}}], "#
                + #""special_tokens": {"p": {"ids": [\#(id)]}}}"#
        }
        let both = try tokenizer(
            #"{"type": "Sequence", "processors": [{"type": "ByteLevel"}, \#(template(2))]}"#)
        #expect(both.prefixIDs == [2] && both.suffixIDs == [])
        func roberta(_ id: Int) -> String { #"{"type": "RobertaProcessing", "cls": ["x", 0], "sep": ["y", \#(id)]}"# }
        #expect(try tokenizer(roberta(2)).suffixIDs == [2])
        // Three tokens: 2 is the last id.
        for (step, rule) in [
            (template(3), "the template's token \"p\" has no ids in the vocabulary"),
            (roberta(3), "RobertaProcessing names a token without an id"),
        ] {
            let error = #expect(throws: FileError.self) { try tokenizer(step) }
            #expect(error?.rule == rule && error?.kind == .malformed)
        }
    }
}
