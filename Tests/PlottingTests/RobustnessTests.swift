import Foundation
import Testing

@testable import Plotting

#if canImport(FoundationXML)
    import FoundationXML
#endif

@Suite struct RobustnessTests {
    @Test(arguments: TerminalGlyphs.allCases) func `no figure makes a line wider than the terminal`(
        glyphs: TerminalGlyphs
    ) {
        for seed in UInt64(0)..<120 {
            var figures = RandomFigures(seed: seed)
            let figure = figures.figure()
            let width = [1, 20, 21, 33, 40, 80, 120, 200][Int(seed % 8)]
            for line in TerminalRenderer(width: width, height: Int(seed % 30) - 2, glyphs: glyphs).lines(figure) {
                let text = line.map(\.text).joined()
                #expect(Label.columns(of: text) <= max(width, 20), "seed \(seed): \(text)")
                #expect(
                    !text.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F || $0.value == 0x202E },
                    "seed \(seed)")
            }
            #expect(!figure.summary.contains("\n"))
        }
    }

    @Test func `every figure is well-formed SVG without numbers that are none`() throws {
        for seed in UInt64(0)..<120 {
            var figures = RandomFigures(seed: seed)
            let figure = figures.figure()
            let document = SVGRenderer(width: [1, 240, 640, 1000][Int(seed % 4)]).document(figure)
            let parser = XMLParser(data: Data(document.utf8))
            #expect(parser.parse(), "seed \(seed): \(String(describing: parser.parserError))")
            let attributes = document.split(separator: "<").filter {
                !$0.hasPrefix("text") && !$0.hasPrefix("title") && !$0.hasPrefix("desc") && !$0.hasPrefix("svg")
            }
            #expect(!attributes.contains { $0.contains("nan") || $0.contains("inf") }, "seed \(seed)")
        }
    }

    @Test func `every figure is JSON and a table with as many fields in each row`() throws {
        for seed in UInt64(0)..<60 {
            var figures = RandomFigures(seed: seed)
            let figure = figures.figure()
            let read = try JSONSerialization.jsonObject(with: Data(figure.json.utf8)) as? [String: Any]
            #expect(
                read?["title"] as? String == figure.title && (read?["panels"] as? [Any])?.count == figure.panels.count)
        }
        let figure = Figure(panels: [
            Panel(
                title: "a, \"b\"",
                marks: [
                    .line(Series("s", x: [0, 0.1], y: [.nan, 1e-7])),
                    .band(Intervals("s", x: [1], low: [2], high: [3])),
                ]),
            Panel(marks: [.heatMap(HeatMap([[5, 6]])), .reference(Reference(.horizontal, at: 4, label: "level"))]),
        ])
        #expect(
            figure.csv == """
                panel,series,mark,x,y,low,high,value
                "a, ""b""\",s,line,0,,,,
                "a, ""b""\",s,line,0.1,1e-07,,,
                "a, ""b""\",s,band,1,,2,3,
                1,,cell,0,0,,,5
                1,,cell,1,0,,,6
                1,level,reference,,4,,,

                """)
    }

    @Test func `an ASCII drawing of ASCII labels has nothing beyond ASCII`() {
        let figure = Figure(
            title: "a title that is longer than the terminal is wide", x: Axis("position"), y: Axis("layer"),
            marks: [
                .heatMap(
                    HeatMap(
                        (0..<4).map { row in (0..<70).map { Double($0 * row % 7) - 3 } }, map: .diverging(center: 0)))
            ])
        let curve = Figure(
            panels: (0..<3).map {
                Panel(
                    title: "panel \($0)",
                    marks: [
                        .line(Series("a", y: [1, 3, 2])),
                        .band(Intervals("a", x: [0, 1], low: [0, 1], high: [2, 2])),
                    ])
            })
        for figure in [figure, curve] {
            let text = TerminalRenderer(width: 40, glyphs: .ascii).text(figure)
            #expect(text.unicodeScalars.allSatisfy { $0.isASCII }, "\(text)")
        }
    }

    @Test func `values that cannot be drawn are gaps, and none at all is said in one line`() {
        let nothing = Figure(title: "Loss", marks: [.line(Series(x: [1, 2, .nan], y: [.nan, .infinity, 3]))])
        #expect(TerminalRenderer().text(nothing) == "Loss: no data")
        #expect(nothing.summary == "plot, no data")
        #expect(TerminalRenderer().text(Figure(panels: [])) == "no data")
        #expect(SVGRenderer().document(nothing).contains(">no data<"))

        // Four points, one on each side of the gap joined to its neighbour.
        let gap = Figure(marks: [.line(Series(y: [1, 1, .nan, 1, 1]))])
        let drawn = TerminalRenderer(width: 24, height: 7, glyphs: .ascii).text(gap)
        #expect(drawn.contains("o----o         o----o"), "\(drawn)")
    }
}
