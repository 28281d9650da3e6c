// Making and showing problems: `gen`, `show`, `tokens`.

import Experiments
import Internalization
import Language
import Support
import Transformer

enum ProblemCommands {
    static func all(_ bench: Workbench) -> [Command] { [gen(), ReadCommand.command(), show(bench), tokens(bench)] }

    private static let kinds: [ChoiceOption] = [
        .init("mult", "multiplication, digit by digit, in the published format"),
        .init("tree", "multiplication with the binary tree of Appendix C"),
        .init("parity", "the parity of a sum of digits; the chain is the running parity"),
        .init("add", "addition; the chain is the carries"),
        .init("modsum", "the sum of some digits modulo m; the chain is the running sum"),
        .init("words", "two steps of arithmetic told in words, the chain in GSM8K's notation"),
    ]

    private static func gen() -> Command {
        Command(
            CommandSignature(
                "gen", "Makes problems of one kind.",
                [
                    .value("kind", .choice(kinds), "what they are about"),
                    .label(
                        "digits", .oneOf([.integer(1...200), .range]), default: "4",
                        "how many digits the numbers have; a range mixes lengths"),
                    .label(
                        "by", .oneOf([.integer(1...50), .range]), "digits of the second factor, where it has its own"),
                    .label("n", .integer(0...100_000_000), default: "1000", aliases: Aliases.count, "how many"),
                    .label(
                        "of", .list(of: .integer(0...Int.max)),
                        "one problem of these numbers: two factors, two summands, or the digits of the question"),
                    .label(
                        "seed", .integer(0...Int.max), default: "1", aliases: Aliases.seed,
                        "other seeds give other problems"),
                    .label(
                        "apart_from", .oneOf([.value("problems"), .list(of: .value("problems"))]),
                        "share no input with these"),
                    .label("modulus", .integer(2...10), default: "10", "of .modsum"),
                    .label(
                        "order",
                        .choice([
                            .init("least_first", "as it is worked out by hand"),
                            .init("most_first", "the first digit written needs every carry"),
                        ]),
                        default: ".least_first", "of the digits of .add"),
                    .label(
                        "padded", .boolean, default: "false",
                        "writes shorter numbers with zeros, where lengths are mixed"),
                    .label(
                        "repeat",
                        .choice([
                            .init("when_needed", "when there are fewer inputs than wanted"),
                            .init("never", "an error instead"), .init("always", "each is drawn freely"),
                        ]),
                        default: ".when_needed", "whether an input may occur twice"),
                ], result: ProblemsValue.typeName,
                examples: [
                    "gen .parity digits: 6 n: 1000", "let test = gen .mult digits: 2 n: 500 seed: 7",
                    "gen .mult digits: 2 n: 20_000 apart_from: test", "show (gen .mult of: [12, 34])[0]",
                ],
                seeAlso: ["show", "read", "start", "problems"],
                discussion: "gen .mult of: [12, 34] is the one problem 12 × 34.")
        ) { call in
            .object(ProblemsValue(try generate(call)))
        }
    }

    /// The labels that say what the problems of a kind are like; every other one of these is refused.
    private static func shapingLabels(_ kind: String) -> [String] {
        switch kind {
        case "parity": ["digits"]
        case "modsum": ["digits", "modulus"]
        case "add": ["digits", "order"]
        case "words": []
        default: ["digits", "by", "padded"]
        }
    }

    /// Refuses what the kind, or the one problem that is asked for, does not have.
    private static func checkLabels(_ call: Invocation) throws {
        let kind = try call.choice("kind")
        for label in ["digits", "by", "modulus", "order", "padded"]
        where call.isGiven(label) && !shapingLabels(kind).contains(label) {
            throw call.failure(".\(kind) has no \(label)", code: .runtimeArgument, at: label, help: "leave it out")
        }
        guard call.isGiven("of") else { return }
        for label in ["digits", "by", "n", "seed", "apart_from", "padded", "repeat"] where call.isGiven(label) {
            throw call.failure(
                "of: gives the one problem, and \(label): belongs to many", code: .runtimeArgument, at: label,
                help: "leave it out")
        }
    }

