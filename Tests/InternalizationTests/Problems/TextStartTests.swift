import Checkpoints
import Foundation
import TestSupport
import Testing

@testable import Internalization

// The ids of `tokenizer(" 1 2 + 3 <eos> 1 <eos> #### 2 <eos>")` in transformers 5.24, which adds what the tokenizer
// adds, as the reference's src/data.py does.
@Suite struct TextStartTests {
    private func encoder(_ name: String) throws -> ReferenceEncoder {
        try ReferenceEncoder(TokenizerFolder.load(casesFolder.appending(path: "checkpoints/\(name)").path))
    }

    private let problem = Problem(question: "1 2 + 3", chain: "1", answer: "2")

    @Test func `a text begins with the token that the tokenizer puts there`() throws {
        let encoder = try encoder("k1-bos-sentencepiece")
        let encoded = try encoder.encode(problem)
        #expect(
            encoded.tokens == [
                1, 259, 259, 261, 259, 262, 259, 270, 259, 263, 259, 2, 259, 259, 261, 259, 2, 259, 259, 273, 273, 273,
                273, 259, 262, 259, 2,
            ])
        #expect(encoded.inputCount == 12)
        #expect(encoded.chain == 12..<16)
        // The answer without the space before and after it.
        #expect(encoded.tokens[encoded.answer].contains(262))
        #expect(encoder.expectedAnswer(of: encoded) == "#### 2")
    }

    @Test func `where that token is also the one that ends texts, it separates nothing`() throws {
        let encoder = try encoder("k6-llama3-style")
        let encoded = try encoder.encode(problem)
        #expect(
            encoded.tokens == [
                259, 220, 16, 220, 17, 220, 10, 220, 18, 220, 259, 220, 16, 220, 259, 220, 2, 2, 2, 2, 220, 17, 220,
                259,
            ])
        #expect(encoded.inputCount == 11)
        #expect(encoded.chain == 11..<14)
        #expect(encoder.expectedAnswer(of: encoded) == "#### 2")
    }

    @Test(arguments: ["k1-bos-sentencepiece", "k6-llama3-style"])
    func `the token before a text stands for none of it`(_ name: String) throws {
        let encoder = try encoder(name)
        let places = try encoder.places(of: problem)
        #expect(places.first == TokenPlace(part: nil, bytes: 0..<0))
        let tokens = try encoder.encode(problem).tokens
        let question = Array(problem.question.utf8)
        let read = places.indices.filter { places[$0].part == .question }.map { index in
            (String(decoding: question[places[index].bytes], as: UTF8.self), encoder.text(tokens[index]))
        }
        #expect(read.map(\.0).joined() == "12+3")
        #expect(read.allSatisfy { $0.1.hasSuffix($0.0) })
    }
}
