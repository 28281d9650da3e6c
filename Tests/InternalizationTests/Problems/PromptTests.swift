import Checkpoints
import Foundation
import Support
import TestSupport
import Testing

import Internalization
import Transformer

@Suite struct FewShotPromptTests {
    private func problems() throws -> ProblemSet {
        var builder = ProblemSetBuilder(taskName: "t")
        try builder.append(question: "2 1 * 4 3", chain: "8 4 0 + 0 6 3 0", answer: "8 0 4 0")
        return builder.finish()
    }

    @Test func `an explicit prompt shows chains and asks for one`() throws {
        let prompt = try FewShotPrompt(from: problems(), count: 1, mode: .explicit)
        let problem = Problem(question: "5 6 * 7 4", chain: "", answer: "1,234")
        #expect(
            prompt.text(for: problem)
                == "Question: 2 1 * 4 3\nReasoning: 8 4 0 + 0 6 3 0\nAnswer: 8 0 4 0\nQuestion: 5 6 * 7 4\nReasoning:")
        #expect(prompt.answer(in: " 8 4\nAnswer: 1,2 3\nQuestion: 4") == "12 3")
        #expect(prompt.answer(in: " 8 4") == nil)
        #expect(prompt.isRight(" so\nAnswer:1 2 3 4", problem))
        #expect(!prompt.isRight(" so\nAnswer: 1 2 3", problem))
    }

    @Test func `a direct prompt asks for the answer at once`() throws {
        let prompt = try FewShotPrompt(from: problems(), count: 1, mode: .direct)
        #expect(
            prompt.text(for: Problem(question: "1", chain: "2", answer: "3"))
                == "Question: 2 1 * 4 3\nAnswer: 8 0 4 0\nQuestion: 1\nAnswer:")
        #expect(prompt.answer(in: " 3\nQuestion: 4") == "3")
        #expect(prompt.answer(in: " \n3") == nil)
    }

    @Test func `five examples are drawn by a seed, and must be there`() throws {
        let pool = try ProblemSet.generate(Multiplication(digits: 2), count: 50, seed: 1)
        let problem = Problem(question: "1", chain: "", answer: "1")
        let text = try FewShotPrompt(from: pool, mode: .direct, seed: 4).text(for: problem)
        #expect(text.split(separator: "\n").count == 12)
        #expect(try FewShotPrompt(from: pool, mode: .direct, seed: 4).text(for: problem) == text)
        #expect(try FewShotPrompt(from: pool, mode: .direct, seed: 5).text(for: problem) != text)
        #expect(throws: ProblemError.self) { try FewShotPrompt(from: pool, count: 51, mode: .direct) }
    }

    @Test(.enabled(if: Shared.has("tokenizers/gpt2"), "\(Shared.reason)"))
    func `a generation stops after the line of the answer`() throws {
        let folder = Shared.url("tokenizers/gpt2")
        let tokenizer = try TokenizerFolder.load(folder.path)
        // 198 is GPT-2's line feed.
        #expect(
            try FewShotPrompt(from: problems(), count: 1, mode: .explicit).stop(tokenizer) == .nthToken(198, count: 2))
        #expect(
            try FewShotPrompt(from: problems(), count: 1, mode: .direct).stop(tokenizer) == .nthToken(198, count: 1))
        let prompt = try FewShotPrompt(from: problems(), count: 1, mode: .direct)
        let tokens = try prompt.prompt(for: Problem(question: "1", chain: "2", answer: "3"), tokenizer: tokenizer)
            .tokens
        #expect(tokenizer.text(of: tokens) == prompt.text(for: Problem(question: "1", chain: "2", answer: "3")))
    }
}

@Suite struct VocabularyFileTests {
    @Test(arguments: [CharacterVocabulary.digits, CharacterVocabulary("$#ab|é\"\\".map { $0 })])
    func `an encoder written to a folder is read back`(_ vocabulary: CharacterVocabulary) throws {
        try withTemporaryFolder { folder in
            for separator in AnswerSeparator.allCases {
                let encoder = CharacterEncoder(
                    vocabulary, separator: separator, answerCount: separator == .absent ? 4 : nil)
                try encoder.write(to: folder.path)
                #expect(CharacterVocabulary.exists(in: folder.path))
                let back = try CharacterEncoder(folder: folder.path)
                #expect(try CharacterVocabulary(folder: folder.path) == vocabulary)
                #expect(back.vocabulary == vocabulary)
                #expect(back.separator == separator)
                #expect(back.answerCount == encoder.answerCount)
            }
        }
    }

    @Test func `files of another tokenizer are refused by name`() throws {
        try withTemporaryFolder { (folder: URL) throws in
            #expect(!CharacterVocabulary.exists(in: folder.path))
            #expect(throws: FileError.self) { try CharacterEncoder(folder: folder.path) }
            let path = folder.appending(path: "tokenizer.json")
            func rule(_ text: String) throws -> String? {
                try Data(text.utf8).write(to: path)
                return #expect(throws: FileError.self) { try CharacterEncoder(folder: folder.path) }?.rule
            }
            #expect(try rule(#"{"model": {"type": "BPE"}}"#) == "a tokenizer that is not one token a character")
            #expect(
                try rule(#"{"model": {"type": "WordLevel", "vocab": {"a": 0, "b": 2}}}"#)
                    == "the ids of the vocabulary are not 0 to 1")
            #expect(
                try rule(#"{"model": {"type": "WordLevel", "vocab": {"a": 0, "b": 1, "c": 2}}}"#)
                    == "the first three tokens are not the marks |, # and $")
            #expect(
                try rule(
                    """
                    {"model": {"type": "WordLevel", "vocab": {"|": 0, "#": 1, "$": 2, "ab": 3}}}
                    """) == #"the token "ab" is not one character"#)
            #expect(try rule("[") != nil)
        }
    }
}
