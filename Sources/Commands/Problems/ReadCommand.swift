// `read`: what people have in files, as problems, as a table, as an array or as text.

import Checkpoints
import Internalization
import Language
import Support

enum ReadCommand {
    /// What a file becomes.
    private enum Form: String {
        case problems, table, array, text
    }

    static func command() -> Command {
        Command(
            CommandSignature(
                "read", "Reads problems, or a table, an array or text, from a file.",
                [
                    .value("path", .path(.read), "the file; its ending says how it is written"),
                    .label(
                        "limit", .integer(1...100_000_000), aliases: Aliases.limit, "reads no more rows than so many"),
                    .label(
                        "as",
                        .choice([
                            .init("problems", "questions with chains and answers"), .init("table", "named columns"),
                            .init("array", "the numbers of a .npy file"), .init("text", "the file as one text"),
                        ]), "what it becomes; decided by its ending and its fields without it"),
                    .label(
                        "columns", .record,
                        "which fields are question, chain and answer, such as [question: \"prompt\", chain: \"cot\"]"),
                    .label("steps", .text, "where a step of a chain ends, such as \".\" or \";\", for order: .steps"),
                    .label(
                        "solution",
                        .choice([
                            .init("whole", "all of it, a line a step"),
                            .init("calculations", "only what stands in << >>, as the papers have it"),
                        ]), default: ".whole", "what of a solution in words is the chain"),
                    .label(
                        "rules",
                        .choice([
                            .init("strict", "a malformed line is an error"),
                            .init("reference", "the published code's: such a line is left out"),
                        ]), default: ".strict", "what to do with malformed lines"),
                ], examples: ["read \"valid.txt\"", "read \"train.jsonl\" solution: .calculations limit: 1000"],
                seeAlso: ["gen", "problems", "write"],
                discussion: """
                    Problems are lines input||chain #### answer, or rows with fields: .json, .jsonl, .csv, .tsv. The \
                    usual names are known (question, input or prompt; steps, chain, cot, rationale or solution; answer, \
                    output or target); a list of texts gives the steps that order: .steps removes, and further fields \
                    are facts to group by and to probe for. An answer that holds #### gives the chain before it, as in \
                    GSM8K. Where the fields are others, the rows become a table; .npy files become arrays, \
                    or with as: .table columns x1, x2 and so on. Lines that \
                    are not what their task would have written are named.
                    """)
        ) { call in
            let path = try call.text("path")
            let form = try form(path, call)
            try checkLabels(form, call)
            switch form {
            case .problems: return try problems(path, call)
            case .table: return .table(try table(path, call))
            case .array: return try array(path, call)
            case .text: return .text(try text(path))
            }
        }
    }

    private static func ending(_ path: String) -> String {
        path.split(separator: "/").last?.split(separator: ".").dropFirst().last?.lowercased() ?? ""
    }

    /// What the person says, else what the file's ending and the fields of its first row say.
    private static func form(_ path: String, _ call: Invocation) throws -> Form {
        if let name = call.choiceIfPresent("as"), let form = Form(rawValue: name) { return form }
        if ending(path) == "npy" { return .array }
        guard RecordFile.isNamed(path), !call.isGiven("columns") else { return .problems }
        let records = try records(path, call)
        var form = Form.problems
        try RecordFile(path).forEachRow { row in
            let fields = row.fields.members.map(\.name)
            if records.field(.question, among: fields) == nil || records.field(.answer, among: fields) == nil {
                form = .table
            }
            return false
        }
        if form == .table {
            for label in problemLabels where call.isGiven(label) {
                throw call.failure(
                    "\(label): belongs to problems, and the first row has no field for a question "
                        + "and one for an answer",
                    code: .runtimeArgument, at: label,
                    help: "say which they are: columns: [question: \"…\", answer: \"…\"]")
            }
        }
        return form
    }

    private static let problemLabels = ["columns", "steps", "solution", "rules"]

