import Support

/// Reads a `tokenizer.json` of the Hugging Face tokenizers library, of the families this program knows.
///
/// The file is one JSON object. Its members, with what is read here (anything else in them is refused by name, since it
/// would change the ids):
///
///     model           {"type": "BPE", "vocab": {name: id, …}, "merges": ["left right", …] or [[left, right], …],
///                     "unk_token", "fuse_unk", "byte_fallback", "ignore_merges"}; no "type" is taken for BPE; or
///                     {"type": "WordLevel", "vocab", "unk_token"}
///     added_tokens    [{"id", "content", "special", "lstrip", "rstrip", "single_word", "normalized"}, …]
///     normalizer      null; NFC, NFD, Lowercase, Replace of a text, Prepend, Strip, or a Sequence of these
///     pre_tokenizer   null; Metaspace {"prepend_scheme", "split"}; ByteLevel {"add_prefix_space", "use_regex"}, Split
///                     {"pattern", "behavior", "invert"} by a text or a `TextPattern`, Digits {"individual_digits"},
///                     Whitespace, WhitespaceSplit, or a Sequence of these
///     post_processor  null, ByteLevel, TemplateProcessing {"single": [SpecialToken or Sequence A, …],
///                     "special_tokens"}, RobertaProcessing {"cls", "sep"}, or a Sequence of these
///     decoder         null, ByteLevel, Metaspace, or Replace "▁" by " ", ByteFallback, Fuse, Strip " "
///
/// A pre-tokenizer that ends in ByteLevel makes a `ByteLevelBPE`, a WordLevel model a `WordLevelTokenizer`,
/// everything else a `SentencePieceBPE`. What the files beside it add is in `TokenizerSettings`.
struct TokenizerFile {
    let file: MappedFile
    private var raw: RawVocabulary
    private var added: [AddedTokens.Token] = []
    private var hasVocabulary = false
    private var hasMerges = false
    /// The small members, by name.
    private(set) var settings: [String: JSONValue] = [:]
    private(set) var modelSettings: [String: JSONValue] = [:]

    private var modelType: String { modelSettings["type"]?.string ?? "BPE" }

    /// Llama 3's has 9 MB.
    private static let sizeLimit = 256 << 20

    /// Reads the file at `path`, with what the files beside it say.
    static func read(_ path: String, _ besides: TokenizerSettings = TokenizerSettings()) throws -> any Tokenizer {
        var file = TokenizerFile(try readTextFile(path, limit: sizeLimit))
        try file.parse()
        file.added = try besides.completing(file.added, of: file.raw, FileSystem.folder(of: path))
        return try file.makeTokenizer(besides)
    }

    private init(_ file: MappedFile) {
        self.file = file
        raw = RawVocabulary(path: file.path)
    }

    func unsupported(_ what: String) -> FileError { FileError(.unsupported, file.path, what) }

    // MARK: Parsing

    private mutating func parse() throws {
        var reader = JSONReader(file)
        try reader.readObject { reader, name in
            switch reader.string(name) {
            case "model": try readModel(&reader)
            case "added_tokens": try reader.readArray { added.append(try TokenizerFile.readAddedToken(&$0)) }
            case "normalizer", "pre_tokenizer", "post_processor", "decoder":
                settings[reader.string(name)] = try reader.readValue()
            default: try reader.skipValue()
            }
        }
        try reader.finish()
        guard hasVocabulary else { throw FileError(.malformed, file.path, "there is no model with a vocabulary") }
        guard hasMerges || modelType != "BPE" else {
            throw FileError(.malformed, file.path, "the BPE model has no merges")
        }
    }

    private mutating func readModel(_ reader: inout JSONReader) throws {
        try reader.readObject { reader, name in
            switch reader.string(name) {
            case "vocab":
                hasVocabulary = true
                guard try reader.nextKind() == .object else {
                    throw unsupported("a vocabulary with scores (a Unigram model); BPE and WordLevel are read")
                }
                try reader.readObject { reader, token in
                    let id = try reader.readCount()
                    raw.addToken(id: id) { reader.appendBytes(of: token, to: &$0) }
                }
            case "merges":
                hasMerges = true
                try reader.readArray { try readMerge(&$0) }
            default: modelSettings[reader.string(name)] = try reader.readValue()
            }
        }
    }

    private mutating func readMerge(_ reader: inout JSONReader) throws {
        if try reader.nextKind() == .array {
            var parts: [JSONText] = []
            try reader.readArray { reader in
                parts.append(try reader.readText())
                guard parts.count <= 2 else { throw reader.error("a merge of more than two names") }
            }
            guard parts.count == 2 else { throw reader.error("a merge is two names") }
            raw.addMerge({ reader.appendBytes(of: parts[0], to: &$0) }, { reader.appendBytes(of: parts[1], to: &$0) })
        } else {
            let text = try reader.readText()
            do { try raw.addMerge { reader.appendBytes(of: text, to: &$0) } } catch {
                throw reader.error("a merge is two names with one space between them")
            }
        }
    }

