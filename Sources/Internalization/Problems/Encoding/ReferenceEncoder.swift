import Checkpoints
import Transformer

/// The reference's text, tokenised as one string by GPT-2's or any other loaded tokenizer; `<eos>` is the token that
/// ends a text (docs/method.md, point 1):
///
///     " " question " <eos> " chain " <eos> #### " answer " <eos>"
///
/// So every part ends in a lone space before `<eos>` (token 220 of GPT-2), and the one after the chain is the last
/// token that removal takes. What the tokenizer puts around every text (`<s>` for Llama, Mistral and Phi-3) is there,
/// as it was when those models were trained; there is no padding. The chain lies between the first and the second
/// `<eos>` of the text; the model's own end of it is a target, the end of the input is not. Where a tokenizer begins
/// texts with the token that ends them (OPT), that first one is no separator here, though the reference takes it for
/// one.
public struct ReferenceEncoder: ProblemEncoder {
    public let tokenizer: any Tokenizer
    /// `<eos>`.
    public let endToken: Int32
    /// Whether the second `<eos>` is the chain's last token, as in the authors' later experiments, rather than kept.
    public let removesSeparator: Bool
    /// Whether an `<eos>` inside a problem's own text is taken for a separator, as the reference does, rather than
    /// refused.
    public let acceptsSeparatorInText: Bool
    let endText: String

    /// - Throws: `ProblemError.notEncodable` where the tokenizer has no token that ends a text.
    public init(_ tokenizer: any Tokenizer, removesSeparator: Bool = false, acceptsSeparatorInText: Bool = false) throws
    {
        guard let end = tokenizer.endOfTextID, let name = tokenizer.token(end) else {
            throw ProblemError.notEncodable(rule: "the tokenizer has no token that ends a text, such as <|endoftext|>")
        }
        self.tokenizer = tokenizer
        self.removesSeparator = removesSeparator
        self.acceptsSeparatorInText = acceptsSeparatorInText
        endToken = end
        endText = name
    }

    public var vocabularySize: Int { tokenizer.vocabularySize }
    public var separator: AnswerSeparator { removesSeparator ? .removedLast : .kept }

    /// The second `<eos>`; where the separator between chain and answer is removed as well, also the first one after
    /// `####`.
    public func stop(after written: ArraySlice<Int32>) -> StopRule? {
        let ends = written.reduce(0) { $0 + ($1 == endToken ? 1 : 0) }
        if ends >= 2 { return nil }
        guard removesSeparator else { return .nthToken(endToken, count: 2 - ends) }
        guard let end = written.lastIndex(of: endToken) else { return .token(endToken) }
        return tokenizer.text(of: written[..<end]).contains("####") ? nil : .token(endToken)
    }

    /// `#### ` and the answer; an answer that has its own `####` stays as it is.
    static func marked(_ answer: String) -> String { answer.hasPrefix("####") ? answer : "#### " + answer }

    public func text(of problem: Problem) -> String {
        " \(problem.question) \(endText) \(problem.chain) \(endText) \(Self.marked(problem.answer)) \(endText)"
    }

    public func encode(_ problem: Problem) throws -> EncodedProblem {
        let tokens = try tokenizer.encode(text(of: problem), EncodingOptions(addsSpecialTokens: true))
        let own = tokenizer.prefixIDs.count..<tokens.count - tokenizer.suffixIDs.count
        let ends = own.filter { tokens[$0] == endToken }
        guard ends.count == 3 || acceptsSeparatorInText && ends.count > 3 else {
            throw ProblemError.notEncodable(
                rule: "the text of \"\(problem.question)\" holds \(endText), which separates the parts of a problem")
        }
        return EncodedProblem(
            tokens: tokens, inputCount: ends[0] + 1, chain: ends[0] + 1..<(removesSeparator ? ends[1] + 1 : ends[1]),
            answer: answerRange(tokens, after: ends[1], before: own.upperBound - 1))
    }

    /// The answer's tokens without ` ####` before and the lone space after them.
    private func answerRange(_ tokens: [Int32], after separator: Int, before end: Int) -> Range<Int> {
        var start = separator + 1
        var written: [UInt8] = []
        while start < end,
            !written.contains(UInt8(ascii: "#")) || written.reduce(0, { $1 == UInt8(ascii: "#") ? $0 + 1 : $0 }) < 4
        {
            written += tokenizer.decode(CollectionOfOne(tokens[start]))
            start += 1
        }
        var last = end
        while last > start, tokenizer.decode(CollectionOfOne(tokens[last - 1])).allSatisfy({ $0 == 0x20 }) { last -= 1 }
        return start..<last
    }

    public func text(_ token: Int32) -> String { tokenizer.text(of: CollectionOfOne(token)) }

    /// The text from the first `####` on, trimmed, without commas and special tokens; all of it where there is no
    /// `####`.
    public func answerText(of generated: ArraySlice<Int32>) -> String {
        ReferenceText.answer(in: tokenizer.text(of: generated, skippingSpecialTokens: true))
    }

    public func expectedAnswer(of problem: EncodedProblem) -> String {
        answerText(of: problem.tokens.dropFirst(problem.inputCount))
    }
}