    /// What is read as something else takes no label that is about problems, and what has no rows none about rows.
    private static func checkLabels(_ form: Form, _ call: Invocation) throws {
        if form == .problems { return }
        let name = call.isGiven("as") ? "as: .\(form)" : "a .npy file"
        for label in problemLabels + (form == .table ? [] : ["limit"]) where call.isGiven(label) {
            throw call.failure(
                "\(label): belongs to \(label == "limit" ? "rows" : "problems"), and \(name) gives "
                    + (form == .table ? "a table" : form == .text ? "one text" : "an array"),
                code: .runtimeArgument, at: label, help: "leave \(label): out")
        }
    }

    // MARK: Problems

    private static func records(_ path: String, _ call: Invocation) throws -> ProblemRecords {
        var records = ProblemRecords(path, limit: call.integerIfPresent("limit"))
        records.solution = ProblemRecords.Solution(rawValue: try call.choice("solution")) ?? .whole
        records.separator = call.textIfPresent("steps")
        records.skipsMalformed = try call.choice("rules") == "reference"
        for (name, value) in call["columns"]?.asRecord?.entries ?? [] {
            guard let part = ProblemRecords.Part(rawValue: name), let field = value.asText else {
                throw call.failure(
                    "columns: says which fields are question, chain and answer, not \(name)", code: .runtimeArgument,
                    at: "columns", help: "write columns: [question: \"prompt\", chain: \"cot\", answer: \"target\"]")
            }
            records.names[part] = field
        }
        return records
    }

    private static func problems(_ path: String, _ call: Invocation) throws -> Value {
        let set: ProblemSet
        let dropped: Int
        if RecordFile.isNamed(path) {
            let (problems, count, ignored) = try records(path, call).read(observer: call.observer("reading"))
            (set, dropped) = (problems, count)
            if !ignored.isEmpty {
                tell(
                    "no facts, for they hold neither whole numbers nor texts: \(ignored.joined(separator: ", "))", call)
            }
        } else {
            for label in ["columns", "solution"] where call.isGiven(label) {
                throw call.failure(
                    "\(label): belongs to rows with fields, and \(path) has lines question||chain #### answer",
                    code: .runtimeArgument, at: label, help: "leave it out")
            }
            let rules = ProblemFile.Rules(rawValue: try call.choice("rules")) ?? .strict
            let file = ProblemFile(path, rules: rules, limit: call.integerIfPresent("limit"))
            (set, dropped) = try file.read(observer: call.observer("reading"))
        }
        if dropped > 0 {
            let what = dropped == 1 ? "is no problem" : "are no problems"
            call.output(StyledText("\(Phrase.count(dropped, "line")) that \(what) left out", .warning))
        }
        if let strays = set.strays {
            call.output(
                StyledText("note", .warning)
                    + StyledText(
                        ": \(Phrase.count(strays.count, "problem")) of \(set.count) not as \(set.taskName) has it: "
                            + strays.description))
        }
        guard let separator = call.textIfPresent("steps"), !RecordFile.isNamed(path) else {
            return .object(ProblemsValue(set))
        }
        guard !set.knowsSteps else {
            throw call.failure(
                "the problems are \(set.taskName), and the steps of their chains are known", code: .runtimeArgument,
                at: "steps", help: "leave it out")
        }
        return .object(ProblemsValue(set.cuttingSteps(after: separator)))
    }

    private static func tell(_ text: String, _ call: Invocation) { call.output(StyledText(text, .dim)) }

    // MARK: Tables, arrays, text

    private static func table(_ path: String, _ call: Invocation) throws -> TableObject {
        let limit = call.integerIfPresent("limit") ?? .max
        if ending(path) == "npy" { return try numbers(path, limit, call) }
        guard RecordFile.isNamed(path) else {
            let lines = try text(path).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            let kept = lines.last == "" ? lines.dropLast() : lines[...]
            let shown = kept.prefix(limit)
            return TableObject([
                .init("line", shown.indices.map { .integer($0 + 1) }), .init("text", shown.map { .text(String($0)) }),
            ])
        }
        let isTyped = ["json", "jsonl", "ndjson"].contains(ending(path))
        var names: [String] = []
        var places: [String: Int] = [:]
        var columns: [[Value]] = []
        var count = 0
        try RecordFile(path).forEachRow(observer: call.observer("reading")) { row in
            if count >= limit { return false }
            for member in row.fields.members {
                if places[member.name] == nil {
                    places[member.name] = names.count
                    names.append(member.name)
                    columns.append(Array(repeating: Value.none, count: count))
                }
                columns[places[member.name] ?? 0].append(
                    isTyped ? Value(json: member.value) : Value(field: member.value))
            }
            count += 1
            // A row that lacks a column has none there.
            for index in columns.indices where columns[index].count < count { columns[index].append(.none) }
            return true
        }
        return TableObject(zip(names, columns).map { .init($0, $1) })
    }

