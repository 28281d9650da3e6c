// How a `Style` looks on a terminal: SGR codes out of the sixteen colours that every terminal lets its user choose.
//
// Nothing is told apart by red against green alone: good and bad differ in brightness of hue (cyan, yellow-red) and in
// weight or underline, and wherever meaning depends on it the text itself carries a mark too.

import Language

struct StyleSheet: Sendable {
    /// False for NO_COLOR.
    var usesColour: Bool
    /// Bold, underlined and so on, which NO_COLOR leaves alone. False for TERM=dumb and whatever is not a terminal.
    var usesAttributes: Bool

    init(usesColour: Bool, usesAttributes: Bool) {
        self.usesColour = usesColour && usesAttributes
        self.usesAttributes = usesAttributes
    }

    init(terminal: TerminalState) {
        self.init(usesColour: terminal.usesColour, usesAttributes: terminal.usesAttributes)
    }

    /// The codes between `ESC [` and `m`, or nil for text as it is.
    func code(for style: Style) -> String? {
        guard usesAttributes else { return nil }
        guard !usesColour, let code = Self.code(for: style) else { return Self.code(for: style) }
        let attributes = code.split(separator: ";").filter { $0.count == 1 }.map(String.init)
        return attributes.isEmpty ? nil : attributes.joined(separator: ";")
    }

    private static func code(for style: Style) -> String? {
        switch style {
        case .plain, .name, .operator: nil
        case .dim, .comment: "2"
        case .emphasis: "1"
        case .heading: "1;4"
        case .good: "1;36"
        case .bad: "1;4;31"
        case .warning: "33"
        case .error: "1;31"
        case .kept: nil
        case .removed: "2;9"
        case .next: "1;7"
        case .keyword: "35"
        case .verb: "1;34"
        case .label: "36"
        case .choice: "33"
        case .function: "34"
        case .number: nil
        case .string: "32"
        case .escape: "1;32"
        }
    }

    /// The line with its codes, made safe to print.
    func render(_ line: StyledText) -> String {
        var out = ""
        for run in line.runs {
            let text = Neutral.text(run.text)
            if let code = code(for: run.style) {
                out += "\u{1b}[\(code)m\(text)\u{1b}[0m"
            } else {
                out += text
            }
        }
        return out
    }
}
