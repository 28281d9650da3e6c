// `prompted`: a loaded model that was never trained on the task, asked with solved examples before each question.

import Checkpoints
import Experiments
import Internalization
import Language
import Transformer

enum PromptedFunction {
    static func command() -> Command {
        Command(
            CommandSignature(
                "prompted",
                "How many problems a loaded model solves from a prompt of solved examples, without any training.",
                [
                    .value("model", .value(ModelValue.typeName), "loaded with its tokenizer"),
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
                ], result: TypeName.record, seeAlso: ["eval", "load"])
        ) { call in
            let value = try call.host("model", as: ModelValue.self)
            guard case .tokenizer(let tokenizer, _) = value.writing else {
                throw call.failure(
                    "a prompt needs a model with a tokenizer for text", code: .runtimeArgument, at: "model",
                    help: "load one: load \"gpt2\"")
            }
            let set = try call.host("on", as: ProblemsValue.self).set
            let mode = FewShotPrompt.Mode(rawValue: try call.choice("mode")) ?? .explicit
            let prompt = try FewShotPrompt(
                from: try call.host("examples", as: ProblemsValue.self).set, count: try call.integer("shots"),
                mode: mode, seed: UInt64(try call.integer("seed")))
            let prompts = try (0..<set.count).map { try prompt.prompt(for: set[$0], tokenizer: tokenizer) }
            let options = GenerationOptions(
                maximumNewTokens: try call.integer("most"), stop: try prompt.stop(tokenizer) ?? .none)
            let written = try value.model.generate(prompts, options, interrupt: call.interrupt)
            let right = written.enumerated().reduce(0) { sum, next in
                sum
                    + (prompt.isRight(
                        tokenizer.text(of: next.element.tokens, skippingSpecialTokens: true), set[next.offset]) ? 1 : 0)
            }
            let interval = wilsonInterval(right, of: set.count)
            let tokens = Double(written.reduce(0) { $0 + $1.tokens.count }) / Double(max(set.count, 1))
            return .record([
                ("accuracy", .real(Double(right) / Double(max(set.count, 1)))), ("low", .real(interval.lowerBound)),
                ("high", .real(interval.upperBound)),
                ("n", .integer(set.count)), ("written", .real(tokens)),
            ])
        }
    }
}
