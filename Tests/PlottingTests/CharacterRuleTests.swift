// A figure in characters: which stand for what, where they stand, and what gives way where there is no room.

import Testing

@testable import Plotting

@Suite struct GlyphRuleTests {
    private let block = GlyphSet(glyphs: .block), ascii = GlyphSet(glyphs: .ascii)

    @Test func `each series has its marker and its filling, eight markers come round`() {
        #expect(String((0..<9).map(block.marker)) == "●○■□▲△◆◇●" && String((0..<9).map(ascii.marker)) == "o*+x#@%&o")
        #expect(String((0..<5).map(block.fill)) == "█▒░▓█" && String((0..<9).map(ascii.fill)) == "#=:%+o*.#")
        #expect(GlyphSet(glyphs: .braille).marker(1) == "○")
    }

    @Test func `solid bars end in eighths, others where half a character is reached`() {
        #expect(String((0...8).map { block.top(0, eighths: $0) }) == " ▁▂▃▄▅▆▇█")
        #expect(String((0...8).map { block.end(0, eighths: $0) }) == " ▏▎▍▌▋▊▉█")
        #expect(String((0...8).map { block.top(1, eighths: $0) }) == "    ▒▒▒▒▒")
        #expect(String((0...8).map { ascii.end(0, eighths: $0) }) == "    #####")
        #expect(block.top(0, eighths: 99) == "█" && block.top(0, eighths: -1) == " ")
    }

    @Test func `nothing of a frame in ASCII is beyond ASCII, and each part has its sign`() {
        #expect(String([ascii.vertical, ascii.horizontal, ascii.corner, ascii.leftTick, ascii.lowerTick]) == "|-+++")
        #expect(String([block.vertical, block.horizontal, block.corner, block.leftTick, block.lowerTick]) == "│─└┤┬")
        #expect(
            String([ascii.horizontalRule, ascii.verticalRule, ascii.areaFill, ascii.ellipsis, ascii.missing]) == "-::~_"
        )
        #expect(
            String([block.horizontalRule, block.verticalRule, block.areaFill, block.ellipsis, block.missing]) == "╌┊░…·"
        )
        #expect(block.whiskerEnds == ("┬", "│", "┴") && ascii.whiskerEnds == ("T", "|", "I"))
    }

    @Test func `a cell is empty within a twentieth of the lower end, and then has equal steps`() {
        func row(_ values: [Double], _ map: HeatMap.ColourMap, _ limits: ClosedRange<Double>) -> String {
            let figure = Figure(marks: [.heatMap(HeatMap([values], map: map, limits: limits))])
            return TerminalRenderer(width: 40, glyphs: .block, colour: false).text(figure)
        }
        // Of what is left, 0.95, a quarter each: to 0.2875, 0.525, 0.7625.
        let values = [0.04, 0.05, 0.28, 0.30, 0.52, 0.53, 0.76, 0.77, 1]
        #expect(
            row(values, .sequential, 0...1).hasPrefix("0   ░░░░▒▒▒▒▓▓▓▓████\n"), "\(row(values, .sequential, 0...1))")
        // Below the centre the same with strokes.
        let below = row(values.map { -$0 }, .diverging(center: 0), -1...1)
        #expect(below.hasPrefix("0   ╌╌╌╌────════≡≡≡≡\n"), "\(below)")
        #expect(row(values, .diverging(center: 0), -1...1).hasPrefix("0   ░░░░▒▒▒▒▓▓▓▓████\n"))
    }

    @Test func `soft hyphens and marks take no column, emoji and fullwidth signs two`() {
        for (text, columns) in [
            ("\u{AD}", 0), ("\u{200D}", 0), ("a\u{20DD}", 1), ("⌚", 2), ("Ａ", 2), ("ﾊ", 1), ("가", 2), ("🚀", 2),
            ("①", 1),
            ("é", 1), ("\u{7}", 0), ("▼", 1), ("⚡", 2), ("☀", 1), ("☀\u{FE0F}", 2),
        ] { #expect(Label.columns(of: text) == columns, "\(text)") }
        // Marks that order text are shown by a dot, the joiner of emoji stays.
        #expect(Label.neutral("a\u{202E}b\u{200D}c\u{200E}") == "a·b\u{200D}c·")
    }
}

