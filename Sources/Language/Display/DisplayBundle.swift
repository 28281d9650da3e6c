// What a value or a command shows, as data: one bundle goes to the terminal, into a notebook, to Jupyter and into
// `--json`.

/// What whoever shows a bundle can show.
public struct DisplayOptions: Sendable, Equatable {
    /// How pictures are made of text.
    public enum Glyphs: String, Sendable, CaseIterable { case braille, block, ascii }

    /// Columns of the screen or page.
    public var width: Int
    public var glyphs: Glyphs
    /// Whether pictures as SVG and tables as HTML are wanted beside the text; making one costs time.
    public var wantsSVG: Bool
    /// Whether colour can be shown; what it says must be said without it too where it cannot.
    public var hasColour: Bool
    /// Whether rows can be drawn in place below the progress of long work.
    public var hasPanel: Bool

    public init(
        width: Int = 100, glyphs: Glyphs = .braille, wantsSVG: Bool = false, hasColour: Bool = false,
        hasPanel: Bool = false
    ) {
        self.width = width
        self.glyphs = glyphs
        self.wantsSVG = wantsSVG
        self.hasColour = hasColour
        self.hasPanel = hasPanel
    }
}

/// Something to be shown.
public struct DisplayBundle: Sendable, Equatable {
    /// Results: a notebook records them as `#>` and compares them.
    public var lines: [StyledText]
    /// Pictures and commentary: a notebook records them as `#~` and never compares them.
    public var picture: [StyledText]
    /// The picture as a whole SVG document.
    public var svg: String?
    /// The same as a piece of HTML: of a table, all its rows and columns.
    public var html: String?
    /// The same as JSON text on one line.
    public var json: String?

    public init(
        lines: [StyledText] = [], picture: [StyledText] = [], svg: String? = nil, html: String? = nil,
        json: String? = nil
    ) {
        self.html = html
        self.lines = lines
        self.picture = picture
        self.svg = svg
        self.json = json
    }

    public var isEmpty: Bool { lines.isEmpty && picture.isEmpty && svg == nil && json == nil }
    /// The lines as plain text.
    public var text: String { lines.map(\.plain).joined(separator: "\n") }
}
