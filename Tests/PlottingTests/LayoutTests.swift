import Testing

@testable import Plotting

@Suite struct FigureNumberTests {
    @Test func `fixed numbers are rounded as C and Python round, and never show a negative zero`() {
        #expect(FigureNumber.fixed(0.125, decimals: 2) == "0.12")
        #expect(FigureNumber.fixed(0.375, decimals: 2) == "0.38")
        #expect(FigureNumber.fixed(-2.5, decimals: 0) == "-2")
        #expect(FigureNumber.fixed(-0.001, decimals: 2) == "0.00")
        #expect(FigureNumber.fixed(7, decimals: 3) == "7.000")
        #expect(FigureNumber.fixed(.nan, decimals: 3) == "nan")
    }

    @Test func `short numbers keep three digits`() {
        #expect(FigureNumber.short(0.94217) == "0.942")
        #expect(FigureNumber.short(0.9996) == "1.000")
        #expect(FigureNumber.short(12.345) == "12.3")
        #expect(FigureNumber.short(1234.6) == "1235")
        #expect(FigureNumber.short(46) == "46")
        #expect(FigureNumber.short(-0.00004217) == "-4.22e-5")
        #expect(FigureNumber.short(9.999e-7) == "1e-6")
        #expect(FigureNumber.short(1.5e9) == "1.5e9")
    }

    @Test func `the labels of an axis have one unit and the same decimals`() {
        #expect(Ticks.linear(0, 1, count: 5).labels == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"])
        #expect(Ticks.linear(0, 80_000, count: 4).labels == ["0", "20k", "40k", "60k", "80k"])
        #expect(Ticks.linear(0, 1e-4, count: 2).labels == ["0", "5e-5", "1e-4"])
        #expect(Ticks.linear(-2e6, 2e6, count: 2).labels == ["-2M", "0", "2M"])
        #expect(Ticks.linear(10_002, 10_006, count: 2).labels == ["10002", "10004", "10006"])
    }
}

@Suite struct TicksTests {
    @Test func `ticks are multiples of 1, 2 or 5 times a power of ten inside the axis`() {
        #expect(Ticks.linear(0.942, 0.998, count: 6).values.map { ($0 * 100).rounded() } == [95, 96, 97, 98, 99])
        #expect(Ticks.linear(-3, 17, count: 4).values == [0, 5, 10, 15])
        for span in [1e-12, 0.3, 1, 7, 99, 1e15] {
            for count in 1...12 { #expect(Ticks.linear(-span, span * 2, count: count).values.count <= count + 1) }
        }
    }

    @Test func `an axis that counts has no ticks between whole numbers`() {
        #expect(Ticks.linear(0, 3, count: 10, whole: true).values == [0, 1, 2, 3])
    }

    @Test func `a logarithmic axis shows powers of ten, thinned or divided as there is room`() {
        #expect(Ticks.logarithmic(1e-3, 1e3, count: 7).labels == ["0.001", "0.01", "0.1", "1", "10", "100", "1000"])
        #expect(Ticks.logarithmic(1e-8, 1, count: 4).labels == ["1e-8", "1e-5", "0.01"])
        #expect(Ticks.logarithmic(1, 40, count: 9).values == [1, 2, 5, 10, 20])
        #expect(Ticks.logarithmic(1.2, 6.5, count: 5).values == [2, 3, 5])
    }

    @Test func `the upright axis reaches to round numbers around the data`() {
        #expect(Ticks.loosened(0.29, 0.998, count: 5) == (0.2, 1.0))
        #expect(Ticks.loosened(0, 1, count: 5) == (0, 1))
    }
}

@Suite struct SpanTests {
    @Test func `a single value gets room around it`() {
        let span = Span(low: 5, high: 5, scale: .linear)
        #expect(span.low == 4.5 && span.high == 5.5)
        #expect(span.position(5) == 0.5)
    }

    @Test func `the largest numbers there are have a place`() {
        let span = Span(low: -.greatestFiniteMagnitude, high: .greatestFiniteMagnitude, scale: .linear)
        #expect(span.position(0) == 0.5)
        #expect(span.position(.greatestFiniteMagnitude) == 1)
    }

    @Test func `a logarithmic axis has no place for zero`() {
        let span = Span(low: 0.01, high: 1, scale: .log)
        #expect(span.position(0) == nil)
        #expect(span.position(0.1).map { ($0 * 1e9).rounded() } == 5e8)
    }

    @Test func `a line is cut where it leaves the panel`() {
        let cut = clipped(Point(-1, 0), Point(1, 1))
        #expect(cut?.0 == Point(0, 0.5) && cut?.1 == Point(1, 1))
        #expect(clipped(Point(-1, 0.5), Point(-0.1, 2)) == nil)
        #expect(clipped(Point(0.2, 0.2), Point(0.2, 0.2))?.0 == Point(0.2, 0.2))
    }
}

@Suite struct BinsTests {
    @Test func `each value falls into one bin, as counted one by one`() throws {
        let values = (0..<200).map { Double($0 * $0 % 97) / 10 }
        let bins = try #require(Bins([Sample(values: values, bins: 8)]))
        let counts = bins.counts(values)
        #expect(counts.reduce(0, +) == 200)
        for index in 0..<bins.count {
            let (low, high) = (bins.low(index), bins.low(index + 1))
            let expected = values.count { $0 >= low && ($0 < high || (index == bins.count - 1 && $0 == high)) }
            #expect(counts[index] == Double(expected))
        }
    }

