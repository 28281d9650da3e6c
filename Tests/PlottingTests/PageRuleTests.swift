// What stands in a page: the marks of series, the places of panels, and the data for other tools, each worked out from
// its rule.

import Testing

@testable import Plotting

private func count(_ part: String, in text: String) -> Int {
    var (found, rest) = (0, Substring(text))
    while let place = rest.firstRange(of: part) {
        found += 1
        rest = rest[place.upperBound...]
    }
    return found
}

/// The attributes of the first element that holds a text.
private func element(before text: String, in document: String) -> Substring {
    guard let end = document.firstRange(of: ">" + text) else { return "" }
    let head = document[..<end.lowerBound]
    return head.lastIndex(of: "<").map { head[$0...] } ?? ""
}

@Suite struct FigureJSONRuleTests {
    private func json(_ marks: [Mark], x: Axis = Axis(), y: Axis = Axis()) -> String {
        Figure(panels: [Panel(title: "p", x: x, y: y, marks: marks)]).json
    }

    @Test(
        arguments: [
            (.line(Series("n", x: [0, 1.5], y: [1, .nan])), #"{"mark":"line","name":"n","x":[0,1.5],"y":[1,null]}"#),
            (.points(Series("n", y: [2])), #"{"mark":"points","name":"n","x":[0],"y":[2]}"#),
            (.bars(Series("n", y: [2, 3])), #"{"mark":"bars","name":"n","x":[0,1],"y":[2,3]}"#),
            (.histogram(Sample("h", values: [1, .infinity])), #"{"mark":"histogram","name":"h","values":[1,null]}"#),
            (
                .heatMap(HeatMap([[1, 2], [3]], label: "l", unit: "u", map: .diverging(center: 0.5))),
                #"{"mark":"heat map","label":"l","unit":"u","center":0.5,"rows":[[1,2],[3,null]]}"#
            ),
            (
                .heatMap(HeatMap([[1]])),
                #"{"mark":"heat map","label":"","unit":"","center":null,"rows":[[1]]}"#
            ),
            (
                .reference(Reference(.horizontal, at: 4, label: "r")),
                #"{"mark":"reference","direction":"horizontal","at":4,"label":"r"}"#
            ),
            (
                .reference(Reference(.vertical, at: 0.25)),
                #"{"mark":"reference","direction":"vertical","at":0.25,"label":""}"#
            ),
            (
                .band(Intervals("b", x: [1], low: [2], high: [3])),
                #"{"mark":"band","name":"b","x":[1],"low":[2],"high":[3]}"#
            ),
            (
                .errorBars(Intervals("b", x: [1], low: [2], high: [3])),
                #"{"mark":"error bars","name":"b","x":[1],"low":[2],"high":[3]}"#
            ),
            (.text(Annotation("t", x: 1, y: 2)), #"{"mark":"text","text":"t","x":1,"y":2}"#),
        ] as [(Mark, String)])
    func `every mark is written as the format says, and what is not finite is null`(_ mark: Mark, _ text: String) {
        #expect(json([mark]).contains("\"marks\":[\(text)]}"), "\(json([mark]))")
    }

    @Test func `an axis is written with its unit, its scale, its limits and its categories`() {
        let text = json(
            [.line(Series(y: [1]))], x: Axis("a", unit: "s", scale: .log, limits: 1...10), y: Axis(categories: ["c"]))
        #expect(text.contains(#""x":{"label":"a","unit":"s","scale":"log","limits":[1,10],"categories":[]}"#))
        #expect(text.contains(#""y":{"label":"","unit":"","scale":"linear","limits":null,"categories":["c"]}"#))
        #expect(
            text.hasPrefix(
                #"{"title":"","subtitle":"","summary":"plot a, 1 point, min 1 max 1","panels":[{"title":"p","#))
    }

    @Test func `a table has a column for each kind of number`() {
        let figure = Figure(marks: [
            .histogram(Sample("h", values: [1, .nan])), .errorBars(Intervals("e", x: [1], low: [2], high: [3])),
            .reference(Reference(.vertical, at: 4)), .points(Series("p", y: [5])), .bars(Series("b", y: [6])),
        ])
        #expect(
            figure.csv == """
                panel,series,mark,x,y,low,high,value
                0,h,value,,,,,1
                0,h,value,,,,,
                0,e,error bars,1,,2,3,
                0,,reference,4,,,,
                0,p,points,0,5,,,
                0,b,bars,0,6,,,

                """)
    }

    @Test func `a summary names what is drawn first, and counts series, points and panels`() {
        func summary(_ marks: [Mark], x: String = "", y: String = "") -> String {
            Figure(x: Axis(x), y: Axis(y), marks: marks).summary
        }
        #expect(summary([.bars(Series(y: [1]))], x: "a", y: "b") == "bars a→b, 1 point, min 1 max 1")
        #expect(summary([.line(Series(y: [1, 2]))], x: "a") == "plot a, 2 points, min 1 max 2")
        let two: [Mark] = [.line(Series("a", y: [1, 2])), .line(Series("b", y: [3, 4]))]
        #expect(summary(two) == "plot, 2 series of 2 points, min 1 max 4")
        #expect(summary([.histogram(Sample(values: [1]))]) == "histogram, 1 value, min 1 max 1")
        // What names no data is passed over: the first that does says what it is.
        let late: [Mark] = [.reference(Reference(.horizontal, at: 9)), .bars(Series(y: [1]))]
        #expect(summary(late) == "bars, 1 point, min 1 max 1")
        #expect(summary([.heatMap(HeatMap([]))]) == "heat map, no data")
        #expect(summary([.heatMap(HeatMap([[.nan]]))]) == "heat map, 1 × 1 cells, no finite value")
        // A point without a place is none, nor is its value in the range.
        #expect(summary([.line(Series(x: [.nan, 1], y: [9, 2]))]) == "plot, 1 point, min 2 max 2")
        let panels = Figure(panels: [
            Panel(y: Axis("a"), marks: [.line(Series(y: [1]))]), Panel(y: Axis("b"), marks: [.bars(Series(y: [5]))]),
        ])
        #expect(panels.summary == "2 panels, plot a and bars b, min 1 max 5")
    }

    @Test func `a unit stands in brackets after its label, and alone without`() {
        #expect(Axis("time", unit: "s").caption == "time (s)" && Axis("time").caption == "time")
        #expect(Axis("", unit: "s").caption == "s" && Axis().caption == "" && Axis("a\n").caption == "a↵")
    }
}

@Suite struct ResolvedRuleTests {
    private func legend(_ marks: [Mark]) -> [LegendEntry] { ResolvedFigure(Figure(marks: marks)).legend }

    @Test
    func `a series has the number of its name, an unnamed one has no entry, and a band yields to what it is about`() {
        let histogram = Mark.histogram(Sample("h", values: [1, 2]))
        #expect(legend([histogram]).map(\.sample) == [.bar])
        #expect(legend([histogram, .histogram(Sample("g", values: [1]))]).map(\.sample) == [.outline, .outline])
        #expect(
            legend([.line(Series(y: [1])), .line(Series("b", y: [1])), .line(Series(y: [2]))])
                == [LegendEntry(name: "b", series: 1, sample: .line)])
        let bars = Mark.errorBars(Intervals("a", x: [0], low: [1], high: [2]))
        #expect(legend([bars]).map(\.sample) == [.band])
        #expect(legend([bars, .points(Series("a", y: [1]))]).map(\.sample) == [.points])
        // What is no band keeps its look.
        #expect(legend([.points(Series("a", y: [1])), .line(Series("a", y: [1]))]).map(\.sample) == [.points])
    }

    @Test func `points alone have room at the sides, a line has none, and categories have half a step`() {
        func span(_ marks: [Mark], _ axis: Axis = Axis()) -> [Double] {
            let x = ResolvedFigure(Figure(x: axis, marks: marks)).panels[0].x
            return [x.low, x.high]
        }
        let series = Series(x: [0, 100], y: [1, 2])
        #expect(span([.points(series)]) == [-3, 103] && span([.line(series)]) == [0, 100])
        #expect(span([.points(series), .line(series)]) == [0, 100])
        #expect(span([.points(series)], Axis(limits: 0...50)) == [0, 50])
        #expect(span([.line(Series(y: [1, 2]))], Axis(categories: ["a", "b", "c"])) == [-0.5, 2.5])
    }

    @Test func `the upright axis reaches over reference lines and whole intervals, and zero where bars stand`() {
        func high(_ marks: [Mark]) -> Double { ResolvedFigure(Figure(marks: marks)).panels[0].y.high }
        let line = Mark.line(Series(y: [0, 1]))
        #expect(high([line, .reference(Reference(.horizontal, at: 10))]) == 10)
        #expect(high([line, .reference(Reference(.vertical, at: 10))]) == 1)
        #expect(high([line, .band(Intervals(x: [0], low: [0], high: [10]))]) == 10)
        #expect(high([line, .band(Intervals(x: [0], low: [.nan], high: [10]))]) == 1)
        // Words do not count.
        #expect(high([line, .text(Annotation("t", x: 0, y: 10))]) == 1)
    }

    @Test func `heat maps that measure the same share their colours, with one key`() {
        func panel(
            _ values: [Double], _ label: String, _ unit: String = "", _ limits: ClosedRange<Double>? = nil
        ) -> Panel {
            Panel(marks: [.heatMap(HeatMap([values], label: label, unit: unit, limits: limits))])
        }
        func limits(_ panels: [Panel], shares: Bool = true) -> [ClosedRange<Double>?] {
            ResolvedFigure(Figure(panels: panels, sharesScales: shares)).panels.map { $0.heatMap?.limits }
        }
        let (low, high) = (panel([0, 1], "a"), panel([5, 9], "a"))
        #expect(limits([low, high]) == [0...9, 0...9])
        #expect(limits([low, panel([5, 9], "b")]) == [0...1, 5...9])
        #expect(limits([low, panel([5, 9], "a", "s")]) == [0...1, 5...9])
        // One with limits of its own keeps them, and gives none.
        #expect(limits([low, panel([5, 9], "a", "", 0...20)]) == [0...1, 0...20])
        #expect(limits([low, high], shares: false) == [nil, nil])
        func hasKey(_ panels: [Panel]) -> Bool { ResolvedFigure(Figure(panels: panels)).commonHeatMap != nil }
        #expect(hasKey([low, high]) && !hasKey([low]) && !hasKey([low, panel([5, 9], "b")]))
        #expect(hasKey([low, Panel(marks: [])]) && !hasKey([low, Panel(marks: [.line(Series(y: [1]))])]))
    }

    @Test func `bins are as wide as the spread of the middle half asks for, and ten where there is none`() throws {
        // n = 1000 even steps to 0.999: the middle half spreads 0.5, so 2 · 0.5 / 10 = 0.1, about 14 bins after the
        // allowance for rounding, and the next round width is 0.1.
        let even = try #require(Bins([Sample(values: (0..<1000).map { Double($0) / 1000 })]))
        #expect(abs(even.width - 0.1) < 1e-12 && even.count == 10)
        let flat = try #require(Bins([Sample(values: [0, 0, 0, 0, 0.5])]))
        #expect(abs(flat.width - 0.05) < 1e-12 && flat.count == 10)
        #expect(try #require(Bins([Sample(values: [0, 1], bins: 0)])).count == 1)
        // Of several samples the most bins that anybody asks for.
        let several = try #require(Bins([Sample(values: [0, 10], bins: 2), Sample(values: [0], bins: 10)]))
        #expect(several.width == 1)
    }

    @Test(
        arguments: [
            (0, 10, 10, "10"), (0, 0.5, 0.5, "0.50"), (1.5, 3.5, 1.5, "1.50"), (0.5, 40.5, 40.5, "40.5"),
            (0.5, 200.5, 200.5, "200"), (0.5, 40.5, 0, "0"), (0, 0.0005, 0.0005, "5e-4"),
            (0, 123_456, 123_456, "123000"),
        ] as [(Double, Double, Double, String)])
    func `an end of a scale is told to a hundredth of its length`(
        _ low: Double, _ high: Double, _ value: Double, _ text: String
    ) {
        #expect(HeatScale(HeatMap([[low]], limits: low...high)).label(value) == text)
    }
}

@Suite struct PageElementRuleTests {
    @Test(
        arguments: [
            (0, "0"), (1.5, "1.5"), (1.05, "1.05"), (-0.25, "-0.25"), (0.004, "0"), (-0.001, "0"), (12.999, "13"),
            (1e9, "1000000"), (-1e9, "-1000000"), (100, "100"), (0.1, "0.1"), (99.99, "99.99"),
        ])
    func `a length has at most two decimals and no zero at its end`(_ value: Double, _ text: String) {
        #expect(SVGDocument.number(value) == text)
    }

    @Test func `text says only what differs from the usual, and none is nothing`() {
        var document = SVGDocument()
        document.text("", x: 1, y: 2, size: 3)
        #expect(document.body == "")
        document.text("<a>", x: 1, y: 2.5, size: 11)
        #expect(document.body == "<text x=\"1\" y=\"2.5\" font-size=\"11\" fill=\"#1f2933\">&lt;a&gt;</text>\n")
        var other = SVGDocument()
        other.text("b", x: 1, y: 2, size: 3, colour: "red", anchor: .end, isBold: true, rotation: -90)
        #expect(
            other.body == "<text x=\"1\" y=\"2\" font-size=\"3\" fill=\"red\" text-anchor=\"end\" font-weight=\"600\" "
                + "transform=\"rotate(-90 1 2)\">b</text>\n")
        #expect(SVGDocument.polyline([(1, 2), (3, 4.5)]) == "M1 2L3 4.5" && SVGDocument.polyline([]) == "")
    }

    @Test func `letters have their widths, and bold ones seven hundredths more`() {
        let widths: [(String, Double)] = [
            ("i", 2.7), (" ", 3.1), (".", 3.1), ("f", 3.8), ("I", 3.8), ("-", 3.8), ("m", 9.2), ("%", 9.2), ("w", 7.8),
            ("A", 7), ("W", 9.2), ("a", 5.8), ("0", 5.8), ("é", 6.4), ("日", 10.5), ("Ai", 9.7),
        ]
        for (text, width) in widths {
            #expect(abs(SVGText.width(text, size: 10) - width) < 1e-9, "\(text)")
            #expect(abs(SVGText.width(text, size: 10, isBold: true) - width * 1.07) < 1e-9, "\(text)")
        }
    }

    @Test func `each series has its own marker, filled or hollow, and eight come round`() {
        func marker(_ series: Int) -> String {
            var document = SVGDocument()
            SVGMarks.marker(series, x: 10, y: 20, on: &document)
            return document.body
        }
        #expect(marker(0) == "<circle cx=\"10\" cy=\"20\" r=\"4\" fill=\"#0072b2\" stroke=\"#ffffff\"/>\n")
        // A square of 0.9, a triangle up and one down, a diamond.
        #expect(marker(1).hasPrefix("<path d=\"M6.4 16.4L13.6 16.4L13.6 23.6L6.4 23.6Z\" fill=\"#d55e00\""))
        #expect(
            marker(2).contains("M10 15.2L14.6 23.6L5.4 23.6Z") && marker(6).contains("M10 24.8L14.6 16.4L5.4 16.4Z"))
        #expect(marker(3).contains("M10 14.8L14.4 20L10 25.2L5.6 20Z"))
        for series in [4, 5, 7] {
            #expect(
                marker(series).contains("fill=\"#ffffff\" stroke=\"#")
                    && marker(series).contains("stroke-width=\"1.6\""))
        }
        #expect(Set((0..<8).map(marker)).count == 8 && marker(8) == marker(0))
        #expect(SVGMarks.dash(0) == "" && Set((0..<8).map(SVGMarks.dash)).count == 8)
        #expect(SVGMarks.dash(8) == "" && SVGMarks.dash(9) == SVGMarks.dash(1))
    }

    @Test func `bars are told apart by stripes: none, across, hollow, along, both`() {
        func bar(_ series: Int, width: Double = 20, height: Double = 20) -> String {
            var document = SVGDocument()
            SVGMarks.bar(series, x: 0, y: 0, width: width, height: height, title: "", on: &document)
            return document.body
        }
        #expect(!bar(0).contains("<path") && bar(0).contains("width=\"20\" height=\"20\" fill=\"#0072b2\""))
        // Every six from four above the lower edge: at 16, 10, 4; from three beside the left one: at 3, 9, 15.
        #expect(bar(1).contains("d=\"M0 16h20M0 10h20M0 4h20\""))
        #expect(bar(3).contains("d=\"M3 0v20M9 0v20M15 0v20\""))
        #expect(bar(4).contains("d=\"M0 16h20M0 10h20M0 4h20M3 0v20M9 0v20M15 0v20\""))
        #expect(bar(2).contains("x=\"0.75\" y=\"0.75\" width=\"18.5\" height=\"18.5\"") && !bar(2).contains("<path"))
        #expect(bar(5).contains("fill=\"\(Colour.series(5).hex)\"") && !bar(5).contains("<path"))
        #expect(bar(0, width: 0) == "" && bar(0, height: 0) == "")
    }

    @Test func `a frame keeps data away from its axes, its bottom is zero`() {
        let frame = SVGFrame(left: 100, top: 10, right: 300, bottom: 110, padding: 10)
        #expect(frame.x(0) == 110 && frame.x(1) == 290 && frame.y(0) == 100 && frame.y(1) == 20)
        #expect(frame.point(Point(0.5, 0.25)) == (200, 80))
    }
}

@Suite struct PageDrawingRuleTests {
    private func document(_ marks: [Mark], y: Axis = Axis(), x: Axis = Axis()) -> String {
        SVGRenderer().document(Figure(x: x, y: y, marks: marks))
    }

