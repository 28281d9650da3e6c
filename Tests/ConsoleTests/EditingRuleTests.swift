// The rules of typing, of what was typed before and of what is shown for it, each worked out by hand.

import Testing

@testable import Console
@testable import Language

private func buffer(_ text: String, _ cursor: Int? = nil) -> LineEditor.Buffer {
    let scalars = text.unicodeScalars.map(\.value)
    return LineEditor.Buffer(scalars: scalars, cursor: cursor ?? scalars.count)
}

@Suite struct BufferRuleTests {
    @Test(
        arguments: [
            // text, cursor, start and end of the line, where the word to the left begins, where that to the right ends
            ("ab_c d", 4, 0, 6, 0, 6), ("ab_c d", 2, 0, 6, 0, 4), ("ab_c d", 5, 0, 6, 0, 6), ("a1 b2", 5, 0, 5, 3, 5),
            ("one\ntwo\nx", 5, 4, 7, 4, 7), ("one\ntwo", 4, 4, 7, 0, 7), ("one\ntwo", 3, 0, 3, 0, 7),
            ("", 0, 0, 0, 0, 0),
            ("é-ä", 3, 0, 3, 2, 3), ("  a", 0, 0, 3, 0, 3), ("a  ", 3, 0, 3, 0, 3), ("f(x)", 3, 0, 4, 2, 4),
            ("f(x)", 4, 0, 4, 2, 4), ("x:y", 1, 0, 3, 0, 3),
        ] as [(String, Int, Int, Int, Int, Int)])
    func `lines end at line breaks, words are letters, digits and underscores`(
        _ text: String, _ cursor: Int, _ lineStart: Int, _ lineEnd: Int, _ wordStart: Int, _ wordEnd: Int
    ) {
        let buffer = buffer(text, cursor)
        #expect(buffer.lineStart == lineStart && buffer.lineEnd == lineEnd)
        #expect(buffer.wordStart == wordStart && buffer.wordEnd == wordEnd)
    }

    @Test(
        arguments: [
            // To the first line from a place in the second, and to the second from a place in the third.
            ("abcd\nefgh", 7, 4, 2), ("ab\nefgh", 7, 2, 2), ("abcd\nefgh", 5, 4, 0), ("abcd\nefgh", 9, 4, 4),
            ("xy\nabc\nefgh", 9, 6, 5), ("xy\na\nefgh", 8, 4, 4), ("xy\n\nefgh", 8, 3, 3),
        ] as [(String, Int, Int, Int)])
    func `Up and Down keep the column, or go to the end of a line that is shorter`(
        _ text: String, _ cursor: Int, _ end: Int, _ place: Int
    ) {
        #expect(buffer(text, cursor).sameColumn(inLineEndingAt: end) == place)
    }

    @Test func `an accent goes with its letter, and the parts of an emoji with each other`() {
        let text = buffer("ae\u{301}b👩‍🔬", 0)
        // a, e, accent, b, woman, joiner, microscope
        #expect(
            text.characterEnd(after: 0) == 1 && text.characterEnd(after: 1) == 3 && text.characterEnd(after: 4) == 7)
        #expect(text.characterStart(before: 7) == 4 && text.characterStart(before: 3) == 1)
        #expect(text.characterStart(before: 0) == 0 && text.characterEnd(after: 7) == 7)
    }

    @Test func `what is removed leaves the cursor in its place`() {
        var text = buffer("abcdef", 5)
        text.remove(1..<3)
        #expect(text == buffer("adef", 1))
    }

    @Test func `of too many steps the oldest is forgotten, never the newest`() {
        var undo = UndoStack()
        for number in 0...600 { undo.note(buffer("text \(number * 7)", 0)) }
        var states: [String] = []
        while let state = undo.pop(before: buffer(states.last ?? "text \(600 * 7)", 0)) { states.append(state.text) }
        #expect(states.count == 500 && states.first == "text \(599 * 7)" && states.last == "text \(100 * 7)")
    }

    @Test func `moving the cursor begins a new step, and going on typing does not`() {
        var undo = UndoStack()
        for (text, cursor) in [("", 0), ("a", 1), ("ab", 2), ("ab", 0), ("xab", 1), ("xyab", 2)] {
            undo.note(buffer(text, cursor))
        }
        var states: [String] = []
        while let state = undo.pop(before: buffer(states.last ?? "xyab", 2)) { states.append(state.text) }
        #expect(states == ["ab", ""])
    }
}

