// What is known before a text is read: the signature table, and in a session what earlier statements have left behind.

/// A variable as the checker and completion see it.
public struct KnownVariable: Sendable, Equatable {
    /// The `typeName` of its value; nil where it is not known before running.
    public var typeName: String?
    /// Its fields or columns, where they are known.
    public var fields: [String]

    public init(typeName: String? = nil, fields: [String] = []) {
        self.typeName = typeName
        self.fields = fields
    }
}

public struct LanguageContext: Sendable {
    /// What is built in.
    public var signatures: SignatureTable
    /// The verbs that earlier `def`s made.
    public var definitions: [String: CommandSignature]
    public var variables: [String: KnownVariable]
    /// The verbs that a file given to `import` defines, nil where it cannot be read. Reads the file, runs nothing.
    public var imports: (@Sendable (String) -> [CommandSignature]?)?

    public init(
        signatures: SignatureTable, definitions: [String: CommandSignature] = [:],
        variables: [String: KnownVariable] = [:],
        imports: (@Sendable (String) -> [CommandSignature]?)? = nil
    ) {
        self.signatures = signatures
        self.definitions = definitions
        self.variables = variables
        self.imports = imports
    }
}

/// Whether a text can be run as it stands; decided from the text alone, for Enter, paste and the kernel.
public enum Completeness: Sendable, Equatable {
    case complete
    /// A bracket or brace is open, or the text ends after an operator or `|`: more lines belong to it.
    case incomplete
    /// No further line can put it right.
    case invalid
}
