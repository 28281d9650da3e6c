// What is written to a terminal, byte by byte, and what is known of the terminal.

import Foundation
import Glibc
import Language
import Support
import TestSupport
import Testing

@testable import Console

private func state(
    _ isTerminal: Bool = true, canMove: Bool = true, colour: Bool = true, has256: Bool = true, isConsole: Bool = false,
    isUnicode: Bool = true, hasBraille: Bool = true, errors: Bool? = nil
) -> TerminalState {
    TerminalState(
        inputIsTerminal: isTerminal, outputIsTerminal: isTerminal, errorIsTerminal: errors ?? isTerminal,
        canMove: canMove, usesColour: colour, has256Colours: has256, isLinuxConsole: isConsole, isUnicode: isUnicode,
        hasBraille: hasBraille)
}

@Suite struct FrameRuleTests {
    private func frame(_ texts: [String], _ row: Int, _ column: Int) -> Frame {
        Frame(
            rows: texts.map { FrameRow(text: $0, columns: $0.count) }, cursorRow: row, cursorColumn: column)
    }

    @Test func `the first frame begins in the row of the cursor, and each row after it below the one before`() {
        var painter = FramePainter()
        #expect(painter.paint(frame(["a", "b"], 1, 1), columns: 80) == "\ra\u{1b}[K\r\nb\u{1b}[K\r\u{1b}[1C")
        // One row more: it is written below the last, and nothing of the others.
        #expect(painter.paint(frame(["a", "b", "c"], 0, 0), columns: 80) == "\r\nc\u{1b}[K\u{1b}[2A\r")
    }

    @Test func `rows that are no more are erased from the first of them down`() {
        var painter = FramePainter()
        _ = painter.paint(frame(["a", "b", "c"], 2, 1), columns: 80)
        #expect(painter.paint(frame(["a"], 0, 1), columns: 80) == "\u{1b}[1A\r\u{1b}[J\u{1b}[1A\r\u{1b}[1C")
    }

    @Test func `leaving goes to the row below the last, and forgets what is shown`() {
        var painter = FramePainter()
        #expect(painter.leave() == "")
        _ = painter.paint(frame(["a", "b", "c"], 0, 0), columns: 80)
        #expect(painter.leave() == "\u{1b}[2B\r\n")
        #expect(painter.leave() == "")
        #expect(painter.paint(frame(["a"], 0, 0), columns: 80) == "\ra\u{1b}[K\r")
    }

    @Test func `after a change of width all is painted anew, from where the first row has gone`() {
        var painter = FramePainter()
        _ = painter.paint(frame(["0123456789"], 0, 10), columns: 20)
        // In rows of five the cursor stands two rows below the start.
        let text = painter.paint(frame(["01234", "56789"], 1, 4), columns: 5)
        #expect(text == "\u{1b}[2A\r\u{1b}[J\r01234\r\n56789\r\u{1b}[4C")
        var other = FramePainter()
        _ = other.paint(frame(["012345", "ab"], 1, 2), columns: 20)
        // The row above the cursor takes two rows of five.
        #expect(other.paint(frame(["x"], 0, 0), columns: 5) == "\u{1b}[2A\r\u{1b}[J\rx\u{1b}[K\r")
    }

