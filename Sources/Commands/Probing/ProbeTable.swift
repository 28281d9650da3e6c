// What `probe` prints: a row for each stage, layer, position and target, the score never without everything it must
// beat.

import Internalization
import Language
import Probing
import Support

enum ProbeTable {
    /// Reports of one place at one stage, one for each run.
    struct Row {
        var removed: Int?
        var reports: [ProbeReport]
    }

    private static let baselines: [(ProbeBaseline, String)] = [
        (.constant, "constant"), (.inputToken, "token"), (.rawInput, "raw"), (.untrained, "untrained"),
        (.shuffled, "shuffled"), (.control, "control"),
    ]

    /// - Throws: `ProbeError` if reports of different places stand in one row.
    static func make(_ rows: [Row], _ call: Invocation) throws -> TableObject {
        let places = rows.compactMap(\.reports.first)
        let stages = try rows.map { try Trajectory([$0.reports]).stages[0] }
        func mean(_ value: @escaping (ProbeReport) -> Double?) -> [Value] {
            rows.map { row in
                let values = row.reports.compactMap(value)
                return values.count == row.reports.count && !values.isEmpty
                    ? .real(values.reduce(0, +) / Double(values.count)) : .none
            }
        }
        func column(_ name: String, _ values: [Value], _ decimals: Int = 3) -> TableObject.Column {
            .init(name, values, format: .decimals(decimals))
        }

        var keys: [TableObject.Column] = []
        if rows.contains(where: { $0.removed != nil }) {
            keys.append(.init("removed", rows.map { $0.removed.map { .integer($0) } ?? .none }))
        }
        keys += [
            .init("layer", places.map { HookArguments.layer($0.provenance.hook) }),
            whereItVaries("position", places.map(\.provenance.position)),
            whereItVaries("target", places.map(\.target)),
        ]
        var columns = [
            column("score", stages.map { .real($0.value.value) }), column("low", stages.map { .real($0.value.low) }),
            column("high", stages.map { .real($0.value.high) }),
        ]
        columns += baselines.map { baseline, name in column(name, mean { $0.baselines[baseline]?.primary.value }) }
        columns += [
            column("selectivity", mean { $0.selectivity?.value }),
            column("margin", stages.map { .real($0.margin.value) }),
            column("margin_low", stages.map { .real($0.margin.low) }),
            .init("margin_high", stages.map { .real($0.margin.high) }, format: .hidden),
            .init(
                "nearest",
                stages.map { stage in baselines.first { $0.0 == stage.nearest }.map { .text($0.1) } ?? .none }),
            .init("above", stages.map { Value.boolean($0.isAbove) }),
            .init("error", mean { $0.probe.error.value }, format: .hidden), column("leak", mean { $0.leak.share }, 2),
        ]
        if places.contains(where: { $0.codeLength != nil }) {
            columns.append(column("compression", mean { $0.codeLength?.compression }, 2))
        }
        warn(places, call)
        return TableObject(keys + columns, keyCount: keys.count, notes: notes(rows, places))
    }

    /// A column that is told in the notes, and not shown, where all rows have the same.
    private static func whereItVaries(_ name: String, _ texts: [String]) -> TableObject.Column {
        TableObject.Column(name, texts.map { .text($0) }, format: Set(texts).count == 1 ? .hidden : .plain)
    }

    /// What every row has in common.
    private static func notes(_ rows: [Row], _ places: [ProbeReport]) -> [String] {
        guard let first = places.first else { return [] }
        func shared(_ value: (ProbeReport) -> String) -> String? {
            places.allSatisfy { value($0) == value(first) } ? value(first) : nil
        }
        var words = [first.isClasses ? "accuracy" : "R²"]
        if let target = shared(\.target) { words.append("of \(target)") }
        if let position = shared(\.provenance.position) { words.append("at \(position)") }
        words.append(
            "on \(Phrase.count(first.heldOutRows, "held-out problem")), fitted to "
                + "\(NumberText.grouped(first.trainingRows))"
        )
        let runs = rows.map(\.reports.count).max() ?? 1
        if runs > 1 { words.append("in each of \(runs) runs") }
        var notes = [words.joined(separator: " ")]
        for (baseline, name) in baselines {
            if let why = first.missing[baseline] { notes.append("no \(name): \(why)") }
        }
        return notes
    }

    /// Says where a probe can read its target off the token, without any model.
    private static func warn(_ reports: [ProbeReport], _ call: Invocation) {
        let serious = reports.filter(\.leak.isSerious)
        guard let worst = serious.max(by: { $0.leak.share < $1.leak.share }) else { return }
        let others = Set(serious.map { $0.target + $0.provenance.position }).count - 1
        call.output(
            StyledText("leak", .warning)
                + StyledText(
                    ": the token at \(worst.provenance.position) alone gives away "
                        + "\(Int((worst.leak.share * 100).rounded())) % of \(worst.target)"
                )
                + StyledText(
                    others == 1
                        ? ", and there is one more such place"
                        : others > 1 ? ", and there are \(others) more such places" : ""))
    }

    /// What probes read in states that they were not fitted to.
    static func transferred(
        _ reports: [ProbeReport], _ scores: [ProbeScore], from provenance: Provenance?, rows: Int
    ) -> TableObject {
        let keys: [TableObject.Column] = [
            .init("layer", reports.map { HookArguments.layer($0.provenance.hook) }),
            .init("position", reports.map(\.provenance.position)), .init("target", reports.map(\.target)),
        ]
        let columns: [TableObject.Column] = [
            .init("own", reports.map(\.probe.primary.value), format: .decimals(3)),
            .init("score", scores.map(\.primary.value), format: .decimals(3)),
            .init("low", scores.map(\.primary.low), format: .decimals(3)),
            .init("high", scores.map(\.primary.high), format: .decimals(3)),
            .init(
                "constant", reports.map { $0.baselines[.constant].map { .real($0.primary.value) } ?? .none },
                format: .decimals(3)),
            .init("error", scores.map(\.error.value), format: .decimals(3)),
        ]
        let kind = reports.first?.isClasses == true ? "accuracy" : "R², 0 is a constant"
        let whose = provenance.map { " in states of \($0.description)" } ?? ""
        return TableObject(
            keys + columns, keyCount: keys.count,
            notes: ["\(kind); score: on \(Phrase.count(rows, "problem")) that the probe was not fitted to,\(whose)"])
    }
}