    /// The rows of an array of two dimensions, or the numbers of one of one, under the names `x1`, `x2`, ….
    private static func numbers(_ path: String, _ limit: Int, _ call: Invocation) throws -> TableObject {
        let contents = try NumpyFile.read(path)
        guard (1...2).contains(contents.shape.count) else {
            throw call.failure(
                "\(path) has \(Phrase.count(contents.shape.count, "dimension")), and a table has rows and columns",
                code: .runtimeArgument, at: "as", help: "leave as: out")
        }
        let columnCount = contents.shape.count == 2 ? contents.shape[1] : 1
        let rows = 0..<min(contents.shape[0], limit)
        func value(_ number: Double) -> Value {
            if contents.areIntegers, abs(number) < 0x1p53 { return .integer(Int(number)) }
            return .real(number)
        }
        let columns = (0..<columnCount).map { column -> TableObject.Column in
            let values: [Value] = rows.map { row in value(contents.values[row * columnCount + column]) }
            return TableObject.Column("x\(column + 1)", values)
        }
        return TableObject(columns)
    }

    private static func array(_ path: String, _ call: Invocation) throws -> Value {
        guard ending(path) == "npy" else {
            throw call.failure(
                "only .npy files become arrays", code: .runtimeArgument, at: "as",
                help: "leave as: out, or write as: .table")
        }
        let contents = try NumpyFile.read(path)
        let values = contents.values.map { Float($0) }
        let rounded = zip(contents.values, values).reduce(0) { $0 + ($1.0 == Double($1.1) || $1.0.isNaN ? 0 : 1) }
        if rounded > 0 {
            tell("\(Phrase.count(rounded, "number")) rounded: arrays hold seven digits", call)
        }
        return .array(ArrayObject(shape: contents.shape, values: values, provenance: [("file", path)]))
    }

    private static func text(_ path: String) throws -> String {
        let file = try MappedFile(path)
        if let mistake = MistakenFile(file.bytes), mistake != .empty { throw mistake.error(path) }
        let bytes = file.bytes.starts(with: byteOrderMark) ? file.bytes.dropFirst(3) : file.bytes[...]
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw FileError(.malformed, path, "is not UTF-8 text")
        }
        return text
    }

    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
}

extension Value {
    /// A value of JSON: numbers without a point as integers, objects as records.
    init(json: JSONValue) {
        switch json {
        case .null: self = .none
        case .bool(let flag): self = .boolean(flag)
        case .number(let number):
            self = number.integer.map { .integer($0) } ?? Value.integer(digits: number.literal) ?? .real(number.double)
        case .string(let text): self = .text(text)
        case .array(let elements): self = .list(elements.map { Value(json: $0) })
        case .object(let object): self = .record(object.members.map { ($0.name, Value(json: $0.value)) })
        }
    }

    /// A field of CSV, which says nothing of kinds: a number where it is written as one, none where it is empty.
    init(field: JSONValue) {
        guard let text = field.string else {
            self.init(json: field)
            return
        }
        if text.isEmpty {
            self = .none
        } else if let number = Int(text), String(number) == text {
            self = .integer(number)
        } else if text.utf8.allSatisfy({ "0123456789.eE+-".utf8.contains($0) }),
            text.utf8.contains(where: { $0 < 0x3A && $0 > 0x2F }),
            let number = Double(text), text.first != "0" || !text.dropFirst().allSatisfy(\.isNumber) || text.count == 1
        {
            self = .real(number)
        } else {
            self = .text(text)
        }
    }
}
