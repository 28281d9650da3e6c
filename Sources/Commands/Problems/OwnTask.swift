// `problems`: a task written in the language itself.

import Internalization
import Language
import Support

enum OwnTask {
    static func command() -> Command {
        Command(
            CommandSignature(
                "problems",
                "Problems of a task of your own: a function of a number that returns [question: chain: answer:].",
                [
                    .value("make", .function, "called with 0, 1, 2, …; returns a record of three texts"),
                    .label("n", .integer(0...100_000_000), default: "1000", aliases: Aliases.count, "how many"),
                    .label("name", .text, default: "\"task\"", "what messages call the task"),
                    .label(
                        "apart_from",
                        .oneOf([.value(ProblemsValue.typeName), .list(of: .value(ProblemsValue.typeName))]),
                        "share no question with these"),
                    .label("distinct", .boolean, default: "false", "no question twice"),
                ], result: ProblemsValue.typeName,
                examples: ["problems({ i in [question: \"{i} + 1\", chain: \"{i}\", answer: \"{i + 1}\"] }, n: 10)"],
                seeAlso: ["gen", "probe"],
                discussion: """
                    A list as chain: gives its steps, which order: .steps removes one after another. More fields of \
                    the record are facts of the problem: numbers or texts, or lists of them, to group by and to probe \
                    for. A question that is passed over (apart_from, distinct) is made up for by calling on with \
                    higher numbers.
                    """)
        ) { call in
            let make = try call.value("make")
            let count = try call.integer("n")
            var builder = try ProblemSetBuilder(
                taskName: call.text("name"), capacity: min(count, 1 << 20), apartFrom: ProblemCommands.apartFrom(call),
                isDistinct: call.boolean("distinct"))
            // A generator that has run out would be asked for ever.
            let most = 20 * count + 1000
            var index = 0
            while builder.count < count {
                if index % 256 == 0 { try call.checkInterrupt() }
                guard index < most else {
                    let verb = builder.count == 1 ? "differs" : "differ"
                    throw call.failure(
                        "only \(builder.count) of \(Phrase.count(count, "problem")) \(verb) enough after "
                            + Phrase.count(index, "call"),
                        code: .runtimeArgument, at: "make",
                        help: "ask for fewer: n: \(builder.count)")
                }
                let problem = try OwnProblem(try call.call(make, [.integer(index)]), call)
                try builder.append(
                    question: problem.question, chain: problem.chain, answer: problem.answer, facts: problem.facts,
                    steps: problem.steps)
                index += 1
            }
            return .object(ProblemsValue(builder.finish()))
        }
    }
}

/// A problem as somebody's own function gives it.
private struct OwnProblem {
    var question = "", chain = "", answer = ""
    /// What the chain is made of, where it was given as a list.
    var steps: [String]?
    var facts: [String: RecordedFacts.Value] = [:]

    init(_ value: Value, _ call: Invocation) throws {
        guard let record = value.asRecord, let question = record["question"], let answer = record["answer"] else {
            throw call.failure(
                "the function must return a record with question, chain and answer, not "
                    + "\(TypeName.withArticle(value.typeName))",
                code: .runtimeType, at: "make",
                help: "return [question: \"1 2\", chain: \"3\", answer: \"3\"]")
        }
        self.question = question.text
        if let list = record["chain"]?.asList {
            let steps = list.map { $0.text.split(separator: " ").joined(separator: " ") }.filter { !$0.isEmpty }
            chain = steps.joined(separator: " ")
            self.steps = steps
        } else {
            chain = record["chain"]?.text ?? ""
        }
        self.answer = answer.text
        for (name, field) in record.entries where !["question", "chain", "answer"].contains(name) {
            guard let fact = Self.fact(field) else {
                throw call.failure(
                    "the fact .\(name) is neither a whole number nor a text, nor a list of these", code: .runtimeType,
                    at: "make", help: Self.holdsReal(field) ? "write round(x), or text(x) for its digits" : nil)
            }
            facts[name] = fact
        }
    }

    private static func fact(_ value: Value) -> RecordedFacts.Value? {
        guard let list = value.asList else { return single(value).map { .one($0) } }
        let facts = list.compactMap(single)
        return facts.count == list.count ? .each(facts) : nil
    }

    private static func holdsReal(_ value: Value) -> Bool {
        if case .real = value { return true }
        return value.asList?.contains { if case .real = $0 { true } else { false } } ?? false
    }

    private static func single(_ value: Value) -> Fact? {
        if let number = value.asInteger { return .integer(number) }
        switch value {
        case .boolean(let isTrue): return .integer(isTrue ? 1 : 0)
        default: return value.asText.map { .text($0) }
        }
    }
}
