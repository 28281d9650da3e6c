import Glibc
import Plotting

/// What it measures is told in the README.md beside this.
@main struct PlottingBenchmarks {
    static func main() {
        var runs = 30
        for argument in CommandLine.arguments.dropFirst() {
            guard argument.hasPrefix("--runs="), let number = Int(argument.dropFirst(7)), number > 0 else {
                print("plotting-benchmarks: \(argument) is not --runs=N")
                exit(2)
            }
            runs = number
        }
        let hasPNG = (try? PictureRenderer().png(Figure(marks: []))) != nil
        print("milliseconds, least, median and longest of \(runs)\(hasPNG ? "" : "; no PNG, librsvg is not installed")")
        print(row(["figure", "terminal", "SVG", "PNG"]))
        for (name, figure) in samples {
            let terminal = measure(runs) { TerminalRenderer(width: 120).lines(figure).count }
            let svg = measure(runs) { SVGRenderer().document(figure).utf8.count }
            let png = hasPNG ? measure(min(runs, 5)) { (try? PictureRenderer().png(figure).count) ?? 0 } : "-"
            print(row([name, terminal, svg, png]))
        }
    }

    private static let samples: [(String, Figure)] = [
        ("heat map 8 × 8", effects),
        ("heat map 12 × 64", heatMap(12, 64)),
        ("heat map 300 × 500", heatMap(300, 500)),
        ("16 heads of 24 × 24", heads),
        ("removal curve", removal),
        ("loss of 2,000 steps", loss(2_000)),
        ("loss of 200,000 steps", loss(200_000)),
        ("scatter of 2,000 points", scatter),
        ("histogram of 100,000", histogram),
    ]

    private static func matrix(_ rows: Int, _ columns: Int, _ value: (Int, Int) -> Double) -> [[Double]] {
        (0..<rows).map { row in (0..<columns).map { value(row, $0) } }
    }

    private static func heatMap(_ rows: Int, _ columns: Int) -> Figure {
        let scores = matrix(rows, columns) { sin(Double($0 * $1) / 100).magnitude }
        return Figure(
            title: "Where the running sum is", x: Axis("position"),
            y: Axis("layer", categories: (0..<rows).map { "layer \($0)" }),
            marks: [.heatMap(HeatMap(scores, label: "R²", limits: 0...1))])
    }

    private static var effects: Figure {
        let map = HeatMap(
            matrix(8, 8) { sin(Double($0 * $1)) }, label: "Δ log p", map: .diverging(center: 0))
        return Figure(x: Axis("input digit"), y: Axis("answer digit"), marks: [.heatMap(map)])
    }

    private static var heads: Figure {
        let tokens = (0..<24).map { String($0 % 10) }
        let pattern = matrix(24, 24) { 1 / Double(1 + ($0 - $1).magnitude) }
        let panels = (0..<16).map {
            Panel(
                title: "head \($0)", x: Axis("key", categories: tokens), y: Axis("query", categories: tokens),
                marks: [.heatMap(HeatMap(pattern, label: "weight", limits: 0...1))])
        }
        return Figure(title: "Attention", panels: panels)
    }

    private static var removal: Figure {
        let stages = (0...46).map(Double.init)
        let accuracy = stages.map { 0.95 + 0.04 * sin($0) }
        let levels = [("explicit CoT", 0.998), ("No CoT", 0.3)].map { name, level in
            Mark.line(Series(name, x: [0, 46], y: [level, level]))
        }
        return Figure(
            title: "Accuracy as the chain of thought is removed", x: Axis("removed", unit: "tokens"),
            y: Axis("accuracy", limits: 0...1),
            marks: [
                .band(Intervals(x: stages, low: accuracy.map { $0 - 0.05 }, high: accuracy.map { $0 + 0.01 })),
                .line(Series("implicit", x: stages, y: accuracy)),
            ] + levels + [
                .reference(Reference(.horizontal, at: 0.1, label: "chance")),
                .reference(Reference(.vertical, at: 20, label: "reset")),
            ])
    }

    private static func loss(_ steps: Int) -> Figure {
        let values = (0..<steps).map { step in
            let trend = exp(-5 * Double(step) / Double(steps))
            return 2.3 * trend + 0.05 * sin(Double(step) * 12.9898).magnitude
        }
        return Figure(
            title: "Loss", x: Axis("step"), y: Axis("loss", unit: "nats", scale: .log),
            marks: [.line(Series(y: values))])
    }

    private static var scatter: Figure {
        let marks = (0..<5).map { series in
            let angles = (0..<400).map { Double($0 * (series + 3)) * 0.731 }
            return Mark.points(
                Series("digit \(series)", x: angles.map { sin($0) + Double(series) }, y: angles.map { cos($0 * 1.3) }))
        }
        return Figure(title: "PCA", x: Axis("PC 1"), y: Axis("PC 2"), marks: marks)
    }

    private static var histogram: Figure {
        Figure(
            title: "Loss per problem", x: Axis("loss"),
            marks: [.histogram(Sample(values: (0..<100_000).map { sin(Double($0)) + sin(Double($0) * 1.7) }))])
    }

    // MARK: Measuring and printing

    private static func seconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    /// Least, median and longest time of `runs` calls. What is drawn is counted so that it cannot be left out.
    private static func measure(_ runs: Int, _ draw: () -> Int) -> String {
        var size = 0
        let times = (0..<runs).map { _ in
            let start = seconds()
            size += draw()
            return (seconds() - start) * 1000
        }.sorted()
        precondition(size > 0, "nothing was drawn")
        return "\(rounded(times[0])) \(rounded(times[runs / 2])) \(rounded(times[runs - 1]))"
    }

    private static func rounded(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }

    private static func row(_ cells: [String]) -> String {
        cells.enumerated().map { index, cell in
            cell + String(repeating: " ", count: max(0, (index == 0 ? 26 : 24) - cell.count))
        }.joined()
    }
}
