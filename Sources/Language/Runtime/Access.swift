// `xs[i]`, `r.field` and their assignment. A negative index counts from the end; what lies outside is an error that
// names what there is.

import Support

enum Access {
    // MARK: - Reading

    static func element(_ base: Value, _ positions: ArraySlice<Value>) throws -> Value {
        guard case .object(let object) = base else { throw notIndexable(base) }
        if let array = object as? ArrayObject { return try arrayPart(array, positions) }
        guard positions.count == 1, let position = positions.first else {
            throw Fault(
                .runtimeIndex, "\(TypeName.withArticle(base.typeName)) takes one index, not \(positions.count)",
                help: "write xs[0][1] for a list in a list")
        }
        if let record = object as? RecordObject {
            guard let key = position.asText ?? position.asChoice?.name else {
                throw Fault(.runtimeType, "a record is indexed with a text", help: "write r[\"key\"] or r.key")
            }
            guard let value = record[key] else { throw missingField(base, key) }
            return value
        }
        guard let count = object.count else { throw notIndexable(base) }
        if case .integer(let index) = position { return try object.element(at: try place(index, count)) }
        if let table = object as? TableObject, let name = position.asText ?? position.asChoice?.name {
            guard let column = table[name] else { throw missingField(base, name) }
            return .list(column.values)
        }
        if let bounds = try bounds(position, count) {
            guard let part = object.slice(bounds) else {
                throw Fault(
                    .runtimeType, "\(TypeName.withArticle(base.typeName)) has no parts", help: "take one element: xs[0]"
                )
            }
            return part
        }
        throw Fault(
            .runtimeType, "an index is a whole number or a range, not \(TypeName.withArticle(position.typeName))",
            help: "write xs[0] or xs[0..<3]")
    }

    private static func notIndexable(_ base: Value) -> Fault {
        Fault(
            .runtimeType, "\(TypeName.withArticle(base.typeName)) has no elements",
            help: "an index takes an element of a list, text, range, table or array")
    }

    /// The place of an index that may count from the end.
    static func place(_ index: Int, _ count: Int, axis: Int? = nil) throws -> Int {
        let place = index < 0 ? index &+ count : index
        if place >= 0, place < count { return place }
        let where_ = axis.map { " of axis \($0)" } ?? ""
        if count == 0 {
            throw Fault(
                .runtimeIndex, "index \(index) is outside: there are no elements\(where_)",
                help: "test length(xs) > 0 before")
        }
        throw Fault(
            .runtimeIndex, "index \(index) is outside 0...\(count - 1)\(where_)", help: "the last is -1 or \(count - 1)"
        )
    }

    /// The elements that a range means, nil if it is no range.
    private static func bounds(_ position: Value, _ count: Int, axis: Int? = nil) throws -> Range<Int>? {
        let lower: Int
        let upper: Int
        switch position.asObject {
        case let range as RangeObject:
            if range.bounds.isEmpty, range.lower >= 0, range.lower <= count { return range.lower..<range.lower }
            lower = range.lower < 0 ? range.lower &+ count : range.lower
            upper = end(range.upper, isClosed: range.isClosed, count)
        case let range as PartialRange:
            lower = range.lower.map { $0 < 0 ? $0 &+ count : $0 } ?? 0
            upper = range.upper.map { end($0, isClosed: range.isClosed, count) } ?? count
        default: return nil
        }
        if lower >= 0, lower <= upper, upper <= count { return lower..<upper }
        let place = axis.map { " of axis \($0)" } ?? ""
        throw Fault(
            .runtimeIndex, "this range reaches outside of the \(Phrase.count(count, "element"))\(place)",
            help: count == 0 ? "there are none" : "the whole is 0..<\(count)")
    }

    private static func end(_ upper: Int, isClosed: Bool, _ count: Int) -> Int {
        let end = upper < 0 ? upper &+ count : upper
        return isClosed ? end &+ 1 : end
    }

    private static func arrayPart(_ array: ArrayObject, _ positions: ArraySlice<Value>) throws -> Value {
        array.part(try axes(array, positions))
    }

    private static func axes(_ array: ArrayObject, _ positions: ArraySlice<Value>) throws -> [ArrayObject.Position] {
        guard positions.count <= array.shape.count else {
            throw Fault(
                .runtimeShape,
                "an array of shape \(array.shape) takes at most \(Phrase.count(array.shape.count, "position"))",
                help: "it has \(Phrase.count(array.shape.count, "axis", "axes"))")
        }
        return try positions.enumerated().map { axis, position in
            if case .integer(let index) = position { return .index(try place(index, array.shape[axis], axis: axis)) }
            if let bounds = try bounds(position, array.shape[axis], axis: axis) { return .range(bounds) }
            throw Fault(
                .runtimeType, "an index is a whole number or a range, not \(TypeName.withArticle(position.typeName))",
                help: "write a[0] or a[0..<3, 1]")
        }
    }

    static func field(_ base: Value, _ name: String) throws -> Value {
        if let value = base.field(name) { return value }
        throw missingField(base, name)
    }

