// Matrices that are asked for again and again: which input digit moves which answer digit, and what can be read where.

extension Figure {
    /// How much each answer digit (row) depends on each input digit (column), such as the mean change of its log-probability
    /// when that digit is replaced. Signs matter: the colours diverge from zero.
    public static func digitAttribution(
        _ effects: [[Double]], inputs: [String] = [], answers: [String] = [], measure: String = "Δ log p",
        title: String = "Which input digit moves which answer digit", subtitle: String = ""
    ) -> Figure {
        Figure(
            title: title, subtitle: subtitle, x: Axis("input digit", categories: inputs),
            y: Axis("answer digit", categories: answers),
            marks: [.heatMap(HeatMap(effects, label: measure, map: .diverging(center: 0)))])
    }

    /// The score of a probe at every layer (row) and position (column).
    ///
    /// - Parameter limits: ends of the colour scale; 0 to 1 suits R² and accuracy and makes figures comparable
    public static func probeGrid(
        _ scores: [[Double]], layers: [String], positions: [String], measure: String = "R²",
        limits: ClosedRange<Double>? = 0...1,
        title: String, subtitle: String = ""
    ) -> Figure {
        Figure(
            title: title, subtitle: subtitle, x: Axis("position", categories: positions.map(shownToken)),
            y: Axis("layer", categories: layers), marks: [.heatMap(HeatMap(scores, label: measure, limits: limits))])
    }
}
