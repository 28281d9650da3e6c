// What the line editor asks about the text at hand. The session answers it in the program, small stand-ins in tests.

import Language

/// Something that could stand at the cursor.
public struct CompletionItem: Sendable, Equatable {
    /// What is shown in the list.
    public var label: String
    /// One line about it.
    public var summary: String
    /// The part of the text that it takes the place of; UTF-8 offsets.
    public var span: SourceSpan
    public var replacement: String

    public init(label: String, summary: String = "", span: SourceSpan, replacement: String) {
        self.label = label
        self.summary = summary
        self.span = span
        self.replacement = replacement
    }
}

public enum InputState: Sendable {
    /// Enter runs it (also where it is wrong: then Enter says so).
    case complete
    /// A bracket, brace or text is still open: Enter begins a new line.
    case incomplete
}

public protocol EditorServices: AnyObject {
    /// Styles of the text, in order and without overlaps.
    func highlight(_ text: String) -> [HighlightedSpan]
    /// The words that are surely wrong, to be underlined; asked when the keys rest.
    func faults(in text: String) -> [SourceSpan]
    func completions(in text: String, at offset: Int) -> [CompletionItem]
    func state(of text: String) -> InputState
}