    static func missingField(_ base: Value, _ name: String) -> Fault {
        let names = base.fieldNames
        let near = Suggestions.nearest(to: name, among: names).first
        let what = base.asObject is RowObject ? "the row" : TypeName.withArticle(base.typeName)
        return Fault(
            .runtimeField, Wording.unknownField(name, of: what, near: near),
            help: near.map { "write .\($0)" } ?? Wording.fields(names))
    }

    // MARK: - Writing

    enum Step {
        /// So many positions from the values at hand.
        case index(count: Int)
        case field(String)
    }

    /// `root.a[0].b = value`: changes what is held alone, copies what is shared.
    static func store(
        _ value: Value, in root: inout Value, _ steps: ArraySlice<Step>, _ positions: ArraySlice<Value>
    ) throws {
        guard let step = steps.first else {
            root = value
            return
        }
        guard case .object(var object) = root else { throw notChangeable(root) }
        root = .none
        defer { root = .object(object) }
        let rest = steps.dropFirst()
        switch step {
        case .field(let name):
            if let table = object as? TableObject, rest.isEmpty {
                object = try replacing(name, in: table, value)
                return
            }
            guard object is RecordObject else { throw notChangeable(.object(object)) }
            try store(value, at: name, in: &object, rest, positions)
        case .index(let count):
            let here = positions.prefix(count)
            let later = positions.dropFirst(count)
            if object is RecordObject, let key = here.first?.asText ?? here.first?.asChoice?.name {
                try store(value, at: key, in: &object, rest, later)
            } else if object is ListObject {
                try store(value, atPosition: here, in: &object, rest, later)
            } else if let range = object as? RangeObject {
                object = ListObject(try range.listed())
                try store(value, atPosition: here, in: &object, rest, later)
            } else if let table = object as? TableObject, rest.isEmpty,
                let name = here.first?.asText ?? here.first?.asChoice?.name
            {
                object = try replacing(name, in: table, value)
            } else if object is ArrayObject, rest.isEmpty {
                try replace(here, in: &object, value)
            } else {
                throw notChangeable(.object(object))
            }
        }
    }

    private static func notChangeable(_ value: Value) -> Fault {
        Fault(
            .runtimeType, "\(TypeName.withArticle(value.typeName)) has no elements or fields that can be given a value",
            help: "lists, records and arrays have")
    }

    private static func store(
        _ value: Value, at key: String, in object: inout Object, _ rest: ArraySlice<Step>,
        _ positions: ArraySlice<Value>
    ) throws {
        if !isKnownUniquelyReferenced(&object), let record = object as? RecordObject { object = record.copy() }
        guard let record = object as? RecordObject else { return }
        if rest.isEmpty {
            record[key] = value
            return
        }
        guard let place = record.place(of: key) else { throw missingField(.object(record), key) }
        try record.withValue(at: place) { try store(value, in: &$0, rest, positions) }
    }

    private static func store(
        _ value: Value, atPosition here: ArraySlice<Value>, in object: inout Object, _ rest: ArraySlice<Step>,
        _ positions: ArraySlice<Value>
    ) throws {
        guard here.count == 1, case .integer(let index)? = here.first else {
            throw Fault(.runtimeType, "one element is given a value at a time", help: "write xs[0] = value")
        }
        if !isKnownUniquelyReferenced(&object), let list = object as? ListObject { object = ListObject(list.elements) }
        guard let list = object as? ListObject else { return }
        let place = try place(index, list.elements.count)
        try list.withElement(at: place) { try store(value, in: &$0, rest, positions) }
    }

    private static func replace(_ positions: ArraySlice<Value>, in object: inout Object, _ value: Value) throws {
        guard let number = value.asReal else {
            throw Fault(
                .runtimeType, "an element of an array is a number, not \(TypeName.withArticle(value.typeName))",
                help: "give it a number")
        }
        let place = try (object as? ArrayObject).map { try offset(of: positions, in: $0) } ?? 0
        if !isKnownUniquelyReferenced(&object), let array = object as? ArrayObject {
            object = ArrayObject(shape: array.shape, values: array.values, provenance: array.provenance)
        }
        guard let array = object as? ArrayObject else { return }
        array.values[place] = Float(number)
        array.origin = nil
    }

    private static func offset(of positions: ArraySlice<Value>, in array: ArrayObject) throws -> Int {
        let axes = try axes(array, positions)
        guard axes.count == array.shape.count else {
            throw Fault(
                .runtimeShape, "an element of this array has \(Phrase.count(array.shape.count, "position"))",
                help: "write a[0, 1] = value")
        }
        var offset = 0
        for (axis, position) in axes.enumerated() {
            guard case .index(let index) = position else {
                throw Fault(.runtimeType, "one element is given a value at a time", help: "write a[0, 1] = value")
            }
            offset = offset * array.shape[axis] + index
        }
        return offset
    }

    private static func replacing(_ name: String, in table: TableObject, _ value: Value) throws -> TableObject {
        guard let values = try value.listed(), values.count == table.rowCount else {
            throw Fault(
                .runtimeShape, "a column of this table is a list of \(Phrase.count(table.rowCount, "value"))",
                help: "give it a list of \(table.rowCount)")
        }
        var columns = table.columns
        if let place = columns.firstIndex(where: { $0.name == name }) {
            columns[place].values = values
        } else {
            columns.append(.init(name, values))
        }
        return TableObject(columns)
    }
}