    private static func readAddedToken(_ reader: inout JSONReader) throws -> AddedTokens.Token {
        var id: Int?
        var content = ""
        var isNormalized: Bool?
        var token = AddedTokens.Token(id: -1, content: [], isSpecial: false)
        try reader.readObject { reader, name in
            switch reader.string(name) {
            case "id": id = try reader.readCount()
            case "content": content = try reader.readString()
            case "special": token.isSpecial = try reader.readBool()
            case "lstrip": token.stripsLeft = try reader.readBool()
            case "rstrip": token.stripsRight = try reader.readBool()
            case "single_word": token.isSingleWord = try reader.readBool()
            case "normalized": isNormalized = try reader.readBool()
            default: try reader.skipValue()
            }
        }
        guard let id, let narrow = Int32(exactly: id), !content.isEmpty else {
            throw reader.error("an added token has an id and a content")
        }
        token.id = narrow
        token.isNormalized = isNormalized ?? !token.isSpecial
        token.content = Array(content.utf8)
        return token
    }

    // MARK: Making sense of it

    private func makeTokenizer(_ besides: TokenizerSettings) throws -> any Tokenizer {
        try checkModel()
        let (names, merges, hasBlankInside) = try raw.tables(adding: added)
        var normalizer = try normalizer()
        if besides.addsPrefixSpace == false, let steps = normalizer?.steps {
            let kept = steps.filter { if case .prepended = $0 { false } else { true } }
            normalizer = kept.isEmpty ? nil : TextNormalizer(steps: kept)
        }
        var description = TokenizerDescription(
            path: file.path, names: names, merges: merges, added: AddedTokens(added, normalizer: normalizer),
            hasBlankInside: hasBlankInside)
        if let unknown = modelSettings["unk_token"]?.string { description.unknownID = names.id(of: unknown) }
        description.fusesUnknown = modelSettings["fuse_unk"]?.bool ?? false
        description.hasByteFallback = modelSettings["byte_fallback"]?.bool ?? false
        try applyPostProcessor(to: &description)
        description.endOfTextID = endOfTextID(description, besides)

        if modelType == "WordLevel" {
            return try WordLevelTokenizer(
                description, normalizer: normalizer, preTokenizer: try preTokenizer(), joint: try wordJoint())
        }
        if isByteLevel {
            let isPrefixed = besides.addsPrefixSpace ?? addsPrefixSpace
            let preTokenizer = try preTokenizer()
            guard !isPrefixed || pieceCount == 1 else {
                throw unsupported("add_prefix_space after another pre_tokenizer")
            }
            return ByteLevelBPE(
                description, addsPrefixSpace: isPrefixed, normalizer: normalizer, preTokenizer: preTokenizer,
                ignoresMerges: modelSettings["ignore_merges"]?.bool ?? false)
        }
        guard modelSettings["ignore_merges"]?.bool != true else {
            throw unsupported("ignore_merges without byte-level characters")
        }
        var rule = try prefixRule(normalizer)
        if besides.addsPrefixSpace == false { rule = .never }
        return try SentencePieceBPE(
            description, normalizer: normalizer, prefixRule: rule,
            // What is not put there is not taken away.
            stripRule: besides.addsPrefixSpace == false ? .never : try stripRule(), splitsAtBlanks: try splitsAtBlanks()
        )
    }

    private func checkModel() throws {
        guard ["BPE", "WordLevel"].contains(modelType) else {
            throw unsupported("a \(modelType.prefix(40)) model; BPE and WordLevel are read")
        }
        for name in ["continuing_subword_prefix", "end_of_word_suffix"] {
            if let text = modelSettings[name]?.string, !text.isEmpty { throw unsupported("\(name) \"\(text)\"") }
        }
        if let dropout = modelSettings["dropout"]?.double, dropout > 0 {
            throw unsupported("dropout \(dropout) in the merges: other ids each time")
        }
    }

    /// What the tokenizer's own files name; else what the model's files say, if that is a sign and no word (a default
    /// that nobody changed may be any token); else a token that is called like one.
    private func endOfTextID(_ description: TokenizerDescription, _ besides: TokenizerSettings) -> Int32? {
        if let name = besides.endName { return description.names.id(of: name) }
        if let id = besides.endID.flatMap({ Int32(exactly: $0) }), description.added.isSpecial(id) { return id }
        return description.names.id(of: "<|endoftext|>") ?? description.names.id(of: "</s>")
    }
}
