import Language
import Testing

@testable import Console

@Suite struct ScreenLayoutTests {
    private func layout(_ text: String, cursor: Int? = nil, columns: Int = 10, margin: Int = 2) -> ScreenLayout {
        let scalars = text.unicodeScalars.map(\.value)
        return ScreenLayout(scalars, cursor: cursor ?? scalars.count, columns: columns, margin: margin)
    }

    @Test func `a long line goes on in the next row right of the margin`() {
        let layout = layout("abcdefghij")
        #expect(layout.rows.map(\.scalars) == [0..<8, 8..<10])
        #expect(layout.rows.map(\.startsLine) == [true, false])
        #expect((layout.cursorRow, layout.cursorColumn) == (1, 4))
    }

    @Test func `a cursor after a full row stands at the start of the next one`() {
        let layout = layout("abcdefgh")
        #expect(layout.rows.count == 2)
        #expect((layout.cursorRow, layout.cursorColumn) == (1, 2))
    }

    @Test func `a wide character never straddles two rows`() {
        let layout = layout("abcdefg日x")
        #expect(layout.rows.map(\.scalars) == [0..<7, 7..<9])
        #expect(layout.rows.map(\.columns) == [7, 3])
    }

    @Test func `newlines begin rows and offsets count UTF-8`() {
        let layout = layout("é\n日\n", cursor: 2)
        #expect(layout.rows.map(\.utf8Start) == [0, 3, 7])
        #expect((layout.cursorRow, layout.cursorColumn) == (1, 2))
    }

    @Test func `an accent takes no column of its own`() {
        #expect(layout("e\u{301}x").rows.map(\.columns) == [2])
    }
}

@Suite struct FramePainterTests {
    private func row(_ text: String) -> FrameRow { FrameRow(text: text, columns: text.count) }

    @Test func `an unchanged frame writes nothing`() {
        var painter = FramePainter()
        let frame = Frame(rows: [row("a"), row("b")], cursorRow: 1, cursorColumn: 1)
        #expect(painter.paint(frame, columns: 80) != "")
        #expect(painter.paint(frame, columns: 80) == "")
    }

    @Test func `only the changed row is written`() {
        var painter = FramePainter()
        _ = painter.paint(Frame(rows: [row("first"), row("second")], cursorRow: 1, cursorColumn: 6), columns: 80)
        let out = painter.paint(
            Frame(rows: [row("first"), row("seconds")], cursorRow: 1, cursorColumn: 7), columns: 80)
        #expect(out == "\rseconds\u{1b}[K\r\u{1b}[7C")
    }

    @Test func `a row as wide as the screen is not followed by an erasure of its last column`() {
        var painter = FramePainter()
        #expect(painter.paint(Frame(rows: [row("12345")], cursorRow: 0, cursorColumn: 0), columns: 5) == "\r12345\r")
    }
}

@Suite struct StyleTests {
    private let line = StyledText(runs: [StyledRun("ok ", .good), StyledRun("loss", .label), StyledRun(" 1")])

    @Test func `NO_COLOR keeps bold and underline and drops colours`() {
        let styles = StyleSheet(colours: .none, usesAttributes: true)
        #expect(styles.render(line) == "\u{1b}[1mok \u{1b}[0mloss 1")
    }

    /// Xterm's 256 colours: a cube of 6 × 6 × 6 from 16 on, then 24 greys.
    private func levels(_ number: Int) -> [Double] {
        let steps = [0.0, 95, 135, 175, 215, 255]
        if number >= 232 { return [Double](repeating: Double(8 + 10 * (number - 232)) / 255, count: 3) }
        return [(number - 16) / 36, (number - 16) / 6 % 6, (number - 16) % 6].map { steps[$0] / 255 }
    }

