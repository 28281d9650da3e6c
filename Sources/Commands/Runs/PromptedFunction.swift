// `prompted`: a model that was never trained on the task, asked with solved examples before each question. It is one
// that was loaded here, or one that a server runs (`PromptedServer`).

import Checkpoints
import Experiments
import Internalization
import Language
import Prompting
import Transformer

enum PromptedFunction {
    static func command() -> Command {
        Command(
            CommandSignature(
                "prompted",
                "How many problems a model solves from a prompt of solved examples, without any training.",
                [
                    .value(
                        "model", .oneOf([.value(ModelValue.typeName), .text]),
                        "loaded with its tokenizer, or with at: the name that a server knows it by"),
                    .label(
                        "on", .value(ProblemsValue.typeName), required: true, aliases: Aliases.problems,
                        "the problems to solve"),
                    .label(
                        "examples", .value(ProblemsValue.typeName), required: true,
                        "where the solved examples are drawn from"),
                    .label("shots", .integer(0...100), default: "5", "how many of them"),
                    .label(
                        "mode",
                        .choice([
                            .init("explicit", "the examples show their chain"),
                            .init("direct", "question and answer only"),
                        ]), default: ".explicit", "with or without chain of thought"),
                    .label("most", .integer(1...100_000), default: "512", "tokens that may be written"),
                    .label("seed", .integer(0...Int.max), default: "0", aliases: Aliases.seed, "of the examples"),
                ] + PromptedServer.parameters, result: TypeName.record,
                examples: [
                    #"prompted("gpt-4", at: "http://127.0.0.1:8000/v1", on: test, examples: data)"#
                ],
                effects: [.asks(at: "at", keeping: "answers", unless: "ask")], seeAlso: ["eval", "load"],
                discussion: """
                    With at: an OpenAI-compatible server is asked, one problem at a time, at temperature 0. Answers \
                    are kept in a file by what was asked: the same line asks only for what is missing, also after \
                    Ctrl-C or a failure, and with all answers kept it needs no network. ask: false never asks.

                    The key comes from the variable \(ServerKey.variable) of the environment and is sent to \
                    https://api.openai.com, or to the server in \(ServerKey.serverVariable), and to no other. A server \
                    that is busy is asked again after a while.

                    Gives accuracy with low and high, n, and written, the mean of tokens; with at: also tokens_read, \
                    tokens_written and cost, of all answers, kept ones too, where the server counts and a price is \
                    given.
                    """)
        ) { call in
            let set = try call.host("on", as: ProblemsValue.self).set
            let mode = FewShotPrompt.Mode(rawValue: try call.choice("mode")) ?? .explicit
            let prompt = try FewShotPrompt(
                from: try call.host("examples", as: ProblemsValue.self).set, count: try call.integer("shots"),
                mode: mode, seed: UInt64(try call.integer("seed")))
            if let address = call.textIfPresent("at") {
                return try PromptedServer(call, address, set, prompt).result()
            }
            for label in PromptedServer.labels where call.isGiven(label) {
                throw call.failure(
                    "\(label): is about a server, and at: names none", code: .runtimeArgument, at: label,
                    help: "add at: \"http://127.0.0.1:8000/v1\", or take \(label): away")
            }
            return try own(call, set, prompt)
        }
    }

    /// A model that was loaded here.
    private static func own(_ call: Invocation, _ set: ProblemSet, _ prompt: FewShotPrompt) throws -> Value {
        if let name = call.textIfPresent("model") {
            throw call.failure(
                "\(name.debugDescription) is the name of a model, and at: names no server that has it",
                code: .runtimeArgument, at: "model",
                help: "add at: \"http://127.0.0.1:8000/v1\", or load it: load \(name.debugDescription)")
        }
        let value = try call.host("model", as: ModelValue.self)
        guard case .tokenizer(let tokenizer, _) = value.writing else {
            throw call.failure(
                "a prompt needs a model with a tokenizer for text", code: .runtimeArgument, at: "model",
                help: "load one: load \"gpt2\"")
        }
        let prompts = try (0..<set.count).map { try prompt.prompt(for: set[$0], tokenizer: tokenizer) }
        let options = GenerationOptions(
            maximumNewTokens: try call.integer("most"), stop: try prompt.stop(tokenizer) ?? .none)
        let written = try value.model.generate(prompts, options, interrupt: call.interrupt)
        let right = written.enumerated().reduce(0) { sum, next in
            sum
                + (prompt.isRight(
                    tokenizer.text(of: next.element.tokens, skippingSpecialTokens: true), set[next.offset]) ? 1 : 0)
        }
        let tokens = Double(written.reduce(0) { $0 + $1.tokens.count }) / Double(max(set.count, 1))
        return .record(score(right, of: set.count) + [("written", .real(tokens))])
    }

    /// accuracy, low, high and n.
    static func score(_ right: Int, of count: Int) -> [(String, Value)] {
        let interval = wilsonInterval(right, of: count)
        return [
            ("accuracy", .real(Double(right) / Double(max(count, 1)))), ("low", .real(interval.lowerBound)),
            ("high", .real(interval.upperBound)), ("n", .integer(count)),
        ]
    }
}
