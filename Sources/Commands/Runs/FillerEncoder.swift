import Internalization
import Transformer

/// Writes problems as another encoder does, with one meaningless token in place of every chain token: as much room to
/// compute, nothing to read (Pfau et al. 2024).
struct FillerEncoder: ProblemEncoder {
    let base: any ProblemEncoder

    init(_ base: any ProblemEncoder) { self.base = base }

    var vocabularySize: Int { base.vocabularySize }
    var endToken: Int32 { base.endToken }
    func stop(after written: ArraySlice<Int32>) -> StopRule? { base.stop(after: written) }
    func expectedAnswer(of problem: EncodedProblem) -> String { base.expectedAnswer(of: problem) }
    func text(_ token: Int32) -> String { base.text(token) }
    func answerText(of generated: ArraySlice<Int32>) -> String { base.answerText(of: generated) }

    /// The first chain token everywhere would say something about the problem; the token of the input's end says nothing.
    func encode(_ problem: Problem) throws -> EncodedProblem {
        var encoded = try base.encode(problem)
        let filler = encoded.tokens[encoded.inputCount - 1]
        for place in encoded.chain { encoded.tokens[place] = filler }
        return encoded
    }
}
