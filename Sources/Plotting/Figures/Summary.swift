// One line that says what a figure shows. A notebook records it as a result and compares it, so it holds nothing that
// differs between renderers or widths.

extension Figure {
    /// `plot removed→accuracy, 9 points, min 0.942 max 0.998`: the axes, how much is drawn and the range of its values.
    public var summary: String {
        guard panels.count > 1 else { return panels.first?.summary ?? "plot, no data" }
        var parts = ["\(panels.count) panels"]
        var seen: [String] = []
        for panel in panels where !seen.contains(panel.kind) { seen.append(panel.kind) }
        parts.append(seen.joined(separator: " and "))
        return parts.joined(separator: ", ") + Panel.range(panels.flatMap(\.summarised))
    }
}

extension Panel {
    var summary: String {
        var parts = [kind]
        if let map = heatMap {
            guard map.rows > 0, map.columns > 0 else { return "\(kind), no data" }
            parts.append("\(map.rows) × \(map.columns) cells")
        } else {
            let counts = seriesCounts
            guard let first = counts.first, counts.contains(where: { $0 > 0 }) else { return "\(kind), no data" }
            let noun = marks.contains { if case .histogram = $0 { true } else { false } } ? "value" : "point"
            let each = counts.allSatisfy { $0 == first } ? Self.counted(first, noun) : "\(counts.reduce(0, +)) \(noun)s"
            parts.append(
                counts.count == 1
                    ? each : "\(counts.count) series \(counts.allSatisfy { $0 == first } ? "of" : "with") \(each)")
        }
        return parts.joined(separator: ", ") + Self.range(summarised)
    }

    /// `plot removed→accuracy`.
    fileprivate var kind: String {
        let (from, to) = (Label.neutral(x.label), Label.neutral(y.label))
        let arrow =
            from.isEmpty && to.isEmpty ? "" : from.isEmpty ? " \(to)" : to.isEmpty ? " \(from)" : " \(from)→\(to)"
        for mark in marks {
            switch mark {
            case .heatMap: return "heat map\(arrow)"
            case .histogram: return "histogram\(from.isEmpty ? "" : " of \(from)")"
            case .bars: return "bars\(arrow)"
            case .line, .points, .band, .errorBars: return "plot\(arrow)"
            case .reference, .text: continue
            }
        }
        return "plot\(arrow)"
    }

    /// The finite values whose range the summary tells.
    fileprivate var summarised: [Double] {
        let values = marks.flatMap { mark -> [Double] in
            switch mark {
            case .line(let series), .points(let series), .bars(let series):
                return zip(series.x, series.y).filter { $0.0.isFinite }.map(\.1)
            case .histogram(let sample): return sample.values
            case .heatMap(let map): return map.values
            case .reference, .band, .errorBars, .text: return []
            }
        }
        return values.filter(\.isFinite)
    }

    /// How many values each series has; a series drawn as line and as points is one.
    private var seriesCounts: [Int] {
        var counts: [(name: String, count: Int)] = []
        for mark in marks {
            let (name, count): (String, Int)
            switch mark {
            case .line(let series), .points(let series), .bars(let series):
                (name, count) = (series.name, zip(series.x, series.y).count { $0.0.isFinite && $0.1.isFinite })
            case .histogram(let sample): (name, count) = (sample.name, sample.values.count(where: \.isFinite))
            case .heatMap, .reference, .band, .errorBars, .text: continue
            }
            if let known = counts.firstIndex(where: { $0.name == name }) {
                counts[known].count = max(counts[known].count, count)
            } else {
                counts.append((name, count))
            }
        }
        return counts.map(\.count)
    }

    private var heatMap: HeatMap? {
        for case .heatMap(let map) in marks { return map }
        return nil
    }

    fileprivate static func range(_ values: [Double]) -> String {
        guard let low = values.min(), let high = values.max() else { return ", no finite value" }
        return ", min \(FigureNumber.short(low)) max \(FigureNumber.short(high))"
    }

    private static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
