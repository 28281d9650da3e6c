// Rules of names, words and patterns where files and texts do what one does not expect of them.

import Foundation
import Support
import TestSupport
import Testing

@testable import Checkpoints

private func tokenizer(_ json: String) throws -> any Tokenizer {
    try withTemporaryFolder { folder in
        try json.write(to: folder.appending(path: "tokenizer.json"), atomically: true, encoding: .utf8)
        return try TokenizerFolder.load(folder.path)
    }
}

@Suite struct ArrayNameRuleTests {
    private func written(_ names: [String], _ path: String) throws -> [String] {
        let values: [Float] = [1]
        try values.withUnsafeBufferPointer { values in
            try SafeTensorsWriter.write(names.map { StoredArray($0, shape: [1], values) }, to: path)
        }
        return try SafeTensorsReader(path).tensors.map(\.name)
    }

    @Test(arguments: [["__metadata__"], ["a", "__metadata__"], ["a", "b", "a"]])
    func `a name that is taken, by the metadata or by another array, is refused and nothing is written`(
        _ names: [String]
    ) throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/x.safetensors"
            let error = #expect(throws: FileError.self) { try written(names, path) }
            #expect(error?.kind == .notWritten && error?.path == path)
            let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(left == [])
        }
    }

    @Test func `names that only look like a taken one are names`() throws {
        try withTemporaryFolder { folder in
            let names = try written(["__metadata_", "__METADATA__", "a", "A"], folder.path + "/x.safetensors")
            #expect(Set(names) == ["__metadata_", "__METADATA__", "a", "A"])
        }
    }
}

@Suite struct WordRuleTests {
    private func pieces(_ text: String) -> [String] {
        var found: [String] = []
        var text = text
        text.withUTF8 { bytes in
            PreTokenizer(steps: [.wordsAndSigns]).forEachPiece(bytes, 0..<bytes.count) {
                found.append(String(decoding: bytes[$0], as: UTF8.self))
            }
        }
        return found
    }

    // What Unicode's Annex C of TR 18 calls a word character: alphabetic, a mark, a decimal digit, connecting
    // punctuation or one of the two joiners.
    @Test(
        arguments: [
            ("a\u{200C}b", ["a\u{200C}b"]), ("a\u{200D}b", ["a\u{200D}b"]), ("a\u{200B}b", ["a", "\u{200B}", "b"]),
            ("a\u{2060}b", ["a", "\u{2060}", "b"]), ("e\u{301}", ["e\u{301}"]), ("a_b", ["a_b"]), ("a‿b", ["a‿b"]),
            ("a-b", ["a", "-", "b"]), ("a½", ["a", "½"]), ("a²", ["a", "²"]), ("aⅧ", ["aⅧ"]), ("aⒶ", ["aⒶ"]),
            ("a٣", ["a٣"]),
        ] as [(String, [String])])
    func `both joiners, marks, digits and connecting signs stand inside words, other numbers do not`(
        _ text: String, _ expected: [String]
    ) {
        let found = pieces(text)
        #expect(found.map { Array($0.utf8) } == expected.map { Array($0.utf8) }, "\(found)")
    }

    // é has two bytes, </s> four, <x> three.
    @Test(
        arguments: [
            ("zz", 0), ("a zz", 2), ("é zz", 3), ("é</s>zz", 6), ("a</s> b zz", 8), ("a<x>zz", 4),
            ("é</s>a<x>b zz", 12), ("</s></s>zz", 8),
        ] as [(String, Int)])
    func `the place of an unknown word is counted in bytes from the start of the text, tokens in it included`(
        _ text: String, _ place: Int
    ) throws {
        let words = try tokenizer(
            """
            {"model": {"type": "WordLevel", "vocab": {"é": 0, "a": 1, "b": 2, "</s>": 3, "<x>": 4}},
             "added_tokens": [{"id": 3, "content": "</s>", "special": true},
               {"id": 4, "content": "<x>", "special": false}],
             "pre_tokenizer": {"type": "WhitespaceSplit"}}
            """)
        #expect(throws: TokenizationError(at: place, "the vocabulary has no token for \"zz\"")) {
            try words.encode(text)
        }
    }
}