    @Test(arguments: [(1, "4"), (80, "4"), (81, "3"), (300, "3"), (301, "2")])
    func `many points are drawn smaller`(_ number: Int, _ radius: String) {
        let text = document([.points(Series(y: (0..<number).map { Double($0 % 7) }))])
        #expect(count("<circle", in: text) == number && count("r=\"\(radius)\"", in: text) == number)
    }

    @Test func `a lone line has markers while they are far enough apart, several keep some to be told apart by`() {
        // The plot is at most 608 wide: a marker to 14 are 43.
        #expect(count("<circle", in: document([.line(Series(y: (0..<40).map { Double($0 % 5) }))])) == 40)
        let long = (0..<200).map { Double($0 % 5) }
        #expect(count("<circle", in: document([.line(Series(y: long))])) == 0)
        // Two lines of 200 points: a marker every 70 or more, and each line's entry in the legend.
        let both = count("<circle", in: document([.line(Series("a", y: long)), .line(Series("b", y: long))]))
        #expect((8...10).contains(both), "\(both)")
        // A value between two gaps is seen by its marker alone.
        let gaps = long.enumerated().map { $0.offset == 99 || $0.offset == 101 ? .nan : $0.element }
        #expect(count("<circle", in: document([.line(Series(y: gaps))])) == 1)
    }

