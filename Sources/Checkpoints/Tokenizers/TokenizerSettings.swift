import Support

/// What the small files beside a tokenizer say, as transformers 5 reads them:
///
///     tokenizer_config.json      "bos_token", "eos_token", … and anything else "…_token": a text, or an object with
///                                "content" and flags; "extra_special_tokens" (or "additional_special_tokens"), a
///                                list or
///                                an object of these; "added_tokens_decoder" {id: token with flags}; "add_bos_token",
///                                "add_eos_token", "add_prefix_space"
///     special_tokens_map.json    names as above \
///     added_tokens.json          {text: id}     / both only where there is no added_tokens_decoder
///     generation_config.json, config.json       "eos_token_id", where nothing above names the token that ends a text
///                                               and this
///                                               is a special one
struct TokenizerSettings {
    /// A token that a file lists: under an id of its own, or only by its text.
    struct Listed {
        var id: Int?
        var token: AddedTokens.Token
        var file: String
    }

    private(set) var listed: [Listed] = []
    private(set) var beginName: String?
    private(set) var endName: String?
    private(set) var endID: Int?
    private(set) var addsBegin: Bool?
    private(set) var addsEnd: Bool?
    private(set) var addsPrefixSpace: Bool?

    private static let roles = [
        "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
    ]

    /// Nothing is listed.
    init() {}

    /// Reads what there is in a folder; throws `FileError` for a file that breaks a rule.
    init(folder: String) throws {
        func members(_ name: String) throws -> JSONObject? {
            let path = folder + "/" + name
            guard FileSystem.exists(path) else { return nil }
            guard let object = try JSONReader.readFile(path, limit: 16 << 20, nonFinite: .read).object else {
                throw FileError(.malformed, path, "is not a JSON object")
            }
            return object
        }
        let configuration = try members("tokenizer_config.json")
        var named = configuration ?? JSONObject()
        var nameFile = "tokenizer_config.json"
        addsBegin = named["add_bos_token"]?.bool
        addsEnd = named["add_eos_token"]?.bool
        addsPrefixSpace = named["add_prefix_space"]?.bool
        if named["do_lower_case"]?.bool == true {
            throw FileError(
                .unsupported, folder + "/tokenizer_config.json", "do_lower_case: texts in lower case are not written")
        }
        if let decoder = named["added_tokens_decoder"]?.object {
            try list(decoder, folder)
        } else {
            if let map = try members("special_tokens_map.json") {
                for member in map.members { named[member.name] = member.value }
                if configuration == nil { nameFile = "special_tokens_map.json" }
            }
            if let added = try members("added_tokens.json") {
                try list(added, named: Self.specialNames(named), folder)
            }
        }
        for (name, token) in Self.specialTokens(named) {
            listed.append(Listed(id: nil, token: token, file: nameFile))
            if name == "bos_token" { beginName = String(decoding: token.content, as: UTF8.self) }
            if name == "eos_token" { endName = String(decoding: token.content, as: UTF8.self) }
        }
        if endName == nil {
            for file in ["generation_config.json", "config.json"] where endID == nil {
                // What these say besides is their readers' business: one that cannot be read is refused there.
                let value = (try? members(file))?["eos_token_id"]
                endID = value?.integer ?? value?.array?.first?.integer
            }
        }
    }

    private mutating func list(_ decoder: JSONObject, _ folder: String) throws {
        var found: [Listed] = []
        for member in decoder.members {
            guard let id = Int(member.name), let token = Self.token(member.value, isSpecial: false) else {
                throw FileError(
                    .malformed, folder + "/tokenizer_config.json",
                    "added_tokens_decoder has \"\(member.name.prefix(40))\", which is not an id with its token")
            }
            found.append(Listed(id: id, token: token, file: "tokenizer_config.json"))
        }
        listed += found.sorted { ($0.id ?? 0) < ($1.id ?? 0) }
    }

