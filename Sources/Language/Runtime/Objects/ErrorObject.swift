/// An error as a value: what `catch` and `try …` give.
import Support

public final class ErrorObject: Object {
    public let diagnostic: Diagnostic
    /// The text that the diagnostic's places are in.
    public let source: SourceText

    public init(_ diagnostic: Diagnostic, in source: SourceText) {
        self.diagnostic = diagnostic
        self.source = source
    }

    public override var typeName: String { TypeName.error }
    public override var text: String { diagnostic.message }
    public override var fieldNames: [String] { ["code", "message", "line", "help"] }

    public override func field(_ name: String) -> Value? {
        switch name {
        case "code": .text(diagnostic.code.rawValue)
        case "message": .text(diagnostic.message)
        case "line": .integer(source.position(at: diagnostic.span.start).line)
        case "help": .text(ifAny: diagnostic.help)
        default: nil
        }
    }

    public override func display(_ options: DisplayOptions) -> DisplayBundle {
        DisplayBundle(
            lines: [StyledText("error \(diagnostic.code.rawValue)", .error) + StyledText(" \(diagnostic.message)")],
            json: json)
    }

    public override var json: String {
        "{\"error\":\(Escaping.json(diagnostic.code.rawValue)),\"message\":\(Escaping.json(diagnostic.message))}"
    }

    public override func isEqual(to other: Object) -> Bool { (other as? ErrorObject)?.diagnostic == diagnostic }
}
