import Checkpoints
import Transformer

/// Solved examples before a question, for models that were never trained on the task. One line a part, so that a line
/// feed ends an answer:
///
///     Question: 2 1 * 4 3                     Question: 2 1 * 4 3
///     Reasoning: 8 4 0 + 0 6 3 0              Answer: 8 0 4 0
///     Answer: 8 0 4 0                         Question: 5 6 * 7 4
///     Question: 5 6 * 7 4                     Answer:
///     Reasoning:
///            .explicit                                .direct
///
/// The papers prompt with five examples in both modes; the wording is ours, for they give none.
public struct FewShotPrompt: Sendable {
    public enum Mode: String, Sendable, CaseIterable {
        /// The examples show their chain, and the model is asked for its own.
        case explicit
        /// Question and answer only.
        case direct
    }

    public let mode: Mode
    private let examples: String

    /// Draws the examples from a set, which should share no input with the questions to come.
    /// - Throws: `ProblemError.outOfRange` where the set has fewer problems than examples are wanted.
    public init(from problems: ProblemSet, count: Int = 5, mode: Mode, seed: UInt64 = 0) throws {
        let chosen = try problems.sample(count, seed: seed)
        self.mode = mode
        examples = (0..<count).map { index in
            let problem = chosen[index]
            let reasoning = mode == .explicit ? "Reasoning: \(problem.chain)\n" : ""
            return "Question: \(problem.question)\n\(reasoning)Answer: \(problem.answer)\n"
        }.joined()
    }

    /// The examples, the question, and the beginning of what the model is to write.
    public func text(for problem: Problem) -> String {
        "\(examples)Question: \(problem.question)\n\(mode == .explicit ? "Reasoning:" : "Answer:")"
    }

    /// What a generation starts from; throws `TokenizationError` for a text the tokenizer has no way to write.
    public func prompt(for problem: Problem, tokenizer: any Tokenizer) throws -> Prompt {
        Prompt(
            tokens: try tokenizer.encode(
                text(for: problem), EncodingOptions(parsesSpecialTokens: false, addsSpecialTokens: true)))
    }

    /// A generation ends with the line that holds the answer; nil where the tokenizer has no token of its own for a
    /// line feed.
    public func stop(_ tokenizer: any Tokenizer) throws -> StopRule? {
        // After a letter, so that a tokenizer that puts a space before every text puts it there.
        guard let lineFeed = try tokenizer.encode("a\n", EncodingOptions(parsesSpecialTokens: false)).last,
            tokenizer.decode(CollectionOfOne(lineFeed)) == [0x0A]
        else { return nil }
        return .nthToken(lineFeed, count: mode == .explicit ? 2 : 1)
    }

    /// The answer in what the model wrote; nil where it gave none.
    public func answer(in generated: String) -> String? {
        let lines = generated.split(separator: "\n", omittingEmptySubsequences: false)
        let found: Substring?
        switch mode {
        // A model that converses may say the word again.
        case .direct:
            let first = lines.first.map { $0.drop { $0 == " " } }
            found = first.map { $0.hasPrefix("Answer:") ? $0.dropFirst("Answer:".count) : $0 }
        case .explicit: found = lines.first { $0.hasPrefix("Answer:") }?.dropFirst("Answer:".count)
        }
        guard let found else { return nil }
        var text = String(found)
        let trimmed = text.withUTF8 {
            String(decoding: ReferenceText.trimmed($0[...]).filter { $0 != UInt8(ascii: ",") }, as: UTF8.self)
        }
        return trimmed.isEmpty ? nil : trimmed
    }

    /// Whether the answer that the model wrote is the problem's, spaces aside.
    public func isRight(_ generated: String, _ problem: Problem) -> Bool {
        answer(in: generated)?.filter { $0 != " " } == problem.answer.filter { $0 != " " && $0 != "," }
    }
}
