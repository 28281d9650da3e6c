// Where words find room in a figure, how they are cut, and what of them stands in a table.

import Testing

@testable import Plotting

@Suite struct WordPlaceRuleTests {
    /// A strip 200 wide, so low that a word has room only right and left of a point in its middle: "ab" is two
    /// letters of 0.58 × 11, 12.76 wide, so it begins at 100 + 8 or at 100 − 8 − 12.76, and its base line is at 10 + 4.
    private let strip = SVGFrame(left: 0, top: 0, right: 200, bottom: 20, padding: 0)
    private let right = (x: "108", y: "14")
    private let left = (x: "79.24", y: "14")

    /// Where the words stand, in their order.
    private func places(_ shapes: [Shape], in frame: SVGFrame) -> [(x: String, y: String)] {
        var document = SVGDocument()
        SVGWords(frame: frame).draw(shapes, on: &document)
        return document.body.split(separator: "<text ").dropFirst(document.body.hasPrefix("<text ") ? 0 : 1).map {
            text in
            let parts = text.split(separator: "\"")
            return (String(parts[1]), String(parts[3]))
        }
    }

    /// Points of the data at places of the strip.
    private func dots(_ points: [(x: Double, y: Double)]) -> Shape {
        .scatter(series: 0, points: points.map { Point($0.x / 200, 1 - $0.y / 20) })
    }

    private let note = Shape.note("ab", Point(0.5, 0.5))

    private func expect(_ found: [(x: String, y: String)], _ expected: [(x: String, y: String)]) {
        #expect(found.map { "\($0.x) \($0.y)" } == expected.map { "\($0.x) \($0.y)" })
    }

    @Test func `a word covers points rather than another word`() {
        // Left of the middle two points would be covered, right of it none, but there stands the first word.
        expect(places([dots([(85, 12), (88, 12)]), note, note], in: strip), [right, left])
        let crowd = (0..<49).map { (x: 80 + Double($0) / 10, y: 12.0) }
        expect(places([dots(crowd), note, note], in: strip), [right, left])
        // Where it is as good, the place that is liked best is taken again.
        expect(places([note, note, note], in: strip), [right, left, right])
    }

    @Test func `a word stands where it covers the fewest points, and on the right where that is as good`() {
        expect(places([note], in: strip), [right])
        expect(places([dots([(110, 12)]), note], in: strip), [left])
        expect(places([dots([(110, 12), (85, 12)]), note], in: strip), [right])
        expect(places([dots([(110, 12), (85, 12), (86, 12)]), note], in: strip), [right])
        expect(places([dots([(110, 12), (111, 12), (85, 12)]), note], in: strip), [left])
    }

    @Test func `the label of a line stands above it, and one that would meet it below`() {
        let frame = SVGFrame(left: 0, top: 0, right: 200, bottom: 100, padding: 0)
        // The line is at 50; four above it, or thirteen below; two from the right: 200 − 2 − 12.76.
        let rule = Shape.rule(.horizontal, at: 0.5, label: "ab")
        expect(places([rule, rule], in: frame), [("185.24", "46"), ("185.24", "63")])
        // Beside the upper end of an upright one: right of it, then left of it.
        let upright = Shape.rule(.vertical, at: 0.5, label: "ab")
        expect(places([upright, upright], in: frame), [("104", "10"), ("83.24", "10")])
    }

    @Test func `a word that fits nowhere is not drawn`() {
        let low = SVGFrame(left: 0, top: 0, right: 200, bottom: 6, padding: 0)
        expect(places([note], in: low), [])
    }
}

@Suite struct CutTextRuleTests {
    // A letter "a" is 0.58 of the size wide and the ellipsis 0.64: 5.8 and 6.4 at size 10, in bold 1.07 times as much.
    @Test(
        arguments: [
            // 6.4 + 4 × 5.8 = 29.6; five letters would be 29 without the ellipsis and 35.4 with it.
            ("aaaaaaaaaa", 30, false, "aaaa…"), ("aaaaaaaaaa", 35.5, false, "aaaaa…"),
            ("aaaaaaaaaa", 35.3, false, "aaaa…"), ("aaaaaaaaaa", 58.1, false, "aaaaaaaaaa"),
            ("aaaaaaaaaa", 57.9, false, "aaaaaaaa…"),
            // 1.07 × (6.4 + 3 × 5.8) = 25.466, with a fourth 31.672.
            ("aaaaaaaaaa", 30, true, "aaa…"), ("aaaaaaaaaa", 31.7, true, "aaaa…"),
            // "i" is 0.27 wide.
            ("iiiiaaaa", 18, false, "iiii…"), ("aaaa", 3, false, "…"), ("", 0, false, ""),
        ] as [(String, Double, Bool, String)])
    func `a text that is cut has room for its ellipsis`(
        _ text: String, _ width: Double, _ isBold: Bool, _ cut: String
    ) {
        #expect(SVGText.fitted(text, to: width, size: 10, isBold: isBold) == cut)
    }

    @Test func `no text that is cut is wider than its room, whatever letters it has`() {
        let text = "Wide MMM, thin iii: (f) 日本語 and é."
        for width in stride(from: 10.0, to: 250, by: 3.5) {
            let found = SVGText.fitted(text, to: width, size: 11)
            #expect(SVGText.width(found, size: 11) <= width + 1e-9, "\(width)")
            #expect(found == text || found.last == "…" && text.hasPrefix(found.dropLast()), "\(found)")
        }
    }
}

@Suite struct TableNameRuleTests {
    @Test(
        arguments: [
            ("a", "a"), ("a b", "a b"), ("a;b", "a;b"), ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""),
            ("a\nb", "\"a\nb\""), ("a\rb", "\"a\rb\""), ("a\r\nb", "\"a\r\nb\""), ("\n", "\"\n\""), ("é", "é"),
            ("", ""),
        ])
    func `a name with a comma, a quote or a line break stands in quotes, any other does not`(
        _ name: String, _ field: String
    ) {
        let head = "panel,series,mark,x,y,low,high,value\n"
        let figure = Figure(marks: [.line(Series(name, x: [2], y: [3]))])
        #expect(Array(figure.csv.utf8) == Array((head + "0,\(field),line,2,3,,,\n").utf8))
        // A panel without a title is called by its number.
        let titled = Figure(panels: [Panel(title: name, marks: [.line(Series("s", x: [2], y: [3]))])])
        let panel = name.isEmpty ? "0" : field
        #expect(Array(titled.csv.utf8) == Array((head + "\(panel),s,line,2,3,,,\n").utf8))
        let noted = Figure(marks: [.text(Annotation(name, x: 2, y: 3))])
        #expect(Array(noted.csv.utf8) == Array((head + "0,\(field),text,2,3,,,\n").utf8))
    }
}
