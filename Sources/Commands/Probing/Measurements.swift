// Rows that some columns name and others measure: what a reading or an intervention found at one moment, and how those
// of several stages and runs become one table.

import Language
import Probing

struct Measurements {
    struct Row {
        var keys: [Value]
        /// The measure itself.
        var value: Interval
        /// Whatever else was measured there.
        var others: [Double]
    }

    /// What the columns at the left are called.
    var keys: [String]
    /// What the measure is called; `low` and `high` are the ends of its interval.
    var measure: String
    var others: [String]
    var rows: [Row]
    /// Whether the measure has an interval in one run.
    var hasInterval = true

    /// Whether it measured the same things.
    private func isAbout(_ other: Measurements) -> Bool {
        func names(_ measurements: Measurements) -> [[String]] { measurements.rows.map { $0.keys.map(\.text) } }
        return names(self) == names(other)
    }

    /// One table of what was found at each stage in each run: with several runs every number is their mean, every
    /// interval Student's.
    static func table(
        _ stages: [(removed: Int?, runs: [Measurements])], runCount: Int, _ call: Invocation
    ) throws -> TableObject {
        guard let first = stages.first?.runs.first else { return TableObject([]) }
        let showsStage = stages.contains { $0.removed != nil }
        var removed: [Value] = []
        var merged: [Row] = []
        for stage in stages {
            guard let pattern = stage.runs.first else { continue }
            if let other = stage.runs.first(where: { !$0.isAbout(pattern) }) {
                throw call.failure(
                    "the runs differ in what can be read (\(pattern.rows.count) and \(other.rows.count) places)",
                    code: .runtimeArgument, at: "over",
                    help: "give runs of one task and one kind of model")
            }
            for place in pattern.rows.indices {
                let rows = stage.runs.map { $0.rows[place] }
                removed.append(stage.removed.map { .integer($0) } ?? .none)
                merged.append(
                    Row(
                        keys: rows[0].keys, value: rows.count == 1 ? rows[0].value : .student(rows.map(\.value.value)),
                        others: first.others.indices.map { column in
                            rows.reduce(0) { $0 + $1.others[column] } / Double(rows.count)
                        }))
            }
        }
        var columns: [TableObject.Column] = showsStage ? [.init("removed", removed)] : []
        columns += first.keys.indices.map { key in .init(first.keys[key], merged.map { $0.keys[key] }) }
        let keyCount = columns.count
        columns.append(.init(first.measure, merged.map(\.value.value), format: .decimals(3)))
        if first.hasInterval || runCount > 1 {
            columns += [
                .init("low", merged.map(\.value.low), format: .decimals(3)),
                .init("high", merged.map(\.value.high), format: .decimals(3)),
            ]
        }
        columns += first.others.indices.map { column in
            .init(first.others[column], merged.map { $0.others[column] }, format: .decimals(3))
        }
        return TableObject(
            columns, keyCount: keyCount,
            notes: runCount > 1 ? ["means of \(runCount) runs, with Student's interval"] : [])
    }
}
