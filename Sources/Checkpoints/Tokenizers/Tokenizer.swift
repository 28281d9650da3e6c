/// Turns text into the token ids of a vocabulary and back. Text is bytes: usually UTF-8, but nothing here depends on
/// it.
public protocol Tokenizer: Sendable {
    /// One more than the largest id.
    var vocabularySize: Int { get }
    /// The token that ends a text, the reference's separator: `<|endoftext|>` of GPT-2, `</s>` of Llama.
    var endOfTextID: Int32? { get }
    /// What is put before and after every text where `EncodingOptions.addsSpecialTokens` asks for it: Llama's `<s>`.
    var prefixIDs: [Int32] { get }
    var suffixIDs: [Int32] { get }

    /// The ids of a text. Throws `TokenizationError` where the vocabulary has no way to write it.
    func encode(_ text: UnsafeBufferPointer<UInt8>, _ options: EncodingOptions) throws -> [Int32]

    /// The bytes the ids stand for; ids outside the vocabulary stand for nothing.
    func decode(_ ids: some Sequence<Int32>, skippingSpecialTokens: Bool) -> [UInt8]

    /// The text of the ids; bytes that cannot be UTF-8 become U+FFFD.
    func text(of ids: some Sequence<Int32>, skippingSpecialTokens: Bool) -> String

    /// The id of a token by its name in the vocabulary, such as `<|endoftext|>` or `Ġthe`.
    func id(of token: String) -> Int32?
    /// The name of a token in the vocabulary, or nil for an id outside it.
    func token(_ id: Int32) -> String?
}

public struct EncodingOptions: Sendable, Equatable {
    /// Whether the name of a special token in the text, such as `<|endoftext|>`, becomes that token.
    public var parsesSpecialTokens: Bool
    /// Whether the tokens the tokenizer puts around every text, such as Llama's `<s>`, are added.
    public var addsSpecialTokens: Bool

    public init(parsesSpecialTokens: Bool = true, addsSpecialTokens: Bool = false) {
        self.parsesSpecialTokens = parsesSpecialTokens
        self.addsSpecialTokens = addsSpecialTokens
    }
}

/// A piece of text that a vocabulary cannot write.
public struct TokenizationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// In bytes from the start of the text.
    public var offset: Int
    public var rule: String

    public init(at offset: Int, _ rule: String) {
        self.offset = offset
        self.rule = rule
    }

    public var description: String { "text at byte \(offset): \(rule)" }
}

extension Tokenizer {
    public func encode(_ text: String, _ options: EncodingOptions = EncodingOptions()) throws -> [Int32] {
        var text = text
        return try text.withUTF8 { try encode($0, options) }
    }

    public func encode(_ text: [UInt8], _ options: EncodingOptions = EncodingOptions()) throws -> [Int32] {
        try text.withUnsafeBufferPointer { try encode($0, options) }
    }

    public func decode(_ ids: some Sequence<Int32>) -> [UInt8] { decode(ids, skippingSpecialTokens: false) }

    /// One U+FFFD for each maximal part that could have begun a character.
    public func text(of ids: some Sequence<Int32>, skippingSpecialTokens: Bool) -> String {
        String(decoding: decode(ids, skippingSpecialTokens: skippingSpecialTokens), as: UTF8.self)
    }

    public func text(of ids: some Sequence<Int32>) -> String { text(of: ids, skippingSpecialTokens: false) }
}