    @Test func `a cursor on the line break after a full row stays within the screen, and controls take what they show`()
    {
        func layout(_ text: String, _ cursor: Int, _ columns: Int, _ margin: Int) -> ScreenLayout {
            ScreenLayout(text.unicodeScalars.map(\.value), cursor: cursor, columns: columns, margin: margin)
        }
        let full = layout("abcdefgh\nx", 8, 10, 2)
        #expect((full.cursorRow, full.cursorColumn) == (0, 9) && full.rows.count == 2)
        // However narrow, a wide character has room.
        #expect(layout("日本", 2, 3, 2).rows.map(\.columns) == [2, 2, 0])
        let widths: [(UInt32, Int)] = [
            (0x01, 2), (0x09, 4), (0x1b, 2), (0x20, 1), (0x7e, 1), (0x7f, 2), (0x85, 8), (0xe9, 1), (0x301, 0),
            (0x65e5, 2), (0xd800, 1),
        ]
        for (scalar, columns) in widths { #expect(ScreenLayout.columns(of: scalar) == columns, "\(scalar)") }
    }

    @Test func `a line is text in UTF-8, and what is no character shows the sign for that`() {
        for value: UInt32 in [0x24, 0x7f, 0x80, 0x7ff, 0x800, 0xffff, 0x10000, 0x10ffff] {
            let text = LineEditor.Buffer.text(of: [value])
            #expect(text.unicodeScalars.map(\.value) == [value], "\(value)")
        }
        for value: UInt32 in [0xd800, 0xdfff, 0x110000] { #expect(LineEditor.Buffer.text(of: [value]) == "\u{fffd}") }
    }

    @Test func `a control character of a line is drawn as a mark`() {
        let scalars: [UInt32] = [0x61, 0x01, 0x62]
        let styles = StyleSheet(colours: .none, usesAttributes: false)
        let drawing = RowDrawing(scalars: scalars, spans: [], faults: [], match: nil, styles: styles)
        let row = ScreenLayout.Row(scalars: 0..<3, utf8Start: 0, startsLine: true, columns: 4)
        #expect(drawing.text(of: row) == "a^Ab")
    }
}

@Suite struct MenuRowRuleTests {
    private func menu(_ items: [(String, String)], _ text: String = "tr x") -> CompletionMenu {
        let scalars = text.unicodeScalars.map(\.value)
        return CompletionMenu(
            items: items.map {
                CompletionItem(label: $0.0, summary: $0.1, span: SourceSpan(0, 2), replacement: $0.0)
            }, buffer: LineEditor.Buffer(scalars: scalars, cursor: 2))
    }

    @Test func `explanations begin in one column, and a long label is cut to half the screen but eight columns`() {
        let styles = StyleSheet(colours: .none, usesAttributes: false)
        func lines(_ menu: CompletionMenu, _ columns: Int) -> [String] {
            menu.lines(columns: columns, rowsMax: 9, marks: styles).map(\.plain)
        }
        #expect(
            lines(menu([("tree", "Grows."), ("tr", ""), ("trains", "Runs.")]), 80)
                == ["  tree    Grows.", "  tr    ", "  trains  Runs."])
        let long = menu([("tr_twelve_ab", "x"), ("trb", "y")])
        #expect(lines(long, 20) == ["  tr_twelve…  x", "  trb         y"])
        #expect(lines(long, 10) == ["  tr_twel…  x", "  trb       y"])
    }

    @Test func `what is taken stands in place of the word, with the cursor right after it`() {
        var menu = menu([("train", ""), ("tree", "")])
        #expect(menu.base.text == "tr x" && menu.base.cursor == 2)
        menu.select(forward: true)
        #expect(menu.applied.text == "train x" && menu.applied.cursor == 5)
        let wide = CompletionItem(label: "", span: SourceSpan(0, 99), replacement: "é")
        let applied = CompletionMenu.applying(wide, to: LineEditor.Buffer(scalars: [0x61, 0x62], cursor: 0))
        #expect(applied.text == "é" && applied.cursor == 1)
    }

    @Test func `what is common is written only where all take the place of the same word`() {
        let items = [SourceSpan(0, 2), SourceSpan(1, 2)].map {
            CompletionItem(label: "train", span: $0, replacement: "train")
        }
        let menu = CompletionMenu(items: items, buffer: LineEditor.Buffer(scalars: [0x74, 0x72], cursor: 2))
        #expect(menu.base.text == "tr")
    }
}

@Suite struct FileNameCompletionRuleTests {
    private func found(_ text: String, at offset: Int? = nil) -> [CompletionItem] {
        FileCompleter.completions(in: text, at: offset ?? text.utf8.count)
    }

