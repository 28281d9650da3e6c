// Rules of what is shown: widths, cuts, formats, styles, and the JSON beside them; and of arrays and ranges as values.

import Testing

@testable import Language

@Suite("The rules of what is shown") struct ShownRuleTests {
    private func lines(_ value: Value, _ width: Int = 100) -> [String] {
        value.display(DisplayOptions(width: width)).lines.map(\.plain)
    }

    // MARK: - Values

    @Test("a list goes on one line as far as it fits, of forty columns at least, and always with its first element")
    func lists() {
        // n ones take 3n columns, and two more must be left.
        func ones(_ count: Int, _ width: Int) -> String {
            lines(.list([Value](repeating: .integer(1), count: count)), width).joined()
        }
        func written(_ count: Int) -> String { [String](repeating: "1", count: count).joined(separator: ", ") }
        #expect(ones(13, 40) == "[\(written(13))]" && ones(14, 40) == "[\(written(13)), …]  14 elements")
        #expect(ones(13, 10) == "[\(written(13))]" && ones(14, 10) == "[\(written(13)), …]  14 elements")
        #expect(ones(14, 43) == "[\(written(14))]" && ones(15, 43) == "[\(written(14)), …]  15 elements")
        let long = Value.text(String(repeating: "x", count: 90))
        #expect(lines(.list([long, .integer(1)]), 40) == ["[\"\(String(repeating: "x", count: 90))\", …]  2 elements"])
        #expect(lines(.list([long]), 40) == ["[\"\(String(repeating: "x", count: 90))\"]"])
        let shown = Value.list([Value](repeating: .integer(1), count: 99)).display(DisplayOptions(width: 40))
        #expect(shown.lines[0].runs.map(\.style) == [.plain, .dim])
        #expect(shown.json == "[" + [String](repeating: "1", count: 99).joined(separator: ",") + "]")
    }

    @Test("a record goes on one line where it just fits, and else has a line for each key, their values in line")
    func records() {
        let record = Value.record([("a", .integer(1)), ("long", .text("xy")), ("漢", .list([.integer(2)]))])
        // [a: 1, long: "xy", 漢: [2]] has 27 columns, of which the Chinese sign takes two.
        #expect(lines(record, 27) == ["[a: 1, long: \"xy\", 漢: [2]]"])
        #expect(lines(record, 26) == ["a:    1", "long: \"xy\"", "漢:   [2]"])
        let cut = Value.record([("key", .text(String(repeating: "x", count: 40)))])
        // Six columns are taken by the key, its colon, a space and the quote.
        #expect(lines(cut, 20) == ["key: \"" + String(repeating: "x", count: 13) + "…"])
        #expect(record.display(DisplayOptions(width: 20)).lines[0].runs.map(\.style) == [.dim, .plain])
    }

