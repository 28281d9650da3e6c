import Support

#if canImport(Glibc)
    import Glibc  // rounded() is in the C library
#endif

extension LanguageLibrary {
    static var listFunctions: [Command] {
        [
            length, append, contains, indexOf, keys, valuesOf, zip, enumerate, sorted, reversed, unique, flatten,
            repeated, range, list, reduce,
            quantifier(
                "any", "Whether a function is true of at least one element.", "any([1, 2], { x in x > 1 })",
                stopsAt: true),
            quantifier(
                "all", "Whether a function is true of every element.", "all([1, 2], { x in x > 1 })", stopsAt: false),
            table, rows, array, record,
        ]
    }

    /// More bytes than any limit allows, and few enough to compute with.
    static let most = Int.max >> 12

    /// A long list, with a look for interrupts now and then.
    static func inSteps(_ count: Int, _ call: Invocation, _ element: (Int) throws -> Value) throws -> [Value] {
        var list: [Value] = []
        list.reserveCapacity(count)
        for place in 0..<count {
            if place & 0xFFFF == 0xFFFF { try call.checkInterrupt() }
            list.append(try element(place))
        }
        return list
    }

    /// The elements of anything that has some.
    static func elements(_ value: Value, _ call: Invocation, _ name: String = "values") throws -> [Value] {
        if let range = value.asRange {
            try call.session.machine.use(bytes: min(range.bounds.count, most / 16) * 16)
            return try inSteps(range.bounds.count, call) { .integer(range.bounds.lowerBound + $0) }
        }
        if let list = try value.listed() { return list }
        if let table = value.asTable { return table.rows.map { .object($0.record) } }
        if let text = value.asText { return text.map { .text(String($0)) } }
        if case .object(let object) = value, let count = object.count, !(object is RecordObject) {
            return try (0..<count).map { place in
                if place & 4095 == 0 { try call.checkInterrupt() }
                return try object.element(at: place)
            }
        }
        throw call.failure(
            "takes a list, not \(TypeName.withArticle(value.typeName))", code: .runtimeArgument, at: name,
            help: "write [1, 2, 3]")
    }

    private static var length: Command {
        func apply(_ value: Value) throws -> Value? { value.count.map { .integer($0) } }
        return Command(
            CommandSignature(
                "length", "How many elements, characters, rows or keys a value has.", [.value("values", .any)],
                result: TypeName.integer, examples: ["length([1, 2, 3])", "length(\"abc\")"]),
            direct: { try apply($0[0]) }
        ) { call in
            let value = try call.value("values")
            guard let count = try apply(value) else {
                throw call.failure(
                    "\(TypeName.withArticle(value.typeName)) has no elements to count", code: .runtimeArgument,
                    at: "values", help: "give it a list, text, range, table or record")
            }
            return count
        }
    }

    private static var append: Command {
        Command(
            CommandSignature(
                "append", "The list with one more value.", [.value("list", .any), .value("value", .any)],
                result: TypeName.list, examples: ["append([1, 2], 3)"],
                discussion: "`xs = append(xs, x)` makes the list longer where it lies, however long it is.")
        ) { call in
            let value = try call.value("list")
            guard value.asObject is ListObject || value.asRange != nil, let list = try value.listed() else {
                throw call.failure(
                    "the first value is a list, not \(TypeName.withArticle(value.typeName))", code: .runtimeArgument,
                    at: "list", help: "start with let xs = []")
            }
            try call.session.machine.use(bytes: 16 * list.count)
            return .list(list + [try call.value("value")])
        }
    }

    private static var contains: Command {
        Command(
            CommandSignature(
                "contains", "Whether a list holds a value, a text a part, a record a key.",
                [.value("values", .any), .value("value", .any)], result: TypeName.boolean,
                examples: ["contains([1, 2, 3], 2)", "contains(\"abc\", \"b\")"])
        ) { call in
            let value = try call.value("values")
            let wanted = call["value"] ?? .none
            if let text = value.asText {
                guard let part = wanted.asText else {
                    throw call.failure(
                        "a text contains texts, not \(TypeName.withArticle(wanted.typeName))", code: .runtimeArgument,
                        at: "value", help: "put it in quotes")
                }
                return .boolean(part.isEmpty || text.contains(part))
            }
            if let record = value.asRecord {
                return .boolean((wanted.asText ?? wanted.asChoice?.name).map { record[$0] != nil } ?? false)
            }
            if let range = value.asRange {
                let number = wanted.asInteger ?? wanted.asReal.flatMap { Int(exactly: $0) }
                return .boolean(number.map { range.bounds.contains($0) } ?? false)
            }
            return .boolean(try elements(value, call).contains { $0 == wanted })
        }
    }

