// How a model that was never trained on a task is asked, and where what it writes is cut off, with tokenizers made up
// for the purpose.

import Checkpoints
import Foundation
import TestSupport
import Testing

@testable import Internalization
import Transformer

/// A token a byte. Text begins with token 300 where that is asked for; `<s>` in a text is token 301 where special
/// tokens are parsed.
private struct Bytes: Tokenizer {
    /// Whether `a` and a line feed are one token.
    var joinsLineFeeds = false
    var endOfTextID: Int32?
    var vocabularySize: Int { 302 }
    var prefixIDs: [Int32] { [300] }
    var suffixIDs: [Int32] { [] }

    func encode(_ text: UnsafeBufferPointer<UInt8>, _ options: EncodingOptions) throws -> [Int32] {
        var ids: [Int32] = options.addsSpecialTokens ? [300] : []
        var rest = Array(text)[...]
        while let byte = rest.first {
            if options.parsesSpecialTokens, rest.starts(with: "<s>".utf8) {
                ids.append(301)
                rest = rest.dropFirst(3)
            } else if joinsLineFeeds, rest.starts(with: "a\n".utf8) {
                ids.append(299)
                rest = rest.dropFirst(2)
            } else {
                ids.append(Int32(byte))
                rest = rest.dropFirst()
            }
        }
        return ids
    }

    func decode(_ ids: some Sequence<Int32>, skippingSpecialTokens: Bool) -> [UInt8] {
        ids.flatMap { id -> [UInt8] in
            switch id {
            case 0..<256: [UInt8(id)]
            case 299: Array("a\n".utf8)
            default: []
            }
        }
    }

    func id(of token: String) -> Int32? { nil }
    func token(_ id: Int32) -> String? { nil }
}

@Suite struct ProblemPromptRuleTests {
    private func prompt(_ mode: FewShotPrompt.Mode, examples: Int = 1) throws -> FewShotPrompt {
        var builder = ProblemSetBuilder(taskName: "t")
        try builder.append(question: "1 + 2", chain: "so", answer: "3")
        return try FewShotPrompt(from: builder.finish(), count: examples, mode: mode)
    }

    @Test func `an explicit answer ends with the second line feed, a direct one with the first`() throws {
        #expect(try prompt(.explicit).stop(Bytes()) == .nthToken(10, count: 2))
        #expect(try prompt(.direct).stop(Bytes()) == .nthToken(10, count: 1))
    }

    @Test func `where a line feed is no token of its own nothing stops a generation`() throws {
        for mode in FewShotPrompt.Mode.allCases {
            #expect(try prompt(mode).stop(Bytes(joinsLineFeeds: true)) == nil)
        }
    }

    @Test func `a question begins as every text does, and its letters are never special tokens`() throws {
        let asked = Problem(question: "<s>", chain: "", answer: "1")
        let tokens = try prompt(.direct, examples: 0).prompt(for: asked, tokenizer: Bytes()).tokens
        #expect(tokens == [300] + "Question: <s>\nAnswer:".utf8.map { Int32($0) })
    }

    @Test(
        arguments: [
            (.direct, " 5 ", "5"), (.direct, "5\n6", "5"), (.direct, " Answer: 5", "5"), (.direct, "\n5", nil),
            (.direct, "1,234", "1234"), (.direct, "", nil), (.direct, "x Answer: 5", "x Answer: 5"),
            (.explicit, "a\nAnswer: 5\nAnswer: 6", "5"), (.explicit, "Answer:5", "5"), (.explicit, "5", nil),
            (.explicit, "a\n Answer: 5", nil), (.explicit, "a\nAnswer:\n5", nil),
            (.explicit, "a\n\nAnswer: 5 6", "5 6"),
        ] as [(FewShotPrompt.Mode, String, String?)])
    func `the answer is the first line, or what follows the first word for it, without commas`(
        _ mode: FewShotPrompt.Mode, _ written: String, _ answer: String?
    ) throws {
        #expect(try prompt(mode).answer(in: written) == answer)
    }

    @Test func `an answer is right whatever its spaces and commas, and none is wrong`() throws {
        let direct = try prompt(.direct), asked = Problem(question: "q", chain: "", answer: "1 2,3")
        for written in ["123", "1 2 3", "12,3"] { #expect(direct.isRight(written, asked), "\(written)") }
        for written in ["", "12", "0123", "\n123"] { #expect(!direct.isRight(written, asked), "\(written)") }
    }

    @Test func `an explicit example has three lines and a direct one two, and none is asked without examples`() throws {
        let asked = Problem(question: "q", chain: "", answer: "1")
        #expect(
            try prompt(.explicit).text(for: asked)
                == "Question: 1 + 2\nReasoning: so\nAnswer: 3\nQuestion: q\nReasoning:")
        #expect(try prompt(.direct).text(for: asked) == "Question: 1 + 2\nAnswer: 3\nQuestion: q\nAnswer:")
        #expect(try prompt(.explicit, examples: 0).text(for: asked) == "Question: q\nReasoning:")
        #expect(throws: ProblemError.outOfRange(what: "the number of problems", value: 2, allowed: 0...1)) {
            try prompt(.direct, examples: 2)
        }
    }
}