    @Test func `bars tell their value, histograms have no bar for nothing, and several are outlines`() {
        let bars = document([.bars(Series(y: [5, 0.25118]))])
        #expect(bars.contains("<title>5</title>") && bars.contains("<title>0.251</title>"))
        let one = document([.histogram(Sample(values: [0, 0, 2]))])
        // The card and two bins of three.
        #expect(count("<rect", in: one) == 3 && !one.contains("fill-opacity=\"0.12\""))
        let two = document([.histogram(Sample("a", values: [0, 2])), .histogram(Sample("b", values: [1]))])
        #expect(count("fill-opacity=\"0.12\" stroke=", in: two) == 4)
    }

    @Test func `intervals on bars are drawn in ink, beside points in the colour of their series`() {
        let bars = Mark.errorBars(Intervals("a", x: [0], low: [1], high: [2]))
        let alone = document([bars, .points(Series("a", y: [1.5]))])
        #expect(alone.contains("stroke=\"#0072b2\" stroke-width=\"1.5\""))
        let over = document([.bars(Series("a", y: [1.5])), bars])
        #expect(over.contains("stroke=\"#1f2933\" stroke-width=\"1.5\""))
        #expect(document([.band(Intervals(x: [0, 1], low: [1, 1], high: [2, 2]))]).contains("fill-opacity=\"0.18\""))
        #expect(document([.line(Series(y: [0, 1])), .reference(Reference(.horizontal, at: 1))]).contains("\"4 3\""))
    }

