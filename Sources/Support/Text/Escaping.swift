/// Text inside other notations. All that comes from values, files and models passes through here on its way out, so
/// that none of it can end a string, open an element, steer a terminal or turn the order of a line round.
public enum Escaping {
    // MARK: JSON

    /// A JSON string with its quotes (RFC 8259).
    ///
    /// Besides what JSON asks for, whatever `steers` a terminal is written as an escape, which reads back as the same
    /// text: JSON can be printed as it is.
    public static func json(_ text: String) -> String {
        var text = text
        if text.withUTF8({ bytes in bytes.allSatisfy { $0 >= 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C } }) {
            return "\"" + text + "\""
        }
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case "\u{8}": out += "\\b"
            case "\u{C}": out += "\\f"
            case _ where steers(scalar): out += jsonEscape(scalar)
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }

    /// `\u00e9`, beyond 16 bits as a pair.
    static func jsonEscape(_ scalar: Unicode.Scalar) -> String {
        (UTF16.encode(scalar).map { Array($0) } ?? []).map { unit in
            let digits = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
        }.joined()
    }

    // MARK: XML

    /// Text for an attribute or an element of XML, HTML or SVG. What these cannot hold, or what would steer whoever
    /// prints them, is shown by its stand-in, line breaks too unless they are kept.
    public static func xml(_ text: String, keepsLines: Bool = false) -> String {
        let isPlain = text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F && !"&<>\"".utf8.contains($0) }
        if isPlain { return text }
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case "\n" where keepsLines: out += "\n"
            case _ where scalar.value & 0xFFFE == 0xFFFE: out += "\u{FFFD}"
            default: out.unicodeScalars.append(standIn(scalar))
            }
        }
        return out
    }

    // MARK: Terminals

    /// Whether a character could move a cursor, give a terminal an order, or make a line read as something else than it
    /// is: the controls C0, DEL and C1, the separators of lines and paragraphs, and the marks that reorder text.
    public static func steers(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
        default: false
        }
    }

    /// The text with each character that steers shown by one that does not, so that columns stay where they are: a
    /// space for a tab or a line break, `␛` for ESC, `�` for the rest.
    public static func neutral(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text }
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { out.append(standIn(scalar)) }
        return String(out)
    }

    /// What is shown instead of a character.
    public static func standIn(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        guard steers(scalar) else { return scalar }
        switch scalar.value {
        case 0x09, 0x0A, 0x0D: return " "
        case 0..<0x20: return Unicode.Scalar(0x2400 + scalar.value) ?? "?"
        case 0x7F: return "\u{2421}"
        default: return "\u{FFFD}"
        }
    }

    /// How a character that steers is shown where there is room to name it: four spaces for a tab, `^[` for ESC,
    /// `<U+009B>`; nil where it may be shown as it is.
    public static func mark(_ scalar: Unicode.Scalar) -> String? {
        guard steers(scalar) else { return nil }
        switch scalar.value {
        case 0x09: return "    "
        case 0..<0x20: return "^" + String(Unicode.Scalar(UInt8(scalar.value) + 0x40))
        case 0x7F: return "^?"
        default:
            let digits = String(scalar.value, radix: 16, uppercase: true)
            return "<U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + ">"
        }
    }
}
