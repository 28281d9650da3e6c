// The rules by which numbers become texts, places and colours, each worked out by hand.

import Testing

@testable import Plotting

@Suite struct NumberRuleTests {
    @Test(
        arguments: [
            (0.123456, 5, "0.12346"), (0.123456, 4, "0.1235"), (1, 20, "1.000000000000000"), (1, -3, "1"),
            (.infinity, 2, "inf"), (-.infinity, 2, "-inf"), (1e16, 0, "1e16"), (-2.5e17, 0, "-2.5e17"), (0, 3, "0.000"),
        ] as [(Double, Int, String)])
    func `a number has the decimals that were asked for, fifteen at most`(
        _ value: Double, _ decimals: Int, _ text: String
    ) { #expect(FigureNumber.fixed(value, decimals: decimals) == text) }

    @Test(
        arguments: [
            (4.217e-5, 3, "4.22e-5"), (4.2e-5, 3, "4.2e-5"), (-1, 3, "-1e0"), (9.996, 3, "1e1"), (9.994, 3, "9.99e0"),
            (99_999, 2, "1e5"), (0, 3, "0"), (123_456, 1, "1e5"), (-9.99e9, 2, "-1e10"),
        ] as [(Double, Int, String)])
    func `a power of ten comes with at most so many digits, and rounding carries into it`(
        _ value: Double, _ digits: Int, _ text: String
    ) { #expect(FigureNumber.scientific(value, digits: digits) == text) }

    @Test(arguments: ["1e-310", "1.5e-308", "3e-307", "-2e-315"])
    func `a number near the smallest there is keeps its size`(_ text: String) throws {
        #expect(FigureNumber.scientific(try #require(Double(text)), digits: 2) == text)
    }

    @Test(
        arguments: [
            (0, "0"), (7, "7"), (-7, "-7"), (999_999, "999999"), (1_000_000, "1e6"), (1_234_567, "1.23e6"),
            (0.001, "0.00100"), (0.0009, "9e-4"), (0.5, "0.500"), (5.25, "5.25"), (52.5, "52.5"), (525.5, "526"),
            (-0.25, "-0.250"), (.infinity, "inf"),
        ] as [(Double, String)])
    func `a short number has three digits that count`(_ value: Double, _ text: String) {
        // 525.5 rounds to its even neighbour, 526.
        #expect(FigureNumber.short(value) == text)
    }

    @Test(
        arguments: [
            (0, 4e9, 2, ["0", "2G", "4G"]), (0, 1e9, 2, ["0", "0.5G", "1.0G"]), (0, 9e8, 3, ["0", "500M"]),
            (0, 4e6, 2, ["0", "2M", "4M"]), (0, 10_000, 2, ["0", "5k", "10k"]), (0, 8000, 2, ["0", "5000"]),
            (0, 5000, 1, ["0", "5000"]), (0, 4e12, 2, ["0", "2e12", "4e12"]), (-1, 1, 2, ["-1", "0", "1"]),
        ] as [(Double, Double, Int, [String])])
    func `ticks are told in thousands, millions and thousands of millions`(
        _ low: Double, _ high: Double, _ count: Int, _ labels: [String]
    ) {
        #expect(Ticks.linear(low, high, count: count).labels == labels)
    }

    @Test(
        arguments: [
            (12.345, 3, 12.3), (0.0012349, 3, 0.00123), (-98765, 2, -99000), (0, 3, 0), (999.6, 3, 1000), (7, 1, 7),
        ] as [(Double, Int, Double)])
    func `rounding keeps so many digits that count`(_ value: Double, _ digits: Int, _ expected: Double) {
        #expect(abs(value.rounded(toDigits: digits) - expected) < 1e-9)
    }
}

@Suite struct AxisRuleTests {
    @Test(
        arguments: [
            (10, 5, false, 2), (1, 3, false, 0.5), (7, 4, false, 2), (0.3, 10, false, 0.05), (3, 10, true, 1),
            (3, 10, false, 0.5), (100, 2, true, 50), (0, 5, false, 1), (1, 0, false, 1), (5, 1, false, 5),
            (6, 1, false, 10), (2, 1, false, 2), (2.1, 1, false, 5),
        ] as [(Double, Int, Bool, Double)])
    func `a step is the smallest of 1, 2 and 5 that gives no more divisions than wanted`(
        _ span: Double, _ count: Int, _ whole: Bool, _ step: Double
    ) { #expect(abs(Ticks.step(span: span, count: count, whole: whole) - step) < 1e-12) }

    @Test func `ticks that are kept are counted from the first, categories that are not seen have none`() {
        let ticks = Ticks(values: [0, 1, 2, 3, 4], labels: ["a", "b", "c", "d", "e"])
        #expect(ticks.every(2).labels == ["a", "c", "e"] && ticks.every(2).values == [0, 2, 4])
        #expect(ticks.every(0) == ticks && ticks.every(9).labels == ["a"])
        let names = ["p", "q", "r", "s"]
        #expect(Ticks.categories(names, low: 0.5, high: 2).labels == ["q", "r"])
        #expect(Ticks.categories(names, low: -0.5, high: 3.5).values == [0, 1, 2, 3])
    }

    @Test(
        arguments: [
            (0, 0, .linear, -0.5, 0.5), (-5, -5, .linear, -5.5, -4.5), (3, 1, .linear, 1, 3), (.nan, 2, .linear, 0, 1),
            (.infinity, -.infinity, .linear, -8e307, 8e307), (0, 100, .log, 0.1, 100), (10, 10, .log, 5, 20),
            (-3, -1, .log, 1, 10), (-1, 1000, .log, 1, 1000), (1, 2, .log, 1, 2),
        ] as [(Double, Double, Axis.Scale, Double, Double)])
    func `an axis has room on both sides of a single value, and a logarithmic one begins above zero`(
        _ low: Double, _ high: Double, _ scale: Axis.Scale, _ first: Double, _ last: Double
    ) {
        let span = Span(low: low, high: high, scale: scale)
        #expect(span.low == first && span.high == last)
    }

    @Test func `a place is a share of the axis, in logarithms where it has them`() {
        let linear = Span(low: 10, high: 20, scale: .linear)
        #expect(linear.position(12.5) == 0.25 && linear.position(5) == -0.5 && linear.position(.nan) == nil)
        #expect(linear.clamped(5) == 0 && linear.clamped(25) == 1 && linear.clamped(.infinity) == nil)
        let log = Span(low: 1, high: 10_000, scale: .log)
        #expect(abs((log.position(100) ?? 0) - 0.5) < 1e-12 && log.position(-1) == nil && log.clamped(0) == nil)
    }

    @Test func `lines are cut at every edge, and what only touches is a point`() {
        func cut(_ a: Point, _ b: Point) -> [Point] { clipped(a, b).map { [$0.0, $0.1] } ?? [] }
        #expect(cut(Point(0.5, -1), Point(0.5, 2)) == [Point(0.5, 0), Point(0.5, 1)])
        #expect(cut(Point(2, 0.5), Point(-1, 0.5)) == [Point(1, 0.5), Point(0, 0.5)])
        #expect(cut(Point(0.25, 0.25), Point(0.75, 0.5)) == [Point(0.25, 0.25), Point(0.75, 0.5)])
        #expect(cut(Point(-1, 2), Point(2, 2)) == [] && cut(Point(1.5, 0), Point(1.5, 1)) == [])
        #expect(cut(Point(0, 0), Point(.infinity, 0)) == [])
    }

    @Test func `bars that stand side by side are as wide as the smallest distance between two of them`() {
        func spacing(_ xs: [[Double]]) -> Double {
            ShapeMaker.barSpacing(xs.map { .bars(Series(x: $0, y: $0.map { _ in 1 })) })
        }
        #expect(spacing([[0, 2, 5]]) == 2 && spacing([[1, 1, 4]]) == 3 && spacing([[7]]) == 1 && spacing([]) == 1)
        // Of two series with the same places, and of two whose places lie between each other.
        #expect(spacing([[0, 2], [0, 2]]) == 2 && spacing([[0, 2], [0.5]]) == 0.5)
        #expect(spacing([[0, .nan, 3, .infinity]]) == 3)
    }

    @Test func `bins hold their lower edge, and the largest value where it is an edge`() throws {
        let bins = try #require(Bins([Sample(values: [0, 0.5, 1, 2, 4], bins: 4)]))
        #expect(bins.width == 1 && bins.origin == 0 && bins.count == 4)
        #expect(bins.counts([0, 0.99, 1, 3.5, 4, 5.01, -0.01]) == [2, 1, 0, 2])
        // 41 different whole numbers still have a bin each, 42 and halves have not.
        #expect(Bins([Sample(values: [0, 40])])?.count == 41)
        #expect(Bins([Sample(values: [0, 41])])?.width != 1)
        #expect(try #require(Bins([Sample(values: [0, 0.5, 2])])).origin != -0.5)
        #expect(Bins([Sample(values: [3, 3, 3])]) == Bins([Sample(values: [3])]))
    }
}

@Suite struct ShapeRuleTests {
    private func shapes(_ marks: [Mark], y: Axis = Axis(limits: 0...10), x: Axis = Axis(limits: 0...10)) -> [Shape] {
        ResolvedFigure(Figure(x: x, y: y, marks: marks)).panels[0].shapes
    }

    @Test func `a gap ends a run, a value between two gaps is a run of its own, a line that leaves the panel is cut`() {
        guard
            case .path(_, let runs, let points)? = shapes([
                .line(Series(x: [0, 5, 6, 7, 8, 9], y: [0, 10, .nan, 5, .nan, 20]))
            ]).first
        else { Issue.record("no line"); return }
        #expect(runs == [[Point(0, 0), Point(0.5, 1)], [Point(0.7, 0.5)]])
        #expect(points == [Point(0, 0), Point(0.5, 1), Point(0.7, 0.5)])
        guard case .path(_, let cut, _)? = shapes([.line(Series(x: [0, 10], y: [-10, 10]))]).first else { return }
        #expect(cut == [[Point(0.5, 0), Point(1, 1)]])
    }

    @Test func `bars reach from zero to their value, which is told whole`() {
        let negative = shapes([.bars(Series(x: [2], y: [-5]))], y: Axis(limits: -10...10))
        guard case .bars(0, 0, 1, _, let bars)? = negative.first else { Issue.record("\(negative)"); return }
        #expect(bars == [Shape.Bar(x: 0.2, from: 0.5, to: 0.25, value: -5)])
        let high = shapes([.bars(Series("a", x: [2], y: [50])), .bars(Series("b", x: [2], y: [1]))])
        guard case .bars(0, 0, 2, _, let first)? = high.first, case .bars(1, 1, 2, _, let second)? = high.last else {
            Issue.record("\(high)")
            return
        }
        #expect(first == [Shape.Bar(x: 0.2, from: 0, to: 1, value: 50)])
        #expect(second == [Shape.Bar(x: 0.2, from: 0, to: 0.1, value: 1)])
    }

    @Test func `what lies outside of the panel is not drawn, an interval as far as it is inside`() {
        #expect(shapes([.line(Series(y: [1])), .reference(Reference(.horizontal, at: 11))]).count == 1)
        #expect(
            shapes([.line(Series(y: [1])), .reference(Reference(.vertical, at: 5, label: "x"))]).last
                == .rule(.vertical, at: 0.5, label: "x"))
        #expect(shapes([.line(Series(y: [1])), .text(Annotation("n", x: 5, y: 11))]).count == 1)
        let bars = shapes([.errorBars(Intervals(x: [1, 2, 11], low: [8, 11, 1], high: [12, 12, 2]))])
        guard case .whiskers(_, let reaches)? = bars.first else { Issue.record("\(bars)"); return }
        #expect(reaches == [Shape.Reach(x: 0.1, low: 0.8, high: 1, values: (8, 12))])
    }

    @Test func `a heat map's first row is on top of its cells, and what is not there is no number`() {
        let map = HeatMap([[1, 2], [3]])
        #expect(map.rows == 2 && map.columns == 2 && map[0, 1] == 2 && map[1, 0] == 3)
        #expect(map[1, 1].isNaN && map[2, 0].isNaN && map[-1, 0].isNaN && map[0, 2].isNaN)
    }
}

@Suite struct HeatRuleTests {
    @Test func `a scale reaches from the least to the most, or as far on both sides of its centre`() {
        let sequential = HeatScale(HeatMap([[1, 5], [.nan, 3]]))
        #expect(sequential.low == 1 && sequential.high == 5)
        #expect(sequential.share(2) == 0.25 && sequential.share(0) == 0 && sequential.share(9) == 1)
        #expect(sequential.share(.nan) == nil && sequential.weight(-4) == -4)
        let diverging = HeatScale(HeatMap([[-1, 4]], map: .diverging(center: 1)))
        #expect(diverging.low == -2 && diverging.high == 4 && diverging.centre == 1)
        #expect(diverging.share(1) == 0.5 && diverging.weight(-1) == 2 && diverging.weight(4) == 3)
        let given = HeatScale(HeatMap([[2, 3]], limits: 0...10))
        #expect(given.low == 0 && given.high == 10 && given.share(2.5) == 0.25)
    }

    @Test func `one value everywhere looks full, and nothing looks empty`() {
        let full = HeatScale(HeatMap([[7, 7]])), empty = HeatScale(HeatMap([[0, 0]]))
        #expect(full.share(7) == 1 && empty.share(0) == 0)
        #expect(HeatScale(HeatMap([[-3, -3]])).share(-3) == 0)
        let flat = HeatScale(HeatMap([[2, 2]], map: .diverging(center: 2)))
        #expect(flat.low == 1 && flat.high == 3 && flat.share(2) == 0.5)
    }

    @Test(
        arguments: [
            ([1, 22, 333], ["1", "22", "333"]), ([1.5, 2], ["1.50", "2.00"]), ([10.25, 2], ["10.2", "2.0"]),
            ([100.5, 2], ["100", "2"]), ([0.001, 0.002], ["1e-3", "2e-3"]), ([123_456, 1], ["1.2e5", "1e0"]),
            ([0.5, .nan], ["0.50", ""]), ([0, 0], ["0", "0"]),
        ] as [([Double], [String])])
    func `the numbers of cells have the same decimals throughout`(_ values: [Double], _ texts: [String]) {
        #expect(HeatScale(HeatMap([values])).numbers(values) == texts)
    }

    @Test func `cells that are merged show the strongest of them`() {
        let map = HeatMap([[1, 9, 2], [4, 3, .nan], [0, 5, -8]])
        func cells(_ map: HeatMap, _ rows: Int, _ columns: Int) -> HeatCells {
            HeatCells(map, scale: HeatScale(map), rowsMax: rows, columnsMax: columns)
        }
        let merged = cells(map, 2, 2)
        #expect(merged.rows == 2 && merged.columns == 2 && merged.isMerged)
        #expect(merged[0, 0] == 9 && merged[0, 1] == 2 && merged[1, 0] == 5 && merged[1, 1] == -8)
        let whole = cells(map, 3, 3)
        #expect(!whole.isMerged && whole.rows == 3 && whole[2, 2] == -8)
        // On a diverging scale the one furthest from the centre.
        let both = HeatMap([[1, -9], [4, 3]], map: .diverging(center: 0))
        #expect(cells(both, 1, 1)[0, 0] == -9)
        #expect(merged.note("cell") == "one cell: the strongest of 2 × 2")
    }
}

@Suite struct DrawingRuleTests {
    @Test func `red, green and blue count for luminance as WCAG says`() {
        for (hex, luminance) in [
            (0xFF0000, 0.2126), (0x00FF00, 0.7152), (0x0000FF, 0.0722), (0xFFFFFF, 1), (0x000000, 0),
            // (128/255 + 0.055)/1.055 to the power of 2.4.
            (0x808080, 0.21586), (0x0A0A0A, 10.0 / 255 / 12.92),
        ] as [(UInt32, Double)] {
            #expect(abs(Colour(hex).luminance - luminance) < 1e-4, "\(String(hex, radix: 16))")
        }
        #expect(Colour(0x0A1BFF).hex == "#0a1bff" && Colour(0x0A1BFF).green == 0x1B)
    }

    @Test func `colours of series come round, grey has no hue, and the maps begin light`() {
        #expect(Colour.series(0) == Colour(0x0072B2) && Colour.series(8) == Colour.series(0))
        #expect(Set((0..<8).map { Colour.series($0).hex }).count == 8)
        let grey = Colour(lightness: 0.5, chroma: 0, hue: 123)
        #expect(grey.red == grey.green && grey.green == grey.blue)
        #expect(Colour(lightness: 1, chroma: 0, hue: 0) == Colour(0xFFFFFF))
        #expect(Colour(lightness: 0, chroma: 0, hue: 0) == Colour(0x000000))
        // Blue below the centre, orange above it.
        let (below, above) = (Colour.diverging(0), Colour.diverging(1))
        #expect(below.blue > below.red && above.red > above.blue)
        #expect(Colour.sequential(0).luminance > 0.85 && Colour.sequential(1).luminance < 0.05)
    }

    @Test func `a rhythm goes on and off by its lengths, again and again`() {
        let dash = Dash(lengths: [2, 1])
        #expect((0..<7).map(dash.isOn) == [true, true, false, true, true, false, true])
        #expect((0..<9).allSatisfy(Dash.solid.isOn) && Dash(series: 0) == .solid)
        #expect(Set((0..<8).map { "\(Dash(series: $0).lengths)" }).count == 8 && Dash(series: 8) == Dash(series: 0))
    }

    @Test(
        arguments: [
            (.braille, 0, 0, "⠁"), (.braille, 1, 0, "⠈"), (.braille, 0, 3, "⡀"), (.braille, 1, 3, "⢀"),
            (.braille, 0, 2, "⠄"), (.braille, 1, 1, "⠐"), (.block, 0, 0, "▘"), (.block, 1, 0, "▝"), (.block, 0, 1, "▖"),
            (.block, 1, 1, "▗"), (.ascii, 0, 0, "'"), (.ascii, 0, 1, "-"), (.ascii, 0, 2, "."),
        ] as [(TerminalGlyphs, Int, Int, String)])
    func `each dot has its place in the character`(_ glyphs: TerminalGlyphs, _ x: Int, _ y: Int, _ character: String) {
        var canvas = DotCanvas(glyphs: glyphs, columns: 1, rows: 1)
        canvas.set(x: x, y: y, ink: .plain)
        // Outside of the raster nothing is set.
        for (x, y) in [(-1, 0), (0, -1), (99, 0), (0, 99)] { canvas.set(x: x, y: y, ink: .plain) }
        var grid = TextGrid(columns: 1, rows: 1)
        canvas.draw(on: &grid, row: 0, column: 0)
        #expect(grid.lines()[0].map(\.text).joined() == character)
    }

    @Test func `the corners of a panel are the corners of the raster, its top first`() {
        let canvas = DotCanvas(glyphs: .braille, columns: 3, rows: 2)
        #expect(canvas.dot(Point(0, 1)) == (0, 0) && canvas.dot(Point(1, 0)) == (5, 7))
        #expect(canvas.dot(Point(0.5, 0.5)) == (3, 4) && canvas.cell(Point(1, 0)) == (1, 2))
        #expect(canvas.dot(Point(-3, 9)) == (0, 0) && canvas.cell(Point(0, 1)) == (0, 0))
    }

    @Test func `labels show what would move the cursor, and take the columns that are seen`() {
        for (text, shown) in [
            ("a\tb", "a⇥b"), ("a\nb", "a↵b"), ("a\u{7F}b", "a·b"), ("a\u{200B}b", "a·b"), ("👩\u{200D}🔬", "👩\u{200D}🔬"),
            ("\u{E000}", "·"), ("é 日", "é 日"), ("a\u{2028}b", "a·b"),
        ] { #expect(Label.neutral(text) == shown, "\(text)") }
        for (text, columns) in [("abc", 3), ("日本", 4), ("e\u{301}", 1), ("", 0), ("⠿█─", 3), ("❤\u{FE0F}", 2)] {
            #expect(Label.columns(of: text) == columns, "\(text)")
        }
    }

    @Test func `a label is cut with room for its mark, a title is broken at spaces`() {
        #expect(Label.fitted("abcd", to: 4) == "abcd" && Label.fitted("abcde", to: 4) == "abc…")
        #expect(Label.fitted("abc", to: 1) == "…" && Label.fitted("abc", to: 0) == "" && Label.fitted("", to: 3) == "")
        #expect(Label.fitted("abcde", to: 3, mark: ".") == "ab.")
        func broken(_ text: String, _ lines: Int) -> [String] { Label.broken(text, lines: lines) { $0.count <= 5 } }
        #expect(
            broken("ab cd ef gh", 9) == ["ab cd", "ef gh"] && broken("ab cd ef gh ij", 2) == ["ab cd", "ef gh ij"])
        #expect(broken("abcdefgh i", 9) == ["abcdefgh", "i"] && broken("", 3) == [] && broken("a  b", 3) == ["a b"])
    }

    @Test func `a line of a thousand points is left as it is, one of more is thinned by half pixels`() {
        let points = (0..<1000).map { (Double($0) / 1000, Double($0 % 7)) }
        #expect(thinned(points).count == 1000)
        let more = points + [(1, 3)]
        // Two half pixels: first, least, most, last of each; the second begins at 0.5, the third has one point.
        let kept = thinned(more)
        #expect(kept.map(\.0).filter { $0 < 0.5 }.count <= 4 && kept.map(\.0).filter { $0 >= 0.5 && $0 < 1 }.count <= 4)
        #expect(kept.last! == (1, 3) && kept.first! == points.first!)
        let steep = (0..<1001).map { _ in (0.25, 1.0) }
        #expect(thinned(steep).count == 2)
    }
}
