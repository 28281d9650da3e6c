import Testing

@testable import Plotting

@Suite struct TerminalDrawingTests {
    private let curve = Figure(
        title: "Accuracy", x: Axis("removed", unit: "tokens"), y: Axis("accuracy"),
        marks: [.line(Series(x: [0, 1, 2, 3, 4], y: [1, 0.75, 0.5, 0.25, 0]))])

    private func drawn(_ figure: Figure, width: Int, height: Int, _ glyphs: TerminalGlyphs) -> String {
        TerminalRenderer(width: width, height: height, glyphs: glyphs, colour: false).text(figure)
    }

    @Test func `a falling line in braille`() {
        #expect(
            drawn(curve, width: 26, height: 9, .braille) == """
                Accuracy
                accuracy
                1.0 ┤⠑⠢⢄⡀
                    │   ⠈⠑⠒⠤⣀
                0.5 ┤        ⠉⠒⠤⢄⡀
                    │            ⠈⠉⠒⠤⣀
                0.0 ┤                 ⠉⠒⠤⣀
                    └┬─────────┬─────────┬
                     0         2         4
                       removed (tokens)
                """)
    }

    @Test func `a falling line in quarter blocks`() {
        #expect(
            drawn(curve, width: 26, height: 9, .block) == """
                Accuracy
                accuracy
                1.0 ┤▀▚▄▄
                    │    ▀▀▄▄
                0.5 ┤        ▀▀▄▄
                    │            ▀▀▚▄▄
                0.0 ┤                 ▀▀▚▄
                    └┬─────────┬─────────┬
                     0         2         4
                       removed (tokens)
                """)
    }

    @Test func `a falling line in ASCII`() {
        #expect(
            drawn(curve, width: 26, height: 9, .ascii) == """
                Accuracy
                accuracy
                1.0 +'-..
                    |    '-..
                0.5 +        ''-.
                    |            ''-.
                0.0 +                ''--.
                    ++---------+---------+
                     0         2         4
                       removed (tokens)
                """)
    }
}
