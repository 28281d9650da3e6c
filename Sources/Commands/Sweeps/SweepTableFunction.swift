// `sweep_table`: what `icot sweep` has found, as one table.

import Language
import Probing
import Support
import Sweeps

enum SweepTableFunction {
    static func command() -> Command {
        Command(
            CommandSignature(
                "sweep_table", "What a sweep has found: one row for each point, by its parameters.",
                [
                    .value("folder", .path(.read), "the folder that icot sweep made, such as \"runs/tour\""),
                    .label(
                        "over", .oneOf([.column, .list(of: .column)]),
                        "parameters to take together, such as .seed: means over them, with 95 % intervals"),
                    .label("times", .boolean, default: "false", "also how long points took"),
                ], result: TypeName.table, seeAlso: ["plot", "group", "compare", "filter", "join"],
                discussion: """
                    In a shell, icot sweep FILE.icot -p seed=1...8 -p lambda=1,4 replays a notebook with each set of \
                    parameters and keeps what came out. A row has the parameters and the final value of the \
                    notebook: the last value of the cell titled result, or else of the whole; of a record each field. \
                    Rows are ordered by the parameters; where a point failed or is missing, as the column state \
                    says, its results are none. The hash of each point's run is there by its name, run_hash.

                    With over: .seed there is one row for each setting of the other parameters: of how many points, \
                    and of each numeric result the mean with its 95 % interval (Student's t) in result_low and \
                    result_high, as in plot sweep_table("runs/tour", over: .seed) x: .lambda y: .accuracy low: \
                    .accuracy_low high: .accuracy_high.
                    """)
        ) { call in
            let path = try call.text("folder")
            let table = try SweepTable(path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path)
            let withTimes = try call.boolean("times")
            guard let over = call["over"] else { return .table(rows(table, path, withTimes: withTimes)) }
            let names = over.asChoice.map { [$0.name] } ?? over.asList?.compactMap(\.asChoice?.name) ?? []
            return .table(try means(table, path, over: names, withTimes: withTimes, call))
        }
    }

    /// What says which sweep a row is from, where `compare` puts several below each other.
    static let originName = "sweep"

    /// How many points a mean is of. Not `n`, which an evaluation has already: its number of problems.
    private static let countName = "points"

    private static func origin(_ path: String, _ count: Int) -> TableObject.Column {
        .init(originName, Array(repeating: .text(path), count: count), format: .hidden)
    }

    // MARK: A row for each point

    private static func rows(_ table: SweepTable, _ path: String, withTimes: Bool) -> TableObject {
        var columns = table.parameters.map { column($0) } + table.results.map { column($0) }
        let isWhole = table.states.allSatisfy { $0.word == "done" }
        columns.append(
            .init("state", table.states.map { .text($0.word) }, format: isWhole ? .hidden : .plain))
        if table.hashes.contains(where: { $0 != .null }) {
            columns.append(.init("run_hash", table.hashes.map { Value(json: $0) }, format: .hidden))
        }
        if withTimes { columns += table.times.map { column($0, isTime: true) } }
        columns.append(origin(path, table.states.count))
        return TableObject(columns, keyCount: table.parameters.count, notes: profileNotes(table))
    }

    /// Equal points have equal bits only where the same machine, or one like it, made them.
    private static func profileNotes(_ table: SweepTable) -> [String] {
        guard table.profiles.count > 1 else { return [] }
        return [
            "points were made under \(table.profiles.joined(separator: "; ")): between these the last bits may differ"
        ]
    }

    private static func column(_ column: SweepTable.Column, isTime: Bool = false) -> TableObject.Column {
        .init(
            column.name, column.values.map { Value(json: $0) },
            format: isTime ? .volatile("s", decimals: 1) : format(column.name))
    }

    /// What is called an accuracy is a share, and a figure of it shows all of 0 to 1.
    private static func format(_ name: String) -> ColumnFormat {
        name == "accuracy" || name.hasSuffix("_accuracy") ? .share : .plain
    }

    // MARK: Means over parameters

    private static func means(
        _ table: SweepTable, _ path: String, over names: [String], withTimes: Bool, _ call: Invocation
    ) throws -> TableObject {
        for name in names where !table.parameters.contains(where: { $0.name == name }) {
            let known = table.parameters.map(\.name)
            let near = Suggestions.nearest(to: name, among: known).first
            throw call.failure(
                "'\(name)' is no parameter that varies in \(path)", code: .runtimeField, at: "over",
                help: near.map { "write over: .\($0)" }
                    ?? "it varies \(known.map { "." + $0 }.joined(separator: ", "))")
        }
        let kept = table.parameters.filter { !names.contains($0.name) }
        var keys: [[JSONValue]] = []
        var groups: [[Int]] = []
        for place in table.states.indices {
            let key = kept.map { $0.values[place] }
            if let group = keys.firstIndex(of: key) {
                groups[group].append(place)
            } else {
                keys.append(key)
                groups.append([place])
            }
        }
        var columns = kept.enumerated().map { number, parameter in
            TableObject.Column(parameter.name, keys.map { Value(json: $0[number]) })
        }
        let done = groups.map { $0.filter { table.states[$0].word == "done" } }
        columns.append(.init(countName, done.map(\.count)))
        for result in table.results
        where result.name != countName && result.values.contains(where: { $0.double != nil }) {
            columns += interval(result.name, done.map { $0.compactMap { result.values[$0].double } })
        }
        if withTimes {
            for time in table.times {
                let means = done.map { places -> Value in
                    let values = places.compactMap { time.values[$0].double }
                    return values.isEmpty ? .none : .real(values.reduce(0, +) / Double(values.count))
                }
                columns.append(.init(time.name, means, format: .volatile("s", decimals: 1)))
            }
        }
        columns.append(origin(path, groups.count))
        let lost = table.states.count { $0.word != "done" }
        return TableObject(
            columns, keyCount: kept.count,
            notes: (lost == 0 ? [] : ["\(Phrase.count(lost, "point")) without a result left out"])
                + profileNotes(table))
    }

    /// The mean of each group and the ends of its interval; of a single value there is none.
    private static func interval(_ name: String, _ groups: [[Double]]) -> [TableObject.Column] {
        let intervals = groups.map { Interval.student($0) }
        let counts = groups.map(\.count)
        func values(_ least: Int, _ number: (Interval) -> Double) -> [Value] {
            zip(intervals, counts).map { $1 < least ? .none : .real(number($0)) }
        }
        let format = format(name)
        return [
            .init(name, values(1, \.value), format: format), .init("\(name)_low", values(2, \.low), format: format),
            .init("\(name)_high", values(2, \.high), format: format),
        ]
    }
}

extension SweepFault {
    /// What to type at the prompt.
    var promptHelp: String? {
        switch self {
        case .notASweep: "give the folder that icot sweep made, such as sweep_table(\"runs/tour\")"
        default: help("icot sweep")
        }
    }
}