    @Test func `every colour can be read on the usual backgrounds: 4.5 to 1`() {
        // Black, VS Code, gruvbox, solarized, dracula, nord; white, solarized, GitHub, solarized's highlights.
        let dark = [0x000000, 0x1E1E1E, 0x282828, 0x002B36, 0x282A36, 0x2E3440]
        let light = [0xFFFFFF, 0xFDF6E3, 0xFAFAFA, 0xEEE8D5]
        let all: [(Background, [Int])] = [(.dark, dark), (.light, light), (.unknown, [0x000000, 0xFFFFFF])]
        for (background, colours) in all {
            for hue in StyleSheet.Hue.allCases {
                let own = Contrast.luminance(levels(hue.number(on: background)))
                for colour in colours {
                    let behind = Contrast.luminance([16, 8, 0].map { Double(colour >> $0 & 255) / 255 })
                    #expect(Contrast.ratio(own, behind) >= 4.5, "\(hue) on \(String(colour, radix: 16))")
                }
            }
        }
        // The console of Linux: VGA's green and cyan on black.
        for colour in [[0, 170, 0], [0, 170, 170]] as [[Double]] {
            #expect(Contrast.ratio(Contrast.luminance(colour.map { $0 / 255 }), 0) >= 4.5, "\(colour)")
        }
        // WCAG's own example: grey 767676 on white.
        #expect(abs(Contrast.ratio(1, Contrast.luminance([118, 118, 118].map { $0 / 255 })) - 4.54) < 0.005)
    }

    @Test func `colours follow the background, and few colours leave weight and underline`() {
        func code(_ style: Style, _ colours: StyleSheet.Colours, _ background: Background = .unknown) -> String? {
            StyleSheet(colours: colours, usesAttributes: true, background: background).code(for: style)
        }
        #expect(code(.verb, .many, .dark) == "1;38;5;117")
        #expect(code(.verb, .many, .light) == "1;38;5;20")
        #expect(code(.verb, .many) == "1;38;5;63")
        #expect(code(.verb, .console) == "1;36")
        #expect(code(.verb, .none) == "1")
        #expect(code(.dim, .none) == "2")
        #expect(code(.dim, .many, .light) == "38;5;241")
        #expect(code(.plain, .many) == nil)
    }

    @Test func `a background is known from the environment or the terminal's answer`() {
        func found(_ variables: [String: String]) -> Background { Background.fromEnvironment { variables[$0] } }
        #expect(found([:]) == .unknown)
        #expect(found(["COLORFGBG": "15;0"]) == .dark)
        #expect(found(["COLORFGBG": "0;default;15"]) == .light)
        #expect(found(["COLORFGBG": "15;0", "ICOT_BACKGROUND": "light"]) == .light)
        #expect(found(["TERM": "linux"]) == .dark)
        var decoder = KeyDecoder()
        func keys(_ text: String) -> [Key] { text.utf8.flatMap { decoder.take($0) } }
        #expect(keys("\u{1b}]11;rgb:ffff/ffff/ffff\u{1b}\\a") == [.background(.light), .scalar(0x61)])
        #expect(keys("\u{1b}]11;rgb:1e/1e/1e\u{7}") == [.background(.dark)])
        #expect(keys("\u{1b}]11;rgb:zz/1e/1e\u{7}\u{1b}]0;title\u{7}b") == [.scalar(0x62)])
    }

    @Test func `text for a pipe has no codes`() {
        #expect(StyleSheet(colours: .many, usesAttributes: false).render(line) == "ok loss 1")
    }

    @Test func `no control character of a value reaches the terminal`() {
        for value in UInt32(0)...0x2100 {
            guard let scalar = Unicode.Scalar(value) else { continue }
            for shown in Neutral.text("a\(scalar)b").unicodeScalars {
                #expect(
                    shown.value >= 0x20 && !(0x7f..<0xa0).contains(shown.value)
                        && !(0x202a...0x202e).contains(shown.value))
            }
        }
        #expect(Neutral.text("\u{1b}[31mred") == "^[[31mred")
    }

    @Test func `a long line is broken at spaces and its later rows are indented`() {
        let rows = StyledText("one two three four").wrapped(to: 10, indent: 2)
        #expect(rows.map(\.plain) == ["one two", "  three", "  four"])
    }

    @Test func `a line cut to fit shows that it was cut`() {
        #expect(StyledText("日本語です").truncated(to: 7).plain == "日本語…")
        #expect(StyledText("short").truncated(to: 7).plain == "short")
        #expect(StyledText("abcdefgh").truncated(to: 5).plain == "abcd…")
        #expect(StyledText("abcdefgh").truncated(to: 8).plain == "abcdefgh")
        #expect(StyledText("abcdefgh").truncated(to: 1).plain == "…")
        #expect(StyledText("abcdefgh").truncated(to: 0).plain == "")
    }
}