    @Test func `names are offered inside a quote that is open on this line, with their end`() throws {
        try withTemporaryFolder { folder in
            for name in ["abc.txt", "abd/inner", "x"] { try writeFileAtomically(folder.path + "/" + name, [1]) }
            let head = "load \"" + folder.path + "/"
            let start = head.utf8.count
            let items = found(head + "ab")
            #expect(items.map(\.label) == ["abc.txt", "abd/"] && items.map(\.summary) == ["", "folder"])
            #expect(items.map(\.replacement) == ["abc.txt\"", "abd/"])
            #expect(items.allSatisfy { $0.span == SourceSpan(start, start + 2) })
            // Where the quote is closed already it is not closed again.
            #expect(found(head + "x\"", at: start + 1).map(\.replacement) == ["x"])
            #expect(found(head + "abd/").map(\.replacement) == ["inner\""])
            // Within a text that has ended, in a comment, on the next line: none.
            for text in [head + "x\" ", "# " + head, "load \"a\n" + folder.path + "/"] {
                #expect(found(text).isEmpty, "\(text)")
            }
            // A quote after a backslash ends nothing, a sharp within quotes begins no comment.
            #expect(found("print \"a\\\" \" \"" + folder.path + "/x").map(\.label) == ["x"])
            #expect(found("print \"#\" \"" + folder.path + "/x").map(\.label) == ["x"])
        }
    }
}

@Suite struct TerminalRuleTests {
    @Test func `each meaning has its weight and underline without colours, and few a colour on a console`() {
        let plain = StyleSheet(colours: .none, usesAttributes: true)
        let table: [(Style, String?)] = [
            (.plain, nil), (.name, nil), (.operator, nil), (.kept, nil), (.number, nil), (.dim, "2"), (.comment, "2"),
            (.emphasis, "1"), (.heading, "1;4"), (.good, "1"), (.bad, "1;4"), (.warning, nil), (.error, "1"),
            (.removed, "2;9"), (.next, "1;7"), (.keyword, nil), (.verb, "1"), (.label, nil), (.choice, nil),
            (.function, nil), (.string, nil), (.escape, "1"),
        ]
        for (style, code) in table { #expect(plain.code(for: style) == code, "\(style)") }
        let console = StyleSheet(colours: .console, usesAttributes: true)
        let coloured: [(Style, String?)] = [
            (.good, "1;36"), (.label, "36"), (.verb, "1;36"), (.string, "32"), (.escape, "1;32"), (.error, "1"),
            (.keyword, nil), (.dim, "2"), (.removed, "2;9"),
        ]
        for (style, code) in coloured { #expect(console.code(for: style) == code, "\(style)") }
        let many = StyleSheet(colours: .many, usesAttributes: true, background: .dark)
        #expect(many.code(for: .removed) == "9;38;5;248" && many.code(for: .bad) == "1;4;38;5;210")
        #expect(many.faultCode == "4;38;5;210" && console.faultCode == "4" && plain.faultCode == "4")
        // Without weight there is no colour either.
        let none = StyleSheet(colours: .many, usesAttributes: false)
        #expect(none.code(for: .error) == nil && none.colours == .none)
    }

    @Test func `what a terminal can show follows from what it is`() {
        #expect(state().colours == .many && state(has256: false).colours == .none)
        #expect(state(has256: false, isConsole: true).colours == .console && state(isConsole: true).colours == .many)
        #expect(state(colour: false, isConsole: true).colours == .none)
        #expect(state().usesAttributes && !state(canMove: false).usesAttributes && !state(false).usesAttributes)
        var one = state()
        one.inputIsTerminal = false
        #expect(state().isInteractive && !one.isInteractive && one.usesAttributes)
        let size = state(false).size()
        #expect(size.rows == 24)
        if ProcessInfo.processInfo.environment["COLUMNS"] == nil { #expect(size.columns == 80) }
    }

    @Test func `a session is told what can be shown here, and a program that reads JSON gets no colours and no panel`()
    {
        func options(_ terminal: TerminalState, _ form: EventPrinter.Form = .text) -> DisplayOptions {
            EventPrinter(TerminalWriter(terminal: terminal), form: form).displayOptions
        }
        #expect(options(state()).hasColour && options(state()).hasPanel)
        #expect(!options(state(), .json).hasColour && !options(state(), .json).hasPanel)
        #expect(!options(state(colour: false)).hasColour && options(state(colour: false)).hasPanel)
        #expect(!options(state(canMove: false)).hasPanel && !options(state(errors: false)).hasPanel)
        #expect(options(state()).glyphs == .braille && options(state(hasBraille: false)).glyphs == .block)
        #expect(options(state(isUnicode: false)).glyphs == .ascii)
        #expect(options(state(false)).width == state(false).size().columns)
    }

    @Test func `a background is light from the middle of what is seen on, and of sixteen colours two are light`() {
        func answer(_ text: String) -> Background? { Background(answer: Array(text.utf8)) }
        // The luminance of grey 76 is 0.181, that of grey 75 is 0.178.
        #expect(answer("11;rgb:76/76/76") == .light && answer("11;rgb:75/75/75") == .dark)
        #expect(answer("11;rgba:ffff/ffff/ffff/0000") == .light && answer("11;rgb:f/f/f") == .light)
        #expect(answer("11;rgb:ff/ff") == nil && answer("10;rgb:ff/ff/ff") == nil)
        // Green is seen as brighter than red, red than blue.
        #expect(answer("11;rgb:00/ff/00") == .light && answer("11;rgb:ff/00/00") == .light)
        #expect(answer("11;rgb:00/00/ff") == .dark)
        func found(_ number: String) -> Background { Background.fromEnvironment { $0 == "COLORFGBG" ? number : nil } }
        for number in 0..<16 { #expect(found("0;\(number)") == (number == 7 || number == 15 ? .light : .dark)) }
        #expect(found("0;16") == .unknown && found("0;default") == .unknown)
        #expect(Background.fromEnvironment { ["ICOT_BACKGROUND": "grey", "TERM": "linux"][$0] } == .dark)
        #expect(Background.fromEnvironment { ["ICOT_BACKGROUND": "light", "TERM": "linux"][$0] } == .light)
    }

    @Test func `a terminal is asked for its background where it is not known and the question is harmless`() {
        for term in ["", "dumb", "linux", "screen", "screen.xterm-256color"] {
            #expect(Background.question(term: term) == nil, "\(term)")
        }
        let question = Background.question(term: "xterm-256color")
        #expect(question == (Background.current == .unknown ? "\u{1b}]11;?\u{1b}\\" : nil))
    }

    @Test func `lines that pass have one row less than the screen, and none where nothing can be painted over`() {
        var out = ""
        let block = LiveBlock(terminal: state(colour: false), now: { 0 }, write: { out += $0 })
        let rows = state(colour: false).size().rows
        block.update { (0..<100).map { StyledText("\($0)") } }
        #expect(out.split(separator: "\r\n").count == rows - 1 && out.hasSuffix("\u{1b}[J"))
        out = ""
        block.clear()
        #expect(out == "\r\u{1b}[\(rows - 2)A\u{1b}[J")
        out = ""
        for terminal in [state(canMove: false), state(errors: false)] {
            let other = LiveBlock(terminal: terminal, now: { 0 }, write: { out += $0 })
            #expect(!other.isVisible)
            other.update { ["x"] }
            other.clear()
        }
        #expect(out == "")
    }

    @Test func `what cannot be written is said, and the history is for its owner alone`() throws {
        let full = open("/dev/full", O_WRONLY)
        defer { close(full) }
        #expect(!writeAll([1, 2, 3], to: full) && !writeAll([1], to: -1) && writeAll([], to: -1))
        try withTemporaryFolder { folder in
            let file = HistoryFile(path: folder.path + "/a/b/history", entriesMax: 2)
            for line in ["one", "two", "three"] { file.append(line) }
            var status = stat()
            #expect(stat(file.path, &status) == 0 && status.st_mode & 0o777 == 0o600)
            #expect(stat(folder.path + "/a", &status) == 0 && status.st_mode & 0o777 == 0o700)
            let text = try String(contentsOfFile: file.path, encoding: .utf8)
            #expect(text.hasPrefix("# icot history 1\n") && text.split(separator: "\n").count == 4)
            // The head and three entries are four lines, no more than twice two: all stay in the file.
            #expect(file.load() == ["two", "three"])
            #expect(try String(contentsOfFile: file.path, encoding: .utf8) == text)
            file.append("four")
            #expect(file.load() == ["three", "four"])
            #expect(try String(contentsOfFile: file.path, encoding: .utf8).split(separator: "\n").count == 3)
            #expect(stat(file.path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        }
    }

    @Test func `a key that comes within a sequence ends it, and one without end is dropped`() {
        func keys(_ text: String) -> [Key] {
            var decoder = KeyDecoder()
            return text.utf8.flatMap { decoder.take($0) }
        }
        #expect(keys("\u{1b}[1\u{3}") == [.scalar(3)] && keys("\u{1b}[1\u{1b}[A") == [.up])
        #expect(keys("\u{1b}[1\ra") == [.enter, .scalar(0x61)])
        #expect(keys("\u{1b}[" + String(repeating: "1", count: 64) + "A") == [.up])
        #expect(keys("\u{1b}[" + String(repeating: "1", count: 65) + "A") == [.scalar(0x41)])
        // Strings that a terminal sends on its own, whatever they are called.
        for letter in ["]", "P", "^", "X"] {
            #expect(keys("\u{1b}\(letter)text\u{1b}\\a") == [.scalar(0x61)], "\(letter)")
        }
    }

    @Test func `edits that touch are both made, and one at the end of the text too`() {
        func edit(_ start: Int, _ end: Int, _ text: String) -> Diagnostic {
            let span = SourceSpan(start, end)
            return Diagnostic(.unknownVerb, "m", at: span, replacement: Diagnostic.Replacement(span, text))
        }
        let source = SourceText("abc")
        #expect(Correction.applied([edit(1, 2, "y"), edit(0, 1, "xx")], to: source) == "xxyc")
        #expect(Correction.applied([edit(3, 3, "d")], to: source) == "abcd")
    }

    @Test func `what is not over yet, and a question, are not underlined; a question is not coloured either`() {
        let services = SessionServices(Session(Vocabulary()))
        #expect(services.highlight("?train") == [] && !services.highlight("let x = 1").isEmpty)
        #expect(services.faults(in: "let x = [1,") == [] && services.faults(in: "?prnt") == [])
        #expect(services.faults(in: "let x = 1") == [] && services.faults(in: "let x = no_such_name") != [])
    }
}
