import Support

/// The tokens that are found in the text before anything else is done to it, such as `<|endoftext|>`.
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
    }

    /// Longest first, so that the first that fits is the longest that fits.
    let tokens: [Token]
    private let byID: [Int32: Token]
    private let firstBytes: [Bool]

    init(_ tokens: [Token]) {
        self.tokens = tokens.sorted { $0.content.count > $1.content.count }
        byID = Dictionary(tokens.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
        var firstBytes = Array(repeating: false, count: 256)
        for token in tokens { firstBytes[Int(token.content.first ?? 0)] = true }
        self.firstBytes = firstBytes
    }

    subscript(_ id: Int32) -> Token? { byID[id] }

    func isSpecial(_ id: Int32) -> Bool { byID[id]?.isSpecial ?? false }

    /// Calls `piece` with each stretch of text between tokens (never empty) and `found` with each token, in order.
    func split(
        _ text: UnsafeBufferPointer<UInt8>, parsingSpecial: Bool, piece: (Range<Int>) throws -> Void,
        found: (Int32) -> Void
    ) rethrows {
        var start = 0  // of the stretch not yet handed out
        var index = 0
        while index < text.count {
            guard firstBytes[Int(text[index])], let token = match(text, at: index, parsingSpecial) else {
                index += 1
                continue
            }
            let begin = token.stripsLeft ? AddedTokens.skipBlanksBack(text, from: index, to: start) : index
            var end = index + token.content.count
            if token.stripsRight { end = AddedTokens.skipBlanks(text, from: end) }
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
                && (!token.isSingleWord || AddedTokens.standsAlone(text, index..<index + token.content.count))
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
