import Language
import Plotting

/// A figure as a value: the same data for the terminal, a page and a file.
final class FigureValue: HostObject {
    let figure: Figure
    /// Overrides what the session can show.
    let glyphs: DisplayOptions.Glyphs?
    let height: Int
    /// Of a page and a file.
    let renderer: SVGRenderer

    init(
        _ figure: Figure, glyphs: DisplayOptions.Glyphs? = nil, height: Int = 15, renderer: SVGRenderer = SVGRenderer()
    ) {
        self.renderer = renderer
        self.figure = figure
        self.glyphs = glyphs
        self.height = height
    }

    static let typeName = "figure"
    override var typeName: String { Self.typeName }
    override var text: String { figure.summary }
    override var json: String { Value.record([("figure", .text(figure.summary))]).json }
    var svg: String { renderer.document(figure) }

    override func display(_ options: DisplayOptions) -> DisplayBundle {
        let glyphs = TerminalGlyphs(rawValue: (self.glyphs ?? options.glyphs).rawValue) ?? .ascii
        let renderer = TerminalRenderer(
            width: min(options.width, 100), height: height, glyphs: glyphs, colour: options.hasColour)
        let picture = renderer.lines(figure).map { line in
            StyledText(runs: line.map { StyledRun($0.text, Self.style($0.ink)) })
        }
        return DisplayBundle(
            lines: [StyledText(figure.summary, .dim)], picture: picture, svg: options.wantsSVG ? svg : nil, json: json)
    }

    private static func style(_ ink: TerminalInk) -> Style {
        switch ink {
        case .plain: .plain
        case .dim: .dim
        case .emphasis: .emphasis
        // Styles that a front end shows in colours the colour-blind can tell apart.
        case .series(let index): [.verb, .number, .string, .label, .choice, .function, .keyword, .escape][index % 8]
        }
    }
}
