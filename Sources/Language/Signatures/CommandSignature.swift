// The signature of a verb or function: the one description that parser, checker, binding, completion, highlighting,
// help, effects and the kernel read, so that they cannot disagree.

/// One way to fill a `.choice`.
public struct ChoiceOption: Sendable, Equatable {
    public var name: String
    public var summary: String

    public init(_ name: String, _ summary: String = "") {
        self.name = name
        self.summary = summary
    }
}

/// What an argument must be.
public indirect enum ParameterKind: Sendable, Equatable {
    /// A whole number within the bounds.
    case integer(ClosedRange<Int> = Int.min...Int.max)
    /// Any number within the bounds; integers are taken too.
    case real(ClosedRange<Double> = -Double.infinity...Double.infinity)
    /// An integer (of any size) or a real.
    case number
    case boolean
    case text
    /// A quoted path that the command reads or writes.
    case path(PathUse)
    /// One of these, written `.name`.
    case choice([ChoiceOption])
    /// Any `.name`, with the well-known ones first; `.name[i]` too where an index makes sense.
    case selector([ChoiceOption] = [], allowsIndex: Bool = false)
    /// The column of a table, written `.name`.
    case column
    case list(of: ParameterKind)
    /// `0...8`, `0..<8` (a single integer is taken as a range of one).
    case range
    case record
    /// A function or closure.
    case function
    /// A value whose `typeName` is this: `.value("model")`.
    case value(String)
    /// Any of several kinds.
    case oneOf([ParameterKind])
    case any

    public enum PathUse: Sendable, Equatable {
        case read, write
        /// Only names are looked at: what lies there is no input.
        case look
    }
}

/// One argument of a verb or function.
public struct Parameter: Sendable, Equatable {
    /// The word before the colon; nil for a value given by place.
    public var label: String?
    /// What messages and help call it: the label, or for a value by place its name, such as `problems`.
    public var name: String
    public var kind: ParameterKind
    public var isRequired: Bool
    /// Whether any number of values may follow (only the last value by place).
    public var isRepeated: Bool
    /// The default as people would type it, for help and completion.
    public var defaultText: String?
    /// What other tools call it, so that a message can name the word of this one.
    public var aliases: [String]
    /// One line of help.
    public var summary: String
    /// Whether a path is that of a kept run, which completion then offers.
    public private(set) var isRun = false

    /// The same for the folder of a kept run.
    public var ofRun: Parameter {
        var copy = self
        copy.isRun = true
        return copy
    }

    /// A value given by place.
    public static func value(
        _ name: String, _ kind: ParameterKind, required: Bool = true, repeated: Bool = false,
        default defaultText: String? = nil, aliases: [String] = [], _ summary: String = ""
    ) -> Parameter {
        Parameter(
            label: nil, name: name, kind: kind, isRequired: required && defaultText == nil, isRepeated: repeated,
            defaultText: defaultText, aliases: aliases, summary: summary)
    }

    /// `label: value`; may be left out unless it is required.
    public static func label(
        _ label: String, _ kind: ParameterKind, required: Bool = false, default defaultText: String? = nil,
        aliases: [String] = [], _ summary: String = ""
    ) -> Parameter {
        Parameter(
            label: label, name: label, kind: kind, isRequired: required, isRepeated: false, defaultText: defaultText,
            aliases: aliases, summary: summary)
    }

    public init(
        label: String?, name: String, kind: ParameterKind, isRequired: Bool, isRepeated: Bool, defaultText: String?,
        aliases: [String] = [], summary: String
    ) {
        self.label = label
        self.name = name
        self.kind = kind
        self.isRequired = isRequired
        self.isRepeated = isRepeated
        self.defaultText = defaultText
        self.aliases = aliases
        self.summary = summary
    }
}

/// What a verb does to the world beside returning a value. Files named by a `.path` argument need no entry here.
public enum CommandEffect: Sendable, Equatable {
    /// Reads a fixed path, such as the history.
    case reads(String)
    /// Writes a fixed path.
    case writes(String)
    /// Writes below a folder, under the name given with a label; nothing where the label is not given. Where another
    /// label is given, and not as false, it goes on with what lies there.
    case writesNamed(folder: String, label: String, goingOn: String? = nil)
    /// Goes on writing into the folder that the first argument names, unless the label is given as false.
    case holds(unless: String)
    /// Runs a program of the system: the one that the first argument names, where one does.
    case runsPrograms
    /// Goes to the folder that the first argument names: relative paths lead elsewhere from then on.
    case entersFolder
    /// Asks the server whose address is given with a label, and keeps its answers in the file that another names;
    /// nothing where no address is given, and where a third label is given as false only that file is read.
    case asks(at: String, keeping: String, unless: String)
    /// Changes a state of the host that other commands look at, named by the host: `the current run`, `weights,
    /// schedule or timeline`.
    case changes(String, parts: String)

    /// Whether it reaches beyond the session.
    var isDeed: Bool {
        switch self {
        case .reads, .writes, .writesNamed, .holds, .runsPrograms, .entersFolder, .asks: true
        case .changes: false
        }
    }
}

public struct CommandSignature: Sendable, Equatable {
    public var name: String
    /// One line: what it does, as a phrase that starts with a verb.
    public var summary: String
    /// Values by place first, in order; then labels in the order in which help shows them.
    public var parameters: [Parameter]
    public var acceptsWhere: Bool
    public var acceptsBy: Bool
    /// The `typeName` of its result where that is known before running; nil where it is not, "none" where there is
    /// none.
    public var resultType: String?
    /// Lines that run as they stand.
    public var examples: [String]
    public var effects: [CommandEffect]
    public var seeAlso: [String]
    /// Longer help in plain paragraphs, shown by `?name` below the arguments.
    public var discussion: String
    /// The source of a verb that is written in the language itself, shown by `??name`.
    public var source: String?

    public init(
        _ name: String, _ summary: String, _ parameters: [Parameter] = [], acceptsWhere: Bool = false,
        acceptsBy: Bool = false,
        result: String? = nil, examples: [String] = [], effects: [CommandEffect] = [], seeAlso: [String] = [],
        discussion: String = "", source: String? = nil
    ) {
        self.name = name
        self.summary = summary
        self.parameters = parameters
        self.acceptsWhere = acceptsWhere
        self.acceptsBy = acceptsBy
        resultType = result
        self.examples = examples
        self.effects = effects
        self.seeAlso = seeAlso
        self.discussion = discussion
        self.source = source
    }

    /// The arguments given by place, in order.
    public var values: [Parameter] { parameters.filter { $0.label == nil } }
    /// The arguments given by label.
    public var labelled: [Parameter] { parameters.filter { $0.label != nil } }

    public func parameter(labelled label: String) -> Parameter? { parameters.first { $0.label == label } }

    /// The label that a word means which is none: what another tool calls it, or else the nearest spelling, those not
    /// yet given first.
    func label(meantBy word: String, notAmong given: Set<String>) -> String? {
        let lower = word.lowercased()
        if let known = labelled.first(where: { $0.aliases.contains(lower) }) { return known.label }
        let labels = labelled.compactMap(\.label)
        return Suggestions.nearest(to: word, among: labels.filter { !given.contains($0) }).first
            ?? Suggestions.nearest(to: word, among: labels).first
    }
}
