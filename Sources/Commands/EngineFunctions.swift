// Functions of the engine: called with parentheses, so that their names do not take words away from variables.

import Internalization
import Language
import Tensors

enum EngineFunctions {
    static func all(_ bench: Workbench) -> [Command] { [elapsed(bench), profile(), problems(), current(bench), PromptedFunction.command()] + GeometryFunctions.all }

    private static func elapsed(_ bench: Workbench) -> Command {
        Command(
            CommandSignature("elapsed", "The seconds since the session began.", [], result: TypeName.real, examples: ["print elapsed()"])
        ) { _ in .real(bench.elapsedSeconds) }
    }

    private static func profile() -> Command {
        Command(
            CommandSignature(
                "profile", "What decides the last bits of this machine's results: number type, kernels, vector level, threads.", [], result: TypeName.text,
                examples: ["print profile()"],
                discussion: "Under one profile equal runs have equal bits. A notebook that trains says in its header, # profile:, under which its outputs were recorded.")
        ) { _ in .text(NumericProfile.current) }
    }

    private static func current(_ bench: Workbench) -> Command {
        Command(
            CommandSignature("current_run", "The run that commands mean when none is named.", [], result: RunValue.typeName)
        ) { call in .object(try bench.run(call)) }
    }

    private static func problems() -> Command {
        Command(
            CommandSignature(
                "problems", "Problems of a task of your own: a function of the problem's number that returns [question: chain: answer:].",
                [
                    .value("make", .function, "called with 0, 1, 2, …; returns a record of three texts"), .label("n", .integer(0...100_000_000), default: "1000", "how many"),
                    .label("name", .text, default: "\"task\"", "what messages call the task"),
                ], result: ProblemsValue.typeName,
                examples: ["problems({ i in [question: \"{i} + 1\", chain: \"{i}\", answer: \"{i + 1}\"] }, n: 10)"], seeAlso: ["gen"])
        ) { call in
            let make = try call.value("make")
            let count = try call.integer("n")
            var builder = ProblemSetBuilder(taskName: try call.text("name"), capacity: min(count, 1 << 20))
            for index in 0..<count {
                if index % 256 == 0 { try call.checkInterrupt() }
                let value = try call.call(make, [.integer(index)])
                guard let record = value.asRecord, let question = record["question"], let answer = record["answer"] else {
                    throw call.failure(
                        "the function must return a record with question, chain and answer, not \(TypeName.withArticle(value.typeName))", code: .runtimeType, at: "make",
                        help: "return [question: \"1 2\", chain: \"3\", answer: \"3\"]")
                }
                try builder.append(question: question.text, chain: record["chain"]?.text ?? "", answer: answer.text)
            }
            return .object(ProblemsValue(builder.finish()))
        }
    }
}
