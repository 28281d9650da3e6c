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

import Support

extension Figure {
    /// The data as one line of JSON, as the head of this file tells.
    public var json: String {
        JSONWriter.text(
            [
                "title": .string(title), "subtitle": .string(subtitle), "summary": .string(summary),
                "panels": .array(panels.map(\.json)),
            ], .compact)
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
    fileprivate var json: JSONValue {
        ["title": .string(title), "x": x.json, "y": y.json, "marks": .array(marks.map(\.json))]
    }
}

extension Axis {
    fileprivate var json: JSONValue {
        [
            "label": .string(label), "unit": .string(unit), "scale": scale == .log ? "log" : "linear",
            "limits": limits.map { numbers([$0.lowerBound, $0.upperBound]) } ?? .null,
            "categories": .array(categories.map(JSONValue.string)),
        ]
    }
}

extension Mark {
    fileprivate var json: JSONValue {
        switch self {
        case .line(let series): series.json("line")
        case .points(let series): series.json("points")
        case .bars(let series): series.json("bars")
        case .histogram(let sample):
            ["mark": "histogram", "name": .string(sample.name), "values": numbers(sample.values)]
        case .heatMap(let map): map.json
        case .reference(let reference):
            [
                "mark": "reference", "direction": reference.direction == .horizontal ? "horizontal" : "vertical",
                "at": number(reference.value), "label": .string(reference.label),
            ]
        case .band(let intervals): intervals.json("band")
        case .errorBars(let intervals): intervals.json("error bars")
        case .text(let note):
            ["mark": "text", "text": .string(note.text), "x": number(note.x), "y": number(note.y)]
        }
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
    fileprivate func json(_ mark: String) -> JSONValue {
        ["mark": .string(mark), "name": .string(name), "x": numbers(x), "y": numbers(y)]
    }
}

extension Intervals {
    fileprivate func json(_ mark: String) -> JSONValue {
        ["mark": .string(mark), "name": .string(name), "x": numbers(x), "low": numbers(low), "high": numbers(high)]
    }
}

extension HeatMap {
    fileprivate var json: JSONValue {
        let center = if case .diverging(let center) = map { number(center) } else { JSONValue.null }
        return [
            "mark": "heat map", "label": .string(label), "unit": .string(unit), "center": center,
            "rows": .array((0..<rows).map { row in numbers((0..<columns).map { self[row, $0] }) }),
        ]
    }
}

private func number(_ value: Double) -> JSONValue {
    value.isFinite ? .number(JSONNumber(shortest: value)) : .null
}
private func numbers(_ values: [Double]) -> JSONValue { .array(values.map(number)) }

private enum CSVText {
    static func number(_ value: Double) -> String {
        value.isFinite ? JSONNumber(shortest: value).literal : ""
    }

    static func field(_ text: String) -> String {
        let needsQuotes = text.utf8.contains {
            $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || $0 == 10 || $0 == 13
        }
        guard needsQuotes else { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