@Suite struct PastEntryRuleTests {
    @Test(
        arguments: [
            ("zebra", "ZEBRA", true), ("az", "AZ", true), ("ZEBRA", "zebra", false), ("{", "[", false),
            ("`", "@", false), ("", "x", true), ("abc", "ab", false), ("b", "ab", true), ("é", "É", false),
        ] as [(String, String, Bool)])
    func `small letters find capitals, all of them and nothing else`(_ pattern: String, _ entry: String, _ found: Bool)
    {
        let history = History.inMemory([entry])
        #expect((history.index(searching: pattern, from: 0) == 0) == found)
        #expect((history.index(searchingForward: pattern, from: 0) == 0) == found)
    }

    @Test func `a search begins where it is told to, that entry included`() {
        let history = History.inMemory(["a", "b", "a", "b"])
        #expect((0...3).map { history.index(searching: "a", from: $0) } == [0, 0, 2, 2])
        #expect((0...4).map { history.index(searchingForward: "a", from: $0) } == [0, 2, 2, nil, nil])
        #expect(history.index(searching: "b", from: 99) == 3 && history.index(searching: "b", from: 0) == nil)
        #expect(history.index(searchingForward: "b", from: -5) == 1)
    }

    @Test func `entries with a beginning are found before and after, but not the one that is shown`() {
        let history = History.inMemory(["let a", "step", "let a", "let b"])
        #expect(history.index(before: 4, prefix: "let") == 3 && history.index(before: 3, prefix: "let") == 2)
        #expect(history.index(before: 99, prefix: "let") == 3 && history.index(before: 0, prefix: "") == nil)
        #expect(history.index(before: 2, prefix: "let", differentFrom: "let a") == nil)
        #expect(history.index(after: 0, prefix: "let", differentFrom: "let a") == 3)
        #expect(history.index(after: 3, prefix: "") == nil && history.index(after: -1, prefix: "") == 0)
    }

