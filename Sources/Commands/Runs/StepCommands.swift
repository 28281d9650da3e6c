// `step`, `back`, `mark`, `branch`, `timeline`: moving along a run's timeline.

import Experiments
import Internalization
import Language
import Support

enum StepCommands {
    static func all(_ bench: Workbench) -> [Command] {
        [step(bench), back(bench), mark(bench), branch(bench), timeline(bench)]
    }

    private static func step(_ bench: Workbench) -> Command {
        Command(
            CommandSignature(
                "step", "Removes the next token of the chain, or goes forward to a stage that was there before.",
                [
                    .value("count", .integer(-1_000_000...1_000_000), default: "1", "how many; below 0 goes back"),
                    .label("to", .integer(0...1_000_000), "until this many are removed"), Workbench.runLabel,
                ], examples: ["step", "step 2", "step to: 1"], effects: [.changesRun],
                seeAlso: ["back", "train", "timeline", "show"],
                discussion:
                    "After back, step goes forward again along the way that was taken, to each stage as it was left, "
                    + "with "
                    + "the same bits. Once something has been trained differently it removes anew."
            )
        ) { call in
            let experiment = try bench.run(call)
            let run = experiment.run
            let count: Int
            if let target = call.integerIfPresent("to") {
                guard target <= run.longest else {
                    throw call.failure(
                        "the longest chain has \(Phrase.count(run.longest, "token"))", code: .runtimeArgument, at: "to",
                        help: "write step to: \(run.longest)")
                }
                if target < run.removedCount {
                    try goBack(experiment, toRemoved: target, call)
                    try experiment.save()
                    return .none
                }
                count = target - run.removedCount
            } else {
                count = try call.integer("count")
            }
            if count < 0 {
                try goBack(experiment, stages: -count, call)
            } else {
                try goForward(experiment, count, call)
            }
            try experiment.save()
            return .none
        }
    }

    private static func goForward(_ experiment: Experiment, _ count: Int, _ call: Invocation) throws {
        let run = experiment.run
        guard count <= run.longest - run.removedCount else {
            throw call.failure(
                run.isEmptied
                    ? "nothing is left to remove: "
                        + (run.longest == 1 ? "the one token is gone" : "all \(run.longest) tokens are gone")
                    : "only \(left(run.longest - run.removedCount)) left",
                code: .runtimeArgument, at: call.isGiven("count") ? "count" : nil,
                help: run.isEmptied ? "write back 1, or train on" : "write step to: \(run.longest)")
        }
        func evaluation() throws -> Evaluation? {
            try run.evaluateHeldOut(limit: run.quickLimit, interrupt: call.interrupt)
        }
        let (wasRemoved, before) = (run.removedCount, try evaluation())
        var resets = false
        let known = try run.step(
            to: wasRemoved + count, report: { if case .removed(_, _, true, _, _) = $0 { resets = true } },
            interrupt: call.interrupt)
        var lines = [
            RunDisplay.removal(
                experiment, from: .units(wasRemoved), resets: resets, before: before, after: try evaluation())
        ]
        if known > 0 { lines[0].append("; as it was left after \(Phrase.count(run.progress.updates, "step"))", .dim) }
        if let example = try RunDisplay.example(experiment) { lines.append(example) }
        call.output(DisplayBundle(lines: lines, json: RunValue(experiment).json))
    }

    /// `1 token of the chain is`
    private static func left(_ count: Int) -> String {
        Phrase.count(count, "token") + " of the chain " + (count == 1 ? "is" : "are")
    }

    /// To the stage on the way to the present one that has so much removed.
    private static func goBack(_ experiment: Experiment, toRemoved count: Int, _ call: Invocation) throws {
        let run = experiment.run
        do { try run.back(toRemoved: count) } catch RunError.noStage {
            var known: [Int] = []
            for stage in run.timeline.path {
                let removed = stage.record.removed.capped(at: run.longest)
                if removed != known.last { known.append(removed) }
            }
            throw call.failure(
                "no stage before this one has \(count) removed", code: .runtimeArgument, at: "to",
                help: known.count == 1
                    ? "there is only this one, with \(known[0])"
                    : "there are \(known.map(String.init).joined(separator: ", "))")
        }
        call.output(try whereItIs(experiment, "back at"))
    }

