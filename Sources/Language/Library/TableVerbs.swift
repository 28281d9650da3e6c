extension LanguageLibrary {
    static var tableVerbs: [Command] { [filter, sort, select, group, join, head, tail, map] }

    private static let table = ParameterKind.value(TypeName.table)

    private static func column(
        _ name: String, of table: TableObject, _ call: Invocation, at argument: String
    ) throws -> TableObject.Column {
        if let column = table[name] { return column }
        let near = Suggestions.nearest(to: name, among: table.columnNames).first
        throw call.failure(
            "the table has no column '\(name)'" + Wording.question(near.map { "'.\($0)'" }), code: .runtimeField,
            at: argument,
            help: near.map { "write .\($0)" } ?? "it has " + table.columnNames.map { ".\($0)" }.joined(separator: ", "))
    }

    private static var filter: Command {
        Command(
            CommandSignature(
                "filter",
                "Keeps the rows of a table, or the elements of a list or of problems, for which a condition holds.",
                [
                    .value("table", .any, "a table, or a list with a function"),
                    .value("function", .function, required: false, "of an element: true to keep it"),
                ], acceptsWhere: true,
                examples: ["filter table([a: [1, 2, 3]]) where .a > 1", "filter [1, 2, 3] { x in x > 1 }"],
                seeAlso: ["select", "sort"])
        ) { call in
            let value = try call.value("table")
            if call.predicate == nil, call["function"] == nil {
                throw call.failure(
                    "a condition is missing", code: .runtimeArgument,
                    help: "write filter t where .column > 0, or filter xs { x in x > 0 }")
            }
            func keeps(_ row: (any Row)?, _ element: @autoclosure () throws -> Value, _ place: Int) throws -> Bool {
                if place & 255 == 0 { try call.checkInterrupt() }
                if let function = call["function"] {
                    let answer = try call.call(function, [try element()])
                    guard let answer = answer.asBoolean else { throw Machine.notBoolean("filter", answer) }
                    if !answer { return false }
                }
                guard let predicate = call.predicate else { return true }
                guard let row else {
                    throw call.failure(
                        "'where' looks at rows and records; for other elements give a function", code: .runtimeArgument,
                        help: "write filter xs { x in x > 0 }")
                }
                return try predicate(row)
            }
            if let table = value.asTable {
                return .table(
                    table.selecting(
                        rows: try (0..<table.rowCount).filter {
                            try keeps(table.row($0), .object(table.row($0).record), $0)
                        }))
            }
            let elements = try elements(value, call, "table")
            let kept = try elements.enumerated().filter { try keeps(FieldRow($1), $1, $0) }
            return value.asObject?.selecting(kept.map(\.offset)) ?? .list(kept.map(\.element))
        }
    }

    private static var sort: Command {
        Command(
            CommandSignature(
                "sort", "Sorts the rows of a table by a column, ascending; equal rows keep their order.",
                [
                    .value("table", table), .value("column", .column),
                    .label("descending", .boolean, default: "false", "largest first"),
                ], result: TypeName.table,
                examples: ["sort table([a: [3, 1, 2]]) .a", "sort table([a: [3, 1, 2]]) .a descending: true"],
                seeAlso: ["sorted", "head"])
        ) { call in
            let table = try call.table("table")
            let values = try column(try call.choice("column"), of: table, call, at: "column").values
            var places = Array(0..<table.rowCount)
            try sort(&places, call, descending: try call.boolean("descending")) { values[$0] }
            return .table(table.selecting(rows: places))
        }
    }

    private static var select: Command {
        Command(
            CommandSignature(
                "select", "Takes some columns of a table, in this order.",
                [.value("table", table), .value("columns", .column, repeated: true)], result: TypeName.table,
                examples: ["table([a: [1], b: [2]]) | select .b"], seeAlso: ["filter"])
        ) { call in
            let table = try call.table("table")
            return .table(
                TableObject(
                    try call.list("columns").compactMap(\.asChoice?.name).map { name in
                        var column = try column(name, of: table, call, at: "columns")
                        column.format.isHidden = false
                        return column
                    }))
        }
    }

    private static let aggregates: [(label: String, summary: String, least: Int)] = [
        ("mean", "columns to take the mean of", 1), ("sum", "columns to add up", 0),
        ("min", "columns to take the smallest of", 1), ("max", "columns to take the largest of", 1),
        ("std", "columns to take the standard deviation of", 2), ("median", "columns to take the median of", 1),
    ]

    private static var group: Command {
        let columns = ParameterKind.oneOf([.column, .list(of: .column)])
        let functions = Dictionary(uniqueKeysWithValues: statisticsFunctions.map { ($0.signature.name, $0) })
        return Command(
            CommandSignature(
                "group", "Puts rows together that agree, one row a group with its count n.",
                [.value("table", table)] + aggregates.map { .label($0.label, columns, $0.summary) }, acceptsBy: true,
                result: TypeName.table,
                examples: ["group table([k: [1, 1, 2], v: [3, 5, 7]]) mean: .v by .k"], seeAlso: ["filter", "sort"],
                discussion:
                    "The groups come in the order in which they first appear. mean: .v gives a column mean_v; several "
                    + "columns: mean: [.v, .w]."
            )
        ) { call in
            let table = try call.table("table")
            var groups = ValueSet()
            var places: [[Int]] = []
            var keys: [[Value]] = []
            for row in 0..<table.rowCount {
                if row & 255 == 0 { try call.checkInterrupt() }
                let key = try call.keys.map { try $0.value(table.row(row)) }
                let (place, isNew) = groups.place(of: .list(key))
                if isNew {
                    places.append([])
                    keys.append(key)
                }
                places[place].append(row)
            }
            var columns = call.keys.enumerated().map { number, key in
                TableObject.Column(key.name, keys.map { $0[number] }, format: table[key.name]?.format ?? .plain)
            }
            columns.append(.init("n", places.map(\.count)))
            for aggregate in aggregates {
                guard let given = call[aggregate.label], let function = functions[aggregate.label] else { continue }
                for name in given.asChoice.map({ [$0.name] }) ?? given.asList?.compactMap(\.asChoice?.name) ?? [] {
                    let source = try column(name, of: table, call, at: aggregate.label)
                    let results = try places.map { rows -> Value in
                        let values = rows.map { source.values[$0] }.filter { !$0.isNone }
                        return values.count < aggregate.least
                            ? .none : try call.call(.object(CommandFunction(function, isVerb: false)), [.list(values)])
                    }
                    columns.append(.init("\(aggregate.label)_\(name)", results, format: source.format))
                }
            }
            return .table(TableObject(columns))
        }
    }

    private static var join: Command {
        Command(
            CommandSignature(
                "join", "Sets the rows of two tables side by side where a column agrees.",
                [
                    .value("table", table), .value("other", table),
                    .label("on", .column, required: true, "the column that must agree"),
                    .label(
                        "keep",
                        .choice([.init("both", "rows that both tables have"), .init("left", "every row of the first")]),
                        default: ".both"),
                ], result: TypeName.table,
                examples: ["join table([k: [1, 2], a: [3, 4]]) table([k: [2, 1], b: [5, 6]]) on: .k"],
                discussion:
                    "A column that both have keeps its name in the first table and becomes name_2 from the second.")
        ) { call in
            let (left, right) = (try call.table("table"), try call.table("other"))
            let name = try call.choice("on")
            let (mine, others) = (
                try column(name, of: left, call, at: "on"), try column(name, of: right, call, at: "on")
            )
            var known = ValueSet()
            var rows: [[Int]] = []
            for (row, value) in others.values.enumerated() {
                let (place, isNew) = known.place(of: value)
                if isNew { rows.append([]) }
                rows[place].append(row)
            }
            let keepsAll = try call.choice("keep") == "left"
            var pairs: [(Int, Int?)] = []
            for (row, value) in mine.values.enumerated() {
                if row & 255 == 0 { try call.checkInterrupt() }
                let (place, isNew) = known.place(of: value)
                if isNew { rows.append([]) }
                for other in rows[place] { pairs.append((row, other)) }
                if rows[place].isEmpty, keepsAll { pairs.append((row, nil)) }
                try call.session.machine.use(bytes: 32 * rows[place].count)
            }
            var columns = left.columns.map { column in
                TableObject.Column(column.name, pairs.map { column.values[$0.0] }, format: column.format)
            }
            for column in right.columns where column.name != name {
                let newName = left[column.name] == nil ? column.name : column.name + "_2"
                columns.append(
                    .init(newName, pairs.map { $0.1.map { column.values[$0] } ?? .none }, format: column.format))
            }
            return .table(TableObject(columns))
        }
    }

    private static func end(
        _ name: String, _ summary: String, _ range: @escaping (_ count: Int, _ total: Int) -> Range<Int>
    ) -> Command {
        Command(
            CommandSignature(
                name, summary,
                [
                    .value("table", .any, "a table, list, text, …"),
                    .value("count", .integer(0...Int.max), default: "10"),
                ],
                examples: ["\(name) [1, 2, 3, 4] 2"], seeAlso: [name == "head" ? "tail" : "head"])
        ) { call in
            let value = try call.value("table")
            guard case .object(let object) = value, let total = object.count,
                let part = object.slice(range(try call.integer("count"), total))
            else {
                throw call.failure(
                    "\(TypeName.withArticle(value.typeName)) has no parts", code: .runtimeArgument, at: "table",
                    help: "give it a table or a list")
            }
            return part
        }
    }

    private static var head: Command {
        end("head", "Takes the first rows of a table or elements of a list.") { count, total in 0..<min(count, total) }
    }
    private static var tail: Command {
        end("tail", "Takes the last rows of a table or elements of a list.") { count, total in
            total - min(count, total)..<total
        }
    }

    private static var map: Command {
        Command(
            CommandSignature(
                "map", "Applies a function to each element of a list or row of a table.",
                [.value("values", .any), .value("function", .function)], result: TypeName.list,
                examples: ["map [1, 2, 3] { x in x * 2 }"], seeAlso: ["filter", "reduce"])
        ) { call in
            let function = try call.value("function")
            var results: [Value] = []
            let value = try call.value("values")
            if let range = value.asRange {
                // Not made into a list first: it may be long, and the function may end it.
                for number in range.bounds {
                    results.append(try call.call(function, [.integer(number)]))
                    try call.session.machine.use(bytes: 16)
                }
                return .list(results)
            }
            for element in try elements(value, call) { results.append(try call.call(function, [element])) }
            return .list(results)
        }
    }
}
