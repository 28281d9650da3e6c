// The figure of the method: what a model can still do while its chain of thought is taken away token by token, beside the
// model that keeps its chain and the one that never had one.

extension Figure {
    /// A measure over the number of removed chain tokens.
    ///
    ///     Figure.removalCurve(
    ///         implicit: Series("implicit", x: [0, 1, 2], y: [0.99, 0.97, 0.98]), explicit: 0.99, noCoT: 0.31)
    ///
    /// - Parameters:
    ///   - implicit: the run that goes through the stages; its name stands in the legend
    ///   - interval: what accompanies it, from the lowest to the highest seed, say
    ///   - explicit, noCoT: levels drawn across all stages; nil leaves them out
    ///   - chance: a reference line for guessing
    ///   - events: stages worth a word, `(9, "separator goes")`
    public static func removalCurve(
        title: String = "Accuracy as the chain of thought is removed", subtitle: String = "",
        measure: Axis = Axis("accuracy", limits: 0...1), implicit: Series, interval: Intervals? = nil,
        explicit: Double? = nil,
        noCoT: Double? = nil, chance: Double? = nil, events: [(removed: Double, label: String)] = []
    ) -> Figure {
        let stages = implicit.x.filter(\.isFinite)
        let ends = [stages.min() ?? 0, stages.max() ?? 1]
        var marks: [Mark] = []
        if var interval {
            interval.name = implicit.name
            marks.append(.band(interval))
        }
        marks.append(.line(implicit))
        if let explicit { marks.append(.line(Series("explicit CoT", x: ends, y: [explicit, explicit]))) }
        if let noCoT { marks.append(.line(Series("No CoT", x: ends, y: [noCoT, noCoT]))) }
        if let chance { marks.append(.reference(Reference(.horizontal, at: chance, label: "chance"))) }
        marks += events.map { .reference(Reference(.vertical, at: $0.removed, label: $0.label)) }
        return Figure(title: title, subtitle: subtitle, x: Axis("removed", unit: "tokens"), y: measure, marks: marks)
    }

    /// Several runs or probes over the number of removed chain tokens: when does what move inside?
    public static func trajectories(
        title: String, subtitle: String = "", measure: Axis, _ series: [Series], intervals: [Intervals] = [],
        chance: Double? = nil
    ) -> Figure {
        var marks = intervals.map { Mark.band($0) } + series.map { Mark.line($0) }
        if let chance { marks.append(.reference(Reference(.horizontal, at: chance, label: "chance"))) }
        return Figure(title: title, subtitle: subtitle, x: Axis("removed", unit: "tokens"), y: measure, marks: marks)
    }
}
