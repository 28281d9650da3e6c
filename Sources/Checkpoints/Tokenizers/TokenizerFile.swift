import Support

/// Reads a `tokenizer.json` of the Hugging Face tokenizers library, of the two families this program knows.
///
/// The file is one JSON object. Its members, with what is read here (anything else in them is refused by name, since it
/// would change the ids):
///
///     model           {"type": "BPE", "vocab": {name: id, …}, "merges": ["left right", …] or [[left, right], …],
///                     "unk_token", "fuse_unk", "byte_fallback"}; no "type" is taken for BPE
///     added_tokens    [{"id", "content", "special", "lstrip", "rstrip", "single_word", …}, …]
///     normalizer      null, or Prepend "▁" and Replace " " by "▁" in that order
///     pre_tokenizer   ByteLevel {"add_prefix_space"} with GPT-2's pattern; Metaspace {"prepend_scheme", "split"}; or
///                     null
///     post_processor  null, ByteLevel, TemplateProcessing {"single": [SpecialToken or Sequence A, …],
///     "special_tokens"}
///     decoder         null, ByteLevel, Metaspace, or Replace "▁" by " ", ByteFallback, Fuse, Strip " "
///
/// A ByteLevel pre-tokenizer makes a `ByteLevelBPE`, everything else a `SentencePieceBPE`.
struct TokenizerFile {
    private let file: MappedFile
    private var raw: RawVocabulary
    private var added: [AddedTokens.Token] = []
    private var hasVocabulary = false
    private var hasMerges = false
    /// The small members, by name.
    private var settings: [String: JSONValue] = [:]
    private var modelSettings: [String: JSONValue] = [:]

    /// Llama 3's has 9 MB.
    private static let sizeLimit = 256 << 20

    /// Reads the file at `path`; `endOfText` is the name of the token that ends a text, where another file says so.
    static func read(_ path: String, endOfText: String?) throws -> any Tokenizer {
        var file = TokenizerFile(try readWholeFile(path, limit: sizeLimit))
        try file.parse()
        return try file.makeTokenizer(endOfText)
    }

    private init(_ file: MappedFile) {
        self.file = file
        raw = RawVocabulary(path: file.path)
    }

