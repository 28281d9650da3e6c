// What a session tells whoever shows it, in the order in which it happens. Three front ends read this one stream.

public enum SessionEvent: Sendable {
    /// Shown by a command while it runs, by `print`, or the value of a statement.
    case output(DisplayBundle)
    /// How far a long command has come, in a line that takes the place of the one before.
    case progress(StyledText)
    /// Rows that stand below the next progress line and those after it, until there are others.
    case panel([StyledText])
    /// The progress line is over.
    case progressEnded
    /// An error or a warning in this text.
    case diagnostic(Diagnostic, SourceText)
    /// `time`: how long a statement took.
    case timed(seconds: Double)
}
