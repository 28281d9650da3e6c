// `eval`, `solve`, `compare`: what a run can do.

import Experiments
import Internalization
import Language
import Tensors
import Transformer

enum EvaluateCommands {
    static func all(_ bench: Workbench) -> [Command] { [eval(bench), solve(bench), compare(bench)] }

    private static func eval(_ bench: Workbench) -> Command {
        Command(
            CommandSignature(
                "eval", "Lets the run solve problems by generation and counts exact matches.",
                [
                    .value(
                        "problems", .value(ProblemsValue.typeName), required: false, aliases: Aliases.placedProblems,
                        "the run's test problems without it"),
                    .label("run", .value(RunValue.typeName), "another run than the current one"),
                    removedLabel,
                    .label(
                        "limit", .integer(1...10_000_000), aliases: Aliases.limit,
                        "only this many problems, from the first on"),
                    .label("temperature", .real(0...100), default: "0", "above 0 draws tokens at random"),
                    .label("top_k", .integer(1...1_000_000), "draws among this many of the likeliest tokens"),
                    .label("seed", .integer(0...Int.max), default: "1", aliases: Aliases.seed, "of the draws"),
                    .label(
                        "speed", .boolean, default: "false",
                        "also solves some problems one at a time: examples per second, and relative to a model "
                            + "without a chain"
                    ),
                ], acceptsWhere: true, acceptsBy: true, examples: ["eval", "(eval).accuracy"],
                seeAlso: ["solve", "compare", "timeline"],
                discussion: """
                    Gives accuracy with its 95 % interval, token accuracy and loss given the right tokens before, the \
                    accuracy of each answer token (.digits) and the tokens written. by .fact gives a table, one row \
                    for each value of the fact; where .fact >= 2 restricts the problems.
                    """)
        ) { call in
            let experiment = try bench.run(call)
            let set = try problems(experiment, call)
            guard let key = call.key else {
                let evaluation = try evaluate(experiment, set, call)
                let speed = try call.boolean("speed") ? try speed(experiment, set, call) : nil
                return .object(EvaluationValue(evaluation, speed: speed))
            }
            return .table(try grouped(experiment, set, key, call))
        }
    }

    private static let removedLabel = Parameter.label(
        "removed", .integer(0...1_000_000),
        "asks for an answer with so much of the chain gone, by the position ids; as much as the run has removed "
            + "without it"
    )

    private static func problems(_ experiment: Experiment, _ call: Invocation) throws -> ProblemSet {
        guard var set = call.hostIfPresent("problems", as: ProblemsValue.self)?.set ?? experiment.test else {
            throw call.failure(
                "which problems? the run has no test problems", code: .missingArgument, help: "write eval test")
        }
        if let predicate = call.predicate {
            set = try set.select((0..<set.count).filter { try predicate(ProblemRow(set, $0)) })
        }
        if let limit = call.integerIfPresent("limit") { set = set[0..<limit] }
        if set.isEmpty { throw call.failure("no problem is left to solve", code: .runtimeArgument) }
        if call.isGiven("problems") { warnOfKnown(set, experiment, call) }
        return set
    }

    /// Says so where an accuracy is not one of problems that the run has never seen.
    private static func warnOfKnown(_ set: ProblemSet, _ experiment: Experiment, _ call: Invocation) {
        let (trained, validation) = experiment.known(in: set)
        for (known, what) in [
            (trained, "among those trained on"),
            (validation, "among the validation problems, which decide when to stop"),
        ] where known > 0 {
            let all =
                known == set.count
                ? "all of these problems are" : "\(known) of these \(set.count) problems \(known == 1 ? "is" : "are")"
            call.output(StyledText("note", .warning) + StyledText(": \(all) \(what)"))
        }
    }

    private static func options(_ call: Invocation) throws -> EvaluationOptions {
        var options = EvaluationOptions()
        let temperature = try call.real("temperature")
        if temperature > 0 {
            options.sampling = .sample(
                temperature: Float(temperature), topK: call.integerIfPresent("top_k"),
                seed: UInt64(try call.integer("seed")))
        }
        return options
    }

    private static func removed(_ experiment: Experiment, _ call: Invocation) throws -> RemovalCount {
        try experiment.removed(asked: call.integerIfPresent("removed"))
    }

    private static func evaluate(_ experiment: Experiment, _ set: ProblemSet, _ call: Invocation) throws -> Evaluation {
        defer { call.endProgress() }
        return try experiment.evaluate(
            set, removed: removed(experiment, call), options(call), interrupt: call.interrupt
        ) { share in
            let count = Double(set.count)
            call.progress(WorkProgress("evaluating", share * count, of: count, unit: "problem"))
        }
    }