    private static func generate(_ call: Invocation) throws -> ProblemSet {
        try checkLabels(call)
        if call.isGiven("of") { return try given(call, try call.list("of").compactMap(\.asInteger)) }
        let digits = try lengths(call, "digits") ?? 4...4
        let others = try apartFrom(call)
        let kind = try call.choice("kind")
        func make(_ task: some ProblemTask) throws -> ProblemSet {
            let repetition: Repetition =
                switch try call.choice("repeat") {
                case "never": .never;
                case "always": .always;
                default: .whenNeeded
                }
            return try ProblemSet.generate(
                task, count: try call.integer("n"), seed: UInt64(try call.integer("seed")), apartFrom: others,
                repetition: repetition, observer: call.observer("making problems"))
        }
        func single() throws -> Int {
            guard digits.count == 1 else {
                throw call.failure(
                    ".\(kind) takes one length, not a range", code: .runtimeArgument, at: "digits",
                    help: "write digits: \(digits.upperBound)")
            }
            return digits.lowerBound
        }
        switch kind {
        case "parity": return try make(DigitSum.parity(digits: try single()))
        case "modsum": return try make(DigitSum(digits: try single(), modulus: try call.integer("modulus")))
        case "add": return try make(Addition(digits: digits, order: try order(call)))
        case "words": return try make(WordProblems())
        default:
            let chain: Multiplication.Chain = kind == "tree" ? .tree : .sums
            let padded = try call.boolean("padded")
            if let by = try lengths(call, "by") {
                return try make(Multiplication(left: digits, right: by, padded: padded, chain: chain))
            }
            return try make(Multiplication(digits: digits, padded: padded, chain: chain))
        }
    }

    private static func order(_ call: Invocation) throws -> Addition.Order {
        try call.choice("order") == "most_first" ? .mostFirst : .leastFirst
    }

    /// The one problem of given numbers.
    private static func given(_ call: Invocation, _ numbers: [Int]) throws -> ProblemSet {
        let kind = try call.choice("kind")
        if kind == "parity" || kind == "modsum" {
            guard numbers.allSatisfy({ (0...9).contains($0) }) else {
                throw call.failure(
                    "takes the digits of the question", code: .runtimeArgument, at: "of", help: "write of: [2, 7, 4]")
            }
            let task =
                try kind == "parity"
                ? DigitSum.parity(digits: numbers.count)
                : DigitSum(digits: numbers.count, modulus: call.integer("modulus"))
            return ProblemSet.single(task, input: numbers.map { UInt8($0) })
        }
        if kind == "words" {
            throw call.failure(
                ".words has no numbers of its own to be given", code: .runtimeArgument, at: "of",
                help: "write gen .words n: 1 seed: 3")
        }
        guard numbers.count == 2, numbers.allSatisfy({ $0 > 0 }) else {
            throw call.failure(
                "takes two numbers above 0", code: .runtimeArgument, at: "of", help: "write of: [12, 34]")
        }
        // Least significant digit first.
        let digits = numbers.map { String($0).utf8.reversed().map { $0 - 0x30 } }
        let (k, l) = (digits[0].count, digits[1].count)
        guard kind != "add" else {
            guard k == l else {
                throw call.failure("takes two numbers of one length", code: .runtimeArgument, at: "of")
            }
            return ProblemSet.single(try Addition(digits: k...k, order: order(call)), input: digits[0] + digits[1])
        }
        let chain: Multiplication.Chain = kind == "tree" ? .tree : .sums
        let task =
            try k == l
            ? Multiplication(digits: k, chain: chain) : Multiplication(left: k...k, right: l...l, chain: chain)
        return ProblemSet.single(task, input: digits[0] + digits[1])
    }

    private static func lengths(_ call: Invocation, _ name: String) throws -> ClosedRange<Int>? {
        guard let range = call.rangeIfPresent(name) else { return nil }
        guard let last = range.last else {
            throw call.failure(
                "the range of \(name): is empty", code: .runtimeArgument, at: name, help: "write \(name): 1...4")
        }
        return range.lowerBound...last
    }

    static func apartFrom(_ call: Invocation) throws -> [ProblemSet] {
        guard call.isGiven("apart_from") else { return [] }
        if let one = call["apart_from"]?.asHost(ProblemsValue.self) { return [one.set] }
        return try call.list("apart_from").compactMap { $0.asHost(ProblemsValue.self)?.set }
    }

