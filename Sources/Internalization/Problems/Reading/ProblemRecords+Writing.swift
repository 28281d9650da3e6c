import Support

/// Problems as rows that `ProblemRecords` reads back as the same problems, with the facts and steps that were recorded
/// for them and that lines `input||chain #### answer` have no place for.
///
///     question   a text
///     steps      a list of texts where steps were recorded for the chain, else its text; in CSV a line a step
///     answer     a text
///     …          a field for each recorded fact: a number, a text, or a list of these; none where a problem has none
extension ProblemSet {
    /// Whether rows hold more of these problems than lines do.
    public var hasRecords: Bool { (task as? RecordedFacts).map { $0.hasSteps || !$0.facts.isEmpty } ?? false }

    /// Writes rows in the form that the path's ending names (see `RecordFile`), whole or not at all.
    /// - Throws: `FileError` where that form has no place for a fact, or the file cannot be written.
    public func writeRecords(to path: String, observer: WorkObserver = WorkObserver()) throws {
        let records = task as? RecordedFacts
        let factNames = records?.facts.map(\.name) ?? []
        if let name = factNames.first(where: { $0 == "steps" }) {
            throw FileError(.unsupported, path, "a fact cannot be called '\(name)', as the field with the chain is")
        }
        let names = ["question", "steps", "answer"] + factNames
        let form = try RecordFile.form(of: path)
        try writeFileAtomically(path) { sink in
            func write(_ text: String) throws {
                var text = text
                try text.withUTF8 { try sink.write(UnsafeRawBufferPointer($0)) }
            }
            switch form {
            case .json: try write("[\n")
            case .lines: break
            case .delimited(let delimiter):
                try write(DelimitedText.line(names, delimiter) + "\n")
            }
            for index in 0..<count {
                if index & 0x3FF == 0x3FF { try observer.step(index, of: count) }
                let row = fields(of: index, records, factNames)
                switch form {
                case .json:
                    try write("  " + JSONWriter.text(.object(row), .spaced) + (index + 1 < count ? ",\n" : "\n"))
                case .lines: try write(JSONWriter.text(.object(row), .spaced) + "\n")
                case .delimited(let delimiter):
                    let cells = try names.map { try Self.cell(row[$0], $0, path) }
                    try write(DelimitedText.line(cells, delimiter) + "\n")
                }
            }
            if form == .json { try write("]\n") }
        }
    }

    private func fields(of index: Int, _ records: RecordedFacts?, _ factNames: [String]) -> JSONObject {
        let problem = self[index]
        var row = JSONObject()
        row["question"] = .string(problem.question)
        row["steps"] =
            records?.steps(of: problem.chain).map { .array($0.map { .string($0) }) } ?? .string(problem.chain)
        row["answer"] = .string(problem.answer)
        for name in factNames {
            switch records?.recorded(name, of: problem.question) {
            case .one(let fact)?: row[name] = Self.json(fact)
            case .each(let facts)?: row[name] = .array(facts.map(Self.json))
            case nil: break
            }
        }
        return row
    }

    private static func json(_ fact: Fact) -> JSONValue {
        switch fact {
        case .integer(let value): .number(JSONNumber(value))
        case .number(let text), .text(let text): .string(text)
        }
    }

    private static func cell(_ value: JSONValue?, _ name: String, _ path: String) throws -> String {
        switch value {
        case .string(let text)?: return text
        case .number(let number)?: return number.literal
        case .array(let steps)? where name == "steps":
            return steps.compactMap(\.string).joined(separator: "\n") + (steps.count == 1 ? "\n" : "")
        case nil: return ""
        default:
            throw FileError(
                .unsupported, path, "has no place for the list '\(name)' of a problem; end the path with .jsonl")
        }
    }
}