@Suite struct GridRuleTests {
    @Test func `a place is blank until something stands there, and outside nothing is blank`() {
        var grid = TextGrid(columns: 4, rows: 2)
        grid.put("日x", row: 0, column: 0)
        #expect((0..<4).map { grid.isBlank(row: 0, column: $0) } == [false, false, false, true])
        for (row, column) in [(-1, 0), (0, -1), (2, 0), (0, 4)] { #expect(!grid.isBlank(row: row, column: column)) }
        #expect(grid.taken(row: 0, column: 1, width: 3) == 2 && grid.taken(row: 1, column: 2, width: 4) == 2)
        #expect(grid.taken(row: 1, column: 0, width: 0) == 0)
        // Over the second half of a wide character: its first half goes.
        grid.put("y", row: 0, column: 1, ink: .dim)
        #expect(grid.lines()[0].map(\.text).joined() == " yx")
        // What does not fit whole is not there.
        grid.put("日", row: 1, column: 3)
        #expect(grid.lines()[1].isEmpty)
    }

    @Test func `characters of one ink are one run, and a space goes with what is left of it`() {
        var grid = TextGrid(columns: 8, rows: 1)
        grid.put("ab", row: 0, column: 0, ink: .dim)
        grid.put("cd", row: 0, column: 3, ink: .series(1))
        #expect(grid.lines()[0] == [TerminalRun("ab ", .dim), TerminalRun("cd", .series(1))])
        var copy = TextGrid(columns: 8, rows: 2)
        copy.put("xxxxxxxx", row: 1, column: 0)
        // Blank places of what is copied cover nothing.
        copy.put(grid, row: 1, column: 1)
        #expect(copy.lines()[1].map(\.text).joined() == "xabxcdxx")
    }
}

@Suite struct TerminalLayoutRuleTests {
    private func text(_ figure: Figure, width: Int = 40, height: Int = 10, _ glyphs: TerminalGlyphs = .ascii) -> String
    {
        TerminalRenderer(width: width, height: height, glyphs: glyphs, colour: false).text(figure)
    }

    @Test func `a legend breaks where the next name would not fit, and cuts a name that is longer than a line`() {
        func legend(_ names: [String], _ columns: Int) -> [String] {
            TerminalLegend(
                entries: names.enumerated().map { LegendEntry(name: $1, series: $0, sample: .points) },
                set: GlyphSet(glyphs: .ascii), columns: columns
            ).lines().map { $0.map(\.text).joined() }
        }
        // A marker, a space and a name; three spaces between two.
        #expect(legend(["ab", "cd"], 11) == ["o ab   * cd"] && legend(["ab", "cd"], 10) == ["o ab", "* cd"])
        #expect(legend(["abcdefghij"], 8) == ["o abcde~"])
    }

    @Test func `a sample is what stands for the series: its line with its marker, its filling, or an area`() {
        func sample(_ kind: LegendEntry.Sample, _ series: Int = 0) -> String {
            let entries = [LegendEntry(name: "n", series: series, sample: kind)]
            return TerminalLegend(entries: entries, set: GlyphSet(glyphs: .ascii), columns: 40).lines()[0][0].text
        }
        #expect(sample(.line) == "--o--" && sample(.points, 1) == "*" && sample(.bar, 1) == "==")
        #expect(sample(.band) == "::" && sample(.outline) == "::")
        // The rhythm of the second series: four on, three off.
        #expect(sample(.line, 1) == "--*- ")
    }

    @Test func `no figure is drawn for fewer than twenty columns, and a title has two lines at most`() {
        let figure = Figure(title: "one two three four five six seven", marks: [.line(Series(y: [1, 2]))])
        #expect(text(figure, width: 1) == text(figure, width: 20))
        let lines = text(figure, width: 20).split(separator: "\n").map(String.init)
        #expect(lines[0] == "one two three four" && lines[1] == "five six seven")
        let long = Figure(title: "one two three four five six seven eight nine", marks: [.line(Series(y: [1, 2]))])
        #expect(text(long, width: 20).hasPrefix("one two three four\nfive six seven eigh~"))
    }

