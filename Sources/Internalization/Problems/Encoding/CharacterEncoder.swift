import Transformer

/// What stands between the chain and the answer. At small scale it decides whether the last hand-off works: a separator
/// that stays must compute alone what the end of the input had learned to.
public enum AnswerSeparator: String, Sendable, CaseIterable {
    case kept
    case absent
    /// It counts as the chain's last token.
    case removedLast
}

/// One token a character, spaces dropped:
///
///     input | chain # answer $
public struct CharacterEncoder: ProblemEncoder {
    public let vocabulary: CharacterVocabulary
    public let separator: AnswerSeparator
    /// How many characters every answer has, if that is known: what is cut off the end of a generation that has no
    /// separator.
    public let answerCount: Int?

    public init(
        _ vocabulary: CharacterVocabulary = .digits, separator: AnswerSeparator = .absent, answerCount: Int? = nil
    ) {
        self.vocabulary = vocabulary
        self.separator = separator
        self.answerCount = answerCount
    }

    public var vocabularySize: Int { vocabulary.count }
    public var endToken: Int32 { CharacterVocabulary.end }
    public func stop(after written: ArraySlice<Int32>) -> StopRule? {
        written.contains(CharacterVocabulary.end) ? nil : .token(CharacterVocabulary.end)
    }

    public func encode(_ problem: Problem) throws -> EncodedProblem {
        var tokens: [Int32] = []
        tokens.reserveCapacity(problem.question.utf8.count + problem.chain.utf8.count + problem.answer.utf8.count + 3)
        try append(problem.question, to: &tokens)
        tokens.append(CharacterVocabulary.inputEnd)
        let inputCount = tokens.count
        try append(problem.chain, to: &tokens)
        var chainEnd = tokens.count
        if separator != .absent { tokens.append(CharacterVocabulary.answerMark) }
        if separator == .removedLast { chainEnd = tokens.count }
        let answerStart = tokens.count
        try append(problem.answer, to: &tokens)
        let answerEnd = tokens.count
        tokens.append(CharacterVocabulary.end)
        if separator == .absent, let answerCount, answerEnd - answerStart != answerCount {
            throw ProblemError.answerLength(problem.answer, expected: answerCount)
        }
        return EncodedProblem(
            tokens: tokens, inputCount: inputCount, chain: inputCount..<chainEnd, answer: answerStart..<answerEnd)
    }

    private func append(_ text: String, to tokens: inout [Int32]) throws {
        var text = text
        let start = tokens.count
        let isDone = text.withUTF8 { bytes in
            for byte in bytes where byte != 0x20 {
                guard byte < 0x80, byte != 0x0D, vocabulary.asciiIDs[Int(byte)] >= 0 else { return false }
                tokens.append(vocabulary.asciiIDs[Int(byte)])
            }
            return true
        }
        if isDone { return }
        tokens.removeLast(tokens.count - start)
        try appendSlowly(text, to: &tokens)
    }

    private func appendSlowly(_ text: String, to tokens: inout [Int32]) throws {
        for character in text where character != " " {
            guard let id = vocabulary.id(of: character) else {
                throw ProblemError.unknownCharacter(character, in: text)
            }
            tokens.append(id)
        }
    }

    public func text(_ token: Int32) -> String { vocabulary.name(of: token) ?? "�" }

    /// What stands after the separator; without one the last `answerCount` characters, or all there are.
    public func answerText(of generated: ArraySlice<Int32>) -> String {
        var rest = generated.prefix { $0 != CharacterVocabulary.end }
        if let mark = rest.firstIndex(of: CharacterVocabulary.answerMark) {
            rest = rest[(mark + 1)...]
        } else if let answerCount {
            rest = rest.suffix(answerCount)
        }
        return rest.map(text).joined()
    }

    public func expectedAnswer(of problem: EncodedProblem) -> String {
        problem.tokens[problem.answer].map(text).joined()
    }
}
