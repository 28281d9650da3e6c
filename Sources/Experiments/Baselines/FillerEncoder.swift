import Internalization
import Transformer

/// Writes problems as another encoder does, with one meaningless token in place of every chain token: as much room to
/// compute, nothing to read (Pfau et al. 2024).
public struct FillerEncoder: ProblemEncoder {
    public let base: any ProblemEncoder

    public init(_ base: any ProblemEncoder) { self.base = base }

    public var vocabularySize: Int { base.vocabularySize }
    public var endToken: Int32 { base.endToken }
    public var separator: AnswerSeparator { base.separator }
    public func stop(after written: ArraySlice<Int32>) -> StopRule? { base.stop(after: written) }
    public func expectedAnswer(of problem: EncodedProblem) -> String { base.expectedAnswer(of: problem) }
    public func text(_ token: Int32) -> String { base.text(token) }
    public func answerText(of generated: ArraySlice<Int32>) -> String { base.answerText(of: generated) }

    /// The first chain token everywhere would say something about the problem; the token of the input's end says
    /// nothing.
    public func encode(_ problem: Problem) throws -> EncodedProblem {
        var encoded = try base.encode(problem)
        let filler = encoded.tokens[encoded.inputCount - 1]
        for place in encoded.chain { encoded.tokens[place] = filler }
        return encoded
    }
}
