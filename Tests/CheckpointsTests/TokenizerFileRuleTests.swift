// The rules of the files of a tokenizer: which of them counts, what each member means where it is left out, and what is
// refused, on vocabularies small enough for every id to be worked out by hand.

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

/// A tokenizer.json with these members.
private func load(json: String) throws -> any Tokenizer { try load(["tokenizer.json": json]) }

private func refusal(json: String, _ more: [String: String] = [:]) -> FileError? {
    #expect(throws: FileError.self) { try load(more.merging(["tokenizer.json": json]) { $1 }) }
}

private let letters = #""vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]"#

@Suite struct ModelFileRuleTests {
    private static let bytes = #""pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false}"#

    @Test func `merges are one text or two names, a model without a type is BPE, and its parts are in the vocabulary`()
        throws
    {
        for merges in [#"["a b"]"#, #"[["a", "b"]]"#] {
            let json = #"{"model": {"vocab": {"a": 0, "b": 1, "ab": 2}, "merges": \#(merges)}, \#(Self.bytes)}"#
            #expect(try load(json: json).encode("aba") == [2, 0])
        }
        for (merges, rule) in [
            (#"["a  b"]"#, "a merge is two names with one space between them"),
            (#"["ab"]"#, "a merge is two names with one space between them"),
            (#"[["a"]]"#, "a merge is two names"), (#"[["a", "b", "c"]]"#, "a merge of more than two names"),
            (#"["b a"]"#, "merge 0 needs \"ba\", which is not in the vocabulary"),
            (#"["a b", "a c"]"#, "merge 1 needs \"c\", which is not in the vocabulary"),
        ] {
            let json = #"{"model": {"vocab": {"a": 0, "b": 1, "ab": 2}, "merges": \#(merges)}, \#(Self.bytes)}"#
            #expect(refusal(json: json)?.rule == rule, "\(merges)")
        }
    }

    @Test func `the last of two entries for a pair of names is the one that holds`() throws {
        // "a b" first has rank 0, then rank 2: the pair "b c" of rank 1 goes first.
        let json = #"""
            {"model": {"vocab": {"a": 0, "b": 1, "c": 2, "ab": 3, "bc": 4}, "merges": ["a b", "b c", "a b"]},
             \#(Self.bytes)}
            """#
        #expect(try load(json: json).encode("abc") == [0, 4])
    }

    @Test(arguments: [
        (#"{"decoder": null}"#, "there is no model with a vocabulary"),
        (#"{"model": {"vocab": {}, "merges": []}}"#, "the vocabulary is empty"),
        (
            #"{"model": {"vocab": {"a": 0, "b": 0}, "merges": []}}"#,
            "token \"b\" with id 0: empty, or the id or the name is taken"
        ),
        (
            #"{"model": {"vocab": {"": 0}, "merges": []}}"#,
            "token \"\" with id 0: empty, or the id or the name is taken"
        ),
        (
            #"{"model": {"vocab": {"a": 65538}, "merges": []}}"#,
            "id 65538 is far beyond the 1 tokens of the vocabulary"
        ),
        (
            #"{"model": {\#(letters), "continuing_subword_prefix": "//"}}"#, "continuing_subword_prefix \"//\""
        ),
        (#"{"model": {\#(letters), "end_of_word_suffix": "</w>"}}"#, "end_of_word_suffix \"</w>\""),
        (#"{"model": {\#(letters), "dropout": 0.5}}"#, "dropout 0.5 in the merges: other ids each time"),
        (
            #"{"model": {\#(letters)}, "added_tokens": [{"id": 1, "content": "x"}]}"#,
            "added token \"x\" with id 1: the id or the name is taken"
        ),
        (
            #"{"model": {\#(letters)}, "added_tokens": [{"id": 3, "content": "a"}]}"#,
            "added token \"a\" with id 3: the id or the name is taken"
        ),
        (#"{"model": {\#(letters)}, "added_tokens": [{"id": 3}]}"#, "an added token has an id and a content"),
        (#"{"model": {\#(letters)}, "added_tokens": [{"content": "x"}]}"#, "an added token has an id and a content"),
        (
            #"{"model": {\#(letters), "ignore_merges": true, "unk_token": "a"}}"#,
            "ignore_merges without byte-level characters"
        ),
    ])
    func `each rule of the model has its own refusal`(_ json: String, _ rule: String) {
        #expect(refusal(json: json)?.rule == rule)
    }

    @Test func `what changes nothing is read: empty affixes, no dropout, an id as far as it may be`() throws {
        let quiet = #""continuing_subword_prefix": "", "end_of_word_suffix": null, "dropout": 0.0"#
        #expect(try load(json: #"{"model": {\#(letters), \#(quiet)}, \#(Self.bytes)}"#).encode("ab") == [2])
        let far = #"{"model": {"vocab": {"a": 65537}, "merges": []}, \#(Self.bytes)}"#
        let tokenizer = try load(json: far)
        #expect(try tokenizer.encode("a") == [65_537] && tokenizer.vocabularySize == 65_538)
        #expect(tokenizer.token(65_537) == "a" && tokenizer.token(0) == nil && tokenizer.token(65_538) == nil)
    }

    @Test func `unknown characters are one token each unless the file fuses them`() throws {
        func ids(_ fuses: String) throws -> [Int32] {
            let json = #"""
                {"model": {"vocab": {"<unk>": 0, "a": 1, "▁": 2}, "merges": [], "unk_token": "<unk>"\#(fuses)},
                 "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}}
                """#
            return try load(json: json).encode("axya")
        }
        #expect(try ids("") == [1, 0, 0, 1] && ids(#", "fuse_unk": false"#) == [1, 0, 0, 1])
        #expect(try ids(#", "fuse_unk": true"#) == [1, 0, 1])
        let none = #"""
            {"model": {"vocab": {"a": 1, "▁": 2}, "merges": []},
             "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}}
            """#
        #expect(
            refusal(json: none)?.rule == "the vocabulary has neither all 256 byte tokens nor a token for the unknown")
    }

    @Test func `a byte has its name with two capital digits`() {
        #expect(
            [0, 10, 15, 16, 255].map { SentencePieceBPE.byteName(UInt8($0)) } == [
                "<0x00>", "<0x0A>", "<0x0F>", "<0x10>", "<0xFF>",
            ])
    }

    @Test func `the token that ends a text is named by the settings, else a special one by its id, else by its name`()
        throws
    {
        func end(_ names: [String], special: [Int] = [], _ more: [String: String] = [:]) throws -> Int32? {
            let vocabulary = names.enumerated().map { "\"\($1)\": \($0)" }.joined(separator: ", ")
            let added = special.map { "{\"id\": \($0), \"content\": \"\(names[$0])\", \"special\": true}" }
            let json = """
                {"model": {"vocab": {\(vocabulary)}, "merges": []}, \(Self.bytes),
                 "added_tokens": [\(added.joined(separator: ", "))]}
                """
            return try load(more.merging(["tokenizer.json": json]) { $1 }).endOfTextID
        }
        let names = ["a", "</s>", "<|endoftext|>", "<e>"]
        #expect(try end(names) == 2 && end(["a", "</s>"]) == 1 && end(["a"]) == nil)
        let config = ["config.json": #"{"eos_token_id": 3}"#]
        #expect(try end(names, special: [3], config) == 3)
        // One that is a word like any other is a default that nobody changed.
        #expect(try end(names, config) == 2)
        let both = config.merging(["tokenizer_config.json": #"{"eos_token": "</s>"}"#]) { $1 }
        #expect(try end(names, special: [3], both) == 1)
    }
}

@Suite struct PipelineRuleTests {
    /// Words are pieces here: each has an id, the unknown is 9.
    private func words(_ members: String, _ added: String = "[]") throws -> any Tokenizer {
        try load(
            json: #"""
                {"model": {"type": "WordLevel", "unk_token": "?",
                   "vocab": {"ab": 0, "a": 1, "b": 2, "12": 3, "1": 4, "2": 5, "<X>": 6, "<Y>": 7, "-": 8, "?": 9}},
                 "added_tokens": \#(added), \#(members)}
                """#)
    }

    @Test func `a token that is no sign is looked for after the text is normalized, a sign before`() throws {
        let lower = #""normalizer": {"type": "Lowercase"}, "pre_tokenizer": {"type": "WhitespaceSplit"}"#
        let plain = try words(
            lower, #"[{"id": 6, "content": "<X>"}, {"id": 7, "content": "<Y>", "special": true}]"#)
        #expect(try plain.encode("A<x>B <X>") == [1, 6, 2, 6])
        #expect(try plain.encode("a<Y>b") == [1, 7, 2] && plain.encode("<y>") == [9])
        let turned = try words(
            lower,
            #"[{"id": 6, "content": "<X>", "normalized": false}, "#
                + #"{"id": 7, "content": "<Y>", "special": true, "normalized": true}]"#
        )
        #expect(try turned.encode("<x> <X>") == [9, 6] && turned.encode("<y><Y>") == [7, 7])
    }

    @Test func `steps have their defaults: digits together, separators removed, a strip on both sides`() throws {
        #expect(try words(#""pre_tokenizer": {"type": "Digits"}"#).encode("ab12") == [0, 3])
        #expect(
            try words(#""pre_tokenizer": {"type": "Digits", "individual_digits": true}"#).encode("ab12") == [0, 4, 5])
        let split = #""pre_tokenizer": {"type": "Split", "pattern": {"String": "-"}"#
        #expect(try words(split + "}").encode("a-b") == [1, 2])
        #expect(try words(split + #", "behavior": "Isolated"}"#).encode("a-b") == [1, 8, 2])
        #expect(try words(split + #", "invert": true}"#).encode("a-b") == [8])
        let strip = #""normalizer": {"type": "Strip"#
        #expect(try words(strip + #""}"#).encode(" ab ") == [0])
        #expect(try words(strip + #"", "strip_left": false}"#).encode(" ab") == [9])
        #expect(try words(strip + #"", "strip_right": false}"#).encode(" ab") == [0])
        #expect(try words(strip + #"", "strip_right": false}"#).encode("ab ") == [9])
    }

    @Test func `words are put together with a space, or without where the decoder fuses them`() throws {
        let spaces = #""pre_tokenizer": {"type": "WhitespaceSplit"}"#
        let added = #"[{"id": 7, "content": "<Y>", "special": true}]"#
        let tokenizer = try words(spaces, added)
        #expect(tokenizer.text(of: [0, 7, 1, 99]) == "ab <Y> a")
        #expect(tokenizer.text(of: [0, 7, 1], skippingSpecialTokens: true) == "ab a")
        #expect(try words(spaces + #", "decoder": {"type": "Fuse"}"#).text(of: [0, 1]) == "aba")
        // Without a token for the unknown a word is refused, shown by its first forty characters.
        let long = String(repeating: "z", count: 50)
        let strict = try load(json: #"{"model": {"type": "WordLevel", "vocab": {"a": 0}}}"#)
        #expect(throws: TokenizationError(at: 0, "the vocabulary has no token for \"\(long.prefix(40))\"")) {
            try strict.encode(long)
        }
    }

    @Test(arguments: [
        (
            #""normalizer": {"type": "Replace", "pattern": {"Regex": "a"}, "content": "b"}"#,
            "a normalizer that replaces by a pattern"
        ),
        (#""normalizer": {"type": "NFKC"}"#, "normalizer NFKC; NFC, NFD, Lowercase, Prepend, Replace, Strip are read"),
        (
            #""pre_tokenizer": {"type": "Split", "pattern": {"String": "-"}, "behavior": "Odd"}"#,
            "a Split whose behavior is \"Odd\""
        ),
        (#""pre_tokenizer": {"type": "Split"}"#, "a Split without its pattern"),
        (#""decoder": {"type": "WordPiece"}"#, "decoder WordPiece of words"),
        (#""post_processor": {"type": "BertProcessing"}"#, "post_processor BertProcessing"),
        (
            #""post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<Z>"}}]}"#,
            "the template's token \"<Z>\" has no ids in the vocabulary"
        ),
        (
            #""post_processor": {"type": "TemplateProcessing", "#
                + #""single": [{"Sequence": {"id": "A"}}, {"Sequence": {"id": "A"}}]}"#,
            "a template other than special tokens around one text"
        ),
        (
            #""post_processor": {"type": "RobertaProcessing", "sep": ["<Y>", 99], "cls": ["<X>", 6]}"#,
            "RobertaProcessing names a token without an id"
        ),
    ])
    func `each step that is not known is refused by what it is`(_ members: String, _ rule: String) {
        let error = #expect(throws: FileError.self) { try words(members) }
        #expect(error?.rule == rule)
    }

    @Test func `a template puts its tokens before and after a text, in their order`() throws {
        let template = #"""
            "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "p"}},
              {"SpecialToken": {"id": "q"}}, {"Sequence": {"id": "A"}}, {"SpecialToken": {"id": "q"}}],
              "special_tokens": {"p": {"ids": [6]}, "q": {"ids": [7, 8]}}}
            """#
        let tokenizer = try words(template)
        #expect(tokenizer.prefixIDs == [6, 7, 8] && tokenizer.suffixIDs == [7, 8])
        #expect(try tokenizer.encode("ab", EncodingOptions(addsSpecialTokens: true)) == [6, 7, 8, 0, 7, 8])
        #expect(try tokenizer.encode("ab") == [0])
        let roberta = #""post_processor": {"type": "RobertaProcessing", "sep": ["<Y>", 7], "cls": ["<X>", 6]}"#
        #expect(try words(roberta).prefixIDs == [6] && words(roberta).suffixIDs == [7])
    }

    private func byteLevel(_ step: String, _ more: [String: String] = [:]) throws -> [Int32] {
        let json = #"""
            {"model": {"vocab": {"a": 0, "b": 1, "Ġ": 2, "Ġa": 3, "aĠ": 4}, "merges": ["Ġ a", "a Ġ"]},
             "pre_tokenizer": \#(step)}
            """#
        return try load(more.merging(["tokenizer.json": json]) { $1 }).encode("a b")
    }

    @Test func `a space stands before a text unless the file says no, and the settings beside it have the last word`()
        throws
    {
        #expect(try byteLevel(#"{"type": "ByteLevel"}"#) == [3, 2, 1])
        #expect(try byteLevel(#"{"type": "ByteLevel", "add_prefix_space": false}"#) == [0, 2, 1])
        let settings = ["tokenizer_config.json": #"{"add_prefix_space": false}"#]
        #expect(try byteLevel(#"{"type": "ByteLevel"}"#, settings) == [0, 2, 1])
        // Without its pattern the whole text is one piece: a and the space after it merge.
        let whole = #"{"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}"#
        #expect(try byteLevel(whole) == [4, 1])
        let error = #expect(throws: FileError.self) {
            try byteLevel(#"{"type": "Sequence", "pretokenizers": [{"type": "Digits"}, {"type": "ByteLevel"}]}"#)
        }
        #expect(error?.rule == "add_prefix_space after another pre_tokenizer")
    }

    private func spaces(_ step: String) throws -> [Int32] {
        let json = #"""
            {"model": {"vocab": {"a": 0, "▁": 1, "▁a": 2, "a▁": 3, "<u>": 4}, "merges": ["a ▁", "▁ a"],
               "unk_token": "<u>"}, "pre_tokenizer": \#(step)}
            """#
        return try load(json: json).encode("a a")
    }

    @Test func `a sign for a space stands before a text and cuts it unless the file says otherwise`() throws {
        let start = #"{"type": "Metaspace", "replacement": "▁""#
        #expect(try spaces(start + "}") == [2, 2])
        #expect(try spaces(start + #", "add_prefix_space": false}"#) == [0, 2])
        #expect(try spaces(start + #", "prepend_scheme": "never"}"#) == [0, 2])
        // Uncut the first letter merges with the space after it, which is listed first.
        #expect(try spaces(start + #", "prepend_scheme": "never", "split": false}"#) == [3, 0])
        for (step, rule) in [
            (start + #", "prepend_scheme": "odd"}"#, "prepend_scheme \"odd\""),
            (
                #"{"type": "Metaspace", "replacement": "_"}"#,
                "pre_tokenizer Metaspace of a model without byte-level characters"
            ),
            (
                #"{"type": "Sequence", "pretokenizers": [{"type": "Digits"}, {"type": "Digits"}]}"#,
                "a sequence of 2 pre_tokenizers"
            ),
        ] {
            let error = #expect(throws: FileError.self) { try spaces(step) }
            #expect(error?.rule == rule)
        }
    }
}

@Suite struct TokenizerFolderRuleTests {
    private static let vocabulary = #"{"a": 0, "b": 1, "ab": 2, "<|endoftext|>": 3}"#
    private static let files = ["vocab.json": vocabulary, "merges.txt": "#version: 0.2\na b\n"]

    @Test func `a folder has a tokenizer by its one file or by both of two, and one of another kind is told by name`()
        throws
    {
        func exists(_ names: [String]) throws -> Bool {
            try withFiles(Dictionary(uniqueKeysWithValues: names.map { ($0, "{}") })) { TokenizerFolder.exists(in: $0) }
        }
        #expect(try exists(["tokenizer.json"]) && exists(["vocab.json", "merges.txt"]))
        #expect(try !exists(["vocab.json"]) && !exists(["merges.txt"]) && !exists([]))
        for name in [
            "tokenizer.model", "tekken.json", "vocab.txt", "spiece.model", "sentencepiece.bpe.model", "meta.pkl",
            "x.tiktoken",
        ] {
            let error = #expect(throws: FileError.self) { try load([name: "x"]) }
            #expect(
                error?.rule
                    == "has no tokenizer: neither tokenizer.json nor vocab.json with merges.txt; "
                    + "\(name) is of another kind"
            )
        }
        let none = #expect(throws: FileError.self) { try load(["vocab.json": "{}"]) }
        #expect(none?.rule == "has no tokenizer: neither tokenizer.json nor vocab.json with merges.txt")
        // Where both kinds are, the one file counts.
        let both = Self.files.merging([
            "tokenizer.json": #"{"model": {"type": "WordLevel", "vocab": {"ab": 7}}}"#
        ]) { $1 }
        #expect(try load(both).encode("ab") == [7])
    }

    @Test func `a copy has every file of a tokenizer that is there, others that are asked for, and nothing else`()
        throws
    {
        try withFiles(
            Self.files.merging([
                "tokenizer_config.json": "{}", "special_tokens_map.json": "{}", "added_tokens.json": "{}", "x": "1",
                "y": "2",
            ]) { $1 }
        ) { folder in
            let copy = folder + "/copy"
            try TokenizerFolder.copy(folder, and: ["y", "z"], to: copy)
            #expect(
                FileSystem.names(in: copy) == [
                    "added_tokens.json", "merges.txt", "special_tokens_map.json", "tokenizer_config.json", "vocab.json",
                    "y",
                ])
            unlink(folder + "/merges.txt")
            #expect(throws: FileError(.missing, folder, "has no tokenizer any more")) {
                try TokenizerFolder.copy(folder, to: copy)
            }
        }
    }

    @Test func `merges begin after the line of their version, one a line, whatever ends it`() throws {
        func ids(_ merges: String) throws -> [Int32] {
            try load(["vocab.json": Self.vocabulary, "merges.txt": merges]).encode("ab")
        }
        for text in ["#version: 0.2\na b\n", "a b", "#version: 0.2\r\na b\r\n", "\na b\n\n"] {
            #expect(try ids(text) == [2], "\(text.debugDescription)")
        }
        #expect(try ids("#version: 0.2\n") == [0, 1])
        for (text, place, rule) in [
            ("#version: 0.2\na b\na b c\n", 18, "a merge is two names with one space between them"),
            ("a b\n#version: 0.2\n", 4, "merge 1 needs \"#version:\", which is not in the vocabulary"),
        ] {
            let error = #expect(throws: FileError.self) { try ids(text) }
            #expect(error?.rule == rule)
            if rule.hasPrefix("a merge") { #expect(error?.offset == place) }
        }
        try withFiles(Self.files) { folder in
            try writeFileAtomically(folder + "/merges.txt", Array("a b\n".utf8) + [0xFF])
            let error = #expect(throws: FileError.self) { try TokenizerFolder.load(folder) }
            #expect(error?.rule == "a merge that is not UTF-8" && error?.offset == 4)
        }
    }

    @Test func `a vocabulary with merges has GPT-2's end of text and its rule for spaces`() throws {
        let tokenizer = try load(Self.files)
        #expect(tokenizer.endOfTextID == 3 && tokenizer.prefixIDs == [] && tokenizer.suffixIDs == [])
        #expect(try tokenizer.encode("ab<|endoftext|>ab") == [2, 3, 2])
        #expect(tokenizer.text(of: [2, 3], skippingSpecialTokens: true) == "ab")
        let around = Self.files.merging([
            "tokenizer_config.json": #"{"add_bos_token": true, "add_eos_token": true}"#
        ]) { $1 }
        #expect(try load(around).prefixIDs == [3] && load(around).suffixIDs == [3])
        let off = Self.files.merging(["tokenizer_config.json": #"{"add_bos_token": false}"#]) { $1 }
        #expect(try load(off).prefixIDs == [])
    }

    @Test func `tokens that the settings name get the next ids: those with a role, others of that kind, then the rest`()
        throws
    {
        let settings = #"""
            {"extra_special_tokens": ["<q>"], "x_token": "<x>", "pad_token": {"content": "<p>"}, "eos_token": "<e>",
             "unk_token": null, "bos_token": "a"}
            """#
        let tokenizer = try load(Self.files.merging(["tokenizer_config.json": settings]) { $1 })
        // "a" is there; 4 is the first free id: the end of a text, the padding, x, and the extra one.
        #expect(["<e>", "<p>", "<x>", "<q>"].map { tokenizer.id(of: $0) } == [4, 5, 6, 7])
        #expect(tokenizer.endOfTextID == 4 && tokenizer.id(of: "a") == 0)
        #expect(try tokenizer.encode("b<x><q>") == [1, 6, 7])
        let older = #"{"additional_special_tokens": ["<q>"]}"#
        let second = try load(Self.files.merging(["tokenizer_config.json": older]) { $1 })
        #expect(second.id(of: "<q>") == 4)
    }

    @Test func `the map of special tokens and the list of added ones count only without a decoder of added tokens`()
        throws
    {
        let besides = [
            "special_tokens_map.json": #"{"pad_token": "<p>"}"#, "added_tokens.json": #"{"<n>": 4, "<p>": 5}"#,
        ]
        let plain = try load(Self.files.merging(besides) { $1 })
        #expect(plain.id(of: "<n>") == 4 && plain.id(of: "<p>") == 5)
        #expect(plain.text(of: [4, 5], skippingSpecialTokens: true) == "<n>")
        let decoder = #"{"added_tokens_decoder": {"4": {"content": "<d>", "special": true}}}"#
        let listed = try load(Self.files.merging(besides) { $1 }.merging(["tokenizer_config.json": decoder]) { $1 })
        #expect(listed.id(of: "<d>") == 4 && listed.id(of: "<n>") == nil && listed.id(of: "<p>") == nil)
    }

    @Test(arguments: [
        ("tokenizer_config.json", #"{"do_lower_case": true}"#, "do_lower_case: texts in lower case are not written"),
        ("tokenizer_config.json", "[]", "is not a JSON object"),
        (
            "tokenizer_config.json", #"{"added_tokens_decoder": {"x": {"content": "<d>"}}}"#,
            "added_tokens_decoder has \"x\", which is not an id with its token"
        ),
        (
            "tokenizer_config.json", #"{"added_tokens_decoder": {"4": {"special": true}}}"#,
            "added_tokens_decoder has \"4\", which is not an id with its token"
        ),
        ("added_tokens.json", #"{"<n>": "4"}"#, "\"<n>\" has no id"),
        ("added_tokens.json", #"{"<n>": 9}"#, "gives \"<n>\" the id 9, but the vocabulary leads to 4"),
    ])
    func `each rule of the files beside a tokenizer has its own refusal`(_ file: String, _ text: String, _ rule: String)
    {
        let error = #expect(throws: FileError.self) { try load(Self.files.merging([file: text]) { $1 }) }
        #expect(error?.rule == rule)
    }

    @Test func `where the settings ask for an end after each text and tokenizer.json puts none, that is said`() throws {
        let json = #"{"model": {"type": "WordLevel", "vocab": {"a": 0}}}"#
        func notes(_ settings: String) throws -> [String] {
            try withFiles(["tokenizer.json": json, "tokenizer_config.json": settings]) {
                try TokenizerFolder.notes($0, try TokenizerFolder.load($0))
            }
        }
        #expect(
            try notes(#"{"add_eos_token": true}"#) == [
                "tokenizer_config.json says add_eos_token true, tokenizer.json puts nothing after a text: "
                    + "that holds, as in transformers 5"
            ])
        #expect(try notes(#"{"add_eos_token": false, "add_bos_token": false}"#) == [] && notes("{}") == [])
    }
}

@Suite struct PieceRuleTests {
    private func pieces(_ text: String) -> [String] {
        var found: [String] = []
        var text = text
        text.withUTF8 { bytes in
            PreTokenizer(steps: [.gpt2Words]).forEachPiece(bytes, 0..<bytes.count) {
                found.append(String(decoding: bytes[$0], as: UTF8.self))
            }
        }
        return found
    }

    // Worked out from the pattern 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+.
    @Test(
        arguments: [
            ("it's", ["it", "'s"]), ("we'll've", ["we", "'ll", "'ve"]), ("I'm'd't're", ["I", "'m", "'d", "'t", "'re"]),
            ("'S", ["'", "S"]), ("'lx", ["'", "lx"]), ("'rx", ["'", "rx"]), ("'v", ["'", "v"]), ("'", ["'"]),
            (" 's", [" '", "s"]), ("a  b", ["a", " ", " b"]), ("a \n", ["a", " \n"]), ("a\n b", ["a", "\n", " b"]),
            ("a\nb", ["a", "\n", "b"]), ("  ", ["  "]), (" ", [" "]), (" !", [" !"]), ("x12y", ["x", "12", "y"]),
            ("a _b", ["a", " _", "b"]), ("a\u{A0}b", ["a", "\u{A0}", "b"]), ("a \u{A0}b", ["a", " ", "\u{A0}", "b"]),
            ("!?é1", ["!?", "é", "1"]), ("", []),
        ] as [(String, [String])])
    func `a text is cut as GPT-2's pattern cuts it`(_ text: String, _ expected: [String]) {
        #expect(pieces(text) == expected)
    }

    @Test func `each byte has the character that GPT-2 gives it, and back`() {
        let names: [(UInt8, String)] = [
            (0x00, "Ā"), (0x0A, "Ċ"), (0x20, "Ġ"), (0x21, "!"), (0x7E, "~"), (0x7F, "ġ"), (0xA0, "ł"), (0xA1, "¡"),
            (0xAC, "¬"), (0xAD, "Ń"), (0xAE, "®"), (0xFF, "ÿ"),
        ]
        for (byte, name) in names { #expect(ByteLevelAlphabet.name(of: byte) == name, "\(byte)") }
        #expect(Set((0..<256).map { ByteLevelAlphabet.name(of: UInt8($0)) }).count == 256)
        func bytes(_ name: String) -> [UInt8] {
            var found: [UInt8] = [7]
            Array(name.utf8).withUnsafeBufferPointer { ByteLevelAlphabet.appendBytes(of: $0, to: &found) }
            return Array(found.dropFirst())
        }
        #expect(bytes("Ġa") == [0x20, 0x61] && bytes("Ń") == [0xAD])
        // A name with anything else in it stands for itself, all of it.
        #expect(bytes("Ġ日") == Array("Ġ日".utf8) && bytes("a b") == Array("a b".utf8))
    }

    @Test func `words that are remembered come back as they were, whatever stands around them`() throws {
        // Two, four and eight letters a are one token each: a run of n is written by the binary digits of n.
        let json = #"""
            {"model": {"vocab": {"a": 0, "aa": 1, "aaaa": 2, "aaaaaaaa": 3, "b": 4, "c": 5, "Ġ": 6},
               "merges": ["a a", "aa aa", "aaaa aaaa"]},
             "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false}}
            """#
        let tokenizer = try load(json: json)
        func ids(_ count: Int) -> [Int32] {
            Array(repeating: 3, count: count / 8) + (count & 4 > 0 ? [2] : []) + (count & 2 > 0 ? [1] : [])
                + (count & 1 > 0 ? [0] : [])
        }
        var random = TestRandom(seed: 3)
        for _ in 0..<200 {
            var (text, expected): (String, [Int32]) = ("", [])
            for _ in 0..<8 {
                let isFirst = random.chance(0.5), count = Int.random(in: 0...16, using: &random)
                text += (isFirst ? " b" : " c") + String(repeating: "a", count: count)
                expected += [6, isFirst ? 4 : 5] + ids(count)
            }
            #expect(try tokenizer.encode(text) == expected, "\(text)")
        }
    }
}
