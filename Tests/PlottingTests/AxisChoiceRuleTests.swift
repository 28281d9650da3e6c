// What figures choose by themselves: the ends and divisions of axes, how large a picture is, and what gives way.

import Foundation
import Testing

@testable import Plotting

@Suite struct AxisChoiceRuleTests {
    private func panel(_ marks: [Mark], x: Axis = Axis(), y: Axis = Axis()) -> ResolvedPanel {
        ResolvedFigure(Figure(x: x, y: y, marks: marks)).panels[0]
    }

    @Test func `an axis counts where all its data are whole, a reference line's too`() {
        let whole = panel([.line(Series(x: [0, 1, 2], y: [3, 4, 6]))])
        #expect(whole.countsX && whole.countsY && whole.xTicks(10).values == [0, 1, 2])
        let half = panel([.line(Series(x: [0, 0.5, 2], y: [3, 4, 6.5]))])
        #expect(!half.countsX && !half.countsY && half.xTicks(4).values == [0, 0.5, 1, 1.5, 2])
        let line = Mark.line(Series(x: [0, 1, 2], y: [3, 4, 6]))
        #expect(!panel([line, .reference(Reference(.horizontal, at: 4.5))]).countsY)
        #expect(panel([line, .reference(Reference(.horizontal, at: 4.5))]).countsX)
        #expect(!panel([line, .reference(Reference(.vertical, at: 0.5))]).countsX)
        // Half a bar's width and half a category are not data.
        #expect(panel([.bars(Series(y: [1, 2]))]).countsX)
        #expect(panel([line], x: Axis(categories: ["a", "b", "c"])).countsX)
        // What is too large to be counted one by one is not counted.
        #expect(!panel([.line(Series(x: [0, 1], y: [0, 2e15]))]).countsY)
    }

    @Test func `a histogram's bins of whole width let the axis count`() {
        #expect(panel([.histogram(Sample(values: [0, 1, 3]))]).countsX)
        #expect(!panel([.histogram(Sample(values: [0, 0.1, 0.5], bins: 5))]).countsX)
        let counts = panel([.histogram(Sample(values: [1, 1, 1, 2]))])
        // Three of one kind: from none to the next round number.
        #expect(counts.y.low == 0 && counts.y.high == 3 && counts.countsY)
        #expect(counts.x.low == 0.5 && counts.x.high == 2.5)
    }

    @Test func `an upright axis ends at round numbers, a level one at its data, and limits are kept`() {
        let found = panel([.line(Series(x: [0.13, 9.7], y: [0.29, 0.998]))])
        #expect(found.x.low == 0.13 && found.x.high == 9.7)
        #expect(abs(found.y.low - 0.2) < 1e-12 && abs(found.y.high - 1) < 1e-12)
        let limited = panel([.line(Series(y: [0.29, 0.998]))], x: Axis(limits: -1...7), y: Axis(limits: 0.3...0.77))
        #expect(limited.x.low == -1 && limited.x.high == 7 && limited.y.low == 0.3 && limited.y.high == 0.77)
        // Logarithmic axes and categories end at the data.
        let log = panel([.line(Series(y: [3, 700]))], y: Axis(scale: .log))
        #expect(log.y.low == 3 && log.y.high == 700)
        let named = panel([.line(Series(y: [0.25, 1.5]))], y: Axis(categories: ["a", "b"]))
        #expect(named.y.low == 0.25 && named.y.high == 1.5 && named.yTicks(3).labels == ["b"])
    }

    @Test func `points at the ends have three hundredths of room, and bars on a logarithmic axis stand on its end`() {
        let points = panel([.points(Series(x: [0, 100], y: [1, 2]))])
        #expect(abs(points.x.low + 3) < 1e-9 && abs(points.x.high - 103) < 1e-9)
        let beside = panel([.points(Series(x: [1, 100], y: [1, 2]))], x: Axis(scale: .log))
        #expect(beside.x.low == 1 && beside.x.high == 100)
        guard
            case .bars(_, _, _, _, let bars)? = panel(
                [.bars(Series(y: [10, 1000]))], y: Axis(scale: .log, limits: 10...1000)
            ).shapes.first
        else {
            Issue.record("no bars")
            return
        }
        #expect(bars.map(\.from) == [0, 0] && bars.map(\.to) == [0, 1])
    }

