// Values while running. Small ones lie in the enum, all others behind one class, so that a copy is a tag test and a retain.
//
// Everything but host objects has value semantics: whoever changes an object copies it first unless it holds the only
// reference. So a copy of the variables is a snapshot of them.

public enum Value {
    case none
    case boolean(Bool)
    case integer(Int)
    case real(Double)
    case object(Object)
}

/// Any value that does not fit in the enum. The language's own kinds are in `Objects/`; the host's are `HostObject`s.
open class Object {
    public init() {}

    /// What messages and signatures call its kind; see `TypeName`.
    open var typeName: String { "object" }
    /// One line of text, as `print` and a text's `{ }` write it.
    open var text: String { typeName }
    /// What `xs.name` gives; nil where there is no such field.
    open func field(_ name: String) -> Value? { nil }
    /// The fields it has, for completion and suggestions.
    open var fieldNames: [String] { [] }
    /// How many elements it has; nil where it has none to count.
    open var count: Int? { nil }
    /// The element at a place from 0 to `count` − 1.
    open func element(at index: Int) throws -> Value { .none }
    /// The elements in a range within 0..<count as a value of the same kind; nil where the kind has no parts.
    open func slice(_ range: Range<Int>) -> Value? { nil }
    /// `==`
    open func isEqual(to other: Object) -> Bool { self === other }
    /// What a statement with this value shows.
    open func display(_ options: DisplayOptions) -> DisplayBundle { DisplayBundle(lines: [StyledText(text)], json: json) }
    /// JSON on one line.
    open var json: String { "null" }
}

/// Something of the engine: problems, a model, a run, a figure. It is shared, not copied.
open class HostObject: Object {
    /// What `show` prints: all there is to see.
    open func show(_ options: DisplayOptions) throws -> DisplayBundle { display(options) }
}

extension Value {
    public var typeName: String {
        switch self {
        case .none: TypeName.none
        case .boolean: TypeName.boolean
        case .integer: TypeName.integer
        case .real: TypeName.real
        case .object(let object): object.typeName
        }
    }
}
