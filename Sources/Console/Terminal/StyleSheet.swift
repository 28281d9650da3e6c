// How a `Style` looks on a terminal: weights and underlines, and colours out of the 256 of xterm, by what is behind
// them.
//
// Every colour has a contrast of at least 4.5 : 1 (WCAG AA) with the usual backgrounds of its palette, which a test
// computes: black to the greys and blues of dark schemes, white to the creams of light ones, and where nobody knows,
// black and white. A terminal with fewer colours, whose user chose what each is, gets weights and underlines alone, but
// for the console of Linux, whose colours are known.
//
// Nothing is told apart by red against green alone: good and bad differ in weight and underline, and wherever meaning
// depends on it the text itself carries a mark too.

import Language

struct StyleSheet: Sendable {
    enum Colours: Sendable { case none, console, many }

    var colours: Colours
    /// Bold, underlined and so on, which NO_COLOR leaves alone. False for TERM=dumb and whatever is not a terminal.
    var usesAttributes: Bool
    /// nil for that of the terminal at hand.
    var background: Background?

    init(colours: Colours, usesAttributes: Bool, background: Background? = nil) {
        self.colours = usesAttributes ? colours : .none
        self.usesAttributes = usesAttributes
        self.background = background
    }

    init(terminal: TerminalState) {
        self.init(colours: terminal.colours, usesAttributes: terminal.usesAttributes)
    }

    /// The codes between `ESC [` and `m`, or nil for text as it is.
    func code(for style: Style) -> String? {
        guard usesAttributes else { return nil }
        let look = Self.look(of: style)
        let colour: String?
        switch colours {
        case .none: colour = nil
        case .console: colour = look.hue?.console.map { "\($0)" }
        case .many: colour = look.hue.map { "38;5;\($0.number(on: background ?? .current))" }
        }
        // Without colours what is grey is faint.
        let faint = colour == nil && look.hue == .grey ? ["2"] : []
        let codes = faint + look.attributes + [colour].compactMap { $0 }
        return codes.isEmpty ? nil : codes.joined(separator: ";")
    }

    /// What is wrong in a line that is being typed.
    var faultCode: String {
        colours == .many ? "4;38;5;\(Hue.red.number(on: background ?? .current))" : "4"
    }

    /// A place in the palettes.
    enum Hue: CaseIterable {
        case grey, violet, blue, cyan, green, yellow, red

        /// The number among xterm's 256 colours.
        func number(on background: Background) -> Int {
            switch (background, self) {
            case (.dark, .grey): 248
            case (.dark, .violet): 213
            case (.dark, .blue): 117
            case (.dark, .cyan): 80
            case (.dark, .green): 114
            case (.dark, .yellow): 221
            case (.dark, .red): 210
            case (.light, .grey): 241
            case (.light, .violet): 90
            case (.light, .blue): 20
            case (.light, .cyan): 23
            case (.light, .green): 22
            case (.light, .yellow): 94
            case (.light, .red): 124
            case (.unknown, .grey): 243
            case (.unknown, .violet): 98
            case (.unknown, .blue): 63
            case (.unknown, .cyan), (.unknown, .green): 29
            case (.unknown, .yellow): 131
            case (.unknown, .red): 163
            }
        }

        /// The colour of the console of Linux, black with VGA's sixteen; nil where none can be read.
        var console: Int? {
            switch self {
            case .cyan, .blue: 36
            case .green: 32
            case .grey, .violet, .yellow, .red: nil
            }
        }
    }

    private static func look(of style: Style) -> (attributes: [String], hue: Hue?) {
        switch style {
        case .plain, .name, .operator, .kept, .number: ([], nil)
        case .dim, .comment: ([], .grey)
        case .emphasis: (["1"], nil)
        case .heading: (["1", "4"], nil)
        case .good: (["1"], .cyan)
        case .bad: (["1", "4"], .red)
        case .warning: ([], .yellow)
        case .error: (["1"], .red)
        case .removed: (["9"], .grey)
        case .next: (["1", "7"], nil)
        case .keyword: ([], .violet)
        case .verb: (["1"], .blue)
        case .label: ([], .cyan)
        case .choice: ([], .yellow)
        case .function: ([], .blue)
        case .string: ([], .green)
        case .escape: (["1"], .green)
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