    @Test func `what is not positive has no place on a logarithmic axis, and its point is not counted`() {
        let found = panel([.line(Series(x: [1, 2, 3], y: [0, 10, 100]))], y: Axis(scale: .log))
        #expect(found.x.low == 2 && found.x.high == 3 && found.y.low == 10)
        #expect(panel([.line(Series(x: [1], y: [-1]))], y: Axis(scale: .log)).isEmpty)
        #expect(!panel([.line(Series(x: [1], y: [-1]))]).isEmpty)
        // Words and lines across are no data.
        #expect(panel([.text(Annotation("t", x: 0, y: 0)), .reference(Reference(.horizontal, at: 1))]).isEmpty)
    }

    @Test func `a bar outside of the axis is not drawn, one that begins in it is cut at its end`() {
        let axis = Axis(limits: 0...2)
        guard
            case .bars(_, _, _, let slot, let bars)? = panel(
                [.bars(Series(x: [-1, 0, 1, 3], y: [1, 1, 9, 1]))], x: axis, y: Axis(limits: 0...3)
            )
            .shapes.first
        else {
            Issue.record("no bars")
            return
        }
        #expect(bars.map(\.x) == [0, 0.5] && bars.map(\.to) == [1.0 / 3, 1] && bars.map(\.value) == [1, 9])
        #expect(slot == 0.5)
    }

    @Test func `a histogram outside of the axis is cut, and a bin of which nothing is seen is left out`() {
        guard
            case .bins(_, let bins, _)? = panel([.histogram(Sample(values: [0, 1, 1, 2]))], x: Axis(limits: 0...1.5))
                .shapes.first
        else {
            Issue.record("no bins")
            return
        }
        // −0.5 to 0.5 is seen from 0, 0.5 to 1.5 whole, and the third not at all.
        #expect(bins.map(\.left) == [0, 1.0 / 3] && bins.map(\.right) == [1.0 / 3, 1])
        #expect(bins.map(\.height) == [0.5, 1])
    }

    @Test func `a series is one in all panels, numbered as it first appears`() {
        let figure = ResolvedFigure(
            Figure(panels: [
                Panel(marks: [.line(Series("a", y: [1])), .line(Series("b", y: [1]))]),
                Panel(marks: [.points(Series("b", y: [1])), .bars(Series("c", y: [1]))]),
            ]))
        #expect(figure.legend.map(\.name) == ["a", "b", "c"] && figure.legend.map(\.series) == [0, 1, 2])
        #expect(figure.legend.map(\.sample) == [.line, .line, .bar])
        guard case .scatter(let series, _)? = figure.panels[1].shapes.first else { return }
        #expect(series == 1)
        #expect(ResolvedFigure(Figure(marks: [.heatMap(HeatMap([[1]], label: "l"))])).legend.isEmpty)
    }
}

@Suite struct FigureDefaultRuleTests {
    @Test func `figures are as large, as fine and as coloured as is usual unless somebody asks for more`() {
        let (page, terminal) = (SVGRenderer(), TerminalRenderer())
        #expect(page.width == 640 && page.height == 320)
        #expect(terminal.width == 80 && terminal.height == 16 && terminal.glyphs == .braille && terminal.colour)
        let figure = Figure(panels: [])
        #expect(figure.columns == nil && figure.sharesScales && figure.title.isEmpty)
        #expect(Series(y: [5, 6, 7]).x == [0, 1, 2] && Sample(values: [1]).bins == nil)
        #expect(Axis().scale == .linear && Axis().limits == nil && HeatMap([[1]]).map == .sequential)
        #expect(PictureRenderer().scale == 2 && figure.summary == "plot, no data")
    }

    @Test func `a figure has a title in two lines and a subtitle in three at most, the last one cut`() {
        let words = Array(repeating: "word", count: 60).joined(separator: " ")
        let figure = Figure(title: words, subtitle: words, marks: [.line(Series(y: [1, 2]))])
        let lines = TerminalRenderer(width: 40, glyphs: .block, colour: false).lines(figure)
        #expect(lines.prefix(5).map { $0[0].ink } == [.emphasis, .emphasis, .dim, .dim, .dim])
        #expect(lines[1][0].text.hasSuffix("…") && lines[4][0].text.hasSuffix("…") && !lines[0][0].text.hasSuffix("…"))
        #expect(!lines[5].map(\.text).joined().contains("word"))
        let page = SVGRenderer(width: 300).document(figure)
        func count(_ size: String) -> Int { page.components(separatedBy: "font-size=\"\(size)\"").count - 1 }
        #expect(count("16") == 2 && count("13") == 3)
    }