    @Test func `cells tell row, column and value, and a map of many cells is drawn by colours`() {
        func document(_ map: HeatMap) -> String { SVGRenderer().document(Figure(marks: [.heatMap(map)])) }
        let small = document(HeatMap([[1, .nan], [3, 4.56789]]))
        for title in ["0, 0: 1", "0, 1: no value", "1, 0: 3", "1, 1: 4.57"] {
            #expect(small.contains("<title>\(title)</title>"), "\(title)")
        }
        #expect(small.contains("fill=\"none\" stroke=\"#e4e7eb\""))
        func cells(_ rows: Int) -> Int {
            let row = (0..<40).map { Double($0) }
            // The page has a title of its own.
            return count("<title>", in: document(HeatMap(Array(repeating: row, count: rows)))) - 1
        }
        #expect(cells(50) == 2000 && cells(51) == 0)
    }

    @Test func `a cell without room for its number has a stroke where it is below the centre`() {
        func strokes(_ map: HeatMap.ColourMap) -> Int {
            // Thirty columns of 15 wide or so: no number such as -1.23 fits.
            let row = (0..<30).map { Double($0) / 10 - 1.45 }
            let text = SVGRenderer().document(Figure(marks: [.heatMap(HeatMap([row], map: map))]))
            return count("stroke=\"#1f2933\"/>", in: text) + count("stroke=\"#ffffff\"/>", in: text)
        }
        // −1.45 to 1.45: those below −0.145 are fourteen, −1.45 to −0.15.
        #expect(strokes(.diverging(center: 0)) == 14 && strokes(.sequential) == 0)
    }

