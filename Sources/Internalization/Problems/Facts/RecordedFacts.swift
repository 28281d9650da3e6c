/// The facts of problems that somebody's own code has made, as that code gave them. The steps of a chain are those
/// that were given with it; where none were, each word is one.
public struct RecordedFacts: ProblemKind {
    public let name: String
    public let facts: [FactDescription]
    /// By question: one value, or one for each index, of each fact in the order of `facts`; nil where a problem has
    /// none.
    private let values: [String: [[Fact]?]]
    /// By chain, the bytes at which a step ends.
    private let steps: [String: [Int]]

    /// One value, or one for each index.
    public enum Value: Sendable, Equatable {
        case one(Fact)
        case each([Fact])
    }

    init(name: String, _ columns: [String: [String: Value]], steps: [String: [Int]] = [:]) {
        self.steps = steps
        var indexCounts: [String: Int] = [:]
        for row in columns.values {
            for (fact, value) in row {
                switch value {
                case .one: indexCounts[fact] = max(indexCounts[fact] ?? 0, 0)
                case .each(let list): indexCounts[fact] = max(indexCounts[fact] ?? 0, list.count)
                }
            }
        }
        let names = indexCounts.keys.sorted()
        self.name = name
        facts = names.map { fact in
            let isIndexed = indexCounts[fact, default: 0] > 0
            var values: [Fact] = []
            for row in columns.values {
                switch row[fact] {
                case .one(let value)?: values.append(value)
                case .each(let list)?: values += list
                case nil: break
                }
            }
            return FactDescription(
                fact, indices: isIndexed ? 0..<indexCounts[fact, default: 0] : nil, values: Self.range(values),
                "as the problems' own code gave it")
        }
        values = columns.mapValues { row in
            names.map { name -> [Fact]? in
                switch row[name] {
                case .one(let value)?: [value]
                case .each(let list)?: list
                case nil: nil
                }
            }
        }
    }

    /// The smallest range that holds all values; nil where not all are integers.
    private static func range(_ values: [Fact]) -> ClosedRange<Int>? {
        var range: ClosedRange<Int>?
        for value in values {
            guard case .integer(let number) = value else { return nil }
            range = min(range?.lowerBound ?? number, number)...max(range?.upperBound ?? number, number)
        }
        return range
    }

    public func fact(_ name: String, index: Int?, of problem: Problem) -> Fact? {
        guard let column = facts.firstIndex(where: { $0.name == name }), let values = values[problem.question]?[column]
        else { return nil }
        guard (index == nil) == (facts[column].indices == nil), values.indices.contains(index ?? 0) else { return nil }
        return values[index ?? 0]
    }

    /// All of a fact of the problem with this question.
    func recorded(_ name: String, of question: String) -> Value? {
        guard let column = facts.firstIndex(where: { $0.name == name }), let values = values[question]?[column] else {
            return nil
        }
        return facts[column].indices == nil ? values.first.map { .one($0) } : .each(values)
    }

    var hasSteps: Bool { !steps.isEmpty }

    func stepEnds(of chain: String) -> [Int]? { steps[chain] }

    /// The texts of a chain's recorded steps, which are all of it but spaces.
    func steps(of chain: String) -> [String]? {
        guard let ends = steps[chain] else { return nil }
        let bytes = Array(chain.utf8)
        var start = 0
        return ends.map { end in
            defer { start = end }
            return String(decoding: bytes[start..<end].drop { $0 == 0x20 }, as: UTF8.self)
        }
    }

    /// The facts and steps of both; of a question that both have, these.
    func merging(_ other: RecordedFacts, name: String) -> RecordedFacts {
        var columns = other.columns
        for (question, row) in self.columns { columns[question] = row }
        return RecordedFacts(name: name, columns, steps: steps.merging(other.steps) { first, _ in first })
    }

    private var columns: [String: [String: Value]] {
        values.mapValues { row in
            var named: [String: Value] = [:]
            for (fact, values) in zip(facts, row) {
                guard let values else { continue }
                named[fact.name] = fact.indices == nil ? values.first.map { .one($0) } : .each(values)
            }
            return named
        }
    }

    public func layout(of problem: Problem) -> ProblemLayout? {
        var layout = ProblemLayout()
        if let ends = steps[problem.chain] {
            let chain = Array(problem.chain.utf8)
            var start = 0
            for (step, end) in ends.enumerated() where end <= chain.count {
                while start < end, chain[start] == 0x20 { start += 1 }
                layout.addSegment(.step, step: step, start..<end)
                start = end
            }
            return layout
        }
        var start = 0
        for (step, word) in problem.chain.utf8.split(separator: 0x20, omittingEmptySubsequences: false).enumerated() {
            if !word.isEmpty { layout.addSegment(.step, step: step, start..<start + word.count) }
            start += word.count + 1
        }
        return layout
    }
}