    @Test func `a panel of a terminal has six rows at least and as many as are asked for`() {
        func rows(_ height: Int) -> Int {
            TerminalRenderer(width: 40, height: height, glyphs: .ascii).lines(
                Figure(marks: [.bars(Series(y: [1, 3]))])
            )
            .count
        }
        #expect(rows(1) == 6 && rows(6) == 6 && rows(7) == 7 && rows(30) == 30)
        #expect(rows(1000) == 200)
    }

    @Test func `what has no data says so with its title, in one line`() {
        func text(_ figure: Figure) -> String { TerminalRenderer(width: 20, colour: false).text(figure) }
        #expect(text(Figure(marks: [])) == "no data")
        #expect(text(Figure(title: "Loss", marks: [.line(Series(y: [.nan]))])) == "Loss: no data")
        // Nine columns are left for what follows a title that is cut.
        #expect(text(Figure(title: "A title that is long", marks: [])) == "A title th…: no data")
    }

    @Test func `a category without a bar has a sign for it, and lines across lying bars are told below them`() {
        let figure = Figure(
            x: Axis(categories: ["a name of its own", "b"]), y: Axis("loss", limits: 0...4),
            marks: [.bars(Series(x: [0], y: [2])), .reference(Reference(.horizontal, at: 4, label: "chance"))])
        let lines = TerminalRenderer(width: 40, glyphs: .block, colour: false).text(figure)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        // The name has a third of 40 columns, and an ellipsis.
        #expect(lines.count == 4 && lines[1].hasPrefix("a name of it… │") && lines[1].contains(" 2 "))
        #expect(lines[0].trimmingPrefix { $0 == " " } == "loss" && lines[2].hasPrefix("            b │"))
        #expect(lines[2].contains("·") && lines[3].trimmingPrefix { $0 == " " } == "┊ chance 4")
        #expect(lines[1].contains("┊") && lines[2].contains("┊"))
    }

    @Test func `a map of more rows than a terminal takes is merged, and says how many make one`() {
        func text(_ rows: Int) -> String {
            TerminalRenderer(width: 40, glyphs: .block, colour: false)
                .text(Figure(marks: [.heatMap(HeatMap((0..<rows).map { [Double($0)] }))]))
        }
        #expect(!text(120).contains("strongest") && text(121).contains("one character: the strongest of 2 × 1"))
        let ascii = TerminalRenderer(width: 40, glyphs: .ascii, colour: false)
            .text(Figure(marks: [.heatMap(HeatMap((0..<121).map { [Double($0)] }))]))
        #expect(ascii.contains("one character: the strongest of 2 x 1"))
    }

    @Test func `a colour is one of eight in a terminal too, whatever the number of the series`() {
        let figure = Figure(marks: (0..<10).map { .line(Series("s\($0)", y: [Double($0), 1])) })
        let inks = Set(TerminalRenderer(width: 60, height: 30).lines(figure).joined().map(\.ink))
        #expect(!inks.contains(.series(8)) && !inks.contains(.series(9)))
        #expect(inks.isSuperset(of: (0..<8).map { .series($0) }))
    }

    @Test func `words of a figure are made harmless wherever they come from`() {
        let figure = Figure(
            title: "a\u{1B}b", subtitle: "c\u{202E}d", x: Axis("e\nf"), y: Axis("g\u{7}h"),
            marks: [
                .line(Series("i\u{1B}j", y: [1, 2])), .line(Series("k", y: [2, 1])),
                .text(Annotation("l\nm", x: 0, y: 1)), .reference(Reference(.horizontal, at: 1.5, label: "n\tn")),
            ])
        let text = TerminalRenderer(width: 60, height: 14, glyphs: .block, colour: false).text(figure)
        for word in ["a·b", "c·d", "e↵f", "g·h", "i·j", "l↵m", "n⇥n"] { #expect(text.contains(word), "\(word)") }
        #expect(figure.summary.hasPrefix("plot e↵f→g·h, "))
    }
}
