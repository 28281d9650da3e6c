// A figure's data for other tools.
//
// CSV: one header and one row for each value, in the order of panels and marks, after RFC 4180:
//     panel,series,mark,x,y,low,high,value
// A heat map's cell has its column as x and its row as y; its value, like that of a histogram, stands under `value`.
// Numbers are written with the fewest digits that read back as the same number; what is not finite is empty.
//
// JSON: an object
//     {"title", "subtitle", "summary", "panels": [{"title", "x": axis, "y": axis, "marks": [mark]}]}
//     axis  {"label", "unit", "scale": "linear"|"log", "limits": [low, high]|null, "categories": [text]}
//     mark  {"mark": "line"|"points"|"bars", "name", "x": [number], "y": [number]}
//           {"mark": "histogram", "name", "values": [number]}
//           {"mark": "heat map", "label", "unit", "center": number|null, "rows": [[number]]}
//           {"mark": "reference", "direction": "horizontal"|"vertical", "at": number, "label"}
//           {"mark": "band"|"error bars", "name", "x": [number], "low": [number], "high": [number]}
//           {"mark": "text", "text", "x": number, "y": number}
// with null for what is not finite.

extension Figure {
    /// The data as one line of JSON, as the head of this file tells.
    public var json: String {
        JSONText.object([
            ("title", JSONText.text(title)), ("subtitle", JSONText.text(subtitle)), ("summary", JSONText.text(summary)),
            ("panels", JSONText.list(panels.map(\.json))),
        ])
    }

    /// The data as CSV, as the head of this file tells.
    public var csv: String {
        var rows = ["panel,series,mark,x,y,low,high,value"]
        for (index, panel) in panels.enumerated() {
            let name = CSVText.field(panel.title.isEmpty ? String(index) : panel.title)
            rows += panel.marks.flatMap { mark in mark.rows.map { "\(name),\($0)" } }
        }
        return rows.joined(separator: "\n") + "\n"
    }
}

extension Panel {
    fileprivate var json: String {
        JSONText.object([
            ("title", JSONText.text(title)), ("x", x.json), ("y", y.json), ("marks", JSONText.list(marks.map(\.json))),
        ])
    }
}

extension Axis {
    fileprivate var json: String {
        JSONText.object([
            ("label", JSONText.text(label)), ("unit", JSONText.text(unit)),
            ("scale", scale == .log ? "\"log\"" : "\"linear\""),
            ("limits", limits.map { JSONText.numbers([$0.lowerBound, $0.upperBound]) } ?? "null"),
            ("categories", JSONText.list(categories.map(JSONText.text))),
        ])
    }
}

extension Mark {
    fileprivate var json: String {
        let (kind, members): (String, [(String, String)])
        switch self {
        case .line(let series): (kind, members) = ("line", series.members)
        case .points(let series): (kind, members) = ("points", series.members)
        case .bars(let series): (kind, members) = ("bars", series.members)
        case .histogram(let sample):
            (kind, members) = (
                "histogram", [("name", JSONText.text(sample.name)), ("values", JSONText.numbers(sample.values))]
            )
        case .heatMap(let map): (kind, members) = ("heat map", map.members)
        case .reference(let reference):
            let direction = reference.direction == .horizontal ? "\"horizontal\"" : "\"vertical\""
            kind = "reference"
            members = [
                ("direction", direction), ("at", JSONText.number(reference.value)),
                ("label", JSONText.text(reference.label)),
            ]
        case .band(let intervals): (kind, members) = ("band", intervals.members)
        case .errorBars(let intervals): (kind, members) = ("error bars", intervals.members)
        case .text(let note):
            kind = "text"
            members = [
                ("text", JSONText.text(note.text)), ("x", JSONText.number(note.x)), ("y", JSONText.number(note.y)),
            ]
        }
        return JSONText.object([("mark", JSONText.text(kind))] + members)
    }

    /// Rows of the table without the panel's name.
    fileprivate var rows: [String] {
        func row(_ name: String, _ kind: String, _ numbers: [Double?]) -> String {
            "\(CSVText.field(name)),\(kind)," + numbers.map { $0.map(CSVText.number) ?? "" }.joined(separator: ",")
        }
        func pairs(_ series: Series, _ kind: String) -> [String] {
            zip(series.x, series.y).map { row(series.name, kind, [$0, $1, nil, nil, nil]) }
        }
        func reaches(_ intervals: Intervals, _ kind: String) -> [String] {
            zip(intervals.x, zip(intervals.low, intervals.high)).map {
                row(intervals.name, kind, [$0, nil, $1.0, $1.1, nil])
            }
        }
        switch self {
        case .line(let series): return pairs(series, "line")
        case .points(let series): return pairs(series, "points")
        case .bars(let series): return pairs(series, "bars")
        case .histogram(let sample): return sample.values.map { row(sample.name, "value", [nil, nil, nil, nil, $0]) }
        case .heatMap(let map):
            return map.values.indices.map { index in
                row(
                    map.label, "cell",
                    [Double(index % map.columns), Double(index / map.columns), nil, nil, map.values[index]])
            }
        case .reference(let reference):
            let isAcross = reference.direction == .horizontal
            return [
                row(
                    reference.label, "reference",
                    [isAcross ? nil : reference.value, isAcross ? reference.value : nil, nil, nil, nil])
            ]
        case .band(let intervals): return reaches(intervals, "band")
        case .errorBars(let intervals): return reaches(intervals, "error bars")
        case .text(let note): return [row(note.text, "text", [note.x, note.y, nil, nil, nil])]
        }
    }
}

extension Series {
    fileprivate var members: [(String, String)] {
        [("name", JSONText.text(name)), ("x", JSONText.numbers(x)), ("y", JSONText.numbers(y))]
    }
}

extension Intervals {
    fileprivate var members: [(String, String)] {
        [
            ("name", JSONText.text(name)), ("x", JSONText.numbers(x)), ("low", JSONText.numbers(low)),
            ("high", JSONText.numbers(high)),
        ]
    }
}

extension HeatMap {
    fileprivate var members: [(String, String)] {
        let matrix = (0..<rows).map { row in JSONText.numbers((0..<columns).map { self[row, $0] }) }
        let center = if case .diverging(let center) = map { JSONText.number(center) } else { "null" }
        return [
            ("label", JSONText.text(label)), ("unit", JSONText.text(unit)), ("center", center),
            ("rows", JSONText.list(matrix)),
        ]
    }
}

/// Pieces of JSON text (RFC 8259).
private enum JSONText {
    static func object(_ members: [(String, String)]) -> String {
        "{" + members.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
    }

    static func list(_ items: [String]) -> String { "[" + items.joined(separator: ",") + "]" }
    static func numbers(_ values: [Double]) -> String { list(values.map(number)) }

    /// Whole numbers without a point.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "null" }
        return CSVText.number(value)
    }

    static func text(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            default:
                if scalar.value < 0x20 {
                    let hex = String(scalar.value, radix: 16)
                    out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
                } else {
                    out.unicodeScalars.append(scalar)
                }
            }
        }
        return out + "\""
    }
}

private enum CSVText {
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "" }
        let text = value.description
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    static func field(_ text: String) -> String {
        let needsQuotes = text.utf8.contains {
            $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || $0 == 10 || $0 == 13
        }
        guard needsQuotes else { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