    @Test("numbers, choices and errors are shown in their own style, a text line by line, none not at all")
    func styles() {
        func styles(_ value: Value) -> [Style] { value.display(DisplayOptions()).lines.flatMap(\.runs).map(\.style) }
        #expect(
            styles(.integer(1)) == [.number] && styles(.real(1)) == [.number] && styles(.boolean(true)) == [.number])
        #expect(styles(Value(BigInteger(10).power(30))) == [.number] && styles(.choice("a", 2)) == [.choice])
        #expect(styles(.range(0..<3)) == [.plain] && styles(.text("a")) == [.plain])
        #expect(lines(.text("a\n\nb\n")) == ["a", "", "b", ""] && lines(.text("")) == [""])
        #expect(Value.none.display(DisplayOptions()).isEmpty && lines(.none) == [])
        #expect(Value.text("a\nb").display(DisplayOptions()).json == #""a\nb""#)
        #expect(Value.choice("a", 2).json == #"".a[2]""# && Value.boolean(false).json == "false")
        #expect(Value.range(2...4).json == "[2,3,4]" && Value.range(4..<4).json == "[]")
        #expect(Value.range(0..<(1 << 30)).json == "\"0..<1073741824\"" && Value.none.json == "null")
        #expect(Value.real(.infinity).json == "null" && Value.real(2).json == "2.0")
    }

    @Test("a function is written with what it takes, its labels with their colons")
    func functions() {
        let session = TestSession.make()
        let text = """
            def area(width, height, scale: 1) { width * height * scale }
            print(area, { x, y in x }, round, sqrt)
            """
        #expect(
            Answers.of(text, session) == [
                "area(width, height, scale:) { x, y in … } round(x, digits:) sqrt(x)"
            ])
        #expect(session.value(of: "area")?.json == "\"area(width, height, scale:)\"")
    }

    @Test("what holds more than a hundred thousand values has no JSON of its own, whatever holds them")
    func shownJSON() {
        func isShown(_ value: Value) -> Bool { value.shownJSON != nil }
        #expect(isShown(.range(0..<100_000)) && !isShown(.range(0..<100_001)))
        func array(_ count: Int) -> ArrayObject {
            ArrayObject(shape: [count], values: [Float](repeating: 0, count: count))
        }
        #expect(isShown(.list([.array(array(99_999))])) && !isShown(.list([.array(array(100_000))])))
        // Each column counts itself and its values.
        func table(_ rows: Int) -> Value {
            .table(TableObject([.init("a", Array(0..<rows)), .init("b", Array(0..<rows))]))
        }
        #expect(isShown(table(49_999)) && !isShown(table(50_000)))
        #expect(isShown(.record([("a", .range(0..<99_999))])) && !isShown(.record([("a", .range(0..<100_000))])))
    }

    // MARK: - Tables

    @Test("the widest text of a table is cut first, to twelve columns at least, and numbers never")
    func cutting() {
        func table(_ first: Int, _ second: Int) -> Value {
            .table(
                TableObject([
                    .init("a", [String(repeating: "x", count: first)]), .init("n", [1_234_567]),
                    .init("b", [String(repeating: "y", count: second)]),
                ]))
        }
        func row(_ first: Int, _ second: Int, _ width: Int) -> String { lines(table(first, second), width)[1] }
        func xs(_ count: Int) -> String { String(repeating: "x", count: count) }
        func ys(_ count: Int) -> String { String(repeating: "y", count: count) }
        // Thirty, seven and twenty with two spaces between are 61.
        #expect(row(30, 20, 61) == "\(xs(30))  1234567  \(ys(20))")
        #expect(row(30, 20, 60) == "\(xs(28))…  1234567  \(ys(20))")
        #expect(row(30, 20, 50) == "\(xs(18))…  1234567  \(ys(20))")
        // The first can give no more than 18, so that the second gives the rest.
        #expect(row(30, 20, 40) == "\(xs(11))…  1234567  \(ys(16))…")
        #expect(row(30, 20, 35) == "\(xs(11))…  1234567  \(ys(11))…")
        #expect(lines(table(30, 20), 34) == ["a                   n", "\(xs(11))…  1234567", "not shown: b"])
        #expect(lines(table(30, 20), 20) == ["a", "\(xs(11))…", "not shown: n, b"])
    }

    @Test("a table whose first columns name its rows goes on below with these, as often as it must")
    func goingOn() {
        let table = TableObject(
            [
                .init("key", ["k"]), .init("one", [1]), .init("two", [2]), .init("hidden", [3], format: .hidden),
                .init("three", [3]),
            ], keyCount: 1)
        #expect(
            lines(.table(table), 13) == ["key  one  two", "k      1    2", "", "key  three", "k        3"])
        #expect(
            lines(.table(table), 9) == [
                "key  one", "k      1", "", "key  two", "k      2", "", "key  three", "k        3",
            ])
        #expect(lines(.table(table), 20) == ["key  one  two  three", "k      1    2      3"])
    }

    @Test("names stand over their columns, those of numbers at the right, missing values with a dash")
    func alignment() {
        let table = TableObject([
            .init("text", [.text("a"), .none, .text("long one")]), .init("n", [.integer(5), .none, .integer(1234)]),
            .init("yes", [.boolean(true), .boolean(false), .none]),
            .init("big", [Value(BigInteger(10).power(20)), .integer(1), .none]), .init("none", [.none, .none, .none]),
            .init("mixed", [.integer(1), .text("b"), .none]),
        ])
        #expect(
            lines(.table(table)) == [
                "text         n  yes                      big  none  mixed",
                "a            5  true   100000000000000000000     –  1",
                "–            –  false                      1     –  b",
                "long one  1234  –                          –     –  –",
            ])
        #expect(table.text == "table of 3 rows: text, n, yes, big, none, mixed")
    }

    @Test("a column is written with its decimals, unit and percent, whole numbers as they are")
    func formats() {
        #expect(ColumnFormat.plain.text(.real(2.0 / 3)) == "0.6667" && ColumnFormat.plain.text(.none) == "–")
        #expect(
            ColumnFormat.decimals(1).text(.real(0.25)) == "0.2" && ColumnFormat.decimals(2).text(.integer(3)) == "3")
        #expect(
            ColumnFormat.percent().text(.real(0.953)) == "95.3%"
                && ColumnFormat.percent(1).text(.integer(1)) == "100.0%")
        #expect(
            ColumnFormat.percent(0).text(.real(0.256)) == "26%" && ColumnFormat.percent(2).text(.real(0.5)) == "50.00%")
        #expect(
            ColumnFormat.percent().text(.real(.infinity)) == "infinity" && ColumnFormat.percent().text(.none) == "–")
        #expect(ColumnFormat.unit("ex/s").text(.real(1.5)) == "1.500 ex/s" && ColumnFormat.unit("s").text(.none) == "–")
        #expect(
            ColumnFormat.unit("s", decimals: 2).text(.real(1.005)) == "1.00 s"
                && ColumnFormat.unit("s").text(.integer(4)) == "4 s")
        #expect(ColumnFormat.share.text(.real(0.5)) == "0.500" && ColumnFormat.share.scale == 0...1)
        #expect(ColumnFormat.plain.text(.text("a\nb")) == "a⏎b" && ColumnFormat.plain.text(.boolean(true)) == "true")
        #expect(ColumnFormat(isPercent: true).text(.real(0.125)) == "12.5%" && ColumnFormat.plain.scale == nil)
        #expect(ColumnFormat.volatile("s", decimals: 1).isVolatile && !ColumnFormat.unit("s").isVolatile)
        #expect(ColumnFormat.hidden.isHidden && !ColumnFormat.plain.isHidden && !ColumnFormat.percent().isVolatile)
    }

    @Test("a table made of rows has the columns of all of them, as they first appear; parts of it have no notes")
    func rows() {
        let table = TableObject(
            rows: [
                RecordObject([("b", .integer(1))]), RecordObject([("a", .integer(2)), ("b", .integer(3))]),
            ], formats: ["a": .percent(0)])
        #expect(table.columnNames == ["b", "a"] && lines(.table(table)) == ["b     a", "1     –", "3  200%"])
        #expect(table.rows.map(\.record.text) == ["[b: 1, a: none]", "[b: 3, a: 2]"])
        let noted = TableObject([.init("n", [1, 2, 3])], keyCount: 1, notes: ["three"])
        let part = noted.selecting(rows: [2, 0, 2])
        #expect(part["n"]?.values.map(\.text) == ["3", "1", "3"] && part.notes == [] && part.keyCount == 0)
        #expect(lines(.table(noted)) == ["n", "1", "2", "3", "three"])
        #expect(TableObject([.init("n", [1])]).text == "table of 1 row: n" && noted.row(1).value("n")?.asInteger == 2)
        #expect(noted.row(1).value("m") == nil && noted.row(0).names == ["n"])
        #expect(FieldRow(.integer(1)) == nil && FieldRow(.record([])) == nil)
    }

    // MARK: - Arrays and texts

    @Test("a part of an array is made of the numbers that its positions mean, whatever axes they leave")
    func arrayParts() {
        // Two by three by two numbers from 0 to 11: that at i, j, k is 6i + 2j + k.
        let differences = ScriptRunner.differences(
            """
            let b = array([[[0, 1], [2, 3], [4, 5]], [[6, 7], [8, 9], [10, 11]]])
            print b[1, 2, 0] b[0...1, 2, 0][1] b[0...1, 2, 0].shape list(b[1, 1..., 1]) b[1].shape b[1..<2].shape
            #> 10.00 10.00 [2] [9.000, 11.00] [3, 2] [1, 3, 2]
            print b[0...1, 1].shape list(b[0...1, 1])[1][0] list(b[..., 0...1, 1])[1][1] b[-1, -1, -1] b[1][2][0]
            #> [2, 2] 8.000 9.000 11.00 10.00
            print list(b[0, 0..<2, 1]) list(b[1, 0, ...]) b[0, 1...1].shape list(b[0, 1...1])[0][1] b[0..<0].shape
            #> [1.000, 3.000] [6.000, 7.000] [1, 2] 3.000 [0, 3, 2]
            print length(b) length(b[0, 0]) sum(b) mean(b) max(b) min(b)
            #> 2 2 66.00 5.500 11.00 0.0000
            """, name: "arrays")
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }

    @Test("an array says its shape, its ends, its mean and deviation, and how many of its numbers are none")
    func arrayTexts() {
        func text(_ shape: [Int], _ values: [Float]) -> String { ArrayObject(shape: shape, values: values).text }
        #expect(text([3], [1, 2, 6]) == "array 3  1.000 … 6.000  mean 3.000  deviation 2.646")
        #expect(text([1], [5]) == "array 1  5.000 … 5.000  mean 5.000  deviation 0.0000")
        #expect(text([], [5]) == "array of one number  5.000 … 5.000  mean 5.000  deviation 0.0000")
        #expect(
            text([0], []) == "array 0" && text([2, 0], []) == "array 2 × 0"
                && text([2], [.nan, .nan]) == "array 2  2 nan")
        #expect(text([1, 3], [.nan, 1, 3]) == "array 1 × 3  1.000 … 3.000  mean 2.000  deviation 1.414  1 nan")
        let array = ArrayObject(shape: [2, 2], values: [1, 2, 3, .nan], provenance: [("layer", "3")])
        #expect(array.json == "[[1.0,2.0],[3.0,null]]" && array.field("layer")?.asText == "3")
        #expect(array.field("depth") == nil && array.field("provenance")?.text == "[layer: \"3\"]")
        #expect(array.element(at: 1).asArray?.provenance.first?.value == "3" && array.count == 2)
        #expect(
            ArrayObject(shape: [2, 0], values: []).json == "[[],[]]"
                && ArrayObject(shape: [], values: [1]).json == "1.0")
        let (row, column) = (
            ArrayObject(shape: [1, 2], values: [1, 2]), ArrayObject(shape: [2, 1], values: [1, 2])
        )
        #expect(!row.isEqual(to: column) && row.isEqual(to: ArrayObject(shape: [1, 2], values: [1, 2])))
        #expect(row.combined(with: column, +) == nil)
    }

    @Test("a text has as many characters as people count, line ends of two signs as one")
    func characters() {
        let text = TextObject("a\r\nb\u{301}c")
        #expect(text.count == 4 && text.slice(1..<2)?.asText == "\r\n" && text.element(at: 2).asText == "b\u{301}")
        #expect(TextObject("abc").slice(1..<3)?.asText == "bc" && TextObject("abc").slice(3..<3)?.asText == "")
        #expect(TextObject.quoted("a\u{7F}\u{1F}é\"\\") == #""a\u{7f}\u{1f}é\"\\""#)
        #expect(RangeObject(2, 4, isClosed: true).count == 3 && RangeObject(2, 4, isClosed: false).count == 2)
        #expect(
            RangeObject(4, 2, isClosed: true).count == 0 && RangeObject(2...4).slice(1..<3)?.asRange?.bounds == 3..<5)
        #expect(RangeObject(2...4).text == "2...4" && RangeObject(2..<4).text == "2..<4")
    }

    // MARK: - Widths and styles

    @Test(
        "wide signs take two columns and their neighbours one, marks that are put over others none",
        arguments: [
            ("\u{10FF}", 1), ("\u{1100}", 2), ("\u{115F}", 2), ("\u{1160}", 1), ("\u{2E80}", 2), ("\u{303E}", 2),
            ("\u{303F}", 1), ("\u{3041}", 2), ("\u{9FFF}", 2), ("\u{A4D0}", 1), ("\u{AC00}", 2), ("\u{D7A3}", 2),
            ("\u{F900}", 2), ("\u{FF01}", 2), ("\u{FF60}", 2), ("\u{FF61}", 1), ("\u{FF71}", 1), ("\u{FFE5}", 2),
            ("\u{231A}", 2), ("\u{2615}", 2), ("\u{2705}", 2), ("\u{2713}", 1), ("\u{2B50}", 2), ("\u{1F300}", 2),
            ("\u{1F600}", 2), ("\u{1F680}", 2), ("\u{1F9FF}", 2), ("\u{1FAFF}", 2), ("\u{20000}", 2), ("\u{2600}", 1),
            ("\u{2600}\u{FE0F}", 2), ("\u{301}", 0), ("a\u{20DD}", 1), ("\u{200D}", 0), ("\u{FEFF}", 0), ("\u{1}", 1),
            ("█", 1), ("…", 1), ("–", 1), ("¡", 1), ("🇩🇪", 2), ("🇩🇪🇫🇷x", 5),
        ])
    func widths(_ text: String, _ width: Int) { #expect(DisplayWidth.of(text) == width) }

    @Test("a line keeps the styles of its runs, also where it is cut, and takes no run without a text")
    func runs() {
        var line = StyledText("ab", .good)
        line.append("")
        line.append("cd", .bad, isVolatile: true)
        line.append(StyledText("ef", .dim))
        #expect(line.runs.map(\.text) == ["ab", "cd", "ef"] && line.plain == "abcdef" && !line.isEmpty)
        #expect(line.runs.map(\.style) == [.good, .bad, .dim] && line.runs.map(\.isVolatile) == [false, true, false])
        #expect(StyledText("").runs.isEmpty && StyledText("").isEmpty && StyledText(runs: [StyledRun("")]).isEmpty)
        #expect((StyledText("a") + "b").plain == "ab")
        let cut = Fitted.line(line, width: 4)
        #expect(cut.plain == "abc…" && cut.runs.map(\.style) == [.good, .bad])
        #expect(cut.runs.map(\.isVolatile) == [false, true])
        #expect(Fitted.padding("漢", to: 4) == "  " && Fitted.padding("abc", to: 2) == "")
    }

    @Test("a bundle is empty without lines, picture and JSON, and who shows says what can be shown")
    func bundles() {
        #expect(DisplayBundle().isEmpty && !DisplayBundle(lines: [StyledText("")]).isEmpty)
        #expect(!DisplayBundle(picture: ["a"]).isEmpty && !DisplayBundle(svg: "a").isEmpty)
        #expect(!DisplayBundle(json: "1").isEmpty && DisplayBundle(lines: ["a", "b"]).text == "a\nb")
        let options = DisplayOptions()
        #expect(options.width == 100 && options.glyphs == .braille)
        #expect(!options.wantsSVG && !options.hasColour && !options.hasPanel)
    }

    @Test("a rate has a decimal below ten and is grouped above, and what takes no time at all has none")
    func progress() {
        func line(_ progress: WorkProgress, _ seconds: Double) -> String {
            var meter = ProgressMeter()
            var first = progress
            first.done = 0
            _ = meter.line(first, at: 100)
            return meter.line(progress, at: 100 + seconds).plain
        }
        func steps(_ done: Double, _ total: Double?, _ isLimit: Bool = false) -> WorkProgress {
            WorkProgress("work", done, of: total, unit: "step", isLimit: isLimit)
        }
        #expect(line(steps(994, 10_000), 100) == "work  994 of 10,000  9 %  9.9 steps/s  15 min 6 s left")
        #expect(line(steps(12_345, nil), 1) == "work  step 12,345  12,345 steps/s")
        #expect(line(WorkProgress("reading", 0.5), 10) == "reading  50 %  10 s left")
        #expect(line(WorkProgress("reading", 1), 10) == "reading  100 %")
        #expect(line(steps(5, 0), 0.1) == "work  5 of 0")
        let told = WorkProgress("work", 0, of: nil, trend: [1], details: ["loss 1.0", "right 0.5"])
        #expect(line(told, 0) == "work  loss 1.0  right 0.5")
    }
}
