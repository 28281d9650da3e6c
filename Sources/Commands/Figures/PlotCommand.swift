// `plot`: a figure from a table, an array, a list, or an evaluation.

import Language
import Plotting
import Support

enum FigureCommands {
    static var all: [Command] { [plot()] }

    private static func plot() -> Command {
        Command(
            CommandSignature(
                "plot", "Draws a figure: on the terminal now, as SVG in a page or a file.",
                [
                    .value(
                        "data", .oneOf([.value(TypeName.table), .value(TypeName.array), .value(TypeName.list)]),
                        "a table with columns, an array, or a list of numbers"),
                    .label("x", .column, "the column along; row numbers without it"),
                    .label("y", .oneOf([.column, .list(of: .column)]), "the column, or columns, up"),
                    .label("colour", .column, "one series for each value of this column; the cells of a heat map"),
                    .label("low", .column, "the lower end of an interval about y"),
                    .label("high", .column, "its upper end"),
                    .label(
                        "kind",
                        .choice([
                            .init("line", "points joined in the order of x"), .init("points", "one mark a row"),
                            .init("bars", "one bar a row"), .init("histogram", "how often each range of values occurs"),
                            .init("heat", "cells: x along, y down, colour"),
                        ]), "how it is drawn; line without it, heat for a matrix"),
                    .label("by", .column, "one small panel for each value of this column"),
                    .label("title", .text), .label("x_label", .text), .label("y_label", .text),
                    .label("log_x", .boolean, default: "false"), .label("log_y", .boolean, default: "false"),
                    .label("limits", .list(of: .number), "ends of the y axis, [0, 1]"),
                    .label("reference", .number, "a line across at this height, such as chance"),
                    .label("reference_label", .text, "what is written beside it; the number without it"),
                    .label("height", .integer(4...100), default: "15", "lines on a terminal"),
                    .label("width", .integer(240...10_000), default: "640", "pixels in a page and a file"),
                    .label(
                        "style",
                        .choice([
                            .init("braille", "eight dots a character, the finest"),
                            .init("block", "half blocks, where a font has no Braille"),
                            .init("ascii", "letters and signs only"),
                        ]),
                        "the signs it is made of on a terminal"),
                ], result: FigureValue.typeName, examples: ["plot [1, 4, 9, 16] title: \"squares\""],
                seeAlso: ["timeline", "write"])
        ) { call in
            let panels: [Panel]
            var legend = ""
            switch call["data"] {
            case .object(let table as TableObject)?: (panels, legend) = try TableFigure.panels(table, call)
            case .object(let array as ArrayObject)?: panels = [try arrayPanel(array, call)]
            default:
                let values = try call.list("data").map { value in
                    guard let number = value.asReal else {
                        throw call.failure(
                            "a list of numbers can be drawn, this one holds \(TypeName.withArticle(value.typeName))",
                            code: .runtimeType, at: "data")
                    }
                    return number
                }
                panels = [try seriesPanel([("", values)], call)]
            }
            let glyphs = call.choiceIfPresent("style").flatMap { DisplayOptions.Glyphs(rawValue: $0) }
            return .object(
                FigureValue(
                    Figure(title: call.textIfPresent("title") ?? "", subtitle: legend, panels: panels, columns: nil),
                    glyphs: glyphs, height: try call.integer("height"),
                    renderer: SVGRenderer(width: try call.integer("width"))))
        }
    }

    private static func arrayPanel(_ array: ArrayObject, _ call: Invocation) throws -> Panel {
        let values = array.values.map { Double($0) }
        switch array.shape.count {
        case 1: return try seriesPanel([("", values)], call)
        case 2:
            let (rows, columns) = (array.shape[0], array.shape[1])
            guard rows * columns <= 1 << 20 else {
                throw call.failure(
                    "a matrix of \(rows) × \(columns) cells is too large to draw", code: .runtimeShape, at: "data",
                    help: "draw a part of it: m[0...63]")
            }
            let matrix = (0..<rows).map { Array(values[$0 * columns..<($0 + 1) * columns]) }
            return Panel(x: axis(call, "x"), y: axis(call, "y"), marks: [.heatMap(heatMap(matrix))])
        default:
            throw call.failure(
                "an array of \(Phrase.count(array.shape.count, "axis", "axes")) cannot be drawn", code: .runtimeShape,
                at: "data",
                help: "draw a part of it: a[0]")
        }
    }

    private static func seriesPanel(_ series: [(name: String, values: [Double])], _ call: Invocation) throws -> Panel {
        var marks = series.map { mark(call.choiceIfPresent("kind") ?? "line", Series($0.name, y: $0.values)) }
        marks += reference(call)
        return Panel(x: axis(call, "x"), y: axis(call, "y"), marks: marks)
    }

    static func mark(_ kind: String, _ series: Series) -> Mark {
        switch kind {
        case "points": .points(series)
        case "bars": .bars(series)
        case "histogram": .histogram(Sample(series.name, values: series.y))
        default: .line(series)
        }
    }

    static func reference(_ call: Invocation) -> [Mark] {
        guard let value = call["reference"]?.asReal else { return [] }
        let label = call.textIfPresent("reference_label") ?? Phrase.short(value)
        return [.reference(Reference(.horizontal, at: value, label: label))]
    }

    /// Values on both sides of 0 go to two colours, from the same light one.
    static func heatMap(_ rows: [[Double]], label: String = "") -> HeatMap {
        let finite = rows.joined().filter(\.isFinite)
        let isSigned = (finite.min() ?? 0) < 0 && (finite.max() ?? 0) > 0
        return HeatMap(rows, label: label, map: isSigned ? .diverging(center: 0) : .sequential)
    }

    /// - Parameter scale: the ends of what is measured, where it has ends and nobody asks for others.
    static func axis(
        _ call: Invocation, _ which: String, label: String = "", categories: [String] = [],
        scale: ClosedRange<Double>? = nil
    ) -> Axis {
        var axis = Axis(call.textIfPresent("\(which)_label") ?? label, categories: categories)
        axis.limits = scale
        if case .boolean(true)? = call["log_\(which)"] { (axis.scale, axis.limits) = (.log, nil) }
        if which == "y", let ends = try? call.list("limits").compactMap(\.asReal), ends.count == 2, ends[0] < ends[1] {
            axis.limits = ends[0]...ends[1]
        }
        return axis
    }
}
