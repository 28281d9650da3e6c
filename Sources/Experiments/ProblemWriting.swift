import Checkpoints
import Internalization

/// How problems become tokens for a model.
public enum ProblemWriting {
    case characters(CharacterVocabulary)
    /// `folder` is where it was read.
    case tokenizer(any Tokenizer, folder: String?)
    /// Token ids only: a checkpoint without a tokenizer, or with one that is not known, and why.
    case ids(reason: String?)

    /// Whether both write a text in the same characters.
    public func hasSameCharacters(as other: ProblemWriting) -> Bool {
        if case .characters(let mine) = self, case .characters(let theirs) = other { return mine == theirs }
        return false
    }

    /// How the problems of a run are written for a model.
    /// - Parameters:
    ///   - separator: what stands between chain and answer; nil for none where the length of the answers tells where
    ///     they begin, and one that is kept everywhere else.
    ///   - answers: problems whose answers tell how long an answer is.
    /// - Throws: `SeparatorFault`, `ProblemError.notEncodable`.
    public func encoder(separator: AnswerSeparator?, answers: [ProblemSet]) throws -> any ProblemEncoder {
        switch self {
        case .characters(let vocabulary):
            let lengths = answerLengths(answers)
            let isOne = lengths.lowerBound == lengths.upperBound
            if separator == .absent, !isOne { throw SeparatorFault.differentLengths(lengths) }
            return CharacterEncoder(
                vocabulary, separator: separator ?? (isOne ? .absent : .kept),
                answerCount: isOne ? lengths.lowerBound : nil)
        case .tokenizer(let tokenizer, _):
            if separator == .absent { throw SeparatorFault.tokenizer }
            return try ReferenceEncoder(tokenizer, removesSeparator: separator == .removedLast)
        case .ids(let reason):
            let none =
                "the model came without a tokenizer, so problems cannot be written for it; load the folder that has "
                + "its tokenizer.json too"
            throw ProblemError.notEncodable(
                rule: reason.map { "problems cannot be written for the model: \($0)" } ?? none)
        }
    }

    /// How many characters, spaces aside, the answers have.
    private func answerLengths(_ sets: [ProblemSet]) -> ClosedRange<Int> {
        var least = Int.max, most = 0
        for set in sets {
            for index in 0..<set.count {
                let length = set.withParts(of: index) { _, _, answer in answer.reduce(0) { $1 == 0x20 ? $0 : $0 + 1 } }
                least = min(least, length)
                most = max(most, length)
            }
        }
        return min(least, most)...most
    }
}

/// Why problems cannot be written without a sign between chain and answer.
public enum SeparatorFault: Error, CustomStringConvertible {
    case differentLengths(ClosedRange<Int>)
    case tokenizer

    public var description: String {
        switch self {
        case .differentLengths(let lengths):
            "the answers have \(lengths.lowerBound) to \(lengths.upperBound) characters, so without a separator "
                + "nothing "
                + "tells where the chain ends and the answer begins"
        case .tokenizer: "with a tokenizer the answer is found by the <eos> and #### before it"
        }
    }
}