@Suite struct SpaceSignRuleTests {
    /// `<unk> <s> </s> ▁ a b ▁a ab ▁ab`; merges in this order: `▁ a`, `a b`, `▁a b`.
    private func encoder(_ scheme: String) throws -> any Tokenizer {
        let names = ["<unk>", "<s>", "</s>", "▁", "a", "b", "▁a", "ab", "▁ab"]
        let vocabulary = names.enumerated().map { "\"\($1)\": \($0)" }.joined(separator: ", ")
        let step =
            "{\"type\": \"Metaspace\", \"replacement\": \"▁\", \"prepend_scheme\": \"\(scheme)\", \"split\": false}"
        return try tokenizer(
            """
            {"model": {"type": "BPE", "unk_token": "<unk>", "vocab": {\(vocabulary)},
               "merges": ["▁ a", "a b", "▁a b"]},
             "added_tokens": [{"id": 2, "content": "</s>", "special": true}],
             "pre_tokenizer": \(step), "decoder": \(step)}
            """)
    }

    @Test(
        arguments: [
            // text, a space before every stretch that has none, before the text only, never
            ("▁ab", [8], [8], [8]), ("▁▁ab", [3, 8], [3, 8], [3, 8]), ("▁", [3], [3], [3]),
            ("ab▁ab", [8, 8], [8, 8], [7, 8]), ("ab</s>▁ab", [8, 2, 8], [8, 2, 8], [7, 2, 8]),
            (" ▁ab", [3, 8], [3, 8], [3, 8]), ("▁ ab", [3, 8], [3, 8], [3, 8]),
        ] as [(String, [Int32], [Int32], [Int32])])
    func `the sign of a space that stands in the text itself counts as a space`(
        _ text: String, _ everyStart: [Int32], _ textStart: [Int32], _ never: [Int32]
    ) throws {
        #expect(try encoder("always").encode(text) == everyStart)
        #expect(try encoder("first").encode(text) == textStart)
        #expect(try encoder("never").encode(text) == never)
    }
}

@Suite struct RepetitionRuleTests {
    private func first(_ pattern: String, _ text: String) throws -> String? {
        var text = text
        return try text.withUTF8 { bytes in
            try TextPattern(pattern).firstMatch(in: bytes, from: 0).map { String(decoding: bytes[$0], as: UTF8.self) }
        }
    }

    @Test(
        arguments: [
            ("(?:ab){1,2}", "ababab", "abab"), ("(?:ab){2}", "ababab", "abab"), ("(?:ab){2,3}", "ababababab", "ababab"),
            ("(?:ab){2,3}", "abxabab", "abab"), ("(?:ab){2,}", "ab", nil), ("(?:ab){2,}", "ababab", "ababab"),
            ("(?:ab){,2}c", "abababc", "ababc"), ("(?:ab)?c", "ababc", "abc"), ("(?:ab|c){2}", "cabab", "cab"),
            // As few as possible, and never more than there may be.
            ("(?:ab){1,2}?", "ababab", "ab"), ("(?:ab){2,3}?", "ababab", "abab"),
            ("(?:ab){1,2}?c", "abababc", "ababc"), ("a{2,3}?", "aaaa", "aa"), ("a{1,2}?b", "aaab", "aab"),
            // What was taken is given back where the rest needs it.
            ("(?:ab){1,2}ab", "abab", "abab"), ("(?:ab){2,3}abc", "abababc", "abababc"),
        ] as [(String, String, String?)])
    func `a group stands at least as often as it must and at most as often as it may`(
        _ pattern: String, _ text: String, _ match: String?
    ) throws {
        #expect(try first(pattern, text) == match)
    }
}
