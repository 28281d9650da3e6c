import Foundation
import TestSupport
import Testing

@testable import Plotting

@Suite struct SVGTests {
    @Test func `text cannot break out of the document`() {
        let figure = Figure(title: "<script>&\"'", x: Axis("a<b"), marks: [.line(Series("]]>", y: [1, 2]))])
        let document = SVGRenderer().document(figure)
        #expect(!document.contains("<script") && document.contains("&lt;script&gt;&amp;&quot;'"))
        #expect(document.contains("a&lt;b") && document.contains("]]&gt;"))
    }

    @Test func `a document names itself and says what it shows`() {
        let document = SVGRenderer().document(
            Figure(title: "Loss", x: Axis("step"), y: Axis("loss"), marks: [.line(Series(y: [2, 1]))]))
        #expect(document.hasPrefix("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"640\""))
        #expect(document.contains("role=\"img\"") && document.contains("<title>Loss</title>"))
        #expect(document.contains("<desc>plot step→loss, 2 points, min 1 max 2</desc>"))
        // Several figures stand in one page: nothing may have a name that another could have too.
        #expect(!document.contains(" id=") && !document.contains("url(#") && !document.contains("<style"))
    }

    @Test func `each series has its own colour, dash, marker and filling`() {
        let lines = SVGRenderer().document(Figure(marks: (0..<3).map { .line(Series("s\($0)", y: [1, Double($0)])) }))
        for colour in ["#0072b2", "#d55e00", "#009e73"] { #expect(lines.contains("stroke=\"\(colour)\"")) }
        #expect(lines.contains("stroke-dasharray=\"7 4\"") && lines.contains("stroke-dasharray=\"2 3\""))
    }

    @Test func `a line of many points loses only what nobody can see`() {
        let points = (0..<50_000).map { (Double($0) / 100, Double(($0 * 7919) % 1000)) }
        let kept = thinned(points)
        #expect(kept.count <= 4 * 1001 && kept.first! == points.first! && kept.last! == points.last!)
        for column in stride(from: 0, to: 1000, by: 37) {
            func range(_ points: [(Double, Double)]) -> [Double] {
                let here = points.filter { Int($0.0 * 2) == column }.map(\.1)
                return [here.min() ?? 0, here.max() ?? 0]
            }
            #expect(range(kept) == range(points))
        }
        let back = points.reversed().map { $0 }
        #expect(thinned(back).count == back.count)
    }
}

@Suite struct ColourTests {
    @Test func `both maps are monotone in luminance, so that a print in grey reads the same`() {
        let sequential = (0...50).map { Colour.sequential(Double($0) / 50).luminance }
        #expect(zip(sequential, sequential.dropFirst()).allSatisfy { $0 > $1 })
        let arms = (0...25).map { Double($0) / 50 }
        for arm in [arms.map { 0.5 - $0 }, arms.map { 0.5 + $0 }] {
            let luminance = arm.map { Colour.diverging($0).luminance }
            #expect(zip(luminance, luminance.dropFirst()).allSatisfy { $0 > $1 })
        }
        #expect(Colour.diverging(0.5).luminance > 0.9)
    }

    /// Colours as eyes without the red or the green receptor see them: F. Viénot, H. Brettel and J. Mollon, "Digital
    /// video colourmaps for checking the legibility of displays by dichromats" (1999), on linear RGB.
    @Test func `the first five series differ for every kind of colour vision`() {
        func linear(_ part: UInt8) -> Double { pow(Double(part) / 255, 2.2) }
        func seen(_ colour: Colour, _ matrix: [[Double]]) -> [Double] {
            let rgb = [linear(colour.red), linear(colour.green), linear(colour.blue)]
            return matrix.map { row in pow(max(0, zip(row, rgb).reduce(0) { $0 + $1.0 * $1.1 }), 1 / 2.2) }
        }
        let eyes: [[[Double]]] = [
            [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
            [[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]],
            [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]],
        ]
        for eye in eyes {
            for a in 0..<5 {
                for b in 0..<a {
                    let distance = zip(seen(.series(a), eye), seen(.series(b), eye)).reduce(0) {
                        $0 + ($1.0 - $1.1) * ($1.0 - $1.1)
                    }.squareRoot()
                    #expect(distance > 0.14, "series \(a) and \(b)")
                }
            }
        }
    }

    @Test func `numbers in cells can be read on every colour`() {
        for step in 0...20 {
            let colour = Colour.sequential(Double(step) / 20)
            let ink = colour.luminance > 0.3 ? Colour(0x1F2933) : Colour(0xFFFFFF)
            let (light, dark) = (max(colour.luminance, ink.luminance), min(colour.luminance, ink.luminance))
            #expect((light + 0.05) / (dark + 0.05) >= 3, "step \(step)")
        }
    }
}

@Suite struct PictureTests {
    @Test(.enabled(if: Programs.hasLibrary("librsvg-2.so"), "\(Programs.reason("librsvg"))"))
    func `a PDF has one page as large as the picture`() throws {
        let figure = Figure(title: "Loss", marks: [.line(Series(y: [2, 1, 3]))])
        let renderer = SVGRenderer(width: 300, height: 200)
        let text = String(decoding: try PictureRenderer(svg: renderer).pdf(figure), as: UTF8.self)
        #expect(text.hasPrefix("%PDF-") && text.contains("%%EOF"))
        let height = Int(renderer.draw(figure).height)
        #expect(text.contains("/MediaBox [ 0 0 300 \(height) ]"), "\(text.prefix(2000))")
        #expect(text.components(separatedBy: "/MediaBox").count == 2)
    }

    @Test(.enabled(if: Programs.hasLibrary("librsvg-2.so"), "\(Programs.reason("librsvg"))"))
    func `a PNG has the size of the page times the scale`() throws {
        let figure = Figure(title: "Loss", marks: [.line(Series(y: [2, 1, 3]))])
        let renderer = SVGRenderer(width: 300, height: 200)
        let file = try PictureRenderer(svg: renderer, scale: 2).png(figure)
        #expect(file.prefix(8) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        let width = file[16..<20].reduce(0) { $0 << 8 | Int($1) }
        let height = file[20..<24].reduce(0) { $0 << 8 | Int($1) }
        #expect(width == 600 && Double(height) == (renderer.draw(figure).height * 2).rounded(.up))
    }
}