    @Test func `upright bars lie down when a name has no room of its own`() {
        func isUpright(_ name: String, limits: ClosedRange<Double>? = nil) -> Bool {
            let figure = Figure(x: Axis(limits: limits, categories: ["a", name]), marks: [.bars(Series(y: [1, 2]))])
            // Only an upright axis has a corner.
            return text(figure, width: 24).contains("+---")
        }
        // (24 − 8) / 2 = 8 columns each, one of them a gap.
        #expect(isUpright("seven77") && !isUpright("eight888") && isUpright("eight888", limits: -0.5...1.5))
    }

    @Test func `an interval has its ends above and below, one that is shorter than a row has none`() throws {
        let lines = text(
            Figure(y: Axis(limits: 0...8), marks: [.errorBars(Intervals(x: [0], low: [2], high: [6]))])
        ).split(separator: "\n", omittingEmptySubsequences: false).map(Array.init)
        func place(_ sign: Character) -> (row: Int, column: Int)? {
            for (row, line) in lines.enumerated() { if let column = line.lastIndex(of: sign) { return (row, column) } }
            return nil
        }
        let top = try #require(place("T")), bottom = try #require(place("I"))
        #expect(top.row < bottom.row && top.column == bottom.column)
        for row in (top.row + 1)..<bottom.row { #expect(lines[row][top.column] == "|") }
        let short = text(Figure(y: Axis(limits: 0...8), marks: [.errorBars(Intervals(x: [0], low: [4], high: [4]))]))
        #expect(!short.contains("T") && !short.contains("I"))
    }

    @Test func `a reference line goes across the panel, an upright one down through it`() {
        func rules(_ direction: Reference.Direction, _ sign: Character) -> [Int] {
            let figure = Figure(
                x: Axis(limits: 0...4), y: Axis(limits: 0...4),
                marks: [.points(Series(x: [0], y: [0])), .reference(Reference(direction, at: 2))])
            return text(figure, width: 40, height: 12, .block).split(separator: "\n").map { line in
                line.count { $0 == sign }
            }.filter { $0 > 0 }
        }
        // "4 ┤" leaves 37 of 40 columns.
        #expect(rules(.horizontal, "╌") == [37])
        let upright = rules(.vertical, "┊")
        #expect(upright.count >= 8 && upright.allSatisfy { $0 == 1 })
    }

    @Test func `panels stand side by side where each has thirty columns, rows as even as can be`() {
        func rows(_ number: Int, width: Int, columns: Int? = nil) -> [Int] {
            let panels = (0..<number).map { Panel(title: "panel\($0)", marks: [.line(Series(y: [1, 2]))]) }
            let drawn = TerminalRenderer(width: width, height: 6, glyphs: .ascii, colour: false)
                .text(Figure(panels: panels, columns: columns))
            return drawn.split(separator: "\n").map { $0.split(separator: " ").count { $0.hasPrefix("panel") } }
                .filter { $0 > 0 }
        }
        // Two take 30 + 3 + 30.
        #expect(rows(2, width: 63) == [2] && rows(2, width: 62) == [1, 1])
        // Of three that fit, four stand two and two unless somebody asks for three.
        #expect(rows(4, width: 96) == [2, 2] && rows(4, width: 96, columns: 3) == [3, 1])
        #expect(rows(2, width: 96, columns: 1) == [1, 1])
    }

    @Test func `what has no finite value says so in its place`() {
        let figure = Figure(panels: [
            Panel(title: "a", marks: []), Panel(title: "b", marks: [.line(Series(y: [1, 2]))]),
        ])
        let lines = text(figure, width: 63).split(separator: "\n").map(String.init)
        #expect(lines[0].hasPrefix("a ") && lines[0].contains(" b") && lines[1].hasPrefix("no data"))
    }
}