    private static var indexOf: Command {
        Command(
            CommandSignature(
                "index_of", "The place of the first element that equals a value; none where there is none.",
                [.value("values", .any), .value("value", .any)], examples: ["index_of([3, 1, 4], 1)"])
        ) { call in
            let wanted = call["value"] ?? .none
            return .integer(ifAny: try elements(try call.value("values"), call).firstIndex { $0 == wanted })
        }
    }

    private static var keys: Command {
        Command(
            CommandSignature(
                "keys", "The keys of a record or the columns of a table, as texts.", [.value("record", .any)],
                result: TypeName.list, examples: ["keys([a: 1, b: 2])"])
        ) { call in
            let value = try call.value("record")
            guard value.asRecord != nil || value.asTable != nil else {
                throw call.failure(
                    "takes a record or a table, not \(TypeName.withArticle(value.typeName))", code: .runtimeArgument,
                    at: "record", help: "write keys([a: 1])")
            }
            return .list(value.fieldNames.map { .text($0) })
        }
    }

    private static var valuesOf: Command {
        Command(
            CommandSignature(
                "values", "The values of a record, in the order of its keys.", [.value("record", .record)],
                result: TypeName.list, examples: ["values([a: 1, b: 2])"])
        ) { call in
            .list(try call.record("record").values)
        }
    }

    private static var zip: Command {
        Command(
            CommandSignature(
                "zip", "Pairs of the elements of two lists, as long as the shorter one.",
                [.value("first", .any), .value("second", .any)], result: TypeName.list,
                examples: ["zip([1, 2], [\"a\", \"b\"])"])
        ) { call in
            let (first, second) = (
                try elements(try call.value("first"), call, "first"),
                try elements(try call.value("second"), call, "second")
            )
            return .list(Swift.zip(first, second).map { .list([$0, $1]) })
        }
    }

    private static var enumerate: Command {
        Command(
            CommandSignature(
                "enumerate", "Pairs of place and element.", [.value("values", .any)], result: TypeName.list,
                examples: ["enumerate([\"a\", \"b\"])"])
        ) { call in
            .list(try elements(try call.value("values"), call).enumerated().map { .list([.integer($0), $1]) })
        }
    }

    /// Sorts with an order that may throw, looking for interrupts on the way; equal elements keep their order.
    static func sort<Element>(
        _ elements: inout [Element], _ call: Invocation, descending: Bool = false, by key: (Element) -> Value
    ) throws {
        var comparisons = 0
        try elements.sort { left, right in
            comparisons += 1
            if comparisons & 4095 == 0 { try call.checkInterrupt() }
            let (a, b) = (key(left), key(right))
            // What is missing or not a number comes last, whichever way it goes.
            let (missesA, missesB) = (a.isMissing, b.isMissing)
            if missesA || missesB { return !missesA && missesB }
            guard let order = try Arithmetic.order(a, b) else { return false }
            return descending ? order > 0 : order < 0
        }
    }

    private static var sorted: Command {
        Command(
            CommandSignature(
                "sorted", "The elements in ascending order.",
                [
                    .value("values", .any), .label("by", .function, "what to order by, such as { x in -x }"),
                    .label("descending", .boolean, default: "false"),
                ], result: TypeName.list,
                examples: ["sorted([3, 1, 2])"], seeAlso: ["sort"])
        ) { call in
            let values = try elements(try call.value("values"), call)
            let descending = try call.boolean("descending")
            guard let function = call["by"] else {
                var sorted = values
                try sort(&sorted, call, descending: descending) { $0 }
                return .list(sorted)
            }
            var pairs = try values.map { (value: $0, key: try call.call(function, [$0])) }
            try sort(&pairs, call, descending: descending) { $0.key }
            return .list(pairs.map(\.value))
        }
    }

    private static var reversed: Command {
        Command(
            CommandSignature(
                "reversed", "The elements or characters from the last to the first.", [.value("values", .any)],
                examples: ["reversed([1, 2, 3])"])
        ) { call in
            let value = try call.value("values")
            if let text = value.asText { return .text(String(text.reversed())) }
            return .list(try elements(value, call).reversed())
        }
    }

    private static var unique: Command {
        Command(
            CommandSignature(
                "unique", "The different elements in the order in which they first appear.", [.value("values", .any)],
                result: TypeName.list, examples: ["unique([3, 1, 3])"])
        ) { call in
            var known = ValueSet()
            return .list(
                try elements(try call.value("values"), call).enumerated().filter { place, element in
                    if place & 0x3FFF == 0x3FFF { try call.checkInterrupt() }
                    return known.insert(element)
                }.map(\.element))
        }
    }

