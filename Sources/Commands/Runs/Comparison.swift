import Experiments
import Internalization
import Language

/// Something that `compare` can put rows of into its table.
protocol ComparedValue {
    var comparedRows: [ComparedRow] { get }
}

/// A stage beside others: what it can do and costs.
struct ComparedRow {
    var run: String
    /// Tokens of the chain that are gone.
    var removed: Int
    var steps: Int
    var loss: Double?
    var accuracy: Double?
    /// Tokens written for a problem.
    var written: Double?
    var seconds: Double
}

enum Comparison {
    /// - Parameter frontOnly: drops the rows that another beats in accuracy and tokens written.
    static func table(_ values: [any ComparedValue], frontOnly: Bool) -> TableObject {
        var rows = values.flatMap(\.comparedRows)
        if frontOnly {
            rows = rows.filter { row in
                guard let accuracy = row.accuracy, let written = row.written else { return false }
                return !rows.contains { other in
                    guard let a = other.accuracy, let w = other.written else { return false }
                    return a >= accuracy && w <= written && (a > accuracy || w < written)
                }
            }
        }
        func real(_ number: Double?) -> Value { number.map { .real($0) } ?? .none }
        return TableObject([
            .init("run", rows.map(\.run)), .init("removed", rows.map(\.removed)), .init("steps", rows.map(\.steps)),
            .init("loss", rows.map { real($0.loss) }, format: .decimals(3)),
            .init("accuracy", rows.map { real($0.accuracy) }, format: .share),
            .init("written", rows.map { real($0.written) }, format: .decimals(1)),
            .init("seconds", rows.map { .real($0.seconds) }, format: .volatile("s", decimals: 1)),
        ])
    }
}

extension Comparison {
    /// Tables below each other, with a first column that says which each row is from: the folder of a sweep, or the
    /// number of the table.
    static func stacked(_ tables: [TableObject]) -> TableObject {
        let origin = SweepTableFunction.originName
        var names: [String] = []
        for table in tables {
            for name in table.columnNames where name != origin && !names.contains(name) { names.append(name) }
        }
        func values(_ each: (TableObject, Int) -> [Value]) -> [Value] {
            tables.enumerated().flatMap { each($1, $0) }
        }
        let origins = values { table, number in
            table[origin]?.values ?? Array(repeating: .text("table \(number + 1)"), count: table.rowCount)
        }
        let columns = names.map { name -> TableObject.Column in
            let formats = tables.compactMap { $0[name]?.format }
            // What one of them shows is shown.
            let format = formats.first { !$0.isHidden } ?? formats.first ?? .plain
            return .init(
                name,
                values { table, _ in table[name]?.values ?? Array(repeating: .none, count: table.rowCount) },
                format: format)
        }
        return TableObject([.init(origin, origins)] + columns)
    }
}

extension Value {
    var asCompared: (any ComparedValue)? { asHost(RunValue.self) ?? asHost(DistillationValue.self) }
}

extension RunValue: ComparedValue {
    var comparedRows: [ComparedRow] {
        let run = experiment.run
        return run.timeline.path.map { stage in
            let record = stage.record
            return ComparedRow(
                run: experiment.name, removed: record.removed.capped(at: run.longest), steps: record.steps,
                loss: record.loss,
                accuracy: record.accuracy,
                written: record.generatedTokens, seconds: record.seconds)
        }
    }
}
