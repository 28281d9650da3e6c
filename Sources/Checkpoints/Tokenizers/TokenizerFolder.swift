import Support

/// Finds the tokenizer of a checkpoint folder: `tokenizer.json`, or GPT-2's `vocab.json` and `merges.txt`, with what
/// the files beside them say (`TokenizerSettings`).
///
/// `vocab.json` is an object from names to ids; `merges.txt` has a line `#version: 0.2` and then one merge a line, two
/// names with a space between them, the most preferred first.
public enum TokenizerFolder {
    /// Whether the folder holds a tokenizer of these kinds.
    public static func exists(in folder: String) -> Bool {
        FileSystem.exists(folder + "/tokenizer.json")
            || FileSystem.exists(folder + "/vocab.json") && FileSystem.exists(folder + "/merges.txt")
    }

    /// The file of a tokenizer of another kind that is there; nil if there is none.
    public static func unknownFile(in folder: String) -> String? {
        let known = [
            "tokenizer.model", "tekken.json", "vocab.txt", "spiece.model", "sentencepiece.bpe.model", "meta.pkl",
        ]
        return FileSystem.names(in: folder).first { known.contains($0) || $0.hasSuffix(".tiktoken") }
    }

    /// The files that say what a tokenizer does.
    private static let fileNames = [
        "tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt", "special_tokens_map.json",
        "added_tokens.json",
    ]

    /// Copies the files of a folder's tokenizer, each whole or not at all.
    /// - Parameter others: more files of the folder, which are copied where they are there.
    /// - Throws: `FileError`.
    public static func copy(_ folder: String, and others: [String] = [], to target: String) throws {
        guard exists(in: folder) else { throw FileError(.missing, folder, "has no tokenizer any more") }
        for name in fileNames + others where FileSystem.exists(folder + "/" + name) {
            let file = try MappedFile(folder + "/" + name)
            try withExtendedLifetime(file) {
                try writeFileAtomically(target + "/" + name, byteCount: file.bytes.count) { try $0.write(file.bytes) }
            }
        }
    }

    /// Reads the folder's tokenizer; throws `FileError` if there is none or its files break a rule.
    public static func load(_ folder: String) throws -> any Tokenizer {
        let settings = try TokenizerSettings(folder: folder)
        if FileSystem.exists(folder + "/tokenizer.json") {
            return try TokenizerFile.read(folder + "/tokenizer.json", settings)
        }
        guard exists(in: folder) else {
            let other = unknownFile(in: folder).map { "; \($0) is of another kind" } ?? ""
            throw FileError(
                .missing, folder, "has no tokenizer: neither tokenizer.json nor vocab.json with merges.txt\(other)")
        }
        return try readVocabularyAndMerges(folder, settings)
    }

    /// What the files of a tokenizer say in two ways, and which one holds, for a person to know.
    public static func notes(_ folder: String, _ tokenizer: any Tokenizer) throws -> [String] {
        let settings = try TokenizerSettings(folder: folder)
        guard FileSystem.exists(folder + "/tokenizer.json") else { return [] }
        func note(_ name: String, _ wanted: Bool?, _ ids: [Int32], _ place: String) -> String? {
            guard let wanted, wanted == ids.isEmpty else { return nil }
            let found = ids.map { tokenizer.token($0) ?? "" }.joined(separator: " ")
            return
                "tokenizer_config.json says \(name) \(wanted), tokenizer.json puts \(ids.isEmpty ? "nothing" : found) "
                + "\(place) a text: that holds, as in transformers 5"
        }
        return [
            note("add_bos_token", settings.addsBegin, tokenizer.prefixIDs, "before"),
            note("add_eos_token", settings.addsEnd, tokenizer.suffixIDs, "after"),
        ].compactMap { $0 }
    }

    private static func readVocabularyAndMerges(_ folder: String, _ settings: TokenizerSettings) throws -> any Tokenizer
    {
        let file = try readTextFile(folder + "/vocab.json", limit: 64 << 20)
        var raw = RawVocabulary(path: file.path)
        var reader = JSONReader(file)
        try reader.readObject { reader, name in
            let id = try reader.readCount()
            raw.addToken(id: id) { reader.appendBytes(of: name, to: &$0) }
        }
        try reader.finish()
        try readMerges(folder + "/merges.txt", into: &raw)
        let endName = settings.endName ?? "<|endoftext|>"
        var added = try settings.completing([], of: raw, folder)
        let end = Array(endName.utf8)
        if !added.contains(where: { $0.content == end }), let id = raw.ids(of: [end])[end], let id = Int32(exactly: id)
        {
            added.append(AddedTokens.Token(id: id, content: end))
        }
        let (names, merges, hasBlankInside) = try raw.tables(adding: added)
        var description = TokenizerDescription(
            path: file.path, names: names, merges: merges, added: AddedTokens(added), hasBlankInside: hasBlankInside)
        description.endOfTextID = names.id(of: endName)
        func around(_ isWanted: Bool?, _ name: String) -> [Int32] {
            isWanted == true ? names.id(of: name).map { [$0] } ?? [] : []
        }
        description.prefixIDs = around(settings.addsBegin, settings.beginName ?? "<|endoftext|>")
        description.suffixIDs = around(settings.addsEnd, endName)
        return ByteLevelBPE(description, addsPrefixSpace: settings.addsPrefixSpace ?? false)
    }

    private static func readMerges(_ path: String, into raw: inout RawVocabulary) throws {
        let file = try readTextFile(path, limit: 64 << 20)
        try withExtendedLifetime(file) { try parseMerges(file.bytes.bindMemory(to: UInt8.self), path, into: &raw) }
    }

    private static func parseMerges(
        _ bytes: UnsafeBufferPointer<UInt8>, _ path: String, into raw: inout RawVocabulary
    ) throws {
        if let place = UTF8Scan.firstError(bytes) {
            throw FileError(.malformed, path, at: place, "a merge that is not UTF-8")
        }
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            var line = bytes[start..<end]
            if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
            let isVersion = start == 0 && line.starts(with: "#version".utf8)
            if !line.isEmpty, !isVersion {
                do { try raw.addMerge { $0.append(contentsOf: line) } } catch {
                    throw FileError(.malformed, path, at: start, "a merge is two names with one space between them")
                }
            }
            start = end + 1
        }
    }
}
