// How values look: numbers, tables that fit, JSON that other programs read.

import Foundation
import Language
import TestSupport
import Testing

@Suite("Values as text") struct DisplayTests {
    @Test(
        "writes reals with four significant digits",
        arguments: [
            (0.0, "0.0000"), (-0.0, "0.0000"), (1.0, "1.000"), (-2.5, "-2.500"), (0.99999, "1.000"), (9.9996, "10.00"),
            (99.996, "100.0"), (999.96, "1000.0"), (123456.78, "123456.8"), (1e14, "100000000000000.0"),
            (1e15, "1.000e15"), (0.0001, "0.0001000"), (0.00009999, "9.999e-5"), (0.000099999, "0.0001000"),
            (-1.23456e-10, "-1.235e-10"), (1.7976931348623157e308, "1.798e308"),
            (Double.leastNonzeroMagnitude, "4.941e-324"),
            (.infinity, "infinity"), (-.infinity, "-infinity"), (.nan, "nan"),
        ])
    func reals(number: Double, text: String) {
        #expect(Value.real(number).text == text)
    }

    /// Tables of random widths and contents.
    private func table(_ random: inout TestRandom) -> TableObject {
        let words = [
            "a", "längerer text", "漢字かな", "🙂🙂", "e\u{301}clair", String(repeating: "x", count: 70), "", "two\nlines",
        ]
        let rows = Int.random(in: 0...60, using: &random)
        let keyCount = random.chance(0.3) ? 1 : 0
        let columns: [TableObject.Column] = (0..<Int.random(in: 1...7, using: &random)).map { number in
            let isText = random.chance(0.4)
            let values: [Value] = (0..<rows).map { _ in
                isText
                    ? .text(random.pick(words))
                    : random.chance(0.1) ? .none : .real(Double.random(in: -1000...1000, using: &random))
            }
            return .init(
                "\(random.pick(["n", "名", "accuracy"]))\(number)", values,
                format: random.pick([.plain, .percent(), .decimals(3), .volatile("s", decimals: 1)]))
        }
        return TableObject(columns, keyCount: keyCount)
    }

    @Test("fits tables into the width, every column in line, wide characters included")
    func widths() {
        var random = TestRandom(seed: 8)
        for _ in 0..<120 {
            let table = table(&random)
            let width = Int.random(in: 24...120, using: &random)
            let lines = table.display(DisplayOptions(width: width)).lines
            for line in lines { #expect(DisplayWidth.of(line.plain) <= width, "\(line.plain)") }
            if table.keyCount == 0 { #expect(lines.count <= 1 + 40 + 2) }
            if table.rowCount > 40 { #expect(lines.contains { $0.plain == "… \(table.rowCount - 25) more rows …" }) }
        }
    }

    @Test("writes hundredths of whole numbers as of reals, and a dash for what is missing")
    func percents() {
        let table = TableObject([
            .init("share", [.integer(1), .real(0.953), .real(.nan), .none], format: .percent()),
            .init("whole", [.integer(0), .integer(2), .real(0.5), .real(0.005)], format: .percent(0)),
        ])
        #expect(
            table.display(DisplayOptions()).lines.map(\.plain) == [
                " share  whole", "100.0%     0%", " 95.3%   200%", "   nan    50%", "     –     0%",
            ])
    }

    @Test("keeps the later of two columns with one name, in the place of the earlier, and fills up short ones")
    func columns() {
        let table = TableObject([
            .init("a", [1, 2]), .init("b", [7]), .init("a", [3, 4, 5]), .init("c", ["x", "y", "z"]),
        ])
        #expect(table.columnNames == ["a", "b", "c"] && table.rowCount == 3)
        #expect(table["a"]?.values.map(\.text) == ["3", "4", "5"])
        #expect(table["b"]?.values.map(\.text) == ["7", "none", "none"])
    }

    @Test("goes on below with the columns that name a row, and leaves none out")
    func goesOnBelow() {
        let columns: [TableObject.Column] = [
            .init("layer", [0, 1]), .init("score", [0.5, 1.0], format: .decimals(1)),
            .init("control", [0.25, 0.5], format: .decimals(2)),
        ]
        let table = TableObject(columns, keyCount: 1, notes: ["accuracy on ten problems"])
        func shown(_ width: Int) -> [String] { table.display(DisplayOptions(width: width)).lines.map(\.plain) }
        #expect(
            shown(24) == [
                "layer  score  control", "    0    0.5     0.25", "    1    1.0     0.50", "accuracy on ten problems",
            ])
        #expect(
            shown(18) == [
                "layer  score", "    0    0.5", "    1    1.0", "", "layer  control", "    0     0.25",
                "    1     0.50", "accuracy on ten", "problems",
            ])
        #expect(TableObject(columns).display(DisplayOptions(width: 18)).lines.map(\.plain).last == "not shown: control")
    }

    @Test("marks times and speeds as volatile and nothing else")
    func volatility() {
        let table = TableObject([
            .init("n", [1, 2]), .init("time", [0.5, 12.25], format: .volatile("s", decimals: 1)),
        ])
        let lines = table.display(DisplayOptions()).lines
        #expect(lines.map(\.plain) == ["n    time", "1   0.5 s", "2  12.2 s"])
        #expect(lines.dropFirst().flatMap(\.runs).filter(\.isVolatile).map(\.text) == ["0.5 s", "12.2 s"])
    }

    @Test("writes strict JSON on one line")
    func json() throws {
        let texts = [
            "[1, 2.5, none, true, \"a \\\"quote\\\" \\\\ \\u{1} é漢🙂\\n\", 123456789012345678901234567890, nan(), 1 / 3, 1e300, 5e-324]",
            "[a: 1, \"two words\": [x: [], y: [:]]]",
            "table([a: [1, none], b: [\"x\", .left]])", "array([[1, 2.5], [3, 4]])", "0...3", "{ x in x }",
            "[(try error(\"no\"))]", ".answer[2]",
        ]
        for text in texts {
            let session = TestSession.make()
            let recorder = TestSession.Recorder(session)
            session.run(SourceText("let value = (\(text))\nvalue"))
            let json = try #require(recorder.bundles.last?.json, "\(text) \(recorder.errors)")
            #expect(!json.contains("\n"))
            #expect(
                (try? JSONSerialization.jsonObject(with: Data(json.utf8), options: .fragmentsAllowed)) != nil, "\(json)"
            )
        }
        #expect(Value.list([.real(.nan), .integer(3), .real(1), .real(0.1)]).json == "[null,3,1.0,0.1]")
        #expect(Value.record([("a", .text("x"))]).json == "{\"a\":\"x\"}")
    }

    @Test("keeps where an array came from only where both sides agree")
    func provenance() {
        let one = ArrayObject(shape: [2], values: [1, 2], provenance: [("model", "9f2c"), ("layer", "3")])
        let same = ArrayObject(shape: [2], values: [5, 6], provenance: [("model", "9f2c"), ("layer", "3")])
        let other = ArrayObject(shape: [2], values: [5, 6], provenance: [("model", "9f2c"), ("layer", "4")])
        let session = TestSession.make()
        let recorder = TestSession.Recorder(session)
        for (name, array) in [("one", one), ("same", same), ("other", other)] { session.define(name, .array(array)) }
        session.run(
            SourceText("[(one + same).provenance, (one + other).provenance, (one * 2).provenance, one[0...1].layer]"))
        #expect(
            recorder.lines == ["[[model: \"9f2c\", layer: \"3\"], [:], [model: \"9f2c\", layer: \"3\"], \"3\"]"],
            "\(recorder.errors)")
    }
}
