// What a terminal drawing is made of: text, and what it belongs to. No escape code is made here; whoever prints decides
// what a series looks like.

/// How a run of text is to be shown.
public enum TerminalInk: Sendable, Hashable {
    case plain
    /// Axes, notes and whatever should stand back behind the data.
    case dim
    /// The title.
    case emphasis
    /// Belongs to a series: a colour index from 0 to 7, meant to be told apart by the colour-blind too.
    case series(Int)
}

/// A stretch of one line shown in one way.
public struct TerminalRun: Sendable, Hashable {
    public var text: String
    public var ink: TerminalInk

    public init(_ text: String, _ ink: TerminalInk = .plain) {
        self.text = text
        self.ink = ink
    }
}

/// The glyphs that pictures are made of.
public enum TerminalGlyphs: String, Sendable, CaseIterable {
    /// 2 × 4 dots in each character; the finest.
    case braille
    /// 2 × 2 quarters in each character, for fonts without braille.
    case block
    /// Nothing beyond ASCII in what is drawn (labels stay as they are).
    case ascii
}
