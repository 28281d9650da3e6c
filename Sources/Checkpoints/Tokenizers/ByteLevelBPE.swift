/// The tokenizer of GPT-2, Llama 3, Qwen and SmolLM: cuts the text into pieces (`PreTokenizer`), takes each piece's
/// bytes as its first tokens and merges them (`PairMerges`). Any bytes can be written if the vocabulary has a token
/// for each byte, and decoding gives exactly the bytes that were encoded, as far as the text was normalized already.
public struct ByteLevelBPE: Tokenizer {
    private let names: TokenTable
    private let merges: PairMerges
    private let added: AddedTokens
    private let normalizer: TextNormalizer?
    private let preTokenizer: PreTokenizer
    /// Whether a piece that is a token as a whole is that token, whatever the merges would make of it.
    private let ignoresMerges: Bool
    /// By byte, its token or -1.
    private let byteIDs: [Int32]
    /// What each id stands for, one after another.
    private let decodedBytes: [UInt8]
    private let decodedEnds: [Int32]
    private let addsPrefixSpace: Bool
    public let prefixIDs: [Int32]
    public let suffixIDs: [Int32]
    private let caches = WordCachePool()
    public let endOfTextID: Int32?

    public var vocabularySize: Int { names.count }

    init(
        _ description: TokenizerDescription, addsPrefixSpace: Bool, normalizer: TextNormalizer? = nil,
        preTokenizer: PreTokenizer = PreTokenizer(steps: [.gpt2Words]), ignoresMerges: Bool = false
    ) {
        self.normalizer = normalizer
        self.preTokenizer = preTokenizer
        self.ignoresMerges = ignoresMerges
        names = description.names
        merges = description.merges
        added = description.added
        endOfTextID = description.endOfTextID
        prefixIDs = description.prefixIDs
        suffixIDs = description.suffixIDs
        self.addsPrefixSpace = addsPrefixSpace
        byteIDs = (0..<256).map { description.names.id(of: ByteLevelAlphabet.name(of: UInt8($0))) ?? -1 }
        var bytes: [UInt8] = []
        decodedEnds = (0..<description.names.count).map { id in
            if let token = description.added[Int32(id)] {
                bytes += token.content
            } else {
                description.names.name(Int32(id)).withUnsafeBufferPointer {
                    ByteLevelAlphabet.appendBytes(of: $0, to: &bytes)
                }
            }
            return Int32(bytes.count)
        }
        decodedBytes = bytes
    }

    public func encode(_ text: UnsafeBufferPointer<UInt8>, _ options: EncodingOptions) throws -> [Int32] {
        var ids: [Int32] = options.addsSpecialTokens ? prefixIDs : []
        ids.reserveCapacity(text.count / 3 + 8)
        try caches.withCache { cache in
            // Each stretch is cut into pieces by itself, as if there were no text around it.
            try added.split(text, options, normalizer) { stretch, place in
                if addsPrefixSpace, stretch.first != UInt8(ascii: " ") {
                    try ([UInt8(ascii: " ")] + stretch).withUnsafeBufferPointer {
                        try encode($0, startingAt: place - 1, cache, &ids)
                    }
                } else {
                    try encode(stretch, startingAt: place, cache, &ids)
                }
            } found: {
                ids.append($0)
            }
        }
        if options.addsSpecialTokens { ids += suffixIDs }
        return ids
    }

    private func encode(
        _ text: UnsafeBufferPointer<UInt8>, startingAt base: Int, _ cache: WordCache, _ ids: inout [Int32]
    ) throws {
        if case .gpt2Words? = preTokenizer.steps.first, preTokenizer.steps.count == 1 {
            let splitter = GPT2WordSplitter(text)
            var start = 0
            while start < text.count {
                let end = splitter.endOfPiece(at: start)
                try appendWord(text, start..<end, base, cache, &ids)
                start = end
            }
        } else {
            try preTokenizer.forEachPiece(text, 0..<text.count) { try appendWord(text, $0, base, cache, &ids) }
        }
    }

    private func appendWord(
        _ text: UnsafeBufferPointer<UInt8>, _ word: Range<Int>, _ base: Int, _ cache: WordCache, _ ids: inout [Int32]
    ) throws {
        guard word.count <= WordCache.lengthLimit else {
            return _ = try mergeWord(text, word, base, cache, &ids)
        }
        let key = WordCache.key(text, word)
        if cache.append(key, to: &ids) { return }
        let count = try mergeWord(text, word, base, cache, &ids)
        if count <= WordCache.countLimit { cache.store(key, cache.symbols, count: count) }
    }

    /// The token that a whole word is.
    private func token(_ text: UnsafeBufferPointer<UInt8>, _ word: Range<Int>) -> Int32? {
        var name: [UInt8] = []
        for byte in text[word] { name.append(contentsOf: ByteLevelAlphabet.names[Int(byte)]) }
        return name.withUnsafeBytes { names.id(of: $0) }
    }

    /// Merges one word in `cache.symbols`, appends its ids and returns how many they are.
    private func mergeWord(
        _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ base: Int, _ cache: WordCache, _ ids: inout [Int32]
    ) throws -> Int {
        cache.reserveSymbols(range.count)
        if ignoresMerges, let id = token(text, range) {
            cache.symbols[0] = id
            ids.append(id)
            return 1
        }
        let symbols = UnsafeMutableBufferPointer(rebasing: cache.symbols[..<range.count])
        for (i, index) in range.enumerated() {
            symbols[i] = byteIDs[Int(text[index])]
            guard symbols[i] >= 0 else {
                throw TokenizationError(
                    at: base + index, "the vocabulary has no token for \(ByteLevelBPE.shown(text[index]))")
            }
        }
        let count = merges.merge(symbols)
        ids.append(contentsOf: symbols[..<count])
        return count
    }

    private static func shown(_ byte: UInt8) -> String {
        byte > 0x20 && byte < 0x7F ? "\"\(Unicode.Scalar(byte))\"" : "byte \(byte)"
    }

    public func decode(_ ids: some Sequence<Int32>, skippingSpecialTokens: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        for id in ids where id >= 0 && Int(id) < decodedEnds.count && !(skippingSpecialTokens && added.isSpecial(id)) {
            let start = id == 0 ? 0 : Int(decodedEnds[Int(id) - 1])
            bytes.append(contentsOf: decodedBytes[start..<Int(decodedEnds[Int(id)])])
        }
        return bytes
    }

    public func id(of token: String) -> Int32? { names.id(of: token) }

    public func token(_ id: Int32) -> String? {
        let name = names.name(id)
        return name.isEmpty ? nil : String(decoding: name, as: UTF8.self)
    }
}