    private static func goBack(_ experiment: Experiment, stages: Int, _ call: Invocation) throws {
        do {
            try experiment.run.back(stages)
        } catch RunError.noStages {
            let there = experiment.run.timeline.path.count - 1
            throw call.failure(
                there == 0
                    ? "this is the first stage of the run"
                    : "only \(Phrase.count(there, "stage")) \(there == 1 ? "lies" : "lie") before this one",
                code: .runtimeArgument,
                at: call.isGiven("count") ? "count" : nil, help: there == 0 ? nil : "write back \(there)")
        }
        call.output(try whereItIs(experiment, "back at"))
    }

    private static func whereItIs(_ experiment: Experiment, _ words: String) throws -> DisplayBundle {
        let run = experiment.run
        var line = StyledText("\(words) removed \(run.removedCount) of \(run.longest)", .emphasis)
        line.append(", step \(NumberText.grouped(run.progress.updates))")
        if let accuracy = run.timeline.current.record.accuracy { line.append(", accuracy \(Phrase.rate(accuracy))") }
        var lines = [line]
        if let example = try RunDisplay.example(experiment) { lines.append(example) }
        return DisplayBundle(lines: lines, json: RunValue(experiment).json)
    }

    private static func back(_ bench: Workbench) -> Command {
        Command(
            CommandSignature(
                "back",
                "Goes back along the timeline: weights, moments, random state and schedule as before, bit for bit.",
                [
                    .value("count", .integer(0...1_000_000), default: "1", "stages"),
                    .label(
                        "to", .oneOf([.text, .integer(0...1_000_000)]),
                        "a mark or branch by name, or the stage with this many removed"), Workbench.runLabel,
                ], examples: ["back", "back 2", "back to: 0"], effects: [.changesRun],
                seeAlso: ["step", "mark", "branch"])
        ) { call in
            let experiment = try bench.run(call)
            switch call["to"] {
            case .integer(let count)?:
                try goBack(experiment, toRemoved: count, call)
            case .some:
                let name = try call.text("to")
                do { try experiment.run.go(toMark: name) } catch RunError.noMark {
                    let names = experiment.run.timeline.marks.map(\.name)
                    throw call.failure(
                        "the timeline has no mark \"\(name)\"", code: .runtimeArgument, at: "to",
                        help: names.isEmpty
                            ? "make one first: mark \"\(name)\""
                            : "there are " + names.map { "\"\($0)\"" }.joined(separator: ", "))
                }
                call.output(try whereItIs(experiment, "\"\(name)\":"))
            case nil: try goBack(experiment, stages: try call.integer("count"), call)
            }
            try experiment.save()
            return .none
        }
    }

    private static func mark(_ bench: Workbench) -> Command {
        Command(
            CommandSignature(
                "mark", "Gives the present state of the run a name.",
                [.value("name", .text, "to come back to"), Workbench.runLabel],
                examples: ["mark \"explicit\""], effects: [.changesRun], seeAlso: ["back", "branch", "timeline"])
        ) { call in
            let experiment = try bench.run(call)
            let name = try call.text("name")
            try experiment.run.mark(name)
            try experiment.save()
            call.output(
                StyledText(
                    "mark \"\(name)\" at removed \(experiment.run.removedCount) of \(experiment.run.longest), "
                        + "step \(NumberText.grouped(experiment.run.progress.updates))"
                ))
            return .none
        }
    }

    private static func branch(_ bench: Workbench) -> Command {
        Command(
            CommandSignature(
                "branch", "Starts another line of the timeline from here; back to: its name returns to it.",
                [.value("name", .text, "of the new line"), Workbench.runLabel], examples: ["branch \"slower\""],
                effects: [.changesRun],
                seeAlso: ["mark", "back", "timeline"])
        ) { call in
            let experiment = try bench.run(call)
            let name = try call.text("name")
            try experiment.run.branch(name)
            try experiment.save()
            call.output(
                StyledText(
                    "branch \"\(name)\" from removed \(experiment.run.removedCount) of \(experiment.run.longest)"))
            return .none
        }
    }

    // MARK: The timeline as a table

