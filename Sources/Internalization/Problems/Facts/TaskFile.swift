import Support
import Transformer

// What a problem file cannot hold: what the problems are called, and the facts that somebody's own code recorded.
// Beside such a file lies one of JSON,
//
//     {"task": "doubling", "facts": {"carry": [1, 0, null, [0, 1], "text", {"number": "12345678901234567890"}]},
//      "steps": [[3, 7], null, …]}
//
// with one value a problem for each fact, in the order of the problems: a whole number, one beyond 64 bits as its
// digits, a text, an array of these where the fact has an index, or null where the problem has none. `steps`, where
// somebody said it, has for each problem the bytes of its chain at which a step ends.

extension ProblemSet {
    private static let limit = 1 << 30

    /// Writes the name and the recorded facts of the set; throws `FileError`.
    public func writeTask(to path: String) throws {
        var members: [JSONObject.Member] = [.init("task", .string(taskName))]
        if let recorded = task as? RecordedFacts {
            members.append(
                .init(
                    "facts",
                    .object(
                        JSONObject(
                            recorded.facts.map { fact in
                                .init(
                                    fact.name,
                                    .array(
                                        (0..<count).map {
                                            recorded.recorded(fact.name, of: self[$0].question)?.json ?? .null
                                        }))
                            }))))
        }
        if let recorded = task as? RecordedFacts, recorded.hasSteps {
            let ends = (0..<count).map { index -> JSONValue in
                recorded.stepEnds(of: self[index].chain).map { .array($0.map { JSONValue($0) }) } ?? .null
            }
            members.append(.init("steps", .array(ends)))
        }
        let text = JSONWriter.text(.object(JSONObject(members)), .compact)
        try writeFileAtomically(path, text.utf8)
    }

    /// The same problems with the name and the facts that such a file gives them.
    /// - Throws: `FileError` where it cannot be read or does not fit the problems.
    public func withTask(from path: String) throws -> ProblemSet {
        guard let members = try JSONReader.readFile(path, limit: Self.limit).object, let name = members["task"]?.string
        else {
            throw FileError(.malformed, path, "does not say what the problems are called")
        }
        let steps = try steps(members["steps"], path)
        guard members["facts"] != nil || !steps.isEmpty else {
            return ProblemSet(taskName: name, task: task, hasRepetition: hasRepetition, text)
        }
        var columns: [String: [String: RecordedFacts.Value]] = [:]
        for fact in members["facts"]?.object?.members ?? [] {
            guard let values = fact.value.array, values.count == count else {
                throw FileError(
                    .malformed, path, "does not have a value of .\(fact.name) for each of the \(count) problems")
            }
            for (index, value) in values.enumerated() where value != .null {
                guard let value = RecordedFacts.Value(value) else {
                    throw FileError(.malformed, path, "has a value of .\(fact.name) that is no number or text")
                }
                columns[self[index].question, default: [:]][fact.name] = value
            }
        }
        return ProblemSet(
            taskName: name, task: RecordedFacts(name: name, columns, steps: steps), hasRepetition: hasRepetition,
            text)
    }

    private func steps(_ value: JSONValue?, _ path: String) throws -> [String: [Int]] {
        guard let value, value != .null else { return [:] }
        guard let lists = value.array, lists.count == count else {
            throw FileError(.malformed, path, "does not say where the steps of each of the \(count) problems end")
        }
        var steps: [String: [Int]] = [:]
        for (index, list) in lists.enumerated() where list != .null {
            let chain = self[index].chain
            let ends = (list.array ?? []).compactMap(\.integer)
            guard ends.count == list.array?.count, zip(ends, ends.dropFirst()).allSatisfy({ $0 < $1 }),
                ends.first.map({ $0 > 0 }) ?? true, ends.last.map({ $0 <= chain.utf8.count }) ?? true
            else { throw FileError(.malformed, path, "has steps that do not lie in the chain of problem \(index + 1)") }
            steps[chain] = ends
        }
        return steps
    }
}

extension RecordedFacts.Value {
    fileprivate var json: JSONValue {
        switch self {
        case .one(let fact): fact.json
        case .each(let facts): .array(facts.map(\.json))
        }
    }

    fileprivate init?(_ json: JSONValue) {
        if let list = json.array {
            let facts = list.compactMap { Fact($0) }
            guard facts.count == list.count else { return nil }
            self = .each(facts)
        } else {
            guard let fact = Fact(json) else { return nil }
            self = .one(fact)
        }
    }
}

extension Fact {
    fileprivate var json: JSONValue {
        switch self {
        case .integer(let value): JSONValue(value)
        case .number(let digits): .object(JSONObject([.init("number", .string(digits))]))
        case .text(let text): .string(text)
        }
    }

    fileprivate init?(_ json: JSONValue) {
        if let value = json.integer {
            self = .integer(value)
        } else if let text = json.string {
            self = .text(text)
        } else {
            guard let digits = json.object?["number"]?.string,
                digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2D })
            else { return nil }
            self = .number(digits)
        }
    }
}
