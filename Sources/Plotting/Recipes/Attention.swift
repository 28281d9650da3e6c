// Attention patterns: who looks at whom. Rows are the positions that look (queries), columns those looked at (keys).

extension Figure {
    /// One attention pattern with its tokens on both axes.
    ///
    /// - Parameters:
    ///   - weights: one row for each query
    ///   - isCausal: leaves the cells empty that a query cannot see, the last row being the last position
    public static func attention(
        _ weights: [[Double]], queries: [String], keys: [String], title: String = "Attention", subtitle: String = "",
        isCausal: Bool = true
    ) -> Figure {
        Figure(
            title: title, subtitle: subtitle,
            panels: [
                attentionPanel(
                    weights, title: "", queries: queries, keys: keys, isCausal: isCausal, largest: largest([weights]))
            ])
    }

    /// The patterns of several heads as small multiples with one scale.
    public static func attention(
        heads: [(name: String, weights: [[Double]])], queries: [String], keys: [String], title: String = "Attention",
        subtitle: String = "", columns: Int? = nil, isCausal: Bool = true
    ) -> Figure {
        let largest = largest(heads.map(\.weights))
        let panels = heads.map {
            attentionPanel(
                $0.weights, title: $0.name, queries: queries, keys: keys, isCausal: isCausal, largest: largest)
        }
        return Figure(title: title, subtitle: subtitle, panels: panels, columns: columns)
    }

    /// The upper end of the colours: the largest weight there is.
    private static func largest(_ patterns: [[[Double]]]) -> Double {
        max(patterns.joined().joined().filter(\.isFinite).max() ?? 1, 1e-9)
    }

    private static func attentionPanel(
        _ weights: [[Double]], title: String, queries: [String], keys: [String], isCausal: Bool, largest: Double
    ) -> Panel {
        let width = weights.map(\.count).max() ?? 0
        let ahead = width - weights.count
        let shown = weights.enumerated().map { row, weights in
            weights.enumerated().map { column, weight in isCausal && column > row + ahead ? .nan : weight }
        }
        return Panel(
            title: title, x: Axis("key", categories: keys.map(shownToken)),
            y: Axis("query", categories: queries.map(shownToken)),
            marks: [.heatMap(HeatMap(shown, label: "weight", limits: 0...largest))])
    }

    /// A token as a label: without the blank that begins most words of a byte-level vocabulary, unless it is all there is.
    static func shownToken(_ token: String) -> String {
        if !token.isEmpty, token.allSatisfy({ $0 == " " }) { return String(repeating: "␣", count: token.count) }
        return token.hasPrefix(" ") ? String(token.dropFirst()) : token
    }
}
