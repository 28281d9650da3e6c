/// The tokenizer of models that were trained from scratch on words or characters: the text is cut into pieces
/// (`PreTokenizer`), and each piece is a token of the vocabulary, or the one for the unknown where there is one.
public struct WordLevelTokenizer: Tokenizer {
    private let names: TokenTable
    private let added: AddedTokens
    private let normalizer: TextNormalizer?
    private let preTokenizer: PreTokenizer
    private let unknownID: Int32?
    /// Between the words of a decoded text.
    private let joint: [UInt8]
    public let prefixIDs: [Int32]
    public let suffixIDs: [Int32]
    public let endOfTextID: Int32?

    public var vocabularySize: Int { names.count }

    init(
        _ description: TokenizerDescription, normalizer: TextNormalizer?, preTokenizer: PreTokenizer, joint: String
    ) throws {
        names = description.names
        added = description.added
        unknownID = description.unknownID
        prefixIDs = description.prefixIDs
        suffixIDs = description.suffixIDs
        endOfTextID = description.endOfTextID
        self.normalizer = normalizer
        self.preTokenizer = preTokenizer
        self.joint = Array(joint.utf8)
    }

    public func encode(_ text: UnsafeBufferPointer<UInt8>, _ options: EncodingOptions) throws -> [Int32] {
        var ids: [Int32] = options.addsSpecialTokens ? prefixIDs : []
        try added.split(text, options, normalizer) { stretch, place in
            try preTokenizer.forEachPiece(stretch, 0..<stretch.count) { piece in
                let word = UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: stretch[piece]))
                guard let id = names.id(of: word) ?? unknownID else {
                    throw TokenizationError(
                        at: place + piece.lowerBound,
                        "the vocabulary has no token for \"\(String(decoding: word, as: UTF8.self).prefix(40))\"")
                }
                ids.append(id)
            }
        } found: {
            ids.append($0)
        }
        if options.addsSpecialTokens { ids += suffixIDs }
        return ids
    }

    public func decode(_ ids: some Sequence<Int32>, skippingSpecialTokens: Bool) -> [UInt8] {
        let words = ids.lazy.filter { !(skippingSpecialTokens && added.isSpecial($0)) }.map { Array(names.name($0)) }
        return Array(words.filter { !$0.isEmpty }.joined(separator: joint))
    }

    public func id(of token: String) -> Int32? { names.id(of: token) }

    public func token(_ id: Int32) -> String? {
        let name = names.name(id)
        return name.isEmpty ? nil : String(decoding: name, as: UTF8.self)
    }
}
