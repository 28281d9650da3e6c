// A table: named columns of equal length, each with the way its values are written.

import Support

/// How the values of a column are written.
public struct ColumnFormat: Sendable, Equatable {
    /// Decimal places of reals; four significant ones where it is nil.
    public var decimals: Int?
    /// Reals as hundredths: 0.953 is `95.3%`.
    public var isPercent: Bool
    /// Written after each value, such as `s` or `ex/s`.
    public var unit: String?
    /// Times and speeds: they differ from run to run, so a notebook does not compare them.
    public var isVolatile: Bool
    /// For pages and programs rather than for people: in the JSON and there by its name, but not among what a table
    /// shows.
    public var isHidden: Bool
    /// The ends of what is measured, such as 0 and 1 of an accuracy: an axis shows all of it unless asked otherwise.
    public var scale: ClosedRange<Double>?

    public init(
        decimals: Int? = nil, isPercent: Bool = false, unit: String? = nil, isVolatile: Bool = false,
        isHidden: Bool = false, scale: ClosedRange<Double>? = nil
    ) {
        self.scale = scale
        self.decimals = decimals
        self.isPercent = isPercent
        self.unit = unit
        self.isVolatile = isVolatile
        self.isHidden = isHidden
    }

    public static let plain = ColumnFormat()
    public static let hidden = ColumnFormat(isHidden: true)
    public static func decimals(_ count: Int) -> ColumnFormat { ColumnFormat(decimals: count) }
    /// A share of a whole, with three decimals.
    public static let share = ColumnFormat(decimals: 3, scale: 0...1)
    public static func percent(_ decimals: Int = 1) -> ColumnFormat {
        ColumnFormat(decimals: decimals, isPercent: true)
    }
    public static func unit(_ unit: String, decimals: Int? = nil) -> ColumnFormat {
        ColumnFormat(decimals: decimals, unit: unit)
    }
    /// Seconds or another measure of how fast this machine was.
    public static func volatile(_ unit: String? = nil, decimals: Int? = nil) -> ColumnFormat {
        ColumnFormat(decimals: decimals, unit: unit, isVolatile: true)
    }

    func text(_ value: Value) -> String {
        let number: String
        switch value {
        case .none: return "–"
        case .real(let real) where isPercent:
            number = NumberText.fixed(real * 100, decimals: decimals ?? 1) + (real.isFinite ? "%" : "")
        case .real(let real): number = decimals.map { NumberText.fixed(real, decimals: $0) } ?? NumberText.real(real)
        case .integer(let integer) where isPercent:
            number = NumberText.fixed(Double(integer) * 100, decimals: decimals ?? 1) + "%"
        case .boolean, .integer, .object: number = value.text.replacing("\n", with: "⏎")
        }
        return unit.map { "\(number) \($0)" } ?? number
    }
}

public final class TableObject: Object {
    public struct Column {
        public var name: String
        public var values: [Value]
        public var format: ColumnFormat

        public init(_ name: String, _ values: [Value], format: ColumnFormat = .plain) {
            self.name = name
            self.values = values
            self.format = format
        }

        public init(_ name: String, _ values: [Int]) { self.init(name, values.map { .integer($0) }) }
        public init(_ name: String, _ values: [Double], format: ColumnFormat = .plain) {
            self.init(name, values.map { .real($0) }, format: format)
        }
        public init(_ name: String, _ values: [String]) { self.init(name, values.map { .text($0) }) }

        /// The kind of its values: one of `TypeName`, `number` for a mixture of integers and reals, nil for others.
        public var typeName: String? {
            var found: String?
            for value in values {
                let type = value.typeName
                if type == TypeName.none || type == found { continue }
                guard let before = found else {
                    found = type
                    continue
                }
                let numbers = [TypeName.integer, TypeName.real, TypeName.number]
                guard numbers.contains(before), numbers.contains(type) else { return nil }
                found = TypeName.number
            }
            return found
        }

        var isNumeric: Bool {
            values.allSatisfy { value in
                switch value {
                case .integer, .real, .none: true
                case .object(let object): object is BigIntegerObject
                case .boolean: false
                }
            }
        }
    }

    public let columns: [Column]
    public let rowCount: Int
    /// How many columns at the left say what a row is about. With these again, a table too wide for the screen goes
    /// on below; where it is 0, columns are left out instead.
    public let keyCount: Int
    /// Lines shown below it; tables made from it have none.
    public let notes: [String]