    @Test func `few whole numbers get a bin each, centred on the number`() throws {
        let bins = try #require(Bins([Sample(values: [0, 1, 1, 3])]))
        #expect(bins == Bins([Sample(values: [3, 0])]))
        #expect(bins.low(0) == -0.5 && bins.counts([0, 1, 1, 3]) == [1, 2, 0, 1])
    }

    @Test func `no finite value makes no bins`() { #expect(Bins([Sample(values: [.nan, .infinity])]) == nil) }
}

@Suite struct SummaryTests {
    @Test func `one line names the axes, the size and the range`() {
        let curve = Figure(
            x: Axis("removed"), y: Axis("accuracy"), marks: [.line(Series(x: [0, 1, 2], y: [0.998, 0.942, 0.97]))])
        #expect(curve.summary == "plot removed→accuracy, 3 points, min 0.942 max 0.998")
        let two = Figure(y: Axis("loss"), marks: [.line(Series("a", y: [1, 2])), .line(Series("b", y: [3, .nan]))])
        #expect(two.summary == "plot loss, 2 series with 3 points, min 1 max 3")
        let both = Figure(y: Axis("loss"), marks: [.line(Series("a", y: [1, 2])), .points(Series("a", y: [1, 2]))])
        #expect(both.summary == "plot loss, 2 points, min 1 max 2")
        let map = Figure(x: Axis("key"), y: Axis("query"), marks: [.heatMap(HeatMap([[0, 0.5], [1]]))])
        #expect(map.summary == "heat map key→query, 2 × 2 cells, min 0 max 1")
        let counts = Figure(x: Axis("loss"), marks: [.histogram(Sample(values: [1, 2, 2]))])
        #expect(counts.summary == "histogram of loss, 3 values, min 1 max 2")
        let panels = Figure(panels: [
            Panel(y: Axis("R²"), marks: [.line(Series(y: [0.5]))]),
            Panel(y: Axis("R²"), marks: [.line(Series(y: [0.25]))]),
        ])
        #expect(panels.summary == "2 panels, plot R², min 0.250 max 0.500")
    }
}

@Suite struct ResolvedFigureTests {
    @Test func `bars stand on zero, however far their ends are from it`() {
        for (values, low, high) in [([5.0, 6], 0.0, 6.0), ([-5, -6], -6, 0), ([-1, 2], -1, 2)] {
            let panel = ResolvedFigure(Figure(marks: [.bars(Series(y: values))])).panels[0]
            #expect(panel.y.low <= low && panel.y.high >= high, "\(values)")
            #expect(panel.y.low == 0 || panel.y.high == 0 || values[0] * values[1] < 0)
        }
        // A line needs no zero.
        #expect(ResolvedFigure(Figure(marks: [.line(Series(y: [50, 60]))])).panels[0].y.low > 0)
    }

    @Test func `a bar at the end of the axis has its whole width`() {
        let panel = ResolvedFigure(Figure(marks: [.bars(Series(y: [1, 2, 3]))])).panels[0]
        #expect((panel.x.low, panel.x.high) == (-0.5, 2.5))
    }

    @Test func `a series with a band about it is one entry of the legend, shown as what it is`() {
        let band = Mark.band(Intervals("a", x: [0, 1], low: [0, 0], high: [1, 1]))
        for marks in [[band, .line(Series("a", y: [0.5, 0.5]))], [.line(Series("a", y: [0.5, 0.5])), band]] {
            #expect(ResolvedFigure(Figure(marks: marks)).legend == [LegendEntry(name: "a", series: 0, sample: .line)])
        }
        #expect(ResolvedFigure(Figure(marks: [band])).legend == [LegendEntry(name: "a", series: 0, sample: .band)])
        let points = ResolvedFigure(Figure(marks: [.line(Series("a", y: [1])), .points(Series("b", y: [1]))]))
        #expect(points.legend.map(\.sample) == [.line, .points] && points.legend.map(\.series) == [0, 1])
    }
}

@Suite struct SharedScaleTests {
    @Test func `panels whose axes measure the same share their ends, others do not`() {
        let low = Panel(y: Axis("R²"), marks: [.line(Series(y: [0, 0.1]))])
        let high = Panel(y: Axis("R²"), marks: [.line(Series(y: [0.5, 1]))])
        let other = Panel(y: Axis("loss"), marks: [.line(Series(y: [20, 40]))])
        let shared = ResolvedFigure(Figure(panels: [low, high, other])).panels
        #expect(shared[0].y == shared[1].y && shared[0].y.high == 1 && shared[0].y.low == 0)
        #expect(shared[2].y.low == 20)
        #expect(ResolvedFigure(Figure(panels: [low, high], sharesScales: false)).panels[0].y.high < 0.2)
    }
}
