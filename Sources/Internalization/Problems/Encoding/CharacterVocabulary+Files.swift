import Checkpoints
import Support
import Transformer

/// A character vocabulary as files that transformers opens beside an exported model. `tokenizer.json`:
///
///     {"version": "1.0", "added_tokens": [{"id": 2, "content": "$", "special": true, …}],
///      "normalizer":    {"type": "Replace", "pattern": {"String": " "}, "content": ""},
///      "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "\\X"}, "behavior": "Isolated", "invert": false},
///      "post_processor": null, "decoder": {"type": "Fuse"},
///      "model": {"type": "WordLevel", "vocab": {"|": 0, "#": 1, "$": 2, "0": 3, …}, "unk_token": "<unk>"}}
///
/// There is no `<unk>`: a character without a token is an error there as here. `tokenizer_config.json` names the class
/// (`PreTrainedTokenizerFast`) and the token that ends a text. If an encoder wrote it, it also says how problems are
/// written: `"answer_separator"` (`kept`, `absent`, `removedLast`) and `"answer_count"` (a number or null).
extension CharacterVocabulary {
    /// Whether a folder's `tokenizer.json` is of this kind: words that are one character each, the first three our
    /// marks.
    public static func exists(in folder: String) -> Bool {
        guard let file = try? JSONReader.readFile(folder + "/tokenizer.json", limit: 4 << 20),
            file["model"]?["type"]?.string == "WordLevel",
            file["pre_tokenizer"]?["pattern"]?["Regex"]?.string == "\\X"
        else { return false }
        return (try? CharacterVocabulary(folder: folder)) != nil
    }

    /// Writes both files into a folder that is there; throws `FileError`.
    public func write(to folder: String) throws { try write(to: folder, []) }

    fileprivate func write(to folder: String, _ more: [JSONObject.Member]) throws {
        let configuration: [JSONObject.Member] = [
            .init("tokenizer_class", "PreTrainedTokenizerFast"), .init("eos_token", .string(name(of: Self.end) ?? "$")),
            .init("clean_up_tokenization_spaces", false),
        ]
        try writeFileAtomically(folder + "/tokenizer.json", Array(JSONWriter.text(tokenizerFile).utf8))
        try writeFileAtomically(
            folder + "/tokenizer_config.json", Array(JSONWriter.text(.object(JSONObject(configuration + more))).utf8))
    }

    private var tokenizerFile: JSONValue {
        let names = (0..<Int32(count)).map { name(of: $0) ?? "" }
        // Names of several characters must be found before the text is split into characters.
        let added = names.indices.filter { names[$0].count > 1 || Int32($0) == Self.end }.map { id -> JSONValue in
            [
                "id": JSONValue(id), "content": .string(names[id]), "single_word": false, "lstrip": false,
                "rstrip": false, "normalized": false,
                "special": .bool(Int32(id) == Self.end),
            ]
        }
        return [
            "version": "1.0", "truncation": nil, "padding": nil, "added_tokens": .array(added),
            "normalizer": ["type": "Replace", "pattern": ["String": " "], "content": ""],
            "pre_tokenizer": ["type": "Split", "pattern": ["Regex": "\\X"], "behavior": "Isolated", "invert": false],
            "post_processor": nil, "decoder": ["type": "Fuse"],
            "model": [
                "type": "WordLevel",
                "vocab": .object(JSONObject(names.enumerated().map { JSONObject.Member($1, JSONValue($0)) })),
                "unk_token": "<unk>",
            ],
        ]
    }

    /// Reads what `write(to:)` wrote.
    /// - Throws: `FileError` where the file is missing, malformed, or that of another kind of tokenizer.
    public init(folder: String) throws {
        let path = folder + "/tokenizer.json"
        let model = try JSONReader.readFile(path, limit: 16 << 20).object?["model"]?.object
        guard model?["type"]?.string == "WordLevel", let entries = model?["vocab"]?.object?.members else {
            throw FileError(.unsupported, path, "a tokenizer that is not one token a character")
        }
        var names = [String?](repeating: nil, count: entries.count)
        for entry in entries {
            guard let id = entry.value.integer, names.indices.contains(id), names[id] == nil else {
                throw FileError(.malformed, path, "the ids of the vocabulary are not 0 to \(entries.count - 1)")
            }
            names[id] = entry.name
        }
        let characters = try names.dropFirst(3).map { name in
            guard let name, name.count == 1, let character = name.first else {
                throw FileError(.unsupported, path, "the token \"\(name ?? "")\" is not one character")
            }
            return character
        }
        self.init(characters)
        guard count == names.count, (0..<3).allSatisfy({ self.name(of: Int32($0)) == names[$0] }) else {
            throw FileError(.unsupported, path, "the first three tokens are not the marks |, # and $")
        }
    }
}

extension CharacterEncoder {
    /// Writes the vocabulary's files and how problems are written; throws `FileError`.
    public func write(to folder: String) throws {
        try vocabulary.write(
            to: folder,
            [
                .init("answer_separator", .string(separator.rawValue)),
                .init("answer_count", answerCount.map { JSONValue($0) } ?? .null),
            ])
    }

    /// Reads what `write(to:)` wrote; throws `FileError`.
    public init(folder: String) throws {
        let vocabulary = try CharacterVocabulary(folder: folder)
        let path = folder + "/tokenizer_config.json"
        let configuration = try JSONReader.readFile(path).object
        guard let separator = AnswerSeparator(rawValue: configuration?["answer_separator"]?.string ?? "") else {
            throw FileError(
                .malformed, path,
                "answer_separator is none of \(AnswerSeparator.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self.init(vocabulary, separator: separator, answerCount: configuration?["answer_count"]?.integer)
    }
}