    @Test func `panels stand in a grid as square as there is room for, or in the columns that are asked for`() {
        func places(_ number: Int, _ columns: Int? = nil, width: Int = 640) -> [String] {
            let panels = (0..<number).map { Panel(title: "p\($0)", marks: [.line(Series(y: [1, 2]))]) }
            let text = SVGRenderer(width: width).document(Figure(panels: panels, columns: columns))
            return (0..<number).map { index in
                let parts = element(before: "p\(index)<", in: text).split(separator: "\"")
                return parts.count > 1 ? String(parts[1]) : "none"
            }
        }
        // 608 inside: two of 292 with 24 between them, three of 186.67.
        #expect(places(4) == ["16", "332", "16", "332"] && places(2) == ["16", "332"])
        #expect(places(5) == ["16", "226.67", "437.33", "16", "226.67"])
        #expect(places(3, 1) == ["16", "16", "16"] && places(2, 9) == ["16", "332"])
        // 268 wide holds one of 170; 364 and 24 hold two.
        #expect(places(2, width: 300) == ["16", "16"] && places(2, width: 396) == ["16", "210"])
        #expect(places(2, width: 395) == ["16", "16"])
    }

    @Test
    func `a page is at least 240 wide, is called by its title or what it shows, and a panel without data says so`() {
        func head(_ figure: Figure, _ width: Int) -> String {
            String(SVGRenderer(width: width).document(figure).prefix(400))
        }
        let figure = Figure(marks: [.line(Series(y: [1, 2]))])
        #expect(head(figure, 1).contains("width=\"240\"") && head(figure, 241).contains("width=\"241\""))
        #expect(head(figure, 640).contains("aria-label=\"plot, 2 points, min 1 max 2\""))
        var titled = figure
        titled.title = "T"
        #expect(head(titled, 640).contains("aria-label=\"T\""))
        let both = Figure(panels: [Panel(marks: []), Panel(marks: [.line(Series(y: [1, 2]))])])
        #expect(count(">no data<", in: SVGRenderer().document(both)) == 1)
        // A title is bold and comes first, a subtitle is quiet and below it.
        let text = SVGRenderer().document(Figure(title: "Big", subtitle: "small", marks: [.line(Series(y: [1]))]))
        let big = element(before: "Big</text>", in: text), small = element(before: "small<", in: text)
        #expect(big.contains("y=\"31\"") && big.contains("font-size=\"16\"") && big.contains("600"))
        #expect(small.contains("y=\"50\"") && small.contains("font-size=\"13\"") && !small.contains("600"))
    }

    @Test func `what is wrong with a picture is told with what to do`() {
        let missing = PictureError.missingLibrary("librsvg-2.so.2"), refused = PictureError.notDrawn("x")
        #expect(missing.description == "librsvg-2.so.2 was not found, which draws PNG and PDF")
        #expect(missing.help == "install librsvg2-2, or write the figure as SVG")
        #expect(refused.description == "the figure could not be drawn: x" && refused.help == "write it as SVG")
    }
}