    private func unsupported(_ what: String) -> FileError { FileError(.unsupported, file.path, what) }

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
        guard hasMerges else { throw FileError(.malformed, file.path, "the BPE model has no merges") }
    }

    private mutating func readModel(_ reader: inout JSONReader) throws {
        try reader.readObject { reader, name in
            switch reader.string(name) {
            case "vocab":
                hasVocabulary = true
                guard try reader.nextKind() == .object else {
                    throw unsupported("a vocabulary with scores: not a BPE model")
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
        var token = AddedTokens.Token(id: -1, content: [], isSpecial: false)
        try reader.readObject { reader, name in
            switch reader.string(name) {
            case "id": id = try reader.readCount()
            case "content": content = try reader.readString()
            case "special": token.isSpecial = try reader.readBool()
            case "lstrip": token.stripsLeft = try reader.readBool()
            case "rstrip": token.stripsRight = try reader.readBool()
            case "single_word": token.isSingleWord = try reader.readBool()
            default: try reader.skipValue()
            }
        }
        guard let id, let narrow = Int32(exactly: id), !content.isEmpty else {
            throw reader.error("an added token has an id and a content")
        }
        token.id = narrow
        token.content = Array(content.utf8)
        return token
    }

    // MARK: Making sense of it

    private func makeTokenizer(_ endOfText: String?) throws -> any Tokenizer {
        try checkModel()
        let (names, merges, hasBlankInside) = try raw.tables(adding: added)
        var description = TokenizerDescription(
            path: file.path, names: names, merges: merges, added: AddedTokens(added), hasBlankInside: hasBlankInside)
        if let unknown = modelSettings["unk_token"]?.string { description.unknownID = names.id(of: unknown) }
        description.fusesUnknown = modelSettings["fuse_unk"]?.bool ?? false
        description.hasByteFallback = modelSettings["byte_fallback"]?.bool ?? false
        try applyPostProcessor(settings["post_processor"], to: &description)
        description.endOfTextID = endOfTextID(names, endOfText)

        let preTokenizer = try only(settings["pre_tokenizer"], in: "pretokenizers")
        if type(preTokenizer) == "ByteLevel" {
            guard isAbsent(settings["normalizer"]) else { throw unsupported("a normalizer before byte-level BPE") }
            guard preTokenizer?["use_regex"]?.bool ?? true else {
                throw unsupported("byte-level BPE without GPT-2's splitting")
            }
            return ByteLevelBPE(description, addsPrefixSpace: preTokenizer?["add_prefix_space"]?.bool ?? true)
        }
        return try SentencePieceBPE(
            description, prefixRule: try prefixRule(preTokenizer), stripRule: try stripRule(),
            splitsAtBlanks: type(preTokenizer) == "Metaspace" && preTokenizer?["split"]?.bool ?? true)
    }

    private func checkModel() throws {
        if let type = modelSettings["type"]?.string, type != "BPE" { throw unsupported("a \(type) model; BPE is read") }
        for name in ["continuing_subword_prefix", "end_of_word_suffix"] {
            if let text = modelSettings[name]?.string, !text.isEmpty { throw unsupported("\(name) \"\(text)\"") }
        }
        if modelSettings["ignore_merges"]?.bool == true {
            throw unsupported("ignore_merges: whole words looked up before merging")
        }
    }

    private func endOfTextID(_ names: TokenTable, _ name: String?) -> Int32? {
        if let name, let id = names.id(of: name) { return id }
        return names.id(of: "<|endoftext|>") ?? names.id(of: "</s>")
    }

    private func prefixRule(_ preTokenizer: JSONObject?) throws -> SentencePieceBPE.PrefixRule {
        guard let preTokenizer else { return try normalizerPrefixRule() }
        guard type(preTokenizer) == "Metaspace", preTokenizer["replacement"]?.string == "▁" else {
            throw unsupported(
                "pre_tokenizer \(type(preTokenizer) ?? "without a type"); ByteLevel and Metaspace are read")
        }
        guard isAbsent(settings["normalizer"]) else { throw unsupported("a normalizer before Metaspace") }
        switch preTokenizer["prepend_scheme"]?.string {
        case "first": return .textStart
        case "always": return .everyStart
        case "never": return .never
        case nil: return preTokenizer["add_prefix_space"]?.bool ?? true ? .everyStart : .never
        case let scheme?: throw unsupported("prepend_scheme \"\(scheme)\"")
        }
    }

    private func normalizerPrefixRule() throws -> SentencePieceBPE.PrefixRule {
        let steps = list(settings["normalizer"], in: "normalizers")
        let replaces = steps.last.map {
            type($0) == "Replace" && $0["pattern"]?.object?["String"]?.string == " " && $0["content"]?.string == "▁"
        }
        guard replaces == true else {
            throw unsupported("a normalizer other than Prepend \"▁\" and Replace \" \" by \"▁\"")
        }
        switch steps.count {
        case 1: return .never
        case 2 where type(steps[0]) == "Prepend" && steps[0]["prepend"]?.string == "▁": return .everyStretch
        default: throw unsupported("a normalizer other than Prepend \"▁\" and Replace \" \" by \"▁\"")
        }
    }

    private func stripRule() throws -> SentencePieceBPE.StripRule {
        let steps = list(settings["decoder"], in: "decoders")
        if steps.count == 1, type(steps[0]) == "Metaspace" {
            return steps[0]["prepend_scheme"]?.string == "never" || steps[0]["add_prefix_space"]?.bool == false
                ? .never : .firstToken
        }
        var count = 0
        for step in steps {
            switch type(step) {
            case "Replace" where step["pattern"]?.object?["String"]?.string == "▁" && step["content"]?.string == " ":
                continue
            case "ByteFallback", "Fuse": continue
            case "Strip" where step["content"]?.string == " " && (step["stop"]?.integer ?? 0) == 0:
                count += max(step["start"]?.integer ?? 0, 0)
            default: throw unsupported("decoder \(type(step) ?? "without a type")")
            }
        }
        return count == 0 ? .never : .firstCharacter(count)
    }

    private func applyPostProcessor(_ value: JSONValue?, to description: inout TokenizerDescription) throws {
        for step in list(value, in: "processors") {
            switch type(step) {
            case "ByteLevel": continue
            case "TemplateProcessing": try applyTemplate(step, to: &description)
            default: throw unsupported("post_processor \(type(step) ?? "without a type")")
            }
        }
    }

    private func applyTemplate(_ template: JSONObject, to description: inout TokenizerDescription) throws {
        var isBefore = true
        for piece in template["single"]?.array ?? [] {
            if let special = piece.object?["SpecialToken"]?.object, let name = special["id"]?.string {
                let ids =
                    template["special_tokens"]?.object?[name]?.object?["ids"]?.array?.compactMap {
                        $0.integer.flatMap { Int32(exactly: $0) }
                    } ?? []
                guard !ids.isEmpty, ids.allSatisfy({ $0 >= 0 && Int($0) < description.names.count }) else {
                    throw FileError(
                        .malformed, file.path, "the template's token \"\(name)\" has no ids in the vocabulary")
                }
                if isBefore { description.prefixIDs += ids } else { description.suffixIDs += ids }
            } else if piece.object?["Sequence"] != nil, isBefore {
                isBefore = false
            } else {
                throw unsupported("a template other than special tokens around one text")
            }
        }
    }

    // MARK: JSON

    private func isAbsent(_ value: JSONValue?) -> Bool { value == nil || value == .null }

    private func type(_ object: JSONObject?) -> String? { object?["type"]?.string }

    /// The steps of a Sequence, or the one step there is, or none.
    private func list(_ value: JSONValue?, in member: String) -> [JSONObject] {
        guard let object = value?.object else { return [] }
        guard type(object) == "Sequence" else { return [object] }
        return object[member]?.array?.map { $0.object ?? JSONObject() } ?? []
    }

    private func only(_ value: JSONValue?, in member: String) throws -> JSONObject? {
        let steps = list(value, in: member)
        guard steps.count <= 1 else { throw unsupported("a sequence of \(steps.count) pre_tokenizers") }
        return steps.first
    }
}
