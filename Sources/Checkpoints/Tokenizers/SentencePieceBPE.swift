import Support

/// The tokenizer of Llama, Mistral and Phi-3: byte-pair encoding of the text's characters, spaces written as `▁`
/// (U+2581), and characters that the vocabulary lacks written byte by byte as the tokens `<0x00>` … `<0xFF>`.
///
/// Where a `▁` is put before the text differs:
/// - `everyStretch` (the Llama-2, Mistral and Phi-3 files): before each stretch between special tokens;
/// - `textStart` (newer files): only at the very start of the text, and not if the text begins with a space;
/// - `everyStart`: before each stretch that does not begin with a space; `never`.
///
/// Decoding turns `▁` into a space, joins the bytes, and drops the one space that was put before the text.
public struct SentencePieceBPE: Tokenizer {
    enum PrefixRule: Sendable { case everyStretch, everyStart, textStart, never }

    /// How the decoder gets rid of the space before the text.
    enum StripRule: Sendable { case never, firstCharacter(Int), firstToken }

    private let names: TokenTable
    private let merges: PairMerges
    private let added: AddedTokens
    private let prefixRule: PrefixRule
    /// Puts the `▁` in where that is a normalizer's work; nil where it is left to the cutting.
    private let normalizer: TextNormalizer?
    private let stripRule: StripRule
    /// By byte, the token `<0x..>`; empty where the vocabulary does not have all of them.
    private let byteIDs: [Int32]
    /// By id, the byte it stands for or -1.
    private let byteOfID: [Int16]
    private let unknownID: Int32?
    private let fusesUnknown: Bool
    private let cutting: Cutting
    public let prefixIDs: [Int32]
    public let suffixIDs: [Int32]
    private let caches = WordCachePool()
    public let endOfTextID: Int32?

    /// Where a stretch may be cut into words that merge by themselves.
    private enum Cutting { case nowhere, beforeBlankRuns, beforeEachBlank }

    private static let space: [UInt8] = [0xE2, 0x96, 0x81]  // ▁

    public var vocabularySize: Int { names.count }

    init(
        _ description: TokenizerDescription, normalizer: TextNormalizer?, prefixRule: PrefixRule, stripRule: StripRule,
        splitsAtBlanks: Bool
    ) throws {
        names = description.names
        merges = description.merges
        added = description.added
        endOfTextID = description.endOfTextID
        prefixIDs = description.prefixIDs
        suffixIDs = description.suffixIDs
        unknownID = description.unknownID
        fusesUnknown = description.fusesUnknown
        self.prefixRule = prefixRule
        self.normalizer = normalizer
        self.stripRule = stripRule

        let byteIDs = (0..<256).compactMap { description.names.id(of: SentencePieceBPE.byteName(UInt8($0))) }
        self.byteIDs = description.hasByteFallback && byteIDs.count == 256 ? byteIDs : []
        var byteOfID = Array(repeating: Int16(-1), count: description.names.count)
        for (byte, id) in self.byteIDs.enumerated() { byteOfID[Int(id)] = Int16(byte) }
        self.byteOfID = byteOfID
        guard !self.byteIDs.isEmpty || description.unknownID != nil else {
            throw FileError(
                .unsupported, description.path,
                "the vocabulary has neither all 256 byte tokens nor a token for the unknown")
        }
        // No merge makes a token with a space after something else: then merges cannot cross the start of a run of
        // spaces, and cutting there changes nothing. (Unknown characters might fuse across, so not without byte
        // tokens.)
        let canCut = !description.hasBlankInside && !self.byteIDs.isEmpty && description.names.id(of: "▁") != nil
        cutting = splitsAtBlanks ? .beforeEachBlank : canCut ? .beforeBlankRuns : .nowhere
    }

    static func byteName(_ byte: UInt8) -> String {
        "<0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true) + ">"
    }

    // MARK: Encoding

    public func encode(_ text: UnsafeBufferPointer<UInt8>, _ options: EncodingOptions) throws -> [Int32] {
        var ids: [Int32] = options.addsSpecialTokens ? prefixIDs : []
        caches.withCache { cache in
            added.split(text, options, normalizer) { stretch, place in
                if normalizer != nil { return encode(stretch, cache, &ids) }
                spaced(stretch, isStart: place == 0).withUnsafeBufferPointer { encode($0, cache, &ids) }
            } found: {
                ids.append($0)
            }
        }
        if options.addsSpecialTokens { ids += suffixIDs }
        return ids
    }

    /// The stretch with `▁` for spaces, and one before it where the rule asks for it.
    private func spaced(_ text: UnsafeBufferPointer<UInt8>, isStart: Bool) -> [UInt8] {
        let beginsBlank = text.first == UInt8(ascii: " ") || text.starts(with: SentencePieceBPE.space)
        let hasPrefix =
            switch prefixRule {
            case .everyStretch: true
            case .everyStart: !beginsBlank
            case .textStart: !beginsBlank && isStart
            case .never: false
            }
        var result: [UInt8] = hasPrefix ? SentencePieceBPE.space : []
        result.reserveCapacity(text.count * 3 / 2 + 3)
        for byte in text {
            if byte == UInt8(ascii: " ") {
                result.append(contentsOf: SentencePieceBPE.space)
            } else {
                result.append(byte)
            }
        }
        return result
    }

