// Values while running. Small ones lie in the enum, all others in one class, so that a copy is a tag test and a retain.
//
// Everything but host objects has value semantics: whoever changes an object copies it first unless it holds the only
// reference. So a copy of the variables is a snapshot of them.

import Support

public enum Value {
    case none
    case boolean(Bool)
    case integer(Int)
    case real(Double)
    case object(Object)
}

/// Any value that does not fit in the enum. The language's own kinds are in `Objects/`; the host's are `HostObject`s.
open class Object {
    /// How deep lists, records and functions nest in it; bounded by `Limits.nestingMax`, so that walks may recurse.
    final var nesting = 0
    /// How many values a walk through the lists, records and tables in it meets; bounded by `Limits.extentMax`, so
    /// that walks end.
    final var extent = 0

    public init() {}

    /// What messages and signatures call its kind; see `TypeName`.
    open var typeName: String { "object" }
    /// One line of text, as `print` and a text's `{ }` write it.
    open var text: String { typeName }
    /// Appends `text`; kinds that hold other values write them one after the other, into the one text.
    open func write(into text: inout String) { text += self.text }
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
    /// The elements at these places within 0..<count as a value of the same kind; nil where a list of them is that.
    open func selecting(_ places: [Int]) -> Value? { nil }
    /// `==`
    open func isEqual(to other: Object) -> Bool { self === other }
    /// What a statement with this value shows.
    open func display(_ options: DisplayOptions) -> DisplayBundle {
        DisplayBundle(lines: [StyledText(text)], json: json)
    }
    /// JSON on one line.
    open var json: String { "null" }
}

extension Object {
    /// Notes that a value lies in it from now on.
    final func enclose(_ value: Value) {
        extent &+= value.extent &+ 1
        if case .object(let object) = value, object.nesting >= nesting { nesting = object.nesting + 1 }
    }

    /// Throws where lists and records nest too deep in it or a walk through them would take too long, or would if it
    /// held another value this many levels down.
    final func checkShape(with value: Value = .none, levels: Int = 1) throws {
        let depth = max(nesting, value.asObject.map { $0.nesting + levels } ?? 0)
        if depth > Limits.nestingMax {
            throw Fault(
                .stackTooDeep, "values nest more than \(Limits.nestingMax) deep", help: "keep them flat, in one list")
        }
        if depth > 0, extent + value.extent > Limits.extentMax {
            throw Fault(
                .limitReached, "a value would hold more than \(Limits.extentMax >> 20) million others",
                help: "look for a list that is put into itself again and again")
        }
    }
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