@Suite struct ProgressLineTests {
    private func terminal(_ isTerminal: Bool) -> TerminalState {
        TerminalState(
            inputIsTerminal: isTerminal, outputIsTerminal: isTerminal, errorIsTerminal: isTerminal, canMove: isTerminal,
            usesColour: false, has256Colours: false, isLinuxConsole: false, isUnicode: true, hasBraille: true)
    }

    @Test func `a terminal gets at most ten updates a second and nothing is left behind`() {
        var time = 0.0
        var out = ""
        let line = ProgressLine(terminal: terminal(true), now: { time }, write: { out += $0 })
        for step in 0..<1000 {
            time = Double(step) * 0.001
            line.update(StyledText("step \(step)"))
        }
        #expect((9...10).contains(out.split(separator: "\r").count))
        line.finish()
        #expect(out.hasSuffix("\r\u{1b}[K"))
    }

    @Test func `a panel is drawn below the line, shrinks, and is gone when the work is over`() {
        var time = 0.0
        var out = ""
        let line = ProgressLine(terminal: terminal(true), now: { time }, write: { out += $0 })
        line.panel = ["one", "two"]
        line.update("working")
        #expect(out == "\rworking\u{1b}[K\r\none\u{1b}[K\r\ntwo\u{1b}[K\u{1b}[J")
        (out, time) = ("", 1)
        line.panel = ["three"]
        line.update("on")
        #expect(out == "\r\u{1b}[2Aon\u{1b}[K\r\nthree\u{1b}[K\u{1b}[J")
        out = ""
        line.finish()
        #expect(out == "\r\u{1b}[1A\u{1b}[J")
        (out, time) = ("", 2)
        line.update("next")
        #expect(out == "\rnext\u{1b}[K")
    }

    @Test func `a file gets no panel`() {
        var time = 0.0
        var out = ""
        let line = ProgressLine(terminal: terminal(false), now: { time }, write: { out += $0 })
        line.panel = ["one"]
        line.update("working")
        time = 3
        line.update("working")
        #expect(out == "working\n")
    }

    @Test func `a file gets whole lines, ever more seldom, without control characters`() {
        var time = 0.0
        var out = ""
        let line = ProgressLine(terminal: terminal(false), now: { time }, write: { out += $0 })
        for second in 0..<600 {
            time = Double(second)
            line.update(StyledText("second \(second)"))
        }
        #expect(!out.contains("\r") && !out.contains("\u{1b}"))
        #expect((5...30).contains(out.split(separator: "\n").count))
    }

    @Test func `a file's first line comes after two seconds, and the waits grow by half up to a minute`() {
        var time = 0.0
        var shown: [Double] = []
        let line = ProgressLine(terminal: terminal(false), now: { time }, write: { _ in shown.append(time) })
        for quarter in 0..<4 * 300 {
            time = Double(quarter) / 4
            line.update(StyledText("x"))
        }
        // 2, + 3, + 4.5, + 6.75, + 10.125 (seen at 10.25), + 15.1875 (15.25), …
        #expect(Array(shown.prefix(6)) == [2, 5, 9.5, 16.25, 26.5, 41.75])
        #expect(zip(shown.dropFirst(), shown).allSatisfy { $0 - $1 <= 60 })
        line.finish()
        shown = []
        for second in 400..<405 {
            time = Double(second)
            line.update(StyledText("x"))
        }
        #expect(shown == [402])
    }
}
