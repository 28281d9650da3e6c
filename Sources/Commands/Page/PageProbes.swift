// The probes on a page: for each stage, target and layer the score beside what it must beat. A person gives the table
// of `probe … over: r`; without one, the running values of the task's chain are looked for at the end of the question.

import Support
import Experiments
import Internalization
import Language
import Probing
import Transformer

struct PageProbes {
    private let experiment: Experiment
    private let stages: [(removed: Int, stage: Timeline.Stage)]
    private let call: Invocation

    init(_ experiment: Experiment, _ stages: [(removed: Int, stage: Timeline.Stage)], _ call: Invocation) {
        (self.experiment, self.stages, self.call) = (experiment, stages, call)
    }

    /// What the scripts read, or nil where there is nothing to probe.
    func json(_ set: ProblemSet) throws -> Value? {
        if let given = call["probes"]?.asTable {
            var words = call.words(of: "probes") ?? ""
            if words.hasPrefix("("), words.hasSuffix(")") { words = String(words.dropFirst().dropLast()) }
            return try record(given, line: words, set)
        }
        if call.booleanIfPresent("probes") == false { return nil }
        guard let (table, line) = try fitted() else { return nil }
        return try record(table, line: line, set)
    }

    // MARK: Fitted here

    private static let count = 2000
    private static let seed = 11
    /// More stages are thinned out evenly: each costs as much as all that a probe is compared with.
    private static let stagesMax = 9

    private func fitted() throws -> (table: TableObject, line: String)? {
        guard let (target, words) = targetAndWords, let (set, on) = try problems(words) else { return nil }
        let line = "probe on: \(on) target: .\(target) at: .separator over: r"
        let targets = try ProbeTargets.facts(target, nil, set, nil, call)
        let untrained = LanguageModel.untrained(experiment.run.model.configuration)
        var rows: [ProbeTable.Row] = []
        let few = few(stages)
        for (place, (removed, stage)) in few.enumerated() {
            call.progress(WorkProgress("probing", Double(place), of: Double(few.count), unit: "stage"))
            let subject = try ModelAtStage(experiment, at: stage)
            let data = try ProblemsAtStage(set, for: subject, interrupt: call.interrupt)
            let grid = ProbeGrid(
                points: (0..<subject.model.configuration.layerCount).map { .block($0, .residualPost) },
                positions: try data.positions(.separator), targets: targets, problems: data.questions)
            let results = try grid.run(
                subject.model, data.batch, untrained: untrained, stage: subject.name,
                observer: call.observer("probing  removed \(removed)"))
            rows += results.map { ProbeTable.Row(removed: removed, reports: [$0.report]) }
        }
        return (try ProbeTable.make(rows, call), line)
    }

    /// What the chain of the task runs through, and the words that make its problems.
    private var targetAndWords: (target: String, words: String)? {
        switch experiment.data.task {
        case let task as DigitSum where task.modulus == 2: ("running_parity", ".parity digits: \(task.digits)")
        case let task as DigitSum:
            ("running_residue", ".modsum digits: \(task.digits) modulus: \(task.modulus)")
        case let task as Multiplication where task.left.count == 1 && task.right.count == 1:
            (
                "running_sum",
                "\(task.chain == .tree ? ".tree" : ".mult") digits: \(task.left.lowerBound)"
                    + (task.left == task.right ? "" : " by: \(task.right.lowerBound)")
            )
        case let task as Addition where task.digits.count == 1:
            (
                "carry",
                ".add digits: \(task.digits.lowerBound)" + (task.order == .mostFirst ? " order: .most_first" : "")
            )
        default: nil
        }
    }

    /// Problems that the run has not seen, or its held-out ones where there are too few others.
    private func problems(_ words: String) throws -> (set: ProblemSet, line: String)? {
        if let task = experiment.data.task as? any ProblemTask {
            let sets = [("data", experiment.data), ("test", experiment.test), ("validation", experiment.validation)]
            let known = sets.compactMap(\.1)
            let names = "[" + sets.filter { $0.1 != nil }.map { "r.\($0.0)" }.joined(separator: ", ") + "]"
            func make(_ task: some ProblemTask) throws -> ProblemSet {
                try ProblemSet.generate(
                    task, count: Self.count, seed: UInt64(Self.seed), apartFrom: known, repetition: .never,
                    observer: WorkObserver(interrupt: call.interrupt))
            }
            if let made = try? make(task) {
                return (made, "(gen \(words) n: \(Self.count) seed: \(Self.seed) apart_from: \(names))")
            }
            try call.checkInterrupt()
        }
        return experiment.test.map { ($0, "r.test") }
    }

    private func few(_ stages: [(removed: Int, stage: Timeline.Stage)]) -> [(removed: Int, stage: Timeline.Stage)] {
        guard stages.count > Self.stagesMax else { return stages }
        return (0..<Self.stagesMax).map { stages[$0 * (stages.count - 1) / (Self.stagesMax - 1)] }
    }

    // MARK: As the scripts read it

    private static let numbers = [
        "score", "low", "high", "constant", "token", "raw", "untrained", "shuffled", "control", "margin_low",
    ]

    private func record(_ table: TableObject, line: String, _ set: ProblemSet) throws -> Value {
        func column(_ name: String) -> [Value]? { table.columns.first { $0.name == name }?.values }
        guard let removed = column("removed"), let layers = column("layer"), let targets = column("target"),
            let positions = column("position"), column("score") != nil
        else {
            throw call.failure(
                "is not a table of probes over the stages of a run", code: .runtimeArgument, at: "probes",
                help: "write probes: (probe on: … target: … over: r)")
        }
        let kept = Self.numbers.filter { column($0) != nil }
        let places = try tokenPlaces(set)
        let rows = removed.indices.map { row in
            Value.record(
                [
                    ("removed", removed[row]), ("layer", layers[row]), ("position", positions[row]),
                    ("target", targets[row]),
                    ("place", targets[row].asText.flatMap { places[$0] }.map { .integer($0) } ?? .none),
                    ("nearest", column("nearest")?[row] ?? .none), ("above", column("above")?[row] ?? .none),
                ] + kept.map { name in (name, rounded(column(name)?[row] ?? .none)) })
        }
        return .record([
            ("line", .text(line)), ("notes", .list(table.notes.map { .text($0) })), ("rows", .list(rows)),
        ])
    }

    /// Which token of a problem says what a target asks for, such as `.running_parity[1]`.
    private func tokenPlaces(_ set: ProblemSet) throws -> [String: Int] {
        guard let task = set.task, let encoder = experiment.encoder as? any LocatingEncoder, !set.isEmpty,
            let facts = try? encoder.tokenFacts(of: set[0], task: task)
        else { return [:] }
        return Dictionary(
            facts.map { fact in (".\(fact.name)" + (fact.index.map { "[\($0)]" } ?? ""), fact.token) }
        ) { first, _ in first }
    }

    /// Three decimals are what the table shows.
    private func rounded(_ value: Value) -> Value {
        value.asReal.map { $0.isFinite ? .real(($0 * 1000).rounded() / 1000) : .none } ?? .none
    }
}
