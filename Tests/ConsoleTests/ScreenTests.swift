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
        let styles = StyleSheet(usesColour: false, usesAttributes: true)
        #expect(styles.render(line) == "\u{1b}[1mok \u{1b}[0mloss 1")
    }

    @Test func `text for a pipe has no codes`() {
        #expect(StyleSheet(usesColour: true, usesAttributes: false).render(line) == "ok loss 1")
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
            usesColour: false, isUnicode: true, hasBraille: true)
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