    /// Columns that are shorter than others are filled up with `none` (a person's are refused before); of two with one
    /// name the later stays.
    public init(_ columns: [Column], keyCount: Int = 0, notes: [String] = []) {
        self.keyCount = keyCount
        self.notes = notes
        let rowCount = columns.map(\.values.count).max() ?? 0
        var kept: [Column] = []
        for var column in columns {
            if column.values.count < rowCount {
                column.values += Array(repeating: .none, count: rowCount - column.values.count)
            }
            if let place = kept.firstIndex(where: { $0.name == column.name }) {
                kept[place] = column
            } else {
                kept.append(column)
            }
        }
        self.columns = kept
        self.rowCount = rowCount
        super.init()
        for column in kept { for value in column.values { enclose(value) } }
    }

    /// A table from rows: the columns are the names of all rows in the order in which they first appear.
    public convenience init(rows: [RecordObject], formats: [String: ColumnFormat] = [:]) {
        var names: [String] = []
        var known: Set<String> = []
        for row in rows { for key in row.keys where known.insert(key).inserted { names.append(key) } }
        self.init(names.map { name in Column(name, rows.map { $0[name] ?? .none }, format: formats[name] ?? .plain) })
    }

    public subscript(name: String) -> Column? { columns.first { $0.name == name } }
    public var columnNames: [String] { columns.map(\.name) }
    public func row(_ index: Int) -> TableRow { TableRow(table: self, index: index) }
    public var rows: [TableRow] { (0..<rowCount).map { row($0) } }
    /// The rows at these places, in this order.
    public func selecting(rows places: [Int]) -> TableObject {
        TableObject(
            columns.map { column in Column(column.name, places.map { column.values[$0] }, format: column.format) })
    }

    public override var typeName: String { TypeName.table }
    public override var count: Int? { rowCount }
    public override func element(at index: Int) -> Value { .object(row(index).record) }
    public override func slice(_ range: Range<Int>) -> Value? { .table(selecting(rows: Array(range))) }
    public override func field(_ name: String) -> Value? { self[name].map { .list($0.values) } }
    public override var fieldNames: [String] { columnNames }

    public override var text: String {
        "table of \(rowCount) \(rowCount == 1 ? "row" : "rows"): " + columnNames.joined(separator: ", ")
    }

    /// A list of records.
    public override var json: String {
        let keys = columns.map { Escaping.json($0.name) }
        let lines = (0..<rowCount).lazy.map { row in
            "{" + self.columns.indices.map { "\(keys[$0]):\(self.columns[$0].values[row].json)" }.joined(separator: ",")
                + "}"
        }
        return "[" + lines.joined(separator: ",") + "]"
    }

    public override func isEqual(to other: Object) -> Bool {
        guard let other = other as? TableObject, columnNames == other.columnNames, rowCount == other.rowCount else {
            return false
        }
        return zip(columns, other.columns).allSatisfy { mine, others in
            zip(mine.values, others.values).allSatisfy { $0 == $1 }
        }
    }

    public override func display(_ options: DisplayOptions) -> DisplayBundle {
        DisplayBundle(
            lines: TableDisplay(self, width: options.width).lines,
            html: options.wantsSVG ? TableDisplay.html(self) : nil, json: Value.object(self).shownJSON)
    }
}

/// One row of a table.
public struct TableRow: Row {
    public let table: TableObject
    public let index: Int

    public func value(_ name: String) -> Value? { table[name].map { $0.values[index] } }
    public var names: [String] { table.columnNames }
    public var record: RecordObject { RecordObject(table.columns.map { ($0.name, $0.values[index]) }) }
}

/// Anything with fields as a row: a problem, say.
struct FieldRow: Row {
    let object: Object

    /// Nil for a value without fields.
    init?(_ value: Value) {
        guard case .object(let object) = value, !object.fieldNames.isEmpty else { return nil }
        self.object = object
    }

    func value(_ name: String) -> Value? { object.field(name) }
    var names: [String] { object.fieldNames }
}

/// A row as a value, for `.name` inside `where` and `by`.
final class RowObject: Object {
    let row: any Row
    init(_ row: any Row) { self.row = row }

    override var typeName: String { "row" }
    override func field(_ name: String) -> Value? { row.value(name) }
    override var fieldNames: [String] { row.names }
}