    // MARK: Looking at them

    private static func show(_ bench: Workbench) -> Command {
        Command(
            CommandSignature(
                "show", "Shows a value with all there is to see.",
                [
                    .value("value", .any, "a problem, problems, a model, a run, anything"),
                    .label(
                        "run", .value(RunValue.typeName), "whose view of a problem; that of the current run without it"),
                ],
                examples: ["show (gen .parity digits: 6 n: 5)"],
                seeAlso: ["solve", "tokens"],
                discussion:
                    "Of a problem it shows the chain of thought as the current run sees it: [what is gone], what "
                    + "stays, and ‹what goes next›."
            )
        ) { call in
            let options = call.session.displayOptions
            switch call["value"] {
            case .object(let problem as ProblemValue)?:
                call.output(try self.show(problem, call.experimentIfPresent("run") ?? bench.currentRun))
            case .object(let run as RunValue)?: call.output(RunDisplay.show(run.experiment))
            case .object(let host as HostObject)?: call.output(try host.show(options))
            case let value?: call.output(value.display(options))
            case nil: break
            }
            return .none
        }
    }

    private static func show(_ value: ProblemValue, _ current: Experiment?) throws -> DisplayBundle {
        let problem = value.problem
        var lines: [StyledText] = []
        if let headline = ProblemDisplay.headline(value.set, value.index) { lines.append(headline) }
        lines.append(StyledText("question  ", .dim) + StyledText(problem.question))
        if !problem.chain.isEmpty { lines.append(StyledText("chain     ", .dim) + StyledText(problem.chain, .kept)) }
        lines.append(StyledText("answer    ", .dim) + StyledText(problem.answer, .emphasis))
        if let current, current.data.taskName == value.set.taskName,
            let written = try? current.written(value.set, value.index)
        {
            lines.append(
                StyledText("tokens    ", .dim)
                    + ProblemDisplay.tokens(written, run: current.run, encoder: current.encoder))
            lines.append(
                StyledText(
                    "          removed \(current.run.removedCount) of \(current.run.longest)"
                        + (current.run.isEmptied ? "" : "; ‹next›"), .dim))
        }
        return DisplayBundle(lines: lines, json: value.json)
    }

    private static func tokens(_ bench: Workbench) -> Command {
        Command(
            CommandSignature(
                "tokens", "Gives the token ids of a problem as the current run or a model writes it.",
                [
                    .value("problem", .value(ProblemValue.typeName), "such as test[0]"),
                    .label("model", .value(ModelValue.typeName), "whose vocabulary; the current run's without it"),
                    .label(
                        "removed", .integer(0...1_000_000),
                        "tokens of the chain taken away; those of the run without it"), Workbench.runLabel,
                ], result: TypeName.table, examples: ["tokens (gen .parity digits: 6 n: 1)[0] model: (model .gpt2)"],
                seeAlso: ["tokenize", "show"])
        ) { call in
            let value = try call.host("problem", as: ProblemValue.self)
            let encoder: any ProblemEncoder
            if let model = call.hostIfPresent("model", as: ModelValue.self) {
                encoder = try model.writing.encoder(separator: nil, answers: [value.alone])
            } else {
                encoder = try bench.run(call).encoder
            }
            let run = call.isGiven("model") ? nil : (call.experimentIfPresent("run") ?? bench.currentRun)?.run
            let count =
                call.integerIfPresent("removed").map { RemovalCount.units($0) } ?? run?.clock.removed ?? .units(0)
            let schedule = run?.schedule ?? RemovalSchedule()
            let left = try WrittenProblem(value.set, value.index, encoder: encoder, order: schedule.order).remaining(
                count, schedule, shape: run?.shape)
            return .table(
                TableObject([
                    .init("token", left.tokens.map { ProblemDisplay.shown(encoder.text($0)) }),
                    .init("id", left.tokens.map { Int($0) }),
                    .init("position", left.positions.map { Int($0) }),
                    .init(
                        "label", left.labels.map { $0 < 0 ? Value.none : .text(ProblemDisplay.shown(encoder.text($0))) }
                    ),
                ]))
        }
    }
}