    private static var flatten: Command {
        Command(
            CommandSignature(
                "flatten", "The elements of the lists in a list, as one list.", [.value("values", .any)],
                result: TypeName.list, examples: ["flatten([[1, 2], [3]])"])
        ) { call in
            var all: [Value] = []
            for element in try elements(try call.value("values"), call) {
                if let part = try element.listed() { all += part } else { all.append(element) }
                try call.session.machine.use(bytes: 16)
            }
            return .list(all)
        }
    }

    private static var repeated: Command {
        Command(
            CommandSignature(
                "repeated", "A list with one value repeated, or a text repeated.",
                [.value("value", .any), .value("count", .integer(0...Int.max))],
                examples: ["repeated(0, 3)", "repeated(\"ab\", 2)"])
        ) { call in
            let value = call["value"] ?? .none
            let count = try call.integer("count")
            if let text = value.asText {
                let (bytes, overflow) = count.multipliedReportingOverflow(by: text.utf8.count)
                try call.session.machine.use(bytes: overflow ? most : min(bytes, most))
                return .text(text.isEmpty ? "" : String(repeating: text, count: count))
            }
            try call.session.machine.use(bytes: min(count, most / 16) * 16)
            return .list(try inSteps(count, call) { _ in value })
        }
    }

    private static var range: Command {
        Command(
            CommandSignature(
                "range", "Numbers from one to another (without it) in even steps.",
                [.value("from", .number), .value("to", .number), .label("step", .number, default: "1")],
                result: TypeName.list,
                examples: ["range(0, 10, step: 2)", "range(0, 1, step: 0.25)"])
        ) { call in
            let (from, to, step) = (try call.value("from"), try call.value("to"), try call.value("step"))
            guard
                let (start, end, width) = from.asReal.flatMap({ a in
                    to.asReal.flatMap { b in step.asReal.map { (a, b, $0) } }
                })
            else { return .list([]) }
            for (name, number) in [("from", start), ("to", end), ("step", width)] where !number.isFinite {
                throw call.failure(
                    "\(name) is \(NumberText.real(number)), and a list has an end", code: .runtimeArgument, at: name,
                    help: "give it a finite number")
            }
            if width == 0 {
                throw call.failure("the step must not be 0", code: .runtimeArgument, at: "step", help: "write step: 1")
            }
            let count = max(0, ((end - start) / width - 1e-9).rounded(.up))
            try call.session.machine.use(bytes: count > 1e12 ? most : Int(count) * 16)
            return .list(
                try inSteps(Int(count), call) { place in
                    try Arithmetic.apply(.add, from, try Arithmetic.apply(.multiply, step, .integer(place)))
                })
        }
    }

    private static var list: Command {
        Command(
            CommandSignature(
                "list", "The elements of a range, text, table or array as a list.", [.value("values", .any)],
                result: TypeName.list, examples: ["list(0..<3)", "list(\"abc\")"])
        ) { call in
            .list(try elements(try call.value("values"), call))
        }
    }

    private static var reduce: Command {
        Command(
            CommandSignature(
                "reduce", "Joins all elements into one value, from the left.",
                [.value("values", .any), .value("start", .any), .value("function", .function)],
                examples: ["reduce([1, 2, 3], 0, { total, x in total + x })"])
        ) { call in
            var result = call["start"] ?? .none
            let function = try call.value("function")
            for element in try elements(try call.value("values"), call) {
                result = try call.call(function, [result, element])
            }
            return result
        }
    }

    private static func quantifier(_ name: String, _ summary: String, _ example: String, stopsAt: Bool) -> Command {
        Command(
            CommandSignature(
                name, summary,
                [
                    .value("values", .any),
                    .value(
                        "function", .function, required: false,
                        "what to ask; without it the elements are true or false themselves"),
                ], result: TypeName.boolean, examples: [example])
        ) { call in
            for element in try elements(try call.value("values"), call) {
                let answer = try call["function"].map { try call.call($0, [element]) } ?? element
                guard let answer = answer.asBoolean else { throw Machine.notBoolean(name, answer) }
                if answer == stopsAt { return .boolean(stopsAt) }
            }
            return .boolean(!stopsAt)
        }
    }

    // MARK: - Tables, records and arrays

    private static var table: Command {
        Command(
            CommandSignature(
                "table", "A table from a list of records (its rows) or a record of lists (its columns).",
                [.value("rows", .any)], result: TypeName.table,
                examples: ["table([[a: 1, b: 2], [a: 3, b: 4]])", "table([a: [1, 3], b: [2, 4]])"], seeAlso: ["rows"])
        ) { call in
            let value = try call.value("rows")
            if let record = value.asRecord {
                let columns = try Swift.zip(record.keys, record.values).map { key, values in
                    guard let list = try values.listed() else {
                        throw call.failure(
                            "'\(key)' is \(TypeName.withArticle(values.typeName)), not a list",
                            code: .runtimeArgument, at: "rows", help: "write \(key): [1, 2]")
                    }
                    return TableObject.Column(key, list)
                }
                if let first = columns.first,
                    let other = columns.first(where: { $0.values.count != first.values.count })
                {
                    throw call.failure(
                        "columns have as many values as each other, but '\(first.name)' has \(first.values.count) and "
                            + "'\(other.name)' has \(other.values.count)", code: .runtimeArgument, at: "rows",
                        help: "write none where a value is missing")
                }
                return .table(TableObject(columns))
            }
            let rows = try elements(value, call, "rows").map { element in
                guard let record = element.asRecord else {
                    throw call.failure(
                        "a row is a record, not \(TypeName.withArticle(element.typeName))", code: .runtimeArgument,
                        at: "rows", help: "write [[a: 1, b: 2]]")
                }
                return record
            }
            return .table(TableObject(rows: rows))
        }
    }