    private func encode(_ text: UnsafeBufferPointer<UInt8>, _ cache: WordCache, _ ids: inout [Int32]) {
        var start = 0
        while start < text.count {
            let end = endOfWord(text, start)
            if end - start <= WordCache.lengthLimit, cutting != .nowhere {
                let key = WordCache.key(text, start..<end)
                if !cache.append(key, to: &ids) {
                    let count = mergeWord(text, start..<end, cache, &ids)
                    if (1...WordCache.countLimit).contains(count) { cache.store(key, cache.symbols, count: count) }
                }
            } else {
                _ = mergeWord(text, start..<end, cache, &ids)
            }
            start = end
        }
    }

    private func endOfWord(_ text: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
        if cutting == .nowhere { return text.count }
        var index = start + 1
        while index < text.count {
            if isBlank(text, at: index), cutting == .beforeEachBlank || !isBlank(text, at: index - 3) { return index }
            index += 1
        }
        return index
    }

    @inline(__always)
    private func isBlank(_ text: UnsafeBufferPointer<UInt8>, at index: Int) -> Bool {
        index >= 0 && index + 2 < text.count && text[index] == 0xE2 && text[index + 1] == 0x96
            && text[index + 2] == 0x81
    }

    private func mergeWord(
        _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ cache: WordCache, _ ids: inout [Int32]
    ) -> Int {
        cache.reserveSymbols(range.count)
        let symbols = cache.symbols
        var count = 0
        var index = range.lowerBound
        while index < range.upperBound {
            let length = UTF8Scan.scalar(text, at: index)?.length ?? 0
            let character = UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: text[index..<index + max(length, 1)]))
            if length > 0, let id = names.id(of: character) {
                symbols[count] = id
                count += 1
            } else if !byteIDs.isEmpty {
                for byte in character {
                    symbols[count] = byteIDs[Int(byte)]
                    count += 1
                }
            } else if let unknownID, !(fusesUnknown && count > 0 && symbols[count - 1] == unknownID) {
                symbols[count] = unknownID
                count += 1
            }
            index += character.count
        }
        let merged = merges.merge(UnsafeMutableBufferPointer(rebasing: symbols[..<count]))
        ids.append(contentsOf: symbols[..<merged])
        return merged
    }

    // MARK: Decoding

    public func decode(_ ids: some Sequence<Int32>, skippingSpecialTokens: Bool) -> [UInt8] {
        decoded(ids, skippingSpecialTokens) { bytes, run in bytes.append(contentsOf: run) }
    }

    /// The text as the Hugging Face library gives it: of a run of byte tokens that is not UTF-8, every byte becomes
    /// U+FFFD.
    public func text(of ids: some Sequence<Int32>, skippingSpecialTokens: Bool) -> String {
        let bytes = decoded(ids, skippingSpecialTokens) { bytes, run in
            if run.withUnsafeBufferPointer({ UTF8Scan.firstError($0) }) == nil {
                bytes.append(contentsOf: run)
            } else {
                for _ in run { bytes.append(contentsOf: "\u{FFFD}".utf8) }
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func decoded(
        _ ids: some Sequence<Int32>, _ skippingSpecialTokens: Bool, _ flush: (inout [UInt8], [UInt8]) -> Void
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        var run: [UInt8] = []
        var isFirst = true
        for id in ids where id >= 0 && Int(id) < names.count && !(skippingSpecialTokens && added.isSpecial(id)) {
            if byteOfID[Int(id)] >= 0 {
                run.append(UInt8(byteOfID[Int(id)]))
            } else {
                if !run.isEmpty { flush(&bytes, run) }
                run.removeAll()
                appendName(id, isFirst, to: &bytes)
            }
            isFirst = false
        }
        if !run.isEmpty { flush(&bytes, run) }
        if case .firstCharacter(let count) = stripRule {
            bytes.removeFirst(bytes.prefix(count).prefix { $0 == UInt8(ascii: " ") }.count)
        }
        return bytes
    }

    private func appendName(_ id: Int32, _ isFirst: Bool, to bytes: inout [UInt8]) {
        let name = names.name(id)
        var index = name.startIndex
        while index < name.endIndex {
            if name[index...].starts(with: SentencePieceBPE.space) {
                let isDropped = if case .firstToken = stripRule { isFirst && index == name.startIndex } else { false }
                if !isDropped { bytes.append(UInt8(ascii: " ")) }
                index += SentencePieceBPE.space.count
            } else {
                bytes.append(name[index])
                index += 1
            }
        }
    }

    // MARK: Names

    public func id(of token: String) -> Int32? { names.id(of: token) }

    public func token(_ id: Int32) -> String? {
        let name = names.name(id)
        return name.isEmpty ? nil : String(decoding: name, as: UTF8.self)
    }
}
