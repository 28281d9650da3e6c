import Support

/// What tokenizer files of every kind come down to: names, merges, added tokens, and a few switches.
struct TokenizerDescription: Sendable {
    var path: String
    var names: TokenTable
    var merges: PairMerges
    var added: AddedTokens
    /// Whether some merge makes a token with `▁` after something else.
    var hasBlankInside = false
    var unknownID: Int32?
    var fusesUnknown = false
    var hasByteFallback = false
    /// What is put around every text: `<s>` before it, for Llama.
    var prefixIDs: [Int32] = []
    var suffixIDs: [Int32] = []
    var endOfTextID: Int32?
}

/// A vocabulary and its merges as they stand in a file, not yet checked against each other.
struct RawVocabulary {
    /// The bytes of all names.
    private(set) var pool: [UInt8] = []
    private(set) var tokens: [(range: Range<Int>, id: Int)] = []
    /// Left part, right part; they stand one after the other, so that together they are the product.
    private(set) var merges: [(left: Range<Int>, right: Range<Int>)] = []
    let path: String

    init(path: String) { self.path = path }

    mutating func addToken(id: Int, _ append: (inout [UInt8]) -> Void) {
        let start = pool.count
        append(&pool)
        tokens.append((start..<pool.count, id))
    }

    /// Adds a merge written as two names with one space between them.
    mutating func addMerge(_ append: (inout [UInt8]) -> Void) throws(MergeError) {
        let start = pool.count
        append(&pool)
        guard let middle = pool[start...].firstIndex(of: UInt8(ascii: " ")) else { throw .notTwoNames }
        pool.remove(at: middle)
        guard !pool[middle...].contains(UInt8(ascii: " ")) else { throw .notTwoNames }
        merges.append((start..<middle, middle..<pool.count))
    }

    mutating func addMerge(_ left: (inout [UInt8]) -> Void, _ right: (inout [UInt8]) -> Void) {
        let start = pool.count
        left(&pool)
        let middle = pool.count
        right(&pool)
        merges.append((start..<middle, middle..<pool.count))
    }

    enum MergeError: Error { case notTwoNames }

    /// The ids of some names, as far as they are in the vocabulary.
    func ids(of names: Set<[UInt8]>) -> [[UInt8]: Int] {
        let lengths = Set(names.map(\.count))
        var found: [[UInt8]: Int] = [:]
        for token in tokens where lengths.contains(token.range.count) {
            let name = Array(pool[token.range])
            if names.contains(name) { found[name] = token.id }
        }
        return found
    }

    // MARK: Checking

    /// The names, ids and merges as tables. Throws `FileError` for an id used twice or far beyond the number of tokens,
    /// an empty or repeated name, or a merge whose parts or product the vocabulary lacks.
    func tables(adding added: [AddedTokens.Token]) throws -> (TokenTable, PairMerges, hasBlankInside: Bool) {
        let total = tokens.count + added.count
        let highest = max(tokens.map(\.id).max() ?? -1, added.map { Int($0.id) }.max() ?? -1)
        guard total > 0 else { throw FileError(.malformed, path, "the vocabulary is empty") }
        guard highest < 2 * total + 65_536 else {
            throw FileError(.malformed, path, "id \(highest) is far beyond the \(total) tokens of the vocabulary")
        }
        var names = TokenTable(capacity: total, idLimit: highest + 1)
        try pool.withUnsafeBytes { pool in
            for token in tokens {
                let name = UnsafeRawBufferPointer(rebasing: pool[token.range])
                guard token.id >= 0, names.insert(name, id: Int32(token.id)) else {
                    throw FileError(
                        .malformed, path,
                        "token \"\(String(decoding: name, as: UTF8.self))\" with id \(token.id): empty, or the id or "
                            + "the name is taken"
                    )
                }
            }
        }
        for token in added { try add(token, to: &names) }
        let (merges, hasBlankInside) = try mergeTable(names)
        return (names, merges, hasBlankInside)
    }

    /// An added token is usually also in the vocabulary, under the same id.
    private func add(_ token: AddedTokens.Token, to names: inout TokenTable) throws {
        try token.content.withUnsafeBytes { content in
            if names.id(of: content) == token.id { return }
            guard token.id >= 0, names.insert(content, id: token.id) else {
                throw FileError(
                    .malformed, path,
                    "added token \"\(String(decoding: content, as: UTF8.self))\" with id \(token.id): the id or the "
                        + "name is taken"
                )
            }
        }
    }

    private func mergeTable(_ names: TokenTable) throws -> (PairMerges, hasBlankInside: Bool) {
        var table = PairMerges(capacity: merges.count)
        var hasBlankInside = false
        try pool.withUnsafeBytes { pool in
            func id(_ range: Range<Int>, _ rank: Int) throws -> Int32 {
                let name = UnsafeRawBufferPointer(rebasing: pool[range])
                guard let id = names.id(of: name) else {
                    throw FileError(
                        .malformed, path,
                        "merge \(rank) needs \"\(String(decoding: name, as: UTF8.self))\", which is not in the "
                            + "vocabulary"
                    )
                }
                return id
            }
            for (rank, merge) in merges.enumerated() {
                let product = merge.left.lowerBound..<merge.right.upperBound
                table.insert(
                    try id(merge.left, rank), try id(merge.right, rank),
                    PairMerges.Merge(rank: Int32(truncatingIfNeeded: rank), product: try id(product, rank)))
                hasBlankInside =
                    hasBlankInside || RawVocabulary.hasBlankInside(UnsafeRawBufferPointer(rebasing: pool[product]))
            }
        }
        return (table, hasBlankInside)
    }

    /// Whether `▁` (E2 96 81) follows something other than itself.
    private static func hasBlankInside(_ name: UnsafeRawBufferPointer) -> Bool {
        func isBlank(_ index: Int) -> Bool { name[index] == 0xE2 && name[index + 1] == 0x96 && name[index + 2] == 0x81 }
        guard name.count > 3 else { return false }
        for index in 1...name.count - 3 where isBlank(index) && !(index >= 3 && isBlank(index - 3)) { return true }
        return false
    }
}