    private static var rows: Command {
        Command(
            CommandSignature(
                "rows", "The rows of a table as a list of records.", [.value("table", .value(TypeName.table))],
                result: TypeName.list, examples: ["rows(table([a: [1, 2]]))"])
        ) { call in
            .list(try call.table("table").rows.map { .object($0.record) })
        }
    }

    private static var record: Command {
        Command(
            CommandSignature(
                "record", "A record from a list of keys and a list of values.",
                [.value("keys", .list(of: .text)), .value("values", .any)], result: TypeName.record,
                examples: ["record([\"a\", \"b\"], [1, 2])"])
        ) { call in
            let keys = try call.list("keys").compactMap(\.asText)
            let values = try elements(try call.value("values"), call)
            guard keys.count == values.count else {
                throw call.failure(
                    "\(Phrase.count(keys.count, "key")) and \(Phrase.count(values.count, "value"))",
                    code: .runtimeShape, at: "values",
                    help: "give as many values as keys")
            }
            return .record(Array(Swift.zip(keys, values)))
        }
    }

    private static var array: Command {
        Command(
            CommandSignature(
                "array", "An array from a list of numbers, or of lists of equal length.", [.value("values", .any)],
                result: TypeName.array, examples: ["array([[1, 2], [3, 4]])"])
        ) { call in
            let value = try call.value("values")
            if value.asArray != nil { return value }
            var shape: [Int] = []
            var current = value
            while let list = try current.listed(), !(current.asObject is ArrayObject) {
                shape.append(list.count)
                guard let first = list.first else { break }
                current = first
            }
            var numbers: [Float] = []
            func collect(_ value: Value, _ axis: Int) throws {
                if axis == shape.count {
                    guard let number = value.asReal else {
                        throw call.failure(
                            "\(TypeName.withArticle(value.typeName)) stands where a number belongs",
                            code: .runtimeShape, at: "values", help: "give it lists of equal length")
                    }
                    numbers.append(Float(number))
                    return
                }
                guard let list = try value.listed(), list.count == shape[axis] else {
                    throw call.failure(
                        "the lists in it differ in length", code: .runtimeShape, at: "values",
                        help: "give it lists of equal length")
                }
                for element in list { try collect(element, axis + 1) }
            }
            guard !shape.isEmpty else {
                throw call.failure(
                    "takes a list, not \(TypeName.withArticle(value.typeName))", code: .runtimeArgument, at: "values",
                    help: "write array([1, 2])")
            }
            try collect(value, 0)
            return .array(ArrayObject(shape: shape, values: numbers))
        }
    }
}

extension Value {
    /// `none` and NaN.
    var isMissing: Bool {
        switch self {
        case .none: true
        case .real(let number): number.isNaN
        case .boolean, .integer, .object: false
        }
    }
}

/// Values by content, with equal numbers of different kinds as one.
struct ValueSet {
    private var places: [String: [(value: Value, place: Int)]] = [:]
    private(set) var count = 0

    /// The place of a value among the different ones, and whether it is new.
    mutating func place(of value: Value) -> (place: Int, isNew: Bool) {
        let key = ValueSet.key(value)
        if let known = places[key]?.first(where: { $0.value == value }) { return (known.place, false) }
        places[key, default: []].append((value, count))
        count += 1
        return (count - 1, true)
    }

    mutating func insert(_ value: Value) -> Bool { place(of: value).isNew }

    /// Equal values have equal keys.
    private static func key(_ value: Value) -> String {
        if case .real(let number) = value, let whole = Int(exactly: number) { return String(whole) }
        // A whole number beyond 64 bits equals the integer that says the same digits.
        if case .real(let number) = value {
            return number.isFinite && number == number.rounded() ? "\(BigInteger(number))" : "\(number)"
        }
        if let list = value.asList, !(value.asObject is ArrayObject) {
            return "list \(list.count) " + (list.first.map { key($0) } ?? "")
        }
        if let record = value.asRecord { return "record \(record.keys.count)" }
        return value.text
    }
}
