/// GPT-2's tokenizer: cuts the text into pieces (`GPT2WordSplitter`), takes each piece's bytes as its first tokens and
/// merges them (`PairMerges`). Any bytes can be written if the vocabulary has a token for each byte, and decoding gives
/// exactly the bytes that were encoded.
public struct ByteLevelBPE: Tokenizer {
    private let names: TokenTable
    private let merges: PairMerges
    private let added: AddedTokens
    /// By byte, its token or -1.
    private let byteIDs: [Int32]
    /// What each id stands for, one after another.
    private let decodedBytes: [UInt8]
    private let decodedEnds: [Int32]
    private let addsPrefixSpace: Bool
    private let prefixIDs: [Int32]
    private let suffixIDs: [Int32]
    private let caches = WordCachePool()
    public let endOfTextID: Int32?

    public var vocabularySize: Int { names.count }

    init(_ description: TokenizerDescription, addsPrefixSpace: Bool) {
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
            try added.split(text, parsingSpecial: options.parsesSpecialTokens) { range in
                let piece = UnsafeBufferPointer(rebasing: text[range])
                if addsPrefixSpace, piece.first != UInt8(ascii: " ") {
                    try ([UInt8(ascii: " ")] + piece).withUnsafeBufferPointer {
                        try encode($0, startingAt: range.lowerBound - 1, cache, &ids)
                    }
                } else {
                    try encode(piece, startingAt: range.lowerBound, cache, &ids)
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
        let splitter = GPT2WordSplitter(text)
        var start = 0
        while start < text.count {
            let end = splitter.endOfPiece(at: start)
            if end - start <= WordCache.lengthLimit {
                let key = WordCache.key(text, start..<end)
                if !cache.append(key, to: &ids) {
                    let count = try mergeWord(text, start..<end, base, cache, &ids)
                    if count <= WordCache.countLimit { cache.store(key, cache.symbols, count: count) }
                }
            } else {
                _ = try mergeWord(text, start..<end, base, cache, &ids)
            }
            start = end
        }
    }

    /// Merges one word in `cache.symbols`, appends its ids and returns how many they are.
    private func mergeWord(
        _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ base: Int, _ cache: WordCache, _ ids: inout [Int32]
    ) throws -> Int {
        cache.reserveSymbols(range.count)
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