    private static func timeline(_ bench: Workbench) -> Command {
        Command(
            CommandSignature(
                "timeline", "Shows one row for each stage of a run.",
                [
                    .value("run", .value(RunValue.typeName), required: false, "the current run without it"),
                    .label(
                        "branches", .boolean, default: "false",
                        "the stages of all branches, not only the way to the present one"),
                ], result: TypeName.table, examples: ["timeline"],
                seeAlso: ["plot", "back", "compare"],
                discussion:
                    "removed: tokens gone. before and after: accuracy on the test problems around the removal. "
                    + "recovery: "
                    + "steps until the training batches were right again. accuracy: the latest. written: tokens the "
                    + "model "
                    + "writes for a problem. at: the present stage. Not shown, but there: chain, the tokens of one "
                    + "problem's chain that are left."
            )
        ) { call in
            let experiment = try call.experimentIfPresent("run") ?? bench.run(call)
            return .table(table(experiment, all: try call.boolean("branches")))
        }
    }

    static func table(_ experiment: Experiment, all: Bool = false) -> TableObject {
        let run = experiment.run, timeline = run.timeline
        let stages = all ? timeline.stages : timeline.path
        func real(_ number: Double?) -> Value { number.map { .real($0) } ?? .none }
        var columns: [TableObject.Column] = [
            .init("removed", stages.map { $0.record.removed.capped(at: run.longest) }),
            .init("steps", stages.map(\.record.steps)),
            .init("loss", stages.map { real($0.record.loss) }, format: .decimals(3)),
            .init("before", stages.map { real($0.record.accuracyBefore) }, format: .share),
            .init("after", stages.map { real($0.record.accuracyAfter) }, format: .share),
            .init("recovery", stages.map { $0.record.recoverySteps.map { .integer($0) } ?? .none }),
            .init("accuracy", stages.map { real($0.record.accuracy) }, format: .share),
            .init("written", stages.map { real($0.record.generatedTokens) }, format: .decimals(1)),
        ]
        if stages.contains(where: { $0.record.rescues > 0 }) {
            columns.append(.init("rescues", stages.map(\.record.rescues)))
        }
        if all { columns.append(.init("branch", stages.map(\.branch))) }
        columns.append(.init("seconds", stages.map { .real($0.record.seconds) }, format: .volatile("s", decimals: 1)))
        let names = stages.map { stage in
            timeline.marks.filter { $0.stage == stage.id }.map(\.name).joined(separator: ", ")
        }
        if names.contains(where: { !$0.isEmpty }) { columns.append(.init("marks", names)) }
        columns.append(.init("at", stages.map { $0.id == timeline.current.id ? "◂" : "" }))
        if let chains = chains(experiment, stages.map(\.record.removed)) {
            columns.append(.init("chain", chains, format: .hidden))
        }
        return TableObject(columns, notes: [chainNote(experiment)].compactMap { $0 })
    }

    /// The chain of one problem and the order in which its tokens go, so that a page can show both from the text alone:
    /// see `TimelineFigure`. Long chains are left out.
    private static func chainNote(_ experiment: Experiment) -> String? {
        guard let example = try? experiment.example(), (1...60).contains(example.problem.chain.count) else {
            return nil
        }
        let chain = example.problem.chain
        let tokens = chain.map { ProblemDisplay.shown(experiment.encoder.text(example.problem.tokens[$0])) }
        guard tokens.allSatisfy({ !$0.isEmpty && !$0.contains(where: \.isWhitespace) && $0 != "," }) else { return nil }
        let text = "chain of a problem: " + tokens.joined(separator: " ") + ", taken "
        switch example.order {
        case .left: return text + "from the left"
        case .right: return text + "from the right"
        default: break
        }
        var before: Set<Int> = []
        var groups: [String] = []
        for count in 1...max(1, experiment.run.longest) {
            let gone = example.gone(.units(count))
            let places = gone.subtracting(before).sorted().map { "\($0 - chain.lowerBound + 1)" }
            if !places.isEmpty { groups.append(places.joined(separator: " ")) }
            before = gone
        }
        return text + "in the order " + groups.joined(separator: " | ")
    }

    /// The chain of one problem at each stage, a text for each token, or none where it is gone: a page of the timeline
    /// shows it.
    private static func chains(_ experiment: Experiment, _ removed: [RemovalCount]) -> [Value]? {
        guard let example = try? experiment.example(), example.problem.chain.count <= 400 else { return nil }
        return removed.map { count in
            let gone = example.gone(count)
            return .list(
                example.problem.chain.map { place in
                    gone.contains(place)
                        ? .none : .text(ProblemDisplay.shown(experiment.encoder.text(example.problem.tokens[place])))
                })
        }
    }
}
