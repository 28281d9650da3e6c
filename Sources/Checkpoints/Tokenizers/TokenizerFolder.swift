import Support

/// Finds the tokenizer of a checkpoint folder: `tokenizer.json`, or GPT-2's `vocab.json` and `merges.txt`.
///
/// `vocab.json` is an object from names to ids; `merges.txt` has a line `#version: 0.2` and then one merge a line, two
/// names with a space between them, the most preferred first. `tokenizer_config.json`, where it is there, names the
/// token that ends a text, as `"eos_token"`: a string or an object with `"content"`.
public enum TokenizerFolder {
    /// Whether the folder holds a tokenizer this can read.
    public static func exists(in folder: String) -> Bool {
        FileSystem.exists(folder + "/tokenizer.json")
            || FileSystem.exists(folder + "/vocab.json") && FileSystem.exists(folder + "/merges.txt")
    }

    /// Reads the folder's tokenizer; throws `FileError` if there is none or its files break a rule.
    public static func load(_ folder: String) throws -> any Tokenizer {
        let endOfText = try endOfTextName(folder)
        if FileSystem.exists(folder + "/tokenizer.json") {
            return try TokenizerFile.read(folder + "/tokenizer.json", endOfText: endOfText)
        }
        guard exists(in: folder) else {
            throw FileError(.missing, folder, "has no tokenizer: neither tokenizer.json nor vocab.json with merges.txt")
        }
        return try readVocabularyAndMerges(folder, endOfText)
    }

    private static func endOfTextName(_ folder: String) throws -> String? {
        let path = folder + "/tokenizer_config.json"
        guard FileSystem.exists(path) else { return nil }
        let value = try JSONReader.readFile(path, limit: 16 << 20).object?["eos_token"]
        return value?.string ?? value?.object?["content"]?.string
    }

    private static func readVocabularyAndMerges(_ folder: String, _ endOfText: String?) throws -> any Tokenizer {
        let file = try readWholeFile(folder + "/vocab.json", limit: 64 << 20)
        var raw = RawVocabulary(path: file.path)
        var special: AddedTokens.Token?
        let endName = endOfText ?? "<|endoftext|>"
        var reader = JSONReader(file)
        try reader.readObject { reader, name in
            let id = try reader.readCount()
            raw.addToken(id: id) { reader.appendBytes(of: name, to: &$0) }
            if hasSameBytes(reader.string(name), endName), let id = Int32(exactly: id) {
                special = AddedTokens.Token(id: id, content: Array(endName.utf8))
            }
        }
        try reader.finish()
        try readMerges(folder + "/merges.txt", into: &raw)
        let (names, merges, hasBlankInside) = try raw.tables(adding: special.map { [$0] } ?? [])
        var description = TokenizerDescription(
            path: file.path, names: names, merges: merges, added: AddedTokens(special.map { [$0] } ?? []),
            hasBlankInside: hasBlankInside)
        description.endOfTextID = special?.id
        return ByteLevelBPE(description, addsPrefixSpace: false)
    }

    private static func readMerges(_ path: String, into raw: inout RawVocabulary) throws {
        let file = try readWholeFile(path, limit: 64 << 20)
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
