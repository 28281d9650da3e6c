// Text with meaning instead of colour: the language says what a run of text is, a front end decides how that looks
// (terminal colours, HTML classes, nothing at all). No escape code is ever made here.

/// What a run of text is.
public enum Style: String, Sendable, Hashable, CaseIterable {
    case plain, dim, emphasis, heading
    /// Judgements: right and wrong answers, errors and warnings.
    case good, bad, warning, error
    /// The tokens of a chain of thought: still there, gone, next to go.
    case kept, removed, next
    /// Source text.
    case keyword, verb, label, choice, name, function, number, string, escape, comment, `operator`
}

/// A run of text of one style.
public struct StyledRun: Sendable, Hashable {
    public var text: String
    public var style: Style
    /// Text that differs from run to run though the result is the same (times, speeds): notebooks write it as `{~…}`
    /// and do not compare it.
    public var isVolatile: Bool

    public init(_ text: String, _ style: Style = .plain, isVolatile: Bool = false) {
        self.text = text
        self.style = style
        self.isVolatile = isVolatile
    }
}

/// One line of styled text.
public struct StyledText: Sendable, Hashable, ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
    public var runs: [StyledRun]

    public init(runs: [StyledRun] = []) { self.runs = runs }
    public init(_ text: String, _ style: Style = .plain, isVolatile: Bool = false) {
        runs = text.isEmpty ? [] : [StyledRun(text, style, isVolatile: isVolatile)]
    }
    public init(stringLiteral value: String) { self.init(value) }

    /// The text without its styles.
    public var plain: String { runs.map(\.text).joined() }
    public var isEmpty: Bool { runs.allSatisfy(\.text.isEmpty) }

    public mutating func append(_ text: String, _ style: Style = .plain, isVolatile: Bool = false) {
        if !text.isEmpty { runs.append(StyledRun(text, style, isVolatile: isVolatile)) }
    }

    public mutating func append(_ other: StyledText) { runs += other.runs }

    public static func + (left: StyledText, right: StyledText) -> StyledText {
        StyledText(runs: left.runs + right.runs)
    }
}
