// Elements of an SVG document, written one after another. Attributes are presentation attributes only and nothing has
// an id: several figures can stand in one HTML page without meeting each other's styles or names.

import Support

struct SVGDocument {
    enum Anchor: String { case start, middle, end }

    private(set) var body = ""

    /// Lengths with at most two decimals.
    static func number(_ value: Double) -> String {
        // By integers: a page has tens of thousands of lengths.
        let hundredths = Int((min(max(value, -1e6), 1e6) * 100).rounded())
        let (whole, part) = (hundredths.magnitude / 100, hundredths.magnitude % 100)
        var text = hundredths < 0 ? "-" : ""
        text += String(whole)
        if part > 0 {
            text += part < 10 ? ".0" : "."
            text += String(part % 10 == 0 ? part / 10 : part)
        }
        return text
    }

    mutating func raw(_ text: String) { body += text }

    mutating func open(_ attributes: String = "") { body += attributes.isEmpty ? "<g>\n" : "<g \(attributes)>\n" }
    mutating func close() { body += "</g>\n" }

    mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ attributes: String) {
        body +=
            "<line x1=\"\(Self.number(x1))\" y1=\"\(Self.number(y1))\" x2=\"\(Self.number(x2))\" "
            + "y2=\"\(Self.number(y2))\" \(attributes)/>\n"
    }

    /// A rectangle; `title` is what a pointer that rests on it reads.
    mutating func rectangle(
        x: Double, y: Double, width: Double, height: Double, _ attributes: String, title: String = ""
    ) {
        body += "<rect x=\""
        body += Self.number(x)
        body += "\" y=\""
        body += Self.number(y)
        body += "\" width=\""
        body += Self.number(width)
        body += "\" height=\""
        body += Self.number(height)
        body += "\" "
        body += attributes
        if title.isEmpty {
            body += "/>\n"
        } else {
            body += "><title>"
            body += Escaping.xml(title)
            body += "</title></rect>\n"
        }
    }

    mutating func path(_ data: String, _ attributes: String) { body += "<path d=\"\(data)\" \(attributes)/>\n" }

    /// `x` and `y` are those of the base line at the anchor.
    mutating func text(
        _ text: String, x: Double, y: Double, size: Double, colour: String = SVGStyle.ink, anchor: Anchor = .start,
        isBold: Bool = false, rotation: Double = 0
    ) {
        guard !text.isEmpty else { return }
        var attributes =
            "x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" font-size=\"\(Self.number(size))\" fill=\"\(colour)\""
        if anchor != .start { attributes += " text-anchor=\"\(anchor.rawValue)\"" }
        if isBold { attributes += " font-weight=\"600\"" }
        if rotation != 0 {
            attributes += " transform=\"rotate(\(Self.number(rotation)) \(Self.number(x)) \(Self.number(y)))\""
        }
        body += "<text \(attributes)>\(Escaping.xml(text))</text>\n"
    }

    /// Text with a light rim that sets it off from lines it may stand on.
    mutating func haloedText(_ text: String, x: Double, y: Double, size: Double) {
        let place = "x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" font-size=\"\(Self.number(size))\""
        let rim = "stroke=\"\(SVGStyle.paper)\" stroke-width=\"3\" stroke-linejoin=\"round\" paint-order=\"stroke\""
        body += "<text \(place) fill=\"\(SVGStyle.ink)\" \(rim)>\(Escaping.xml(text))</text>\n"
    }

    /// `M x y L x y …`.
    static func polyline(_ points: [(Double, Double)]) -> String {
        points.enumerated().map { index, point in
            "\(index == 0 ? "M" : "L")\(number(point.0)) \(number(point.1))"
        }.joined()
    }
}

/// Colours of everything that is not data: a light card that reads the same on a dark page.
enum SVGStyle {
    static let paper = "#ffffff"
    static let ink = "#1f2933"
    static let quiet = "#52606d"
    static let grid = "#e4e7eb"
    static let axis = "#9aa5b1"
    static let fonts = "Inter, 'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
}

/// Widths of text in a common sans-serif face, a little on the generous side: labels that are given more room than they
/// need never collide.
enum SVGText {
    static func width(_ text: String, size: Double, isBold: Bool = false) -> Double {
        let total = text.reduce(0.0) { $0 + ems($1) }
        return total * size * (isBold ? 1.07 : 1)
    }

    /// The beginning of `text` that fits, with an ellipsis for the rest.
    static func fitted(_ text: String, to width: Double, size: Double, isBold: Bool = false) -> String {
        guard Self.width(text, size: size, isBold: isBold) > width else { return text }
        var out = ""
        var used = ems("…") * size * (isBold ? 1.07 : 1)
        for character in text {
            used += ems(character) * size * (isBold ? 1.07 : 1)
            if used > width { break }
            out.append(character)
        }
        return out + "…"
    }

    /// `text` in lines broken at spaces, the last one cut if there would be more than `lines`.
    static func wrapped(_ text: String, to width: Double, size: Double, isBold: Bool = false, lines: Int) -> [String] {
        Label.broken(text, lines: lines) { Self.width($0, size: size, isBold: isBold) <= width }
            .map { fitted($0, to: width, size: size, isBold: isBold) }
    }

    private static func ems(_ character: Character) -> Double {
        guard let ascii = character.asciiValue else { return Label.columns(of: character) == 2 ? 1.05 : 0.64 }
        switch ascii {
        case UInt8(ascii: "i"), UInt8(ascii: "j"), UInt8(ascii: "l"), UInt8(ascii: "'"), UInt8(ascii: "|"): return 0.27
        case UInt8(ascii: " "), UInt8(ascii: "."), UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: ";"),
            UInt8(ascii: "!"):
            return 0.31
        case UInt8(ascii: "f"), UInt8(ascii: "t"), UInt8(ascii: "r"), UInt8(ascii: "("), UInt8(ascii: ")"),
            UInt8(ascii: "["),
            UInt8(ascii: "]"), UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: "I"):
            return 0.38
        case UInt8(ascii: "m"), UInt8(ascii: "M"), UInt8(ascii: "W"), UInt8(ascii: "@"), UInt8(ascii: "%"): return 0.92
        case UInt8(ascii: "w"): return 0.78
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): return 0.70
        default: return 0.58
        }
    }
}