    private mutating func list(_ added: JSONObject, named special: Set<String>, _ folder: String) throws {
        var found: [Listed] = []
        for member in added.members {
            guard let id = member.value.integer, !member.name.isEmpty else {
                throw FileError(
                    .malformed, folder + "/added_tokens.json", "\"\(member.name.prefix(40))\" has no id")
            }
            let isSpecial = special.contains(member.name)
            let token = AddedTokens.Token(
                id: -1, content: Array(member.name.utf8), isSpecial: isSpecial, isNormalized: !isSpecial)
            found.append(Listed(id: id, token: token, file: "added_tokens.json"))
        }
        listed += found.sorted { ($0.id ?? 0) < ($1.id ?? 0) }
    }

    private static func specialNames(_ members: JSONObject) -> Set<String> {
        Set(specialTokens(members).map { String(decoding: $0.token.content, as: UTF8.self) })
    }

    /// The tokens that have a role, then those of other names, then the rest, as transformers adds them.
    private static func specialTokens(_ members: JSONObject) -> [(name: String, token: AddedTokens.Token)] {
        var found: [(String, AddedTokens.Token)] = []
        func add(_ name: String, _ value: JSONValue?) {
            guard let value, let token = token(value, isSpecial: true) else { return }
            found.append((name, token))
        }
        for role in roles { add(role, members[role]) }
        for member in members.members where member.name.hasSuffix("_token") && !roles.contains(member.name) {
            add(member.name, member.value)
        }
        let more = members["extra_special_tokens"] ?? members["additional_special_tokens"]
        for value in more?.array ?? more?.object?.members.map(\.value) ?? [] { add("", value) }
        return found
    }

    /// A text, or an object with "content"; nil for anything else, such as null.
    private static func token(_ value: JSONValue, isSpecial: Bool) -> AddedTokens.Token? {
        if let text = value.string, !text.isEmpty {
            return AddedTokens.Token(id: -1, content: Array(text.utf8), isSpecial: true)
        }
        guard let object = value.object, let content = object["content"]?.string, !content.isEmpty else { return nil }
        let isSpecial = isSpecial || object["special"]?.bool ?? false
        return AddedTokens.Token(
            id: -1, content: Array(content.utf8), isSpecial: isSpecial,
            stripsLeft: object["lstrip"]?.bool ?? false, stripsRight: object["rstrip"]?.bool ?? false,
            isSingleWord: object["single_word"]?.bool ?? false,
            isNormalized: object["normalized"]?.bool ?? !isSpecial)
    }

    // MARK: Their ids

    /// The tokens of a tokenizer file, and those listed here: with the ids the vocabulary gives them, and the next free
    /// ones where it does not know them.
    /// - Throws: `FileError` where a file lists a token under another id than it has.
    func completing(_ added: [AddedTokens.Token], of raw: RawVocabulary, _ folder: String) throws -> [AddedTokens.Token]
    {
        guard !listed.isEmpty else { return added }
        var result = added
        let known = raw.ids(of: Set(listed.map(\.token.content)))
        for item in listed {
            let place = result.firstIndex { $0.content == item.token.content }
            let next = max(raw.tokens.count, (result.map { Int($0.id) }.max() ?? -1) + 1)
            let id =
                place.map { Int(result[$0].id) } ?? known[item.token.content] ?? item.id.flatMap { $0 < 0 ? nil : $0 }
                ?? next
            if let wanted = item.id, wanted != id || place == nil && known[item.token.content] == nil && wanted != next
            {
                let text = String(decoding: item.token.content.prefix(80), as: UTF8.self)
                throw FileError(
                    .contradictory, folder + "/" + item.file,
                    "gives \"\(text)\" the id \(wanted), but the vocabulary leads to \(wanted != id ? id : next)")
            }
            guard let narrow = Int32(exactly: id) else { continue }
            var token = item.token
            token.id = narrow
            if let place {
                // Only what lists a token by its id says how it is looked for.
                if item.id != nil { result[place] = token }
            } else {
                result.append(token)
            }
        }
        return result
    }
}
