import Transformer

/// A problem as token ids: input (its separator included), the removable chain, and what follows it.
public struct EncodedProblem: Sendable, Equatable {
    /// The whole sequence with its chain complete; the end token last.
    public var tokens: [Int32]
    /// How many tokens of `tokens` are the input, the first separator included: the model is never asked to predict
    /// these.
    public var inputCount: Int
    /// The tokens that removal may take away; it starts at `inputCount`. A separator that is removed last is its last
    /// element.
    public var chain: Range<Int>
    /// The answer's own tokens (its digits), for accuracy by position.
    public var answer: Range<Int>

    public init(tokens: [Int32], inputCount: Int, chain: Range<Int>, answer: Range<Int>) {
        self.tokens = tokens
        self.inputCount = inputCount
        self.chain = chain
        self.answer = answer
    }

    /// What must hold before a run uses it; the first rule broken, or nil.
    var fault: EncodedProblemFault? {
        if inputCount < 1 { return .emptyInput }
        if tokens.count <= inputCount { return .nothingAfterInput }
        if chain.lowerBound != inputCount || chain.upperBound > tokens.count {
            return .chainElsewhere(chain, inputCount: inputCount)
        }
        if answer.lowerBound < chain.upperBound || answer.upperBound > tokens.count {
            return .answerElsewhere(answer, chain: chain)
        }
        if tokens.count == chain.upperBound { return .nothingAfterChain }
        return nil
    }
}

/// Turns problems into token ids and generated ids back into answers: the reference's GPT-2 text, or one token a
/// character.
public protocol ProblemEncoder: Sendable {
    var vocabularySize: Int { get }
    /// What stands between chain and answer.
    var separator: AnswerSeparator { get }
    /// The token that ends a generation.
    var endToken: Int32 { get }
    /// When a generation ends that goes on from what has been written; nil if that is complete. What was written
    /// decides, never what should have been.
    func stop(after written: ArraySlice<Int32>) -> StopRule?
    func encode(_ problem: Problem) throws -> EncodedProblem
    /// A token for display.
    func text(_ token: Int32) -> String
    /// What counts as the answer in generated tokens.
    func answerText(of generated: ArraySlice<Int32>) -> String
    /// The answer of a problem, as it would be read in what a model writes.
    func expectedAnswer(of problem: EncodedProblem) -> String
}
