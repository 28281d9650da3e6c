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
                1.0 ┤●⠢⢄⡀
                    │   ⠈⠑●⠤⣀
                0.5 ┤        ⠉⠒●⢄⡀
                    │            ⠈⠉⠒●⣀
                0.0 ┤                 ⠉⠒⠤●
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
                1.0 ┤●▚▄▄
                    │    ▀●▄▄
                0.5 ┤        ▀▀●▄
                    │            ▀▀▚●▄
                0.0 ┤                 ▀▀▚●
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
                1.0 +o-..
                    |    'o..
                0.5 +        ''o.
                    |            ''-o
                0.0 +                ''--o
                    ++---------+---------+
                     0         2         4
                       removed (tokens)
                """)
    }

    @Test func `bars stand side by side and are told apart by their filling`() {
        let figure = Figure(
            x: Axis("digit"), y: Axis("accuracy", limits: 0...1),
            marks: [.bars(Series("explicit", y: [1, 0.75])), .bars(Series("No CoT", y: [0.5, 0.25]))])
        #expect(
            drawn(figure, width: 24, height: 8, .block) == """
                ██ explicit   ▒▒ No CoT
                accuracy
                1.0 ┤ ███
                    │ ███      ███
                0.5 ┤ ███▒▒▒   ███
                0.0 ┤ ███▒▒▒   ███▒▒▒
                    └────┬────────┬────
                         0        1
                           digit
                """)
        #expect(
            drawn(figure, width: 24, height: 8, .ascii) == """
                ## explicit   == No CoT
                accuracy
                1.0 + ###
                    | ###      ###
                0.5 + ###===   ###
                0.0 + ###===   ###===
                    +----+--------+----
                         0        1
                           digit
                """)
    }

    @Test func `bars with long names lie, with their values and intervals`() {
        let figure = Figure(
            x: Axis(categories: ["probe", "shuffled labels", "untrained model"]), y: Axis("error"),
            marks: [.bars(Series(y: [0.5, 4, 3])), .errorBars(Intervals(x: [0], low: [0.25], high: [0.75]))])
        #expect(
            drawn(figure, width: 52, height: 8, .block) == """
                                 error
                          probe │█▌ 0.500 (0.250 to 0.750)
                shuffled labels │████████████ 4
                untrained model │█████████ 3
                """)
        // Too narrow for intervals: the bars keep their room.
        #expect(drawn(figure, width: 50, height: 8, .ascii).contains("untrained model |#################### 3"))
    }

    @Test func `a heat map diverges in shades and strokes`() {
        let figure = Figure(
            x: Axis("input"), y: Axis("answer"),
            marks: [.heatMap(HeatMap([[2, 1, 0], [-1, -2, .nan]], label: "effect", map: .diverging(center: 0)))])
        #expect(
            drawn(figure, width: 40, height: 8, .block) == """
                answer
                0 ██  2 ▒▒  1     0
                1 ── -1 ≡≡ -2 ·
                  0     1     2
                        input

                effect -2 ≡≡══──╌╌  0  ░░▒▒▓▓██ 2
                · no value
                """)
        #expect(
            drawn(figure, width: 20, height: 8, .ascii) == """
                answer
                0 @@  2 ++  1     0
                1 ~~ -1 %% -2 _
                  0     1     2
                        input

                effect
                -2 %=~- 0 .:+*#@ 2
                _ no value
                """)
    }

    @Test func `small multiples stand in a grid and share one key`() {
        let figure = Figure(
            panels: (0..<4).map {
                Panel(title: "head \($0)", x: Axis("key"), marks: [.heatMap(HeatMap([[1, 0], [0, Double($0)]]))])
            })
        #expect(
            drawn(figure, width: 40, height: 8, .block) == """
                head 0               head 1
                0 ▒▒ 1    0          0 ▒▒ 1    0
                1    0    0          1    0 ▒▒ 1
                  0    1               0    1
                     key                  key

                head 2               head 3
                0 ▒▒ 1    0          0 ▒▒ 1    0
                1    0 ▓▓ 2          1    0 ██ 3
                  0    1               0    1
                     key                  key

                0   ░░▒▒▓▓██ 3
                """)
    }

    @Test func `a drawing without colour has no coloured runs, one with colour numbers the series`() {
        let figure = Figure(marks: [.line(Series("a", y: [1, 2])), .line(Series("b", y: [2, 1]))])
        func inks(_ colour: Bool) -> Set<TerminalInk> {
            Set(TerminalRenderer(width: 40, colour: colour).lines(figure).joined().map(\.ink))
        }
        #expect(inks(false) == [.plain, .dim])
        #expect(inks(true) == [.plain, .dim, .series(0), .series(1)])
    }

    @Test func `words stand beside what they name and cover no data where there is room`() {
        let figure = Figure(marks: [
            .line(Series(x: [0, 1, 2, 3, 4], y: [0, 0, 0, 4, 4])), .text(Annotation("here", x: 2, y: 0)),
            .reference(Reference(.horizontal, at: 2, label: "level")),
        ])
        #expect(
            drawn(figure, width: 30, height: 11, .block) == """
                4 ┤                   ▗●▀▀▀▀▀●
                  │                   ▌
                3 ┤                  ▞
                  │                 ▐    level
                2 ┤╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌▗▘╌╌╌╌╌╌╌╌╌
                  │                ▌
                1 ┤               ▞
                  │              ▐
                0 ┤●▄▄▄▄▄●▄▄▄▄▄▄●▘here
                  └┬────────────┬────────────┬
                   0            2            4
                """)
    }
}

@Suite struct TextGridTests {
    @Test func `a wide character never sticks out and is never cut in half`() {
        var grid = TextGrid(columns: 4, rows: 1)
        grid.put("日本語", row: 0, column: 0)
        #expect(grid.lines()[0].map(\.text).joined() == "日本")
        grid.put("x", row: 0, column: 1)
        #expect(grid.lines()[0].map(\.text).joined() == " x本")
    }

    @Test func `labels lose what could move the cursor`() {
        #expect(Label.neutral("a\n\u{1B}[31m\u{202E}b") == "a↵·[31m·b")
        #expect(Label.fitted("accuracy", to: 4) == "acc…")
        #expect(Label.fitted("日本語", to: 4) == "日…")
    }
}
