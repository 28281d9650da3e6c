// Numbers beside each other: digits of an answer, a probe and its baselines, speed against accuracy.

extension Figure {
    /// Accuracy at every digit of the answer, a group of bars for each digit.
    public static func digitAccuracy(
        _ series: [(name: String, accuracy: [Double])], digits: String = "answer digit, least significant first",
        title: String = "Accuracy by answer digit", subtitle: String = ""
    ) -> Figure {
        Figure(
            title: title, subtitle: subtitle, x: Axis(digits), y: Axis("accuracy", limits: 0...1),
            marks: series.map { .bars(Series($0.name, y: $0.accuracy)) })
    }

    /// One bar for each of several scores, a probe and its baselines say, with intervals where there are some.
    public static func comparison(
        _ scores: [(name: String, value: Double, interval: ClosedRange<Double>?)], measure: Axis, title: String,
        subtitle: String = ""
    ) -> Figure {
        var marks: [Mark] = [.bars(Series(y: scores.map(\.value)))]
        let known = scores.indices.filter { scores[$0].interval != nil }
        if !known.isEmpty {
            let intervals = known.compactMap { scores[$0].interval }
            marks.append(
                .errorBars(
                    Intervals(
                        x: known.map(Double.init), low: intervals.map(\.lowerBound), high: intervals.map(\.upperBound)))
            )
        }
        return Figure(
            title: title, subtitle: subtitle, x: Axis(categories: scores.map(\.name)), y: measure, marks: marks)
    }

    /// Models or stages by what they cost and what they reach; those that no other one beats in both are joined by a line.
    ///
    /// - Parameters:
    ///   - points: more of both axes is better; an empty label writes nothing
    public static func pareto(
        _ points: [(label: String, speed: Double, accuracy: Double)],
        speed: Axis = Axis("speed", unit: "× explicit CoT", scale: .log),
        accuracy: Axis = Axis("accuracy"), title: String = "Speed against accuracy", subtitle: String = ""
    ) -> Figure {
        let finite = points.filter { $0.speed.isFinite && $0.accuracy.isFinite }
        func isBeaten(_ point: (label: String, speed: Double, accuracy: Double)) -> Bool {
            finite.contains {
                $0.speed >= point.speed && $0.accuracy >= point.accuracy
                    && ($0.speed > point.speed || $0.accuracy > point.accuracy)
            }
        }
        let front = finite.filter { !isBeaten($0) }.sorted { $0.speed < $1.speed }
        let beaten = finite.filter(isBeaten)
        var marks: [Mark] = [.line(Series("best for their speed", x: front.map(\.speed), y: front.map(\.accuracy)))]
        if !beaten.isEmpty {
            marks.append(.points(Series("beaten by another", x: beaten.map(\.speed), y: beaten.map(\.accuracy))))
        }
        marks += finite.filter { !$0.label.isEmpty }.map { .text(Annotation($0.label, x: $0.speed, y: $0.accuracy)) }
        return Figure(title: title, subtitle: subtitle, x: speed, y: accuracy, marks: marks)
    }
}