    /// One line of text, as `print` and a text's `{ }` write it.
    public var text: String {
        switch self {
        case .none: "none"
        case .boolean(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .real(let value): NumberText.real(value)
        case .object(let object): object.text
        }
    }

    /// The text inside a list or record, where texts keep their quotes.
    var quotedText: String {
        if let text = asText { return TextObject.quoted(text) }
        return text
    }

    /// Appends `quotedText`.
    func writeQuoted(into text: inout String) {
        if case .object(let object) = self, !(object is TextObject) {
            object.write(into: &text)
        } else {
            text += quotedText
        }
    }

    /// Strict JSON on one line: integers of any size as numbers, NaN and infinities as null.
    public var json: String {
        switch self {
        case .none: "null"
        case .boolean(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .real(let value): NumberText.json(value)
        case .object(let object): object.json
        }
    }

    /// What a statement with this value shows; nothing for `none`.
    public func display(_ options: DisplayOptions) -> DisplayBundle {
        switch self {
        case .none: DisplayBundle()
        case .boolean, .integer, .real: DisplayBundle(lines: [StyledText(text, .number)], json: json)
        case .object(let object): object.display(options)
        }
    }

    public func field(_ name: String) -> Value? {
        if case .object(let object) = self { return object.field(name) }
        return nil
    }

    public var fieldNames: [String] {
        if case .object(let object) = self { return object.fieldNames }
        return []
    }

    /// How many elements it has; nil where it has none to count.
    public var count: Int? {
        if case .object(let object) = self { return object.count }
        return nil
    }

    var nesting: Int {
        if case .object(let object) = self { return object.nesting }
        return 0
    }

    var extent: Int {
        if case .object(let object) = self { return object.extent }
        return 0
    }
}

// MARK: - JSON to be shown

extension Value {
    /// What is longer is not written as JSON just to be shown.
    private static let shownJSONMax = 100_000

    /// The JSON that goes with what is shown; nil where it would be long.
    var shownJSON: String? { jsonCount(Value.shownJSONMax + 1) <= Value.shownJSONMax ? json : nil }

    /// How many values its JSON has, counted no further than to a limit.
    private func jsonCount(_ limit: Int) -> Int {
        func sum(_ values: some Sequence<Value>) -> Int {
            var count = 1
            for value in values where count < limit { count += value.jsonCount(limit - count) }
            return count
        }
        switch asObject {
        case let list as ListObject: return sum(list.elements)
        case let record as RecordObject: return sum(record.values)
        case let table as TableObject: return table.columns.reduce(0) { $0 + sum($1.values) }
        case let range as RangeObject: return range.bounds.count
        case let array as ArrayObject: return array.values.count
        default: return 1
        }
    }
}

// MARK: - Making values

extension Value {
    public static func text(_ string: String) -> Value { .object(TextObject(string)) }
    public static func list(_ elements: [Value]) -> Value { .object(ListObject(elements)) }
    public static func record(_ entries: [(String, Value)]) -> Value { .object(RecordObject(entries)) }
    public static func table(_ table: TableObject) -> Value { .object(table) }
    public static func array(_ array: ArrayObject) -> Value { .object(array) }
    public static func range(_ range: Range<Int>) -> Value { .object(RangeObject(range)) }
    public static func range(_ range: ClosedRange<Int>) -> Value { .object(RangeObject(range)) }
    /// `.left`, `.answer[2]`
    public static func choice(_ name: String, _ index: Int? = nil) -> Value {
        .object(ChoiceObject(name, index: index))
    }
    /// A number, or `none` where there is none.
    public static func integer(ifAny value: Int?) -> Value { value.map { .integer($0) } ?? .none }
    public static func real(ifAny value: Double?) -> Value { value.map { .real($0) } ?? .none }
    public static func text(ifAny value: String?) -> Value { value.map { .text($0) } ?? .none }
}

// MARK: - Taking values apart

extension Value {
    public var isNone: Bool {
        if case .none = self { return true }
        return false
    }

    public var asBoolean: Bool? {
        if case .boolean(let value) = self { return value }
        return nil
    }

    /// The integer, where it fits 64 bits.
    public var asInteger: Int? {
        if case .integer(let value) = self { return value }
        return nil
    }

    /// Any number as a real.
    public var asReal: Double? {
        switch self {
        case .integer(let value): return Double(value)
        case .real(let value): return value
        case .object(let object): return (object as? BigIntegerObject).map { Double($0.value) }
        case .none, .boolean: return nil
        }
    }

    public var asText: String? { (asObject as? TextObject)?.string }
    public var asChoice: ChoiceObject? { asObject as? ChoiceObject }
    public var asRecord: RecordObject? { asObject as? RecordObject }
    public var asTable: TableObject? { asObject as? TableObject }
    public var asArray: ArrayObject? { asObject as? ArrayObject }
    public var asRange: RangeObject? { asObject as? RangeObject }
    public var asFunction: FunctionObject? { asObject as? FunctionObject }
    public var asError: ErrorObject? { asObject as? ErrorObject }
    public func asHost<Host: HostObject>(_ type: Host.Type) -> Host? { asObject as? Host }

    public var asObject: Object? {
        if case .object(let object) = self { return object }
        return nil
    }

    /// The elements of a list, range or array (along its first axis); nil for a range too long to become a list.
    public var asList: [Value]? { try? listed() }

    /// The same, but a range that is too long is an error.
    func listed() throws -> [Value]? {
        switch asObject {
        case let list as ListObject: list.elements
        case let range as RangeObject: try range.listed()
        case let array as ArrayObject: array.elements
        default: nil
        }
    }
}
