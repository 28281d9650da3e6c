import Checkpoints
import Foundation
import TestSupport
import Testing

@testable import Internalization
import Transformer

private struct ReferenceExample: Decodable {
    var question: String
    var cot: String
    var answer: String
    var input_ids: [Int32]
    var separators: [Int]

    /// The reference keeps `#### ` in the answer.
    var problem: Problem { Problem(question: question, chain: cot, answer: String(answer.dropFirst(5))) }
}

private struct ReferenceExamples: Decodable { var examples: [ReferenceExample] }

@Suite struct EncodingTests {
    @Test(
        .enabled(if: Shared.has("golden/removal", "tokenizers/gpt2"), "\(Shared.reason)"),
        arguments: ["mult_4x4", "gsm8k"])
    func `the reference's tokens come out of its text`(_ name: String) throws {
        let file = Shared.url("golden/removal/\(name).json"), folder = Shared.url("tokenizers/gpt2")
        let encoder = try ReferenceEncoder(TokenizerFolder.load(folder.path))
        for example in try JSONDecoder().decode(ReferenceExamples.self, from: Data(contentsOf: file)).examples {
            let encoded = try encoder.encode(example.problem)
            #expect(encoded.tokens == example.input_ids)
            #expect(encoded.inputCount == example.separators[0] + 1)
            #expect(encoded.chain == example.separators[0] + 1..<example.separators[1])
            // ` ####` is two tokens; the answer ends before the lone blank.
            #expect(encoded.answer == example.separators[1] + 3..<example.separators[2] - 1)
            #expect(encoder.answerText(of: encoded.tokens[encoded.chain.upperBound...]) == example.answer)
        }
    }

    @Test(.enabled(if: Shared.has("tokenizers/gpt2"), "\(Shared.reason)"))
    func `removing the second separator as well changes where a generation stops`() throws {
        let folder = Shared.url("tokenizers/gpt2")
        let encoder = try ReferenceEncoder(TokenizerFolder.load(folder.path), removesSeparator: true)
        let encoded = try encoder.encode(Problem(question: "a", chain: "b", answer: "c"))
        #expect(encoded.tokens == [257, 220, 50256, 275, 220, 50256, 1303, 21017, 269, 220, 50256])
        #expect(encoded.chain == 3..<6)
        // An <eos> ends the output only after the mark of the answer, or after another one.
        let written = encoded.tokens[3...]
        #expect(encoder.stop(after: []) == .token(50256))
        #expect(encoder.stop(after: written[3..<6]) == .token(50256))
        #expect(encoder.stop(after: written.dropLast()) == .token(50256))
        #expect(encoder.stop(after: written) == nil)
        #expect(encoder.stop(after: written[6...]) == nil)
        #expect(encoder.stop(after: [50256, 50256]) == nil)
        let kept = try ReferenceEncoder(TokenizerFolder.load(folder.path))
        #expect(kept.stop(after: []) == .nthToken(50256, count: 2))
        #expect(kept.stop(after: written[3..<6]) == .nthToken(50256, count: 1))
        #expect(kept.stop(after: written) == nil)
        #expect(throws: ProblemError.self) {
            try encoder.encode(Problem(question: "a <|endoftext|>", chain: "b", answer: "c"))
        }
    }

    @Test(arguments: [
        (AnswerSeparator.kept, "12*34|840+0630#8040$", 8), (.absent, "12*34|840+06308040$", 8),
        (.removedLast, "12*34|840+0630#8040$", 9),
    ])
    func `one token a character, with the separator kept, absent or removed last`(
        _ separator: AnswerSeparator, _ text: String, _ chainCount: Int
    ) throws {
        let encoder = CharacterEncoder(separator: separator)
        let encoded = try encoder.encode(Problem(question: "1 2 * 3 4", chain: "8 4 0 + 0 6 3 0", answer: "8 0 4 0"))
        #expect(encoded.tokens.map(encoder.text).joined() == text)
        #expect(encoded.inputCount == 6)
        #expect(encoded.chain == 6..<6 + chainCount)
        #expect(encoded.tokens[encoded.answer].map(encoder.text).joined() == "8040")
        #expect(encoded.answer.lowerBound == text.count - 5)
    }

    @Test func `an answer is what follows the separator, or the last characters`() throws {
        let problem = Problem(question: "2 7 4", chain: "1", answer: "1")
        let kept = CharacterEncoder(separator: .kept)
        #expect(kept.answerText(of: try kept.encode(problem).tokens[4...]) == "1")
        let absent = CharacterEncoder(separator: .absent)
        #expect(absent.answerText(of: try absent.encode(problem).tokens[4...]) == "11")
        let known = CharacterEncoder(separator: .absent, answerCount: 1)
        #expect(known.answerText(of: try known.encode(problem).tokens[4...]) == "1")
    }

    @Test func `a character outside the vocabulary is named`() {
        #expect(throws: ProblemError.unknownCharacter("x", in: "1 x")) {
            try CharacterEncoder().encode(Problem(question: "1 x", chain: "", answer: ""))
        }
    }

    @Test func `a vocabulary holds the characters of its problems in the order of their codes`() throws {
        var builder = ProblemSetBuilder(taskName: "t")
        try builder.append(question: "b a", chain: "2", answer: "1")
        try builder.append(question: "é 一", chain: "", answer: "-")
        let vocabulary = CharacterVocabulary(of: builder.finish())
        #expect(String(vocabulary.characters) == "-12abé一")
        #expect(
            try CharacterEncoder(vocabulary).encode(Problem(question: "é一", chain: "b", answer: "1")).tokens == [
                8, 9, 0, 7, 4, 2,
            ])
    }

    @Test func `marks keep names of their own beside the same characters`() throws {
        let vocabulary = CharacterVocabulary(["$", "a", "$"])
        #expect((0..<5).map { vocabulary.name(of: $0) } == ["|", "#", "<$>", "$", "a"])
        #expect(vocabulary.name(of: 5) == nil)
        #expect(vocabulary.name(of: -1) == nil)
        #expect(CharacterVocabulary.digits.count == 20)
    }
}
