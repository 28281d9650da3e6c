@testable import Plotting

/// A small generator of its own, so that a failing seed can be named and run again (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Figures that nobody would draw: every mark, every axis, and numbers and texts from the edges of what there is.
struct RandomFigures {
    private var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func figure() -> Figure {
        let panels = (0..<Int.random(in: 0...4, using: &random)).map { _ in panel() }
        return Figure(
            title: text(), subtitle: text(), panels: panels,
            columns: Bool.random(using: &random) ? nil : Int.random(in: -1...5, using: &random),
            sharesScales: Bool.random(using: &random))
    }

    private mutating func panel() -> Panel {
        let marks = (0..<Int.random(in: 0...4, using: &random)).map { _ in mark() }
        return Panel(title: text(), x: axis(), y: axis(), marks: marks)
    }

    private mutating func axis() -> Axis {
        var axis = Axis(text(), unit: text(), scale: Bool.random(using: &random) ? .linear : .log)
        if Int.random(in: 0..<4, using: &random) == 0 {
            axis.categories = (0..<Int.random(in: 0...12, using: &random)).map { _ in text() }
        }
        if Int.random(in: 0..<4, using: &random) == 0 {
            let (a, b) = (number(), number())
            if a <= b { axis.limits = a...b }
        }
        return axis
    }

    private mutating func mark() -> Mark {
        switch Int.random(in: 0..<10, using: &random) {
        case 0: .line(Series(text(), x: numbers(), y: numbers()))
        case 1: .points(Series(text(), x: numbers(), y: numbers()))
        case 2: .bars(Series(text(), y: numbers()))
        case 3: .bars(Series(text(), x: numbers(), y: numbers()))
        case 4:
            .histogram(
                Sample(
                    text(), values: numbers(),
                    bins: Bool.random(using: &random) ? nil : Int.random(in: -3...1000, using: &random)))
        case 5: heatMap()
        case 6:
            .reference(Reference(Bool.random(using: &random) ? .horizontal : .vertical, at: number(), label: text()))
        case 7: .band(Intervals(text(), x: numbers(), low: numbers(), high: numbers()))
        case 8: .errorBars(Intervals(text(), x: numbers(), low: numbers(), high: numbers()))
        default: .text(Annotation(text(), x: number(), y: number()))
        }
    }

    private mutating func heatMap() -> Mark {
        let rows = (0..<Int.random(in: 0...9, using: &random)).map { _ in numbers() }
        let isDiverging = Bool.random(using: &random)
        return .heatMap(
            HeatMap(rows, label: text(), unit: text(), map: isDiverging ? .diverging(center: number()) : .sequential))
    }

    /// Numbers of one kind: small counts, shares, or anything.
    private mutating func numbers() -> [Double] {
        let kind = Int.random(in: 0..<3, using: &random)
        return (0..<Int.random(in: 0...24, using: &random)).map { index in
            switch kind {
            case 0: Double(index)
            case 1: Double.random(in: 0...1, using: &random)
            default: number()
            }
        }
    }

    private mutating func number() -> Double {
        let odd: [Double] = [
            0, -0.0, 1, -1, .nan, .infinity, -.infinity, .greatestFiniteMagnitude, -.greatestFiniteMagnitude,
            .leastNonzeroMagnitude, 1e16, 1e-9, 3.5,
            -2.25, 1e300, 0.1 + 0.2,
        ]
        return Bool.random(using: &random)
            ? odd.randomElement(using: &random) ?? 0 : Double.random(in: -1000...1000, using: &random)
    }

    private mutating func text() -> String {
        let odd = [
            "", "", "x", "accuracy", "No CoT", "a rather long label that will not fit into many places at all",
            "日本語の名前", "🙂👩‍👩‍👧", "e\u{301}",
            "\u{301}", "two\nlines", "\u{1B}[31mred", "\u{202E}backwards", "<b>&\"'</b>", " ", "\u{0}\u{FFFE}",
            "tab\there",
        ]
        return odd.randomElement(using: &random) ?? ""
    }
}
