/// A page of the manual in the language of troff, with the macros of man(7), as man, groff and mandoc read it.
///
/// What is added is plain text; here it is made safe, so that none of it is a request: a backslash begins an escape, a
/// dot or an apostrophe at the start of a line a request, and everything beyond ASCII is written by its code point,
/// since a reader may not know the encoding.
public struct ManualPage {
    public private(set) var text: String

    /// - Parameters:
    ///   - name: of the page, such as `icot-verbs`.
    ///   - section: 1 for programs, 7 for languages.
    ///   - source: what it belongs to, such as `icot 0.1.0`.
    public init(_ name: String, section: Int, source: String, summary: String) {
        text = ".TH \(Self.argument(name.uppercased())) \(section) \"\" \(Self.argument(source))\n"
        add(section: "Name")
        text += "\(Self.literal(name)) \\- \(Self.escaped(summary))\n"
    }

    public mutating func add(section: String) { text += ".SH \(Self.argument(section.uppercased()))\n" }

    public mutating func add(subsection: String) { text += ".SS \(Self.argument(subsection))\n" }

    /// Plain text: paragraphs are filled; a line that is laid out by spaces stands as it is, with its neighbours.
    public mutating func add(paragraphs: String) {
        for paragraph in Self.blocks(paragraphs) {
            if paragraph.contains(where: { $0.hasPrefix(" ") || $0.contains("  ") }) {
                add(lines: paragraph)
            } else {
                text += ".PP\n" + paragraph.map { Self.line($0) + "\n" }.joined()
            }
        }
    }

    /// Lines as they stand, such as examples.
    public mutating func add(lines: [String]) {
        guard !lines.isEmpty else { return }
        text += ".PP\n.EX\n" + lines.map { Self.guarded(Self.literal($0)) + "\n" }.joined() + ".EE\n"
    }

    /// A term and what it means, the meaning indented below it.
    public mutating func add(term: String, _ meaning: String) {
        text += ".TP\n\\fB\(Self.guarded(Self.literal(term)))\\fR\n"
        let blocks = Self.blocks(meaning)
        // A term needs something below it.
        if blocks.isEmpty { text += "\\&\n" }
        for (index, block) in blocks.enumerated() {
            if index > 0 { text += ".IP\n" }
            text += block.map { Self.line($0) + "\n" }.joined()
        }
    }

    // MARK: - Text

    private static func blocks(_ text: String) -> [[String]] {
        var blocks: [[String]] = [[]]
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.isEmpty { blocks.append([]) } else { blocks[blocks.count - 1].append(String(line)) }
        }
        return blocks.filter { !$0.isEmpty }
    }

    private static func line(_ text: String) -> String { guarded(escaped(text)) }

    private static func guarded(_ escaped: String) -> String {
        escaped.hasPrefix(".") ? "\\&" + escaped : escaped
    }

    /// In prose a hyphen is a hyphen; in what is typed it has to be a minus sign.
    static func escaped(_ text: String) -> String { escaped(text, hyphen: "-") }
    static func literal(_ text: String) -> String { escaped(text, hyphen: "\\-") }

    /// In quotes, as the argument of a macro.
    private static func argument(_ text: String) -> String {
        "\"" + literal(text).split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\(dq") + "\""
    }

    private static func escaped(_ text: String, hyphen: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": out += "\\e"
            case "-": out += hyphen
            // Else they would be typeset as other characters than those on the keyboard.
            case "'": out += "\\(aq"
            case "`": out += "\\(ga"
            case "^": out += "\\(ha"
            case "~": out += "\\(ti"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F: out += " "
            case _ where scalar.value < 0x7F: out.unicodeScalars.append(scalar)
            default:
                let digits = String(scalar.value, radix: 16, uppercase: true)
                out += "\\[u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "]"
            }
        }
        return out
    }
}
