/// `[name: "a", size: 3]`: values by name, in the order in which they were given.
import Support

public final class RecordObject: Object {
    public private(set) var keys: [String]
    public private(set) var values: [Value]
    /// Places by key, made when a record is large.
    private var places: [String: Int]?

    public init(_ entries: [(String, Value)]) {
        keys = []
        values = []
        super.init()
        keys.reserveCapacity(entries.count)
        values.reserveCapacity(entries.count)
        for (key, value) in entries { self[key] = value }
    }

    init(keys: [String], values: [Value]) {
        self.keys = keys
        self.values = values
        super.init()
        for value in values { enclose(value) }
    }

    public var entries: [(String, Value)] { Array(zip(keys, values)) }

    public subscript(key: String) -> Value? {
        get { place(of: key).map { values[$0] } }
        set {
            guard let newValue else { return }
            enclose(newValue)
            if let place = place(of: key) {
                extent -= values[place].extent + 1
                values[place] = newValue
            } else {
                places?[key] = keys.count
                keys.append(key)
                values.append(newValue)
            }
        }
    }

    func place(of key: String) -> Int? {
        if keys.count <= 8 { return keys.firstIndex(of: key) }
        if places == nil { places = Dictionary(uniqueKeysWithValues: keys.enumerated().map { ($1, $0) }) }
        return places?[key]
    }

    /// Changes a value in place; nil where there is none of that name.
    func withValue<Result>(at place: Int, _ change: (inout Value) throws -> Result) rethrows -> Result {
        let before = values[place].extent
        defer {
            extent -= before + 1
            enclose(values[place])
        }
        return try change(&values[place])
    }

    func copy() -> RecordObject { RecordObject(keys: keys, values: values) }

    public override var typeName: String { TypeName.record }
    public override func field(_ name: String) -> Value? { self[name] }
    public override var fieldNames: [String] { keys }
    public override var count: Int? { keys.count }
    public override func element(at index: Int) -> Value {
        .record([("key", .text(keys[index])), ("value", values[index])])
    }

    public override var text: String {
        var text = ""
        write(into: &text)
        return text
    }

    public override func write(into text: inout String) {
        text += keys.isEmpty ? "[:" : "["
        for (place, key) in keys.enumerated() {
            text += (place > 0 ? ", " : "") + RecordObject.written(key) + ": "
            values[place].writeQuoted(into: &text)
        }
        text += "]"
    }

    private var styled: StyledText {
        guard let place = place(of: "seconds"), keys.count > 1 else { return StyledText(text) }
        var line = StyledText("[")
        for (index, key) in keys.enumerated() {
            line.append((index == 0 ? "" : ", ") + RecordObject.written(key) + ": ")
            line.append(values[index].quotedText, isVolatile: index == place)
        }
        return line + StyledText("]")
    }

    private static func written(_ key: String) -> String {
        let isName =
            key.first.map { $0.isLetter || $0 == "_" } == true
            && key.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
        return isName ? key : TextObject.quoted(key)
    }

    public override var json: String {
        "{" + zip(keys, values).lazy.map { "\(Escaping.json($0)):\($1.json)" }.joined(separator: ",") + "}"
    }

    public override func isEqual(to other: Object) -> Bool {
        guard let other = other as? RecordObject, keys.count == other.keys.count else { return false }
        return zip(keys, values).allSatisfy { key, value in other[key].map { $0 == value } ?? false }
    }

    /// One line where it fits, one line a key otherwise. What stands under `seconds` is a time: volatile.
    public override func display(_ options: DisplayOptions) -> DisplayBundle {
        let json = Value.object(self).shownJSON
        if DisplayWidth.of(text) <= options.width { return DisplayBundle(lines: [styled], json: json) }
        let width = keys.map { DisplayWidth.of($0) }.max() ?? 0
        let lines = zip(keys, values).map { key, value in
            StyledText(key + ":" + String(repeating: " ", count: width - DisplayWidth.of(key) + 1), .dim)
                + Fitted.line(StyledText(value.quotedText), width: options.width - width - 2)
        }
        return DisplayBundle(lines: lines, json: json)
    }
}

extension RecordObject: Row {
    public func value(_ name: String) -> Value? { self[name] }
    public var names: [String] { keys }
}

enum Fitted {
    /// A line cut to a width, with `…` where something is missing.
    static func line(_ line: StyledText, width: Int) -> StyledText {
        guard DisplayWidth.of(line.plain) > width else { return line }
        var shown = StyledText()
        var columns = 0
        for run in line.runs {
            var part = ""
            for character in run.text {
                let next = DisplayWidth.of(character)
                if columns + next > max(width - 1, 1) {
                    shown.append(part + "…", run.style, isVolatile: run.isVolatile)
                    return shown
                }
                part.append(character)
                columns += next
            }
            shown.append(part, run.style, isVolatile: run.isVolatile)
        }
        return shown
    }

    /// Lines of at most `width` columns, broken at spaces; a word that is longer stays whole.
    static func wrapped(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, DisplayWidth.of(last) + 1 + DisplayWidth.of(word) <= width {
                lines[lines.count - 1] += " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }

    static func padding(_ text: String, to width: Int) -> String {
        String(repeating: " ", count: max(0, width - DisplayWidth.of(text)))
    }
}
