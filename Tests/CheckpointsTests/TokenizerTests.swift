import Foundation
import Support
import TestSupport
import Testing

@testable import Checkpoints

/// The members of a JSON file's top object.
private func readObject(_ url: URL) throws -> JSONObject {
    try #require(try JSONReader.readFile(url.path, limit: 16 << 20).object)
}

private func ids(_ value: JSONValue?) -> [Int32]? { value?.array.map { $0.compactMap { $0.integer.map(Int32.init) } } }

@Suite struct TokenizerTests {
    @Test(
        .enabled(if: Shared.has("tokenizers/gpt2", "golden/bpe/strings.json"), "\(Shared.reason)"),
        arguments: ["tokenizers/gpt2", "only vocab.json and merges.txt"])
    func `GPT-2's tokenizer gives the ids, the bytes and the text of the Hugging Face library`(_ name: String) throws {
        let folder = Shared.url("tokenizers/gpt2"), strings = Shared.url("golden/bpe/strings.json")
        try withTemporaryFolder { temporary in
            if name != "tokenizers/gpt2" {
                for file in ["vocab.json", "merges.txt"] {
                    try FileManager.default.copyItem(
                        at: folder.appending(path: file), to: temporary.appending(path: file))
                }
            }
            let tokenizer = try TokenizerFolder.load(name == "tokenizers/gpt2" ? folder.path : temporary.path)
            #expect(tokenizer.vocabularySize == 50257)
            #expect(tokenizer.endOfTextID == 50256)
            #expect(tokenizer.token(262) == "Ġthe")
            #expect(tokenizer.id(of: "Ġthe") == 262)
            let golden = try readObject(strings)
            for entry in try #require(golden["cases"]?.array) {
                let item = try #require(entry.object)
                let text = try #require(item["text"]?.string)
                let expected = try #require(ids(item["ids"]))
                #expect(try tokenizer.encode(text) == expected, "\(text)")
                #expect(tokenizer.decode(expected) == Array(text.utf8))
                if let asText = ids(item["ids_special_as_text"]) {
                    #expect(try tokenizer.encode(text, EncodingOptions(parsesSpecialTokens: false)) == asText)
                }
                if let skipped = item["decoded_skip_special"]?.string {
                    #expect(tokenizer.text(of: expected, skippingSpecialTokens: true) == skipped)
                }
            }
            for entry in try #require(golden["decode_only"]?.array) {
                let item = try #require(entry.object)
                let expected = try #require(item["text"]?.string)
                let bytes = try #require(item["bytes_base64"]?.string.flatMap { Data(base64Encoded: $0) })
                let tokens = try #require(ids(item["ids"]))
                #expect(tokenizer.decode(tokens) == Array(bytes))
                #expect(Array(tokenizer.text(of: tokens).utf8) == Array(expected.utf8))
            }
        }
    }

    @Test(
        .enabled(if: Shared.has("golden/sp"), "\(Shared.reason)"),
        arguments: ["mistral_like", "metaspace", "phi3_like"])
    func `SentencePiece-style tokenizers give the ids and texts of the Hugging Face library`(_ name: String) throws {
        let folder = Shared.url("golden/sp/\(name)")
        let tokenizer = try TokenizerFolder.load(folder.path)
        #expect(
            tokenizer.token(try #require(tokenizer.endOfTextID)) == (name == "phi3_like" ? "<|endoftext|>" : "</s>"))
        let golden = try readObject(folder.appending(path: "strings.json"))
        for entry in try #require(golden["cases"]?.array) {
            let item = try #require(entry.object)
            let text = try #require(item["text"]?.string)
            let plain = try #require(ids(item["ids_no_bos"])), whole = try #require(ids(item["ids"]))
            #expect(try tokenizer.encode(text) == plain, "\(text)")
            #expect(try tokenizer.encode(text, EncodingOptions(addsSpecialTokens: true)) == whole)
            #expect(try Array(tokenizer.text(of: plain).utf8) == Array(#require(item["decoded"]?.string).utf8))
            #expect(tokenizer.text(of: whole, skippingSpecialTokens: true) == item["decoded_skip_special"]?.string)
        }
        for entry in try #require(golden["decode_only"]?.array) {
            let item = try #require(entry.object)
            #expect(try tokenizer.text(of: #require(ids(item["ids"]))) == item["text"]?.string)
        }
    }

    @Test(.enabled(if: Shared.has("tokenizers/gpt2", "golden/sp"), "\(Shared.reason)"))
    func `bytes that are not UTF-8 come back as they were`() throws {
        let gpt2 = Shared.url("tokenizers/gpt2"), mistral = Shared.url("golden/sp/mistral_like")
        var state: UInt64 = 1
        for folder in [gpt2, mistral] {
            let tokenizer = try TokenizerFolder.load(folder.path)
            for count in 0..<200 {
                let text = (0..<count).map { _ in
                    state = state &* 6_364_136_223_846_793_005 &+ 1
                    return UInt8(state >> 56)
                }
                #expect(try tokenizer.decode(tokenizer.encode(text)) == text)
            }
        }
    }

    @Test(.enabled(if: Shared.has("tokenizers/gpt2"), "\(Shared.reason)"))
    func `a long word without spaces is merged as a short one is, and in reasonable time`() throws {
        let folder = Shared.url("tokenizers/gpt2")
        let tokenizer = try TokenizerFolder.load(folder.path)
        // The scan and the heap must agree: 47 bytes take the one, 49 and more the other.
        let letters = Array("thequickbrownfoxjumpsoverthelazydoginternationalization".utf8)
        for count in 40...letters.count {
            let word = Array(letters[..<count])
            #expect(try tokenizer.decode(tokenizer.encode(word)) == word)
        }
        let ids = try tokenizer.encode(String(repeating: "a", count: 200_000))
        #expect(ids.count == 50_000)  // "aaaa" is the longest of its kind
        #expect(Set(ids).count == 1)
    }

    @Test func `the scan and the heap merge alike`() {
        var merges = PairMerges(capacity: 3)
        merges.insert(1, 1, .init(rank: 1, product: 2))
        merges.insert(2, 1, .init(rank: 0, product: 3))
        merges.insert(3, 2, .init(rank: 2, product: 4))
        for count in 1...48 {
            var short = Array(repeating: Int32(1), count: count)
            // A symbol that merges with nothing separates the padding that makes it long.
            var long = short + [9] + Array(repeating: 8, count: 60)
            let shortCount = short.withUnsafeMutableBufferPointer { merges.merge($0) }
            let longCount = long.withUnsafeMutableBufferPointer { merges.merge($0) }
            #expect(longCount - 61 == shortCount)
            #expect(Array(long[..<shortCount]) == Array(short[..<shortCount]))
        }
    }

    @Test(arguments: [
        ("tok_missing_merges", "the BPE model has no merges"),
        ("tok_bad_json", #"null was expected for "post_processor""#),
        ("tok_merge_of_unknown_token", #"merge 1 needs "x", which is not in the vocabulary"#),
    ])
    func `a tokenizer that contradicts itself is refused by the rule it breaks`(_ name: String, _ rule: String) {
        let folder = goldenFolder.appending(path: "malformed/\(name)").path
        let error = #expect(throws: FileError.self) { try TokenizerFolder.load(folder) }
        #expect(error?.rule.contains(rule) == true, "\(error?.description ?? "")")
        #expect(error?.path == folder + "/tokenizer.json")
    }

    @Test func `a tiny vocabulary encodes what it can and names the byte it cannot`() throws {
        let tokenizer = try TokenizerFolder.load(goldenFolder.appending(path: "malformed/ok_tokenizer").path)
        #expect(try tokenizer.encode("ab a<|endoftext|>") == [2, 3, 0, 4])
        #expect(throws: TokenizationError(at: 3, "the vocabulary has no token for \"c\"")) {
            try tokenizer.encode("ab c")
        }
        #expect(tokenizer.text(of: [2, 3, 0, 4, 99, -1]) == "ab a<|endoftext|>")
        #expect(tokenizer.text(of: [2, 4], skippingSpecialTokens: true) == "ab")
    }
}
