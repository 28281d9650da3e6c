// What kinds of values are called, in messages, help, signatures (`.value("table")`) and `typeName`. A host's own kinds
// (problems, model, run, …) bring their own names.

#if canImport(Glibc)
    import Glibc  // rounded() is in the C library
#endif

public enum TypeName {
    public static let none = "none"
    public static let boolean = "boolean"
    public static let integer = "integer"
    public static let real = "real"
    /// In signatures only: an integer or a real.
    public static let number = "number"
    public static let text = "text"
    public static let list = "list"
    public static let range = "range"
    public static let record = "record"
    public static let function = "function"
    public static let choice = "choice"
    public static let table = "table"
    public static let array = "array"
    public static let error = "error"

    /// `a model`, `an integer`, `text`
    public static func withArticle(_ name: String) -> String {
        switch name {
        case none, text, "problems": return name
        case integer: return "a whole number"
        case real, number: return "a number"
        case boolean: return "true or false"
        default: return ("aeiou".contains(name.first ?? "x") ? "an " : "a ") + name
        }
    }
}

extension ParameterKind {
    /// What the argument must be, as a phrase: `a whole number from 1 to 20`.
    public var phrase: String {
        switch self {
        case .integer(let bounds): return "a whole number" + ParameterKind.bounds(bounds)
        case .real(let bounds): return "a number" + ParameterKind.bounds(bounds)
        case .number: return "a number"
        case .boolean: return "true or false"
        case .text: return "a text in quotes"
        case .path(.read), .path(.look): return "the path of a file or folder in quotes"
        case .path(.write): return "a path to write, in quotes"
        case .choice(let options): return ParameterKind.alternatives(options.map { ".\($0.name)" })
        case .selector(let options, _):
            return options.isEmpty
                ? "a .name" : "a .name such as " + ParameterKind.alternatives(options.prefix(3).map { ".\($0.name)" })
        case .column: return "a column, such as .accuracy"
        case .list(let kind): return "a list of " + kind.plural
        case .range: return "a range, such as 0...8"
        case .record: return "a record, such as [key: 1]"
        case .function: return "a function, such as { x in x + 1 }"
        case .value(let type): return TypeName.withArticle(type)
        case .oneOf(let kinds): return ParameterKind.alternatives(kinds.map(\.phrase))
        case .any: return "any value"
        }
    }

    /// The same in a word, for tables of help.
    public var word: String {
        switch self {
        case .integer: return "integer"
        case .real, .number: return "number"
        case .boolean: return "true/false"
        case .text: return "text"
        case .path: return "path"
        case .choice(let options): return options.map { ".\($0.name)" }.joined(separator: " ")
        case .selector: return ".name"
        case .column: return ".column"
        case .list: return "list"
        case .range: return "range"
        case .record: return "record"
        case .function: return "function"
        case .value(let type): return type
        case .oneOf(let kinds): return kinds.map(\.word).joined(separator: " or ")
        case .any: return "value"
        }
    }

    private var plural: String {
        switch self {
        case .integer: return "whole numbers"
        case .real, .number: return "numbers"
        case .text: return "texts"
        case .path: return "paths"
        case .column: return "columns"
        case .value(let type): return type + (type.hasSuffix("s") ? "" : "s")
        default: return "values"
        }
    }

    private static func bounds(_ range: ClosedRange<Int>) -> String {
        switch (range.lowerBound == .min, range.upperBound == .max) {
        case (true, true): return ""
        case (false, true): return " of at least \(range.lowerBound)"
        case (true, false): return " of at most \(range.upperBound)"
        case (false, false): return " from \(range.lowerBound) to \(range.upperBound)"
        }
    }

    private static func bounds(_ range: ClosedRange<Double>) -> String {
        switch (range.lowerBound.isFinite, range.upperBound.isFinite) {
        case (false, false): return ""
        case (true, false):
            return range.lowerBound == .leastNonzeroMagnitude ? " above 0" : " of at least \(short(range.lowerBound))"
        case (false, true): return " of at most \(short(range.upperBound))"
        case (true, true):
            return range.lowerBound == .leastNonzeroMagnitude
                ? " above 0 and at most \(short(range.upperBound))"
                : " from \(short(range.lowerBound)) to \(short(range.upperBound))"
        }
    }

    private static func short(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value)
    }

    static func alternatives(_ words: [String]) -> String {
        guard let last = words.last else { return "nothing" }
        return words.count == 1 ? last : words.dropLast().joined(separator: ", ") + " or " + last
    }
}