    private static func grouped(
        _ experiment: Experiment, _ set: ProblemSet, _ key: (name: String, value: (any Row) throws -> Value),
        _ call: Invocation
    ) throws -> TableObject {
        var groups: [(key: Value, places: [Int])] = []
        var known: [String: Int] = [:]
        for index in 0..<set.count {
            let found = try key.value(ProblemRow(set, index))
            let text = found.text
            if let place = known[text] {
                groups[place].places.append(index)
            } else {
                known[text] = groups.count; groups.append((found, [index]))
            }
        }
        let evaluation = try evaluate(experiment, set, call)
        let sorted = groups.sorted { left, right in
            if let a = left.key.asReal, let b = right.key.asReal { return a < b }
            return left.key.text < right.key.text
        }
        let right = sorted.map { group in group.places.reduce(0) { $0 + (evaluation.isCorrect[$1] ? 1 : 0) } }
        let intervals = zip(right, sorted).map { wilsonInterval($0, of: $1.places.count) }
        return TableObject([
            .init(key.name, sorted.map(\.key)), .init("n", sorted.map(\.places.count)),
            .init("accuracy", zip(right, sorted).map { Double($0) / Double($1.places.count) }, format: .share),
            .init("low", intervals.map(\.lowerBound), format: .share),
            .init("high", intervals.map(\.upperBound), format: .share),
        ])
    }

    /// How fast some of the problems are solved one at a time.
    private static func speed(_ experiment: Experiment, _ set: ProblemSet, _ call: Invocation) throws -> AnsweringSpeed
    {
        try experiment.speed(
            set[0..<min(set.count, 50)], removed: removed(experiment, call), interrupt: call.interrupt)
    }

    // MARK: One problem

    private static func solve(_ bench: Workbench) -> Command {
        Command(
            CommandSignature(
                "solve", "Lets the run solve a problem and marks right and wrong tokens.",
                [
                    .value("problem", .value(ProblemValue.typeName), "such as test[0]"),
                    .label("run", .value(RunValue.typeName), "another run than the current one"),
                    removedLabel,
                ], examples: ["solve (gen .parity digits: 6 n: 1)[0]"],
                seeAlso: ["show", "eval"],
                discussion:
                    "Under each token stands the probability that the model gave it. A wrong token has the right one "
                    + "in brackets."
            )
        ) { call in
            let experiment = try bench.run(call)
            let problem = try call.host("problem", as: ProblemValue.self)
            call.output(try SolutionDisplay.make(experiment, problem, call))
            return .none
        }
    }

    // MARK: Runs side by side

    private static func compare(_ bench: Workbench) -> Command {
        Command(
            CommandSignature(
                "compare", "Sets runs side by side: one row for each stage of each, with what it can do and costs.",
                [
                    .value(
                        "run", .oneOf([.value(RunValue.typeName), .value(TypeName.table)]), "one run, or a table"),
                    .label(
                        "to",
                        .oneOf([
                            .value(RunValue.typeName), .value(DistillationValue.typeName), .value(TypeName.table),
                            .list(
                                of: .oneOf([
                                    .value(RunValue.typeName), .value(DistillationValue.typeName),
                                    .value(TypeName.table),
                                ])),
                            .path(.read),
                        ]), required: true,
                        "another, several, a distillation, or the folder of a kept run; of a table, other tables"),
                    .label(
                        "front", .boolean, default: "false",
                        "only stages that none other beats in accuracy and tokens written"),
                ], result: TypeName.table, seeAlso: ["timeline", "control", "distill", "plot", "sweep_table"],
                discussion:
                    "Tables, such as those of sweep_table, come below each other, with a column sweep that says which "
                    + "each row is from."
            )
        ) { call in
            if let table = call["run"]?.asTable { return .table(try stacked(table, call)) }
            var compared: [any ComparedValue] = [try call.host("run", as: RunValue.self)]
            if let other = call["to"]?.asCompared {
                compared.append(other)
            } else if let path = call.textIfPresent("to") {
                compared.append(RunValue(try call.openCopy(of: path)))
            } else {
                let others = call["to"]?.asTable.map { [.table($0)] } ?? call.listIfPresent("to") ?? []
                guard others.allSatisfy({ $0.asTable == nil }) else {
                    throw call.failure(
                        "a run is compared with runs, a table with tables", code: .runtimeArgument, at: "to")
                }
                compared += others.compactMap(\.asCompared)
            }
            return .table(Comparison.table(compared, frontOnly: try call.boolean("front")))
        }
    }

    private static func stacked(_ table: TableObject, _ call: Invocation) throws -> TableObject {
        let others = call["to"]?.asTable.map { [$0] } ?? call.listIfPresent("to")?.compactMap(\.asTable) ?? []
        let count = call["to"]?.asTable == nil ? call.listIfPresent("to")?.count ?? 0 : 1
        guard !others.isEmpty, others.count == count else {
            throw call.failure(
                "a table is compared with tables, a run with runs", code: .runtimeArgument, at: "to",
                help: "write compare sweep_table(\"runs/a\") to: sweep_table(\"runs/b\")")
        }
        return Comparison.stacked([table] + others)
    }
}
