// The stages of a run, to be walked through on a page. From any of these:
//
//   [{"removed": 0, "accuracy": 0.99, …, "chain": ["4", "2", …]}, …]     a table whose rows have a number `removed`
//   lines of text with a column `removed`                                what a notebook has recorded
//
// `chain` has the tokens of one problem's chain of thought at that stage, null for each that is gone. Below a recorded
// table a line says the same:
//
//   chain of a problem: 1 1 0 1, taken from the left             or: from the right
//   chain of a problem: 2 4 0 6, taken in the order 3 4 | 1 2    places from 1 on; | between what goes at once
//
// Where both are missing the chain is shown as that many places, taken away from the left.

import Support

struct TimelineFigure: Sendable, Equatable {
    struct Stage: Sendable, Equatable {
        var removed: Int
        /// One a column, as shown.
        var cells: [String]
        /// One a column; nil where the cell is no number.
        var values: [Double?]
        /// Which places of the chain are gone.
        var gone: Set<Int>
    }

    var columns: [String]
    var stages: [Stage]
    /// The chain as long as it is before anything is removed; empty texts where the tokens are not known.
    var chain: [String]

    /// - Parameter below: the lines below the table; that of the chain may be broken over several.
    init?(_ table: ExportTable, below: [String] = []) {
        guard let removed = table.names.firstIndex(of: "removed"), TimelineFigure.tellsOfOneRun(table.names) else {
            return nil
        }
        let rows = table.rows.filter { $0.count == table.names.count }
        let stages = rows.compactMap { row -> Stage? in
            guard let number = ExportTable.number(row[removed]), number >= 0, number < 1e6 else { return nil }
            return Stage(
                removed: Int(number), cells: row, values: row.map(ExportTable.number),
                gone: TimelineFigure.first(Int(number)))
        }
        guard stages.count == rows.count, stages.count >= 2 else { return nil }
        self.init(columns: table.names, stages: stages, chains: [])
        let starts = below.indices.lazy.flatMap { start in
            (start + 1...below.count).map { below[start..<$0].joined(separator: " ") }
        }
        if let known = starts.compactMap(TimelineFigure.chain).first {
            chain = known.tokens
            for place in self.stages.indices {
                self.stages[place].gone = Set(known.groups.prefix(self.stages[place].removed).joined())
            }
        }
    }

    /// The tokens of a chain and the places that go one after another, from the line below a table.
    static func chain(_ note: String) -> (tokens: [String], groups: [[Int]])? {
        guard
            let match = note.wholeMatch(
                of: /chain of a problem: (.+), taken (from the left|from the right|in the order ([0-9 |]+))/)
        else { return nil }
        let tokens = match.output.1.split(separator: " ").map(String.init)
        guard let order = match.output.3 else {
            let places = tokens.indices.map { [$0] }
            return (tokens, match.output.2 == "from the left" ? places : places.reversed())
        }
        let groups = order.split(separator: "|").map { $0.split(separator: " ").compactMap { Int($0) }.map { $0 - 1 } }
        guard groups.joined().allSatisfy(tokens.indices.contains) else { return nil }
        return (tokens, groups)
    }

    init?(_ json: JSONValue) {
        guard let rows = json.array, let first = rows.first?.object else { return nil }
        let columns = first.members.map(\.name).filter { $0 != "chain" }
        guard TimelineFigure.tellsOfOneRun(columns) else { return nil }
        let stages = rows.compactMap { row -> Stage? in
            guard let removed = row["removed"]?.double, removed >= 0, removed < 1e6 else { return nil }
            let cells = columns.map { row[$0] ?? .null }
            let chain = row["chain"]?.array
            let gone =
                chain.map { Set($0.indices.filter { chain?[$0].string == nil }) } ?? TimelineFigure.first(Int(removed))
            return Stage(
                removed: Int(removed), cells: cells.map(TimelineFigure.shown), values: cells.map(\.double), gone: gone)
        }
        guard stages.count == rows.count, stages.count >= 2 else { return nil }
        self.init(columns: columns, stages: stages, chains: rows.compactMap { $0["chain"]?.array?.map(\.string) })
    }

    /// Longer chains of unknown tokens are not drawn place by place.
    private static let shownMax = 400

    private static func first(_ count: Int) -> Set<Int> { count > shownMax ? [] : Set(0..<count) }

    /// - Parameter chains: the chain at each stage, nil for what is gone.
    private init(columns: [String], stages: [Stage], chains: [[String?]]) {
        self.columns = columns
        self.stages = stages
        let longest = stages.map(\.removed).max() ?? 0
        let count = max(longest > Self.shownMax ? 0 : longest, chains.map(\.count).max() ?? 0)
        chain = (0..<count).map { place in chains.lazy.compactMap { place < $0.count ? $0[place] : nil }.first ?? "" }
    }

    /// The same stages with the chain that another source knows.
    func with(chainOf other: TimelineFigure) -> TimelineFigure {
        guard other.stages.count == stages.count else { return self }
        var copy = self
        copy.chain = other.chain
        for place in copy.stages.indices { copy.stages[place].gone = other.stages[place].gone }
        return copy
    }

    /// Tables of several runs, and plans, have a column `removed` as well.
    private static func tellsOfOneRun(_ columns: [String]) -> Bool {
        !columns.contains("run") && !columns.contains("branch")
            && columns.contains { $0.contains("accuracy") || $0.contains("loss") }
    }

    private static func shown(_ value: JSONValue) -> String {
        switch value {
        case .null: return "–"
        case .string(let text): return ExportDocument.plain(text)
        case .number(let written):
            if let whole = written.integer { return "\(whole)" }
            let number = written.double
            // Four significant digits are enough to look at.
            guard number.isFinite, number != 0 else { return "\(number)" }
            let size = abs(number)
            if size >= 1e6 || size < 1e-4 { return "\(Float(number))" }
            var scale = 1.0
            while size * scale < 1000 { scale *= 10 }
            let rounded = (number * scale).rounded() / scale
            return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
        case .bool, .array, .object: return ExportDocument.plain(JSONWriter.text(value, .compact))
        }
    }

    // MARK: - What to draw

    struct Curve: Sendable, Equatable {
        var name: String
        var points: [(x: Double, y: Double)]

        static func == (left: Curve, right: Curve) -> Bool {
            left.name == right.name && left.points.map(\.y) == right.points.map(\.y)
        }
    }

    /// The columns that are drawn over the removed tokens: accuracies (`after` is that just after a removal), or else
    /// losses.
    var curves: [Curve] {
        func curves(_ isWanted: (String) -> Bool) -> [Curve] {
            columns.indices.filter { isWanted(columns[$0].lowercased()) }.compactMap { column in
                let points = stages.compactMap { stage in stage.values[column].map { (Double(stage.removed), $0) } }
                return points.count >= 2 ? Curve(name: columns[column], points: points) : nil
            }
        }
        let accuracies = curves { $0.contains("accuracy") || $0 == "after" }
        if !accuracies.isEmpty { return Array(accuracies.prefix(3)) }
        return Array(curves { $0.contains("loss") }.prefix(2))
    }

    /// The chain at a stage: each token and whether it is gone.
    func tokens(_ stage: Stage) -> [(text: String, isGone: Bool)] {
        chain.indices.map { (chain[$0], stage.gone.contains($0)) }
    }
}
