// Columns of a table as panels of a figure.

import Language
import Plotting

enum TableFigure {
    /// The panels, and what short labels on their axes mean.
    static func panels(_ table: TableObject, _ call: Invocation) throws -> (panels: [Panel], legend: String) {
        let all = Array(0..<table.rowCount)
        let split = try column(table, "by", call)
        var panels =
            try split.map { split in
                try groups(split, all).map { try panel(table, $0.rows, "\(split.name) \($0.name)", call) }
            } ?? [panel(table, all, "", call)]
        var legend: [String] = []
        for index in panels.indices {
            for axis in [\Panel.x, \Panel.y] {
                guard let short = ShortLabels.short(panels[index][keyPath: axis].categories) else { continue }
                panels[index][keyPath: axis].categories = short.labels
                legend += short.legend.filter { !legend.contains($0) }
            }
        }
        return (panels, legend.joined(separator: ", "))
    }

    private static func panel(_ table: TableObject, _ rows: [Int], _ title: String, _ call: Invocation) throws -> Panel
    {
        let kind = call.choiceIfPresent("kind") ?? "line"
        let x = try column(table, "x", call)
        let ys = try columns(table, call)
        let colour = try column(table, "colour", call)
        if kind == "heat" { return try heat(x, ys.first, colour, rows, title, call) }
        let categories = x.map { isNumeric($0) ? [] : unique($0, rows) } ?? []
        func place(_ row: Int, _ order: Int) -> Double {
            guard let x else { return Double(order) }
            if categories.isEmpty { return x.values[row].asReal ?? .nan }
            return Double(categories.firstIndex(of: x.values[row].text) ?? 0)
        }
        let ends = try column(table, "low", call).flatMap { low in
            try column(table, "high", call).map { (low: low, high: $0) }
        }
        let series = colour.map { groups($0, rows) } ?? [(name: "", rows: rows)]
        var bands: [Mark] = [], marks: [Mark] = [], bars: [Mark] = []
        for y in ys {
            guard isNumeric(y) else {
                throw call.failure("column .\(y.name) holds no numbers", code: .runtimeType, at: "y")
            }
            for group in series {
                let name = [ys.count > 1 ? y.name : "", group.name].filter { !$0.isEmpty }.joined(separator: " ")
                let along = group.rows.enumerated().map { place($1, $0) }
                func values(_ column: TableObject.Column) -> [Double] {
                    group.rows.map { column.values[$0].asReal ?? .nan }
                }
                marks.append(FigureCommands.mark(kind, Series(name, x: along, y: values(y))))
                guard ys.count == 1, let ends else { continue }
                let intervals = Intervals(name, x: along, low: values(ends.low), high: values(ends.high))
                // About a line lies a band; points and bars have their own error bars, in front of them.
                if kind == "line" {
                    bands.append(.band(intervals))
                } else if kind != "histogram" {
                    bars.append(.errorBars(intervals))
                }
            }
        }
        marks = bands + marks + bars
        marks += FigureCommands.reference(call)
        return Panel(
            title: title, x: FigureCommands.axis(call, "x", label: x?.name ?? "row", categories: categories),
            y: FigureCommands.axis(
                call, "y", label: ys.count == 1 ? ys[0].name : "", scale: kind == "histogram" ? nil : scale(ys)),
            marks: marks)
    }

    private static func heat(
        _ x: TableObject.Column?, _ y: TableObject.Column?, _ colour: TableObject.Column?, _ rows: [Int],
        _ title: String, _ call: Invocation
    ) throws -> Panel {
        guard let x, let y, let colour else {
            throw call.failure(
                "a heat map needs three columns", code: .runtimeArgument,
                help: "add x: .position y: .layer colour: .score")
        }
        let across = unique(x, rows), down = unique(y, rows)
        var cells = [[Double]](repeating: [Double](repeating: .nan, count: across.count), count: down.count)
        for row in rows {
            guard let i = down.firstIndex(of: y.values[row].text), let j = across.firstIndex(of: x.values[row].text)
            else { continue }
            cells[i][j] = colour.values[row].asReal ?? .nan
        }
        return Panel(
            title: title, x: FigureCommands.axis(call, "x", label: x.name, categories: across),
            y: FigureCommands.axis(call, "y", label: y.name, categories: down),
            marks: [.heatMap(FigureCommands.heatMap(cells, label: colour.name))])
    }

    /// The scale that all of the columns are measured on.
    private static func scale(_ columns: [TableObject.Column]) -> ClosedRange<Double>? {
        guard let first = columns.first?.format.scale, columns.allSatisfy({ $0.format.scale == first }) else {
            return nil
        }
        return first
    }

    // MARK: Columns

    private static func column(_ table: TableObject, _ label: String, _ call: Invocation) throws -> TableObject.Column?
    {
        guard call.isGiven(label) else { return nil }
        return try named(try call.selector(label).name, table, label, call)
    }

    private static func columns(_ table: TableObject, _ call: Invocation) throws -> [TableObject.Column] {
        guard call.isGiven("y") else {
            let numeric = table.columns.filter { isNumeric($0) }
            guard let last = numeric.last else {
                throw call.failure("the table has no column of numbers to draw", code: .runtimeArgument, at: "data")
            }
            return [last]
        }
        if case .object(is ListObject)? = call["y"] {
            return try call.list("y").map { value in
                guard case .object(let choice as ChoiceObject) = value else {
                    throw call.failure("y: takes columns, such as [.loss, .accuracy]", code: .runtimeType, at: "y")
                }
                return try named(choice.name, table, "y", call)
            }
        }
        return [try named(try call.selector("y").name, table, "y", call)]
    }

    private static func named(
        _ name: String, _ table: TableObject, _ label: String, _ call: Invocation
    ) throws -> TableObject.Column {
        guard let column = table[name] else {
            throw call.failure(
                "the table has no column .\(name)", code: .runtimeField, at: label,
                help: "it has " + table.columnNames.map { "." + $0 }.joined(separator: " "))
        }
        return column
    }

    private static func isNumeric(_ column: TableObject.Column) -> Bool {
        column.values.contains { $0.asReal != nil } && column.values.allSatisfy { $0.asReal != nil || $0.isNone }
    }

    private static func unique(_ column: TableObject.Column, _ rows: [Int]) -> [String] {
        var seen: Set<String> = []
        return rows.map { column.values[$0].text }.filter { seen.insert($0).inserted }
    }

    private static func groups(_ column: TableObject.Column, _ rows: [Int]) -> [(name: String, rows: [Int])] {
        unique(column, rows).map { name in (name, rows.filter { column.values[$0].text == name }) }
    }
}
