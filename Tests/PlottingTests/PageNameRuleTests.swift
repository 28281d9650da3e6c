// Where names and keys stand in a page, and what becomes of them where there is no room.

import Testing

@testable import Plotting

private func count(_ part: String, in text: String) -> Int {
    var (found, rest) = (0, Substring(text))
    while let place = rest.firstRange(of: part) {
        found += 1
        rest = rest[place.upperBound...]
    }
    return found
}

/// The attribute of the first element that holds a text.
private func attribute(_ name: String, of text: String, in document: String) -> String {
    guard let end = document.firstRange(of: ">\(text)<") else { return "nowhere" }
    let head = document[..<end.lowerBound]
    guard let start = head.lastIndex(of: "<"), let place = head[start...].firstRange(of: " \(name)=\"") else {
        return "none"
    }
    return String(head[place.upperBound...].prefix { $0 != "\"" })
}

@Suite struct PageNameRuleTests {
    private func bars(_ names: [String]) -> String {
        SVGRenderer().document(Figure(x: Axis(categories: names), marks: [.bars(Series(y: names.map { _ in 1 }))]))
    }

    @Test func `names under bars lie where they fit, long ones are tilted, short ones thinned out`() {
        let few = bars(["one", "two", "three"])
        #expect(!few.contains("rotate") && ["one", "two", "three"].allSatisfy { few.contains(">\($0)<") })
        let long = bars((0..<10).map { "a name of its own \($0)" })
        #expect(count("rotate(-35", in: long) == 10)
        let short = bars((0..<200).map { _ in "ab" })
        // Each is 12.76 wide and keeps six from the next: no more than thirty-two beside each other.
        let kept = count(">ab<", in: short)
        #expect(!short.contains("rotate") && kept > 15 && kept <= 32, "\(kept)")
    }

    @Test func `bars are at most 56 wide, and leave a fifth of their room`() {
        #expect(count("width=\"55\"", in: bars(["a", "b"])) == 2)
        // 624 − 30.38 are the plot: a twentieth of it, 0.78 of that, less one.
        #expect(count("width=\"22.15\"", in: bars((0..<20).map { _ in "a" })) == 20)
    }

    @Test func `a name of a legend that does not fit beside the one before it begins a line`() {
        let names = ["a", "b", "c"].map { String(repeating: $0, count: 40) }
        let text = SVGRenderer().document(Figure(marks: names.map { .line(Series($0, y: [1, 2])) }))
        #expect(names.map { attribute("y", of: $0, in: text) } == ["29", "49", "69"])
        #expect(names.map { attribute("x", of: $0, in: text) } == ["48", "48", "48"])
        let short = SVGRenderer().document(Figure(marks: ["d", "e"].map { .line(Series($0, y: [1, 2])) }))
        // 16 + 26 + 8 + 6.96 + 18, and then the sample of 26 with six beside it.
        #expect(attribute("y", of: "e", in: short) == "29" && attribute("x", of: "e", in: short) == "106.96")
    }

    @Test func `columns of a map are named across where their names fit, else upright`() {
        func map(_ names: [String]) -> String {
            SVGRenderer().document(
                Figure(x: Axis(categories: names), marks: [.heatMap(HeatMap([names.map { _ in 1 }]))]))
        }
        // A cell is 46 wide: six letters and three take 41.28, seven 47.66.
        let across = map(["aaaaaa", "b", "c"])
        #expect(!across.contains("rotate") && across.contains(">aaaaaa<"))
        #expect(count("rotate(-90", in: map(["aaaaaaa", "b", "c"])) == 3)
    }

    @Test func `a map that is too large says how many of its cells one stands for`() {
        func text(_ rows: Int) -> String {
            SVGRenderer().document(Figure(marks: [.heatMap(HeatMap((0..<rows).map { [Double($0)] }))]))
        }
        #expect(!text(200).contains("strongest") && text(201).contains(">one cell: the strongest of 2 × 1<"))
        #expect(text(401).contains(">one cell: the strongest of 3 × 1<"))
    }

    @Test func `the key of one map stands upright beside it, that of several lies above them once`() {
        let map = Mark.heatMap(HeatMap([[0, 1]], label: "heat", unit: "J"))
        let one = SVGRenderer().document(Figure(marks: [map]))
        #expect(count(" width=\"11\" ", in: one) == 40 && one.contains(">heat (J)<"))
        let two = SVGRenderer().document(Figure(panels: [Panel(marks: [map]), Panel(marks: [map])]))
        #expect(count(" height=\"11\" ", in: two) == 40 && count(" width=\"11\" ", in: two) == 0)
        #expect(count(">heat (J)<", in: two) == 1)
    }

    @Test func `a wide or high figure is cut to what a page can be, a single panel is as high as was asked for`() {
        func size(_ width: Int, _ height: Int) -> [Double] {
            let drawn = SVGRenderer(width: width, height: height).draw(Figure(marks: [.line(Series(y: [1, 2]))]))
            return [drawn.width, drawn.height]
        }
        // Sixteen above and below.
        #expect(size(640, 320) == [640, 352] && size(640, 1) == [640, 152] && size(99_999, 320) == [10_000, 352])
        // Panels of a grid are lower, in proportion to their width: 0.72 of 292.
        let panels = (0..<2).map { _ in Panel(marks: [.line(Series(y: [1, 2]))]) }
        #expect(abs(SVGRenderer().draw(Figure(panels: panels)).height - (32 + 292 * 0.72)) < 1e-9)
        let low = SVGRenderer(width: 640, height: 150).draw(Figure(panels: panels))
        #expect(low.height == 32 + 150)
    }
}