    @Test(
        arguments: [
            ("1 step", "step"), ("123456789012 step", "step"), ("1234567890123 step", nil), (" step", nil),
            ("step", nil),
            ("1step", nil), ("1 ", nil), ("1  x", " x"), (#"1 a\nb"#, "a\nb"), (#"1 a\\nb"#, #"a\nb"#),
            (#"1 a\tb"#, nil),
            (#"1 a\"#, nil), ("1 a\u{7f}", nil), ("1 a\u{1}", nil), ("1 é", "é"), ("1 a\u{202e}b", nil),
        ] as [(String, String?)])
    func `a line of the history is a time of at most twelve digits, a space and the entry`(
        _ line: String, _ entry: String?
    ) {
        #expect(HistoryFile.entry(Array(line.utf8)[...]) == entry)
    }

    @Test(arguments: ["step", "a\nb", #"a\nb"#, #"\"#, "\n", "é \\ \n 漢"])
    func `what is written of an entry is read as that entry`(_ entry: String) {
        let line = HistoryFile.line(for: entry, time: 1_764_012_345)
        #expect(line.hasPrefix("1764012345 ") && line.filter { $0 == "\n" }.count == 1)
        #expect(HistoryFile.entry(Array(line.utf8).dropLast()) == entry)
    }

    @Test func `an entry that begins with what was typed is gone to, the rest is passed over`() {
        var recall = Recall()
        let history = History.inMemory(["let a", "step", "let b", "step"])
        #expect(recall.older(than: "", history) == "step" && recall.older(than: "step", history) == "let b")
        #expect(recall.older(than: "let b", history) == "step" && recall.older(than: "step", history) == "let a")
        #expect(recall.older(than: "let a", history) == nil && recall.newer(than: "let a", history) == "step")
        recall.begin()
        // Nothing was recalled: there is nothing newer than what is typed.
        #expect(recall.newer(than: "x", history) == nil && recall.position == nil)
        #expect(recall.older(than: "le", history) == "let b")
        recall.stopBrowsing()
        // Typing on in between: what stands there now is what entries must begin with.
        #expect(recall.older(than: "s", history) == "step" && recall.position == 3)
    }

    @Test func `a pasted pattern is looked for from where the search is, and an empty one finds nothing`() {
        let history = History.inMemory(["step 1", "step 2", "eval"])
        var search = HistorySearch(newest: 2)
        _ = search.take(.paste("step"), history)
        #expect(search.found == 1 && search.pattern == "step")
        _ = search.take(.paste(" 1"), history)
        #expect(search.found == 0 && search.line.plain == "search: step 1")
        for _ in 0..<6 { _ = search.take(.scalar(0x7f), history) }
        #expect(search.found == nil && search.pattern == "" && search.line.plain == "search: ")
        #expect(search.shown(in: history, original: buffer("own", 1)).buffer == buffer("own", 1))
        #expect(search.take(.escape, history) == .cancel && search.take(.unknown, history) == .goOn)
    }
}

@Suite struct KeyRuleTests {
    private func keys(_ text: String) -> [Key] {
        var decoder = KeyDecoder()
        return text.utf8.flatMap { decoder.take($0) }
    }

    @Test(
        arguments: [
            ("\u{1b}[A", .up), ("\u{1b}[B", .down), ("\u{1b}[C", .right), ("\u{1b}[D", .left), ("\u{1b}OA", .up),
            ("\u{1b}OC", .right), ("\u{1b}OD", .left), ("\u{1b}OH", .home), ("\u{1b}OF", .end), ("\u{1b}[F", .end),
            ("\u{1b}OM", .enter), ("\u{1b}[1;5C", .wordRight), ("\u{1b}[1;3D", .wordLeft), ("\u{1b}[1;5A", .up),
            ("\u{1b}[1~", .home), ("\u{1b}[2~", .insert), ("\u{1b}[3~", .delete), ("\u{1b}[4~", .end),
            ("\u{1b}[5~", .pageUp), ("\u{1b}[6~", .pageDown), ("\u{1b}[7~", .home), ("\u{1b}[8~", .end),
            ("\u{1b}[3;5~", .delete), ("\u{1b}[9~", .unknown), ("\u{1b}[15~", .unknown), ("\u{1b}[Q", .unknown),
            ("\u{1b}\r", .newline), ("\u{1b}\n", .newline), ("\u{1b}\u{7f}", .deleteWordLeft),
            ("\u{1b}\u{8}", .deleteWordLeft), ("\u{1b}f", .meta(0x66)), ("\t", .tab), ("\u{1b}[Z", .backTab),
            ("\r", .enter), ("\n", .enter), ("\u{1}", .scalar(1)), ("\u{7f}", .scalar(0x7f)),
        ] as [(String, Key)])
    func `each sequence of bytes is its key`(_ text: String, _ key: Key) { #expect(keys(text) == [key]) }

    @Test func `a line feed right after a return is the same Enter, any other is one of its own`() {
        #expect(keys("a\r\nb") == [.scalar(0x61), .enter, .scalar(0x62)])
        #expect(keys("\r\r") == [.enter, .enter] && keys("\n\n") == [.enter, .enter])
        #expect(keys("\n\r") == [.enter, .enter] && keys("\ra\n") == [.enter, .scalar(0x61), .enter])
    }

    @Test func `what a pause ends is told by what had begun`() {
        for (text, key, isEscape) in [
            ("\u{1b}", Key.escape, true), ("\u{1b}O", .meta(0x4f), true), ("\u{1b}[", .unknown, true),
            ("\u{1b}[1;", .unknown, true),
        ] {
            var decoder = KeyDecoder()
            let before = text.utf8.flatMap { decoder.take($0) }
            #expect(before == [] && decoder.isWithinEscape == isEscape && !decoder.isWithinPaste)
            let after = decoder.finish()
            #expect(after == [key] && !decoder.isWithinEscape)
            let next = decoder.take(0x61)
            #expect(next == [.scalar(0x61)])
        }
        var decoder = KeyDecoder()
        let paste = "\u{1b}[200~a".utf8.flatMap { decoder.take($0) }
        #expect(paste == [] && decoder.isWithinPaste && !decoder.isWithinEscape)
    }

    @Test func `two escapes are one key and the begin of another`() {
        #expect(keys("\u{1b}\u{1b}[A") == [.escape, .up])
        #expect(keys("\u{1b}é") == [.escape, .scalar(0xe9)])
    }

    @Test func `controls beyond ASCII, cut and overlong bytes are the replacement character`() {
        var decoder = KeyDecoder()
        #expect([0xc2, 0x85].flatMap { decoder.take($0) } == [.scalar(0xfffd)])
        #expect([0xc2, 0xa0].flatMap { decoder.take($0) } == [.scalar(0xa0)])
        #expect([0xc0].flatMap { decoder.take($0) } == [.scalar(0xfffd)])
        #expect([0xf5].flatMap { decoder.take($0) } == [.scalar(0xfffd)])
        #expect([0xe0, 0x80, 0x80].flatMap { decoder.take($0) } == [.scalar(0xfffd)])
    }

    @Test func `of the line ends at the end of a paste one is dropped`() {
        func paste(_ text: String) -> [Key] { keys("\u{1b}[200~\(text)\u{1b}[201~") }
        #expect(paste("a\n\n") == [.paste("a\n")] && paste("\r\n") == [.paste("")] && paste("a") == [.paste("a")])
        #expect(paste("a\u{2028}b\u{85}c") == [.paste("a\nb\nc")] && paste("a\tb") == [.paste("a    b")])
        #expect(paste("\r\r\nb") == [.paste("\n\nb")])
    }
}

@Suite struct ShownRowRuleTests {
    @Test func `words are styled where their spans are, and what was found is reversed, faults aside`() {
        let styles = StyleSheet(colours: .none, usesAttributes: true)
        let text = "let é = 1"
        let scalars = text.unicodeScalars.map(\.value)
        // Bytes: let 0..<3, é 4..<6, = 7, 1 at 9.
        let spans = [
            HighlightedSpan(span: SourceSpan(0, 3), style: .verb),
            HighlightedSpan(span: SourceSpan(9, 10), style: .plain),
        ]
        func drawn(_ faults: [SourceSpan] = [], match: SourceSpan? = nil, from start: Int = 0, utf8: Int = 0) -> String
        {
            RowDrawing(scalars: scalars, spans: spans, faults: faults, match: match, styles: styles).text(
                of: ScreenLayout.Row(
                    scalars: start..<scalars.count, utf8Start: utf8, startsLine: true, columns: 9))
        }
        #expect(drawn() == "\u{1b}[1mlet\u{1b}[0m é = 1")
        #expect(drawn(match: SourceSpan(4, 6)) == "\u{1b}[1mlet\u{1b}[0m \u{1b}[7mé\u{1b}[0m = 1")
        #expect(drawn(match: SourceSpan(2, 4)) == "\u{1b}[1mle\u{1b}[0m\u{1b}[7mt \u{1b}[0mé = 1")
        #expect(drawn([SourceSpan(7, 8)]) == "\u{1b}[1mlet\u{1b}[0m é \u{1b}[\(styles.faultCode)m=\u{1b}[0m 1")
        // A row that begins within the text: bytes are counted from its own place.
        #expect(drawn(match: SourceSpan(9, 10), from: 5, utf8: 6) == " = \u{1b}[7m1\u{1b}[0m")
        let plain = StyleSheet(colours: .none, usesAttributes: false)
        let row = RowDrawing(scalars: scalars, spans: spans, faults: [SourceSpan(0, 3)], match: nil, styles: plain)
        #expect(row.text(of: ScreenLayout.Row(scalars: 0..<9, utf8Start: 0, startsLine: true, columns: 9)) == text)
    }

    @Test func `a long word is cut where the row ends, and a space at the end of a row is not carried on`() {
        func rows(_ text: String, _ width: Int, _ indent: Int = 0) -> [String] {
            StyledText(text).wrapped(to: width, indent: indent).map(\.plain)
        }
        #expect(rows("abcdefgh", 3) == ["abc", "def", "gh"])
        #expect(rows("abc def", 3) == ["abc", "def"])
        #expect(rows("ab cd", 5) == ["ab cd"] && rows("ab cde", 5) == ["ab", "cde"])
        #expect(rows("日本 語x", 4) == ["日本", "語x"] && rows("日本語", 5) == ["日本", "語"])
        #expect(rows("abcdefgh", 4, 2) == ["abcd", "  ef", "  gh"])
        // No room for an indent: as it is.
        #expect(rows("abcdef", 3, 2) == ["abcdef"])
    }

    @Test func `columns count what is seen`() {
        for (text, columns) in [("abc", 3), ("日本", 4), ("e\u{301}", 1), ("", 0), ("👩‍🔬", 2)] {
            #expect(text.columns == columns, "\(text)")
        }
        #expect(StyledText(runs: [StyledRun("ab", .good), StyledRun("日")]).columns == 4)
    }

    private func terminal(_ isTerminal: Bool) -> TerminalState {
        TerminalState(
            inputIsTerminal: isTerminal, outputIsTerminal: isTerminal, errorIsTerminal: isTerminal, canMove: isTerminal,
            usesColour: false, has256Colours: false, isLinuxConsole: false, isUnicode: true, hasBraille: true)
    }

    @Test func `a line of progress leaves the last column free`() {
        var out = ""
        let line = ProgressLine(terminal: terminal(true), now: { 0 }, write: { out += $0 })
        line.update(StyledText(String(repeating: "x", count: 2000)))
        let columns = terminal(true).size().columns
        #expect(out.count { $0 == "x" } == columns - 2 && out.contains("…"))
    }

    @Test func `progress that was taken away for something else comes back, but not before its time`() {
        var time = 0.0
        var out: [String] = []
        let line = ProgressLine(terminal: terminal(true), now: { time }, write: { out.append($0) })
        line.update(StyledText("1"))
        line.clear()
        line.clear()
        #expect(out.count == 2 && out[1] == "\r\u{1b}[K")
        time = 0.0625
        line.update(StyledText("2"))
        #expect(out.count == 2)
        time = 0.125
        line.update(StyledText("3"))
        #expect(out.count == 3 && out[2].hasPrefix("\r3"))
    }
}

@Suite struct PrinterRuleTests {
    @Test func `errors are counted, warnings are not, and each run begins with none`() {
        let source = SourceText("x", name: "t")
        let printer = EventPrinter(TerminalWriter())
        for severity in [Diagnostic.Severity.warning, .error, .warning, .error] {
            printer.show(
                .diagnostic(
                    Diagnostic(.unknownVerb, "made up by a test", at: SourceSpan(0, 1), severity: severity), source))
        }
        #expect(printer.errors.count == 2)
        printer.begin()
        #expect(printer.errors.isEmpty)
    }

    @Test func `a warning in JSON is told as one, without what it does not have`() {
        let source = SourceText("ab\ncd", name: "t")
        let warning = Diagnostic(.unknownVerb, "m", at: SourceSpan(4, 5), severity: .warning)
        let text = EventPrinter.json(warning, in: source)
        #expect(text.hasPrefix(#"{"warning": {"code": "#) && !text.contains("help") && !text.contains("replacement"))
        #expect(text.contains(#""line": 2, "column": 2, "start": 4, "end": 5, "text": "d""#))
    }
}
