import Experiments
import Internalization
import Testing

@Suite struct FillerEncoderTests {
    @Test func `the filler control sees the question, as many fillers as the chain had tokens, and the answer`() throws
    {
        let base = CharacterEncoder(answerCount: 1)
        let encoded = try FillerEncoder(base).encode(Problem(question: "2 7 4", chain: "1 1", answer: "0"))
        let plain = try base.encode(Problem(question: "2 7 4", chain: "1 1", answer: "0"))
        #expect(plain.tokens.map(base.text).joined() == "274|110$")
        let filler = base.text(encoded.tokens[4])
        #expect(encoded.tokens.map(base.text).joined() == "274|\(filler)\(filler)0$")
        #expect(filler != "1" && filler != "0")
        #expect(
            encoded.chain == plain.chain && encoded.answer == plain.answer && encoded.inputCount == plain.inputCount)
        // Whatever the chain says, it is the same row.
        let other = try FillerEncoder(base).encode(Problem(question: "2 7 4", chain: "0 1", answer: "0"))
        #expect(other == encoded)
    }
}
