import Testing

@testable import Checkpoints

// Tokens that are found in a text before anything else is done to it, by the rules of the Hugging Face library's
// AddedToken: lstrip, rstrip, single_word, special.

@Suite struct AddedTokenTests {
    private func token(
        _ id: Int32, _ content: String, isSpecial: Bool = true, left: Bool = false, right: Bool = false,
        alone: Bool = false
    ) -> AddedTokens.Token {
        AddedTokens.Token(
            id: id, content: Array(content.utf8), isSpecial: isSpecial, stripsLeft: left, stripsRight: right,
            isSingleWord: alone)
    }

    /// The stretches between quotes and the tokens by their numbers, in order.
    private func split(_ text: String, _ tokens: [AddedTokens.Token], parsingSpecial: Bool = true) -> [String] {
        var found: [String] = []
        var text = text
        text.withUTF8 { bytes in
            AddedTokens(tokens).split(bytes, EncodingOptions(parsesSpecialTokens: parsingSpecial), nil) { stretch, _ in
                found.append("'" + String(decoding: stretch, as: UTF8.self) + "'")
            } found: {
                found.append("\($0)")
            }
        }
        return found
    }

    @Test func `a token cuts the text, and the spaces about it belong to the text`() {
        let tokens = [token(1, "<s>")]
        #expect(split("a <s> b", tokens) == ["'a '", "1", "' b'"])
        #expect(split("<s>", tokens) == ["1"] && split("<s><s>", tokens) == ["1", "1"] && split("", tokens).isEmpty)
        #expect(split("<s", tokens) == ["'<s'"])
    }

    @Test func `a token takes the spaces before it, after it or both where it is said to`() {
        #expect(split("a \t<s> b", [token(1, "<s>", left: true)]) == ["'a'", "1", "' b'"])
        #expect(split("a <s>\u{a0}\n b", [token(1, "<s>", right: true)]) == ["'a '", "1", "'b'"])
        #expect(split("é <s> é", [token(1, "<s>", left: true, right: true)]) == ["'é'", "1", "'é'"])
        // What a token before it has taken is not taken back.
        #expect(split("<a> <b>", [token(1, "<a>", right: true), token(2, "<b>", left: true)]) == ["1", "2"])
        #expect(split("  <s>  ", [token(1, "<s>", left: true, right: true)]) == ["1"])
    }

    @Test(arguments: [
        ("a cat sat", true), ("cat", true), ("cat.", true), ("(cat)", true), ("cats", false), ("acat", false),
        ("cat9", false), ("9cat", false), ("cat_", false), ("_cat", false), ("écat", false), ("caté", false),
        ("-cat-", true),
    ])
    func `a token that is a word of its own is not found inside another`(_ text: String, _ isFound: Bool) {
        #expect(split(text, [token(1, "cat", alone: true)]).contains("1") == isFound)
        #expect(split(text, [token(1, "cat")]).contains("1"))
    }

    @Test func `of several tokens that fit the longest is found, whatever their order`() {
        let tokens = [token(1, "<a"), token(2, "<a>"), token(3, "<a>b")]
        for tokens in [tokens, tokens.reversed()] {
            #expect(split("<a>b<a>c<ad", tokens) == ["3", "2", "'c'", "1", "'d'"])
        }
    }

    @Test func `special tokens are text where nobody asks for them, and others are tokens all the same`() {
        let tokens = [token(1, "<s>"), token(2, "  ", isSpecial: false)]
        #expect(split("<s>  x", tokens, parsingSpecial: false) == ["'<s>'", "2", "'x'"])
        #expect(split("<s>  x", tokens) == ["1", "2", "'x'"])
        let added = AddedTokens(tokens)
        #expect(added.isSpecial(1) && !added.isSpecial(2) && !added.isSpecial(3))
        #expect(added[2]?.content == [32, 32] && added[3] == nil)
    }
}
