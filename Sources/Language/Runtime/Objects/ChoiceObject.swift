/// `.left`, `.answer[2]`: a choice, the name of a column, a place in a problem.
import Support

public final class ChoiceObject: Object {
    public let name: String
    public let index: Int?

    public init(_ name: String, index: Int? = nil) {
        self.name = name
        self.index = index
    }

    public override var typeName: String { TypeName.choice }
    public override var text: String { ".\(name)" + (index.map { "[\($0)]" } ?? "") }
    public override var json: String { Escaping.json(text) }
    public override func display(_ options: DisplayOptions) -> DisplayBundle {
        DisplayBundle(lines: [StyledText(text, .choice)], json: json)
    }

    public override func isEqual(to other: Object) -> Bool {
        guard let other = other as? ChoiceObject else { return false }
        return name == other.name && index == other.index
    }
}
