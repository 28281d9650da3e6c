import Support

// What stands around the model in a `tokenizer.json`: what is done to a text before it, and to the ids after it. Each
// step that is not known is refused by its name.

extension TokenizerFile {
    // MARK: Normalizer

    func normalizer() throws -> TextNormalizer? {
        let steps = try list("normalizer", "normalizers").map { step -> TextNormalizer.Step in
            switch type(step) {
            case "NFC": return .composed
            case "NFD": return .decomposed
            case "Lowercase": return .lowercased
            case "Prepend": return .prepended(Array((step["prepend"]?.string ?? "").utf8))
            case "Replace":
                guard let old = step["pattern"]?.object?["String"]?.string, let new = step["content"]?.string else {
                    throw unsupported("a normalizer that replaces by a pattern")
                }
                return .replaced(Array(old.utf8), Array(new.utf8))
            case "Strip":
                return .stripped(left: step["strip_left"]?.bool ?? true, right: step["strip_right"]?.bool ?? true)
            default:
                throw unsupported("normalizer \(name(step)); NFC, NFD, Lowercase, Prepend, Replace, Strip are read")
            }
        }
        return steps.isEmpty ? nil : TextNormalizer(steps: steps)
    }

    // MARK: Pre-tokenizer

    private var preTokenizerSteps: [JSONObject] { list("pre_tokenizer", "pretokenizers") }

    var pieceCount: Int { preTokenizerSteps.count }

    /// Whether bytes are written as characters, as GPT-2 does.
    var isByteLevel: Bool { type(preTokenizerSteps.last) == "ByteLevel" }

    var addsPrefixSpace: Bool { preTokenizerSteps.last?["add_prefix_space"]?.bool ?? true }

    func preTokenizer() throws -> PreTokenizer {
        var steps: [PreTokenizer.Step] = []
        for (index, step) in preTokenizerSteps.enumerated() {
            switch type(step) {
            case "ByteLevel" where index == pieceCount - 1 && !isWordLevel:
                if step["use_regex"]?.bool ?? true { steps.append(.gpt2Words) }
            case "Split": steps.append(try split(step))
            case "Digits": steps.append(.digits(isEach: step["individual_digits"]?.bool ?? false))
            case "WhitespaceSplit": steps.append(.spaces)
            case "Whitespace": steps.append(.wordsAndSigns)
            default:
                throw unsupported(
                    "pre_tokenizer \(name(step)); ByteLevel, Metaspace, Split, Digits, Whitespace and WhitespaceSplit "
                        + "are read")
            }
        }
        return PreTokenizer(steps: steps)
    }

    private var isWordLevel: Bool { modelSettings["type"]?.string == "WordLevel" }

    private func split(_ step: JSONObject) throws -> PreTokenizer.Step {
        let name = step["behavior"]?.string ?? "Removed"
        guard let behaviour = PreTokenizer.SplitBehaviour(rawValue: name) else {
            throw unsupported("a Split whose behavior is \"\(name.prefix(40))\"")
        }
        let isInverted = step["invert"]?.bool ?? false
        if let text = step["pattern"]?.object?["String"]?.string {
            return .split(.text(Array(text.utf8)), behaviour, isInverted: isInverted)
        }
        guard let pattern = step["pattern"]?.object?["Regex"]?.string else {
            throw unsupported("a Split without its pattern")
        }
        do {
            return .split(.pattern(try TextPattern(pattern)), behaviour, isInverted: isInverted)
        } catch let fault as TextPattern.Fault {
            throw unsupported("a Split by \"\(pattern.prefix(80))\": \(fault.rule)")
        }
    }

    // MARK: Spaces as ▁

    private static let blank = Array("▁".utf8)

    func prefixRule(_ normalizer: TextNormalizer?) throws -> SentencePieceBPE.PrefixRule {
        guard pieceCount <= 1 else { throw unsupported("a sequence of \(pieceCount) pre_tokenizers") }
        guard let preTokenizer = preTokenizerSteps.first else { return try Self.prefixRule(of: normalizer, self) }
        guard type(preTokenizer) == "Metaspace", preTokenizer["replacement"]?.string == "▁" else {
            throw unsupported("pre_tokenizer \(name(preTokenizer)) of a model without byte-level characters")
        }
        guard normalizer == nil else { throw unsupported("a normalizer before Metaspace") }
        switch preTokenizer["prepend_scheme"]?.string {
        case "first": return .textStart
        case "always": return .everyStart
        case "never": return .never
        case nil: return preTokenizer["add_prefix_space"]?.bool ?? true ? .everyStart : .never
        case let scheme?: throw unsupported("prepend_scheme \"\(scheme)\"")
        }
    }

    private static func prefixRule(
        of normalizer: TextNormalizer?, _ file: TokenizerFile
    ) throws -> SentencePieceBPE.PrefixRule {
        let replacing = TextNormalizer.Step.replaced([0x20], Self.blank)
        switch normalizer?.steps {
        case [replacing]: return .never
        case [.prepended(Self.blank), replacing]: return .everyStretch
        default: throw file.unsupported("a normalizer other than Prepend \"▁\" and Replace \" \" by \"▁\"")
        }
    }

    func splitsAtBlanks() throws -> Bool {
        guard let preTokenizer = preTokenizerSteps.first, type(preTokenizer) == "Metaspace" else { return false }
        return preTokenizer["split"]?.bool ?? true
    }

    func stripRule() throws -> SentencePieceBPE.StripRule {
        let steps = list("decoder", "decoders")
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
            default: throw unsupported("decoder \(name(step))")
            }
        }
        return count == 0 ? .never : .firstCharacter(count)
    }

    /// What stands between the words of a WordLevel model when they are put together again.
    func wordJoint() throws -> String {
        let steps = list("decoder", "decoders")
        guard let step = steps.first else { return " " }
        guard steps.count == 1, type(step) == "Fuse" else { throw unsupported("decoder \(name(step)) of words") }
        return ""
    }

    // MARK: Around the text

    func applyPostProcessor(to description: inout TokenizerDescription) throws {
        for step in list("post_processor", "processors") {
            switch type(step) {
            case "ByteLevel": continue
            case "TemplateProcessing": try applyTemplate(step, to: &description)
            case "RobertaProcessing":
                description.prefixIDs.append(try pairID(step["cls"], description))
                description.suffixIDs.append(try pairID(step["sep"], description))
            default: throw unsupported("post_processor \(name(step))")
            }
        }
    }

    /// The id in `["</s>", 2]`.
    private func pairID(_ value: JSONValue?, _ description: TokenizerDescription) throws -> Int32 {
        guard let pair = value?.array, pair.count == 2, let id = pair[1].integer.flatMap({ Int32(exactly: $0) }),
            id >= 0, Int(id) < description.names.count
        else { throw FileError(.malformed, file.path, "RobertaProcessing names a token without an id") }
        return id
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

    private func type(_ object: JSONObject?) -> String? { object?["type"]?.string }

    private func name(_ object: JSONObject) -> String { String((type(object) ?? "without a type").prefix(40)) }

    /// The steps of a Sequence, or the one step there is, or none.
    private func list(_ setting: String, _ member: String) -> [JSONObject] {
        guard let object = settings[setting]?.object else { return [] }
        guard type(object) == "Sequence" else { return [object] }
        return object[member]?.array?.map { $0.object ?? JSONObject() } ?? []
    }
}
