import Support

/// The tokens that are found in the text before it is cut into words, such as `<|endoftext|>`: first those that are
/// looked for in the text as it stands, then, in what is left and after normalization, the others (`"normalized":
/// true`).
struct AddedTokens: Sendable {
    struct Token: Sendable {
        var id: Int32
        /// What it looks like in a text; not empty.
        var content: [UInt8]
        /// Whether it is a sign to the model rather than text, and left out of decoded text on request.
        var isSpecial = true
        /// Whether spaces before or after it belong to it.
        var stripsLeft = false
        var stripsRight = false
        /// Whether it only counts between characters that are no part of a word.
        var isSingleWord = false
        /// Whether it is looked for after normalization.
        var isNormalized = false
    }

    private let byID: [Int32: Token]
    private let early: Search
    /// Their contents are normalized as the text is.
    private let late: Search

    /// - Parameter normalizer: what is done to the text before the late tokens are looked for.
    init(_ tokens: [Token], normalizer: TextNormalizer? = nil) {
        byID = Dictionary(tokens.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
        early = Search(tokens.filter { !$0.isNormalized })
        late = Search(
            tokens.filter(\.isNormalized).map { token in
                var token = token
                if let normalizer { token.content = normalizer(token.content) }
                return token
            })
    }

    subscript(_ id: Int32) -> Token? { byID[id] }

    func isSpecial(_ id: Int32) -> Bool { byID[id]?.isSpecial ?? false }

    /// Calls `stretch` with what lies between the tokens, normalized and never empty, and the place in the text at
    /// which it begins; `found` with each token; all in order.
    func split(
        _ text: UnsafeBufferPointer<UInt8>, _ options: EncodingOptions, _ normalizer: TextNormalizer?,
        stretch: (UnsafeBufferPointer<UInt8>, Int) throws -> Void, found: (Int32) -> Void
    ) rethrows {
        try early.split(text, options.parsesSpecialTokens) { range in
            let piece = UnsafeBufferPointer(rebasing: text[range])
            guard let normalizer else { return try splitLate(piece, range.lowerBound, options, stretch, found) }
            try normalizer(piece).withUnsafeBufferPointer {
                try splitLate($0, range.lowerBound, options, stretch, found)
            }
        } found: {
            found($0)
        }
    }

    private func splitLate(
        _ text: UnsafeBufferPointer<UInt8>, _ place: Int, _ options: EncodingOptions,
        _ stretch: (UnsafeBufferPointer<UInt8>, Int) throws -> Void, _ found: (Int32) -> Void
    ) rethrows {
        if late.tokens.isEmpty {
            if !text.isEmpty { try stretch(text, place) }
            return
        }
        try late.split(text, options.parsesSpecialTokens) { range in
            try stretch(UnsafeBufferPointer(rebasing: text[range]), place + range.lowerBound)
        } found: {
            found($0)
        }
    }
}

/// Some tokens to be found in a text.
private struct Search: Sendable {
    typealias Token = AddedTokens.Token

    /// Longest first, so that the first that fits is the longest that fits.
    let tokens: [Token]
    private let firstBytes: [Bool]

    init(_ tokens: [Token]) {
        self.tokens = tokens.sorted { $0.content.count > $1.content.count }
        var firstBytes = Array(repeating: false, count: 256)
        for token in tokens { firstBytes[Int(token.content.first ?? 0)] = true }
        self.firstBytes = firstBytes
    }

    /// Calls `piece` with each stretch of text between tokens (never empty) and `found` with each token, in order.
    func split(
        _ text: UnsafeBufferPointer<UInt8>, _ parsingSpecial: Bool, piece: (Range<Int>) throws -> Void,
        found: (Int32) -> Void
    ) rethrows {
        var start = 0  // of the stretch not yet handed out
        var index = 0
        while index < text.count {
            guard firstBytes[Int(text[index])], let token = match(text, at: index, parsingSpecial) else {
                index += 1
                continue
            }
            let begin = token.stripsLeft ? Self.skipBlanksBack(text, from: index, to: start) : index
            var end = index + token.content.count
            if token.stripsRight { end = Self.skipBlanks(text, from: end) }
            if begin > start { try piece(start..<begin) }
            found(token.id)
            start = end
            index = end
        }
        if start < text.count { try piece(start..<text.count) }
    }

    private func match(_ text: UnsafeBufferPointer<UInt8>, at index: Int, _ parsingSpecial: Bool) -> Token? {
        tokens.first { token in
            token.content.count <= text.count - index && (parsingSpecial || !token.isSpecial)
                && text[index..<index + token.content.count].elementsEqual(token.content)
                && (!token.isSingleWord || Self.standsAlone(text, index..<index + token.content.count))
        }
    }

    private static func skipBlanks(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var index = start
        while index < text.count, let scalar = UTF8Scan.scalar(text, at: index),
            UnicodeClasses.shared[scalar.value] == .space
        {
            index += scalar.length
        }
        return index
    }

    private static func skipBlanksBack(_ text: UnsafeBufferPointer<UInt8>, from end: Int, to limit: Int) -> Int {
        var index = end
        while let scalar = scalarBefore(text, index, limit), UnicodeClasses.shared[scalar.value] == .space {
            index -= scalar.length
        }
        return index
    }

    private static func scalarBefore(
        _ text: UnsafeBufferPointer<UInt8>, _ index: Int, _ limit: Int
    ) -> (value: UInt32, length: Int)? {
        var start = index - 1
        while start > limit, index - start < 4, text[start] & 0xC0 == 0x80 { start -= 1 }
        guard start >= limit, let scalar = UTF8Scan.scalar(text, at: start), start + scalar.length == index else {
            return nil
        }
        return scalar
    }

    private static func standsAlone(_ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Bool {
        func isWord(_ scalar: (value: UInt32, length: Int)?) -> Bool {
            guard let scalar else { return false }
            let kind = UnicodeClasses.shared[scalar.value]
            return kind == .letter || kind == .number || scalar.value == 0x5F
        }
        let after = range.upperBound < text.count ? UTF8Scan.scalar(text, at: range.upperBound) : nil
        return !isWord(scalarBefore(text, range.lowerBound, 0)) && !isWord(after)
    }
}