@Suite struct ProblemSeparatorRuleTests {
    private func encoder(removes: Bool = false, accepts: Bool = false) throws -> ReferenceEncoder {
        try ReferenceEncoder(
            TokenizerFolder.load(casesFolder.appending(path: "checkpoints/k6-llama3-style").path),
            removesSeparator: removes, acceptsSeparatorInText: accepts)
    }

    private let end: Int32 = 259

    @Test func `an output ends with the second end of a text, and what was written counts for it`() throws {
        let kept = try encoder()
        #expect(kept.endToken == end && kept.separator == .kept)
        #expect(kept.stop(after: []) == .nthToken(end, count: 2))
        #expect(kept.stop(after: [16, end]) == .nthToken(end, count: 1))
        #expect(kept.stop(after: [16, end, 17, end]) == nil && kept.stop(after: [end, end, end]) == nil)
    }

    @Test func `where the separator goes too, the first end after the mark of the answer ends the output`() throws {
        let removes = try encoder(removes: true)
        // Token 2 is `#`.
        #expect(removes.separator == .removedLast)
        #expect(removes.stop(after: []) == .token(end))
        #expect(removes.stop(after: [16, end]) == .token(end))
        #expect(removes.stop(after: [2, 2, 2, end]) == .token(end))
        #expect(removes.stop(after: [2, 2, 2, 2, 17, end]) == nil)
        #expect(removes.stop(after: [2, 2, 2, 2, 17]) == .token(end))
        // A mark after the end is that of an answer to come.
        #expect(removes.stop(after: [16, end, 2, 2, 2, 2]) == .token(end))
        #expect(removes.stop(after: [16, end, 17, end]) == nil)
    }

    @Test func `the separator is the chain's last token only where it is to be removed`() throws {
        let problem = Problem(question: "1 2 + 3", chain: "1", answer: "2")
        let (kept, removes) = (try encoder().encode(problem), try encoder(removes: true).encode(problem))
        #expect(kept.chain == 11..<14 && removes.chain == 11..<15 && removes.tokens[14] == end)
        #expect(kept.tokens == removes.tokens && kept.answer == removes.answer && kept.inputCount == removes.inputCount)
        // The answer's only token, without the mark before it and the space after it: ` 2`, or a space and `2`.
        let text = try encoder().tokenizer.text(of: kept.tokens[kept.answer])
        #expect(text.filter { $0 != " " } == "2")
    }

    @Test func `a text that holds the separator is refused with both names, unless that is asked for`() throws {
        let name = try encoder().endText
        let problem = Problem(question: "1 \(name) 2", chain: "1", answer: "2")
        let error = #expect(throws: ProblemError.self) { try encoder().encode(problem) }
        #expect(
            error
                == .notEncodable(
                    rule: "the text of \"1 \(name) 2\" holds \(name), which separates the parts of a problem"))
        // The question ends at the first one then.
        let accepted = try encoder(accepts: true).encode(problem)
        #expect(accepted.tokens.filter { $0 == end }.count > 3 && accepted.tokens[accepted.inputCount - 1] == end)
    }

    @Test func `an answer with a mark of its own gets no second one, and a tokenizer without an end is none`() throws {
        #expect(ReferenceEncoder.marked("7") == "#### 7" && ReferenceEncoder.marked("####7") == "####7")
        #expect(ReferenceEncoder.marked("###7") == "#### ###7")
        #expect(
            throws: ProblemError.notEncodable(
                rule: "the tokenizer has no token that ends a text, such as <|endoftext|>")
        ) { try ReferenceEncoder(Bytes()) }
    }

    @Test func `a piece that no order knows, or chains of which nothing is known, are refused with what there is`()
        throws
    {
        let set = try ProblemSet.generate(DigitSum.parity(digits: 4), count: 2, seed: 1)
        func refusal(_ set: ProblemSet, _ order: String) -> String? {
            (#expect(throws: ProblemError.self) { try set.removalGroups(order, encoder: CharacterEncoder()) })?
                .description
        }
        #expect(
            refusal(set, "middle")
                == "there is no removal order middle; there are steps, partials_first, sums_first, levels, levels_down")
        let unknown = ProblemSet(taskName: "mine", task: nil, set.text)
        #expect(
            refusal(unknown, "steps")
                == "mine has chains of unknown structure: they can be removed from the left, from the right or at "
                + "random; read them with steps: \".\" or another text to say where a step ends")
    }
}
